#include "model.h"

#include <string.h>

/* Anthropic's Messages API. */

#define BAD   "invalid_request_error"
#define WAIT  "retry-after: 1\r\n"

static const td_fault  faults[] = {
    /* word            status type                    code         headers */
    { "bad_request",     400, BAD,                    "",            NULL },
    { "too_long",        400, BAD,                    "prompt is too long: "
                              "200001 tokens > 200000 maximum",      NULL },
    { "own_limit",       400, BAD,                    "You have reached your "
                              "specified API usage limits.",         NULL },
    { "auth",            401, "authentication_error", "",            NULL },
    { "billing",         402, "billing_error",        "",            NULL },
    { "permission",      403, "permission_error",     "",            NULL },
    { "not_found",       404, "not_found_error",      "",            NULL },
    { "timeout",         408, BAD,                    "",            NULL },
    { "conflict",        409, "conflict_error",       "",            NULL },
    { "too_large",       413, "request_too_large",    "",            NULL },
    { "unprocessable",   422, BAD,                    "",            NULL },
    { "rate_limit",      429, "rate_limit_error",     "",            WAIT },
    { "quota",           429, "rate_limit_error",
                              "enforced_spend_limit_reached",        NULL },
    { "server",          500, "api_error",            "",            NULL },
    { "bad_gateway",     502, "api_error",            "",            NULL },
    { "unavailable",     503, "api_error",            "",            NULL },
    { "gateway_timeout", 504, "timeout_error",        "",            NULL },
    { "overloaded",      529, "overloaded_error",     "",            NULL },
    { "busy",            529, "overloaded_error",     "",            NULL },
    { NULL, 0, NULL, NULL, NULL }
};


static bool
mine(td_str path)
{
    return td_path_ends(path, "/v1/messages");
}


/* Every tool_use of a message must have its result in the next one. */
static bool
answered(const json_t *messages, size_t at)
{
    size_t       i, k;
    json_t      *block, *results;
    const char  *type, *id, *got;

    results = json_object_get(json_array_get(messages, at + 1), "content");
    json_array_foreach(json_object_get(json_array_get(messages, at),
                                       "content"), i, block)
    {
        type = td_string(block, "type");
        if (type == NULL || strcmp(type, "tool_use") != 0) {
            continue;
        }

        id = td_string(block, "id");
        for (k = 0; k < json_array_size(results); k++) {
            got = td_string(json_array_get(results, k), "tool_use_id");
            if (got != NULL && id != NULL && strcmp(got, id) == 0) {
                break;
            }
        }

        if (k == json_array_size(results)
            || !json_is_object(json_object_get(block, "input")))
        {
            return false;
        }
    }

    return true;
}


/* A model that thinks gets its thoughts back with the results of tools. */
static bool
thoughtless(const json_t *body, const json_t *message)
{
    json_t      *first = json_array_get(json_object_get(message, "content"),
                                        0);
    json_t      *thinking = json_object_get(body, "thinking");
    const char  *role = td_string(message, "role");
    const char  *type = td_string(thinking, "type");
    const char  *sign = td_string(first, "signature");

    return type != NULL && strcmp(type, "disabled") != 0 && role != NULL
           && strcmp(role, "assistant") == 0 && first != NULL
           && (sign == NULL || strcmp(sign, "sig-double") != 0);
}


static const char *
refuse(const td_req *req, const json_t *body)
{
    size_t       i;
    json_t      *messages = json_object_get(body, "messages");
    const char  *role = td_string(json_array_get(messages, 0), "role");

    if (req->auth.len == 0) {
        return "auth";
    }

    if (!td_str_is(req->version, "2023-06-01") || role == NULL
        || strcmp(role, "user") != 0 || td_string(body, "model") == NULL
        || json_integer_value(json_object_get(body, "max_tokens")) < 1)
    {
        return "bad_request";
    }

    for (i = 0; i < json_array_size(messages); i++) {
        role = td_string(json_array_get(messages, i), "role");
        if (role == NULL || strcmp(role, "system") == 0
            || !answered(messages, i)
            || thoughtless(body, json_array_get(messages, i)))
        {
            return "bad_request";
        }
    }

    return NULL;
}


