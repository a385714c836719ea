/*
 * Who stands in line for a slot gets it, whatever becomes of those before:
 * conversations of a partition that is lost end, and leave theirs to others.
 */

#include "worker/seeing.h"

#include "unit/tap.h"

#include <stdlib.h>

#define LIMIT    3
#define LOST     7          /* partitions */
#define KEPT     8

static cx_conf    conf = { .worker_jobs = LIMIT, .worker_sends = LIMIT };
static uv_loop_t  loop;


/* --- the rest of the engine ---------------------------------------------- */

#define STAY(name)                                                            \
    void                                                                      \
    cx_step_##name(cx_conv *c)                                                \
    {                                                                         \
        (void) c;                                                             \
    }

STAY(recall)
STAY(may)
STAY(think)
STAY(plan)
STAY(claim)
STAY(wire)
STAY(settle)
STAY(wait)


int64_t
cx_now_ms(void)
{
    return INT64_C(1795579377000);
}


void
cx_db_read(cx_db *db, cx_db_job *job)
{
    (void) db;
    (void) job;
}


void
cx_db_write(cx_db *db, cx_db_job *job)
{
    (void) db;
    (void) job;
}


void
cx_partition_conv_ended(cx_worker *w, unsigned p)
{
    (void) w;
    (void) p;
}


void
cx_readers_room(cx_worker *w)
{
    (void) w;
}


void
cx_ask_step(cx_conv *c, cx_step step)
{
    (void) c;
    (void) step;
}


void
cx_seeing_end(cx_conv *c)
{
    (void) c;
}


void
cx_think_cancel(cx_conv *c)
{
    (void) c;
}


void
cx_think_gone(cx_conv *c)
{
    (void) c;
}


void
cx_think_settled(cx_conv *c)
{
    (void) c;
}


void
cx_worker_check_drained(cx_worker *w)
{
    (void) w;
}


/* --- the scene ----------------------------------------------------------- */

/* All in so few chains that the end of one touches others of its chain. */
static cx_worker *
worker(size_t nbuckets)
{
    cx_worker  *w = calloc(1, sizeof(*w));

    w->loop = &loop;
    w->conf = &conf;
    (void) cx_convs_init(w);
    w->nbuckets = nbuckets;
    w->part[LOST].state = CX_PART_LIVE;
    w->part[KEPT].state = CX_PART_LIVE;
    return w;
}


static void
forget(cx_worker *w)
{
    cx_convs_free(w);
    (void) uv_run(&loop, UV_RUN_DEFAULT);
    free(w->buckets);
    free(w);
}


/* n of them with an open turn: those there is a slot for are with RECALL. */
static void
open_turns(cx_worker *w, unsigned partition, int64_t id, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        cx_conv_turn(cx_conv_get(w, id + i, partition), id + i, 1, 0);
    }
}


/* Those that have the slots, before they are lost. */
static void
find_all(cx_worker *w, cx_conv *c[LIMIT])
{
    for (int64_t i = 0; i < LIMIT; i++) {
        c[i] = cx_conv_find(w, 100 + i);
    }
}


static void
move_all(cx_worker *w, cx_step from, cx_step to)
{
    for (size_t i = 0; i < w->nbuckets; i++) {
        for (cx_conv *c = w->buckets[i]; c != NULL; c = c->bucket_next) {
            if (c->step == from) {
                cx_conv_go(c, to);
            }
        }
    }
}


static void
lose(cx_worker *w, unsigned partition)
{
    w->part[partition].state = CX_PART_NONE;
    cx_convs_lost(w, partition);
}


static size_t
in_step(const cx_worker *w, unsigned partition, cx_step step)
{
    size_t  n = 0;

    for (size_t i = 0; i < w->nbuckets; i++) {
        for (cx_conv *c = w->buckets[i]; c != NULL; c = c->bucket_next) {
            n += c->partition == partition && c->step == step;
        }
    }

    return n;
}


/* --- tests --------------------------------------------------------------- */

