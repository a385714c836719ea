#include "worker/engine.h"

#include <stdlib.h>

#define LOOK_MS  20

/*
 * A person has the word: nothing more of the AI is begun.  What it had begun
 * before may still be on its way to the provider; who is told that they have
 * the word is told when it is out.  The record knows, whoever sends it.
 */
typedef struct {
    cx_db_job    job;
    cx_worker   *worker;
    int64_t      conversation_id;
    bool         sending;
    uv_timer_t   timer;
    void       (*done)(void *ctx);
    void        *ctx;
} silence;


static void
silence_closed(uv_handle_t *handle)
{
    silence    *q = handle->data;
    cx_worker  *w = q->worker;

    w->handles--;
    free(q);
    cx_worker_check_drained(w);
}


/* One whose claim is that old has left, or does not leave any more: see
 * channel_ready(). */
static cx_err
look_run(cx_store *s, cx_db_job *job)
{
    silence        *q = (silence *) job;
    const int64_t   claim_ms = q->worker->conf->worker_lease_ms / 2 + LOOK_MS;

    return cx_store_ai_sending(s, q->conversation_id,
                               cx_now_ms() - claim_ms, &q->sending);
}


static void look(uv_timer_t *timer);


static void
look_done(cx_db_job *job, cx_err err)
{
    silence  *q = (silence *) job;

    if (err == CX_OK && q->sending && !q->worker->draining) {
        (void) uv_timer_start(&q->timer, look, LOOK_MS, 0);
        return;
    }

    q->done(q->ctx);
    uv_close((uv_handle_t *) &q->timer, silence_closed);
}


static void
look(uv_timer_t *timer)
{
    silence  *q = timer->data;

    cx_db_read(q->worker->db, &q->job);
}


bool
cx_worker_silence(cx_worker *w, int64_t conversation_id,
    void (*done)(void *ctx), void *ctx)
{
    silence  *q = calloc(1, sizeof(*q));

    if (q == NULL) {
        return false;
    }

    *q = (silence) {
        .job = { .run = look_run, .done = look_done },
        .worker = w,
        .conversation_id = conversation_id,
        .done = done,
        .ctx = ctx,
    };

    (void) uv_timer_init(w->loop, &q->timer);
    q->timer.data = q;
    w->handles++;
    cx_db_read(w->db, &q->job);
    return true;
}
