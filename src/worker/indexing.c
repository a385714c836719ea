#include "worker/indexing.h"

#include "ai/terms.h"
#include "worker/fp.h"
#include "worker/log.h"

#include <stdlib.h>
#include <string.h>


#define ARENA_MAX    ((size_t) 256 << 20)
#define SCRATCH_MAX  ((size_t) 64 << 20)
#define PIECE_NS     UINT64_C(10000000)  /* of the writer's time */
#define PIECE_MIN    4          /* statements, however long they take */
#define LOAD_ROWS    500        /* passages read at once */

struct cx_indexing_s {
    cx_db_job         job;      /* first: the store gives it back */
    uv_work_t         work;
    cx_worker        *worker;
    cx_db            *db;
    cx_arena         *arena;
    cx_knowledge_row  row;
    cx_file_how       how;
    cx_str            content;
    cx_file           file;
    cx_terms          terms;
    bool              with_terms;
    bool              only_terms;   /* passages are there already */
    size_t            done;     /* rows on record: passages, then terms */
    size_t            next;     /* the same after the piece at hand */
    cx_err            err;
    cx_indexing_fn    fn;
    void             *ctx;
};


static void write_piece(cx_indexing *ix);
static void load_piece(cx_indexing *ix);


/* --- life ---------------------------------------------------------------- */

static cx_indexing *
indexing_new(cx_worker *w, cx_db *db, const cx_knowledge_row *row)
{
    cx_indexing  *ix;

    if (!cx_worker_pool_enter(w)) {
        return NULL;
    }

    ix = calloc(1, sizeof(*ix));

    if (ix == NULL || (ix->arena = cx_arena_new(ARENA_MAX)) == NULL) {
        free(ix);
        cx_worker_pool_leave(w);
        return NULL;
    }

    ix->worker = w;
    ix->db = db;
    ix->row = *row;
    ix->row.name = cx_dup(ix->arena, row->name);
    ix->work.data = ix;

    return ix;
}


cx_indexing *
cx_indexing_new(cx_worker *w, cx_db *db, int64_t tenant,
    const cx_knowledge_row *row, const cx_file_how *how, cx_str content)
{
    cx_indexing  *ix = indexing_new(w, db, row);

    if (ix == NULL) {
        return NULL;
    }

    ix->job.tenant = tenant;
    ix->how.name = ix->row.name;
    ix->how.encoding = cx_dup(ix->arena, how->encoding);
    ix->how.delimiter = cx_dup(ix->arena, how->delimiter);
    ix->how.question = cx_dup(ix->arena, how->question);
    ix->how.answer = cx_dup(ix->arena, how->answer);
    ix->content = cx_dup(ix->arena, content);

    if (cx_arena_failed(ix->arena)) {
        cx_indexing_free(ix);
        return NULL;
    }

    return ix;
}


void
cx_indexing_free(cx_indexing *ix)
{
    cx_worker  *w;

    if (ix != NULL) {
        w = ix->worker;
        cx_arena_free(ix->arena);
        free(ix);
        cx_worker_pool_leave(w);
    }
}


const cx_file *
cx_indexing_file(const cx_indexing *ix)
{
    return &ix->file;
}


const cx_knowledge_row *
cx_indexing_row(const cx_indexing *ix)
{
    return &ix->row;
}


static void
end(cx_indexing *ix, cx_err err)
{
    if (ix->fn != NULL) {
        ix->fn(ix->ctx, err);
    }

    cx_log(err == CX_OK ? CX_LOG_INFO : CX_LOG_WARN, "knowledge.indexed",
           CX_FID("file", "kf", ix->row.id), CX_FI("passages", ix->row.chunks),
           CX_FI("terms", ix->terms.n), CX_FZ("outcome", cx_err_word(err)));
    cx_indexing_free(ix);
}


/* --- in the pool --------------------------------------------------------- */

