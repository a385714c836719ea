#include "core/hours.h"

#include "unit/tap.h"

#define MINUTE  INT64_C(60000)
#define DAY     (1440 * MINUTE)

/* 2026-11-23, a Monday */
#define MONDAY  (INT64_C(20780) * DAY)


static void
is_open(const char *text, const char *days, int from, int to)
{
    cx_hours  h;
    bool      good = true;

    if (!tap_ok(cx_hours_parse(cx_strz(text), &h), "\"%s\"", text)) {
        return;
    }

    for (int m = 0; m < 7 * 1440; m++) {
        const bool  want = days[m / 1440] == '1' && m % 1440 >= from
                           && m % 1440 < to;

        good = good && cx_hours_open(&h, MONDAY + m * MINUTE) == want;
    }

    tap_ok(good, "  open then, and only then");
}


static void
is_bad(const char *text)
{
    cx_hours  h;

    tap_ok(!cx_hours_parse(cx_strz(text), &h), "\"%s\" is none", text);
}


static bool
at(const char *text, int64_t ms)
{
    cx_hours  h;

    return cx_hours_parse(cx_strz(text), &h) && cx_hours_open(&h, ms);
}


int
main(void)
{
    char  many[512] = "mo 00:00-00:01";

    is_open("", "1111111", 0, 1440);
    is_open("mo-fr 09:00-18:00", "1111100", 540, 1080);
    is_open("MO-FR 9:00-18:00", "1111100", 540, 1080);
    is_open("sa 10:00-14:00", "0000010", 600, 840);
    is_open("fr-mo 00:00-24:00", "1000111", 0, 1440);
    is_open("mo we  fr 08:00-09:00", "1010100", 480, 540);
    is_open("mo-su 00:00-12:00 12:00-24:00", "1111111", 0, 1440);
    is_open("mo 08:00-09:00, tu 08:00-09:00", "1100000", 480, 540);

    tap_ok(at("fr 22:00-06:00", MONDAY + 4 * DAY + 23 * 60 * MINUTE),
           "over midnight: before it");
    tap_ok(at("fr 22:00-06:00", MONDAY + 5 * DAY + 5 * 60 * MINUTE),
           "... after it");
    tap_ok(!at("fr 22:00-06:00", MONDAY + 5 * DAY + 6 * 60 * MINUTE),
           "... not later");
    tap_ok(!at("fr 22:00-06:00", MONDAY + 4 * DAY + 5 * 60 * MINUTE),
           "... not the morning before");
    tap_ok(at("su 23:00-01:00", MONDAY), "... over the week's end");
    tap_ok(at("th 00:00-00:01", 0) && !at("fr 00:00-00:01", 0),
           "the epoch was a Thursday");
    tap_ok(at("we 23:59-24:00", -1), "before it");

    is_bad("mo");
    is_bad("09:00-18:00");
    is_bad("mo 09:00");
    is_bad("mo 09:00-09:00");
    is_bad("mo 24:00-25:00");
    is_bad("mo 24:00-01:00");
    is_bad("mo 09:60-10:00");
    is_bad("mo 9-10");
    is_bad("mo -1:00-10:00");
    is_bad("xx 09:00-10:00");
    is_bad("mo-xx 09:00-10:00");
    is_bad("mo 09:00-10:00,");
    is_bad("mo 09:00-10:00 tu");
    is_bad("mo-tu-we 09:00-10:00");

    for (int i = 1; i < CX_HOURS_MAX; i++) {
        strncat(many, " 01:00-02:00", sizeof(many) - strlen(many) - 1);
    }

    tap_ok(at(many, MONDAY), "as many times as there is room for");
    strncat(many, " 01:00-02:00", sizeof(many) - strlen(many) - 1);
    is_bad(many);

    return tap_done();
}
