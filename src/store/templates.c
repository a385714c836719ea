#include "store/templates.h"

#include "store/sql.h"


static cx_err
read_templates(cx_query *q, cx_arena *a, cx_template_list *list)
{
    cx_template_row  *r;
    cx_err            err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, list)) != NULL) {
        r->id = cx_get_i64(q);
        r->channel_id = cx_get_i64(q);
        r->channel = cx_get_str(q, a);
        r->name = cx_get_str(q, a);
        r->language = cx_get_str(q, a);
        r->category = cx_get_str(q, a);
        r->state = cx_get_str(q, a);
        r->quality = cx_get_str(q, a);
        r->reason = cx_get_str(q, a);
        r->components = cx_get_str(q, a);
        r->provider_id = cx_get_str(q, a);
        r->synced_at = cx_get_i64(q);
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


cx_err
cx_store_templates(cx_store *s, int64_t channel_id, cx_str state,
    cx_arena *a, cx_template_list *out)
{
    cx_query          q = cx_query_of(s, CX_SQL_TEMPLATES);
    cx_template_list  list = { .n = 0 };
    cx_err            err;

    cx_bind_i64(&q, channel_id);
    cx_bind_str(&q, state);
    err = read_templates(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_templates_of(cx_store *s, int64_t channel_id, cx_arena *a,
    cx_template_list *out)
{
    cx_query          q = cx_query_of(s, CX_SQL_TEMPLATES_OF);
    cx_template_list  list = { .n = 0 };
    cx_err            err;

    cx_bind_i64(&q, channel_id);
    err = read_templates(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_mirrors(cx_store *s, cx_arena *a, cx_mirror_list *out)
{
    cx_query        q = cx_query_of(s, CX_SQL_TEMPLATES_AT);
    cx_mirror_list  list = { .n = 0 };
    cx_mirror_row  *r;
    cx_err          err;

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->channel_id = cx_get_i64(&q);
        r->at = cx_get_i64(&q);
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


cx_err
cx_store_template_usable(cx_store *s, int64_t channel_id, cx_str name,
    cx_str language, cx_arena *a, cx_str *state)
{
    cx_query  q;
    bool      found;
    int64_t   since = 0;
    cx_err    err;

    err = cx_ask_1(s, CX_SQL_TEMPLATES_SINCE, channel_id, &since);

    if (err != CX_OK || since == 0) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_TEMPLATE_FIND);
    cx_bind_i64(&q, channel_id);
    cx_bind_str(&q, name);
    cx_bind_str(&q, language);
    found = cx_query_next(&q);

    if (found) {
        *state = cx_get_str(&q, a);
    }

    err = cx_query_end(&q);

    if (err != CX_OK || !found) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    return CX_STR_IS(*state, "APPROVED") ? CX_OK : CX_CONFLICT;
}


/* --- the mirror ---------------------------------------------------------- */

static cx_err
put_one(cx_store *s, int64_t channel_id, const cx_template_row *r,
    int64_t now_ms)
{
    cx_query  q = cx_query_of(s, CX_SQL_TEMPLATE_PUT);

    cx_bind_i64(&q, r->id);
    cx_bind_i64(&q, channel_id);
    cx_bind_str(&q, r->name);
    cx_bind_str(&q, r->language);
    cx_bind_str(&q, r->category);
    cx_bind_str(&q, r->state);
    cx_bind_str(&q, r->quality);
    cx_bind_str(&q, r->reason);
    cx_bind_str(&q, r->components);
    cx_bind_str(&q, r->provider_id);
    cx_bind_i64(&q, now_ms);

    return cx_query_run(&q);
}


/* Whoever keeps them by heart reads them again. */
static cx_err
changed(cx_store *s)
{
    cx_query  q = cx_query_of(s, CX_SQL_CONFIG_CHANGED);

    return cx_query_run(&q);
}


cx_err
cx_store_templates_put(cx_store *s, int64_t channel_id,
    const cx_template_row *rows, size_t n, int64_t now_ms)
{
    cx_err  err;

    err = cx_lock_key(s, channel_id);

    for (size_t i = 0; i < n && err == CX_OK; i++) {
        err = put_one(s, channel_id, &rows[i], now_ms);
    }

    if (err == CX_OK) {
        err = cx_run_2(s, CX_SQL_TEMPLATES_GONE, channel_id, now_ms);
    }

    if (err == CX_OK) {
        err = cx_run_2(s, CX_SQL_TEMPLATES_SYNCED, channel_id, now_ms);
    }

    return err == CX_OK ? changed(s) : err;
}


cx_err
cx_store_template_state(cx_store *s, const cx_template_row *row,
    bool *is_new)
{
    cx_query  q = cx_query_of(s, CX_SQL_TEMPLATE_STATE);
    cx_err    err;

    cx_bind_i64(&q, row->channel_id);
    cx_bind_str(&q, row->name);
    cx_bind_str(&q, row->language);
    cx_bind_str(&q, row->state);
    cx_bind_str(&q, row->reason);
    cx_bind_i64(&q, row->synced_at);
    err = cx_query_run(&q);
    *is_new = err == CX_OK && cx_changed(s) > 0;

    return *is_new ? changed(s) : err;
}
