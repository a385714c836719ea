/*
 * How JSON strings and numbers are scanned; shared by the reader and the
 * writer, and by nobody else.
 */

#ifndef CX_CORE_JSON_TEXT_H
#define CX_CORE_JSON_TEXT_H

#include "core/arena.h"
#include "core/err.h"

#include <string.h>

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


/*
 * Whether one of eight bytes is not plain.  A byte minus n borrows into its
 * top bit exactly when it is below n and its top bit was clear; a borrow may
 * spill into the next byte, but only out of one that is a hit itself.
 */
static inline bool
cx_json_any_odd(uint64_t w)
{
    const uint64_t  ones = UINT64_C(0x0101010101010101);
    const uint64_t  tops = ones * 0x80;
    const uint64_t  quote = w ^ (ones * '"');
    const uint64_t  slash = w ^ (ones * '\\');

    return (((w - ones * 0x20) | (quote - ones) | (slash - ones) | w) & tops)
           != 0;
}


/* The first byte at or after p that is not plain, or end. */
static inline const char *
cx_json_plain_end(const char *p, const char *end)
{
    uint64_t  w;

    while (end - p >= 8) {
        memcpy(&w, p, sizeof(w));

        if (cx_json_any_odd(w)) {
            break;
        }

        p += 8;
    }

    while (p < end && cx_json_bytes[(uint8_t) *p] == CX_JSON_BYTE_PLAIN) {
        p++;
    }

    return p;
}

#endif /* CX_CORE_JSON_TEXT_H */
