#include "store/hooks.h"

#include "store/credentials.h"
#include "store/sql.h"

#define KEEP_MS  (30 * INT64_C(86400000))


static const char *const  words[CX_EVENT_COUNT] = {
#define X(name, word)  [CX_EVENT_##name] = word,
    CX_HOOK_EVENTS(X)
#undef X
};


const char *
cx_event_word(cx_event e)
{
    return words[e];
}


bool
cx_event_parse(cx_str word, cx_event *e)
{
    for (cx_event i = 0; i < CX_EVENT_COUNT; i++) {
        if (cx_str_eq(word, cx_strz(words[i]))) {
            *e = i;
            return true;
        }
    }

    return false;
}


/* --- hooks --------------------------------------------------------------- */

static cx_err
read_hooks(cx_query *q, cx_arena *a, cx_hook_list *list)
{
    cx_hook_row  *r;
    cx_err        err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, list)) != NULL) {
        r->id = cx_get_i64(q);
        r->url = cx_get_str(q, a);
        r->secret_file = cx_get_str(q, a);
        r->events = cx_get_str(q, a);
        r->with_text = cx_get_i64(q) != 0;
        r->active = cx_get_i64(q) != 0;
        r->created_at = cx_get_i64(q);
        r->updated_at = cx_get_i64(q);
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


cx_err
cx_store_hooks(cx_store *s, cx_arena *a, cx_hook_list *out)
{
    cx_query      q = cx_query_of(s, CX_SQL_HOOKS);
    cx_hook_list  list = { .n = 0 };
    cx_err        err;

    err = read_hooks(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_hook(cx_store *s, int64_t id, cx_arena *a, cx_hook_row *out)
{
    cx_query      q = cx_query_of(s, CX_SQL_HOOK_GET);
    cx_hook_list  list = { .n = 0 };
    cx_err        err;

    cx_bind_i64(&q, id);
    err = read_hooks(&q, a, &list);

    if (err != CX_OK || list.n == 0) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    *out = list.items[0];
    return CX_OK;
}


cx_err
cx_store_hook_put(cx_store *s, const cx_hook_row *row, bool create)
{
    cx_query  q = cx_query_of(s, create ? CX_SQL_HOOK_ADD : CX_SQL_HOOK_SET);
    cx_err    err;

    cx_bind_i64(&q, row->id);
    cx_bind_str(&q, row->url);
    cx_bind_str(&q, row->secret_file);
    cx_bind_str(&q, row->events);
    cx_bind_i64(&q, row->with_text);
    cx_bind_i64(&q, row->active);
    cx_bind_i64(&q, row->updated_at);

    if (create) {
        cx_bind_i64(&q, row->created_at);
    }

    err = cx_query_run(&q);

    return err == CX_OK && cx_changed(s) == 0 ? CX_NOT_FOUND : err;
}


cx_err
cx_store_hook_delete(cx_store *s, int64_t id)
{
    int64_t  one;
    cx_err   err;

    err = cx_ask_1(s, CX_SQL_HOOK_GET, id, &one);

    if (err == CX_OK) {
        err = cx_run_1(s, CX_SQL_HOOK_DELIVERIES_DELETE, id);
    }

    if (err == CX_OK) {
        err = cx_store_credentials_drop(s, CX_STR("hook"), id);
    }

    return err == CX_OK ? cx_run_1(s, CX_SQL_HOOK_DELETE, id) : err;
}


/* --- deliveries ---------------------------------------------------------- */

static cx_err
read_deliveries(cx_query *q, cx_arena *a, cx_delivery_list *list)
{
    cx_delivery_row  *r;
    cx_err            err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, list)) != NULL) {
        r->id = cx_get_i64(q);
        r->tenant = cx_get_i64(q);
        r->hook_id = cx_get_i64(q);
        r->url = cx_get_str(q, a);
        r->secret_file = cx_get_str(q, a);
        r->event = cx_get_str(q, a);
        r->conversation_id = cx_get_i64(q);
        r->body = cx_get_str(q, a);
        r->state = cx_get_str(q, a);
        r->attempts = cx_get_i64(q);
        r->not_before = cx_get_i64(q);
        r->status = cx_get_i64(q);
        r->error_text = cx_get_str(q, a);
        r->created_at = cx_get_i64(q);
        r->updated_at = cx_get_i64(q);
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


cx_err
cx_store_deliveries(cx_store *s, int64_t hook_id, int64_t before,
    size_t limit, cx_arena *a, cx_delivery_list *out)
{
    cx_query          q = cx_query_of(s, CX_SQL_DELIVERIES);
    cx_delivery_list  list = { .n = 0 };
    cx_err            err;

    cx_bind_i64(&q, hook_id);
    cx_bind_i64(&q, before == 0 ? INT64_MAX : before);
    cx_bind_i64(&q, (int64_t) limit);
    err = read_deliveries(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_delivery(cx_store *s, int64_t id, cx_arena *a, cx_delivery_row *out)
{
    cx_query          q = cx_query_of(s, CX_SQL_DELIVERY_GET);
    cx_delivery_list  list = { .n = 0 };
    cx_err            err;

    cx_bind_i64(&q, id);
    err = read_deliveries(&q, a, &list);

    if (err != CX_OK || list.n == 0) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    *out = list.items[0];
    return CX_OK;
}


cx_err
cx_store_delivery_again(cx_store *s, int64_t id, int64_t now_ms)
{
    int64_t  one;
    cx_err   err;

    err = cx_ask_1(s, CX_SQL_DELIVERY_GET, id, &one);

    if (err == CX_OK) {
        err = cx_run_2(s, CX_SQL_DELIVERY_AGAIN, id, now_ms);
    }

    return err == CX_OK && cx_changed(s) == 0 ? CX_CONFLICT : err;
}


/* --- sending ------------------------------------------------------------- */

/* Another worker may have been faster: then the row is not ours. */
static cx_err
take(cx_store *s, const cx_delivery_row *r, int64_t until, bool *ours)
{
    cx_query  q = cx_query_of(s, CX_SQL_DELIVERY_TAKE);
    cx_err    err;

    cx_bind_i64(&q, r->id);
    cx_bind_i64(&q, r->not_before);
    cx_bind_i64(&q, until);
    err = cx_query_run(&q);
    *ours = err == CX_OK && cx_changed(s) > 0;

    return err;
}


cx_err
cx_store_deliveries_due(cx_store *s, int64_t now_ms, int64_t lease_ms,
    size_t limit, cx_arena *a, cx_delivery_list *out)
{
    cx_query          q = cx_query_of(s, CX_SQL_DELIVERIES_DUE);
    cx_delivery_list  list = { .n = 0 };
    size_t            n = 0;
    bool              ours;
    cx_err            err;

    cx_bind_i64(&q, now_ms);
    cx_bind_i64(&q, (int64_t) limit);
    err = read_deliveries(&q, a, &list);

    for (size_t i = 0; err == CX_OK && i < list.n; i++) {
        err = take(s, &list.items[i], now_ms + lease_ms, &ours);

        if (err == CX_OK && ours) {
            list.items[n++] = list.items[i];
        }
    }

    if (err == CX_OK && list.n > 0) {
        err = cx_run_1(s, CX_SQL_DELIVERIES_FORGET, now_ms - KEEP_MS);
    }

    if (err == CX_OK) {
        list.n = n;
        *out = list;
    }

    return err;
}


cx_err
cx_store_delivery_settle(cx_store *s, const cx_delivery_row *row)
{
    cx_query  q = cx_query_of(s, CX_SQL_DELIVERY_SETTLE);

    cx_bind_i64(&q, row->id);
    cx_bind_str(&q, row->state);
    cx_bind_i64(&q, row->not_before);
    cx_bind_i64(&q, row->status);
    cx_bind_str(&q, row->error_text);
    cx_bind_i64(&q, row->updated_at);

    return cx_query_run(&q);
}
