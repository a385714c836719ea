/*
 * What Twilio signs.  Facts: "Webhooks security" (the URL, then every
 * parameter of the form sorted by name, name and value without separators;
 * HMAC-SHA1 with the Auth Token; a JSON body is bound by bodySHA256 in the
 * query), and the tests of Twilio's own libraries (of a repeated parameter
 * each distinct value, sorted; a URL with and without its port).
 *
 * What is signed has no marks between names and values, so that two forms
 * may sign alike: "Body=HiTo" is "Body=Hi" and "To=".  One who has a signed
 * delivery can shift these borders, but never make up an id: MessageSid ends
 * where it did, or there is none, and a repeat is dropped by it.
 */

#include "channel/twilio.h"
#include "channel/types.h"

#include "core/base64.h"


#define MAX_BODY   (512 * 1024)
#define MAC_LEN    20
#define URLS_MAX   2
#define FORM_TYPE  "application/x-www-form-urlencoded"


static cx_err signature_read(const cx_http_req *req, cx_arena *a,
    uint8_t digest[MAC_LEN]);
static cx_err signed_text(const cx_http_req *req, cx_arena *a, cx_str *text);
static bool is_form(const cx_http_req *req);
static cx_err signed_form(cx_str body, cx_arena *a, cx_str *text);
static bool pairs_whole(cx_str body);
static cx_err body_bound(const cx_http_req *req, cx_arena *a);
static cx_str url_of(const cx_account *acct, const cx_http_req *req,
    cx_arena *a);
static cx_str other_port(cx_str url, cx_arena *a);
static bool matches(cx_mac *mac, cx_str url, cx_str text,
    const uint8_t sent[MAC_LEN], cx_arena *a);


const char *const  cx_twilio_headers[] = {
    "x-twilio-signature", "content-type", NULL
};

const cx_channel  cx_channel_twilio = {
    .name = "twilio",
    .mac = CX_MAC_SHA1,
    .needs_url = true,
    .max_body = MAX_BODY,
    .ack_type = "text/xml",
    .ack_body = "<Response></Response>",
    .headers = cx_twilio_headers,
    .verify = cx_twilio_verify,
    .parse = cx_twilio_parse,
    .caps = &cx_twilio_sms,
    .caps_of = cx_twilio_caps_of,
    .settings = cx_twilio_settings,
    .check_account = cx_twilio_check_account,
    .account_what = "the address customers write to: +1555... or "
                    "whatsapp:+1555...",
    .build = cx_twilio_build,
    .check = cx_twilio_check,
    .judge = cx_twilio_judge,
    .proves = CX_PROOF_BIT(PHONE),
    .fetch = cx_twilio_fetch,
    .fetched = cx_twilio_fetched,
    .asks = cx_twilio_asks,
    .list = cx_twilio_list,
    .listed = cx_twilio_listed,
};


cx_err
cx_twilio_verify(const cx_account *acct, const cx_http_req *req, cx_arena *a,
    cx_proven *proven)
{
    bool      match = false;
    cx_err    err;
    cx_str    text, url[URLS_MAX];
    uint8_t   sent[MAC_LEN];
    unsigned  secret = 0;

    if (acct->nsecrets == 0) {
        return CX_NO_SECRET;
    }

    err = signature_read(req, a, sent);
    if (err != CX_OK) {
        return err;
    }

    err = signed_text(req, a, &text);
    if (err != CX_OK) {
        return err;
    }

    url[0] = url_of(acct, req, a);
    url[1] = other_port(url[0], a);

    /* Every secret and URL is tried, so that the time does not tell which
     * one it was. */
    for (unsigned i = 0; i < acct->nsecrets; i++) {
        for (size_t k = 0; k < URLS_MAX; k++) {
            if (matches(acct->secrets[i], url[k], text, sent, a) && !match) {
                match = true;
                secret = i;
            }
        }
    }

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    if (!match) {
        return CX_BAD_SIGNATURE;
    }

    *proven = (cx_proven) {
        .bytes = req->body, .query = req->query, .secret = secret,
    };

    return CX_OK;
}


/* Exactly one header, exactly the base64 of 20 bytes. */
static cx_err
signature_read(const cx_http_req *req, cx_arena *a, uint8_t digest[MAC_LEN])
{
    cx_err        err;
    cx_str        bytes;
    size_t        count;
    const cx_str  value = cx_http_header(req->headers, req->nheaders,
                                         cx_strz(cx_twilio_headers[0]),
                                         &count);

    if (count > 1) {
        return CX_DUP_SIGNATURE;
    }

    if (value.len == 0) {
        return CX_NO_SIGNATURE;
    }

    err = cx_base64_decode(a, CX_BASE64_STD, value, &bytes);

    if (err == CX_NOMEM) {
        return err;
    }

    if (err != CX_OK || bytes.len != MAC_LEN
        || value.len != 4 * ((MAC_LEN + 2) / 3))
    {
        return CX_BAD_SIGNATURE;
    }

    memcpy(digest, bytes.p, MAC_LEN);
    return CX_OK;
}


