/* Turns: coalescing, recall, plan, and who may still say something. */

#include "unit/store/fixture.h"


static void
coalescing(fixture *f)
{
    cx_taken  a = fx_taken(f, "4921", "wamid.t1", "one", T0);
    cx_taken  b = fx_taken(f, "4921", "wamid.t2", "two", T0 + 900);
    cx_taken  c;

    tap_is_int(b.turn_id, a.turn_id, "a second message joins");
    tap_ok(!b.turn_new, "it is not a new turn");
    tap_is_int(b.inputs, 2, "two inputs");
    tap_is_int(b.deadline, T0 + 1900, "the quiet window starts anew");

    c = fx_taken(f, "4921", "wamid.t3", "three", T0 + 2500);
    tap_is_int(c.deadline, T0 + 3000, "but the cap holds");
    tap_is_int(fx_taken(f, "4922", "wamid.t4", "x", T0).turn_seq, 1,
               "another customer has turns of its own");

    fx_planned(f, a.turn_id, 3, "answer", T0 + 3000);
    c = fx_taken(f, "4921", "wamid.t5", "four", T0 + 4000);
    tap_ok(c.turn_new && c.turn_id != a.turn_id, "after the reply a new one");
    tap_is_int(c.turn_seq, 2, "the second");
}


static void
recall(fixture *f)
{
    cx_taken   t = fx_taken(f, "4923", "wamid.r1", "first question", T0);
    cx_recall  r;
    int64_t    out = fx_planned(f, t.turn_id, 1, "first answer", T0);

    t = fx_taken(f, "4923", "wamid.r2", "second", T0 + 1);
    t = fx_taken(f, "4923", "wamid.r3", "question", T0 + 2);

    tap_is_int(cx_store_recall(f->s, t.turn_id, 20, f->a, &r), CX_OK,
               "recalled");
    tap_is_str(r.question, CX_STR("second\nquestion"), "the inputs, joined");
    tap_is_str(r.last_input, CX_STR("wamid.r3"), "the newest one's id");
    tap_is_str(r.event, CX_STR("wamid.r3"), "and its event");
    tap_is_int(r.inputs, 2, "how many");
    tap_is_int(r.state, CX_TURN_OPEN, "it is open");
    tap_is_int(r.agent_id, AGENT, "its agent");
    tap_is_int(r.channel_id, CHANNEL, "its channel");
    tap_is_str(r.peer, CX_STR("4923"), "its customer");
    tap_is_int((int64_t) r.history.n, 2, "the history leaves inputs out");
    tap_is_str(r.history.items[0].text, CX_STR("first question"),
               "oldest first");
    tap_ok(r.history.items[1].outbound && r.history.items[1].id == out,
           "our answer after it");
    tap_is_str(r.history.items[1].author, CX_STR("ai"), "by the ai");

    cx_store_recall(f->s, t.turn_id, 1, f->a, &r);
    tap_is_int((int64_t) r.history.n, 1, "a shorter history");
    tap_is_str(r.history.items[0].text, CX_STR("first answer"),
               "is the newest part of it");
    cx_store_recall(f->s, t.turn_id, 0, f->a, &r);
    tap_is_int((int64_t) r.history.n, 0, "or none");
    tap_is_str(r.question, CX_STR("second\nquestion"), "the question stays");

    tap_is_int(cx_store_recall(f->s, 424242, 5, f->a, &r), CX_NOT_FOUND,
               "no such turn");
}


static void
small_arena(fixture *f)
{
    const cx_taken  t = fx_taken(f, "4924", "wamid.s1", "a question", T0);
    cx_arena       *a;
    cx_recall       r;
    cx_err          err = CX_NOMEM;
    size_t          limit = 0;

    for ( ; err != CX_OK && limit < 65536; limit += 16) {
        a = cx_arena_new(65536);
        cx_arena_limit(a, limit);
        err = cx_store_recall(f->s, t.turn_id, 5, a, &r);
        cx_arena_free(a);

        if (err != CX_OK && err != CX_NOMEM) {
            break;
        }
    }

    tap_is_int(err, CX_OK, "short of memory it says so, then it succeeds");
    tap_ok(limit > 100, "it was short for a while");
}


static cx_plan
plan_of(const fixture *f, const cx_taken *t, const cx_str *text,
    const int64_t *ids, size_t n)
{
    return (cx_plan) {
        .fence = fx_fence(f),
        .turn_id = t->turn_id,
        .inputs = t->inputs,
        .state = CX_TURN_REPLIED,
        .parts = text,
        .part_ids = ids,
        .nparts = n,
        .reply_to = CX_STR("wamid.q"),
        .now_ms = T0 + 5,
    };
}


