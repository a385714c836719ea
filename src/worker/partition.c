#include "worker/engine.h"

#include <stdlib.h>
#include <string.h>


/* One beat: we live, our leases go on, and what the others hold. */
typedef struct {
    cx_db_job   job;
    cx_worker  *worker;
    cx_arena   *arena;
    cx_lease    leases[CX_PARTITIONS];
    int64_t     live;
    int64_t     version;
} cx_beat;

/* Partitions to take over, each with what its former owner left open. */
typedef struct {
    cx_db_job     job;
    cx_worker    *worker;
    cx_arena     *arena;
    size_t        n;
    struct {
        unsigned      number;
        bool          force;
        cx_err        err;
        int64_t       epoch;
        cx_recovered  found;
    }             part[CX_PARTITIONS];
} cx_acquire;

typedef struct {
    cx_db_job   job;
    cx_worker  *worker;
    int         number;
} cx_release;


void
cx_partition_set(cx_partition *p, cx_part_state state)
{
    static const char *const  words[] = {
        [CX_PART_NONE]    = "none",
        [CX_PART_RECOVER] = "recover",
        [CX_PART_PENDING] = "pending",
        [CX_PART_LIVE]    = "live",
        [CX_PART_LEAVING] = "leaving",
    };

    cx_log(CX_LOG_DEBUG, "partition", CX_FI("partition", p->number),
           CX_FZ("from", words[p->state]), CX_FZ("to", words[state]),
           CX_FI("epoch", p->epoch));
    p->state = state;
}


void
cx_partitions_init(cx_worker *w)
{
    const cx_str  prefix = w->conf->redis_prefix;

    for (unsigned i = 0; i < CX_PARTITIONS; i++) {
        cx_partition  *p = &w->part[i];

        p->worker = w;
        p->number = i;
        p->state = CX_PART_NONE;

        for (int lane = CX_LANE_IN; lane <= CX_LANE_ST; lane++) {
            p->lane[lane].len = cx_queue_stream(p->lane[lane].key, prefix, i,
                                                (cx_lane) lane);
        }
    }
}


bool
cx_partition_ours(const cx_worker *w, unsigned p)
{
    return p < CX_PARTITIONS && w->part[p].state != CX_PART_NONE;
}


cx_fence
cx_partition_fence(const cx_worker *w, unsigned p)
{
    return (cx_fence) { .partition = p, .epoch = w->part[p].epoch };
}


size_t
cx_partitions_owned(const cx_worker *w)
{
    size_t  n = 0;

    for (unsigned i = 0; i < CX_PARTITIONS; i++) {
        n += w->part[i].state != CX_PART_NONE;
    }

    return n;
}


/* --- taking over --------------------------------------------------------- */

static cx_err
acquire_run(cx_store *s, cx_db_job *job)
{
    cx_acquire     *q = (cx_acquire *) job;
    const cx_conf  *conf = q->worker->conf;
    const int64_t   now = cx_now_ms();

    cx_arena_reset(q->arena);

    for (size_t i = 0; i < q->n; i++) {
        cx_fence  fence = { .partition = q->part[i].number };

        memset(&q->part[i].found, 0, sizeof(q->part[i].found));
        q->part[i].err = cx_store_lease_acquire(s, fence.partition,
                                                cx_strz(q->worker->owner),
                                                q->part[i].force, now,
                                                conf->worker_lease_ms,
                                                &fence.epoch);
        if (q->part[i].err == CX_OK) {
            q->part[i].epoch = fence.epoch;
            q->part[i].err = cx_store_recover(s, fence,
                                              now + conf->worker_reconcile_ms,
                                          now, q->arena, &q->part[i].found);
        }

        if (q->part[i].err == CX_IO) {
            return CX_IO;
        }
    }

    return CX_OK;
}


