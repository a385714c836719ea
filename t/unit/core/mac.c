#include "core/mac.h"

#include "unit/tap.h"

#include <openssl/hmac.h>
#include <threads.h>


/* RFC 4231, section 4 (SHA-2), and RFC 2202, section 3 (SHA-1). */
static void
vectors(void)
{
    static const struct {
        cx_mac_alg   alg;
        const char  *key;       /* hex */
        const char  *text;      /* hex */
        const char  *mac;       /* hex */
    } rows[] = {
        { CX_MAC_SHA256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
          "4869205468657265",
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
        { CX_MAC_SHA256, "4a656665",
          "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
        { CX_MAC_SHA512, "4a656665",
          "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
          "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
          "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
        { CX_MAC_SHA1, "4a656665",
          "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
          "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t  key[64], text[64], want[CX_MAC_MAX], got[CX_MAC_MAX];
        size_t   key_len = strlen(rows[i].key) / 2;
        size_t   text_len = strlen(rows[i].text) / 2;
        size_t   mac_len = strlen(rows[i].mac) / 2;
        bool     same = true;

        cx_hex_decode(cx_strz(rows[i].key), key, key_len);
        cx_hex_decode(cx_strz(rows[i].text), text, text_len);
        cx_hex_decode(cx_strz(rows[i].mac), want, mac_len);

        cx_mac  *m = cx_mac_new(rows[i].alg,
                                (cx_str) { key_len, (char *) key });

        tap_ok(m != NULL && cx_mac_len(m) == mac_len, "vector %zu: key", i);

        /* The same object again and again, other texts between. */
        for (int round = 0; round < 3; round++) {
            same = same && cx_mac_run(m, CX_STR("something else"), got);
            same = same && memcmp(got, want, mac_len) != 0;
            same = same && cx_mac_run(m, CX_NOSTR, got);
            same = same && cx_mac_run(m, (cx_str) { text_len, (char *) text },
                                      got);
            same = same && memcmp(got, want, mac_len) == 0;
        }

        tap_ok(same, "vector %zu: three times", i);
        cx_mac_free(m);
    }

    tap_ok(cx_mac_new(CX_MAC_SHA256, CX_STR("")) == NULL, "no empty key");
    tap_ok(cx_mac_new(CX_MAC_SHA256, CX_NOSTR) == NULL, "no key at all");
    tap_ok(cx_mac_new((cx_mac_alg) 99, CX_STR("k")) == NULL,
           "no such algorithm");
    cx_mac_free(NULL);
}


/* Keys shorter, as long, and longer than a block, against OpenSSL's own. */
static void
keys(void)
{
    uint8_t  bytes[300];
    size_t   wrong = 0;

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t) (i * 7 + 1);
    }

    for (size_t i = 1; i < 200; i++) {
        cx_str    key = { i, (char *) bytes };
        cx_str    text = { 300 - i, (char *) bytes + i };
        uint8_t   want[CX_MAC_MAX], got[CX_MAC_MAX];
        unsigned  len = 0;
        cx_mac   *m = cx_mac_new(CX_MAC_SHA256, key);

        wrong += m == NULL || !cx_mac_run(m, text, got)
                 || HMAC(EVP_sha256(), key.p, (int) i,
                         (const uint8_t *) text.p, text.len, want, &len)
                    == NULL
                 || len != cx_mac_len(m) || memcmp(got, want, len) != 0;
        cx_mac_free(m);
    }

    tap_ok(wrong == 0, "keys of 1 to 199 bytes: %zu wrong", wrong);
}


static void
secrets(void)
{
    tap_ok(cx_secret_eq("abc", "abc", 3), "equal bytes");
    tap_ok(!cx_secret_eq("abc", "abd", 3), "unlike bytes");
    tap_ok(cx_secret_eq("abc", "abd", 2), "only len bytes count");
    tap_ok(cx_secret_str_eq(CX_STR("token"), CX_STR("token")),
           "equal texts");
    tap_ok(!cx_secret_str_eq(CX_STR("token"), CX_STR("tokem")),
           "unlike texts");
    tap_ok(!cx_secret_str_eq(CX_STR("token"), CX_STR("token2")),
           "one is longer");
    tap_ok(!cx_secret_str_eq(CX_STR("token"), CX_NOSTR), "one is empty");

    char  secret[] = "secret";

    cx_secret_wipe(secret, sizeof(secret));
    tap_ok(memcmp(secret, "\0\0\0\0\0\0\0", 7) == 0, "wiped");
    cx_secret_wipe(NULL, 0);
}


static bool
sha256_is(cx_str in, const char *hex)
{
    uint8_t  out[CX_SHA256_LEN];
    char     got[2 * CX_SHA256_LEN];

    if (!cx_sha256(in, out)) {
        return false;
    }

    cx_hex_encode(out, sizeof(out), got);
    return cx_str_eq((cx_str) { sizeof(got), got }, cx_strz(hex));
}


static int
sha256_thread(void *ok)
{
    *(bool *) ok = sha256_is(CX_STR("abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    return 0;
}


/* FIPS 180-4, appendix B. */
static void
digests(void)
{
    bool    ok = false;
    thrd_t  thread;

    tap_ok(sha256_is(CX_NOSTR,
           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
           "SHA-256 of nothing");

    for (int i = 0; i < 2; i++) {
        tap_ok(sha256_is(CX_STR("abc"),
           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
           "SHA-256 of abc");
    }

    thrd_create(&thread, sha256_thread, &ok);
    thrd_join(thread, NULL);
    tap_ok(ok, "in another thread");

    const cx_str  parts[] = { CX_STR("a"), CX_NOSTR, CX_STR("bc") };
    uint8_t       whole[CX_SHA256_LEN], pieces[CX_SHA256_LEN];

    tap_ok(cx_sha256(CX_STR("abc"), whole)
           && cx_sha256_parts(parts, 3, pieces)
           && memcmp(whole, pieces, sizeof(whole)) == 0, "in parts");
}


int
main(void)
{
    vectors();
    keys();
    secrets();
    digests();

    return tap_done();
}
