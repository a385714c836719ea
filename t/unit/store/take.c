/* TAKE: what becomes of an event, and that it becomes so once. */

#include "unit/store/fixture.h"


static void
first_sight(fixture *f)
{
    cx_msg               m = fx_msg("491", "wamid.1", "Where is it?");
    cx_take              in;
    cx_taken             t;
    cx_conversation_row  c;
    cx_message_row       row;

    m.name = CX_STR("Ada");
    m.phone = CX_STR("+491");
    m.username = CX_STR("ada");
    m.reply_to = CX_STR("wamid.0");
    in = fx_take(f, &m, T0);
    in.meta = CX_STR("{\"voice\":1}");

    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_OK, "taken");
    tap_ok(!t.duplicate && t.turn_new, "a new turn");
    tap_is_int(t.message_id, in.new_id[0], "the message has the id given");
    tap_is_int(t.conversation_id, in.new_id[1], "so has the conversation");
    tap_is_int(t.turn_id, in.new_id[3], "and the turn");
    tap_is_int(t.turn_seq, 1, "it is the first turn");
    tap_is_int(t.inputs, 1, "of one input");
    tap_is_int(t.deadline, T0 + 1000, "which waits for a quiet second");
    tap_is_int(t.partition, PARTITION,
               "the event's partition is the conversation's");

    tap_is_int(cx_store_conversation(f->s, t.conversation_id, f->a, &c), CX_OK,
               "the conversation is there");
    tap_is_str(c.channel, CX_STR("wa-main"), "its channel by name");
    tap_is_str(c.name, CX_STR("Ada"), "its customer's name");
    tap_is_str(c.username, CX_STR("ada"), "user name");
    tap_is_str(c.phone, CX_STR("+491"), "and number");
    tap_is_str(c.state, CX_STR("active"), "it is active");
    tap_is_str(c.last_text, CX_STR("Where is it?"), "the last text");
    tap_is_int(c.last_at, T0, "and when");
    tap_is_int(c.messages, 1, "one message");

    row = fx_message(f, t.message_id);
    tap_ok(!row.outbound, "inbound");
    tap_is_str(row.state, CX_STR("received"), "received");
    tap_is_str(row.author, CX_STR("customer"), "by the customer");
    tap_is_str(row.text, CX_STR("Where is it?"), "its text");
    tap_is_str(row.reply_to, CX_STR("wamid.0"), "what it answers");
    tap_is_str(row.meta, CX_STR("{\"voice\":1}"), "its meta as given");
    tap_is_int(row.received_at, T0 - 10, "when the edge got it");
}


static void
duplicates(fixture *f)
{
    const cx_taken  first = fx_taken(f, "492", "wamid.d1", "one", T0);
    cx_msg          m = fx_msg("492", "wamid.d1", "one again");
    cx_take         in;
    cx_taken        t;
    cx_counts       before, after;

    cx_store_counts(f->s, &before);

    m.name = CX_STR("Changed");
    in = fx_take(f, &m, T0 + 50);
    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_OK, "taken again");
    tap_ok(t.duplicate, "known as a duplicate");
    tap_is_int(t.message_id, first.message_id, "the message it was");
    tap_is_int(t.conversation_id, first.conversation_id, "its conversation");
    tap_is_int(t.turn_id, first.turn_id, "its turn");

    /* The peer may be written in another way the second time. */
    m = fx_msg("492-other", "wamid.d1", "one again");
    in = fx_take(f, &m, T0 + 60);
    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_OK, "and again");
    tap_ok(t.duplicate, "a duplicate also under an unknown peer");

    cx_store_counts(f->s, &after);
    tap_is_int(after.messages, before.messages, "no message more");
    tap_is_int(after.conversations, before.conversations,
               "no conversation more");
    tap_is_int(after.turns_open, before.turns_open, "no turn more");
}


static void
name_stays(fixture *f)
{
    cx_conversation_row  c;
    cx_msg               m = fx_msg("493", "wamid.n1", "hi");
    cx_take              in;
    cx_taken             t;

    m.name = CX_STR("Bob");
    in = fx_take(f, &m, T0);
    TX(f->s, cx_store_take(f->s, &in, &t));

    fx_taken(f, "493", "wamid.n2", "no name", T0);
    cx_store_conversation(f->s, t.conversation_id, f->a, &c);
    tap_is_str(c.name, CX_STR("Bob"), "no name said: the name stays");

    m = fx_msg("493", "wamid.n3", "new name");
    m.name = CX_STR("Robert");
    in = fx_take(f, &m, T0);
    TX(f->s, cx_store_take(f->s, &in, &t));
    cx_store_conversation(f->s, t.conversation_id, f->a, &c);
    tap_is_str(c.name, CX_STR("Robert"), "another name replaces it");
}


