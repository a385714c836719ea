/*
 * Sending.  Facts: "Message resource: create a message" (Body of 1600
 * characters, MediaUrl, ContentSid and ContentVariables, PersistentAction for
 * a place on WhatsApp, StatusCallback, From together with
 * MessagingServiceSid), "Accepted content types for media", "WhatsApp media",
 * "Typing indicators" (of WhatsApp; they mark as read as well).
 *
 * Buttons and lists need content that was made and approved before, so they
 * are a numbered list here: docs/CHANNELS.md.
 *
 * There is no idempotency key.  The intent stands in the query of the
 * StatusCallback, which is signed, and comes back with every status.
 */

#include "channel/twilio.h"

#include "core/base64.h"


#define KIB            INT64_C(1024)
#define MIB            (KIB * KIB)
#define BODY_MAX       (64 * 1024)
#define SID_LEN        34
#define TYPING_HOST    "https://messaging.twilio.com"
#define TYPING_PATH    "/v2/Indicators/Typing.json"
#define INTENT_MAX     128


static bool is_whatsapp(cx_str address);
static bool is_sid(cx_str s, const char *prefix);
static bool account_sid_ok(cx_str value);
static bool api_key_ok(cx_str value);
static bool service_ok(cx_str value);
static bool url_ok(cx_str value);
static bool templates_ok(cx_str value);
static bool interval_ok(cx_str value);
static cx_err put_message(const cx_sender *from, const cx_out *out,
    cx_arena *a, cx_buf *b);
static void put(cx_buf *b, const char *name, cx_str value, cx_arena *a);
static bool put_content(const cx_sender *from, const cx_out *out,
    cx_arena *a, cx_buf *b);
static bool put_template(const cx_sender *from, const cx_out *out,
    cx_arena *a, cx_buf *b);
static cx_str template_sid(const cx_sender *from, const cx_out *out,
    cx_arena *a);
static cx_str variables(const cx_out *out, cx_arena *a);
static cx_str callback_of(const cx_sender *from, const cx_out *out,
    cx_arena *a);


/* "Accepted content types": 5 MB for JPEG, PNG and GIF, less for the rest
 * (what a carrier takes is often less); where there is no MMS, Twilio sends a
 * link.  "Advanced opt-out" and carriers bind us to STOP. */
const cx_caps  cx_twilio_sms = {
    .kinds = CX_OUT_BIT(TEXT) | CX_OUT_BIT(TEMPLATE) | CX_OUT_BIT(IMAGE)
             | CX_OUT_BIT(VIDEO) | CX_OUT_BIT(AUDIO) | CX_OUT_BIT(DOCUMENT),
    .unit = CX_UNIT_UTF16,
    .text_max = 1600,
    .caption_max = 1600,
    .media = {
        { CX_OUT_IMAGE, 5 * MIB, "image/jpeg image/png image/gif" },
        { CX_OUT_VIDEO, 500 * KIB, "video/mp4 video/3gpp video/mpeg" },
        { CX_OUT_AUDIO, 500 * KIB, "audio/mpeg audio/mp4 audio/ogg "
          "audio/3gpp audio/amr" },
        { CX_OUT_DOCUMENT, 500 * KIB, "application/pdf text/vcard "
          "text/csv text/calendar" },
    },
    .opt_out = true,
};

/* "WhatsApp media": 16 MB, stickers 100 KB; "Key concepts: 24-hour window";
 * rates are Meta's ("Throughput", "Pair rate limits"). */
