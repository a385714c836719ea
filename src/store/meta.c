#include "store/sql.h"

#include "core/json.h"


/* An object without that member. */
static bool
lacks(cx_str json, const char *name, cx_arena *a, bool *empty)
{
    cx_json_reader  r;
    cx_str          key;
    bool            found = false;

    cx_json_open(&r, json, a);
    *empty = true;

    if (cx_json_peek(&r) != CX_JSON_OBJECT
        || !cx_json_enter(&r, CX_JSON_OBJECT))
    {
        return false;
    }

    while (cx_json_key(&r, &key)) {
        *empty = false;
        found |= cx_str_eq(key, cx_strz(name));
        cx_json_skip(&r);
    }

    return cx_json_close(&r) == CX_OK && !found;
}


cx_str
cx_store_ignored_meta(cx_arena *a, cx_str meta, cx_str reason)
{
    cx_buf          b;
    cx_json_writer  w;
    bool            empty;

    cx_buf_init(&b, a, meta.len + 64, 6 * (meta.len + reason.len) + 64);
    meta = cx_str_trim(meta);

    if (meta.len > 0 && lacks(meta, "ignored", a, &empty)) {
        cx_buf_add(&b, cx_str_sub(meta, 0, meta.len - 1));
        cx_buf_add(&b, empty ? CX_STR("\"ignored\":")
                             : CX_STR(",\"ignored\":"));
        cx_json_write_init(&w, &b);
        cx_json_put_str(&w, reason);
        cx_buf_byte(&b, '}');
        return cx_buf_str(&b);
    }

    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    cx_json_name(&w, CX_STR("ignored"));
    cx_json_put_str(&w, reason);

    if (meta.len > 0) {
        cx_json_name(&w, CX_STR("meta"));
        cx_json_put_str(&w, meta);
    }

    cx_json_end(&w, '}');
    return cx_buf_str(&b);
}
