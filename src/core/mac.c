#include "core/mac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>


struct cx_mac_s {
    EVP_MAC_CTX  *ctx;      /* keyed; holds a reference to its EVP_MAC */
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


cx_mac *
cx_mac_new(cx_mac_alg alg, cx_str key)
{
    if (key.len == 0 || (size_t) alg >= sizeof(algs) / sizeof(algs[0])) {
        return NULL;
    }

    cx_mac  *m = malloc(sizeof(cx_mac));

    if (m == NULL) {
        return NULL;
    }

    m->ctx = hmac_open(algs[alg].digest, key);
    m->len = algs[alg].len;

    if (m->ctx == NULL) {
        free(m);
        return NULL;
    }

    return m;
}


void
cx_mac_free(cx_mac *m)
{
    if (m != NULL) {
        EVP_MAC_CTX_free(m->ctx);
        free(m);
    }
}


size_t
cx_mac_len(const cx_mac *m)
{
    return m->len;
}


bool
cx_mac_run(cx_mac *m, cx_str data, uint8_t out[CX_MAC_MAX])
{
    size_t  len = 0;

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

/*
 * Fetching a digest and making its context cost more than hashing the 100
 * bytes of a fingerprint, so every thread keeps one context.  It is state of
 * the process, but nobody can see it: each use starts it anew.  A tss slot
 * and not _Thread_local, because the context must go when its thread does.
 */
static tss_t      sha256_slot;
static bool       sha256_ready;
static once_flag  sha256_once = ONCE_FLAG_INIT;


static void
sha256_drop(void *ctx)
{
    EVP_MD_CTX_free(ctx);
}


static void
sha256_setup(void)
{
    sha256_ready = tss_create(&sha256_slot, sha256_drop) == thrd_success;
}


static EVP_MD_CTX *
sha256_open(void)
{
    EVP_MD      *md = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX  *ctx = EVP_MD_CTX_new();

    if (md == NULL || ctx == NULL || EVP_DigestInit_ex2(ctx, md, NULL) != 1
        || tss_set(sha256_slot, ctx) != thrd_success)
    {
        EVP_MD_CTX_free(ctx);
        ctx = NULL;
    }

    /* The context holds its own reference. */
    EVP_MD_free(md);

    return ctx;
}


bool
cx_sha256_parts(const cx_str *parts, size_t n, uint8_t out[CX_SHA256_LEN])
{
    call_once(&sha256_once, sha256_setup);

    if (!sha256_ready) {
        return false;
    }

    EVP_MD_CTX  *ctx = tss_get(sha256_slot);

    if (ctx == NULL) {
        ctx = sha256_open();
    }

    if (ctx == NULL || EVP_DigestInit_ex2(ctx, NULL, NULL) != 1) {
        return false;
    }

    for (size_t i = 0; i < n; i++) {
        if (EVP_DigestUpdate(ctx, parts[i].p, parts[i].len) != 1) {
            return false;
        }
    }

    return EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}


bool
cx_sha256(cx_str data, uint8_t out[CX_SHA256_LEN])
{
    return cx_sha256_parts(&data, 1, out);
}
