#include "store/costs.h"

#include "store/sql.h"


static cx_err
read_prices(cx_query *q, cx_arena *a, cx_price_list *list)
{
    cx_price_row  *r;
    cx_err         err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, list)) != NULL) {
        r->id = cx_get_i64(q);
        r->tenant = cx_get_i64(q);
        r->provider = cx_get_str(q, a);
        r->model = cx_get_str(q, a);
        r->prefix = cx_get_i64(q) != 0;
        r->currency = cx_get_str(q, a);
        r->in = cx_get_i64(q);
        r->cached = cx_get_i64(q);
        r->out = cx_get_i64(q);
        r->created_at = cx_get_i64(q);
        r->updated_at = cx_get_i64(q);
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


static cx_err
only_one(cx_query *q, cx_arena *a, cx_price_row *out)
{
    cx_price_list  list = { .n = 0 };
    cx_err         err = read_prices(q, a, &list);

    if (err != CX_OK || list.n == 0) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    *out = list.items[0];
    return CX_OK;
}


cx_err
cx_store_prices(cx_store *s, cx_arena *a, cx_price_list *out)
{
    cx_query       q = cx_query_of(s, CX_SQL_PRICES);
    cx_price_list  list = { .n = 0 };
    cx_err         err = read_prices(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_price(cx_store *s, int64_t id, cx_arena *a, cx_price_row *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_PRICE_GET);

    cx_bind_i64(&q, id);
    return only_one(&q, a, out);
}


cx_err
cx_store_price_for(cx_store *s, int64_t tenant, cx_str provider,
    cx_str model, cx_arena *a, cx_price_row *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_PRICE_FOR);

    cx_bind_i64(&q, tenant);
    cx_bind_str(&q, provider);
    cx_bind_str(&q, model);
    return only_one(&q, a, out);
}


int64_t
cx_price_of(const cx_price_row *p, int64_t in, int64_t cached, int64_t out)
{
    return ((in - cached) * p->in + cached * p->cached + out * p->out + 999999)
           / 1000000;
}


/* Its provider and model may have another price. */
static cx_err
check_free(cx_store *s, const cx_price_row *row)
{
    cx_query  q = cx_query_of(s, CX_SQL_PRICE_NAMED);
    int64_t   id = 0;
    cx_err    err;

    cx_bind_str(&q, row->provider);
    cx_bind_str(&q, row->model);
    cx_bind_i64(&q, row->prefix);

    if (cx_query_next(&q)) {
        id = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    return err == CX_OK && id != 0 && id != row->id ? CX_CONFLICT : err;
}


cx_err
cx_store_price_put(cx_store *s, const cx_price_row *row, bool create)
{
    cx_query  q;
    cx_err    err;

    err = cx_lock_key(s, cx_store_provider_key(0, row->model));

    if (err == CX_OK) {
        err = check_free(s, row);
    }

    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, create ? CX_SQL_PRICE_ADD : CX_SQL_PRICE_SET);
    cx_bind_i64(&q, row->id);
    cx_bind_str(&q, row->provider);
    cx_bind_str(&q, row->model);
    cx_bind_i64(&q, row->prefix);
    cx_bind_str(&q, row->currency);
    cx_bind_i64(&q, row->in);
    cx_bind_i64(&q, row->cached);
    cx_bind_i64(&q, row->out);
    cx_bind_i64(&q, row->updated_at);

    if (create) {
        cx_bind_i64(&q, row->created_at);
    }

    err = cx_query_run(&q);

    return err == CX_OK && cx_changed(s) == 0 ? CX_NOT_FOUND : err;
}


cx_err
cx_store_price_delete(cx_store *s, int64_t id)
{
    cx_err  err = cx_run_1(s, CX_SQL_PRICE_DELETE, id);

    return err == CX_OK && cx_changed(s) == 0 ? CX_NOT_FOUND : err;
}
