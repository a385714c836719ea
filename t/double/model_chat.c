#include "model.h"

#include <string.h>

/* OpenAI's chat completions, as all the compatible servers have them. */

#define BAD   "invalid_request_error"
#define WAIT  "Retry-After: 1\r\n"
#define GO    "x-ratelimit-remaining-requests: 0\r\n"

const td_fault  td_openai_faults[] = {
    /* word            status type                code              headers */
    { "bad_request",     400, BAD,                "",                   NULL },
    { "too_long",        400, BAD,                "context_length_exceeded",
                                                                        NULL },
    { "policy",          400, BAD,                "content_filter",     NULL },
    { "auth",            401, BAD,                "invalid_api_key",    NULL },
    { "billing",         402, "billing_error",    "billing_not_active", NULL },
    { "permission",      403, "permission_error", "unsupported_country",
                                                                        NULL },
    { "not_found",       404, BAD,                "model_not_found",    NULL },
    { "timeout",         408, "timeout",          "",                   NULL },
    { "conflict",        409, "conflict",         "",                   NULL },
    { "too_large",       413, BAD,                "",                   NULL },
    { "unprocessable",   422, BAD,                "",                   NULL },
    { "rate_limit",      429, "requests",         "rate_limit_exceeded",
                                                                        WAIT },
    { "quota",           429, "insufficient_quota", "insufficient_quota",
                                                                        GO },
    { "server",          500, "server_error",     "",                   NULL },
    { "bad_gateway",     502, "server_error",     "",                   NULL },
    { "overloaded",      503, "server_error",     "server_is_overloaded",
                                                                        NULL },
    { "gateway_timeout", 504, "server_error",     "",                   NULL },
    { "busy",            529, "overloaded_error", "",                   NULL },
    { NULL, 0, NULL, NULL, NULL }
};


void
td_openai_fail(const td_fault *f, bool event, td_buf *out)
{
    json_t *j;

    if (f->status == 502 && !event) {
        td_buf_addz(out, "<html><body>Bad gateway</body></html>\n");
        return;
    }

    j = json_pack("{s:{s:s, s:s, s:n, s:o}}", "error", "message", "scripted",
                  "type", f->type, "param", "code",
                  f->code[0] != '\0' ? json_string(f->code) : json_null());
    td_buf_addz(out, event ? "data: " : "");
    td_buf_json(out, j);
    td_buf_addz(out, event ? "\n\n" : "\n");
    json_decref(j);
}


static bool
mine(td_str path)
{
    return td_path_ends(path, "/chat/completions");
}


/* Every wish that stands in the messages must have its result after it. */
static bool
answered(const json_t *messages, size_t at)
{
    size_t       i, k;
    json_t      *call, *calls;
    const char  *id, *got;

    calls = json_object_get(json_array_get(messages, at), "tool_calls");
    json_array_foreach(calls, i, call) {
        id = td_string(call, "id");
        for (k = at + 1; k < json_array_size(messages); k++) {
            got = td_string(json_array_get(messages, k), "tool_call_id");
            if (got != NULL && id != NULL && strcmp(got, id) == 0) {
                break;
            }
        }

        if (k == json_array_size(messages)) {
            return false;
        }
    }

    return true;
}


static const char *
refuse(const td_req *req, const json_t *body)
{
    size_t   i;
    json_t  *messages = json_object_get(body, "messages");

    (void) req;
    if (json_array_size(messages) == 0) {
        return "bad_request";
    }

    for (i = 0; i < json_array_size(messages); i++) {
        if (!answered(messages, i)) {
            return "bad_request";
        }
    }

    return NULL;
}


static void
ask(const td_req *req, const json_t *body, td_ask *q)
{
    size_t       i;
    json_t      *m;
    const char  *role;

    (void) req;
    role = td_string(body, "model");
    q->model = role != NULL ? role : q->model;
    q->stream = json_is_true(json_object_get(body, "stream"));

    q->no_usage = !json_is_true(json_object_get(
                      json_object_get(body, "stream_options"),
                      "include_usage"));

    json_array_foreach(json_object_get(body, "messages"), i, m) {
        role = td_string(m, "role");
        role = role != NULL ? role : "";
        q->has_result = strcmp(role, "tool") == 0;

        if (strcmp(role, "system") == 0 || strcmp(role, "developer") == 0) {
            td_text_of(json_object_get(m, "content"), &q->system);

        } else if (strcmp(role, "user") == 0) {
            q->question.len = 0;
            td_text_of(json_object_get(m, "content"), &q->question);
            q->images = td_images_of(json_object_get(m, "content"));

        } else if (q->has_result) {
            q->result.len = 0;
            td_text_of(json_object_get(m, "content"), &q->result);
        }
    }
}


static const char *
finish(const td_said *s)
{
    return strcmp(s->finish, "tools") == 0 ? "tool_calls"
           : strcmp(s->finish, "filtered") == 0
             || strcmp(s->finish, "blocked") == 0 ? "content_filter"
           : strcmp(s->finish, "refusal") == 0 ? "stop" : s->finish;
}


