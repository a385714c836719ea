#include "worker/api_request.h"

#define EVENT_LEN  29             /* "ev_" and a ULID */


/* --- conversations ------------------------------------------------------- */

typedef struct {
    cx_str    channel;
    cx_str    agent;
    cx_talks  talks;
} wanted;


static cx_err
check_talks(cx_api_request *req, cx_talks *talks)
{
    static const struct {
        cx_str    word;
        cx_talks  talks;
    } words[] = {
        { CX_STR_INIT(""),         CX_TALKS_CURRENT },
        { CX_STR_INIT("active"),   CX_TALKS_ACTIVE },
        { CX_STR_INIT("closed"),   CX_TALKS_CLOSED },
        { CX_STR_INIT("archived"), CX_TALKS_ARCHIVED },
        { CX_STR_INIT("all"),      CX_TALKS_ALL },
    };
    cx_str  word;
    cx_err  err = cx_api_query(req, "state", &word);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (err == CX_OK && cx_str_eq(word, words[i].word)) {
            *talks = words[i].talks;
            return CX_OK;
        }
    }

    return err != CX_OK ? err
           : cx_api_refuse(req, CX_INVALID, "", "state must be active, "
                           "closed, archived or all");
}


static cx_err
check_conversations(cx_api_request *req)
{
    cx_err   err;
    wanted  *w = CX_NEW(req->arena, wanted);

    if (w == NULL) {
        return CX_NOMEM;
    }

    err = cx_api_query(req, "channel", &w->channel);

    if (err == CX_OK) {
        err = cx_api_query(req, "agent", &w->agent);
    }

    if (err == CX_OK) {
        err = check_talks(req, &w->talks);
    }

    req->state = w;
    return err == CX_OK ? cx_api_page(req, "cv") : err;
}


/* Names become ids. */
static cx_err
resolve(cx_api_request *req, cx_store *s, cx_conversation_query *q)
{
    const wanted    *w = req->state;
    cx_channel_row   channel;
    cx_agent_row     agent;
    cx_err           err = CX_OK;

    if (w->channel.len > 0) {
        err = cx_api_channel(req, s, w->channel, &channel);

        if (err == CX_NOT_FOUND) {
            return cx_api_refuse(req, CX_INVALID, "", "channel must be the "
                                 "name or id of a channel");
        }

        q->channel_id = err == CX_OK ? channel.id : 0;
    }

    if (err == CX_OK && CX_STR_IS(w->agent, "none")) {
        q->agent_id = CX_PEOPLE;

    } else if (err == CX_OK && w->agent.len > 0) {
        err = cx_api_agent(req, s, w->agent, &agent);

        if (err == CX_NOT_FOUND) {
            return cx_api_refuse(req, CX_INVALID, "", "agent must be the "
                                 "name or id of an agent, or none");
        }

        q->agent_id = err == CX_OK ? agent.id : 0;
    }

    return err;
}


/* One more than shown tells whether there is a next page. */
static cx_err
list_conversations(cx_api_request *req, cx_store *s)
{
    size_t                  shown;
    cx_err                  err;
    const wanted           *w = req->state;
    cx_conversation_list    list = { 0 };
    cx_conversation_query   q = { .talks = w->talks, .before = req->cursor,
                                  .limit = req->limit + 1 };

    err = resolve(req, s, &q);

    if (err == CX_OK) {
        err = cx_store_conversations(s, &q, req->arena, &list);
    }

    if (err != CX_OK) {
        return err;
    }

    shown = list.n > req->limit ? req->limit : list.n;
    cx_out_list_begin(req);

    for (size_t i = 0; i < shown; i++) {
        cx_out_conversation(req, &list.items[i]);
    }

    cx_out_list_end(req, "cv", shown < list.n ? list.items[shown - 1].id : 0);
    return CX_OK;
}


static cx_err
check_conversation(cx_api_request *req)
{
    return cx_api_id(req, "cv");
}


static cx_err
get_conversation(cx_api_request *req, cx_store *s)
{
    cx_err               err;
    cx_conversation_row  row;

    err = cx_store_conversation(s, req->id, req->arena, &row);
    if (err != CX_OK) {
        return err;
    }

    cx_out_begin(req, 200);
    cx_out_conversation(req, &row);
    return CX_OK;
}


/* --- messages ------------------------------------------------------------ */

static void
show_messages(cx_api_request *req, const cx_message_list *list, size_t limit)
{
    size_t  shown = list->n > limit ? limit : list->n;

    cx_out_list_begin(req);

    for (size_t i = 0; i < shown; i++) {
        cx_out_message(req, &list->items[i]);
    }

    cx_out_list_end(req, "ms",
                    shown < list->n ? list->items[shown - 1].id : 0);
}


static cx_err
check_messages(cx_api_request *req)
{
    cx_err  err = cx_api_page(req, "ms");

    return err == CX_OK ? cx_api_id(req, "cv") : err;
}


