/* Rules and groups, whose a conversation is, and when it ends. */

#include "unit/store/fixture.h"

#include "store/routing.h"

#define BILLING  INT64_C(12)
#define NIGHT    INT64_C(13)
#define HOUR     INT64_C(3600000)


static cx_route_row
rule(int64_t id, const char *name)
{
    return (cx_route_row) { .id = id, .name = cx_strz(name), .active = true,
                            .created_at = T0, .updated_at = T0 };
}


static cx_err
put(fixture *f, const cx_route_row *row, bool create)
{
    return TX(f->s, cx_store_route_put(f->s, row, create, f->a));
}


/* "b a c" */
static cx_str
order(fixture *f)
{
    cx_route_list  list = { .n = 0 };
    cx_str         names = CX_NOSTR;

    (void) cx_store_routes(f->s, false, f->a, &list);

    for (size_t i = 0; i < list.n; i++) {
        names = cx_printf(f->a, "%.*s%s%.*s", CX_ARG(names),
                          i > 0 ? " " : "", CX_ARG(list.items[i].name));

        if (list.items[i].position != (int64_t) i + 1) {
            return CX_STR("positions with a gap");
        }
    }

    return names;
}


static void
rules(fixture *f)
{
    cx_route_row   a = rule(101, "a"), b = rule(102, "b"), c = rule(103, "c");
    cx_route_row   bad = rule(104, "d");
    cx_route_list  list = { .n = 0 };

    a.agent_id = BILLING;
    a.words = CX_STR("refund");
    a.channel_id = CHANNEL;
    c.position = 1;

    tap_is_int(put(f, &a, true), CX_OK, "a rule");
    tap_is_int(put(f, &b, true), CX_OK, "another, behind it");
    tap_is_int(put(f, &c, true), CX_OK, "one before them");
    tap_is_str(order(f), CX_STR("c a b"), "in order");
    c.position = 2;
    tap_is_int(put(f, &c, false), CX_OK, "moved down");
    tap_is_str(order(f), CX_STR("a c b"), "in order");
    c.position = 99;
    tap_is_int(put(f, &c, false), CX_OK, "to the end");
    tap_is_str(order(f), CX_STR("a b c"), "in order");

    tap_is_int(cx_store_routes(f->s, true, f->a, &list), CX_OK, "all of them");
    tap_is_str(list.items[0].agent, CX_STR("billing"), "with the agent");
    tap_is_str(list.items[0].channel, CX_STR("wa-main"), "and the channel");
    tap_is_str(list.items[1].agent, CX_NOSTR, "or none");

    tap_is_int(put(f, &a, true), CX_CONFLICT, "an id twice");
    bad.name = CX_STR("a");
    tap_is_int(put(f, &bad, true), CX_CONFLICT, "a name twice");
    bad = rule(104, "d");
    tap_is_int(put(f, &bad, false), CX_NOT_FOUND, "one that is not there");
    bad.agent_id = 999;
    tap_is_int(put(f, &bad, true), CX_INVALID, "no such agent");
    bad.agent_id = BILLING;
    bad.group_id = 201;
    tap_is_int(put(f, &bad, true), CX_INVALID, "agent and group");
    bad.agent_id = 0;
    tap_is_int(put(f, &bad, true), CX_INVALID, "no such group");
    bad.group_id = 0;
    bad.channel_id = 999;
    tap_is_int(put(f, &bad, true), CX_INVALID, "no such channel");

    tap_is_int(TX(f->s, cx_store_agent_delete(f->s, BILLING)), CX_CONFLICT,
               "an agent that a rule names stays");
    tap_is_int(TX(f->s, cx_store_channel_delete(f->s, CHANNEL)), CX_CONFLICT,
               "so does a channel");
    tap_is_int(TX(f->s, cx_store_route_delete(f->s, 102, f->a)), CX_OK,
               "deleted");
    tap_is_str(order(f), CX_STR("a c"), "the others close up");
    tap_is_int(TX(f->s, cx_store_route_delete(f->s, 102, f->a)), CX_NOT_FOUND,
               "only once");

    cx_store_as(f->s, 2);
    tap_is_str(order(f), CX_NOSTR, "another tenant has none");
    tap_is_int(TX(f->s, cx_store_route_delete(f->s, 101, f->a)), CX_NOT_FOUND,
               "and deletes none");
    cx_store_as(f->s, 1);
}


