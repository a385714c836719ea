/* Groups of agents that share the work of a rule. */

#include "worker/api_request.h"

#include <stddef.h>

#define MEMBERS_MAX   100
#define WEIGHT_MAX    1000
#define MAX_OPEN_MAX  1000000
#define KEY_MAX       64

typedef struct {
    cx_str    name;
    uint32_t  given;
    bool      members_given;
    cx_str    agents[MEMBERS_MAX];
    cx_member_row  members[MEMBERS_MAX];
    size_t    n;
} group_change;

/* One element of "members". */
typedef struct {
    cx_str   agent;
    int64_t  weight;
    int64_t  max_open;
} member;

static const cx_api_field  fields[] = {
    { "name", CX_API_STR, offsetof(group_change, name), 1, 63, true, NULL,
      cx_api_slug },
};


cx_err
cx_api_group(cx_api_request *req, cx_store *s, cx_str key, cx_group_row *row)
{
    int64_t        id = 0;
    cx_group_list  list = { .n = 0 };
    cx_err         err = cx_store_groups(s, false, req->arena, &list);

    (void) cx_id_parse(key, "gr", &id);

    for (size_t i = 0; err == CX_OK && i < list.n; i++) {
        if (list.items[i].id == id || cx_str_eq(list.items[i].name, key)) {
            *row = list.items[i];
            return CX_OK;
        }
    }

    return err == CX_OK ? CX_NOT_FOUND : err;
}


/* --- reading ------------------------------------------------------------- */

static cx_err
out_group(cx_api_request *req, cx_store *s, const cx_group_row *g)
{
    int64_t  open;
    cx_err   err;

    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "gr", g->id);
    cx_out_str(req, "name", g->name);
    cx_out_open(req, "members", '[');

    for (size_t i = 0; i < g->members.n; i++) {
        const cx_member_row  *m = &g->members.items[i];

        err = cx_store_agent_open(s, m->agent_id, &open);
        if (err != CX_OK) {
            return err;
        }

        cx_out_open(req, NULL, '{');
        cx_out_str(req, "agent", m->agent);
        cx_out_int(req, "weight", m->weight);
        cx_out_int(req, "max_open", m->max_open);
        cx_out_int(req, "open", open);
        cx_out_close(req, '}');
    }

    cx_out_close(req, ']');
    cx_out_time(req, "created_at", g->created_at);
    cx_out_time(req, "updated_at", g->updated_at);
    cx_out_close(req, '}');
    return CX_OK;
}


static cx_err
list_groups(cx_api_request *req, cx_store *s)
{
    cx_group_list  list = { .n = 0 };
    cx_err         err = cx_store_groups(s, false, req->arena, &list);

    cx_out_list_begin(req);

    for (size_t i = 0; err == CX_OK && i < list.n; i++) {
        err = out_group(req, s, &list.items[i]);
    }

    cx_out_list_end(req, "gr", 0);
    return err;
}


static cx_err
show_group(cx_api_request *req, cx_store *s, cx_str key, int status)
{
    cx_group_row  row;
    cx_err        err = cx_api_group(req, s, key, &row);

    if (err == CX_OK) {
        cx_out_begin(req, status);
        err = out_group(req, s, &row);
    }

    return err;
}


static cx_err
get_group(cx_api_request *req, cx_store *s)
{
    return show_group(req, s, req->arg, 200);
}


/* --- changing ------------------------------------------------------------ */

static cx_err
refuse_members(cx_api_request *req, const char *what)
{
    return cx_api_refuse(req, CX_INVALID, "/members", "%s", what);
}


static bool
read_number(json_t *v, int64_t min, int64_t max, int64_t *out)
{
    if (v == NULL) {
        return true;
    }

    *out = json_integer_value(v);
    return json_is_integer(v) && *out >= min && *out <= max;
}


/* {"agent": "night", "weight": 2, "max_open": 20}, or the name alone. */
static cx_err
read_member(cx_api_request *req, json_t *v, group_change *c)
{
    cx_member_row  *m = &c->members[c->n];
    json_t         *name = json_is_object(v) ? json_object_get(v, "agent")
                                             : v;
    const size_t    known = (json_object_get(v, "weight") != NULL)
                            + (json_object_get(v, "max_open") != NULL) + 1;

    *m = (cx_member_row) { .weight = 1 };

    if (!json_is_string(name)
        || (json_is_object(v) && json_object_size(v) != known)
        || !read_number(json_object_get(v, "weight"), 1, WEIGHT_MAX,
                        &m->weight)
        || !read_number(json_object_get(v, "max_open"), 0, MAX_OPEN_MAX,
                        &m->max_open))
    {
        return refuse_members(req, "members are names of agents, or objects "
                                   "of agent, weight (1 to 1000) and "
                                   "max_open");
    }

    c->agents[c->n++] = cx_dup(req->arena,
                               (cx_str) { json_string_length(name),
                                          json_string_value(name) });
    return CX_OK;
}


