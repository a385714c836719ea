/*
 * Secrets at rest: AES-256-GCM boxes, "cx1.<key id>.<base64url>", the last
 * being nonce, ciphertext and tag.  A box opens only with its key and for the
 * very thing it was made for: that is the associated data.
 *
 * A key ring is read from a text of lines "<id> <base64 of 32 bytes>"; empty
 * lines and those that begin with '#' are skipped.  The first key seals, all
 * of them open.  One random nonce of 96 bits is made per box: a key is good
 * for 2^32 boxes, far beyond what channels and agents there are.
 *
 * OpenSSL does the work; an error of it never opens a box.
 */

#ifndef CX_CORE_SEAL_H
#define CX_CORE_SEAL_H

#include "core/arena.h"
#include "core/err.h"

#define CX_SEAL_KEY_LEN    32
#define CX_SEAL_NONCE_LEN  12
#define CX_SEAL_TAG_LEN    16
#define CX_SEAL_ID_MAX     32
#define CX_SEAL_KEYS_MAX   16
#define CX_SEAL_PLAIN_MAX  65536

typedef struct cx_keyring_s  cx_keyring;

/* CX_NOMEM, or CX_INVALID with *wrong for people (it tells no key).  text is
 * the caller's to wipe. */
cx_err cx_keyring_read(cx_str text, cx_keyring **out, const char **wrong);
void cx_keyring_free(cx_keyring *r);       /* wipes; takes NULL */
/* Id of the key that seals; valid as long as the ring. */
cx_str cx_keyring_first(const cx_keyring *r);
bool cx_keyring_has(const cx_keyring *r, cx_str id);

/* A line for a key file, with a new random key; the caller wipes it.
 * CX_INVALID (the id), CX_INTERNAL (no randomness), CX_NOMEM. */
cx_err cx_keyring_line(cx_str id, cx_arena *a, cx_str *line);

/* CX_TOO_LARGE, CX_INTERNAL (OpenSSL or its random numbers), CX_NOMEM. */
cx_err cx_seal(const cx_keyring *r, cx_str aad, cx_str plain, cx_arena *a,
    cx_str *box);
/* CX_MALFORMED: no box.  CX_NO_SECRET: its key is not on the ring.
 * CX_BAD_SIGNATURE: it was changed, or made for something else.  plain is in
 * a, the caller wipes it. */
cx_err cx_unseal(const cx_keyring *r, cx_str aad, cx_str box, cx_arena *a,
    cx_str *plain);
/* The empty view: no box.  A view of it. */
cx_str cx_seal_key_id(cx_str box);

/* The cipher itself; out has plain.len + CX_SEAL_TAG_LEN bytes.  Only tests
 * choose a nonce. */
bool cx_gcm_seal(const uint8_t key[CX_SEAL_KEY_LEN],
    const uint8_t nonce[CX_SEAL_NONCE_LEN], cx_str aad, cx_str plain,
    uint8_t *out);

#endif /* CX_CORE_SEAL_H */
