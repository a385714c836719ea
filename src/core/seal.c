#include "core/seal.h"

#include "core/base64.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>

#define VERSION   "cx1"
#define AAD_MAX   1024

typedef struct {
    char     id[CX_SEAL_ID_MAX];
    size_t   id_len;
    uint8_t  bytes[CX_SEAL_KEY_LEN];
} key;

struct cx_keyring_s {
    key     keys[CX_SEAL_KEYS_MAX];
    size_t  n;
};


/* --- the ring ------------------------------------------------------------ */

static bool
is_id(cx_str id)
{
    for (size_t i = 0; i < id.len; i++) {
        const char  c = id.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'
              || c == '_'))
        {
            return false;
        }
    }

    return id.len > 0 && id.len <= CX_SEAL_ID_MAX;
}


static const key *
find(const cx_keyring *r, cx_str id)
{
    for (size_t i = 0; i < r->n; i++) {
        if (cx_str_eq((cx_str) { r->keys[i].id_len, r->keys[i].id }, id)) {
            return &r->keys[i];
        }
    }

    return NULL;
}


/* Strict base64 of exactly 32 bytes, by OpenSSL: what it needs on the way is
 * on the stack, and wiped. */
static bool
decode_key(cx_str text, uint8_t bytes[CX_SEAL_KEY_LEN])
{
    bool     good;
    uint8_t  out[48], in[44];

    if (text.len != sizeof(in) || text.p[43] != '=' || text.p[42] == '=') {
        return false;
    }

    memcpy(in, text.p, sizeof(in));
    good = EVP_DecodeBlock(out, in, (int) sizeof(in)) == 33 && out[32] == 0;

    if (good) {
        memcpy(bytes, out, CX_SEAL_KEY_LEN);
    }

    OPENSSL_cleanse(out, sizeof(out));
    OPENSSL_cleanse(in, sizeof(in));
    return good;
}


static const char *
add_line(cx_keyring *r, cx_str line)
{
    cx_str  id;
    key    *k;

    (void) cx_str_split(&line, ' ', &id);
    line = cx_str_trim(line);

    if (!is_id(id)) {
        return "a key's id must be 1 to 32 of a-z, 0-9, '-' and '_'";
    }

    if (find(r, id) != NULL) {
        return "two keys have the same id";
    }

    if (r->n == CX_SEAL_KEYS_MAX) {
        return "there are more than 16 keys";
    }

    k = &r->keys[r->n];

    if (!decode_key(line, k->bytes)) {
        return "a line must be an id, a space and the base64 of 32 bytes";
    }

    memcpy(k->id, id.p, id.len);
    k->id_len = id.len;
    r->n++;
    return NULL;
}


cx_err
cx_keyring_read(cx_str text, cx_keyring **out, const char **wrong)
{
    cx_str       line;
    cx_keyring  *r = calloc(1, sizeof(*r));

    *wrong = "out of memory";

    if (r == NULL) {
        return CX_NOMEM;
    }

    *wrong = NULL;

    while (*wrong == NULL && cx_str_split(&text, '\n', &line)) {
        line = cx_str_trim(line);

        if (line.len > 0 && line.p[0] != '#') {
            *wrong = add_line(r, line);
        }
    }

    if (*wrong == NULL && r->n == 0) {
        *wrong = "there is no key in it";
    }

    if (*wrong != NULL) {
        cx_keyring_free(r);
        return CX_INVALID;
    }

    *out = r;
    return CX_OK;
}


void
cx_keyring_free(cx_keyring *r)
{
    if (r != NULL) {
        OPENSSL_cleanse(r, sizeof(*r));
        free(r);
    }
}


cx_str
cx_keyring_first(const cx_keyring *r)
{
    return (cx_str) { r->keys[0].id_len, r->keys[0].id };
}


bool
cx_keyring_has(const cx_keyring *r, cx_str id)
{
    return find(r, id) != NULL;
}


cx_err
cx_keyring_line(cx_str id, cx_arena *a, cx_str *line)
{
    uint8_t  bytes[CX_SEAL_KEY_LEN];
    uint8_t  text[48];

    if (!is_id(id)) {
        return CX_INVALID;
    }

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return CX_INTERNAL;
    }

    (void) EVP_EncodeBlock(text, bytes, sizeof(bytes));
    *line = cx_printf(a, "%.*s %.44s", CX_ARG(id), (const char *) text);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    OPENSSL_cleanse(text, sizeof(text));

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


/* --- the cipher ---------------------------------------------------------- */

static const unsigned char *
bytes_of(cx_str s)
{
    return (const unsigned char *) (s.len > 0 ? s.p : "");
}


static bool
encrypt(EVP_CIPHER_CTX *ctx, const uint8_t *secret, const uint8_t *nonce,
    cx_str aad, cx_str plain, uint8_t *out)
{
    int  n;

    return EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, secret, nonce) == 1
           && EVP_EncryptUpdate(ctx, NULL, &n, bytes_of(aad),
                                (int) aad.len) == 1
           && EVP_EncryptUpdate(ctx, out, &n, bytes_of(plain),
                                (int) plain.len) == 1
           && (size_t) n == plain.len
           && EVP_EncryptFinal_ex(ctx, out + plain.len, &n) == 1
           && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, CX_SEAL_TAG_LEN,
                                  out + plain.len) == 1;
}


