/*
 * Agents and channels.  Files hold the secrets; here are only their names.
 */

#include "store/credentials.h"
#include "store/hooks.h"
#include "store/sql.h"

#include <string.h>


cx_err
cx_store_config_version(cx_store *s, int64_t *version)
{
    cx_query  q = cx_query_of(s, CX_SQL_CONFIG_VERSION);
    int64_t   v = 0;
    cx_err    err;

    if (cx_query_next(&q)) {
        v = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    if (err == CX_OK) {
        *version = v;
    }

    return err;
}


static cx_err
changed(cx_store *s)
{
    cx_query  q = cx_query_of(s, CX_SQL_CONFIG_CHANGED);

    return cx_query_run(&q);
}


/* Runs a query for the id of a row; 0 when there is none. */
static cx_err
ask_id(cx_query *q, int64_t *id)
{
    *id = cx_query_next(q) ? cx_get_i64(q) : 0;
    return cx_query_end(q);
}


static cx_err
id_by_name(cx_store *s, cx_sql_name sql, cx_str name, int64_t *id)
{
    cx_query  q = cx_query_of(s, sql);

    cx_bind_str(&q, name);
    return ask_id(&q, id);
}


/* A new row needs an id nobody has, a known one must exist. */
static cx_err
check_id(cx_store *s, cx_sql_name sql, int64_t id, bool create)
{
    int64_t  one;
    cx_err   err;

    err = cx_ask_1(s, sql, id, &one);

    if (!create) {
        return err;
    }

    return err == CX_OK ? CX_CONFLICT : err == CX_NOT_FOUND ? CX_OK : err;
}


/* --- agents -------------------------------------------------------------- */

static cx_err
read_agents(cx_store *s, cx_sql_name sql, cx_arena *a, cx_agent_list *out)
{
    cx_query       q = cx_query_of(s, sql);
    cx_agent_list  list = { .n = 0 };
    cx_agent_row  *r;
    cx_err         err;

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->id = cx_get_i64(&q);
        r->tenant = cx_get_i64(&q);
        r->name = cx_get_str(&q, a);
        r->provider = cx_get_str(&q, a);
        r->base_url = cx_get_str(&q, a);
        r->model = cx_get_str(&q, a);
        r->api_key_file = cx_get_str(&q, a);
        r->prompt = cx_get_str(&q, a);
        r->handoff = cx_get_str(&q, a);
        r->threshold = cx_get_f64(&q);
        r->temperature = cx_get_f64(&q);
        r->max_tokens = cx_get_i64(&q);
        r->active = cx_get_i64(&q) != 0;
        r->hours = cx_get_str(&q, a);
        r->zone = cx_get_str(&q, a);
        r->created_at = cx_get_i64(&q);
        r->updated_at = cx_get_i64(&q);
        r->review_timeout_ms = cx_get_i64(&q);
        r->review_on_timeout = cx_get_str(&q, a);
        r->config = cx_get_str(&q, a);
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
cx_store_agents(cx_store *s, cx_arena *a, cx_agent_list *out)
{
    return read_agents(s, CX_SQL_AGENTS, a, out);
}


cx_err
cx_store_agents_all(cx_store *s, cx_arena *a, cx_agent_list *out)
{
    return read_agents(s, CX_SQL_AGENTS_ALL, a, out);
}


static cx_err
check_agent(cx_store *s, const cx_agent_row *row, bool create)
{
    int64_t  id;
    cx_err   err;

    /* Written so that a NaN is refused too. */
    if (row->id <= 0 || row->name.len == 0 || row->provider.len == 0
        || !(row->threshold >= 0 && row->threshold <= 1)
        || row->temperature != row->temperature)
    {
        return CX_INVALID;
    }

    err = check_id(s, CX_SQL_AGENT_KNOWN, row->id, create);
    if (err != CX_OK) {
        return err;
    }

    err = id_by_name(s, CX_SQL_AGENT_BY_NAME, row->name, &id);
    if (err != CX_OK) {
        return err;
    }

    return id == 0 || id == row->id ? CX_OK : CX_CONFLICT;
}


/* Nothing said: it waits. */
static cx_err
put_review_terms(cx_store *s, const cx_agent_row *row)
{
    cx_query  q = cx_query_of(s, CX_SQL_AGENT_REVIEWS);

    cx_bind_i64(&q, row->id);
    cx_bind_i64(&q, row->review_timeout_ms);
    cx_bind_str(&q, row->review_on_timeout);

    return cx_query_run(&q);
}


cx_err
cx_store_agent_put(cx_store *s, const cx_agent_row *row, bool create)
{
    cx_query  q;
    cx_err    err;

    err = check_agent(s, row, create);
    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, create ? CX_SQL_AGENT_ADD : CX_SQL_AGENT_SET);
    cx_bind_i64(&q, row->id);
    cx_bind_str(&q, row->name);
    cx_bind_str(&q, row->provider);
    cx_bind_str(&q, row->base_url);
    cx_bind_str(&q, row->model);
    cx_bind_str(&q, row->api_key_file);
    cx_bind_str(&q, row->prompt);
    cx_bind_str(&q, row->handoff);
    cx_bind_f64(&q, row->threshold);
    cx_bind_f64(&q, row->temperature);
    cx_bind_i64(&q, row->max_tokens);
    cx_bind_i64(&q, row->active);
    cx_bind_str(&q, row->hours);
    cx_bind_str(&q, row->zone);
    cx_bind_str(&q, row->config);
    cx_bind_i64(&q, row->updated_at);

    if (create) {
        cx_bind_i64(&q, row->created_at);
    }

    err = cx_query_run(&q);

    if (err == CX_OK) {
        err = put_review_terms(s, row);
    }

    return err == CX_OK ? changed(s) : err;
}


cx_err
cx_store_agent_delete(cx_store *s, int64_t id)
{
    static const cx_sql_name steps[] = {
        CX_SQL_AGENT_VECTORS_DELETE, CX_SQL_AGENT_TERMS_DELETE,
        CX_SQL_AGENT_CHUNKS_DELETE, CX_SQL_AGENT_FILES_DELETE,
        CX_SQL_AGENT_LEAVES, CX_SQL_VERSIONS_DELETE,
        CX_SQL_AGENT_LABELS_DELETE, CX_SQL_AGENT_DELETE,
    };
    int64_t  used;
    cx_err   err;

    err = check_id(s, CX_SQL_AGENT_KNOWN, id, false);
    if (err != CX_OK) {
        return err;
    }

    err = cx_ask_1(s, CX_SQL_AGENT_USED, id, &used);

    if (err == CX_OK && used) {
        return CX_CONFLICT;
    }

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && err == CX_OK;
         i++)
    {
        err = cx_run_1(s, steps[i], id);
    }

    if (err == CX_OK) {
        err = cx_store_credentials_drop(s, CX_STR("agent"), id);
    }

    return err == CX_OK ? changed(s) : err;
}


