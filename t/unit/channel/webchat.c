/*
 * The website chat: t/cases/webchat (out.jsonl is empty when nothing comes of
 * it, "invalid" when it is refused), and who gets which session.
 */

#include "channel/webchat.h"

#include "core/base64.h"

#include "unit/folder.h"
#include "unit/tap.h"

#include <jansson.h>


#define ARENA_MAX  (1 << 20)
#define EVENT      "ev_01KDTESTTESTTESTTESTTESTTE"
#define NOW        1767225600

/* {"alg":"HS256"} {"sub":"u1","exp":1767229200} and the same of u2, signed
 * by what the test makes. */
#define HEAD       "eyJhbGciOiJIUzI1NiJ9."
#define USER_1     HEAD "eyJzdWIiOiJ1MSIsImV4cCI6MTc2NzIyOTIwMH0"
#define USER_2     HEAD "eyJzdWIiOiJ1MiIsImV4cCI6MTc2NzIyOTIwMH0"
/* {"sub":"u3","exp":1767229200,"locale":"pt-PT"} */
#define USER_3     HEAD "eyJzdWIiOiJ1MyIsImV4cCI6MTc2NzIyOTIwMCwibG9jYWxlI" \
                        "joicHQtUFQifQ"

static cx_arena       *a;
static cx_account      acct;
static const uint8_t   noise[CX_WEBCHAT_RANDOM] = { 1, 2, 3 };


static cx_str
proof(const char *text)
{
    uint8_t  mac[CX_MAC_MAX];
    cx_str   signature;

    if (!cx_mac_run(acct.identity[0], cx_strz(text), mac)) {
        abort();
    }

    signature = cx_base64_encode(a, CX_BASE64_URL,
                                 (cx_str) { 32, (const char *) mac });
    return cx_printf(a, "%s.%.*s", text, CX_ARG(signature));
}


/* --- cases --------------------------------------------------------------- */

static cx_err
deliver(cx_str body, cx_received *in)
{
    const cx_session   who = { .channel = acct.name, .peer = CX_STR("u:7"),
                               .name = CX_STR("Ana"),
                               .email = CX_STR("a@example.com"),
                               .locale = CX_STR("de-AT"),
                               .scope = CX_STR("chat"), .issued_s = NOW,
                               .expires_s = NOW + 60 };
    const cx_header    header = {
        CX_STR("Authorization"),
        cx_concat(a, CX_STR("Bearer "),
                  cx_session_issue(acct.secrets[0], &who, a)),
    };
    const cx_http_req  req = {
        .method = CX_STR("POST"), .headers = &header, .nheaders = 1,
        .body = body,
    };

    return cx_receive(cx_channel_find(CX_STR("webchat")), &acct, &req,
                      CX_STR(EVENT), a, in);
}


static void
one_case(const char *suite, const char *name)
{
    cx_buf       out;
    cx_err       err;
    cx_str       expected;
    cx_received  in;

    expected = case_file(a, suite, name, "out.jsonl");
    err = deliver(case_file(a, suite, name, "in.json"), &in);
    cx_buf_init(&out, a, 1024, ARENA_MAX);

    for (size_t i = 0; err == CX_OK && i < in.msgs.n; i++) {
        cx_msg_encode(&in.msgs.items[i], &out);
        cx_buf_byte(&out, '\n');
    }

    if (err != CX_OK) {
        cx_buf_printf(&out, "%s\n", cx_err_word(err));
    }

    tap_ok(cx_str_eq(cx_buf_str(&out), expected), "%s", name);

    if (!cx_str_eq(cx_buf_str(&out), expected)) {
        printf("# %.*s", CX_ARG(cx_buf_str(&out)));
    }

    cx_arena_reset(a);
}


/* --- sessions ------------------------------------------------------------ */

/* The error's word, or session, life and whether the user is known. */
static const char *
session(cx_str token, cx_str identity, cx_str *got)
{
    cx_err       err;
    cx_str       json;
    json_t      *doc;
    const char  *text;

    err = cx_webchat_session(&acct,
                             cx_printf(a, "{\"token\":\"%.*s\","
                                       "\"identity\":\"%.*s\"}",
                                       CX_ARG(token), CX_ARG(identity)),
                             noise, a, &json);
    if (err != CX_OK) {
        return cx_err_word(err);
    }

    doc = json_loadb(json.p, json.len, 0, NULL);
    *got = cx_dup(a, cx_strz(json_string_value(json_object_get(doc,
                                                               "token"))));
    text = cx_dupz(a, cx_printf(a, "%s %lld %d",
               json_string_value(json_object_get(doc, "session")),
               (long long) json_integer_value(json_object_get(doc,
                                                          "expires_in")),
               json_is_true(json_object_get(doc, "identified"))));
    json_decref(doc);
    return text;
}


