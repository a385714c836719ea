#include "ai/terms.h"

#include "ai/stem.h"
#include "ai/words.h"

#include <stdlib.h>


#define GUESS_WORDS  24     /* of a passage, to tell its language */
#define GUESS_AHEAD  50     /* passages, until one tells it */
#define TIMES_TITLE  2      /* a word of the question or heading counts so */
#define TIMES_MAX    255
#define WHOLE_TERM   0xff   /* slot.tag of a term; else a word's language */

/* A word of a language and the term it stands for, or a term. */
typedef struct {
    cx_str    name;
    uint32_t  tag;
    uint32_t  term;             /* number + 1; 0: the slot is free */
} slot;

typedef struct {
    cx_str    name;
    uint32_t  passages;
    uint32_t  seen;             /* number + 1 of the last passage with it */
    uint32_t  times;            /* in that one */
} term;

typedef struct {
    uint32_t  term;
    uint32_t  entry;            /* number of the passage << 6 | impact */
} pair;

typedef struct {
    cx_arena     *arena;
    cx_arena     *scratch;
    slot         *slots;
    size_t        nslots;       /* a power of two */
    size_t        used;
    term         *terms;
    size_t        nterms;
    size_t        terms_room;
    pair         *pairs;
    size_t        npairs;
    size_t        pairs_room;
    uint32_t      at[2 * 4096]; /* terms of the passage at hand */
    size_t        nat;
    size_t        words;
    cx_language   language;     /* of the last passage that told it */
} build;


static cx_language guess(const cx_words *title, const cx_words *text,
    cx_arena *a);
static void read_passage(build *b, const cx_chunk *c, uint32_t number);
static cx_err write_terms(build *b, cx_terms *out);


/* --- names --------------------------------------------------------------- */

static size_t
hash_of(cx_str name, uint32_t tag)
{
    uint64_t  h = UINT64_C(0xcbf29ce484222325) ^ tag;

    for (size_t i = 0; i < name.len; i++) {
        h = (h ^ (uint8_t) name.p[i]) * UINT64_C(0x100000001b3);
    }

    return (size_t) (h ^ h >> 32);
}


static slot *
find_slot(const build *b, cx_str name, uint32_t tag)
{
    size_t  i = hash_of(name, tag) & (b->nslots - 1);

    while (b->slots[i].term != 0
           && (b->slots[i].tag != tag || !cx_str_eq(b->slots[i].name, name)))
    {
        i = (i + 1) & (b->nslots - 1);
    }

    return &b->slots[i];
}


static bool
grow_slots(build *b)
{
    slot          *old = b->slots;
    const size_t   n = b->nslots;

    b->slots = CX_NEW_N(b->arena, 2 * n, slot);
    if (b->slots == NULL) {
        b->slots = old;
        return false;
    }

    b->nslots = 2 * n;

    for (size_t i = 0; i < n; i++) {
        if (old[i].term != 0) {
            *find_slot(b, old[i].name, old[i].tag) = old[i];
        }
    }

    return true;
}


static bool
more(cx_arena *a, void *items, size_t n, size_t *room, size_t size)
{
    void  *p, **at = items;

    if (n < *room) {
        return true;
    }

    *room = 2 * *room;
    p = cx_alloc_n(a, *room, size);
    if (p == NULL) {
        return false;
    }

    memcpy(p, *at, n * size);
    *at = p;

    return true;
}


static void
fill_slot(build *b, slot *s, cx_str name, uint32_t tag, uint32_t number)
{
    *s = (slot) { cx_dup(b->arena, name), tag, number + 1 };
    b->used++;

    if (2 * b->used > b->nslots) {
        (void) grow_slots(b);
    }
}


/* The number of a term, which may be a new one. */
static uint32_t
term_of(build *b, cx_str name)
{
    slot      *s = find_slot(b, name, WHOLE_TERM);
    uint32_t   number;

    if (s->term != 0) {
        return s->term - 1;
    }

    if (!more(b->arena, &b->terms, b->nterms, &b->terms_room,
              sizeof(*b->terms)))
    {
        return 0;
    }

    number = (uint32_t) b->nterms++;
    b->terms[number] = (term) { .name = cx_dup(b->arena, name) };
    fill_slot(b, s, name, WHOLE_TERM, number);

    return number;
}


/* Stems take longer than looking up what was stemmed before. */
static uint32_t
term_of_word(build *b, const cx_word *w, cx_language language)
{
    const uint32_t   tag = w->exact ? CX_LANGUAGE_UNKNOWN : language;
    slot            *s = find_slot(b, w->fold, tag);
    uint32_t         number;

    if (s->term != 0) {
        return s->term - 1;
    }

    number = term_of(b, cx_stem((cx_language) tag, w->fold));
    fill_slot(b, find_slot(b, w->fold, tag), w->fold, tag, number);

    return number;
}


/* --- reading ------------------------------------------------------------- */

