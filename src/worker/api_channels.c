#include "worker/api_request.h"

#include "channel/channel.h"
#include "worker/api_credentials.h"

#include <stddef.h>
#include <stdlib.h>

#define URL_MAX  2048

/* The row, and what the body says of it by another name. */
typedef struct {
    cx_channel_row  row;
    cx_str          agent;         /* name or id; empty: none */
    json_t         *settings;      /* of the type, what changes; or NULL */
    json_t         *credentials;   /* to be sealed; or NULL */
    uint32_t        given;
} channel_change;


static const char *
type(cx_api_request *req, cx_str value)
{
    if (cx_channel_sender(value) != NULL) {
        return NULL;
    }

    return cx_dupz(req->arena, cx_printf(req->arena, "must be one of: %s",
                                         cx_channel_sender_names()));
}


#define AT(field)  offsetof(channel_change, field)

static const cx_api_field  fields[] = {
/*    name          kind         offset              min max      must  null
 *    check */
    { "name",       CX_API_STR,  AT(row.name),       1,  63,      true, NULL,
      cx_api_slug },
    { "type",       CX_API_STR,  AT(row.type),       1,  32,      true, NULL,
      type },
    { "account",    CX_API_STR,  AT(row.account),    1,  128,     true, NULL,
      NULL },
    { "agent",      CX_API_STR,  AT(agent),          0,  64,      false, "",
      NULL },
    { "token_file", CX_API_STR,  AT(row.token_file), 0,  4095,    false, "",
      cx_api_secret_file },
    { "base_url",   CX_API_STR,  AT(row.base_url),   0,  URL_MAX, false, "",
      cx_api_base_url },
    { "active",     CX_API_BOOL, AT(row.active),     0,  0,       false, NULL,
      NULL },
    { "settings",   CX_API_OBJECT, AT(settings),     0,  0,       false, "",
      NULL },
    { "credentials", CX_API_OBJECT, AT(credentials), 0,  0,       false, "",
      NULL },
};

#define NFIELDS  (sizeof(fields) / sizeof(fields[0]))
#define TYPE     (1u << 1)
#define AGENT    (1u << 3)
#define TOKEN    (1u << 4)
#define SETTINGS (1u << 7)
#define SEALED   (1u << 8)


/* --- finding ------------------------------------------------------------- */

cx_err
cx_api_channel(cx_api_request *req, cx_store *s,
    cx_str key, cx_channel_row *row)
{
    int64_t          id = 0;
    cx_err           err;
    cx_channel_list  list = { 0 };

    (void) cx_id_parse(key, "ch", &id);

    err = cx_store_channels(s, req->arena, &list);
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


static cx_str
agent_name(const cx_agent_list *agents, int64_t id)
{
    for (size_t i = 0; id != 0 && i < agents->n; i++) {
        if (agents->items[i].id == id) {
            return agents->items[i].name;
        }
    }

    return CX_NOSTR;
}


static cx_err
fill_credentials(cx_api_request *req, cx_store *s, cx_channel_row *row)
{
    return cx_api_credentials_show(req, s, CX_STR("channel"), row->id,
                                   &row->credentials);
}


static cx_err
show(cx_api_request *req, cx_store *s, cx_channel_row *row, int status)
{
    cx_err         err;
    cx_agent_list  agents = { 0 };

    err = cx_store_agents(s, req->arena, &agents);

    if (err == CX_OK) {
        err = fill_credentials(req, s, row);
    }

    if (err != CX_OK) {
        return err;
    }

    cx_out_begin(req, status);
    cx_out_channel(req, row, agent_name(&agents, row->agent_id));
    return CX_OK;
}


/* --- routes -------------------------------------------------------------- */

static cx_err
check_page(cx_api_request *req)
{
    return cx_api_page(req, "ch");
}


static cx_err
list_channels(cx_api_request *req, cx_store *s)
{
    size_t           i, shown = 0;
    int64_t          next = 0;
    cx_err           err;
    cx_agent_list    agents = { 0 };
    cx_channel_list  list = { 0 };

    err = cx_store_agents(s, req->arena, &agents);

    if (err == CX_OK) {
        err = cx_store_channels(s, req->arena, &list);
    }

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

        cx_out_channel(req, &list.items[i],
                       agent_name(&agents, list.items[i].agent_id));
        shown++;
    }

    cx_out_list_end(req, "ch", next);
    return CX_OK;
}


