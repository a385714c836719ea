/*
 * What the texts tell of an answer: whether the knowledge, the facts of the
 * business and what tools said speak of what was asked, and whether the answer
 * says what they say.
 */

#include "ai/evidence.h"

#include "core/utf8.h"


#define SPREAD          0.9     /* covered only by several together */
#define USED_MIN        0.3     /* of the answer's words: it was used */
#define FACT_USED_MIN   0.6     /* of a fact's value, in the answer */
#define GREETING_MAX    100     /* bytes of a question that may be one */
#define SMALL_TALK_MAX  240     /* code points of a reply to a greeting */

/* Passages first, then what tools said, at last the facts that are used, as
 * one text. */
typedef struct {
    const cx_ai_prompt  *prompt;
    cx_words             question;
    cx_words             answer;
    cx_words            *texts;
    double              *shares;        /* of the answer in each of them */
    size_t               ntexts;
    size_t               nfacts;        /* used */
    cx_words             system;        /* the agent's prompt */
    cx_words             all;           /* of the texts the answer uses;
                                         * has room for the question's and
                                         * the prompt's */
} evidence;


static void manners(const cx_ai_prompt *p, const cx_sources *from,
    cx_str answer, cx_arena *a, cx_signals *out);
static bool quotes(const cx_ai_prompt *p, cx_str answer);
static size_t results(const cx_ai_prompt *p);
static bool gather(evidence *e, const cx_ai_prompt *p, cx_str answer,
    cx_arena *a);
static void add_results(evidence *e, cx_arena *a);
static bool uses(const evidence *e, const cx_ai_fact *f, cx_arena *a);
static void add_facts(evidence *e, cx_arena *a);
static bool join_used(evidence *e, cx_arena *a);
static void append(cx_words *list, const cx_words *more);
static size_t topics(const cx_words *w);
static void weigh(const evidence *e, cx_signals *out);
static cx_coverage covered(const evidence *e);
static double share_of(const cx_words *answer, const cx_words *in);
static void rank(const evidence *e, cx_signals *out);


double
cx_ai_confidence(const cx_ai_prompt *p, cx_str answer, cx_arena *a,
    cx_str *reason)
{
    cx_signals    s;
    cx_ai_answer  out = { .confidence = 0 };

    if (cx_ai_signals(p, answer, a, &s) != CX_OK) {
        *reason = CX_STR("out of memory");
        return 0;
    }

    cx_ai_score(&s, a, &out);
    *reason = out.reason;

    return out.confidence;
}


