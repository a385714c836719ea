/*
 * Reading Meta's webhooks: members of objects by table, texts cut to size,
 * ids for what has none.
 */

#ifndef CX_CHANNEL_META_READ_H
#define CX_CHANNEL_META_READ_H

#include "core/json.h"
#include "core/msg.h"

#define CX_META_TIME_MAX  4102444800  /* 2100, in seconds: later is junk */

/* As cx_json_string, cut. */
bool cx_meta_text(cx_json_reader *r, cx_str *out);

/* Where the value at hand begins; its text, once it was taken. */
const char *cx_meta_mark(cx_json_reader *r);
cx_str cx_meta_since(const cx_json_reader *r, const char *start);

/* A string member of an object and where it goes. */
typedef struct {
    cx_str  name;
    size_t  offset;
} cx_meta_field;

#define CX_META_FIELD(name, type, member)                                    \
    { CX_STR_INIT(name), offsetof(type, member) }
#define CX_META_TAKE(r, base, fields)                                        \
    cx_meta_take_fields((r), (base), (fields),                               \
                        sizeof(fields) / sizeof((fields)[0]))
#define CX_META_TAKE_ONE(r, key, base, fields)                               \
    cx_meta_take_field((r), (key), (base), (fields),                         \
                       sizeof(fields) / sizeof((fields)[0]))

/* The string members of the object at hand; false when it is no object. */
bool cx_meta_take_fields(cx_json_reader *r, void *base,
    const cx_meta_field *fields, size_t n);
/* Takes the value of key if it is in the table, else false. */
bool cx_meta_take_field(cx_json_reader *r, cx_str key, void *base,
    const cx_meta_field *fields, size_t n);

/* Forgets all but the first n, and wipes their places: cx_msgs_add gives
 * them out again as they are. */
void cx_meta_keep(cx_msgs *msgs, size_t n);

/* Seconds or milliseconds, whichever it must be by its size; 0: neither. */
int64_t cx_meta_time_ms(cx_str digits);

/* SHA-256 in hex; empty without memory or OpenSSL. */
cx_str cx_meta_digest(cx_str s, cx_arena *a);

#endif /* CX_CHANNEL_META_READ_H */
