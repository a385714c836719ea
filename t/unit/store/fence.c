/* Never both: a person speaks before, between and after the steps of the AI's
 * reply, in every way there is, and what the AI had not begun to send by then
 * is never sent. */

#include "unit/store/fixture.h"

/* The AI's way, in order; a person comes before one of them, or last. */
typedef enum {
    RECALL,
    PLAN,
    CLAIM,
    SETTLE,
    CLAIM_NEXT,                 /* the reply's second part */
    LAST,
    STEPS
} step;

static const char *const  step_words[STEPS] = {
    "recall", "plan", "claim", "settle", "the next claim", "the end"
};

typedef enum {
    TAKE_OVER,
    SAY,
    ECHO,
    SWITCH_OFF,
    ACTS
} act;

static const char *const  act_words[ACTS] = {
    "take over", "say", "echo", "switch off"
};

/* How the first send ends, and who claims it. */
typedef enum {
    PLAIN,
    AT_ONCE,                    /* PLAN claims it */
    AGAIN,                      /* the provider said: later */
    WAYS
} way;

static const char *const  way_words[WAYS] = {
    "plain", "claimed by the plan", "sent twice"
};

typedef struct {
    fixture    *f;
    way         how;
    int64_t     conversation_id;
    int64_t     turn_id;
    int64_t     fence;          /* as recalled */
    bool        recalled;
    bool        sending;        /* its first part, at some time */
    bool        person;         /* PLAN says */
    int64_t     ids[2];
    bool        spoken;         /* the person, by now */
    unsigned    wrong;          /* begun after that */
} run;

static unsigned  serial = 0;


/* --- the person ---------------------------------------------------------- */

static cx_err
say(const run *r, int64_t after)
{
    const cx_say_part  part = {
        .id = fx_next(), .content = CX_STR("text"), .text = CX_STR("Ann here")
    };
    const cx_say       in = {
        .conversation_id = r->conversation_id, .group_id = fx_next(),
        .human = true, .parts = &part, .n = 1, .after = after,
        .now_ms = T0 + 50,
    };
    int64_t            group;

    return TX(r->f->s, cx_store_say(r->f->s, &in, &group));
}


static cx_err
echo(const run *r, const char *peer, const char *id)
{
    cx_msg    m = fx_msg(peer, id, "Ann here");
    cx_take   in;
    cx_taken  t;

    m.kind = CX_STR("echo");
    in = fx_take(r->f, &m, T0 + 50);
    in.ignore = m.kind;
    in.echo = true;
    in.hush_ms = 5000;

    return TX(r->f->s, cx_store_take(r->f->s, &in, &t));
}


static void
speak(run *r, act what, const char *peer)
{
    char      id[32];
    cx_store *s = r->f->s;
    cx_err    err = CX_INTERNAL;

    (void) snprintf(id, sizeof(id), "mid.%u", ++serial);

    switch (what) {

    case TAKE_OVER:
        err = TX(s, cx_store_conversation_take(s, r->conversation_id,
                                               CX_STR("ann"), false,
                                               T0 + 50));
        break;

    case SAY:
        err = say(r, 0);
        break;

    case ECHO:
        err = echo(r, peer, id);
        break;

    default:
        err = TX(s, cx_store_conversation_quiet(s, r->conversation_id,
                                                T0 + 90000, T0 + 50));
        break;
    }

    fx_must(err == CX_OK, "a person speaks");
    r->spoken = true;
}


/* --- the AI -------------------------------------------------------------- */

static void
recall(run *r)
{
    cx_recall  now;

    fx_must(cx_store_recall(r->f->s, r->turn_id, 5, r->f->a, &now) == CX_OK,
            "recall");
    r->fence = now.fence;
    r->recalled = now.state == CX_TURN_OPEN;
}


static void
plan(run *r)
{
    static const cx_str  parts[] = { CX_STR_INIT("one"), CX_STR_INIT("two") };
    bool                 claimed = false;
    cx_err               err;
    const cx_plan        in = {
        .fence = fx_fence(r->f), .turn_id = r->turn_id, .inputs = 1,
        .state = CX_TURN_REPLIED, .parts = parts, .part_ids = r->ids,
        .nparts = 2, .claimed = r->how == AT_ONCE ? &claimed : NULL,
        .recall_fence = r->fence, .person = &r->person, .now_ms = T0 + 10,
    };

    if (!r->recalled) {
        return;
    }

    err = TX(r->f->s, cx_store_plan(r->f->s, &in));
    fx_must(err == CX_OK || err == CX_STALE, "plan");
    r->sending = claimed;
    r->wrong += claimed && r->spoken;
    r->wrong += err == CX_OK && r->spoken && !r->person;
}


