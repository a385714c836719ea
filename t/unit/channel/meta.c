/* Signature and challenge, attacked: rows S01 to S55 that concern Meta. */

#include "channel/meta.h"

#include "unit/channel/signed.h"
#include "unit/tap.h"


#define BODY                                                                 \
    "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\","    \
    "\"changes\":[{\"value\":{\"metadata\":{\"phone_number_id\":\"1\"},"     \
    "\"messages\":[{\"from\":\"2\",\"id\":\"3\",\"type\":\"text\",\"text\":" \
    "{\"body\":\"caf\\u00e9 \\/ \\ud83d\\ude00\"}}]},\"field\":"             \
    "\"messages\"}]}]}"

static cx_arena  *arena;


static cx_err
verify(const cx_account *acct, cx_str body, const cx_header *h, size_t n)
{
    cx_proven          proven;
    const cx_http_req  req = { .method = CX_STR("POST"), .headers = h,
                               .nheaders = n, .body = body };

    return cx_meta_verify(acct, &req, arena, &proven);
}


static cx_err
verify_text(const cx_account *acct, cx_str value)
{
    const cx_header  h = { CX_STR("X-Hub-Signature-256"), value };

    return verify(acct, CX_STR(BODY), &h, 1);
}


/* Every bit of the body, every other value of every digit of the header. */
static void
mutations(const cx_account *acct)
{
    char         text[80], body[sizeof(BODY)];
    size_t       accepted = 0, tried = 0;
    cx_header    header;
    cx_http_req  req = signed_post(acct, CX_STR(BODY), text, &header);

    memcpy(body, BODY, sizeof(BODY));
    req.body.p = body;

    tap_is_int(verify(acct, req.body, &header, 1), CX_OK, "as signed");

    for (size_t i = 0; i < req.body.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            body[i] ^= (char) (1 << bit);
            accepted += verify(acct, req.body, &header, 1) == CX_OK;
            body[i] ^= (char) (1 << bit);
            tried++;
        }
    }

    tap_is_int((int64_t) accepted, 0, "no body with a bit changed");
    tap_is_int((int64_t) tried, 8 * (sizeof(BODY) - 1), "all were tried");

    for (size_t i = 7; i < header.value.len; i++) {
        const char  was = text[i];

        for (const char *d = "0123456789abcdef"; *d != 0; d++) {
            text[i] = *d;
            accepted += *d != was && verify(acct, req.body, &header, 1)
                                     == CX_OK;
        }

        text[i] = was;
    }

    tap_is_int((int64_t) accepted, 0, "no header with a digit changed");

    for (size_t len = 0; len < req.body.len; len++) {
        accepted += verify(acct, cx_str_sub(req.body, 0, len), &header, 1)
                    == CX_OK;
    }

    tap_is_int((int64_t) accepted, 0, "no body cut short");
    tap_is_int(verify(acct, req.body, &header, 1), CX_OK, "still as signed");
}


static void
headers(const cx_account *acct)
{
    char         text[80], changed[96];
    cx_header    two[2];
    const cx_str  good = { 71, text };

    (void) signed_post(acct, CX_STR(BODY), text, &two[0]);
    two[1] = two[0];

    tap_is_int(verify(acct, CX_STR(BODY), NULL, 0), CX_NO_SIGNATURE,
               "no header");
    tap_is_int(verify_text(acct, CX_STR("")), CX_NO_SIGNATURE, "empty");
    tap_is_int(verify_text(acct, CX_STR("sha256=")), CX_BAD_SIGNATURE,
               "prefix alone");
    tap_is_int(verify_text(acct, cx_str_sub(good, 7, 64)), CX_BAD_SIGNATURE,
               "digest without prefix");
    tap_is_int(verify_text(acct, cx_str_sub(good, 0, 70)), CX_BAD_SIGNATURE,
               "63 digits");
    tap_is_int(verify_text(acct, cx_str_sub(good, 0, 39)), CX_BAD_SIGNATURE,
               "32 digits");

    memcpy(changed, text, 71);
    changed[71] = '0';
    tap_is_int(verify_text(acct, (cx_str) { 72, changed }), CX_BAD_SIGNATURE,
               "65 digits");
    changed[71] = ' ';
    tap_is_int(verify_text(acct, (cx_str) { 72, changed }), CX_BAD_SIGNATURE,
               "a space behind");
    memcpy(changed, "SHA256=", 7);
    tap_is_int(verify_text(acct, (cx_str) { 71, changed }), CX_BAD_SIGNATURE,
               "upper case prefix");
    memcpy(changed, "sha512=", 7);
    tap_is_int(verify_text(acct, (cx_str) { 71, changed }), CX_BAD_SIGNATURE,
               "another algorithm");
    memcpy(changed, "sha256=", 7);
    changed[30] = 'g';
    tap_is_int(verify_text(acct, (cx_str) { 71, changed }), CX_BAD_SIGNATURE,
               "no hex digit");

    memcpy(changed, text, 71);
    for (size_t i = 7; i < 71; i++) {
        changed[i] = (char) (changed[i] >= 'a' ? changed[i] - 32
                                               : changed[i]);
    }

    tap_is_int(verify_text(acct, (cx_str) { 71, changed }), CX_OK,
               "upper case digits are the same number");

    tap_is_int(verify(acct, CX_STR(BODY), two, 2), CX_DUP_SIGNATURE,
               "the good header twice");
    two[0].value = CX_STR("sha256=00");
    tap_is_int(verify(acct, CX_STR(BODY), two, 2), CX_DUP_SIGNATURE,
               "bad, then good");
    two[0].name = CX_STR("X-Hub-Signature");
    tap_is_int(verify(acct, CX_STR(BODY), two, 2), CX_OK,
               "the old header beside it is not looked at");
    tap_is_int(verify(acct, CX_STR(BODY), two, 1), CX_NO_SIGNATURE,
               "nor taken instead");
}


