/*
 * Letters of any language, folded for comparing: upper and lower case are
 * one, and so are the Latin letters with and without accents.  Letters of
 * scripts that write no spaces between words (Han, Kana, Thai, Lao, Khmer,
 * Burmese) count as words of their own: what stands in a row there is found
 * in a row.
 */

#ifndef CX_CORE_FOLD_H
#define CX_CORE_FOLD_H

#include "core/str.h"

#define CX_FOLD_MAX  4      /* bytes of one letter folded */

/* Bytes of the code point at s, 1 for a byte that is none: a space then. */
size_t cx_letter_next(cx_str s, uint32_t *cp);
/* Part of a word: a letter, a digit or an accent. */
bool cx_is_letter(uint32_t cp);
/* Folds a letter; 0: an accent by itself, which is left out. */
size_t cx_letter_fold(uint32_t cp, char out[CX_FOLD_MAX]);

/* The words of a text, folded, each with a space on either side: " do you
 * ".  Words that do not fit are left out; 0 when there are none.  So one text
 * has the words of another when it contains them as they stand. */
size_t cx_fold_words(cx_str text, char *out, size_t max);

#endif /* CX_CORE_FOLD_H */
