#include "store/retention.h"

#include "core/id.h"
#include "store/sql.h"

static const cx_sql_name  list_of[CX_OLD_COUNT] = {
    [CX_OLD_MESSAGES] = CX_SQL_OLD_MESSAGES,
    [CX_OLD_TURNS]    = CX_SQL_OLD_TURNS,
    [CX_OLD_LETTERS]  = CX_SQL_OLD_LETTERS,
    [CX_OLD_DELIVERIES] = CX_SQL_OLD_DELIVERIES,
};


cx_err
cx_store_old(cx_store *s, cx_old_kind kind, int64_t after, int64_t before,
    size_t limit, cx_arena *a, cx_old_list *out)
{
    const bool   timed = kind == CX_OLD_DELIVERIES;
    cx_query     q = cx_query_of(s, list_of[kind]);
    cx_old_list  list = { .n = 0 };
    cx_old_row  *r;
    cx_err       err;

    cx_bind_i64(&q, after);
    cx_bind_i64(&q, timed ? cx_id_ms(before) : before);
    cx_bind_i64(&q, (int64_t) limit);

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->id = cx_get_i64(&q);
        r->tenant = cx_get_i64(&q);
        r->channel_id = cx_get_i64(&q);
        r->partition = (unsigned) cx_get_i64(&q);
        r->busy = cx_get_i64(&q) != 0;
        r->at = timed ? cx_get_i64(&q) : cx_id_ms(r->id);
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


/* What refers to it goes first. */
static cx_err
drop_message(cx_store *s, int64_t id, int64_t now_ms)
{
    static const cx_sql_name  steps[] = {
        CX_SQL_OLD_MEDIA_DROP, CX_SQL_OLD_SEND_LETTER_DROP,
        CX_SQL_OLD_STATUS_DROP, CX_SQL_OLD_SUMMARY_DROP,
        CX_SQL_OLD_MESSAGE_DROP,
    };
    cx_err  err = cx_run_2(s, CX_SQL_OLD_FILES, id, now_ms);

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && err == CX_OK;
         i++)
    {
        err = cx_run_1(s, steps[i], id);
    }

    return err;
}


static cx_err
drop_turn(cx_store *s, int64_t id)
{
    static const cx_sql_name  steps[] = {
        CX_SQL_OLD_REVIEW_DROP, CX_SQL_OLD_TURN_LETTER_DROP,
        CX_SQL_OLD_TURN_DROP,
    };
    cx_err  err = CX_OK;

    for (size_t i = 0; i < 3 && err == CX_OK; i++) {
        err = cx_run_1(s, steps[i], id);
    }

    return err;
}


cx_err
cx_store_old_drop(cx_store *s, cx_old_kind kind, const cx_old_row *row,
    int64_t now_ms)
{
    if (row->busy) {
        return CX_OK;
    }

    cx_store_as(s, row->tenant);

    switch (kind) {

    case CX_OLD_MESSAGES:
        return drop_message(s, row->id, now_ms);

    case CX_OLD_TURNS:
        return drop_turn(s, row->id);

    case CX_OLD_DELIVERIES:
        return cx_run_1(s, CX_SQL_OLD_DELIVERY_DROP, row->id);

    default:
        return cx_run_1(s, CX_SQL_ERASE_LETTER, row->id);
    }
}


cx_err
cx_store_old_counts(cx_store *s, int64_t before, cx_arena *a,
    cx_old_counts *out)
{
    cx_query       q = cx_query_of(s, CX_SQL_OLD_COUNTS);
    cx_old_counts  list = { .n = 0 };
    cx_old_count  *r;
    cx_err         err;

    cx_bind_i64(&q, before);

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->channel_id = cx_get_i64(&q);
        r->messages = cx_get_i64(&q);
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
