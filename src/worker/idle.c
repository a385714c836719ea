#include "worker/idle.h"

#include "core/time.h"
#include "store/routing.h"
#include "worker/engine.h"

#include <stdlib.h>

#define EVERY_MS     60000
#define LEAST_MS     1000       /* however soon they are to be closed */
#define FINENESS     10         /* looks within the time that it takes */
#define ONE_KIND     20         /* of one partition */
#define ALL          100        /* of one transaction, about */
#define ARENA_MAX    (1024 * 1024)

typedef struct {
    cx_db_job   job;
    cx_worker  *worker;
    cx_arena   *arena;
    cx_idle     in;
    unsigned    from;
    unsigned    next;               /* where to go on */
    int64_t     epoch[CX_PARTITIONS];       /* 0: not ours */
    cx_idled    out;
} run;


static cx_err
idle_run(cx_store *s, cx_db_job *job)
{
    run      *r = (run *) job;
    cx_idle   in = r->in;
    cx_err    err = CX_OK;

    cx_arena_reset(r->arena);
    r->out = (cx_idled) { .looked = 0 };
    r->next = r->from;

    for (unsigned i = 0; i < CX_PARTITIONS && r->out.looked < ALL; i++) {
        const unsigned  p = (r->from + i) % CX_PARTITIONS;

        r->next = (p + 1) % CX_PARTITIONS;
        in.fence = (cx_fence) { p, r->epoch[p] };

        if (r->epoch[p] != 0) {
            err = cx_store_idle(s, &in, r->arena, &r->out);
        }

        /* One that was lost meanwhile is another's matter. */
        if (err != CX_OK && err != CX_FENCED) {
            return err;
        }
    }

    return CX_OK;
}


/* However long it takes: a look now and then is enough. */
static int64_t
pause_ms(const cx_worker *w)
{
    const int64_t  close = cx_age_ms(w->conf->conversations_close_after);
    const int64_t  archive = cx_age_ms(w->conf->conversations_archive_after);
    const int64_t  first = close > 0 && (close < archive || archive == 0)
                           ? close : archive;
    const int64_t  ms = first / FINENESS;

    return ms < LEAST_MS ? LEAST_MS : ms < EVERY_MS ? ms : EVERY_MS;
}


static void
idle_done(cx_db_job *job, cx_err err)
{
    run        *r = (run *) job;
    cx_worker  *w = r->worker;
    const bool  more = r->out.looked >= ALL;

    if (err != CX_OK) {
        cx_log(CX_LOG_ERROR, "idle", CX_FZ("error", cx_err_word(err)));

    } else if (r->out.closed + r->out.archived > 0) {
        cx_log(CX_LOG_INFO, "idle", CX_FI("closed", r->out.closed),
               CX_FI("archived", r->out.archived));
    }

    w->idle_from = r->next;
    w->idle_at = cx_now_ms() + (err == CX_OK && more ? 0 : pause_ms(w));
    w->idling = false;
    w->handles--;
    cx_arena_free(r->arena);
    free(r);
    cx_worker_check_drained(w);
}


static int64_t
before(int64_t now, cx_str age)
{
    const int64_t  ms = cx_age_ms(age);

    return ms > 0 ? now - ms : 0;
}


static run *
prepare(cx_worker *w, int64_t now)
{
    run  *r = calloc(1, sizeof(*r));

    if (r == NULL || (r->arena = cx_arena_new(ARENA_MAX)) == NULL) {
        free(r);
        return NULL;
    }

    r->worker = w;
    r->job.run = idle_run;
    r->job.done = idle_done;
    r->from = w->idle_from;
    r->in = (cx_idle) {
        .close_before = before(now, w->conf->conversations_close_after),
        .archive_before = before(now, w->conf->conversations_archive_after),
        .limit = ONE_KIND,
        .now_ms = now,
    };

    for (unsigned i = 0; i < CX_PARTITIONS; i++) {
        r->epoch[i] = w->part[i].state == CX_PART_LIVE ? w->part[i].epoch : 0;
    }

    return r;
}


void
cx_idle_beat(cx_worker *w)
{
    const int64_t  now = cx_now_ms();
    run           *r;

    if (w->idling || w->draining || now < w->idle_at
        || (cx_age_ms(w->conf->conversations_close_after) == 0
            && cx_age_ms(w->conf->conversations_archive_after) == 0))
    {
        return;
    }

    r = prepare(w, now);
    if (r == NULL) {
        return;     /* at the next beat */
    }

    w->idling = true;
    w->handles++;
    cx_db_write(w->db, &r->job);
}
