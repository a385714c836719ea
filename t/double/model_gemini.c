#include "model.h"

#include <stdio.h>
#include <string.h>

/* Gemini's native API: generateContent, streamGenerateContent?alt=sse. */

#define WHOLE   ":generateContent"
#define STREAM  ":streamGenerateContent"

static const td_fault  faults[] = {
    /* word            status type                   code          headers */
    { "bad_request",     400, "INVALID_ARGUMENT",    "",              NULL },
    { "too_long",        400, "INVALID_ARGUMENT",    "The input token count "
                              "(2000000) exceeds the maximum number of tokens "
                              "allowed (1048576).",                   NULL },
    { "auth",            400, "INVALID_ARGUMENT",    "API_KEY_INVALID",
                                                                      NULL },
    { "region",          400, "FAILED_PRECONDITION", "",              NULL },
    { "unauthenticated", 401, "UNAUTHENTICATED",     "",              NULL },
    { "billing",         402, "RESOURCE_EXHAUSTED",  "",              NULL },
    { "permission",      403, "PERMISSION_DENIED",   "",              NULL },
    { "not_found",       404, "NOT_FOUND",           "",              NULL },
    { "timeout",         408, "DEADLINE_EXCEEDED",   "",              NULL },
    { "conflict",        409, "ABORTED",             "",              NULL },
    { "too_large",       413, "INVALID_ARGUMENT",    "",              NULL },
    { "unprocessable",   422, "INVALID_ARGUMENT",    "",              NULL },
    { "rate_limit",      429, "RESOURCE_EXHAUSTED",  "PerMinute",     NULL },
    { "quota",           429, "RESOURCE_EXHAUSTED",  "PerDay",        NULL },
    { "server",          500, "INTERNAL",            "",              NULL },
    { "bad_gateway",     502, "INTERNAL",            "",              NULL },
    { "overloaded",      503, "UNAVAILABLE",         "",              NULL },
    { "gateway_timeout", 504, "DEADLINE_EXCEEDED",   "",              NULL },
    { "busy",            529, "UNAVAILABLE",         "",              NULL },
    { NULL, 0, NULL, NULL, NULL }
};


static bool
mine(td_str path)
{
    return td_path_ends(path, WHOLE) || td_path_ends(path, STREAM);
}


/* A call we made comes back with its signature, or not at all. */
static const char *
refuse(const td_req *req, const json_t *body)
{
    size_t       i, k;
    json_t      *c, *part, *contents = json_object_get(body, "contents");
    const char  *sign;
    const char  *role = td_string(json_array_get(contents, 0), "role");

    if (req->auth.len == 0) {
        return "permission";
    }

    if (role == NULL || strcmp(role, "user") != 0) {
        return "bad_request";
    }

    json_array_foreach(contents, i, c) {
        json_array_foreach(json_object_get(c, "parts"), k, part) {
            sign = td_string(part, "thoughtSignature");
            if (json_object_get(part, "functionCall") != NULL && k == 0
                && (sign == NULL || strcmp(sign, "sig-double") != 0))
            {
                return "bad_request";
            }
        }
    }

    return NULL;
}


/* ".../models/NAME:generateContent" */
static const char *
model_of(td_str path)
{
    size_t       n;
    const char  *from, *end;
    static char  name[128];

    from = memmem(path.p, path.len, "/models/", 8);
    end = path.len > 0 ? memrchr(path.p, ':', path.len) : NULL;
    if (from == NULL || end == NULL || end < from + 8) {
        return "double";
    }

    n = (size_t) (end - from - 8);
    n = n < sizeof(name) ? n : sizeof(name) - 1;
    memcpy(name, from + 8, n);
    name[n] = '\0';
    return name;
}


static void
read_content(const json_t *c, td_ask *q)
{
    size_t   i;
    td_buf   text = { 0 };
    json_t  *part, *answer, *parts = json_object_get(c, "parts");

    q->has_result = false;
    json_array_foreach(parts, i, part) {
        answer = json_object_get(json_object_get(part, "functionResponse"),
                                 "response");
        if (answer != NULL) {
            q->has_result = true;
            q->result.len = 0;
            if (td_string(answer, "result") != NULL) {
                td_buf_addz(&q->result, td_string(answer, "result"));

            } else {
                td_buf_json(&q->result, answer);
            }
        }
    }

    td_text_of(parts, &text);
    if (text.len > 0) {
        q->question.len = 0;
        td_buf_add(&q->question, text.p, text.len);
        q->images = td_images_of(parts);
    }

    td_buf_free(&text);
}


static void
ask(const td_req *req, const json_t *body, td_ask *q)
{
    size_t       i;
    json_t      *c;
    const char  *role;

    q->model = model_of(req->path);
    q->stream = td_path_ends(req->path, STREAM)
                && td_str_has(req->query, "alt=sse");
    td_text_of(json_object_get(json_object_get(body, "systemInstruction"),
                               "parts"), &q->system);

    json_array_foreach(json_object_get(body, "contents"), i, c) {
        role = td_string(c, "role");
        if (role != NULL && strcmp(role, "user") == 0) {
            read_content(c, q);
        }
    }
}


static const char *
finish(const td_said *s)
{
    return strcmp(s->finish, "length") == 0 ? "MAX_TOKENS"
           : strcmp(s->finish, "filtered") == 0
             || strcmp(s->finish, "refusal") == 0 ? "SAFETY" : "STOP";
}


