/*
 * One adapter, CX_FUZZ_TYPE.  Any body, as if it had been signed: it is
 * refused or read, and what is read encodes and decodes back to itself.  The
 * same bytes are a delivery nobody signed, a provider's answer to a send and
 * to a login.
 */

#include "channel/channel.h"

#include <stdlib.h>
#include <string.h>


#define ARENA_MAX  (64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);


static void
check(bool ok)
{
    if (!ok) {
        abort();
    }
}


static void
check_message(const cx_msg *m, cx_arena *a)
{
    cx_buf  b;
    cx_msg  back;

    check(m->kind.len > 0 && m->content.len > 0 && m->account.len > 0);
    check(m->id.len > 0 && m->id.len <= CX_MSG_ID_MAX);
    check(m->text.len <= CX_MSG_TEXT_MAX);
    check(m->ts_ms >= 0);

    cx_buf_init(&b, a, 1024, ARENA_MAX);
    cx_msg_encode(m, &b);
    check(!b.failed);
    check(cx_msg_decode(cx_buf_str(&b), a, &back) == CX_OK);

#define STR(f)  check(cx_str_eq(m->f, back.f));
#define INT(f)  check(m->f == back.f);
    CX_MSG_FIELDS(STR, INT, STR)
#undef STR
#undef INT
}


static void
check_parse(const cx_channel *ch, cx_str body, cx_arena *a)
{
    cx_err            err;
    cx_received       in = { .kind = CX_RECEIVED_EVENTS };
    const cx_account  acct = { .name = CX_STR("name") };

    err = ch->parse(&acct, (cx_proven) { .bytes = body }, a, &in);
    check(err == CX_OK || err == CX_MALFORMED || err == CX_INVALID);

    for (size_t i = 0; err == CX_OK && i < in.msgs.n; i++) {
        in.msgs.items[i].channel = acct.name;
        in.msgs.items[i].type = cx_strz(ch->name);
        check_message(&in.msgs.items[i], a);
    }
}


/* Without a secret nothing is authentic, whatever it says. */
static void
check_unsigned(const cx_channel *ch, cx_str body, cx_arena *a)
{
    cx_received        in;
    const cx_account   acct = { .name = CX_STR("name") };
    const cx_http_req  req = { .method = CX_STR("POST"), .body = body };

    check(cx_receive(ch, &acct, &req, CX_STR("ev_"), a, &in) != CX_OK);
    check(in.msgs.n == 0);
}


/* A secret, and what looks like a signature with another one. */
static void
check_forged(const cx_channel *ch, cx_str body, cx_arena *a)
{
    static cx_mac     *mac;
    size_t             n = 0;
    cx_header          headers[8];
    cx_received        in;
    cx_account         acct = { .name = CX_STR("name"), .nsecrets = 1,
                                .public_url = CX_STR("https://h") };
    cx_http_req        req = { .method = CX_STR("POST"), .body = body,
                               .url = CX_STR("/a"), .headers = headers };

    if (ch->key != CX_KEY_MAC) {
        return;
    }

    mac = mac != NULL ? mac : cx_mac_new(ch->mac, CX_STR("secret"));
    acct.secrets[0] = mac;

    for (; ch->headers != NULL && ch->headers[n] != NULL && n < 8; n++) {
        headers[n] = (cx_header) {
            cx_strz(ch->headers[n]),
            n == 0 ? CX_STR("AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
                   : CX_STR("application/x-www-form-urlencoded"),
        };
    }

    req.nheaders = n;
    check(cx_receive(ch, &acct, &req, CX_STR("ev_"), a, &in) != CX_OK);
    check(in.msgs.n == 0);
}


/* A page of a list names only pages of the provider's. */
static void
check_listed(const cx_channel *ch, cx_str body, cx_arena *a)
{
    cx_msgs            msgs = { .n = 0 };
    cx_http_req        next;
    const cx_setting   set[] = {
        { CX_STR("account_sid"),
          CX_STR("AC22222222222222222222222222222222") },
    };
    const cx_sender    from = { .account = CX_STR("+15550783881"),
                                .token = CX_STR("secret"), .settings = set,
                                .nsettings = 1,
                                .base_url = CX_STR("https://h.example") };
    const cx_http_res  res = { .status = 200, .body = body };

    if (ch->listed(&from, &res, a, &msgs, &next) == CX_OK) {
        check(next.url.len == 0
              || cx_str_starts(next.url, CX_STR("https://h.example/")));

        for (size_t i = 0; i < msgs.n; i++) {
            msgs.items[i].channel = CX_STR("name");
            msgs.items[i].type = cx_strz(ch->name);
            check_message(&msgs.items[i], a);
        }
    }
}


static void
check_judge(const cx_channel *ch, cx_str body, cx_arena *a)
{
    cx_judgement  j;

    ch->judge(&(cx_http_res) { .status = 200, .body = body }, a, &j);
    check(j.verdict < CX_VERDICT_COUNT
          && j.provider_id.len <= CX_MSG_ID_MAX);
    /* Where typing is a request of its own, its answer names no message. */
    check(j.verdict != CX_VERDICT_ACCEPTED || ch->repeatable
          || ch->caps->typing || j.provider_id.len > 0);

    ch->judge(&(cx_http_res) { .status = 500, .body = body }, a, &j);
    check(j.verdict != CX_VERDICT_ACCEPTED);
}


/* Whatever an answer names, only the provider's own host gets the token. */
static void
check_fetched(const cx_channel *ch, cx_str body, cx_arena *a)
{
    cx_http_req        req;
    const cx_sender    from = { .account = CX_STR("1"),
                                .token = CX_STR("secret") };
    const cx_http_res  res = { .status = 200, .body = body };

    if (ch->fetched(&from, &res, a, &req) == CX_OK) {
        check(cx_str_starts(req.url, CX_STR("https://"))
              && cx_str_find_byte(req.url, '\n') == SIZE_MAX);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    cx_login           login;
    cx_arena          *a = cx_arena_new(ARENA_MAX);
    const cx_str       body = { len, (const char *) p };
    const cx_channel  *ch = cx_channel_find(CX_STR(CX_FUZZ_TYPE));

    check(ch != NULL);
    check_parse(ch, body, a);
    check_unsigned(ch, body, a);
    check_forged(ch, body, a);

    if (ch->judge != NULL) {
        check_judge(ch, body, a);
    }

    if (ch->fetched != NULL) {
        check_fetched(ch, body, a);
    }

    if (ch->listed != NULL) {
        check_listed(ch, body, a);
    }

    if (ch->logged != NULL) {
        (void) ch->logged(&(cx_http_res) { .status = 200, .body = body },
                          0, a, &login);
        (void) ch->login(&(cx_sender) { .token = body }, a,
                         &(cx_http_req) { .url = CX_NOSTR });
    }

    cx_arena_free(a);
    return 0;
}
