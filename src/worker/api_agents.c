#include "worker/api_agents.h"

#include "ai/ai.h"
#include "worker/api_credentials.h"

#include <stddef.h>
#include <stdio.h>

#define PROMPT_MAX   65536
#define HANDOFF_MAX  4096
#define URL_MAX      2048
#define THRESHOLD    0.95

typedef struct {
    cx_agent_row   row;
    json_t        *credentials;         /* to be sealed; or NULL */
    json_t        *config;              /* what of it is given */
    uint32_t       given;
} agent_change;


/* --- field checks that channels share ------------------------------------ */

const char *
cx_api_slug(cx_api_request *req, cx_str value)
{
    (void) req;

    return cx_api_is_slug(value)
               ? NULL : "must be 1 to 63 of a-z, 0-9 and -, not - first";
}


/* The file is read, so that a wrong one is known now and not at the first
 * message; its content goes nowhere. */
const char *
cx_api_secret_file(cx_api_request *req, cx_str value)
{
    char       why[256];
    cx_arena  *scratch;
    cx_err     err;
    cx_str     secret, text;

    if (value.p[0] != '/') {
        return "must be an absolute path";
    }

    scratch = cx_arena_new(2 * CX_API_BODY_MAX);
    if (scratch == NULL) {
        return "cannot be read: out of memory";
    }

    err = cx_secret_load(value, scratch, &secret, why, sizeof(why));
    cx_arena_free(scratch);

    if (err == CX_OK) {
        return NULL;
    }

    text = cx_str_sub(cx_strz(why), value.len + 2, sizeof(why));
    return cx_dupz(req->arena,
                   cx_printf(req->arena, "cannot be used: %.*s",
                             CX_ARG(text)));
}


const char *
cx_api_base_url(cx_api_request *req, cx_str value)
{
    cx_str  rest = value;
    cx_str  host;

    (void) req;

    if (cx_str_starts(value, CX_STR("https://"))) {
        rest = cx_str_sub(value, 8, value.len);

    } else if (cx_str_starts(value, CX_STR("http://"))) {
        rest = cx_str_sub(value, 7, value.len);

    } else {
        return "must begin with https:// or http://";
    }

    for (size_t i = 0; i < value.len; i++) {
        if (value.p[i] <= ' ' || value.p[i] == 0x7f || value.p[i] == '?'
            || value.p[i] == '#' || value.p[i] == '@'
            || value.p[i] == '\\')
        {
            return "must be scheme, host and path only";
        }
    }

    if (!cx_str_split(&rest, '/', &host) || host.len == 0) {
        return "needs a host";
    }

    return cx_str_ends(value, CX_STR("/")) ? "must not end with /" : NULL;
}


static const char *
provider(cx_api_request *req, cx_str value)
{
    if (cx_ai_find(value) != NULL) {
        return NULL;
    }

    return cx_dupz(req->arena, cx_printf(req->arena, "must be one of: %s",
                                         cx_ai_names()));
}


static const char *
on_timeout(cx_api_request *req, cx_str value)
{
    (void) req;

    return CX_STR_IS(value, "wait") || CX_STR_IS(value, "handoff")
           || CX_STR_IS(value, "drop") ? NULL
           : "must be wait, handoff or drop";
}


#define AT(field)  offsetof(agent_change, row.field)