static json_t *
usage(const td_said *s)
{
    return json_pack("{s:I, s:I, s:I, s:{s:I}, s:{s:I}}",
                     "prompt_tokens", s->in, "completion_tokens", s->out,
                     "total_tokens", s->in + s->out,
                     "prompt_tokens_details", "cached_tokens", s->cached,
                     "completion_tokens_details", "reasoning_tokens",
                     s->thought);
}


static json_t *
call(const td_said *s, size_t i, bool indexed)
{
    td_buf   id = { 0 };
    json_t  *j;

    td_buf_printf(&id, "call_%zu", i + 1);
    j = json_pack("{s:s, s:s, s:{s:s, s:s}}", "id", id.p,
                  "type", "function", "function",
                  "name", s->wishes[i].name,
                  "arguments", indexed ? "" : s->wishes[i].args.p);
    if (indexed) {
        (void) json_object_set_new(j, "index", json_integer((json_int_t) i));
    }

    td_buf_free(&id);
    return j;
}


static void
whole(const td_ask *q, const td_said *s, td_reply *r)
{
    size_t   i;
    json_t  *j, *m, *calls;
    bool     refusal = strcmp(s->finish, "refusal") == 0;

    m = json_pack("{s:s, s:o, s:o}", "role", "assistant",
                  "content", refusal || s->nwishes > 0 ? json_null()
                             : json_stringn(s->text.p, s->text.len),
                  "refusal", refusal ? json_stringn(s->text.p, s->text.len)
                                     : json_null());
    if (s->thoughts != NULL) {
        (void) json_object_set_new(m, "reasoning_content",
                                   json_string(s->thoughts));
    }

    calls = json_array();
    for (i = 0; i < s->nwishes; i++) {
        (void) json_array_append_new(calls, call(s, i, false));
    }

    if (s->nwishes > 0) {
        (void) json_object_set(m, "tool_calls", calls);
    }

    json_decref(calls);
    j = json_pack("{s:s, s:s, s:I, s:s, s:[{s:i, s:o, s:s}]}",
                  "id", "chatcmpl-double", "object", "chat.completion",
                  "created", (json_int_t) (td_now_ms() / 1000),
                  "model", q->model, "choices", "index", 0, "message", m,
                  "finish_reason", finish(s));
    if (s->usage) {
        (void) json_object_set_new(j, "usage", usage(s));
    }

    td_buf_json(&r->body, j);
    json_decref(j);
}


/* Takes delta; finish may be NULL. */
static void
chunk(const td_ask *q, json_t *delta, const char *reason, bool token,
    td_reply *r)
{
    td_event(r, NULL,
             json_pack("{s:s, s:s, s:I, s:s, s:[{s:i, s:o, s:o}]}",
                       "id", "chatcmpl-double",
                       "object", "chat.completion.chunk",
                       "created", (json_int_t) (td_now_ms() / 1000),
                       "model", q->model, "choices", "index", 0,
                       "delta", delta, "finish_reason",
                       reason != NULL ? json_string(reason) : json_null()));
    td_reply_piece(r, token);
}


static void
text_chunks(const td_ask *q, const td_said *s, const char *text,
    const char *member, td_reply *r)
{
    size_t       n;
    const char  *p;

    while (td_token(&text, &p, &n)) {
        chunk(q, json_pack("{s:o}", member, td_token_json(s, p, n)), NULL,
              true, r);
    }
}


/* The arguments come in pieces, too. */
static void
call_chunks(const td_ask *q, const td_said *s, size_t i, td_reply *r)
{
    size_t       n;
    const char  *p, *args = s->wishes[i].args.p;

    chunk(q, json_pack("{s:[o]}", "tool_calls", call(s, i, true)), NULL,
          true, r);

    while (td_token(&args, &p, &n)) {
        chunk(q, json_pack("{s:[{s:I, s:{s:s%}}]}", "tool_calls",
                           "index", (json_int_t) i, "function",
                           "arguments", p, n),
              NULL, true, r);
    }
}


static void
events(const td_ask *q, const td_said *s, td_reply *r)
{
    size_t i;

    chunk(q, json_pack("{s:s, s:s}", "role", "assistant", "content", ""),
          NULL, false, r);

    if (s->thoughts != NULL) {
        text_chunks(q, s, s->thoughts, "reasoning_content", r);
    }

    text_chunks(q, s, s->text.p, strcmp(s->finish, "refusal") == 0
                                 ? "refusal" : "content", r);

    for (i = 0; i < s->nwishes; i++) {
        call_chunks(q, s, i, r);
    }

    chunk(q, json_object(), finish(s), false, r);

    if (s->usage) {
        td_event(r, NULL,
                 json_pack("{s:s, s:s, s:s, s:[], s:o}",
                           "id", "chatcmpl-double",
                           "object", "chat.completion.chunk",
                           "model", q->model, "choices", "usage", usage(s)));
        td_reply_piece(r, false);
    }

    td_buf_addz(&r->body, "data: [DONE]\n\n");
    td_reply_piece(r, false);
}


const td_model_api  td_chat = {
    .name = "chat",
    .mine = mine,
    .refuse = refuse,
    .ask = ask,
    .whole = whole,
    .events = events,
    .faults = td_openai_faults,
    .fail = td_openai_fail,
};
