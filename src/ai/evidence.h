/*
 * What the knowledge says about a question: how much of it a passage covers,
 * and whether an answer stays with what the evidence holds.
 */

#ifndef CX_AI_EVIDENCE_H
#define CX_AI_EVIDENCE_H

#include "ai/ai.h"
#include "ai/policy.h"
#include "ai/report.h"
#include "ai/sources.h"
#include "ai/words.h"

/* An answer that is not taken from evidence never gets more than this. */
#define CX_AI_DOUBT  0.5

typedef struct {
    size_t  asked;      /* words of the question that have a topic */
    size_t  found;
    double  share;      /* found of asked, lower when the answer's kind (a
                         * time, a price) is asked for and missing */
} cx_coverage;

cx_coverage cx_ai_coverage(const cx_words *question, const cx_words *passage);

/* Words of a passage: its question and its text. */
cx_words cx_ai_passage_words(cx_arena *a, const cx_ai_passage *p);

/* Numbers, links and e-mail addresses an answer quotes, and how many of them
 * stand in the sources or in what the customer wrote; names as well, where
 * they can be told from other words. */
typedef struct {
    size_t  quoted;
    size_t  found;
    size_t  names;
    size_t  names_found;
} cx_fact_count;

void cx_ai_facts(const cx_ai_prompt *p, const cx_sources *s, cx_str answer,
    cx_arena *a, cx_fact_count *out);

/* All that a confidence is made of. */
typedef struct {
    cx_coverage    coverage;    /* of the question, by what the answer uses */
    double         support;     /* share of the answer's words that stand in
                                 * what it uses */
    cx_fact_count  facts;
    size_t         passages;    /* used, */
    size_t         used[CX_AI_USED_MAX];    /* those with most of it first */
    size_t         nused;
    size_t         own_facts;   /* of the business, used */
    size_t         tools;       /* results, used */
    bool           nothing;     /* there was nothing to be used */
    bool           empty;       /* no word in the answer */
    bool           manners;     /* the question is a greeting or thanks, */
    bool           claims;      /* but the answer is not */
    bool           quotes;      /* it is a passage, word for word */
    bool           hedged;
    bool           vague;       /* it says nothing that could be checked */
    bool           denies;      /* what the sources do not */
    bool           cut;
    cx_ai_finish   finish;
    unsigned       policy;      /* CX_POLICY_BIT */
    bool           cleaned;
    cx_report      report;
} cx_signals;

/* What the texts tell: all but finish, policy and report.  CX_NOMEM. */
cx_err cx_ai_signals(const cx_ai_prompt *p, cx_str answer, cx_arena *a,
    cx_signals *out);

/* Signals become confidence, reason and evidence of out (ai/score.c). */
void cx_ai_score(const cx_signals *s, cx_arena *a, cx_ai_answer *out);

/* The agent's list names the host: "example.org" stands for "www.example.org"
 * too, and ".example.org" for all below it. */
bool cx_ai_link_allowed(const cx_ai_prompt *p, cx_str host);

/* "I think", "maybe": the model says itself that it is not sure. */
bool cx_ai_hedged(cx_str answer, cx_arena *a);

/* "not", "no", "never": it denies something. */
bool cx_ai_denies(const cx_words *words);

/* The reply when the question is nothing but a greeting or thanks, in its
 * language; else empty. */
cx_str cx_ai_small_talk(const cx_words *question);

/* The prompt's sentence for what we do not know, or the default. */
cx_str cx_ai_handoff(const cx_ai_prompt *p);

#endif /* CX_AI_EVIDENCE_H */
