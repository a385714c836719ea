/*
 * A service account's key becomes an access token.  Facts: Google Identity,
 * "Using OAuth 2.0 for server to server applications" (a JWT signed RS256,
 * grant type jwt-bearer, one hour); scope from "RCS for Business: service
 * account".
 */

#include "channel/rcs.h"

#include "core/base64.h"
#include "core/pubkey.h"


#define TOKEN_URL   "https://oauth2.googleapis.com/token"
#define SCOPE       "https://www.googleapis.com/auth/rcsbusinessmessaging"
#define GRANT       "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
#define LIFE_S      3600
#define SIGN_MAX    1024

typedef struct {
    cx_str  email;
    cx_str  key;            /* PEM */
} service_account;

static bool account_read(cx_str json, cx_arena *a, service_account *out);
static cx_str assertion(const service_account *account, int64_t now_s,
    cx_arena *a);
static cx_str claims(const service_account *account, int64_t now_s,
    cx_arena *a);


cx_err
cx_rcs_login(const cx_sender *from, cx_arena *a, cx_http_req *req)
{
    cx_str           url = cx_setting_get(from, "token_url"), jwt;
    cx_header       *headers;
    service_account  account = { .email = CX_NOSTR };

    if (!account_read(from->token, a, &account)) {
        return cx_arena_failed(a) ? CX_NOMEM : CX_INVALID;
    }

    jwt = assertion(&account, from->now_ms / 1000, a);
    headers = CX_NEW(a, cx_header);

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    if (jwt.len == 0) {
        return CX_INVALID;
    }

    *headers = (cx_header) { CX_STR("Content-Type"),
                             CX_STR("application/x-www-form-urlencoded") };

    *req = (cx_http_req) {
        .method = CX_STR("POST"),
        .url = url.len > 0 ? url : CX_STR(TOKEN_URL),
        .headers = headers,
        .nheaders = 1,
        .body = cx_concat(a, CX_STR("grant_type=" GRANT "&assertion="), jwt),
    };

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


/* The JSON that Google gives out for a service account. */
static bool
account_read(cx_str json, cx_arena *a, service_account *out)
{
    cx_str          key;
    cx_json_reader  r;

    cx_json_open(&r, json, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, "client_email")) {
            (void) cx_json_string(&r, &out->email);

        } else if (CX_STR_IS(key, "private_key")) {
            (void) cx_json_string(&r, &out->key);

        } else {
            cx_json_skip(&r);
        }
    }

    return cx_json_close(&r) == CX_OK && out->email.len > 0
           && out->key.len > 0;
}


/* Empty: the key is none. */
static cx_str
assertion(const service_account *account, int64_t now_s, cx_arena *a)
{
    cx_str   head, text, sig;
    size_t   len = SIGN_MAX;
    uint8_t  bytes[SIGN_MAX];

    head = cx_base64_encode(a, CX_BASE64_URL,
                            CX_STR("{\"alg\":\"RS256\",\"typ\":\"JWT\"}"));
    text = cx_base64_encode(a, CX_BASE64_URL, claims(account, now_s, a));
    text = cx_printf(a, "%.*s.%.*s", CX_ARG(head), CX_ARG(text));

    if (cx_arena_failed(a)
        || !cx_sign_rs256(account->key, text, bytes, &len))
    {
        return CX_NOSTR;
    }

    sig = cx_base64_encode(a, CX_BASE64_URL,
                           (cx_str) { len, (const char *) bytes });

    return cx_printf(a, "%.*s.%.*s", CX_ARG(text), CX_ARG(sig));
}


static cx_str
claims(const service_account *account, int64_t now_s, cx_arena *a)
{
    cx_buf          buf;
    cx_json_writer  w;

    cx_buf_init(&buf, a, 256, 4096);
    cx_json_write_init(&w, &buf);
    cx_json_begin(&w, '{');
    cx_json_name(&w, CX_STR("iss"));
    cx_json_put_str(&w, account->email);
    cx_json_name(&w, CX_STR("scope"));
    cx_json_put_str(&w, CX_STR(SCOPE));
    cx_json_name(&w, CX_STR("aud"));
    cx_json_put_str(&w, CX_STR(TOKEN_URL));
    cx_json_name(&w, CX_STR("iat"));
    cx_json_put_i64(&w, now_s);
    cx_json_name(&w, CX_STR("exp"));
    cx_json_put_i64(&w, now_s + LIFE_S);
    cx_json_end(&w, '}');

    return cx_buf_str(&buf);
}


cx_err
cx_rcs_logged(const cx_http_res *res, int64_t now_ms, cx_arena *a,
    cx_login *out)
{
    cx_str          key, token = CX_NOSTR;
    int64_t         life = 0;
    cx_json_reader  r;

    if (res->status == 400 || res->status == 401 || res->status == 403) {
        return CX_INVALID;
    }

    if (res->status != 200) {
        return CX_IO;
    }

    cx_json_open(&r, res->body, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return CX_IO;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, "access_token")) {
            (void) cx_json_string(&r, &token);

        } else if (CX_STR_IS(key, "expires_in")) {
            (void) cx_json_i64(&r, &life);

        } else {
            cx_json_skip(&r);
        }
    }

    if (cx_json_close(&r) != CX_OK || token.len == 0 || life <= 0) {
        return CX_IO;
    }

    *out = (cx_login) {
        .token = token,
        .expires_ms = now_ms + (life < LIFE_S ? life : LIFE_S) * 1000,
    };

    return CX_OK;
}