static cx_taken
take_with(const fixture *f, const char *peer, const char *alt, const char *id,
    unsigned partition, int64_t epoch)
{
    cx_msg    m = fx_msg(peer, id, "hi");
    cx_take   in;
    cx_taken  t;

    memset(&t, 0, sizeof(t));
    m.peer_alt = cx_strz(alt);
    in = fx_take(f, &m, T0);
    in.fence = (cx_fence) { partition, epoch };
    fx_must(TX(f->s, cx_store_take(f->s, &in, &t)) == CX_OK, "take");

    return t;
}


/* The same person by number first, by user id later, and back. */
static void
aliases(fixture *f)
{
    const int64_t   other = fx_lease(f->s, PARTITION + 1, "w1", T0);
    const cx_taken  a = take_with(f, "4915", "", "wamid.a1", PARTITION,
                                  f->epoch);
    cx_taken        t;
    cx_recall       r;

    t = take_with(f, "US.77", "4915", "wamid.a2", PARTITION + 1, other);
    tap_is_int(t.conversation_id, a.conversation_id,
               "the user id continues what the number began");
    tap_is_int(t.partition, PARTITION,
               "the partition of the conversation stays");
    tap_is_int(t.turn_id, a.turn_id, "it joins the open turn");

    cx_store_recall(f->s, t.turn_id, 5, f->a, &r);
    tap_is_str(r.peer, CX_STR("US.77"), "a reply goes to the newest address");
    tap_is_str(r.peer_alt, CX_STR("4915"), "the other one is known");

    t = take_with(f, "US.77", "", "wamid.a3", PARTITION + 1, other);
    tap_is_int(t.conversation_id, a.conversation_id,
               "from then on the user id is enough");
    cx_store_recall(f->s, t.turn_id, 5, f->a, &r);
    tap_is_str(r.peer_alt, CX_STR("4915"), "and the number is not forgotten");

    t = take_with(f, "4915", "", "wamid.a4", PARTITION, f->epoch);
    tap_is_int(t.conversation_id, a.conversation_id, "the number still is");
    cx_store_recall(f->s, t.turn_id, 5, f->a, &r);
    tap_is_str(r.peer, CX_STR("4915"), "the address goes back");
    tap_is_str(r.peer_alt, CX_STR("US.77"), "the ids have changed places");

    t = take_with(f, "US.88", "4916", "wamid.a5", PARTITION, f->epoch);
    tap_ok(t.conversation_id != a.conversation_id, "another person");
    tap_is_int(take_with(f, "4916", "", "wamid.a6", PARTITION, f->epoch)
               .conversation_id, t.conversation_id,
               "the second id of a first message is known too");

    t = take_with(f, "US.99", "", "wamid.a7", PARTITION, f->epoch);
    take_with(f, "US.99", "4917", "wamid.a8", PARTITION, f->epoch);
    tap_is_int(take_with(f, "4917", "", "wamid.a9", PARTITION, f->epoch)
               .conversation_id, t.conversation_id,
               "and one that is told later");
}


static void
ignored(fixture *f)
{
    static const char *const metas[] = { "", "{\"a\":1}", "[1]", "no json" };
    static const char *const wants[] = {
        "{\"ignored\":\"reaction\"}", "{\"a\":1,\"ignored\":\"reaction\"}",
        "{\"ignored\":\"reaction\",\"meta\":\"[1]\"}",
        "{\"ignored\":\"reaction\",\"meta\":\"no json\"}",
    };
    char      id[32];
    cx_msg    m;
    cx_take   in;
    cx_taken  t;

    for (size_t i = 0; i < 4; i++) {
        snprintf(id, sizeof(id), "wamid.i%zu", i);
        m = fx_msg("494", id, "+1");
        in = fx_take(f, &m, T0);
        in.ignore = CX_STR("reaction");
        in.meta = cx_strz(metas[i]);

        tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_OK, "ignored");
        tap_is_int(t.turn_id, 0, "it has no turn");
        tap_is_str(fx_message(f, t.message_id).meta, cx_strz(wants[i]),
                   "it says why");
    }
}


/* What one of us said in the provider's own app is not the customer's. */
static void
echo(fixture *f)
{
    cx_msg          m = fx_msg("496", "wamid.e1", "I said it already");
    cx_take         in = fx_take(f, &m, T0);
    cx_taken        t;
    cx_message_row  row;

    m.kind = CX_STR("echo");
    in.ignore = m.kind;
    in.echo = true;

    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_OK, "taken");
    tap_is_int(t.turn_id, 0, "nothing to answer");

    row = fx_message(f, t.message_id);
    tap_is_str(row.author, CX_STR("human"), "a person wrote it");
    tap_ok(row.outbound, "to the customer");
    tap_is_str(row.state, CX_STR("sent"), "and it was sent");

    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_OK, "taken again");
    tap_ok(t.duplicate, "it is a duplicate");
}


