/* CLAIM and SETTLE, and a person's word on what was held. */

#include "unit/store/fixture.h"


static void
claim(fixture *f)
{
    const cx_taken  t = fx_taken(f, "4941", "wamid.c1", "q", T0);
    const int64_t   id = fx_planned(f, t.turn_id, 1, "answer", T0);
    cx_outgoing     o;
    cx_message_row  m;

    tap_is_int(fx_claim(f, t.message_id, T0, &o), CX_NOT_FOUND,
               "an inbound message is not sent");
    tap_is_int(fx_claim(f, id, T0 + 3, &o), CX_OK, "claimed");
    tap_is_str(o.text, CX_STR("answer"), "what to send");
    tap_is_str(o.peer, CX_STR("4941"), "and to whom");
    tap_is_str(o.event, CX_STR("wamid.c1"), "its trace");
    tap_is_int(o.attempts, 1, "the first attempt");
    tap_is_int(o.channel_id, CHANNEL, "the channel");

    m = fx_message(f, id);
    tap_is_str(m.state, CX_STR("sending"), "it is being sent");
    tap_is_int(m.sending_at, T0 + 3, "since then");
    tap_is_int(fx_claim(f, id, T0 + 4, &o), CX_STALE, "only once");
}


static void
retry(fixture *f)
{
    const int64_t   id = fx_sending(f, "4942", "wamid.s1");
    cx_outgoing     o;
    cx_message_row  m;

    tap_is_int(fx_settle(f, id, CX_MSGSTATE_READY, "", T0 + 500, T0), CX_OK,
               "proved not accepted: later");
    m = fx_message(f, id);
    tap_is_str(m.state, CX_STR("ready"), "ready");
    tap_is_int(m.error_code, 131000, "it says why");
    tap_is_int(fx_claim(f, id, T0 + 499, &o), CX_STALE, "not before its time");
    tap_is_int(fx_claim(f, id, T0 + 500, &o), CX_OK, "but then");
    tap_is_int(o.attempts, 2, "the second attempt");

    tap_is_int(fx_settle(f, id, CX_MSGSTATE_ACCEPTED, "wamid.out1", 0,
                         T0 + 600), CX_OK, "accepted");
    m = fx_message(f, id);
    tap_is_str(m.state, CX_STR("accepted"), "accepted");
    tap_is_str(m.provider_id, CX_STR("wamid.out1"), "with the id");
    tap_is_int(m.accepted_at, T0 + 600, "and the time");
    tap_is_int(m.error_code, 0, "the old error is gone");

    tap_is_int(fx_settle(f, id, CX_MSGSTATE_READY, "", 0, T0), CX_STALE,
               "what was accepted is not sent again");
    tap_is_int(fx_settle(f, id, CX_MSGSTATE_FAILED, "", 0, T0), CX_STALE,
               "nor has it failed");
    tap_is_str(fx_message(f, id).state, CX_STR("accepted"), "as it was");
}


static void
refused(fixture *f)
{
    const int64_t  id = fx_sending(f, "4943", "wamid.f1");
    const cx_taken t = fx_taken(f, "4944", "wamid.f2", "q", T0);
    const int64_t  ready = fx_planned(f, t.turn_id, 1, "a", T0);
    cx_settle      in = {
        .fence = fx_fence(f),
        .message_id = id,
        .state = CX_MSGSTATE_SENT,
        .error_code = 131047,
        .error_text = CX_STR("outside the window"),
        .dead_id = fx_next(),
        .now_ms = T0,
    };
    cx_dead_row    d;

    tap_is_int(TX(f->s, cx_store_settle(f->s, &in)), CX_INVALID,
               "a settle does not know what a status knows");
    in.state = CX_MSGSTATE_FAILED;
    in.message_id = 777;
    tap_is_int(TX(f->s, cx_store_settle(f->s, &in)), CX_NOT_FOUND,
               "no message");
    in.message_id = ready;
    tap_is_int(TX(f->s, cx_store_settle(f->s, &in)), CX_STALE,
               "never claimed");
    in.message_id = id;
    in.fence.partition++;
    in.fence.epoch = 0;
    tap_is_int(TX(f->s, cx_store_settle(f->s, &in)), CX_FENCED,
               "another partition's owner");
    in.fence = fx_fence(f);
    tap_is_int(cx_store_dead_letter(f->s, in.dead_id, f->a, &d), CX_NOT_FOUND,
               "no letter so far");

    tap_is_int(TX(f->s, cx_store_settle(f->s, &in)), CX_OK,
               "refused for good");
    tap_is_str(fx_message(f, id).state, CX_STR("failed"), "failed");
    tap_is_int(cx_store_dead_letter(f->s, in.dead_id, f->a, &d), CX_OK,
               "a dead letter");
    tap_is_str(d.kind, CX_STR("send"), "of a send");
    tap_is_int(d.ref, id, "of that message");
    tap_is_str(d.reason, CX_STR("131047"), "by the provider's code");
    tap_is_str(d.text, CX_STR("outside the window"), "and words");
    tap_is_str(d.channel, CX_STR("wa-main"), "on that channel");
}


