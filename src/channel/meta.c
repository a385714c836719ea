/*
 * Handshake and signature as on Meta's page "Webhooks: Getting Started".
 */

#include "channel/meta.h"


#define PREFIX   "sha256="
#define HEX_LEN  (2 * CX_SHA256_LEN)


const char *const  cx_meta_headers[] = { "x-hub-signature-256", NULL };


static cx_err handshake_param(const cx_http_req *req, cx_str name,
    cx_err missing, cx_arena *a, cx_str *value);
static bool challenge_ok(cx_str s);
static cx_err signature_read(const cx_http_req *req,
    uint8_t digest[CX_SHA256_LEN]);


cx_err
cx_meta_handshake(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_str *answer)
{
    cx_err  err;
    cx_str  mode, token, challenge;

    err = handshake_param(req, CX_STR("hub.mode"), CX_BAD_TOKEN, a, &mode);
    if (err != CX_OK) {
        return err;
    }

    err = handshake_param(req, CX_STR("hub.verify_token"), CX_BAD_TOKEN, a,
                          &token);
    if (err != CX_OK) {
        return err;
    }

    /* An unset token would equal an empty one: it must never match. */
    if (acct->verify_token.len == 0
        || !CX_STR_IS(mode, "subscribe")
        || !cx_secret_str_eq(token, acct->verify_token))
    {
        return CX_BAD_TOKEN;
    }

    err = handshake_param(req, CX_STR("hub.challenge"), CX_BAD_CHALLENGE, a,
                          &challenge);
    if (err != CX_OK) {
        return err;
    }

    if (!challenge_ok(challenge)) {
        return CX_BAD_CHALLENGE;
    }

    *answer = challenge;
    return CX_OK;
}


static cx_err
handshake_param(const cx_http_req *req, cx_str name, cx_err missing,
    cx_arena *a, cx_str *value)
{
    cx_err  err;

    err = cx_form_get(req->query, name, a, value);

    switch (err) {

    case CX_OK:
    case CX_NOMEM:
        return err;

    case CX_NOT_FOUND:
        return missing;

    default:
        return CX_BAD_CHALLENGE;
    }
}


/* The answer is echoed to whoever asks: nothing a browser could run. */
static bool
challenge_ok(cx_str s)
{
    if (s.len == 0 || s.len > CX_META_CHALLENGE_MAX) {
        return false;
    }

    for (size_t i = 0; i < s.len; i++) {
        const char  c = s.p[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
            || (c >= '0' && c <= '9')
            || c == '_' || c == '.' || c == '+' || c == '-')
        {
            continue;
        }

        return false;
    }

    return true;
}


cx_err
cx_meta_verify(const cx_account *acct, const cx_http_req *req, cx_arena *a,
    cx_proven *proven)
{
    bool      match = false;
    cx_err    err;
    unsigned  secret = 0;
    uint8_t   sent[CX_SHA256_LEN], ours[CX_MAC_MAX];

    (void) a;

    if (acct->nsecrets == 0) {
        return CX_NO_SECRET;
    }

    err = signature_read(req, sent);
    if (err != CX_OK) {
        return err;
    }

    /* Every secret is tried, so that the time does not tell which one it
     * was; an OpenSSL error is no match. */
    for (unsigned i = 0; i < acct->nsecrets; i++) {
        const bool  eq = cx_mac_len(acct->secrets[i]) == sizeof(sent)
                         && cx_mac_run(acct->secrets[i], req->body, ours)
                         && cx_secret_eq(ours, sent, sizeof(sent));

        if (eq && !match) {
            match = true;
            secret = i;
        }
    }

    if (!match) {
        return CX_BAD_SIGNATURE;
    }

    *proven = (cx_proven) { .bytes = req->body, .secret = secret };
    return CX_OK;
}


/* Exactly one header, the exact prefix, 64 hex digits of either case. */
static cx_err
signature_read(const cx_http_req *req, uint8_t digest[CX_SHA256_LEN])
{
    size_t        count;
    const cx_str  value = cx_http_header(req->headers, req->nheaders,
                                         cx_strz(cx_meta_headers[0]), &count);

    if (count > 1) {
        return CX_DUP_SIGNATURE;
    }

    if (value.len == 0) {
        return CX_NO_SIGNATURE;
    }

    if (!cx_str_starts(value, CX_STR(PREFIX))
        || value.len != sizeof(PREFIX) - 1 + HEX_LEN
        || !cx_hex_decode(cx_str_sub(value, sizeof(PREFIX) - 1, HEX_LEN),
                          digest, CX_SHA256_LEN))
    {
        return CX_BAD_SIGNATURE;
    }

    return CX_OK;
}
