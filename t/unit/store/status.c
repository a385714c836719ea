/* Statuses: in any order, before and after, by id and by intent. */

#include "unit/store/fixture.h"


/* A message accepted under that id. */
static int64_t
accepted(const fixture *f, const char *peer, const char *in, const char *out)
{
    const int64_t  id = fx_sending(f, peer, in);

    fx_must(fx_settle(f, id, CX_MSGSTATE_ACCEPTED, out, 0, T0 + 1) == CX_OK,
            "settle");
    return id;
}


static const char *
tag_of(int64_t id, int64_t attempt)
{
    static char  tag[96];
    cx_arena    *a = cx_arena_new(256);
    cx_str       text = cx_intent_format(a, id, attempt);

    snprintf(tag, sizeof(tag), "%.*s", CX_ARG(text));
    cx_arena_free(a);

    return tag;
}


static void
forward_only(fixture *f)
{
    const int64_t   id = accepted(f, "4951", "wamid.1", "wamid.o1");
    cx_status_out   o;
    cx_message_row  m;

    tap_is_int(fx_status(f, "wamid.o1", "delivered", "", T0 + 30, &o), CX_OK,
               "delivered");
    tap_ok(o.known && o.changed && o.message_id == id, "of that message");
    tap_ok(!o.was_ambiguous, "which was sure");
    fx_status(f, "wamid.o1", "sent", "", T0 + 20, &o);
    tap_ok(o.known, "sent comes late");
    m = fx_message(f, id);
    tap_is_str(m.state, CX_STR("delivered"), "and moves nothing back");
    tap_is_int(m.delivered_at, T0 + 30, "delivered when it was");

    fx_status(f, "wamid.o1", "delivered", "", T0 + 30, &o);
    tap_ok(o.known && !o.changed, "the same again changes nothing");
    fx_status(f, "wamid.o1", "failed", "", T0 + 40, &o);
    tap_is_str(fx_message(f, id).state, CX_STR("delivered"),
               "what was delivered has not failed");
    tap_is_int(fx_message(f, id).error_code, 0, "and has no error");
    fx_status(f, "wamid.o1", "read", "", T0 + 50, &o);
    tap_is_str(fx_message(f, id).state, CX_STR("read"), "read");
    tap_is_int(fx_message(f, id).read_at, T0 + 50, "at that time");
}


static void
failed(fixture *f)
{
    const int64_t   id = accepted(f, "4952", "wamid.2", "wamid.o2");
    cx_status_out   o;
    cx_message_row  m;

    fx_status(f, "wamid.o2", "failed", "", T0 + 30, &o);
    m = fx_message(f, id);
    tap_is_str(m.state, CX_STR("failed"), "failed");
    tap_is_int(m.error_code, 131026, "by the provider's code");
    tap_is_str(m.error_text, CX_STR("undeliverable"), "and words");
}


/* The answer to the send was slower than its statuses. */
static void
early(fixture *f)
{
    const int64_t  id = fx_sending(f, "4953", "wamid.3");
    cx_status_out  o;

    fx_status(f, "wamid.o3", "sent", "", T0 + 2, &o);
    tap_ok(!o.known, "nobody knows it yet");
    fx_status(f, "wamid.o3", "delivered", "", T0 + 3, &o);
    tap_ok(!o.known, "kept too");

    tap_is_int(fx_settle(f, id, CX_MSGSTATE_ACCEPTED, "wamid.o3", 0, T0 + 9),
               CX_OK, "accepted");
    tap_is_str(fx_message(f, id).state, CX_STR("delivered"),
               "it is what they said");
    tap_is_int(fx_message(f, id).delivered_at, T0 + 3, "since then");
    tap_is_str(fx_message(f, id).provider_id, CX_STR("wamid.o3"),
               "under its id");

    /* The channel is part of the name. */
    tap_is_int(fx_settle(f, id, CX_MSGSTATE_ACCEPTED, "wamid.o3", 0, T0 + 9),
               CX_OK, "a settle that comes again is none the worse");
    tap_is_str(fx_message(f, id).state, CX_STR("delivered"), "as it was");
}


