/*
 * TAKE: an event becomes a message, of a conversation, of a turn.
 */

#include "core/id.h"
#include "store/customers.h"
#include "store/erase.h"
#include "store/place.h"
#include "store/sql.h"

#include <string.h>

/* The turn it joins or opens. */
typedef struct {
    int64_t        id;          /* 0: none */
    int64_t        seq;
    int64_t        agent_id;
    int64_t        inputs;
    int64_t        opened_at;
    int64_t        deadline;
    cx_turn_state  state;
    bool           fresh;
} turn;


static cx_err
last_turn(cx_store *s, int64_t conversation_id, turn *t)
{
    cx_query  q = cx_query_of(s, CX_SQL_TURN_LAST);

    cx_bind_i64(&q, conversation_id);

    if (cx_query_next(&q)) {
        t->id = cx_get_i64(&q);
        t->seq = cx_get_i64(&q);
        t->state = (cx_turn_state) cx_get_i64(&q);
        t->agent_id = cx_get_i64(&q);
        t->inputs = cx_get_i64(&q);
        t->opened_at = cx_get_i64(&q);
        t->deadline = cx_get_i64(&q);
    }

    return cx_query_end(&q);
}


/* Also a turn that no agent answers collects until a person did: one review
 * for all that waits, not one for each message. */
static bool
joinable(const turn *t, int64_t agent_id)
{
    return t->id != 0
           && (t->state == CX_TURN_OPEN
               || (t->state == CX_TURN_HUMAN && t->agent_id == 0
                   && agent_id == 0));
}


/* before: messages of the turn that it follows, 0: that is long ago. */
int64_t
cx_turn_deadline(const cx_flood *flood, int64_t inputs, int64_t before,
    int64_t opened_at, int64_t quiet_at, int64_t cap_at)
{
    const int64_t  most = inputs > before ? inputs : before;

    if (flood->messages > 0 && most > flood->messages) {
        return opened_at + flood->hold_ms;
    }

    return quiet_at < cap_at ? quiet_at : cap_at;
}


/* Why it opens no turn: what the event says itself comes first. */
static cx_str
ignored_as(const cx_take *in, const cx_place *at)
{
    if (in->ignore.len > 0) {
        return in->ignore;
    }

    if (in->opt != CX_OPT_NONE) {
        return in->opt == CX_OPT_OUT ? CX_STR("optout") : CX_STR("optin");
    }

    return at->opted_out ? CX_STR("opted_out")
           : at->quiet_until > in->now_ms && !at->taken ? CX_STR("human")
           : CX_NOSTR;
}


/* Who joins an open turn is answered by whoever thinks about that. */
static cx_err
choose_agent(cx_store *s, const cx_take *in, cx_place *at, const turn *t)
{
    if (at->taken) {
        at->hand.why = CX_STR("taken");
        return CX_OK;
    }

    return t->id != 0 && t->state == CX_TURN_OPEN
           ? CX_OK : cx_store_hand(s, in, &at->hand);
}


static cx_err
choose_turn(cx_store *s, const cx_take *in, cx_place *at, turn *t)
{
    int64_t  before = 0;
    cx_err   err;

    memset(t, 0, sizeof(*t));

    if (at->ignore.len > 0) {
        return CX_OK;
    }

    if (at->known) {
        err = last_turn(s, at->conversation_id, t);
        if (err != CX_OK) {
            return err;
        }
    }

    err = choose_agent(s, in, at, t);
    if (err != CX_OK) {
        return err;
    }

    if (!joinable(t, at->hand.agent_id)) {
        before = in->now_ms < t->opened_at + 2 * in->flood.hold_ms
                 ? t->inputs : 0;
        t->id = in->new_id[3];
        t->seq++;
        t->agent_id = at->hand.agent_id;
        t->state = t->agent_id == 0 ? CX_TURN_HUMAN : CX_TURN_OPEN;
        t->inputs = 0;
        t->opened_at = in->now_ms;
        t->fresh = true;
    }

    t->inputs++;
    t->deadline = cx_turn_deadline(&in->flood, t->inputs, before,
                                   t->opened_at, in->now_ms + in->quiet_ms,
                                   t->opened_at + in->cap_ms);

    return CX_OK;
}


static cx_err
open_review(cx_store *s, const cx_take *in, const cx_place *at, const turn *t)
{
    cx_query  q = cx_query_of(s, CX_SQL_REVIEW_ADD);
    cx_err    err;

    cx_bind_i64(&q, t->id);
    cx_bind_i64(&q, at->conversation_id);
    cx_bind_i64(&q, 0);
    cx_bind_str(&q, CX_NOSTR);
    cx_bind_f64(&q, 0);
    cx_bind_str(&q, at->hand.why);
    cx_bind_i64(&q, in->now_ms);

    err = cx_query_run(&q);

    return err == CX_OK ? cx_store_review_opened(s, t->id, in->now_ms) : err;
}


