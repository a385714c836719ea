/* Webhooks as Twilio would send them: forms, signed together with their URL.
 * A body from a file that is JSON is signed as Event Streams does it. */

#include "ctl/sample.h"

#include "core/base64.h"
#include "core/http.h"
#include "ctl/plan.h"

#include <stdlib.h>
#include <string.h>

#define ACCOUNT    "AC00000000000000000000000000c0ffee"
#define FROM       "+15550104821"
#define TO         "+15550783881"
#define WHATSAPP   "whatsapp:"
#define STATUSES   "queued|sent|delivered|read|undelivered|failed"
/* Of TEST-NET-1: nobody is there, and nobody goes there. */
#define MEDIA      "https://192.0.2.1/2010-04-01/Accounts/" ACCOUNT          \
                   "/Messages/MM0/Media/ME"
#define BODY_MAX   (1024 * 1024)
#define FORM       "application/x-www-form-urlencoded"

#define EXTRAS_MAX  8

/* What stands beside the fields of every message. */
static const struct {
    const char  *name;                  /* --type */
    const char  *text;                  /* Body when --text is left out */
    const char  *extra[2 * EXTRAS_MAX]; /* name, value; $: the text */
} types[] = {
    { "text",     "Hello", { "MessageType", "text" } },
    { "image",    "The view", { "MessageType", "image", "NumMedia", "1",
      "MediaUrl0", MEDIA "1", "MediaContentType0", "image/jpeg" } },
    { "video",    "", { "MessageType", "video", "NumMedia", "1",
      "MediaUrl0", MEDIA "2", "MediaContentType0", "video/mp4" } },
    { "audio",    "", { "MessageType", "audio", "NumMedia", "1",
      "MediaUrl0", MEDIA "3", "MediaContentType0", "audio/ogg" } },
    { "document", "My booking", { "MessageType", "document", "NumMedia", "1",
      "MediaUrl0", MEDIA "4", "MediaContentType0", "application/pdf" } },
    { "sticker",  "", { "MessageType", "sticker", "NumMedia", "1",
      "MediaUrl0", MEDIA "5", "MediaContentType0", "image/webp" } },
    { "contacts", "", { "MessageType", "contacts", "NumMedia", "1",
      "MediaUrl0", MEDIA "6", "MediaContentType0", "text/vcard" } },
    { "album",    "Two of them", { "NumMedia", "2",
      "MediaUrl0", MEDIA "7", "MediaContentType0", "image/jpeg",
      "MediaUrl1", MEDIA "8", "MediaContentType1", "image/png" } },
    { "location", "", { "MessageType", "location", "Latitude", "38.7139",
      "Longitude", "-9.1334", "Label", "Meeting point",
      "Address", "Largo do Carmo, Lisboa" } },
    { "button",   "Yes, please", { "MessageType", "button", "ButtonText", "$",
      "ButtonPayload", "YES" } },
    { "list",     "Late check-in", { "MessageType", "interactive",
      "ListTitle", "$", "ListId", "row-7" } },
    { "flow",     "Sent", { "MessageType", "interactive",
      "FlowData", "{\"nights\":3}" } },
    { "forwarded", "Hello again", { "Forwarded", "true" } },
    { "referral", "I saw your ad", { "ReferralSourceUrl", "https://fb.me/x",
      "ReferralSourceId", "120208", "ReferralSourceType", "ad",
      "ReferralHeadline", "Stay by the sea",
      "ReferralBody", "From 90 a night", "ReferralCtwaClid", "ARAkLkA8" } },
    { "stop",     "STOP", { "OptOutType", "STOP" } },
    { "start",    "START", { "OptOutType", "START" } },
    { "help",     "HELP", { "OptOutType", "HELP" } },
    { "fallback", "Hello", { "ErrorCode", "11200",
      "ErrorUrl", "https://gw.example.com/hooks/sms" } },
    { "unsupported", "", { "MessageType", "unsupported" } },
};

#define NTYPES  (sizeof(types) / sizeof(types[0]))


static const char *
kind(size_t i)
{
    return i < NTYPES ? types[i].name : NULL;
}


