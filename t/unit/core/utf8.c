#include "core/utf8.h"

#include "unit/tap.h"


static void
validity(void)
{
    static const struct {
        const char  *in;
        bool         ok;
        const char  *what;
    } rows[] = {
        { "", true, "empty" },
        { "plain", true, "ASCII" },
        { "\xc3\xa9", true, "two bytes" },
        { "\xe2\x82\xac", true, "three bytes" },
        { "\xf0\x9f\x98\x80", true, "four bytes" },
        { "\xef\xbf\xbf", true, "U+FFFF" },
        { "\xf4\x8f\xbf\xbf", true, "U+10FFFF" },
        { "\xee\x80\x80", true, "U+E000" },
        { "\xed\x9f\xbf", true, "U+D7FF" },
        { "\xff", false, "FF" },
        { "\x80", false, "a lone continuation" },
        { "\xc0\xaf", false, "overlong, two bytes" },
        { "\xc1\xbf", false, "overlong, two bytes" },
        { "\xe0\x9f\xbf", false, "overlong, three bytes" },
        { "\xf0\x8f\xbf\xbf", false, "overlong, four bytes" },
        { "\xed\xa0\x80", false, "a surrogate" },
        { "\xed\xbf\xbf", false, "a surrogate" },
        { "\xf4\x90\x80\x80", false, "over U+10FFFF" },
        { "\xf5\x80\x80\x80", false, "F5" },
        { "\xc3", false, "cut" },
        { "\xe2\x82", false, "cut" },
        { "\xf0\x9f\x98", false, "cut" },
        { "\xe2\x28\xa1", false, "a bad second byte" },
        { "\xe2\x82\x28", false, "a bad third byte" },
        { "\xf0\x9f\x98\x28", false, "a bad fourth byte" },
        { "ok\xc3\xa9\xff", false, "bad at the end" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_ok(cx_utf8_valid(cx_strz(rows[i].in)) == rows[i].ok,
               "%s: %s", rows[i].ok ? "valid" : "refused", rows[i].what);
    }
}


/* Every code point, in its only form, and no other three bytes. */
static void
exhaustive(void)
{
    size_t  valid = 0;

    for (uint32_t n = 0; n < 0x1000000; n++) {
        const char  b[3] = { (char) (n >> 16), (char) (n >> 8), (char) n };
        uint32_t    cp = 0;

        if (cx_utf8_next((cx_str) { 3, b }, &cp) == 3) {
            valid += cp >= 0x800 && cp <= 0xffff
                     && (cp < 0xd800 || cp > 0xdfff) ? 1 : 1000000;
        }
    }

    tap_is_int((int64_t) valid, 0x10000 - 0x800 - 0x800,
               "of all three bytes, as many as there are code points");

    tap_is_int((int64_t) cx_utf8_count(CX_STR("a\xc3\xa9\xff\xe2\x82!")), 6,
               "bad bytes count one each");
}


static void
split(void)
{
    static const struct {
        const char  *in;
        size_t       max;
        const char  *out;
    } rows[] = {
        { "", 5, "" },
        { "hello", 5, "[hello]" },
        { "hello", 50, "[hello]" },
        { " hello ", 50, "[ hello ]" },
        { "helloworld", 5, "[hello][world]" },
        { "hello world", 8, "[hello][world]" },
        { "hello world", 5, "[hello][world]" },
        { "hello   world", 6, "[hello][world]" },
        /* A boundary in the first half is too early. */
        { "a bcdefghijkl", 8, "[a bcdefg][hijkl]" },
        { "one two three four", 10, "[one two][three four]" },
        { "Hi all. Come in please", 12, "[Hi all.][Come in][please]" },
        { "One. Two\nthree four", 12, "[One. Two][three four]" },
        { "aaaaaaa\n\nbb\nccc ddd", 12, "[aaaaaaa][bb\nccc ddd]" },
        { "aaaaaaa\r\n\r\nbb\r\nccc ddd", 14,
          "[aaaaaaa][bb\r\nccc ddd]" },
        { "\xc3\xa9\xc3\xa9\xc3\xa9", 2, "[\xc3\xa9\xc3\xa9][\xc3\xa9]" },
        { "ab\xe3\x80\x82" "cdef", 4, "[ab\xe3\x80\x82][cdef]" },
        { "abc", 0, "[a][b][c]" },
        { "a         b", 3, "[a][b]" },
        { "3.14159265", 4, "[3.14][1592][65]" },
        { "ab\xff\xff\xff", 4, "[ab\xff\xff][\xff]" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char    got[128];
        int     len = 0;
        cx_str  rest = cx_strz(rows[i].in);
        cx_str  piece;

        while (cx_utf8_split(&rest, rows[i].max, &piece)) {
            len += snprintf(got + len, sizeof(got) - (size_t) len, "[%.*s]",
                            CX_ARG(piece));
        }

        tap_is_str((cx_str) { (size_t) len, got }, cx_strz(rows[i].out),
                   "split");
    }
}


static size_t
count_byte(cx_str s, char c)
{
    size_t  n = 0;

    for (size_t i = 0; i < s.len; i++) {
        n += s.p[i] == c;
    }

    return n;
}


/* A long text of words: no piece is too long, no word is lost. */
static void
split_long(void)
{
    char    text[20000];
    size_t  len = 0;
    size_t  words = 0;
    size_t  pieces = 0;
    bool    short_enough = true;
    cx_str  piece;

    for (size_t i = 0; len < sizeof(text) - 8; i++) {
        len += (size_t) snprintf(text + len, sizeof(text) - len, "w%zu%s",
                                 i % 1000, i % 17 == 0 ? ".\n" : " ");
    }

    for (cx_str rest = { len, text }; cx_utf8_split(&rest, 400, &piece); ) {
        pieces++;
        words += count_byte(piece, 'w');
        short_enough = short_enough && cx_utf8_count(piece) <= 400;
    }

    tap_ok(short_enough && pieces >= len / 400
           && words == count_byte((cx_str) { len, text }, 'w'),
           "a long text in %zu pieces", pieces);
}


static void
clean(void)
{
    static const struct {
        const char  *in;
        const char  *out;
        const char  *what;
    } rows[] = {
        { "plain\n\ttext", "plain\n\ttext", "plain text" },
        { "a\r\nb\x07\x1b[0m\x7f", "a\nb[0m", "controls" },
        { "a\xc2\x85z", "az", "C1 controls" },
        { "a\xe2\x80\xaez", "az", "a right-to-left override" },
        { "a\xe2\x81\xa6z\xe2\x81\xa9", "az", "isolates" },
        { "a\xe2\x80\x8bz\xef\xbb\xbf", "az", "zero width" },
        { "a\xf3\xa0\x81\x81z", "az", "tag characters" },
        { "\xf0\x9f\x98\x80 \xe2\x82\xac \xd8\xb3",
          "\xf0\x9f\x98\x80 \xe2\x82\xac \xd8\xb3", "emoji and scripts" },
        { "a\xffz", "a\xef\xbf\xbdz", "a bad byte" },
        { "\xff\xff\xff", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
          "nothing but bad bytes" },
        { "", "", "nothing" },
    };
    cx_arena  *a = cx_arena_new(4096);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_is_str(cx_utf8_clean(a, cx_strz(rows[i].in)),
                   cx_strz(rows[i].out), rows[i].what);
    }

    tap_is_str(cx_utf8_clean(a, (cx_str) { 3, "a\0z" }), CX_STR("az"),
               "NUL");

    cx_arena_limit(a, 0);
    tap_ok(cx_utf8_clean(a, CX_STR("abc")).len == 0 && cx_arena_failed(a),
           "no memory");
    cx_arena_free(a);
}


int
main(void)
{
    validity();
    exhaustive();
    split();
    split_long();
    clean();

    return tap_done();
}
