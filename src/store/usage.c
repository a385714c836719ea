/*
 * Calls of models: a row each, and their sums.
 */

#include "store/costs.h"

#include "store/budgets.h"
#include "store/sql.h"

/* Of one call: times the dearest price it still is a number. */
#define TOKENS_MAX  INT64_C(100000000)
#define COST_MAX    INT64_C(1000000000000)

static const struct {
    const char  *word;
    cx_sql_name  sql;
} sums[] = {
#define X(name, word)  [CX_USAGE_##name] = { word, CX_SQL_USAGE_BY_##name },
#define CX_SQL_USAGE_BY_TOTAL  CX_SQL_USAGE_TOTAL
    CX_USAGE_BY(X)
#undef X
};


/* Whatever a provider says. */
static int64_t
bounded(int64_t n, int64_t most)
{
    return n < 0 ? 0 : n < most ? n : most;
}


static cx_err
add_one(cx_store *s, int64_t turn_id, const cx_usage_row *r)
{
    const int64_t  in = bounded(r->tokens_in, TOKENS_MAX);
    cx_query       q = cx_query_of(s, CX_SQL_CALL_ADD);

    cx_bind_i64(&q, turn_id);
    cx_bind_str(&q, r->provider);
    cx_bind_str(&q, r->model);
    cx_bind_str(&q, r->outcome);
    cx_bind_str(&q, r->error);
    cx_bind_i64(&q, in);
    cx_bind_i64(&q, bounded(r->tokens_cached, in));
    cx_bind_i64(&q, bounded(r->tokens_out, TOKENS_MAX));
    cx_bind_i64(&q, bounded(r->cost, COST_MAX));
    cx_bind_i64(&q, r->started_at);
    cx_bind_i64(&q, r->first_ms);
    cx_bind_i64(&q, r->ms);

    return cx_query_run(&q);
}


cx_err
cx_store_calls_settle(cx_store *s, int64_t turn_id, const cx_usage_row *rows,
    size_t n, int64_t now_ms)
{
    int64_t  before = 0;
    cx_err   err = cx_ask_1(s, CX_SQL_CALLS_LAST, turn_id, &before);

    if (err == CX_OK) {
        err = cx_store_calls_add(s, turn_id, rows, n);
    }

    return err == CX_OK ? cx_store_settle_budgets(s, turn_id, before, now_ms)
                        : err;
}


cx_err
cx_store_calls_add(cx_store *s, int64_t turn_id, const cx_usage_row *rows,
    size_t n)
{
    cx_err  err = CX_OK;

    for (size_t i = 0; i < n && err == CX_OK; i++) {
        err = add_one(s, turn_id, &rows[i]);
    }

    return err;
}


cx_err
cx_store_replies_since(cx_store *s, int64_t conversation_id, int64_t since,
    int64_t *n)
{
    cx_query  q = cx_query_of(s, CX_SQL_REPLIES_SINCE);
    int64_t   found = 0;
    cx_err    err;

    cx_bind_i64(&q, conversation_id);
    cx_bind_i64(&q, since);

    if (cx_query_next(&q)) {
        found = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    if (err == CX_OK) {
        *n = found;
    }

    return err;
}


bool
cx_usage_by_parse(cx_str word, cx_usage_by *by)
{
    for (int i = 0; i < CX_USAGE_BY_COUNT; i++) {
        if (cx_str_eq(word, cx_strz(sums[i].word))) {
            *by = (cx_usage_by) i;
            return true;
        }
    }

    return false;
}


cx_err
cx_store_usage(cx_store *s, cx_usage_by by, int64_t from, int64_t until,
    size_t limit, int64_t after, cx_arena *a, cx_usage_sums *out)
{
    cx_query       q = cx_query_of(s, sums[by].sql);
    cx_usage_sums  list = { .n = 0 };
    cx_usage_sum  *r;
    cx_err         err;

    cx_bind_i64(&q, from);
    cx_bind_i64(&q, until);
    cx_bind_i64(&q, (int64_t) limit);
    cx_bind_i64(&q, after);

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->id = cx_get_i64(&q);
        r->name = cx_get_str(&q, a);
        r->currency = cx_get_str(&q, a);
        r->calls = cx_get_i64(&q);
        r->tokens_in = cx_get_i64(&q);
        r->tokens_cached = cx_get_i64(&q);
        r->tokens_out = cx_get_i64(&q);
        r->cost = cx_get_i64(&q);
        r->failed = cx_get_i64(&q);
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
