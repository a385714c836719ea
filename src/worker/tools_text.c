#include "worker/tools_text.h"

#include "core/json.h"
#include "core/mac.h"
#include "core/utf8.h"


#define SAID_MAX     500        /* bytes of a refusal */
#define HEADERS_MAX  12
#define KEY_BYTES    8


/* --- what a model is told ------------------------------------------------ */

/* Without control characters, in one line, cut at a character. */
static cx_str
plain(cx_arena *a, cx_str text, size_t max)
{
    cx_str   clean = cx_utf8_clean(a, cx_utf8_cut(text, max));
    char    *p = (char *) (uintptr_t) clean.p;

    for (size_t i = 0; i < clean.len; i++) {
        if (p[i] == '\n' || p[i] == '\t') {
            p[i] = ' ';
        }
    }

    return cx_str_trim(clean);
}


cx_str
cx_tool_text_error(cx_arena *a, cx_str why, cx_str body)
{
    cx_buf          b;
    cx_json_writer  w;

    cx_buf_init(&b, a, 256, CX_TOOL_RESULT_MAX);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    cx_json_name(&w, CX_STR("error"));
    cx_json_put_str(&w, why);

    if (cx_str_trim(body).len > 0) {
        cx_json_name(&w, CX_STR("said"));
        cx_json_put_str(&w, plain(a, cx_str_trim(body), SAID_MAX));
    }

    cx_json_end(&w, '}');
    return cx_buf_str(&b);
}


static bool
is_json(cx_arena *a, cx_str body)
{
    cx_json_reader  r;

    cx_json_open(&r, body, a);
    return cx_json_close(&r) == CX_OK;
}


cx_str
cx_tool_text_result(cx_arena *a, cx_str body)
{
    const cx_str    text = cx_str_trim(body);
    cx_buf          b;
    cx_json_writer  w;

    cx_buf_init(&b, a, 512, 8 * CX_TOOL_RESULT_MAX);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    cx_json_name(&w, CX_STR("result"));

    if (text.len <= CX_TOOL_RESULT_MAX && is_json(a, text)) {
        cx_json_put_raw(&w, text);

    } else {
        cx_json_put_str(&w, plain(a, text, CX_TOOL_RESULT_MAX));
    }

    if (text.len > CX_TOOL_RESULT_MAX) {
        cx_json_name(&w, CX_STR("truncated"));
        cx_json_put_bool(&w, true);
    }

    cx_json_end(&w, '}');
    return cx_buf_str(&b);
}


cx_str
cx_tool_text_misfit(cx_arena *a, cx_str pointer, cx_str error)
{
    return cx_printf(a, "the arguments do not fit: %.*s%s%.*s",
                     CX_ARG(pointer), pointer.len > 0 ? " " : "",
                     CX_ARG(error));
}


/* --- the request --------------------------------------------------------- */

static void
add_pair(cx_buf *url, cx_str name, cx_str value)
{
    cx_buf_byte(url, cx_str_find_byte(cx_buf_str(url), '?') == SIZE_MAX
                     ? '?' : '&');
    cx_buf_add(url, cx_url_encode(url->arena, name));
    cx_buf_byte(url, '=');
    cx_buf_add(url, cx_url_encode(url->arena, value));
}


/* A plain value; null is left out.  False: it is none. */
static bool
add_value(cx_json_reader *r, cx_buf *url, cx_str name)
{
    cx_str  value;
    bool    b;

    switch (cx_json_peek(r)) {

    case CX_JSON_STRING:
    case CX_JSON_NUMBER:
        if (!cx_json_scalar(r, &value)) {
            return false;
        }

        add_pair(url, name, value);
        return true;

    case CX_JSON_TRUE:
    case CX_JSON_FALSE:
        (void) cx_json_bool(r, &b);
        add_pair(url, name, b ? CX_STR("true") : CX_STR("false"));
        return true;

    case CX_JSON_NULL:
        cx_json_skip(r);
        return true;

    default:
        return false;
    }
}


