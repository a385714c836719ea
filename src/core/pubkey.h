/*
 * Signatures under public keys, over OpenSSL's EVP.  A cx_pubkey is made once
 * per key and may be used from one thread at a time.  An OpenSSL error is
 * never a match.
 */

#ifndef CX_CORE_PUBKEY_H
#define CX_CORE_PUBKEY_H

#include "core/str.h"

typedef enum {
    CX_SIGN_SHA1,           /* RSA PKCS#1 v1.5 */
    CX_SIGN_SHA256          /* RSA PKCS#1 v1.5, or ECDSA (DER) */
} cx_sign_alg;

typedef struct cx_pubkey_s  cx_pubkey;

/* text: a PEM certificate or public key, or the base64 of a DER
 * SubjectPublicKeyInfo (as SendGrid shows it).  NULL: none of these, or an
 * RSA key under 2048 bits, or a curve other than P-256. */
cx_pubkey *cx_pubkey_new(cx_str text);
void cx_pubkey_free(cx_pubkey *k);
/* Seconds since the epoch at which the certificate ends; 0: a bare key. */
int64_t cx_pubkey_expires(const cx_pubkey *k);

bool cx_pubkey_verify(cx_pubkey *k, cx_sign_alg alg, cx_str data,
    cx_str signature);

/* RS256: signs data with a PEM private key; *len in: room in sig, out: bytes
 * of it.  False: no RSA key, or room too small. */
bool cx_sign_rs256(cx_str pem, cx_str data, uint8_t *sig, size_t *len);

#endif /* CX_CORE_PUBKEY_H */
