/* Reviews that somebody has claimed, or that nobody decides; who is told of
 * what; quick replies; templates. */

#include "unit/store/fixture.h"

#include "store/hooks.h"
#include "store/quick.h"
#include "store/templates.h"


static int64_t
draft(const fixture *f, const char *peer, const char *id, int64_t now)
{
    const cx_taken  t = fx_taken(f, peer, id, "canary?", now);
    const cx_plan   in = {
        .fence = fx_fence(f), .turn_id = t.turn_id, .inputs = 1,
        .state = CX_TURN_HUMAN, .draft = CX_STR("canary!"),
        .reason = CX_STR("unsure"), .now_ms = now,
    };

    fx_must(TX(f->s, cx_store_plan(f->s, &in)) == CX_OK, "plan");
    return t.turn_id;
}


static cx_review_row
review(const fixture *f, int64_t id)
{
    cx_review_row  row = { .id = 0 };

    fx_must(cx_store_review(f->s, id, f->a, &row) == CX_OK, "review");
    return row;
}


/* --- claims -------------------------------------------------------------- */

static cx_err
claim(const fixture *f, int64_t id, const char *who, int64_t now)
{
    return TX(f->s, cx_store_review_claim(f->s, id, cx_strz(who), now + 100,
                                          now));
}


static cx_err
reject(const fixture *f, int64_t id, const char *who, int64_t now)
{
    return TX(f->s, cx_store_review_decide(f->s, id, CX_STR("rejected"), NULL,
                                           NULL, 0, cx_strz(who), CX_NOSTR,
                                           now));
}


static void
claims(fixture *f)
{
    const int64_t  id = draft(f, "4901", "wamid.c1", T0);

    tap_is_int(claim(f, 1, "ann", T0), CX_NOT_FOUND, "nothing to claim");
    tap_is_int(claim(f, id, "", T0), CX_INVALID, "by nobody");
    tap_is_int(claim(f, id, "ann", T0), CX_OK, "she claims it");
    tap_is_str(review(f, id).claimed_by, CX_STR("ann"), "it is hers");
    tap_is_int(claim(f, id, "ann", T0 + 50), CX_OK, "for longer");
    tap_is_int(claim(f, id, "bob", T0 + 149), CX_STALE, "not his");
    tap_is_int(reject(f, id, "bob", T0 + 149), CX_STALE, "nor to decide");
    tap_is_int(TX(f->s, cx_store_review_release(f->s, id, CX_STR("bob"),
                                                T0 + 149)), CX_STALE,
               "nor to give back");
    tap_is_str(review(f, id).state, CX_STR("waiting"), "nothing happened");
    tap_is_int(claim(f, id, "bob", T0 + 150), CX_OK, "until it ends");
    tap_is_int(TX(f->s, cx_store_review_release(f->s, id, CX_STR("bob"),
                                                T0 + 151)), CX_OK,
               "given back");
    tap_is_int(reject(f, id, "ann", T0 + 152), CX_OK, "she decides it");
    tap_is_int(claim(f, id, "bob", T0 + 153), CX_CONFLICT, "it is over");
}


/* --- out of time --------------------------------------------------------- */

static size_t
overdue(const fixture *f, uint64_t mask, int64_t now)
{
    cx_overdue_list  list = { .n = 0 };

    fx_must(cx_store_reviews_overdue(f->s, mask, now, 10, f->a, &list)
            == CX_OK, "overdue");
    return list.n;
}


static cx_err
expire(const fixture *f, int64_t id, bool drop, int64_t now, bool *said)
{
    static const cx_str  part = CX_STR_INIT("I'll ask a colleague.");
    const int64_t        part_id = fx_next();
    const cx_review_end  in = {
        .id = id, .drop = drop, .parts = &part, .part_ids = &part_id,
        .nparts = 1, .now_ms = now,
    };

    return TX(f->s, cx_store_review_expire(f->s, &in, said));
}


