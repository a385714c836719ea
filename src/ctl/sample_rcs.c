/* RCS for Business: the data Google signs, in its envelope. */

#include "ctl/sample.h"

#include "core/base64.h"
#include "ctl/plan.h"

#include <stdlib.h>
#include <string.h>

#define FROM      "+15550104821"
#define STATUSES  "delivered|read|failed"
#define FILES     "https://rcs-files.example/"


/* What a message holds beside its ids. */
typedef json_t *(*sample_fn)(const char *text);

#define SAMPLE(fn, ...)                                                      \
    static json_t *                                                          \
    fn(const char *text)                                                     \
    {                                                                        \
        (void) text;                                                         \
        return json_pack(__VA_ARGS__);                                       \
    }

SAMPLE(plain, "{s:s}", "text", text)
SAMPLE(reply, "{s:{s:s,s:s,s:s}}", "suggestionResponse", "postbackData",
       "yes-1", "text", text, "type", "REPLY")
SAMPLE(action, "{s:{s:s,s:s,s:s}}", "suggestionResponse", "postbackData",
       "open-1", "text", text, "type", "ACTION")
SAMPLE(location, "{s:{s:f,s:f}}", "location", "latitude", 38.7139,
       "longitude", -9.1334)
SAMPLE(image, "{s:{s:{s:s,s:s,s:i,s:s}}}", "userFile", "payload", "mimeType",
       "image/jpeg", "fileName", "view.jpg", "fileSizeBytes", 48213,
       "fileUri", FILES "view")
SAMPLE(video, "{s:{s:{s:s,s:s,s:s}}}", "userFile", "payload", "mimeType",
       "video/mp4", "fileName", "pool.mp4", "fileUri", FILES "pool")
SAMPLE(audio, "{s:{s:{s:s,s:s}}}", "userFile", "payload", "mimeType",
       "audio/ogg", "fileUri", FILES "voice")
SAMPLE(document, "{s:{s:{s:s,s:s,s:s}}}", "userFile", "payload", "mimeType",
       "application/pdf", "fileName", "booking.pdf", "fileUri", FILES "doc")
SAMPLE(typing, "{s:s}", "eventType", "IS_TYPING")
SAMPLE(subscribe, "{s:s}", "eventType", "SUBSCRIBE")
SAMPLE(unsubscribe, "{s:s}", "eventType", "UNSUBSCRIBE")

static const struct {
    const char  *name;        /* --type */
    sample_fn    build;
    const char  *text;        /* when --text is left out */
    const char  *id;          /* name of its own id */
} types[] = {
    { "text",        plain,       "Hello",          "messageId" },
    { "reply",       reply,       "Yes, please",    "messageId" },
    { "action",      action,      "Open the map",   "eventId" },
    { "location",    location,    "",               "messageId" },
    { "image",       image,       "",               "messageId" },
    { "video",       video,       "",               "messageId" },
    { "audio",       audio,       "",               "messageId" },
    { "document",    document,    "",               "messageId" },
    { "typing",      typing,      "",               "eventId" },
    { "subscribe",   subscribe,   "",               "eventId" },
    { "unsubscribe", unsubscribe, "",               "eventId" },
};

#define NTYPES  (sizeof(types) / sizeof(types[0]))


static const char *
kind(size_t i)
{
    return i < NTYPES ? types[i].name : NULL;
}


static json_t *
message(ctl *c, const ctl_sample *s)
{
    json_t  *data;

    for (size_t i = 0; i < NTYPES; i++) {
        if (cx_str_eq(cx_strz(types[i].name), s->type)) {
            data = types[i].build(s->text.len > 0
                                  ? cx_dupz(c->arena, s->text)
                                  : types[i].text);
            if (data != NULL) {
                ctl_sample_set(c, data, types[i].id,
                               cx_concat(c->arena, CX_STR("SIM"),
                                         s->serial));
            }

            return data;
        }
    }

    return NULL;
}


/* Google says "failed" only of what it has revoked in time. */
static json_t *
status(ctl *c, const ctl_sample *s)
{
    json_t      *data = json_object();
    const bool   failed = cx_str_eq(s->status, CX_STR("failed"));

    ctl_sample_set(c, data, "eventType",
                   failed ? CX_STR("TTL_EXPIRATION_REVOKED")
                   : cx_str_eq(s->status, CX_STR("read")) ? CX_STR("READ")
                   : CX_STR("DELIVERED"));
    ctl_sample_set(c, data, "messageId", s->of);
    ctl_sample_set(c, data, "eventId", cx_concat(c->arena, CX_STR("SIM"),
                                                 s->serial));
    return data;
}


static char *
body(ctl *c, const ctl_sample *s)
{
    char    *text;
    cx_str   encoded, agent = s->account;
    json_t  *data = s->status.len > 0 ? status(c, s) : message(c, s);

    if (data == NULL) {
        return NULL;
    }

    ctl_sample_set(c, data, "agentId", agent);
    ctl_sample_set(c, data, "senderPhoneNumber", s->from);
    text = ctl_sample_dump(data);

    if (text == NULL) {
        return NULL;
    }

    encoded = cx_base64_encode(c->arena, CX_BASE64_STD, cx_strz(text));
    free(text);

    return ctl_sample_dump(json_pack("{s:{s:s%,s:{s:s},s:s},s:s}", "message",
                                     "data", encoded.p, encoded.len,
                                     "attributes", "product", "RBM",
                                     "messageId", "901", "subscription",
                                     "projects/sim/subscriptions/s1"));
}


static ctl_exit
check(ctl *c, ctl_sample *s)
{
    int64_t  digits;

    if (!cx_str_starts(s->from, CX_STR("+")) || s->from.len > 16
        || !cx_str_to_i64(cx_str_sub(s->from, 1, s->from.len), &digits))
    {
        return ctl_fail(c, CTL_USAGE, NULL,
                        "--from wants a number like " FROM);
    }

    return CTL_OK;
}


/* Signed is what message.data holds, not the body. */
static bool
sign(ctl *c, const ctl_sample *s, const ctl_key *key, ctl_post *post)
{
    cx_str       bytes = CX_NOSTR;
    json_t      *doc = json_loads(post->body, 0, NULL);
    const char  *data = json_string_value(
                            json_object_get(json_object_get(doc, "message"),
                                            "data"));
    const bool  ok = data == NULL
                     || cx_base64_decode(c->arena, CX_BASE64_STD,
                                         cx_strz(data), &bytes) == CX_OK;

    (void) s;
    json_decref(doc);

    return ok && ctl_post_mac(c, post, "X-Goog-Signature", bytes, key->mac);
}


const ctl_flag  ctl_flags_rcs[] = {
    CTL_SAMPLE_FLAGS,
    CTL_FLAG_FROM("NUMBER", "the customer's number, " FROM " if nothing is "
                  "said"),
    CTL_FLAG_STATUS(STATUSES),
    CTL_FLAG_OF,
    CTL_FLAG_HANDSHAKE,
    CTL_FLAGS_END
};

const ctl_type  ctl_type_rcs = {
    .name = "rcs",
    .kind = kind,
    .mac = CX_MAC_SHA512,
    .from = FROM,
    .check = check,
    .body = body,
    .sign = sign,
    .handshake = ctl_google_handshake,
};
