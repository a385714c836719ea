/*
 * How much was sent of late, by conversation (the pair of account and peer)
 * and by channel (the account).  In memory, bounded: where two meet, the one
 * whose turn is longest ago is forgotten.  After a restart the provider's own
 * limits hold until we know again.  Each worker counts what it sends itself.
 */

#ifndef CX_WORKER_RATES_H
#define CX_WORKER_RATES_H

#include "channel/out.h"

#define CX_RATES_SLOTS  8192
#define CX_RATES_NEAR   8

typedef struct {
    int64_t  id;
    cx_rate  rate;
} cx_rate_slot;

typedef struct {
    cx_rate_slot  slots[CX_RATES_SLOTS];
} cx_rates;

/* Of that id; forgotten ones are as new. */
cx_rate *cx_rates_of(cx_rates *r, int64_t id);

#endif /* CX_WORKER_RATES_H */
