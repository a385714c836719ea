/* Reading members of objects by table: what the WhatsApp files share. */

#include "channel/whatsapp.h"


bool
cx_wa_enter(cx_json_reader *r, cx_json_type type)
{
    if (cx_json_enter(r, type)) {
        return true;
    }

    cx_json_skip(r);
    return false;
}


bool
cx_wa_text(cx_json_reader *r, cx_str *out)
{
    cx_str  s;

    if (!cx_json_string(r, &s)) {
        return false;
    }

    *out = cx_wa_cut(s);
    return true;
}


cx_str
cx_wa_cut(cx_str s)
{
    if (s.len > CX_MSG_TEXT_MAX) {
        s.len = CX_MSG_TEXT_MAX;

        while (s.len > 0 && ((uint8_t) s.p[s.len] & 0xc0) == 0x80) {
            s.len--;
        }
    }

    return s;
}


/* Start of the value at hand, so that its text can be kept once taken. */
const char *
cx_wa_mark(cx_json_reader *r)
{
    (void) cx_json_peek(r);
    return r->p;
}


cx_str
cx_wa_since(const cx_json_reader *r, const char *start)
{
    return (cx_str) { (size_t) (r->p - start), start };
}


/* An object's string members by table; false when it is no object. */
bool
cx_wa_take_fields(cx_json_reader *r, void *base, const cx_wa_field *fields,
    size_t n)
{
    cx_str  key;

    if (!cx_wa_enter(r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(r, &key)) {
        if (!cx_wa_take_field(r, key, base, fields, n)) {
            cx_json_skip(r);
        }
    }

    return true;
}


bool
cx_wa_take_field(cx_json_reader *r, cx_str key, void *base,
    const cx_wa_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (key.len == fields[i].name.len
            && memcmp(key.p, fields[i].name.p, key.len) == 0)
        {
            (void) cx_wa_text(r, (cx_str *) ((char *) base
                                             + fields[i].offset));
            return true;
        }
    }

    return false;
}
