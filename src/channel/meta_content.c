/*
 * What a message holds.  Facts: Messenger Platform, "messages" and
 * "message_echoes"; Instagram Platform, "Webhooks" (story replies and
 * mentions, shares, is_deleted, is_unsupported, is_self).
 *
 * A message with several attachments becomes as many, since each is fetched
 * and shown for itself: the first has its id and text, the others the id with
 * "#2", "#3".
 */

#include "core/utf8.h"
#include "channel/meta_messaging.h"

#include "core/intent.h"


typedef struct {
    cx_str  mid;
    cx_str  text;
    cx_str  metadata;
    cx_str  app;
    cx_str  payload;            /* of a quick reply */
    cx_str  reply_to;
    cx_str  story;              /* the object of a story that is answered */
    cx_str  referral;
    cx_str  attachments;
    bool    quick;
    bool    echo;
    bool    deleted;
    bool    unsupported;
    bool    self;
} content;

typedef struct {
    cx_str  type;
    cx_str  url;
    cx_str  title;
    cx_str  sticker;
    cx_str  lat;
    cx_str  lon;
    cx_str  raw;
} attachment;


static bool content_read(cx_meta_event *e, content *c);
static bool content_flag(cx_json_reader *r, cx_str key, content *c);
static void take_quick(cx_json_reader *r, content *c);
static void take_reply_to(cx_json_reader *r, content *c);
static bool is_ours(const content *c);
static bool settle_sent(cx_meta_event *e, const content *c);
static bool settle_message(cx_meta_event *e, const content *c);
static bool take_attachments(cx_meta_event *e, const content *c, cx_msg *m);
static void attachment_read(cx_json_reader *r, attachment *at);
static void attachment_payload(cx_json_reader *r, attachment *at);
static void attachment_settle(const attachment *at, cx_arena *a, cx_msg *m);
static cx_str content_of(cx_str type);
static cx_str words(cx_arena *a, cx_str x, const char *between, cx_str y);


bool
cx_meta_message_take(cx_meta_event *e)
{
    cx_msg   *m;
    content   c = { .mid = CX_NOSTR };

    if (!content_read(e, &c) || c.mid.len == 0) {
        return false;
    }

    /* What an account writes to itself is nobody's question. */
    if (c.self) {
        return true;
    }

    e->echo = c.echo;

    if (!c.deleted) {
        return is_ours(&c) ? settle_sent(e, &c) : settle_message(e, &c);
    }

    m = cx_meta_event_add(e, c.echo ? "echo" : "message", CX_STR("revoke"),
                          cx_meta_digest(cx_printf(e->arena, "revoke %.*s",
                                                   CX_ARG(c.mid)), e->arena));
    if (m != NULL) {
        m->reply_to = c.mid;
    }

    return m != NULL;
}


/* The echo of what we sent ourselves says no more than that it went out: it
 * is the status that other channels have.  Without the metadata it might be
 * anybody's. */
static bool
is_ours(const content *c)
{
    int64_t  id, attempt;

    return c->echo && cx_intent_parse(c->metadata, &id, &attempt);
}


static bool
settle_sent(cx_meta_event *e, const content *c)
{
    cx_msg  *m = cx_meta_event_add(e, "status", CX_STR("sent"), c->mid);

    if (m != NULL) {
        m->tag = c->metadata;
    }

    return m != NULL;
}


static bool
content_read(cx_meta_event *e, content *c)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("mid",      content, mid),
        CX_META_FIELD("text",     content, text),
        CX_META_FIELD("metadata", content, metadata),
    };

    cx_str          key;
    cx_json_reader  r;

    cx_json_open(&r, e->raw, e->arena);

    if (!cx_json_into(&r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, "attachments")) {
            (void) cx_json_raw(&r, &c->attachments);

        } else if (CX_STR_IS(key, "quick_reply")) {
            take_quick(&r, c);

        } else if (CX_STR_IS(key, "reply_to")) {
            take_reply_to(&r, c);

        } else if (CX_STR_IS(key, "referral")) {
            c->referral = cx_meta_raw_object(&r);

        } else if (CX_STR_IS(key, "app_id")) {
            (void) cx_json_scalar(&r, &c->app);

        } else if (!content_flag(&r, key, c)
                   && !CX_META_TAKE_ONE(&r, key, c, fields))
        {
            cx_json_skip(&r);
        }
    }

    return cx_json_close(&r) == CX_OK;
}


