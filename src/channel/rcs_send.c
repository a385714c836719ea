/*
 * Sending through the RCS for Business API.  Facts: "phones.agentMessages.
 * create" (messageId is a UUID of ours; one used before is ignored, so that a
 * repeat is harmless), "phones.agentEvents.create", "AgentContentMessage",
 * "Suggestion", "RichCard", "Service account authorization".
 */

#include "channel/rcs.h"

#include "core/base64.h"
#include "core/intent.h"
#include "core/utf8.h"


#define HOST          "rcsbusinessmessaging.googleapis.com"
#define AGENT_SUFFIX  "@rbm.goog"
#define BODY_MAX      (64 * 1024)
#define FILE_MAX      (100 * 1024 * 1024)

static bool region_ok(cx_str value);
static bool ttl_ok(cx_str value);
static bool traffic_ok(cx_str value);
static cx_str base_of(const cx_sender *from, cx_arena *a);
static cx_str event_body(const cx_out *out, cx_arena *a);
static cx_str message_body(const cx_sender *from, const cx_out *out,
    cx_arena *a);
static void put(cx_json_writer *w, const char *name, cx_str value);
static void put_content(cx_json_writer *w, const cx_out *out, cx_arena *a);
static void put_card(cx_json_writer *w, const cx_out *out);
static void put_info(cx_json_writer *w, const cx_out *out);
static void put_place(cx_json_writer *w, const cx_out *out, cx_arena *a);
static void put_suggestions(cx_json_writer *w, const cx_out *out);
static void put_suggestion(cx_json_writer *w, const cx_out_choice *c);


/* "AgentContentMessage": text 3072; "Suggestion": text 25, 11 a message;
 * "CardContent": title 200, description 2000; files up to 100 MB. */
const cx_caps  cx_rcs_caps = {
    .kinds = CX_OUT_BIT(TEXT) | CX_OUT_BIT(BUTTONS) | CX_OUT_BIT(IMAGE)
             | CX_OUT_BIT(VIDEO) | CX_OUT_BIT(AUDIO) | CX_OUT_BIT(DOCUMENT)
             | CX_OUT_BIT(LOCATION) | CX_OUT_BIT(READ) | CX_OUT_BIT(TYPING),
    .unit = CX_UNIT_CODE_POINTS,
    .text_max = CX_RCS_TEXT_MAX,
    .body_max = 2000,
    .header_max = 200,
    .buttons_max = 11,
    .title_max = 25,
    .links = true,
    .calls = true,
    .card_media = true,
    .typing = true,
    .media = {
        { CX_OUT_IMAGE, FILE_MAX, "image/jpeg image/png image/gif" },
        { CX_OUT_VIDEO, FILE_MAX,
          "video/mp4 video/mpeg video/webm video/h263 video/m4v" },
        { CX_OUT_AUDIO, FILE_MAX,
          "audio/aac audio/mp3 audio/mpeg audio/mp4 audio/3gpp audio/ogg" },
        { CX_OUT_DOCUMENT, FILE_MAX, "application/pdf" },
    },
    .opt_out = true,
};

const cx_setting_def  cx_rcs_settings[] = {
    { "region", false, "us, europe or asia: where the agent lives",
      region_ok },
    { "ttl", false, "seconds after which an undelivered message is revoked, "
      "as in 3600s", ttl_ok },
    { "traffic", false, "messageTrafficType: TRANSACTION, SERVICEREQUEST, "
      "PROMOTION, AUTHENTICATION or ACKNOWLEDGEMENT", traffic_ok },
    { "token_url", false, "another token endpoint than Google's: for tests",
      NULL },
    { NULL, false, NULL, NULL },
};


static bool
region_ok(cx_str value)
{
    return CX_STR_IS(value, "us") || CX_STR_IS(value, "europe")
           || CX_STR_IS(value, "asia");
}


static bool
ttl_ok(cx_str value)
{
    int64_t  s;

    return cx_str_ends(value, CX_STR("s"))
           && cx_str_to_i64(cx_str_sub(value, 0, value.len - 1), &s)
           && s > 0 && s <= 30 * 86400;
}


