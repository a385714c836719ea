/*
 * The types' objects.  Facts: WhatsApp Cloud API, "Webhooks: messages
 * reference", one page a type.
 */

#include "channel/whatsapp.h"

#include "core/utf8.h"


#define NAMES_SHOWN  16     /* of a contacts message, in its text */

typedef struct {
    cx_str  name;
    cx_str  address;
} wa_place;


static bool take_text(cx_json_reader *r, cx_msg *m);
static bool take_media(cx_json_reader *r, cx_msg *m);
static bool take_location(cx_json_reader *r, cx_msg *m);
static cx_str pair(cx_arena *a, cx_str x, cx_str y);
static bool take_contacts(cx_json_reader *r, cx_msg *m);
static bool take_reaction(cx_json_reader *r, cx_msg *m);
static bool take_button(cx_json_reader *r, cx_msg *m);
static bool take_interactive(cx_json_reader *r, cx_msg *m);
static bool take_order(cx_json_reader *r, cx_msg *m);
static bool take_system(cx_json_reader *r, cx_msg *m);
static bool take_edit(cx_json_reader *r, cx_msg *m);
static void take_edited(cx_json_reader *r, cx_msg *m);
static bool take_revoke(cx_json_reader *r, cx_msg *m);
static bool take_unsupported(cx_json_reader *r, cx_msg *m);


static const cx_wa_type  types[] = {
    /*  type                          object            plain  bare  */
    { CX_STR_INIT("text"),            take_text,        true , false },
    { CX_STR_INIT("image"),           take_media,       true , false },
    { CX_STR_INIT("audio"),           take_media,       true , false },
    { CX_STR_INIT("video"),           take_media,       true , false },
    { CX_STR_INIT("document"),        take_media,       true , false },
    { CX_STR_INIT("sticker"),         take_media,       true , false },
    { CX_STR_INIT("reaction"),        take_reaction,    false, false },
    { CX_STR_INIT("interactive"),     take_interactive, false, false },
    { CX_STR_INIT("button"),          take_button,      false, false },
    { CX_STR_INIT("location"),        take_location,    false, false },
    { CX_STR_INIT("contacts"),        take_contacts,    false, false },
    { CX_STR_INIT("order"),           take_order,       false, false },
    { CX_STR_INIT("system"),          take_system,      false, false },
    { CX_STR_INIT("edit"),            take_edit,        false, false },
    { CX_STR_INIT("revoke"),          take_revoke,      false, false },
    { CX_STR_INIT("unsupported"),     take_unsupported, false, true  },
};


const cx_wa_type *
cx_wa_type_find(cx_str name)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].name.len == name.len
            && memcmp(types[i].name.p, name.p, name.len) == 0)
        {
            return &types[i];
        }
    }

    return NULL;
}


static bool
take_text(cx_json_reader *r, cx_msg *m)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("body", cx_msg, text),
    };

    return CX_META_TAKE(r, m, fields) && m->text.p != NULL;
}


static bool
take_media(cx_json_reader *r, cx_msg *m)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("id",        cx_msg, media_id),
        CX_META_FIELD("url",       cx_msg, media_url),
        CX_META_FIELD("mime_type", cx_msg, media_mime),
        CX_META_FIELD("sha256",    cx_msg, media_sha256),
        CX_META_FIELD("filename",  cx_msg, media_name),
        CX_META_FIELD("caption",   cx_msg, text),
    };

    bool    voice = false;
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "voice")) {
            (void) cx_json_bool(r, &voice);

        } else if (!CX_META_TAKE_ONE(r, key, m, fields)) {
            cx_json_skip(r);
        }
    }

    m->voice = voice;
    return m->media_id.len > 0;
}


static bool
take_location(cx_json_reader *r, cx_msg *m)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("name",    wa_place, name),
        CX_META_FIELD("address", wa_place, address),
    };

    cx_str       key, lat = CX_NOSTR, lon = CX_NOSTR;
    wa_place     place = { 0 };
    const char  *start = cx_meta_mark(r);

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "latitude")) {
            (void) cx_json_scalar(r, &lat);

        } else if (CX_STR_IS(key, "longitude")) {
            (void) cx_json_scalar(r, &lon);

        } else if (!CX_META_TAKE_ONE(r, key, &place, fields)) {
            cx_json_skip(r);
        }
    }

    m->extra = cx_meta_since(r, start);

    if (place.name.len > 0 || place.address.len > 0) {
        m->text = pair(r->arena, place.name, place.address);

    } else {
        m->text = pair(r->arena, lat, lon);
    }

    return lat.len > 0 && lon.len > 0;
}


/* "x, y", or the one there is. */
static cx_str
pair(cx_arena *a, cx_str x, cx_str y)
{
    if (x.len == 0 || y.len == 0) {
        return cx_utf8_cut(x.len > 0 ? x : y, CX_MSG_TEXT_MAX);
    }

    return cx_utf8_cut(cx_printf(a, "%.*s, %.*s", CX_ARG(x), CX_ARG(y)),
                       CX_MSG_TEXT_MAX);
}


