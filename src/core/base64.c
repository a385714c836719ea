#include "core/base64.h"


static const char  alphabets[2][65] = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};


cx_str
cx_base64_encode(cx_arena *a, cx_base64 kind, cx_str bytes)
{
    const char     *digits = alphabets[kind];
    char           *out, *p;
    const uint8_t  *in = (const uint8_t *) bytes.p;
    size_t          i;

    out = p = cx_alloc_bytes(a, bytes.len / 3 * 4 + 4);
    if (out == NULL) {
        return CX_NOSTR;
    }

    for (i = 0; i + 2 < bytes.len; i += 3) {
        *p++ = digits[in[i] >> 2];
        *p++ = digits[(in[i] & 3) << 4 | in[i + 1] >> 4];
        *p++ = digits[(in[i + 1] & 15) << 2 | in[i + 2] >> 6];
        *p++ = digits[in[i + 2] & 63];
    }

    if (i < bytes.len) {
        const unsigned  second = i + 1 < bytes.len ? in[i + 1] : 0;

        *p++ = digits[in[i] >> 2];
        *p++ = digits[(in[i] & 3) << 4 | second >> 4];

        if (i + 1 < bytes.len) {
            *p++ = digits[(second & 15) << 2];
        }

        while (kind == CX_BASE64_STD && (p - out) % 4 != 0) {
            *p++ = '=';
        }
    }

    return (cx_str) { (size_t) (p - out), out };
}


static int
value_of(cx_base64 kind, char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    if (c == alphabets[kind][62]) {
        return 62;
    }

    return c == alphabets[kind][63] ? 63 : -1;
}


/* Padding is optional, but if there is any it is right. */
static cx_err
without_padding(cx_str *text)
{
    size_t  n = 0;

    while (n < text->len && n < 2 && text->p[text->len - 1 - n] == '=') {
        n++;
    }

    if (n > 0 && text->len % 4 != 0) {
        return CX_MALFORMED;
    }

    text->len -= n;
    return text->len % 4 == 1 ? CX_MALFORMED : CX_OK;
}


cx_err
cx_base64_decode(cx_arena *a, cx_base64 kind, cx_str text, cx_str *bytes)
{
    char      *out;
    size_t     len = 0;
    unsigned   bits = 0, held = 0;

    if (without_padding(&text) != CX_OK) {
        return CX_MALFORMED;
    }

    out = cx_alloc_bytes(a, text.len / 4 * 3 + 3);
    if (out == NULL) {
        return CX_NOMEM;
    }

    for (size_t i = 0; i < text.len; i++) {
        const int  v = value_of(kind, text.p[i]);

        if (v < 0) {
            return CX_MALFORMED;
        }

        bits = bits << 6 | (unsigned) v;
        held += 6;

        if (held >= 8) {
            held -= 8;
            out[len++] = (char) (bits >> held & 0xff);
            bits &= (1u << held) - 1;
        }
    }

    if (bits != 0) {
        return CX_MALFORMED;
    }

    *bytes = (cx_str) { len, out };
    return CX_OK;
}
