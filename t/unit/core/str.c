#include "unit/tap.h"

#include <limits.h>


static void
compare(void)
{
    static const struct {
        cx_str  a;
        cx_str  b;
        bool    eq;
        bool    nocase;
        bool    starts;
        bool    ends;
    } rows[] = {
        { CX_STR_INIT(""),      CX_STR_INIT(""),      1, 1, 1, 1 },
        { CX_STR_INIT("abc"),   CX_STR_INIT(""),      0, 0, 1, 1 },
        { CX_STR_INIT(""),      CX_STR_INIT("a"),     0, 0, 0, 0 },
        { CX_STR_INIT("abc"),   CX_STR_INIT("abc"),   1, 1, 1, 1 },
        { CX_STR_INIT("abc"),   CX_STR_INIT("ABC"),   0, 1, 0, 0 },
        { CX_STR_INIT("abc"),   CX_STR_INIT("ab"),    0, 0, 1, 0 },
        { CX_STR_INIT("abc"),   CX_STR_INIT("bc"),    0, 0, 0, 1 },
        { CX_STR_INIT("a\0b"),  CX_STR_INIT("a\0c"),  0, 0, 0, 0 },
        /* '[' and '{' differ by the case bit, and are no letters. */
        { CX_STR_INIT("["),     CX_STR_INIT("{"),     0, 0, 0, 0 },
        { CX_STR_INIT("@"),     CX_STR_INIT("`"),     0, 0, 0, 0 },
        { CX_STR_INIT("\xc4"),  CX_STR_INIT("\xe4"),  0, 0, 0, 0 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_ok(cx_str_eq(rows[i].a, rows[i].b) == rows[i].eq
               && cx_str_eq_nocase(rows[i].a, rows[i].b) == rows[i].nocase
               && cx_str_starts(rows[i].a, rows[i].b) == rows[i].starts
               && cx_str_ends(rows[i].a, rows[i].b) == rows[i].ends,
               "compare %zu: \"%.*s\" and \"%.*s\"", i,
               CX_ARG(rows[i].a), CX_ARG(rows[i].b));
    }

    tap_ok(cx_str_eq(CX_NOSTR, CX_STR("")), "no view is an empty one");
    tap_ok(cx_str_eq(cx_strz(NULL), CX_NOSTR), "of NULL: the empty view");
    tap_is_str(cx_strz("xyz"), CX_STR("xyz"), "of a terminated string");
}


static void
cut(void)
{
    cx_str  s = CX_STR("hello");

    tap_is_str(cx_str_sub(s, 1, 3), CX_STR("ell"), "sub inside");
    tap_is_str(cx_str_sub(s, 3, SIZE_MAX), CX_STR("lo"), "sub clips");
    tap_is_str(cx_str_sub(s, 9, 2), CX_STR(""), "sub behind the end");
    tap_is_str(cx_str_sub(s, SIZE_MAX, SIZE_MAX), CX_STR(""),
               "sub does not overflow");
    tap_is_str(cx_str_sub(CX_NOSTR, 1, 2), CX_STR(""), "sub of no view");

    tap_is_str(cx_str_trim(CX_STR(" \t\r\na b\n ")), CX_STR("a b"), "trim");
    tap_is_str(cx_str_trim(CX_STR(" \n ")), CX_STR(""), "trim of spaces");
    tap_is_str(cx_str_trim(CX_STR("\v a")), CX_STR("\v a"),
               "trim knows four spaces");
    tap_is_str(cx_str_trim(CX_NOSTR), CX_STR(""), "trim of no view");

    tap_is_int((int64_t) cx_str_find(s, CX_STR("lo")), 3, "find");
    tap_is_int((int64_t) cx_str_find(s, CX_STR("")), 0, "find nothing");
    tap_ok(cx_str_find(s, CX_STR("lol")) == SIZE_MAX, "find: absent");
    tap_ok(cx_str_find(CX_NOSTR, CX_STR("l")) == SIZE_MAX,
           "find: in no view");
    tap_is_int((int64_t) cx_str_find_byte(s, 'l'), 2, "find a byte");
    tap_ok(cx_str_find_byte(s, 'z') == SIZE_MAX, "find a byte: absent");
    tap_ok(cx_str_find_byte(CX_NOSTR, 'z') == SIZE_MAX,
           "find a byte: in no view");
}


static void
split(void)
{
    static const struct {
        const char  *in;
        const char  *out;      /* the parts, each in brackets */
    } rows[] = {
        { "a,b,c", "[a][b][c]" },
        { "a",     "[a]" },
        { "",      "[]" },
        { ",",     "[][]" },
        { "a,,b,", "[a][][b][]" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char    got[64];
        int     len = 0;
        cx_str  rest = cx_strz(rows[i].in);
        cx_str  part;

        while (cx_str_split(&rest, ',', &part)) {
            len += snprintf(got + len, sizeof(got) - (size_t) len, "[%.*s]",
                            CX_ARG(part));
        }

        tap_is_str((cx_str) { (size_t) len, got }, cx_strz(rows[i].out),
                   "split");
        tap_ok(rest.p == NULL && !cx_str_split(&rest, ',', &part),
               "nothing is left of \"%s\"", rows[i].in);
    }
}


static void
numbers(void)
{
    static const struct {
        const char  *in;
        bool         ok;
        int64_t      out;
    } rows[] = {
        { "0", true, 0 },
        { "-0", true, 0 },
        { "007", true, 7 },
        { "42", true, 42 },
        { "-1", true, -1 },
        { "9223372036854775807", true, INT64_MAX },
        { "-9223372036854775808", true, INT64_MIN },
        { "9223372036854775808", false, 0 },
        { "-9223372036854775809", false, 0 },
        { "18446744073709551617", false, 0 },
        { "99999999999999999999999", false, 0 },
        { "", false, 0 },
        { "-", false, 0 },
        { "+1", false, 0 },
        { " 1", false, 0 },
        { "1 ", false, 0 },
        { "1.0", false, 0 },
        { "1e3", false, 0 },
        { "0x10", false, 0 },
        { "--1", false, 0 },
        { "\xd9\xa1", false, 0 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t  n = 77;
        bool     ok = cx_str_to_i64(cx_strz(rows[i].in), &n);

        tap_ok(ok == rows[i].ok && n == (ok ? rows[i].out : 77),
               "number \"%s\"", rows[i].in);
    }

    tap_is_int(cx_str_int(5), 5, "length as int");
    tap_is_int(cx_str_int(SIZE_MAX), INT_MAX, "length clipped to int");
}


static void
hex(void)
{
    static const struct {
        const char  *in;
        size_t       len;
        bool         ok;
    } rows[] = {
        { "00ff10", 3, true },
        { "00FF1a", 3, true },
        { "", 0, true },
        { "00f", 1, false },
        { "00ff", 1, false },
        { "00", 2, false },
        { "0g", 1, false },
        { "g0", 1, false },
        { " 0", 1, false },
        { "0x", 1, false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t  out[4];

        tap_ok(cx_hex_decode(cx_strz(rows[i].in), out, rows[i].len)
               == rows[i].ok, "hex \"%s\" into %zu", rows[i].in,
               rows[i].len);
    }

    uint8_t  bytes[256], back[256];
    char     text[512];

    for (int i = 0; i < 256; i++) {
        bytes[i] = (uint8_t) i;
    }

    cx_hex_encode(bytes, sizeof(bytes), text);
    tap_ok(cx_hex_decode((cx_str) { sizeof(text), text }, back, sizeof(back))
           && memcmp(bytes, back, sizeof(bytes)) == 0, "hex of every byte");
    tap_is_str((cx_str) { 6, text + 506 }, CX_STR("fdfeff"),
               "hex in lower case");
}


/* Each word of it, and each that is one letter more or less. */
static void
listed(void)
{
    static const char  list[] = " a ab abc abd b bcd da e ";
    cx_str             rest = cx_strz(list), word;

    while (cx_str_split(&rest, ' ', &word)) {
        char  more[8];

        if (word.len == 0) {
            continue;
        }

        memcpy(more, word.p, word.len);
        more[word.len] = 'x';
        tap_ok(cx_str_listed(list, word), "listed: %.*s", CX_ARG(word));
        tap_ok(!cx_str_listed(list, (cx_str) { word.len + 1, more }),
               "not listed: %.*sx", CX_ARG(word));
    }

    tap_ok(!cx_str_listed(list, CX_STR("bc")), "not listed: a beginning");
    tap_ok(!cx_str_listed(list, CX_STR("A")), "not listed: before all");
    tap_ok(!cx_str_listed(list, CX_STR("z")), "not listed: behind all");
    tap_ok(!cx_str_listed(" ", CX_STR("a")), "nothing is listed");
    tap_ok(!cx_str_listed("", CX_STR("a")), "no list");
}


int
main(void)
{
    compare();
    cut();
    split();
    numbers();
    hex();
    listed();

    return tap_done();
}