static bool
content_flag(cx_json_reader *r, cx_str key, content *c)
{
    const struct {
        cx_str   name;
        bool    *flag;
    } flags[] = {
        { CX_STR_INIT("is_echo"),        &c->echo },
        { CX_STR_INIT("is_deleted"),     &c->deleted },
        { CX_STR_INIT("is_unsupported"), &c->unsupported },
        { CX_STR_INIT("is_self"),        &c->self },
    };

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (cx_str_eq(key, flags[i].name)) {
            (void) cx_json_bool(r, flags[i].flag);
            return true;
        }
    }

    return false;
}


static void
take_quick(cx_json_reader *r, content *c)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("payload", content, payload),
    };

    c->quick = CX_META_TAKE(r, c, fields);
}


/* {"mid"}, or {"story": {"id", "url"}}: a story is no message of the talk. */
static void
take_reply_to(cx_json_reader *r, content *c)
{
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "mid")) {
            (void) cx_meta_text(r, &c->reply_to);

        } else if (CX_STR_IS(key, "story")) {
            c->story = cx_meta_raw_object(r);

        } else {
            cx_json_skip(r);
        }
    }
}


cx_str
cx_meta_raw_object(cx_json_reader *r)
{
    cx_str  raw;

    if (cx_json_peek(r) != CX_JSON_OBJECT) {
        cx_json_skip(r);
        return CX_NOSTR;
    }

    return cx_json_raw(r, &raw) ? raw : CX_NOSTR;
}


static bool
settle_message(cx_meta_event *e, const content *c)
{
    cx_msg  *m = cx_meta_event_add(e, c->echo ? "echo" : "message",
                                   CX_STR("text"), c->mid);

    if (m == NULL) {
        return false;
    }

    m->text = c->text;
    m->reply_to = c->reply_to;
    m->referral = c->referral;

    if (c->echo) {
        m->tag = c->metadata;
        m->payload = c->app;
    }

    if (c->story.len > 0) {
        m->extra = cx_printf(e->arena, "{\"story\":%.*s}", CX_ARG(c->story));
    }

    if (c->unsupported) {
        m->content = CX_STR("unsupported");
        return true;
    }

    if (c->quick) {
        m->content = CX_STR("button");
        m->payload = c->payload;
        return true;
    }

    if (c->attachments.len > 0) {
        return take_attachments(e, c, m);
    }

    if (c->text.len == 0) {
        m->content = CX_STR("unknown");
        m->extra = e->raw;
    }

    return true;
}


static bool
take_attachments(cx_meta_event *e, const content *c, cx_msg *m)
{
    size_t          n = 0;
    attachment      at;
    cx_json_reader  r;

    cx_json_open(&r, c->attachments, e->arena);

    if (!cx_json_into(&r, CX_JSON_ARRAY)) {
        return false;
    }

    while (cx_json_item(&r)) {
        n++;

        if (n > 1) {
            m = cx_meta_event_add(e, c->echo ? "echo" : "message",
                                  CX_STR("text"),
                                  cx_printf(e->arena, "%.*s#%zu",
                                            CX_ARG(c->mid), n));
            if (m == NULL) {
                return false;
            }
        }

        attachment_read(&r, &at);
        attachment_settle(&at, e->arena, m);
    }

    if (n == 0 && c->text.len == 0) {
        m->content = CX_STR("unknown");
        m->extra = e->raw;
    }

    return cx_json_close(&r) == CX_OK;
}


/* {"type", "payload": {...}}; a fallback has url and title beside them. */
static void
attachment_read(cx_json_reader *r, attachment *at)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("type",  attachment, type),
        CX_META_FIELD("url",   attachment, url),
        CX_META_FIELD("title", attachment, title),
    };

    cx_str       key;
    const char  *start = cx_meta_mark(r);

    *at = (attachment) { .type = CX_NOSTR };

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "payload")) {
            attachment_payload(r, at);

        } else if (!CX_META_TAKE_ONE(r, key, at, fields)) {
            cx_json_skip(r);
        }
    }

    at->raw = cx_meta_since(r, start);
}


