#include "store/credentials.h"

#include "core/seal.h"
#include "store/sql.h"


int64_t
cx_store_whose(const cx_store *s)
{
    return s->tenant;
}


static bool
is_kind(cx_str kind)
{
    return CX_STR_IS(kind, "channel") || CX_STR_IS(kind, "agent")
           || CX_STR_IS(kind, "hook");
}


cx_err
cx_store_credential_put(cx_store *s, const cx_credential_row *row)
{
    const cx_str  key = cx_seal_key_id(row->box);
    cx_query      q;

    if (!is_kind(row->kind) || row->owner_id <= 0 || row->name.len == 0
        || key.len == 0)
    {
        return CX_INVALID;
    }

    q = cx_query_of(s, CX_SQL_CREDENTIAL_PUT);
    cx_bind_str(&q, row->kind);
    cx_bind_i64(&q, row->owner_id);
    cx_bind_str(&q, row->name);
    cx_bind_str(&q, row->box);
    cx_bind_str(&q, key);
    cx_bind_i64(&q, row->updated_at);

    return cx_query_run(&q);
}


cx_err
cx_store_credential_drop(cx_store *s, cx_str kind, int64_t owner_id,
    cx_str name)
{
    cx_query  q = cx_query_of(s, CX_SQL_CREDENTIAL_DROP);

    cx_bind_str(&q, kind);
    cx_bind_i64(&q, owner_id);
    cx_bind_str(&q, name);

    return cx_query_run(&q);
}


cx_err
cx_store_credentials_drop(cx_store *s, cx_str kind, int64_t owner_id)
{
    cx_query  q = cx_query_of(s, CX_SQL_CREDENTIALS_DROP);

    cx_bind_str(&q, kind);
    cx_bind_i64(&q, owner_id);

    return cx_query_run(&q);
}


static cx_err
read_rows(cx_query *q, cx_arena *a, cx_credential_list *out)
{
    cx_credential_list  list = { .n = 0 };
    cx_credential_row  *r;
    cx_err              err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->tenant = cx_get_i64(q);
        r->kind = cx_get_str(q, a);
        r->owner_id = cx_get_i64(q);
        r->name = cx_get_str(q, a);
        r->box = cx_get_str(q, a);
        r->updated_at = cx_get_i64(q);
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


cx_err
cx_store_credentials_of(cx_store *s, cx_str kind, int64_t owner_id,
    cx_arena *a, cx_credential_list *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_CREDENTIALS_OF);

    cx_bind_str(&q, kind);
    cx_bind_i64(&q, owner_id);

    return read_rows(&q, a, out);
}


cx_err
cx_store_credentials(cx_store *s, cx_str kind, cx_arena *a,
    cx_credential_list *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_CREDENTIALS);

    cx_bind_str(&q, kind);

    return read_rows(&q, a, out);
}


cx_err
cx_store_credentials_behind(cx_store *s, cx_str key_id,
    const cx_credential_row *after, size_t limit, cx_arena *a,
    cx_credential_list *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_CREDENTIALS_BEHIND);

    cx_bind_str(&q, key_id);
    cx_bind_str(&q, after->kind);
    cx_bind_i64(&q, after->owner_id);
    cx_bind_str(&q, after->name);
    cx_bind_i64(&q, (int64_t) limit);

    return read_rows(&q, a, out);
}


cx_err
cx_store_credential_reseal(cx_store *s, const cx_credential_row *row,
    cx_str box)
{
    cx_query  q = cx_query_of(s, CX_SQL_CREDENTIAL_RESEAL);
    cx_err    err;

    cx_bind_str(&q, row->kind);
    cx_bind_i64(&q, row->owner_id);
    cx_bind_str(&q, row->name);
    cx_bind_str(&q, row->box);
    cx_bind_str(&q, box);
    cx_bind_str(&q, cx_seal_key_id(box));
    err = cx_query_run(&q);

    return err == CX_OK && cx_changed(s) == 0 ? CX_STALE : err;
}


cx_err
cx_store_credential_keys(cx_store *s, cx_arena *a, cx_key_list *out)
{
    cx_query     q = cx_query_of(s, CX_SQL_CREDENTIAL_KEYS);
    cx_key_list  list = { .n = 0 };
    cx_key_row  *r;
    cx_err       err;

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->key_id = cx_get_str(&q, a);
        r->boxes = cx_get_i64(&q);
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