static void
read_message(const json_t *m, td_ask *q)
{
    size_t       i;
    td_buf       text = { 0 };
    json_t      *block, *content = json_object_get(m, "content");
    const char  *type;

    q->has_result = false;
    json_array_foreach(content, i, block) {
        type = td_string(block, "type");
        if (type != NULL && strcmp(type, "tool_result") == 0) {
            q->has_result = true;
            q->result.len = 0;
            td_text_of(json_object_get(block, "content"), &q->result);
        }
    }

    td_text_of(content, &text);
    if (text.len > 0) {
        q->question.len = 0;
        td_buf_add(&q->question, text.p, text.len);
        q->images = td_images_of(content);
    }

    td_buf_free(&text);
}


static void
ask(const td_req *req, const json_t *body, td_ask *q)
{
    size_t       i;
    json_t      *m;
    const char  *word = td_string(body, "model");

    (void) req;
    q->model = word != NULL ? word : q->model;
    q->stream = json_is_true(json_object_get(body, "stream"));
    td_text_of(json_object_get(body, "system"), &q->system);

    json_array_foreach(json_object_get(body, "messages"), i, m) {
        word = td_string(m, "role");
        if (word != NULL && strcmp(word, "user") == 0) {
            read_message(m, q);
        }
    }
}


static const char *
finish(const td_said *s)
{
    return strcmp(s->finish, "length") == 0 ? "max_tokens"
           : strcmp(s->finish, "tools") == 0 ? "tool_use"
           : strcmp(s->finish, "stop") == 0 ? "end_turn"
           : strcmp(s->finish, "filtered") == 0
             || strcmp(s->finish, "blocked") == 0 ? "refusal" : s->finish;
}


/* What was read from the cache is not among the input tokens. */
static json_t *
usage(const td_said *s, json_int_t out)
{
    return json_pack("{s:I, s:i, s:I, s:I}", "input_tokens", s->in - s->cached,
                     "cache_creation_input_tokens", 0,
                     "cache_read_input_tokens", s->cached,
                     "output_tokens", out);
}


static json_t *
message(const td_ask *q, const td_said *s, json_t *content, bool over)
{
    json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:n}",
                          "id", "msg_double", "type", "message",
                          "role", "assistant", "model", q->model,
                          "content", content, "stop_reason",
                          over ? json_string(finish(s)) : json_null(),
                          "stop_sequence");

    if (s->usage) {
        (void) json_object_set_new(j, "usage", usage(s, over ? s->out : 1));
    }

    return j;
}


static json_t *
tool_use(const td_said *s, size_t i, json_t *input)
{
    td_buf   id = { 0 };
    json_t  *j;

    td_buf_printf(&id, "toolu_%zu", i + 1);
    j = json_pack("{s:s, s:s, s:s, s:o}", "type", "tool_use", "id", id.p,
                  "name", s->wishes[i].name, "input", input);
    td_buf_free(&id);
    return j;
}


static json_t *
input_of(const td_said *s, size_t i)
{
    json_t *j = json_loads(s->wishes[i].args.p, 0, NULL);

    return j != NULL ? j : json_object();
}


static void
whole(const td_ask *q, const td_said *s, td_reply *r)
{
    size_t   i;
    json_t  *content = json_array(), *j;

    if (s->thoughts != NULL) {
        (void) json_array_append_new(content,
                   json_pack("{s:s, s:s, s:s}", "type", "thinking",
                             "thinking", s->thoughts,
                             "signature", "sig-double"));
    }

    if (s->text.len > 0) {
        (void) json_array_append_new(content,
                   json_pack("{s:s, s:s%}", "type", "text",
                             "text", s->text.p, s->text.len));
    }

    for (i = 0; i < s->nwishes; i++) {
        (void) json_array_append_new(content, tool_use(s, i,
                                                       input_of(s, i)));
    }

    j = message(q, s, content, true);
    td_buf_json(&r->body, j);
    json_decref(j);
}


