/*
 * Personal numbers are not for a model: payment cards and IBANs in what a
 * customer wrote are replaced by tokens, "[card-1]", "[iban-1]", before it is
 * asked, and put back into its answer.  The record keeps what was written.
 *
 * A number is what its check digits say it is: an order number or a telephone
 * number stays.  The same number is the same token, however it is spelled, and
 * comes back in its first spelling.  Tokens are numbered behind those that
 * stand in the texts already: who writes "[card-1]" himself gets nothing for
 * it.
 */

#ifndef CX_AI_MASK_H
#define CX_AI_MASK_H

#include "ai/ai.h"

#define CX_MASKS_MAX  1000      /* what is beyond is not put back */

typedef enum {
    CX_MASK_CARD,
    CX_MASK_IBAN,
    CX_MASK_KINDS
} cx_mask_kind;

typedef struct {
    cx_str  token;          /* "[card-1]" */
    cx_str  value;          /* as it was written first */
    cx_str  plain;          /* its digits and capitals alone */
} cx_masked;

/* What has been replaced.  All of it is in the arena. */
typedef struct {
    cx_arena   *arena;
    cx_masked  *items;
    size_t      n;
    size_t      room;
    int64_t     last[CX_MASK_KINDS];    /* the highest number in use */
} cx_masks;

void cx_masks_init(cx_masks *m, cx_arena *a);

/* Tokens that stand in the text are not ours. */
void cx_masks_avoid(cx_masks *m, cx_str text);

/* With tokens in place of numbers; the text itself if there are none, empty
 * if the arena failed. */
cx_str cx_ai_mask(cx_masks *m, cx_str text);

/* Question, history and summary; knowledge, facts and the agent's prompt are
 * the business's own, and stay.  Initialises m. */
void cx_ai_mask_prompt(cx_masks *m, cx_ai_prompt *p, cx_arena *a);

/* With numbers in place of tokens, in any case ("[Card-1]"); the text itself
 * if there are none, empty if a failed. */
cx_str cx_ai_unmask(const cx_masks *m, cx_str text, cx_arena *a);

/* For text that comes in pieces: so many bytes at the end of it may be the
 * beginning of a token.  They wait for the next piece: what stands before them
 * can be unmasked and shown.  Less than 16; at the very end show them all. */
size_t cx_ai_unmask_hold(const cx_masks *m, cx_str text);

#endif /* CX_AI_MASK_H */
