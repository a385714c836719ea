/*
 * How JSON strings and numbers are scanned; shared by the reader and the
 * writer, and by nobody else.
 */

#ifndef CX_CORE_JSON_TEXT_H
#define CX_CORE_JSON_TEXT_H

#include "core/arena.h"
#include "core/err.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What a byte means inside a string. */
enum {
    CX_JSON_BYTE_PLAIN,
    CX_JSON_BYTE_QUOTE,
    CX_JSON_BYTE_ESCAPE,
    CX_JSON_BYTE_HIGH,        /* begins, or breaks, a UTF-8 sequence */
    CX_JSON_BYTE_CONTROL
};

extern const uint8_t  cx_json_bytes[256];

/* The string whose first byte is *p, after its quote: a view of the text, or
 * a copy in a when it holds escapes.  Without out it is only checked.  On
 * CX_OK *p stands behind the closing quote; else CX_MALFORMED, CX_NOMEM. */
cx_err cx_json_text_read(const char **p, const char *end, cx_arena *a,
    cx_str *out);

/* The number that begins at *p (a digit or '-'), as it is written; at most
 * 1e308 in size, so that a double holds it.  CX_OK or CX_MALFORMED. */
cx_err cx_json_number_read(const char **p, const char *end, cx_str *out);


/* How many of the 16 bytes at p are plain, up to the first that is not. */
#ifdef __SSE2__

static inline unsigned
cx_json_plain_of_16(const char *p)
{
    const __m128i  v = _mm_loadu_si128((const __m128i *) (const void *) p);
    /* As signed bytes controls and all of 0x80 and up are below a space. */
    const __m128i  odd = _mm_or_si128(
        _mm_cmplt_epi8(v, _mm_set1_epi8(' ')),
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                     _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));

    /* The bit behind the sixteen stands for "none". */
    return (unsigned) __builtin_ctz((unsigned) _mm_movemask_epi8(odd)
                                    | 0x10000);
}

#else

static inline unsigned
cx_json_plain_of_16(const char *p)
{
    unsigned  n = 0;

    while (n < 16 && cx_json_bytes[(uint8_t) p[n]] == CX_JSON_BYTE_PLAIN) {
        n++;
    }

    return n;
}

#endif


/* The first byte at or after p that is not plain, or end. */
static inline const char *
cx_json_plain_end(const char *p, const char *end)
{
    while (end - p >= 16) {
        const unsigned  n = cx_json_plain_of_16(p);

        p += n;

        if (n < 16) {
            return p;
        }
    }

    while (p < end && cx_json_bytes[(uint8_t) *p] == CX_JSON_BYTE_PLAIN) {
        p++;
    }

    return p;
}

#endif /* CX_CORE_JSON_TEXT_H */