/* Only what is there can be claimed. */
static bool
claim(run *r, int64_t id)
{
    cx_outgoing   out;
    const cx_err  err = fx_claim(r->f, id, T0 + 20, &out);
    const bool    sent = err == CX_OK && !out.withdrawn;

    r->wrong += sent && r->spoken;
    return sent;
}


static void
settle(run *r)
{
    const bool  again = r->how == AGAIN;

    if (!r->sending) {
        return;
    }

    fx_must(fx_settle(r->f, r->ids[0], again ? CX_MSGSTATE_READY
                                             : CX_MSGSTATE_ACCEPTED,
                      again ? "" : "wamid.out", 0, T0 + 30) == CX_OK,
            "settle");

    if (again && claim(r, r->ids[0])) {
        fx_must(fx_settle(r->f, r->ids[0], CX_MSGSTATE_ACCEPTED, "wamid.out",
                          0, T0 + 31) == CX_OK, "settle again");
    }
}


static void
go(run *r, step at)
{
    switch (at) {

    case RECALL:
        recall(r);
        return;

    case PLAN:
        plan(r);
        return;

    case CLAIM:
        if (r->how != AT_ONCE) {
            r->sending = claim(r, r->ids[0]);
        }

        return;

    case SETTLE:
        settle(r);
        return;

    case CLAIM_NEXT:
        (void) claim(r, r->ids[1]);
        return;

    default:
        return;
    }
}


/* --- every order --------------------------------------------------------- */

/* What is not begun is gone, what is done stays done. */
static bool
is_settled(const run *r)
{
    cx_message_row  m;

    for (size_t i = 0; i < 2; i++) {
        if (cx_store_message(r->f->s, r->ids[i], r->f->a, &m) == CX_OK
            && (cx_str_eq(m.state, CX_STR("ready"))
                || cx_str_eq(m.state, CX_STR("sending")))
            && !(i == 1 && cx_str_eq(m.state, CX_STR("sending"))))
        {
            return false;
        }
    }

    return true;
}


static void
one(fixture *f, act what, step before, way how)
{
    char       peer[32], id[32];
    cx_recall  end;
    cx_taken   t;
    run        r = { .f = f, .how = how, .ids = { fx_next(), fx_next() } };

    (void) snprintf(peer, sizeof(peer), "49%u", ++serial);
    (void) snprintf(id, sizeof(id), "wamid.%u", serial);
    t = fx_taken(f, peer, id, "open on Sunday?", T0);
    r.conversation_id = t.conversation_id;
    r.turn_id = t.turn_id;

    for (step at = RECALL; at < STEPS; at++) {
        if (at == before) {
            speak(&r, what, peer);
        }

        go(&r, at);
    }

    fx_must(cx_store_recall(f->s, r.turn_id, 5, f->a, &end) == CX_OK, "end");
    tap_ok(r.wrong == 0 && is_settled(&r)
           && end.state == (before <= PLAN ? CX_TURN_IGNORED
                                           : CX_TURN_REPLIED),
           act_words[what]);
    printf("#   %s before %s, %s\n", act_words[what], step_words[before],
           way_words[how]);
}


static void
every_order(fixture *f)
{
    for (act what = 0; what < ACTS; what++) {
        for (step before = RECALL; before < STEPS; before++) {
            for (way how = 0; how < WAYS; how++) {
                one(f, what, before, how);
            }
        }
    }
}


/* --- what the number protects alone -------------------------------------- */

/* Two databases' worth of luck: the turn was opened while the conversation was
 * being taken, so that nothing has closed it. */
