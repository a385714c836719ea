/*
 * Where a payment card's number or an IBAN stands in a text, in whatever
 * script its digits are and however it is grouped.
 */

#ifndef CX_AI_MASK_NUMBER_H
#define CX_AI_MASK_NUMBER_H

#include "core/str.h"

#define CX_NUMBER_PLAIN  34     /* digits and capitals of the longest */

/* One character: a digit '0'..'9', a letter 'A'..'Z', '-' for what may stand
 * between groups, '+', or 0 for all others. */
typedef struct {
    size_t  len;                /* bytes; 0 at the end only */
    char    sign;
} cx_glyph;

cx_glyph cx_glyph_at(cx_str s, size_t at);

/* The number that begins exactly there: its bytes, and its digits (and
 * capitals) alone; 0: none does.  What stands before it is the caller's
 * business. */
size_t cx_card_at(cx_str s, size_t at, char plain[CX_NUMBER_PLAIN],
    size_t *n);
size_t cx_iban_at(cx_str s, size_t at, char plain[CX_NUMBER_PLAIN],
    size_t *n);

#endif /* CX_AI_MASK_NUMBER_H */