static cx_err
join_turn(cx_store *s, const cx_take *in, const turn *t)
{
    cx_query  q = cx_query_of(s, CX_SQL_TURN_JOIN);

    cx_bind_i64(&q, t->id);
    cx_bind_i64(&q, t->deadline);
    cx_bind_str(&q, in->msg->event);
    cx_bind_i64(&q, in->new_id[0]);

    return cx_query_run(&q);
}


static cx_err
write_turn(cx_store *s, const cx_take *in, const cx_place *at, const turn *t)
{
    cx_query  q;
    cx_err    err;

    if (t->id == 0) {
        return CX_OK;
    }

    if (!t->fresh) {
        return join_turn(s, in, t);
    }

    q = cx_query_of(s, CX_SQL_TURN_ADD);
    cx_bind_i64(&q, t->id);
    cx_bind_i64(&q, at->conversation_id);
    cx_bind_i64(&q, in->channel_id);
    cx_bind_i64(&q, t->agent_id);
    cx_bind_i64(&q, at->partition);
    cx_bind_i64(&q, t->seq);
    cx_bind_i64(&q, t->state);
    cx_bind_i64(&q, in->new_id[0]);
    cx_bind_i64(&q, t->opened_at);
    cx_bind_i64(&q, t->deadline);
    cx_bind_str(&q, in->msg->event);

    err = cx_query_run(&q);

    return err == CX_OK && t->state == CX_TURN_HUMAN
           ? open_review(s, in, at, t) : err;
}


static cx_err
insert_message(cx_store *s, const cx_take *in, const cx_place *at,
    const turn *t, cx_str meta)
{
    const cx_msg  *m = in->msg;
    cx_query       q = cx_query_of(s, CX_SQL_INBOUND_ADD);

    cx_bind_i64(&q, in->new_id[0]);
    cx_bind_i64(&q, in->channel_id);
    cx_bind_i64(&q, at->conversation_id);
    cx_bind_i64(&q, t->id);
    cx_bind_i64(&q, at->partition);
    cx_bind_i64(&q, in->now_ms);
    cx_bind_i64(&q, m->ts_ms);
    cx_bind_i64(&q, m->recv_ms);
    cx_bind_str(&q, m->content);
    cx_bind_i64(&q, cx_store_provider_key(in->channel_id, m->id));
    cx_bind_str(&q, m->id);
    cx_bind_str(&q, m->event);
    cx_bind_str(&q, m->text);
    cx_bind_str(&q, m->reply_to);
    cx_bind_str(&q, meta);
    /* An echo is what one of us said in the provider's own app. */
    cx_bind_i64(&q, in->echo ? CX_AUTHOR_HUMAN : CX_AUTHOR_CUSTOMER);
    cx_bind_i64(&q, in->echo);
    cx_bind_i64(&q, in->echo ? CX_MSGSTATE_SENT : CX_MSGSTATE_RECEIVED);

    return cx_query_run(&q);
}


/* An ignored message says in its meta why. */
static cx_err
add_message(cx_store *s, const cx_take *in, const cx_place *at, const turn *t)
{
    cx_arena  *a;
    cx_str     meta;
    cx_err     err = CX_NOMEM;

    if (at->ignore.len == 0) {
        return insert_message(s, in, at, t, in->meta);
    }

    a = cx_arena_new(8 * (in->meta.len + at->ignore.len) + 4096);
    if (a == NULL) {
        return CX_NOMEM;
    }

    meta = cx_store_ignored_meta(a, in->meta, at->ignore);

    if (!cx_arena_failed(a)) {
        err = insert_message(s, in, at, t, meta);
    }

    cx_arena_free(a);
    return err;
}


/* Is it known?  Then *found says as what. */
static cx_err
find_message(cx_store *s, const cx_take *in, cx_taken *found)
{
    cx_query  q = cx_query_of(s, CX_SQL_INBOUND_FIND);

    memset(found, 0, sizeof(*found));
    cx_bind_i64(&q, cx_store_provider_key(in->channel_id, in->msg->id));
    cx_bind_i64(&q, in->channel_id);
    cx_bind_str(&q, in->msg->id);

    if (cx_query_next(&q)) {
        found->duplicate = true;
        found->message_id = cx_get_i64(&q);
        found->conversation_id = cx_get_i64(&q);
        found->turn_id = cx_get_i64(&q);
        found->partition = (unsigned) cx_get_i64(&q);
    }

    return cx_query_end(&q);
}


/* All that is read before anything is written. */
static cx_err
look(cx_store *s, const cx_take *in, cx_query *asked, cx_place *at, turn *t)
{
    int64_t  one;
    cx_err   err;

    err = cx_place_find(s, in, asked, at);

    if (err == CX_OK && !at->known) {
        err = cx_ask_1(s, CX_SQL_CHANNEL_KNOWN, in->channel_id, &one);
    }

    at->ignore = ignored_as(in, at);
    /* What gets no answer of its own opens nothing again. */
    at->reopens = at->ended && in->ignore.len == 0 && !in->echo;
    at->hand.held = at->hand.give = at->reopens ? CX_BY_RULES : at->owner;

    return err == CX_OK ? choose_turn(s, in, at, t) : err;
}


