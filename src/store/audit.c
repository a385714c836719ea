#include "store/audit.h"

#include "store/sql.h"


uint64_t
cx_store_audits(const cx_store *s)
{
    return s->audits;
}


cx_err
cx_store_audit_lines(cx_store *s, cx_str ref, int64_t before, size_t limit,
    cx_arena *a, cx_audit_list *out)
{
    cx_query       q = cx_query_of(s, ref.len > 0 ? CX_SQL_AUDIT_OF
                                                  : CX_SQL_AUDIT_LINES);
    cx_audit_list  list = { .n = 0 };
    cx_audit_row  *r;
    cx_err         err;

    cx_bind_i64(&q, before > 0 ? before : INT64_MAX);
    cx_bind_i64(&q, (int64_t) limit);

    if (ref.len > 0) {
        cx_bind_str(&q, ref);
    }

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->line = cx_get_i64(&q);
        r->at = cx_get_i64(&q);
        r->who = cx_get_str(&q, a);
        r->what = cx_get_str(&q, a);
        r->ref = cx_get_str(&q, a);
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
