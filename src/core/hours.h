/*
 * Hours of the week as people write them:
 *
 *     mo-fr 09:00-12:30 14:00-18:00, sa 10:00-14:00
 *
 * Parts stand between commas; each has days (mo tu we th fr sa su, or from-to,
 * also over the week's end) and times.  A time that ends before it begins ends
 * on the next day; 24:00 is the day's end.  Local time is the caller's matter.
 */

#ifndef CX_CORE_HOURS_H
#define CX_CORE_HOURS_H

#include "core/str.h"

#define CX_HOURS_MAX  24

typedef struct {
    struct {
        unsigned  days;         /* bit 0: Monday */
        int       from;         /* minutes of the day */
        int       to;           /* up to two days' minutes: on the next day */
    }             span[CX_HOURS_MAX];
    size_t        n;            /* 0: always */
} cx_hours;

/* The empty text: always.  False when it is not as above; *h is undefined
 * then. */
bool cx_hours_parse(cx_str text, cx_hours *h);
/* local_ms: ms since the epoch, as the wall clock there counts. */
bool cx_hours_open(const cx_hours *h, int64_t local_ms);

#endif /* CX_CORE_HOURS_H */