/* What a turn said goes back to a person; what nobody's turn said does not. */
static void
reviewed(fixture *f)
{
    const cx_taken  t = fx_taken(f, "4948", "wamid.v1", "q", T0);
    const int64_t   first = fx_planned(f, t.turn_id, 1, "a", T0);
    const int64_t   ids[] = { fx_next(), fx_next() };
    const cx_str    parts[] = { CX_STR("b"), CX_STR("c") };
    bool            again = false;
    cx_settle       in = {
        .fence = fx_fence(f),
        .message_id = first,
        .state = CX_MSGSTATE_FAILED,
        .dead_id = fx_next(),
        .reason = CX_STR("window_closed"),
        .review = &again,
        .now_ms = T0 + 9,
    };
    cx_review_row   r;
    cx_dead_row     d;
    cx_outgoing     o;

    fx_claim(f, first, T0, &o);
    tap_is_int(TX(f->s, cx_store_settle(f->s, &in)), CX_OK,
               "outside a window");
    tap_ok(again, "a person gets it");
    tap_is_int(cx_store_dead_letter(f->s, in.dead_id, f->a, &d), CX_NOT_FOUND,
               "no letter");
    tap_is_str(fx_message(f, first).state, CX_STR("cancelled"), "cancelled");
    tap_is_int(cx_store_review(f->s, t.turn_id, f->a, &r), CX_OK, "a review");
    tap_is_str(r.reason, CX_STR("window_closed"), "which says why");
    tap_is_str(r.draft, CX_STR("a"), "with what was to be said");

    TX(f->s, cx_store_review_decide(f->s, t.turn_id, CX_STR("approved"), parts,
                                    ids, 2, CX_STR("ada"), CX_NOSTR, T0));

    for (int i = 0; i < 2; i++) {
        fx_claim(f, ids[i], T0, &o);
        in.message_id = ids[i];
        TX(f->s, cx_store_settle(f->s, &in));
    }

    cx_store_review(f->s, t.turn_id, f->a, &r);
    tap_is_str(r.state, CX_STR("waiting"), "approved, it comes back");
    tap_is_str(r.draft, CX_STR("b\nc"), "with all its parts");
}


static void
release(fixture *f)
{
    const int64_t    id = fx_sending(f, "4945", "wamid.r1");
    const int64_t    other = fx_sending(f, "4946", "wamid.r2");
    cx_message_list  list;
    cx_outgoing      o;
    cx_counts        c;

    tap_is_int(TX(f->s, cx_store_message_release(f->s, id, true, CX_STR("ada"),
                                             T0)), CX_CONFLICT,
               "what is being sent is nobody's to release");
    fx_settle(f, id, CX_MSGSTATE_AMBIGUOUS, "", T0 + 100, T0);
    tap_is_int(fx_message(f, id).not_before, T0 + 100, "until it is given up");
    tap_is_int(fx_settle(f, id, CX_MSGSTATE_HELD, "", 0, T0 + 100), CX_OK,
               "no proof: held");
    fx_settle(f, other, CX_MSGSTATE_HELD, "", 0, T0);

    cx_store_messages_in(f->s, CX_MSGSTATE_HELD, 10, f->a, &list);
    tap_is_int((int64_t) list.n, 2, "both are listed");
    tap_is_int(list.items[0].id, other, "the newest first");
    cx_store_counts(f->s, &c);
    tap_is_int(c.outs_held, 2, "and counted");

    tap_is_int(TX(f->s, cx_store_message_release(f->s, id, true, CX_STR("ada"),
                                             T0 + 200)), CX_OK, "send again");
    tap_is_int(fx_claim(f, id, T0 + 200, &o), CX_OK, "it can be claimed");
    tap_is_int(o.attempts, 2, "under a new intent");

    tap_is_int(TX(f->s, cx_store_message_release(f->s, other, false,
                                             CX_STR("ada"), T0)), CX_OK,
               "the other one is cancelled");
    tap_is_str(fx_message(f, other).state, CX_STR("cancelled"), "it is");
    tap_is_int(TX(f->s, cx_store_message_release(f->s, other, true,
                                             CX_STR("ada"), T0)), CX_CONFLICT,
               "and stays so");
    tap_is_int(TX(f->s, cx_store_message_release(f->s, 4711, true,
                                             CX_STR("ada"), T0)),
               CX_NOT_FOUND, "no such message");
}


/* A letter and its message tell the same story. */
static void
dead_send(fixture *f)
{
    const int64_t  id = fx_sending(f, "4947", "wamid.d1");
    cx_settle      in = {
        .fence = fx_fence(f),
        .message_id = id,
        .state = CX_MSGSTATE_FAILED,
        .dead_id = fx_next(),
        .now_ms = T0,
    };
    cx_outgoing    o;
    cx_dead_row    d;

    TX(f->s, cx_store_settle(f->s, &in));
    tap_is_int(TX(f->s, cx_store_dead_retry(f->s, in.dead_id, false,
                                        CX_STR("ada"), T0)), CX_OK,
               "a dead send is retried");
    tap_is_str(fx_message(f, id).state, CX_STR("ready"), "ready again");
    cx_store_dead_letter(f->s, in.dead_id, f->a, &d);
    tap_is_str(d.state, CX_STR("retried"), "the letter says so");

    fx_claim(f, id, T0, &o);
    in.dead_id = fx_next();
    TX(f->s, cx_store_settle(f->s, &in));
    TX(f->s, cx_store_message_release(f->s, id, false, CX_STR("ada"), T0));
    cx_store_dead_letter(f->s, in.dead_id, f->a, &d);
    tap_is_str(d.state, CX_STR("dropped"),
               "cancelling the message drops its letter");
    tap_is_int(TX(f->s, cx_store_dead_retry(f->s, in.dead_id, false,
                                        CX_STR("ada"), T0)), CX_CONFLICT,
               "which cannot be retried then");
}


int
main(void)
{
    fixture  f;

    fx_open(&f);

    claim(&f);
    retry(&f);
    refused(&f);
    reviewed(&f);
    release(&f);
    dead_send(&f);

    fx_close(&f);
    return tap_done();
}
