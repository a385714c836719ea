/*
 * The answer of OpenAI's Responses API, whole and in pieces.  Facts: OpenAI
 * API reference, "The response object" and "Streaming events".  The text is
 * what SDKs call output_text: all such parts, joined.
 */

#include "ai/openai.h"

#include "ai/outcome.h"


/* Of a response object; views. */
typedef struct {
    cx_ai_reply      *out;
    cx_arena         *arena;
    cx_str            status;
    cx_str            reason;       /* why it is incomplete */
    cx_str            thought;      /* the last item of reasoning: JSON */
    bool              refused;
    cx_openai_error   error;
} response;

/* Of an output item. */
typedef struct {
    cx_str      type;
    cx_ai_call  call;
    bool        encrypted;
} item;

/* Of an event. */
typedef struct {
    cx_str            type;
    cx_str            delta;
    cx_str            item;         /* JSON */
    cx_str            response;     /* JSON */
    cx_openai_error   error;
} event;


static bool read_body(cx_str body, response *r);
static void read_key(cx_json_reader *j, cx_str key, response *r);
static void read_incomplete(cx_json_reader *j, response *r);
static void read_output(cx_json_reader *j, response *r);
static void read_item(cx_str json, response *r);
static void read_item_key(cx_json_reader *j, cx_str key, item *i,
    response *r);
static void read_content(cx_json_reader *j, response *r);
static void read_part(cx_json_reader *j, response *r);
static bool failed(const response *r);
static int status_of(const cx_openai_error *e);
static cx_ai_finish finish_of(const response *r, size_t ncalls);
static bool read_event(cx_ai_stream *s, cx_str name, cx_str data, event *e);
static void read_event_key(cx_json_reader *j, cx_str key, event *e);
static void take_item(cx_ai_stream *s, cx_str json);
static void take_call(cx_ai_stream *s, const cx_ai_call *from, size_t at);
static void take_end(cx_ai_stream *s, cx_str json);
static void take_reply(cx_ai_stream *s, const response *r);


/* --- whole --------------------------------------------------------------- */

cx_ai_outcome
cx_responses_parse(const cx_http_res *res, cx_arena *a, cx_ai_reply *out)
{
    response     r = { .out = out, .arena = a };
    cx_http_res  as = *res;
    bool         read;

    *out = (cx_ai_reply) { .finish = CX_FINISH_OTHER };
    read = read_body(res->body, &r);

    if (res->status != 200) {
        return cx_openai_failure(res, &r.error, a);
    }

    if (cx_arena_failed(a)) {
        return cx_ai_useless(CX_AI_RETRY, "out of memory");
    }

    if (read && failed(&r)) {
        as.status = status_of(&r.error);
        as.status = as.status != 0 ? as.status : res->status;
        return cx_openai_failure(&as, &r.error, a);
    }

    if (!read || !(CX_STR_IS(r.status, "completed")
                   || CX_STR_IS(r.status, "incomplete")))
    {
        return cx_ai_useless(CX_AI_RETRY, "200 without a response");
    }

    out->finish = finish_of(&r, out->ncalls);
    return (cx_ai_outcome) { .result = CX_AI_OK };
}


static bool
failed(const response *r)
{
    return r->error.failed || CX_STR_IS(r->status, "failed")
           || CX_STR_IS(r->status, "cancelled");
}


/* As if it had been the answer's: their codes are words.  What is wrong with
 * the request is wrong again the next time. */
static int
status_of(const cx_openai_error *e)
{
    static const char  *const begins[] = {
        "bio_policy", "context_length", "data_residency", "empty_image",
        "failed_to_download", "image_", "invalid_", "unsupported_",
    };

    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
        if (cx_str_starts(e->code, cx_strz(begins[i]))) {
            return 400;
        }
    }

    return e->code.len == 0 ? 0 : CX_STR_IS(e->code, "rate_limit_exceeded")
                                      || CX_STR_IS(e->code, "slow_down")
                                  ? 429 : 500;
}


static cx_ai_finish
finish_of(const response *r, size_t ncalls)
{
    return r->refused || CX_STR_IS(r->reason, "content_filter")
               ? CX_FINISH_FILTERED
           : CX_STR_IS(r->reason, "max_output_tokens") ? CX_FINISH_LENGTH
           : CX_STR_IS(r->status, "incomplete") ? CX_FINISH_OTHER
           : ncalls > 0 ? CX_FINISH_TOOLS : CX_FINISH_STOP;
}