static void
secrets(void)
{
    char         text[80];
    cx_header    header;
    cx_proven    proven;
    cx_account   acct = signed_account();
    cx_http_req  req = signed_post(&acct, CX_STR(BODY), text, &header);

    acct.secrets[1] = acct.secrets[0];
    acct.secrets[0] = cx_mac_new(CX_MAC_SHA256,
                                 CX_STR("a-new-secret-after-rotation"));
    acct.nsecrets = 2;

    tap_is_int(cx_meta_verify(&acct, &req, arena, &proven), CX_OK,
               "the previous secret still counts");
    tap_is_int(proven.secret, 1, "and is named");

    acct.nsecrets = 1;
    tap_is_int(cx_meta_verify(&acct, &req, arena, &proven), CX_BAD_SIGNATURE,
               "without it no more");

    acct.nsecrets = 0;
    tap_is_int(cx_meta_verify(&acct, &req, arena, &proven), CX_NO_SECRET,
               "without any secret nothing is accepted");

    acct.nsecrets = 2;
    signed_account_free(&acct);

    tap_ok(cx_mac_new(CX_MAC_SHA256, CX_STR("")) == NULL,
           "an empty secret makes no key");
}


static cx_err
ask(const char *token, const char *query, cx_str *answer)
{
    const cx_account   acct = { .verify_token = cx_strz(token) };
    const cx_http_req  req = { .method = CX_STR("GET"),
                               .query = cx_strz(query) };

    *answer = CX_NOSTR;
    return cx_meta_handshake(&acct, &req, arena, answer);
}


static const struct {
    cx_err       want;
    const char  *token;
    const char  *query;
    const char  *what;
} cases[] = {
    { CX_OK, "t", "hub.mode=subscribe&hub.challenge=1158201444"
      "&hub.verify_token=t", "good" },
    { CX_OK, "t", "hub.verify_token=t&hub.challenge=aZ_.%2B-9"
      "&hub.mode=subscribe&x=1", "any order, other parameters" },
    { CX_BAD_TOKEN, "t", "", "no query" },
    { CX_BAD_TOKEN, "t", "hub.mode=subscribe&hub.challenge=1",
      "no token" },
    { CX_BAD_TOKEN, "t", "hub.mode=subscribe&hub.challenge=1"
      "&hub.verify_token=", "an empty token" },
    { CX_BAD_TOKEN, "", "hub.mode=subscribe&hub.challenge=1"
      "&hub.verify_token=", "an empty token where none is set" },
    { CX_BAD_TOKEN, "tt", "hub.mode=subscribe&hub.challenge=1"
      "&hub.verify_token=t", "a part of the token" },
    { CX_BAD_TOKEN, "t", "hub.mode=subscribe&hub.challenge=1"
      "&hub.verify_token=T", "another case" },
    { CX_BAD_TOKEN, "t", "hub.mode=unsubscribe&hub.challenge=1"
      "&hub.verify_token=t", "another mode" },
    { CX_BAD_TOKEN, "t", "hub.challenge=1&hub.verify_token=t",
      "no mode" },
    { CX_BAD_CHALLENGE, "t", "hub.mode=subscribe&hub.verify_token=t",
      "no challenge" },
    { CX_BAD_CHALLENGE, "t", "hub.mode=subscribe&hub.verify_token=t"
      "&hub.challenge=", "an empty challenge" },
    { CX_BAD_CHALLENGE, "t", "hub.mode=subscribe&hub.verify_token=t"
      "&hub.challenge=%3Cscript%3E", "markup" },
    { CX_BAD_CHALLENGE, "t", "hub.mode=subscribe&hub.verify_token=t"
      "&hub.challenge=1%0d%0a2", "line ends" },
    { CX_BAD_CHALLENGE, "t", "hub.mode=subscribe&hub.verify_token=t"
      "&hub.challenge=1%00", "a NUL" },
    { CX_BAD_CHALLENGE, "t", "hub.mode=subscribe&hub.verify_token=t"
      "&hub.challenge=1%2", "a cut escape" },
    { CX_BAD_CHALLENGE, "t", "hub.mode=subscribe&hub.verify_token=t"
      "&hub.challenge=1&hub.challenge=1", "the challenge twice" },
    { CX_BAD_CHALLENGE, "t", "hub.mode=subscribe&hub.verify_token=t"
      "&hub.verify_token=t&hub.challenge=1", "the token twice" },
    { CX_BAD_CHALLENGE, "t", "hub.mode=subscribe&hub.mode=subscribe"
      "&hub.verify_token=t&hub.challenge=1", "the mode twice" },
};


static void
challenges(void)
{
    char    query[400];
    cx_err  err;
    cx_str  answer;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        err = ask(cases[i].token, cases[i].query, &answer);
        tap_ok(err == cases[i].want && (answer.p != NULL) == (err == CX_OK),
               "challenge: %s", cases[i].what);
    }

    for (int n = 256; n <= 257; n++) {
        snprintf(query, sizeof(query), "hub.mode=subscribe&hub.verify_token=t"
                 "&hub.challenge=%0*d", n, 7);
        tap_is_int(ask("t", query, &answer),
                   n == 256 ? CX_OK : CX_BAD_CHALLENGE, "length at the limit");
    }
}


int
main(void)
{
    cx_account  acct = signed_account();

    arena = cx_arena_new(1 << 20);

    mutations(&acct);
    headers(&acct);
    secrets();
    challenges();

    signed_account_free(&acct);
    cx_arena_free(arena);

    return tap_done();
}
