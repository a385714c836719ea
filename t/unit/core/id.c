#include "core/id.h"

#include "unit/tap.h"


#define EPOCH_MS  INT64_C(1704067200000)


static void
order(void)
{
    cx_id_maker  m = { .maker = 5 };
    int64_t      last = -1;
    bool         rising = true;

    /* 10,000 in one millisecond, then a clock that steps back an hour. */
    for (int i = 0; i < 20000; i++) {
        int64_t  now = EPOCH_MS + 1000000 - (i < 10000 ? 0 : 3600000);
        int64_t  id = cx_id_next(&m, now);

        rising = rising && id > last;
        last = id;
    }

    tap_ok(rising, "each is greater than the one before");
    tap_ok(cx_id_ms(last) - (EPOCH_MS + 1000000) < 10,
           "and does not run far ahead of the clock");

    int64_t  id = cx_id_next(&m, EPOCH_MS + 5000000);

    tap_is_int(cx_id_ms(id), EPOCH_MS + 5000000, "its time");
    tap_is_int(id >> 12 & 1023, 5, "its maker");
    tap_is_int(id & 4095, 0, "its sequence");

    cx_id_maker  early = { .maker = 1023 };

    tap_ok(cx_id_next(&early, 0) > 0, "a clock before the epoch");

    cx_id_maker  late = { .maker = 1024 };

    tap_is_int(cx_id_next(&late, EPOCH_MS + 1) >> 12 & 1023, 0,
               "a maker out of range does not spill into the time");
}


static void
text(void)
{
    static const int64_t  ids[] = {
        0, 1, 31, 32, INT64_C(123456789012345678), INT64_MAX
    };
    cx_arena  *a = cx_arena_new(4096);

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        cx_str   s = cx_id_text(a, "cv", ids[i]);
        int64_t  back = -1;

        tap_ok(s.len == 16 && cx_id_parse(s, "cv", &back)
               && back == ids[i], "there and back: %.*s", CX_ARG(s));
    }

    tap_is_str(cx_id_text(a, "cv", INT64_MAX), CX_STR("cv_7ZZZZZZZZZZZZ"),
               "the greatest");

    static const char  *const bad[] = {
        "", "cv", "cv_", "cv_000000000000", "cv_00000000000000",
        "cw_0000000000000", "cv-0000000000000", "CV_0000000000000",
        "cv_000000000000a", "cv_000000000000I", "cv_000000000000L",
        "cv_000000000000O", "cv_000000000000U", "cv_8000000000000",
        "cv_ZZZZZZZZZZZZZ", "cv_00000000000 0", "xcv_000000000000"
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t  id = 77;

        tap_ok(!cx_id_parse(cx_strz(bad[i]), "cv", &id) && id == 77,
               "refused: \"%s\"", bad[i]);
    }

    int64_t  id;

    tap_ok(!cx_id_parse((cx_str) { 16, "cv_000000000000\0" }, "cv", &id),
           "refused: a NUL for a digit");

    cx_arena_limit(a, 0);
    tap_ok(cx_id_text(a, "cv", 1).len == 0 && cx_arena_failed(a),
           "no memory");
    cx_arena_free(a);
}


static void
ulids(void)
{
    static const uint8_t  zero[10];
    static const uint8_t  ones[10] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255
    };
    static const uint8_t  mixed[10] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
    char                  out[26];
    cx_str                s = { sizeof(out), out };

    cx_ulid(out, 0, zero);
    tap_is_str(s, CX_STR("00000000000000000000000000"), "zero");

    cx_ulid(out, (INT64_C(1) << 48) - 1, ones);
    tap_is_str(s, CX_STR("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"), "the greatest");

    /* The time of the example in the ULID specification. */
    cx_ulid(out, INT64_C(1469918176385), mixed);
    tap_is_str(s, CX_STR("01ARYZ6S41041061050R3GG28A"), "all in its place");
}


int
main(void)
{
    order();
    text();
    ulids();

    return tap_done();
}