static cx_err
make_terms(cx_indexing *ix)
{
    cx_arena  *scratch = cx_arena_new(SCRATCH_MAX);
    cx_err     err;

    if (scratch == NULL) {
        return CX_NOMEM;
    }

    err = cx_ai_terms(ix->file.chunks.items, ix->file.chunks.n, ix->arena,
                      scratch, &ix->terms);
    cx_arena_free(scratch);

    return err;
}


static void
read_work(uv_work_t *work)
{
    cx_indexing  *ix = work->data;

    ix->err = CX_OK;

    if (!ix->only_terms) {
        ix->err = cx_file_read(&ix->how, ix->content, ix->arena, &ix->file);
    }

    if (ix->err == CX_OK && ix->with_terms) {
        ix->err = make_terms(ix);
    }
}


static void
read_done(uv_work_t *work, int status)
{
    cx_indexing  *ix = work->data;

    (void) status;
    ix->row.chunks = (int64_t) ix->file.chunks.n;
    /* 0 would say that they are still to be made. */
    ix->row.terms = ix->terms.n > 0 ? (int64_t) ix->terms.n : 1;
    ix->row.encoding = ix->file.encoding;
    ix->fn(ix->ctx, ix->err);
}


void
cx_indexing_read(cx_indexing *ix, bool terms, cx_indexing_fn fn, void *ctx)
{
    ix->fn = fn;
    ix->ctx = ctx;
    ix->with_terms = terms;

    /* It fails only for arguments that we do not give. */
    (void) uv_queue_work(cx_worker_loop(ix->worker), &ix->work, read_work,
                         read_done);
}


/* --- pieces -------------------------------------------------------------- */

cx_err
cx_indexing_begin(cx_indexing *ix, cx_store *s)
{
    return cx_store_file_begin(s, &ix->row,
                               cx_now_ms() + CX_INDEXING_BUSY_MS);
}


static size_t
rows_of(const cx_indexing *ix)
{
    return ix->terms.n + (ix->only_terms ? 0 : ix->file.chunks.n);
}


/* The passage or the terms at ix->next, which moves behind them. */
static cx_err
write_some(cx_indexing *ix, cx_store *s)
{
    const size_t  i = ix->next;
    const size_t  chunks = ix->only_terms ? 0 : ix->file.chunks.n;
    size_t        left = rows_of(ix) - i;
    cx_hit_row    chunk;

    if (i >= chunks) {
        left = left < CX_TERMS_AT_ONCE ? left : CX_TERMS_AT_ONCE;
        ix->next += left;
        return cx_store_file_terms(s, &ix->row, &ix->terms.items[i - chunks],
                                   left);
    }

    chunk = (cx_hit_row) {
        .number = (int64_t) i,
        .position = ix->file.chunks.items[i].position,
        .question = ix->file.chunks.items[i].question,
        .text = ix->file.chunks.items[i].text,
    };
    ix->next++;

    return cx_store_file_chunk(s, &ix->row, &chunk);
}


/* Whoever waits for the writer waits for one piece at most.  What it has
 * written counts when the piece is on record: it may have to run again. */
static cx_err
piece_run(cx_store *s, cx_db_job *job)
{
    cx_indexing     *ix = (cx_indexing *) job;
    const uint64_t   until = uv_hrtime() + PIECE_NS;
    size_t           n = 0;
    cx_err           err = CX_OK;

    ix->next = ix->done;

    if (!ix->only_terms) {
        err = cx_store_file_step(s, ix->row.id, (int64_t) ix->done,
                                 cx_now_ms() + CX_INDEXING_BUSY_MS);
    }

    while (err == CX_OK && ix->next < rows_of(ix)
           && (n < PIECE_MIN || uv_hrtime() < until))
    {
        err = write_some(ix, s);
        n++;
    }

    if (err == CX_OK && ix->next == rows_of(ix)) {
        err = ix->only_terms
              ? cx_store_file_indexed(s, ix->row.id, ix->row.terms)
              : cx_store_file_ready(s, &ix->row);
    }

    return err;
}


