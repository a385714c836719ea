#include "core/jwt.h"
#include "core/push.h"
#include "core/session.h"

#include "core/base64.h"

#include "unit/folder.h"
#include "unit/tap.h"

#include <jansson.h>


#define NOW  INT64_C(1767225600)

static cx_arena  *a;


static cx_str
text(const json_t *entry, const char *name)
{
    const json_t  *s = json_object_get(entry, name);

    return (cx_str) { json_string_length(s), json_string_value(s) };
}


/* --- session tokens ------------------------------------------------------ */

static cx_session
session(void)
{
    return (cx_session) {
        .channel = CX_STR("site"), .peer = CX_STR("00ff"),
        .name = CX_STR("Ana \"A\""), .scope = CX_STR("chat"),
        .issued_s = NOW, .expires_s = NOW + 60,
    };
}


static cx_err
check(cx_mac *mac, cx_str token, const char *channel, const char *scope,
    int64_t now)
{
    unsigned    secret;
    cx_session  s;

    return cx_session_check(&mac, 1, token, cx_strz(channel), cx_strz(scope),
                            now, a, &s, &secret);
}


static void
sessions(void)
{
    bool        good = true;
    cx_mac     *macs[2] = {
        cx_mac_new(CX_MAC_SHA256, CX_STR("new secret of this site")),
        cx_mac_new(CX_MAC_SHA256, CX_STR("old secret of this site")),
    };
    cx_str      token;
    char        bad[CX_SESSION_TOKEN_MAX];
    unsigned    secret = 7;
    cx_session  s = session(), back;

    token = cx_session_issue(macs[1], &s, a);
    tap_ok(cx_str_starts(token, CX_STR("v1.")) && token.len < 400, "%.*s",
           CX_ARG(token));
    tap_is_int(cx_session_check(macs, 2, token, CX_STR("site"),
                                CX_STR("chat"), NOW, a, &back, &secret),
               CX_OK, "the old secret still serves");
    tap_is_int(secret, 1, "and is told");
    tap_is_str(back.peer, s.peer, "whom it is of");
    tap_is_str(back.name, s.name, "and the name");
    tap_is_int(back.expires_s, s.expires_s, "until then");

    tap_is_int(check(macs[0], token, "site", "chat", NOW), CX_BAD_SIGNATURE,
               "another secret");
    tap_is_int(check(macs[1], token, "other", "chat", NOW), CX_BAD_SIGNATURE,
               "another channel");
    tap_is_int(check(macs[1], token, "site", "open", NOW), CX_BAD_SIGNATURE,
               "another scope");
    tap_is_int(check(macs[1], token, "site", "chat", NOW + 59), CX_OK,
               "its last second");
    tap_is_int(check(macs[1], token, "site", "chat", NOW + 60), CX_EXPIRED,
               "over");
    tap_is_int(check(macs[1], CX_NOSTR, "site", "chat", NOW),
               CX_NO_SIGNATURE, "none");
    tap_is_int(check(macs[1], CX_STR("v1."), "site", "chat", NOW),
               CX_BAD_SIGNATURE, "nothing in it");

    for (size_t i = 0; i < token.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            memcpy(bad, token.p, token.len);
            bad[i] = (char) (bad[i] ^ 1 << bit);
            good = good && check(macs[1], (cx_str) { token.len, bad },
                                 "site", "chat", NOW) != CX_OK;
        }

        good = good && check(macs[1], cx_str_sub(token, 0, i), "site",
                             "chat", NOW) != CX_OK;
    }

    tap_ok(good, "no bit may change, nothing be cut");

    tap_is_str(cx_bearer(CX_STR("Bearer abc")), CX_STR("abc"), "a bearer");
    tap_is_str(cx_bearer(CX_STR("bearer  abc")), CX_STR("abc"), "any case");
    tap_is_str(cx_bearer(CX_STR("Basic abc")), CX_NOSTR, "nothing else");

    cx_mac_free(macs[0]);
    cx_mac_free(macs[1]);
}


/* --- identities ---------------------------------------------------------- */

