/* Against the C library, which reads the same files. */

#include "core/zone.h"

#include "unit/tap.h"

#include <stdlib.h>
#include <time.h>

#define FOLDER  "/usr/share/zoneinfo/"


static size_t
slurp(const char *name, char *buf, size_t size)
{
    char    path[128];
    size_t  n;
    FILE   *in;

    snprintf(path, sizeof(path), FOLDER "%s", name);
    in = fopen(path, "re");
    n = in != NULL ? fread(buf, 1, size, in) : 0;

    if (in != NULL) {
        fclose(in);
    }

    return n;
}


static long
libc_offset(time_t at)
{
    struct tm  tm;

    localtime_r(&at, &tm);
    return tm.tm_gmtoff;
}


/* Every nine hours or so for 140 years. */
static void
same(const char *name, const cx_zone *z)
{
    int  wrong = 0;

    setenv("TZ", name, 1);
    tzset();

    for (int64_t at = 0; at < INT64_C(4417977600); at += 33331) {
        if (cx_zone_offset(z, at * 1000) != libc_offset((time_t) at)
            && wrong++ == 0)
        {
            printf("# %s at %" PRId64 ": %d, want %ld\n", name, at,
                   cx_zone_offset(z, at * 1000), libc_offset((time_t) at));
        }
    }

    tap_is_int(wrong, 0, name);
}


static void
zone_is(const char *name, cx_arena *a)
{
    static char  buf[65536];
    size_t       n = slurp(name, buf, sizeof(buf));
    cx_zone      z;

    if (n == 0) {
        tap_ok(true, "%s # SKIP not installed", name);
        return;
    }

    if (tap_ok(cx_zone_parse((cx_str) { n, buf }, a, &z) == CX_OK, "%s",
               name))
    {
        same(name, &z);
    }
}


/* No change listed, only the last line: how newer files are. */
static cx_err
made(const char *line, cx_arena *a, cx_zone *z)
{
    static const char  head[] =
        "TZif2" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\0\1" "\0\0\0\1"
        "\0\0\0\0\0\0" "\0";
    char    buf[512];
    size_t  n = sizeof(head) - 1;

    memcpy(buf, head, n);
    memcpy(buf + n, head, n);
    n = 2 * n + (size_t) snprintf(buf + 2 * n, sizeof(buf) - 2 * n, "\n%s\n",
                                  line);

    return cx_zone_parse((cx_str) { n, buf }, a, z);
}


static void
line_is(const char *line, cx_arena *a)
{
    cx_zone  z;

    if (tap_ok(made(line, a, &z) == CX_OK, "%s", line)) {
        same(line, &z);
    }
}


static void
cut_short(cx_arena *a)
{
    static char  buf[65536];
    size_t       n = slurp("Europe/Berlin", buf, sizeof(buf));
    cx_zone      z;
    bool         good = true;
    unsigned     seed = 7;

    for (size_t i = 0; i < n; i++) {
        char  *copy = malloc(i + 1);

        memcpy(copy, buf, i);
        good = good && cx_zone_parse((cx_str) { i, copy }, a, &z) != CX_OK;
        free(copy);
    }

    tap_ok(good, "a file cut short anywhere is none");

    for (int i = 0; i < 20000 && n > 0; i++) {
        const size_t  at = (seed = seed * 1103515245 + 12345) / 65536 % n;
        const char    was = buf[at];

        buf[at] = (char) (seed >> 8);

        if (cx_zone_parse((cx_str) { n, buf }, a, &z) == CX_OK) {
            (void) cx_zone_offset(&z, INT64_C(1800000000000));
            (void) cx_zone_offset(&z, INT64_C(4417977600000));
        }

        buf[at] = was;
        cx_arena_reset(a);
    }

    tap_ok(true, "a broken one does no harm");
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(64 * 1024 * 1024);
    cx_zone    z;

    zone_is("Europe/Berlin", a);
    zone_is("America/New_York", a);
    zone_is("America/Sao_Paulo", a);
    zone_is("Australia/Lord_Howe", a);
    zone_is("Pacific/Auckland", a);
    zone_is("Asia/Kolkata", a);
    zone_is("Asia/Gaza", a);
    zone_is("Africa/Casablanca", a);
    zone_is("Europe/Dublin", a);
    zone_is("America/Nuuk", a);
    zone_is("Etc/UTC", a);

    line_is("CET-1CEST,M3.5.0,M10.5.0/3", a);
    line_is("EST5EDT,M3.2.0,M11.1.0", a);
    line_is("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", a);
    line_is("NZST-12NZDT,M9.5.0,M4.1.0/3", a);
    line_is("IST-1GMT0,M10.5.0,M3.5.0/1", a);
    line_is("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", a);
    line_is("AAA3BBB,J60/1,J300", a);
    line_is("AAA3BBB,59/1,300", a);
    line_is("<+0545>-5:45", a);

    tap_ok(made("", a, &z) == CX_OK, "no last line");
    tap_is_int(cx_zone_offset(&z, 0), 0, "... the first kind of time stays");
    tap_ok(made("CET", a, &z) != CX_OK, "a line without an offset");
    tap_ok(made("CET-1CEST", a, &z) != CX_OK, "... without rules");
    tap_ok(made("CET-1CEST,M13.5.0,M10.5.0", a, &z) != CX_OK, "... month 13");
    tap_ok(made("CET-99", a, &z) != CX_OK, "... too far from UTC");
    tap_is_int(cx_zone_offset(NULL, 0), 0, "no zone is UTC");
    cut_short(a);

    tap_ok(cx_zone_name(CX_STR("America/Port-au-Prince")), "a name");
    tap_ok(cx_zone_name(CX_STR("Etc/GMT+5")), "another");
    tap_ok(!cx_zone_name(CX_NOSTR), "no name");
    tap_ok(!cx_zone_name(CX_STR("/etc/passwd")), "absolute");
    tap_ok(!cx_zone_name(CX_STR("../../etc/passwd")), "up");
    tap_ok(!cx_zone_name(CX_STR("Europe/")), "a folder");

    cx_arena_free(a);
    return tap_done();
}
