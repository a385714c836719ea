/* The driver and the registry. */

#include "channel/channel.h"

#include "unit/channel/signed.h"
#include "unit/tap.h"


static cx_arena  *arena;


static void
registry(void)
{
    cx_str  rest = cx_strz(cx_channel_names()), name;

    while (cx_str_split(&rest, ',', &name)) {
        name = cx_str_trim(name);
        tap_ok(cx_channel_find(name) != NULL
               && cx_str_eq(cx_strz(cx_channel_find(name)->name), name),
               "%.*s is found by its name", CX_ARG(name));
    }

    tap_ok(cx_channel_find(CX_STR("whatsap")) == NULL, "no prefix");
    tap_ok(cx_channel_find(CX_STR("WhatsApp")) == NULL, "no other case");
    tap_ok(cx_channel_find(CX_NOSTR) == NULL, "nor nothing");
    tap_is_str(cx_strz(cx_verdict_word(CX_VERDICT_RATE_LIMIT)),
               CX_STR("rate_limited"), "a verdict has a word");
    tap_is_str(cx_strz(cx_verdict_word(CX_VERDICT_COUNT)),
               CX_STR("unknown"), "what is none has too");
}


static cx_err
receive(const cx_channel *ch, const cx_http_req *req, cx_received *in)
{
    cx_account  acct = signed_account();
    cx_err      err = cx_receive(ch, &acct, req, CX_STR(SIGNED_EVENT), arena,
                                 in);

    signed_account_free(&acct);
    return err;
}


static void
methods(const cx_channel *ch)
{
    cx_channel   mute = *ch;
    cx_received  in;
    cx_http_req  get = {
        .method = CX_STR("GET"),
        .query = CX_STR("hub.mode=subscribe&hub.challenge=77&"
                        "hub.verify_token=" SIGNED_TOKEN),
    };

    tap_is_int(receive(ch, &get, &in), CX_OK, "GET is a handshake");
    tap_is_int(in.kind, CX_RECEIVED_CHALLENGE, "with a challenge");
    tap_is_str(in.challenge, CX_STR("77"), "to be echoed");

    mute.handshake = NULL;
    tap_is_int(receive(&mute, &get, &in), CX_BAD_METHOD,
               "where there is no handshake GET is not answered");

    for (const char *const *m = (const char *const []) {
             "HEAD", "PUT", "DELETE", "OPTIONS", "post", "", NULL };
         *m != NULL; m++)
    {
        get.method = cx_strz(*m);
        tap_is_int(receive(ch, &get, &in), CX_BAD_METHOD, *m);
    }
}


static void
posts(const cx_channel *ch)
{
    char         text[80];
    cx_header    header;
    cx_account   acct = signed_account();
    cx_channel   small = *ch;
    cx_received  in;
    cx_http_req  req;

    req = signed_post(&acct, CX_STR(
        "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\","
        "\"changes\":[{\"field\":\"messages\",\"value\":{\"metadata\":{"
        "\"phone_number_id\":\"7\"},\"statuses\":[{\"id\":\"a\",\"status\":"
        "\"read\",\"recipient_id\":\"2\"},{\"id\":\"b\",\"status\":\"sent\","
        "\"recipient_id\":\"2\"}]}}]}]}"), text, &header);

    tap_is_int(receive(ch, &req, &in), CX_OK, "POST delivers");
    tap_is_int((int64_t) in.msgs.n, 2, "two statuses");

    for (size_t i = 0; i < in.msgs.n; i++) {
        const cx_msg  *m = &in.msgs.items[i];

        tap_is_str(m->event, CX_STR(SIGNED_EVENT), "event");
        tap_is_str(m->channel, CX_STR("wa-main"), "channel");
        tap_is_str(m->type, CX_STR("whatsapp"), "type");
        tap_is_int(m->recv_ms, SIGNED_NOW_MS, "time received");
    }

    small.max_body = req.body.len;
    tap_is_int(receive(&small, &req, &in), CX_OK, "a body at the limit");
    small.max_body--;
    tap_is_int(receive(&small, &req, &in), CX_TOO_LARGE, "over it");

    req.nheaders = 0;
    tap_is_int(receive(ch, &req, &in), CX_NO_SIGNATURE,
               "nothing is read before it is verified");
    tap_is_int((int64_t) in.msgs.n, 0, "nor handed out");

    req.body = CX_STR("");
    tap_is_int(receive(ch, &req, &in), CX_EMPTY_BODY, "an empty body");

    req = signed_post(&acct, CX_STR("{}"), text, &header);
    tap_is_int(receive(ch, &req, &in), CX_MALFORMED,
               "authentic, but not WhatsApp's");
    tap_is_int((int64_t) in.msgs.n, 0, "no events");

    signed_account_free(&acct);
}


int
main(void)
{
    const cx_channel  *ch = cx_channel_find(CX_STR("whatsapp"));

    arena = cx_arena_new(1 << 20);

    registry();
    methods(ch);
    posts(ch);

    tap_ok(ch->max_body == 4 << 20 && ch->caps->text_max == 4096
           && ch->needs_token && ch->mac == CX_MAC_SHA256,
           "WhatsApp's limits");

    cx_arena_free(arena);
    return tap_done();
}
