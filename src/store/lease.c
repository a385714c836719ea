/*
 * Who owns which partition, and what a new owner finds there.
 */

#include "store/sql.h"

#include <string.h>

#define FORGET_LEASES  100     /* a worker not seen for so many is gone */
#define FORGOTTEN_MS   10000   /* claimed so long ago: does anybody know? */


cx_err
cx_store_worker_beat(cx_store *s, cx_str owner, int64_t now_ms,
    int64_t lease_ms, int64_t *live)
{
    cx_query  q = cx_query_of(s, CX_SQL_WORKER_BEAT);
    cx_err    err;

    cx_bind_str(&q, owner);
    cx_bind_i64(&q, now_ms);
    err = cx_query_run(&q);

    if (err == CX_OK) {
        err = cx_run_1(s, CX_SQL_WORKERS_FORGET,
                       now_ms - FORGET_LEASES * lease_ms);
    }

    return err == CX_OK
           ? cx_ask_1(s, CX_SQL_WORKERS_LIVE, now_ms - lease_ms, live) : err;
}


cx_err
cx_store_leases(cx_store *s, cx_arena *a, cx_lease *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_LEASES);
    size_t    n = 0;
    cx_err    err;

    while (n < CX_PARTITIONS && cx_query_next(&q)) {
        out[n].partition = (unsigned) cx_get_i64(&q);
        out[n].owner = cx_get_str(&q, a);
        out[n].epoch = cx_get_i64(&q);
        out[n].lease_until = cx_get_i64(&q);
        n++;
    }

    err = cx_query_end(&q);

    return err != CX_OK ? err : cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


/* CX_CONFLICT when someone else lives on it; *epoch as it is now. */
static cx_err
check_free(cx_store *s, cx_sql_name how, unsigned partition, cx_str owner,
    bool force, int64_t now_ms, int64_t *epoch)
{
    cx_query  q = cx_query_of(s, how);
    cx_str    holder;
    int64_t   until;
    cx_err    found = CX_CONFLICT, err;

    cx_bind_i64(&q, partition);

    if (cx_query_next(&q)) {
        holder = cx_view_str(&q);
        found = holder.len == 0 || cx_str_eq(holder, owner) || force
                ? CX_OK : CX_CONFLICT;
        until = cx_get_i64(&q);
        *epoch = cx_get_i64(&q);

        if (until <= now_ms) {
            found = CX_OK;
        }
    }

    err = cx_query_end(&q);

    return err != CX_OK ? err : found;
}


cx_err
cx_store_lease_acquire(cx_store *s, unsigned partition, cx_str owner,
    bool force, int64_t now_ms, int64_t lease_ms, int64_t *epoch)
{
    cx_query  q;
    int64_t   old = 0;
    cx_err    err;

    if (partition >= CX_PARTITIONS || owner.len == 0) {
        return CX_INVALID;
    }

    err = check_free(s, CX_SQL_LEASE_GET, partition, owner, force, now_ms,
                     &old);

    if (err == CX_OK && s->driver->shared) {
        err = check_free(s, CX_SQL_LEASE_LOCK, partition, owner, force,
                         now_ms, &old);
    }

    if (err != CX_OK) {
        return err;
    }

    if (force) {
        err = cx_run_1(s, CX_SQL_WORKER_DEAD, partition);
        if (err != CX_OK) {
            return err;
        }
    }

    q = cx_query_of(s, CX_SQL_LEASE_TAKE);
    cx_bind_str(&q, owner);
    cx_bind_i64(&q, now_ms + lease_ms);
    cx_bind_i64(&q, partition);
    err = cx_query_run(&q);

    if (err == CX_OK) {
        s->fence_seen &= ~(UINT64_C(1) << partition);
        *epoch = old + 1;
    }

    return err;
}


cx_err
cx_store_lease_renew(cx_store *s, cx_str owner, int64_t now_ms,
    int64_t lease_ms, int64_t *n)
{
    cx_query  q = cx_query_of(s, CX_SQL_LEASE_RENEW);
    cx_err    err;

    if (owner.len == 0) {
        return CX_INVALID;
    }

    cx_bind_str(&q, owner);
    cx_bind_i64(&q, now_ms + lease_ms);
    err = cx_query_run(&q);

    if (err == CX_OK) {
        *n = cx_changed(s);
    }

    return err;
}