static const cx_api_field  fields[] = {
/*    name            kind          offset            min max          must
 *    null   check */
    { "name",         CX_API_STR,   AT(name),         1,  63,          true,
      NULL,  cx_api_slug },
    { "provider",     CX_API_STR,   AT(provider),     1,  64,          false,
      NULL,  provider },
    { "base_url",     CX_API_STR,   AT(base_url),     0,  URL_MAX,     false,
      "",    cx_api_base_url },
    { "model",        CX_API_STR,   AT(model),        0,  256,         false,
      "",    NULL },
    { "api_key_file", CX_API_STR,   AT(api_key_file), 0,  4095,        false,
      "",    cx_api_secret_file },
    { "prompt",       CX_API_STR,   AT(prompt),       0,  PROMPT_MAX,  false,
      "",    NULL },
    { "handoff",      CX_API_STR,   AT(handoff),      0,  HANDOFF_MAX, false,
      "",    NULL },
    { "threshold",    CX_API_REAL,  AT(threshold),    0,  1,           false,
      NULL,  NULL },
    { "temperature",  CX_API_REAL,  AT(temperature),  0,  2,           false,
      "-1",  NULL },
    { "max_tokens",   CX_API_INT,   AT(max_tokens),   1,  1000000,     false,
      "0",   NULL },
    { "review_timeout_ms", CX_API_INT, AT(review_timeout_ms), 1000,
      30.0 * 86400000, false, "0", NULL },
    { "review_on_timeout", CX_API_STR, AT(review_on_timeout), 4, 7, false,
      "wait", on_timeout },
    { "credentials",  CX_API_OBJECT, offsetof(agent_change, credentials),
      0,  0,  false, "", NULL },
    { "active",       CX_API_BOOL,  AT(active),       0,  0,           false,
      NULL,  NULL },
    { "hours",        CX_API_STR,   AT(hours),        0,  512,         false,
      "",    cx_api_hours },
    { "zone",         CX_API_STR,   AT(zone),         0,  64,          false,
      "",    cx_api_zone },
};

#define NFIELDS  (sizeof(fields) / sizeof(fields[0]))


/* --- finding ------------------------------------------------------------- */

cx_err
cx_api_agent(cx_api_request *req, cx_store *s,
    cx_str key, cx_agent_row *row)
{
    int64_t        id = 0;
    cx_err         err;
    cx_agent_list  list = { 0 };

    (void) cx_id_parse(key, "ag", &id);

    err = cx_store_agents(s, req->arena, &list);
    if (err != CX_OK) {
        return err;
    }

    for (size_t i = 0; i < list.n; i++) {
        if (list.items[i].id == id || cx_str_eq(list.items[i].name, key)) {
            *row = list.items[i];
            return CX_OK;
        }
    }

    return CX_NOT_FOUND;
}


cx_err
cx_api_audit(cx_api_request *req, cx_store *s,
    const char *what, const char *prefix, int64_t id)
{
    return cx_store_audit(s, req->audit_id, req->as.who, cx_strz(what),
                          cx_id_text(req->arena, prefix, id), req->now_ms);
}


static cx_err
fill_credentials(cx_api_request *req, cx_store *s, cx_agent_row *row)
{
    return cx_api_credentials_show(req, s, CX_STR("agent"), row->id,
                                   &row->credentials);
}


/* --- routes -------------------------------------------------------------- */

static cx_err
check_page(cx_api_request *req)
{
    return cx_api_page(req, "ag");
}


static cx_err
list_agents(cx_api_request *req, cx_store *s)
{
    size_t         i, shown = 0;
    int64_t        next = 0;
    cx_err         err;
    cx_agent_list  list = { 0 };

    err = cx_store_agents(s, req->arena, &list);
    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (i = 0; i < list.n; i++) {
        if (list.items[i].id <= req->cursor) {
            continue;
        }

        if (shown == req->limit) {
            next = list.items[i - 1].id;
            break;
        }

        err = fill_credentials(req, s, &list.items[i]);
        if (err != CX_OK) {
            return err;
        }

        cx_out_agent(req, &list.items[i]);
        shown++;
    }

    cx_out_list_end(req, "ag", next);
    return CX_OK;
}


static cx_err
get_agent(cx_api_request *req, cx_store *s)
{
    cx_err        err;
    cx_agent_row  row;

    err = cx_api_agent(req, s, req->arg, &row);

    if (err == CX_OK) {
        err = fill_credentials(req, s, &row);
    }

    if (err != CX_OK) {
        return err;
    }

    cx_out_begin(req, 200);
    cx_out_agent(req, &row);
    return CX_OK;
}


