/* Partitions: one owner each, by lease and epoch. */

#include "unit/store/fixture.h"


static void
first(fixture *f)
{
    cx_lease  rows[CX_PARTITIONS];
    int64_t   epoch, n;

    tap_is_int(cx_store_leases(f->s, f->a, rows), CX_OK, "all partitions");
    tap_is_int(rows[63].partition, 63, "up to the last");
    tap_is_int(rows[63].epoch, 0, "which nobody had");
    tap_is_int((int64_t) rows[63].owner.len, 0, "or has");
    tap_is_str(rows[PARTITION].owner, CX_STR("w1"), "this one is owned");
    tap_is_int(rows[PARTITION].lease_until, T0 + 10000, "until then");

    epoch = fx_lease(f->s, PARTITION, "w1", T0 + 100);
    tap_is_int(epoch, f->epoch + 1, "the owner itself gets a new epoch too");
    tap_is_int(TX(f->s, cx_store_lease_acquire(f->s, 64, CX_STR("w1"), false,
                                               T0,
                                           1, &epoch)), CX_INVALID,
               "there is no 64");
    tap_is_int(TX(f->s, cx_store_lease_acquire(f->s, 1, CX_NOSTR, false, T0, 1,
                                           &epoch)), CX_INVALID,
               "an owner has a name");

    tap_is_int(fx_lease(f->s, 6, "w1", T0), 1, "a second one");
    tap_is_int(fx_lease(f->s, 7, "w2", T0), 1, "another's");
    tap_is_int(TX(f->s, cx_store_lease_renew(f->s, CX_STR("w1"), T0 + 5000,
                                         10000, &n)), CX_OK, "renewed");
    tap_is_int(n, 2, "both of its own");
    cx_store_leases(f->s, f->a, rows);
    tap_is_int(rows[6].lease_until, T0 + 15000, "longer");
    tap_is_int(rows[6].epoch, 1, "under the same epoch");
    tap_is_int(rows[7].lease_until, T0 + 10000, "the other's is as it was");
}


static void
taking_over(fixture *f)
{
    int64_t  epoch = 0;

    tap_is_int(TX(f->s, cx_store_lease_acquire(f->s, 7, CX_STR("w1"), false,
                                               T0,
                                           10000, &epoch)), CX_CONFLICT,
               "a live owner");
    tap_is_int(epoch, 0, "nothing is written then");
    tap_is_int(TX(f->s, cx_store_lease_acquire(f->s, 7, CX_STR("w1"), true, T0,
                                           10000, &epoch)), CX_OK,
               "unless it is proven dead");
    tap_is_int(epoch, 2, "the epoch has moved");
    tap_is_int(fx_lease(f->s, 7, "w3", T0 + 10000), 3,
               "or the lease is over");
}


static void
giving_back(fixture *f)
{
    cx_lease  rows[CX_PARTITIONS];
    int64_t   n;

    TX(f->s, cx_store_lease_release(f->s, CX_STR("w2"), 7));
    cx_store_leases(f->s, f->a, rows);
    tap_is_str(rows[7].owner, CX_STR("w3"), "only the owner gives back");

    TX(f->s, cx_store_lease_release(f->s, CX_STR("w1"), 6));
    cx_store_leases(f->s, f->a, rows);
    tap_is_int((int64_t) rows[6].owner.len, 0, "one of them");
    tap_is_str(rows[PARTITION].owner, CX_STR("w1"), "not the other");
    tap_is_int(fx_lease(f->s, 6, "w2", T0), 2, "it is free at once");

    TX(f->s, cx_store_lease_release(f->s, CX_STR("w1"), -1));
    TX(f->s, cx_store_lease_renew(f->s, CX_STR("w1"), T0, 10000, &n));
    tap_is_int(n, 0, "or all of them");
}


static int64_t
beat(const fixture *f, const char *owner, int64_t now)
{
    int64_t  live = -1;

    fx_must(TX(f->s, cx_store_worker_beat(f->s, cx_strz(owner), now, 10000,
                                      &live)) == CX_OK, "beat");
    return live;
}


static void
living(fixture *f)
{
    tap_is_int(beat(f, "w1", T0), 1, "one lives");
    tap_is_int(beat(f, "w2", T0 + 5000), 2, "two live");
    tap_is_int(beat(f, "w2", T0 + 11000), 1, "one has gone silent");
    tap_is_int(beat(f, "w1", T0 + 12000), 2, "and is back");
    tap_is_int(beat(f, "w3", T0 + 9000000), 1, "long after: alone");
}


/* Who says good-bye, or is proven dead, is not counted until it times out. */
static void
gone(fixture *f)
{
    const int64_t  now = T0 + 20000000;
    int64_t        epoch;

    beat(f, "w1", now);
    beat(f, "w2", now);
    tap_is_int(beat(f, "w3", now), 3, "three live");
    TX(f->s, cx_store_lease_release(f->s, CX_STR("w2"), 3));
    tap_is_int(beat(f, "w3", now), 3, "one partition back: still there");
    TX(f->s, cx_store_lease_release(f->s, CX_STR("w2"), -1));
    tap_is_int(beat(f, "w3", now), 2, "all of them: gone");

    fx_lease(f->s, 3, "w1", now);
    TX(f->s, cx_store_lease_acquire(f->s, 3, CX_STR("w3"), true, now, 10000,
                                &epoch));
    tap_is_int(beat(f, "w3", now), 1, "proven dead: gone too");
}


int
main(void)
{
    fixture  f;

    fx_open(&f);

    first(&f);
    taking_over(&f);
    giving_back(&f);
    living(&f);
    gone(&f);

    fx_close(&f);
    return tap_done();
}
