/*
 * Whose a conversation is, and whether it is still going on.
 */

#include "store/routing.h"

#include "store/sql.h"


cx_err
cx_store_agent_open(cx_store *s, int64_t agent_id, int64_t *n)
{
    return cx_ask_1(s, CX_SQL_AGENT_OPEN, agent_id, n);
}


/* --- by people ----------------------------------------------------------- */

static cx_err
hold(cx_store *s, int64_t id, int64_t *partition)
{
    return cx_ask_1(s, CX_SQL_CONVERSATION_HELD, id, partition);
}


/* *turn_id is 0 when nothing is thought about. */
static cx_err
under_way(cx_store *s, int64_t id, int64_t partition, int64_t *turn_id)
{
    cx_query  q = cx_query_of(s, CX_SQL_TURN_UNDER_WAY);

    cx_bind_i64(&q, partition);
    cx_bind_i64(&q, id);
    *turn_id = cx_query_next(&q) ? cx_get_i64(&q) : 0;

    return cx_query_end(&q);
}


static cx_err
add_review(cx_store *s, int64_t id, int64_t turn_id, int64_t now_ms)
{
    cx_query  q = cx_query_of(s, CX_SQL_REVIEW_ADD);

    cx_bind_i64(&q, turn_id);
    cx_bind_i64(&q, id);
    cx_bind_i64(&q, 0);
    cx_bind_str(&q, CX_NOSTR);
    cx_bind_f64(&q, 0);
    cx_bind_str(&q, CX_STR("handover"));
    cx_bind_i64(&q, now_ms);

    return cx_query_run(&q);
}


/* The question that is being thought about goes along. */
static cx_err
take_along(cx_store *s, int64_t id, int64_t turn_id, int64_t agent_id,
    int64_t now_ms)
{
    cx_err  err;

    if (turn_id == 0 || agent_id == CX_BY_RULES) {
        return CX_OK;
    }

    if (agent_id != CX_PEOPLE) {
        return cx_run_2(s, CX_SQL_TURN_TO_AGENT, turn_id, agent_id);
    }

    err = cx_run_2(s, CX_SQL_TURN_TO_PEOPLE, turn_id, now_ms);

    return err == CX_OK ? add_review(s, id, turn_id, now_ms) : err;
}


cx_err
cx_store_assign(cx_store *s, int64_t conversation_id, int64_t agent_id,
    int64_t now_ms)
{
    int64_t  partition, one, turn_id;
    cx_err   err;

    err = hold(s, conversation_id, &partition);
    if (err != CX_OK) {
        return err;
    }

    if (agent_id > 0) {
        err = cx_ask_1(s, CX_SQL_ROUTE_AGENT, agent_id, &one);

        if (err != CX_OK) {
            return err == CX_NOT_FOUND ? CX_INVALID : err;
        }
    }

    err = under_way(s, conversation_id, partition, &turn_id);

    if (err == CX_OK) {
        err = cx_run_2(s, CX_SQL_CONVERSATION_ASSIGN, conversation_id,
                       agent_id);
    }

    return err == CX_OK
           ? take_along(s, conversation_id, turn_id, agent_id, now_ms) : err;
}


static cx_err
drop_turn(cx_store *s, int64_t id, int64_t partition, int64_t now_ms)
{
    cx_query  q = cx_query_of(s, CX_SQL_TURN_CLOSE);

    cx_bind_i64(&q, partition);
    cx_bind_i64(&q, id);
    cx_bind_i64(&q, now_ms);

    return cx_query_run(&q);
}


cx_err
cx_store_conversation_state(cx_store *s, int64_t conversation_id,
    cx_str state, int64_t now_ms)
{
    const bool  active = CX_STR_IS(state, "active");
    const bool  archived = CX_STR_IS(state, "archived");
    int64_t     partition;
    cx_query    q;
    cx_err      err;

    if (!active && !archived && !CX_STR_IS(state, "closed")) {
        return CX_INVALID;
    }

    err = hold(s, conversation_id, &partition);

    if (err == CX_OK && !active) {
        err = drop_turn(s, conversation_id, partition, now_ms);
    }

    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_CONVERSATION_STATE);
    cx_bind_i64(&q, conversation_id);
    cx_bind_str(&q, active ? state : CX_STR("closed"));
    cx_bind_i64(&q, now_ms);
    cx_bind_i64(&q, archived ? now_ms : 0);

    return cx_query_run(&q);
}


/* --- by time ------------------------------------------------------------- */

typedef struct {
    int64_t  id;
    int64_t  last_at;
    bool     busy;
} idler;

typedef CX_LIST(idler)  idlers;


static cx_err
find_idle(cx_store *s, const cx_idle *in, cx_str state, int64_t before,
    cx_arena *a, idlers *list)
{
    cx_query   q = cx_query_of(s, CX_SQL_CONVERSATIONS_IDLE);
    idler     *c;
    cx_err     err;

    cx_bind_i64(&q, in->fence.partition);
    cx_bind_str(&q, state);
    cx_bind_i64(&q, before);
    cx_bind_i64(&q, (int64_t) in->limit);

    while (cx_query_next(&q) && (c = CX_LIST_ADD(a, list)) != NULL) {
        c->id = cx_get_i64(&q);
        c->last_at = cx_get_i64(&q);
        c->busy = cx_get_i64(&q) != 0;
    }

    err = cx_query_end(&q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


static cx_err
close_one(cx_store *s, const idler *c, int64_t now_ms)
{
    cx_query  q = cx_query_of(s, CX_SQL_CONVERSATION_CLOSE);

    cx_bind_i64(&q, c->id);
    cx_bind_i64(&q, now_ms);
    cx_bind_i64(&q, c->last_at);

    return cx_query_run(&q);
}


/* Who was seen too early is looked at again when it may be time. */
static cx_err
end_one(cx_store *s, const cx_idle *in, const idler *c, bool closing,
    cx_idled *out)
{
    const int64_t  before = closing ? in->close_before : in->archive_before;

    if (c->busy || c->last_at > before) {
        return cx_run_2(s, CX_SQL_CONVERSATION_IDLE, c->id,
                        c->busy ? in->now_ms : c->last_at);
    }

    if (closing) {
        out->closed++;
        return close_one(s, c, in->now_ms);
    }

    out->archived++;
    return cx_run_2(s, CX_SQL_CONVERSATION_ARCHIVE, c->id, in->now_ms);
}


static cx_err
end_all(cx_store *s, const cx_idle *in, bool closing, cx_arena *a,
    cx_idled *out)
{
    idlers  list = { .n = 0 };
    cx_err  err;

    err = closing ? find_idle(s, in, CX_STR("active"), in->close_before, a,
                              &list)
                  : find_idle(s, in, CX_STR("closed"), in->archive_before, a,
                              &list);

    for (size_t i = 0; i < list.n && err == CX_OK; i++) {
        err = end_one(s, in, &list.items[i], closing, out);
    }

    out->looked += list.n;
    return err;
}


cx_err
cx_store_idle(cx_store *s, const cx_idle *in, cx_arena *a, cx_idled *out)
{
    cx_idled  n = *out;
    cx_err    err;

    err = cx_store_fence(s, in->fence);

    if (err == CX_OK && in->close_before > 0) {
        err = end_all(s, in, true, a, &n);
    }

    if (err == CX_OK && in->archive_before > 0) {
        err = end_all(s, in, false, a, &n);
    }

    if (err == CX_OK) {
        *out = n;
    }

    return err;
}
