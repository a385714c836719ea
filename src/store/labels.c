#include "store/labels.h"

#include "store/sql.h"


static cx_err
put(cx_store *s, cx_sql_name name, int64_t turn_id, cx_str verdict,
    cx_str who, int64_t now_ms)
{
    cx_query  q = cx_query_of(s, name);

    cx_bind_i64(&q, turn_id);
    cx_bind_str(&q, verdict);
    cx_bind_str(&q, who);
    cx_bind_i64(&q, now_ms);

    return cx_query_run(&q);
}


static bool
is_verdict(cx_str word)
{
    return CX_STR_IS(word, "right") || CX_STR_IS(word, "edited")
           || CX_STR_IS(word, "wrong");
}


cx_err
cx_store_label_review(cx_store *s, int64_t turn_id, cx_str verdict,
    cx_str who, int64_t now_ms)
{
    return is_verdict(verdict)
           ? put(s, CX_SQL_LABEL_REVIEW, turn_id, verdict, who, now_ms)
           : CX_INVALID;
}


cx_err
cx_store_label_sent(cx_store *s, int64_t turn_id, cx_str verdict, cx_str who,
    int64_t now_ms)
{
    int64_t  one;
    cx_err   err;

    if (!is_verdict(verdict)) {
        return CX_INVALID;
    }

    err = cx_ask_1(s, CX_SQL_JUDGED, turn_id, &one);

    if (err != CX_OK) {
        return err == CX_NOT_FOUND ? CX_CONFLICT : err;
    }

    return put(s, CX_SQL_LABEL_SENT, turn_id, verdict, who, now_ms);
}


cx_err
cx_store_confidences(cx_store *s, int64_t agent_id, size_t limit, cx_arena *a,
    cx_confidence_list *out)
{
    double              *one;
    cx_query             q = cx_query_of(s, CX_SQL_CONFIDENCES);
    cx_confidence_list   list = { .n = 0 };
    cx_err               err;

    cx_bind_i64(&q, agent_id);
    cx_bind_i64(&q, (int64_t) limit);

    while (cx_query_next(&q) && (one = CX_LIST_ADD(a, &list)) != NULL) {
        *one = cx_get_f64(&q);
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


cx_err
cx_store_labels(cx_store *s, int64_t agent_id, size_t limit, cx_arena *a,
    cx_label_list *out)
{
    cx_label_row   *r;
    cx_query        q = cx_query_of(s, CX_SQL_LABELS);
    cx_label_list   list = { .n = 0 };
    cx_err          err;

    cx_bind_i64(&q, agent_id);
    cx_bind_i64(&q, (int64_t) limit);

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->confidence = cx_get_f64(&q);
        r->share = cx_get_f64(&q);
        r->verdict = cx_get_str(&q, a);
        r->kind = cx_get_str(&q, a);
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


cx_err
cx_store_samples(cx_store *s, int64_t agent_id, int64_t before, size_t limit,
    cx_arena *a, cx_message_list *out)
{
    cx_query         q = cx_query_of(s, CX_SQL_SAMPLES);
    cx_message_list  list = { .n = 0 };
    cx_err           err;

    cx_bind_i64(&q, agent_id);
    cx_bind_i64(&q, before == 0 ? INT64_MAX : before);
    cx_bind_i64(&q, (int64_t) limit);
    err = cx_store_read_messages(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}
