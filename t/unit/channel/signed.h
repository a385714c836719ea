/* A configured WhatsApp account and deliveries signed for it. */

#ifndef CX_T_UNIT_CHANNEL_SIGNED_H
#define CX_T_UNIT_CHANNEL_SIGNED_H

#include "channel/channel.h"

#define SIGNED_SECRET  "4f1c2d9e8b7a60533c2d1e0f9a8b7c6d"
#define SIGNED_TOKEN   "vt-9f8e7d6c"
#define SIGNED_EVENT   "ev_01KDTESTTESTTESTTESTTESTTE"
#define SIGNED_NOW_MS  1767225600123


static inline cx_account
signed_account(void)
{
    return (cx_account) {
        .name = CX_STR("wa-main"),
        .secrets = { cx_mac_new(CX_MAC_SHA256, CX_STR(SIGNED_SECRET)) },
        .nsecrets = 1,
        .verify_token = CX_STR(SIGNED_TOKEN),
        .now_ms = SIGNED_NOW_MS,
    };
}


static inline void
signed_account_free(cx_account *acct)
{
    for (size_t i = 0; i < acct->nsecrets; i++) {
        cx_mac_free(acct->secrets[i]);
    }
}


/* header: room for one, filled and referred to by the request. */
static inline cx_http_req
signed_post(const cx_account *acct, cx_str body, char text[80],
    cx_header *header)
{
    uint8_t  digest[CX_MAC_MAX];

    memcpy(text, "sha256=", 7);

    if (!cx_mac_run(acct->secrets[0], body, digest)) {
        return (cx_http_req) { .body = CX_NOSTR };
    }

    cx_hex_encode(digest, CX_SHA256_LEN, text + 7);

    *header = (cx_header) { CX_STR("X-Hub-Signature-256"),
                            { 7 + 2 * CX_SHA256_LEN, text } };

    return (cx_http_req) {
        .method = CX_STR("POST"),
        .headers = header,
        .nheaders = 1,
        .body = body,
    };
}

#endif /* CX_T_UNIT_CHANNEL_SIGNED_H */