static void
vector(json_t *entry)
{
    bool       ok;
    cx_jwt     jwt;
    cx_mac    *mac = cx_mac_new(CX_MAC_SHA256, text(entry, "secret"));
    cx_str     id = text(entry, "id"), body = text(entry, "body");
    json_t    *doc = json_loadb(body.p, body.len, 0, NULL);

    if (cx_str_eq(text(entry, "scheme"), CX_STR("jwt_hs256"))) {
        ok = cx_jwt_check(&mac, 1,
                          cx_bearer(text(json_object_get(entry, "headers"),
                                         "Authorization")),
                          CX_STR("site"),
                          json_integer_value(json_object_get(entry, "now")),
                          a, &jwt) == CX_OK;

    } else {
        ok = cx_identity_hash_check(&mac, 1, text(doc, "identifier"),
                                    text(doc, "identifier_hash"));
    }

    tap_ok(ok == json_is_true(json_object_get(entry, "valid")), "%s", id.p);
    json_decref(doc);
    cx_mac_free(mac);
}


static void
vectors(void)
{
    size_t   i;
    cx_str   file = file_read(a, "t/cases/vectors/chat.json");
    json_t  *list = json_loadb(file.p, file.len, 0, NULL), *entry;

    tap_is_int((int64_t) json_array_size(list), 7, "vectors");

    json_array_foreach(list, i, entry) {
        vector(entry);
    }

    json_decref(list);
}


static cx_str
jwt_of(cx_mac *mac, const char *head, const char *body)
{
    uint8_t       tag[CX_MAC_MAX];
    const cx_str  text = cx_printf(a, "%.*s.%.*s",
        CX_ARG(cx_base64_encode(a, CX_BASE64_URL, cx_strz(head))),
        CX_ARG(cx_base64_encode(a, CX_BASE64_URL, cx_strz(body))));

    if (!cx_mac_run(mac, text, tag)) {
        abort();
    }

    return cx_printf(a, "%.*s.%.*s", CX_ARG(text),
                     CX_ARG(cx_base64_encode(a, CX_BASE64_URL,
                                (cx_str) { cx_mac_len(mac),
                                           (const char *) tag })));
}


#define HEAD  "{\"alg\":\"HS256\"}"


static const struct {
    const char  *head;
    const char  *body;
    cx_err       err;
} cases[] = {
    { HEAD, "{\"sub\":\"u1\",\"exp\":1767229200,\"email\":\"a@b\","
            "\"name\":\"Ana\",\"locale\":\"de\"}", CX_OK },
    { HEAD, "{\"sub\":\"u1\",\"exp\":1767229260}", CX_OK },
    { HEAD, "{\"sub\":\"u1\",\"exp\":1767229261}", CX_BAD_SIGNATURE },
    { HEAD, "{\"sub\":\"u1\",\"exp\":1767225600}", CX_EXPIRED },
    { HEAD, "{\"sub\":\"u1\"}", CX_BAD_SIGNATURE },
    { HEAD, "{\"exp\":1767229200}", CX_BAD_SIGNATURE },
    { HEAD, "{\"sub\":\"\",\"exp\":1767229200}", CX_BAD_SIGNATURE },
    { HEAD, "{\"sub\":7,\"exp\":1767229200}", CX_BAD_SIGNATURE },
    { HEAD, "{\"sub\":\"a\\nb\",\"exp\":1767229200}", CX_BAD_SIGNATURE },
    { HEAD, "{\"sub\":\"u1\",\"exp\":1767229200,\"nbf\":1767225661}",
      CX_BAD_SIGNATURE },
    { HEAD, "{\"sub\":\"u1\",\"exp\":1767229200,\"nbf\":1767225660}",
      CX_OK },
    { HEAD, "{\"sub\":\"u1\",\"exp\":1767229200,\"aud\":\"site\"}",
      CX_OK },
    { HEAD, "{\"sub\":\"u1\",\"exp\":1767229200,\"aud\":[\"x\","
            "\"site\"]}", CX_OK },
    { HEAD, "{\"sub\":\"u1\",\"exp\":1767229200,\"aud\":\"shop\"}",
      CX_BAD_SIGNATURE },
    { HEAD, "{\"sub\":\"u1\",\"exp\":1767229200,\"aud\":[]}",
      CX_BAD_SIGNATURE },
    { HEAD, "[]", CX_BAD_SIGNATURE },
    { HEAD, "", CX_BAD_SIGNATURE },
    { "{\"alg\":\"none\"}", "{\"sub\":\"u1\",\"exp\":1767229200}",
      CX_BAD_SIGNATURE },
    { "{\"alg\":\"hs256\"}", "{\"sub\":\"u1\",\"exp\":1767229200}",
      CX_BAD_SIGNATURE },
    { "{\"alg\":\"HS512\"}", "{\"sub\":\"u1\",\"exp\":1767229200}",
      CX_BAD_SIGNATURE },
    { "{\"typ\":\"JWT\"}", "{\"sub\":\"u1\",\"exp\":1767229200}",
      CX_BAD_SIGNATURE },
    { "{\"alg\":\"HS256\",\"crit\":[\"x\"]}",
      "{\"sub\":\"u1\",\"exp\":1767229200}", CX_BAD_SIGNATURE },
};


