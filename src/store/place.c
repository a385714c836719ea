#include "store/place.h"

#include "store/sql.h"

#include <string.h>


/* A message that says nothing of a name does not change it. */
static bool
differs(cx_str said, cx_str known)
{
    return said.len > 0 && !cx_str_eq(said, known);
}


static cx_query
ask_peer(cx_store *s, const cx_take *in, cx_str peer)
{
    cx_query  q = cx_query_of(s, CX_SQL_PEER_FIND);

    cx_bind_i64(&q, in->channel_id);
    cx_bind_str(&q, peer);

    return q;
}


static cx_err
read_peer(cx_query *q, const cx_msg *m, cx_place *at)
{
    cx_str  name, username, phone;

    if (cx_query_next(q)) {
        at->known = true;
        at->conversation_id = cx_get_i64(q);
        at->partition = cx_get_i64(q);
        at->customer_id = cx_get_i64(q);
        at->address_changed = differs(m->peer, cx_view_str(q));
        at->address_changed |= differs(m->peer_alt, cx_view_str(q));
        name = cx_view_str(q);
        username = cx_view_str(q);
        phone = cx_view_str(q);
        at->opted_out = cx_get_i64(q) != 0;
        at->quiet_until = cx_get_i64(q);
        at->proven = cx_get_i64(q);
        /* A name that a person gave stays. */
        at->names_changed = (cx_get_i64(q) == 0 && differs(m->name, name))
                            || differs(m->username, username)
                            || differs(m->phone, phone);
        at->taken = cx_get_i64(q) != 0;
        at->owner = cx_get_i64(q);
        at->ended = cx_get_i64(q) != 0;
    }

    return cx_query_end(q);
}


cx_query
cx_place_ask(cx_store *s, const cx_take *in)
{
    cx_query  q = ask_peer(s, in, in->msg->peer);

    cx_query_ahead(&q);
    return q;
}


cx_err
cx_place_find(cx_store *s, const cx_take *in, cx_query *asked, cx_place *at)
{
    cx_query  q;
    cx_err    err;

    memset(at, 0, sizeof(*at));
    err = read_peer(asked, in->msg, at);

    if (err == CX_OK && !at->known && in->msg->peer_alt.len > 0) {
        q = ask_peer(s, in, in->msg->peer_alt);
        err = read_peer(&q, in->msg, at);
    }

    return err;
}


static cx_err
add_identity(cx_store *s, const cx_take *in, cx_str peer,
    int64_t conversation_id)
{
    cx_query  q;

    if (peer.len == 0) {
        return CX_OK;
    }

    q = cx_query_of(s, CX_SQL_PEER_ADD);
    cx_bind_i64(&q, in->channel_id);
    cx_bind_str(&q, peer);
    cx_bind_i64(&q, conversation_id);
    cx_bind_i64(&q, in->now_ms);

    return cx_query_run(&q);
}


static cx_err
add_identities(cx_store *s, const cx_take *in, int64_t conversation_id)
{
    cx_err  err;

    err = add_identity(s, in, in->msg->peer, conversation_id);

    return err != CX_OK
           ? err : add_identity(s, in, in->msg->peer_alt, conversation_id);
}


static cx_err
write_customer(cx_store *s, const cx_take *in, cx_sql_name how, int64_t id)
{
    cx_query  q = cx_query_of(s, how);

    cx_bind_i64(&q, id);
    cx_bind_str(&q, in->msg->name);
    cx_bind_str(&q, in->msg->username);
    cx_bind_str(&q, in->msg->phone);
    cx_bind_i64(&q, in->now_ms);

    return cx_query_run(&q);
}


static cx_err
add_conversation(cx_store *s, const cx_take *in, const cx_place *at)
{
    cx_query  q = cx_query_of(s, CX_SQL_CONVERSATION_ADD);

    cx_bind_i64(&q, at->conversation_id);
    cx_bind_i64(&q, in->channel_id);
    cx_bind_i64(&q, at->customer_id);
    cx_bind_i64(&q, at->partition);
    cx_bind_str(&q, in->msg->peer);
    cx_bind_str(&q, in->msg->peer_alt);
    cx_bind_i64(&q, at->hand.give);
    cx_bind_i64(&q, in->now_ms);

    return cx_query_run(&q);
}


/* First sight of a customer.  The partition of the event that made the
 * conversation stays its own for life. */
cx_err
cx_place_make(cx_store *s, const cx_take *in, cx_place *at)
{
    cx_err  err;

    at->conversation_id = in->new_id[1];
    at->customer_id = in->new_id[2];
    at->partition = in->fence.partition;

    err = write_customer(s, in, CX_SQL_CUSTOMER_ADD, at->customer_id);
    if (err != CX_OK) {
        return err;
    }

    err = add_conversation(s, in, at);
    if (err != CX_OK) {
        return err;
    }

    return add_identities(s, in, at->conversation_id);
}


static cx_err
give(cx_store *s, const cx_take *in, const cx_place *at)
{
    cx_query  q = cx_query_of(s, CX_SQL_CONVERSATION_GIVE);

    cx_bind_i64(&q, at->conversation_id);
    cx_bind_i64(&q, at->hand.give);
    cx_bind_i64(&q, in->now_ms);

    return cx_query_run(&q);
}


/* What the message tells anew about a known customer. */
cx_err
cx_place_update(cx_store *s, const cx_take *in, const cx_place *at)
{
    cx_query  q;
    cx_err    err;

    if (at->names_changed) {
        err = write_customer(s, in, CX_SQL_CUSTOMER_TOUCH, at->customer_id);
        if (err != CX_OK) {
            return err;
        }
    }

    if (at->reopens || at->hand.give != at->owner) {
        err = give(s, in, at);
        if (err != CX_OK) {
            return err;
        }
    }

    if (!at->address_changed) {
        return CX_OK;
    }

    q = cx_query_of(s, CX_SQL_CONVERSATION_MOVE);
    cx_bind_i64(&q, at->conversation_id);
    cx_bind_str(&q, in->msg->peer);
    cx_bind_str(&q, in->msg->peer_alt);

    err = cx_query_run(&q);

    return err != CX_OK ? err : add_identities(s, in, at->conversation_id);
}
