/* Attachments, places and contacts, and how they read as text. */

#include "channel/fit.h"

#include "core/json.h"


#define CONTACTS_MAX  (64 * 1024)

static const char  no_link[] = "media_url is missing: this channel cannot "
                               "take the attachment itself";


/* --- attachments --------------------------------------------------------- */

static bool
type_is_in(const char *types, cx_str mime)
{
    cx_str  rest = cx_strz(types), one, wanted = mime;

    /* Without parameters: "audio/ogg; codecs=opus". */
    (void) cx_str_split(&wanted, ';', &mime);
    mime = cx_str_trim(mime);

    if (types == NULL || mime.len == 0) {
        return true;
    }

    while (cx_str_split(&rest, ' ', &one)) {
        if (cx_str_eq_nocase(one, mime)) {
            return true;
        }
    }

    return false;
}


/* Of the limits for that kind one must hold; without any all is well. */
static bool
takes(const cx_caps *caps, cx_out_kind kind, const cx_out *o)
{
    bool  limited = false;

    if (!cx_fit_can(caps, kind)) {
        return false;
    }

    for (size_t i = 0; i < CX_MEDIA_LIMITS; i++) {
        const cx_media_limit  *m = &caps->media[i];

        if (m->kind != kind || (m->max_size == 0 && m->types == NULL)) {
            continue;
        }

        limited = true;

        if (type_is_in(m->types, o->media_mime)
            && (m->max_size == 0 || o->media_size <= m->max_size))
        {
            return true;
        }
    }

    return !limited;
}


static bool
has_caption(const cx_caps *caps, cx_out_kind kind, cx_str text)
{
    return kind != CX_OUT_AUDIO && kind != CX_OUT_STICKER
           && caps->caption_max > 0
           && cx_fit_len(caps, text) <= caps->caption_max;
}


static cx_err
put_media(cx_fit *f, cx_out_kind kind)
{
    const cx_str   text = f->out->text;
    const bool     caption = has_caption(f->caps, kind, text);
    cx_out        *o = cx_fit_add(f, kind);

    if (o == NULL) {
        return f->error != NULL ? CX_INVALID : CX_NOMEM;
    }

    o->nchoices = 0;
    o->text = caption ? text : CX_NOSTR;

    return caption || cx_str_trim(text).len == 0 ? CX_OK
                                                 : cx_fit_text(f, text);
}


/* The link is a text of its own, unless all fits into one: it is never cut. */
static cx_err
with_link(cx_fit *f, cx_str text, cx_str link)
{
    const size_t  max = cx_fit_text_max(f->caps);
    const cx_str  both[] = { text, link };
    const cx_str  all = cx_fit_join(f, "\n", both, 2);
    cx_err        err;

    if (cx_fit_len(f->caps, link) > max) {
        return cx_fit_refuse(f, "media_url is longer than a text may be");
    }

    if (cx_fit_len(f->caps, all) <= max) {
        return cx_fit_text(f, all);
    }

    err = cx_fit_text(f, text);
    return err == CX_OK ? cx_fit_text(f, link) : err;
}


static cx_err
as_link(cx_fit *f)
{
    const cx_out  *o = f->out;
    const cx_str   texts[] = { cx_str_trim(o->text), o->media_name };

    if (o->media_url.len == 0) {
        return cx_fit_refuse(f, no_link);
    }

    return with_link(f, cx_fit_join(f, "\n", texts, 2), o->media_url);
}


/* An id says nothing to a provider that keeps no files. */
cx_err
cx_fit_media_place(cx_fit *f)
{
    return f->out->media_url.len > 0 || f->out->media_id.len == 0
           || f->caps->media_ids ? CX_OK
           : cx_fit_refuse(f, "media_url is missing: this channel knows no "
                              "media_id");
}


