/* Facts: OpenAI's API reference, "Create transcription". */

#include "ai/transcribe.h"

#include "ai/native.h"
#include "ai/outcome.h"
#include "core/json.h"
#include "core/utf8.h"


#define PATH       "/audio/transcriptions"
#define HEAD_MAX   4096         /* of the parts, beside the sound */

/* Servers go by the name's end. */
static const struct {
    cx_str       type;
    const char  *name;
} names[] = {
    { CX_STR_INIT("audio/ogg"),  "voice.ogg" },
    { CX_STR_INIT("audio/mpeg"), "voice.mp3" },
    { CX_STR_INIT("audio/mp4"),  "voice.m4a" },
    { CX_STR_INIT("audio/aac"),  "voice.aac" },
    { CX_STR_INIT("audio/amr"),  "voice.amr" },
    { CX_STR_INIT("audio/wav"),  "voice.wav" },
    { CX_STR_INIT("audio/flac"), "voice.flac" },
    { CX_STR_INIT("video/mp4"),  "voice.mp4" },
    { CX_STR_INIT("video/webm"), "voice.webm" },
};


/* --- the request --------------------------------------------------------- */

static const char *
name_of(cx_str type)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (cx_str_eq(names[i].type, type)) {
            return names[i].name;
        }
    }

    return "voice.bin";
}


static void
put_field(cx_buf *b, const cx_ai_sound *s, const char *name, cx_str value)
{
    cx_buf_printf(b, "--%.*s\r\nContent-Disposition: form-data; "
                  "name=\"%s\"\r\n\r\n%.*s\r\n", CX_ARG(s->mark), name,
                  CX_ARG(value));
}


static cx_str
body_of(const cx_ai_sound *s, cx_arena *a)
{
    cx_buf  b;

    cx_buf_init(&b, a, s->bytes.len + HEAD_MAX, s->bytes.len + HEAD_MAX);
    put_field(&b, s, "model", s->model);
    put_field(&b, s, "response_format", CX_STR("json"));

    if (s->language.len > 0) {
        put_field(&b, s, "language", s->language);
    }

    cx_buf_printf(&b, "--%.*s\r\nContent-Disposition: form-data; "
                  "name=\"file\"; filename=\"%s\"\r\n"
                  "Content-Type: %.*s\r\n\r\n", CX_ARG(s->mark),
                  name_of(s->type), CX_ARG(s->type));
    cx_buf_add(&b, s->bytes);
    cx_buf_printf(&b, "\r\n--%.*s--\r\n", CX_ARG(s->mark));

    return b.failed ? CX_NOSTR : cx_buf_str(&b);
}


static cx_str
url_of(const cx_ai_sound *s, cx_arena *a)
{
    cx_str  url = s->url;

    while (url.len > 0 && url.p[url.len - 1] == '/') {
        url.len--;
    }

    return cx_str_ends(url, CX_STR(PATH)) ? url
           : cx_concat(a, url, CX_STR(PATH));
}


/* A quote or a line end in a field would begin another one. */
static bool
is_plain(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] < ' ' || s.p[i] == '"') {
            return false;
        }
    }

    return true;
}


cx_err
cx_ai_transcribe_build(const cx_ai_sound *s, cx_arena *a, cx_http_req *req)
{
    cx_header  *h = CX_NEW_N(a, 2, cx_header);
    size_t      n = 0;

    if (!cx_str_starts(s->url, CX_STR("http")) || s->mark.len == 0
        || !is_plain(s->model) || !is_plain(s->language)
        || !is_plain(s->type)
        || (s->api_key.len > 0 && !cx_http_word_ok(s->api_key)))
    {
        return CX_INVALID;
    }

    if (h == NULL) {
        return CX_NOMEM;
    }

    h[n++] = (cx_header) {
        CX_STR("Content-Type"),
        cx_concat(a, CX_STR("multipart/form-data; boundary="), s->mark),
    };

    if (s->api_key.len > 0) {
        h[n++] = (cx_header) {
            CX_STR("Authorization"),
            cx_concat(a, CX_STR("Bearer "), s->api_key),
        };
    }

    *req = (cx_http_req) {
        .method = CX_STR("POST"),
        .url = url_of(s, a),
        .headers = h,
        .nheaders = n,
        .body = body_of(s, a),
    };

    return cx_arena_failed(a) || req->body.len == 0 ? CX_NOMEM : CX_OK;
}


/* --- the response -------------------------------------------------------- */

static void
read_usage(cx_json_reader *r, cx_ai_reply *reply)
{
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "input_tokens")) {
            (void) cx_json_i64(r, &reply->tokens_in);

        } else if (CX_STR_IS(key, "output_tokens")) {
            (void) cx_json_i64(r, &reply->tokens_out);
        }
    }

    reply->tokens_in = cx_native_count(reply->tokens_in);
    reply->tokens_out = cx_native_count(reply->tokens_out);
}


static void
read_error(cx_json_reader *r, cx_str *type, cx_str *code)
{
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "type")) {
            (void) cx_json_string(r, type);

        } else if (CX_STR_IS(key, "code")) {
            (void) cx_json_scalar(r, code);
        }
    }
}


cx_ai_outcome
cx_ai_transcribe_parse(const cx_http_res *res, cx_arena *a,
    cx_ai_reply *reply)
{
    cx_json_reader  r;
    cx_str          key, type = CX_NOSTR, code = CX_NOSTR;
    bool            heard = false;

    *reply = (cx_ai_reply) { .finish = CX_FINISH_STOP };
    cx_json_open(&r, res->body, a);

    if (cx_json_enter(&r, CX_JSON_OBJECT)) {
        while (cx_json_key(&r, &key)) {
            if (CX_STR_IS(key, "text")) {
                heard = cx_json_string(&r, &reply->text);

            } else if (CX_STR_IS(key, "usage")) {
                read_usage(&r, reply);

            } else if (CX_STR_IS(key, "error")) {
                read_error(&r, &type, &code);
            }
        }
    }

    if (cx_json_close(&r) == CX_OK && res->status == 200 && heard) {
        reply->text = cx_str_trim(cx_utf8_cut(cx_utf8_clean(a, reply->text),
                                              CX_TRANSCRIPT_MAX));
        return (cx_ai_outcome) { .result = CX_AI_OK };
    }

    return res->status == 200 ? cx_ai_useless(CX_AI_RETRY, "no transcript")
                              : cx_ai_failure(res, type, code, a);
}
