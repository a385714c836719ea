#include "core/pubkey.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT_MAX  16384
#define RSA_BITS  2048


struct cx_pubkey_s {
    EVP_PKEY  *pkey;
    int64_t    expires;
};


static bool
acceptable(EVP_PKEY *pkey)
{
    char    group[32];
    size_t  len = 0;

    if (EVP_PKEY_is_a(pkey, "RSA")) {
        return EVP_PKEY_get_bits(pkey) >= RSA_BITS;
    }

    return EVP_PKEY_is_a(pkey, "EC")
           && EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) == 1
           && strcmp(group, "prime256v1") == 0;
}


static int64_t
seconds_of(const ASN1_TIME *t)
{
    struct tm  tm;

    return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t) timegm(&tm) : 0;
}


static EVP_PKEY *
read_pem(cx_str text, int64_t *expires)
{
    X509      *cert;
    BIO       *bio = BIO_new_mem_buf(text.p, (int) text.len);
    EVP_PKEY  *pkey = NULL;

    if (bio == NULL) {
        return NULL;
    }

    cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    if (cert != NULL) {
        pkey = X509_get_pubkey(cert);
        *expires = seconds_of(X509_get0_notAfter(cert));
        X509_free(cert);

    } else if (BIO_reset(bio) >= 0) {
        pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    }

    BIO_free(bio);
    return pkey;
}


static EVP_PKEY *
read_der(cx_str text)
{
    int                   len;
    EVP_PKEY             *pkey = NULL;
    unsigned char        *der = malloc(text.len + 1);
    const unsigned char  *p = der;

    if (der == NULL) {
        return NULL;
    }

    if (text.len > 0 && text.len % 4 == 0) {
        len = EVP_DecodeBlock(der, (const unsigned char *) text.p,
                              (int) text.len);
        pkey = len > 0 ? d2i_PUBKEY(NULL, &p, len) : NULL;
    }

    free(der);
    return pkey;
}


cx_pubkey *
cx_pubkey_new(cx_str text)
{
    int64_t     expires = 0;
    EVP_PKEY   *pkey;
    cx_pubkey  *k;

    if (text.len == 0 || text.len > TEXT_MAX) {
        return NULL;
    }

    pkey = cx_str_starts(text, CX_STR("-----BEGIN "))
           ? read_pem(text, &expires) : read_der(text);
    ERR_clear_error();

    k = pkey != NULL && acceptable(pkey) ? malloc(sizeof(*k)) : NULL;
    if (k == NULL) {
        EVP_PKEY_free(pkey);
        return NULL;
    }

    *k = (cx_pubkey) { .pkey = pkey, .expires = expires };
    return k;
}


void
cx_pubkey_free(cx_pubkey *k)
{
    if (k != NULL) {
        EVP_PKEY_free(k->pkey);
        free(k);
    }
}


int64_t
cx_pubkey_expires(const cx_pubkey *k)
{
    return k->expires;
}


bool
cx_pubkey_verify(cx_pubkey *k, cx_sign_alg alg, cx_str data,
    cx_str signature)
{
    bool           ok;
    EVP_MD_CTX    *ctx = EVP_MD_CTX_new();
    const EVP_MD  *md = alg == CX_SIGN_SHA1 ? EVP_sha1() : EVP_sha256();

    ok = ctx != NULL
         && EVP_DigestVerifyInit(ctx, NULL, md, NULL, k->pkey) == 1
         && EVP_DigestVerify(ctx, (const unsigned char *) signature.p,
                             signature.len, (const unsigned char *) data.p,
                             data.len) == 1;

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}


bool
cx_sign_rs256(cx_str pem, cx_str data, uint8_t *sig, size_t *len)
{
    bool         ok = false;
    BIO         *bio = BIO_new_mem_buf(pem.p, (int) pem.len);
    EVP_PKEY    *pkey = NULL;
    EVP_MD_CTX  *ctx = EVP_MD_CTX_new();

    if (bio != NULL && ctx != NULL) {
        pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

        ok = pkey != NULL && EVP_PKEY_is_a(pkey, "RSA")
             && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1
             && EVP_DigestSign(ctx, sig, len, (const unsigned char *) data.p,
                               data.len) == 1;
    }

    EVP_PKEY_free(pkey);
    EVP_MD_CTX_free(ctx);
    BIO_free(bio);
    ERR_clear_error();
    return ok;
}