static bool
traffic_ok(cx_str value)
{
    return CX_STR_IS(value, "TRANSACTION")
           || CX_STR_IS(value, "SERVICEREQUEST")
           || CX_STR_IS(value, "PROMOTION")
           || CX_STR_IS(value, "AUTHENTICATION")
           || CX_STR_IS(value, "ACKNOWLEDGEMENT");
}


/* --- ids ----------------------------------------------------------------- */

/* Version 8 (RFC 9562): 64 bits of id around version and variant, then our
 * mark. */
#define MARK      "connext"
#define MARK_LEN  7


static void
uuid_text(const uint8_t b[16], char out[CX_RCS_UUID_LEN])
{
    static const char  digits[] = "0123456789abcdef";
    size_t             n = 0;

    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            out[n++] = '-';
        }

        out[n++] = digits[b[i] >> 4];
        out[n++] = digits[b[i] & 15];
    }
}


cx_str
cx_rcs_uuid(cx_arena *a, int64_t message_id)
{
    char            text[CX_RCS_UUID_LEN];
    uint8_t         b[16];
    const uint64_t  id = (uint64_t) message_id;

    for (size_t i = 0; i < 6; i++) {
        b[i] = (uint8_t) (id >> (56 - 8 * i));
    }

    b[6] = (uint8_t) (0x80 | (id >> 12 & 0x0f));
    b[7] = (uint8_t) (id >> 4);
    b[8] = (uint8_t) (0x80 | (id & 0x0f));
    memcpy(b + 9, MARK, MARK_LEN);

    uuid_text(b, text);
    return cx_dup(a, (cx_str) { sizeof(text), text });
}


bool
cx_rcs_uuid_parse(cx_str uuid, int64_t *message_id)
{
    char      hex[32], again[CX_RCS_UUID_LEN];
    size_t    n = 0;
    uint8_t   b[16];
    uint64_t  id = 0;

    if (uuid.len != CX_RCS_UUID_LEN) {
        return false;
    }

    for (size_t i = 0; i < uuid.len && n < sizeof(hex); i++) {
        if (uuid.p[i] != '-') {
            hex[n++] = uuid.p[i];
        }
    }

    if (n != sizeof(hex)
        || !cx_hex_decode((cx_str) { n, hex }, b, sizeof(b))
        || memcmp(b + 9, MARK, MARK_LEN) != 0
        || (b[6] & 0xf0) != 0x80 || (b[8] & 0xf0) != 0x80)
    {
        return false;
    }

    uuid_text(b, again);

    if (!cx_str_eq_nocase(uuid, (cx_str) { sizeof(again), again })) {
        return false;
    }

    for (size_t i = 0; i < 6; i++) {
        id = id << 8 | b[i];
    }

    id = id << 16 | (uint64_t) (b[6] & 0x0f) << 12 | (uint64_t) b[7] << 4
         | (b[8] & 0x0f);

    *message_id = (int64_t) id;
    return true;
}


/* An event has an id of its own: the same event has the same. */
static cx_str
event_uuid(const cx_out *out, int64_t now_ms, cx_arena *a)
{
    char          text[CX_RCS_UUID_LEN];
    uint8_t       digest[CX_SHA256_LEN];
    const cx_str  parts[] = {
        cx_strz(cx_out_word(out->kind)), CX_STR("\n"), out->to,
        CX_STR("\n"), out->reply_to, CX_STR("\n"),
        out->kind == CX_OUT_TYPING ? cx_printf(a, "%lld", (long long) now_ms)
                                   : CX_NOSTR,
    };

    if (!cx_sha256_parts(parts, sizeof(parts) / sizeof(parts[0]), digest)) {
        return CX_NOSTR;
    }

    digest[6] = (uint8_t) ((digest[6] & 0x0f) | 0x80);
    digest[8] = (uint8_t) ((digest[8] & 0x3f) | 0x80);
    uuid_text(digest, text);

    return cx_dup(a, (cx_str) { sizeof(text), text });
}


/* --- the request --------------------------------------------------------- */

