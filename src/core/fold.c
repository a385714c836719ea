#include "core/fold.h"

#include "core/utf8.h"


/* U+00C0 to U+017F without accents; a space is no letter. */
static const char  latin[] =
    "aaaaaaaceeeeiiiidnooooo ouuuuyts"
    "aaaaaaaceeeeiiiidnooooo ouuuuyty"
    "aaaaaaccccccccddddeeeeeeeeeegggg"
    "gggghhhhiiiiiiiiiiiijjkkklllllll"
    "lllnnnnnnnnnoooooooorrrrrrssssss"
    "ssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

typedef struct {
    uint32_t  from;
    uint32_t  to;
} range;

/* Code points above ASCII that are no part of a word. */
static const range  gaps[] = {
    { 0x0080,  0x00a9 },    /* controls, signs */
    { 0x00ab,  0x00b4 },
    { 0x00b6,  0x00b9 },
    { 0x00bb,  0x00bf },
    { 0x00d7,  0x00d7 },
    { 0x00f7,  0x00f7 },
    { 0x037e,  0x037e },    /* Greek question mark */
    { 0x055a,  0x055f },    /* Armenian */
    { 0x0589,  0x0589 },
    { 0x05be,  0x05be },    /* Hebrew */
    { 0x05c0,  0x05c0 },
    { 0x05c3,  0x05c3 },
    { 0x05f3,  0x05f4 },
    { 0x060c,  0x060d },    /* Arabic */
    { 0x061b,  0x061f },
    { 0x066a,  0x066d },
    { 0x06d4,  0x06d4 },
    { 0x0964,  0x0965 },    /* Devanagari */
    { 0x0e4f,  0x0e4f },    /* Thai */
    { 0x0e5a,  0x0e5b },
    { 0x104a,  0x104f },    /* Burmese */
    { 0x1361,  0x1368 },    /* Ethiopic */
    { 0x17d4,  0x17da },    /* Khmer */
    { 0x2000,  0x206f },    /* punctuation */
    { 0x20a0,  0x20cf },    /* currency */
    { 0x2190,  0x2bff },    /* arrows, symbols */
    { 0x3000,  0x303f },
    { 0x30fb,  0x30fb },
    { 0xfe00,  0xfe0f },
    { 0xff00,  0xff0f },
    { 0xff1a,  0xff20 },
    { 0xff3b,  0xff40 },
    { 0xff5b,  0xff65 },
    { 0x1f000, 0x1faff },   /* emoji */
    { 0xe0000, 0xe01ef },   /* tags, variation selectors */
};

/* Scripts that write their words without spaces. */
static const range  joined[] = {
    { 0x0e00,  0x0eff },    /* Thai, Lao */
    { 0x1000,  0x109f },    /* Burmese */
    { 0x1780,  0x17ff },    /* Khmer */
    { 0x3040,  0x30ff },    /* Kana */
    { 0x3400,  0x4dbf },    /* Han */
    { 0x4e00,  0x9fff },
    { 0xf900,  0xfaff },
    { 0x20000, 0x3ffff },
};

/* Capitals and how far their small letters are; step 2: each capital stands
 * right before its small letter. */
static const struct {
    uint32_t  from;
    uint32_t  to;
    uint32_t  step;
    int32_t   add;
} capitals[] = {
    { 0x01a0,  0x01a4,  2, 1 },      /* Vietnamese and others */
    { 0x01af,  0x01af,  2, 1 },
    { 0x01cd,  0x01db,  2, 1 },
    { 0x01de,  0x01ee,  2, 1 },
    { 0x01f8,  0x021e,  2, 1 },
    { 0x0222,  0x0232,  2, 1 },
    { 0x0391,  0x03a1,  1, 0x20 },   /* Greek */
    { 0x03a3,  0x03a9,  1, 0x20 },
    { 0x0400,  0x040f,  1, 0x50 },   /* Cyrillic */
    { 0x0410,  0x042f,  1, 0x20 },
    { 0x0460,  0x0480,  2, 1 },
    { 0x048a,  0x04be,  2, 1 },
    { 0x04c1,  0x04cd,  2, 1 },
    { 0x04d0,  0x052e,  2, 1 },
    { 0x0531,  0x0556,  1, 0x30 },   /* Armenian */
    { 0x1c90,  0x1cba,  1, -0xbc0 }, /* Georgian */
    { 0x1cbd,  0x1cbf,  1, -0xbc0 },
    { 0x1e00,  0x1e94,  2, 1 },      /* Latin with accents */
    { 0x1ea0,  0x1efe,  2, 1 },
    { 0xff10,  0xff19,  1, '0' - 0xff10 },   /* full width */
    { 0xff21,  0xff3a,  1, 'a' - 0xff21 },
    { 0xff41,  0xff5a,  1, 'a' - 0xff41 },
    { 0x10400, 0x10427, 1, 0x28 },   /* Deseret */
};