/* Text: the names, comma separated. */
static bool
take_contacts(cx_json_reader *r, cx_msg *m)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("formatted_name", wa_place, name),
    };

    cx_str       key;
    cx_buf       names;
    size_t       shown = 0;
    wa_place     who;
    const char  *start = cx_meta_mark(r);

    if (!cx_json_into(r, CX_JSON_ARRAY)) {
        return false;
    }

    cx_buf_init(&names, r->arena, 0, CX_MSG_TEXT_MAX);

    while (cx_json_item(r)) {
        who = (wa_place) { 0 };

        if (!cx_json_into(r, CX_JSON_OBJECT)) {
            continue;
        }

        while (cx_json_key(r, &key)) {
            if (CX_STR_IS(key, "name")) {
                (void) CX_META_TAKE(r, &who, fields);

            } else {
                cx_json_skip(r);
            }
        }

        if (who.name.len > 0 && shown < NAMES_SHOWN) {
            cx_buf_add(&names, shown > 0 ? CX_STR(", ") : CX_STR(""));
            cx_buf_add(&names, who.name);
            shown++;
        }
    }

    m->extra = cx_meta_since(r, start);
    m->text = names.failed ? CX_NOSTR : cx_buf_str(&names);
    return true;
}


/* An empty or absent emoji takes the reaction back. */
static bool
take_reaction(cx_json_reader *r, cx_msg *m)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("message_id", cx_msg, reply_to),
        CX_META_FIELD("emoji",      cx_msg, text),
    };

    return CX_META_TAKE(r, m, fields) && m->reply_to.len > 0;
}


static bool
take_button(cx_json_reader *r, cx_msg *m)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("payload", cx_msg, payload),
        CX_META_FIELD("text",    cx_msg, text),
    };

    return CX_META_TAKE(r, m, fields);
}


/* {"type": "list_reply", "list_reply": {...}}: whichever reply it is. */
static bool
take_interactive(cx_json_reader *r, cx_msg *m)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("id",            cx_msg, payload),  /* button, list */
        CX_META_FIELD("title",         cx_msg, text),
        CX_META_FIELD("response_json", cx_msg, payload),  /* flow, address */
        CX_META_FIELD("body",          cx_msg, text),
        CX_META_FIELD("response",      cx_msg, payload),  /* call permission */
    };

    cx_str       key;
    const char  *start = cx_meta_mark(r);

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(r, &key)) {
        if (cx_str_ends(key, CX_STR("_reply"))) {
            (void) CX_META_TAKE(r, m, fields);

        } else {
            cx_json_skip(r);
        }
    }

    m->extra = cx_meta_since(r, start);
    return true;
}


static bool
take_order(cx_json_reader *r, cx_msg *m)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("text",       cx_msg, text),
        CX_META_FIELD("catalog_id", cx_msg, payload),
    };

    const char  *start = cx_meta_mark(r);

    if (!CX_META_TAKE(r, m, fields)) {
        return false;
    }

    m->extra = cx_meta_since(r, start);
    return true;
}


/* The new number or user id stays in extra. */
static bool
take_system(cx_json_reader *r, cx_msg *m)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("type", cx_msg, payload),
        CX_META_FIELD("body", cx_msg, text),
    };

    const char  *start = cx_meta_mark(r);

    if (!CX_META_TAKE(r, m, fields)) {
        return false;
    }

    m->extra = cx_meta_since(r, start);
    return true;
}


/* {"original_message_id", "message": {"type", "text": {...}}} */
static bool
take_edit(cx_json_reader *r, cx_msg *m)
{
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "original_message_id")) {
            (void) cx_meta_text(r, &m->reply_to);

        } else if (CX_STR_IS(key, "message")) {
            take_edited(r, m);

        } else {
            cx_json_skip(r);
        }
    }

    return m->reply_to.len > 0;
}


/* Only text and media can be edited, so an edit never holds an edit. */
static void
take_edited(cx_json_reader *r, cx_msg *m)
{
    cx_str             key;
    const cx_wa_type  *t;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        t = cx_wa_type_find(key);

        if (t != NULL && t->plain) {
            (void) t->take(r, m);

        } else {
            cx_json_skip(r);
        }
    }
}


static bool
take_revoke(cx_json_reader *r, cx_msg *m)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("original_message_id", cx_msg, reply_to),
    };

    return CX_META_TAKE(r, m, fields) && m->reply_to.len > 0;
}


/* payload: what it would have been (edit, poll, button ...). */
static bool
take_unsupported(cx_json_reader *r, cx_msg *m)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("type", cx_msg, payload),
    };

    return CX_META_TAKE(r, m, fields);
}
