#include "core/str.h"

#include <limits.h>
#include <string.h>


static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}


static unsigned char
fold(char c)
{
    return (unsigned char) (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}


int
cx_str_int(size_t len)
{
    return len > INT_MAX ? INT_MAX : (int) len;
}


cx_str
cx_strz(const char *z)
{
    return z == NULL ? CX_NOSTR : (cx_str) { strlen(z), z };
}


bool
cx_str_eq(cx_str a, cx_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}


bool
cx_str_eq_nocase(cx_str a, cx_str b)
{
    if (a.len != b.len) {
        return false;
    }

    for (size_t i = 0; i < a.len; i++) {
        if (fold(a.p[i]) != fold(b.p[i])) {
            return false;
        }
    }

    return true;
}


bool
cx_str_starts(cx_str s, cx_str prefix)
{
    return s.len >= prefix.len
           && cx_str_eq(cx_str_sub(s, 0, prefix.len), prefix);
}


bool
cx_str_ends(cx_str s, cx_str suffix)
{
    return s.len >= suffix.len
           && cx_str_eq(cx_str_sub(s, s.len - suffix.len, suffix.len),
                        suffix);
}


cx_str
cx_str_sub(cx_str s, size_t from, size_t len)
{
    if (s.p == NULL) {
        return CX_NOSTR;
    }

    from = from > s.len ? s.len : from;
    len = len > s.len - from ? s.len - from : len;

    return (cx_str) { len, s.p + from };
}


cx_str
cx_str_trim(cx_str s)
{
    while (s.len > 0 && is_space(s.p[s.len - 1])) {
        s.len--;
    }

    while (s.len > 0 && is_space(s.p[0])) {
        s.p++;
        s.len--;
    }

    return s;
}


size_t
cx_str_find(cx_str s, cx_str needle)
{
    if (needle.len == 0) {
        return 0;
    }

    if (s.len < needle.len) {
        return SIZE_MAX;
    }

    const char  *at = memmem(s.p, s.len, needle.p, needle.len);

    return at == NULL ? SIZE_MAX : (size_t) (at - s.p);
}


bool
cx_str_listed(const char *list, cx_str word)
{
    size_t  from = 1, to = strlen(list);

    while (from < to) {
        size_t  at = (from + to) / 2, n = 0;

        while (at > from && list[at - 1] != ' ') {
            at--;
        }

        while (n < word.len && list[at + n] == word.p[n]) {
            n++;
        }

        if (n == word.len && list[at + n] == ' ') {
            return true;
        }

        if (n == word.len
            || (unsigned char) word.p[n] < (unsigned char) list[at + n])
        {
            to = at;

        } else {
            from = at + n;

            while (list[from++] != ' ') {
                /* the next word begins behind it */
            }
        }
    }

    return false;
}


size_t
cx_str_find_byte(cx_str s, char byte)
{
    if (s.len == 0) {
        return SIZE_MAX;
    }

    const char  *at = memchr(s.p, byte, s.len);

    return at == NULL ? SIZE_MAX : (size_t) (at - s.p);
}


bool
cx_str_split(cx_str *rest, char sep, cx_str *part)
{
    if (rest->p == NULL) {
        return false;
    }

    size_t  at = cx_str_find_byte(*rest, sep);

    if (at == SIZE_MAX) {
        *part = *rest;
        *rest = CX_NOSTR;
        return true;
    }

    *part = (cx_str) { at, rest->p };
    rest->p += at + 1;
    rest->len -= at + 1;

    return true;
}


bool
cx_str_to_i64(cx_str s, int64_t *out)
{
    bool     minus = s.len > 0 && s.p[0] == '-';
    size_t   i = minus ? 1 : 0;
    int64_t  n = 0;

    if (i == s.len) {
        return false;
    }

    /* Counts downward: only the negative side holds INT64_MIN. */
    for ( /* void */ ; i < s.len; i++) {
        int  digit = s.p[i] - '0';

        if (digit < 0 || digit > 9
            || n < INT64_MIN / 10
            || n * 10 < INT64_MIN + digit)
        {
            return false;
        }

        n = n * 10 - digit;
    }

    if (!minus && n == INT64_MIN) {
        return false;
    }

    *out = minus ? n : -n;
    return true;
}


/* The value of a digit plus one; zero: no digit. */
static const uint8_t  hex_plus_1[256] = {
    ['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ['A'] = 11, 12, 13, 14, 15, 16,
    ['a'] = 11, 12, 13, 14, 15, 16
};


/* Digits of a signature are random: one test at the end, no branch at each. */
bool
cx_hex_decode(cx_str in, uint8_t *out, size_t out_len)
{
    unsigned  all = 0;

    if (in.len % 2 != 0 || in.len / 2 != out_len) {
        return false;
    }

    for (size_t i = 0; i < out_len; i++) {
        const unsigned  hi = hex_plus_1[(uint8_t) in.p[2 * i]] - 1U;
        const unsigned  lo = hex_plus_1[(uint8_t) in.p[2 * i + 1]] - 1U;

        all |= hi | lo;
        out[i] = (uint8_t) (hi << 4 | lo);
    }

    return all <= 15;
}


void
cx_hex_encode(const uint8_t *in, size_t len, char *out)
{
    static const char  digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
}