static const cx_caps  whatsapp = {
    .kinds = CX_OUT_BIT(TEXT) | CX_OUT_BIT(TEMPLATE) | CX_OUT_BIT(IMAGE)
             | CX_OUT_BIT(VIDEO) | CX_OUT_BIT(AUDIO) | CX_OUT_BIT(DOCUMENT)
             | CX_OUT_BIT(STICKER) | CX_OUT_BIT(LOCATION) | CX_OUT_BIT(READ),
    .unit = CX_UNIT_UTF16,
    .text_max = 1600,
    .caption_max = 1024,
    .media = {
        { CX_OUT_IMAGE, 5 * MIB, "image/jpeg image/png" },
        { CX_OUT_VIDEO, 16 * MIB, "video/mp4" },
        { CX_OUT_AUDIO, 16 * MIB,
          "audio/ogg audio/amr audio/3gpp audio/aac audio/mpeg" },
        { CX_OUT_DOCUMENT, 16 * MIB, "application/pdf text/vcard "
          "application/msword application/vnd.ms-excel "
          "application/vnd.ms-powerpoint" },
        { CX_OUT_STICKER, 100 * KIB, "image/webp" },
    },
    .window_ms = INT64_C(24) * 3600 * 1000,
    .templates_outside = true,
    .opt_out = true,
    .pair_gap_ms = 6000,
    .pair_burst = 45,
    .rate_per_s = 80,
};

const cx_setting_def  cx_twilio_settings[] = {
    { "account_sid", true, "SID of the account: AC and 32 hex digits",
      account_sid_ok },
    { "api_key_sid", false, "SID of an API key, SK...: then the token is its "
      "secret; without it the account's Auth Token", api_key_ok },
    { "messaging_service_sid", false, "SID of a Messaging Service, MG..., "
      "that the address belongs to", service_ok },
    { "public_url", false, "the webhook's whole URL: statuses go there",
      url_ok },
    { "templates", false, "name=HX..., separated by spaces: the content that "
      "a template's name, or name.language, stands for", templates_ok },
    { "reconcile", false, "seconds between two looks for messages whose "
      "webhook never came, 1 to 86400; off: never (300)", interval_ok },
    { NULL, false, NULL, NULL },
};


const cx_caps *
cx_twilio_caps_of(cx_str account)
{
    return is_whatsapp(account) ? &whatsapp : &cx_twilio_sms;
}


/* "+1555..." or "whatsapp:+1555..."; a short code has no plus. */
bool
cx_twilio_check_account(cx_str account)
{
    const size_t  skip = is_whatsapp(account) ? sizeof(CX_TWILIO_WHATSAPP) - 1
                                              : 0;
    cx_str        digits = cx_str_sub(account, skip, account.len);
    int64_t       number;

    if (cx_str_starts(digits, CX_STR("+"))) {
        digits = cx_str_sub(digits, 1, digits.len);

    } else if (skip > 0 || digits.len > 8) {
        return false;
    }

    return digits.len >= 3 && digits.len <= 15 && digits.p[0] != '-'
           && cx_str_to_i64(digits, &number);
}


static bool
is_whatsapp(cx_str address)
{
    return cx_str_starts(address, CX_STR(CX_TWILIO_WHATSAPP));
}


/* --- settings ------------------------------------------------------------ */

static bool
is_sid(cx_str s, const char *prefix)
{
    uint8_t  bytes[16];

    return s.len == SID_LEN && cx_str_starts(s, cx_strz(prefix))
           && cx_hex_decode(cx_str_sub(s, 2, 32), bytes, sizeof(bytes));
}


static bool
account_sid_ok(cx_str value)
{
    return is_sid(value, "AC");
}


static bool
api_key_ok(cx_str value)
{
    return is_sid(value, "SK");
}


static bool
service_ok(cx_str value)
{
    return is_sid(value, "MG");
}


static bool
url_ok(cx_str value)
{
    return (cx_str_starts(value, CX_STR("https://"))
            || cx_str_starts(value, CX_STR("http://")))
           && cx_str_find_byte(value, '#') == SIZE_MAX
           && cx_str_find_byte(value, ' ') == SIZE_MAX;
}


static bool
templates_ok(cx_str value)
{
    cx_str  one, name;

    while (cx_str_split(&value, ' ', &one)) {
        if (one.len > 0
            && (!cx_str_split(&one, '=', &name) || name.len == 0
                || !is_sid(one, "HX")))
        {
            return false;
        }
    }

    return true;
}