/* A list gives its name once for each element. */
static bool
add_values(cx_json_reader *r, cx_buf *url, cx_str name)
{
    bool  ok = true;

    if (!cx_json_enter(r, CX_JSON_ARRAY)) {
        return add_value(r, url, name);
    }

    while (ok && cx_json_item(r)) {
        ok = add_value(r, url, name);
    }

    return ok;
}


static const char *
query(cx_buf *url, cx_str arguments)
{
    cx_json_reader  r;
    cx_str          name;
    bool            ok;

    cx_json_open(&r, arguments, url->arena);
    ok = cx_json_enter(&r, CX_JSON_OBJECT);

    while (ok && cx_json_key(&r, &name)) {
        ok = add_values(&r, url, name);
    }

    return !ok || r.err != CX_OK
           ? "the arguments do not fit: this function takes no objects"
           : url->failed ? "the arguments do not fit: they are too long"
           : NULL;
}


const char *
cx_tool_text_request(cx_str url, bool get, cx_str arguments, cx_arena *a,
    cx_http_req *req)
{
    cx_buf       b;
    const char  *wrong = NULL;

    cx_buf_init(&b, a, 512, 8192);
    cx_buf_add(&b, url);

    if (get) {
        wrong = query(&b, arguments);
    }

    *req = (cx_http_req) {
        .method = get ? CX_STR("GET") : CX_STR("POST"),
        .url = cx_buf_str(&b),
        .body = get ? CX_NOSTR : arguments,
    };

    return wrong;
}


/* --- headers ------------------------------------------------------------- */

typedef struct {
    cx_header  *list;
    size_t      n;
} headers;


static void
add(headers *h, cx_str name, cx_str value)
{
    if (value.len > 0) {
        h->list[h->n++] = (cx_header) { name, value };
    }
}


static void
add_id(headers *h, cx_arena *a, cx_str name, const char *prefix, int64_t id)
{
    if (id != 0) {
        add(h, name, cx_id_text(a, prefix, id));
    }
}


/* The same function with the same arguments, in the same turn. */
static cx_str
repeat_key(const cx_tool_whom *of, cx_arena *a)
{
    const cx_str  parts[] = { of->tool, CX_STR("\n"), of->arguments };
    uint8_t       sum[CX_SHA256_LEN];
    char          hex[2 * KEY_BYTES];

    if (of->context->turn_id == 0 || !cx_sha256_parts(parts, 3, sum)) {
        return CX_NOSTR;
    }

    cx_hex_encode(sum, KEY_BYTES, hex);
    return cx_printf(a, "%.*s-%.*s",
                     CX_ARG(cx_id_text(a, "tn", of->context->turn_id)),
                     (int) sizeof(hex), hex);
}


void
cx_tool_text_headers(const cx_tool_whom *of, cx_arena *a, cx_http_req *req)
{
    const cx_tool_context  *c = of->context;
    headers                 h = {
        .list = CX_NEW_N(a, HEADERS_MAX, cx_header),
    };

    if (h.list == NULL) {
        return;
    }

    add(&h, CX_STR("Accept"), CX_STR("application/json"));

    if (req->body.len > 0) {
        add(&h, CX_STR("Content-Type"), CX_STR("application/json"));
    }

    add(&h, CX_STR("Authorization"), of->bearer);
    add_id(&h, a, CX_STR("Connext-Agent"), "ag", of->agent_id);
    add_id(&h, a, CX_STR("Connext-Conversation"), "cv", c->conversation_id);
    add_id(&h, a, CX_STR("Connext-Customer"), "cu", c->customer_id);
    add_id(&h, a, CX_STR("Connext-Turn"), "tn", c->turn_id);
    add(&h, CX_STR("Connext-Channel"), c->channel);
    add(&h, CX_STR("Connext-Event"), c->event);
    add(&h, CX_STR("Connext-Trial"), c->trial ? CX_STR("true") : CX_NOSTR);
    add(&h, CX_STR("Idempotency-Key"), repeat_key(of, a));

    req->headers = h.list;
    req->nheaders = h.n;
}