/* Our tag in a status proves what the lost answer would have told. */
static void
proof(fixture *f)
{
    const int64_t   id = fx_sending(f, "4954", "wamid.4");
    const int64_t   fast = fx_sending(f, "4955", "wamid.5");
    const int64_t   held = fx_sending(f, "4956", "wamid.6");
    const int64_t   again = fx_sending(f, "4957", "wamid.7");
    cx_status_out   o;
    cx_message_row  m;
    cx_outgoing     out;

    fx_settle(f, id, CX_MSGSTATE_AMBIGUOUS, "", T0 + 100, T0);
    fx_status(f, "wamid.o4", "sent", tag_of(id, 1), T0 + 8, &o);
    tap_ok(o.known && o.was_ambiguous && o.changed, "the proof it was sent");
    m = fx_message(f, id);
    tap_is_str(m.state, CX_STR("sent"), "so it was sent");
    tap_is_str(m.provider_id, CX_STR("wamid.o4"), "under that id");
    tap_is_int(m.accepted_at, T0 + 8, "at that time");
    tap_is_int(m.not_before, 0, "there is nothing to give up");
    tap_is_int(fx_settle(f, id, CX_MSGSTATE_HELD, "", 0, T0 + 100), CX_STALE,
               "it is not held any more");

    fx_status(f, "wamid.o5", "delivered", tag_of(fast, 1), T0 + 8, &o);
    tap_ok(o.known && !o.was_ambiguous, "while the call is under way");
    tap_is_int(fx_settle(f, fast, CX_MSGSTATE_ACCEPTED, "wamid.o5", 0,
                         T0 + 9), CX_OK, "whose answer comes after it");
    tap_is_str(fx_message(f, fast).state, CX_STR("delivered"),
               "and lowers nothing");

    fx_settle(f, held, CX_MSGSTATE_HELD, "", 0, T0);
    fx_status(f, "wamid.o6", "read", tag_of(held, 1), T0 + 8, &o);
    tap_ok(o.known && o.was_ambiguous, "also a held one");
    tap_is_int(TX(f->s, cx_store_message_release(f->s, held, true,
                                             CX_STR("ada"), T0)), CX_CONFLICT,
               "which nobody can send again then");

    fx_settle(f, again, CX_MSGSTATE_HELD, "", 0, T0);
    TX(f->s, cx_store_message_release(f->s, again, true, CX_STR("ada"), T0));
    fx_status(f, "wamid.o7", "sent", tag_of(again, 1), T0 + 8, &o);
    tap_ok(o.known, "or one that was to be sent again");
    tap_is_int(fx_claim(f, again, T0 + 9, &out), CX_STALE,
               "it is not sent twice");
}


/* A person had a failed one sent again: late news of the first attempt. */
static void
old_attempts(fixture *f)
{
    const int64_t  id = fx_sending(f, "4958", "wamid.8");
    cx_status_out  o;
    cx_outgoing    out;

    fx_status(f, "wamid.o8", "failed", tag_of(id, 1), T0 + 8, &o);
    tap_is_str(fx_message(f, id).state, CX_STR("failed"), "failed");
    TX(f->s, cx_store_message_release(f->s, id, true, CX_STR("ada"), T0 + 9));

    fx_status(f, "wamid.o8", "failed", tag_of(id, 1), T0 + 8, &o);
    fx_status(f, "wamid.o8", "sent", tag_of(id, 1), T0 + 7, &o);
    tap_is_str(fx_message(f, id).state, CX_STR("ready"),
               "neither stops the second attempt");
    tap_is_int(fx_claim(f, id, T0 + 9, &out), CX_OK, "which is made");
    fx_status(f, "wamid.o8", "failed", tag_of(id, 1), T0 + 8, &o);
    tap_is_str(fx_message(f, id).state, CX_STR("sending"), "nor fails it");
    fx_status(f, "wamid.o9", "failed", tag_of(id, 2), T0 + 12, &o);
    tap_is_str(fx_message(f, id).state, CX_STR("failed"),
               "its own failure does");
}


static void
refused(fixture *f)
{
    static const char *const tags[] = {
        "", "cx1", "cx1.1.1", "cx2.1.1", "somebody else's",
        "cx1.ms_0000000000001.1", "cx1.ms_0000000000001.0",
    };
    const cx_taken      t = fx_taken(f, "4959", "wamid.9", "q", T0);
    cx_status_out       o;
    const cx_msg        m = { .id = CX_STR("wamid.o1"),
                              .content = CX_STR("read") };
    const cx_status_in  in = { &m, CHANNEL + 1, T0 };

    tap_is_int(fx_status(f, "wamid.o1", "ready", "", T0, &o), CX_INVALID,
               "a word that is no status");
    tap_is_int(fx_status(f, "wamid.o1", "", "", T0, &o), CX_INVALID, "none");
    tap_is_int(fx_status(f, "", "sent", "", T0, &o), CX_INVALID, "no id");

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        tap_is_int(fx_status(f, "wamid.none", "sent", tags[i], T0, &o),
                   CX_OK, "a tag that is not ours");
        tap_ok(!o.known, "says nothing: \"%s\"", tags[i]);
    }

    fx_status(f, "wamid.none", "sent", tag_of(t.message_id, 1), T0, &o);
    tap_ok(!o.known, "nor does one of an inbound message");
    tap_is_int(TX(f->s, cx_store_status(f->s, &in, &o)), CX_OK,
               "the id of another channel's message");
    tap_ok(!o.known, "is not known");
}


/* --- every order ends the same ------------------------------------------- */

static const char *const words[5] = {
    "sent", "delivered", "read", "played", "failed",
};


/* The n-th order of five. */
static void
order_of(int n, int order[5])
{
    int  left[5] = { 0, 1, 2, 3, 4 }, k, i;

    for (i = 0; i < 5; i++) {
        k = n % (5 - i);
        n /= 5 - i;
        order[i] = left[k];
        memmove(&left[k], &left[k + 1], sizeof(int) * (size_t) (4 - k));
    }
}


/* mask: which of the five happen.  settle_at: before which of them the answer
 * to the send arrives. */
