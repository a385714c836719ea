/* What was sent of late: bounded, and the one forgotten is the oldest. */

#include "worker/rates.h"

#include "unit/tap.h"

#define NOW  INT64_C(1795579377000)
#define GAP  INT64_C(6000000)

static cx_rates  rates;


int
main(void)
{
    bool  kept = true;

    cx_rate_take(cx_rates_of(&rates, 17), GAP, NOW);
    tap_is_int(cx_rate_free_ms(cx_rates_of(&rates, 17), GAP, 1), NOW + 6000,
               "one in six seconds");
    tap_is_int(cx_rate_free_ms(cx_rates_of(&rates, 18), GAP, 1), 0,
               "another is free");

    /* Many more than there is room for. */
    for (int64_t id = 100; id < 100 + 20 * CX_RATES_SLOTS; id++) {
        cx_rate_take(cx_rates_of(&rates, id), GAP, NOW + id);
        kept = kept && cx_rate_free_ms(cx_rates_of(&rates, id), GAP, 1)
                       == NOW + id + 6000;
    }

    tap_ok(kept, "the newest is always known");
    tap_is_int(cx_rate_free_ms(cx_rates_of(&rates, 17), GAP, 1), 0,
               "the oldest is forgotten, not refused");

    return tap_done();
}
