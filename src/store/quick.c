#include "store/quick.h"

#include "store/sql.h"


static cx_err
read_quicks(cx_query *q, cx_arena *a, cx_quick_list *list)
{
    cx_quick_row  *r;
    cx_err         err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, list)) != NULL) {
        r->id = cx_get_i64(q);
        r->name = cx_get_str(q, a);
        r->language = cx_get_str(q, a);
        r->text = cx_get_str(q, a);
        r->created_at = cx_get_i64(q);
        r->updated_at = cx_get_i64(q);
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


static cx_err
only_one(cx_query *q, cx_arena *a, cx_quick_row *out)
{
    cx_quick_list  list = { .n = 0 };
    cx_err         err;

    err = read_quicks(q, a, &list);

    if (err != CX_OK || list.n == 0) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    *out = list.items[0];
    return CX_OK;
}


cx_err
cx_store_quicks(cx_store *s, cx_arena *a, cx_quick_list *out)
{
    cx_query       q = cx_query_of(s, CX_SQL_QUICKS);
    cx_quick_list  list = { .n = 0 };
    cx_err         err;

    err = read_quicks(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_quick(cx_store *s, int64_t id, cx_arena *a, cx_quick_row *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_QUICK_GET);

    cx_bind_i64(&q, id);
    return only_one(&q, a, out);
}


cx_err
cx_store_quick_named(cx_store *s, cx_str name, cx_str language, cx_arena *a,
    cx_quick_row *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_QUICK_NAMED);

    cx_bind_str(&q, name);
    cx_bind_str(&q, language);
    cx_bind_i64(&q, language.len == 0);
    return only_one(&q, a, out);
}


/* Its name and language may be taken by another one. */
static cx_err
check_free(cx_store *s, const cx_quick_row *row)
{
    cx_query  q = cx_query_of(s, CX_SQL_QUICK_NAMED);
    int64_t   id = 0;
    cx_err    err;

    cx_bind_str(&q, row->name);
    cx_bind_str(&q, row->language);
    cx_bind_i64(&q, 0);

    if (cx_query_next(&q)) {
        id = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    return err == CX_OK && id != 0 && id != row->id ? CX_CONFLICT : err;
}


cx_err
cx_store_quick_put(cx_store *s, const cx_quick_row *row, bool create)
{
    cx_query  q;
    cx_err    err;

    err = cx_lock_key(s, cx_store_provider_key(0, row->name));

    if (err == CX_OK) {
        err = check_free(s, row);
    }

    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, create ? CX_SQL_QUICK_ADD : CX_SQL_QUICK_SET);
    cx_bind_i64(&q, row->id);
    cx_bind_str(&q, row->name);
    cx_bind_str(&q, row->language);
    cx_bind_str(&q, row->text);
    cx_bind_i64(&q, row->updated_at);

    if (create) {
        cx_bind_i64(&q, row->created_at);
    }

    err = cx_query_run(&q);

    return err == CX_OK && cx_changed(s) == 0 ? CX_NOT_FOUND : err;
}


cx_err
cx_store_quick_delete(cx_store *s, int64_t id)
{
    cx_err  err = cx_run_1(s, CX_SQL_QUICK_DELETE, id);

    return err == CX_OK && cx_changed(s) == 0 ? CX_NOT_FOUND : err;
}
