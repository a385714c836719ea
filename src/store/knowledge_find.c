/*
 * Finding passages: entries of terms are read from the database, weighed and
 * added up here, so that every database finds the same in the same order.
 *
 * Each word of the question gives a passage at most its weight, which is the
 * larger the rarer it is; a score is the share of the weight of all words that
 * the passage got.
 */

#include "store/sql.h"

#include <math.h>
#include <stdlib.h>


#define ENTRIES_MAX  ((size_t) 256 << 20)   /* bytes read for one search */
#define RARE         8      /* a word in fewer passages may be like others */
#define NEAR_MIN     3      /* bytes of it that those begin with */
#define NEAR_LOOK    512    /* terms that are looked at */
#define NEAR_WORD    16     /* terms that are taken for one word */

/* A term that is like a word. */
typedef struct {
    cx_str  term;
    size_t  word;
    double  part;
} near;

/* What a passage got so far. */
typedef struct {
    float     sum;          /* of the words before */
    float     best;         /* of the word at hand: */
    uint32_t  word;         /* + 1 */
} tally;

typedef struct {
    int64_t   id;
    int64_t   passages;
    tally    *tallies;      /* by their numbers; NULL: none has got anything */
} source;

/* Entries of one term in one file. */
typedef struct {
    size_t   source;
    int64_t  passages;
    cx_str   postings;
    size_t   word;          /* of the question */
    double   part;          /* 1, less for one that is only like it */
} list;

typedef struct {
    cx_store       *store;
    int64_t         agent_id;
    const cx_find  *find;
    cx_arena       *arena;
    source         *sources;        /* ordered by id */
    size_t          nsources;
    double          size;           /* passages of all */
    double          total;          /* weight of all words */
    double          weight[CX_FIND_WORDS];
    list           *lists;
    size_t          n;
    size_t          room;
    near            near[CX_FIND_ALL];
    size_t          nnear;
} search;


/* --- reading ------------------------------------------------------------- */

static cx_query
ask_files(const search *f)
{
    cx_query  q = cx_query_of(f->store, CX_SQL_FIND_FILES);

    cx_bind_i64(&q, f->agent_id);
    cx_query_ahead(&q);

    return q;
}


