/* What budgets.c and reserve.c share. */

#ifndef CX_STORE_RESERVE_H
#define CX_STORE_RESERVE_H

#include "store/store.h"

/* Which day and month a time is in, counted from 1970, in UTC. */
typedef struct {
    int64_t  day;
    int64_t  month;
} cx_periods;

cx_periods cx_periods_at(int64_t now_ms);

/* One at a time, of all tenants: whoever reserves locks rows of budgets that
 * others of the same commit lock too, and in one order they cannot. */
cx_err cx_lock_budgets(cx_store *s);

#endif /* CX_STORE_RESERVE_H */