static cx_err
list_messages(cx_api_request *req, cx_store *s)
{
    cx_err               err;
    cx_message_list      list = { 0 };
    cx_conversation_row  row;

    err = cx_store_conversation(s, req->id, req->arena, &row);

    if (err == CX_OK) {
        err = cx_store_messages(s, req->id, req->cursor, req->limit + 1,
                                req->arena, &list);
    }

    if (err == CX_OK) {
        show_messages(req, &list, req->limit);
    }

    return err;
}


static cx_err
check_state(cx_api_request *req)
{
    cx_err         err;
    cx_str         word;
    cx_msg_state  *state = CX_NEW(req->arena, cx_msg_state);

    if (state == NULL) {
        return CX_NOMEM;
    }

    err = cx_api_query(req, "state", &word);
    if (err != CX_OK) {
        return err;
    }

    *state = CX_MSGSTATE_HELD;

    if (word.p != NULL
        && (!cx_msg_state_parse(word, state)
            || *state == CX_MSGSTATE_RECEIVED))
    {
        return cx_api_refuse(req, CX_INVALID, "",
                             "state must be one of an outbound message");
    }

    req->state = state;
    return cx_api_page(req, "ms");
}


static cx_err
list_in_state(cx_api_request *req, cx_store *s)
{
    cx_err               err;
    cx_message_list      list = { 0 };
    const cx_msg_state  *state = req->state;

    err = cx_store_messages_in(s, *state, req->limit, req->arena, &list);

    if (err == CX_OK) {
        show_messages(req, &list, req->limit);
    }

    return err;
}


static cx_err
check_message(cx_api_request *req)
{
    return cx_api_id(req, "ms");
}


static cx_err
get_message(cx_api_request *req, cx_store *s)
{
    cx_err          err;
    cx_message_row  row;

    err = cx_store_message(s, req->id, req->arena, &row);
    if (err != CX_OK) {
        return err;
    }

    cx_out_begin(req, 200);
    cx_out_message(req, &row);
    return CX_OK;
}


/* The store writes the audit row of what people decide. */
static cx_err
release(cx_api_request *req, cx_store *s,
    bool resend)
{
    cx_err  err;

    err = cx_store_message_release(s, req->id, resend, req->as.who,
                                   req->now_ms);

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "",
                             "the message is neither held nor failed");
    }

    return err == CX_OK ? get_message(req, s) : err;
}


static cx_err
resend_message(cx_api_request *req, cx_store *s)
{
    return release(req, s, true);
}


static cx_err
cancel_message(cx_api_request *req, cx_store *s)
{
    return release(req, s, false);
}


/* An action takes no field; {} and nothing are the same. */
static cx_err
check_action(cx_api_request *req)
{
    uint32_t  given;
    cx_err    err = cx_api_fields(req, NULL, 0, false, NULL, &given);

    return err == CX_OK ? cx_api_id(req, "ms") : err;
}


static cx_err
kick(cx_api_request *req)
{
    cx_worker_kick(req->worker);
    return CX_OK;
}


/* --- an event's way ------------------------------------------------------ */

static cx_err
check_event(cx_api_request *req)
{
    return req->arg.len == EVENT_LEN && cx_str_starts(req->arg, CX_STR("ev_"))
               ? CX_OK : CX_NOT_FOUND;
}


static cx_err
timeline(cx_api_request *req, cx_store *s)
{
    cx_err           err;
    cx_message_list  list = { 0 };

    err = cx_store_timeline(s, req->arg, req->arena, &list);

    if (err == CX_OK && list.n == 0) {
        return CX_NOT_FOUND;
    }

    if (err == CX_OK) {
        show_messages(req, &list, list.n);
    }

    return err;
}


const cx_api_route  cx_api_talk_routes[] = {
    { "GET", "/api/v1/conversations", "channel agent state limit cursor",
      CX_API_NO_BODY, CX_API_READ, check_conversations, list_conversations,
      NULL, "conversations:read" },
    { "GET", "/api/v1/conversations/{}", "", CX_API_NO_BODY, CX_API_READ,
      check_conversation, get_conversation, NULL, "conversations:read" },
    { "GET", "/api/v1/conversations/{}/messages", "limit cursor",
      CX_API_NO_BODY, CX_API_READ, check_messages, list_messages, NULL,
      "conversations:read" },
    { "GET", "/api/v1/messages", "state limit", CX_API_NO_BODY, CX_API_READ,
      check_state, list_in_state, NULL, "conversations:read" },
    { "GET", "/api/v1/messages/{}", "", CX_API_NO_BODY, CX_API_READ,
      check_message, get_message, NULL, "conversations:read" },
    { "POST", "/api/v1/messages/{}/resend", "", CX_API_JSON, CX_API_WRITE,
      check_action, resend_message, kick, "conversations:write" },
    { "POST", "/api/v1/messages/{}/cancel", "", CX_API_JSON, CX_API_WRITE,
      check_action, cancel_message, kick, "conversations:write" },
    { "GET", "/api/v1/events/{}/timeline", "", CX_API_NO_BODY, CX_API_READ,
      check_event, timeline, NULL, "conversations:read" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