/* --- bodies -------------------------------------------------------------- */

static void
put(ctl *c, cx_buf *b, const char *name, cx_str value)
{
    cx_buf_printf(b, "%s%s=", b->len > 0 ? "&" : "", name);
    cx_buf_add(b, cx_url_encode(c->arena, value));
}


/* Of 32 hex digits, as SIDs are. */
static cx_str
sid(ctl *c, const char *prefix, cx_str serial)
{
    uint8_t  digest[CX_SHA256_LEN];
    char     hex[32];

    if (!cx_sha256(serial, digest)) {
        return CX_NOSTR;
    }

    cx_hex_encode(digest, 16, hex);

    return cx_printf(c->arena, "%s%.32s", prefix, hex);
}


static bool
is_whatsapp(const ctl_sample *s)
{
    return cx_str_starts(s->account, CX_STR(WHATSAPP));
}


static void
put_message(ctl *c, cx_buf *b, const ctl_sample *s)
{
    size_t   i = 0;
    cx_str   id = sid(c, "SM", s->serial), text;

    while (!cx_str_eq(cx_strz(types[i].name), s->type)) {
        i++;
    }

    text = s->text.len > 0 ? s->text : cx_strz(types[i].text);

    put(c, b, "SmsMessageSid", id);

    for (const char *const *e = types[i].extra; *e != NULL; e += 2) {
        put(c, b, e[0], strcmp(e[1], "$") == 0 ? text
                        : strcmp(e[0], "MediaUrl0") == 0
                        ? ctl_own(c, "media-url", cx_strz(e[1]))
                        : cx_strz(e[1]));
    }

    if (cx_str_find(cx_buf_str(b), CX_STR("NumMedia=")) == SIZE_MAX) {
        put(c, b, "NumMedia", CX_STR("0"));
    }

    if (is_whatsapp(s)) {
        put(c, b, "ProfileName", CX_STR("Ana Sample"));
        put(c, b, "WaId", cx_str_sub(s->from, sizeof(WHATSAPP),
                                     s->from.len));
    }

    put(c, b, "SmsSid", id);
    put(c, b, "SmsStatus", CX_STR("received"));
    put(c, b, "Body", text);
    put(c, b, "To", s->account);
    put(c, b, "NumSegments", CX_STR("1"));
    put(c, b, "MessageSid", id);
    put(c, b, "AccountSid", CX_STR(ACCOUNT));
    put(c, b, "From", s->from);
    put(c, b, "ApiVersion", CX_STR("2010-04-01"));

    if (s->of.len > 0) {
        put(c, b, "OriginalRepliedMessageSid", s->of);
    }
}


static void
put_status(ctl *c, cx_buf *b, const ctl_sample *s)
{
    bool  failed = cx_str_eq(s->status, CX_STR("failed"))
                   || cx_str_eq(s->status, CX_STR("undelivered"));

    put(c, b, "SmsSid", s->of);
    put(c, b, "SmsStatus", s->status);
    put(c, b, "MessageStatus", s->status);
    put(c, b, "To", s->from);
    put(c, b, "MessageSid", s->of);
    put(c, b, "AccountSid", CX_STR(ACCOUNT));
    put(c, b, "From", s->account);
    put(c, b, "ApiVersion", CX_STR("2010-04-01"));

    if (failed) {
        put(c, b, "ErrorCode", cx_printf(c->arena, "%lld",
            (long long) (s->error > 0 ? s->error : 30003)));
    }
}


static char *
body(ctl *c, const ctl_sample *s)
{
    cx_buf  b;

    cx_buf_init(&b, c->arena, 1024, BODY_MAX);

    if (s->status.len > 0) {
        put_status(c, &b, s);

    } else {
        put_message(c, &b, s);
    }

    return b.failed ? NULL : strndup(b.p, b.len);
}


/* --- the provider -------------------------------------------------------- */

