/*
 * Who writes at the same time.  SQLite has one writer, and none of this; on
 * PostgreSQL each of these statements is only queued, so that a lock costs no
 * round trip of its own.
 */

#include "store/sql.h"

#include "core/intent.h"


cx_err
cx_lock(cx_store *s, cx_sql_name name, int64_t x)
{
    return s->driver->shared ? cx_run_1(s, name, x) : CX_OK;
}


cx_err
cx_lock_key(cx_store *s, int64_t key)
{
    return cx_lock(s, CX_SQL_LOCK_KEY, key);
}


/* The two ids of a customer, which are locked as what is not there yet and as
 * the conversation they lead to. */
static cx_err
lock_peers(cx_store *s, int64_t channel_id, cx_str peer, cx_str alt)
{
    cx_query  q = cx_query_of(s, CX_SQL_LOCK_PEER);

    cx_bind_i64(&q, channel_id);
    cx_bind_str(&q, peer);
    cx_bind_str(&q, alt.len > 0 ? alt : peer);

    return cx_query_run(&q);
}


/* An id of the provider's and a peer may be the same text: the sign keeps
 * them apart. */
static int64_t
peer_key(int64_t channel_id, cx_str peer)
{
    return cx_store_provider_key(-channel_id, peer);
}


cx_err
cx_lock_event(cx_store *s, const cx_take *in)
{
    const cx_msg  *m = in->msg;
    const cx_str   alt = m->peer_alt.len > 0 ? m->peer_alt : m->peer;
    cx_query       q;
    cx_err         err;

    if (!s->driver->shared) {
        return CX_OK;
    }

    q = cx_query_of(s, CX_SQL_LOCK_KEYS);
    cx_bind_i64(&q, cx_store_provider_key(in->channel_id, m->id));
    cx_bind_i64(&q, peer_key(in->channel_id, m->peer));
    cx_bind_i64(&q, peer_key(in->channel_id, alt));
    err = cx_query_run(&q);

    return err == CX_OK ? lock_peers(s, in->channel_id, m->peer, alt) : err;
}


/* The message that the id was given to. */
static cx_err
lock_sent(cx_store *s, int64_t channel_id, cx_str provider_id)
{
    cx_query  q = cx_query_of(s, CX_SQL_LOCK_SENT);

    cx_bind_i64(&q, cx_store_provider_key(channel_id, provider_id));
    cx_bind_i64(&q, channel_id);
    cx_bind_str(&q, provider_id);

    return cx_query_run(&q);
}


/* The conversation before the id: SETTLE, which tells the message's id, has it
 * in that order. */
cx_err
cx_lock_status(cx_store *s, const cx_status_in *in)
{
    const cx_msg  *m = in->msg;
    int64_t        id, attempt;
    cx_err         err;

    if (!s->driver->shared) {
        return CX_OK;
    }

    err = CX_OK;

    if (cx_intent_parse(m->tag, &id, &attempt)) {
        err = cx_lock(s, CX_SQL_LOCK_MESSAGE, id);
    }

    if (err == CX_OK && m->peer.len > 0) {
        err = lock_peers(s, in->channel_id, m->peer, m->peer);
    }

    if (err == CX_OK) {
        err = cx_lock_key(s, cx_store_provider_key(in->channel_id, m->id));
    }

    return err == CX_OK ? lock_sent(s, in->channel_id, m->id) : err;
}