static void
time_out(fixture *f)
{
    const uint64_t  ours = UINT64_C(1) << PARTITION;
    cx_agent_row    agent = fx_agent(AGENT, "shop");
    int64_t         id;
    bool            said = false;

    agent.review_timeout_ms = 1000;
    agent.review_on_timeout = CX_STR("handoff");
    fx_must(TX(f->s, cx_store_agent_put(f->s, &agent, false)) == CX_OK,
            "agent");
    id = draft(f, "4902", "wamid.t1", T0);

    tap_is_int((int64_t) overdue(f, ours, T0 + 999), 0, "there is time");
    tap_is_int((int64_t) overdue(f, ours, T0 + 1000), 1, "there is none");
    tap_is_int((int64_t) overdue(f, ~ours, T0 + 1000), 0, "of others' none");
    fx_must(claim(f, id, "ann", T0 + 1000) == CX_OK, "claim");
    tap_is_int((int64_t) overdue(f, ours, T0 + 1001), 0, "she looks at it");
    tap_is_int(expire(f, id, true, T0 + 1001, &said), CX_STALE, "so not now");
    tap_is_int(expire(f, id, true, T0 + 1100, &said), CX_OK, "but then");
    tap_ok(said, "it is said");
    tap_is_str(review(f, id).state, CX_STR("rejected"), "it is over");
    tap_is_str(review(f, id).who, CX_STR("timeout"), "by nobody");
    tap_is_int(expire(f, id, true, T0 + 1101, &said), CX_STALE, "once");

    id = draft(f, "4903", "wamid.t2", T0);
    fx_must(TX(f->s, cx_store_conversation_take(f->s, review(f, id)
                                                .conversation_id,
                                                CX_STR("ann"), false, T0))
            == CX_OK, "take");
    tap_ok(review(f, id).spoken, "a person has spoken since");
    tap_is_int(expire(f, id, true, T0 + 1000, &said), CX_OK, "out of time");
    tap_ok(!said, "nothing is said then");

    id = draft(f, "4904", "wamid.t3", T0);
    tap_is_int(expire(f, id, false, T0 + 1000, &said), CX_OK, "told");
    tap_is_str(review(f, id).state, CX_STR("waiting"), "it waits on");
    tap_is_int((int64_t) overdue(f, ours, T0 + 2000), 0, "told once");
}


/* --- hooks --------------------------------------------------------------- */

static cx_hook_row
hook(const fixture *f, const char *url, const char *events, bool with_text)
{
    cx_hook_row  row = {
        .id = fx_next(), .url = cx_strz(url), .events = cx_strz(events),
        .with_text = with_text, .active = true, .created_at = T0,
        .updated_at = T0,
    };

    fx_must(TX(f->s, cx_store_hook_put(f->s, &row, true)) == CX_OK, "hook");
    return row;
}


static cx_delivery_list
told(const fixture *f, int64_t hook_id)
{
    cx_delivery_list  list = { .n = 0 };

    fx_must(cx_store_deliveries(f->s, hook_id, 0, 50, f->a, &list) == CX_OK,
            "deliveries");
    return list;
}


static cx_delivery_list
due(const fixture *f, int64_t now)
{
    cx_delivery_list  list = { .n = 0 };

    fx_must(TX(f->s, cx_store_deliveries_due(f->s, now, 500, 50, f->a,
                                             &list)) == CX_OK, "due");
    return list;
}