static void
acquire_done(cx_db_job *job, cx_err err)
{
    cx_acquire  *q = (cx_acquire *) job;
    cx_worker   *w = q->worker;
    size_t       got = 0;
    bool         forced = false;

    for (size_t i = 0; err == CX_OK && i < q->n; i++) {
        cx_partition  *p = &w->part[q->part[i].number];

        if (q->part[i].err != CX_OK || w->draining) {
            continue;
        }

        p->epoch = q->part[i].epoch;
        cx_partition_set(p, CX_PART_RECOVER);
        cx_convs_adopt(w, p->number, &q->part[i].found);
        cx_partition_read(w, p->number);
        forced = forced || q->part[i].force;
        got++;
    }

    if (err != CX_OK) {
        cx_log(CX_LOG_ERROR, "partition.acquire",
               CX_FZ("error", cx_err_word(err)));

    } else if (got > 0) {
        cx_log(CX_LOG_INFO, "partition.acquired", CX_FI("n", got),
               CX_FI("owned", cx_partitions_owned(w)));
    }

    w->beating = false;
    cx_arena_free(q->arena);
    free(q);

    /* Who was dead counts no more: our share may be larger now. */
    if (forced && !w->draining) {
        cx_partitions_beat(w);
    }

    cx_worker_check_drained(w);
}


static bool
acquire_start(cx_worker *w, const cx_beat *b, size_t want)
{
    const int64_t  now = cx_now_ms();
    cx_acquire    *q = calloc(1, sizeof(*q));

    if (q == NULL || (q->arena = cx_arena_new(CX_BATCH_ARENA)) == NULL) {
        free(q);
        return false;
    }

    q->worker = w;
    q->job.run = acquire_run;
    q->job.done = acquire_done;

    for (unsigned i = 0; i < CX_PARTITIONS && q->n < want; i++) {
        const cx_lease  *l = &b->leases[i];
        bool             dead;

        if (w->part[i].state != CX_PART_NONE) {
            continue;
        }

        dead = cx_str_eq(l->owner, cx_strz(w->owner))
               || cx_owner_dead(w, l->owner);

        if (dead || l->owner.len == 0 || l->lease_until < now) {
            q->part[q->n].number = i;
            q->part[q->n].force = dead;
            q->n++;
        }
    }

    if (q->n == 0) {
        cx_arena_free(q->arena);
        free(q);
        return false;
    }

    cx_db_write(w->db, &q->job);
    return true;
}


/* --- giving back --------------------------------------------------------- */

static cx_err
release_run(cx_store *s, cx_db_job *job)
{
    cx_release  *r = (cx_release *) job;

    return cx_store_lease_release(s, cx_strz(r->worker->owner), r->number);
}


static void
release_done(cx_db_job *job, cx_err err)
{
    cx_release  *r = (cx_release *) job;
    cx_worker   *w = r->worker;

    if (err != CX_OK) {
        cx_log(CX_LOG_WARN, "partition.release",
               CX_FI("partition", r->number),
               CX_FZ("error", cx_err_word(err)));
    }

    w->handles--;
    free(r);
    cx_worker_check_drained(w);
}


static void
release_start(cx_worker *w, int number)
{
    cx_release  *r = calloc(1, sizeof(*r));

    if (r == NULL) {
        return;     /* the lease runs out by itself */
    }

    r->worker = w;
    r->number = number;
    r->job.run = release_run;
    r->job.done = release_done;
    w->handles++;
    cx_db_write(w->db, &r->job);
}


void
cx_partitions_goodbye(cx_worker *w)
{
    release_start(w, -1);
}


static void
partition_may_go(cx_worker *w, unsigned p)
{
    const cx_partition  *part = &w->part[p];

    if (part->state == CX_PART_LEAVING && part->convs == 0
        && part->batches == 0)
    {
        cx_partition_set(&w->part[p], CX_PART_NONE);
        release_start(w, (int) p);
    }
}


void
cx_partition_conv_ended(cx_worker *w, unsigned p)
{
    partition_may_go(w, p);
}


void
cx_partition_batch_done(cx_worker *w, unsigned p)
{
    cx_partition  *part = &w->part[p];

    part->batches--;
    partition_may_go(w, p);

    if (part->state == CX_PART_PENDING && part->waiting
        && part->batches == 0)
    {
        cx_partition_read(w, p);
    }
}


void
cx_partitions_leave(cx_worker *w, size_t keep)
{
    size_t  owned = cx_partitions_owned(w);

    for (unsigned i = CX_PARTITIONS; i-- > 0 && owned > keep; ) {
        cx_partition  *p = &w->part[i];

        if (p->state == CX_PART_NONE) {
            continue;
        }

        if (p->state != CX_PART_LEAVING) {
            cx_partition_set(p, CX_PART_LEAVING);
            cx_convs_lost(w, i);
            partition_may_go(w, i);
        }

        owned--;
    }

    cx_readers_kick(w);
}


