#include "core/seal.h"

#include "unit/tap.h"

#define KEY_A  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_B  "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
#define RING   "# keys\n\nk2 " KEY_A "\r\nk1 " KEY_B "\n"
#define AAD    CX_STR("1/channel/42/token")
#define PLAIN  CX_STR("EAAG-token of a channel")

/* The GCM specification, test cases 13 to 16: AES with keys of 256 bits. */
#define K  "feffe9928665731c6d6a8f9467308308"                                 \
           "feffe9928665731c6d6a8f9467308308"
#define P  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" \
           "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define C  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" \
           "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
#define Z  "00000000000000000000000000000000"

static const struct {
    const char  *key;
    const char  *nonce;
    const char  *aad;
    const char  *plain;
    const char  *sealed;        /* ciphertext and tag */
} vectors[] = {
    { Z Z, "000000000000000000000000", "", "",
      "530f8afbc74536b9a963b4f1c4cb738b" },
    { Z Z, "000000000000000000000000", "", Z,
      "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919" },
    { K, "cafebabefacedbaddecaf888", "", P "1aafd255",
      C "898015adb094dac5d93471bdec1a502270e3cc6c" },
    { K, "cafebabefacedbaddecaf888",
      "feedfacedeadbeeffeedfacedeadbeefabaddad2", P,
      C "76fc6ece0f4e1768cddf8853bb2d551b" },
};


static cx_str
unhex(const char *hex, uint8_t *out, size_t room)
{
    const size_t  len = strlen(hex) / 2;

    return len <= room && cx_hex_decode(cx_strz(hex), out, len)
           ? (cx_str) { len, (char *) out } : CX_NOSTR;
}


static void
known_answers(void)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t  key[32], nonce[12], aad[32], plain[64], want[80], got[80];
        cx_str   a, p, w;

        (void) unhex(vectors[i].key, key, sizeof(key));
        (void) unhex(vectors[i].nonce, nonce, sizeof(nonce));
        a = unhex(vectors[i].aad, aad, sizeof(aad));
        p = unhex(vectors[i].plain, plain, sizeof(plain));
        w = unhex(vectors[i].sealed, want, sizeof(want));

        tap_ok(w.len == p.len + CX_SEAL_TAG_LEN
               && cx_gcm_seal(key, nonce, a, p, got)
               && memcmp(got, want, w.len) == 0,
               "test case %zu of the GCM specification", 13 + i);
    }
}


static cx_keyring *
ring(const char *text)
{
    const char  *wrong;
    cx_keyring  *r = NULL;

    (void) cx_keyring_read(cx_strz(text), &r, &wrong);
    return r;
}


static void
there_and_back(cx_arena *a)
{
    cx_keyring  *r = ring(RING), *old = ring("k1 " KEY_B), *new;
    cx_str       box, again, plain;

    tap_ok(cx_seal(r, AAD, PLAIN, a, &box) == CX_OK
           && cx_seal(r, AAD, PLAIN, a, &again) == CX_OK, "sealed twice");
    tap_ok(!cx_str_eq(box, again), "never the same box");
    tap_is_str(cx_seal_key_id(box), CX_STR("k2"), "the first key seals");
    tap_ok(cx_str_find(box, CX_STR("EAAG")) == SIZE_MAX, "nothing shows");
    tap_ok(cx_unseal(r, AAD, box, a, &plain) == CX_OK, "opened");
    tap_is_str(plain, PLAIN, "what went in");

    tap_ok(cx_seal(old, AAD, PLAIN, a, &box) == CX_OK
           && cx_unseal(r, AAD, box, a, &plain) == CX_OK
           && cx_str_eq(plain, PLAIN), "a later key opens, too");

    tap_ok(cx_seal(r, AAD, CX_NOSTR, a, &box) == CX_OK
           && cx_unseal(r, AAD, box, a, &plain) == CX_OK && plain.len == 0,
           "an empty secret");

    new = ring("k3 " KEY_A);
    tap_is_int(cx_unseal(new, AAD, box, a, &plain), CX_NO_SECRET,
               "a key that is not there");
    cx_keyring_free(new);
    new = ring("k2 " KEY_B);
    tap_is_int(cx_unseal(new, AAD, box, a, &plain), CX_BAD_SIGNATURE,
               "another key of that id");
    tap_is_int(cx_unseal(r, CX_STR("2/channel/42/token"), box, a, &plain),
               CX_BAD_SIGNATURE, "a box of somebody else");
    tap_is_int(cx_unseal(r, CX_NOSTR, box, a, &plain), CX_BAD_SIGNATURE,
               "a box of nobody");

    cx_keyring_free(new);
    cx_keyring_free(old);
    cx_keyring_free(r);
    cx_keyring_free(NULL);
}