static void
hooks(fixture *f)
{
    cx_hook_row       bare = hook(f, "https://a.b/c", "review.created", false);
    const cx_hook_row full = hook(f, "https://a.b/d",
                                  "message.failed review.created", true);
    const cx_hook_row mail = hook(f, "mailto:ann@a.b", "review.created",
                                  false);
    const cx_hook_row other = hook(f, "https://a.b/e", "conversation.taken",
                                   false);
    cx_delivery_row   row;
    cx_delivery_list  list;
    int64_t           out;

    (void) draft(f, "4905", "wamid.h1", T0);
    (void) draft(f, "4905", "wamid.h2", T0 + 1);
    tap_is_int((int64_t) told(f, bare.id).n, 2, "told of both");
    tap_is_int((int64_t) told(f, mail.id).n, 1, "by mail once in a while");
    tap_is_int((int64_t) told(f, other.id).n, 0, "not of what was not asked");
    row = told(f, bare.id).items[0];
    tap_is_str(row.event, CX_STR("review.created"), "of what");
    tap_ok(cx_str_find(row.body, CX_STR("canary")) == SIZE_MAX,
           "not what it says");
    tap_ok(cx_str_find(told(f, full.id).items[0].body, CX_STR("canary!"))
           != SIZE_MAX, "unless it is wanted");

    list = due(f, T0 + 10);
    tap_is_int((int64_t) list.n, 5, "all are due");
    tap_is_int((int64_t) due(f, T0 + 10).n, 0, "to one worker");
    tap_is_int((int64_t) due(f, T0 + 510).n, 5,
               "unless it does not come back");

    row = list.items[0];
    row.state = CX_STR("dead");
    row.status = 410;
    row.updated_at = T0 + 511;
    fx_must(TX(f->s, cx_store_delivery_settle(f->s, &row)) == CX_OK, "end");
    tap_is_int(TX(f->s, cx_store_delivery_again(f->s, row.id, T0 + 600)),
               CX_OK, "once more");
    tap_is_int(TX(f->s, cx_store_delivery_again(f->s, row.id, T0 + 600)),
               CX_CONFLICT, "it waits already");
    tap_is_int((int64_t) due(f, T0 + 600).n, 1, "it is due");

    out = fx_sending(f, "4906", "wamid.h3");
    fx_must(fx_settle(f, out, CX_MSGSTATE_HELD, "", 0, T0) == CX_OK, "held");
    row = told(f, full.id).items[0];
    tap_is_str(row.event, CX_STR("message.failed"), "nobody knows of a send");
    tap_ok(cx_str_find(row.body, CX_STR("\"held\"")) != SIZE_MAX, "and why");

    bare.active = false;
    fx_must(TX(f->s, cx_store_hook_put(f->s, &bare, false)) == CX_OK, "off");
    (void) draft(f, "4907", "wamid.h4", T0);
    tap_is_int((int64_t) told(f, bare.id).n, 2, "nobody is told who is off");
    tap_is_int(TX(f->s, cx_store_hook_delete(f->s, full.id)), CX_OK, "gone");
    tap_is_int(TX(f->s, cx_store_hook_delete(f->s, full.id)), CX_NOT_FOUND,
               "for good");

    cx_store_as(f->s, 2);
    tap_is_int(cx_store_hook(f->s, bare.id, f->a, &(cx_hook_row) { 0 }),
               CX_NOT_FOUND, "another tenant sees none");
    tap_is_int(TX(f->s, cx_store_hook_delete(f->s, bare.id)), CX_NOT_FOUND,
               "nor deletes one");
    cx_store_as(f->s, 1);
}


static void
action_required(fixture *f)
{
    const cx_hook_row  h = hook(f, "https://a.b/f", "channel.action_required",
                                false);

    for (int i = 0; i < 2; i++) {
        fx_must(TX(f->s, cx_store_channel_health(f->s, CHANNEL,
                                                 CX_STR("action_required"),
                                                 CX_STR("190"), T0)) == CX_OK,
                "health");
    }

    tap_is_int((int64_t) told(f, h.id).n, 1, "a refused token is told once");
}


/* --- quick replies ------------------------------------------------------- */

static cx_err
quick(const fixture *f, int64_t id, const char *language, bool create)
{
    const cx_quick_row  row = {
        .id = id, .name = CX_STR("hours"), .language = cx_strz(language),
        .text = cx_strz(language), .created_at = T0, .updated_at = T0,
    };

    return TX(f->s, cx_store_quick_put(f->s, &row, create));
}