static void
jwts(void)
{
    bool     good = true;
    char     bad[CX_JWT_MAX];
    cx_mac  *mac = cx_mac_new(CX_MAC_SHA256, CX_STR("identity secret"));
    cx_mac  *mac512 = cx_mac_new(CX_MAC_SHA512, CX_STR("identity secret"));
    cx_jwt   jwt;
    cx_str   token;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tap_is_int(cx_jwt_check(&mac, 1, jwt_of(mac, cases[i].head,
                                                cases[i].body),
                                CX_STR("site"), NOW, a, &jwt),
                   cases[i].err, cases[i].body);
    }

    token = jwt_of(mac, HEAD, cases[0].body);
    tap_ok(cx_jwt_check(&mac, 1, token, CX_STR("site"), NOW, a, &jwt)
           == CX_OK && cx_str_eq(jwt.sub, CX_STR("u1"))
           && cx_str_eq(jwt.email, CX_STR("a@b"))
           && cx_str_eq(jwt.name, CX_STR("Ana"))
           && cx_str_eq(jwt.locale, CX_STR("de")), "what it says");
    tap_is_int(cx_jwt_check(&mac, 1, jwt_of(mac512, HEAD, cases[0].body),
                            CX_STR("site"), NOW, a, &jwt), CX_BAD_SIGNATURE,
               "a MAC of another kind");
    tap_is_int(cx_jwt_check(&mac, 1, cx_concat(a, token, CX_STR(".")),
                            CX_STR("site"), NOW, a, &jwt), CX_BAD_SIGNATURE,
               "a part too many");

    for (size_t i = 0; i < token.len; i++) {
        memcpy(bad, token.p, token.len);
        bad[i] ^= 1;
        good = good && cx_jwt_check(&mac, 1, (cx_str) { token.len, bad },
                                    CX_STR("site"), NOW, a, &jwt) != CX_OK
               && cx_jwt_check(&mac, 1, cx_str_sub(token, 0, i),
                               CX_STR("site"), NOW, a, &jwt) != CX_OK;
    }

    tap_ok(good, "nothing may change or be cut");
    cx_mac_free(mac);
    cx_mac_free(mac512);
}


/* --- names of what is pushed --------------------------------------------- */

static void
names(void)
{
    char    tag[CX_PUSH_TAG_LEN], other[CX_PUSH_TAG_LEN];
    char    buf[CX_PUSH_KEY_MAX];
    cx_str  t = { sizeof(tag), tag };
    size_t  len;

    tap_ok(cx_push_tag(CX_STR("site"), CX_STR("p}1"), tag)
           && cx_push_tag(CX_STR("site2"), CX_STR("p}1"), other)
           && memcmp(tag, other, sizeof(tag)) != 0, "a tag for each");
    tap_ok(cx_push_tag(CX_STR("sit"), CX_STR("ep}1"), other)
           && memcmp(tag, other, sizeof(tag)) != 0, "no two alike");

    len = cx_push_stream(buf, CX_STR("cx"), t);
    tap_is_str((cx_str) { len, buf },
               cx_printf(a, "cx:{%.*s}:push", CX_ARG(t)), "the stream");
    len = cx_push_channel(buf, CX_STR("cx"), t);
    tap_is_str((cx_str) { len, buf },
               cx_printf(a, "cx:push:%.*s", CX_ARG(t)), "the channel");
}


int
main(void)
{
    a = cx_arena_new(16 << 20);

    sessions();
    vectors();
    jwts();
    names();

    cx_arena_free(a);
    return tap_done();
}
