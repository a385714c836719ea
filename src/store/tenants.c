/*
 * Tenants, users, and keys of the API.
 */

#include "store/tenants.h"

#include "store/sql.h"


/* --- tenants ------------------------------------------------------------- */

static cx_err
read_tenants(cx_query *q, cx_arena *a, cx_tenant_list *list)
{
    cx_tenant_row  *r;
    cx_err          err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, list)) != NULL) {
        r->id = cx_get_i64(q);
        r->name = cx_get_str(q, a);
        r->title = cx_get_str(q, a);
        r->state = cx_get_str(q, a);
        r->created_at = cx_get_i64(q);
        r->updated_at = cx_get_i64(q);
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


static cx_err
one_tenant(cx_query *q, cx_arena *a, cx_tenant_row *out)
{
    cx_tenant_list  list = { .n = 0 };
    cx_err          err;

    err = read_tenants(q, a, &list);

    if (err != CX_OK || list.n == 0) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    *out = list.items[0];
    return CX_OK;
}


cx_err
cx_store_tenants(cx_store *s, cx_arena *a, cx_tenant_list *out)
{
    cx_query        q = cx_query_of(s, CX_SQL_TENANTS);
    cx_tenant_list  list = { .n = 0 };
    cx_err          err;

    err = read_tenants(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_tenant(cx_store *s, int64_t id, cx_arena *a, cx_tenant_row *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_TENANT_GET);

    cx_bind_i64(&q, id);
    return one_tenant(&q, a, out);
}


cx_err
cx_store_tenant_named(cx_store *s, cx_str name, cx_arena *a,
    cx_tenant_row *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_TENANT_BY_NAME);

    cx_bind_str(&q, name);
    return one_tenant(&q, a, out);
}


/* The id of a row that a statement finds by a text; 0: none. */
static cx_err
id_by(cx_store *s, cx_sql_name sql, cx_str text, int64_t *id)
{
    cx_query  q = cx_query_of(s, sql);

    cx_bind_str(&q, text);
    *id = cx_query_next(&q) ? cx_get_i64(&q) : 0;

    return cx_query_end(&q);
}


/* A new row needs an id and a text nobody has, a known one must exist. */
static cx_err
check_row(cx_store *s, cx_sql_name get, cx_sql_name by, int64_t id,
    cx_str text, bool create)
{
    int64_t  other;
    cx_err   err;

    err = cx_ask_1(s, get, id, &other);

    if (err != (create ? CX_NOT_FOUND : CX_OK)) {
        return err == CX_OK ? CX_CONFLICT : err;
    }

    err = id_by(s, by, text, &other);
    if (err != CX_OK) {
        return err;
    }

    return other == 0 || other == id ? CX_OK : CX_CONFLICT;
}


/* What the directory knows of a channel depends on its tenant's state. */
static cx_err
config_changed(cx_store *s)
{
    cx_query  q = cx_query_of(s, CX_SQL_CONFIG_CHANGED);

    return cx_query_run(&q);
}


cx_err
cx_store_tenant_put(cx_store *s, const cx_tenant_row *row, bool create)
{
    const bool  active = cx_str_eq(row->state, CX_STR("active"));
    cx_query    q;
    cx_err      err;

    if (row->id <= 0 || row->name.len == 0
        || (!active && !cx_str_eq(row->state, CX_STR("suspended")))
        || (!active && row->id == CX_TENANT_DEFAULT))
    {
        return CX_INVALID;
    }

    err = check_row(s, CX_SQL_TENANT_GET, CX_SQL_TENANT_BY_NAME, row->id,
                    row->name, create);
    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, create ? CX_SQL_TENANT_ADD : CX_SQL_TENANT_SET);
    cx_bind_i64(&q, row->id);
    cx_bind_str(&q, row->name);
    cx_bind_str(&q, row->title);
    cx_bind_str(&q, row->state);
    cx_bind_i64(&q, row->updated_at);

    if (create) {
        cx_bind_i64(&q, row->created_at);
    }

    err = cx_query_run(&q);

    return err == CX_OK ? config_changed(s) : err;
}


/* --- users --------------------------------------------------------------- */