/* What it means for the messages to come. */
static cx_err
write_wishes(cx_store *s, const cx_take *in, const cx_place *at)
{
    if (in->opt != CX_OPT_NONE) {
        return cx_run_2(s, CX_SQL_CONVERSATION_OPT, at->conversation_id,
                        in->opt == CX_OPT_OUT ? in->now_ms : 0);
    }

    return in->echo && in->hush_ms > 0
           ? cx_store_spoken(s, at->conversation_id, in->now_ms + in->hush_ms,
                           in->now_ms) : CX_OK;
}


static cx_err
write_all(cx_store *s, const cx_take *in, cx_place *at, const turn *t)
{
    cx_err  err;

    err = at->known ? cx_place_update(s, in, at) : cx_place_make(s, in, at);

    if (err == CX_OK) {
        err = cx_store_prove(s, in, at->customer_id, at->proven);
    }

    if (err == CX_OK) {
        err = add_message(s, in, at, t);
    }

    if (err == CX_OK) {
        err = write_turn(s, in, at, t);
    }

    return err == CX_OK ? write_wishes(s, in, at) : err;
}


/* Is the echo that of something we sent?  Then it is no message of its own. */
static cx_err
look_for_own(cx_store *s, const cx_take *in, const cx_place *at, cx_taken *out)
{
    cx_status_out  own = { .known = false };
    cx_err         err = CX_OK;

    memset(out, 0, sizeof(*out));

    if (in->echo) {
        err = cx_store_echo(s, in, at->conversation_id, at->partition, &own);
    }

    if (err == CX_OK && own.known) {
        out->duplicate = true;
        out->proof = own.was_ambiguous;
        out->message_id = own.message_id;
        out->conversation_id = own.conversation_id;
        out->partition = (unsigned) at->partition;
    }

    return err;
}


/* What was received before its customer was erased does not bring them back.
 * Only a conversation that is younger than the message can be affected. */
static cx_err
look_for_erased(cx_store *s, const cx_take *in, const cx_place *at,
    bool *erased)
{
    const int64_t  received = in->msg->recv_ms > 0 ? in->msg->recv_ms
                                                   : in->now_ms;
    cx_err         err;

    if (at->known && cx_id_ms(at->conversation_id) <= received) {
        return CX_OK;
    }

    err = cx_store_is_erased(s, in->channel_id, in->msg->peer, received,
                             erased);

    return err == CX_OK && !*erased && in->msg->peer_alt.len > 0
           ? cx_store_is_erased(s, in->channel_id, in->msg->peer_alt,
                                received, erased) : err;
}


/* All that is looked at first; known->duplicate: nothing is to be taken. */
static cx_err
look_first(cx_store *s, const cx_take *in, cx_place *at, turn *t,
    cx_taken *known)
{
    cx_query  asked;
    cx_err    err = cx_lock_event(s, in);

    if (err != CX_OK) {
        return err;
    }

    asked = cx_place_ask(s, in);
    err = find_message(s, in, known);

    if (err != CX_OK || known->duplicate) {
        (void) cx_query_end(&asked);
        return err;
    }

    err = look(s, in, &asked, at, t);

    if (err == CX_OK) {
        err = look_for_own(s, in, at, known);
    }

    return err == CX_OK && !known->duplicate
           ? look_for_erased(s, in, at, &known->duplicate) : err;
}


cx_err
cx_store_take(cx_store *s, const cx_take *in, cx_taken *out)
{
    cx_place  at;
    turn      t;
    cx_taken  known;
    cx_err    err;

    if (in->msg->id.len == 0 || in->msg->peer.len == 0) {
        return CX_INVALID;
    }

    if (in->tenant != 0) {
        cx_store_as(s, in->tenant);
    }

    err = cx_store_fence(s, in->fence);
    if (err != CX_OK) {
        return err;
    }

    err = look_first(s, in, &at, &t, &known);

    if (err == CX_OK && known.duplicate) {
        *out = known;
        return CX_OK;
    }

    if (err == CX_OK) {
        err = write_all(s, in, &at, &t);
    }

    if (err != CX_OK) {
        return err;
    }

    *out = (cx_taken) {
        .message_id = in->new_id[0],
        .conversation_id = at.conversation_id,
        .partition = (unsigned) at.partition,
        .turn_id = t.id,
        .turn_seq = t.seq,
        .turn_new = t.fresh,
        .inputs = t.inputs,
        .deadline = t.deadline,
        .hushed = in->echo && in->hush_ms > 0,
        .route = at.hand.why,
    };

    return CX_OK;
}