void
cx_partition_lost(cx_worker *w, unsigned p)
{
    if (w->part[p].state == CX_PART_NONE) {
        return;
    }

    cx_log(CX_LOG_WARN, "partition.lost", CX_FI("partition", p),
           CX_FI("epoch", w->part[p].epoch));
    cx_partition_set(&w->part[p], CX_PART_NONE);
    cx_convs_lost(w, p);
    cx_readers_kick(w);
}


/* --- the beat ------------------------------------------------------------ */

static cx_err
beat_run(cx_store *s, cx_db_job *job)
{
    cx_beat        *b = (cx_beat *) job;
    cx_str          owner = cx_strz(b->worker->owner);
    const int64_t   now = cx_now_ms();
    const int64_t   lease = b->worker->conf->worker_lease_ms;
    int64_t         renewed;
    cx_err          err;

    cx_arena_reset(b->arena);

    err = cx_store_worker_beat(s, owner, now, lease, &b->live);
    if (err != CX_OK) {
        return err;
    }

    err = cx_store_lease_renew(s, owner, now, lease, &renewed);
    if (err != CX_OK) {
        return err;
    }

    err = cx_store_leases(s, b->arena, b->leases);
    if (err != CX_OK) {
        return err;
    }

    return cx_store_config_version(s, &b->version);
}


static void
beat_compare(cx_worker *w, const cx_beat *b)
{
    for (unsigned i = 0; i < CX_PARTITIONS; i++) {
        if (w->part[i].state != CX_PART_NONE
            && (b->leases[i].epoch != w->part[i].epoch
                || !cx_str_eq(b->leases[i].owner, cx_strz(w->owner))))
        {
            cx_partition_lost(w, i);
        }
    }
}


/* The record says ours, and we do not know of it: giving it back has failed.
 * Each beat renews that lease, so nobody else would ever have it. */
static void
beat_give_back(cx_worker *w, const cx_beat *b)
{
    for (unsigned i = 0; i < CX_PARTITIONS; i++) {
        if (w->part[i].state == CX_PART_NONE
            && cx_str_eq(b->leases[i].owner, cx_strz(w->owner)))
        {
            release_start(w, (int) i);
        }
    }
}


static void
beat_done(cx_db_job *job, cx_err err)
{
    cx_beat    *b = (cx_beat *) job;
    cx_worker  *w = b->worker;
    size_t      owned, share;

    if (err != CX_OK) {
        cx_log(CX_LOG_ERROR, "partition.beat",
               CX_FZ("error", cx_err_word(err)));
        goto done;
    }

    beat_compare(w, b);
    beat_give_back(w, b);

    for (unsigned i = 0; i < CX_PARTITIONS; i++) {
        if (w->part[i].state == CX_PART_PENDING
            && w->part[i].lanes_left == 0)
        {
            cx_partition_read(w, i);
        }
    }

    if (b->version != w->dir.version || w->unrouted != NULL) {
        cx_directory_load(w);
    }

    if (w->draining) {
        goto done;
    }

    owned = cx_partitions_owned(w);
    share = (CX_PARTITIONS + (size_t) b->live - 1)
            / (b->live > 0 ? (size_t) b->live : 1);
    if (share > (size_t) w->conf->worker_partitions) {
        share = (size_t) w->conf->worker_partitions;
    }

    if (owned > share) {
        cx_partitions_leave(w, share);

    } else if (owned < share && w->dir.arena != NULL
               && acquire_start(w, b, share - owned))
    {
        goto acquiring;
    }

    cx_sweep_start(w);
    cx_readers_room(w);

done:

    w->beating = false;

acquiring:

    cx_arena_free(b->arena);
    free(b);
    cx_worker_check_drained(w);
}


void
cx_partitions_beat(cx_worker *w)
{
    cx_beat  *b;

    if (w->beating) {
        return;
    }

    b = calloc(1, sizeof(*b));
    if (b == NULL || (b->arena = cx_arena_new(CX_BATCH_ARENA)) == NULL) {
        free(b);
        return;
    }

    b->worker = w;
    b->job.run = beat_run;
    b->job.done = beat_done;
    w->beating = true;
    cx_db_write(w->db, &b->job);
}
