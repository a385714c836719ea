#include "core/json.h"

#include "unit/tap.h"


/* Bytes are looked at sixteen at a time: whatever is not plain, at each place
 * among them, behind a view and behind an escape. */
static bool
string_at(const char *odd, const char *meant, size_t before, size_t after,
    bool escaped, cx_arena *a)
{
    char            in[128];
    char            out[128];
    cx_json_reader  r;
    cx_str          got = CX_NOSTR;
    int             n;

    n = snprintf(in, sizeof(in), "\"%s%.*s%s%.*s\"", escaped ? "\\n" : "",
                 (int) before, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", odd,
                 (int) after, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    cx_arena_reset(a);
    cx_json_open(&r, (cx_str) { (size_t) n, in }, a);

    if (meant == NULL) {
        return !cx_json_string(&r, &got) && r.err == CX_MALFORMED;
    }

    n = snprintf(out, sizeof(out), "%s%.*s%s%.*s", escaped ? "\n" : "",
                 (int) before, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                 meant, (int) after,
                 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");

    return cx_json_string(&r, &got) && cx_json_close(&r) == CX_OK
           && cx_str_eq(got, (cx_str) { (size_t) n, out });
}


int
main(void)
{
    static const struct {
        const char  *odd;
        const char  *meant;     /* NULL: malformed */
    } rows[] = {
        { "", "" }, { "\\\"", "\"" }, { "\\\\", "\\" }, { "\\\\\\\"", "\\\"" },
        { "\\u00e9", "\xc3\xa9" }, { "\xc3\xa9", "\xc3\xa9" },
        { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
        { "\x01", NULL }, { "\x1f", NULL }, { "\xff", NULL }, { "\\x", NULL },
        { "\xc3", NULL }, { "\\u00g0", NULL }, { "\\\xc3\xa9", NULL }
    };

    cx_arena  *a = cx_arena_new(SIZE_MAX);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t  wrong = 0;

        for (size_t at = 0; at < 36 * 36; at++) {
            wrong += !string_at(rows[i].odd, rows[i].meant, at / 36, at % 36,
                                false, a);
            wrong += !string_at(rows[i].odd, rows[i].meant, at / 36, at % 36,
                                true, a);
        }

        tap_ok(wrong == 0, "row %zu at each place: %zu wrong", i, wrong);
    }

    cx_arena_free(a);
    return tap_done();
}
