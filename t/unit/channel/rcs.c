/*
 * RCS for Business and Business Messages: t/cases/vectors/rbm.json,
 * t/cases/rcs and t/cases/google_business (in.json is what Google signs),
 * the UUIDs of our messages, and the login.
 */

#include "channel/rcs.h"

#include "core/base64.h"
#include "core/pubkey.h"

#include "unit/folder.h"
#include "unit/tap.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>


#define ARENA_MAX  (1 << 20)
#define SECRET     "SJENCPGJESMGUFPY"
#define EVENT      "ev_01KDTESTTESTTESTTESTTESTTE"


static cx_str
text(const json_t *entry, const char *name)
{
    const json_t  *s = json_object_get(entry, name);

    return (cx_str) { json_string_length(s), json_string_value(s) };
}


static cx_account
account(cx_str secret)
{
    return (cx_account) {
        .name = CX_STR("rcs-main"),
        .secrets = { cx_mac_new(CX_MAC_SHA512, secret) },
        .nsecrets = 1,
        .now_ms = 1767225600123,
    };
}


/* --- vectors ------------------------------------------------------------- */

static void
vector(json_t *entry, cx_arena *a)
{
    cx_err       err;
    cx_str       id = text(entry, "id");
    cx_account   acct = account(text(entry, "secret"));
    cx_received  in;

    const cx_header    header = {
        CX_STR("X-Goog-Signature"),
        text(json_object_get(entry, "headers"), "X-Goog-Signature"),
    };
    const cx_http_req  req = {
        .method = CX_STR("POST"),
        .headers = &header,
        .nheaders = header.value.len > 0,
        .body = text(entry, "body"),
    };

    err = cx_receive(cx_channel_find(CX_STR("rcs")), &acct, &req,
                     CX_STR(EVENT), a, &in);

    if (json_is_true(json_object_get(entry, "valid"))) {
        tap_is_int(err, CX_OK, id.p);

    } else {
        tap_is_int(cx_err_http(err),
                   json_object_get(entry, "expect_status") != NULL
                   ? json_integer_value(json_object_get(entry,
                                                        "expect_status"))
                   : 401, id.p);
    }

    if (err == CX_OK && json_object_get(entry, "expect_body") != NULL) {
        tap_ok(in.kind == CX_RECEIVED_CHALLENGE, "it is a handshake");
        tap_is_str(in.challenge, text(entry, "expect_body"), "echoed");
    }

    cx_mac_free(acct.secrets[0]);
}


static void
vectors(cx_arena *a)
{
    size_t   i;
    cx_str   file = file_read(a, "t/cases/vectors/rbm.json");
    json_t  *list = json_loadb(file.p, file.len, 0, NULL), *entry;

    tap_is_int((int64_t) json_array_size(list), 7, "vectors");

    json_array_foreach(list, i, entry) {
        vector(entry, a);
    }

    json_decref(list);
}


/* --- cases --------------------------------------------------------------- */

/* RCS signs the data inside its envelope, Business Messages the body. */
static cx_err
deliver(const char *suite, cx_str data, cx_arena *a, cx_received *in)
{
    cx_err       err;
    cx_str       body = data;
    uint8_t      mac[CX_MAC_MAX];
    cx_account   acct = account(CX_STR(SECRET));
    cx_header    header = { CX_STR("X-Goog-Signature"), CX_NOSTR };
    cx_arena    *own = cx_arena_new(ARENA_MAX);

    *in = (cx_received) { .kind = CX_RECEIVED_EVENTS };

    if (strcmp(suite, "rcs") == 0) {
        body = cx_printf(own, "{\"message\":{\"attributes\":{},\"data\":"
                         "\"%.*s\"},\"subscription\":\"s\"}",
                         CX_ARG(cx_base64_encode(own, CX_BASE64_STD, data)));
    }

    if (!cx_mac_run(acct.secrets[0], data, mac)) {
        abort();
    }

    header.value = cx_base64_encode(own, CX_BASE64_STD,
                                    (cx_str) { 64, (const char *) mac });

    const cx_http_req  req = {
        .method = CX_STR("POST"),
        .headers = &header,
        .nheaders = 1,
        .body = cx_dup(a, body),
    };

    err = cx_arena_failed(a) ? CX_NOMEM
          : cx_receive(cx_channel_find(cx_strz(suite)), &acct, &req,
                       CX_STR(EVENT), a, in);

    cx_mac_free(acct.secrets[0]);
    cx_arena_free(own);
    return err;
}


static void
one_case(const char *suite, const char *name)
{
    bool         good = true;
    cx_err       err = CX_NOMEM;
    cx_buf       b;
    cx_str       data;
    cx_arena    *a = cx_arena_new(ARENA_MAX), *small = cx_arena_new(ARENA_MAX);
    cx_received  in;

    data = cx_str_trim(case_file(a, suite, name, "in.json"));
    cx_buf_init(&b, a, 1024, ARENA_MAX);

    err = deliver(suite, data, a, &in);

    for (size_t i = 0; i < in.msgs.n; i++) {
        cx_msg_encode(&in.msgs.items[i], &b);
        cx_buf_byte(&b, '\n');
    }

    if (err != CX_OK) {
        cx_buf_printf(&b, "{\"error\":\"%s\"}\n", cx_err_word(err));
    }

    tap_is_str(cx_buf_str(&b), case_file(a, suite, name, "out.jsonl"), name);

    for (size_t limit = 0; err == CX_OK && limit < 8192; limit++) {
        cx_arena_reset(small);
        cx_arena_limit(small, limit);
        const cx_err  cut = deliver(suite, data, small, &in);

        good = good && (cut == CX_OK || (cut == CX_NOMEM && in.msgs.n == 0));
    }

    tap_ok(good, "%s: whole or out of memory", name);
    cx_arena_free(a);
    cx_arena_free(small);
}