static void
event(td_reply *r, const char *type, json_t *data, bool token)
{
    (void) json_object_set_new(data, "type", json_string(type));
    td_event(r, type, data);
    td_reply_piece(r, token);
}


/* Takes block; the member of the delta carries the tokens. */
static void
block_events(td_reply *r, json_int_t at, const td_said *s, json_t *block,
    const char *delta, const char *member, const char *text)
{
    size_t       n;
    const char  *p;

    event(r, "content_block_start",
          json_pack("{s:I, s:o}", "index", at, "content_block", block),
          false);

    while (td_token(&text, &p, &n)) {
        event(r, "content_block_delta",
              json_pack("{s:I, s:{s:s, s:o}}", "index", at, "delta",
                        "type", delta, member,
                        strcmp(member, "text") == 0
                        ? td_token_json(s, p, n) : json_stringn(p, n)),
              true);
    }

    if (strcmp(member, "thinking") == 0) {
        event(r, "content_block_delta",
              json_pack("{s:I, s:{s:s, s:s}}", "index", at, "delta",
                        "type", "signature_delta",
                        "signature", "sig-double"), false);
    }

    event(r, "content_block_stop", json_pack("{s:I}", "index", at), false);
}


static void
events(const td_ask *q, const td_said *s, td_reply *r)
{
    size_t      i;
    json_t     *last;
    json_int_t  at = 0;

    event(r, "message_start",
          json_pack("{s:o}", "message", message(q, s, json_array(), false)),
          false);
    event(r, "ping", json_object(), false);

    if (s->thoughts != NULL) {
        block_events(r, at++, s,
                     json_pack("{s:s, s:s, s:s}", "type", "thinking",
                               "thinking", "", "signature", ""),
                     "thinking_delta", "thinking", s->thoughts);
    }

    if (s->text.len > 0) {
        block_events(r, at++, s, json_pack("{s:s, s:s}", "type", "text",
                                           "text", ""),
                     "text_delta", "text", s->text.p);
    }

    for (i = 0; i < s->nwishes; i++) {
        block_events(r, at++, s, tool_use(s, i, json_object()),
                     "input_json_delta", "partial_json",
                     s->wishes[i].args.p);
    }

    last = json_pack("{s:{s:s, s:n}}", "delta", "stop_reason", finish(s),
                     "stop_sequence");
    if (s->usage) {
        (void) json_object_set_new(last, "usage",
                                   json_pack("{s:I}", "output_tokens",
                                             s->out));
    }

    event(r, "message_delta", last, false);
    event(r, "message_stop", json_object(), false);
}


static void
fail(const td_fault *f, bool in_stream, td_buf *out)
{
    bool     coded = strcmp(f->word, "quota") == 0;
    json_t  *e;

    if (f->status == 502 && !in_stream) {
        td_buf_addz(out, "<html><body>Bad gateway</body></html>\n");
        return;
    }

    e = json_pack("{s:s, s:{s:s, s:s}, s:s}", "type", "error",
                  "error", "type", f->type, "message",
                  f->code[0] != '\0' && !coded ? f->code : "scripted",
                  "request_id", "req_double");
    if (coded) {
        (void) json_object_set_new(json_object_get(e, "error"), "details",
                                   json_pack("{s:s}", "error_code",
                                             f->code));
    }

    td_buf_addz(out, in_stream ? "event: error\ndata: " : "");
    td_buf_json(out, e);
    td_buf_addz(out, in_stream ? "\n\n" : "\n");
    json_decref(e);
}


const td_model_api  td_anthropic = {
    .name = "anthropic",
    .mine = mine,
    .refuse = refuse,
    .ask = ask,
    .whole = whole,
    .events = events,
    .faults = faults,
    .fail = fail,
};
