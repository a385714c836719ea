#include "store/versions.h"

#include "store/sql.h"


cx_err
cx_store_version_last(cx_store *s, int64_t agent_id, int64_t *number)
{
    cx_query  q = cx_query_of(s, CX_SQL_VERSION_LAST);
    int64_t   last = 0;
    cx_err    err;

    cx_bind_i64(&q, agent_id);

    if (cx_query_next(&q)) {
        last = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    if (err == CX_OK) {
        *number = last;
    }

    return err;
}


cx_err
cx_store_version_add(cx_store *s, int64_t agent_id, cx_version_row *row)
{
    cx_query  q;
    int64_t   last;
    cx_err    err;

    err = cx_store_version_last(s, agent_id, &last);
    if (err != CX_OK) {
        return err;
    }

    row->number = last + 1;
    q = cx_query_of(s, CX_SQL_VERSION_ADD);
    cx_bind_i64(&q, agent_id);
    cx_bind_i64(&q, row->number);
    cx_bind_i64(&q, row->at);
    cx_bind_str(&q, row->who);
    cx_bind_str(&q, row->body);
    err = cx_query_run(&q);

    if (err != CX_OK || row->number <= CX_VERSIONS_KEPT) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_VERSIONS_OLD);
    cx_bind_i64(&q, agent_id);
    cx_bind_i64(&q, row->number - CX_VERSIONS_KEPT);

    return cx_query_run(&q);
}


static cx_err
read_versions(cx_query *q, cx_arena *a, cx_version_list *list)
{
    cx_version_row  *r;
    cx_err           err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, list)) != NULL) {
        r->number = cx_get_i64(q);
        r->at = cx_get_i64(q);
        r->who = cx_get_str(q, a);
        r->body = cx_get_str(q, a);
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


cx_err
cx_store_versions(cx_store *s, int64_t agent_id, int64_t below, size_t limit,
    cx_arena *a, cx_version_list *out)
{
    cx_query         q = cx_query_of(s, CX_SQL_VERSIONS);
    cx_version_list  list = { .n = 0 };
    cx_err           err;

    cx_bind_i64(&q, agent_id);
    cx_bind_i64(&q, below > 0 ? below : INT64_MAX);
    cx_bind_i64(&q, (int64_t) limit);
    err = read_versions(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_version(cx_store *s, int64_t agent_id, int64_t number, cx_arena *a,
    cx_version_row *out)
{
    cx_query         q = cx_query_of(s, CX_SQL_VERSION);
    cx_version_list  list = { .n = 0 };
    cx_err           err;

    cx_bind_i64(&q, agent_id);
    cx_bind_i64(&q, number);
    err = read_versions(&q, a, &list);

    if (err != CX_OK || list.n == 0) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    *out = list.items[0];
    return CX_OK;
}