static void
taken_meanwhile(fixture *f)
{
    const cx_str    part = CX_STR("said");
    const int64_t   id = fx_next();
    const cx_taken  t = fx_taken(f, "4701", "wamid.m1", "q", T0);
    cx_taken        u;
    bool            person = false;
    cx_review_row   review;
    cx_plan         in = {
        .fence = fx_fence(f), .inputs = 1, .state = CX_TURN_REPLIED,
        .parts = &part, .part_ids = &id, .nparts = 1, .person = &person,
        .now_ms = T0,
    };

    fx_must(TX(f->s, cx_store_conversation_take(f->s, t.conversation_id,
                                                CX_STR("ann"), false, T0))
            == CX_OK, "take");
    u = fx_taken(f, "4701", "wamid.m2", "q2", T0 + 1);
    in.turn_id = u.turn_id;
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_STALE,
               "a taken conversation's turn is no AI's");
    tap_is_int(cx_store_review(f->s, u.turn_id, f->a, &review), CX_OK,
               "it waits for people");
    tap_is_str(review.reason, CX_STR("taken"), "... who see why");
    tap_is_str(review.draft, CX_NOSTR, "... without a draft");

    tap_is_int(fx_taken(f, "4701", "wamid.m3", "q3", T0 + 2).turn_id,
               u.turn_id, "one waits for all that comes");
    tap_is_int(say(&(run) { .f = f, .conversation_id = t.conversation_id },
                   0), CX_OK, "she answers");
    tap_is_int(cx_store_review(f->s, u.turn_id, f->a, &review), CX_OK, "so");
    tap_is_str(review.state, CX_STR("edited"), "it does not wait any more");
    tap_ok(fx_taken(f, "4701", "wamid.m4", "q4", T0 + 60).turn_new,
           "what comes next does");
}


/* A turn that was given up is tried again while a person has the talk. */
static void
tried_again(fixture *f)
{
    const cx_str    part = CX_STR("said");
    const int64_t   id = fx_next();
    const cx_taken  t = fx_taken(f, "4705", "wamid.d1", "q", T0);
    bool            person = false;
    cx_recall       now;
    cx_plan         in = {
        .fence = fx_fence(f), .turn_id = t.turn_id, .inputs = 1,
        .state = CX_TURN_DEAD, .person = &person, .now_ms = T0,
    };

    fx_must(TX(f->s, cx_store_plan(f->s, &in)) == CX_OK, "given up");
    tap_ok(!person, "nobody has spoken");
    fx_must(TX(f->s, cx_store_conversation_take(f->s, t.conversation_id,
                                                CX_STR("ann"), false, T0))
            == CX_OK, "take");
    fx_must(TX(f->s, cx_store_dead_retry(f->s, t.turn_id, false,
                                         CX_STR("ann"), T0)) == CX_OK,
            "tried again");

    fx_must(cx_store_recall(f->s, t.turn_id, 5, f->a, &now) == CX_OK, "now");
    tap_ok(now.state == CX_TURN_OPEN && now.taken, "the AI is told");
    in.state = CX_TURN_REPLIED;
    in.recall_fence = now.fence;
    in.parts = &part;
    in.part_ids = &id;
    in.nparts = 1;
    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_OK, "its reply");
    fx_must(cx_store_recall(f->s, t.turn_id, 5, f->a, &now) == CX_OK, "end");
    tap_ok(person && now.state == CX_TURN_HUMAN, "waits for a person instead");
    tap_is_int(cx_store_message(f->s, id, f->a, &(cx_message_row) { 0 }),
               CX_NOT_FOUND, "nothing is said");
}


static void
older_number(fixture *f)
{
    const cx_taken  t = fx_taken(f, "4702", "wamid.o1", "q", T0);
    const int64_t   id = fx_next();
    const cx_str    part = CX_STR("said");
    bool            person = false;
    cx_recall       end;
    cx_plan         in = {
        .fence = fx_fence(f), .turn_id = t.turn_id, .inputs = 1,
        .state = CX_TURN_REPLIED, .parts = &part, .part_ids = &id,
        .nparts = 1, .person = &person, .recall_fence = -1, .now_ms = T0,
    };

    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_OK, "an older number");
    tap_ok(person, "is refused");
    fx_must(cx_store_recall(f->s, t.turn_id, 5, f->a, &end) == CX_OK, "end");
    tap_is_int(end.state, CX_TURN_IGNORED, "... and the turn is over");
    tap_is_int(cx_store_message(f->s, id, f->a, &(cx_message_row) { 0 }),
               CX_NOT_FOUND, "nothing is said");
}


