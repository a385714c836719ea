#include "ctl/sample_meta.h"

#include "core/http.h"
#include "ctl/plan.h"

#define OTHER  "mid.SIMPREVIOUS"
#define CDN    "https://scontent.fbcdn.net/sim/"


CTL_META_KIND(text_of, "{s:{s:s,s:s}}", "message", "mid", mid, "text", text)
CTL_META_KIND(image, "{s:{s:s,s:s,s:[{s:s,s:{s:s}}]}}", "message", "mid", mid,
    "text", text, "attachments", "type", "image", "payload", "url",
    CDN "view.jpg")
CTL_META_KIND(video, "{s:{s:s,s:[{s:s,s:{s:s}}]}}", "message", "mid", mid,
    "attachments", "type", "video", "payload", "url", CDN "pool.mp4")
CTL_META_KIND(audio, "{s:{s:s,s:[{s:s,s:{s:s}}]}}", "message", "mid", mid,
    "attachments", "type", "audio", "payload", "url", CDN "voice.mp4")
CTL_META_KIND(document, "{s:{s:s,s:[{s:s,s:{s:s,s:s}}]}}", "message", "mid",
    mid, "attachments", "type", "file", "payload", "title", "booking.pdf",
    "url", CDN "booking.pdf")
CTL_META_KIND(quick_reply, "{s:{s:s,s:s,s:{s:s}}}", "message", "mid", mid,
    "text", text, "quick_reply", "payload", "YES")
CTL_META_KIND(postback, "{s:{s:s,s:s,s:s}}", "postback", "mid", mid,
    "title", text, "payload", "PRICES")
CTL_META_KIND(reaction, "{s:{s:s,s:s,s:s,s:s}}", "reaction", "mid", of,
    "action", "react", "reaction", "love", "emoji", text)
CTL_META_KIND(edit, "{s:{s:s,s:s,s:i}}", "message_edit", "mid", of, "text",
    text, "num_edit", 1)
CTL_META_KIND(revoke, "{s:{s:s,s:b}}", "message", "mid", of, "is_deleted", 1)
CTL_META_KIND(unsupported, "{s:{s:s,s:b}}", "message", "mid", mid,
    "is_unsupported", 1)
CTL_META_KIND(referral, "{s:{s:s,s:s,s:{s:s,s:s,s:s,s:s}}}", "message",
    "mid", mid, "text", text, "referral", "ref", "promo1", "source", "ADS",
    "type", "OPEN_THREAD", "ad_id", "120210000000000001")
/* A person answered in the inbox: no app, no metadata. */
CTL_META_KIND(echo, "{s:{s:s,s:s,s:b}}", "message", "mid", mid, "text", text,
    "is_echo", 1)

static const ctl_meta_kind  kinds[] = {
    { "text",        text_of,     "Hello",                false },
    { "image",       image,       "The view",             false },
    { "video",       video,       "",                     false },
    { "audio",       audio,       "",                     false },
    { "document",    document,    "",                     false },
    { "button",      quick_reply, "Yes, please",          false },
    { "postback",    postback,    "Prices",               false },
    { "reaction",    reaction,    "\xe2\x9d\xa4",         false },
    { "edit",        edit,        "Hello again",          false },
    { "revoke",      revoke,      "",                     false },
    { "unsupported", unsupported, "",                     false },
    { "referral",    referral,    "I saw your ad",        false },
    { "echo",        echo,        "I look after it.",     true  },
};


const ctl_meta_kind *
ctl_meta_common(size_t i)
{
    return i < sizeof(kinds) / sizeof(kinds[0]) ? &kinds[i] : NULL;
}


char *
ctl_meta_message(ctl *c, const ctl_sample *s, const char *object,
    const ctl_meta_kind *k)
{
    json_t      *own, *m;
    const char  *mid = cx_dupz(c->arena, cx_concat(c->arena,
                                                   CX_STR("mid.SIM"),
                                                   s->serial));

    if (k == NULL) {
        return NULL;
    }

    own = k->build(s->text.len > 0 ? cx_dupz(c->arena, s->text) : k->text,
                   s->of.len > 0 ? cx_dupz(c->arena, s->of) : OTHER, mid);
    m = json_object_get(own, "message");

    if (s->of.len > 0 && json_object_get(m, "text") != NULL) {
        json_object_set_new(m, "reply_to",
                            json_pack("{s:s}", "mid",
                                      cx_dupz(c->arena, s->of)));
    }

    return ctl_meta_event(c, s, object, own, k->echo);
}


char *
ctl_meta_event(ctl *c, const ctl_sample *s, const char *object, json_t *own,
    bool echo)
{
    const json_int_t   now_ms = (json_int_t) s->now_s * 1000;
    const char        *account = cx_dupz(c->arena, s->account);
    const char        *peer = cx_dupz(c->arena, s->from);

    if (own == NULL) {
        return NULL;
    }

    json_object_set_new(own, "sender",
                        json_pack("{s:s}", "id", echo ? account : peer));
    json_object_set_new(own, "recipient",
                        json_pack("{s:s}", "id", echo ? peer : account));
    json_object_set_new(own, "timestamp", json_integer(now_ms));

    return ctl_sample_dump(json_pack("{s:s,s:[{s:s,s:I,s:[o]}]}", "object",
                                     object, "entry", "id", account, "time",
                                     now_ms, "messaging", own));
}


ctl_exit
ctl_meta_check(ctl *c, ctl_sample *s)
{
    for (size_t i = 0; i < s->from.len; i++) {
        if (s->from.p[i] < '0' || s->from.p[i] > '9') {
            return ctl_fail(c, CTL_USAGE, NULL, "--from wants digits");
        }
    }

    return CTL_OK;
}


/* --- Meta ---------------------------------------------------------------- */

bool
ctl_meta_sign(ctl *c, const ctl_sample *s, const ctl_key *key, ctl_post *post)
{
    uint8_t  mac[CX_MAC_MAX];
    char     hex[2 * CX_MAC_MAX];
    size_t   len = cx_mac_len(key->mac);

    (void) s;

    if (!cx_mac_run(key->mac, cx_strz(post->body), mac)) {
        return false;
    }

    cx_hex_encode(mac, len, hex);

    return ctl_post_header(c, post, "X-Hub-Signature-256",
                           cx_concat(c->arena, CX_STR("sha256="),
                                     (cx_str) { 2 * len, hex }));
}


bool
ctl_meta_handshake(ctl *c, cx_str token, cx_str word, ctl_post *post,
    cx_str *answer)
{
    token = cx_url_encode(c->arena, token);
    post->query = cx_dupz(c->arena, cx_printf(c->arena,
                          "hub.mode=subscribe&hub.verify_token=%.*s"
                          "&hub.challenge=%.*s", CX_ARG(token),
                          CX_ARG(word)));
    *answer = word;

    return true;
}
