/*
 * What waits for people, and what they decide: reviews, dead letters, and
 * the audit lines that say who it was.
 */

#include "store/sql.h"

#include "core/id.h"
#include "store/labels.h"

#include <string.h>


/* --- audit --------------------------------------------------------------- */

cx_err
cx_store_audit(cx_store *s, int64_t id, cx_str who, cx_str what, cx_str ref,
    int64_t now_ms)
{
    cx_query  q = cx_query_of(s, CX_SQL_AUDIT);

    s->audits++;
    cx_bind_i64(&q, id);
    cx_bind_i64(&q, now_ms);
    cx_bind_str(&q, who);
    cx_bind_str(&q, what);
    cx_bind_str(&q, ref);

    return cx_query_run(&q);
}


/* A line of the store's own: no id, its ref as people see it. */
cx_err
cx_store_audit_ref(cx_store *s, cx_str who, const char *what,
    const char *prefix, int64_t id, int64_t now_ms)
{
    cx_arena  *a = cx_arena_new(256);
    cx_err     err;

    if (a == NULL) {
        return CX_NOMEM;
    }

    err = cx_store_audit(s, 0, who, cx_strz(what), cx_id_text(a, prefix, id),
                          now_ms);
    cx_arena_free(a);

    return err;
}


/* --- reviews ------------------------------------------------------------- */

static cx_err
read_reviews(cx_query *q, cx_arena *a, cx_review_list *list)
{
    cx_review_row  *r;
    cx_err          err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, list)) != NULL) {
        r->id = cx_get_i64(q);
        r->conversation_id = cx_get_i64(q);
        r->agent_id = cx_get_i64(q);
        r->agent = cx_get_str(q, a);
        r->channel = cx_get_str(q, a);
        r->draft = cx_get_str(q, a);
        r->confidence = cx_get_f64(q);
        r->reason = cx_get_str(q, a);
        r->state = cx_get_str(q, a);
        r->created_at = cx_get_i64(q);
        r->decided_at = cx_get_i64(q);
        r->who = cx_get_str(q, a);
        r->why = cx_get_str(q, a);
        r->claimed_by = cx_get_str(q, a);
        r->claimed_until = cx_get_i64(q);
        r->expired_at = cx_get_i64(q);
        r->spoken = cx_get_i64(q) != 0;
        r->newer = cx_get_i64(q) != 0;
        r->last_in_at = cx_get_i64(q);
        r->channel_type = cx_get_str(q, a);
        r->account = cx_get_str(q, a);
        r->evidence = cx_get_str(q, a);
        r->sources = cx_get_str(q, a);
    }

    err = cx_query_end(q);

    for (size_t i = 0; err == CX_OK && !cx_arena_failed(a) && i < list->n;
         i++)
    {
        err = cx_store_question(q->store, list->items[i].id, a,
                                 &list->items[i].question);
    }

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


static bool
is_verdict(cx_str word)
{
    return cx_str_eq(word, CX_STR("approved"))
           || cx_str_eq(word, CX_STR("edited"))
           || cx_str_eq(word, CX_STR("rejected"));
}


