/* Origins: which lines can mean one, and which pages they mean. */

#include "core/origin.h"

#include "unit/tap.h"


static void
rules(void)
{
    static const struct {
        const char  *rule;
        bool         valid;
    } cases[] = {
        { "*", true }, { "https://shop.example.com", true },
        { "http://localhost:8080", true }, { "http://[::1]:80", true },
        { "https://*.example.com", true }, { "", false }, { "**", false },
        { "shop.example.com", false }, { "https://", false },
        { "https://*", false }, { "https://*.", false },
        { "https://a.*.com", false }, { "https://*a.com", false },
        { "https://a.com/", false }, { "https://a.com/x", false },
        { "https://A.com", false }, { "https://u@a.com", false },
        { "ftp://a.com", false }, { "null", false }, { "https://.com", false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tap_ok(cx_origin_valid(cx_strz(cases[i].rule)) == cases[i].valid,
               "%s", cases[i].rule);
    }
}


static void
matches(void)
{
    static const struct {
        const char  *rule;
        const char  *origin;
        bool         yes;
    } cases[] = {
        { "https://a.com", "https://a.com", true },
        { "https://a.com", "http://a.com", false },
        { "https://a.com", "https://a.com:8443", false },
        { "https://a.com", "https://a.com.evil", false },
        { "https://a.com", "https://xa.com", false },
        { "https://a.com", "https://a.com/", false },
        { "https://a.com", "https://a.co", false },
        { "https://*.a.com", "https://x.a.com", true },
        { "https://*.a.com", "https://y.x.a.com", true },
        { "https://*.a.com", "https://a.com", false },
        { "https://*.a.com", "https://.a.com", false },
        { "https://*.a.com", "http://x.a.com", false },
        { "https://*.a.com", "https://xa.com", false },
        { "https://*.a.com", "https://x.a.com:1", false },
        { "https://*.a.com", "https://evil.com#.a.com", false },
        { "https://*.a.com", "https://evil.com/.a.com", false },
        { "https://*.a.com", "https://evil.com?.a.com", false },
        { "https://*.a.com", "https://u@x.a.com", false },
        { "https://*.a.com:1", "https://x.a.com:1", true },
        { "*", "https://x.y", true }, { "*", "null", false },
        { "*", "", false }, { "*", "file://", false },
        { "*", "https://", false }, { "*", "*", false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tap_ok(cx_origin_matches(cx_strz(cases[i].rule),
                                 cx_strz(cases[i].origin)) == cases[i].yes,
               "%s: %s", cases[i].rule, cases[i].origin);
    }
}


int
main(void)
{
    rules();
    matches();

    return tap_done();
}