static void
groups(fixture *f)
{
    cx_member_row  two[] = { { .agent_id = NIGHT, .weight = 2 },
                             { .agent_id = BILLING, .weight = 1,
                               .max_open = 5 } };
    cx_group_row   g = { .id = 201, .name = CX_STR("team"),
                         .members = { two, 2, 2 }, .created_at = T0,
                         .updated_at = T0 };
    cx_route_row   r = rule(105, "to the team");
    cx_group_list  list = { .n = 0 };
    int64_t        before = 0, after = 0;

    cx_store_config_version(f->s, &before);
    tap_is_int(TX(f->s, cx_store_group_put(f->s, &g, true)), CX_OK, "a group");
    cx_store_config_version(f->s, &after);
    tap_ok(after > before, "workers are told");
    tap_is_int(TX(f->s, cx_store_group_put(f->s, &g, true)), CX_CONFLICT,
               "not twice");
    tap_is_int(cx_store_groups(f->s, false, f->a, &list), CX_OK, "listed");
    tap_ok(list.n == 1 && list.items[0].members.n == 2, "with its members");
    tap_is_str(list.items[0].members.items[0].agent, CX_STR("billing"),
               "by id");
    tap_is_int(list.items[0].members.items[0].max_open, 5, "and their limits");

    two[1].agent_id = NIGHT;
    tap_is_int(TX(f->s, cx_store_group_put(f->s, &g, false)), CX_INVALID,
               "nobody twice");
    two[1].agent_id = 999;
    tap_is_int(TX(f->s, cx_store_group_put(f->s, &g, false)), CX_INVALID,
               "nobody unknown");
    g.members.n = 1;
    tap_is_int(TX(f->s, cx_store_group_put(f->s, &g, false)), CX_OK,
               "one member less");

    r.group_id = 201;
    tap_is_int(put(f, &r, true), CX_OK, "a rule for it");
    tap_is_int(TX(f->s, cx_store_group_delete(f->s, 201)), CX_CONFLICT,
               "keeps it");
    tap_is_int(TX(f->s, cx_store_agent_delete(f->s, NIGHT)), CX_CONFLICT,
               "which keeps its member");
    TX(f->s, cx_store_route_delete(f->s, 105, f->a));
    tap_is_int(TX(f->s, cx_store_group_delete(f->s, 201)), CX_OK,
               "without the rule it goes");
}


/* --- conversations ------------------------------------------------------- */

static const cx_str           refund[] = { CX_STR_INIT(" refund ") };
static const cx_str           person[] = { CX_STR_INIT(" person ") };
static const cx_route_member  billing[] = { { BILLING, 1, 0 } };
static const cx_route_member  both[] = { { BILLING, 1, 2 }, { NIGHT, 1, 2 } };

static const cx_route_rule  by_word[] = {
    { .id = 1, .tenant = 1, .active = true, .words = refund, .nwords = 1,
      .members = billing, .nmembers = 1 },
    { .id = 2, .tenant = 1, .active = true, .words = person, .nwords = 1,
      .people = true },
};
static const cx_route_rule  shared[] = {
    { .id = 3, .tenant = 1, .active = true, .members = both, .nmembers = 2 },
};
static const cx_route_agent  off[] = { { .id = BILLING, .active = false } };

static const cx_route_table  words = { by_word, 2, NULL, 0 };
static const cx_route_table  team = { shared, 1, NULL, 0 };
static const cx_route_table  away = { by_word, 2, off, 1 };


static int64_t
agent_of(fixture *f, int64_t turn_id)
{
    cx_recall  r = { .agent_id = -9 };

    (void) cx_store_recall(f->s, turn_id, 0, f->a, &r);
    return r.agent_id;
}