/* What stands behind the URL. */
static cx_err
signed_text(const cx_http_req *req, cx_arena *a, cx_str *text)
{
    cx_err  err;

    if (is_form(req)) {
        err = signed_form(req->body, a, text);

    } else {
        *text = CX_NOSTR;
        err = body_bound(req, a);
    }

    /* A form that cannot be read is not what Twilio signed. */
    return err == CX_OK || err == CX_NOMEM ? err : CX_BAD_SIGNATURE;
}


/* Whichever it says it is, only what Twilio signed for that passes: a form
 * said to be JSON has no bodySHA256, and a JSON text said to be a form would
 * have had to be signed as one. */
static bool
is_form(const cx_http_req *req)
{
    cx_str  type = CX_NOSTR;
    cx_str  rest = cx_http_header(req->headers, req->nheaders,
                                  cx_strz(cx_twilio_headers[1]), NULL);

    (void) cx_str_split(&rest, ';', &type);

    return cx_str_eq_nocase(cx_str_trim(type), CX_STR(FORM_TYPE));
}


static cx_err
signed_form(cx_str body, cx_arena *a, cx_str *text)
{
    cx_buf      b;
    cx_err      err;
    size_t      n;
    cx_header  *pairs;

    if (!pairs_whole(body)) {
        return CX_BAD_REQUEST;
    }

    err = cx_form_sorted(body, a, &pairs, &n);
    if (err != CX_OK) {
        return err;
    }

    cx_buf_init(&b, a, body.len, body.len + 1);

    for (size_t i = 0; i < n; i++) {
        if (i > 0 && cx_str_eq(pairs[i].name, pairs[i - 1].name)
            && cx_str_eq(pairs[i].value, pairs[i - 1].value))
        {
            continue;
        }

        cx_buf_add(&b, pairs[i].name);
        cx_buf_add(&b, pairs[i].value);
    }

    *text = cx_buf_str(&b);

    /* Without a parameter the URL's signature would do for any such body. */
    return b.failed ? CX_NOMEM : text->len == 0 ? CX_BAD_REQUEST : CX_OK;
}


/* Twilio writes a '=' behind every name, also of what is empty.  Without that
 * rule a '&' in its place may sign alike: the value then is the next name.
 * What must be escaped is. */
static bool
pairs_whole(cx_str body)
{
    cx_str  pair;

    for (size_t i = 0; i < body.len; i++) {
        if (body.p[i] <= ' ' || body.p[i] > '~') {
            return false;
        }
    }

    while (cx_str_split(&body, '&', &pair)) {
        const size_t  at = cx_str_find_byte(pair, '=');

        if (at == SIZE_MAX || at == 0) {
            return false;
        }
    }

    return true;
}


static cx_err
body_bound(const cx_http_req *req, cx_arena *a)
{
    cx_err   err;
    cx_str   hex;
    uint8_t  want[CX_SHA256_LEN], have[CX_SHA256_LEN];

    err = cx_form_get(req->query, CX_STR("bodySHA256"), a, &hex);
    if (err != CX_OK) {
        return err;
    }

    return cx_hex_decode(hex, want, sizeof(want))
           && cx_sha256(req->body, have)
           && cx_secret_eq(want, have, sizeof(have)) ? CX_OK
                                                     : CX_BAD_SIGNATURE;
}


/* --- the URL ------------------------------------------------------------- */

/* Where host and port end. */
static size_t
host_end(cx_str url)
{
    size_t  at = cx_str_find(url, CX_STR("://"));

    at = at == SIZE_MAX ? 0 : at + 3;

    while (at < url.len && url.p[at] != '/' && url.p[at] != '?') {
        at++;
    }

    return at;
}


/* A public URL with a path is the whole one, but for its query. */
static cx_str
url_of(const cx_account *acct, const cx_http_req *req, cx_arena *a)
{
    cx_str        base = acct->public_url;
    const size_t  at = host_end(base);

    if (at + 1 >= base.len) {
        return cx_concat(a, cx_str_sub(base, 0, at), req->url);
    }

    return req->query.len == 0
           ? base : cx_printf(a, "%.*s?%.*s", CX_ARG(base),
                              CX_ARG(req->query));
}


/* The same URL without its port, or with that of its scheme. */
static cx_str
other_port(cx_str url, cx_arena *a)
{
    const size_t  end = host_end(url);
    size_t        from = end;
    cx_str        rest = cx_str_sub(url, end, url.len);

    while (from > 0 && url.p[from - 1] >= '0' && url.p[from - 1] <= '9') {
        from--;
    }

    if (from > 0 && from < end && url.p[from - 1] == ':') {
        return cx_concat(a, cx_str_sub(url, 0, from - 1), rest);
    }

    return cx_printf(a, "%.*s:%s%.*s", CX_ARG(cx_str_sub(url, 0, end)),
                     cx_str_starts(url, CX_STR("https:")) ? "443" : "80",
                     CX_ARG(rest));
}


/* An OpenSSL error is no match. */
static bool
matches(cx_mac *mac, cx_str url, cx_str text, const uint8_t sent[MAC_LEN],
    cx_arena *a)
{
    uint8_t       ours[CX_MAC_MAX];
    const cx_str  whole = cx_concat(a, url, text);

    return cx_mac_len(mac) == MAC_LEN && cx_mac_run(mac, whole, ours)
           && cx_secret_eq(ours, sent, MAC_LEN) && !cx_arena_failed(a);
}