static bool
interval_ok(cx_str value)
{
    int64_t  s;

    return CX_STR_IS(value, "off")
           || (cx_str_to_i64(value, &s) && s >= 1 && s <= 86400);
}


/* --- the request --------------------------------------------------------- */

cx_str
cx_twilio_base(const cx_sender *from)
{
    return from->base_url.len > 0 ? from->base_url
                                  : CX_STR(CX_TWILIO_BASE_URL);
}


cx_err
cx_twilio_request(const cx_sender *from, const char *method, cx_str url,
    cx_str body, cx_arena *a, cx_http_req *req)
{
    cx_str      user = cx_setting_get(from, "api_key_sid");
    cx_header  *h = CX_NEW_N(a, 2, cx_header);

    if (user.len == 0) {
        user = cx_setting_get(from, "account_sid");
    }

    if (user.len == 0 || from->token.len == 0) {
        return CX_INVALID;
    }

    user = cx_printf(a, "%.*s:%.*s", CX_ARG(user), CX_ARG(from->token));
    user = cx_concat(a, CX_STR("Basic "),
                     cx_base64_encode(a, CX_BASE64_STD, user));

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    h[0] = (cx_header) { CX_STR("Authorization"), user };
    h[1] = (cx_header) { CX_STR("Content-Type"),
                         CX_STR("application/x-www-form-urlencoded") };

    *req = (cx_http_req) {
        .method = cx_strz(method),
        .url = url,
        .headers = h,
        .nheaders = body.len > 0 ? 2 : 1,
        .body = body,
    };

    return CX_OK;
}


cx_err
cx_twilio_build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req)
{
    cx_buf        b;
    cx_err        err;
    cx_str        url;
    const cx_str  sid = cx_setting_get(from, "account_sid");

    cx_buf_init(&b, a, 512, BODY_MAX);

    if (out->kind == CX_OUT_READ) {
        url = from->base_url.len > 0 ? from->base_url : CX_STR(TYPING_HOST);
        url = cx_concat(a, url, CX_STR(TYPING_PATH));

        put(&b, "messageId", out->reply_to, a);
        put(&b, "channel", CX_STR("whatsapp"), a);
        err = out->reply_to.len > 0 && is_whatsapp(from->account)
              ? CX_OK : CX_INVALID;

    } else {
        url = cx_printf(a, "%.*s" CX_TWILIO_API "%.*s/Messages.json",
                        CX_ARG(cx_twilio_base(from)), CX_ARG(sid));
        err = put_message(from, out, a, &b);
    }

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    if (err != CX_OK || b.failed || !is_sid(sid, "AC")) {
        return CX_INVALID;
    }

    return cx_twilio_request(from, "POST", url, cx_buf_str(&b), a, req);
}


/* Both ends of a WhatsApp message have its prefix: a number alone would make
 * an SMS of it. */
static cx_err
put_message(const cx_sender *from, const cx_out *out, cx_arena *a, cx_buf *b)
{
    cx_str        to = out->to;
    const cx_str  service = cx_setting_get(from, "messaging_service_sid");

    if (to.len == 0 || from->account.len == 0
        || out->intent.len > INTENT_MAX)
    {
        return CX_INVALID;
    }

    if (is_whatsapp(from->account) && !is_whatsapp(to)) {
        to = cx_concat(a, CX_STR(CX_TWILIO_WHATSAPP), to);
    }

    put(b, "To", to, a);
    put(b, "From", from->account, a);
    put(b, "MessagingServiceSid", service, a);

    if (!put_content(from, out, a, b)) {
        return CX_INVALID;
    }

    put(b, "StatusCallback", callback_of(from, out, a), a);

    return CX_OK;
}


static void
put(cx_buf *b, const char *name, cx_str value, cx_arena *a)
{
    const cx_str  text = cx_url_encode(a, value);

    if (value.len > 0) {
        cx_buf_printf(b, "%s%s=", b->len > 0 ? "&" : "", name);
        cx_buf_add(b, text);
    }
}


