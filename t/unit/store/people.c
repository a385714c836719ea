/* Configuration, lists, reviews, letters: what people see and decide. */

#include "unit/store/fixture.h"


static int64_t
version(const fixture *f)
{
    int64_t  v = 0;

    fx_must(cx_store_config_version(f->s, &v) == CX_OK, "version");
    return v;
}


static void
agents(fixture *f)
{
    const int64_t  v = version(f);
    cx_agent_row   a = fx_agent(31, "second");
    cx_agent_list  list;

    tap_is_int(TX(f->s, cx_store_agent_put(f->s, &a, true)), CX_OK,
               "an agent");
    tap_ok(version(f) > v, "the version has moved");
    tap_is_int(TX(f->s, cx_store_agent_put(f->s, &a, true)), CX_CONFLICT,
               "its id is taken");
    a.id = 32;
    tap_is_int(TX(f->s, cx_store_agent_put(f->s, &a, true)), CX_CONFLICT,
               "so is its name");
    tap_is_int(TX(f->s, cx_store_agent_put(f->s, &a, false)), CX_NOT_FOUND,
               "what is changed exists");
    a.id = 31;
    a.name = CX_STR("shop");
    tap_is_int(TX(f->s, cx_store_agent_put(f->s, &a, false)), CX_CONFLICT,
               "a name of another");

    a.name = CX_STR("third");
    a.threshold = 0.5;
    a.created_at = 1;
    a.updated_at = T0 + 5;
    tap_is_int(TX(f->s, cx_store_agent_put(f->s, &a, false)), CX_OK,
               "changed");
    cx_store_agents(f->s, f->a, &list);
    tap_is_int((int64_t) list.n, 2, "there are two");
    tap_is_str(list.items[1].name, CX_STR("third"), "renamed");
    tap_ok(list.items[1].threshold > 0.49 && list.items[1].threshold < 0.51,
           "with its threshold");
    tap_is_int(list.items[1].created_at, T0, "made when it was");
    tap_is_int(list.items[1].updated_at, T0 + 5, "changed now");

    a.threshold = 1.5;
    tap_is_int(TX(f->s, cx_store_agent_put(f->s, &a, false)), CX_INVALID,
               "a threshold is at most 1");
    a.threshold = 0.0 / (a.threshold - a.threshold);
    tap_is_int(TX(f->s, cx_store_agent_put(f->s, &a, false)), CX_INVALID,
               "and a number");

    tap_is_int(TX(f->s, cx_store_agent_delete(f->s, AGENT)), CX_CONFLICT,
               "the channel's agent stays");
    tap_is_int(TX(f->s, cx_store_agent_delete(f->s, 31)), CX_OK,
               "this one goes");
    tap_is_int(TX(f->s, cx_store_agent_delete(f->s, 31)), CX_NOT_FOUND,
               "once");
}


/* An agent whose turn is open, or whose draft waits, is needed still. */
static void
needed(fixture *f)
{
    const cx_agent_row  a = fx_agent(33, "fourth");
    const cx_msg        m = fx_msg("4970", "wamid.needed", "q");
    cx_take             in = fx_take(f, &m, T0);
    const int64_t       part_id = fx_next();
    const cx_str        part = CX_STR("answer");
    cx_plan             plan = {
        .fence = fx_fence(f), .turn_id = in.new_id[3], .inputs = 1,
        .state = CX_TURN_HUMAN, .draft = part, .now_ms = T0,
    };
    cx_taken            t;

    in.agent_id = 33;
    TX(f->s, cx_store_agent_put(f->s, &a, true));
    TX(f->s, cx_store_take(f->s, &in, &t));
    tap_is_int(TX(f->s, cx_store_agent_delete(f->s, 33)), CX_CONFLICT,
               "its turn is open");
    TX(f->s, cx_store_plan(f->s, &plan));
    tap_is_int(TX(f->s, cx_store_agent_delete(f->s, 33)), CX_CONFLICT,
               "its draft waits");
    TX(f->s, cx_store_review_decide(f->s, plan.turn_id, CX_STR("approved"),
                                &part, &part_id, 1, CX_STR("bob"),
                                CX_NOSTR, T0));
    tap_is_int(TX(f->s, cx_store_agent_delete(f->s, 33)), CX_OK,
               "then it can go");
}


