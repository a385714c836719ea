#include "store/customers.h"

#include "store/sql.h"


static cx_err
read_customers(cx_query *q, cx_arena *a, cx_customer_list *list)
{
    cx_customer_row  *r;
    cx_err            err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, list)) != NULL) {
        r->id = cx_get_i64(q);
        r->root_id = cx_get_i64(q);
        r->name = cx_get_str(q, a);
        r->username = cx_get_str(q, a);
        r->phone = cx_get_str(q, a);
        r->email = cx_get_str(q, a);
        r->locale = cx_get_str(q, a);
        r->note = cx_get_str(q, a);
        r->created_at = cx_get_i64(q);
        r->updated_at = cx_get_i64(q);
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


/* '%' and '_' stand for themselves. */
static cx_str
pattern_of(cx_arena *a, cx_str part)
{
    const size_t  max = 2 * part.len + 2;
    cx_buf        b;

    cx_buf_init(&b, a, max, max);
    cx_buf_byte(&b, '%');

    for (size_t i = 0; i < part.len; i++) {
        const char c = part.p[i];

        if (c == '%' || c == '_' || c == '\\') {
            cx_buf_byte(&b, '\\');
        }

        cx_buf_byte(&b, c);
    }

    cx_buf_byte(&b, '%');

    return cx_buf_str(&b);
}


cx_err
cx_store_customers(cx_store *s, cx_str like, int64_t before, size_t limit,
    cx_arena *a, cx_customer_list *out)
{
    const cx_str      pattern = pattern_of(a, like);
    cx_query          q = cx_query_of(s, like.len > 0 ? CX_SQL_PERSONS_LIKE
                                                      : CX_SQL_PERSONS);
    cx_customer_list  list = { .n = 0 };
    cx_err            err;

    cx_bind_i64(&q, before == 0 ? INT64_MAX : before);
    cx_bind_i64(&q, (int64_t) limit);

    if (like.len > 0) {
        cx_bind_str(&q, pattern);
    }

    err = read_customers(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


static cx_err
get_one(cx_store *s, cx_sql_name how, int64_t id, cx_arena *a,
    cx_customer_row *out)
{
    cx_query          q = cx_query_of(s, how);
    cx_customer_list  list = { .n = 0 };
    cx_err            err;

    cx_bind_i64(&q, id);
    err = read_customers(&q, a, &list);

    if (err != CX_OK || list.n == 0) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    *out = list.items[0];
    return CX_OK;
}


cx_err
cx_store_customer(cx_store *s, int64_t id, bool hold, cx_arena *a,
    cx_customer_row *out)
{
    return get_one(s, hold ? CX_SQL_CUSTOMER_HOLD : CX_SQL_CUSTOMER_GET, id,
                   a, out);
}


cx_err
cx_store_person(cx_store *s, int64_t root, cx_arena *a, cx_customer_row *out)
{
    return get_one(s, CX_SQL_PERSON_GET, root, a, out);
}


cx_err
cx_store_customer_members(cx_store *s, int64_t root, cx_arena *a,
    cx_customer_list *out)
{
    cx_query          q = cx_query_of(s, CX_SQL_CUSTOMER_MEMBERS);
    cx_customer_list  list = { .n = 0 };
    cx_err            err;

    cx_bind_i64(&q, root);
    err = read_customers(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_customer_links(cx_store *s, int64_t root, cx_arena *a,
    cx_link_list *out)
{
    cx_query      q = cx_query_of(s, CX_SQL_CUSTOMER_LINKS);
    cx_link_list  list = { .n = 0 };
    cx_link_row  *r;
    cx_err        err;

    cx_bind_i64(&q, root);

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->id = cx_get_i64(&q);
        r->a = cx_get_i64(&q);
        r->b = cx_get_i64(&q);
        r->kind = cx_get_str(&q, a);
        r->at = cx_get_i64(&q);
        r->who = cx_get_str(&q, a);
        r->undone_at = cx_get_i64(&q);
        r->undone_by = cx_get_str(&q, a);
    }

    err = cx_query_end(&q);

    if (err != CX_OK || cx_arena_failed(a)) {
        return err != CX_OK ? err : CX_NOMEM;
    }

    *out = list;
    return CX_OK;
}


cx_err
cx_store_customer_peers(cx_store *s, int64_t root, cx_arena *a,
    cx_peer_list *out)
{
    cx_query      q = cx_query_of(s, CX_SQL_CUSTOMER_PEERS);
    cx_peer_list  list = { .n = 0 };
    cx_peer_row  *r;
    cx_err        err;

    cx_bind_i64(&q, root);

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->customer_id = cx_get_i64(&q);
        r->conversation_id = cx_get_i64(&q);
        r->channel = cx_get_str(&q, a);
        r->type = cx_get_str(&q, a);
        r->peer = cx_get_str(&q, a);
        r->created_at = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    if (err != CX_OK || cx_arena_failed(a)) {
        return err != CX_OK ? err : CX_NOMEM;
    }

    *out = list;
    return CX_OK;
}


cx_err
cx_store_customer_talks(cx_store *s, int64_t root, cx_arena *a,
    cx_conversation_list *out)
{
    cx_query              q = cx_query_of(s, CX_SQL_CUSTOMER_TALKS);
    cx_conversation_list  list = { .n = 0 };
    cx_err                err;

    cx_bind_i64(&q, root);
    err = cx_store_read_conversations(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_customer_messages(cx_store *s, int64_t root, int64_t after,
    size_t limit, cx_arena *a, cx_message_list *out)
{
    cx_query         q = cx_query_of(s, CX_SQL_CUSTOMER_MESSAGES);
    cx_message_list  list = { .n = 0 };
    cx_err           err;

    cx_bind_i64(&q, root);
    cx_bind_i64(&q, after);
    cx_bind_i64(&q, (int64_t) limit);
    err = cx_store_read_messages(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_customer_put(cx_store *s, const cx_customer_row *row)
{
    cx_query  q = cx_query_of(s, CX_SQL_CUSTOMER_SET);
    cx_err    err;

    cx_bind_i64(&q, row->id);
    cx_bind_str(&q, row->name);
    cx_bind_str(&q, row->email);
    cx_bind_str(&q, row->locale);
    cx_bind_str(&q, row->note);
    cx_bind_i64(&q, row->updated_at);
    err = cx_query_run(&q);

    return err == CX_OK && cx_changed(s) == 0 ? CX_NOT_FOUND : err;
}
