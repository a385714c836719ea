#include "worker/gone.h"

#include "store/erase.h"
#include "worker/engine.h"
#include "worker/keep.h"

#include <stdlib.h>

#define AT_ONCE     64
#define PASS_ARENA  (256 * 1024)
#define LATER_MS    (INT64_C(600) * 1000)

typedef struct waiter_s  waiter;

struct waiter_s {
    cx_gone_fn   fn;
    void        *ctx;
    waiter      *next;
};

struct cx_gone_s {
    cx_db_job      job;
    uv_work_t      work;
    cx_worker     *worker;
    cx_arena      *arena;
    const cx_keep *keep;
    bool           running;
    bool           again;
    cx_gone_list   list;
    bool           settled[AT_ONCE];    /* the name may be forgotten */
    bool           unlinked[AT_ONCE];
    int64_t        files;
    waiter        *now;                 /* of the pass under way */
    waiter        *later;               /* of the one after it */
};

static void look(cx_gone *g);


static void
call_back(cx_gone *g)
{
    waiter  *one;

    while ((one = g->now) != NULL) {
        g->now = one->next;

        if (one->fn != NULL) {
            one->fn(one->ctx, g->files);
        }

        free(one);
    }
}


static void
begin(cx_gone *g)
{
    g->running = true;
    g->again = false;
    g->files = 0;
    g->now = g->later;
    g->later = NULL;
    g->worker->handles++;
    look(g);
}


static void
end(cx_gone *g)
{
    cx_worker  *w = g->worker;

    if (g->files > 0) {
        cx_log(CX_LOG_INFO, "media.gone", CX_FI("files", g->files));
    }

    g->running = false;
    call_back(g);
    w->handles--;

    if (g->again && !w->draining) {
        begin(g);
    }

    cx_worker_check_drained(w);
}


/* --- what became of them ------------------------------------------------- */

static cx_err
settle_run(cx_store *s, cx_db_job *job)
{
    cx_gone  *g = (cx_gone *) job;
    cx_err    err = CX_OK;

    for (size_t i = 0; i < g->list.n && err == CX_OK; i++) {
        const cx_str  place = g->list.items[i].place;

        err = g->settled[i]
              ? cx_store_gone_done(s, place)
              : cx_store_gone_later(s, place, cx_now_ms() + LATER_MS);
    }

    return err;
}


static void
settle_done(cx_db_job *job, cx_err err)
{
    cx_gone  *g = (cx_gone *) job;

    for (size_t i = 0; err == CX_OK && i < g->list.n; i++) {
        g->files += g->unlinked[i];
    }

    if (err != CX_OK) {
        cx_log(CX_LOG_ERROR, "media.gone", CX_FZ("error", cx_err_word(err)));
    }

    if (err == CX_OK && g->list.n == AT_ONCE) {
        look(g);

    } else {
        end(g);
    }
}


/* --- in the pool --------------------------------------------------------- */

static void
drop_work(uv_work_t *work)
{
    cx_gone  *g = work->data;

    for (size_t i = 0; i < g->list.n; i++) {
        const cx_gone_row  *row = &g->list.items[i];

        g->settled[i] = row->used;

        if (!row->used) {
            g->settled[i] = cx_keep_drop(g->keep, row->place, row->gone_at,
                                         &g->unlinked[i]);
        }
    }
}


static void
drop_done(uv_work_t *work, int status)
{
    cx_gone  *g = work->data;

    (void) status;
    g->job.run = settle_run;
    g->job.done = settle_done;
    cx_db_write(g->worker->db, &g->job);
}


/* --- what there is ------------------------------------------------------- */

static cx_err
look_run(cx_store *s, cx_db_job *job)
{
    cx_gone  *g = (cx_gone *) job;

    cx_arena_reset(g->arena);
    return cx_store_gone(s, cx_now_ms(), AT_ONCE, g->arena, &g->list);
}


static void
look_done(cx_db_job *job, cx_err err)
{
    cx_gone  *g = (cx_gone *) job;

    g->keep = cx_media_keep(g->worker);

    if (err != CX_OK || g->list.n == 0 || g->keep == NULL) {
        end(g);
        return;
    }

    memset(g->unlinked, 0, sizeof(g->unlinked));
    g->work.data = g;

    if (uv_queue_work(g->worker->loop, &g->work, drop_work, drop_done) != 0) {
        end(g);
    }
}


static void
look(cx_gone *g)
{
    g->list = (cx_gone_list) { .n = 0 };
    g->job.run = look_run;
    g->job.done = look_done;
    cx_db_read(g->worker->db, &g->job);
}


static cx_gone *
get(cx_worker *w)
{
    cx_gone  *g = w->gone;

    if (g == NULL && (g = calloc(1, sizeof(*g))) != NULL) {
        g->worker = w;
        g->arena = cx_arena_new(PASS_ARENA);

        if (g->arena == NULL) {
            free(g);
            return NULL;
        }

        w->gone = g;
    }

    return g;
}


void
cx_gone_run(cx_worker *w, cx_gone_fn fn, void *ctx)
{
    cx_gone  *g = get(w);
    waiter   *one = calloc(1, sizeof(*one));

    if (g == NULL || one == NULL) {
        free(one);

        if (fn != NULL) {
            fn(ctx, 0);
        }

        return;
    }

    *one = (waiter) { .fn = fn, .ctx = ctx, .next = g->later };
    g->later = one;
    g->again = true;

    if (!g->running) {
        begin(g);
    }
}


void
cx_gone_free(cx_worker *w)
{
    waiter  *one;

    if (w->gone == NULL) {
        return;
    }

    while ((one = w->gone->later) != NULL) {
        w->gone->later = one->next;
        free(one);
    }

    cx_arena_free(w->gone->arena);
    free(w->gone);
    w->gone = NULL;
}
