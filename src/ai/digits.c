/* Digits of other scripts are digits: a price must not hide in them. */

#include "ai/sources.h"


/* The digit 0 of a script; the others follow it in the last byte. */
static const cx_str  zeros[] = {
    CX_STR_INIT("\xd9\xa0"),            /* Arabic */
    CX_STR_INIT("\xdb\xb0"),            /* Persian, Urdu */
    CX_STR_INIT("\xe0\xa5\xa6"),        /* Devanagari */
    CX_STR_INIT("\xe0\xa7\xa6"),        /* Bengali */
    CX_STR_INIT("\xe0\xb9\x90"),        /* Thai */
    CX_STR_INIT("\xef\xbc\x90"),        /* full width */
};


static size_t digit_at(cx_str text, char *digit);


cx_str
cx_plain_digits(cx_arena *a, cx_str text)
{
    char     digit;
    char    *to = NULL;
    size_t   n = 0, len;

    for (size_t i = 0; i < text.len; i += len) {
        len = digit_at(cx_str_sub(text, i, text.len), &digit);

        if (len > 0 && to == NULL) {
            to = cx_alloc_bytes(a, text.len);

            if (to == NULL) {
                return text;
            }

            memcpy(to, text.p, i);
            n = i;
        }

        if (len == 0) {
            digit = text.p[i];
            len = 1;
        }

        if (to != NULL) {
            to[n++] = digit;
        }
    }

    return to != NULL ? (cx_str) { n, to } : text;
}


static size_t
digit_at(cx_str text, char *digit)
{
    if ((uint8_t) text.p[0] < 0x80) {
        return 0;
    }

    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
        const cx_str  zero = zeros[i];
        const size_t  last = zero.len - 1;

        if (text.len >= zero.len && memcmp(text.p, zero.p, last) == 0
            && (uint8_t) text.p[last] >= (uint8_t) zero.p[last]
            && (uint8_t) text.p[last] <= (uint8_t) zero.p[last] + 9)
        {
            *digit = (char) ('0' + (uint8_t) text.p[last]
                             - (uint8_t) zero.p[last]);
            return zero.len;
        }
    }

    return 0;
}
