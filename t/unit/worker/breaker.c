#include "unit/tap.h"

#include "worker/breaker.h"

static const cx_breaker_rules  rules = { 5, 20, 30000 };
static cx_breakers            *all;


static cx_breaker *
of(const char *base_url, const char *key)
{
    return cx_breaker_of(all, CX_STR("openai"), cx_strz(base_url),
                         cx_strz(key), 1000000);
}


/* n calls, which end so; the number that were made. */
static int
calls(cx_breaker *b, int n, cx_breaker_end v, int64_t now)
{
    bool  probe;
    int   made = 0;

    for (int i = 0; i < n; i++) {
        if (cx_breaker_ask(all, b, now, &probe)) {
            made++;
            cx_breaker_tell(all, b, probe, v, now);
        }
    }

    return made;
}


static void
test_which(void)
{
    cx_breaker  *b = of("https://a", "one");

    tap_ok(b != NULL && b == of("https://a", "one"), "found again");
    tap_ok(b != of("https://a", "two"), "another key, another one");
    tap_ok(b != of("https://b", "one"), "another place, another one");
    tap_ok(b != cx_breaker_of(all, CX_STR("gemini"), CX_STR("https://a"),
                              CX_STR("one"), 0), "another provider");
    tap_ok(cx_breaker_find(all, b->id) == b, "found by its id");
    tap_ok(strcmp(b->base_url, "https://a") == 0, "it has its name");
    tap_is_int((int64_t) cx_breakers_count(all), 4, "four of them");
}


static void
test_row(void)
{
    const int64_t  t = 1000000;
    bool           probe;
    cx_breaker    *b = of("https://row", "");

    (void) calls(b, 4, CX_BREAKER_BAD, t);
    (void) calls(b, 1, CX_BREAKER_GOOD, t);
    tap_is_int(calls(b, 4, CX_BREAKER_BAD, t), 4, "four in a row are borne");
    tap_is_int(b->state, CX_BREAKER_CLOSED, "and do not open it");
    tap_is_int(calls(b, 3, CX_BREAKER_BAD, t), 1, "the fifth does");
    tap_is_int(b->refused, 2, "and nobody is asked then");
    tap_is_int(calls(b, 1, CX_BREAKER_GOOD, t + 29999), 0, "for 30 s");

    tap_ok(cx_breaker_ask(all, b, t + 30000, &probe) && probe,
           "then one is let through");
    tap_is_int(calls(b, 3, CX_BREAKER_GOOD, t + 30000), 0, "only one");
    cx_breaker_tell(all, b, false, CX_BREAKER_GOOD, t + 30001);
    tap_is_int(b->state, CX_BREAKER_PROBING, "an old call's end is not its");
    cx_breaker_tell(all, b, true, CX_BREAKER_BAD, t + 31000);
    tap_is_int(calls(b, 1, CX_BREAKER_GOOD, t + 60000), 0,
               "it failed: 30 s more");

    tap_ok(cx_breaker_ask(all, b, t + 61000, &probe) && probe, "the next one");
    cx_breaker_tell(all, b, true, CX_BREAKER_VOID, t + 61001);
    tap_is_int(b->state, CX_BREAKER_OPEN, "was cancelled: still open");
    tap_ok(cx_breaker_ask(all, b, t + 61002, &probe) && probe,
           "and the next may try at once");
    cx_breaker_tell(all, b, true, CX_BREAKER_GOOD, t + 61500);
    tap_is_int(calls(b, 4, CX_BREAKER_BAD, t + 61500), 4,
               "closed, and what was is forgotten");
    tap_is_int(b->state, CX_BREAKER_CLOSED, "so that four are borne again");
    tap_is_int(b->opened, 2, "it was opened twice");
}


static void
test_half(void)
{
    const int64_t  t = 2000000;
    cx_breaker    *b = of("https://half", "");

    for (int i = 0; i < 9; i++) {
        (void) calls(b, 1, CX_BREAKER_GOOD, t + i * 500);
        (void) calls(b, 1, CX_BREAKER_BAD, t + i * 500);
    }

    tap_is_int(b->state, CX_BREAKER_CLOSED, "half of 18 is too few to tell");
    (void) calls(b, 1, CX_BREAKER_GOOD, t + 5000);
    (void) calls(b, 1, CX_BREAKER_BAD, t + 5000);
    tap_is_int(b->state, CX_BREAKER_OPEN, "half of 20 opens it");

    b = of("https://slowly", "");

    for (int i = 0; i < 40; i++) {
        (void) calls(b, 1, i % 2 ? CX_BREAKER_BAD : CX_BREAKER_GOOD,
                     t + i * 1000);
    }

    tap_is_int(b->state, CX_BREAKER_CLOSED, "not when it takes longer");
    (void) calls(b, 40, CX_BREAKER_VOID, t);
    tap_is_int(b->state, CX_BREAKER_CLOSED, "cancelled ones do not count");
}


static void
test_many(void)
{
    char         url[32];
    cx_breaker  *b = NULL;

    for (int i = 0; i < CX_BREAKERS_MAX; i++) {
        (void) snprintf(url, sizeof(url), "https://%d", i);
        b = of(url, "");
    }

    tap_ok(b == NULL, "no more than there is room for");
    tap_ok(cx_breaker_of(all, CX_STR("openai"), CX_STR("https://new"),
                         CX_NOSTR, 1000000 + 2 * 3600000) != NULL,
           "unused ones make room");
}


int
main(void)
{
    all = cx_breakers_new(rules);
    test_which();
    test_row();
    test_half();
    test_many();
    cx_breakers_free(all);
    return tap_done();
}
