/*
 * The full-text index of knowledge, as what makes it (ai/terms.h) and what
 * keeps it (store/knowledge.h) both see it: terms, the passages they stand in,
 * and what is looked for.
 *
 * An entry of a term is the number of a passage in its file and an impact: how
 * much the term says about that passage, 1..CX_IMPACT_MAX, which is BM25's
 * share for it.  A score is a sum of impacts, so it is the same on every
 * database.  Postings are entries in the order of their numbers, as printable
 * text, which every database keeps.
 */

#ifndef CX_CORE_TERMS_H
#define CX_CORE_TERMS_H

#include "core/arena.h"

#define CX_IMPACT_MAX     63
#define CX_POSTING_MAX    8        /* bytes of one entry */
#define CX_PASSAGES_MAX   (1 << 25)
#define CX_TERM_MAX       64       /* bytes */

typedef struct {
    cx_str   term;
    int64_t  passages;             /* how many it stands in */
    cx_str   postings;
} cx_term;

typedef struct {
    cx_term  *items;               /* ordered by their bytes */
    size_t    n;
} cx_terms;

/* How often a term stands in a passage of so many words: its impact. */
unsigned cx_impact(unsigned times, size_t words);

/* An entry behind one of number `before` (the first: -1); its bytes. */
size_t cx_posting_put(char out[CX_POSTING_MAX], int64_t before,
    int64_t number, unsigned impact);
/* The next one; *number is the one before, -1 at first.  False at the end,
 * and at bytes that are no entry. */
bool cx_posting_next(cx_str *rest, int64_t *number, unsigned *impact);

/* --- what is looked for -------------------------------------------------- */

#define CX_FIND_WORDS  24
#define CX_FIND_FORMS  8           /* of a word: its stems */
#define CX_FIND_ALL    64          /* of all words */

typedef struct {
    cx_str   forms[CX_FIND_FORMS];
    size_t   n;
    bool     exact;                /* nothing that is only like it */
} cx_find_word;

typedef struct {
    cx_find_word  words[CX_FIND_WORDS];
    size_t        n;
} cx_find;

/* How much of a hit one is whose term is only like the form looked for: the
 * beginning of it, or a slip of the finger away; 0: it is not. */
double cx_term_near(cx_str form, cx_str term);

#endif /* CX_CORE_TERMS_H */
