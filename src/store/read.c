/*
 * Conversations and messages as people see them, and what there is of each.
 */

#include "store/sql.h"

#include <string.h>


cx_str
cx_store_author(int64_t author)
{
    static const cx_str words[CX_AUTHOR_COUNT] = {
        [CX_AUTHOR_CUSTOMER] = CX_STR_INIT("customer"),
        [CX_AUTHOR_AI] = CX_STR_INIT("ai"),
        [CX_AUTHOR_HUMAN] = CX_STR_INIT("human"),
        [CX_AUTHOR_SYSTEM] = CX_STR_INIT("system"),
    };

    return author >= 0 && author < CX_AUTHOR_COUNT
           ? words[author] : CX_NOSTR;
}


/* --- conversations ------------------------------------------------------- */

cx_err
cx_store_read_conversations(cx_query *q, cx_arena *a,
    cx_conversation_list *list)
{
    cx_conversation_row  *r;
    cx_err                err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, list)) != NULL) {
        r->id = cx_get_i64(q);
        r->channel_id = cx_get_i64(q);
        r->channel = cx_get_str(q, a);
        r->customer_id = cx_get_i64(q);
        r->identity_id = cx_get_i64(q);
        r->peer = cx_get_str(q, a);
        r->phone = cx_get_str(q, a);
        r->name = cx_get_str(q, a);
        r->username = cx_get_str(q, a);
        r->state = cx_get_str(q, a);
        r->last_at = cx_get_i64(q);
        r->last_text = cx_get_str(q, a);
        r->partition = cx_get_i64(q);
        r->messages = cx_get_i64(q);
        r->created_at = cx_get_i64(q);
        r->opted_out_at = cx_get_i64(q);
        r->quiet_until = cx_get_i64(q);
        r->taken_by = cx_get_str(q, a);
        r->taken_at = cx_get_i64(q);
        r->fence = cx_get_i64(q);
        r->agent_id = cx_get_i64(q);
        r->agent = cx_get_str(q, a);
        r->closed_at = cx_get_i64(q);
        r->archived_at = cx_get_i64(q);
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


cx_err
cx_store_conversations(cx_store *s, const cx_conversation_query *in,
    cx_arena *a, cx_conversation_list *out)
{
    cx_query              q = cx_query_of(s, in->channel_id == 0
                                             ? CX_SQL_CONVERSATIONS
                                             : CX_SQL_CONVERSATIONS_OF);
    cx_conversation_list  list = { .n = 0 };
    cx_err                err;

    cx_bind_i64(&q, in->before == 0 ? INT64_MAX : in->before);
    cx_bind_i64(&q, (int64_t) in->limit);
    cx_bind_i64(&q, in->talks);
    cx_bind_i64(&q, in->agent_id);

    if (in->channel_id != 0) {
        cx_bind_i64(&q, in->channel_id);
    }

    err = cx_store_read_conversations(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_conversation(cx_store *s, int64_t id, cx_arena *a,
    cx_conversation_row *out)
{
    cx_query              q = cx_query_of(s, CX_SQL_CONVERSATION_GET);
    cx_conversation_list  list = { .n = 0 };
    cx_err                err;

    cx_bind_i64(&q, id);
    err = cx_store_read_conversations(&q, a, &list);

    if (err != CX_OK || list.n == 0) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    *out = list.items[0];
    return CX_OK;
}


/* --- messages ------------------------------------------------------------ */

static void
read_message(cx_query *q, cx_arena *a, cx_message_row *m)
{
    m->id = cx_get_i64(q);
    m->conversation_id = cx_get_i64(q);
    m->turn_id = cx_get_i64(q);
    m->part = cx_get_i64(q);
    m->outbound = cx_get_i64(q) != 0;
    m->author = cx_store_author(cx_get_i64(q));
    m->content = cx_get_str(q, a);
    m->text = cx_get_str(q, a);
    m->provider_id = cx_get_str(q, a);
    m->reply_to = cx_get_str(q, a);
    m->state = cx_strz(cx_msg_state_word((cx_msg_state) cx_get_i64(q)));
    m->attempts = cx_get_i64(q);
    m->not_before = cx_get_i64(q);
    m->error_code = cx_get_i64(q);
    m->error_text = cx_get_str(q, a);
    m->event = cx_get_str(q, a);
    m->meta = cx_get_str(q, a);
    m->provider_ts = cx_get_i64(q);
    m->received_at = cx_get_i64(q);
    m->created_at = cx_get_i64(q);
    m->sending_at = cx_get_i64(q);
    m->accepted_at = cx_get_i64(q);
    m->delivered_at = cx_get_i64(q);
    m->read_at = cx_get_i64(q);
    m->updated_at = cx_get_i64(q);
    m->channel = cx_get_str(q, a);
    m->evidence = cx_get_str(q, a);
    m->label = cx_get_str(q, a);
    m->sources = cx_get_str(q, a);
}


cx_err
cx_store_read_messages(cx_query *q, cx_arena *a, cx_message_list *list)
{
    cx_message_row  *m;
    cx_err           err;

    while (cx_query_next(q) && (m = CX_LIST_ADD(a, list)) != NULL) {
        read_message(q, a, m);
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


cx_err
cx_store_messages(cx_store *s, int64_t conversation_id, int64_t after,
    size_t limit, cx_arena *a, cx_message_list *out)
{
    cx_query         q = cx_query_of(s, CX_SQL_MESSAGES);
    cx_message_list  list = { .n = 0 };
    cx_err           err;

    cx_bind_i64(&q, conversation_id);
    cx_bind_i64(&q, after);
    cx_bind_i64(&q, (int64_t) limit);
    err = cx_store_read_messages(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_said(cx_store *s, int64_t conversation_id, int64_t group,
    cx_arena *a, cx_message_list *out)
{
    cx_query         q = cx_query_of(s, CX_SQL_SAID);
    cx_message_list  list = { .n = 0 };
    cx_err           err;

    cx_bind_i64(&q, conversation_id);
    cx_bind_i64(&q, group);
    err = cx_store_read_messages(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_message(cx_store *s, int64_t id, cx_arena *a, cx_message_row *out)
{
    cx_query         q = cx_query_of(s, CX_SQL_MESSAGE_GET);
    cx_message_list  list = { .n = 0 };
    cx_err           err;

    cx_bind_i64(&q, id);
    err = cx_store_read_messages(&q, a, &list);

    if (err != CX_OK || list.n == 0) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    *out = list.items[0];
    return CX_OK;
}


static cx_err
add_outs(cx_store *s, int64_t conversation_id, int64_t turn_id, cx_arena *a,
    cx_message_list *list)
{
    cx_query  q = cx_query_of(s, CX_SQL_TURN_OUTS);

    cx_bind_i64(&q, conversation_id);
    cx_bind_i64(&q, turn_id);

    return cx_store_read_messages(&q, a, list);
}


cx_err
cx_store_timeline(cx_store *s, cx_str event, cx_arena *a,
    cx_message_list *out)
{
    cx_query               q = cx_query_of(s, CX_SQL_EVENT_FIND);
    cx_message_list        list = { .n = 0 };
    const cx_message_row  *in;
    cx_err                 err;

    cx_bind_str(&q, event);
    err = cx_store_read_messages(&q, a, &list);

    if (err != CX_OK || list.n == 0) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    in = &list.items[0];

    if (in->turn_id != 0) {
        err = add_outs(s, in->conversation_id, in->turn_id, a, &list);
    }

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


/* What is under way has an index; the rest is found among the newest. */
cx_err
cx_store_messages_in(cx_store *s, cx_msg_state state, size_t limit,
    cx_arena *a, cx_message_list *out)
{
    const bool       under_way = state >= CX_MSGSTATE_REVIEW
                                 && state <= CX_MSGSTATE_CANCELLED;
    cx_query         q = cx_query_of(s, under_way
                                        ? CX_SQL_MESSAGES_UNSETTLED
                                        : CX_SQL_MESSAGES_SETTLED);
    cx_message_list  list = { .n = 0 };
    cx_err           err;

    cx_bind_i64(&q, state);
    cx_bind_i64(&q, (int64_t) limit);
    err = cx_store_read_messages(&q, a, &list);

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_counts(cx_store *s, cx_counts *out)
{
    cx_query   q = cx_query_of(s, CX_SQL_COUNTS);
    cx_counts  c = { .dead = 0 };
    cx_err     err;

    if (cx_query_next(&q)) {
        c.turns_open = cx_get_i64(&q);
        c.oldest_open_at = cx_get_i64(&q);
        c.reviews_waiting = cx_get_i64(&q);
        c.outs_ready = cx_get_i64(&q);
        c.outs_ambiguous = cx_get_i64(&q);
        c.outs_held = cx_get_i64(&q);
        c.dead = cx_get_i64(&q);
        c.conversations = cx_get_i64(&q);
        c.messages = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    if (err == CX_OK) {
        *out = c;
    }

    return err;
}