cx_err
cx_store_reviews(cx_store *s, cx_str state, size_t limit, cx_arena *a,
    cx_review_list *out)
{
    const bool      waiting = cx_str_eq(state, CX_STR("waiting"));
    cx_review_list  list = { .n = 0 };
    cx_query        q;
    cx_err          err;

    if (!waiting && !is_verdict(state)) {
        return CX_INVALID;
    }

    q = cx_query_of(s, waiting ? CX_SQL_REVIEWS_WAITING
                               : CX_SQL_REVIEWS_DECIDED);

    if (!waiting) {
        cx_bind_str(&q, state);
    }

    cx_bind_i64(&q, (int64_t) limit);
    err = read_reviews(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_review(cx_store *s, int64_t id, cx_arena *a, cx_review_row *out)
{
    cx_query        q = cx_query_of(s, CX_SQL_REVIEW_GET);
    cx_review_list  list = { .n = 0 };
    cx_err          err;

    cx_bind_i64(&q, id);
    err = read_reviews(&q, a, &list);

    if (err != CX_OK || list.n == 0) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    *out = list.items[0];
    return CX_OK;
}


static cx_err
check_waiting(cx_store *s, int64_t id, cx_turn_place *t)
{
    int64_t  waiting;
    cx_err   err;

    err = cx_lock(s, CX_SQL_LOCK_TURN, id);

    if (err == CX_OK) {
        err = cx_ask_1(s, CX_SQL_REVIEW_STATE, id, &waiting);
    }

    if (err != CX_OK) {
        return err;
    }

    return waiting ? cx_store_turn_place(s, id, t) : CX_CONFLICT;
}


static cx_err
write_verdict(cx_store *s, int64_t id, cx_str verdict, cx_str who, cx_str why,
    int64_t now_ms)
{
    cx_query  q = cx_query_of(s, CX_SQL_REVIEW_DECIDE);

    cx_bind_i64(&q, id);
    cx_bind_str(&q, verdict);
    cx_bind_i64(&q, now_ms);
    cx_bind_str(&q, who);
    cx_bind_str(&q, why);

    return cx_query_run(&q);
}


/* A turn whose draft was refused and that said nothing else is ignored. */
cx_err
cx_store_turn_close(cx_store *s, int64_t id, int64_t parts)
{
    cx_query  q = cx_query_of(s, CX_SQL_TURN_DECIDED);

    cx_bind_i64(&q, id);
    cx_bind_i64(&q, parts > 0 ? CX_TURN_REPLIED : CX_TURN_IGNORED);
    cx_bind_i64(&q, parts);

    return cx_query_run(&q);
}


cx_err
cx_store_review_decide(cx_store *s, int64_t id, cx_str verdict,
    const cx_str *parts, const int64_t *part_ids, size_t nparts, cx_str who,
    cx_str why, int64_t now_ms)
{
    const bool     rejected = cx_str_eq(verdict, CX_STR("rejected"));
    const bool     edited = cx_str_eq(verdict, CX_STR("edited"));
    cx_turn_place  t;
    cx_err         err;

    if (!is_verdict(verdict) || rejected != (nparts == 0)) {
        return CX_INVALID;
    }

    err = check_waiting(s, id, &t);

    if (err == CX_OK) {
        err = cx_store_review_free(s, id, who, now_ms);
    }

    if (err == CX_OK) {
        err = write_verdict(s, id, verdict, who, why, now_ms);
    }

    if (err == CX_OK) {
        err = cx_store_label_review(s, id, rejected ? CX_STR("wrong")
                                           : edited ? CX_STR("edited")
                                                    : CX_STR("right"),
                                    who, now_ms);
    }

    if (err == CX_OK) {
        err = cx_store_parts_add(s, &t, &(cx_new_parts) {
            .texts = parts,
            .ids = part_ids,
            .n = nparts,
            .author = edited ? CX_AUTHOR_HUMAN : CX_AUTHOR_AI,
            .now_ms = now_ms,
        });
    }

    if (err == CX_OK) {
        err = cx_store_turn_close(s, id, t.parts + (int64_t) nparts);
    }

    if (err != CX_OK) {
        return err;
    }

    return cx_store_audit_ref(s, who, rejected ? "review.reject"
                                       : edited ? "review.edit"
                                                : "review.approve",
                               "rv", id, now_ms);
}


/* --- dead letters -------------------------------------------------------- */

cx_err
cx_store_event_dead(cx_store *s, const cx_dead_row *d)
{
    cx_query  q;
    int64_t   one;
    cx_err    err;

    if (d->id <= 0 || !cx_str_eq(d->kind, CX_STR("event"))) {
        return CX_INVALID;
    }

    err = cx_ask_1(s, CX_SQL_DEAD_KNOWN, d->id, &one);

    if (err != CX_NOT_FOUND) {
        return err == CX_OK ? CX_CONFLICT : err;
    }

    q = cx_query_of(s, CX_SQL_DEAD_EVENT);
    cx_bind_i64(&q, d->id);
    cx_bind_str(&q, d->channel);
    cx_bind_str(&q, d->reason);
    cx_bind_str(&q, d->text);
    cx_bind_str(&q, d->body);
    cx_bind_i64(&q, d->partition);
    cx_bind_i64(&q, d->created_at);

    return cx_query_run(&q);
}


static cx_err
read_dead(cx_query *q, cx_arena *a, cx_dead_list *list)
{
    cx_dead_row  *r;
    cx_err        err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, list)) != NULL) {
        r->id = cx_get_i64(q);
        r->kind = cx_get_str(q, a);
        r->channel = cx_get_str(q, a);
        r->ref = cx_get_i64(q);
        r->reason = cx_get_str(q, a);
        r->text = cx_get_str(q, a);
        r->body = cx_get_str(q, a);
        r->partition = cx_get_i64(q);
        r->state = cx_get_str(q, a);
        r->created_at = cx_get_i64(q);
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


cx_err
cx_store_dead_letters(cx_store *s, cx_str state, size_t limit, cx_arena *a,
    cx_dead_list *out)
{
    cx_query      q;
    cx_dead_list  list = { .n = 0 };
    cx_err        err;

    if (!cx_str_eq(state, CX_STR("dead"))
        && !cx_str_eq(state, CX_STR("retried"))
        && !cx_str_eq(state, CX_STR("dropped")))
    {
        return CX_INVALID;
    }

    q = cx_query_of(s, CX_SQL_DEAD_LETTERS);
    cx_bind_str(&q, state);
    cx_bind_i64(&q, (int64_t) limit);
    err = read_dead(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_dead_letter(cx_store *s, int64_t id, cx_arena *a, cx_dead_row *out)
{
    cx_query      q = cx_query_of(s, CX_SQL_DEAD_GET);
    cx_dead_list  list = { .n = 0 };
    cx_err        err;

    cx_bind_i64(&q, id);
    err = read_dead(&q, a, &list);

    if (err != CX_OK || list.n == 0) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    *out = list.items[0];
    return CX_OK;
}


static cx_err
reopen(cx_store *s, int64_t turn_id, int64_t now_ms)
{
    cx_err  err;

    err = cx_run_2(s, CX_SQL_TURN_REOPEN, turn_id, now_ms);

    return err == CX_OK && cx_changed(s) == 0 ? CX_CONFLICT : err;
}


/* What the letter speaks of goes back to where it fell out. */
static cx_err
revive(cx_store *s, int64_t id, int64_t now_ms)
{
    cx_query  q = cx_query_of(s, CX_SQL_DEAD_STATE);
    bool      send = false, turn = false;
    int64_t   ref = 0;
    cx_str    kind;
    cx_err    err;

    cx_bind_i64(&q, id);

    if (cx_query_next(&q)) {
        (void) cx_get_i64(&q);
        kind = cx_view_str(&q);
        send = cx_str_eq(kind, CX_STR("send"));
        turn = cx_str_eq(kind, CX_STR("turn"));
        ref = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    if (err != CX_OK) {
        return err;
    }

    return send ? cx_store_release(s, ref, true, now_ms)
                : turn ? reopen(s, ref, now_ms) : CX_OK;
}


cx_err
cx_store_dead_retry(cx_store *s, int64_t id, bool drop, cx_str who,
    int64_t now_ms)
{
    cx_query  q;
    int64_t   dead;
    cx_err    err;

    err = cx_lock(s, CX_SQL_LOCK_LETTER, id);

    if (err == CX_OK) {
        err = cx_ask_1(s, CX_SQL_DEAD_STATE, id, &dead);
    }

    if (err == CX_OK && !dead) {
        return CX_CONFLICT;
    }

    if (err == CX_OK && !drop) {
        err = revive(s, id, now_ms);
    }

    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_DEAD_SET);
    cx_bind_i64(&q, id);
    cx_bind_str(&q, drop ? CX_STR("dropped") : CX_STR("retried"));
    err = cx_query_run(&q);

    if (err != CX_OK) {
        return err;
    }

    return cx_store_audit_ref(s, who, drop ? "dead.drop" : "dead.retry",
                               "dl", id, now_ms);
}