/* The members of the body, all of them when it is to be the whole. */
static cx_err
read_change(cx_api_request *req, bool whole, agent_change *c)
{
    cx_err  err;

    c->row.provider = CX_STR("knowledge");
    c->row.threshold = THRESHOLD;
    c->row.temperature = -1;
    c->row.active = true;
    err = cx_api_config_take(req, &c->config);

    if (err != CX_OK) {
        return err;
    }

    err = cx_api_fields(req, fields, NFIELDS, whole, c, &c->given);

    return json_object_set_new(req->json, "config", c->config) != 0
           ? CX_NOMEM : err;
}


static cx_err
check_change(cx_api_request *req, bool whole)
{
    agent_change  *c = CX_NEW(req->arena, agent_change);
    cx_err         err;

    if (c == NULL) {
        return CX_NOMEM;
    }

    req->state = c;
    err = read_change(req, whole, c);

    return err != CX_OK ? err : cx_api_credentials_check(req, c->credentials,
                                                         NULL);
}


cx_err
cx_api_agent_read(cx_api_request *req, json_t *body, cx_agent_row *row,
    json_t **given)
{
    agent_change  c = { .given = 0 };
    cx_err        err;

    if (!json_is_object(body)) {
        json_decref(body);
        return CX_INTERNAL;
    }

    json_decref(req->json);
    req->json = body;
    err = read_change(req, true, &c);

    if (err == CX_OK) {
        c.row.id = row->id;
        c.row.tenant = row->tenant;
        c.row.created_at = row->created_at;
        c.row.updated_at = row->updated_at;
        *row = c.row;
        *given = c.config;
    }

    return err;
}


static cx_err
check_create(cx_api_request *req)
{
    return check_change(req, true);
}


static cx_err
check_patch(cx_api_request *req)
{
    return check_change(req, false);
}


/* What depends on several fields. */
static cx_err
check_whole(cx_api_request *req, const cx_agent_row *row)
{
    const cx_ai  *ai = cx_ai_find(row->provider);

    if (ai != NULL && ai->build != NULL && row->model.len == 0) {
        return cx_api_refuse(req, CX_INVALID, "/model",
                             "model is needed by this provider");
    }

    return CX_OK;
}


static cx_err
check_put(cx_api_request *req, cx_store *s, cx_agent_row *row, json_t *given,
    const json_t *credentials)
{
    cx_err  err;

    err = cx_api_config_merge(req, row->config, given, &row->config);

    if (err == CX_OK) {
        err = check_whole(req, row);
    }

    return err == CX_OK ? cx_api_config_check(req, s, row, given,
                                              credentials) : err;
}


/* Beside the row: secrets, the version, the line of the audit. */
static cx_err
put_rest(cx_api_request *req, cx_store *s, cx_agent_row *row,
    const cx_agent_row *before, json_t *credentials)
{
    cx_err  err;

    err = cx_api_credentials_put(req, s, CX_STR("agent"), row->id,
                                 credentials);

    if (err == CX_OK) {
        err = cx_api_version_leave(req, s, before, row);
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, before == NULL ? "agent.create"
                                                  : "agent.change",
                           "ag", row->id);
    }

    return err == CX_OK ? fill_credentials(req, s, row) : err;
}


static cx_err
put(cx_api_request *req, cx_store *s, cx_agent_row *row,
    const cx_agent_row *before, json_t *given, json_t *credentials)
{
    cx_err  err;

    err = check_put(req, s, row, given, credentials);
    if (err != CX_OK) {
        return err;
    }

    err = cx_store_agent_put(s, row, before == NULL);

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "/name",
                             "an agent of this name exists");
    }

    return err == CX_OK ? put_rest(req, s, row, before, credentials) : err;
}


