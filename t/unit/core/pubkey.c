/* Public keys and certificates: which are taken, and what they verify. */

#include "core/pubkey.h"

#include "core/arena.h"
#include "core/base64.h"

#include "unit/tap.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>


#define ARENA_MAX  (1024 * 1024)
#define DATA       CX_STR("what is signed")


static cx_str
pem_of(EVP_PKEY *key, bool private, cx_arena *a)
{
    BIO   *bio = BIO_new(BIO_s_mem());
    char  *p;
    long   n;
    cx_str  pem;

    if (private) {
        PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);

    } else {
        PEM_write_bio_PUBKEY(bio, key);
    }

    n = BIO_get_mem_data(bio, &p);
    pem = cx_dup(a, (cx_str) { (size_t) n, p });
    BIO_free(bio);
    return pem;
}


/* As SendGrid shows it: base64 of the DER form, in one line. */
static cx_str
der_of(EVP_PKEY *key, cx_arena *a)
{
    unsigned char  *der = NULL;
    int             n = i2d_PUBKEY(key, &der);
    cx_str          text = cx_base64_encode(a, CX_BASE64_STD,
                                            (cx_str) { (size_t) n,
                                                       (char *) der });

    OPENSSL_free(der);
    return text;
}


static cx_str
certificate_of(EVP_PKEY *key, long seconds, cx_arena *a)
{
    X509   *cert = X509_new();
    BIO    *bio = BIO_new(BIO_s_mem());
    char   *p;
    long    n;
    cx_str  pem;

    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), seconds);
    X509_set_pubkey(cert, key);
    X509_sign(cert, key, EVP_sha256());
    PEM_write_bio_X509(bio, cert);
    n = BIO_get_mem_data(bio, &p);
    pem = cx_dup(a, (cx_str) { (size_t) n, p });
    BIO_free(bio);
    X509_free(cert);
    return pem;
}


static cx_str
sign(EVP_PKEY *key, const EVP_MD *md, cx_str data, cx_arena *a)
{
    size_t          len = 0;
    unsigned char  *sig;
    EVP_MD_CTX     *ctx = EVP_MD_CTX_new();

    EVP_DigestSignInit(ctx, NULL, md, NULL, key);
    EVP_DigestSign(ctx, NULL, &len, (const unsigned char *) data.p, data.len);
    sig = cx_alloc(a, len);
    EVP_DigestSign(ctx, sig, &len, (const unsigned char *) data.p, data.len);
    EVP_MD_CTX_free(ctx);
    return (cx_str) { len, (const char *) sig };
}


/* No bit of the signature may be another one, no byte more or less. */
static void
exactly(cx_pubkey *k, cx_sign_alg alg, cx_str sig, const char *what,
    cx_arena *a)
{
    bool    none = true;
    char   *copy = cx_alloc_bytes(a, sig.len + 1);

    tap_ok(cx_pubkey_verify(k, alg, DATA, sig), "%s: verified", what);
    memcpy(copy, sig.p, sig.len);
    copy[sig.len] = '\0';

    for (size_t i = 0; i < 8 * sig.len; i++) {
        copy[i / 8] = (char) (copy[i / 8] ^ (1 << i % 8));
        none = none && !cx_pubkey_verify(k, alg, DATA,
                                         (cx_str) { sig.len, copy });
        copy[i / 8] = (char) (copy[i / 8] ^ (1 << i % 8));
    }

    for (size_t len = 0; len < sig.len; len++) {
        none = none && !cx_pubkey_verify(k, alg, DATA, (cx_str) { len, copy });
    }

    none = none && !cx_pubkey_verify(k, alg, DATA,
                                     (cx_str) { sig.len + 1, copy });
    tap_ok(none, "%s: no other signature is", what);
    tap_ok(!cx_pubkey_verify(k, alg, CX_STR("what is signeD"), sig)
           && !cx_pubkey_verify(k, alg, CX_NOSTR, sig),
           "%s: nor other data", what);
}


