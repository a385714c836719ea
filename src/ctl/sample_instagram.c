/* Instagram: events of a professional account. */

#include "ctl/sample_meta.h"

#define OBJECT    "instagram"
#define FROM      "1234567890123456"
#define STATUSES  "read"


CTL_META_KIND(story_reply, "{s:{s:s,s:s,s:{s:{s:s,s:s}}}}", "message", "mid",
    mid, "text", text, "reply_to", "story", "id", "17890000000000001", "url",
    "https://lookaside.fbsbx.com/sim/story.jpg")
CTL_META_KIND(story_mention, "{s:{s:s,s:[{s:s,s:{s:s}}]}}", "message", "mid",
    mid, "attachments", "type", "story_mention", "payload", "url",
    "https://lookaside.fbsbx.com/sim/mention.jpg")
CTL_META_KIND(share, "{s:{s:s,s:[{s:s,s:{s:s,s:s}}]}}", "message", "mid",
    mid, "attachments", "type", "ig_post", "payload", "title", text, "url",
    "https://lookaside.fbsbx.com/sim/post.jpg")

static const ctl_meta_kind  kinds[] = {
    { "story-reply",   story_reply,   "Lovely!",        false },
    { "story-mention", story_mention, "",               false },
    { "share",         share,         "Our terrace",    false },
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


static json_t *
status(ctl *c, const ctl_sample *s)
{
    return json_pack("{s:{s:s}}", "read", "mid", cx_dupz(c->arena, s->of));
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


const ctl_flag  ctl_flags_instagram[] = {
    CTL_SAMPLE_FLAGS,
    CTL_FLAG_FROM("ID", "the customer's Instagram-scoped id, " FROM " if "
                  "nothing is said"),
    CTL_FLAG_STATUS(STATUSES),
    CTL_FLAG_OF,
    CTL_FLAG_HANDSHAKE,
    CTL_FLAGS_END
};

const ctl_type  ctl_type_instagram = {
    .name = "instagram",
    .kind = kind,
    .mac = CX_MAC_SHA256,
    .from = FROM,
    .check = ctl_meta_check,
    .body = body,
    .sign = ctl_meta_sign,
    .handshake = ctl_meta_handshake,
};