static cx_err
read_users(cx_query *q, cx_arena *a, cx_user_list *list)
{
    cx_user_row  *r;
    cx_err        err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, list)) != NULL) {
        r->id = cx_get_i64(q);
        r->email = cx_get_str(q, a);
        r->name = cx_get_str(q, a);
        r->role = cx_get_str(q, a);
        r->active = cx_get_i64(q) != 0;
        r->created_at = cx_get_i64(q);
        r->updated_at = cx_get_i64(q);
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


cx_err
cx_store_users(cx_store *s, cx_arena *a, cx_user_list *out)
{
    cx_query      q = cx_query_of(s, CX_SQL_USERS);
    cx_user_list  list = { .n = 0 };
    cx_err        err;

    err = read_users(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_user(cx_store *s, int64_t id, cx_arena *a, cx_user_row *out)
{
    cx_query      q = cx_query_of(s, CX_SQL_USER_GET);
    cx_user_list  list = { .n = 0 };
    cx_err        err;

    cx_bind_i64(&q, id);
    err = read_users(&q, a, &list);

    if (err != CX_OK || list.n == 0) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    *out = list.items[0];
    return CX_OK;
}


cx_err
cx_store_user_put(cx_store *s, const cx_user_row *row, bool create)
{
    cx_query  q;
    cx_err    err;

    if (row->id <= 0 || row->email.len == 0) {
        return CX_INVALID;
    }

    err = check_row(s, CX_SQL_USER_GET, CX_SQL_USER_BY_EMAIL, row->id,
                    row->email, create);
    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, create ? CX_SQL_USER_ADD : CX_SQL_USER_SET);
    cx_bind_i64(&q, row->id);
    cx_bind_str(&q, row->email);
    cx_bind_str(&q, row->name);
    cx_bind_str(&q, row->role);
    cx_bind_i64(&q, row->active);
    cx_bind_i64(&q, row->updated_at);

    if (create) {
        cx_bind_i64(&q, row->created_at);
    }

    return cx_query_run(&q);
}


/* --- keys ---------------------------------------------------------------- */

static cx_err
read_keys(cx_query *q, cx_arena *a, cx_api_key_list *list)
{
    cx_api_key_row  *r;
    cx_err           err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, list)) != NULL) {
        r->id = cx_get_i64(q);
        r->tenant = cx_get_i64(q);
        r->tenant_name = cx_get_str(q, a);
        r->tenant_state = cx_get_str(q, a);
        r->user_id = cx_get_i64(q);
        r->user_active = cx_get_i64(q) != 0;
        r->user_role = cx_get_str(q, a);
        r->name = cx_get_str(q, a);
        r->prefix = cx_get_str(q, a);
        r->digest = cx_get_str(q, a);
        r->role = cx_get_str(q, a);
        r->scopes = cx_get_str(q, a);
        r->expires_at = cx_get_i64(q);
        r->last_used_at = cx_get_i64(q);
        r->revoked_at = cx_get_i64(q);
        r->created_at = cx_get_i64(q);
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


static cx_err
one_key(cx_query *q, cx_arena *a, cx_api_key_row *out)
{
    cx_api_key_list  list = { .n = 0 };
    cx_err           err;

    err = read_keys(q, a, &list);

    if (err != CX_OK || list.n == 0) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    *out = list.items[0];
    return CX_OK;
}


cx_err
cx_store_api_keys(cx_store *s, cx_arena *a, cx_api_key_list *out)
{
    cx_query         q = cx_query_of(s, CX_SQL_API_KEYS);
    cx_api_key_list  list = { .n = 0 };
    cx_err           err;

    err = read_keys(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_api_key(cx_store *s, int64_t id, cx_arena *a, cx_api_key_row *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_API_KEY_GET);

    cx_bind_i64(&q, id);
    return one_key(&q, a, out);
}


cx_err
cx_store_api_key_find(cx_store *s, cx_str prefix, cx_arena *a,
    cx_api_key_row *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_API_KEY_FIND);

    cx_bind_str(&q, prefix);
    return one_key(&q, a, out);
}


static cx_err
check_key(cx_store *s, const cx_api_key_row *row)
{
    int64_t  other;
    cx_err   err;

    if (row->id <= 0 || row->prefix.len == 0 || row->digest.len != 64) {
        return CX_INVALID;
    }

    err = id_by(s, CX_SQL_API_KEY_FIND, row->prefix, &other);

    if (err != CX_OK || other != 0) {
        return err != CX_OK ? err : CX_CONFLICT;
    }

    if (row->user_id == 0) {
        return CX_OK;
    }

    err = cx_ask_1(s, CX_SQL_USER_GET, row->user_id, &other);

    return err == CX_NOT_FOUND ? CX_INVALID : err;
}


cx_err
cx_store_api_key_add(cx_store *s, const cx_api_key_row *row)
{
    cx_query  q;
    cx_err    err;

    err = check_key(s, row);
    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_API_KEY_ADD);
    cx_bind_i64(&q, row->id);
    cx_bind_i64(&q, row->user_id);
    cx_bind_str(&q, row->name);
    cx_bind_str(&q, row->prefix);
    cx_bind_str(&q, row->digest);
    cx_bind_str(&q, row->role);
    cx_bind_str(&q, row->scopes);
    cx_bind_i64(&q, row->expires_at);
    cx_bind_i64(&q, row->created_at);

    return cx_query_run(&q);
}


cx_err
cx_store_api_key_revoke(cx_store *s, int64_t id, int64_t now_ms)
{
    const cx_err  err = cx_run_2(s, CX_SQL_API_KEY_REVOKE, id, now_ms);

    return err == CX_OK && cx_changed(s) == 0 ? CX_NOT_FOUND : err;
}


cx_err
cx_store_api_key_used(cx_store *s, int64_t id, int64_t now_ms)
{
    return cx_run_2(s, CX_SQL_API_KEY_USED, id, now_ms);
}