static void
curve(cx_arena *a)
{
    EVP_PKEY   *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
    cx_pubkey  *k = cx_pubkey_new(der_of(key, a));
    cx_pubkey  *pem = cx_pubkey_new(pem_of(key, false, a));

    tap_ok(k != NULL && pem != NULL, "an EC key, in both forms");
    tap_is_int(cx_pubkey_expires(k), 0, "a bare key does not end");
    exactly(k, CX_SIGN_SHA256, sign(key, EVP_sha256(), DATA, a), "ECDSA", a);
    tap_ok(cx_pubkey_verify(pem, CX_SIGN_SHA256, DATA,
                            sign(key, EVP_sha256(), DATA, a)), "as PEM");
    tap_ok(!cx_pubkey_verify(k, CX_SIGN_SHA256, DATA,
                             sign(other, EVP_sha256(), DATA, a)),
           "another key's signature is none");
    cx_pubkey_free(k);
    cx_pubkey_free(pem);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
}


static void
rsa(cx_arena *a)
{
    EVP_PKEY   *key = EVP_RSA_gen(2048);
    cx_str      cert = certificate_of(key, 86400, a);
    uint8_t     sig[512];
    size_t      len = sizeof(sig);
    cx_pubkey  *k = cx_pubkey_new(cert);

    tap_ok(k != NULL && cx_pubkey_expires(k) > 0, "a certificate, its end");
    exactly(k, CX_SIGN_SHA256, sign(key, EVP_sha256(), DATA, a), "RSA", a);
    tap_ok(cx_pubkey_verify(k, CX_SIGN_SHA1, DATA,
                            sign(key, EVP_sha1(), DATA, a)), "SHA-1");
    tap_ok(!cx_pubkey_verify(k, CX_SIGN_SHA256, DATA,
                             sign(key, EVP_sha1(), DATA, a)),
           "but not where SHA-256 is asked for");
    tap_ok(cx_sign_rs256(pem_of(key, true, a), DATA, sig, &len)
           && cx_pubkey_verify(k, CX_SIGN_SHA256, DATA,
                               (cx_str) { len, (const char *) sig }),
           "RS256, by ourselves");
    cx_pubkey_free(k);
    EVP_PKEY_free(key);
}


static void
refused(cx_arena *a)
{
    EVP_PKEY  *weak = EVP_RSA_gen(1024), *odd = EVP_EC_gen("P-384");
    EVP_PKEY  *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    uint8_t    sig[512];
    size_t     len = sizeof(sig);

    tap_ok(cx_pubkey_new(pem_of(weak, false, a)) == NULL, "1,024 bits");
    tap_ok(cx_pubkey_new(pem_of(odd, false, a)) == NULL, "another curve");
    tap_ok(cx_pubkey_new(der_of(odd, a)) == NULL, "... as DER");
    tap_ok(cx_pubkey_new(pem_of(ed, false, a)) == NULL, "another kind");
    tap_ok(cx_pubkey_new(pem_of(odd, true, a)) == NULL, "a private key");
    tap_ok(cx_pubkey_new(CX_NOSTR) == NULL, "nothing");
    tap_ok(cx_pubkey_new(CX_STR("AAAA")) == NULL, "no key");
    tap_ok(cx_pubkey_new(CX_STR("-----BEGIN PUBLIC KEY-----\nx")) == NULL,
           "half a key");
    tap_ok(!cx_sign_rs256(CX_STR("no key"), DATA, sig, &len),
           "nothing is signed without a key");
    cx_pubkey_free(NULL);
    EVP_PKEY_free(weak);
    EVP_PKEY_free(odd);
    EVP_PKEY_free(ed);
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(ARENA_MAX);

    curve(a);
    rsa(a);
    refused(a);
    cx_arena_free(a);

    return tap_done();
}
