/* What a new owner finds, and what a sweep finds. */

#include "unit/store/fixture.h"


static void
empty(fixture *f)
{
    cx_recovered  r;

    tap_is_int(TX(f->s, cx_store_recover(f->s, fx_fence(f), T0, T0, f->a, &r)),
               CX_OK, "a partition without work");
    tap_is_int((int64_t) (r.turns.n + r.outs.n), 0, "has none");
}


static void
recovered(fixture *f)
{
    const int64_t   sending = fx_sending(f, "4961", "wamid.1");
    const int64_t   unsure = fx_sending(f, "4962", "wamid.2");
    const int64_t   done = fx_sending(f, "4963", "wamid.3");
    const int64_t   later = fx_sending(f, "4964", "wamid.4");
    const cx_taken  open = fx_taken(f, "4965", "wamid.5", "q", T0);
    cx_recovered    r, again;
    cx_counts       c;
    cx_message_row  m;

    fx_settle(f, unsure, CX_MSGSTATE_AMBIGUOUS, "", T0 + 700, T0);
    fx_settle(f, done, CX_MSGSTATE_ACCEPTED, "wamid.o3", 0, T0);
    fx_settle(f, later, CX_MSGSTATE_READY, "", T0 + 800, T0);

    f->epoch = fx_lease(f->s, PARTITION, "w2", T0 + 20000);
    tap_is_int(TX(f->s, cx_store_recover(f->s, fx_fence(f), T0 + 900, T0 + 1,
                                     f->a, &r)), CX_OK, "recovered");

    tap_is_int((int64_t) r.turns.n, 1, "one turn is open");
    tap_is_int(r.turns.items[0].turn_id, open.turn_id, "that one");
    tap_is_int(r.turns.items[0].seq, 1, "its number");
    tap_is_int(r.turns.items[0].deadline, open.deadline, "its deadline");
    tap_is_int(r.turns.items[0].attempts, 1, "its first recovery");

    tap_is_int((int64_t) r.outs.n, 3, "three messages are under way");
    tap_ok(r.outs.items[0].message_id == sending
           && r.outs.items[1].message_id == unsure
           && r.outs.items[2].message_id == later, "by conversation");
    tap_is_int(r.outs.items[0].state, CX_MSGSTATE_AMBIGUOUS,
               "what was being sent is ambiguous now");
    tap_is_int(r.outs.items[0].not_before, T0 + 900, "until given up");
    tap_is_int(r.outs.items[1].not_before, T0 + 700,
               "what was so already keeps its time");
    tap_is_int(r.outs.items[2].state, CX_MSGSTATE_READY, "ready stays ready");
    tap_is_int(r.outs.items[2].not_before, T0 + 800, "for later");

    m = fx_message(f, sending);
    tap_is_str(m.state, CX_STR("ambiguous"), "the record says the same");
    tap_is_int(m.not_before, T0 + 900, "with the time");
    cx_store_counts(f->s, &c);
    tap_is_int(c.outs_ambiguous, 2, "two are ambiguous");
    tap_is_int(c.outs_ready, 1, "one is ready");
    tap_is_int(c.turns_open, 1, "one turn is open");
    tap_is_int(c.oldest_open_at, T0, "since then");

    TX(f->s, cx_store_recover(f->s, fx_fence(f), T0 + 9999, T0 + 2, f->a,
                          &again));
    tap_is_int(again.turns.items[0].attempts, 2, "a second recovery counts");
    tap_is_int(again.outs.items[0].not_before, T0 + 900,
               "but gives no more time");
}


/* No memory: nothing may have changed, or a turn loses an attempt. */
static void
small_arena(fixture *f)
{
    cx_arena      *a = cx_arena_new(65536);
    cx_recovered   r;
    cx_recall      turn;
    const cx_taken t = fx_taken(f, "4966", "wamid.6", "q", T0);

    cx_arena_limit(a, 64);
    tap_is_int(TX(f->s, cx_store_recover(f->s, fx_fence(f), T0, T0, a, &r)),
               CX_NOMEM, "no memory");
    cx_store_recall(f->s, t.turn_id, 0, f->a, &turn);
    tap_is_int(turn.attempts, 0, "no attempt was counted");
    cx_arena_free(a);
}


static void
swept(fixture *f)
{
    cx_recovered  before, r;
    int64_t       epoch = fx_lease(f->s, 9, "w2", T0);
    cx_msg        m = fx_msg("4967", "wamid.7", "q");
    cx_take       in = fx_take(f, &m, T0);
    cx_taken      t;

    tap_is_int(cx_store_sweep(f->s, PARTITION, T0 + 799, f->a, &before), CX_OK,
               "swept");
    tap_is_int((int64_t) before.outs.n, 0, "nothing is due");
    cx_store_sweep(f->s, PARTITION, T0 + 800, f->a, &r);
    tap_is_int((int64_t) r.outs.n, 1, "now it is");
    tap_is_int(r.turns.items[0].attempts, before.turns.items[0].attempts,
               "a sweep counts nothing");

    in.fence = (cx_fence) { 9, epoch };
    TX(f->s, cx_store_take(f->s, &in, &t));
    cx_store_sweep(f->s, 9, T0, f->a, &r);
    tap_is_int((int64_t) r.turns.n, 1, "another partition has its own");
    tap_is_int(r.turns.items[0].turn_id, t.turn_id, "that one");
}


/* What a claim has done whose answer never came. */
static void
swept_claimed(fixture *f)
{
    const int64_t   id = fx_sending(f, "4968", "wamid.8");
    const int64_t   at = fx_message(f, id).sending_at;
    cx_settle       back = {
        .fence = fx_fence(f), .message_id = id, .state = CX_MSGSTATE_READY,
        .unsent = true, .now_ms = at + 10001,
    };
    cx_outgoing     o;
    cx_recovered    r;

    cx_store_sweep(f->s, PARTITION, at + 10000, f->a, &r);

    for (size_t i = 0; i < r.outs.n; i++) {
        tap_ok(r.outs.items[i].message_id != id, "somebody may be sending it");
    }

    cx_store_sweep(f->s, PARTITION, at + 10001, f->a, &r);
    tap_ok(r.outs.n > 0 && r.outs.items[r.outs.n - 1].message_id == id
           && r.outs.items[r.outs.n - 1].state == CX_MSGSTATE_SENDING,
           "claimed long ago: does anybody know of it?");
    tap_is_int(TX(f->s, cx_store_settle(f->s, &back)), CX_OK,
               "nobody does: it never left");
    tap_is_int(fx_claim(f, id, at + 10002, &o), CX_OK, "it may be sent");
    tap_is_int(o.attempts, 1, "for the first time");
}


int
main(void)
{
    fixture  f;

    fx_open(&f);

    empty(&f);
    recovered(&f);
    small_arena(&f);
    swept(&f);
    swept_claimed(&f);

    fx_close(&f);
    return tap_done();
}