cx_err
cx_api_agent_change(cx_api_request *req, cx_store *s, cx_agent_row *row,
    const cx_agent_row *before, json_t *given)
{
    return put(req, s, row, before, given, NULL);
}


cx_err
cx_api_agent_put(cx_api_request *req, cx_store *s, cx_agent_row *row,
    const cx_agent_row *before, json_t *given, json_t *credentials)
{
    const cx_err  err = put(req, s, row, before, given, credentials);

    if (err == CX_OK) {
        cx_out_begin(req, before == NULL ? 201 : 200);
        cx_out_agent(req, row);
    }

    return err;
}


static cx_err
create_agent(cx_api_request *req, cx_store *s)
{
    const agent_change  *c = req->state;
    cx_agent_row         row = c->row;

    row.id = req->new_id;
    row.created_at = row.updated_at = req->now_ms;
    req->location = cx_concat(req->arena, CX_STR("/api/v1/agents/"),
                              cx_id_text(req->arena, "ag", row.id));
    return cx_api_agent_put(req, s, &row, NULL, c->config, c->credentials);
}


static cx_err
replace_agent(cx_api_request *req, cx_store *s)
{
    const agent_change  *c = req->state;
    cx_agent_row         before, row = c->row;
    cx_err               err;

    err = cx_api_agent(req, s, req->arg, &before);
    if (err != CX_OK) {
        return err;
    }

    row.id = before.id;
    row.created_at = before.created_at;
    row.updated_at = req->now_ms;
    return cx_api_agent_put(req, s, &row, &before, c->config,
                            c->credentials);
}


static cx_err
patch_agent(cx_api_request *req, cx_store *s)
{
    const agent_change  *c = req->state;
    agent_change         now = { .given = 0 };
    cx_agent_row         before;
    cx_err               err;

    err = cx_api_agent(req, s, req->arg, &before);
    if (err != CX_OK) {
        return err;
    }

    now.row = before;
    cx_api_overlay(fields, NFIELDS, c->given, c, &now);
    now.row.updated_at = req->now_ms;
    return cx_api_agent_put(req, s, &now.row, &before, c->config,
                            c->credentials);
}


static cx_err
delete_agent(cx_api_request *req, cx_store *s)
{
    cx_err        err;
    cx_agent_row  row;

    err = cx_api_agent(req, s, req->arg, &row);
    if (err != CX_OK) {
        return err;
    }

    err = cx_store_agent_delete(s, row.id);

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "",
                             "a channel, a rule, a group, an open turn or a "
                             "review uses it");
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "agent.delete", "ag", row.id);
    }

    cx_out_begin(req, 204);
    return err;
}


cx_err
cx_api_config_changed(cx_api_request *req)
{
    cx_worker_config_changed(req->worker);
    return CX_OK;
}


const cx_api_route  cx_api_agent_routes[] = {
    { "GET", "/api/v1/agents", "limit cursor", CX_API_NO_BODY, CX_API_READ,
      check_page, list_agents, NULL, "agents:read" },
    { "POST", "/api/v1/agents", "", CX_API_JSON, CX_API_WRITE,
      check_create, create_agent, cx_api_config_changed, "agents:write" },
    { "GET", "/api/v1/agents/{}", "", CX_API_NO_BODY, CX_API_READ,
      NULL, get_agent, NULL, "agents:read" },
    { "PUT", "/api/v1/agents/{}", "", CX_API_JSON, CX_API_WRITE,
      check_create, replace_agent, cx_api_config_changed, "agents:write" },
    { "PATCH", "/api/v1/agents/{}", "", CX_API_JSON, CX_API_WRITE,
      check_patch, patch_agent, cx_api_config_changed, "agents:write" },
    { "DELETE", "/api/v1/agents/{}", "", CX_API_NO_BODY, CX_API_WRITE,
      NULL, delete_agent, cx_api_config_changed, "agents:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
