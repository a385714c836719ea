#include "worker/rates.h"


cx_rate *
cx_rates_of(cx_rates *r, int64_t id)
{
    const uint64_t   h = (uint64_t) id * 0x9e3779b97f4a7c15u;
    const size_t     at = (size_t) (h >> 40);
    cx_rate_slot    *oldest = NULL;

    for (size_t i = 0; i < CX_RATES_NEAR; i++) {
        cx_rate_slot  *s = &r->slots[(at + i) % CX_RATES_SLOTS];

        if (s->id == id) {
            return &s->rate;
        }

        if (oldest == NULL || s->rate.due_us < oldest->rate.due_us) {
            oldest = s;
        }
    }

    *oldest = (cx_rate_slot) { .id = id };
    return &oldest->rate;
}
