/* What a rule is made of: a time zone's file, hours as text, words. */

#include "core/fold.h"
#include "core/hours.h"
#include "core/language.h"
#include "core/zone.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);


static void
check(bool ok)
{
    if (!ok) {
        abort();
    }
}


static void
check_zone(cx_str file)
{
    cx_arena  *a = cx_arena_new(1024 * 1024);
    cx_zone    z;
    int32_t    s;

    check(a != NULL);

    if (cx_zone_parse(file, a, &z) == CX_OK) {
        for (int64_t day = 0; day < 40000; day += 97) {
            s = cx_zone_offset(&z, day * 86400000);
            check(s >= -27 * 3600 && s <= 27 * 3600);
        }
    }

    cx_arena_free(a);
}


static void
check_hours(cx_str text)
{
    cx_hours  h;
    bool      open = false;

    if (!cx_hours_parse(text, &h)) {
        return;
    }

    for (int64_t minute = 0; minute < 7 * 1440; minute++) {
        open |= cx_hours_open(&h, minute * 60000);
    }

    check(open && h.n <= CX_HOURS_MAX);
}


/* Folded words folded again are the same. */
static void
check_words(cx_str text)
{
    char    once[256], twice[256];
    size_t  n = cx_fold_words(text, once, sizeof(once));
    size_t  m = cx_fold_words((cx_str) { n, once }, twice, sizeof(twice));

    check(n <= sizeof(once) && n == m && memcmp(once, twice, n) == 0);
    (void) cx_language_guess((cx_str) { n, once });
}


int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    const cx_str  in = { len, (const char *) p };

    check_zone(in);
    check_hours(in);
    check_words(in);
    return 0;
}
