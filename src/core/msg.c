#include "core/msg.h"

#include "core/json.h"

#include <string.h>


cx_msg *
cx_msgs_add(cx_msgs *list, cx_arena *a)
{
    if (list->n == list->room) {
        size_t   room = list->room == 0 ? 4 : 2 * list->room;
        cx_msg  *items = CX_NEW_N(a, room, cx_msg);

        if (items == NULL) {
            return NULL;
        }

        if (list->n > 0) {
            memcpy(items, list->items, list->n * sizeof(cx_msg));
        }

        list->items = items;
        list->room = room;
    }

    return &list->items[list->n++];
}


void
cx_msg_encode(const cx_msg *m, cx_buf *b)
{
    cx_json_writer  w;

    cx_json_write_init(&w, b);
    cx_json_begin(&w, '{');

#define STR(f)                                                               \
    if (m->f.len > 0) {                                                      \
        cx_json_name(&w, CX_STR(#f));                                        \
        cx_json_put_str(&w, m->f);                                           \
    }

#define INT(f)                                                               \
    if (m->f != 0) {                                                         \
        cx_json_name(&w, CX_STR(#f));                                        \
        cx_json_put_i64(&w, m->f);                                           \
    }

#define RAW(f)                                                               \
    if (m->f.len > 0) {                                                      \
        cx_json_name(&w, CX_STR(#f));                                        \
        cx_json_put_raw(&w, m->f);                                           \
    }

    CX_MSG_FIELDS(STR, INT, RAW)

#undef STR
#undef INT
#undef RAW

    cx_json_end(&w, '}');
}


static bool
is_name(cx_str key, const char *name, size_t len)
{
    return key.len == len && memcmp(key.p, name, len) == 0;
}


/* Takes the value at hand.  False: it has another type than the field. */
static bool
take_field(cx_json_reader *r, cx_str key, cx_msg *m)
{
#define STR(f)                                                               \
    if (is_name(key, #f, sizeof(#f) - 1)) {                                  \
        return cx_json_string(r, &m->f);                                     \
    }

#define INT(f)                                                               \
    if (is_name(key, #f, sizeof(#f) - 1)) {                                  \
        return cx_json_i64(r, &m->f);                                        \
    }

#define RAW(f)                                                               \
    if (is_name(key, #f, sizeof(#f) - 1)) {                                  \
        return cx_json_raw(r, &m->f);                                        \
    }

    CX_MSG_FIELDS(STR, INT, RAW)

#undef STR
#undef INT
#undef RAW

    cx_json_skip(r);
    return true;
}


cx_err
cx_msg_decode(cx_str json, cx_arena *a, cx_msg *m)
{
    cx_json_reader  r;
    cx_str          key;
    cx_msg          got = { .event = CX_NOSTR };

    cx_json_open(&r, json, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return r.err == CX_OK ? CX_MALFORMED : r.err;
    }

    while (cx_json_key(&r, &key)) {
        if (!take_field(&r, key, &got)) {
            return r.err == CX_OK ? CX_MALFORMED : r.err;
        }
    }

    cx_err  err = cx_json_close(&r);

    if (err != CX_OK) {
        return err;
    }

    if (got.kind.len == 0 || got.channel.len == 0 || got.id.len == 0) {
        return CX_MALFORMED;
    }

    *m = got;
    return CX_OK;
}
