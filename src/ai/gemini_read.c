/*
 * A response of Gemini's, or an event of its stream, and its errors.  Facts:
 * ai.google.dev, "GenerateContentResponse"; google.rpc.Status with its details
 * (QuotaFailure, RetryInfo, ErrorInfo).  No header tells how long to wait.
 */

#include "ai/gemini.h"

#include "ai/outcome.h"


#define WAIT_MAX  3600          /* seconds */


static void read_chunk(cx_json_reader *j, cx_gemini_chunk *c);
static void read_candidates(cx_json_reader *j, cx_gemini_chunk *c);
static void read_candidate(cx_json_reader *j, cx_gemini_chunk *c);
static void read_content(cx_json_reader *j, cx_gemini_chunk *c);
static void read_part(cx_json_reader *j, cx_gemini_part *p);
static void read_call(cx_json_reader *j, cx_gemini_part *p);
static void read_feedback(cx_json_reader *j, cx_gemini_chunk *c);
static void read_usage(cx_json_reader *j, cx_gemini_chunk *c);
static void read_error(cx_json_reader *j, cx_gemini_error *e);
static void read_details(cx_json_reader *j, cx_gemini_error *e);
static void read_detail(cx_json_reader *j, cx_gemini_error *e);
static void read_violations(cx_json_reader *j, cx_gemini_error *e);
static int64_t wait_of(cx_str delay);


/* Without alt=sse all of it stands in an array, errors too. */
bool
cx_gemini_read(cx_str json, cx_arena *a, cx_gemini_chunk *c)
{
    cx_json_reader  j;

    cx_json_open(&j, json, a);

    if (cx_json_enter(&j, CX_JSON_ARRAY)) {
        while (cx_json_item(&j)) {
            read_chunk(&j, c);
        }

    } else if (cx_json_peek(&j) == CX_JSON_OBJECT) {
        read_chunk(&j, c);

    } else {
        return false;
    }

    return cx_json_close(&j) == CX_OK;
}


static void
read_chunk(cx_json_reader *j, cx_gemini_chunk *c)
{
    cx_str  key;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "candidates")) {
            read_candidates(j, c);

        } else if (CX_STR_IS(key, "promptFeedback")) {
            read_feedback(j, c);

        } else if (CX_STR_IS(key, "usageMetadata")) {
            read_usage(j, c);

        } else if (CX_STR_IS(key, "modelVersion")) {
            (void) cx_json_string(j, &c->model);

        } else if (CX_STR_IS(key, "responseId")) {
            (void) cx_json_string(j, &c->id);

        } else if (CX_STR_IS(key, "error")) {
            read_error(j, &c->error);

        } else {
            cx_json_skip(j);
        }
    }
}


/* The first one; we never ask for more. */
static void
read_candidates(cx_json_reader *j, cx_gemini_chunk *c)
{
    if (!cx_json_into(j, CX_JSON_ARRAY) || !cx_json_item(j)) {
        return;
    }

    read_candidate(j, c);

    while (cx_json_item(j)) {
        cx_json_skip(j);
    }
}


static void
read_candidate(cx_json_reader *j, cx_gemini_chunk *c)
{
    cx_str  key;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    c->candidate = true;

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "content")) {
            read_content(j, c);

        } else if (CX_STR_IS(key, "finishReason")) {
            (void) cx_json_string(j, &c->finish);

        } else {
            cx_json_skip(j);
        }
    }
}


static void
read_content(cx_json_reader *j, cx_gemini_chunk *c)
{
    cx_str  key;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (!CX_STR_IS(key, "parts") || !cx_json_enter(j, CX_JSON_ARRAY)) {
            cx_json_skip(j);
            continue;
        }

        while (cx_json_item(j)) {
            cx_gemini_part  p = { .text = CX_NOSTR };

            read_part(j, &p);

            /* Half of one may be a thought without its mark. */
            if (j->err == CX_OK) {
                c->part(c->ctx, &p);
            }
        }
    }
}


static void
read_part(cx_json_reader *j, cx_gemini_part *p)
{
    cx_str  key;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "text")) {
            (void) cx_json_string(j, &p->text);

        } else if (CX_STR_IS(key, "thought")) {
            (void) cx_json_bool(j, &p->thought);

        } else if (CX_STR_IS(key, "functionCall")) {
            read_call(j, p);

        } else if (CX_STR_IS(key, "thoughtSignature")
                   && cx_json_peek(j) == CX_JSON_STRING)
        {
            (void) cx_json_raw(j, &p->signature);

        } else {
            cx_json_skip(j);
        }
    }
}


static void
read_call(cx_json_reader *j, cx_gemini_part *p)
{
    cx_str  key;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "name")) {
            p->is_call = cx_json_string(j, &p->name) && p->name.len > 0;

        } else if (CX_STR_IS(key, "id")) {
            (void) cx_json_string(j, &p->id);

        } else if (CX_STR_IS(key, "args")
                   && cx_json_peek(j) == CX_JSON_OBJECT)
        {
            (void) cx_json_raw(j, &p->args);

        } else {
            cx_json_skip(j);
        }
    }
}


