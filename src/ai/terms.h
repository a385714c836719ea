/*
 * Passages to the terms of a full-text index, and questions to what is looked
 * up there (core/terms.h).  Each passage is read in its own language; a
 * question is asked in all of them.
 */

#ifndef CX_AI_TERMS_H
#define CX_AI_TERMS_H

#include "ai/ai.h"
#include "core/terms.h"

/* Passage i has the number i.  scratch is reset again and again.  CX_NOMEM,
 * or CX_TOO_LARGE: more than CX_PASSAGES_MAX of them. */
cx_err cx_ai_terms(const cx_chunk *chunks, size_t n, cx_arena *a,
    cx_arena *scratch, cx_terms *out);

/* Nothing (n = 0) when no word of it says what it is about. */
void cx_ai_find_words(cx_arena *a, cx_str question, cx_find *out);

#endif /* CX_AI_TERMS_H */