static cx_message_row
run_order(fixture *f, int n, int mask, int settle_at)
{
    static int      count;
    char            in[48], out[48];
    int             order[5];
    int64_t         id;
    cx_status_out   o;

    count++;
    snprintf(in, sizeof(in), "wamid.in.%d", count);
    snprintf(out, sizeof(out), "wamid.out.%d", count);
    order_of(n, order);
    id = fx_sending(f, in, in);

    for (int i = 0; i <= 5; i++) {
        if (i == settle_at) {
            fx_must(fx_settle(f, id, CX_MSGSTATE_ACCEPTED, out, 0, T0 + 1)
                    == CX_OK, "settle");
        }

        if (i < 5 && (mask >> order[i] & 1) != 0) {
            fx_must(fx_status(f, out, words[order[i]], "",
                              T0 + 10 * (order[i] + 1), &o) == CX_OK,
                    "status");
        }
    }

    return fx_message(f, id);
}


static bool
same(const cx_message_row *x, const cx_message_row *y)
{
    return cx_str_eq(x->state, y->state) && x->error_code == y->error_code
           && cx_str_eq(x->error_text, y->error_text)
           && x->accepted_at == y->accepted_at
           && x->delivered_at == y->delivered_at && x->read_at == y->read_at;
}


static void
all_orders(fixture *f)
{
    static const int masks[] = { 31, 15, 17, 19, 21, 3 };
    cx_message_row   first, m;
    int              differ;

    for (size_t k = 0; k < sizeof(masks) / sizeof(masks[0]); k++) {
        differ = 0;
        first = run_order(f, 0, masks[k], 0);

        for (int n = 1; n < 120; n++) {
            m = run_order(f, n, masks[k], n % 6);
            differ += same(&first, &m) ? 0 : 1;
        }

        tap_ok(differ == 0, "120 orders of %d end as %.*s", masks[k],
               CX_ARG(first.state));
    }
}


/* Everything until a time: to that person, known to be sent, not later. */
static void
watermark(fixture *f)
{
    cx_msg          m = {
        .channel = CX_STR("wa-main"), .type = CX_STR("whatsapp"),
        .account = CX_STR("1065"), .kind = CX_STR("status"),
        .peer = CX_STR("4990"), .content = CX_STR("read"),
        .payload = CX_STR("watermark"), .ts_ms = T0 + 90,
    };
    cx_status_in    in = { .msg = &m, .channel_id = CHANNEL,
                           .now_ms = T0 + 99 };
    cx_status_out   o;
    const int64_t   first = accepted(f, "4990", "wamid.w1", "wamid.wo1");
    const int64_t   other = accepted(f, "4991", "wamid.w2", "wamid.wo2");
    const int64_t   second = accepted(f, "4990", "wamid.w3", "wamid.wo3");
    const int64_t   unsure = fx_sending(f, "4990", "wamid.w4");
    const int64_t   sent_at = fx_message(f, second).sending_at;

    m.id = cx_printf(f->a, "%lld", (long long) fx_message(f, first)
                                                   .sending_at - 1);
    tap_is_int(TX(f->s, cx_store_status(f->s, &in, &o)), CX_OK,
               "a time before");
    tap_ok(!o.known && !o.changed, "moves nothing");

    m.id = cx_printf(f->a, "%lld", (long long) sent_at);
    tap_is_int(TX(f->s, cx_store_status(f->s, &in, &o)), CX_OK,
               "the last one's");
    tap_ok(o.known && o.changed && !o.was_ambiguous
           && o.message_id == second, "moves all until then");
    tap_is_str(fx_message(f, first).state, CX_STR("read"), "the first");
    tap_is_str(fx_message(f, second).state, CX_STR("read"), "and the last");
    tap_is_int(fx_message(f, second).read_at, T0 + 90, "read when it says");
    tap_is_str(fx_message(f, other).state, CX_STR("accepted"),
               "not another person's");
    tap_is_str(fx_message(f, unsure).state, CX_STR("sending"),
               "and it proves nothing of a send");

    tap_is_int(TX(f->s, cx_store_status(f->s, &in, &o)), CX_OK, "again");
    tap_ok(!o.changed, "changes nothing");
    m.content = CX_STR("delivered");
    tap_is_int(TX(f->s, cx_store_status(f->s, &in, &o)), CX_OK,
               "delivered, late");
    tap_is_str(fx_message(f, second).state, CX_STR("read"),
               "moves nothing back");
    m.peer = CX_STR("nobody");
    tap_is_int(TX(f->s, cx_store_status(f->s, &in, &o)), CX_OK,
               "of somebody unknown");
    tap_ok(!o.known, "is nothing");
}


int
main(void)
{
    char     url[256];
    fixture  f;

    fx_open(&f);

    forward_only(&f);
    failed(&f);
    early(&f);
    proof(&f);
    old_attempts(&f);
    refused(&f);
    watermark(&f);

    /* Thousands of commits: not for the disk's sake. */
    cx_store_close(f.s);
    snprintf(url, sizeof(url), f.shared ? "%s" : "%s?synchronous=off",
             f.path);
    f.s = fx_connect(url);
    all_orders(&f);

    fx_close(&f);
    return tap_done();
}
