/* What RCS and Business Messages read alike. */

#include "channel/rcs.h"

#include "core/utf8.h"


/* Cut on a code point. */
void
cx_rcs_text(cx_json_reader *r, cx_str *out)
{
    cx_str  s;

    if (!cx_json_string(r, &s)) {
        return;
    }

    *out = cx_utf8_cut(s, CX_MSG_TEXT_MAX);
}


cx_str
cx_rcs_content_of(cx_str mime)
{
    static const cx_str  kinds[] = {
        CX_STR_INIT("image"), CX_STR_INIT("video"), CX_STR_INIT("audio"),
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (cx_str_starts(mime, kinds[i]) && mime.len > kinds[i].len
            && mime.p[kinds[i].len] == '/')
        {
            return kinds[i];
        }
    }

    return CX_STR("document");
}


void
cx_rcs_file(cx_json_reader *r, cx_msg *m)
{
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "mimeType")) {
            cx_rcs_text(r, &m->media_mime);

        } else if (CX_STR_IS(key, "fileName")) {
            cx_rcs_text(r, &m->media_name);

        } else if (CX_STR_IS(key, "fileUri")) {
            cx_rcs_text(r, &m->media_url);

        } else {
            cx_json_skip(r);
        }
    }

    m->content = cx_rcs_content_of(m->media_mime);
}


void
cx_rcs_place(cx_json_reader *r, cx_msg *m)
{
    cx_str       key, latitude = CX_NOSTR, longitude = CX_NOSTR;
    const char  *start;

    m->content = CX_STR("location");
    (void) cx_json_peek(r);
    start = r->p;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "latitude")) {
            (void) cx_json_scalar(r, &latitude);

        } else if (CX_STR_IS(key, "longitude")) {
            (void) cx_json_scalar(r, &longitude);

        } else {
            cx_json_skip(r);
        }
    }

    m->extra = (cx_str) { (size_t) (r->p - start), start };
    m->text = cx_printf(r->arena, "%.*s, %.*s", CX_ARG(latitude),
                        CX_ARG(longitude));
}