/* --- our messages' UUIDs ------------------------------------------------- */

static void
uuids(cx_arena *a)
{
    bool     good = true;
    cx_str   uuid = cx_rcs_uuid(a, INT64_C(0x0123456789abcdef));
    int64_t  id = 0;

    tap_is_str(uuid, CX_STR("01234567-89ab-8cde-8f63-6f6e6e657874"),
               "version 8, variant 10, our mark");
    tap_ok(cx_rcs_uuid_parse(uuid, &id)
           && id == INT64_C(0x0123456789abcdef), "and back");

    for (int64_t n = 1; n > 0 && n < INT64_MAX / 3; n = n * 3 + 1) {
        good = good && cx_rcs_uuid_parse(cx_rcs_uuid(a, n), &id) && id == n;
    }

    tap_ok(good, "any id");
    tap_ok(!cx_rcs_uuid_parse(CX_STR("01234567-89ab-4cde-8f63-6f6e6e657874"),
                              &id), "another version is not ours");
    tap_ok(!cx_rcs_uuid_parse(CX_STR("01234567-89ab-8cde-8f63-6f6e6e657875"),
                              &id), "nor without our mark");
    tap_ok(!cx_rcs_uuid_parse(CX_STR("0123456789-ab-8cde-8f63-6f6e6e657874"),
                              &id), "nor with its lines elsewhere");
}


/* --- the login ----------------------------------------------------------- */

static cx_str
pem_of(EVP_PKEY *key, bool private, cx_arena *a)
{
    BIO   *bio = BIO_new(BIO_s_mem());
    char  *p;
    long   n;
    cx_str pem;

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


static void
jwt_of(cx_str body, EVP_PKEY *key, cx_arena *a)
{
    cx_str         rest, part[3], sig, claims;
    cx_pubkey     *pub = cx_pubkey_new(pem_of(key, false, a));
    const size_t   at = cx_str_find(body, CX_STR("&assertion="));

    tap_ok(cx_str_starts(body, CX_STR("grant_type=urn%3Aietf%3Aparams%3Aoauth"
                                      "%3Agrant-type%3Ajwt-bearer&")),
           "the grant type");

    rest = cx_str_sub(body, at + 11, body.len);

    for (size_t i = 0; i < 3; i++) {
        tap_ok(cx_str_split(&rest, '.', &part[i]), "part %zu", i + 1);
    }

    tap_ok(cx_base64_decode(a, CX_BASE64_URL, part[2], &sig) == CX_OK
           && cx_pubkey_verify(pub, CX_SIGN_SHA256,
                               cx_printf(a, "%.*s.%.*s", CX_ARG(part[0]),
                                         CX_ARG(part[1])), sig),
           "signed with the account's key");
    tap_ok(cx_base64_decode(a, CX_BASE64_URL, part[1], &claims) == CX_OK,
           "claims");
    tap_is_str(claims, CX_STR(
               "{\"iss\":\"bot@project.iam.example\",\"scope\":"
               "\"https://www.googleapis.com/auth/rcsbusinessmessaging\","
               "\"aud\":\"https://oauth2.googleapis.com/token\","
               "\"iat\":1767225600,\"exp\":1767229200}"), "who, what, when");
    cx_pubkey_free(pub);
}


static void
login(cx_arena *a)
{
    cx_buf       b;
    cx_login     l;
    EVP_PKEY    *key = EVP_RSA_gen(2048);
    cx_http_req  req;
    cx_sender    from = { .account = CX_STR("agent"),
                          .now_ms = 1767225600000 };

    cx_json_writer  w;

    cx_buf_init(&b, a, 4096, 1 << 16);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    cx_json_name(&w, CX_STR("type"));
    cx_json_put_str(&w, CX_STR("service_account"));
    cx_json_name(&w, CX_STR("client_email"));
    cx_json_put_str(&w, CX_STR("bot@project.iam.example"));
    cx_json_name(&w, CX_STR("private_key"));
    cx_json_put_str(&w, pem_of(key, true, a));
    cx_json_end(&w, '}');
    from.token = cx_buf_str(&b);

    tap_is_int(cx_rcs_login(&from, a, &req), CX_OK, "a login");
    tap_is_str(req.url, CX_STR("https://oauth2.googleapis.com/token"),
               "at Google's");
    jwt_of(req.body, key, a);
    EVP_PKEY_free(key);

    from.token = CX_STR("{\"client_email\":\"x\",\"private_key\":\"y\"}");
    tap_is_int(cx_rcs_login(&from, a, &req), CX_INVALID, "no key");
    from.token = CX_STR("secret");
    tap_is_int(cx_rcs_login(&from, a, &req), CX_INVALID, "no JSON");

    cx_http_res  res = { .status = 200, .body = CX_STR(
        "{\"access_token\":\"ya29.x\",\"expires_in\":3599,"
        "\"token_type\":\"Bearer\"}") };

    tap_is_int(cx_rcs_logged(&res, 1000, a, &l), CX_OK, "the answer");
    tap_is_str(l.token, CX_STR("ya29.x"), "its token");
    tap_is_int(l.expires_ms, 3600000, "its end");
    res.status = 400;
    tap_is_int(cx_rcs_logged(&res, 0, a, &l), CX_INVALID, "refused");
    res.status = 503;
    tap_is_int(cx_rcs_logged(&res, 0, a, &l), CX_IO, "later");
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(ARENA_MAX);

    vectors(a);
    tap_ok(folder_each("rcs", one_case) >= 14, "cases were found");
    tap_ok(folder_each("google_business", one_case) >= 4, "and of the old");
    uuids(a);
    login(a);
    cx_arena_free(a);

    return tap_done();
}