/* Without an agent a person answers: one review for all that waits. */
static void
no_agent(fixture *f)
{
    cx_msg          m = fx_msg("495", "wamid.h1", "first");
    cx_take         in = fx_take(f, &m, T0);
    cx_taken        t, u;
    cx_review_list  list;

    in.agent_id = 0;
    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_OK, "taken");
    tap_ok(t.turn_id != 0, "it has a turn");

    m = fx_msg("495", "wamid.h2", "second");
    in = fx_take(f, &m, T0 + 60000);
    in.agent_id = 0;
    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &u)), CX_OK, "taken");
    tap_is_int(u.turn_id, t.turn_id, "the second waits with the first");

    cx_store_reviews(f->s, CX_STR("waiting"), 10, f->a, &list);
    tap_is_int((int64_t) list.n, 1, "one review");
    tap_is_int(list.items[0].id, t.turn_id, "of that turn");
    tap_is_str(list.items[0].question, CX_STR("first\nsecond"),
               "with both questions");
    tap_is_int((int64_t) list.items[0].draft.len, 0, "and no draft");
}


static void
refused(fixture *f)
{
    cx_msg    m = fx_msg("496", "", "no id");
    cx_take   in = fx_take(f, &m, T0);
    cx_taken  t;

    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_INVALID, "no id");

    m = fx_msg("", "wamid.r1", "no peer");
    in = fx_take(f, &m, T0);
    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_INVALID, "no peer");

    m = fx_msg("496", "wamid.r2", "no channel");
    in = fx_take(f, &m, T0);
    in.channel_id = 999;
    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_NOT_FOUND,
               "unknown channel");

    in = fx_take(f, &m, T0);
    in.fence.epoch++;
    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_FENCED,
               "wrong epoch");

    in.fence = (cx_fence) { CX_PARTITIONS, 0 };
    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_INVALID,
               "no such partition");
}


static void
any_bytes(fixture *f)
{
    static const char  nul[] = "a\0b\xf0\x9f\x90\x9f \xff' \"; DROP --";
    const cx_str       text = { sizeof(nul) - 1, nul };
    const cx_str       kept = fx_kept(f, text, "a\xef\xbf\xbd"
                                      "b\xf0\x9f\x90\x9f \xef\xbf\xbd"
                                      "' \"; DROP --");
    cx_msg             m = fx_msg("497", "wamid.b1", "");
    cx_take            in;
    cx_taken           t;
    cx_recall          r;

    m.text = text;
    m.peer = (cx_str) { 5, "49\0 7" };
    in = fx_take(f, &m, T0);
    TX(f->s, cx_store_take(f->s, &in, &t));

    tap_is_str(fx_message(f, t.message_id).text, kept,
               "NUL, UTF-8 and bad bytes come back as they were");
    cx_store_recall(f->s, t.turn_id, 5, f->a, &r);
    tap_is_str(r.question, kept, "also in the question");
    tap_is_str(r.peer, fx_kept(f, m.peer, "49\xef\xbf\xbd 7"),
               "also in a peer");
}


/* Also: a neighbour that fails leaves the others of its transaction alone. */
static void
shared_transaction(fixture *f)
{
    cx_msg    m1 = fx_msg("498", "wamid.g1", "x"), m2 = m1, m3 = m1;
    cx_take   in1, in2, in3;
    cx_taken  t;

    m2.id = CX_STR("wamid.g2");
    m3.id = CX_STR("wamid.g3");
    in1 = fx_take(f, &m1, T0);
    in2 = fx_take(f, &m2, T0);
    in3 = fx_take(f, &m3, T0);
    in2.fence.epoch = 77;

    fx_begin(f->s);
    tap_is_int(cx_store_take(f->s, &in1, &t), CX_OK, "first of a group");
    tap_is_int(cx_store_take(f->s, &in2, &t), CX_FENCED, "second is fenced");
    tap_is_int(cx_store_take(f->s, &in3, &t), CX_OK, "third");
    tap_is_int(t.inputs, 2, "which joins the first");
    tap_is_int(cx_store_commit(f->s), CX_OK, "committed");
    tap_is_str(fx_message(f, in3.new_id[0]).provider_id, CX_STR("wamid.g3"),
               "the third is there");
}


int
main(void)
{
    fixture  f;

    fx_open(&f);

    first_sight(&f);
    duplicates(&f);
    name_stays(&f);
    aliases(&f);
    ignored(&f);
    echo(&f);
    no_agent(&f);
    refused(&f);
    any_bytes(&f);
    shared_transaction(&f);

    fx_close(&f);
    return tap_done();
}
