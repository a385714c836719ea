/*
 * What the knowledge says about a question: how much of it a passage covers,
 * and whether an answer stays with what the evidence holds.
 */

#ifndef CX_AI_EVIDENCE_H
#define CX_AI_EVIDENCE_H

#include "ai/ai.h"
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

/* A number, link or e-mail address of the answer stands in no passage, not
 * in the prompt and not in the question. */
bool cx_ai_invented(const cx_ai_prompt *p, cx_str answer);

/* "I think", "maybe": the model says itself that it is not sure. */
bool cx_ai_hedged(cx_str answer, cx_arena *a);

/* "not", "no", "never": it denies something. */
bool cx_ai_denies(const cx_words *words);

/* Passages whose words the answer uses, best first; at most 8. */
void cx_ai_used(const cx_ai_prompt *p, cx_str answer, cx_arena *a,
    cx_ai_answer *out);

/* The reply when the question is nothing but a greeting or thanks, in its
 * language; else empty. */
cx_str cx_ai_small_talk(const cx_words *question);

/* The prompt's sentence for what we do not know, or the default. */
cx_str cx_ai_handoff(const cx_ai_prompt *p);

#endif /* CX_AI_EVIDENCE_H */
