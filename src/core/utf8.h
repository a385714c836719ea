/* UTF-8 as needed for limits and for people's eyes. */

#ifndef CX_CORE_UTF8_H
#define CX_CORE_UTF8_H

#include "core/arena.h"

/* Length of the valid sequence at s.p (1..4), 0 if there is none. */
size_t cx_utf8_next(cx_str s, uint32_t *cp);
bool cx_utf8_valid(cx_str s);
/* Code points; bad bytes count one each. */
size_t cx_utf8_count(cx_str s);

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
