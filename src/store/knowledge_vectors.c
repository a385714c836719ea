/*
 * Vectors of passages: kept, and read in pieces; comparing them is the
 * worker's.
 */

#include "store/sql.h"


static cx_err
read_list(cx_query *q, bool texts, cx_arena *a, cx_vector_list *out)
{
    cx_vector_list  list = { .n = 0 };
    cx_vector_row  *r;
    cx_err          err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->number = cx_get_i64(q);

        if (texts) {
            r->question = cx_get_str(q, a);
            r->text = cx_get_str(q, a);

        } else {
            r->vector = cx_get_str(q, a);
        }
    }

    err = cx_query_end(q);

    if (err == CX_OK && cx_arena_failed(a)) {
        err = CX_NOMEM;
    }

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


static cx_query
from(cx_store *s, cx_sql_name name, int64_t file_id, int64_t number,
    size_t limit)
{
    cx_query  q = cx_query_of(s, name);

    cx_bind_i64(&q, file_id);
    cx_bind_i64(&q, number);
    cx_bind_i64(&q, (int64_t) limit);

    return q;
}


cx_err
cx_store_vectors_wanted(cx_store *s, int64_t file_id, int64_t number,
    size_t limit, cx_arena *a, cx_vector_list *out)
{
    cx_query  q = from(s, CX_SQL_VECTORS_WANTED, file_id, number, limit);

    return read_list(&q, true, a, out);
}


cx_err
cx_store_vectors(cx_store *s, int64_t file_id, int64_t number, size_t limit,
    cx_arena *a, cx_vector_list *out)
{
    cx_query  q = from(s, CX_SQL_VECTORS, file_id, number, limit);

    return read_list(&q, false, a, out);
}


static cx_err
check_model(cx_store *s, int64_t file_id, cx_str model)
{
    cx_query    q = cx_query_of(s, CX_SQL_VECTORS_STATE);
    bool        found;
    cx_err      err;

    cx_bind_i64(&q, file_id);
    cx_bind_str(&q, model);
    found = cx_query_next(&q);
    err = cx_query_end(&q);

    return err == CX_OK && !found ? CX_STALE : err;
}


static cx_err
put_one(cx_store *s, int64_t file_id, const cx_vector_row *row)
{
    cx_query  q = cx_query_of(s, CX_SQL_VECTOR_PUT);

    cx_bind_i64(&q, file_id);
    cx_bind_i64(&q, row->number);
    cx_bind_str(&q, row->vector);

    return cx_query_run(&q);
}


cx_err
cx_store_vectors_put(cx_store *s, int64_t file_id, cx_str model,
    const cx_vector_row *rows, size_t n, int64_t busy_until)
{
    cx_query  q;
    cx_err    err;

    err = check_model(s, file_id, model);

    for (size_t i = 0; i < n && err == CX_OK; i++) {
        err = put_one(s, file_id, &rows[i]);
    }

    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_VECTORS_DONE);
    cx_bind_i64(&q, file_id);
    cx_bind_i64(&q, (int64_t) n);
    cx_bind_i64(&q, busy_until);

    return cx_query_run(&q);
}


cx_err
cx_store_vectors_files(cx_store *s, int64_t agent_id, cx_str model,
    cx_arena *a, cx_spot_list *out)
{
    cx_query      q = cx_query_of(s, CX_SQL_VECTORS_FILES);
    cx_spot_list  list = { .n = 0 };
    cx_spot      *r;
    cx_err        err;

    cx_bind_i64(&q, agent_id);
    cx_bind_str(&q, model);

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->file_id = cx_get_i64(&q);
        r->number = cx_get_i64(&q);
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
