/*
 * Passages by their places.
 */

#include "store/sql.h"


static void
read_hit(cx_query *q, const cx_spot *spots, size_t n, cx_arena *a,
    cx_hit_row *rows)
{
    const int64_t  file_id = cx_get_i64(q);
    const int64_t  chunk_id = cx_get_i64(q);
    const int64_t  number = cx_get_i64(q);

    for (size_t i = 0; i < n; i++) {
        if (spots[i].file_id == file_id && spots[i].number == number) {
            rows[i].file_id = file_id;
            rows[i].chunk_id = chunk_id;
            rows[i].number = number;
            rows[i].source = cx_get_str(q, a);
            rows[i].position = cx_get_i64(q);
            rows[i].question = cx_get_str(q, a);
            rows[i].text = cx_get_str(q, a);
            rows[i].score = spots[i].score;
            return;
        }
    }
}


cx_err
cx_store_spots(cx_store *s, int64_t agent_id, const cx_spot *spots, size_t n,
    cx_arena *a, cx_hit_list *out)
{
    cx_query     q;
    cx_hit_row  *rows = CX_NEW_N(a, CX_SPOTS_MAX, cx_hit_row);
    cx_err       err;
    size_t       kept = 0;

    *out = (cx_hit_list) { .n = 0 };

    if (rows == NULL || n == 0) {
        return rows == NULL ? CX_NOMEM : CX_OK;
    }

    n = n < CX_SPOTS_MAX ? n : CX_SPOTS_MAX;
    q = cx_query_of(s, CX_SQL_FIND_CHUNKS);
    cx_bind_i64(&q, agent_id);

    for (size_t i = 0; i < CX_SPOTS_MAX; i++) {
        cx_bind_i64(&q, i < n ? spots[i].file_id : 0);
        cx_bind_i64(&q, i < n ? spots[i].number : 0);
    }

    while (cx_query_next(&q)) {
        read_hit(&q, spots, n, a, rows);
    }

    err = cx_query_end(&q);

    /* A file may have gone since they were ranked. */
    for (size_t i = 0; i < n; i++) {
        if (rows[i].chunk_id != 0) {
            rows[kept++] = rows[i];
        }
    }

    if (err == CX_OK && cx_arena_failed(a)) {
        err = CX_NOMEM;
    }

    if (err == CX_OK) {
        *out = (cx_hit_list) { rows, kept, CX_SPOTS_MAX };
    }

    return err;
}


cx_err
cx_store_search(cx_store *s, int64_t agent_id, const cx_find *find,
    size_t limit, cx_arena *a, cx_hit_list *out)
{
    cx_spot_list  best;
    cx_err        err;

    limit = limit < CX_SPOTS_MAX ? limit : CX_SPOTS_MAX;
    err = cx_store_rank(s, agent_id, find, limit, a, &best);

    return err == CX_OK ? cx_store_spots(s, agent_id, best.items, best.n, a,
                                         out) : err;
}
