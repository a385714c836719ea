/* Messenger: events of a page. */

#include "ctl/sample_meta.h"

#define OBJECT    "page"
#define FROM      "7654321098765432"
#define STATUSES  "delivered|read"


CTL_META_KIND(sticker, "{s:{s:s,s:[{s:s,s:{s:s,s:I}}]}}", "message", "mid",
    mid, "attachments", "type", "image", "payload", "url",
    "https://scontent.fbcdn.net/sim/like.png", "sticker_id",
    (json_int_t) 369239263222822)
CTL_META_KIND(location, "{s:{s:s,s:[{s:s,s:s,s:{s:{s:f,s:f}}}]}}", "message",
    "mid", mid, "attachments", "type", "location", "title", text, "payload",
    "coordinates", "lat", 38.7139, "long", -9.1334)
CTL_META_KIND(fallback, "{s:{s:s,s:s,s:[{s:s,s:{s:s,s:s}}]}}", "message",
    "mid", mid, "text", text, "attachments", "type", "fallback", "payload",
    "url", "https://example.com/", "title", "Rooms")

static const ctl_meta_kind  kinds[] = {
    { "sticker",  sticker,  "",                         false },
    { "location", location, "Meeting point",            false },
    { "link",     fallback, "https://example.com/",     false },
};

#define KINDS  (sizeof(kinds) / sizeof(kinds[0]))


/* Those both have, then its own. */
static const ctl_meta_kind *
kind_at(size_t i)
{
    size_t  n = 0;

    while (ctl_meta_common(n) != NULL) {
        n++;
    }

    return i < n ? ctl_meta_common(i) : i - n < KINDS ? &kinds[i - n] : NULL;
}


static const char *
kind(size_t i)
{
    return kind_at(i) != NULL ? kind_at(i)->name : NULL;
}


/* Messenger names those that were delivered; of those that were read it only
 * says until when. */
static json_t *
status(ctl *c, const ctl_sample *s)
{
    const json_int_t  now_ms = (json_int_t) s->now_s * 1000 + 999;

    if (cx_str_eq(s->status, CX_STR("delivered"))) {
        return json_pack("{s:{s:[s],s:I}}", "delivery", "mids",
                         cx_dupz(c->arena, s->of), "watermark", now_ms);
    }

    return json_pack("{s:{s:I}}", "read", "watermark", now_ms);
}


static char *
body(ctl *c, const ctl_sample *s)
{
    size_t  i = 0;

    if (s->status.len > 0) {
        return ctl_meta_event(c, s, OBJECT, status(c, s), false);
    }

    while (kind(i) != NULL && !cx_str_eq(s->type, cx_strz(kind(i)))) {
        i++;
    }

    return ctl_meta_message(c, s, OBJECT, kind_at(i));
}


const ctl_flag  ctl_flags_messenger[] = {
    CTL_SAMPLE_FLAGS,
    CTL_FLAG_FROM("ID", "the customer's page-scoped id, " FROM " if "
                  "nothing is said"),
    CTL_FLAG_STATUS(STATUSES),
    CTL_FLAG_OF,
    CTL_FLAG_HANDSHAKE,
    CTL_FLAGS_END
};

const ctl_type  ctl_type_messenger = {
    .name = "messenger",
    .kind = kind,
    .mac = CX_MAC_SHA256,
    .from = FROM,
    .check = ctl_meta_check,
    .body = body,
    .sign = ctl_meta_sign,
    .handshake = ctl_meta_handshake,
};