/* --- channels ------------------------------------------------------------ */

static cx_err
read_channels(cx_store *s, cx_sql_name sql, cx_arena *a,
    cx_channel_list *out)
{
    cx_query         q = cx_query_of(s, sql);
    cx_channel_list  list = { .n = 0 };
    cx_channel_row  *r;
    cx_err           err;

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->id = cx_get_i64(&q);
        r->tenant = cx_get_i64(&q);
        r->name = cx_get_str(&q, a);
        r->type = cx_get_str(&q, a);
        r->account = cx_get_str(&q, a);
        r->agent_id = cx_get_i64(&q);
        r->token_file = cx_get_str(&q, a);
        r->base_url = cx_get_str(&q, a);
        r->active = cx_get_i64(&q) != 0;
        r->health = cx_get_str(&q, a);
        r->health_text = cx_get_str(&q, a);
        r->settings = cx_get_str(&q, a);
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


cx_err
cx_store_channels(cx_store *s, cx_arena *a, cx_channel_list *out)
{
    return read_channels(s, CX_SQL_CHANNELS, a, out);
}


cx_err
cx_store_channels_all(cx_store *s, cx_arena *a, cx_channel_list *out)
{
    return read_channels(s, CX_SQL_CHANNELS_ALL, a, out);
}


static bool
is_health(cx_str word)
{
    return cx_str_eq(word, CX_STR("ok"))
           || cx_str_eq(word, CX_STR("action_required"));
}


static cx_err
check_unique(cx_store *s, const cx_channel_row *row)
{
    cx_query  q;
    int64_t   id;
    cx_err    err;

    err = id_by_name(s, CX_SQL_CHANNEL_BY_NAME, row->name, &id);
    if (err != CX_OK) {
        return err;
    }

    if (id != 0 && id != row->id) {
        return CX_CONFLICT;
    }

    q = cx_query_of(s, CX_SQL_CHANNEL_BY_ACCOUNT);
    cx_bind_str(&q, row->type);
    cx_bind_str(&q, row->account);
    err = ask_id(&q, &id);

    return err != CX_OK ? err
           : id == 0 || id == row->id ? CX_OK : CX_CONFLICT;
}


static cx_err
check_channel(cx_store *s, const cx_channel_row *row, bool create)
{
    int64_t  one;
    cx_err   err;

    if (row->id <= 0 || row->name.len == 0 || row->type.len == 0
        || (row->health.len > 0 && !is_health(row->health)))
    {
        return CX_INVALID;
    }

    err = check_id(s, CX_SQL_CHANNEL_MINE, row->id, create);
    if (err != CX_OK) {
        return err;
    }

    if (row->agent_id != 0) {
        err = cx_ask_1(s, CX_SQL_AGENT_KNOWN, row->agent_id, &one);

        if (err != CX_OK) {
            return err == CX_NOT_FOUND ? CX_INVALID : err;
        }
    }

    return check_unique(s, row);
}


cx_err
cx_store_channel_put(cx_store *s, const cx_channel_row *row, bool create)
{
    cx_query  q;
    cx_err    err;

    err = check_channel(s, row, create);
    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, create ? CX_SQL_CHANNEL_ADD : CX_SQL_CHANNEL_SET);
    cx_bind_i64(&q, row->id);
    cx_bind_str(&q, row->name);
    cx_bind_str(&q, row->type);
    cx_bind_str(&q, row->account);
    cx_bind_i64(&q, row->agent_id);
    cx_bind_str(&q, row->token_file);
    cx_bind_str(&q, row->base_url);
    cx_bind_i64(&q, row->active);
    cx_bind_str(&q, row->health);
    cx_bind_str(&q, row->health_text);
    cx_bind_str(&q, row->settings);
    cx_bind_i64(&q, row->updated_at);

    if (create) {
        cx_bind_i64(&q, row->created_at);
    }

    err = cx_query_run(&q);

    return err == CX_OK ? changed(s) : err;
}