static cx_str
named(const fixture *f, const char *language)
{
    cx_quick_row  row = { .text = CX_STR("none") };

    (void) cx_store_quick_named(f->s, CX_STR("hours"), cx_strz(language),
                                f->a, &row);
    return row.text;
}


static void
quick_replies(fixture *f)
{
    const int64_t  de = fx_next(), en = fx_next();

    tap_is_int(quick(f, de, "de", true), CX_OK, "one");
    tap_is_int(quick(f, fx_next(), "de", true), CX_CONFLICT, "of a name");
    tap_is_int(quick(f, en, "en", true), CX_OK, "and language");
    tap_is_int(quick(f, en, "de", false), CX_CONFLICT, "also later");
    tap_is_str(named(f, "en"), CX_STR("en"), "found by both");
    tap_is_str(named(f, ""), CX_STR("de"), "or by the name");
    tap_is_str(named(f, "fr"), CX_STR("none"), "not by another one");
    tap_is_int(TX(f->s, cx_store_quick_delete(f->s, de)), CX_OK, "gone");
    tap_is_int(TX(f->s, cx_store_quick_delete(f->s, de)), CX_NOT_FOUND,
               "for good");
    cx_store_as(f->s, 2);
    tap_is_str(named(f, ""), CX_STR("none"), "another tenant has its own");
    cx_store_as(f->s, 1);
}


/* --- templates ----------------------------------------------------------- */

static cx_err
usable(const fixture *f, const char *name, cx_str *state)
{
    return cx_store_template_usable(f->s, CHANNEL, cx_strz(name),
                                    CX_STR("en"), f->a, state);
}


static void
templates(fixture *f)
{
    cx_str                state = CX_NOSTR;
    bool                  changed = false;
    const cx_template_row rows[] = {
        { .id = fx_next(), .name = CX_STR("hello"), .language = CX_STR("en"),
          .state = CX_STR("APPROVED") },
        { .id = fx_next(), .name = CX_STR("sale"), .language = CX_STR("en"),
          .state = CX_STR("PAUSED") },
    };
    const cx_template_row told_now = {
        .channel_id = CHANNEL, .name = CX_STR("sale"),
        .language = CX_STR("en"), .state = CX_STR("APPROVED"),
        .synced_at = T0 + 1,
    };

    tap_is_int(usable(f, "hello", &state), CX_OK, "nothing is known");
    tap_is_int(TX(f->s, cx_store_templates_put(f->s, CHANNEL, rows, 2, T0)),
               CX_OK, "mirrored");
    tap_is_int(usable(f, "hello", &state), CX_OK, "an approved one");
    tap_is_int(usable(f, "sale", &state), CX_CONFLICT, "a paused one");
    tap_is_str(state, CX_STR("PAUSED"), "says so");
    tap_is_int(usable(f, "none", &state), CX_NOT_FOUND, "an unknown one");

    tap_is_int(TX(f->s, cx_store_template_state(f->s, &told_now, &changed)),
               CX_OK, "the provider's word");
    tap_ok(changed, "is news");
    fx_must(TX(f->s, cx_store_template_state(f->s, &told_now, &changed))
            == CX_OK, "again");
    tap_ok(!changed, "once");
    tap_is_int(usable(f, "sale", &state), CX_OK, "it may be used");

    tap_is_int(TX(f->s, cx_store_templates_put(f->s, CHANNEL, rows, 1,
                                               T0 + 2)), CX_OK, "anew");
    tap_is_int(usable(f, "sale", &state), CX_NOT_FOUND,
               "what is gone is gone");
}


int
main(void)
{
    fixture  f;

    fx_open(&f);

    claims(&f);
    time_out(&f);
    hooks(&f);
    action_required(&f);
    quick_replies(&f);
    templates(&f);

    fx_close(&f);
    return tap_done();
}