static ctl_exit
check(ctl *c, ctl_sample *s)
{
    cx_str   number;
    int64_t  digits;

    if (s->account.len == 0) {
        s->account = CX_STR(TO);
    }

    if (is_whatsapp(s) && !cx_str_starts(s->from, CX_STR(WHATSAPP))) {
        s->from = cx_concat(c->arena, CX_STR(WHATSAPP), s->from);
    }

    number = cx_str_sub(s->from, is_whatsapp(s) ? sizeof(WHATSAPP) - 1 : 0,
                        s->from.len);

    if (!cx_str_starts(number, CX_STR("+")) || number.len > 16
        || !cx_str_to_i64(cx_str_sub(number, 1, number.len), &digits))
    {
        return ctl_fail(c, CTL_USAGE, NULL,
                        "--from wants a number like " FROM);
    }

    return CTL_OK;
}


/* The parameters as they are signed; empty for JSON. */
static bool
signed_form(ctl *c, cx_str form, cx_buf *b)
{
    size_t      n = 0;
    cx_header  *pairs;

    if (cx_form_sorted(form, c->arena, &pairs, &n) != CX_OK) {
        return false;
    }

    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !cx_str_eq(pairs[i].name, pairs[i - 1].name)
            || !cx_str_eq(pairs[i].value, pairs[i - 1].value))
        {
            cx_buf_add(b, pairs[i].name);
            cx_buf_add(b, pairs[i].value);
        }
    }

    return !b->failed;
}


static bool
bind_body(ctl *c, ctl_post *post)
{
    uint8_t  digest[CX_SHA256_LEN];
    char     hex[2 * CX_SHA256_LEN];

    if (!cx_sha256(cx_strz(post->body), digest)) {
        return false;
    }

    cx_hex_encode(digest, sizeof(digest), hex);
    post->content_type = "application/json";
    post->query = cx_dupz(c->arena, cx_printf(c->arena, "bodySHA256=%.64s",
                                              hex));
    return true;
}


static bool
sign(ctl *c, const ctl_sample *s, const ctl_key *key, ctl_post *post)
{
    bool      json = post->body[0] == '{' || post->body[0] == '[';
    cx_buf    b;
    uint8_t   mac[CX_MAC_MAX];
    cx_str    digest = { cx_mac_len(key->mac), (const char *) mac };

    if (json && !bind_body(c, post)) {
        return false;
    }

    cx_buf_init(&b, c->arena, 1024, 2 * BODY_MAX);
    cx_buf_add(&b, s->url);

    if (post->query != NULL) {
        cx_buf_printf(&b, "?%s", post->query);
    }

    if (!json && !signed_form(c, cx_strz(post->body), &b)) {
        return false;
    }

    return cx_mac_run(key->mac, cx_buf_str(&b), mac)
           && ctl_post_header(c, post, "X-Twilio-Signature",
                              cx_base64_encode(c->arena, CX_BASE64_STD,
                                               digest));
}


/* The intent comes back in the query of the callback's URL. */
static void
target(ctl *c, const ctl_sample *s, ctl_post *post)
{
    if (s->status.len > 0 && s->tag.len > 0) {
        post->query = cx_dupz(c->arena,
                              cx_concat(c->arena, CX_STR("cx="),
                                        cx_url_encode(c->arena, s->tag)));
    }
}


const ctl_flag  ctl_flags_twilio[] = {
    CTL_SAMPLE_FLAGS,
    CTL_FLAG_FROM("NUMBER", "the customer's number, " FROM " if nothing is "
                  "said"),
    CTL_FLAG_PUBLIC_URL,
    { "media-url", 0, CTL_TEXT, CTL_OWN, "URL",
      "where the attachment of --type image lies" },
    CTL_FLAG_STATUS(STATUSES),
    CTL_FLAG_OF,
    CTL_FLAG_ERROR("with --status failed or undelivered: 30003"),
    CTL_FLAG_TAG("our intent, in the query of the callback's URL"),
    CTL_FLAGS_END
};

const ctl_type  ctl_type_twilio = {
    .name = "twilio",
    .kind = kind,
    .mac = CX_MAC_SHA1,
    .content_type = FORM,
    .from = FROM,
    .check = check,
    .body = body,
    .target = target,
    .sign = sign,
};