static cx_err
read_files(search *f, cx_query *q)
{
    size_t   room = 0;
    source  *items;
    cx_err   err;

    while (cx_query_next(q)) {
        if (f->nsources == room) {
            items = cx_list_more(f->arena, f->sources, f->nsources, &room,
                                 sizeof(*items));
            if (items == NULL) {
                break;
            }

            f->sources = items;
        }

        items = &f->sources[f->nsources++];
        *items = (source) { .id = cx_get_i64(q) };
        items->passages = cx_get_i64(q);
        f->size += (double) items->passages;
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(f->arena) ? CX_NOMEM : err;
}


/* nsources: one that became ready meanwhile. */
static size_t
source_of(const search *f, int64_t id)
{
    size_t  from = 0, to = f->nsources;

    while (from < to) {
        const size_t  middle = from + (to - from) / 2;

        if (f->sources[middle].id < id) {
            from = middle + 1;

        } else {
            to = middle;
        }
    }

    return from < f->nsources && f->sources[from].id == id ? from
                                                           : f->nsources;
}


static bool
add_list(search *f, list one, int64_t passages)
{
    list  *items;

    if (f->n == f->room) {
        items = cx_list_more(f->arena, f->lists, f->n, &f->room,
                             sizeof(*items));
        if (items == NULL) {
            return false;
        }

        f->lists = items;
    }

    one.postings = cx_dup(f->arena, one.postings);
    one.passages = passages;
    f->lists[f->n++] = one;

    return !cx_arena_failed(f->arena);
}


static bool
has_form(const cx_find_word *w, cx_str term)
{
    for (size_t i = 0; i < w->n; i++) {
        if (cx_str_eq(w->forms[i], term)) {
            return true;
        }
    }

    return false;
}


/* A term may be a form of several words, and like others. */
static bool
add_term(search *f, cx_query *q)
{
    list           one = { .source = source_of(f, cx_get_i64(q)), .part = 1 };
    const cx_str   term = cx_dup(f->arena, cx_view_str(q));
    const int64_t  passages = cx_get_i64(q);
    bool           ok = true;

    one.postings = cx_view_str(q);

    if (one.source == f->nsources) {
        return true;
    }

    for (one.word = 0; f->nnear == 0 && ok && one.word < f->find->n;
         one.word++)
    {
        ok = !has_form(&f->find->words[one.word], term)
             || add_list(f, one, passages);
    }

    for (size_t i = 0; i < f->nnear && ok; i++) {
        if (cx_str_eq(f->near[i].term, term)) {
            one.word = f->near[i].word;
            one.part = f->near[i].part;
            ok = add_list(f, one, passages);
        }
    }

    return ok;
}


static cx_query
ask_terms(const search *f, const cx_str *terms, size_t n)
{
    cx_query  q = cx_query_of(f->store, CX_SQL_FIND_TERMS);

    cx_bind_i64(&q, f->agent_id);

    for (size_t i = 0; i < CX_FIND_ALL; i++) {
        cx_bind_str(&q, i < n ? terms[i] : CX_NOSTR);
    }

    cx_query_ahead(&q);
    return q;
}


static cx_err
read_terms(search *f, cx_query *q)
{
    while (cx_query_next(q) && add_term(f, q)) {
        /* void */
    }

    return cx_query_end(q);
}


static cx_query
ask_exact(const search *f)
{
    cx_str  terms[CX_FIND_ALL];
    size_t  n = 0;

    for (size_t w = 0; w < f->find->n; w++) {
        for (size_t i = 0; i < f->find->words[w].n && n < CX_FIND_ALL; i++) {
            terms[n++] = f->find->words[w].forms[i];
        }
    }

    return ask_terms(f, terms, n);
}


/* --- what is only like it ------------------------------------------------ */

static double
best_near(const cx_find_word *w, cx_str term)
{
    double  best = 0;

    for (size_t i = 0; i < w->n; i++) {
        const double  part = cx_term_near(w->forms[i], term);

        best = part > best ? part : best;
    }

    return best;
}


static size_t
add_near(search *f, size_t word, cx_str term)
{
    const cx_find_word  *w = &f->find->words[word];
    const double         part = has_form(w, term) ? 0 : best_near(w, term);

    if (part == 0 || f->nnear == CX_FIND_ALL
        || (f->nnear > 0 && f->near[f->nnear - 1].word == word
            && cx_str_eq(f->near[f->nnear - 1].term, term)))
    {
        return 0;
    }

    f->near[f->nnear++] = (near) { cx_dup(f->arena, term), word, part };
    return 1;
}


/* All that begins as it does: up to the beginning whose last byte, a letter,
 * is one higher. */
static cx_err
look_near(search *f, size_t word)
{
    const cx_str  from = cx_str_sub(f->find->words[word].forms[0], 0,
                                    NEAR_MIN);
    char          to[NEAR_MIN];
    size_t        n = 0;
    cx_query      q;

    for (size_t i = 0; i < from.len; i++) {
        if (from.len < NEAR_MIN || (unsigned char) from.p[i] >= 0x7f) {
            return CX_OK;
        }

        to[i] = from.p[i];
    }

    to[NEAR_MIN - 1]++;
    q = cx_query_of(f->store, CX_SQL_FIND_NEAR);
    cx_bind_i64(&q, f->agent_id);
    cx_bind_str(&q, from);
    cx_bind_str(&q, (cx_str) { sizeof(to), to });
    cx_bind_i64(&q, NEAR_LOOK);

    while (cx_query_next(&q) && n < NEAR_WORD) {
        n += add_near(f, word, cx_view_str(&q));
    }

    return cx_query_end(&q);
}


static double
passages_of(const search *f, size_t word)
{
    double  n = 0;

    for (size_t i = 0; i < f->n; i++) {
        n += f->lists[i].word == word ? (double) f->lists[i].passages : 0;
    }

    return n < f->size ? n : f->size;
}


/* The near ones are read together. */
static cx_err
read_near(search *f)
{
    cx_str    terms[CX_FIND_ALL];
    cx_query  q;

    if (f->nnear == 0) {
        return CX_OK;
    }

    for (size_t i = 0; i < f->nnear; i++) {
        terms[i] = f->near[i].term;
    }

    q = ask_terms(f, terms, f->nnear);
    return read_terms(f, &q);
}


/* Both questions are on their way before the first answer is read. */
static cx_err
read_all(search *f)
{
    cx_query  files = ask_files(f), terms = ask_exact(f);
    cx_err    err, other;

    err = read_files(f, &files);
    other = read_terms(f, &terms);
    err = err != CX_OK ? err : other;

    for (size_t w = 0; w < f->find->n && err == CX_OK; w++) {
        if (!f->find->words[w].exact && passages_of(f, w) < RARE) {
            err = look_near(f, w);
        }
    }

    if (err == CX_OK) {
        err = read_near(f);
    }

    return err == CX_OK && cx_arena_failed(f->arena) ? CX_NOMEM : err;
}


/* --- weighing ------------------------------------------------------------ */

static void
weigh_words(search *f)
{
    for (size_t w = 0; w < f->find->n; w++) {
        const double  n = passages_of(f, w);

        f->weight[w] = log(1 + (f->size - n + 0.5) / (n + 0.5));
        f->total += f->weight[w];
    }
}


static void
add_entries(search *f, const list *l)
{
    source          *src = &f->sources[l->source];
    const float      most = (float) (f->weight[l->word] * l->part
                                     / CX_IMPACT_MAX);
    const uint32_t   word = (uint32_t) l->word + 1;
    cx_str           rest = l->postings;
    int64_t          number = -1;
    unsigned         impact;

    while (cx_posting_next(&rest, &number, &impact)
           && number < src->passages)
    {
        tally        *t = &src->tallies[number];
        const float   got = most * (float) impact;

        if (t->word != word) {
            t->sum += t->best;
            t->best = 0;
            t->word = word;
        }

        t->best = got > t->best ? got : t->best;
    }
}


static cx_err
add_up(search *f)
{
    for (size_t w = 0; w < f->find->n; w++) {
        for (size_t i = 0; i < f->n; i++) {
            source  *src = &f->sources[f->lists[i].source];

            if (f->lists[i].word != w) {
                continue;
            }

            if (src->tallies == NULL) {
                src->tallies = CX_NEW_N(f->arena, (size_t) src->passages,
                                        tally);
            }

            if (src->tallies == NULL) {
                return CX_NOMEM;
            }

            add_entries(f, &f->lists[i]);
        }
    }

    return CX_OK;
}


static bool
is_better(const cx_spot *a, const cx_spot *b)
{
    if (a->score != b->score) {
        return a->score > b->score;
    }

    return a->file_id != b->file_id ? a->file_id < b->file_id
                                    : a->number < b->number;
}


/* Into its place among the best so far; they are few. */
static void
keep_best(cx_spot_list *best, const cx_spot *one)
{
    size_t  i = best->n;

    if (i == best->room) {
        if (i == 0 || !is_better(one, &best->items[i - 1])) {
            return;
        }

        i--;

    } else {
        best->n++;
    }

    for ( /* void */ ; i > 0 && is_better(one, &best->items[i - 1]); i--) {
        best->items[i] = best->items[i - 1];
    }

    best->items[i] = *one;
}


/* Of equals the first stays. */
static void
pick_of(const search *f, const source *src, cx_spot_list *best)
{
    float  least = 0;

    for (int64_t i = 0; i < src->passages; i++) {
        const float  got = src->tallies[i].sum + src->tallies[i].best;
        cx_spot      one = { src->id, i, (double) got / f->total };

        if (got > least) {
            keep_best(best, &one);
            least = best->n < best->room
                    ? 0 : (float) (best->items[best->n - 1].score * f->total
                                   * 0.999);
        }
    }
}


static void
pick(const search *f, cx_spot_list *best)
{
    for (size_t i = 0; i < f->nsources; i++) {
        if (f->sources[i].tallies != NULL) {
            pick_of(f, &f->sources[i], best);
        }
    }
}


/* --- what others call ---------------------------------------------------- */

static cx_err
rank(search *f, cx_spot_list *best)
{
    cx_err  err;

    err = read_all(f);
    if (err != CX_OK || f->n == 0) {
        return err;
    }

    weigh_words(f);
    err = add_up(f);

    if (err == CX_OK) {
        pick(f, best);
    }

    return err;
}


cx_err
cx_store_rank(cx_store *s, int64_t agent_id, const cx_find *find,
    size_t limit, cx_arena *a, cx_spot_list *out)
{
    search        f = { .store = s, .agent_id = agent_id, .find = find };
    cx_spot_list  best = { .room = limit };
    cx_err        err;

    *out = (cx_spot_list) { .n = 0 };

    if (find->n == 0 || limit == 0) {
        return CX_OK;
    }

    best.items = CX_NEW_N(a, limit, cx_spot);
    f.arena = cx_arena_new(ENTRIES_MAX);

    if (best.items == NULL || f.arena == NULL) {
        cx_arena_free(f.arena);
        return CX_NOMEM;
    }

    err = rank(&f, &best);
    cx_arena_free(f.arena);

    if (err == CX_OK) {
        *out = best;
    }

    return err;
}
