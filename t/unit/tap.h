/*
 * A test program prints TAP: tap_ok() and friends, then return tap_done().
 */

#ifndef CX_T_UNIT_TAP_H
#define CX_T_UNIT_TAP_H

#include "core/str.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int  tap_count;
static int  tap_failed;


__attribute__((format(printf, 2, 3)))
static inline bool
tap_ok(bool ok, const char *fmt, ...)
{
    va_list  ap;

    tap_count++;
    tap_failed += ok ? 0 : 1;
    printf("%sok %d - ", ok ? "" : "not ", tap_count);

    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);

    printf("\n");
    return ok;
}


static inline bool
tap_is_int(int64_t got, int64_t want, const char *name)
{
    if (!tap_ok(got == want, "%s", name)) {
        printf("#   got %" PRId64 ", want %" PRId64 "\n", got, want);
        return false;
    }

    return true;
}


static inline bool
tap_is_str(cx_str got, cx_str want, const char *name)
{
    if (!tap_ok(cx_str_eq(got, want), "%s", name)) {
        printf("#   got  \"%.*s\"\n#   want \"%.*s\"\n",
               CX_ARG(got), CX_ARG(want));
        return false;
    }

    return true;
}


static inline int
tap_done(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed == 0 ? 0 : 1;
}

#endif /* CX_T_UNIT_TAP_H */