static cx_err
fail_run(cx_store *s, cx_db_job *job)
{
    cx_indexing  *ix = (cx_indexing *) job;

    return cx_store_file_fail(s, ix->row.id,
                              CX_STR("the store failed; add the file again"));
}


static void
fail_done(cx_db_job *job, cx_err err)
{
    cx_indexing  *ix = (cx_indexing *) job;

    (void) err;                 /* else it is taken for interrupted */
    end(ix, ix->err);
}


static void
piece_done(cx_db_job *job, cx_err err)
{
    cx_indexing  *ix = (cx_indexing *) job;

    /* Not one of those that every message passes. */
    (void) CX_FP_FAILS("knowledge.piece");

    if (err == CX_OK) {
        ix->done = ix->next;

        if (ix->done < rows_of(ix)) {
            write_piece(ix);

        } else {
            end(ix, CX_OK);
        }

        return;
    }

    ix->err = err;

    if (err == CX_STALE || ix->only_terms) {
        end(ix, err);
        return;
    }

    ix->job.run = fail_run;
    ix->job.done = fail_done;
    cx_db_write(ix->db, &ix->job);
}


static void
write_piece(cx_indexing *ix)
{
    ix->job.run = piece_run;
    ix->job.done = piece_done;
    cx_db_write(ix->db, &ix->job);
}


void
cx_indexing_write(cx_indexing *ix, cx_indexing_fn fn, void *ctx)
{
    ix->fn = fn;
    ix->ctx = ctx;
    write_piece(ix);
}


/* --- terms of passages that are there already ---------------------------- */

static cx_err
load_run(cx_store *s, cx_db_job *job)
{
    cx_indexing     *ix = (cx_indexing *) job;
    cx_vector_list   list = { .n = 0 };
    cx_chunks       *chunks = &ix->file.chunks;
    cx_err           err;

    err = cx_store_vectors_wanted(s, ix->row.id, (int64_t) chunks->n,
                                  LOAD_ROWS, ix->arena, &list);

    ix->next = list.n;

    for (size_t i = 0; err == CX_OK && i < list.n; i++) {
        if (chunks->n == chunks->room) {
            return CX_STALE;    /* more than there were: try again later */
        }

        chunks->items[chunks->n++] = (cx_chunk) {
            .question = list.items[i].question,
            .text = list.items[i].text,
        };
    }

    return err;
}


static void
on_terms(void *ctx, cx_err err)
{
    cx_indexing  *ix = ctx;

    ix->fn = NULL;

    if (err != CX_OK || cx_worker_stops(ix->worker)) {
        end(ix, err);
        return;
    }

    write_piece(ix);
}


static void
load_done(cx_db_job *job, cx_err err)
{
    cx_indexing  *ix = (cx_indexing *) job;

    if (err != CX_OK || cx_worker_stops(ix->worker)) {
        ix->fn = NULL;
        end(ix, err);

    } else if (ix->next > 0) {
        load_piece(ix);

    } else {
        cx_indexing_read(ix, true, on_terms, ix);
    }
}


static void
load_piece(cx_indexing *ix)
{
    ix->job.run = load_run;
    ix->job.done = load_done;
    cx_db_read(ix->db, &ix->job);
}


void
cx_indexing_terms(cx_worker *w, cx_db *db, const cx_knowledge_row *row)
{
    cx_indexing  *ix = indexing_new(w, db, row);

    if (ix == NULL) {
        return;                 /* the beat comes by again */
    }

    ix->only_terms = true;
    ix->job.tenant = row->tenant;
    ix->file.chunks.room = (size_t) row->chunks;
    ix->file.chunks.items = CX_NEW_N(ix->arena, (size_t) row->chunks,
                                     cx_chunk);

    if (ix->file.chunks.items == NULL) {
        cx_indexing_free(ix);
        return;
    }

    load_piece(ix);
}
