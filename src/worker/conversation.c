#include "worker/seeing.h"

#include <stdlib.h>
#include <string.h>


static const struct {
    const char  *word;
    void       (*enter)(cx_conv *c);
} steps[] = {
#define X(name, word, enter)  [CX_STEP_##name] = { word, enter },
    CX_STEPS(X)
#undef X
};


/* --- the table ----------------------------------------------------------- */

static cx_conv **
bucket_of(const cx_worker *w, int64_t id)
{
    /* Ids are time and sequence: spread them. */
    uint64_t  h = (uint64_t) id * 0x9e3779b97f4a7c15u;

    return &w->buckets[(h >> 32) & (w->nbuckets - 1)];
}


bool
cx_convs_init(cx_worker *w)
{
    w->nbuckets = 4096;
    w->buckets = calloc(w->nbuckets, sizeof(w->buckets[0]));
    cx_slots_init(&w->thinking, (size_t) w->conf->worker_jobs);
    cx_slots_init(&w->sending, (size_t) w->conf->worker_sends);

    return w->buckets != NULL;
}


static void
table_grow(cx_worker *w)
{
    cx_conv  **old = w->buckets, *c, *next;
    size_t     n = w->nbuckets;

    w->buckets = calloc(n * 2, sizeof(w->buckets[0]));
    if (w->buckets == NULL) {
        w->buckets = old;       /* longer chains, no harm */
        return;
    }

    w->nbuckets = n * 2;

    for (size_t i = 0; i < n; i++) {
        for (c = old[i]; c != NULL; c = next) {
            cx_conv  **b = bucket_of(w, c->id);

            next = c->bucket_next;
            c->bucket_next = *b;
            *b = c;
        }
    }

    free(old);
}


cx_conv *
cx_conv_find(cx_worker *w, int64_t id)
{
    cx_conv  *c = *bucket_of(w, id);

    /* One that is lost is of a former time: its partition may be ours again,
     * and then another one stands for it. */
    while (c != NULL && (c->id != id || c->lost)) {
        c = c->bucket_next;
    }

    return c;
}


cx_conv *
cx_conv_get(cx_worker *w, int64_t id, unsigned partition)
{
    cx_conv  *c = cx_conv_find(w, id), **b;

    if (c != NULL) {
        return c;
    }

    c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return NULL;            /* the sweep comes by again */
    }

    if (w->nconvs >= w->nbuckets) {
        table_grow(w);
    }

    c->worker = w;
    c->id = id;
    c->partition = partition;
    c->step = CX_STEP_REST;
    (void) uv_timer_init(w->loop, &c->timer);
    c->timer.data = c;

    b = bucket_of(w, id);
    c->bucket_next = *b;
    *b = c;

    w->nconvs++;
    w->handles++;
    w->part[partition].convs++;
    return c;
}


static void
conv_closed(uv_handle_t *handle)
{
    cx_conv    *c = handle->data;
    cx_worker  *w = c->worker;

    cx_think_settled(c);
    cx_arena_free(c->arena);
    free(c->outs);
    free(c);

    w->handles--;
    cx_worker_check_drained(w);
}


void
cx_conv_call_cancel(cx_conv *c)
{
    cx_think_cancel(c);

    if (c->call != NULL) {
        c->way->cancel(c->call);
        c->call = NULL;
    }
}


static void
conv_end(cx_conv *c)
{
    cx_worker       *w = c->worker;
    cx_conv        **b = bucket_of(w, c->id);
    const unsigned   p = c->partition;

    while (*b != c) {
        b = &(*b)->bucket_next;
    }

    *b = c->bucket_next;

    cx_conv_call_cancel(c);
    cx_think_gone(c);
    cx_seeing_end(c);
    cx_slot_leave(c);
    cx_slot_free(c);
    w->nconvs--;
    w->part[p].convs--;
    uv_close((uv_handle_t *) &c->timer, conv_closed);

    cx_partition_conv_ended(w, p);
    cx_readers_room(w);
}


void
cx_convs_free(cx_worker *w)
{
    for (size_t i = 0; i < w->nbuckets; i++) {
        while (w->buckets[i] != NULL) {
            conv_end(w->buckets[i]);
        }
    }
}


/* --- moves --------------------------------------------------------------- */

bool
cx_step_is_passive(cx_step step)
{
    return step == CX_STEP_REST || step == CX_STEP_QUIET
           || step == CX_STEP_QUEUED || step == CX_STEP_DUE
           || step == CX_STEP_WAIT;
}


static bool
send_is_due(const cx_conv *c)
{
    return c->nouts > 0 && c->outs[0].state == CX_MSGSTATE_READY
           && c->outs[0].not_before <= cx_now_ms();
}