static void
plan(fixture *f)
{
    const cx_str     parts[] = { CX_STR("part one"), CX_STR("part two") };
    const int64_t    ids[] = { fx_next(), fx_next() };
    const cx_taken   t = fx_taken(f, "4925", "wamid.p1", "q", T0);
    cx_plan          in = plan_of(f, &t, parts, ids, 2);
    cx_message_list  list;
    cx_message_row   m;

    in.inputs = 2;
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_STALE,
               "another number of inputs: think again");
    in.inputs = 1;
    in.fence.epoch--;
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_FENCED, "an old epoch");
    in.fence = (cx_fence) { PARTITION + 7, 0 };
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_FENCED,
               "another partition's owner");
    in.fence = fx_fence(f);
    in.state = CX_TURN_OPEN;
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_INVALID,
               "a plan does not leave it open");
    in.state = CX_TURN_REPLIED;
    in.turn_id = 99;
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_NOT_FOUND, "no turn");
    in.turn_id = t.turn_id;
    tap_is_int(cx_store_message(f->s, ids[0], f->a, &m), CX_NOT_FOUND,
               "none of these wrote anything");

    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_OK, "planned");
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_STALE, "only once");

    m = fx_message(f, ids[1]);
    tap_is_int(m.part, 1, "the second part");
    tap_is_str(m.text, parts[1], "its text");
    tap_is_str(m.state, CX_STR("ready"), "ready to be sent");
    tap_is_str(m.event, CX_STR("wamid.p1"), "traced to the newest input");
    tap_is_int((int64_t) m.reply_to.len, 0, "only the first part quotes");
    tap_is_str(fx_message(f, ids[0]).reply_to, CX_STR("wamid.q"), "as here");

    tap_is_int(cx_store_timeline(f->s, CX_STR("wamid.p1"), f->a, &list), CX_OK,
               "the event's timeline");
    tap_is_int((int64_t) list.n, 3, "has the input and both parts");
    tap_ok(!list.items[0].outbound && list.items[1].id == ids[0]
           && list.items[2].id == ids[1], "in order");
    tap_is_int(cx_store_timeline(f->s, CX_STR("none"), f->a, &list),
               CX_NOT_FOUND, "an unknown event has none");
}


/* The first owner pauses, its lease runs out, a second takes over. */
static void
two_owners(fixture *f)
{
    const cx_str    text = CX_STR("too late");
    const int64_t   id = fx_next();
    const cx_taken  t = fx_taken(f, "4926", "wamid.o1", "q", T0);
    const int64_t   sending = fx_sending(f, "4927", "wamid.o2");
    cx_plan         in = plan_of(f, &t, &text, &id, 1);
    cx_store       *second = fx_connect(f->path);
    cx_message_row  m;
    cx_msg          late = fx_msg("4928", "wamid.o3", "q");
    cx_take         take = fx_take(f, &late, T0);
    cx_taken        taken;
    cx_outgoing     o;
    cx_recovered    r;
    int64_t         epoch;

    tap_is_int(fx_lease(second, PARTITION, "w2", T0 + 5000), 0,
               "a live lease cannot be had");
    epoch = fx_lease(second, PARTITION, "w2", T0 + 20000);
    tap_is_int(epoch, f->epoch + 1, "an expired one can, with a new epoch");

    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_FENCED,
               "the first one's plan");
    tap_is_int(cx_store_message(f->s, id, f->a, &m), CX_NOT_FOUND,
               "has changed nothing");
    tap_is_int(TX(f->s, cx_store_take(f->s, &take, &taken)), CX_FENCED,
               "nor its take");
    tap_is_int(fx_settle(f, sending, CX_MSGSTATE_ACCEPTED, "wamid.x", 0, T0),
               CX_FENCED, "nor its settle");
    tap_is_int(fx_claim(f, sending, T0, &o), CX_FENCED, "nor its claim");
    tap_is_str(fx_message(f, sending).state, CX_STR("sending"),
               "the message is as it was");

    tap_is_int(TX(f->s, cx_store_recover(f->s, fx_fence(f), T0, T0, f->a, &r)),
               CX_FENCED, "nor its recovery");
    cx_store_recall(f->s, t.turn_id, 0, f->a, &(cx_recall) { .turn_id = 0 });

    in.fence.epoch = epoch;
    tap_is_int(TX(second, cx_store_plan(second, &in)), CX_OK,
               "the second goes on");
    cx_store_close(second);
    f->epoch = epoch;
}


