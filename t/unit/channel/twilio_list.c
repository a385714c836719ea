/* Twilio at the sender: accounts, settings, lists of messages, attachments.
 * What is sent and judged stands in t/cases/twilio-send and -judge. */

#include "channel/twilio.h"

#include "unit/tap.h"


#define ARENA_MAX  (1 << 20)
#define NOW_MS     1767225600123
#define AC         "AC22222222222222222222222222222222"


static void
accounts(void)
{
    static const struct {
        const char  *account;
        bool         good;
        bool         whatsapp;
    }  rows[] = {
        { "+15550783881", true, false }, { "55512", true, false },
        { "whatsapp:+15550783881", true, true },
        { "15550783881", false, false },
        { "whatsapp:15550783881", false, true },
        { "", false, false }, { "+", false, false }, { "+-123", false, false },
        { "+1234567890123456", false, false }, { "+1555 078", false, false },
        { "MG22222222222222222222222222222222", false, false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const cx_str   name = cx_strz(rows[i].account);
        const cx_caps *caps = cx_channel_caps(
                                  cx_channel_sender(CX_STR("twilio")), name);

        tap_ok(cx_twilio_check_account(name) == rows[i].good,
               "account \"%s\"", rows[i].account);
        tap_ok((caps->window_ms > 0) == rows[i].whatsapp,
               "its window");
    }
}


static void
settings(void)
{
    static const struct {
        const char  *name;
        const char  *value;
        bool         good;
    }  rows[] = {
        { "account_sid", AC, true }, { "account_sid", "AC1", false },
        { "account_sid", "SK22222222222222222222222222222222", false },
        { "api_key_sid", "SK22222222222222222222222222222222", true },
        { "messaging_service_sid", AC, false },
        { "public_url", "https://gw.example.com/hooks/tw", true },
        { "public_url", "gw.example.com", false },
        { "public_url", "https://x/a#b", false },
        { "templates", "", true },
        { "templates", "a=HX22222222222222222222222222222222 "
          "b.en=HX22222222222222222222222222222223", true },
        { "templates", "a=b", false },
        { "reconcile", "off", true }, { "reconcile", "300", true },
        { "reconcile", "0", false }, { "reconcile", "often", false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const cx_setting_def  *d = cx_twilio_settings;

        while (strcmp(d->name, rows[i].name) != 0) {
            d++;
        }

        tap_ok(d->check(cx_strz(rows[i].value)) == rows[i].good, "%s %s",
               rows[i].name, rows[i].value);
    }
}


static const cx_setting  with[] = {
    { CX_STR_INIT("account_sid"), CX_STR_INIT(AC) },
};

static const cx_sender  sender = {
    .account = CX_STR_INIT("+15550783881"), .token = CX_STR_INIT("t"),
    .settings = with, .nsettings = 1, .now_ms = NOW_MS,
};


static void
list(cx_arena *a)
{
    cx_msgs       msgs = { .n = 0 };
    cx_http_req   req, next;
    cx_http_res   res = { .status = 200, .body = CX_STR(
        "{\"messages\":["
        "{\"sid\":\"SM1\",\"from\":\"+1650\",\"to\":\"+15550783881\","
        "\"body\":\"Hi\",\"direction\":\"inbound\",\"num_media\":\"0\","
        "\"date_sent\":\"Thu, 01 Jan 2026 00:00:00 +0000\"},"
        "{\"sid\":\"SM2\",\"from\":\"+15550783881\",\"to\":\"+1650\","
        "\"body\":\"Hi\",\"direction\":\"outbound-api\"},"
        "{\"sid\":\"SM3\",\"from\":\"+1650\",\"to\":\"+1999\","
        "\"body\":\"Hi\",\"direction\":\"inbound\"},"
        "{\"sid\":\"MM4\",\"from\":\"+1650\",\"to\":\"+15550783881\","
        "\"body\":null,\"direction\":\"inbound\",\"num_media\":\"1\"}, 7],"
        "\"next_page_uri\":\"/2010-04-01/Accounts/" AC
        "/Messages.json?Page=1\"}") };

    tap_is_int(cx_twilio_list(&sender, 1767225600123, a, &req), CX_OK,
               "a list");
    tap_is_str(req.url, CX_STR("https://api.twilio.com/2010-04-01/Accounts/"
               AC "/Messages.json?To=%2B15550783881"
               "&DateSent%3E=2026-01-01T00%3A00%3A00Z&PageSize=100"), "");

    tap_is_int(cx_twilio_listed(&sender, &res, a, &msgs, &next), CX_OK,
               "a page");
    tap_is_int((int64_t) msgs.n, 2, "what came to us");
    tap_is_str(msgs.items[0].id, CX_STR("SM1"), "the first");
    tap_is_int(msgs.items[0].ts_ms, 1767225600000, "its time");
    tap_is_str(msgs.items[1].media_url, CX_STR(
               "https://api.twilio.com/2010-04-01/Accounts/" AC
               "/Messages/MM4/Media.json"), "where its attachments are");
    tap_is_str(next.url, CX_STR("https://api.twilio.com/2010-04-01/Accounts/"
               AC "/Messages.json?Page=1"), "the next page");

    res.body = CX_STR("{\"messages\":[],\"next_page_uri\":null}");
    tap_is_int(cx_twilio_listed(&sender, &res, a, &msgs, &next), CX_OK, "");
    tap_is_str(next.url, CX_NOSTR, "the last page");

    res.body = CX_STR("{\"messages\":[],\"next_page_uri\":"
                      "\"@evil.example/2010-04-01/\"}");
    tap_is_int(cx_twilio_listed(&sender, &res, a, &msgs, &next), CX_OK, "");
    tap_is_str(next.url, CX_NOSTR, "our login goes nowhere else");

    res.body = CX_STR("{\"messages\":[{\"sid\":");
    tap_is_int(cx_twilio_listed(&sender, &res, a, &msgs, &next),
               CX_MALFORMED, "a cut page");
    res.status = 429;
    tap_is_int(cx_twilio_listed(&sender, &res, a, &msgs, &next), CX_IO,
               "later");
    res.status = 401;
    tap_is_int(cx_twilio_listed(&sender, &res, a, &msgs, &next), CX_INVALID,
               "not with this login");
}


static void
attachments(cx_arena *a)
{
    cx_http_req         req;
    const cx_media_ref  api = { CX_NOSTR, CX_STR(
        "https://api.twilio.com/2010-04-01/Accounts/x/Media/ME1") };
    const cx_media_ref  far = { CX_NOSTR, CX_STR(
        "https://api.twilio.com.evil.example/x") };

    tap_is_int(cx_twilio_fetch(&sender, &api, a, &req), CX_OK, "fetch");
    tap_is_str(cx_http_header(req.headers, req.nheaders,
                              CX_STR("authorization"), NULL),
               CX_STR("Basic QUMyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyM"
                      "jp0"), "with our login");
    tap_is_int(cx_twilio_fetch(&sender, &far, a, &req), CX_OK, "elsewhere");
    tap_is_int((int64_t) req.nheaders, 0, "without it");
}


static void
asked(cx_arena *a)
{
    cx_http_req         req;
    const cx_media_ref  direct = { CX_NOSTR, CX_STR("https://x/Media/ME1") };
    const cx_media_ref  listed = { CX_NOSTR, CX_STR("https://x/Media.json") };
    cx_http_res         res = { .status = 200, .body = CX_STR(
        "{\"media_list\":[{\"sid\":\"ME1\",\"uri\":\"/2010-04-01/Accounts/"
        AC "/Messages/MM4/Media/ME1.json\"},{\"uri\":\"/x\"}, 7]}") };

    tap_ok(!cx_twilio_asks(&direct), "a webhook names it");
    tap_ok(cx_twilio_asks(&listed), "a list does not");
    tap_is_int(cx_twilio_fetched(&sender, &res, a, &req), CX_OK, "asked");
    tap_is_str(req.url, CX_STR("https://api.twilio.com/2010-04-01/Accounts/"
               AC "/Messages/MM4/Media/ME1"), "the first of them");

    res.body = CX_STR("{\"media_list\":[]}");
    tap_is_int(cx_twilio_fetched(&sender, &res, a, &req), CX_INVALID,
               "there is none");
    res.body = CX_STR("{\"media_list\":[{\"uri\":\"@evil.example/a.json\"}]}");
    tap_is_int(cx_twilio_fetched(&sender, &res, a, &req), CX_INVALID,
               "not elsewhere");
    res.status = 404;
    tap_is_int(cx_twilio_fetched(&sender, &res, a, &req), CX_INVALID,
               "it is gone");
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(ARENA_MAX);

    accounts();
    settings();
    list(a);
    attachments(a);
    asked(a);
    cx_arena_free(a);

    return tap_done();
}
