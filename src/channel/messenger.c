/*
 * Messenger: the talk with a Facebook page.  Facts: Messenger Platform, "Send
 * API" (25 MB a file; 2000 characters), "Sender actions" (any emoji),
 * "Messaging windows" (24 hours; 7 days for a person's answer, with
 * HUMAN_AGENT), "Rate limiting" (300 texts a second of a page).
 */

#include "channel/meta_messaging.h"
#include "channel/types.h"


#define BASE_URL    "https://graph.facebook.com/v24.0"
#define FILE_MAX    (INT64_C(25) * 1024 * 1024)
#define HOUR        INT64_C(3600000)
#define EMOJI_MAX   32


static cx_err parse(const cx_account *acct, cx_proven proven, cx_arena *a,
    cx_received *in);
static cx_err build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req);
static const char *check(const cx_sender *from, const cx_out *out,
    cx_arena *a);
static cx_str reaction(cx_str emoji);


static const cx_caps  caps = {
    .kinds = CX_OUT_BIT(TEXT) | CX_OUT_BIT(BUTTONS) | CX_OUT_BIT(IMAGE)
             | CX_OUT_BIT(VIDEO) | CX_OUT_BIT(AUDIO) | CX_OUT_BIT(DOCUMENT)
             | CX_OUT_BIT(REACTION) | CX_OUT_BIT(READ) | CX_OUT_BIT(TYPING),
    .unit = CX_UNIT_CODE_POINTS,
    .text_max = 2000,
    .body_max = 640,
    .buttons_max = 13,
    .title_max = 20,
    .links = true,
    .calls = true,
    .reply_to = true,
    .typing = true,
    .media_ids = true,
    .media = {
        { CX_OUT_IMAGE, FILE_MAX,
          "image/jpeg image/png image/gif image/webp" },
        { CX_OUT_VIDEO, FILE_MAX, "video/mp4 video/ogg video/x-msvideo "
                                  "video/quicktime video/webm" },
        { CX_OUT_AUDIO, FILE_MAX, "audio/aac audio/mp4 audio/mpeg audio/wav "
                                  "audio/x-wav audio/ogg" },
        { CX_OUT_DOCUMENT, FILE_MAX, NULL },
    },
    .window_ms = 24 * HOUR,
    .human_window_ms = 7 * 24 * HOUR,
    .rate_per_s = 300,
};

static const cx_meta_voice  voice = { .caps = &caps, .reaction = reaction };

const cx_channel  cx_channel_messenger = {
    .name = "messenger",
    .mac = CX_MAC_SHA256,
    .needs_token = true,
    .max_body = CX_META_MAX_BODY,
    .headers = cx_meta_headers,
    .handshake = cx_meta_handshake,
    .verify = cx_meta_verify,
    .parse = parse,
    .caps = &caps,
    .check_account = cx_meta_id_ok,
    .account_what = "the page id: digits",
    .build = build,
    .check = check,
    .judge = cx_meta_messaging_judge,
    .fetch = cx_meta_messaging_fetch,
};


static cx_err
parse(const cx_account *acct, cx_proven proven, cx_arena *a, cx_received *in)
{
    (void) acct;
    return cx_meta_messaging_parse(proven, CX_STR("page"), a, in);
}


static cx_err
build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req)
{
    cx_str        body;
    const cx_err  err = cx_meta_messaging_body(&voice, out, a, &body);

    return err == CX_OK ? cx_meta_post(from, CX_STR(BASE_URL), from->account,
                                       body, a, req)
                        : err;
}


static const char *
check(const cx_sender *from, const cx_out *out, cx_arena *a)
{
    (void) from;
    (void) a;
    return cx_meta_messaging_check(&voice, out);
}


static cx_str
reaction(cx_str emoji)
{
    return emoji.len <= EMOJI_MAX ? emoji : CX_NOSTR;
}