cx_err
cx_rcs_build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req)
{
    cx_str      agent = from->account, id, body;
    int64_t     message = 0, attempt;
    cx_header  *headers;

    const bool  event = out->kind == CX_OUT_READ
                        || out->kind == CX_OUT_TYPING;

    if (agent.len == 0 || out->to.len == 0 || !cx_http_word_ok(from->token)
        || (!event && !cx_intent_parse(out->intent, &message, &attempt))
        || (out->kind == CX_OUT_READ && out->reply_to.len == 0))
    {
        return CX_INVALID;
    }

    if (cx_str_ends(agent, CX_STR(AGENT_SUFFIX))) {
        agent.len -= sizeof(AGENT_SUFFIX) - 1;
    }

    id = event ? event_uuid(out, from->now_ms, a) : cx_rcs_uuid(a, message);
    body = event ? event_body(out, a) : message_body(from, out, a);
    headers = CX_NEW_N(a, 2, cx_header);

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    if (body.len == 0) {
        return CX_INVALID;
    }

    headers[0] = (cx_header) { CX_STR("Content-Type"),
                               CX_STR("application/json") };
    headers[1] = (cx_header) { CX_STR("Authorization"),
                               cx_concat(a, CX_STR("Bearer "), from->token) };

    *req = (cx_http_req) {
        .method = CX_STR("POST"),
        .url = cx_printf(a, "%.*s/v1/phones/%.*s/%s?%s=%.*s&agentId=%.*s",
                         CX_ARG(base_of(from, a)),
                         CX_ARG(cx_url_encode(a, out->to)),
                         event ? "agentEvents" : "agentMessages",
                         event ? "eventId" : "messageId", CX_ARG(id),
                         CX_ARG(cx_url_encode(a, agent))),
        .headers = headers,
        .nheaders = 2,
        .body = body,
    };

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


static cx_str
base_of(const cx_sender *from, cx_arena *a)
{
    const cx_str  region = cx_setting_get(from, "region");

    if (from->base_url.len > 0) {
        return from->base_url;
    }

    return region.len > 0 ? cx_printf(a, "https://%.*s-" HOST, CX_ARG(region))
                          : CX_STR("https://" HOST);
}


static cx_str
event_body(const cx_out *out, cx_arena *a)
{
    cx_buf          buf;
    cx_json_writer  w;

    cx_buf_init(&buf, a, 128, BODY_MAX);
    cx_json_write_init(&w, &buf);
    cx_json_begin(&w, '{');

    if (out->kind == CX_OUT_TYPING) {
        put(&w, "eventType", CX_STR("IS_TYPING"));

    } else {
        put(&w, "eventType", CX_STR("READ"));
        put(&w, "messageId", out->reply_to);
    }

    cx_json_end(&w, '}');
    return cx_buf_str(&buf);
}


/* Empty: this cannot be. */
static cx_str
message_body(const cx_sender *from, const cx_out *out, cx_arena *a)
{
    cx_buf          buf;
    cx_str          ttl = cx_setting_get(from, "ttl");
    cx_str          traffic = cx_setting_get(from, "traffic");
    cx_json_writer  w;

    const bool  media = out->kind == CX_OUT_IMAGE
                        || out->kind == CX_OUT_VIDEO
                        || out->kind == CX_OUT_AUDIO
                        || out->kind == CX_OUT_DOCUMENT;

    if ((cx_rcs_caps.kinds & UINT32_C(1) << out->kind) == 0
        || (media && out->media_url.len == 0)
        || ((out->kind == CX_OUT_TEXT || out->kind == CX_OUT_BUTTONS)
            && (out->text.len == 0
                || cx_utf8_count(out->text) > CX_RCS_TEXT_MAX)))
    {
        return CX_NOSTR;
    }

    cx_buf_init(&buf, a, 512, BODY_MAX);
    cx_json_write_init(&w, &buf);
    cx_json_begin(&w, '{');
    cx_json_name(&w, CX_STR("contentMessage"));
    cx_json_begin(&w, '{');
    put_content(&w, out, a);
    cx_json_end(&w, '}');

    if (ttl.len > 0) {
        put(&w, "ttl", ttl);
    }

    if (traffic.len > 0) {
        put(&w, "messageTrafficType", traffic);
    }

    cx_json_end(&w, '}');
    return cx_buf_str(&buf);
}


static void
put(cx_json_writer *w, const char *name, cx_str value)
{
    cx_json_name(w, cx_strz(name));
    cx_json_put_str(w, value);
}


static void
put_content(cx_json_writer *w, const cx_out *out, cx_arena *a)
{
    switch (out->kind) {

    case CX_OUT_LOCATION:
        put_place(w, out, a);
        return;

    case CX_OUT_BUTTONS:
        if (out->header.len > 0 || out->media_url.len > 0) {
            put_card(w, out);

        } else {
            put(w, "text", out->text);
        }

        put_suggestions(w, out);
        return;

    case CX_OUT_TEXT:
        put(w, "text", out->text);
        return;

    default:
        put_info(w, out);
        return;
    }
}


static void
put_info(cx_json_writer *w, const cx_out *out)
{
    cx_json_name(w, CX_STR("contentInfo"));
    cx_json_begin(w, '{');
    put(w, "fileUrl", out->media_url);
    cx_json_end(w, '}');
}


/* Buttons with a heading or a picture: a standalone rich card. */
static void
put_card(cx_json_writer *w, const cx_out *out)
{
    cx_json_name(w, CX_STR("richCard"));
    cx_json_begin(w, '{');
    cx_json_name(w, CX_STR("standaloneCard"));
    cx_json_begin(w, '{');
    put(w, "cardOrientation", CX_STR("VERTICAL"));
    cx_json_name(w, CX_STR("cardContent"));
    cx_json_begin(w, '{');

    if (out->header.len > 0) {
        put(w, "title", out->header);
    }

    put(w, "description", out->text);

    if (out->media_url.len > 0) {
        cx_json_name(w, CX_STR("media"));
        cx_json_begin(w, '{');
        put(w, "height", CX_STR("MEDIUM"));
        put_info(w, out);
        cx_json_end(w, '}');
    }

    cx_json_end(w, '}');
    cx_json_end(w, '}');
    cx_json_end(w, '}');
}


/* There is no message of that kind: a text with the place to be opened. */
static void
put_place(cx_json_writer *w, const cx_out *out, cx_arena *a)
{
    const cx_str  at = cx_printf(a, "%.6f, %.6f", out->latitude,
                                 out->longitude);
    const cx_str  label = out->place.len > 0 ? out->place : at;

    put(w, "text", out->address.len == 0 ? label
                   : cx_printf(a, "%.*s\n%.*s", CX_ARG(label),
                               CX_ARG(out->address)));

    cx_json_name(w, CX_STR("suggestions"));
    cx_json_begin(w, '[');
    cx_json_begin(w, '{');
    cx_json_name(w, CX_STR("action"));
    cx_json_begin(w, '{');
    put(w, "text", CX_STR("Map"));
    put(w, "postbackData", CX_STR("map"));
    cx_json_name(w, CX_STR("viewLocationAction"));
    cx_json_begin(w, '{');
    cx_json_name(w, CX_STR("latLong"));
    cx_json_begin(w, '{');
    cx_json_name(w, CX_STR("latitude"));
    cx_json_put_raw(w, cx_printf(a, "%.6f", out->latitude));
    cx_json_name(w, CX_STR("longitude"));
    cx_json_put_raw(w, cx_printf(a, "%.6f", out->longitude));
    cx_json_end(w, '}');
    put(w, "label", label);
    cx_json_end(w, '}');
    cx_json_end(w, '}');
    cx_json_end(w, '}');
    cx_json_end(w, ']');
}


static void
put_suggestions(cx_json_writer *w, const cx_out *out)
{
    cx_json_name(w, CX_STR("suggestions"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < out->nchoices; i++) {
        cx_json_begin(w, '{');
        put_suggestion(w, &out->choices[i]);
        cx_json_end(w, '}');
    }

    cx_json_end(w, ']');
}


static void
put_suggestion(cx_json_writer *w, const cx_out_choice *c)
{
    const bool  action = c->url.len > 0 || c->phone.len > 0;

    cx_json_name(w, action ? CX_STR("action") : CX_STR("reply"));
    cx_json_begin(w, '{');
    put(w, "text", c->title);
    put(w, "postbackData", c->id.len > 0 ? c->id : c->title);

    if (action) {
        cx_json_name(w, c->url.len > 0 ? CX_STR("openUrlAction")
                                       : CX_STR("dialAction"));
        cx_json_begin(w, '{');
        put(w, c->url.len > 0 ? "url" : "phoneNumber",
            c->url.len > 0 ? c->url : c->phone);
        cx_json_end(w, '}');
    }

    cx_json_end(w, '}');
}