cx_err
cx_store_lease_release(cx_store *s, cx_str owner, int partition)
{
    cx_query  q = cx_query_of(s, CX_SQL_LEASE_GIVE);
    cx_err    err;

    if (owner.len == 0) {
        return CX_INVALID;
    }

    cx_bind_str(&q, owner);
    cx_bind_i64(&q, partition);
    err = cx_query_run(&q);

    if (err != CX_OK || partition >= 0) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_WORKER_GONE);
    cx_bind_str(&q, owner);

    return cx_query_run(&q);
}


/* --- what is under way --------------------------------------------------- */

static cx_err
list_turns(cx_store *s, unsigned partition, int64_t raise, cx_arena *a,
    cx_recovered *r)
{
    cx_query       q = cx_query_of(s, CX_SQL_TURNS_OPEN);
    cx_open_turn  *t;

    cx_bind_i64(&q, partition);

    while (cx_query_next(&q) && (t = CX_LIST_ADD(a, &r->turns)) != NULL) {
        t->turn_id = cx_get_i64(&q);
        t->conversation_id = cx_get_i64(&q);
        t->seq = cx_get_i64(&q);
        t->deadline = cx_get_i64(&q);
        t->attempts = cx_get_i64(&q) + raise;
    }

    return cx_query_end(&q);
}


/* Rows of the query, which has its parameters already.  give_up_at 0: they
 * stay as they are. */
static cx_err
list_outs(cx_query *q, int64_t give_up_at, cx_arena *a, cx_recovered *r)
{
    cx_open_out  *o;

    while (cx_query_next(q) && (o = CX_LIST_ADD(a, &r->outs)) != NULL) {
        o->message_id = cx_get_i64(q);
        o->conversation_id = cx_get_i64(q);
        o->turn_id = cx_get_i64(q);
        o->part = cx_get_i64(q);
        o->state = (cx_msg_state) cx_get_i64(q);
        o->not_before = cx_get_i64(q);
        o->attempts = cx_get_i64(q);
        o->channel_id = cx_get_i64(q);

        if (o->state == CX_MSGSTATE_SENDING && give_up_at != 0) {
            o->state = CX_MSGSTATE_AMBIGUOUS;
            o->not_before = give_up_at;
        }
    }

    return cx_query_end(q);
}


static cx_err
lose_sends(cx_store *s, unsigned partition, int64_t give_up_at,
    int64_t now_ms)
{
    cx_query  q = cx_query_of(s, CX_SQL_SENDING_LOST);

    cx_bind_i64(&q, partition);
    cx_bind_i64(&q, give_up_at);
    cx_bind_i64(&q, now_ms);

    return cx_query_run(&q);
}


/* Reads first, writes then: no memory means that nothing has changed. */
cx_err
cx_store_recover(cx_store *s, cx_fence fence, int64_t give_up_at,
    int64_t now_ms, cx_arena *a, cx_recovered *out)
{
    cx_recovered  r;
    cx_query      q;
    cx_err        err;

    err = cx_store_fence(s, fence);
    if (err != CX_OK) {
        return err;
    }

    memset(&r, 0, sizeof(r));
    err = list_turns(s, fence.partition, 1, a, &r);

    if (err == CX_OK) {
        q = cx_query_of(s, CX_SQL_OUTS_UNDER_WAY);
        cx_bind_i64(&q, fence.partition);
        err = list_outs(&q, give_up_at, a, &r);
    }

    if (err == CX_OK && cx_arena_failed(a)) {
        err = CX_NOMEM;
    }

    if (err == CX_OK) {
        err = cx_run_1(s, CX_SQL_TURNS_RAISE, fence.partition);
    }

    if (err == CX_OK) {
        err = lose_sends(s, fence.partition, give_up_at, now_ms);
    }

    if (err == CX_OK) {
        *out = r;
    }

    return err;
}


cx_err
cx_store_sweep(cx_store *s, unsigned partition, int64_t now_ms, cx_arena *a,
    cx_recovered *out)
{
    cx_recovered  r;
    cx_query      q;
    cx_err        err;

    memset(&r, 0, sizeof(r));
    err = list_turns(s, partition, 0, a, &r);

    if (err == CX_OK) {
        q = cx_query_of(s, CX_SQL_OUTS_DUE);
        cx_bind_i64(&q, partition);
        cx_bind_i64(&q, now_ms);
        cx_bind_i64(&q, now_ms - FORGOTTEN_MS);
        err = list_outs(&q, 0, a, &r);
    }

    if (err == CX_OK && cx_arena_failed(a)) {
        err = CX_NOMEM;
    }

    if (err == CX_OK) {
        *out = r;
    }

    return err;
}