static void
channels(fixture *f)
{
    cx_channel_row   c = fx_channel(41, "wa-two", "1065");
    cx_channel_list  list;
    int64_t          v;

    tap_is_int(TX(f->s, cx_store_channel_put(f->s, &c, true)), CX_CONFLICT,
               "one account, one channel");
    c.account = CX_STR("1066");
    c.name = CX_STR("wa-main");
    tap_is_int(TX(f->s, cx_store_channel_put(f->s, &c, true)), CX_CONFLICT,
               "one name, one channel");
    c.name = CX_STR("wa-two");
    c.agent_id = 999;
    tap_is_int(TX(f->s, cx_store_channel_put(f->s, &c, true)), CX_INVALID,
               "an agent that is not");
    c.agent_id = 0;
    c.health = CX_STR("splendid");
    tap_is_int(TX(f->s, cx_store_channel_put(f->s, &c, true)), CX_INVALID,
               "a word we do not know");
    c.health = CX_NOSTR;
    tap_is_int(TX(f->s, cx_store_channel_put(f->s, &c, true)), CX_OK,
               "a channel");

    v = version(f);
    tap_is_int(TX(f->s, cx_store_channel_health(f->s, 41, CX_STR("bad"),
                                            CX_NOSTR, T0)), CX_INVALID,
               "health has its words too");
    tap_is_int(TX(f->s, cx_store_channel_health(f->s, 41,
                                            CX_STR("action_required"),
                                            CX_STR("190: token"), T0)),
               CX_OK, "a person is needed");
    tap_is_int(version(f), v, "which is not a change of settings");
    cx_store_channels(f->s, f->a, &list);
    tap_is_int((int64_t) list.n, 2, "two channels");
    tap_is_int(list.items[1].agent_id, 0, "people only");
    tap_is_str(list.items[1].health, CX_STR("action_required"), "its health");
    tap_is_str(list.items[1].health_text, CX_STR("190: token"), "and why");

    fx_taken(f, "4971", "wamid.ch", "q", T0);
    tap_is_int(TX(f->s, cx_store_channel_delete(f->s, CHANNEL)), CX_CONFLICT,
               "a channel with talks stays");
    tap_is_int(TX(f->s, cx_store_channel_delete(f->s, 41)), CX_OK, "one goes");
    tap_is_int(TX(f->s, cx_store_channel_delete(f->s, 41)), CX_NOT_FOUND,
               "once");
}


static void
pages(fixture *f)
{
    cx_conversation_list  list, rest;
    cx_message_list       messages;
    char                  peer[16], id[32];
    cx_taken              t = { .turn_id = 0 };

    for (int i = 0; i < 5; i++) {
        snprintf(peer, sizeof(peer), "498%d", i);
        snprintf(id, sizeof(id), "wamid.pg%d", i);
        t = fx_taken(f, peer, id, "hi", T0 + i);
    }

    cx_store_conversations(f->s, &(cx_conversation_query) { .limit = 2 }, f->a,
                           &list);
    tap_is_int((int64_t) list.n, 2, "a page of two");
    tap_is_int(list.items[0].id, t.conversation_id, "the newest first");
    cx_store_conversations(f->s, &(cx_conversation_query) {
                               .channel_id = CHANNEL, .limit = 100,
                               .before = list.items[1].id }, f->a, &rest);
    tap_is_int((int64_t) rest.n, 4, "and the rest of that channel");
    tap_ok(rest.items[0].id < list.items[1].id, "below it");
    cx_store_conversations(f->s, &(cx_conversation_query) {
                               .channel_id = 999, .limit = 10 }, f->a, &rest);
    tap_is_int((int64_t) rest.n, 0, "another channel has none");

    fx_taken(f, "4984", "wamid.pg9", "more", T0 + 9);
    fx_planned(f, t.turn_id, 2, "answer", T0 + 10);
    cx_store_messages(f->s, t.conversation_id, 0, 2, f->a, &messages);
    tap_is_int((int64_t) messages.n, 2, "messages by page");
    tap_is_str(messages.items[0].text, CX_STR("hi"), "oldest first");
    cx_store_messages(f->s, t.conversation_id, messages.items[1].id, 9, f->a,
                  &messages);
    tap_is_int((int64_t) messages.n, 1, "then the rest");
    tap_is_str(messages.items[0].text, CX_STR("answer"), "the newest last");
    cx_store_messages_in(f->s, CX_MSGSTATE_READY, 9, f->a, &messages);
    tap_is_int((int64_t) messages.n, 1, "what is ready");
    cx_store_messages_in(f->s, CX_MSGSTATE_READ, 9, f->a, &messages);
    tap_is_int((int64_t) messages.n, 0, "what is read");
    tap_is_int(cx_store_conversation(f->s, 1, f->a,
                                 &(cx_conversation_row) { .id = 0 }),
               CX_NOT_FOUND, "a conversation that is not");
}