static bool
begin(build *b, cx_arena *a, cx_arena *scratch)
{
    *b = (build) { .arena = a, .scratch = scratch, .nslots = 1024,
                   .terms_room = 512, .pairs_room = 2048 };
    b->slots = CX_NEW_N(a, b->nslots, slot);
    b->terms = CX_NEW_N(a, b->terms_room, term);
    b->pairs = CX_NEW_N(a, b->pairs_room, pair);

    return !cx_arena_failed(a);
}


/* What the first passages are in, for those that do not tell. */
static void
look_ahead(build *b, const cx_chunk *chunks, size_t n)
{
    for (size_t i = 0; i < n && i < GUESS_AHEAD
                       && b->language == CX_LANGUAGE_UNKNOWN; i++)
    {
        cx_words  title, text;

        cx_arena_reset(b->scratch);
        title = cx_words_of(b->scratch, chunks[i].question);
        text = cx_words_of(b->scratch, chunks[i].text);
        b->language = guess(&title, &text, b->scratch);
    }
}


cx_err
cx_ai_terms(const cx_chunk *chunks, size_t n, cx_arena *a, cx_arena *scratch,
    cx_terms *out)
{
    build   *b = CX_NEW(a, build);
    cx_err   err;

    if (n > CX_PASSAGES_MAX) {
        return CX_TOO_LARGE;
    }

    if (b == NULL || !begin(b, a, scratch)) {
        return CX_NOMEM;
    }

    look_ahead(b, chunks, n);

    for (size_t i = 0; i < n; i++) {
        cx_arena_reset(scratch);
        read_passage(b, &chunks[i], (uint32_t) i);

        if (cx_arena_failed(a) || cx_arena_failed(scratch)) {
            return CX_NOMEM;
        }
    }

    err = write_terms(b, out);

    return cx_arena_failed(a) ? CX_NOMEM : err;
}


/* The small words of a language are those that say nothing else. */
static void
small_words(const cx_words *from, cx_words *to)
{
    for (size_t i = 0; i < from->n && to->n < GUESS_WORDS; i++) {
        if (from->items[i].stop) {
            to->items[to->n++] = from->items[i];
        }
    }
}


static cx_language
guess(const cx_words *title, const cx_words *text, cx_arena *a)
{
    cx_word   items[GUESS_WORDS];
    cx_words  small = { items, 0 };

    small_words(title, &small);
    small_words(text, &small);

    return cx_language_guess(cx_words_join(a, &small));
}


static void
count_term(build *b, uint32_t number, uint32_t passage, uint32_t times)
{
    term  *t = &b->terms[number];

    if (t->seen != passage + 1) {
        if (b->nat == sizeof(b->at) / sizeof(b->at[0])) {
            return;
        }

        b->at[b->nat++] = number;
        t->seen = passage + 1;
        t->times = 0;
        t->passages++;
    }

    t->times = t->times + times < TIMES_MAX ? t->times + times : TIMES_MAX;
}


/* "Wi-Fi" is found as one word, too. */
static void
count_whole(build *b, const cx_words *w, size_t from, size_t to,
    uint32_t passage, uint32_t times)
{
    char    whole[CX_TERM_MAX];
    size_t  len = 0;

    for (size_t i = from; i < to; i++) {
        if (w->items[i].fold.len > sizeof(whole) - len) {
            return;
        }

        memcpy(whole + len, w->items[i].fold.p, w->items[i].fold.len);
        len += w->items[i].fold.len;
    }

    count_term(b, term_of(b, (cx_str) { len, whole }), passage, times);
}


static void
count_words(build *b, const cx_words *w, cx_language language,
    uint32_t passage, uint32_t times)
{
    for (size_t i = 0; i < w->n; i++) {
        const cx_word  *x = &w->items[i];

        if (!x->tied && cx_words_group(w, i) > i + 1) {
            count_whole(b, w, i, cx_words_group(w, i), passage, times);
        }

        if (!x->stop && x->fold.len > 0 && x->fold.len <= CX_TERM_MAX) {
            count_term(b, term_of_word(b, x, language), passage, times);
        }
    }

    b->words += w->n;
}


static void
read_passage(build *b, const cx_chunk *c, uint32_t number)
{
    const cx_words  title = cx_words_of(b->scratch, c->question);
    const cx_words  text = cx_words_of(b->scratch, c->text);
    cx_language     language = guess(&title, &text, b->scratch);

    language = language != CX_LANGUAGE_UNKNOWN ? language : b->language;
    b->language = language;
    b->nat = 0;
    b->words = 0;
    count_words(b, &title, language, number, TIMES_TITLE);
    count_words(b, &text, language, number, 1);

    for (size_t i = 0; i < b->nat; i++) {
        const unsigned  impact = cx_impact(b->terms[b->at[i]].times,
                                           b->words);

        if (!more(b->arena, &b->pairs, b->npairs, &b->pairs_room,
                  sizeof(*b->pairs)))
        {
            return;
        }

        b->pairs[b->npairs++] = (pair) { b->at[i], number << 6 | impact };
    }
}


