/*
 * Time zones: the files of the tz database (RFC 9636, version 2 and later),
 * read from bytes.  Where these files are is the caller's matter.
 */

#ifndef CX_CORE_ZONE_H
#define CX_CORE_ZONE_H

#include "core/arena.h"
#include "core/err.h"

/* When a rule of the file's last line strikes, in local time. */
typedef struct {
    enum {
        CX_ZONE_MONTH,          /* M: the n-th weekday of a month */
        CX_ZONE_DAY,            /* n: day of the year from 0, with 29 Feb */
        CX_ZONE_JULIAN          /* J: day of the year from 1, without it */
    }        kind;
    int      month;
    int      week;
    int      day;
    int32_t  time;              /* seconds of that day, may be negative */
} cx_zone_rule;

typedef struct {
    size_t          n;          /* changes that are listed */
    const int64_t  *at;         /* seconds since the epoch, rising */
    const int32_t  *after;      /* seconds east of UTC from then on */
    int32_t         first;      /* before all of them */
    /* After the last one; ruled: there is summer time. */
    bool            open;       /* false: the last change's stays */
    bool            ruled;
    int32_t         winter;
    int32_t         summer;
    cx_zone_rule    begin;
    cx_zone_rule    end;
} cx_zone;

/* Letters, digits and -+_/ of an IANA name, that leads nowhere else. */
bool cx_zone_name(cx_str name);
/* CX_MALFORMED, CX_NOMEM.  The zone lives in a; file need not. */
cx_err cx_zone_parse(cx_str file, cx_arena *a, cx_zone *z);
/* Seconds east of UTC; 0 without a zone (NULL). */
int32_t cx_zone_offset(const cx_zone *z, int64_t at_ms);

#endif /* CX_CORE_ZONE_H */