/* The fence is looked at once a transaction, never longer. */
static void
fence_is_fresh(fixture *f)
{
    const cx_msg   m1 = fx_msg("4929", "wamid.f1", "q");
    const cx_msg   m2 = fx_msg("4929", "wamid.f2", "q");
    const cx_take  in1 = fx_take(f, &m1, T0), in2 = fx_take(f, &m2, T0);
    int64_t        epoch;
    cx_taken       t;

    fx_begin(f->s);
    tap_is_int(cx_store_take(f->s, &in1, &t), CX_OK, "taken");
    cx_store_lease_acquire(f->s, PARTITION, CX_STR("w2"), true, T0, 10000,
                       &epoch);
    tap_is_int(cx_store_take(f->s, &in2, &t), CX_FENCED,
               "a lease taken in the same transaction counts");
    tap_is_int(cx_store_commit(f->s), CX_OK, "committed");
    f->epoch = epoch;
}


/* Undecided: a sentence is sent, the draft waits. */
static void
handoff(fixture *f)
{
    const cx_str     sentence = CX_STR("I'll ask a colleague.");
    const int64_t    id = fx_next(), edited_id = fx_next();
    const cx_str     edited = CX_STR("It is on its way.");
    const cx_taken   t = fx_taken(f, "4930", "wamid.h1", "Where?", T0);
    cx_plan          in = plan_of(f, &t, &sentence, &id, 1);
    cx_review_row    r;
    cx_message_list  list;
    cx_message_row   m;

    in.state = CX_TURN_HUMAN;
    in.draft = CX_STR("Maybe on its way?");
    in.confidence = 0.5;
    in.reason = CX_STR("unsure");
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_OK, "handed over");
    tap_is_str(fx_message(f, id).state, CX_STR("ready"),
               "the sentence is ready");

    tap_is_int(cx_store_review(f->s, t.turn_id, f->a, &r), CX_OK, "a review");
    tap_is_str(r.state, CX_STR("waiting"), "waits");
    tap_is_str(r.draft, in.draft, "with the draft");
    tap_is_str(r.question, CX_STR("Where?"), "and the question");
    tap_is_str(r.agent, CX_STR("shop"), "the agent by name");
    tap_ok(r.confidence > 0.49 && r.confidence < 0.51, "its confidence");

    tap_is_int(TX(f->s, cx_store_review_decide(f->s, t.turn_id,
                                               CX_STR("edited"),
                                           &edited, &edited_id, 1,
                                           CX_STR("ada"), CX_NOSTR, T0)),
               CX_OK, "edited");
    m = fx_message(f, edited_id);
    tap_is_int(m.part, 1, "it is the next part");
    tap_is_str(m.author, CX_STR("human"), "by a person");
    tap_is_str(m.event, CX_STR("wamid.h1"), "traced to the event");
    cx_store_timeline(f->s, CX_STR("wamid.h1"), f->a, &list);
    tap_is_int((int64_t) list.n, 3, "all of it is in the timeline");
}


static void
dead_turn(fixture *f)
{
    cx_taken     t = fx_taken(f, "4931", "wamid.dt", "q", T0);
    cx_plan      in = plan_of(f, &t, NULL, NULL, 0);
    cx_dead_row  d;
    cx_recall    r;

    in.state = CX_TURN_DEAD;
    in.reason = CX_STR("timeout");
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_OK, "given up");
    tap_is_int(cx_store_dead_letter(f->s, t.turn_id, f->a, &d), CX_OK,
               "there is a letter");
    tap_is_str(d.kind, CX_STR("turn"), "of a turn");
    tap_is_str(d.reason, CX_STR("timeout"), "with the reason");
    tap_is_str(d.channel, CX_STR("wa-main"), "and the channel");

    for (int i = 0; i < 2; i++) {
        tap_is_int(TX(f->s, cx_store_dead_retry(f->s, d.id, false,
                                                CX_STR("ada"),
                                            T0 + 70)), CX_OK, "retried");
        tap_is_int(TX(f->s, cx_store_dead_retry(f->s, d.id, false,
                                                CX_STR("ada"),
                                            T0 + 70)), CX_CONFLICT,
                   "not twice");
        cx_store_recall(f->s, t.turn_id, 0, f->a, &r);
        tap_is_int(r.state, CX_TURN_OPEN, "the turn is open again");
        tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_OK,
                   "dead once more");
    }
}