/* A turn that waits for a person, with a draft and nothing said. */
static int64_t
waiting(const fixture *f, const char *id)
{
    const cx_taken  t = fx_taken(f, id, id, "Where is it?", T0);
    const cx_plan   in = {
        .fence = fx_fence(f), .turn_id = t.turn_id, .inputs = 1,
        .state = CX_TURN_HUMAN, .draft = CX_STR("On its way."),
        .reason = CX_STR("unsure"), .now_ms = T0,
    };

    fx_must(TX(f->s, cx_store_plan(f->s, &in)) == CX_OK, "plan");
    return t.turn_id;
}


static cx_err
decide(const fixture *f, int64_t id, const char *verdict, const char *text)
{
    const cx_str   part = cx_strz(text);
    const int64_t  part_id = fx_next();

    return TX(f->s, cx_store_review_decide(f->s, id, cx_strz(verdict), &part,
                                       &part_id, text == NULL ? 0 : 1,
                                       CX_STR("ada"), CX_STR("because"),
                                       T0 + 77));
}


static void
reviews(fixture *f)
{
    const int64_t    one = waiting(f, "wamid.rv1");
    const int64_t    two = waiting(f, "wamid.rv2");
    cx_review_list   list;
    cx_review_row    r;
    cx_message_list  messages;
    cx_counts        c;
    cx_recall        turn;

    cx_store_reviews(f->s, CX_STR("waiting"), 9, f->a, &list);
    tap_is_int((int64_t) list.n, 2, "two wait");
    tap_is_int(list.items[0].id, one, "the longest waiting first");
    tap_is_str(list.items[0].question, CX_STR("Where is it?"), "the question");
    tap_is_str(list.items[0].channel, CX_STR("wa-main"), "the channel");
    tap_is_int(cx_store_reviews(f->s, CX_STR("lost"), 9, f->a, &list),
               CX_INVALID,
               "there is no such state");
    cx_store_counts(f->s, &c);
    tap_is_int(c.reviews_waiting, 2, "two are counted");

    tap_is_int(decide(f, one, "maybe", "x"), CX_INVALID, "no such verdict");
    tap_is_int(decide(f, one, "approved", NULL), CX_INVALID,
               "approved needs a text");
    tap_is_int(decide(f, one, "rejected", "x"), CX_INVALID,
               "rejected has none");
    tap_is_int(decide(f, 55, "rejected", NULL), CX_NOT_FOUND, "no review");

    tap_is_int(decide(f, one, "approved", "On its way."), CX_OK, "approved");
    tap_is_int(decide(f, one, "rejected", NULL), CX_CONFLICT, "once");
    cx_store_review(f->s, one, f->a, &r);
    tap_is_str(r.state, CX_STR("approved"), "it says so");
    tap_is_int(r.decided_at, T0 + 77, "and when");
    cx_store_timeline(f->s, CX_STR("wamid.rv1"), f->a, &messages);
    tap_is_int((int64_t) messages.n, 2, "there is a reply");
    tap_is_str(messages.items[1].state, CX_STR("ready"), "ready");
    tap_is_str(messages.items[1].author, CX_STR("ai"), "in the ai's words");
    cx_store_recall(f->s, one, 0, f->a, &turn);
    tap_is_int(turn.state, CX_TURN_REPLIED, "the turn is replied to");

    tap_is_int(decide(f, two, "rejected", NULL), CX_OK, "rejected");
    cx_store_recall(f->s, two, 0, f->a, &turn);
    tap_is_int(turn.state, CX_TURN_IGNORED, "nothing is said");
    cx_store_reviews(f->s, CX_STR("rejected"), 9, f->a, &list);
    tap_is_int((int64_t) list.n, 1, "it is listed there");
}


