/* Lengths in units, and cuts that leave characters whole. */

#include "core/text.h"

#include "core/utf8.h"

#include "unit/tap.h"

#define FAMILY  "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d"    \
                "\xf0\x9f\x91\xa7"
#define FLAG    "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa"
#define THUMB   "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd"
#define E_ACUTE "e\xcc\x81"
#define HANGUL  "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"
#define KSHA    "\xe0\xa4\x95\xe0\xa5\x8d\xe0\xa4\xb7"


static void
lengths(void)
{
    const cx_str  s = CX_STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");

    tap_is_int((int64_t) cx_text_len(s, CX_UNIT_CODE_POINTS), 4, "points");
    tap_is_int((int64_t) cx_text_len(s, CX_UNIT_UTF16), 5, "UTF-16");
    tap_is_int((int64_t) cx_text_len(s, CX_UNIT_BYTES), 10, "bytes");
    tap_is_int((int64_t) cx_text_len(CX_NOSTR, CX_UNIT_UTF16), 0, "nothing");
}


static void
clusters(void)
{
    static const struct {
        const char  *text;
        const char  *what;
    } rows[] = {
        { "a", "a letter" }, { "\r\n", "CR LF" }, { E_ACUTE, "a mark" },
        { FAMILY, "a family" }, { FLAG, "a flag" }, { THUMB, "a skin tone" },
        { HANGUL, "a syllable" }, { KSHA, "a conjunct" },
        { "\xe2\x9d\xa4\xef\xb8\x8f", "a heart with its selector" },
    };
    char  text[64];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const size_t  n = strlen(rows[i].text);

        snprintf(text, sizeof(text), "%sX", rows[i].text);
        tap_is_int((int64_t) cx_grapheme_next(cx_strz(text)), (int64_t) n,
                   rows[i].what);
    }

    tap_is_int((int64_t) cx_grapheme_next(CX_STR(FLAG FLAG)), 8,
               "of two flags the first");
    tap_is_int((int64_t) cx_grapheme_next(CX_STR("\xff\xcc\x81")), 1,
               "a bad byte alone");
    tap_is_int((int64_t) cx_grapheme_next(CX_NOSTR), 0, "nothing");
}


static void
pieces(void)
{
    static const struct {
        const char  *in;
        cx_unit      unit;
        size_t       max;
        const char  *out;
    } rows[] = {
        { "", CX_UNIT_BYTES, 5, "" },
        { "hello world", CX_UNIT_CODE_POINTS, 8, "[hello][world]" },
        { "helloworld", CX_UNIT_CODE_POINTS, 5, "[hello][world]" },
        { "One. Two\nthree four", CX_UNIT_CODE_POINTS, 12,
          "[One. Two][three four]" },
        /* No word is cut that fits into a piece. */
        { "see https://a.example/b", CX_UNIT_CODE_POINTS, 20,
          "[see][https://a.example/b]" },
        { "abc" THUMB "d", CX_UNIT_CODE_POINTS, 4, "[abc][" THUMB "d]" },
        { "abc" THUMB "d", CX_UNIT_UTF16, 7, "[abc" THUMB "][d]" },
        { "ab" FLAG FLAG, CX_UNIT_BYTES, 12, "[ab" FLAG "][" FLAG "]" },
        /* Longer than a whole piece: cut, but between code points. */
        { FAMILY, CX_UNIT_CODE_POINTS, 4,
          "[\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d]"
          "[\xf0\x9f\x91\xa7]" },
        { "        ", CX_UNIT_BYTES, 4, "" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char    got[256];
        int     len = 0;
        cx_str  rest = cx_strz(rows[i].in), piece;

        while (cx_text_split(&rest, rows[i].unit, rows[i].max, &piece)) {
            len += snprintf(got + len, sizeof(got) - (size_t) len, "[%.*s]",
                            CX_ARG(piece));
        }

        tap_is_str((cx_str) { (size_t) len, got }, cx_strz(rows[i].out),
                   "split");
    }
}


/* Of any bytes: short enough, progress, nothing but white space lost. */
static void
random_text(void)
{
    static const char  *const parts[] = {
        "a", "b ", ". ", "\n", "\n\n", FAMILY, FLAG, THUMB, E_ACUTE, HANGUL,
        KSHA, "\xe3\x80\x82", "\xff", "word", "  "
    };
    bool      good = true;
    char      text[600];
    uint64_t  seed = 7;

    for (int i = 0; i < 20000; i++) {
        size_t         len = 0, kept = 0, all = 0;
        const cx_unit  unit = (cx_unit) (i % 3);
        const size_t   max = 4 + (size_t) (i / 3) % 60;
        cx_str         rest, piece;

        while (len < sizeof(text) - 40 && (seed >> 40) % 50 != 0) {
            const char  *p;

            seed = seed * 6364136223846793005u + 1442695040888963407u;
            p = parts[(seed >> 33) % (sizeof(parts) / sizeof(parts[0]))];
            memcpy(text + len, p, strlen(p));
            len += strlen(p);
        }

        seed += 0x9e3779b97f4a7c15u;
        rest = (cx_str) { len, text };

        while (cx_text_split(&rest, unit, max, &piece)) {
            good = good && piece.len > 0 && cx_text_len(piece, unit) <= max;

            for (size_t k = 0; k < piece.len; k++) {
                kept += strchr(" \n", piece.p[k]) == NULL;
            }
        }

        for (size_t k = 0; k < len; k++) {
            all += strchr(" \n", text[k]) == NULL;
        }

        good = good && kept == all;
    }

    tap_ok(good, "20,000 random texts: every piece fits, nothing is lost");
}


int
main(void)
{
    lengths();
    clusters();
    pieces();
    random_text();

    return tap_done();
}