static void
test_thinking_is_lost(size_t nbuckets)
{
    cx_worker  *w = worker(nbuckets);

    open_turns(w, LOST, 100, LIMIT);
    move_all(w, CX_STEP_RECALL, CX_STEP_THINK);
    open_turns(w, LOST, 200, 20);
    open_turns(w, KEPT, 300, 20);
    tap_is_int((int64_t) w->thinking.waiting, 40, "40 stand in line");

    lose(w, LOST);
    tap_is_int((int64_t) w->nconvs, 20, "those of the lost partition end");
    tap_is_int((int64_t) in_step(w, KEPT, CX_STEP_RECALL), LIMIT,
               "every slot is another's now");
    tap_is_int((int64_t) w->thinking.waiting, 20 - LIMIT,
               "the others stand in line");

    forget(w);
}


/* What is with the store ends when it comes back. */
static void
test_with_the_store(void)
{
    cx_conv    *c[LIMIT];
    cx_worker  *w = worker(1);

    open_turns(w, LOST, 100, LIMIT);
    open_turns(w, KEPT, 300, 5);
    find_all(w, c);
    lose(w, LOST);
    tap_is_int((int64_t) w->thinking.busy, LIMIT, "they are waited for");

    for (int64_t i = 0; i < LIMIT; i++) {
        tap_ok(!cx_conv_back(c[i]), "it comes back, and ends");
    }

    tap_is_int((int64_t) in_step(w, KEPT, CX_STEP_RECALL), LIMIT,
               "and leaves its slot to another");
    forget(w);
}


static void
test_sending(void)
{
    cx_conv    *c[LIMIT], *one;
    cx_worker  *w = worker(1);

    for (int64_t i = 0; i < 10; i++) {
        one = cx_conv_get(w, 100 + i, i < 5 ? LOST : KEPT);
        (void) cx_conv_out(one, 1000 + i, CX_MSGSTATE_READY, 0);
        cx_conv_go(one, CX_STEP_REST);
    }

    find_all(w, c);

    tap_is_int((int64_t) w->sending.waiting, 10 - LIMIT, "sends in line");
    lose(w, LOST);
    tap_is_int((int64_t) w->sending.waiting, 5, "those of others stay");

    for (int64_t i = 0; i < LIMIT; i++) {
        (void) cx_conv_back(c[i]);
    }

    tap_is_int((int64_t) in_step(w, KEPT, CX_STEP_CLAIM), LIMIT,
               "and have the slots when they are free");
    forget(w);
}


/* The partition is ours again before what was under way came back. */
static void
test_ours_again(void)
{
    cx_worker  *w = worker(1);
    cx_conv    *old, *again;

    open_turns(w, LOST, 100, 1);
    old = cx_conv_find(w, 100);
    lose(w, LOST);
    tap_ok(cx_conv_find(w, 100) == NULL, "a lost one is not found");

    w->part[LOST].state = CX_PART_LIVE;
    again = cx_conv_get(w, 100, LOST);
    tap_ok(again != NULL && again != old, "another one stands for it");
    cx_conv_turn(again, 7, 1, 0);

    tap_ok(!cx_conv_back(old), "the lost one comes back, and ends");
    tap_ok(cx_conv_find(w, 100) == again && again->turn_id == 7,
           "the other one has its turn");
    forget(w);
}


/* Claimed without our knowing of it: what never left may leave. */
static void
test_claimed(void)
{
    cx_worker  *w = worker(1);
    cx_conv    *c = cx_conv_get(w, 100, KEPT);

    (void) cx_conv_out(c, 1000, CX_MSGSTATE_SENDING, 0);
    cx_conv_go(c, CX_STEP_REST);
    tap_is_int(c->step, CX_STEP_WAIT, "it is looked at where others wait");
    forget(w);
}


int
main(void)
{
    (void) uv_loop_init(&loop);
    cx_log_set(CX_LOG_ERROR, false);

    test_thinking_is_lost(1);
    test_thinking_is_lost(64);
    test_with_the_store();
    test_sending();
    test_ours_again();
    test_claimed();

    (void) uv_loop_close(&loop);
    return tap_done();
}
