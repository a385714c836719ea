/*
 * A word's stem, as far as a search needs it: forms of one word become the
 * same, and what comes out need not be a word.
 *
 * It works on folded words, without accents: in a chat half of them are
 * missing.  That is why it is ours: the well-known stemmers tell "-acion" with
 * an accent from the one without.
 */

#ifndef CX_AI_STEM_H
#define CX_AI_STEM_H

#include "core/language.h"

/* The first bytes of fold; all of it for a language without endings here. */
cx_str cx_stem(cx_language language, cx_str fold);

#endif /* CX_AI_STEM_H */