static void
says(const char *got, const char *expected, const char *name)
{
    tap_is_str(cx_strz(got), cx_strz(expected), name);
}


static void
sessions(void)
{
    cx_str      anonymous, known, more, json;
    cx_session  s;

    const cx_str  one = proof(USER_1), two = proof(USER_2);

#define FRESH  "01020300000000000000000000000000 2592000 0"
    says(session(CX_NOSTR, CX_NOSTR, &anonymous), FRESH, "somebody new");
    acct.now_ms += 3600 * 1000;
    says(session(anonymous, CX_NOSTR, &more), FRESH, "a token is renewed");
    acct.now_ms -= 3600 * 1000;
    says(session(CX_STR("v1.x.y"), CX_NOSTR, &more), FRESH,
         "a bad one is nobody's");
    says(session(anonymous, one, &known), "u:u1 86400 1", "a proven user");
    says(session(known, one, &more), "u:u1 86400 1", "who proves it again");
    says(session(known, two, &more), "conflict", "is not another one");
    says(session(CX_NOSTR, CX_STR("a.b.c"), &more), "bad_signature",
         "no proof");

    acct.now_ms += 80000 * 1000;
    says(session(known, CX_NOSTR, &more), "u:u1 6400 1",
         "without a new proof not for longer");
    acct.now_ms += 6400 * 1000;
    says(session(known, CX_NOSTR, &more), FRESH, "then it is over");
    acct.now_ms = (int64_t) NOW * 1000;

    tap_ok(cx_webchat_ticket(&acct, cx_concat(a, CX_STR("Bearer "), known),
                             noise, a, &json) == CX_OK, "a ticket");
    tap_is_int(cx_webchat_ticket(&acct, known, noise, a, &json),
               CX_NO_SIGNATURE, "not without Bearer");
    tap_is_int(cx_webchat_listener(&acct, CX_NOSTR, known, a, &s),
               CX_BAD_SIGNATURE, "a token is no ticket");
}


/* What the site says of a user goes along with every message. */
static void
locale(void)
{
    cx_str             token = CX_NOSTR;
    cx_received        in = { .kind = CX_RECEIVED_EVENTS };
    cx_header          header = { .name = CX_STR("Authorization") };
    const cx_http_req  req = {
        .method = CX_STR("POST"), .headers = &header, .nheaders = 1,
        .body = CX_STR("{\"id\":\"c-1\",\"text\":\"Bom dia\"}"),
    };

    says(session(CX_NOSTR, proof(USER_3), &token), "u:u3 86400 1",
         "a user with a language");
    says(session(token, CX_NOSTR, &token), "u:u3 86400 1", "... renewed");
    header.value = cx_concat(a, CX_STR("Bearer "), token);
    tap_is_int(cx_receive(cx_channel_find(CX_STR("webchat")), &acct, &req,
                          CX_STR(EVENT), a, &in), CX_OK, "... who writes");
    tap_is_str(in.msgs.n == 1 ? in.msgs.items[0].extra : CX_NOSTR,
               CX_STR("{\"locale\":\"pt-PT\"}"), "... in that language");
}


/* --- out ----------------------------------------------------------------- */

/* Redis looks for an event only when it may be there already. */
static void
repeats(void)
{
    static const struct {
        const char  *intent;
        const char  *repeat;
    } rows[] = {
        { "cx1.ms_0D3ABCDEFGHJK.1", "" },
        { "cx1.ms_0D3ABCDEFGHJK.2", "yes" },
    };
    const cx_channel  *ch = cx_channel_sender(CX_STR("webchat"));
    const cx_sender    from = { .account = CX_STR("site") };
    cx_http_req        req;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const cx_out  out = { .kind = CX_OUT_TEXT, .to = CX_STR("u:7"),
                              .text = CX_STR("Hello"),
                              .intent = cx_strz(rows[i].intent) };

        tap_is_int(ch->build(&from, &out, a, &req), CX_OK, rows[i].intent);
        tap_is_str(cx_http_header(req.headers, req.nheaders,
                                  CX_STR("repeat"), NULL),
                   cx_strz(rows[i].repeat), "a repeat, or none");
    }
}


int
main(void)
{
    a = cx_arena_new(ARENA_MAX);
    acct = (cx_account) {
        .name = CX_STR("site"),
        .secrets = { cx_mac_new(CX_MAC_SHA256, CX_STR("0123456789abcdef")) },
        .nsecrets = 1,
        .identity = { cx_mac_new(CX_MAC_SHA256, CX_STR("abcdef0123456789")) },
        .nidentity = 1,
        .now_ms = (int64_t) NOW * 1000,
    };

    tap_ok(folder_each("webchat", one_case) >= 12, "cases were found");
    sessions();
    locale();
    repeats();

    cx_mac_free(acct.secrets[0]);
    cx_mac_free(acct.identity[0]);
    cx_arena_free(a);
    return tap_done();
}
