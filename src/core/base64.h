/*
 * Base64 (RFC 4648), both alphabets.  Decoding takes either alphabet as
 * asked, with or without padding, and refuses anything else: white space,
 * bits left over, the other alphabet.
 */

#ifndef CX_CORE_BASE64_H
#define CX_CORE_BASE64_H

#include "core/arena.h"
#include "core/err.h"

typedef enum {
    CX_BASE64_STD,          /* + / and padding */
    CX_BASE64_URL           /* - _ and none */
} cx_base64;

/* The empty view when the arena failed. */
cx_str cx_base64_encode(cx_arena *a, cx_base64 kind, cx_str bytes);
/* CX_OK, CX_MALFORMED, CX_NOMEM. */
cx_err cx_base64_decode(cx_arena *a, cx_base64 kind, cx_str text,
    cx_str *bytes);

#endif /* CX_CORE_BASE64_H */