/* Empty: nobody asked for statuses. */
static cx_str
callback_of(const cx_sender *from, const cx_out *out, cx_arena *a)
{
    const cx_str  url = cx_setting_get(from, "public_url");

    if (url.len == 0 || out->intent.len == 0) {
        return url;
    }

    return cx_printf(a, "%.*s%ccx=%.*s", CX_ARG(url),
                     cx_str_find_byte(url, '?') == SIZE_MAX ? '?' : '&',
                     CX_ARG(cx_url_encode(a, out->intent)));
}


/* --- what is said -------------------------------------------------------- */

static bool
put_content(const cx_sender *from, const cx_out *out, cx_arena *a, cx_buf *b)
{
    cx_str  place;

    switch (out->kind) {

    case CX_OUT_TEXT:
        put(b, "Body", out->text, a);
        return out->text.len > 0;

    case CX_OUT_TEMPLATE:
        return put_template(from, out, a, b);

    case CX_OUT_IMAGE:
    case CX_OUT_VIDEO:
    case CX_OUT_AUDIO:
    case CX_OUT_DOCUMENT:
    case CX_OUT_STICKER:
        put(b, "Body", out->text, a);
        put(b, "MediaUrl", out->media_url, a);
        return out->media_url.len > 0;

    case CX_OUT_LOCATION:
        place = out->place.len > 0 ? out->place : out->address;
        put(b, "Body", place.len > 0 ? place : CX_STR("Location"), a);
        put(b, "PersistentAction",
            cx_printf(a, "geo:%.6f,%.6f%s%.*s", out->latitude,
                      out->longitude, place.len > 0 ? "|" : "",
                      CX_ARG(place)), a);
        return is_whatsapp(from->account);

    default:
        return false;
    }
}


static bool
put_template(const cx_sender *from, const cx_out *out, cx_arena *a, cx_buf *b)
{
    const cx_str  sid = template_sid(from, out, a);

    put(b, "ContentSid", sid, a);
    put(b, "ContentVariables", variables(out, a), a);

    return sid.len > 0 && out->components.len == 0;
}


const char *
cx_twilio_check(const cx_sender *from, const cx_out *out, cx_arena *a)
{
    if (out->kind != CX_OUT_TEMPLATE) {
        return NULL;
    }

    if (out->components.len > 0) {
        return "components are of WhatsApp's own interface: give params";
    }

    return template_sid(from, out, a).len > 0 ? NULL
           : "name is no content SID, and the channel's setting templates "
             "has none for it";
}


/* The name itself, or what the settings say of it. */
static cx_str
template_sid(const cx_sender *from, const cx_out *out, cx_arena *a)
{
    cx_str        one, name, sid = CX_NOSTR;
    cx_str        rest = cx_setting_get(from, "templates");
    const cx_str  exact = cx_printf(a, "%.*s.%.*s", CX_ARG(out->name),
                                    CX_ARG(out->language));

    if (is_sid(out->name, "HX")) {
        return out->name;
    }

    while (cx_str_split(&rest, ' ', &one)) {
        if (!cx_str_split(&one, '=', &name)) {
            continue;
        }

        if (cx_str_eq(name, exact)) {
            return one;
        }

        if (cx_str_eq(name, out->name)) {
            sid = one;
        }
    }

    return sid;
}


/* {"1": "Ana", "2": ...} */
static cx_str
variables(const cx_out *out, cx_arena *a)
{
    cx_buf          b;
    cx_json_writer  w;

    cx_buf_init(&b, a, 128, BODY_MAX);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');

    for (size_t i = 0; i < out->nparams; i++) {
        cx_json_name(&w, cx_printf(a, "%zu", i + 1));
        cx_json_put_str(&w, out->params[i]);
    }

    cx_json_end(&w, '}');

    return out->nparams == 0 || b.failed ? CX_NOSTR : cx_buf_str(&b);
}
