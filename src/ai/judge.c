/* A model's reply becomes an answer. */

#include "ai/evidence.h"
#include "ai/outcome.h"
#include "core/utf8.h"


#define TEXT_MAX      16000     /* code points of an answer we keep */
#define SENTENCE_MIN  16        /* bytes from which a sentence is no chance */


static cx_err weigh(const cx_ai_prompt *p, cx_signals *told, cx_arena *a,
    cx_ai_answer *out);
static bool says(cx_str text, cx_str sentence);
static void hand_off(const cx_ai_prompt *p, const char *why,
    cx_ai_answer *out);


cx_ai_outcome
cx_ai_read(const cx_ai *ai, const cx_http_res *res, const cx_ai_prompt *p,
    cx_arena *a, cx_ai_answer *out)
{
    cx_ai_reply    r;
    cx_ai_outcome  o = ai->parse(res, a, &r);

    return o.result == CX_AI_OK ? cx_ai_judge(p, &r, a, out) : o;
}


cx_ai_outcome
cx_ai_judge(const cx_ai_prompt *p, const cx_ai_reply *r, cx_arena *a,
    cx_ai_answer *out)
{
    cx_str      text, piece = CX_NOSTR;
    cx_signals  told = { .finish = r->finish };

    *out = (cx_ai_answer) {
        .tokens_in = r->tokens_in,
        .tokens_out = r->tokens_out,
        .model = r->model,
    };

    if (r->finish == CX_FINISH_FILTERED) {
        hand_off(p, "the model refused to answer", out);
        return (cx_ai_outcome) { .result = CX_AI_OK };
    }

    text = cx_str_trim(cx_ai_thoughtless(cx_utf8_clean(a, r->text)));
    told.report = cx_report_take(p, a, &text);
    text = cx_str_trim(text);

    if (cx_arena_failed(a)) {
        return cx_ai_useless(CX_AI_RETRY, "out of memory");
    }

    if (!cx_utf8_split(&text, TEXT_MAX, &piece)) {
        /* A model that thinks may use up its tokens before it says a word:
         * it would again. */
        return r->finish == CX_FINISH_LENGTH
               ? cx_ai_useless(CX_AI_REFUSED,
                               "empty answer: raise max_tokens")
               : cx_ai_useless(CX_AI_RETRY, "empty answer");
    }

    out->text = piece;
    told.cut = text.len > 0;

    if (weigh(p, &told, a, out) != CX_OK) {
        return cx_ai_useless(CX_AI_RETRY, "out of memory");
    }

    return out->text.len > 0
           ? (cx_ai_outcome) { .result = CX_AI_OK }
           : cx_ai_useless(CX_AI_RETRY, "nothing but marks of a page");
}


/* Policy, confidence, sources, and whether it is the sentence we asked for.
 * told: what the reply says of itself. */
static cx_err
weigh(const cx_ai_prompt *p, cx_signals *told, cx_arena *a, cx_ai_answer *out)
{
    cx_signals  s;
    cx_policy   policy;

    if (says(out->text, cx_ai_handoff(p))) {
        hand_off(p, "the model says that the knowledge does not answer it",
                 out);
        return CX_OK;
    }

    if (cx_policy_check(p, out->text, a, &policy) != CX_OK
        || cx_ai_signals(p, policy.text, a, &s) != CX_OK)
    {
        return CX_NOMEM;
    }

    out->text = cx_str_trim(policy.text);
    s.finish = told->finish;
    s.cut = told->cut;
    s.report = told->report;
    s.policy = policy.hits;
    s.cleaned = policy.cleaned;

    cx_ai_score(&s, a, out);
    memcpy(out->used, s.used, sizeof(s.used));
    out->nused = s.nused;

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
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
