#include "model.h"

#include <string.h>

/* Vapi's chat: an assistant that is set up there. */

#define WAIT  "Retry-After: 1\r\n"

static const td_fault  faults[] = {
    /* word            status type                    code         headers */
    { "bad_request",     400, "Bad Request",           "",           NULL },
    { "auth",            401, "Unauthorized",          "",           NULL },
    { "billing",         402, "Payment Required",      "",           NULL },
    { "permission",      403, "Forbidden",             "",           NULL },
    { "not_found",       404, "Not Found",             "",           NULL },
    { "timeout",         408, "Request Timeout",       "",           NULL },
    { "conflict",        409, "Conflict",              "",           NULL },
    { "too_large",       413, "Payload Too Large",     "",           NULL },
    { "unprocessable",   422, "Unprocessable Entity",  "",           NULL },
    { "rate_limit",      429, "Too Many Requests",     "",           WAIT },
    { "server",          500, "Internal Server Error", "",           NULL },
    { "bad_gateway",     502, "Bad Gateway",           "",           NULL },
    { "overloaded",      503, "Service Unavailable",   "",           NULL },
    { "gateway_timeout", 504, "Gateway Timeout",       "",           NULL },
    { "busy",            529, "Service Unavailable",   "",           NULL },
    { NULL, 0, NULL, NULL, NULL }
};


static bool
mine(td_str path)
{
    return td_path_ends(path, "/chat");
}


/* Exactly one of those that say what conversation it is. */
static const char *
refuse(const td_req *req, const json_t *body)
{
    static const char *const  from[] = { "assistantId", "assistant",
                                         "squadId", "squad", "sessionId",
                                         "previousChatId" };
    size_t  i, n = 0;

    if (!td_str_has(req->auth, "Bearer ")) {
        return "auth";
    }

    for (i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
        n += json_object_get(body, from[i]) != NULL;
    }

    if (json_object_get(body, "input") == NULL || n == 0
        || (json_object_get(body, "sessionId") != NULL && n > 1))
    {
        return "bad_request";
    }

    return NULL;
}


static void
ask(const td_req *req, const json_t *body, td_ask *q)
{
    size_t       i;
    json_t      *m, *input = json_object_get(body, "input");
    const char  *role;

    (void) req;
    role = td_string(body, "assistantId");
    q->model = role != NULL ? role : q->model;
    q->stream = json_is_true(json_object_get(body, "stream"));
    if (json_is_string(input)) {
        td_text_of(input, &q->question);
    }

    json_array_foreach(input, i, m) {
        role = td_string(m, "role");
        role = role != NULL ? role : "";
        if (strcmp(role, "system") == 0) {
            td_text_of(json_object_get(m, "content"), &q->system);

        } else if (strcmp(role, "user") == 0) {
            q->question.len = 0;
            td_text_of(json_object_get(m, "content"), &q->question);
        }
    }
}


/* What the assistant's own tools did stands there, too. */
static void
whole(const td_ask *q, const td_said *s, td_reply *r)
{
    size_t   i;
    json_t  *output = json_array(), *j;

    (void) q;
    for (i = 0; i < s->nwishes; i++) {
        (void) json_array_append_new(output,
                   json_pack("{s:s, s:[{s:s, s:s, s:{s:s, s:s}}]}",
                             "role", "assistant", "tool_calls",
                             "id", "call_1", "type", "function", "function",
                             "name", s->wishes[i].name,
                             "arguments", s->wishes[i].args.p));
        (void) json_array_append_new(output,
                   json_pack("{s:s, s:s, s:s}", "role", "tool",
                             "content", "done", "tool_call_id", "call_1"));
    }

    if (s->text.len > 0) {
        (void) json_array_append_new(output,
                   json_pack("{s:s, s:s%}", "role", "assistant",
                             "content", s->text.p, s->text.len));
    }

    j = json_pack("{s:s, s:s, s:[], s:o, s:s, s:s}", "id", "chat-double",
                  "orgId", "org-double", "messages", "output", output,
                  "createdAt", "2026-01-01T00:00:00.000Z",
                  "updatedAt", "2026-01-01T00:00:00.000Z");
    if (s->cost > 0) {
        (void) json_object_set_new(j, "cost", json_real(s->cost));
    }

    if (s->usage) {
        (void) json_object_set_new(j, "costs",
                   json_pack("[{s:s, s:{s:s}, s:I, s:I, s:f}]",
                             "type", "model", "model", "model", "double-chat",
                             "promptTokens", s->in,
                             "completionTokens", s->out, "cost", s->cost));
    }

    r->status = 201;
    td_buf_json(&r->body, j);
    json_decref(j);
}


static void
events(const td_ask *q, const td_said *s, td_reply *r)
{
    size_t       n;
    const char  *p, *text = s->text.p;

    (void) q;
    while (td_token(&text, &p, &n)) {
        td_event(r, NULL,
                 json_pack("{s:s, s:s, s:o}", "id", "chat-double",
                           "path", "chat.output[0].content",
                           "delta", td_token_json(s, p, n)));
        td_reply_piece(r, true);
    }
}


static void
fail(const td_fault *f, bool in_stream, td_buf *out)
{
    json_t *j;

    if (f->status == 502 && !in_stream) {
        td_buf_addz(out, "<html><body>Bad gateway</body></html>\n");
        return;
    }

    j = json_pack("{s:[s], s:s, s:i}", "message", "scripted",
                  "error", f->type, "statusCode", f->status);
    td_buf_addz(out, in_stream ? "data: " : "");
    td_buf_json(out, j);
    td_buf_addz(out, in_stream ? "\n\n" : "\n");
    json_decref(j);
}


const td_model_api  td_vapi = {
    .name = "vapi",
    .mine = mine,
    .refuse = refuse,
    .ask = ask,
    .whole = whole,
    .events = events,
    .faults = faults,
    .fail = fail,
};
