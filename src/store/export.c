#include "store/export.h"

#include "store/sql.h"


static cx_query
ask(cx_store *s, cx_sql_name name, int64_t customer_id, int64_t after,
    size_t limit)
{
    cx_query  q = cx_query_of(s, name);

    cx_bind_i64(&q, customer_id);
    cx_bind_i64(&q, after);
    cx_bind_i64(&q, (int64_t) limit);

    return q;
}


static cx_err
end(cx_query *q, cx_arena *a)
{
    const cx_err  err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


cx_err
cx_store_told_reviews(cx_store *s, int64_t customer_id, int64_t after,
    size_t limit, cx_arena *a, cx_told_reviews *out)
{
    cx_query         q = ask(s, CX_SQL_TOLD_REVIEWS, customer_id, after,
                             limit);
    cx_told_review  *r;

    *out = (cx_told_reviews) { .n = 0 };

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, out)) != NULL) {
        r->id = cx_get_i64(&q);
        r->conversation_id = cx_get_i64(&q);
        r->draft = cx_get_str(&q, a);
        r->reason = cx_get_str(&q, a);
        r->state = cx_get_str(&q, a);
        r->why = cx_get_str(&q, a);
        r->created_at = cx_get_i64(&q);
        r->decided_at = cx_get_i64(&q);
    }

    return end(&q, a);
}


cx_err
cx_store_told_labels(cx_store *s, int64_t customer_id, int64_t after,
    size_t limit, cx_arena *a, cx_told_labels *out)
{
    cx_query        q = ask(s, CX_SQL_TOLD_LABELS, customer_id, after, limit);
    cx_told_label  *r;

    *out = (cx_told_labels) { .n = 0 };

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, out)) != NULL) {
        r->id = cx_get_i64(&q);
        r->conversation_id = cx_get_i64(&q);
        r->verdict = cx_get_str(&q, a);
        r->kind = cx_get_str(&q, a);
        r->confidence = cx_get_f64(&q);
        r->created_at = cx_get_i64(&q);
    }

    return end(&q, a);
}


cx_err
cx_store_told_calls(cx_store *s, int64_t customer_id, int64_t after,
    size_t limit, cx_arena *a, cx_told_calls *out)
{
    cx_query       q = ask(s, CX_SQL_TOLD_CALLS, customer_id, after, limit);
    cx_told_call  *r;

    *out = (cx_told_calls) { .n = 0 };

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, out)) != NULL) {
        r->id = cx_get_i64(&q);
        r->conversation_id = cx_get_i64(&q);
        r->started_at = cx_get_i64(&q);
        r->calls = cx_get_i64(&q);
        r->tokens_in = cx_get_i64(&q);
        r->tokens_out = cx_get_i64(&q);
        r->provider = cx_get_str(&q, a);
        r->model = cx_get_str(&q, a);
    }

    return end(&q, a);
}


cx_err
cx_store_told_media(cx_store *s, int64_t customer_id, int64_t after,
    size_t limit, cx_arena *a, cx_told_medias *out)
{
    cx_query        q = ask(s, CX_SQL_TOLD_MEDIA, customer_id, after, limit);
    cx_told_media  *r;

    *out = (cx_told_medias) { .n = 0 };

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, out)) != NULL) {
        r->id = cx_get_i64(&q);
        r->message_id = cx_get_i64(&q);
        r->name = cx_get_str(&q, a);
        r->type = cx_get_str(&q, a);
        r->size = cx_get_i64(&q);
        r->sha256 = cx_get_str(&q, a);
        r->place = cx_get_str(&q, a);
        r->transcript = cx_get_str(&q, a);
    }

    return end(&q, a);
}