static cx_err
get_channel(cx_api_request *req, cx_store *s)
{
    cx_err          err;
    cx_channel_row  row;

    err = cx_api_channel(req, s, req->arg, &row);
    return err == CX_OK ? show(req, s, &row, 200) : err;
}


static cx_err
check_change(cx_api_request *req, bool create)
{
    channel_change  *c = CX_NEW(req->arena, channel_change);
    cx_err           err;

    if (c == NULL) {
        return CX_NOMEM;
    }

    c->row.active = true;
    c->row.health = CX_STR("ok");
    req->state = c;

    err = cx_api_fields(req, fields, NFIELDS, create, c, &c->given);

    return err != CX_OK ? err : cx_api_credentials_check(req, c->credentials,
                                                         "token");
}


static cx_err
check_create(cx_api_request *req)
{
    return check_change(req, true);
}


/* The type decides what events and conversations mean: it stays. */
static cx_err
check_patch(cx_api_request *req)
{
    cx_err                 err = check_change(req, false);
    const channel_change  *c = req->state;

    if (err == CX_OK && (c->given & TYPE) != 0) {
        return cx_api_refuse(req, CX_INVALID, "/type",
                             "type cannot be changed");
    }

    return err;
}


static cx_err
find_agent(cx_api_request *req, cx_store *s,
    const channel_change *c, cx_channel_row *row)
{
    cx_err        err;
    cx_agent_row  agent;

    if ((c->given & AGENT) == 0) {
        return CX_OK;
    }

    if (c->agent.len == 0) {
        row->agent_id = 0;
        return CX_OK;
    }

    err = cx_api_agent(req, s, c->agent, &agent);

    if (err == CX_NOT_FOUND) {
        return cx_api_refuse(req, CX_INVALID, "/agent",
                             "agent must be the name or id of an agent");
    }

    if (err == CX_OK) {
        row->agent_id = agent.id;
    }

    return err;
}


/* Members of the change win; one that is null or empty goes. */
static cx_str
merge_settings(cx_api_request *req, cx_str old, json_t *change)
{
    char        *text;
    cx_str       merged = CX_NOSTR;
    json_t      *all, *value;
    const char  *name;

    all = json_loadb(old.p, old.len, 0, NULL);
    if (all == NULL) {
        all = json_object();
    }

    json_object_foreach(change, name, value) {
        if (json_is_null(value)
            || (json_is_string(value) && json_string_length(value) == 0))
        {
            (void) json_object_del(all, name);

        } else {
            (void) json_object_set(all, name, value);
        }
    }

    text = json_object_size(all) > 0
           ? json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

    if (text != NULL) {
        merged = cx_dup(req->arena, cx_strz(text));
        free(text);
    }

    json_decref(all);
    return merged;
}


static cx_err
check_settings(cx_api_request *req, const cx_channel *ch, cx_str settings)
{
    size_t             n;
    cx_str             name;
    cx_err             err;
    const char        *wrong;
    const cx_setting  *list;

    err = cx_settings_decode(settings, req->arena, &list, &n);

    if (err == CX_NOMEM) {
        return err;
    }

    if (err != CX_OK) {
        return cx_api_refuse(req, CX_INVALID, "/settings",
                             "settings must be an object of at most 32 "
                             "texts");
    }

    wrong = cx_settings_check(ch, list, n, &name);

    return wrong == NULL ? CX_OK
           : cx_api_refuse(req, CX_INVALID,
                           cx_dupz(req->arena,
                                   cx_printf(req->arena, "/settings/%.*s",
                                             CX_ARG(name))),
                           "%.*s %s", CX_ARG(name), wrong);
}


