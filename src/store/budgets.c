#include "store/budgets.h"

#include "store/reserve.h"
#include "store/sql.h"


static cx_err
read_budgets(cx_query *q, cx_arena *a, cx_budget_list *list)
{
    cx_budget_row  *r;
    cx_err          err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, list)) != NULL) {
        r->id = cx_get_i64(q);
        r->tenant = cx_get_i64(q);
        r->name = cx_get_str(q, a);
        r->scope = cx_get_str(q, a);
        r->subject_id = cx_get_i64(q);
        r->period = cx_get_str(q, a);
        r->unit = cx_get_str(q, a);
        r->amount = cx_get_i64(q);
        r->currency = cx_get_str(q, a);
        r->otherwise = cx_get_str(q, a);
        r->active = cx_get_i64(q) != 0;
        r->created_at = cx_get_i64(q);
        r->updated_at = cx_get_i64(q);
        r->used = cx_get_i64(q);
        r->reserved = cx_get_i64(q);
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


static cx_query
ask(cx_store *s, cx_sql_name name, int64_t now_ms)
{
    const cx_periods  now = cx_periods_at(now_ms);
    cx_query          q = cx_query_of(s, name);

    cx_bind_i64(&q, now.day);
    cx_bind_i64(&q, now.month);
    return q;
}


cx_err
cx_store_budgets(cx_store *s, int64_t now_ms, cx_arena *a,
    cx_budget_list *out)
{
    cx_query        q = ask(s, CX_SQL_BUDGETS, now_ms);
    cx_budget_list  list = { .n = 0 };
    cx_err          err = read_budgets(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_budget(cx_store *s, int64_t id, int64_t now_ms, cx_arena *a,
    cx_budget_row *out)
{
    cx_query        q = ask(s, CX_SQL_BUDGET_GET, now_ms);
    cx_budget_list  list = { .n = 0 };
    cx_err          err;

    cx_bind_i64(&q, id);
    err = read_budgets(&q, a, &list);

    if (err != CX_OK || list.n == 0) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    *out = list.items[0];
    return CX_OK;
}


static cx_err
check_free(cx_store *s, const cx_budget_row *row)
{
    cx_query  q = cx_query_of(s, CX_SQL_BUDGET_NAMED);
    int64_t   id = 0;
    cx_err    err;

    cx_bind_str(&q, row->name);

    if (cx_query_next(&q)) {
        id = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    return err == CX_OK && id != 0 && id != row->id ? CX_CONFLICT : err;
}


static cx_err
drop_counters(cx_store *s, int64_t id)
{
    cx_err  err = cx_run_1(s, CX_SQL_BUDGET_RESERVED_DROP, id);

    return err == CX_OK ? cx_run_1(s, CX_SQL_BUDGET_SPENT_DROP, id) : err;
}


/* Tokens are no money: a budget that is one of something else begins anew. */
static cx_err
begin_anew(cx_store *s, const cx_budget_row *row)
{
    cx_query  q = cx_query_of(s, CX_SQL_BUDGET_OTHER);
    bool      other;
    cx_err    err;

    cx_bind_i64(&q, row->id);
    cx_bind_str(&q, row->scope);
    cx_bind_str(&q, row->unit);
    cx_bind_str(&q, row->currency);
    other = cx_query_next(&q);
    err = cx_query_end(&q);

    return err == CX_OK && other ? drop_counters(s, row->id) : err;
}


cx_err
cx_store_budget_put(cx_store *s, const cx_budget_row *row, bool create)
{
    cx_query  q;
    cx_err    err;

    err = cx_lock_budgets(s);

    if (err == CX_OK) {
        err = check_free(s, row);
    }

    if (err == CX_OK && !create) {
        err = begin_anew(s, row);
    }

    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, create ? CX_SQL_BUDGET_ADD : CX_SQL_BUDGET_SET);
    cx_bind_i64(&q, row->id);
    cx_bind_str(&q, row->name);
    cx_bind_str(&q, row->scope);
    cx_bind_i64(&q, row->subject_id);
    cx_bind_str(&q, row->period);
    cx_bind_str(&q, row->unit);
    cx_bind_i64(&q, row->amount);
    cx_bind_str(&q, row->currency);
    cx_bind_str(&q, row->otherwise);
    cx_bind_i64(&q, row->active);
    cx_bind_i64(&q, row->updated_at);

    if (create) {
        cx_bind_i64(&q, row->created_at);
    }

    err = cx_query_run(&q);

    return err == CX_OK && cx_changed(s) == 0 ? CX_NOT_FOUND : err;
}


cx_err
cx_store_budget_delete(cx_store *s, int64_t id)
{
    cx_err  err = cx_lock_budgets(s);

    if (err == CX_OK) {
        err = drop_counters(s, id);
    }

    if (err == CX_OK) {
        err = cx_run_1(s, CX_SQL_BUDGET_DELETE, id);
    }

    return err == CX_OK && cx_changed(s) == 0 ? CX_NOT_FOUND : err;
}
