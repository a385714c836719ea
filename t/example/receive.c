/* The example's webhook, as the edge would be asked: signed, and not. */

#include "channel/channel.h"

#include "unit/tap.h"

#define BODY                                                                 \
    "{\"loft\":\"12\",\"from\":\"ana\",\"id\":\"f1\",\"text\":\"hi\"}"


static cx_err
deliver(const char *body, const char *signature, cx_arena *a, cx_received *in)
{
    cx_err       err;
    cx_account   acct = {
        .name = CX_STR("loft"), .nsecrets = 1, .now_ms = 1767225600000,
        .secrets = { cx_mac_new(CX_MAC_SHA256,
                                CX_STR("0123456789abcdef0123456789abcdef")) },
    };
    const cx_header    header = { CX_STR("X-Pigeon-Signature"),
                                  cx_strz(signature) };
    const cx_http_req  req = {
        .method = CX_STR("POST"), .headers = &header, .nheaders = 1,
        .body = cx_strz(body),
    };

    err = cx_receive(cx_channel_find(CX_STR("pigeon")), &acct, &req,
                     CX_STR("ev_1"), a, in);
    cx_mac_free(acct.secrets[0]);
    return err;
}


int
main(void)
{
    char         hex[2 * CX_SHA256_LEN + 1] = { '\0' };
    uint8_t      mac[CX_MAC_MAX];
    cx_mac      *key = cx_mac_new(CX_MAC_SHA256,
                           CX_STR("0123456789abcdef0123456789abcdef"));
    cx_arena    *a = cx_arena_new(1 << 20);
    cx_received  in;

    tap_ok(cx_channel_find(CX_STR("pigeon")) != NULL, "the edge knows it");
    tap_ok(cx_channel_sender(CX_STR("pigeon")) != NULL, "and the worker");
    tap_ok(cx_str_ends(cx_strz(cx_channel_names()), CX_STR(", pigeon")),
           "it stands in the list: %s", cx_channel_names());

    if (!cx_mac_run(key, CX_STR(BODY), mac)) {
        return 1;
    }

    cx_hex_encode(mac, CX_SHA256_LEN, hex);
    tap_is_int(deliver(BODY, hex, a, &in), CX_OK, "signed");
    tap_ok(in.msgs.n == 1 && cx_str_eq(in.msgs.items[0].text, CX_STR("hi"))
           && cx_str_eq(in.msgs.items[0].type, CX_STR("pigeon"))
           && cx_str_eq(in.msgs.items[0].channel, CX_STR("loft")),
           "is a message");
    tap_is_int(deliver(BODY " ", hex, a, &in), CX_BAD_SIGNATURE, "changed");
    tap_is_int(deliver(BODY, "00", a, &in), CX_BAD_SIGNATURE, "not signed");

    cx_mac_free(key);
    cx_arena_free(a);
    return tap_done();
}
