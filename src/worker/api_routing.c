/* The rules: in order, one by one, and what they would decide. */

#include "worker/api_request.h"

#include "core/fold.h"
#include "worker/routing.h"

#include <stddef.h>

#define WORDS_MAX   4096
#define PHRASE_MAX  200
#define HOURS_MAX   512
#define ZONE_MAX    64
#define KEY_MAX     64
#define TEXT_MAX    65536
#define RULES_MAX   1000
#define LANGUAGES   "en, es, de, fr, pt, it or nl"

typedef struct {
    cx_route_row  row;
    uint32_t      given;
} route_change;

/* POST /api/v1/routes/test */
typedef struct {
    cx_str   channel;
    cx_str   text;
    int64_t  at;
} question;


/* --- what is in a rule --------------------------------------------------- */

static const char *
some_words(cx_api_request *req, cx_str value)
{
    char    folded[2 * PHRASE_MAX];
    cx_str  rest = value, phrase;

    (void) req;

    while (cx_str_split(&rest, ',', &phrase)) {
        if (phrase.len > PHRASE_MAX
            || cx_fold_words(phrase, folded, sizeof(folded)) == 0)
        {
            return "must be words or phrases between commas, none longer "
                   "than 200 bytes";
        }
    }

    return NULL;
}


static const char *
a_language(cx_api_request *req, cx_str value)
{
    (void) req;
    return cx_language_parse(value) != CX_LANGUAGE_UNKNOWN
           ? NULL : "must be one of: " LANGUAGES;
}


const char *
cx_api_hours(cx_api_request *req, cx_str value)
{
    cx_hours  h;

    (void) req;
    return cx_hours_parse(value, &h)
           ? NULL : "must be like \"mo-fr 09:00-12:30 14:00-18:00, sa "
                    "10:00-14:00\"";
}


const char *
cx_api_zone(cx_api_request *req, cx_str value)
{
    const cx_zone  *z;

    return cx_zone_load(value, req->arena, &z) == CX_OK
           ? NULL : "must be a time zone known here, as in Europe/Berlin";
}


#define AT(field)  offsetof(cx_route_row, field)

enum { NAME, POSITION, ACTIVE, CHANNEL, WORDS, LANGUAGE, HOURS, ZONE, AGENT,
       GROUP, FIELDS };

static const cx_api_field  fields[FIELDS] = {
/*                kind         offset        min max         must   null
 *   check */
    [NAME]     = { "name", CX_API_STR, AT(name), 1, 63, true, NULL,
                   cx_api_slug },
    [POSITION] = { "position", CX_API_INT, AT(position), 1, RULES_MAX, false,
                   NULL, NULL },
    [ACTIVE]   = { "active", CX_API_BOOL, AT(active), 0, 0, false, NULL,
                   NULL },
    [CHANNEL]  = { "channel", CX_API_STR, AT(channel), 0, KEY_MAX, false, "",
                   NULL },
    [WORDS]    = { "words", CX_API_STR, AT(words), 0, WORDS_MAX, false, "",
                   some_words },
    [LANGUAGE] = { "language", CX_API_STR, AT(language), 0, 8, false, "",
                   a_language },
    [HOURS]    = { "hours", CX_API_STR, AT(hours), 0, HOURS_MAX, false, "",
                   cx_api_hours },
    [ZONE]     = { "zone", CX_API_STR, AT(zone), 0, ZONE_MAX, false, "",
                   cx_api_zone },
    [AGENT]    = { "agent", CX_API_STR, AT(agent), 0, KEY_MAX, false, "",
                   NULL },
    [GROUP]    = { "group", CX_API_STR, AT(group), 0, KEY_MAX, false, "",
                   NULL },
};


static void
out_name(cx_api_request *req, const char *member, cx_str name)
{
    if (name.len == 0) {
        cx_out_null(req, member);

    } else {
        cx_out_str(req, member, name);
    }
}


static void
out_route(cx_api_request *req, const cx_route_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "rt", r->id);
    cx_out_int(req, "position", r->position);
    cx_out_str(req, "name", r->name);
    cx_out_bool(req, "active", r->active);
    out_name(req, "channel", r->channel);
    cx_out_str(req, "words", r->words);
    cx_out_str(req, "language", r->language);
    cx_out_str(req, "hours", r->hours);
    cx_out_str(req, "zone", r->zone);
    out_name(req, "agent", r->agent);
    out_name(req, "group", r->group);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_time(req, "updated_at", r->updated_at);
    cx_out_close(req, '}');
}


static cx_err
find_route(cx_api_request *req, cx_store *s, cx_str key, cx_route_row *row)
{
    int64_t        id = 0;
    cx_route_list  list = { .n = 0 };
    cx_err         err = cx_store_routes(s, false, req->arena, &list);

    (void) cx_id_parse(key, "rt", &id);

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
list_routes(cx_api_request *req, cx_store *s)
{
    cx_route_list  list = { .n = 0 };
    cx_err         err = cx_store_routes(s, false, req->arena, &list);

    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < list.n; i++) {
        out_route(req, &list.items[i]);
    }

    cx_out_list_end(req, "rt", 0);
    return CX_OK;
}