/* A customer who does not pause: the plan answers what was seen. */
static void
split(fixture *f)
{
    const cx_str     text = CX_STR("to the first two");
    const int64_t    id = fx_next();
    cx_taken         t = fx_taken(f, "4932", "wamid.c1", "one", T0), next;
    cx_split         cut = { .quiet_ms = 1000, .cap_ms = 3000 };
    cx_plan          in;
    cx_recall        r;
    cx_message_list  list;

    t = fx_taken(f, "4932", "wamid.c2", "two", T0 + 500);
    cx_store_recall(f->s, t.turn_id, 0, f->a, &r);
    fx_taken(f, "4932", "wamid.c3", "three", T0 + 3100);
    fx_taken(f, "4932", "wamid.c4", "four", T0 + 3400);

    in = plan_of(f, &t, &text, &id, 1);
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_STALE,
               "as it was recalled");
    in.split = &cut;
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_STALE,
               "what was seen last is not known");
    cut.last_input_id = r.last_input_id;
    in.inputs = 1;
    cut.turn_id = fx_next();
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_STALE,
               "one came late under an earlier id");
    in.inputs = 2;
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_OK, "cut there");
    tap_is_int(cut.inputs, 2, "two go on");
    tap_is_int(cut.deadline, T0 + 4400, "they wait for a pause, too");

    tap_is_str(fx_message(f, id).event, CX_STR("wamid.c2"),
               "the reply is traced to what it answers");
    cx_store_timeline(f->s, CX_STR("wamid.c2"), f->a, &list);
    tap_is_int((int64_t) list.n, 2, "which has a reply");
    cx_store_timeline(f->s, CX_STR("wamid.c3"), f->a, &list);
    tap_is_int((int64_t) list.n, 1, "the third has none yet");
    cx_store_recall(f->s, t.turn_id, 0, f->a, &r);
    tap_is_int(r.inputs, 2, "the turn keeps two");
    tap_is_str(r.question, CX_STR("one\ntwo"), "these");

    next = fx_taken(f, "4932", "wamid.c5", "five", T0 + 5900);
    tap_is_int(next.turn_id, cut.turn_id, "a new message joins the next turn");
    tap_is_int(next.turn_seq, t.turn_seq + 1, "the next in order");
    tap_is_int(next.deadline, T0 + 6100, "its cap counts from its first one");
    cx_store_recall(f->s, next.turn_id, 9, f->a, &r);
    tap_is_str(r.question, CX_STR("three\nfour\nfive"), "it asks the rest");
    tap_is_str(r.event, CX_STR("wamid.c5"), "traced to the newest");
    tap_is_int((int64_t) r.history.n, 3, "with what was said before");

    in.turn_id = next.turn_id;
    in.inputs = 3;
    in.part_ids = &(const int64_t) { fx_next() };
    cut.last_input_id = r.last_input_id;
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_OK, "nothing newer");
    tap_is_int(cut.inputs, 0, "opens nothing");
}


/* The first part's intent goes on record with the plan. */
static void
claimed(fixture *f)
{
    const cx_str     parts[] = { CX_STR("part one"), CX_STR("part two") };
    const int64_t    ids[] = { fx_next(), fx_next() };
    const cx_msg     m = fx_msg("4933", "wamid.k4", "stop");
    cx_taken         t = fx_taken(f, "4933", "wamid.k1", "q", T0);
    cx_plan          in = plan_of(f, &t, parts, ids, 2);
    cx_take          stop;
    cx_message_row   row;
    cx_recovered     r;
    bool             yes = false;

    in.claimed = &yes;
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_OK,
               "planned and claimed");
    tap_ok(yes, "it says so");
    row = fx_message(f, ids[0]);
    tap_is_str(row.state, CX_STR("sending"), "the first is being sent");
    tap_is_int(row.attempts, 1, "for the first time");
    tap_is_int(row.sending_at, T0 + 5, "since now");
    row = fx_message(f, ids[1]);
    tap_is_str(row.state, CX_STR("ready"), "the second waits");
    tap_is_int(row.attempts, 0, "untried");

    tap_is_int(TX(f->s, cx_store_recover(f->s, fx_fence(f), T0 + 900, T0 + 10,
                                     f->a, &r)), CX_OK, "we die");
    tap_is_str(fx_message(f, ids[0]).state, CX_STR("ambiguous"),
               "nobody knows whether it left");
    tap_is_int(fx_settle(f, ids[0], CX_MSGSTATE_ACCEPTED, "wamid.k2", 0,
                         T0 + 20), CX_OK, "it did");

    t = fx_taken(f, "4933", "wamid.k3", "no more", T0 + 30);
    stop = fx_take(f, &m, T0 + 31);
    stop.opt = CX_OPT_OUT;
    tap_is_int(TX(f->s, cx_store_take(f->s, &stop,
                                      &(cx_taken) { .inputs = 0 })),
               CX_OK, "no messages any more");
    in = plan_of(f, &t, parts, (const int64_t[]) { fx_next(), fx_next() }, 2);
    in.claimed = &yes;
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_OK, "planned");
    tap_ok(!yes, "not claimed");
    tap_is_str(fx_message(f, in.part_ids[0]).state, CX_STR("ready"),
               "CLAIM will see to it");
}


int
main(void)
{
    fixture  f;

    fx_open(&f);

    coalescing(&f);
    recall(&f);
    small_arena(&f);
    plan(&f);
    two_owners(&f);
    fence_is_fresh(&f);
    handoff(&f);
    dead_turn(&f);
    split(&f);
    claimed(&f);

    fx_close(&f);
    return tap_done();
}
