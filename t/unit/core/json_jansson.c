/* The reader against Jansson, over mutations of real payloads. */

#include "fuzz/json_compare.h"

#include "unit/tap.h"

#include <dirent.h>

#define CASES    300000
#define MAX_LEN  4096

static char    seeds[16][MAX_LEN];
static size_t  lens[16];
static size_t  nseeds;


/* xorshift64: the same cases on every run. */
static uint64_t
next(void)
{
    static uint64_t  x = UINT64_C(0x9e3779b97f4a7c15);

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;

    return x;
}


static size_t
below(size_t n)
{
    return n == 0 ? 0 : (size_t) (next() % n);
}


static bool
seeds_load(const char *folder)
{
    DIR            *dir = opendir(folder);
    struct dirent  *e;

    while (dir != NULL && (e = readdir(dir)) != NULL && nseeds < 16) {
        char  path[512];

        if (strncmp(e->d_name, "json-", 5) != 0) {
            continue;
        }

        snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);

        FILE  *f = fopen(path, "r");

        if (f != NULL) {
            lens[nseeds] = fread(seeds[nseeds], 1, MAX_LEN / 2, f);
            nseeds++;
            fclose(f);
        }
    }

    if (dir != NULL) {
        closedir(dir);
    }

    return nseeds > 0;
}


/* Replaces text[at, at + gone) by a piece; false when it grows too long. */
static size_t
replace(char *text, size_t len, size_t at, size_t gone, const char *piece,
    size_t plen)
{
    char  tail[MAX_LEN];

    gone = gone > len - at ? len - at : gone;

    if (len - gone + plen > MAX_LEN) {
        return len;
    }

    memcpy(tail, text + at + gone, len - at - gone);
    memcpy(text + at, piece, plen);
    memcpy(text + at + plen, tail, len - at - gone);

    return len - gone + plen;
}


static size_t
mutate(char *text, size_t len)
{
    static const char  *const pieces[] = {
        "\"", "\\", "{", "}", "[", "]", ",", ":", " ", "\n", "\t", "\v",
        "0", "-", ".", "e", "1e5", "1e308", "1e999", "-0", "01", "+1",
        "9223372036854775808", "-9223372036854775808", "true", "nul",
        "null", "NaN", "'", "/**/", "\\u0000", "\\u0061", "\\ud83d",
        "\\ude00", "\\ud83d\\ude00", "\\x", "\\/", "\xc3", "\xa9",
        "\xc3\xa9", "\xed\xa0\x80", "\xf0\x9f\x98\x80", "\xc0\xaf",
        "\xef\xbb\xbf", "\x01", "\x7f", "\xff", "[[[[[[[[[[[[[[[[[[[[",
        "]]]]]]]]]]]]]]]]]]]]", "{\"a\":", "\"id\":1,", "\"\\u0069d\":1,",
        ",\"\":0", "{}", "[]"
    };
    const size_t  n = sizeof(pieces) / sizeof(pieces[0]);
    size_t        at = below(len + 1);
    const char   *piece = pieces[below(n)];
    size_t        other;

    switch (below(6)) {

    case 0:
        return replace(text, len, at, 0, piece, strlen(piece));

    case 1:
        return replace(text, len, at, below(4), piece, strlen(piece));

    case 2:
        return replace(text, len, at, 1 + below(3), "", 0);

    case 3:
        return replace(text, len, at, 1, &(char) { (char) next() }, 1);

    case 4:     /* a piece of another seed, often a whole member or two */
        other = below(nseeds);
        at = below(len);
        return replace(text, len, at, 0, seeds[other] + lens[other] / 3,
                       below(lens[other] / 3));

    default:
        return below(4) == 0 ? at : len;
    }
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(16 * 1024 * 1024);
    size_t     accepted = 0;
    size_t     wrong = 0;
    char       text[MAX_LEN];

    if (!tap_ok(seeds_load("t/fuzz/seeds"), "seeds in t/fuzz/seeds")) {
        return tap_done();
    }

    for (size_t i = 0; i < nseeds; i++) {
        tap_ok(json_compare((cx_str) { lens[i], seeds[i] }, a) == NULL,
               "seed %zu", i);
    }

    for (size_t i = 0; i < CASES && wrong < 10; i++) {
        size_t  seed = below(nseeds);
        size_t  from = below(3) == 0 ? below(lens[seed]) : 0;
        size_t  len = lens[seed] - from;

        memcpy(text, seeds[seed] + from, len);

        /* Small texts meet more, and are faster. */
        if (below(4) != 0 && len > 200) {
            len = 200;
        }

        for (size_t k = below(4); k > 0; k--) {
            len = mutate(text, len);
        }

        cx_str          s = { len, text };
        cx_json_reader  r;
        const char     *bad = json_compare(s, a);

        if (bad != NULL) {
            printf("# %s: %.*s\n", bad, CX_ARG(s));
            wrong++;
        }

        cx_json_open(&r, s, a);
        accepted += cx_json_close(&r) == CX_OK;
    }

    tap_is_int((int64_t) wrong, 0, "both say the same of all cases");
    tap_ok(accepted > CASES / 50, "and accepted %zu of %d", accepted, CASES);

    cx_arena_free(a);
    return tap_done();
}
