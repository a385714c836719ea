/*
 * How much of a conversation a model is given.  Tokens are those of nobody in
 * particular: an estimate that is rather too high, because what is too long is
 * refused.
 */

#ifndef CX_AI_CONTEXT_H
#define CX_AI_CONTEXT_H

#include "core/str.h"

size_t cx_context_tokens(cx_str text);

/* A message, oldest first. */
typedef struct {
    size_t  tokens;
    bool    told;           /* a summary tells of it */
    bool    keep;           /* out */
} cx_context_item;

/* Keeps the newest `count` that have at most so many tokens together (0: as
 * many as they like); older ones that no summary tells of are kept, too, as
 * long as there are tokens and not more than `more` of them.  The newest
 * is kept whatever it takes.  Returns how many are older than the first of
 * these newest. */
size_t cx_context_cut(cx_context_item *items, size_t n, size_t count,
    size_t more, int64_t tokens);

#endif /* CX_AI_CONTEXT_H */
