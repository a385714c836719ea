/*
 * What knowledge files leave to do beside their indexing: versions that a
 * crash has cut off are given up, what nobody will search any more is swept in
 * pieces, files of a database that knew no terms get them.
 */

#include "worker/indexing.h"
#include "worker/vectors.h"

#include <stdlib.h>
#include <string.h>


#define SWEEP_ROWS    300
#define TIDY_ARENA    (64 * 1024)
#define INDEXING_MAX  4        /* files at once: each may take 100 MB */

struct cx_knowledge_s {
    cx_db_job         job;
    cx_worker        *worker;
    cx_arena         *arena;
    bool              busy;
    bool              again;
    bool              swept;       /* a piece; there may be more */
    bool              unindexed;   /* there is one: */
    cx_knowledge_row  row;
};


static void tidy(cx_knowledge *k);


/* --- files in the pool --------------------------------------------------- */

bool
cx_worker_pool_enter(cx_worker *w)
{
    if (w->draining || w->indexing >= INDEXING_MAX) {
        return false;
    }

    w->indexing++;
    w->handles++;
    return true;
}


void
cx_worker_pool_leave(cx_worker *w)
{
    w->indexing--;
    w->handles--;
    cx_worker_check_drained(w);
}


uv_loop_t *
cx_worker_loop(const cx_worker *w)
{
    return w->loop;
}


bool
cx_worker_stops(const cx_worker *w)
{
    return w->draining;
}


/* --- tidying ------------------------------------------------------------- */

static cx_err
tidy_run(cx_store *s, cx_db_job *job)
{
    cx_knowledge  *k = (cx_knowledge *) job;
    bool           done;
    int64_t        id;
    cx_err         err;

    k->swept = k->unindexed = false;
    cx_arena_reset(k->arena);
    err = cx_store_files_expire(s, cx_now_ms());

    if (err == CX_OK) {
        err = cx_store_file_left(s, &id);
    }

    if (err == CX_OK) {
        k->swept = true;
        return cx_store_file_sweep(s, id, SWEEP_ROWS, &done);
    }

    if (err == CX_NOT_FOUND) {
        err = cx_store_file_unindexed(s, k->arena, &k->row);
        k->unindexed = err == CX_OK;
    }

    return err == CX_NOT_FOUND ? CX_OK : err;
}


static void
tidy_done(cx_db_job *job, cx_err err)
{
    cx_knowledge  *k = (cx_knowledge *) job;
    cx_worker     *w = k->worker;

    k->busy = false;
    w->handles--;

    if (err != CX_OK) {
        cx_log(CX_LOG_ERROR, "knowledge.tidy",
               CX_FZ("error", cx_err_word(err)));

    } else if (w->draining) {
        /* The next one to start goes on. */

    } else if (k->swept || k->again) {
        tidy(k);

    } else if (k->unindexed && w->indexing == 0) {
        cx_indexing_terms(w, w->db, &k->row);
    }

    if (!k->busy) {
        cx_embed_beat(w);
    }

    cx_worker_check_drained(w);
}


static void
tidy(cx_knowledge *k)
{
    k->busy = true;
    k->again = false;
    k->worker->handles++;
    k->job.run = tidy_run;
    k->job.done = tidy_done;
    cx_db_write(k->worker->db, &k->job);
}


static cx_knowledge *
knowledge_of(cx_worker *w)
{
    cx_knowledge  *k = w->knowledge;

    if (k != NULL) {
        return k;
    }

    k = calloc(1, sizeof(*k));

    if (k == NULL || (k->arena = cx_arena_new(TIDY_ARENA)) == NULL) {
        free(k);
        return NULL;
    }

    k->worker = w;
    w->knowledge = k;

    return k;
}


void
cx_worker_knowledge(cx_worker *w)
{
    cx_knowledge  *k = knowledge_of(w);

    if (k == NULL || w->draining) {
        return;
    }

    if (k->busy) {
        k->again = true;

    } else {
        tidy(k);
    }
}


/* What is in the pool still wants the worker. */
void
cx_knowledge_free(cx_worker *w)
{
    while (w->indexing > 0) {
        (void) uv_run(w->loop, UV_RUN_ONCE);
    }

    if (w->knowledge != NULL) {
        cx_arena_free(w->knowledge->arena);
        free(w->knowledge);
        w->knowledge = NULL;
    }
}
