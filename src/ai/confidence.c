/*
 * Confidence from evidence.  A model's opinion of itself is not asked: what
 * counts is whether the knowledge speaks of what was asked, and whether the
 * answer says what the knowledge says.
 */

#include "ai/evidence.h"

#include "core/utf8.h"


#define SURE            0.98    /* covered by one passage, taken from it */
#define SPREAD          0.9     /* covered only by several together */
#define TOPICLESS       0.3     /* nothing to look up, no greeting either */
#define SUPPORT_MIN     0.6     /* share of the answer's words that stand in
                                 * the evidence, from which it is enough */
#define USED_MIN        0.3     /* of the answer's words: a passage was used */
#define GREETING_MAX    100     /* bytes of a question that may be one */
#define SMALL_TALK_MAX  240     /* code points of a reply to a greeting */
#define USED_MAX        (sizeof(((cx_ai_answer *) 0)->used)                  \
                         / sizeof(((cx_ai_answer *) 0)->used[0]))

typedef struct {
    const cx_ai_prompt  *prompt;
    cx_words             question;
    cx_words             answer;
    cx_words            *passages;      /* one a passage */
    double              *shares;        /* of the answer in each passage */
    cx_words             system;        /* the agent's prompt */
    cx_words             all;           /* of the passages the answer uses;
                                         * has room for the question's and
                                         * the prompt's */
} evidence;


static bool gather(evidence *e, const cx_ai_prompt *p, cx_str answer,
    cx_arena *a);
static void append(cx_words *list, const cx_words *more);
static cx_str doubt(const evidence *e, cx_str answer, cx_arena *a);
static size_t topics(const cx_words *w);
static double judge(const evidence *e, cx_arena *a, cx_str *reason);
static cx_coverage covered(const evidence *e);
static double share_of(const cx_words *answer, const cx_words *in);
static double small_talk(const cx_ai_prompt *p, cx_str answer,
    cx_str *reason);


double
cx_ai_confidence(const cx_ai_prompt *p, cx_str answer, cx_arena *a,
    cx_str *reason)
{
    double    c;
    cx_str    why;
    evidence  e = { .prompt = p };

    /* Manners are short: no need to take long texts apart for them. */
    if (p->question.len <= GREETING_MAX) {
        e.question = cx_words_of(a, p->question);
    }

    if (cx_ai_small_talk(&e.question).len > 0
        && cx_str_trim(answer).len > 0)
    {
        return small_talk(p, answer, reason);
    }

    if (p->npassages == 0) {
        *reason = CX_STR("no knowledge speaks of what was asked");
        return 0;
    }

    if (!gather(&e, p, answer, a)) {
        *reason = CX_STR("out of memory");
        return 0;
    }

    if (e.answer.n == 0) {
        *reason = CX_STR("the answer is empty");
        return 0;
    }

    c = judge(&e, a, reason);
    why = doubt(&e, answer, a);

    if (why.len == 0) {
        return c;
    }

    *reason = why;
    return c < CX_AI_DOUBT ? c : CX_AI_DOUBT;
}


/* Why the answer is not to be trusted, however well the question is covered;
 * empty: nothing speaks against it. */
static cx_str
doubt(const evidence *e, cx_str answer, cx_arena *a)
{
    if (cx_ai_invented(e->prompt, answer)) {
        return CX_STR("a number or link of the answer stands nowhere in the "
                      "knowledge");
    }

    for (size_t i = 0; i < e->prompt->npassages; i++) {
        if (cx_str_eq(cx_str_trim(answer),
                      cx_str_trim(e->prompt->passages[i].text)))
        {
            return CX_NOSTR;                /* the knowledge's own words */
        }
    }

    if (cx_ai_hedged(answer, a)) {
        return CX_STR("the answer says itself that it is not sure");
    }

    if (topics(&e->answer) == 0) {
        return CX_STR("the answer says nothing that could be checked");
    }

    if (cx_ai_denies(&e->answer) && !cx_ai_denies(&e->all)) {
        return CX_STR("the answer denies something, the knowledge does not");
    }

    return CX_NOSTR;
}