static json_t *
usage(const td_said *s)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "promptTokenCount", s->in,
                     "cachedContentTokenCount", s->cached,
                     "candidatesTokenCount", s->out - s->thought,
                     "thoughtsTokenCount", s->thought,
                     "totalTokenCount", s->in + s->out);
}


/* Takes parts (NULL: no candidates, the prompt was blocked). */
static json_t *
answer(const td_ask *q, const td_said *s, json_t *parts, bool over)
{
    json_t *j = json_pack("{s:s, s:s}", "modelVersion", q->model,
                          "responseId", "resp-double"), *c;

    if (parts == NULL) {
        (void) json_object_set_new(j, "promptFeedback",
                                   json_pack("{s:s}", "blockReason",
                                             "SAFETY"));

    } else {
        c = json_pack("{s:{s:o, s:s}, s:i}", "content", "parts", parts,
                      "role", "model", "index", 0);
        if (over) {
            (void) json_object_set_new(c, "finishReason",
                                       json_string(finish(s)));
        }

        (void) json_object_set_new(j, "candidates", json_pack("[o]", c));
    }

    if (s->usage) {
        (void) json_object_set_new(j, "usageMetadata", usage(s));
    }

    return j;
}


static json_t *
call(const td_said *s, size_t i)
{
    json_t *args = json_loads(s->wishes[i].args.p, 0, NULL);
    json_t *j = json_pack("{s:{s:s, s:o}}", "functionCall",
                          "name", s->wishes[i].name,
                          "args", args != NULL ? args : json_object());

    /* The first one carries it for all of them. */
    if (i == 0) {
        (void) json_object_set_new(j, "thoughtSignature",
                                   json_string("sig-double"));
    }

    return j;
}


static bool
blocked(const td_said *s)
{
    return strcmp(s->finish, "blocked") == 0;
}


static void
whole(const td_ask *q, const td_said *s, td_reply *r)
{
    size_t   i;
    json_t  *parts = json_array(), *j;

    if (s->thoughts != NULL) {
        (void) json_array_append_new(parts,
                   json_pack("{s:s, s:b}", "text", s->thoughts,
                             "thought", 1));
    }

    if (s->text.len > 0) {
        (void) json_array_append_new(parts,
                   json_pack("{s:s%}", "text", s->text.p, s->text.len));
    }

    for (i = 0; i < s->nwishes; i++) {
        (void) json_array_append_new(parts, call(s, i));
    }

    if (blocked(s)) {
        json_decref(parts);
        parts = NULL;
    }

    j = answer(q, s, parts, true);
    td_buf_json(&r->body, j);
    json_decref(j);
}


static void
event(const td_ask *q, const td_said *s, json_t *parts, bool over,
    bool token, td_reply *r)
{
    td_event(r, NULL, answer(q, s, parts, over));
    td_reply_piece(r, token);
}


static void
events(const td_ask *q, const td_said *s, td_reply *r)
{
    size_t       i, n;
    const char  *p, *text = s->text.p, *thoughts = s->thoughts;

    if (blocked(s)) {
        event(q, s, NULL, true, false, r);
        return;
    }

    while (thoughts != NULL && td_token(&thoughts, &p, &n)) {
        event(q, s, json_pack("[{s:s%, s:b}]", "text", p, n, "thought", 1),
              false, true, r);
    }

    while (td_token(&text, &p, &n)) {
        event(q, s, json_pack("[{s:o}]", "text", td_token_json(s, p, n)),
              false, true, r);
    }

    for (i = 0; i < s->nwishes; i++) {
        event(q, s, json_pack("[o]", call(s, i)), false, true, r);
    }

    event(q, s, json_pack("[{s:s}]", "text", ""), true, false, r);
}


static json_t *
details(const td_fault *f)
{
    char  quota[128];

    if (strcmp(f->code, "API_KEY_INVALID") == 0) {
        return json_pack("[{s:s, s:s, s:s}]", "@type",
                         "type.googleapis.com/google.rpc.ErrorInfo",
                         "reason", f->code, "domain", "googleapis.com");
    }

    if (f->status != 429) {
        return json_array();
    }

    (void) snprintf(quota, sizeof(quota),
                    "GenerateRequests%sPerProjectPerModel-FreeTier", f->code);
    return json_pack("[{s:s, s:[{s:s, s:s}]}, {s:s, s:s}]", "@type",
                     "type.googleapis.com/google.rpc.QuotaFailure",
                     "violations", "quotaMetric",
                     "generativelanguage.googleapis.com/requests",
                     "quotaId", quota, "@type",
                     "type.googleapis.com/google.rpc.RetryInfo",
                     "retryDelay", "1.250s");
}


static void
fail(const td_fault *f, bool in_stream, td_buf *out)
{
    json_t *j;

    if (f->status == 502 && !in_stream) {
        td_buf_addz(out, "<html><body>Bad gateway</body></html>\n");
        return;
    }

    j = json_pack("{s:{s:i, s:s, s:s, s:o}}", "error", "code", f->status,
                  "message", strchr(f->code, ' ') != NULL ? f->code
                                                          : "scripted",
                  "status", f->type, "details", details(f));
    td_buf_addz(out, in_stream ? "data: " : "");
    td_buf_json(out, j);
    td_buf_addz(out, in_stream ? "\n\n" : "\n");
    json_decref(j);
}


const td_model_api  td_gemini = {
    .name = "gemini",
    .mine = mine,
    .refuse = refuse,
    .ask = ask,
    .whole = whole,
    .events = events,
    .faults = faults,
    .fail = fail,
};
