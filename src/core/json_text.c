#include "core/json_text.h"

#include "core/utf8.h"


#define P  CX_JSON_BYTE_PLAIN
#define Q  CX_JSON_BYTE_QUOTE
#define E  CX_JSON_BYTE_ESCAPE
#define H  CX_JSON_BYTE_HIGH
#define C  CX_JSON_BYTE_CONTROL

const uint8_t  cx_json_bytes[256] = {
    C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C,
    C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C,
    P, P, Q, P, P, P, P, P, P, P, P, P, P, P, P, P,
    P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
    P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
    P, P, P, P, P, P, P, P, P, P, P, P, E, P, P, P,
    P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
    P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H,
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H,
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H,
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H,
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H,
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H,
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H,
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H
};

#undef P
#undef Q
#undef E
#undef H
#undef C


/* Four hex digits at p, or -1. */
static int32_t
hex4(const char *p, const char *end)
{
    uint8_t  b[2];

    if (end - p < 4 || !cx_hex_decode((cx_str) { 4, p }, b, 2)) {
        return -1;
    }

    return b[0] << 8 | b[1];
}


static size_t
utf8_write(uint32_t cp, char out[4])
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


/* A surrogate pair or one code unit at *p, after the "u"; 0 when it is bad. */
static uint32_t
unit_decode(const char **p, const char *end)
{
    int32_t  cp = hex4(*p, end);

    if (cp < 0) {
        return 0;
    }

    *p += 4;

    if (cp < 0xd800 || cp > 0xdfff) {
        return (uint32_t) cp;
    }

    if (cp > 0xdbff || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u') {
        return 0;
    }

    int32_t  low = hex4(*p + 2, end);

    if (low < 0xdc00 || low > 0xdfff) {
        return 0;
    }

    *p += 6;
    return (uint32_t) (0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00));
}


/* The escape at *p, whose backslash is there; 0 bytes when it is bad. */
static size_t
escape_decode(const char **p, const char *end, char out[4])
{
    static const char  plain[128] = {
        ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b',
        ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'
    };

    if (end - *p < 2) {
        return 0;
    }

    const uint8_t  c = (uint8_t) (*p)[1];

    *p += 2;

    if (c == 'u') {
        uint32_t  cp = unit_decode(p, end);

        return cp == 0 ? 0 : utf8_write(cp, out);
    }

    if (c >= sizeof(plain) || plain[c] == 0) {
        return 0;
    }

    out[0] = plain[c];
    return 1;
}


/* The quote that ends the string in whose escape p stands, or NULL: the first
 * one with an even number of backslashes before it. */
static const char *
string_close(const char *p, const char *end)
{
    const char  *quote = p;

    while ((quote = memchr(quote, '"', (size_t) (end - quote))) != NULL) {
        const char  *q = quote;

        while (q > p && q[-1] == '\\') {
            q--;
        }

        if ((quote - q) % 2 == 0) {
            return quote;
        }

        quote++;
    }

    return NULL;
}


/*
 * The plain bytes at *p, copied to to unless it is NULL.  There they have as
 * much room as the text has left, so that sixteen are copied at once and those
 * that were not plain are written over.
 */
static size_t
plain_copy(const char **p, const char *close, char *to)
{
    const char  *from = *p;
    unsigned     n = 16;

    while (n == 16 && close - *p >= 16) {
        n = cx_json_plain_of_16(*p);

        if (to != NULL) {
            memcpy(to + (*p - from), *p, 16);
        }

        *p += n;
    }

    while (n == 16 && *p < close
           && cx_json_bytes[(uint8_t) **p] == CX_JSON_BYTE_PLAIN)
    {
        if (to != NULL) {
            to[*p - from] = **p;
        }

        (*p)++;
    }

    return (size_t) (*p - from);
}


/* What begins at *p and is not plain, decoded; 0 when it is bad. */
static size_t
odd_decode(const char **p, const char *close, char out[4])
{
    const uint8_t  kind = cx_json_bytes[(uint8_t) **p];
    uint32_t       cp;

    if (kind == CX_JSON_BYTE_ESCAPE) {
        return escape_decode(p, close, out);
    }

    if (kind != CX_JSON_BYTE_HIGH) {
        return 0;
    }

    const size_t  n = cx_utf8_next((cx_str) { (size_t) (close - *p), *p },
                                   &cp);

    memcpy(out, *p, n);
    *p += n;

    return n;
}


/*
 * Decodes the string between from and close, whose first escape is at p.
 * What stands decoded is never longer than what stands in the text.
 */
static cx_err
decode(const char *from, const char *p, const char *close, cx_arena *a,
    cx_str *out)
{
    size_t   len = (size_t) (p - from);
    char    *to = NULL;

    if (out != NULL) {
        to = cx_alloc_bytes(a, (size_t) (close - from));
        if (to == NULL) {
            return CX_NOMEM;
        }

        memcpy(to, from, len);
    }

    while (p < close) {
        char    piece[4];
        size_t  n = odd_decode(&p, close, piece);

        if (n == 0) {
            return CX_MALFORMED;
        }

        if (to != NULL) {
            memcpy(to + len, piece, n);
            len += n;
        }

        len += plain_copy(&p, close, to == NULL ? NULL : to + len);
    }

    if (out != NULL) {
        *out = (cx_str) { len, to };
    }

    return CX_OK;
}


static cx_err
read_escaped(const char **text, const char *p, const char *end, cx_arena *a,
    cx_str *out)
{
    const char  *close = string_close(p, end);

    if (close == NULL) {
        return CX_MALFORMED;
    }

    cx_err  err = decode(*text, p, close, a, out);

    *text = close + 1;
    return err;
}


cx_err
cx_json_text_read(const char **text, const char *end, cx_arena *a,
    cx_str *out)
{
    const char  *p = *text;
    uint32_t     cp;
    size_t       n;

    for ( ;; ) {
        p = cx_json_plain_end(p, end);

        switch (p == end ? CX_JSON_BYTE_CONTROL
                         : cx_json_bytes[(uint8_t) *p])
        {
        case CX_JSON_BYTE_QUOTE:
            if (out != NULL) {
                *out = (cx_str) { (size_t) (p - *text), *text };
            }

            *text = p + 1;
            return CX_OK;

        case CX_JSON_BYTE_HIGH:
            n = cx_utf8_next((cx_str) { (size_t) (end - p), p }, &cp);
            if (n == 0) {
                return CX_MALFORMED;
            }

            p += n;
            break;

        case CX_JSON_BYTE_ESCAPE:
            return read_escaped(text, p, end, a, out);

        default:
            return CX_MALFORMED;
        }
    }
}
