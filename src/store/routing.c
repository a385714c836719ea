/*
 * Rules and groups: what the engine's directory is read from.
 */

#include "store/routing.h"

#include "store/sql.h"


static cx_err
changed(cx_store *s)
{
    cx_query  q = cx_query_of(s, CX_SQL_CONFIG_CHANGED);

    return cx_query_run(&q);
}


/* CX_INVALID unless there is one of that id; 0 is none, which is right. */
static cx_err
must_know(cx_store *s, cx_sql_name sql, int64_t id)
{
    int64_t  one;
    cx_err   err;

    if (id == 0) {
        return CX_OK;
    }

    err = cx_ask_1(s, sql, id, &one);

    return err == CX_NOT_FOUND ? CX_INVALID : err;
}


/* A new row needs an id nobody has, a known one must exist; its name must be
 * nobody else's. */
static cx_err
check_row(cx_store *s, cx_sql_name known, cx_sql_name by_name, int64_t id,
    cx_str name, bool create)
{
    cx_query  q;
    int64_t   one, other;
    cx_err    err;

    if (id <= 0 || name.len == 0) {
        return CX_INVALID;
    }

    err = cx_ask_1(s, known, id, &one);

    if (err != (create ? CX_NOT_FOUND : CX_OK)) {
        return err == CX_OK ? CX_CONFLICT : err;
    }

    q = cx_query_of(s, by_name);
    cx_bind_str(&q, name);
    other = cx_query_next(&q) ? cx_get_i64(&q) : id;
    err = cx_query_end(&q);

    return err == CX_OK && other != id ? CX_CONFLICT : err;
}


/* --- rules --------------------------------------------------------------- */

