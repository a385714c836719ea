#include "core/time.h"

#include "unit/tap.h"


static void
is(const char *text, int64_t want)
{
    int64_t  ms = -1;

    tap_ok(cx_time_rfc3339(cx_strz(text), &ms), "%s", text);
    tap_is_int(ms, want, "its time");
}


static void
is_none(const char *text)
{
    int64_t  ms = 7;

    tap_ok(!cx_time_rfc3339(cx_strz(text), &ms) && ms == 7, "\"%s\" is none",
           text);
}


static void
ages(void)
{
    static const struct { const char *text; int64_t ms; } rows[] = {
        { "off", 0 },           { "1s", 1000 },
        { "90m", 5400000 },     { "36h", 129600000 },
        { "400d", INT64_C(34560000000) },
        { "36500d", INT64_C(3153600000000) },
        { "36501d", -1 },       { "0d", -1 },
        { "-1d", -1 },          { "", -1 },
        { "d", -1 },            { "400", -1 },
        { "400 d", -1 },        { "4w", -1 },
        { "9223372036854775807d", -1 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_is_int(cx_age_ms(cx_strz(rows[i].text)), rows[i].ms,
                   rows[i].text);
    }
}


int
main(void)
{
    ages();
    bool      good = true, back = true;
    int64_t   day = 0, y;
    unsigned  m, dd;

    is("1970-01-01T00:00:00Z", 0);
    is("2026-01-01T00:00:00Z", 1767225600000);
    is("2026-01-01T00:00:00.5Z", 1767225600500);
    is("2026-01-01T00:00:00.123456789Z", 1767225600123);
    is("2026-01-01T02:00:00+02:00", 1767225600000);
    is("2025-12-31T18:30:00.001-05:30", 1767225600001);
    is("2024-02-29t12:00:00z", 1709208000000);
    is("2026-01-01 00:00:00Z", 1767225600000);

    is_none("");
    is_none("2026");
    is_none("2026-01-01");
    is_none("2026-01-01T00:00:00");
    is_none("2026-01-01T00:00:00.Z");
    is_none("2026-13-01T00:00:00Z");
    is_none("2026-00-01T00:00:00Z");
    is_none("2026-01-32T00:00:00Z");
    is_none("2026-01-01T24:00:00Z");
    is_none("2026-01-01T00:60:00Z");
    is_none("2026-01-01T00:00:00+0200");
    is_none("2026-01-01T00:00:00Zx");
    is_none("1969-12-31T23:59:59Z");

    /* Day by day from 1970 to 2400, by counting. */
    for (unsigned year = 1970; year <= 2400; year++) {
        const bool  leap = year % 4 == 0
                           && (year % 100 != 0 || year % 400 == 0);

        for (unsigned month = 1; month <= 12; month++) {
            const unsigned  days = month == 2 ? (leap ? 29 : 28)
                                   : month == 4 || month == 6 || month == 9
                                     || month == 11 ? 30 : 31;

            for (unsigned d = 1; d <= days; d++) {
                good = good && cx_time_days(year, month, d) == day;
                cx_time_civil(day++, &y, &m, &dd);
                back = back && y == year && m == month && dd == d;
            }
        }
    }

    tap_ok(good, "each day follows the one before");
    tap_ok(back, "and is found again");
    return tap_done();
}