/* In a partition that is leaving, what was begun is brought to its end; in
 * one that is lost, nothing more is begun.  Nothing gets lost by that: the
 * turn and the sends are in the store. */
static bool
must_end(const cx_conv *c)
{
    switch (c->worker->part[c->partition].state) {

    case CX_PART_NONE:
        return cx_step_is_passive(c->step);

    case CX_PART_LEAVING:
        return cx_step_is_passive(c->step) && !send_is_due(c);

    default:
        return false;
    }
}


/* Few are at work, many wait: those keep nothing of their last job.  But what
 * a thought has shown may have to be taken back, from whom RECALL knows. */
static void
drop_job(cx_conv *c)
{
    if (c->thought != NULL) {
        return;
    }

    cx_arena_free(c->arena);
    c->arena = NULL;
    memset(&c->recall, 0, sizeof(c->recall));
    memset(&c->outgoing, 0, sizeof(c->outgoing));
}


/* The only place that changes a conversation's step. */
void
cx_conv_go(cx_conv *c, cx_step step)
{
    cx_log(CX_LOG_DEBUG, "step", CX_FID("conversation", "cv", c->id),
           CX_FID("turn", "tn", c->turn_id),
           CX_FZ("from", steps[c->step].word),
           CX_FZ("to", steps[step].word), CX_FS("event", c->recall.event));

    uv_timer_stop(&c->timer);

    if (c->trial) {
        cx_ask_step(c, step);
        return;
    }

    cx_slot_leave(c);
    c->step = step;

    if (cx_step_is_passive(step)) {
        drop_job(c);
        cx_slot_free(c);
    }

    if (must_end(c)) {
        conv_end(c);
        return;
    }

    steps[step].enter(c);
}


static void
timer_fired(uv_timer_t *timer)
{
    cx_conv  *c = timer->data;

    /* What waits looks again at what is due; THINK and SETTLE go on. */
    cx_conv_go(c, cx_step_is_passive(c->step) ? CX_STEP_REST : c->step);
}


void
cx_conv_timer(cx_conv *c, int64_t at_ms)
{
    const int64_t  now = cx_now_ms();

    (void) uv_timer_start(&c->timer, timer_fired,
                          at_ms > now ? (uint64_t) (at_ms - now) : 0, 0);
}


/* Decides what comes next: sends go before the next turn. */
void
cx_step_rest(cx_conv *c)
{
    if (c->nouts > 0) {
        cx_conv_go(c, send_is_due(c) ? CX_STEP_DUE : CX_STEP_WAIT);

    } else if (c->turn_id != 0) {
        cx_conv_go(c, CX_STEP_QUIET);

    } else {
        conv_end(c);
    }
}


void
cx_step_quiet(cx_conv *c)
{
    if (c->deadline > cx_now_ms()) {
        cx_conv_timer(c, c->deadline);

    } else {
        cx_conv_go(c, CX_STEP_QUEUED);
    }
}


void
cx_step_queued(cx_conv *c)
{
    if (cx_slot_take(c, &c->worker->thinking)) {
        cx_conv_go(c, CX_STEP_RECALL);
    }
}


void
cx_step_due(cx_conv *c)
{
    if (cx_slot_take(c, &c->worker->sending)) {
        cx_conv_go(c, CX_STEP_CLAIM);
    }
}


/* --- work arrives -------------------------------------------------------- */

bool
cx_turn_is_capped(const cx_conv *c)
{
    return cx_now_ms() >= c->recall.opened_at
                          + c->worker->conf->worker_quiet_cap_ms;
}


void
cx_conv_turn(cx_conv *c, int64_t turn_id, int64_t inputs, int64_t deadline)
{
    const bool  grown = inputs > c->inputs;

    /* The turn at hand is planned by now, this is the next one. */
    if (c->turn_id != turn_id) {
        c->attempts = 0;
    }

    c->turn_id = turn_id;
    c->inputs = inputs;
    c->deadline = deadline;

    if (cx_step_is_passive(c->step)) {
        cx_conv_go(c, CX_STEP_REST);

    } else if (c->step == CX_STEP_THINK && grown
               && c->recall.turn_id == turn_id && !cx_turn_is_capped(c))
    {
        /* Superseded: one reply shall cover the newer message too. */
        cx_conv_call_cancel(c);
        cx_conv_go(c, CX_STEP_REST);
    }
}


bool
cx_conv_out(cx_conv *c, int64_t message_id, cx_msg_state state,
    int64_t not_before)
{
    for (size_t i = 0; i < c->nouts; i++) {
        if (c->outs[i].message_id == message_id) {
            return true;
        }
    }

    if (c->nouts == c->outs_room) {
        size_t        room = c->outs_room > 0 ? 2 * c->outs_room : 4;
        cx_out_wait  *outs = realloc(c->outs, room * sizeof(outs[0]));

        if (outs == NULL) {
            return false;       /* the sweep comes by again */
        }

        c->outs = outs;
        c->outs_room = room;
    }

    c->outs[c->nouts++] = (cx_out_wait) {
        .message_id = message_id,
        .state = state,
        .not_before = not_before,
    };

    return true;
}


