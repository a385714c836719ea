#include "ai/mask_number.h"

#include "core/utf8.h"


#define CARD_MIN   13
#define CARD_MAX   19
#define BETWEEN    3            /* signs between two groups: " - " */

/* Who issues cards, by their first four digits, and how many digits those
 * have. */
static const struct {
    int  from, to;
    int  min, max;
} issuers[] = {
    { 2200, 2205, 16, 19 },
    { 2221, 2720, 16, 16 },
    { 3000, 3059, 14, 19 },
    { 3095, 3095, 14, 19 },
    { 3400, 3499, 15, 15 },
    { 3528, 3589, 16, 19 },
    { 3600, 3699, 14, 19 },
    { 3700, 3799, 15, 15 },
    { 3800, 3999, 14, 19 },
    { 4000, 4999, 13, 19 },
    { 5000, 5099, 13, 19 },
    { 5100, 5599, 16, 16 },
    { 5600, 5899, 13, 19 },
    { 6000, 6999, 13, 19 },
    { 8100, 8299, 16, 19 },
    { 8600, 8600, 16, 16 },
    { 9792, 9792, 16, 16 },
    { 9860, 9860, 16, 16 },
};

/* Length of an IBAN, by country. */
static const struct {
    char  country[3];
    int   len;
} ibans[] = {
    { "AD", 24 }, { "AE", 23 }, { "AL", 28 }, { "AT", 20 }, { "AZ", 28 },
    { "BA", 20 }, { "BE", 16 }, { "BG", 22 }, { "BH", 22 }, { "BI", 27 },
    { "BR", 29 }, { "BY", 28 }, { "CH", 21 }, { "CR", 22 }, { "CY", 28 },
    { "CZ", 24 }, { "DE", 22 }, { "DJ", 27 }, { "DK", 18 }, { "DO", 28 },
    { "EE", 20 }, { "EG", 29 }, { "ES", 24 }, { "FI", 18 }, { "FK", 18 },
    { "FO", 18 }, { "FR", 27 }, { "GB", 22 }, { "GE", 22 }, { "GI", 23 },
    { "GL", 18 }, { "GR", 27 }, { "GT", 28 }, { "HN", 28 }, { "HR", 21 },
    { "HU", 28 }, { "IE", 22 }, { "IL", 23 }, { "IQ", 23 }, { "IS", 26 },
    { "IT", 27 }, { "JO", 30 }, { "KW", 30 }, { "KZ", 20 }, { "LB", 28 },
    { "LC", 32 }, { "LI", 21 }, { "LT", 20 }, { "LU", 20 }, { "LV", 21 },
    { "LY", 25 }, { "MC", 27 }, { "MD", 24 }, { "ME", 22 }, { "MK", 19 },
    { "MN", 20 }, { "MR", 27 }, { "MT", 31 }, { "MU", 30 }, { "NI", 28 },
    { "NL", 18 }, { "NO", 15 }, { "OM", 23 }, { "PK", 24 }, { "PL", 28 },
    { "PS", 29 }, { "PT", 25 }, { "QA", 29 }, { "RO", 24 }, { "RS", 22 },
    { "RU", 33 }, { "SA", 24 }, { "SC", 31 }, { "SD", 18 }, { "SE", 24 },
    { "SI", 19 }, { "SK", 24 }, { "SM", 27 }, { "SO", 23 }, { "ST", 25 },
    { "SV", 28 }, { "TL", 23 }, { "TN", 24 }, { "TR", 26 }, { "UA", 29 },
    { "VA", 22 }, { "VG", 24 }, { "XK", 20 }, { "YE", 30 },
};

/* Digits beyond ASCII: where a row of ten begins. */
static const uint32_t  zeros[] = {
    0x0660, 0x06f0, 0x0966, 0x09e6, 0x0e50, 0xff10
};

/* What people put between groups: hyphens and spaces of all kinds. */
static const uint32_t  between[] = {
    0x00a0, 0x00ad, 0x2007, 0x2009, 0x2010, 0x2011, 0x2012, 0x2013, 0x2014,
    0x202f, 0x2212, 0x3000, 0xff0d
};


/* --- characters ---------------------------------------------------------- */

static char
sign_of_ascii(char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '+') {
        return c;
    }

    if (c >= 'a' && c <= 'z') {
        return (char) (c - 'a' + 'A');
    }

    /* A number in two messages stands on two lines. */
    return c == ' ' || c == '-' || c == '.' || c == '\t' || c == '\n'
           ? '-' : '\0';
}