static cx_conversation_row
conversation(fixture *f, int64_t id)
{
    cx_conversation_row  row = { .agent_id = -9 };

    (void) cx_store_conversation(f->s, id, f->a, &row);
    return row;
}


static cx_taken
says(fixture *f, const cx_route_table *routes, const char *peer,
    const char *id, const char *text, int64_t now)
{
    const cx_msg  m = fx_msg(peer, id, text);
    cx_take       in = fx_take(f, &m, now);
    cx_taken      out = { .turn_id = 0 };

    in.tenant = 1;
    in.routes = routes;
    fx_must(TX(f->s, cx_store_take(f->s, &in, &out)) == CX_OK, "take");
    return out;
}


/* The turn is over. */
static void
answered(fixture *f, const cx_taken *t, int64_t now)
{
    (void) fx_planned(f, t->turn_id, t->inputs, "answer", now);
}


static void
routed(fixture *f)
{
    cx_taken  t = says(f, &words, "491", "r1", "hello", T0);

    tap_is_int(agent_of(f, t.turn_id), AGENT, "no rule: the channel's agent");
    tap_is_str(t.route, CX_STR("channel"), "... which is told");
    tap_is_int(conversation(f, t.conversation_id).agent_id, 0,
               "... and does not stay");
    answered(f, &t, T0 + 1);

    t = says(f, &words, "491", "r2", "I want a Refund!", T0 + 10);
    tap_is_int(agent_of(f, t.turn_id), BILLING, "a rule");
    tap_is_str(t.route, CX_STR("rule"), "... which is told");
    tap_is_int(says(f, &words, "491", "r3", "a person", T0 + 11).turn_id,
               t.turn_id, "what joins the turn is not routed");
    t.inputs = 2;
    answered(f, &t, T0 + 12);

    t = says(f, &words, "491", "r4", "thanks", T0 + 20);
    tap_is_int(agent_of(f, t.turn_id), BILLING, "the conversation is its own");
    tap_is_str(t.route, CX_STR("assigned"), "... which is told");
    answered(f, &t, T0 + 21);
    tap_is_str(conversation(f, t.conversation_id).agent, CX_STR("billing"),
               "... and seen");

    t = says(f, &away, "491", "r5", "hello?", T0 + 30);
    tap_is_int(agent_of(f, t.turn_id), AGENT, "who is away is not asked");
    answered(f, &t, T0 + 31);
    t = says(f, &away, "491", "r6", "refund?", T0 + 40);
    tap_is_int(agent_of(f, t.turn_id), 0, "nor by its rule: people");
    tap_is_str(t.route, CX_STR("agent_inactive"), "... for that reason");
    tap_is_int(conversation(f, t.conversation_id).agent_id, BILLING,
               "but it stays its own");

    t = says(f, &words, "492", "p1", "a person please", T0);
    tap_is_int(agent_of(f, t.turn_id), 0, "a rule to people");
    tap_is_int(says(f, &words, "492", "p2", "refund", T0 + 1).turn_id,
               t.turn_id, "... who have it from now on, in one review");
    tap_is_int(conversation(f, t.conversation_id).agent_id, CX_PEOPLE,
               "... as is seen");
}


static void
balanced(fixture *f)
{
    static const char *const  peers[] = { "601", "602", "603", "604" };
    int64_t   n = 0, other = 0;
    cx_taken  t;

    for (int i = 0; i < 4; i++) {
        t = says(f, &team, peers[i], peers[i], "hello", T0);
        other += agent_of(f, t.turn_id) == NIGHT;
    }

    /* One of BILLING's is open from before. */
    tap_is_int(cx_store_agent_open(f->s, BILLING, &n), CX_OK, "counted");
    tap_is_int(n, 2, "two for the one");
    tap_is_int(other, 2, "two for the other");
    tap_is_int(agent_of(f, t.turn_id), 0, "then people");
    tap_is_str(t.route, CX_STR("full"), "because they are full");

    TX(f->s, cx_store_conversation_state(f->s, t.conversation_id,
                                         CX_STR("closed"), T0));
    t = says(f, &team, "601", "601b", "hello", T0);
    TX(f->s, cx_store_conversation_state(f->s, t.conversation_id,
                                         CX_STR("closed"), T0 + 1));
    tap_ok(agent_of(f, says(f, &team, "605", "605", "hello", T0).turn_id) > 0,
           "who closes one has room for one");
}