static cx_err
read_members(cx_api_request *req, json_t *list, group_change *c)
{
    json_t  *v;
    size_t   i;
    cx_err   err = CX_OK;

    if (list == NULL) {
        return CX_OK;
    }

    if (!json_is_array(list) || json_array_size(list) > MEMBERS_MAX) {
        return refuse_members(req, "members must be an array of at most 100");
    }

    c->members_given = true;

    json_array_foreach(list, i, v) {
        if (err == CX_OK) {
            err = read_member(req, v, c);
        }
    }

    return err;
}


static cx_err
check_change(cx_api_request *req, bool create)
{
    group_change  *c = CX_NEW(req->arena, group_change);
    cx_err         err;

    if (c == NULL) {
        return CX_NOMEM;
    }

    req->state = c;

    err = read_members(req, json_object_get(req->json, "members"), c);
    json_object_del(req->json, "members");

    return err == CX_OK ? cx_api_fields(req, fields, 1, create, c, &c->given)
                        : err;
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


/* Names become ids. */
static cx_err
resolve(cx_api_request *req, cx_store *s, group_change *c)
{
    cx_agent_row  agent;
    cx_err        err;

    for (size_t i = 0; i < c->n; i++) {
        err = cx_api_agent(req, s, c->agents[i], &agent);

        if (err == CX_NOT_FOUND) {
            return refuse_members(req, "a member is no agent");
        }

        if (err != CX_OK) {
            return err;
        }

        c->members[i].agent_id = agent.id;
    }

    return CX_OK;
}


static cx_err
put_group(cx_api_request *req, cx_store *s, cx_group_row *row, bool create)
{
    group_change  *c = req->state;
    cx_err         err = resolve(req, s, c);

    if (err != CX_OK) {
        return err;
    }

    if (c->members_given) {
        row->members.items = c->members;
        row->members.n = c->n;
    }

    err = cx_store_group_put(s, row, create);

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "/name", "a group of this name exists");
    }

    if (err == CX_INVALID) {
        return refuse_members(req, "an agent is a member only once");
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, create ? "group.create" : "group.change",
                           "gr", row->id);
    }

    return err == CX_OK ? show_group(req, s, row->name, create ? 201 : 200)
                        : err;
}


static cx_err
create_group(cx_api_request *req, cx_store *s)
{
    const group_change  *c = req->state;
    cx_group_row         row = { .id = req->new_id, .name = c->name,
                                 .created_at = req->now_ms,
                                 .updated_at = req->now_ms };

    req->location = cx_concat(req->arena, CX_STR("/api/v1/groups/"),
                              cx_id_text(req->arena, "gr", row.id));
    return put_group(req, s, &row, true);
}


static cx_err
patch_group(cx_api_request *req, cx_store *s)
{
    const group_change  *c = req->state;
    cx_group_row         row;
    cx_err               err = cx_api_group(req, s, req->arg, &row);

    if (err != CX_OK) {
        return err;
    }

    if (c->given != 0) {
        row.name = c->name;
    }

    row.updated_at = req->now_ms;
    return put_group(req, s, &row, false);
}


static cx_err
delete_group(cx_api_request *req, cx_store *s)
{
    cx_group_row  row;
    cx_err        err = cx_api_group(req, s, req->arg, &row);

    if (err == CX_OK) {
        err = cx_store_group_delete(s, row.id);
    }

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "", "a rule names it");
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "group.delete", "gr", row.id);
    }

    cx_out_begin(req, 204);
    return err;
}


const cx_api_route  cx_api_group_routes[] = {
    { "GET", "/api/v1/groups", "", CX_API_NO_BODY, CX_API_READ, NULL,
      list_groups, NULL, "agents:read" },
    { "POST", "/api/v1/groups", "", CX_API_JSON, CX_API_WRITE, check_create,
      create_group, cx_api_config_changed, "agents:write" },
    { "GET", "/api/v1/groups/{}", "", CX_API_NO_BODY, CX_API_READ, NULL,
      get_group, NULL, "agents:read" },
    { "PATCH", "/api/v1/groups/{}", "", CX_API_JSON, CX_API_WRITE,
      check_patch, patch_group, cx_api_config_changed, "agents:write" },
    { "DELETE", "/api/v1/groups/{}", "", CX_API_NO_BODY, CX_API_WRITE,
      NULL, delete_group, cx_api_config_changed, "agents:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