static bool
read_body(cx_str body, response *r)
{
    cx_str          key;
    cx_json_reader  j;

    cx_json_open(&j, body, r->arena);

    if (!cx_json_enter(&j, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(&j, &key)) {
        read_key(&j, key, r);
    }

    return cx_json_close(&j) == CX_OK;
}


static void
read_key(cx_json_reader *j, cx_str key, response *r)
{
    if (CX_STR_IS(key, "output")) {
        read_output(j, r);

    } else if (CX_STR_IS(key, "status")) {
        (void) cx_json_string(j, &r->status);

    } else if (CX_STR_IS(key, "incomplete_details")) {
        read_incomplete(j, r);

    } else if (CX_STR_IS(key, "error")) {
        cx_openai_read_error(j, &r->error);

    } else if (CX_STR_IS(key, "usage") && cx_json_peek(j) == CX_JSON_OBJECT) {
        cx_openai_read_usage(j, r->out);

    } else if (CX_STR_IS(key, "id")) {
        (void) cx_json_string(j, &r->out->id);

    } else if (CX_STR_IS(key, "model")) {
        (void) cx_json_string(j, &r->out->model);

    } else {
        cx_json_skip(j);
    }
}


static void
read_incomplete(cx_json_reader *j, response *r)
{
    cx_str  key;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "reason")) {
            (void) cx_json_string(j, &r->reason);

        } else {
            cx_json_skip(j);
        }
    }
}


/* --- its output ---------------------------------------------------------- */

static void
read_output(cx_json_reader *j, response *r)
{
    cx_str  json;

    if (!cx_json_into(j, CX_JSON_ARRAY)) {
        return;
    }

    while (cx_json_item(j)) {
        if (cx_json_peek(j) == CX_JSON_OBJECT && cx_json_raw(j, &json)) {
            read_item(json, r);

        } else {
            cx_json_skip(j);
        }
    }
}


/* What the model thought goes with the call that follows. */
static void
read_item(cx_str json, response *r)
{
    item            i = { .type = CX_NOSTR };
    cx_str          key;
    cx_json_reader  j;

    cx_json_open(&j, json, r->arena);
    (void) cx_json_enter(&j, CX_JSON_OBJECT);

    while (cx_json_key(&j, &key)) {
        read_item_key(&j, key, &i, r);
    }

    if (CX_STR_IS(i.type, "reasoning")) {
        r->thought = i.encrypted ? json : CX_NOSTR;

    } else if (CX_STR_IS(i.type, "function_call") && i.call.name.len > 0
               && r->out->ncalls < CX_AI_CALLS_MAX)
    {
        i.call.extra = r->thought;
        r->thought = CX_NOSTR;
        r->out->calls[r->out->ncalls++] = i.call;
    }
}


static void
read_item_key(cx_json_reader *j, cx_str key, item *i, response *r)
{
    if (CX_STR_IS(key, "type")) {
        (void) cx_json_string(j, &i->type);

    } else if (CX_STR_IS(key, "content")) {
        read_content(j, r);

    } else if (CX_STR_IS(key, "call_id")) {
        (void) cx_json_string(j, &i->call.id);

    } else if (CX_STR_IS(key, "name")) {
        (void) cx_json_string(j, &i->call.name);

    } else if (CX_STR_IS(key, "arguments")) {
        cx_openai_read_arguments(j, &i->call.arguments);

    } else if (CX_STR_IS(key, "encrypted_content")) {
        i->encrypted = cx_json_peek(j) == CX_JSON_STRING;
        cx_json_skip(j);

    } else {
        cx_json_skip(j);
    }
}


static void
read_content(cx_json_reader *j, response *r)
{
    if (!cx_json_into(j, CX_JSON_ARRAY)) {
        return;
    }

    while (cx_json_item(j)) {
        read_part(j, r);
    }
}


/* Reasoning has parts too: of other types. */
static void
read_part(cx_json_reader *j, response *r)
{
    cx_str  key, type = CX_NOSTR, text = CX_NOSTR;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "type")) {
            (void) cx_json_string(j, &type);

        } else if (CX_STR_IS(key, "text")) {
            (void) cx_json_string(j, &text);

        } else {
            cx_json_skip(j);
        }
    }

    if (CX_STR_IS(type, "refusal")) {
        r->refused = true;

    } else if (CX_STR_IS(type, "output_text")) {
        r->out->text = r->out->text.len == 0
                       ? text : cx_concat(r->arena, r->out->text, text);
    }
}


