/*
 * The proof of who a visitor is: a JWT (RFC 7519) that the business's own
 * server has signed with HS256.  The algorithm is fixed, whatever the token
 * says of itself.
 */

#ifndef CX_CORE_JWT_H
#define CX_CORE_JWT_H

#include "core/arena.h"
#include "core/err.h"
#include "core/mac.h"

#define CX_JWT_MAX     4096
#define CX_JWT_LIFE_S  3600     /* exp is at most so far ahead ... */
#define CX_JWT_SKEW_S  60       /* ... and clocks may differ by this */

typedef struct {
    cx_str   sub;               /* 1 to 200 bytes, no control characters */
    cx_str   email;
    cx_str   name;
    cx_str   locale;
    int64_t  expires_s;
} cx_jwt;

/* CX_OK; CX_NO_SECRET, CX_NO_SIGNATURE (no token), CX_BAD_SIGNATURE (also:
 * malformed, another algorithm, no sub, no exp, exp too far ahead, not for
 * audience when it names one), CX_EXPIRED, CX_NOMEM. */
cx_err cx_jwt_check(cx_mac *const *macs, size_t n, cx_str token,
    cx_str audience, int64_t now_s, cx_arena *a, cx_jwt *out);

/* The older way, as in Chatwoot and Intercom: hex HMAC-SHA256 of the user's
 * id.  It never expires: whoever sees it once can use it for ever. */
bool cx_identity_hash_check(cx_mac *const *macs, size_t n,
    cx_str identifier, cx_str hex);

#endif /* CX_CORE_JWT_H */