bool
cx_gcm_seal(const uint8_t secret[CX_SEAL_KEY_LEN],
    const uint8_t nonce[CX_SEAL_NONCE_LEN], cx_str aad, cx_str plain,
    uint8_t *out)
{
    EVP_CIPHER_CTX  *ctx;
    bool             ok;

    if (aad.len > AAD_MAX || plain.len > CX_SEAL_PLAIN_MAX) {
        return false;
    }

    ctx = EVP_CIPHER_CTX_new();
    ok = ctx != NULL && encrypt(ctx, secret, nonce, aad, plain, out);
    EVP_CIPHER_CTX_free(ctx);

    return ok;
}


/* The tag is set before anything is read, and Final says whether it fits. */
static bool
decrypt(EVP_CIPHER_CTX *ctx, const uint8_t *secret, const uint8_t *nonce,
    cx_str aad, cx_str sealed, uint8_t *out)
{
    const size_t  len = sealed.len - CX_SEAL_TAG_LEN;
    uint8_t       tag[CX_SEAL_TAG_LEN];
    int           n;

    memcpy(tag, sealed.p + len, sizeof(tag));

    return EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, secret, nonce) == 1
           && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, sizeof(tag),
                                  tag) == 1
           && EVP_DecryptUpdate(ctx, NULL, &n, bytes_of(aad),
                                (int) aad.len) == 1
           && EVP_DecryptUpdate(ctx, out, &n, bytes_of(sealed),
                                (int) len) == 1
           && (size_t) n == len
           && EVP_DecryptFinal_ex(ctx, out + len, &n) == 1;
}


/* --- boxes --------------------------------------------------------------- */

cx_err
cx_seal(const cx_keyring *r, cx_str aad, cx_str plain, cx_arena *a,
    cx_str *box)
{
    const size_t  len = CX_SEAL_NONCE_LEN + plain.len + CX_SEAL_TAG_LEN;
    uint8_t      *raw;
    cx_str        text;

    if (aad.len > AAD_MAX || plain.len > CX_SEAL_PLAIN_MAX) {
        return CX_TOO_LARGE;
    }

    raw = (uint8_t *) cx_alloc_bytes(a, len);

    if (raw == NULL) {
        return CX_NOMEM;
    }

    if (RAND_bytes(raw, CX_SEAL_NONCE_LEN) != 1
        || !cx_gcm_seal(r->keys[0].bytes, raw, aad, plain,
                        raw + CX_SEAL_NONCE_LEN))
    {
        OPENSSL_cleanse(raw, len);
        return CX_INTERNAL;
    }

    text = cx_base64_encode(a, CX_BASE64_URL, (cx_str) { len, (char *) raw });
    text = cx_printf(a, VERSION ".%.*s.%.*s", CX_ARG(cx_keyring_first(r)),
                     CX_ARG(text));

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    *box = text;
    return CX_OK;
}


/* Cuts a box; *raw stays as it stands there. */
static bool
cut(cx_str box, cx_str *id, cx_str *raw)
{
    cx_str  version;

    (void) cx_str_split(&box, '.', &version);
    (void) cx_str_split(&box, '.', id);
    *raw = box;

    return CX_STR_IS(version, VERSION) && is_id(*id) && raw->len > 0;
}


cx_str
cx_seal_key_id(cx_str box)
{
    cx_str  id, raw;

    return cut(box, &id, &raw) ? id : CX_NOSTR;
}


static cx_err
open_with(const key *k, cx_str aad, cx_str raw, cx_arena *a, cx_str *plain)
{
    const cx_str     sealed = cx_str_sub(raw, CX_SEAL_NONCE_LEN, raw.len);
    const size_t     len = sealed.len - CX_SEAL_TAG_LEN;
    uint8_t         *out = (uint8_t *) cx_alloc_bytes(a, len + 1);
    EVP_CIPHER_CTX  *ctx = EVP_CIPHER_CTX_new();
    bool             ok;

    ok = out != NULL && ctx != NULL
         && decrypt(ctx, k->bytes, (const uint8_t *) raw.p, aad, sealed, out);
    EVP_CIPHER_CTX_free(ctx);

    if (out == NULL || ctx == NULL) {
        return CX_NOMEM;
    }

    if (!ok) {
        OPENSSL_cleanse(out, len);
        return CX_BAD_SIGNATURE;
    }

    *plain = (cx_str) { len, (char *) out };
    return CX_OK;
}


cx_err
cx_unseal(const cx_keyring *r, cx_str aad, cx_str box, cx_arena *a,
    cx_str *plain)
{
    cx_str      id, raw;
    cx_err      err;
    const key  *k;

    if (!cut(box, &id, &raw)) {
        return CX_MALFORMED;
    }

    k = find(r, id);

    if (k == NULL) {
        return CX_NO_SECRET;
    }

    err = cx_base64_decode(a, CX_BASE64_URL, raw, &raw);

    if (err != CX_OK) {
        return err;
    }

    if (raw.len < CX_SEAL_NONCE_LEN + CX_SEAL_TAG_LEN
        || raw.len > CX_SEAL_NONCE_LEN + CX_SEAL_PLAIN_MAX + CX_SEAL_TAG_LEN
        || aad.len > AAD_MAX)
    {
        return CX_MALFORMED;
    }

    return open_with(k, aad, raw, a, plain);
}