static bool
gather(evidence *e, const cx_ai_prompt *p, cx_str answer, cx_arena *a)
{
    size_t  n;

    *e = (evidence) {
        .prompt = p,
        .question = e->question.n > 0 ? e->question
                                      : cx_words_of(a, p->question),
        .answer = cx_words_of(a, answer),
        .system = cx_words_of(a, p->system),
        .passages = CX_NEW_N(a, p->npassages + 1, cx_words),
        .shares = CX_NEW_N(a, p->npassages + 1, double),
    };

    if (e->passages == NULL || e->shares == NULL) {
        return false;
    }

    n = e->question.n + e->system.n;

    for (size_t i = 0; i < p->npassages; i++) {
        e->passages[i] = cx_ai_passage_words(a, &p->passages[i]);
        e->shares[i] = share_of(&e->answer, &e->passages[i]);
        n += e->passages[i].n;
    }

    e->all.items = CX_NEW_N(a, n + 1, cx_word);
    if (e->all.items == NULL) {
        return false;
    }

    for (size_t i = 0; i < p->npassages; i++) {
        if (e->shares[i] >= USED_MIN) {
            append(&e->all, &e->passages[i]);
        }
    }

    return !cx_arena_failed(a);
}


/* list->items has room. */
static void
append(cx_words *list, const cx_words *more)
{
    if (more->n > 0) {
        memcpy(list->items + list->n, more->items,
               more->n * sizeof(*more->items));
        list->n += more->n;
    }
}


static double
judge(const evidence *e, cx_arena *a, cx_str *reason)
{
    double             support;
    const cx_coverage  c = covered(e);
    cx_words           all = e->all;

    if (c.asked == 0) {
        *reason = CX_STR("the question names nothing to look up");
        return TOPICLESS;
    }

    /* The answer may repeat the question and what the agent was told. */
    append(&all, &e->question);
    append(&all, &e->system);
    support = share_of(&e->answer, &all);

    *reason = cx_printf(a, "%zu of %zu words of the question and %d %% of "
                        "the answer's stand in the knowledge",
                        c.found, c.asked, (int) (100 * support));

    return SURE * c.share
           * (support < SUPPORT_MIN ? support / SUPPORT_MIN : 1);
}


/* By the best passage, or with less trust by all of them together.  Only
 * what the answer uses counts: knowing is not saying. */
static cx_coverage
covered(const evidence *e)
{
    cx_coverage  best = cx_ai_coverage(&e->question, &e->all), c;

    best.share *= SPREAD;

    for (size_t i = 0; i < e->prompt->npassages; i++) {
        c = cx_ai_coverage(&e->question, &e->passages[i]);

        if (e->shares[i] >= USED_MIN && c.share >= best.share) {
            best = c;
        }
    }

    return best;
}


/* Words that have a topic. */
static size_t
topics(const cx_words *w)
{
    size_t  n = 0;

    for (size_t i = 0; i < w->n; i++) {
        n += !w->items[i].stop;
    }

    return n;
}


/* Of the words that have a topic. */
static double
share_of(const cx_words *answer, const cx_words *in)
{
    size_t  asked = 0, found = 0;

    for (size_t i = 0, next; i < answer->n; i = next) {
        const bool  here = cx_words_find(in, answer, i, &next);

        if (next > i + 1 || !answer->items[i].stop) {
            asked++;
            found += here;
        }
    }

    return asked > 0 ? (double) found / (double) asked : 1;
}


static double
small_talk(const cx_ai_prompt *p, cx_str answer, cx_str *reason)
{
    if (cx_ai_invented(p, answer) || cx_utf8_count(answer) > SMALL_TALK_MAX) {
        *reason = CX_STR("a greeting got a long answer or one with facts");
        return CX_AI_DOUBT;
    }

    *reason = CX_STR("a greeting or thanks, nothing is claimed");
    return SURE;
}


void
cx_ai_used(const cx_ai_prompt *p, cx_str answer, cx_arena *a,
    cx_ai_answer *out)
{
    double    shares[USED_MAX], share;
    size_t    at;
    evidence  e = { .prompt = NULL };

    out->nused = 0;

    if (p->npassages == 0 || !gather(&e, p, answer, a)) {
        return;
    }

    for (size_t i = 0; i < p->npassages; i++) {
        share = e.shares[i];

        if (share < USED_MIN) {
            continue;
        }

        for (at = out->nused; at > 0 && shares[at - 1] < share; at--) {
            if (at < USED_MAX) {
                shares[at] = shares[at - 1];
                out->used[at] = out->used[at - 1];
            }
        }

        if (at < USED_MAX) {
            shares[at] = share;
            out->used[at] = i;
            out->nused += out->nused < USED_MAX;
        }
    }
}