/* Greek letters with a stress mark, and the sigma at a word's end. */
static const struct {
    uint32_t  from;
    uint32_t  to;
} greek[] = {
    { 0x0386, 0x03b1 }, { 0x0388, 0x03b5 }, { 0x0389, 0x03b7 },
    { 0x038a, 0x03b9 }, { 0x038c, 0x03bf }, { 0x038e, 0x03c5 },
    { 0x038f, 0x03c9 }, { 0x03aa, 0x03b9 }, { 0x03ab, 0x03c5 },
    { 0x03ac, 0x03b1 }, { 0x03ad, 0x03b5 }, { 0x03ae, 0x03b7 },
    { 0x03af, 0x03b9 }, { 0x03ca, 0x03b9 }, { 0x03cb, 0x03c5 },
    { 0x03cc, 0x03bf }, { 0x03cd, 0x03c5 }, { 0x03ce, 0x03c9 },
    { 0x0390, 0x03b9 }, { 0x03b0, 0x03c5 }, { 0x03c2, 0x03c3 },
};

#define N(table)  (sizeof(table) / sizeof((table)[0]))


size_t
cx_letter_next(cx_str s, uint32_t *cp)
{
    const size_t  len = cx_utf8_next(s, cp);

    if (len == 0) {
        *cp = ' ';
        return 1;
    }

    return len;
}


static bool
is_in(const range *list, size_t n, uint32_t cp)
{
    for (size_t i = 0; i < n && list[i].from <= cp; i++) {
        if (cp <= list[i].to) {
            return true;
        }
    }

    return false;
}


bool
cx_is_letter(uint32_t cp)
{
    if (cp < 0x80) {
        return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z')
               || (cp >= '0' && cp <= '9');
    }

    return !is_in(gaps, N(gaps), cp);
}


static uint32_t
small(uint32_t cp)
{
    for (size_t i = 0; i < N(capitals) && capitals[i].from <= cp; i++) {
        if (cp <= capitals[i].to
            && (cp - capitals[i].from) % capitals[i].step == 0)
        {
            return cp + (uint32_t) capitals[i].add;
        }
    }

    if (cp >= 0x386 && cp <= 0x3ce) {
        for (size_t i = 0; i < N(greek); i++) {
            if (greek[i].from == cp) {
                return greek[i].to;
            }
        }
    }

    return cp;
}


static size_t
encode(uint32_t cp, char *out)
{
    if (cp < 0x80) {
        out[0] = (char) cp;
        return 1;
    }

    if (cp < 0x800) {
        out[0] = (char) (0xc0 | cp >> 6);
        out[1] = (char) (0x80 | (cp & 0x3f));
        return 2;
    }

    if (cp < 0x10000) {
        out[0] = (char) (0xe0 | cp >> 12);
        out[1] = (char) (0x80 | (cp >> 6 & 0x3f));
        out[2] = (char) (0x80 | (cp & 0x3f));
        return 3;
    }

    out[0] = (char) (0xf0 | cp >> 18);
    out[1] = (char) (0x80 | (cp >> 12 & 0x3f));
    out[2] = (char) (0x80 | (cp >> 6 & 0x3f));
    out[3] = (char) (0x80 | (cp & 0x3f));
    return 4;
}


size_t
cx_letter_fold(uint32_t cp, char out[CX_FOLD_MAX])
{
    if (cp < 0x80) {
        out[0] = (char) (cp >= 'A' && cp <= 'Z' ? cp + 32 : cp);
        return 1;
    }

    if (cp == 0xdf || cp == 0x1e9e) {
        out[0] = out[1] = 's';
        return 2;
    }

    if (cp >= 0xc0 && cp < 0xc0 + sizeof(latin) - 1) {
        out[0] = latin[cp - 0xc0];
        return 1;
    }

    if (cp >= 0x300 && cp <= 0x36f) {
        return 0;
    }

    return encode(small(cp), out);
}


/* The word at the start of text, folded; *used: its bytes there. */
static size_t
fold_word(cx_str text, char *out, size_t max, size_t *used)
{
    size_t    n = 0, at, len;
    uint32_t  cp;
    char      one[CX_FOLD_MAX];

    for (at = 0; at < text.len; at += len) {
        len = cx_letter_next(cx_str_sub(text, at, 4), &cp);

        if (!cx_is_letter(cp)
            || (at > 0 && is_in(joined, N(joined), cp)))
        {
            break;
        }

        const size_t  k = cx_letter_fold(cp, one);

        if (k > 0 && n + k <= max) {
            memcpy(out + n, one, k);
        }

        n += k;

        if (is_in(joined, N(joined), cp)) {
            at += len;
            break;
        }
    }

    *used = at;
    return n;
}


size_t
cx_fold_words(cx_str text, char *out, size_t max)
{
    size_t    n = 1, at = 0, word, used;
    uint32_t  cp;

    if (max < 2) {
        return 0;
    }

    out[0] = ' ';

    while (at < text.len) {
        used = cx_letter_next(cx_str_sub(text, at, 4), &cp);

        if (cx_is_letter(cp)) {
            word = fold_word(cx_str_sub(text, at, text.len), out + n,
                             max - n - 1, &used);

            if (word > max - n - 1) {
                break;
            }

            if (word > 0) {
                n += word;
                out[n++] = ' ';
            }

            if (n + 1 >= max) {
                break;
            }
        }

        at += used;
    }

    return n > 1 ? n : 0;
}