void
cx_conv_out_found(cx_conv *c, const cx_open_out *found)
{
    for (size_t i = 0; i < c->nouts; i++) {
        if (c->outs[i].message_id == found->message_id) {
            c->outs[i].attempts = found->attempts;
            c->outs[i].channel_id = found->channel_id;
        }
    }
}


/* It is sent, refused, held or was decided elsewhere. */
void
cx_conv_out_done(cx_conv *c, int64_t message_id)
{
    for (size_t i = 0; i < c->nouts; i++) {
        if (c->outs[i].message_id == message_id) {
            c->nouts--;
            memmove(&c->outs[i], &c->outs[i + 1],
                    (c->nouts - i) * sizeof(c->outs[0]));
            break;
        }
    }

    if (c->step == CX_STEP_WAIT) {
        cx_conv_go(c, CX_STEP_REST);
    }
}


/* What is with the store finds the turn closed when it comes back. */
void
cx_conv_hush(cx_conv *c)
{
    c->turn_id = 0;

    if (c->step == CX_STEP_THINK) {
        cx_conv_call_cancel(c);
        cx_conv_go(c, CX_STEP_REST);

    } else if (cx_step_is_passive(c->step)) {
        cx_conv_go(c, CX_STEP_REST);
    }
}


void
cx_conv_wake(cx_conv *c)
{
    if (cx_step_is_passive(c->step)) {
        cx_conv_go(c, CX_STEP_REST);
    }
}


void
cx_worker_hush(cx_worker *w, int64_t conversation_id)
{
    cx_conv  *c = cx_conv_find(w, conversation_id);

    if (c != NULL) {
        cx_conv_hush(c);
    }
}


void
cx_conv_forget(cx_conv *c)
{
    if (cx_step_is_passive(c->step)) {
        c->nouts = 0;
    }

    cx_conv_hush(c);
}


/* --- the store's side ---------------------------------------------------- */

void
cx_conv_write(cx_conv *c,
    cx_err (*run)(cx_store *, cx_db_job *),
    void (*done)(cx_db_job *, cx_err))
{
    c->job.run = run;
    c->job.done = done;
    c->in_store = true;
    cx_db_write(c->worker->db, &c->job);
}


void
cx_conv_read(cx_conv *c,
    cx_err (*run)(cx_store *, cx_db_job *),
    void (*done)(cx_db_job *, cx_err))
{
    c->job.run = run;
    c->job.done = done;
    c->in_store = true;
    cx_db_read(c->worker->db, &c->job);
}


bool
cx_conv_back(cx_conv *c)
{
    c->in_store = false;

    if (c->lost) {
        conv_end(c);
        return false;
    }

    return true;
}


static bool
step_is_think(cx_step step)
{
    return step == CX_STEP_THINK;
}


/* The end of one may be that of others: a bucket is begun anew then. */
static void
convs_end(cx_worker *w, unsigned partition, bool (*which)(cx_step step))
{
    cx_conv  *c;

    for (size_t i = 0; i < w->nbuckets; i++) {
        c = w->buckets[i];

        while (c != NULL) {
            if (c->partition == partition && which(c->step)) {
                conv_end(c);
                c = w->buckets[i];

            } else {
                c = c->bucket_next;
            }
        }
    }
}


/* First those that stand in line: slots that come free are for others. */
void
cx_convs_lost(cx_worker *w, unsigned partition)
{
    const bool  leaving = w->part[partition].state == CX_PART_LEAVING;

    convs_end(w, partition, cx_step_is_passive);

    if (leaving) {
        return;
    }

    convs_end(w, partition, step_is_think);

    for (size_t i = 0; i < w->nbuckets; i++) {
        for (cx_conv *c = w->buckets[i]; c != NULL; c = c->bucket_next) {
            if (c->partition == partition) {
                c->lost = true;     /* ends when its call comes back */
            }
        }
    }
}


void
cx_convs_kick(cx_worker *w)
{
    cx_conv  *c, *next;

    for (size_t i = 0; i < w->nbuckets; i++) {
        for (c = w->buckets[i]; c != NULL; c = next) {
            next = c->bucket_next;

            if (c->step == CX_STEP_WAIT && c->nouts > 0
                && c->outs[0].state == CX_MSGSTATE_READY)
            {
                c->outs[0].not_before = 0;
                cx_conv_go(c, CX_STEP_REST);
            }
        }
    }
}