/* --- in pieces ----------------------------------------------------------- */

void
cx_responses_event(cx_ai_stream *s, cx_str name, cx_str data)
{
    event  e = { .type = CX_NOSTR };

    if (!read_event(s, name, data, &e)) {
        s->unreadable = true;

    } else if (CX_STR_IS(e.type, "response.output_text.delta")) {
        cx_buf_add(&s->text, e.delta);

    } else if (CX_STR_IS(e.type, "response.refusal.delta")) {
        s->reply.finish = CX_FINISH_FILTERED;

    } else if (CX_STR_IS(e.type, "response.output_item.done")) {
        take_item(s, e.item);

    } else if (CX_STR_IS(e.type, "response.completed")
               || CX_STR_IS(e.type, "response.incomplete")
               || CX_STR_IS(e.type, "response.failed"))
    {
        take_end(s, e.response);

    } else if (CX_STR_IS(e.type, "error") || e.error.failed) {
        s->status = status_of(&e.error);
        cx_openai_fail(s, &e.error);
    }
}


/* Some that are not OpenAI tell the type by the event's name alone. */
static bool
read_event(cx_ai_stream *s, cx_str name, cx_str data, event *e)
{
    cx_str          key;
    cx_json_reader  j;

    if (CX_STR_IS(data, "[DONE]")) {
        return true;
    }

    cx_json_open(&j, data, s->arena);

    if (!cx_json_enter(&j, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(&j, &key)) {
        read_event_key(&j, key, e);
    }

    e->type = e->type.len > 0 ? e->type : name;
    return cx_json_close(&j) == CX_OK;
}


static void
read_event_key(cx_json_reader *j, cx_str key, event *e)
{
    if (CX_STR_IS(key, "type")) {
        (void) cx_json_string(j, &e->type);

    } else if (CX_STR_IS(key, "delta")) {
        (void) cx_json_string(j, &e->delta);

    } else if (CX_STR_IS(key, "item")) {
        (void) cx_json_raw(j, &e->item);

    } else if (CX_STR_IS(key, "response")) {
        (void) cx_json_raw(j, &e->response);

    } else if (CX_STR_IS(key, "error")) {
        cx_openai_read_error(j, &e->error);

    } else if (CX_STR_IS(key, "code")) {
        (void) cx_json_scalar(j, &e->error.code);

    } else {
        cx_json_skip(j);
    }
}


static void
take_item(cx_ai_stream *s, cx_str json)
{
    cx_ai_reply  one = { .text = CX_NOSTR };
    response     r = { .out = &one, .arena = s->arena };

    read_item(json, &r);

    if (one.ncalls > 0) {
        take_call(s, &one.calls[0], s->reply.ncalls);
    }
}


static void
take_call(cx_ai_stream *s, const cx_ai_call *from, size_t at)
{
    cx_ai_call  *call = cx_ai_stream_call(s, at);

    if (call != NULL) {
        *call = (cx_ai_call) { .id = CX_NOSTR };
        cx_openai_keep(s, &call->id, from->id);
        cx_openai_keep(s, &call->name, from->name);
        cx_openai_keep(s, &call->extra, from->extra);
        s->args[at].len = 0;
        cx_buf_add(&s->args[at], from->arguments);
    }
}


/* The whole response once more. */
static void
take_end(cx_ai_stream *s, cx_str json)
{
    cx_ai_reply  last = { .text = CX_NOSTR };
    response     r = { .out = &last, .arena = s->arena };

    if (!read_body(json, &r)) {
        s->unreadable = true;
        return;
    }

    take_reply(s, &r);

    if (failed(&r)) {
        s->status = status_of(&r.error);
        cx_openai_fail(s, &r.error);

    } else {
        s->ended = true;
    }
}


static void
take_reply(cx_ai_stream *s, const response *r)
{
    const cx_ai_reply  *last = r->out;

    for (size_t i = 0; i < last->ncalls; i++) {
        take_call(s, &last->calls[i], i);
    }

    if (s->text.len == 0) {
        cx_buf_add(&s->text, last->text);
    }

    cx_openai_keep(s, &s->reply.id, last->id);
    cx_openai_keep(s, &s->reply.model, last->model);
    s->reply.tokens_in = last->tokens_in;
    s->reply.tokens_cached = last->tokens_cached;
    s->reply.tokens_out = last->tokens_out;

    if (s->reply.finish != CX_FINISH_FILTERED) {
        s->reply.finish = finish_of(r, s->reply.ncalls);
    }
}