/* --- writing ------------------------------------------------------------- */

static int
by_name(const void *x, const void *y)
{
    const cx_term  *a = x, *b = y;
    const size_t    n = a->term.len < b->term.len ? a->term.len
                                                  : b->term.len;
    const int       order = memcmp(a->term.p, b->term.p, n);

    return order != 0 ? order
           : a->term.len < b->term.len ? -1 : a->term.len > b->term.len;
}


static cx_str
write_postings(build *b, const uint32_t *entries, size_t n)
{
    char     *p = cx_alloc_bytes(b->scratch, n * CX_POSTING_MAX);
    size_t    len = 0;
    int64_t   before = -1;

    for (size_t i = 0; p != NULL && i < n; i++) {
        const int64_t  number = entries[i] >> 6;

        len += cx_posting_put(p + len, before, number, entries[i] & 63);
        before = number;
    }

    return p != NULL ? cx_dup(b->arena, (cx_str) { len, p }) : CX_NOSTR;
}


/* Pairs stand in the order of their passages: those of a term are laid side
 * by side, and keep it. */
static uint32_t *
gather(build *b, size_t *ends)
{
    uint32_t  *all = CX_NEW_N(b->arena, b->npairs + 1, uint32_t);
    size_t     sum = 0;

    for (size_t i = 0; i < b->nterms; i++) {
        ends[i] = sum;
        sum += b->terms[i].passages;
    }

    for (size_t i = 0; all != NULL && i < b->npairs; i++) {
        all[ends[b->pairs[i].term]++] = b->pairs[i].entry;
    }

    return all;
}


static cx_err
write_terms(build *b, cx_terms *out)
{
    size_t    *ends = CX_NEW_N(b->arena, b->nterms + 1, size_t);
    cx_term   *items = CX_NEW_N(b->arena, b->nterms + 1, cx_term);
    uint32_t  *all;

    if (ends == NULL || items == NULL || (all = gather(b, ends)) == NULL) {
        return CX_NOMEM;
    }

    for (size_t i = 0; i < b->nterms; i++) {
        const size_t  n = b->terms[i].passages;

        cx_arena_reset(b->scratch);
        items[i].term = b->terms[i].name;
        items[i].passages = (int64_t) n;
        items[i].postings = write_postings(b, all + ends[i] - n, n);

        if (cx_arena_failed(b->scratch)) {
            return CX_NOMEM;
        }
    }

    qsort(items, b->nterms, sizeof(*items), by_name);
    *out = (cx_terms) { items, b->nterms };

    return CX_OK;
}


/* --- questions ----------------------------------------------------------- */

static void
add_form(cx_find_word *w, cx_str form, size_t *left)
{
    for (size_t i = 0; i < w->n; i++) {
        if (cx_str_eq(w->forms[i], form)) {
            return;
        }
    }

    if (w->n < CX_FIND_FORMS && *left > 0 && form.len > 0) {
        w->forms[w->n++] = form;
        (*left)--;
    }
}


static bool
is_new(const cx_find *f, cx_str fold)
{
    for (size_t i = 0; i < f->n; i++) {
        if (cx_str_eq(f->words[i].forms[0], fold)) {
            return false;
        }
    }

    return f->n < CX_FIND_WORDS;
}


static void
add_word(cx_find *f, const cx_word *word, size_t *left)
{
    cx_find_word  *w = &f->words[f->n];

    if (word->stop || word->fold.len == 0 || word->fold.len > CX_TERM_MAX
        || *left == 0 || !is_new(f, word->fold))
    {
        return;
    }

    *w = (cx_find_word) {
        .exact = word->exact || cx_word_number(word->fold),
    };
    add_form(w, word->fold, left);

    for (int l = 0; l < CX_LANGUAGE_COUNT && !w->exact; l++) {
        add_form(w, cx_stem((cx_language) l, word->fold), left);
    }

    f->n++;
}


/* "Wi-Fi" as "wifi". */
static void
add_whole(cx_find *f, cx_arena *a, const cx_words *w, size_t from, size_t to,
    size_t *left)
{
    cx_word  whole = { .fold = CX_NOSTR, .exact = true };

    for (size_t i = from; i < to; i++) {
        whole.fold = cx_concat(a, whole.fold, w->items[i].fold);
    }

    add_word(f, &whole, left);
}


void
cx_ai_find_words(cx_arena *a, cx_str question, cx_find *out)
{
    const cx_words  w = cx_words_of(a, question);
    size_t          left = CX_FIND_ALL;

    out->n = 0;

    for (size_t i = 0; i < w.n; i++) {
        const size_t  end = cx_words_group(&w, i);

        if (!w.items[i].tied && end > i + 1) {
            add_whole(out, a, &w, i, end, &left);
        }

        add_word(out, &w.items[i], &left);
    }
}
