/*
 * Instagram messaging, by either door: the Instagram login
 * (graph.instagram.com, the account's own token) or a Facebook page it is
 * linked to (graph.facebook.com, the page's token; setting "page").  Facts:
 * Instagram Platform, "Send messages" (1000 bytes of text; images 8 MB, the
 * rest 25 MB; reaction "love"), "Quick replies", "Button template" (no
 * calls), "Messaging windows" (24 hours; 7 days with HUMAN_AGENT).
 */

#include "channel/meta_messaging.h"
#include "channel/types.h"


#define LOGIN_URL   "https://graph.instagram.com/v24.0"
#define PAGE_URL    "https://graph.facebook.com/v24.0"
#define MIB         (INT64_C(1024) * 1024)
#define HOUR        INT64_C(3600000)


static cx_err parse(const cx_account *acct, cx_proven proven, cx_arena *a,
    cx_received *in);
static cx_err build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req);
static const char *check(const cx_sender *from, const cx_out *out,
    cx_arena *a);
static cx_str reaction(cx_str emoji);


/* Lengths in bytes, as Instagram counts a text.  A button's title has 20
 * characters, which may be 80 bytes; longer ones are shortened when they are
 * written. */
static const cx_caps  caps = {
    .kinds = CX_OUT_BIT(TEXT) | CX_OUT_BIT(BUTTONS) | CX_OUT_BIT(IMAGE)
             | CX_OUT_BIT(VIDEO) | CX_OUT_BIT(AUDIO) | CX_OUT_BIT(DOCUMENT)
             | CX_OUT_BIT(REACTION) | CX_OUT_BIT(READ) | CX_OUT_BIT(TYPING),
    .unit = CX_UNIT_BYTES,
    .text_max = 1000,
    .body_max = 640,
    .buttons_max = 13,
    .title_max = 80,
    .links = true,
    .reply_to = true,
    .typing = true,
    .media_ids = true,
    .media = {
        { CX_OUT_IMAGE, 8 * MIB, "image/jpeg image/png image/gif" },
        { CX_OUT_VIDEO, 25 * MIB, "video/mp4 video/ogg video/x-msvideo "
                                  "video/quicktime video/webm" },
        { CX_OUT_AUDIO, 25 * MIB,
          "audio/aac audio/mp4 audio/wav audio/x-wav" },
        { CX_OUT_DOCUMENT, 25 * MIB, "application/pdf" },
    },
    .window_ms = 24 * HOUR,
    .human_window_ms = 7 * 24 * HOUR,
    .rate_per_s = 300,
};

static const cx_setting_def  settings[] = {
    { "page", false, "id of the Facebook page that the account is linked to, "
      "when the token is the page's", cx_meta_id_ok },
    { NULL, false, NULL, NULL },
};

static const cx_meta_voice  voice = { .caps = &caps, .reaction = reaction };

const cx_channel  cx_channel_instagram = {
    .name = "instagram",
    .mac = CX_MAC_SHA256,
    .needs_token = true,
    .max_body = CX_META_MAX_BODY,
    .headers = cx_meta_headers,
    .handshake = cx_meta_handshake,
    .verify = cx_meta_verify,
    .parse = parse,
    .caps = &caps,
    .settings = settings,
    .check_account = cx_meta_id_ok,
    .account_what = "the professional account's id: digits",
    .build = build,
    .check = check,
    .judge = cx_meta_messaging_judge,
    .fetch = cx_meta_messaging_fetch,
};


static cx_err
parse(const cx_account *acct, cx_proven proven, cx_arena *a, cx_received *in)
{
    (void) acct;
    return cx_meta_messaging_parse(proven, CX_STR("instagram"), a, in);
}


static cx_err
build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req)
{
    cx_str        body;
    const cx_err  err = cx_meta_messaging_body(&voice, out, a, &body);
    const cx_str  page = cx_setting_get(from, "page");

    if (err != CX_OK) {
        return err;
    }

    return page.len > 0
           ? cx_meta_post(from, CX_STR(PAGE_URL), page, body, a, req)
           : cx_meta_post(from, CX_STR(LOGIN_URL), from->account, body, a,
                          req);
}


static const char *
check(const cx_sender *from, const cx_out *out, cx_arena *a)
{
    (void) from;
    (void) a;
    return cx_meta_messaging_check(&voice, out);
}


/* The one reaction that is documented; with or without the selector that
 * makes it a picture. */
static cx_str
reaction(cx_str emoji)
{
    return CX_STR_IS(emoji, "\xe2\x9d\xa4")
           || CX_STR_IS(emoji, "\xe2\x9d\xa4\xef\xb8\x8f")
           || CX_STR_IS(emoji, "love")
           ? CX_STR("love") : CX_NOSTR;
}