static void
assigned(fixture *f)
{
    cx_taken       t = says(f, NULL, "701", "a1", "hello", T0);
    const cx_str   part = CX_STR("too late");
    int64_t        id = fx_next();
    cx_review_row  review;
    cx_plan        plan = { .fence = fx_fence(f), .turn_id = t.turn_id,
                            .inputs = 1, .agent_id = AGENT,
                            .state = CX_TURN_REPLIED, .parts = &part,
                            .part_ids = &id, .nparts = 1, .now_ms = T0 };

    tap_is_int(TX(f->s, cx_store_assign(f->s, t.conversation_id, BILLING,
                                        T0)), CX_OK, "to another agent");
    tap_is_int(agent_of(f, t.turn_id), BILLING, "the open turn goes along");
    tap_is_int(TX(f->s, cx_store_plan(f->s, &plan)), CX_STALE,
               "what the first one says comes too late");

    tap_is_int(TX(f->s, cx_store_assign(f->s, t.conversation_id, CX_PEOPLE,
                                        T0)), CX_OK, "to people");
    tap_is_int(cx_store_review(f->s, t.turn_id, f->a, &review), CX_OK,
               "the open turn waits for them");
    tap_is_str(review.reason, CX_STR("handover"), "... with the reason");
    plan.agent_id = BILLING;
    tap_is_int(TX(f->s, cx_store_plan(f->s, &plan)), CX_STALE,
               "no agent answers it");
    tap_is_int(agent_of(f, says(f, NULL, "701", "a2", "?", T0 + 1).turn_id),
               0, "nor what comes next");

    tap_is_int(TX(f->s, cx_store_assign(f->s, t.conversation_id, NIGHT, T0)),
               CX_OK, "and back");
    tap_is_int(agent_of(f, says(f, NULL, "701", "a3", "?", T0 + 2).turn_id),
               NIGHT, "an agent answers");
    tap_is_int(TX(f->s, cx_store_assign(f->s, t.conversation_id, CX_BY_RULES,
                                        T0)), CX_OK, "as the rules say");
    tap_is_int(TX(f->s, cx_store_assign(f->s, t.conversation_id, 999, T0)),
               CX_INVALID, "no such agent");
    tap_is_int(TX(f->s, cx_store_assign(f->s, 999, NIGHT, T0)), CX_NOT_FOUND,
               "no such conversation");
}


static void
closed(fixture *f)
{
    cx_taken             t = says(f, &words, "801", "c1", "refund", T0);
    const int64_t        id = t.conversation_id;
    cx_conversation_row  c;
    cx_recall            r;
    cx_msg               m = fx_msg("801", "c2", "");
    cx_take              in;
    cx_taken             out;

    tap_is_int(TX(f->s, cx_store_conversation_state(f->s, id,
                                                    CX_STR("closed"), T0)),
               CX_OK, "closed");
    c = conversation(f, id);
    tap_is_str(c.state, CX_STR("closed"), "it is");
    tap_is_int(c.closed_at, T0, "since then");
    cx_store_recall(f->s, t.turn_id, 0, f->a, &r);
    tap_is_int(r.state, CX_TURN_IGNORED, "what was thought about is dropped");

    in = fx_take(f, &m, T0 + 1);
    in.ignore = CX_STR("reaction");
    TX(f->s, cx_store_take(f->s, &in, &out));
    tap_is_str(conversation(f, id).state, CX_STR("closed"),
               "a reaction does not open it");

    t = says(f, &words, "801", "c3", "hello again", T0 + 2);
    c = conversation(f, id);
    tap_is_str(c.state, CX_STR("active"), "a message does");
    tap_is_int(c.closed_at, 0, "... and it was never closed");
    tap_is_int(agent_of(f, t.turn_id), AGENT, "... and is routed anew");
    tap_is_int(c.agent_id, 0, "... no longer the old agent's");
    answered(f, &t, T0 + 3);

    tap_is_int(TX(f->s, cx_store_conversation_state(f->s, id,
                                                    CX_STR("archived"),
                                                    T0 + 4)),
               CX_OK, "archived");
    c = conversation(f, id);
    tap_ok(c.archived_at == T0 + 4 && c.closed_at == T0 + 4,
           "which is closed, too");
    t = says(f, &words, "801", "c4", "hello", T0 + 5);
    tap_is_int(conversation(f, id).archived_at, 0, "until it is written to");
    tap_is_int(TX(f->s, cx_store_conversation_state(f->s, id,
                                                    CX_STR("gone"), T0)),
               CX_INVALID, "no such state");
}


