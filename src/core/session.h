/*
 * Tokens of the website chat, "v1.<claims>.<MAC>": claims are JSON in
 * base64url, the MAC is HMAC-SHA256 over all before its dot.
 *
 * Scope "chat" lets a visitor write and listen; scope "open" (a ticket) only
 * opens a stream, once and within seconds, for who cannot set a header.
 */

#ifndef CX_CORE_SESSION_H
#define CX_CORE_SESSION_H

#include "core/arena.h"
#include "core/err.h"
#include "core/mac.h"

#define CX_SESSION_ID_LEN   32      /* hex digits: 128 random bits */
#define CX_SESSION_PEER_MAX 256
#define CX_SESSION_TOKEN_MAX 2048

typedef struct {
    cx_str   channel;       /* slug */
    cx_str   peer;          /* the session's id, or "u:" and the user's */
    cx_str   name;          /* verified, may be empty */
    cx_str   email;         /* likewise */
    cx_str   locale;        /* likewise */
    cx_str   scope;         /* "chat" or "open" */
    cx_str   nonce;         /* "open": this very ticket */
    int64_t  issued_s;
    int64_t  expires_s;
} cx_session;

/* The empty view when the arena failed or the MAC did. */
cx_str cx_session_issue(cx_mac *mac, const cx_session *s, cx_arena *a);

/* CX_OK; CX_NO_SECRET, CX_NO_SIGNATURE (no token), CX_BAD_SIGNATURE (forged,
 * of another channel or scope, malformed), CX_EXPIRED, CX_NOMEM.  Every MAC
 * is tried; *secret tells which one it was. */
cx_err cx_session_check(cx_mac *const *macs, size_t n, cx_str token,
    cx_str channel, cx_str scope, int64_t now_s, cx_arena *a, cx_session *s,
    unsigned *secret);

/* The token of "Bearer <token>"; empty when it is none. */
cx_str cx_bearer(cx_str authorization);

#endif /* CX_CORE_SESSION_H */
