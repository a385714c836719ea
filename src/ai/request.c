#include "ai/request.h"


#define BODY_MAX    (1024 * 1024)       /* beside the images */
#define IMAGES_MAX  (64 * 1024 * 1024)


static size_t room_of(const cx_ai_prompt *p);


cx_err
cx_request_options(const cx_members *of, cx_str json, cx_arena *a, void *one,
    cx_str *pointer, cx_str *error)
{
    cx_err            err;
    cx_member_reader  m = { .a = a, .pointer = pointer, .error = error };

    cx_json_open(&m.r, json.len > 0 ? json : CX_STR("{}"), a);
    err = cx_members_read(&m, CX_NOSTR, of, one);

    return err == CX_OK && cx_json_close(&m.r) != CX_OK
           ? cx_member_wrong(&m, CX_NOSTR, NULL, "options must be one object")
           : err;
}


cx_err
cx_request_begin(cx_request *r, const cx_ai_settings *s,
    const cx_ai_prompt *p, const cx_members *of, void *options, cx_arena *a)
{
    cx_err        err;
    cx_str        pointer, error;
    const size_t  room = room_of(p);

    if (s->base_url.len == 0 || s->model.len == 0
        || (s->api_key.len > 0 && !cx_http_word_ok(s->api_key))
        || (p->question.len == 0 && p->nimages == 0 && p->unseen == 0))
    {
        return CX_INVALID;
    }

    err = cx_request_options(of, s->options, a, options, &pointer, &error);
    if (err != CX_OK) {
        return err;
    }

    cx_buf_init(&r->body, a, room + 8192, room + BODY_MAX);
    cx_json_write_init(&r->w, &r->body);
    cx_json_begin(&r->w, '{');

    return CX_OK;
}


/* What goes over the limit makes the buffer fail later. */
static size_t
room_of(const cx_ai_prompt *p)
{
    size_t  room = 0;

    for (size_t i = 0; i < p->nimages; i++) {
        if (p->images[i].base64.len > IMAGES_MAX - room) {
            break;
        }

        room += p->images[i].base64.len;
    }

    return room;
}


cx_str
cx_request_bearer(cx_str key, cx_arena *a)
{
    return key.len > 0 ? cx_concat(a, CX_STR("Bearer "), key) : CX_NOSTR;
}