static cx_idled
idle(fixture *f, int64_t now)
{
    const cx_idle  in = { .fence = fx_fence(f), .now_ms = now,
                          .close_before = now - 72 * HOUR,
                          .archive_before = now - 1000 * HOUR, .limit = 100 };
    cx_idled       out = { .looked = 0 };

    fx_must(TX(f->s, cx_store_idle(f->s, &in, f->a, &out)) == CX_OK, "idle");
    return out;
}


static void
by_time(fixture *f)
{
    cx_taken       quiet = says(f, NULL, "901", "i1", "hello", T0);
    cx_taken       busy = says(f, NULL, "902", "i2", "hello", T0);
    cx_taken       again = says(f, NULL, "903", "i3", "hello", T0);
    const int64_t  end = T0 + 72 * HOUR;
    cx_idle        stale = { .fence = { PARTITION, f->epoch + 1 },
                             .close_before = end, .limit = 9 };
    cx_idled       n = { .looked = 0 };

    answered(f, &quiet, T0 + 1);
    answered(f, &again, T0 + 1);
    again = says(f, NULL, "903", "i4", "hello", T0 + HOUR);
    answered(f, &again, T0 + HOUR + 1);

    (void) idle(f, end);
    tap_is_str(conversation(f, quiet.conversation_id).state, CX_STR("active"),
               "not a moment too early");
    (void) idle(f, end + 10);
    tap_is_str(conversation(f, quiet.conversation_id).state, CX_STR("closed"),
               "then it is closed");
    tap_is_str(conversation(f, busy.conversation_id).state, CX_STR("active"),
               "not one with a question under way");
    tap_is_str(conversation(f, again.conversation_id).state, CX_STR("active"),
               "nor one where somebody spoke later");
    (void) idle(f, end + HOUR + 10);
    tap_is_str(conversation(f, again.conversation_id).state, CX_STR("closed"),
               "until that is as long ago");

    tap_is_int((int64_t) idle(f, end + HOUR + 10).closed, 0, "once");
    (void) idle(f, T0 + 1000 * HOUR + 10);
    tap_ok(conversation(f, quiet.conversation_id).archived_at > 0,
           "later it is archived");
    tap_is_int(conversation(f, again.conversation_id).archived_at, 0,
               "each in its time");
    tap_is_int(TX(f->s, cx_store_idle(f->s, &stale, f->a, &n)), CX_FENCED,
               "only by its owner");
}


int
main(void)
{
    fixture             f;
    const cx_agent_row  agents[] = { fx_agent(BILLING, "billing"),
                                     fx_agent(NIGHT, "night") };

    fx_open(&f);
    TX(f.s, cx_store_agent_put(f.s, &agents[0], true));
    TX(f.s, cx_store_agent_put(f.s, &agents[1], true));

    rules(&f);
    groups(&f);
    routed(&f);
    balanced(&f);
    assigned(&f);
    closed(&f);
    by_time(&f);

    fx_close(&f);
    return tap_done();
}