static int64_t
audit_lines(const fixture *f, const char *what)
{
    char  sql[128];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM audit"
             " WHERE what = '%s' AND who = 'ada'", what);

    return fx_ask(f->s, sql);
}


static void
letters(fixture *f)
{
    cx_dead_row   d = {
        .id = 601, .kind = CX_STR("event"), .channel = CX_STR("wa-main"),
        .reason = CX_STR("malformed"), .text = CX_STR("what"),
        .body = { 9, "{\"a\":\0\1}x" }, .partition = 17, .created_at = T0,
    };
    cx_dead_row   r;
    cx_dead_list  list;

    tap_is_int(TX(f->s, cx_store_event_dead(f->s, &d)), CX_OK, "a dead event");
    tap_is_int(TX(f->s, cx_store_event_dead(f->s, &d)), CX_CONFLICT, "once");
    d.id = 602;
    d.kind = CX_STR("send");
    tap_is_int(TX(f->s, cx_store_event_dead(f->s, &d)), CX_INVALID,
               "a send dies elsewhere");
    d.kind = CX_STR("event");
    TX(f->s, cx_store_event_dead(f->s, &d));

    cx_store_dead_letter(f->s, 601, f->a, &r);
    tap_is_str(r.body, fx_kept(f, d.body, "{\"a\":\xef\xbf\xbd\1}x"),
               "its entry byte for byte");
    tap_is_int(r.partition, 17, "where it came from");
    tap_is_str(r.state, CX_STR("dead"), "dead");

    tap_is_int(TX(f->s, cx_store_dead_retry(f->s, 601, false, CX_STR("ada"),
                                        T0)), CX_OK, "retried");
    tap_is_int(TX(f->s, cx_store_dead_retry(f->s, 602, true, CX_STR("ada"),
                                            T0)),
               CX_OK, "dropped");
    tap_is_int(TX(f->s, cx_store_dead_retry(f->s, 602, false, CX_STR("ada"),
                                        T0)), CX_CONFLICT, "once");
    tap_is_int(TX(f->s, cx_store_dead_retry(f->s, 603, false, CX_STR("ada"),
                                        T0)), CX_NOT_FOUND, "no letter");
    cx_store_dead_letters(f->s, CX_STR("dropped"), 9, f->a, &list);
    tap_is_int((int64_t) list.n, 1, "listed by state");
    tap_is_int(cx_store_dead_letters(f->s, CX_STR("gone"), 9, f->a, &list),
               CX_INVALID, "of those there are");

    tap_is_int(audit_lines(f, "dead.retry"), 1, "who retried is written down");
    tap_is_int(audit_lines(f, "dead.drop"), 1, "and who dropped");
    tap_is_int(audit_lines(f, "review.approve"), 1, "who approved");
    tap_is_int(audit_lines(f, "review.reject"), 1, "and who rejected");
    tap_is_int(TX(f->s, cx_store_audit(f->s, 700, CX_STR("ada"),
                                   CX_STR("agent.create"), CX_STR("ag_1"),
                                   T0)), CX_OK, "a line of the API");
    tap_is_int(audit_lines(f, "agent.create"), 1, "is there");
}


static void
words(void)
{
    cx_msg_state  s = CX_MSGSTATE_COUNT;

    for (int i = 0; i < CX_MSGSTATE_COUNT; i++) {
        cx_msg_state_parse(cx_strz(cx_msg_state_word((cx_msg_state) i)), &s);
        tap_is_int((int64_t) s, i, cx_msg_state_word((cx_msg_state) i));
    }

    tap_ok(!cx_msg_state_parse(CX_STR("Sent"), &s), "not in capitals");
    tap_ok(!cx_msg_state_parse(CX_NOSTR, &s), "nor empty");
    tap_is_str(cx_strz(cx_turn_state_word(CX_TURN_HUMAN)), CX_STR("human"),
               "turns have words too");
}


int
main(void)
{
    fixture  f;

    fx_open(&f);

    agents(&f);
    channels(&f);
    pages(&f);
    reviews(&f);
    letters(&f);
    needed(&f);
    words();

    fx_close(&f);
    return tap_done();
}
