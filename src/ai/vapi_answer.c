/*
 * What Vapi's assistants say, whole and in pieces.  Facts: docs.vapi.ai,
 * "Create Chat" (output holds what the assistant and its tools said, costs are
 * in US dollars), "Chat: streaming responses" (each event adds to the content
 * at its path).  No event is told to be the last: a body that ends as it
 * should is the whole.
 */

#include "ai/vapi.h"

#include "ai/outcome.h"


#define TEXT_MAX     (256 * 1024)
#define EXPONENT_MAX 12

/* Of the response; views. */
typedef struct {
    cx_ai_reply  *out;
    cx_buf        text;
    bool          output;
} reply;

/* Of one event; views. */
typedef struct {
    cx_str   id;
    cx_str   path;
    cx_str   delta;
    cx_str   error;
    int64_t  status;
} event;


static cx_ai_outcome failure(const cx_http_res *res, cx_arena *a);
static bool read_reply(cx_str body, cx_arena *a, reply *r);
static void read_output(cx_json_reader *j, reply *r);
static void read_message(cx_json_reader *j, reply *r);
static void read_costs(cx_json_reader *j, cx_ai_reply *out);
static void read_cost(cx_json_reader *j, cx_ai_reply *out);
static void read_model(cx_json_reader *j, cx_ai_reply *out);
static int64_t millionths(cx_str number);
static bool read_event(cx_str data, cx_arena *a, event *e);
static void take_delta(cx_ai_stream *s, const event *e);


cx_ai_outcome
cx_vapi_parse(const cx_http_res *res, cx_arena *a, cx_ai_reply *out)
{
    bool   read;
    reply  r = { .out = out };

    *out = (cx_ai_reply) { .finish = CX_FINISH_OTHER };
    cx_buf_init(&r.text, a, 0, TEXT_MAX);
    read = read_reply(res->body, a, &r);

    if (res->status != 200 && res->status != 201) {
        return failure(res, a);
    }

    if (!read || !r.output) {
        return cx_ai_useless(CX_AI_RETRY, "200 without an output");
    }

    if (r.text.failed || cx_arena_failed(a)) {
        return cx_ai_useless(CX_AI_RETRY, "out of memory");
    }

    out->text = cx_buf_str(&r.text);
    out->finish = CX_FINISH_STOP;

    return (cx_ai_outcome) { .result = CX_AI_OK };
}


/* The chat that was to go on may be gone: with less it may go. */
static cx_ai_outcome
failure(const cx_http_res *res, cx_arena *a)
{
    cx_ai_outcome  o = cx_ai_failure(res, CX_NOSTR, CX_NOSTR, a);

    o.too_long = res->status == 400 || res->status == 404;

    return o;
}


static bool
read_reply(cx_str body, cx_arena *a, reply *r)
{
    cx_str          key, number;
    cx_json_reader  j;

    cx_json_open(&j, body, a);

    if (!cx_json_enter(&j, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(&j, &key)) {
        if (CX_STR_IS(key, "output")) {
            read_output(&j, r);

        } else if (CX_STR_IS(key, "id")) {
            (void) cx_json_string(&j, &r->out->id);

        } else if (CX_STR_IS(key, "cost")) {
            if (cx_json_scalar(&j, &number)) {
                r->out->cost = millionths(number);
            }

        } else if (CX_STR_IS(key, "costs")) {
            read_costs(&j, r->out);

        } else {
            cx_json_skip(&j);
        }
    }

    return cx_json_close(&j) == CX_OK;
}


static void
read_output(cx_json_reader *j, reply *r)
{
    if (!cx_json_into(j, CX_JSON_ARRAY)) {
        return;
    }

    r->output = true;

    while (cx_json_item(j)) {
        read_message(j, r);
    }
}


/* What the assistant said between its tools is of the answer, too. */
static void
read_message(cx_json_reader *j, reply *r)
{
    cx_str  key, role = CX_NOSTR, content = CX_NOSTR;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "role")) {
            (void) cx_json_string(j, &role);

        } else if (CX_STR_IS(key, "content")) {
            (void) cx_json_string(j, &content);

        } else {
            cx_json_skip(j);
        }
    }

    if (CX_STR_IS(role, "assistant") && content.len > 0) {
        cx_buf_add(&r->text, r->text.len > 0 ? CX_STR("\n\n") : CX_NOSTR);
        cx_buf_add(&r->text, content);
    }
}


