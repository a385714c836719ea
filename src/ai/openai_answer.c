/*
 * The answer of a chat completions server.  Facts: OpenAI API reference,
 * "The chat completion object", and the guides "Error codes" and "Rate
 * limits".
 */

#include "ai/evidence.h"
#include "ai/openai.h"
#include "core/json.h"
#include "core/utf8.h"


#define TEXT_MAX      16000     /* code points of an answer we keep */
#define WORD_MAX      64        /* bytes of an error's type or code */
#define SENTENCE_MIN  16        /* bytes from which a sentence is no chance */
#define WAIT_MAX      (3600 * 1000)

/* Of the response; views. */
typedef struct {
    cx_str   content;
    cx_str   refusal;
    cx_str   finish;
    cx_str   model;
    int64_t  tokens_in;
    int64_t  tokens_out;
    bool     choice;
    bool     failed;            /* an error object */
    cx_str   type;
    cx_str   code;
} reply;


static bool enter(cx_json_reader *j, cx_json_type type);
static bool read_reply(cx_str body, cx_arena *a, reply *r);
static void read_choices(cx_json_reader *j, reply *r);
static void read_choice(cx_json_reader *j, reply *r);
static void read_message(cx_json_reader *j, reply *r);
static void read_usage(cx_json_reader *j, reply *r);
static void read_error(cx_json_reader *j, reply *r);
static cx_ai_outcome failure(const cx_http_res *res, const reply *r,
    cx_arena *a);
static cx_ai_outcome useless(cx_ai_result result, const char *why);
static bool out_of_money(const reply *r);
static int64_t wait_of(const cx_http_res *res);
static int64_t decimal(cx_str s, int64_t unit);
static cx_str word(cx_str s);
static cx_str without_thoughts(cx_str text);
static void judge(const cx_ai_prompt *p, const reply *r, bool cut,
    cx_arena *a, cx_ai_answer *out);
static bool says(cx_str text, cx_str sentence);
static void hand_off(const cx_ai_prompt *p, const char *why,
    cx_ai_answer *out);


cx_ai_outcome
cx_openai_parse(const cx_http_res *res, const cx_ai_prompt *p, cx_arena *a,
    cx_ai_answer *out)
{
    reply       r;
    cx_str      text, piece = CX_NOSTR;
    const bool  read = read_reply(res->body, a, &r);

    if (res->status != 200 || (read && r.failed)) {
        return failure(res, &r, a);
    }

    if (!read || !r.choice) {
        return useless(CX_AI_RETRY, "200 without a completion");
    }

    *out = (cx_ai_answer) {
        .tokens_in = r.tokens_in,
        .tokens_out = r.tokens_out,
        .model = r.model,
    };

    if (r.refusal.len > 0 || CX_STR_IS(r.finish, "content_filter")) {
        hand_off(p, "the model refused to answer", out);
        return (cx_ai_outcome) { .result = CX_AI_OK };
    }

    text = cx_str_trim(without_thoughts(cx_utf8_clean(a, r.content)));

    if (cx_arena_failed(a)) {
        return useless(CX_AI_RETRY, "out of memory");
    }

    if (!cx_utf8_split(&text, TEXT_MAX, &piece)) {
        /* A model that thinks may use up its tokens before it says a word:
         * it would again. */
        return CX_STR_IS(r.finish, "length")
               ? useless(CX_AI_REFUSED, "empty answer: raise max_tokens")
               : useless(CX_AI_RETRY, "empty answer");
    }

    out->text = piece;
    judge(p, &r, text.len > 0, a, out);

    return (cx_ai_outcome) { .result = CX_AI_OK };
}


/* Confidence, sources, and whether it is the sentence we asked for. */
static void
judge(const cx_ai_prompt *p, const reply *r, bool cut, cx_arena *a,
    cx_ai_answer *out)
{
    if (says(out->text, cx_ai_handoff(p))) {
        hand_off(p, "the model says that the knowledge does not answer it",
                 out);
        return;
    }

    out->confidence = cx_ai_confidence(p, out->text, a, &out->reason);
    cx_ai_used(p, out->text, a, out);

    if ((cut || CX_STR_IS(r->finish, "length"))
        && out->confidence > CX_AI_DOUBT)
    {
        out->confidence = CX_AI_DOUBT;
        out->reason = CX_STR("the answer is cut off");
    }
}


/* A short sentence ("No.") may stand in an answer by chance. */
static bool
says(cx_str text, cx_str sentence)
{
    return cx_str_eq(text, sentence)
           || (sentence.len >= SENTENCE_MIN
               && cx_str_find(text, sentence) != SIZE_MAX);
}


static void
hand_off(const cx_ai_prompt *p, const char *why, cx_ai_answer *out)
{
    out->text = cx_ai_handoff(p);
    out->handoff = true;
    out->confidence = 0;
    out->reason = cx_strz(why);
}