static void
attachment_payload(cx_json_reader *r, attachment *at)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("url",             attachment, url),
        CX_META_FIELD("story_media_url", attachment, url),
        CX_META_FIELD("title",           attachment, title),
    };

    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "sticker_id")) {
            (void) cx_json_scalar(r, &at->sticker);

        } else if (CX_STR_IS(key, "coordinates")) {
            if (!cx_json_into(r, CX_JSON_OBJECT)) {
                continue;
            }

            while (cx_json_key(r, &key)) {
                (void) cx_json_scalar(r, CX_STR_IS(key, "lat") ? &at->lat
                                                               : &at->lon);
            }

        } else if (!CX_META_TAKE_ONE(r, key, at, fields)) {
            cx_json_skip(r);
        }
    }
}


static void
attachment_settle(const attachment *at, cx_arena *a, cx_msg *m)
{
    m->content = content_of(at->type);

    if (CX_STR_IS(m->content, "image") && at->sticker.len > 0) {
        m->content = CX_STR("sticker");
        m->media_id = at->sticker;
    }

    if (CX_STR_IS(m->content, "location")) {
        m->text = words(a, at->lat, ", ", at->lon);
        m->extra = at->raw;
        return;
    }

    /* A page that was linked, not a file. */
    if (CX_STR_IS(m->content, "text")
        || (CX_STR_IS(m->content, "share") && !cx_meta_is_file(at->url)))
    {
        m->text = m->text.len > 0 ? m->text
                                  : words(a, at->title, " ", at->url);
        m->extra = at->raw;
        return;
    }

    m->media_url = at->url;

    if (CX_STR_IS(m->content, "document")) {
        m->media_name = at->title;

    } else if (m->text.len == 0) {
        m->text = at->title;
    }

    if (CX_STR_IS(m->content, "share") || CX_STR_IS(m->content, "interactive")
        || CX_STR_IS(m->content, "unknown"))
    {
        m->extra = at->raw;
    }
}


/* share: a post, reel or story of somebody; the type is in extra. */
static cx_str
content_of(cx_str type)
{
    static const struct {
        cx_str  type;
        cx_str  content;
    } contents[] = {
        { CX_STR_INIT("image"),         CX_STR_INIT("image") },
        { CX_STR_INIT("video"),         CX_STR_INIT("video") },
        { CX_STR_INIT("audio"),         CX_STR_INIT("audio") },
        { CX_STR_INIT("file"),          CX_STR_INIT("document") },
        { CX_STR_INIT("location"),      CX_STR_INIT("location") },
        { CX_STR_INIT("fallback"),      CX_STR_INIT("text") },
        { CX_STR_INIT("template"),      CX_STR_INIT("interactive") },
        { CX_STR_INIT("story_mention"), CX_STR_INIT("story_mention") },
        { CX_STR_INIT("share"),         CX_STR_INIT("share") },
        { CX_STR_INIT("media"),         CX_STR_INIT("share") },
        { CX_STR_INIT("post"),          CX_STR_INIT("share") },
        { CX_STR_INIT("ig_post"),       CX_STR_INIT("share") },
        { CX_STR_INIT("reel"),          CX_STR_INIT("share") },
        { CX_STR_INIT("ig_reel"),       CX_STR_INIT("share") },
        { CX_STR_INIT("story"),         CX_STR_INIT("share") },
        { CX_STR_INIT("ig_story"),      CX_STR_INIT("share") },
        { CX_STR_INIT("like_heart"),    CX_STR_INIT("sticker") },
    };

    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        if (cx_str_eq(type, contents[i].type)) {
            return contents[i].content;
        }
    }

    return CX_STR("unknown");
}


/* Both, or the one there is. */
static cx_str
words(cx_arena *a, cx_str x, const char *between, cx_str y)
{
    if (x.len == 0 || y.len == 0) {
        return x.len > 0 ? x : y;
    }

    return cx_utf8_cut(cx_printf(a, "%.*s%s%.*s", CX_ARG(x), between,
                                 CX_ARG(y)),
                       CX_MSG_TEXT_MAX);
}