static void
read_costs(cx_json_reader *j, cx_ai_reply *out)
{
    if (!cx_json_into(j, CX_JSON_ARRAY)) {
        return;
    }

    while (cx_json_item(j)) {
        read_cost(j, out);
    }
}


static void
read_cost(cx_json_reader *j, cx_ai_reply *out)
{
    cx_str   key;
    int64_t  n;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "promptTokens")) {
            out->tokens_in += cx_json_i64(j, &n) ? cx_native_count(n) : 0;

        } else if (CX_STR_IS(key, "completionTokens")) {
            out->tokens_out += cx_json_i64(j, &n) ? cx_native_count(n) : 0;

        } else if (CX_STR_IS(key, "model")) {
            read_model(j, out);

        } else {
            cx_json_skip(j);
        }
    }
}


/* {"provider", "model", ...}, the assistant's. */
static void
read_model(cx_json_reader *j, cx_ai_reply *out)
{
    cx_str  key;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "model") && out->model.len == 0) {
            (void) cx_json_string(j, &out->model);

        } else {
            cx_json_skip(j);
        }
    }
}


/* Of "0.00123" or "1.2e-05"; what is less is none.  Not by the C library,
 * which would follow the locale. */
static int64_t
millionths(cx_str number)
{
    bool     point = false;
    size_t   i = 0;
    int64_t  n = 0, scale = 6, exponent = 0;

    for ( ; i < number.len && number.p[i] != 'e' && number.p[i] != 'E'; i++) {
        const char  c = number.p[i];

        if (c == '.') {
            point = true;

        } else if (c < '0' || c > '9') {
            return 0;

        } else if (n < INT64_MAX / 100) {
            n = n * 10 + (c - '0');
            scale -= point;

        } else if (!point) {
            return 0;
        }
    }

    if (i < number.len) {
        i += number.p[i + 1 < number.len ? i + 1 : i] == '+' ? 2 : 1;

        if (!cx_str_to_i64(cx_str_sub(number, i, number.len), &exponent)
            || exponent < -EXPONENT_MAX || exponent > EXPONENT_MAX)
        {
            return 0;
        }
    }

    for (scale += exponent; scale < 0 && n > 0; scale++) {
        n /= 10;
    }

    for ( ; scale > 0 && n < INT64_MAX / 10; scale--) {
        n *= 10;
    }

    return scale == 0 || n == 0 ? n : 0;
}


/* --- in pieces ----------------------------------------------------------- */

void
cx_vapi_event(cx_ai_stream *s, cx_str name, cx_str data)
{
    event  e = { .id = CX_NOSTR };

    (void) name;

    if (CX_STR_IS(data, "[DONE]")) {
        s->ended = s->until_close;
        return;
    }

    if (!read_event(data, s->arena, &e)) {
        s->unreadable = true;
        return;
    }

    cx_openai_keep(s, &s->reply.id, e.id);

    if (e.status >= 400 || e.error.len > 0) {
        s->failed = true;
        s->status = e.status >= 400 && e.status < 600 ? (int) e.status : 0;

    } else if (e.delta.len > 0) {
        take_delta(s, &e);
    }
}


static bool
read_event(cx_str data, cx_arena *a, event *e)
{
    cx_str          key;
    cx_json_reader  j;

    cx_json_open(&j, data, a);

    if (!cx_json_into(&j, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(&j, &key)) {
        cx_str  *to = CX_STR_IS(key, "id") ? &e->id
                      : CX_STR_IS(key, "path") ? &e->path
                      : CX_STR_IS(key, "delta") ? &e->delta
                      : CX_STR_IS(key, "error") ? &e->error : NULL;

        if (to != NULL) {
            (void) cx_json_string(&j, to);

        } else if (CX_STR_IS(key, "statusCode")) {
            (void) cx_json_i64(&j, &e->status);

        } else {
            cx_json_skip(&j);
        }
    }

    return cx_json_close(&j) == CX_OK;
}


/* "chat.output[0].content": another index is another message. */
static void
take_delta(cx_ai_stream *s, const event *e)
{
    if (!cx_str_starts(e->path, CX_STR("chat.output["))
        || !cx_str_ends(e->path, CX_STR("].content")))
    {
        return;
    }

    if (s->text.len > 0 && !cx_str_eq(cx_buf_str(&s->own), e->path)) {
        cx_buf_add(&s->text, CX_STR("\n\n"));
    }

    s->own.len = 0;
    cx_buf_add(&s->own, e->path);
    cx_buf_add(&s->text, e->delta);
    s->reply.finish = CX_FINISH_STOP;
    s->until_close = true;
}