/* Each bit of a box matters, and each byte of it. */
static void
changed(cx_arena *a)
{
    cx_keyring  *r = ring(RING);
    cx_arena    *b = cx_arena_new(1 << 20);
    cx_str       box, plain;
    char         copy[256];
    size_t       opened = 0, cut = 0;

    (void) cx_seal(r, AAD, PLAIN, a, &box);

    for (size_t bit = 0; bit < box.len * 8; bit++) {
        memcpy(copy, box.p, box.len);
        copy[bit / 8] ^= (char) (1 << bit % 8);
        cx_arena_reset(b);
        opened += cx_unseal(r, AAD, (cx_str) { box.len, copy }, b, &plain)
                  == CX_OK;
    }

    for (size_t len = 0; len < box.len; len++) {
        cx_arena_reset(b);
        cut += cx_unseal(r, AAD, cx_str_sub(box, 0, len), b, &plain) == CX_OK;
    }

    memcpy(copy, box.p, box.len);
    copy[box.len] = 'A';
    cx_arena_reset(b);
    cut += cx_unseal(r, AAD, (cx_str) { box.len + 1, copy }, b, &plain)
           == CX_OK;

    tap_ok(box.len < sizeof(copy) && box.len > 60, "a box of %zu bytes",
           box.len);
    tap_is_int((int64_t) opened, 0, "opens with no bit of it flipped");
    tap_is_int((int64_t) cut, 0, "nor cut, nor longer");

    cx_arena_free(b);
    cx_keyring_free(r);
}


static void
no_ring(void)
{
    static const struct {
        const char  *text;
        const char  *what;
    } rows[] = {
        { "",                                "nothing" },
        { "# only words\n",                  "only a comment" },
        { "k1",                              "an id alone" },
        { "K1 " KEY_A,                       "an id in capitals" },
        { "a.b " KEY_A,                      "an id with a dot" },
        { " " KEY_A,                         "a key alone" },
        { "k1 AAECAwQ=",                     "too short a key" },
        { "k1 " KEY_A "AAAA",                "too long a key" },
        { "k1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8!", "odd letters" },
        { "k1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", "31 bytes" },
        { "k1 " KEY_A "\nk1 " KEY_B,         "an id twice" },
        { "k1 " KEY_A "\nk2 short",          "a bad second line" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char  *wrong = NULL;
        cx_keyring  *r = NULL;

        tap_ok(cx_keyring_read(cx_strz(rows[i].text), &r, &wrong)
               == CX_INVALID && r == NULL && wrong != NULL
               && strstr(wrong, "AAEC") == NULL, "no ring: %s", rows[i].what);
        cx_keyring_free(r);
    }
}


static void
new_line(cx_arena *a)
{
    cx_str       one, two, box, plain;
    cx_keyring  *r;

    tap_ok(cx_keyring_line(CX_STR("k9"), a, &one) == CX_OK
           && cx_keyring_line(CX_STR("k9"), a, &two) == CX_OK
           && !cx_str_eq(one, two), "two new keys differ");
    tap_is_int(cx_keyring_line(CX_STR("no id"), a, &two), CX_INVALID,
               "an id of two words");

    r = ring(cx_dupz(a, one));
    tap_ok(r != NULL && cx_str_eq(cx_keyring_first(r), CX_STR("k9"))
           && cx_keyring_has(r, CX_STR("k9"))
           && !cx_keyring_has(r, CX_STR("k")), "the line makes a ring");
    tap_ok(cx_seal(r, AAD, PLAIN, a, &box) == CX_OK
           && cx_unseal(r, AAD, box, a, &plain) == CX_OK, "that works");
    cx_keyring_free(r);
}


static void
no_box(cx_arena *a)
{
    static const char *const  texts[] = {
        "", "cx1", "cx1.", "cx1.k2", "cx1.k2.", "cx1..AAAA", "cx2.k2.AAAA",
        "cx1.k2.AAAA", "cx1.k2.A=", "cx1.k 2.AAAA", "EAAGtoken",
    };
    cx_keyring  *r = ring(RING);
    size_t       wrong = 0;
    cx_str       plain;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        wrong += cx_unseal(r, AAD, cx_strz(texts[i]), a, &plain)
                 != CX_MALFORMED;
    }

    tap_is_int((int64_t) wrong, 0, "what is no box is told as that");
    cx_keyring_free(r);
}


static void
short_of_memory(cx_arena *a)
{
    cx_keyring  *r = ring(RING);
    cx_arena    *b;
    cx_str       box, plain, made;
    cx_err       err = CX_NOMEM, open = CX_NOMEM;
    size_t       odd = 0, limit;

    (void) cx_seal(r, AAD, PLAIN, a, &box);

    for (limit = 0; limit < 4096 && (err != CX_OK || open != CX_OK); limit++) {
        b = cx_arena_new(limit + 1);
        err = cx_seal(r, AAD, PLAIN, b, &made);
        odd += err != CX_OK && err != CX_NOMEM;
        cx_arena_free(b);
        b = cx_arena_new(limit + 1);
        open = cx_unseal(r, AAD, box, b, &plain);
        odd += open != CX_OK && open != CX_NOMEM;
        cx_arena_free(b);
    }

    tap_ok(odd == 0 && limit < 4096, "short of memory: said so each time");
    cx_keyring_free(r);
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(1 << 20);

    known_answers();
    there_and_back(a);
    changed(a);
    no_ring();
    new_line(a);
    no_box(a);
    short_of_memory(a);

    cx_arena_free(a);
    return tap_done();
}