/* Some local models think aloud before they answer. */
static cx_str
without_thoughts(cx_str text)
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


/* --- errors -------------------------------------------------------------- */

static cx_ai_outcome
failure(const cx_http_res *res, const reply *r, cx_arena *a)
{
    int64_t        status = res->status;
    const cx_str   should = cx_http_header(res->headers, res->nheaders,
                                           CX_STR("x-should-retry"), NULL);
    const cx_str   what = r->code.len > 0 ? r->code : r->type;
    cx_ai_outcome  o = { .result = CX_AI_REFUSED };

    if (status == 200 && !cx_str_to_i64(r->code, &status)) {
        status = 500;               /* an error in a 200 without a number */
    }

    if (status == 0 || status == 408 || status == 409 || status == 429
        || status >= 500)
    {
        o.result = CX_AI_RETRY;
    }

    if (out_of_money(r) || CX_STR_IS(should, "false")) {
        o.result = CX_AI_REFUSED;
    }

    if (o.result == CX_AI_RETRY) {
        o.wait_ms = wait_of(res);
    }

    o.error = status == 0 ? CX_STR("no answer")
                          : cx_printf(a, "%d %.*s", res->status,
                                      CX_ARG(word(what)));
    return o;
}


/* These come with 429 too, but no waiting helps. */
static bool
out_of_money(const reply *r)
{
    static const char  *const words[] = {
        "insufficient_quota",
        "credit_balance_exhausted",
        "billing_hard_limit_reached",
        "billing_not_active",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (cx_str_eq(r->code, cx_strz(words[i]))
            || cx_str_eq(r->type, cx_strz(words[i])))
        {
            return true;
        }
    }

    return false;
}


static cx_ai_outcome
useless(cx_ai_result result, const char *why)
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


/* --- reading ------------------------------------------------------------- */

static bool
read_reply(cx_str body, cx_arena *a, reply *r)
{
    cx_str          key;
    cx_json_reader  j;

    *r = (reply) { .failed = false };

    cx_json_open(&j, body, a);

    if (!cx_json_enter(&j, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(&j, &key)) {
        if (CX_STR_IS(key, "choices")) {
            read_choices(&j, r);

        } else if (CX_STR_IS(key, "usage")) {
            read_usage(&j, r);

        } else if (CX_STR_IS(key, "model")) {
            (void) cx_json_string(&j, &r->model);

        } else if (CX_STR_IS(key, "error")) {
            read_error(&j, r);

        } else {
            cx_json_skip(&j);
        }
    }

    return cx_json_close(&j) == CX_OK;
}


/* Enters the object at hand, or takes what else stands there. */
static bool
enter(cx_json_reader *j, cx_json_type type)
{
    if (cx_json_enter(j, type)) {
        return true;
    }

    cx_json_skip(j);
    return false;
}


/* The first one; we never ask for more. */
static void
read_choices(cx_json_reader *j, reply *r)
{
    if (!enter(j, CX_JSON_ARRAY) || !cx_json_item(j)) {
        return;
    }

    read_choice(j, r);

    while (cx_json_item(j)) {
        cx_json_skip(j);
    }
}


static void
read_choice(cx_json_reader *j, reply *r)
{
    cx_str  key;

    if (!enter(j, CX_JSON_OBJECT)) {
        return;
    }

    r->choice = true;

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "message")) {
            read_message(j, r);

        } else if (CX_STR_IS(key, "finish_reason")) {
            (void) cx_json_string(j, &r->finish);

        } else {
            cx_json_skip(j);
        }
    }
}


static void
read_message(cx_json_reader *j, reply *r)
{
    cx_str  key;

    if (!enter(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "content")) {
            (void) cx_json_string(j, &r->content);

        } else if (CX_STR_IS(key, "refusal")) {
            (void) cx_json_string(j, &r->refusal);

        } else {
            cx_json_skip(j);
        }
    }
}


static void
read_usage(cx_json_reader *j, reply *r)
{
    cx_str  key;

    if (!enter(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "prompt_tokens")) {
            (void) cx_json_i64(j, &r->tokens_in);

        } else if (CX_STR_IS(key, "completion_tokens")) {
            (void) cx_json_i64(j, &r->tokens_out);

        } else {
            cx_json_skip(j);
        }
    }
}


/* {"message", "type", "code"}; some servers send only a text. */
static void
read_error(cx_json_reader *j, reply *r)
{
    cx_str  key;

    if (cx_json_peek(j) == CX_JSON_NULL) {
        cx_json_skip(j);
        return;
    }

    r->failed = true;

    if (!enter(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "type")) {
            (void) cx_json_string(j, &r->type);

        } else if (CX_STR_IS(key, "code")) {
            (void) cx_json_scalar(j, &r->code);

        } else {
            cx_json_skip(j);
        }
    }
}