static cx_err
show_route(cx_api_request *req, cx_store *s, cx_str key, int status)
{
    cx_route_row  row;
    cx_err        err = find_route(req, s, key, &row);

    if (err == CX_OK) {
        cx_out_begin(req, status);
        out_route(req, &row);
    }

    return err;
}


static cx_err
get_route(cx_api_request *req, cx_store *s)
{
    return show_route(req, s, req->arg, 200);
}


/* --- changing ------------------------------------------------------------ */

static cx_err
check_change(cx_api_request *req, bool create)
{
    route_change  *c = CX_NEW(req->arena, route_change);

    if (c == NULL) {
        return CX_NOMEM;
    }

    c->row.active = true;
    req->state = c;

    return cx_api_fields(req, fields, FIELDS, create, &c->row, &c->given);
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
resolve(cx_api_request *req, cx_store *s, cx_route_row *row)
{
    cx_channel_row  channel = { .id = 0 };
    cx_agent_row    agent = { .id = 0 };
    cx_group_row    group = { .id = 0 };
    const char     *what = "channel";
    cx_err          err = CX_OK;

    if (row->agent.len > 0 && row->group.len > 0) {
        return cx_api_refuse(req, CX_INVALID, "/group",
                             "a rule names an agent or a group, not both");
    }

    if (row->channel.len > 0) {
        err = cx_api_channel(req, s, row->channel, &channel);
    }

    if (err == CX_OK && row->agent.len > 0) {
        what = "agent";
        err = cx_api_agent(req, s, row->agent, &agent);
    }

    if (err == CX_OK && row->group.len > 0) {
        what = "group";
        err = cx_api_group(req, s, row->group, &group);
    }

    if (err == CX_NOT_FOUND) {
        return cx_api_refuse(req, CX_INVALID,
                             cx_dupz(req->arena,
                                     cx_printf(req->arena, "/%s", what)),
                             "%s must be the name or id of one", what);
    }

    row->channel_id = channel.id;
    row->agent_id = agent.id;
    row->group_id = group.id;
    return err;
}


static cx_err
put_route(cx_api_request *req, cx_store *s, cx_route_row *row, bool create)
{
    cx_err  err = resolve(req, s, row);

    if (err == CX_OK) {
        err = cx_store_route_put(s, row, create, req->arena);
    }

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "/name", "a rule of this name exists");
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, create ? "route.create" : "route.change",
                           "rt", row->id);
    }

    return err == CX_OK ? show_route(req, s, row->name, create ? 201 : 200)
                        : err;
}


static cx_err
create_route(cx_api_request *req, cx_store *s)
{
    const route_change  *c = req->state;
    cx_route_row         row = c->row;

    row.id = req->new_id;
    row.created_at = row.updated_at = req->now_ms;
    req->location = cx_concat(req->arena, CX_STR("/api/v1/routes/"),
                              cx_id_text(req->arena, "rt", row.id));
    return put_route(req, s, &row, true);
}


/* Who is named takes the place of the other kind. */
static cx_err
patch_route(cx_api_request *req, cx_store *s)
{
    const route_change  *c = req->state;
    cx_route_row         row;
    cx_err               err = find_route(req, s, req->arg, &row);

    if (err != CX_OK) {
        return err;
    }

    if ((c->given & 1u << AGENT) != 0 && c->row.agent.len > 0) {
        row.group = CX_NOSTR;
    }

    if ((c->given & 1u << GROUP) != 0 && c->row.group.len > 0) {
        row.agent = CX_NOSTR;
    }

    cx_api_overlay(fields, FIELDS, c->given, &c->row, &row);
    row.updated_at = req->now_ms;
    return put_route(req, s, &row, false);
}


static cx_err
delete_route(cx_api_request *req, cx_store *s)
{
    cx_route_row  row;
    cx_err        err = find_route(req, s, req->arg, &row);

    if (err == CX_OK) {
        err = cx_store_route_delete(s, row.id, req->arena);
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "route.delete", "rt", row.id);
    }

    cx_out_begin(req, 204);
    return err;
}


/* --- what would be decided ----------------------------------------------- */

static const cx_api_field  question_fields[] = {
    { "channel", CX_API_STR, offsetof(question, channel), 1, KEY_MAX, true,
      NULL, NULL },
    { "text", CX_API_STR, offsetof(question, text), 0, TEXT_MAX, false, NULL,
      NULL },
    { "at", CX_API_INT, offsetof(question, at), 0, 9007199254740992.0, false,
      NULL, NULL },
};


static cx_err
check_test(cx_api_request *req)
{
    uint32_t   given;
    question  *q = CX_NEW(req->arena, question);

    if (q == NULL) {
        return CX_NOMEM;
    }

    req->state = q;
    q->at = req->now_ms;
    return cx_api_fields(req, question_fields, 3, true, q, &given);
}