cx_err
cx_ai_signals(const cx_ai_prompt *p, cx_str answer, cx_arena *a,
    cx_signals *out)
{
    evidence    e;
    cx_words    question = { .n = 0 };
    cx_sources  from;

    *out = (cx_signals) { .finish = CX_FINISH_STOP };

    if (!cx_sources_of(p, a, &from)) {
        return CX_NOMEM;
    }

    /* Manners are short: no need to take long texts apart for them. */
    if (p->question.len <= GREETING_MAX) {
        question = cx_words_of(a, p->question);
    }

    if (cx_ai_small_talk(&question).len > 0
        && cx_str_trim(answer).len > 0)
    {
        manners(p, &from, answer, a, out);
        return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
    }

    cx_ai_facts(p, &from, answer, a, &out->facts);

    if (p->npassages == 0 && p->nfacts == 0 && results(p) == 0) {
        out->nothing = true;
        return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
    }

    if (!gather(&e, p, answer, a)) {
        return CX_NOMEM;
    }

    out->empty = e.answer.n == 0;
    out->quotes = quotes(p, answer);
    out->hedged = cx_ai_hedged(answer, a);
    out->vague = topics(&e.answer) == 0;
    out->denies = cx_ai_denies(&e.answer) && !cx_ai_denies(&e.all);
    weigh(&e, out);
    rank(&e, out);

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


static void
manners(const cx_ai_prompt *p, const cx_sources *from, cx_str answer,
    cx_arena *a, cx_signals *out)
{
    evidence  e;

    out->manners = true;
    cx_ai_facts(p, from, answer, a, &out->facts);
    out->claims = out->facts.found < out->facts.quoted
                  || cx_utf8_count(answer) > SMALL_TALK_MAX;

    if (p->npassages > 0 && gather(&e, p, answer, a)) {
        rank(&e, out);
    }
}


/* The knowledge's own words are not doubted for their tone. */
static bool
quotes(const cx_ai_prompt *p, cx_str answer)
{
    for (size_t i = 0; i < p->npassages; i++) {
        if (cx_str_eq(cx_str_trim(answer),
                      cx_str_trim(p->passages[i].text)))
        {
            return true;
        }
    }

    return false;
}


static size_t
results(const cx_ai_prompt *p)
{
    size_t  n = 0;

    for (size_t i = 0; i < p->nrounds; i++) {
        n += p->rounds[i].ncalls;
    }

    return n;
}


static bool
gather(evidence *e, const cx_ai_prompt *p, cx_str answer, cx_arena *a)
{
    const size_t  room = p->npassages + results(p) + 1;

    *e = (evidence) {
        .prompt = p,
        .question = cx_words_of(a, p->question),
        .answer = cx_words_of(a, answer),
        .system = cx_words_of(a, p->system),
        .texts = CX_NEW_N(a, room, cx_words),
        .shares = CX_NEW_N(a, room, double),
    };

    if (e->texts == NULL || e->shares == NULL) {
        return false;
    }

    for (size_t i = 0; i < p->npassages; i++) {
        e->texts[i] = cx_ai_passage_words(a, &p->passages[i]);
        e->shares[i] = share_of(&e->answer, &e->texts[i]);
    }

    e->ntexts = p->npassages;
    add_results(e, a);
    add_facts(e, a);

    return join_used(e, a);
}


/* The tool's name says what its result is about. */
static void
add_results(evidence *e, cx_arena *a)
{
    for (size_t i = 0; i < e->prompt->nrounds; i++) {
        const cx_ai_round  *r = &e->prompt->rounds[i];

        for (size_t k = 0; k < r->ncalls; k++) {
            const cx_ai_passage  said = {
                .question = r->calls[k].name,
                .text = r->results[k],
            };

            e->texts[e->ntexts] = cx_ai_passage_words(a, &said);
            e->shares[e->ntexts] = share_of(&e->answer,
                                            &e->texts[e->ntexts]);
            e->ntexts++;
        }
    }
}


/* It says the value, or a part of it under its name. */
static bool
uses(const evidence *e, const cx_ai_fact *f, cx_arena *a)
{
    const cx_words       value = cx_words_of(a, f->value);
    const double         said = value.n > 0 ? share_of(&value, &e->answer) : 0;
    const cx_ai_passage  whole = { .question = f->name, .text = f->value };
    cx_words             words;

    if (said == 0 || said >= FACT_USED_MIN) {
        return said > 0;
    }

    words = cx_ai_passage_words(a, &whole);
    return share_of(&e->answer, &words) >= USED_MIN;
}


/* Facts are short, and an answer may need several of them. */
static void
add_facts(evidence *e, cx_arena *a)
{
    cx_buf  b;

    if (e->prompt->nfacts == 0) {
        return;
    }

    cx_buf_init(&b, a, 256, 1024 * 1024);

    for (size_t i = 0; i < e->prompt->nfacts; i++) {
        const cx_ai_fact  *f = &e->prompt->facts[i];

        if (uses(e, f, a)) {
            cx_buf_printf(&b, "%.*s: %.*s\n", CX_ARG(f->name),
                          CX_ARG(f->value));
            e->nfacts++;
        }
    }

    if (e->nfacts > 0) {
        e->texts[e->ntexts] = cx_words_of(a, cx_buf_str(&b));
        e->shares[e->ntexts++] = 1;
    }
}


static bool
join_used(evidence *e, cx_arena *a)
{
    size_t  n = e->question.n + e->system.n;

    for (size_t i = 0; i < e->ntexts; i++) {
        n += e->texts[i].n;
    }

    e->all.items = CX_NEW_N(a, n + 1, cx_word);
    if (e->all.items == NULL) {
        return false;
    }

    for (size_t i = 0; i < e->ntexts; i++) {
        if (e->shares[i] >= USED_MIN) {
            append(&e->all, &e->texts[i]);
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


static void
weigh(const evidence *e, cx_signals *out)
{
    const size_t  facts = e->ntexts - (e->nfacts > 0);
    cx_words      all = e->all;

    out->coverage = covered(e);
    out->own_facts = e->nfacts;

    for (size_t i = 0; i < facts; i++) {
        if (e->shares[i] >= USED_MIN) {
            *(i < e->prompt->npassages ? &out->passages : &out->tools) += 1;
        }
    }

    /* The answer may repeat the question and what the agent was told. */
    append(&all, &e->question);
    append(&all, &e->system);
    out->support = share_of(&e->answer, &all);
}


/* By the best text, or with less trust by all of them together.  Only what
 * the answer uses counts: knowing is not saying. */
static cx_coverage
covered(const evidence *e)
{
    cx_coverage  best = cx_ai_coverage(&e->question, &e->all), c;

    best.share *= SPREAD;

    for (size_t i = 0; i < e->ntexts; i++) {
        c = cx_ai_coverage(&e->question, &e->texts[i]);

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


/* The passages that the answer uses, those with most of it first. */
static void
rank(const evidence *e, cx_signals *out)
{
    double  shares[CX_AI_USED_MAX], share;
    size_t  at;

    for (size_t i = 0; i < e->prompt->npassages; i++) {
        share = e->shares[i];

        if (share < USED_MIN) {
            continue;
        }

        for (at = out->nused; at > 0 && shares[at - 1] < share; at--) {
            if (at < CX_AI_USED_MAX) {
                shares[at] = shares[at - 1];
                out->used[at] = out->used[at - 1];
            }
        }

        if (at < CX_AI_USED_MAX) {
            shares[at] = share;
            out->used[at] = i;
            out->nused += out->nused < CX_AI_USED_MAX;
        }
    }
}
