#include "worker/engine.h"

#include <stdlib.h>
#include <string.h>


/* What appeared in our partitions by other hands (API, another worker). */
typedef struct {
    cx_db_job     job;
    cx_worker    *worker;
    cx_arena     *arena;
    bool          ours[CX_PARTITIONS];
    cx_recovered  found[CX_PARTITIONS];
} cx_sweep;


void
cx_convs_adopt(cx_worker *w, unsigned partition, const cx_recovered *found)
{
    cx_conv  *c;

    for (size_t i = 0; i < found->outs.n; i++) {
        const cx_open_out  *o = &found->outs.items[i];

        c = cx_conv_get(w, o->conversation_id, partition);
        if (c != NULL) {
            (void) cx_conv_out(c, o->message_id, o->state, o->not_before);
            cx_conv_out_found(c, o);
        }
    }

    for (size_t i = 0; i < found->turns.n; i++) {
        const cx_open_turn  *t = &found->turns.items[i];

        c = cx_conv_get(w, t->conversation_id, partition);
        if (c != NULL && c->turn_id == 0) {
            c->turn_id = t->turn_id;
            c->inputs = 0;
            c->deadline = t->deadline;
            c->attempts = t->attempts;
        }
    }

    /* Only now, with its sends and turns known, does each one move. */
    for (size_t i = 0; i < found->outs.n + found->turns.n; i++) {
        int64_t  id = i < found->outs.n
                      ? found->outs.items[i].conversation_id
                      : found->turns.items[i - found->outs.n].conversation_id;

        c = cx_conv_find(w, id);
        if (c != NULL && cx_step_is_passive(c->step)) {
            cx_conv_go(c, CX_STEP_REST);
        }
    }
}


static cx_err
sweep_run(cx_store *s, cx_db_job *job)
{
    cx_sweep       *q = (cx_sweep *) job;
    const int64_t   now = cx_now_ms();
    cx_err          err;

    cx_arena_reset(q->arena);

    for (unsigned i = 0; i < CX_PARTITIONS; i++) {
        memset(&q->found[i], 0, sizeof(q->found[i]));

        if (!q->ours[i]) {
            continue;
        }

        err = cx_store_sweep(s, i, now, q->arena, &q->found[i]);
        if (err != CX_OK) {
            return err;
        }
    }

    return CX_OK;
}


static void
sweep_done(cx_db_job *job, cx_err err)
{
    cx_sweep   *q = (cx_sweep *) job;
    cx_worker  *w = q->worker;

    for (unsigned i = 0; err == CX_OK && i < CX_PARTITIONS; i++) {
        if (q->ours[i] && w->part[i].state == CX_PART_LIVE && !w->draining) {
            cx_convs_adopt(w, i, &q->found[i]);
        }
    }

    w->handles--;
    cx_arena_free(q->arena);
    free(q);
    cx_worker_check_drained(w);
}


void
cx_sweep_start(cx_worker *w)
{
    cx_sweep  *q = calloc(1, sizeof(*q));

    if (q == NULL || (q->arena = cx_arena_new(CX_BATCH_ARENA)) == NULL) {
        free(q);
        return;
    }

    q->worker = w;
    q->job.run = sweep_run;
    q->job.done = sweep_done;

    for (unsigned i = 0; i < CX_PARTITIONS; i++) {
        q->ours[i] = w->part[i].state == CX_PART_LIVE;
    }

    w->handles++;
    cx_db_read(w->db, &q->job);
}
