/*
 * Words of a text, as far as matching needs them: folded to lower case
 * without accents, "check-in" and "check in" one word, stop words of the
 * supported languages (en de es fr it pt) known.
 */

#ifndef CX_AI_WORDS_H
#define CX_AI_WORDS_H

#include "core/arena.h"

typedef struct {
    cx_str  raw;        /* as it stands in the text */
    cx_str  fold;
    bool    tied;       /* a hyphen ties it to the word before */
    bool    exact;      /* "checkin": must not be taken for "checkout" */
    bool    stop;       /* cx_word_stop(fold) */
} cx_word;

typedef struct {
    cx_word  *items;
    size_t    n;
} cx_words;

/* No words when the arena failed. */
cx_words cx_words_of(cx_arena *a, cx_str text);

/* Says nothing about the topic: "the", "how", or a single letter. */
bool cx_word_stop(cx_str fold);
bool cx_word_number(cx_str fold);
/* " word " stands in the list, whose words have a space on either side. */
bool cx_word_in(const char *list, cx_str fold);

/* One stands for the other: equal, or a form of the same word. */
bool cx_word_alike(const cx_word *a, const cx_word *b);

/* Word i of q, or the hyphenated words beginning there (*next: behind them),
 * stand in `in`. */
bool cx_words_find(const cx_words *in, const cx_words *q, size_t i,
    size_t *next);
/* Behind the hyphenated words beginning at i. */
size_t cx_words_group(const cx_words *q, size_t i);

/* " the words folded " with single spaces, for finding phrases. */
cx_str cx_words_join(cx_arena *a, const cx_words *w);

#endif /* CX_AI_WORDS_H */
