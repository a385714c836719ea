#include "store/people_claim.h"

#include "store/hooks.h"
#include "store/sql.h"


/* --- claims -------------------------------------------------------------- */

/* CX_NOT_FOUND, CX_CONFLICT, CX_STALE. */
static cx_err
look(cx_store *s, int64_t id, cx_str who, int64_t now_ms)
{
    cx_query  q = cx_query_of(s, CX_SQL_REVIEW_CLAIM_LOOK);
    bool      waiting, others;
    cx_str    by;
    cx_err    found = CX_NOT_FOUND, err;

    cx_bind_i64(&q, id);

    if (cx_query_next(&q)) {
        waiting = cx_get_i64(&q) != 0;
        by = cx_view_str(&q);
        others = by.len > 0 && !cx_str_eq(by, who)
                 && cx_get_i64(&q) > now_ms;
        found = !waiting ? CX_CONFLICT : others ? CX_STALE : CX_OK;
    }

    err = cx_query_end(&q);

    return err != CX_OK ? err : found;
}


cx_err
cx_store_review_free(cx_store *s, int64_t id, cx_str who, int64_t now_ms)
{
    return look(s, id, who, now_ms);
}


static cx_err
write_claim(cx_store *s, int64_t id, cx_str who, int64_t until)
{
    cx_query  q = cx_query_of(s, CX_SQL_REVIEW_CLAIM);

    cx_bind_i64(&q, id);
    cx_bind_str(&q, who);
    cx_bind_i64(&q, until);

    return cx_query_run(&q);
}


cx_err
cx_store_review_claim(cx_store *s, int64_t id, cx_str who, int64_t until,
    int64_t now_ms)
{
    cx_err  err;

    if (who.len == 0 || until <= now_ms) {
        return CX_INVALID;
    }

    err = cx_lock(s, CX_SQL_LOCK_TURN, id);

    if (err == CX_OK) {
        err = look(s, id, who, now_ms);
    }

    return err == CX_OK ? write_claim(s, id, who, until) : err;
}


cx_err
cx_store_review_release(cx_store *s, int64_t id, cx_str who, int64_t now_ms)
{
    cx_err  err;

    err = cx_lock(s, CX_SQL_LOCK_TURN, id);

    if (err == CX_OK) {
        err = look(s, id, who, now_ms);
    }

    return err == CX_OK ? write_claim(s, id, CX_NOSTR, 0) : err;
}


/* --- telling ------------------------------------------------------------- */

static cx_err
tell(cx_store *s, cx_event event, int64_t id, int64_t now_ms)
{
    cx_telling   what = {
        .event = event, .review_id = id, .now_ms = now_ms
    };
    cx_query     q = cx_query_of(s, CX_SQL_REVIEW_TOLD);
    cx_err       err, end;

    cx_bind_i64(&q, id);
    err = CX_NOT_FOUND;

    if (cx_query_next(&q)) {
        what.conversation_id = cx_get_i64(&q);
        what.reason = cx_view_str(&q);
        what.text = cx_view_str(&q);
        err = cx_store_tell(s, &what);
    }

    end = cx_query_end(&q);

    return end != CX_OK ? end : err;
}


cx_err
cx_store_review_opened(cx_store *s, int64_t id, int64_t now_ms)
{
    cx_err  err;

    err = cx_run_1(s, CX_SQL_REVIEW_OPENED, id);

    return err == CX_OK ? tell(s, CX_EVENT_REVIEW_CREATED, id, now_ms) : err;
}


/* --- out of time --------------------------------------------------------- */

cx_err
cx_store_reviews_overdue(cx_store *s, uint64_t mask, int64_t now_ms,
    size_t limit, cx_arena *a, cx_overdue_list *out)
{
    cx_query         q = cx_query_of(s, CX_SQL_REVIEWS_OVERDUE);
    cx_overdue_list  list = { .n = 0 };
    cx_overdue_row  *r;
    cx_err           err;

    cx_bind_i64(&q, now_ms);
    cx_bind_i64(&q, (int64_t) mask);
    cx_bind_i64(&q, (int64_t) limit);

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->id = cx_get_i64(&q);
        r->conversation_id = cx_get_i64(&q);
        r->partition = (unsigned) cx_get_i64(&q);
        r->channel_id = cx_get_i64(&q);
        r->said = cx_get_i64(&q) > 0;
        r->policy = cx_get_str(&q, a);
        r->handoff = cx_get_str(&q, a);
    }

    err = cx_query_end(&q);

    if (err == CX_OK && cx_arena_failed(a)) {
        err = CX_NOMEM;
    }

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


static cx_err
look_overdue(cx_store *s, const cx_review_end *in, bool *spoken)
{
    cx_query  q = cx_query_of(s, CX_SQL_REVIEW_OVERDUE);
    cx_err    found = CX_NOT_FOUND, err;

    cx_bind_i64(&q, in->id);
    cx_bind_i64(&q, in->now_ms);

    if (cx_query_next(&q)) {
        found = cx_get_i64(&q) != 0 ? CX_OK : CX_STALE;
        *spoken = cx_get_i64(&q) != 0;
    }

    err = cx_query_end(&q);

    return err != CX_OK ? err : found;
}


static cx_err
decide(cx_store *s, const cx_review_end *in, bool say)
{
    const size_t   n = say ? in->nparts : 0;
    cx_turn_place  t;
    cx_err         err;

    err = cx_store_turn_place(s, in->id, &t);

    if (err == CX_OK) {
        err = cx_run_2(s, CX_SQL_REVIEW_DROPPED, in->id, in->now_ms);
    }

    if (err == CX_OK) {
        err = cx_store_parts_add(s, &t, &(cx_new_parts) {
            .texts = in->parts,
            .ids = in->part_ids,
            .n = n,
            .author = CX_AUTHOR_AI,
            .now_ms = in->now_ms,
        });
    }

    return err == CX_OK
           ? cx_store_turn_close(s, in->id, t.parts + (int64_t) n) : err;
}


cx_err
cx_store_review_expire(cx_store *s, const cx_review_end *in, bool *said)
{
    bool    spoken = false;
    cx_err  err;

    err = cx_lock(s, CX_SQL_LOCK_TURN, in->id);

    if (err == CX_OK) {
        err = look_overdue(s, in, &spoken);
    }

    if (err == CX_OK) {
        err = cx_run_2(s, CX_SQL_REVIEW_EXPIRED, in->id, in->now_ms);
    }

    if (err == CX_OK && in->drop) {
        err = decide(s, in, !spoken);
    }

    if (err == CX_OK) {
        err = tell(s, CX_EVENT_REVIEW_EXPIRED, in->id, in->now_ms);
    }

    *said = err == CX_OK && in->drop && !spoken && in->nparts > 0;
    return err;
}