static cx_err
load(void *ctx, int64_t agent_id, int64_t *open)
{
    return cx_store_agent_open(ctx, agent_id, open);
}


static cx_str
guessed(cx_str text)
{
    char  words[4096];

    return cx_language_word(cx_language_guess((cx_str) {
        cx_fold_words(text, words, sizeof(words)), words }));
}


static void
out_choice(cx_api_request *req, const question *q, const cx_route_choice *c,
    const cx_agent_list *agents, const cx_route_list *rules,
    const cx_route_why *trace)
{
    static const cx_str  to[] = {
        [CX_ROUTE_TO_AGENT] = CX_STR_INIT("agent"),
        [CX_ROUTE_TO_PEOPLE] = CX_STR_INIT("people"),
        [CX_ROUTE_TO_NOBODY] = CX_STR_INIT("nobody"),
    };
    cx_str  agent = CX_NOSTR, rule = CX_NOSTR;

    for (size_t i = 0; i < agents->n; i++) {
        if (agents->items[i].id == c->agent_id) {
            agent = agents->items[i].name;
        }
    }

    for (size_t i = 0; i < rules->n; i++) {
        if (rules->items[i].id == c->rule_id) {
            rule = rules->items[i].name;
        }
    }

    cx_out_begin(req, 200);
    cx_out_open(req, NULL, '{');
    cx_out_str(req, "to", to[c->to]);
    out_name(req, "agent", agent);
    out_name(req, "rule", rule);
    cx_out_str(req, "why", cx_route_why_word(c->why));
    cx_out_str(req, "language", guessed(q->text));
    cx_out_open(req, "rules", '[');

    for (size_t i = 0; i < rules->n; i++) {
        cx_out_open(req, NULL, '{');
        cx_out_str(req, "name", rules->items[i].name);
        cx_out_str(req, "why", cx_route_why_word(trace[i]));
        cx_out_close(req, '}');
    }

    cx_out_close(req, ']');
    cx_out_close(req, '}');
}


static cx_err
decide(cx_api_request *req, cx_store *s, const cx_agent_list *agents,
    const cx_route_list *rules, const cx_group_list *groups)
{
    const question   *q = req->state;
    cx_channel_row    channel;
    cx_routing       *routing;
    cx_route_choice   choice;
    cx_route_why     *trace = CX_NEW_N(req->arena, rules->n + 1,
                                       cx_route_why);
    cx_err            err = cx_api_channel(req, s, q->channel, &channel);

    if (err == CX_NOT_FOUND) {
        return cx_api_refuse(req, CX_INVALID, "/channel",
                             "channel must be the name or id of a channel");
    }

    routing = cx_routing_make(agents, rules, groups);

    if (err != CX_OK || trace == NULL || routing == NULL) {
        cx_routing_drop(routing);
        return err != CX_OK ? err : CX_NOMEM;
    }

    err = cx_route_decide(&routing->table, &(cx_route_ask) {
                              .tenant = rules->n > 0 ? rules->items[0].tenant
                                                     : 0,
                              .channel_id = channel.id,
                              .channel_active = channel.active,
                              .channel_agent = channel.agent_id,
                              .text = q->text,
                              .now_ms = q->at,
                              .load = load,
                              .ctx = s,
                          }, trace, &choice);
    cx_routing_drop(routing);

    if (err == CX_OK) {
        out_choice(req, q, &choice, agents, rules, trace);
    }

    return err;
}


static cx_err
test_routes(cx_api_request *req, cx_store *s)
{
    cx_agent_list  agents = { .n = 0 };
    cx_route_list  rules = { .n = 0 };
    cx_group_list  groups = { .n = 0 };
    cx_err         err = cx_store_agents(s, req->arena, &agents);

    if (err == CX_OK) {
        err = cx_store_routes(s, false, req->arena, &rules);
    }

    if (err == CX_OK) {
        err = cx_store_groups(s, false, req->arena, &groups);
    }

    return err == CX_OK ? decide(req, s, &agents, &rules, &groups) : err;
}


const cx_api_route  cx_api_routing_routes[] = {
    { "GET", "/api/v1/routes", "", CX_API_NO_BODY, CX_API_READ, NULL,
      list_routes, NULL, "agents:read" },
    { "POST", "/api/v1/routes", "", CX_API_JSON, CX_API_WRITE, check_create,
      create_route, cx_api_config_changed, "agents:write" },
    { "POST", "/api/v1/routes/test", "", CX_API_JSON, CX_API_READ, check_test,
      test_routes, NULL, "agents:read" },
    { "GET", "/api/v1/routes/{}", "", CX_API_NO_BODY, CX_API_READ, NULL,
      get_route, NULL, "agents:read" },
    { "PATCH", "/api/v1/routes/{}", "", CX_API_JSON, CX_API_WRITE,
      check_patch, patch_route, cx_api_config_changed, "agents:write" },
    { "DELETE", "/api/v1/routes/{}", "", CX_API_NO_BODY, CX_API_WRITE,
      NULL, delete_route, cx_api_config_changed, "agents:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