static char
sign_of(uint32_t cp)
{
    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
        if (cp >= zeros[i] && cp < zeros[i] + 10) {
            return (char) ('0' + (cp - zeros[i]));
        }
    }

    for (size_t i = 0; i < sizeof(between) / sizeof(between[0]); i++) {
        if (cp == between[i]) {
            return '-';
        }
    }

    if (cp >= 0xff21 && cp <= 0xff3a) {
        return (char) ('A' + (cp - 0xff21));
    }

    return cp >= 0xff41 && cp <= 0xff5a ? (char) ('A' + (cp - 0xff41)) : '\0';
}


cx_glyph
cx_glyph_at(cx_str s, size_t at)
{
    uint32_t  cp = 0;
    size_t    len;

    if (at >= s.len) {
        return (cx_glyph) { 0, '\0' };
    }

    if ((unsigned char) s.p[at] < 0x80) {
        return (cx_glyph) { 1, sign_of_ascii(s.p[at]) };
    }

    len = cx_utf8_next(cx_str_sub(s, at, 4), &cp);
    return len == 0 ? (cx_glyph) { 1, '\0' } : (cx_glyph) { len, sign_of(cp) };
}


static bool
is_digit(char sign)
{
    return sign >= '0' && sign <= '9';
}


static bool
is_letter(char sign)
{
    return sign >= 'A' && sign <= 'Z';
}


/* The next character of a number behind at, whatever stands between; false
 * when it does not go on. */
static bool
next_in(cx_str s, size_t *at, cx_glyph *g)
{
    size_t  to = *at;

    for (int i = 0; i <= BETWEEN; i++) {
        *g = cx_glyph_at(s, to);

        if (g->sign != '-') {
            break;
        }

        to += g->len;
    }

    if (!is_digit(g->sign) && !is_letter(g->sign)) {
        return false;
    }

    *at = to;
    return true;
}


/* --- cards --------------------------------------------------------------- */

static bool
luhn(const char *digits, size_t n)
{
    int  sum = 0;

    for (size_t i = 0; i < n; i++) {
        int  d = digits[n - 1 - i] - '0';

        d = i % 2 == 1 ? 2 * d : d;
        sum += d > 9 ? d - 9 : d;
    }

    return sum % 10 == 0;
}


static bool
is_card(const char *digits, size_t n)
{
    int  head = 0;

    if (n < CARD_MIN || n > CARD_MAX) {
        return false;
    }

    for (size_t i = 0; i < 4; i++) {
        head = 10 * head + (digits[i] - '0');
    }

    for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++) {
        if (head >= issuers[i].from && head <= issuers[i].to
            && (int) n >= issuers[i].min && (int) n <= issuers[i].max)
        {
            return luhn(digits, n);
        }
    }

    return false;
}


/* The longest that ends with a group: what follows may be the year it is
 * valid to. */
size_t
cx_card_at(cx_str s, size_t at, char plain[CX_NUMBER_PLAIN], size_t *n)
{
    size_t    to = at, count = 0, best = 0;
    cx_glyph  g;

    while (next_in(s, &to, &g) && is_digit(g.sign) && count < CARD_MAX) {
        plain[count++] = g.sign;
        to += g.len;
        g = cx_glyph_at(s, to);

        if (!is_digit(g.sign) && !is_letter(g.sign) && is_card(plain, count))
        {
            best = to - at;
            *n = count;
        }
    }

    return best;
}


/* --- IBANs --------------------------------------------------------------- */

static size_t
iban_len(const char *plain)
{
    for (size_t i = 0; i < sizeof(ibans) / sizeof(ibans[0]); i++) {
        if (plain[0] == ibans[i].country[0]
            && plain[1] == ibans[i].country[1])
        {
            return (size_t) ibans[i].len;
        }
    }

    return 0;
}


static bool
mod97(const char *plain, size_t n)
{
    int  rest = 0;

    for (size_t i = 0; i < n; i++) {
        const char  c = plain[(i + 4) % n];

        rest = is_digit(c) ? (10 * rest + (c - '0')) % 97
                           : (100 * rest + (c - 'A' + 10)) % 97;
    }

    return rest == 1;
}


size_t
cx_iban_at(cx_str s, size_t at, char plain[CX_NUMBER_PLAIN], size_t *n)
{
    size_t    to = at, count = 0, want = 4;
    cx_glyph  g;

    while (count < want) {
        if (!next_in(s, &to, &g)
            || (count < 2 ? !is_letter(g.sign)
                          : count < 4 && !is_digit(g.sign)))
        {
            return 0;
        }

        plain[count++] = g.sign;
        to += g.len;

        if (count == 2) {
            want = iban_len(plain);
        }
    }

    g = cx_glyph_at(s, to);

    if (count < 4 || is_digit(g.sign) || is_letter(g.sign)
        || !mod97(plain, count))
    {
        return 0;
    }

    *n = count;
    return to - at;
}