/* What only the type can tell. */
static cx_err
check_type(cx_api_request *req, cx_channel_row *row)
{
    const cx_channel      *ch = cx_channel_sender(row->type);
    const channel_change  *c = req->state;

    if (ch == NULL) {
        return CX_OK;       /* made by a build that knew it: it may rest */
    }

    if (ch->check_account != NULL && !ch->check_account(row->account)) {
        return cx_api_refuse(req, CX_INVALID, "/account",
                             "account must be %s",
                             ch->account_what != NULL ? ch->account_what
                                                      : "one of this type");
    }

    if ((c->given & SETTINGS) != 0) {
        row->settings = merge_settings(req, row->settings, c->settings);
    }

    return check_settings(req, ch, row->settings);
}


static cx_err
put_channel(cx_api_request *req, cx_store *s,
    cx_channel_row *row, bool create)
{
    const channel_change  *c = req->state;
    cx_err                 err;

    err = check_type(req, row);
    if (err != CX_OK) {
        return err;
    }

    err = find_agent(req, s, req->state, row);
    if (err != CX_OK) {
        return err;
    }

    err = cx_store_channel_put(s, row, create);

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "",
                             "a channel of this name, or of this type and "
                             "account, exists");
    }

    if (err == CX_OK) {
        err = cx_api_credentials_put(req, s, CX_STR("channel"), row->id,
                                     c->credentials);
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s,
                           create ? "channel.create" : "channel.change",
                           "ch", row->id);
    }

    return err == CX_OK ? show(req, s, row, create ? 201 : 200) : err;
}


static cx_err
create_channel(cx_api_request *req, cx_store *s)
{
    const channel_change  *c = req->state;
    cx_channel_row         row = c->row;

    row.id = req->new_id;
    row.created_at = row.updated_at = req->now_ms;
    req->location = cx_concat(req->arena, CX_STR("/api/v1/channels/"),
                              cx_id_text(req->arena, "ch", row.id));
    return put_channel(req, s, &row, true);
}


/* A new token, or new settings, are a new try: the old verdict goes. */
static cx_err
patch_channel(cx_api_request *req, cx_store *s)
{
    const channel_change  *c = req->state;
    channel_change         now = { 0 };
    cx_err                 err;

    err = cx_api_channel(req, s, req->arg, &now.row);
    if (err != CX_OK) {
        return err;
    }

    cx_api_overlay(fields, NFIELDS, c->given, c, &now);
    now.row.updated_at = req->now_ms;

    if ((c->given & (TOKEN | SETTINGS | SEALED)) != 0) {
        now.row.health = CX_STR("ok");
        now.row.health_text = CX_STR("");
    }

    return put_channel(req, s, &now.row, false);
}


static cx_err
delete_channel(cx_api_request *req, cx_store *s)
{
    cx_err          err;
    cx_channel_row  row;

    err = cx_api_channel(req, s, req->arg, &row);
    if (err != CX_OK) {
        return err;
    }

    err = cx_store_channel_delete(s, row.id);

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "",
                             "it has conversations: set active to false");
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "channel.delete", "ch", row.id);
    }

    cx_out_begin(req, 204);
    return err;
}


const cx_api_route  cx_api_channel_routes[] = {
    { "GET", "/api/v1/channels", "limit cursor", CX_API_NO_BODY, CX_API_READ,
      check_page, list_channels, NULL, "channels:read" },
    { "POST", "/api/v1/channels", "", CX_API_JSON, CX_API_WRITE,
      check_create, create_channel, cx_api_config_changed, "channels:write" },
    { "GET", "/api/v1/channels/{}", "", CX_API_NO_BODY, CX_API_READ,
      NULL, get_channel, NULL, "channels:read" },
    { "PATCH", "/api/v1/channels/{}", "", CX_API_JSON, CX_API_WRITE,
      check_patch, patch_channel, cx_api_config_changed, "channels:write" },
    { "DELETE", "/api/v1/channels/{}", "", CX_API_NO_BODY, CX_API_WRITE,
      NULL, delete_channel, cx_api_config_changed, "channels:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