static void
read_feedback(cx_json_reader *j, cx_gemini_chunk *c)
{
    cx_str  key, reason;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "blockReason")) {
            c->blocked = cx_json_string(j, &reason) && reason.len > 0;

        } else {
            cx_json_skip(j);
        }
    }
}


/* Cached tokens are among those of the prompt; thoughts are not among those
 * of the candidates. */
static void
read_usage(cx_json_reader *j, cx_gemini_chunk *c)
{
    cx_str   key;
    int64_t  prompt = 0, tools = 0, cached = 0, said = 0, thought = 0;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        int64_t  *to = CX_STR_IS(key, "promptTokenCount") ? &prompt
                       : CX_STR_IS(key, "toolUsePromptTokenCount") ? &tools
                       : CX_STR_IS(key, "cachedContentTokenCount") ? &cached
                       : CX_STR_IS(key, "candidatesTokenCount") ? &said
                       : CX_STR_IS(key, "thoughtsTokenCount") ? &thought
                       : NULL;

        if (to != NULL) {
            (void) cx_json_i64(j, to);

        } else {
            cx_json_skip(j);
        }
    }

    c->usage = true;
    c->out->tokens_in = cx_native_count(prompt) + cx_native_count(tools);
    c->out->tokens_cached = cx_native_count(cached);
    c->out->tokens_out = cx_native_count(said) + cx_native_count(thought);
}


/* --- errors -------------------------------------------------------------- */

/* A wrong key is a 400 with its reason in the details. */
cx_ai_outcome
cx_gemini_failure(const cx_http_res *res, const cx_gemini_error *e,
    cx_arena *a)
{
    cx_http_res    as = *res;
    cx_ai_outcome  o;

    if (res->status == 200 && e->status >= 400) {
        as.status = (int) e->status;
    }

    o = cx_ai_failure(&as, e->type, e->code, a);

    if (o.result == CX_AI_RETRY && o.wait_ms == 0) {
        o.wait_ms = e->wait_ms;
    }

    o.too_long = o.result == CX_AI_REFUSED
                 && (o.too_long || e->too_long || as.status == 413);

    return o;
}


static void
read_error(cx_json_reader *j, cx_gemini_error *e)
{
    cx_str  key, message;

    if (cx_json_peek(j) == CX_JSON_NULL) {
        cx_json_skip(j);
        return;
    }

    e->failed = true;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "code")) {
            (void) cx_json_i64(j, &e->status);

        } else if (CX_STR_IS(key, "status")) {
            (void) cx_json_string(j, &e->type);

        } else if (CX_STR_IS(key, "message")) {
            e->too_long = cx_json_string(j, &message)
                          && cx_native_has(message, "exceeds the maximum "
                                           "number of tokens");

        } else if (CX_STR_IS(key, "details")) {
            read_details(j, e);

        } else {
            cx_json_skip(j);
        }
    }

    e->status = e->status >= 400 && e->status < 600 ? e->status : 0;
}


static void
read_details(cx_json_reader *j, cx_gemini_error *e)
{
    if (!cx_json_into(j, CX_JSON_ARRAY)) {
        return;
    }

    while (cx_json_item(j)) {
        read_detail(j, e);
    }
}


/* Their members differ enough to do without their types. */
static void
read_detail(cx_json_reader *j, cx_gemini_error *e)
{
    cx_str  key, delay;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "retryDelay")) {
            e->wait_ms = cx_json_string(j, &delay) ? wait_of(delay) : 0;

        } else if (CX_STR_IS(key, "violations")) {
            read_violations(j, e);

        } else if (CX_STR_IS(key, "reason")) {
            (void) cx_json_string(j, &e->code);

        } else {
            cx_json_skip(j);
        }
    }
}


static void
read_violations(cx_json_reader *j, cx_gemini_error *e)
{
    cx_str  key, id;

    if (!cx_json_into(j, CX_JSON_ARRAY)) {
        return;
    }

    while (cx_json_item(j)) {
        if (!cx_json_into(j, CX_JSON_OBJECT)) {
            continue;
        }

        while (cx_json_key(j, &key)) {
            if (!CX_STR_IS(key, "quotaId")) {
                cx_json_skip(j);

            } else if (cx_json_string(j, &id)
                       && cx_native_has(id, "PerDay"))
            {
                e->code = CX_STR("quota_of_the_day");
            }
        }
    }
}


/* "45.837906927s" */
static int64_t
wait_of(cx_str delay)
{
    cx_str   whole;
    int64_t  s, ms, part = 100;

    if (!cx_str_ends(delay, CX_STR("s"))) {
        return 0;
    }

    delay.len--;

    if (!cx_str_split(&delay, '.', &whole) || !cx_str_to_i64(whole, &s)
        || s < 0)
    {
        return 0;
    }

    ms = (s < WAIT_MAX ? s : WAIT_MAX) * 1000;

    for (size_t i = 0; i < delay.len && part > 0; i++, part /= 10) {
        if (delay.p[i] < '0' || delay.p[i] > '9') {
            return ms;
        }

        ms += (delay.p[i] - '0') * part;
    }

    return ms;
}
