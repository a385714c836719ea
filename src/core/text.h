/* Lengths as providers count them, and cutting without hurting a character.
 */

#ifndef CX_CORE_TEXT_H
#define CX_CORE_TEXT_H

#include "core/str.h"

typedef enum {
    CX_UNIT_CODE_POINTS,
    CX_UNIT_UTF16,
    CX_UNIT_BYTES
} cx_unit;

/* Bytes of what a reader takes for one character (a grapheme cluster); 0 only
 * for the empty text. */
size_t cx_grapheme_next(cx_str s);

size_t cx_text_len(cx_str s, cx_unit unit);

/* The longest beginning of at most max that ends between two characters. */
cx_str cx_text_cut(cx_str s, cx_unit unit, size_t max);

/*
 * Cuts the next piece of at most max off *rest, at the best boundary in its
 * second half (paragraph, line, sentence, word), else at the last one before
 * that, else between two characters.  Only a single character longer than max
 * is cut itself, between code points.  Neither piece keeps white space at the
 * cut.  False when nothing is left.  max is at least 4.
 */
bool cx_text_split(cx_str *rest, cx_unit unit, size_t max, cx_str *piece);

#endif /* CX_CORE_TEXT_H */