cx_err
cx_store_routes(cx_store *s, bool all, cx_arena *a, cx_route_list *out)
{
    cx_query       q = cx_query_of(s, all ? CX_SQL_ROUTES_ALL
                                          : CX_SQL_ROUTES);
    cx_route_list  list = { .n = 0 };
    cx_route_row  *r;
    cx_err         err;

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->id = cx_get_i64(&q);
        r->tenant = cx_get_i64(&q);
        r->position = cx_get_i64(&q);
        r->name = cx_get_str(&q, a);
        r->active = cx_get_i64(&q) != 0;
        r->channel_id = cx_get_i64(&q);
        r->channel = cx_get_str(&q, a);
        r->words = cx_get_str(&q, a);
        r->language = cx_get_str(&q, a);
        r->hours = cx_get_str(&q, a);
        r->zone = cx_get_str(&q, a);
        r->agent_id = cx_get_i64(&q);
        r->agent = cx_get_str(&q, a);
        r->group_id = cx_get_i64(&q);
        r->group = cx_get_str(&q, a);
        r->created_at = cx_get_i64(&q);
        r->updated_at = cx_get_i64(&q);
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


typedef struct {
    int64_t  id;
    int64_t  position;
} seat;

typedef CX_LIST(seat)  seats;


static cx_err
read_seats(cx_store *s, cx_arena *a, seats *list)
{
    cx_query   q = cx_query_of(s, CX_SQL_ROUTE_PLACES);
    seat      *one;
    cx_err     err;

    while (cx_query_next(&q) && (one = CX_LIST_ADD(a, list)) != NULL) {
        one->id = cx_get_i64(&q);
        one->position = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


/* Positions are 1, 2, 3 ... again, with that one at its own; id 0: one is
 * gone. */
static cx_err
renumber(cx_store *s, int64_t id, int64_t position, cx_arena *a)
{
    seats    list = { .n = 0 };
    int64_t  at = 0, others;
    cx_err   err;

    err = read_seats(s, a, &list);
    others = (int64_t) list.n - (id != 0);

    if (position < 1 || position > others + 1) {
        position = others + 1;
    }

    for (size_t i = 0; i < list.n && err == CX_OK; i++) {
        const bool  self = list.items[i].id == id;
        int64_t     want = position;

        if (!self) {
            at++;
            want = id != 0 && at >= position ? at + 1 : at;
        }

        if (want != list.items[i].position) {
            err = cx_run_2(s, CX_SQL_ROUTE_PLACE, list.items[i].id, want);
        }
    }

    return err;
}


static cx_err
check_route(cx_store *s, const cx_route_row *row, bool create)
{
    cx_err  err;

    if (row->agent_id != 0 && row->group_id != 0) {
        return CX_INVALID;
    }

    err = check_row(s, CX_SQL_ROUTE_KNOWN, CX_SQL_ROUTE_BY_NAME, row->id,
                    row->name, create);

    if (err == CX_OK) {
        err = must_know(s, CX_SQL_ROUTE_CHANNEL, row->channel_id);
    }

    if (err == CX_OK) {
        err = must_know(s, CX_SQL_ROUTE_AGENT, row->agent_id);
    }

    return err == CX_OK ? must_know(s, CX_SQL_GROUP_KNOWN, row->group_id)
                        : err;
}


cx_err
cx_store_route_put(cx_store *s, const cx_route_row *row, bool create,
    cx_arena *a)
{
    cx_query  q;
    cx_err    err;

    err = check_route(s, row, create);
    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, create ? CX_SQL_ROUTE_ADD : CX_SQL_ROUTE_SET);
    cx_bind_i64(&q, row->id);
    cx_bind_str(&q, row->name);
    cx_bind_i64(&q, row->active);
    cx_bind_i64(&q, row->channel_id);
    cx_bind_str(&q, row->words);
    cx_bind_str(&q, row->language);
    cx_bind_str(&q, row->hours);
    cx_bind_str(&q, row->zone);
    cx_bind_i64(&q, row->agent_id);
    cx_bind_i64(&q, row->group_id);
    cx_bind_i64(&q, row->updated_at);

    if (create) {
        cx_bind_i64(&q, row->created_at);
    }

    err = cx_query_run(&q);

    if (err == CX_OK) {
        err = renumber(s, row->id, row->position, a);
    }

    return err == CX_OK ? changed(s) : err;
}


cx_err
cx_store_route_delete(cx_store *s, int64_t id, cx_arena *a)
{
    int64_t  one;
    cx_err   err;

    err = cx_ask_1(s, CX_SQL_ROUTE_KNOWN, id, &one);

    if (err == CX_OK) {
        err = cx_run_1(s, CX_SQL_ROUTE_DELETE, id);
    }

    if (err == CX_OK) {
        err = renumber(s, 0, 0, a);
    }

    return err == CX_OK ? changed(s) : err;
}


/* --- groups -------------------------------------------------------------- */

static cx_err
read_members(cx_store *s, cx_group_row *g, cx_arena *a)
{
    cx_query        q = cx_query_of(s, CX_SQL_GROUP_MEMBERS);
    cx_member_row  *m;

    cx_bind_i64(&q, g->id);

    while (cx_query_next(&q)
           && (m = CX_LIST_ADD(a, &g->members)) != NULL)
    {
        m->agent_id = cx_get_i64(&q);
        m->agent = cx_get_str(&q, a);
        m->weight = cx_get_i64(&q);
        m->max_open = cx_get_i64(&q);
    }

    return cx_query_end(&q);
}


cx_err
cx_store_groups(cx_store *s, bool all, cx_arena *a, cx_group_list *out)
{
    cx_query       q = cx_query_of(s, all ? CX_SQL_GROUPS_ALL
                                          : CX_SQL_GROUPS);
    cx_group_list  list = { .n = 0 };
    cx_group_row  *g;
    cx_err         err;

    while (cx_query_next(&q) && (g = CX_LIST_ADD(a, &list)) != NULL) {
        g->id = cx_get_i64(&q);
        g->tenant = cx_get_i64(&q);
        g->name = cx_get_str(&q, a);
        g->created_at = cx_get_i64(&q);
        g->updated_at = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    for (size_t i = 0; i < list.n && err == CX_OK; i++) {
        err = read_members(s, &list.items[i], a);
    }

    if (err == CX_OK && cx_arena_failed(a)) {
        err = CX_NOMEM;
    }

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


static cx_err
check_group(cx_store *s, const cx_group_row *row, bool create)
{
    cx_err  err;

    err = check_row(s, CX_SQL_GROUP_KNOWN, CX_SQL_GROUP_BY_NAME, row->id,
                    row->name, create);

    for (size_t i = 0; i < row->members.n && err == CX_OK; i++) {
        const cx_member_row  *m = &row->members.items[i];

        if (m->agent_id <= 0 || m->weight < 1 || m->max_open < 0) {
            return CX_INVALID;
        }

        for (size_t k = 0; k < i; k++) {
            if (row->members.items[k].agent_id == m->agent_id) {
                return CX_INVALID;
            }
        }

        err = must_know(s, CX_SQL_ROUTE_AGENT, m->agent_id);
    }

    return err;
}


static cx_err
join(cx_store *s, int64_t group_id, const cx_member_row *m)
{
    cx_query  q = cx_query_of(s, CX_SQL_GROUP_JOIN);

    cx_bind_i64(&q, group_id);
    cx_bind_i64(&q, m->agent_id);
    cx_bind_i64(&q, m->weight);
    cx_bind_i64(&q, m->max_open);

    return cx_query_run(&q);
}


cx_err
cx_store_group_put(cx_store *s, const cx_group_row *row, bool create)
{
    cx_query  q;
    cx_err    err;

    err = check_group(s, row, create);
    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, create ? CX_SQL_GROUP_ADD : CX_SQL_GROUP_SET);
    cx_bind_i64(&q, row->id);
    cx_bind_str(&q, row->name);
    cx_bind_i64(&q, row->updated_at);

    if (create) {
        cx_bind_i64(&q, row->created_at);
    }

    err = cx_query_run(&q);

    if (err == CX_OK) {
        err = cx_run_1(s, CX_SQL_GROUP_CLEAR, row->id);
    }

    for (size_t i = 0; i < row->members.n && err == CX_OK; i++) {
        err = join(s, row->id, &row->members.items[i]);
    }

    return err == CX_OK ? changed(s) : err;
}


cx_err
cx_store_group_delete(cx_store *s, int64_t id)
{
    int64_t  one, used = 0;
    cx_err   err;

    err = cx_ask_1(s, CX_SQL_GROUP_KNOWN, id, &one);

    if (err == CX_OK) {
        err = cx_ask_1(s, CX_SQL_GROUP_USED, id, &used);
    }

    if (err == CX_OK && used) {
        return CX_CONFLICT;
    }

    if (err == CX_OK) {
        err = cx_run_1(s, CX_SQL_GROUP_CLEAR, id);
    }

    if (err == CX_OK) {
        err = cx_run_1(s, CX_SQL_GROUP_DELETE, id);
    }

    return err == CX_OK ? changed(s) : err;
}
