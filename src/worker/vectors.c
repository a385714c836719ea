#include "worker/vectors.h"

#include <stdlib.h>
#include <string.h>


#define CACHE_BYTES  ((size_t) 128 << 20)
#define PAGE_ROWS    250        /* read at once */
#define PAGES        4          /* of one call, so that reading waits little */
#define PAGE_ARENA   ((size_t) 64 << 20)
#define RRF          60.0       /* how little the very first ranks differ */

/* Vectors of one version of a file, which never change. */
typedef struct entry_s  entry;

struct entry_s {
    int64_t  file_id;
    size_t   dims;
    size_t   n;                 /* loaded so far, from number 0 on */
    size_t   room;
    float   *numbers;
    entry   *next;              /* used longer ago */
};

struct cx_vectors_s {
    entry     *first;
    size_t     bytes;
    cx_arena  *page;
};


/* --- the cache ----------------------------------------------------------- */

cx_vectors *
cx_vectors_new(void)
{
    cx_vectors  *v = calloc(1, sizeof(*v));

    if (v != NULL && (v->page = cx_arena_new(PAGE_ARENA)) == NULL) {
        free(v);
        return NULL;
    }

    return v;
}


static size_t
bytes_of(const entry *e)
{
    return e->room * e->dims * sizeof(float);
}


static void
drop(cx_vectors *v, entry **at)
{
    entry  *e = *at;

    *at = e->next;
    v->bytes -= bytes_of(e);
    free(e->numbers);
    free(e);
}


void
cx_vectors_free(cx_vectors *v)
{
    if (v == NULL) {
        return;
    }

    while (v->first != NULL) {
        drop(v, &v->first);
    }

    cx_arena_free(v->page);
    free(v);
}


/* The ones that were not used for the longest time go. */
static bool
make_room(cx_vectors *v, size_t bytes)
{
    entry  **last;

    if (bytes > CACHE_BYTES) {
        return false;
    }

    while (v->bytes + bytes > CACHE_BYTES) {
        for (last = &v->first; (*last)->next != NULL; last = &(*last)->next) {
            /* void */
        }

        drop(v, last);
    }

    return true;
}


static entry *
add_entry(cx_vectors *v, const cx_spot *file, size_t dims)
{
    entry  *e = calloc(1, sizeof(*e));

    if (e == NULL) {
        return NULL;
    }

    e->file_id = file->file_id;
    e->dims = dims;
    e->room = (size_t) file->number;

    if (!make_room(v, bytes_of(e))
        || (e->numbers = calloc(e->room, dims * sizeof(float))) == NULL)
    {
        free(e);
        return NULL;
    }

    v->bytes += bytes_of(e);
    e->next = v->first;
    v->first = e;

    return e;
}


/* Moves to the front.  A file whose vectors are of another length was made by
 * another model meanwhile. */
static entry *
entry_of(cx_vectors *v, const cx_spot *file, size_t dims)
{
    for (entry **at = &v->first; *at != NULL; at = &(*at)->next) {
        entry  *e = *at;

        if (e->file_id != file->file_id) {
            continue;
        }

        if (e->dims != dims || e->room != (size_t) file->number) {
            drop(v, at);
            break;
        }

        *at = e->next;
        e->next = v->first;
        v->first = e;
        return e;
    }

    return file->number > 0 ? add_entry(v, file, dims) : NULL;
}


/* A vector that cannot be read stays zero, and is near nothing. */
static cx_err
load_page(cx_vectors *v, cx_store *s, entry *e)
{
    cx_vector_list  list;
    cx_err          err;

    cx_arena_reset(v->page);
    err = cx_store_vectors(s, e->file_id, (int64_t) e->n, PAGE_ROWS, v->page,
                           &list);

    for (size_t i = 0; err == CX_OK && i < list.n; i++) {
        const int64_t  number = list.items[i].number;

        if (number >= 0 && (size_t) number < e->room) {
            (void) cx_embed_unpack(list.items[i].vector, v->page,
                                   e->numbers + (size_t) number * e->dims,
                                   e->dims);
            e->n = (size_t) number + 1;
        }
    }

    return err;
}


/* --- the nearest --------------------------------------------------------- */

static void
keep_best(cx_spot_list *best, const cx_spot *one)
{
    size_t  i = best->n;

    if (i == best->room) {
        if (one->score <= best->items[i - 1].score) {
            return;
        }

        i--;

    } else {
        best->n++;
    }

    for ( /* void */ ; i > 0 && one->score > best->items[i - 1].score; i--) {
        best->items[i] = best->items[i - 1];
    }

    best->items[i] = *one;
}


static void
compare(const entry *e, const float *query, cx_spot_list *best)
{
    for (size_t i = 0; i < e->n; i++) {
        const cx_spot  one = {
            e->file_id, (int64_t) i,
            (double) cx_embed_cosine(query, e->numbers + i * e->dims, e->dims)
        };

        if (one.score > 0) {
            keep_best(best, &one);
        }
    }
}


cx_err
cx_vectors_near(cx_vectors *v, cx_store *s, int64_t agent_id, cx_str model,
    const float *query, size_t dims, size_t limit, cx_arena *a,
    cx_spot_list *out)
{
    cx_spot_list  files, best = { .room = limit };
    size_t        pages = PAGES;
    cx_err        err;

    best.items = CX_NEW_N(a, limit, cx_spot);
    err = best.items == NULL ? CX_NOMEM
          : cx_store_vectors_files(s, agent_id, model, a, &files);

    for (size_t i = 0; err == CX_OK && i < files.n; i++) {
        entry  *e = entry_of(v, &files.items[i], dims);

        while (e != NULL && err == CX_OK && e->n < e->room && pages > 0) {
            err = load_page(v, s, e);
            pages--;
        }

        if (e != NULL && err == CX_OK) {
            compare(e, query, &best);
        }
    }

    if (err == CX_OK) {
        *out = best;
    }

    return err;
}


/* --- both ---------------------------------------------------------------- */

static double
rank_worth(const cx_spot_list *list, const cx_spot *one)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->items[i].file_id == one->file_id
            && list->items[i].number == one->number)
        {
            return 1 / (RRF + (double) i + 1);
        }
    }

    return 0;
}


cx_err
cx_spots_fuse(const cx_spot_list *words, const cx_spot_list *near,
    size_t limit, cx_arena *a, cx_spot_list *out)
{
    const cx_spot_list  *lists[] = { words, near };
    cx_spot_list         best = { .room = limit };
    double              *worths = CX_NEW_N(a, limit, double);

    best.items = CX_NEW_N(a, limit, cx_spot);

    if (worths == NULL || best.items == NULL) {
        return CX_NOMEM;
    }

    for (size_t l = 0; l < 2; l++) {
        for (size_t i = 0; i < lists[l]->n; i++) {
            const cx_spot  *one = &lists[l]->items[i];
            const double    worth = rank_worth(words, one)
                                    + rank_worth(near, one);
            size_t          at = best.n;

            if (l == 1 && rank_worth(words, one) > 0) {
                continue;       /* it had its turn */
            }

            while (at > 0 && worth > worths[at - 1]) {
                at--;
            }

            if (at == limit) {
                continue;
            }

            best.n += best.n < limit;
            memmove(&best.items[at + 1], &best.items[at],
                    (best.n - at - 1) * sizeof(*one));
            memmove(&worths[at + 1], &worths[at],
                    (best.n - at - 1) * sizeof(worth));
            best.items[at] = *one;
            worths[at] = worth;
        }
    }

    *out = best;
    return CX_OK;
}