/* A channel that has been talked on is part of the record: it can be made
 * inactive, not deleted.  One that a rule names keeps its rule. */
cx_err
cx_store_channel_delete(cx_store *s, int64_t id)
{
    int64_t  used;
    cx_err   err;

    err = check_id(s, CX_SQL_CHANNEL_MINE, id, false);
    if (err != CX_OK) {
        return err;
    }

    err = cx_ask_1(s, CX_SQL_CHANNEL_USED, id, &used);

    if (err == CX_OK && used) {
        return CX_CONFLICT;
    }

    if (err == CX_OK) {
        err = cx_run_1(s, CX_SQL_CHANNEL_DELETE, id);
    }

    if (err == CX_OK) {
        err = cx_store_credentials_drop(s, CX_STR("channel"), id);
    }

    return err == CX_OK ? changed(s) : err;
}


/* CX_NOT_FOUND; whether all was well until now. */
static cx_err
health_of(cx_store *s, int64_t channel_id, bool *healthy)
{
    cx_query  q = cx_query_of(s, CX_SQL_HEALTH_OF);
    cx_str    health;
    bool      found;
    cx_err    err;

    cx_bind_i64(&q, channel_id);
    found = cx_query_next(&q);

    if (found) {
        health = cx_view_str(&q);
        *healthy = !CX_STR_IS(health, "action_required");
    }

    err = cx_query_end(&q);

    return err != CX_OK ? err : found ? CX_OK : CX_NOT_FOUND;
}


cx_err
cx_store_channel_health(cx_store *s, int64_t channel_id, cx_str health,
    cx_str text, int64_t now_ms)
{
    cx_query  q;
    bool      healthy = true;
    cx_err    err;

    if (!is_health(health)) {
        return CX_INVALID;
    }

    err = health_of(s, channel_id, &healthy);
    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_CHANNEL_HEALTH);
    cx_bind_i64(&q, channel_id);
    cx_bind_str(&q, health);
    cx_bind_str(&q, text);
    cx_bind_i64(&q, now_ms);
    err = cx_query_run(&q);

    if (err != CX_OK || !healthy || !CX_STR_IS(health, "action_required")) {
        return err;
    }

    return cx_store_tell(s, &(cx_telling) {
        .event = CX_EVENT_ACTION_REQUIRED,
        .channel_id = channel_id,
        .reason = text,
        .now_ms = now_ms,
    });
}
