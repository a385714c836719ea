/*
 * What an answer that is none means: who may be asked again, and when.  Facts:
 * OpenAI's guides "Error codes" and "Rate limits", which the others follow;
 * what one has of its own, its file knows.
 */

#include "ai/outcome.h"


#define WORD_MAX  64            /* bytes of an error's type or code */
#define WAIT_MAX  (3600 * 1000)


static int64_t status_of(cx_str type, cx_str code);
static cx_str telling(cx_str type, cx_str code);
static bool is_too_long(cx_str type, cx_str code);
static bool out_of_money(cx_str type, cx_str code);
static int64_t wait_of(const cx_http_res *res);
static int64_t decimal(cx_str s, int64_t unit);
static cx_str word(cx_str s);


cx_ai_outcome
cx_ai_failure(const cx_http_res *res, cx_str type, cx_str code, cx_arena *a)
{
    const int64_t  status = res->status == 200 ? status_of(type, code)
                                               : res->status;
    const cx_str   should = cx_http_header(res->headers, res->nheaders,
                                           CX_STR("x-should-retry"), NULL);
    cx_ai_outcome  o = { .result = CX_AI_REFUSED };

    if (status == 0 || status == 408 || status == 409 || status == 429
        || status >= 500)
    {
        o.result = CX_AI_RETRY;
    }

    o.too_long = is_too_long(type, code);

    if (o.too_long || out_of_money(type, code)
        || CX_STR_IS(should, "false"))
    {
        o.result = CX_AI_REFUSED;
    }

    if (o.result == CX_AI_RETRY) {
        o.wait_ms = wait_of(res);
    }

    o.error = status == 0 ? CX_STR("no answer")
                          : cx_printf(a, "%d %.*s", res->status,
                                      CX_ARG(word(telling(type, code))));
    return o;
}


/* The code, unless it is a number: that says no more than the status. */
static cx_str
telling(cx_str type, cx_str code)
{
    int64_t  number;

    return code.len == 0 || (type.len > 0 && cx_str_to_i64(code, &number))
           ? type : code;
}


/* An error in a 200, mostly in the middle of a stream: its code may be a
 * number, else its word says what the status would have been. */
static int64_t
status_of(cx_str type, cx_str code)
{
    static const struct {
        const char  *word;
        int64_t      status;
    } words[] = {
        { "invalid_request_error",   400 },
        { "invalid_prompt",          400 },
        { "content_filter",          400 },
        { "BadRequestError",         400 },
        { "authentication_error",    401 },
        { "invalid_api_key",         401 },
        { "billing_error",           402 },
        { "permission_error",        403 },
        { "not_found_error",         404 },
        { "model_not_found",         404 },
        { "request_too_large",       413 },
        { "rate_limit_error",        429 },
        { "rate_limit_exceeded",     429 },
        { "overloaded_error",        529 },
    };

    int64_t  status;

    if (cx_str_to_i64(code, &status) && status >= 400) {
        return status;
    }

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (cx_str_eq(code, cx_strz(words[i].word))
            || cx_str_eq(type, cx_strz(words[i].word)))
        {
            return words[i].status;
        }
    }

    return 500;
}


/* llama.cpp's own, with 400 or 500. */
static bool
is_too_long(cx_str type, cx_str code)
{
    return CX_STR_IS(code, "context_length_exceeded")
           || CX_STR_IS(type, "exceed_context_size_error");
}


/* These come with 429 too, but no waiting helps. */
static bool
out_of_money(cx_str type, cx_str code)
{
    static const char  *const words[] = {
        "insufficient_quota",
        "credit_balance_exhausted",
        "billing_hard_limit_reached",
        "billing_not_active",
        "organization_usage_limit_exceeded",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "enforced_spend_limit_reached",     /* Anthropic */
        "quota_of_the_day",                 /* Gemini, our word */
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (cx_str_eq(code, cx_strz(words[i]))
            || cx_str_eq(type, cx_strz(words[i])))
        {
            return true;
        }
    }

    return false;
}


cx_ai_outcome
cx_ai_useless(cx_ai_result result, const char *why)
{
    return (cx_ai_outcome) { .result = result, .error = cx_strz(why) };
}


/* retry-after-ms is the exact one; a date in retry-after is not read. */
static int64_t
wait_of(const cx_http_res *res)
{
    int64_t  ms;
    cx_str   v;

    v = cx_http_header(res->headers, res->nheaders, CX_STR("retry-after-ms"),
                       NULL);
    ms = decimal(v, 1);

    if (ms == 0) {
        v = cx_http_header(res->headers, res->nheaders,
                           CX_STR("retry-after"), NULL);
        ms = decimal(v, 1000);
    }

    return ms < WAIT_MAX ? ms : WAIT_MAX;
}


/* "1.5" times unit, 0 when it is no such number. */
static int64_t
decimal(cx_str s, int64_t unit)
{
    cx_str   whole;
    int64_t  n, ms, part = unit;

    s = cx_str_trim(s);

    if (!cx_str_split(&s, '.', &whole) || !cx_str_to_i64(whole, &n)
        || n < 0)
    {
        return 0;
    }

    ms = n < WAIT_MAX ? n * unit : WAIT_MAX;

    for (size_t i = 0; i < s.len && part >= 10; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return 0;
        }

        part /= 10;
        ms += (s.p[i] - '0') * part;
    }

    return ms;
}


/* Of an error's type or code only what is a word goes into a log. */
static cx_str
word(cx_str s)
{
    size_t  n = 0;

    while (n < s.len && n < WORD_MAX
           && ((s.p[n] >= 'a' && s.p[n] <= 'z')
               || (s.p[n] >= 'A' && s.p[n] <= 'Z')
               || (s.p[n] >= '0' && s.p[n] <= '9')
               || s.p[n] == '_' || s.p[n] == '-' || s.p[n] == '.'))
    {
        n++;
    }

    return n > 0 ? cx_str_sub(s, 0, n) : CX_STR("error");
}


/* Some local models think aloud before they answer. */
cx_str
cx_ai_thoughtless(cx_str text)
{
    size_t  end;

    text = cx_str_trim(text);

    if (!cx_str_starts(text, CX_STR("<think>"))) {
        return text;
    }

    end = cx_str_find(text, CX_STR("</think>"));

    return end == SIZE_MAX
           ? CX_NOSTR
           : cx_str_sub(text, end + sizeof("</think>") - 1, text.len);
}
