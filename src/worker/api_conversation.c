/* What people change of a conversation: whose it is, whether it goes on, and
 * whether the AI speaks there. */

#include "worker/api_request.h"

#include <stddef.h>

#define KEY_MAX      64
#define NOBODY       "*"       /* null: people; no agent has such a name */
#define FOR_EVER_MS  INT64_C(253402300799000)     /* the year 9999 */

enum { BOT, AGENT, STATE, FIELDS };

typedef struct {
    cx_str    bot;
    cx_str    agent;
    cx_str    state;
    uint32_t  given;
    int64_t   audit[FIELDS];
} change;


/* --- reading ------------------------------------------------------------- */

static const char *
on_or_off(cx_api_request *req, cx_str value)
{
    (void) req;
    return CX_STR_IS(value, "on") || CX_STR_IS(value, "off") ? NULL
           : "must be on or off";
}


static const char *
a_state(cx_api_request *req, cx_str value)
{
    (void) req;
    return CX_STR_IS(value, "active") || CX_STR_IS(value, "closed")
           || CX_STR_IS(value, "archived") ? NULL
           : "must be active, closed or archived";
}


static const char *
not_nobody(cx_api_request *req, cx_str value)
{
    (void) req;
    return CX_STR_IS(value, NOBODY) ? "must be the name or id of an agent"
           : NULL;
}


static const cx_api_field  fields[FIELDS] = {
    [BOT]   = { "bot", CX_API_STR, offsetof(change, bot), 2, 3, false, NULL,
                on_or_off },
    [AGENT] = { "agent", CX_API_STR, offsetof(change, agent), 0, KEY_MAX,
                false, NOBODY, not_nobody },
    [STATE] = { "state", CX_API_STR, offsetof(change, state), 1, 16, false,
                NULL, a_state },
};


static bool
is_given(const change *c, int field)
{
    return (c->given & 1u << field) != 0;
}


static cx_err
check_change(cx_api_request *req)
{
    change  *c = CX_NEW(req->arena, change);
    cx_err   err = cx_api_id(req, "cv");

    if (c == NULL || err != CX_OK) {
        return c == NULL ? CX_NOMEM : err;
    }

    req->state = c;

    for (int i = 0; i < FIELDS; i++) {
        c->audit[i] = cx_worker_new_id(req->worker);
    }

    err = cx_api_fields(req, fields, FIELDS, true, c, &c->given);

    return err == CX_OK && c->given == 0
           ? cx_api_refuse(req, CX_INVALID, "",
                           "one of agent, state and bot is needed") : err;
}


/* --- changing ------------------------------------------------------------ */

static cx_err
note(cx_api_request *req, cx_store *s, const change *c, int field,
    const char *what)
{
    req->audit_id = c->audit[field];
    return cx_api_audit(req, s, what, "cv", req->id);
}


static cx_err
set_state(cx_api_request *req, cx_store *s, const change *c)
{
    cx_err  err = cx_store_conversation_state(s, req->id, c->state,
                                              req->now_ms);

    return err == CX_OK
           ? note(req, s, c, STATE,
                  CX_STR_IS(c->state, "active") ? "conversation.reopen"
                  : CX_STR_IS(c->state, "closed") ? "conversation.close"
                  : "conversation.archive") : err;
}


static cx_err
set_agent(cx_api_request *req, cx_store *s, const change *c)
{
    cx_agent_row  row;
    int64_t       id = c->agent.len == 0 ? CX_BY_RULES : CX_PEOPLE;
    cx_err        err = CX_OK;

    if (c->agent.len > 0 && !CX_STR_IS(c->agent, NOBODY)) {
        err = cx_api_agent(req, s, c->agent, &row);
        id = err == CX_OK ? row.id : 0;
    }

    if (err == CX_NOT_FOUND) {
        return cx_api_refuse(req, CX_INVALID, "/agent",
                             "agent must be the name or id of an agent, null "
                             "for people, or empty for what the rules say");
    }

    if (err == CX_OK) {
        err = cx_store_assign(s, req->id, id, req->now_ms);
    }

    return err == CX_OK ? note(req, s, c, AGENT, "conversation.assign") : err;
}


static cx_err
set_bot(cx_api_request *req, cx_store *s, const change *c)
{
    const bool  on = CX_STR_IS(c->bot, "on");
    cx_err      err = cx_store_conversation_quiet(s, req->id,
                                                  on ? 0 : FOR_EVER_MS,
                                                  req->now_ms);

    return err == CX_OK ? note(req, s, c, BOT, on ? "conversation.bot_on"
                                                  : "conversation.bot_off")
                        : err;
}


static cx_err
run_change(cx_api_request *req, cx_store *s)
{
    const change         *c = req->state;
    cx_conversation_row   row;
    cx_err                err = CX_OK;

    if (is_given(c, STATE)) {
        err = set_state(req, s, c);
    }

    if (err == CX_OK && is_given(c, AGENT)) {
        err = set_agent(req, s, c);
    }

    if (err == CX_OK && is_given(c, BOT)) {
        err = set_bot(req, s, c);
    }

    if (err == CX_OK) {
        err = cx_store_conversation(s, req->id, req->arena, &row);
    }

    if (err == CX_OK) {
        cx_out_begin(req, 200);
        cx_out_conversation(req, &row);
    }

    return err;
}


/* The open turn is closed in the store: nobody needs to think any more.  What
 * was to be sent goes out. */
static bool
ends_the_turn(const change *c)
{
    return CX_STR_IS(c->agent, NOBODY) || CX_STR_IS(c->state, "closed")
           || CX_STR_IS(c->state, "archived");
}


static cx_err
changed(cx_api_request *req)
{
    const change  *c = req->state;

    if (CX_STR_IS(c->bot, "off")) {
        return cx_api_hush(req);
    }

    if (ends_the_turn(c)) {
        cx_worker_hush(req->worker, req->id);

    } else {
        cx_worker_kick(req->worker);
    }

    return CX_OK;
}


const cx_api_route  cx_api_conversation_routes[] = {
    { "PATCH", "/api/v1/conversations/{}", "", CX_API_JSON, CX_API_WRITE,
      check_change, run_change, changed, "conversations:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
