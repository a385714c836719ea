/*
 * Times of providers as text, to ms since the epoch.  No clock here.
 */

#ifndef CX_CORE_TIME_H
#define CX_CORE_TIME_H

#include "core/str.h"

/* RFC 3339 ("2026-01-01T00:00:00.123456789Z", any offset, digits below ms
 * cut).  False unless it is one, and between 1970 and 9999. */
bool cx_time_rfc3339(cx_str text, int64_t *ms);

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
int64_t cx_time_days(int64_t year, unsigned month, unsigned day);
/* The inverse of it, from 1970 on. */
void cx_time_civil(int64_t days, int64_t *year, unsigned *month,
    unsigned *day);

/* An age ("400d"; also h, m and s; up to 36500 days) in ms; "off": 0; anything
 * else: -1. */
int64_t cx_age_ms(cx_str text);

#endif /* CX_CORE_TIME_H */
