/*
 * The built-in answerer: no model, no network.  It says what the best
 * passage says and names the file, or that it does not know.
 */

#include "ai/evidence.h"
#include "ai/providers.h"
#include "core/utf8.h"


#define MATCH_MIN   0.5     /* share of the question a passage must cover */
#define ANSWER_MAX  500     /* code points of a passage that is said whole */
#define PIECE_MAX   400     /* else of the piece that fits best */


static cx_err answer(const cx_ai_prompt *p, cx_arena *a, cx_ai_answer *out);
static cx_ai_prompt with_facts(const cx_ai_prompt *p, cx_arena *a);
static void say(const cx_ai_prompt *p, size_t best, const cx_words *question,
    cx_arena *a, cx_ai_answer *out);
static size_t best_passage(const cx_ai_prompt *p, const cx_words *question,
    cx_arena *a);
static cx_str best_piece(cx_str text, const cx_words *question, cx_arena *a);
static void greet(cx_ai_answer *out, cx_str reply);
static void hand_off(const cx_ai_prompt *p, cx_ai_answer *out);


const cx_ai  cx_ai_knowledge = {
    .name = "knowledge",
    .answer = answer,
};


static cx_err
answer(const cx_ai_prompt *p, cx_arena *a, cx_ai_answer *out)
{
    size_t          best;
    cx_ai_prompt    all = with_facts(p, a);
    const cx_words  question = cx_words_of(a, p->question);
    const cx_str    reply = cx_ai_small_talk(&question);

    *out = (cx_ai_answer) { .model = CX_STR("knowledge") };

    if (reply.len > 0) {
        greet(out, reply);
        return CX_OK;
    }

    best = best_passage(&all, &question, a);

    if (best < all.npassages) {
        say(&all, best, &question, a, out);

    } else {
        hand_off(p, out);
    }

    if (best >= p->npassages) {
        out->nused = 0;             /* a fact is no passage */
    }

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


/* A fact is a short passage behind the others, without a file. */
static cx_ai_prompt
with_facts(const cx_ai_prompt *p, cx_arena *a)
{
    cx_ai_prompt    all = *p;
    cx_ai_passage  *list = CX_NEW_N(a, p->npassages + p->nfacts + 1,
                                    cx_ai_passage);

    if (list == NULL || p->nfacts == 0) {
        return all;
    }

    for (size_t i = 0; i < p->npassages; i++) {
        list[i] = p->passages[i];
    }

    for (size_t i = 0; i < p->nfacts; i++) {
        list[p->npassages + i].text = cx_printf(a, "%.*s: %.*s",
                                                CX_ARG(p->facts[i].name),
                                                CX_ARG(p->facts[i].value));
    }

    all.passages = list;
    all.npassages = p->npassages + p->nfacts;

    return all;
}


static void
say(const cx_ai_prompt *p, size_t best, const cx_words *question, cx_arena *a,
    cx_ai_answer *out)
{
    cx_signals     s;
    cx_ai_prompt   alone = *p;
    cx_ai_passage  said = p->passages[best];

    /* Judged by what is said alone, and before the source is named: a file's
     * name is no fact of the answer. */
    said.text = best_piece(said.text, question, a);
    alone.passages = &said;
    alone.npassages = 1;

    if (cx_ai_signals(&alone, said.text, a, &s) == CX_OK) {
        cx_ai_score(&s, a, out);
    }

    out->text = cx_policy_clean(a, said.text);

    if (said.source.len > 0) {
        out->text = cx_printf(a, "%.*s (%.*s)", CX_ARG(out->text),
                              CX_ARG(said.source));
    }

    out->used[0] = best;
    out->nused = 1;
}


/* Index of the passage that covers most of the question, of equals the one
 * the search liked best; npassages when none covers enough. */
static size_t
best_passage(const cx_ai_prompt *p, const cx_words *question, cx_arena *a)
{
    double  share = 0;
    size_t  best = p->npassages;

    for (size_t i = 0; i < p->npassages; i++) {
        const cx_words     w = cx_ai_passage_words(a, &p->passages[i]);
        const cx_coverage  c = cx_ai_coverage(question, &w);

        if (c.share >= MATCH_MIN && c.share > share) {
            share = c.share;
            best = i;
        }
    }

    return best;
}


static cx_str
best_piece(cx_str text, const cx_words *question, cx_arena *a)
{
    double  share = -1;
    cx_str  best = CX_NOSTR, piece;

    text = cx_str_trim(text);

    if (cx_utf8_count(text) <= ANSWER_MAX) {
        return text;
    }

    while (cx_utf8_split(&text, PIECE_MAX, &piece)) {
        const cx_words     w = cx_words_of(a, piece);
        const cx_coverage  c = cx_ai_coverage(question, &w);

        if (c.share > share) {
            share = c.share;
            best = piece;
        }
    }

    return best;
}


static void
greet(cx_ai_answer *out, cx_str reply)
{
    out->text = reply;
    out->confidence = 1;
    out->reason = CX_STR("a greeting or thanks, nothing is claimed");
}


static void
hand_off(const cx_ai_prompt *p, cx_ai_answer *out)
{
    out->text = cx_ai_handoff(p);
    out->handoff = true;
    out->reason = CX_STR("nothing in the knowledge answers the question");
}
