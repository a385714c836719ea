/*
 * How a server that speaks OpenAI's JSON is asked, whatever the question.
 * Facts: OpenAI API reference, "Authentication" (the headers of organization
 * and project); Microsoft Learn, "Azure OpenAI in Microsoft Foundry Models v1
 * API" and "Azure OpenAI REST API reference" (the header api-key, deployments
 * in the path, api-version); Google, "OpenAI compatibility".
 */

#include "ai/openai.h"

#include "ai/prompt.h"


#define HEADERS_MAX  4


static cx_str url_of(const cx_ai_settings *s, const cx_openai_options *o,
    const char *path, cx_arena *a);
static void put_query(cx_buf *b, cx_str name, cx_str value, bool *first,
    cx_arena *a);
static cx_err set_headers(const cx_ai_settings *s, const cx_openai_options *o,
    cx_arena *a, cx_http_req *req);


cx_err
cx_openai_request(const cx_ai_settings *s, const cx_openai_options *o,
    const char *path, const cx_buf *body, cx_arena *a, cx_http_req *req)
{
    if (body->failed || cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    *req = (cx_http_req) {
        .method = CX_STR("POST"),
        .url = url_of(s, o, path, a),
        .body = cx_buf_str(body),
    };

    return set_headers(s, o, a, req);
}


static cx_str
url_of(const cx_ai_settings *s, const cx_openai_options *o, const char *path,
    cx_arena *a)
{
    bool            first = true;
    cx_buf          b;
    cx_str          key, value, base = s->base_url;
    cx_json_reader  j;

    while (cx_str_ends(base, CX_STR("/"))) {
        base.len--;
    }

    cx_buf_init(&b, a, 256, 16384);
    cx_buf_add(&b, base);

    if (o->deployment.len > 0) {
        cx_buf_printf(&b, "/openai/deployments/%.*s", CX_ARG(o->deployment));
    }

    cx_buf_add(&b, cx_strz(path));

    if (o->api_version.len > 0) {
        put_query(&b, CX_STR("api-version"), o->api_version, &first, a);
    }

    if (o->query.len > 0) {
        cx_json_open(&j, o->query, a);
        (void) cx_json_enter(&j, CX_JSON_OBJECT);

        while (cx_json_key(&j, &key) && cx_json_string(&j, &value)) {
            put_query(&b, key, value, &first, a);
        }
    }

    return cx_buf_str(&b);
}


static void
put_query(cx_buf *b, cx_str name, cx_str value, bool *first, cx_arena *a)
{
    cx_buf_byte(b, *first ? '?' : '&');
    cx_buf_add(b, name);
    cx_buf_byte(b, '=');
    cx_buf_add(b, cx_url_encode(a, value));
    *first = false;
}


static cx_err
set_headers(const cx_ai_settings *s, const cx_openai_options *o, cx_arena *a,
    cx_http_req *req)
{
    size_t      n = 0;
    cx_header  *h = CX_NEW_N(a, HEADERS_MAX, cx_header);

    if (h == NULL) {
        return CX_NOMEM;
    }

    h[n++] = (cx_header) { CX_STR("Content-Type"),
                           CX_STR("application/json") };

    if (s->api_key.len > 0) {
        h[n++] = CX_STR_IS(o->auth, "api-key")
            ? (cx_header) { CX_STR("api-key"), s->api_key }
            : (cx_header) { CX_STR("Authorization"),
                            cx_request_bearer(s->api_key, a) };
    }

    if (o->organization.len > 0) {
        h[n++] = (cx_header) { CX_STR("OpenAI-Organization"),
                               o->organization };
    }

    if (o->project.len > 0) {
        h[n++] = (cx_header) { CX_STR("OpenAI-Project"), o->project };
    }

    req->headers = h;
    req->nheaders = n;

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


/* --- parts of the body --------------------------------------------------- */

void
cx_openai_put_text(cx_json_writer *w, const char *name, cx_str value)
{
    cx_json_name(w, cx_strz(name));
    cx_json_put_str(w, value);
}


void
cx_openai_put_if(cx_json_writer *w, const char *name, cx_str value)
{
    if (value.len > 0) {
        cx_openai_put_text(w, name, value);
    }
}


/* Thousandths, written by hand: printf would follow the locale. */
void
cx_openai_put_temperature(cx_json_writer *w, double t, cx_arena *a)
{
    const int  n = (int) ((t < 2 ? t : 2) * 1000 + 0.5);

    if (t >= 0) {
        cx_json_name(w, CX_STR("temperature"));
        cx_json_put_raw(w, cx_printf(a, "%d.%03d", n / 1000, n % 1000));
    }
}


/* Both stand in the JSON as they are. */
bool
cx_openai_image_ok(const cx_ai_image *image)
{
    static const char  base64[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    const cx_str       type = cx_str_sub(image->mime, 6, SIZE_MAX);
    const cx_str       data = image->base64;

    for (size_t i = 0; i < type.len; i++) {
        if (memchr(base64, type.p[i], sizeof(base64) - 4) == NULL
            && strchr("+.-", type.p[i]) == NULL)
        {
            return false;
        }
    }

    for (size_t i = 0; i < data.len; i++) {
        if (memchr(base64, data.p[i], sizeof(base64) - 1) == NULL) {
            return false;
        }
    }

    return cx_str_starts(image->mime, CX_STR("image/")) && type.len > 0
           && data.len > 0;
}


void
cx_openai_put_image(cx_json_writer *w, const cx_ai_image *image)
{
    cx_json_put_raw(w, CX_STR("\"data:"));
    cx_buf_add(w->buf, image->mime);
    cx_buf_add(w->buf, CX_STR(";base64,"));
    cx_buf_add(w->buf, image->base64);
    cx_buf_byte(w->buf, '"');
}


cx_str
cx_openai_role(cx_turn_role role)
{
    return role == CX_TURN_US ? CX_STR("assistant") : CX_STR("user");
}


void
cx_openai_put_message(cx_json_writer *w, cx_str role, cx_str content)
{
    cx_json_begin(w, '{');
    cx_openai_put_text(w, "role", role);
    cx_openai_put_text(w, "content", content);
    cx_json_end(w, '}');
}


void
cx_openai_put_question(cx_json_writer *w, const cx_ai_prompt *p, cx_str text,
    const char *text_type,
    void (*image)(cx_json_writer *w, const cx_ai_image *image, cx_str detail),
    cx_str detail)
{
    if (p->nimages == 0) {
        cx_openai_put_message(w, CX_STR("user"), text);
        return;
    }

    cx_json_begin(w, '{');
    cx_openai_put_text(w, "role", CX_STR("user"));
    cx_json_name(w, CX_STR("content"));
    cx_json_begin(w, '[');

    if (text.len > 0) {
        cx_json_begin(w, '{');
        cx_openai_put_text(w, "type", cx_strz(text_type));
        cx_openai_put_text(w, "text", text);
        cx_json_end(w, '}');
    }

    for (size_t i = 0; i < p->nimages; i++) {
        if (cx_openai_image_ok(&p->images[i])) {
            image(w, &p->images[i], detail);
        }
    }

    cx_json_end(w, ']');
    cx_json_end(w, '}');
}


void
cx_openai_put_history(cx_json_writer *w, const cx_ai_prompt *p, cx_arena *a)
{
    for (size_t i = 0; i < p->nhistory; i++) {
        const cx_ai_turn  *t = &p->history[i];

        if (t->text.len > 0) {
            cx_openai_put_message(w, cx_openai_role(t->role),
                                  cx_ai_said(t, a));
        }
    }
}


void
cx_openai_put_user(cx_json_writer *w, const cx_ai_settings *s,
    const cx_openai_options *o)
{
    if (o->user_field.len > 0 && s->user.len > 0) {
        cx_json_name(w, o->user_field);
        cx_json_put_str(w, s->user);
    }
}


/* Its names are checked where the options are read. */
void
cx_openai_put_extra(cx_json_writer *w, cx_str extra, cx_arena *a)
{
    cx_str          key, value;
    cx_json_reader  j;

    if (extra.len == 0) {
        return;
    }

    cx_json_open(&j, extra, a);
    (void) cx_json_enter(&j, CX_JSON_OBJECT);

    while (cx_json_key(&j, &key) && cx_json_raw(&j, &value)) {
        cx_json_name(w, key);
        cx_json_put_raw(w, value);
    }
}


cx_str
cx_openai_call_id(const cx_ai_call *c, size_t round, size_t i, cx_arena *a)
{
    return c->id.len > 0 ? c->id : cx_printf(a, "call_%zu_%zu", round, i);
}


cx_str
cx_openai_schema(const cx_ai_tool *t)
{
    return t->schema.len > 0
           ? t->schema : CX_STR("{\"type\":\"object\",\"properties\":{}}");
}
