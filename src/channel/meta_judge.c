/*
 * A Graph API answer that holds no id.  The shape of the error object is on
 * Meta's page "Graph API: Handling Errors".
 */

#include "channel/meta.h"

#include "core/json.h"
#include "core/utf8.h"


#define TEXT_MAX  300                   /* code points of an error text */


static bool error_object(cx_json_reader *r, cx_meta_error *e);
static void error_details(cx_json_reader *r, cx_meta_error *e);
static cx_verdict verdict_of_status(int status);
static const cx_meta_rule *rule_find(const cx_meta_rule *rules, size_t n,
    const cx_meta_error *e);
static cx_str error_text(const cx_meta_error *e, cx_arena *a);


void
cx_meta_judge(const cx_http_res *res, const cx_meta_rule *rules,
    size_t nrules, cx_arena *a, cx_judgement *j)
{
    int64_t              hint = 0;
    cx_meta_error        e;
    const cx_meta_rule  *rule;

    *j = (cx_judgement) { .verdict = verdict_of_status(res->status) };

    if (cx_meta_error_read(res->body, a, &e)) {
        j->code = e.code;
        j->text = error_text(&e, a);

        rule = rule_find(rules, nrules, &e);
        if (rule != NULL) {
            j->verdict = rule->verdict;
            hint = rule->wait_ms;
        }

    } else {
        j->text = cx_printf(a, "HTTP %d without a %s", res->status,
                            res->status < 300 ? "message id"
                                              : "Graph API error");
    }

    /* What could not be read for want of memory is no reason to give up. */
    if (cx_arena_failed(a) && j->verdict != CX_VERDICT_AMBIGUOUS) {
        j->verdict = CX_VERDICT_RETRY;
    }

    if (j->verdict == CX_VERDICT_RATE_LIMIT
        || j->verdict == CX_VERDICT_RETRY)
    {
        j->wait_ms = cx_http_retry_after_ms(res);
        j->wait_ms = j->wait_ms > 0 ? j->wait_ms : hint;
    }
}


/*
 * Where no known code decides.  A 4xx proves that nothing was accepted,
 * except 408: a proxy that gave up waiting.  What broke behind the front
 * (5xx) may have been accepted before, and a 2xx without an id proves
 * nothing.
 */
static cx_verdict
verdict_of_status(int status)
{
    switch (status) {

    case 401:
    case 403:
        return CX_VERDICT_REAUTHORIZE;

    case 408:
        return CX_VERDICT_AMBIGUOUS;

    case 429:
        return CX_VERDICT_RATE_LIMIT;

    default:
        return status >= 300 && status < 500 ? CX_VERDICT_REFUSED
                                             : CX_VERDICT_AMBIGUOUS;
    }
}


static const cx_meta_rule *
rule_find(const cx_meta_rule *rules, size_t n, const cx_meta_error *e)
{
    for (size_t i = 0; i < n; i++) {
        if (e->code >= rules[i].from && e->code <= rules[i].to
            && (rules[i].subcode == 0 || rules[i].subcode == e->subcode))
        {
            return &rules[i];
        }
    }

    return NULL;
}


bool
cx_meta_error_read(cx_str body, cx_arena *a, cx_meta_error *e)
{
    bool            coded = false;
    cx_str          key;
    cx_json_reader  r;

    *e = (cx_meta_error) { 0 };

    cx_json_open(&r, body, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, "error")) {
            coded = error_object(&r, e);

        } else {
            cx_json_skip(&r);
        }
    }

    return cx_json_close(&r) == CX_OK && coded;
}


static bool
error_object(cx_json_reader *r, cx_meta_error *e)
{
    bool    coded = false;
    cx_str  key;

    if (!cx_json_enter(r, CX_JSON_OBJECT)) {
        cx_json_skip(r);
        return false;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "code")) {
            coded = cx_json_i64(r, &e->code);

        } else if (CX_STR_IS(key, "error_subcode")) {
            (void) cx_json_i64(r, &e->subcode);

        } else if (CX_STR_IS(key, "message")) {
            (void) cx_json_string(r, &e->message);

        } else if (CX_STR_IS(key, "error_data")) {
            error_details(r, e);

        } else {
            cx_json_skip(r);
        }
    }

    return coded;
}


static void
error_details(cx_json_reader *r, cx_meta_error *e)
{
    cx_str  key;

    if (!cx_json_enter(r, CX_JSON_OBJECT)) {
        cx_json_skip(r);
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "details")) {
            (void) cx_json_string(r, &e->details);

        } else {
            cx_json_skip(r);
        }
    }
}


/* The details say what a person can do; the message often only the code. */
static cx_str
error_text(const cx_meta_error *e, cx_arena *a)
{
    cx_str  text = e->message, piece;

    if (e->details.len > 0 && !cx_str_eq(e->details, e->message)) {
        text = e->message.len == 0
               ? e->details
               : cx_printf(a, "%.*s: %.*s", CX_ARG(e->message),
                           CX_ARG(e->details));
    }

    return cx_utf8_split(&text, TEXT_MAX, &piece) ? piece : CX_NOSTR;
}