cx_err
cx_fit_media(cx_fit *f)
{
    const cx_out  *o = f->out;

    if (o->media_url.len == 0 && o->media_id.len == 0) {
        return cx_fit_refuse(f, "media_url is missing");
    }

    if (cx_fit_media_place(f) != CX_OK) {
        return CX_INVALID;
    }

    if (takes(f->caps, o->kind, o)) {
        return put_media(f, o->kind);
    }

    /* An id is of a kind at the provider; only a link may change it. */
    if (o->media_url.len > 0) {
        if (o->kind == CX_OUT_STICKER && takes(f->caps, CX_OUT_IMAGE, o)) {
            return put_media(f, CX_OUT_IMAGE);
        }

        if (takes(f->caps, CX_OUT_DOCUMENT, o)) {
            return put_media(f, CX_OUT_DOCUMENT);
        }
    }

    return as_link(f);
}


/* --- places -------------------------------------------------------------- */

/* "Maps URLs", Search: the form that needs no key and opens in an app. */
cx_err
cx_fit_location(cx_fit *f)
{
    const cx_out  *o = f->out;
    const cx_str   texts[] = { o->text, o->place, o->address };

    if (!(o->latitude >= -90 && o->latitude <= 90
          && o->longitude >= -180 && o->longitude <= 180))
    {
        return cx_fit_refuse(f, "latitude and longitude are out of range");
    }

    if (cx_fit_can(f->caps, CX_OUT_LOCATION)) {
        cx_out  *made = cx_fit_add(f, CX_OUT_LOCATION);

        if (made == NULL) {
            return f->error != NULL ? CX_INVALID : CX_NOMEM;
        }

        made->text = CX_NOSTR;
        return cx_str_trim(o->text).len == 0 ? CX_OK
                                             : cx_fit_text(f, o->text);
    }

    return with_link(f, cx_fit_join(f, "\n", texts, 3),
                     cx_printf(f->arena, "https://www.google.com/maps/search/"
                               "?api=1&query=%.6f,%.6f", o->latitude,
                               o->longitude));
}


/* --- contacts ------------------------------------------------------------ */

static void
put_line(cx_buf *b, cx_str s)
{
    if (s.len > 0) {
        if (b->len > 0) {
            cx_buf_byte(b, '\n');
        }

        cx_buf_add(b, s);
    }
}


/* Of an object, or of the objects of an array, the texts of that member. */
static void
put_members(cx_json_reader *r, cx_buf *b, const char *member)
{
    const bool  array = cx_json_enter(r, CX_JSON_ARRAY);
    cx_str      key, value;

    while (!array || cx_json_item(r)) {
        if (!cx_json_enter(r, CX_JSON_OBJECT)) {
            cx_json_skip(r);

        } else {
            while (cx_json_key(r, &key)) {
                if (cx_str_eq(key, cx_strz(member))
                    && cx_json_string(r, &value))
                {
                    put_line(b, value);
                }
            }
        }

        if (!array) {
            return;
        }
    }
}


static void
put_contact(cx_json_reader *r, cx_buf *b)
{
    static const struct {
        const char  *part;
        const char  *member;
    } lines[] = {
        { "name",   "formatted_name" },
        { "org",    "company"        },
        { "phones", "phone"          },
        { "emails", "email"          },
        { "urls",   "url"            },
    };
    cx_str  key;

    if (!cx_json_enter(r, CX_JSON_OBJECT)) {
        cx_json_skip(r);
        return;
    }

    while (cx_json_key(r, &key)) {
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
            if (cx_str_eq(key, cx_strz(lines[i].part))) {
                put_members(r, b, lines[i].member);
            }
        }
    }
}


cx_err
cx_fit_contacts(cx_fit *f)
{
    cx_buf          b;
    cx_json_reader  r;

    cx_buf_init(&b, f->arena, 256, CONTACTS_MAX);
    cx_json_open(&r, f->out->contacts, f->arena);

    if (cx_json_enter(&r, CX_JSON_ARRAY)) {
        while (cx_json_item(&r)) {
            put_contact(&r, &b);
        }
    }

    if (r.err != CX_OK || cx_json_close(&r) != CX_OK || b.failed
        || b.len == 0)
    {
        return cx_fit_refuse(f, "contacts are missing, or none has a name");
    }

    if (cx_fit_can(f->caps, CX_OUT_CONTACTS)) {
        return cx_fit_add(f, CX_OUT_CONTACTS) != NULL ? CX_OK
               : f->error != NULL ? CX_INVALID : CX_NOMEM;
    }

    return cx_fit_text(f, cx_buf_str(&b));
}
