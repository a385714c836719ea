#include "channel/meta_read.h"

#include "core/utf8.h"

#include "core/mac.h"


bool
cx_meta_text(cx_json_reader *r, cx_str *out)
{
    cx_str  s;

    if (!cx_json_string(r, &s)) {
        return false;
    }

    *out = cx_utf8_cut(s, CX_MSG_TEXT_MAX);
    return true;
}


/* Start of the value at hand, so that its text can be kept once taken. */
const char *
cx_meta_mark(cx_json_reader *r)
{
    (void) cx_json_peek(r);
    return r->p;
}


cx_str
cx_meta_since(const cx_json_reader *r, const char *start)
{
    return (cx_str) { (size_t) (r->p - start), start };
}


/* An object's string members by table; false when it is no object. */
bool
cx_meta_take_fields(cx_json_reader *r, void *base, const cx_meta_field *fields,
    size_t n)
{
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(r, &key)) {
        if (!cx_meta_take_field(r, key, base, fields, n)) {
            cx_json_skip(r);
        }
    }

    return true;
}


bool
cx_meta_take_field(cx_json_reader *r, cx_str key, void *base,
    const cx_meta_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (key.len == fields[i].name.len
            && memcmp(key.p, fields[i].name.p, key.len) == 0)
        {
            (void) cx_meta_text(r, (cx_str *) ((char *) base
                                             + fields[i].offset));
            return true;
        }
    }

    return false;
}


void
cx_meta_keep(cx_msgs *msgs, size_t n)
{
    if (msgs->n > n) {
        memset(msgs->items + n, 0, (msgs->n - n) * sizeof(msgs->items[0]));
        msgs->n = n;
    }
}


cx_str
cx_meta_digest(cx_str s, cx_arena *a)
{
    char     *hex = cx_alloc_bytes(a, 2 * CX_SHA256_LEN);
    uint8_t   digest[CX_SHA256_LEN];

    if (hex == NULL || !cx_sha256(s, digest)) {
        return CX_NOSTR;
    }

    cx_hex_encode(digest, sizeof(digest), hex);
    return (cx_str) { 2 * CX_SHA256_LEN, hex };
}


/* In seconds 10^11 is the year 5138, in milliseconds 1973. */
int64_t
cx_meta_time_ms(cx_str digits)
{
    int64_t  t;

    if (!cx_str_to_i64(digits, &t) || t <= 0) {
        return 0;
    }

    if (t < INT64_C(100000000000)) {
        t *= 1000;
    }

    return t <= CX_META_TIME_MAX * 1000 ? t : 0;
}
