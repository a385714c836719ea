/*
 * Keyed MACs and secrets over OpenSSL.  A cx_mac is made once per
 * secret (the key schedule is kept) and used for every body; it belongs to
 * one thread.  An OpenSSL error is never a match.
 */

#ifndef CX_CORE_MAC_H
#define CX_CORE_MAC_H

#include "core/str.h"

#define CX_MAC_MAX  64
#define CX_SHA256_LEN  32

typedef enum {
    CX_MAC_SHA1,
    CX_MAC_SHA256,
    CX_MAC_SHA512
} cx_mac_alg;

typedef struct cx_mac_s  cx_mac;

/* NULL: no memory, OpenSSL refuses, or the key is empty. */
cx_mac *cx_mac_new(cx_mac_alg alg, cx_str key);
void cx_mac_free(cx_mac *m);
size_t cx_mac_len(const cx_mac *m);
/* False on an OpenSSL error; out holds cx_mac_len bytes. */
bool cx_mac_run(cx_mac *m, cx_str data, uint8_t out[CX_MAC_MAX]);

/* Constant time over len; both sides hold len bytes. */
bool cx_secret_eq(const void *a, const void *b, size_t len);
/* For texts of unlike length: compares digests of both, so that neither
 * content nor position of a difference shows in the time. */
bool cx_secret_str_eq(cx_str a, cx_str b);
void cx_secret_wipe(void *p, size_t len);

bool cx_sha256(cx_str data, uint8_t out[CX_SHA256_LEN]);
/* Of the parts one after the other, as if they were one text. */
bool cx_sha256_parts(const cx_str *parts, size_t n,
    uint8_t out[CX_SHA256_LEN]);

#endif /* CX_CORE_MAC_H */