/* --- who has it ---------------------------------------------------------- */

static cx_conversation_row
talk_of(const fixture *f, int64_t id)
{
    cx_conversation_row  row = { .id = 0 };

    fx_must(cx_store_conversation(f->s, id, f->a, &row) == CX_OK, "talk");
    return row;
}


static cx_err
take_over(const fixture *f, int64_t id, const char *who, bool force)
{
    return TX(f->s, cx_store_conversation_take(f->s, id, cx_strz(who), force,
                                               T0 + 5));
}


static void
take_and_give(fixture *f)
{
    const int64_t        id = fx_taken(f, "4703", "wamid.g1", "q", T0)
                              .conversation_id;
    cx_conversation_row  row;

    tap_is_int(take_over(f, 1, "ann", false), CX_NOT_FOUND, "nobody's");
    tap_is_int(take_over(f, id, "", false), CX_INVALID, "by nobody");
    tap_is_int(take_over(f, id, "ann", false), CX_OK, "taken");
    row = talk_of(f, id);
    tap_is_str(row.taken_by, CX_STR("ann"), "by her");
    tap_is_int(row.taken_at, T0 + 5, "then");
    tap_is_int(row.fence, 1, "the number moves");
    tap_is_int(take_over(f, id, "ann", false), CX_OK, "she has it already");
    tap_is_int(take_over(f, id, "bob", false), CX_CONFLICT, "he does not");
    tap_is_str(talk_of(f, id).taken_by, CX_STR("ann"), "she keeps it");
    tap_is_int(take_over(f, id, "bob", true), CX_OK, "unless he insists");
    tap_is_str(talk_of(f, id).taken_by, CX_STR("bob"), "then it is his");

    tap_is_int(TX(f->s, cx_store_conversation_give(f->s, id, CX_STR("bob"),
                                                T0 + 8)), CX_OK,
               "given back");
    tap_is_str(talk_of(f, id).taken_by, CX_NOSTR, "to nobody");
    tap_is_int(TX(f->s, cx_store_conversation_give(f->s, 1, CX_STR("bob"),
                                                T0 + 8)), CX_NOT_FOUND,
               "what there is not");
    tap_ok(fx_taken(f, "4703", "wamid.g2", "q2", T0 + 9).turn_new,
           "and the AI answers again");
}


/* --- only if nobody has answered ----------------------------------------- */

static void
after(fixture *f)
{
    const cx_taken  t = fx_taken(f, "4704", "wamid.a1", "q", T0);
    const int64_t   id = fx_planned(f, t.turn_id, 1, "said", T0);
    const run       r = { .f = f, .conversation_id = t.conversation_id };
    cx_outgoing     out;

    tap_is_int(say(&r, t.message_id), CX_OK, "not answered yet");
    tap_is_str(fx_message(f, id).state, CX_STR("cancelled"),
               "the AI's word is taken back");
    tap_is_int(say(&r, t.message_id), CX_STALE, "a second person is late");

    const cx_taken  u = fx_taken(f, "4704", "wamid.a2", "q2", T0 + 9);
    const int64_t   next = fx_next();
    const cx_str    part = CX_STR("said");
    const cx_plan   in = {
        .fence = fx_fence(f), .turn_id = u.turn_id, .inputs = 1,
        .state = CX_TURN_REPLIED, .parts = &part, .part_ids = &next,
        .nparts = 1, .recall_fence = 1, .now_ms = T0 + 9,
    };

    tap_is_int(TX(f->s, cx_store_plan(f->s, &in)), CX_OK, "planned");
    tap_is_int(fx_claim(f, next, T0 + 9, &out), CX_OK, "the AI is sending");
    tap_is_int(say(&r, u.message_id), CX_STALE, "a person is late then");
    tap_is_int(talk_of(f, t.conversation_id).fence, 1, "nothing was changed");
    tap_is_int(say(&r, 0), CX_OK, "unless they want to");
}


int
main(void)
{
    fixture  f;

    fx_open(&f);

    every_order(&f);
    taken_meanwhile(&f);
    tried_again(&f);
    older_number(&f);
    take_and_give(&f);
    after(&f);

    fx_close(&f);
    return tap_done();
}
