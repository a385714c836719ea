/* UTF-8 as needed for limits and for people's eyes. */

#ifndef CX_CORE_UTF8_H
#define CX_CORE_UTF8_H

#include "core/arena.h"

/* Length of the valid sequence at s.p (1..4), 0 if there is none. */
size_t cx_utf8_next(cx_str s, uint32_t *cp);
bool cx_utf8_valid(cx_str s);
/* At most max bytes of it, cut before the code point that does not fit. */
cx_str cx_utf8_cut(cx_str s, size_t max);
/* Code points; bad bytes count one each. */
size_t cx_utf8_count(cx_str s);

/* How good a place to cut is; a higher one wins, of equals the last. */
typedef enum {
    CX_CUT_NONE,
    CX_CUT_WORD,
    CX_CUT_SENTENCE,
    CX_CUT_LINE,
    CX_CUT_PARAGRAPH
} cx_cut;

/* The worth of a cut between the bytes at - 1 and at. */
cx_cut cx_utf8_cut_worth(cx_str s, size_t at);

/*
 * Cuts the next piece of at most max code points off *rest, at the last
 * paragraph, line, sentence or word boundary in its second half, else at a
 * code point.  Neither piece keeps white space at the cut.  False when
 * nothing is left.
 */
bool cx_utf8_split(cx_str *rest, size_t max, cx_str *piece);

/* Without control characters (but \n and \t), bidi controls, zero-width and
 * tag characters: for a model and for a page.  The record keeps the original.
 */
cx_str cx_utf8_clean(cx_arena *a, cx_str s);

#endif /* CX_CORE_UTF8_H */
