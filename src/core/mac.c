/*
 * SHA-256, which every delivery needs three times, is called directly: through
 * EVP a MAC of nothing costs four times as much, in copies of contexts on the
 * heap.  OpenSSL 3 advises against that interface but keeps it.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "core/mac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>


struct cx_mac_s {
    EVP_MAC_CTX  *ctx;      /* keyed; NULL: SHA-256, of which these two are */
    SHA256_CTX    inner;    /* the states behind the key's block */
    SHA256_CTX    outer;
    size_t        len;
};

static const struct {
    const char  *digest;
    size_t       len;
} algs[] = {
    [CX_MAC_SHA1]   = { "SHA1",   20 },
    [CX_MAC_SHA256] = { "SHA256", 32 },
    [CX_MAC_SHA512] = { "SHA512", 64 },
};


static EVP_MAC_CTX *
hmac_open(const char *digest, cx_str key)
{
    EVP_MAC  *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

    if (mac == NULL) {
        return NULL;
    }

    EVP_MAC_CTX  *ctx = EVP_MAC_CTX_new(mac);

    EVP_MAC_free(mac);

    if (ctx == NULL) {
        return NULL;
    }

    /* OpenSSL takes the name as char *, but only reads it. */
    char        name[8];
    OSSL_PARAM  params[2];

    memcpy(name, digest, strlen(digest) + 1);
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                 name, 0);
    params[1] = OSSL_PARAM_construct_end();

    if (EVP_MAC_init(ctx, (const unsigned char *) key.p, key.len, params)
        != 1)
    {
        EVP_MAC_CTX_free(ctx);
        return NULL;
    }

    return ctx;
}


/* RFC 2104: the state of SHA-256 after a block of the key, each byte of it
 * changed by pad. */
static bool
sha256_keyed(SHA256_CTX *c, cx_str key, uint8_t pad)
{
    uint8_t  block[SHA256_CBLOCK];
    bool     ok = true;

    memset(block, 0, sizeof(block));

    if (key.len > sizeof(block)) {
        ok = cx_sha256(key, block);

    } else {
        memcpy(block, key.p, key.len);
    }

    for (size_t i = 0; i < sizeof(block); i++) {
        block[i] ^= pad;
    }

    ok = ok && SHA256_Init(c) == 1
         && SHA256_Update(c, block, sizeof(block)) == 1;

    OPENSSL_cleanse(block, sizeof(block));
    return ok;
}


cx_mac *
cx_mac_new(cx_mac_alg alg, cx_str key)
{
    if (key.len == 0 || (size_t) alg >= sizeof(algs) / sizeof(algs[0])) {
        return NULL;
    }

    cx_mac  *m = calloc(1, sizeof(cx_mac));

    if (m == NULL) {
        return NULL;
    }

    m->len = algs[alg].len;

    if (alg == CX_MAC_SHA256
        ? !sha256_keyed(&m->inner, key, 0x36)
          || !sha256_keyed(&m->outer, key, 0x5c)
        : (m->ctx = hmac_open(algs[alg].digest, key)) == NULL)
    {
        cx_mac_free(m);
        return NULL;
    }

    return m;
}


void
cx_mac_free(cx_mac *m)
{
    if (m != NULL) {
        EVP_MAC_CTX_free(m->ctx);
        OPENSSL_cleanse(m, sizeof(cx_mac));
        free(m);
    }
}


size_t
cx_mac_len(const cx_mac *m)
{
    return m->len;
}


static bool
hmac_sha256(const cx_mac *m, cx_str data, uint8_t out[CX_SHA256_LEN])
{
    uint8_t     digest[CX_SHA256_LEN];
    SHA256_CTX  c = m->inner;
    bool        ok = SHA256_Update(&c, data.p, data.len) == 1
                     && SHA256_Final(digest, &c) == 1;

    c = m->outer;
    ok = ok && SHA256_Update(&c, digest, sizeof(digest)) == 1
         && SHA256_Final(out, &c) == 1;

    OPENSSL_cleanse(&c, sizeof(c));
    return ok;
}


bool
cx_mac_run(cx_mac *m, cx_str data, uint8_t out[CX_MAC_MAX])
{
    size_t  len = 0;

    if (m->ctx == NULL) {
        return hmac_sha256(m, data, out);
    }

    /* Without a key it starts again with the key schedule it has. */
    return EVP_MAC_init(m->ctx, NULL, 0, NULL) == 1
           && EVP_MAC_update(m->ctx, (const unsigned char *) data.p,
                             data.len) == 1
           && EVP_MAC_final(m->ctx, out, &len, CX_MAC_MAX) == 1
           && len == m->len;
}


bool
cx_secret_eq(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}


bool
cx_secret_str_eq(cx_str a, cx_str b)
{
    uint8_t  x[CX_SHA256_LEN];
    uint8_t  y[CX_SHA256_LEN];

    return cx_sha256(a, x) && cx_sha256(b, y)
           && cx_secret_eq(x, y, CX_SHA256_LEN);
}


void
cx_secret_wipe(void *p, size_t len)
{
    if (len > 0) {
        OPENSSL_cleanse(p, len);
    }
}


/* --- SHA-256 ------------------------------------------------------------- */

bool
cx_sha256_parts(const cx_str *parts, size_t n, uint8_t out[CX_SHA256_LEN])
{
    SHA256_CTX  c;

    if (SHA256_Init(&c) != 1) {
        return false;
    }

    for (size_t i = 0; i < n; i++) {
        if (SHA256_Update(&c, parts[i].p, parts[i].len) != 1) {
            return false;
        }
    }

    return SHA256_Final(out, &c) == 1;
}


bool
cx_sha256(cx_str data, uint8_t out[CX_SHA256_LEN])
{
    return cx_sha256_parts(&data, 1, out);
}
