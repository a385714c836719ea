#include "core/json.h"

#include "core/json_text.h"

#include <string.h>


/* Where the walk stands at a depth; OBJECT may be added. */
enum {
    AT_FIRST,    /* just entered */
    AT_VALUE,    /* a value is at hand */
    AT_NEXT,     /* a value was taken */
    AT_MASK = 3,
    OBJECT = 4
};


static bool
bad(cx_json_reader *r, cx_err err)
{
    if (r->err == CX_OK) {
        r->err = err;
    }

    return false;
}


/* Every key and every value costs one token. */
static bool
pay(cx_json_reader *r)
{
    if (r->tokens == 0) {
        return bad(r, CX_MALFORMED);
    }

    r->tokens--;
    return true;
}


static uint8_t
at(const cx_json_reader *r)
{
    return r->state[r->depth] & AT_MASK;
}


static void
set_at(cx_json_reader *r, uint8_t where)
{
    r->state[r->depth] = (r->state[r->depth] & OBJECT) | where;
}


static void
space_skip(cx_json_reader *r)
{
    while (r->p < r->end
           && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r'
               || *r->p == '\t'))
    {
        r->p++;
    }
}


static bool
next_is(cx_json_reader *r, char c)
{
    return r->p < r->end && *r->p == c;
}


void
cx_json_open(cx_json_reader *r, cx_str text, cx_arena *a)
{
    /* Field by field: most of the reader is written before it is read. */
    r->start = text.len > 0 ? text.p : "";
    r->p = r->start;
    r->end = r->start + text.len;
    r->arena = a;
    r->err = CX_OK;
    r->depth = 0;
    r->tokens = CX_JSON_TOKENS;
    r->state[0] = AT_VALUE;
    r->seen = r->here;
    r->nseen = 0;
    r->room = CX_JSON_KEYS_HERE;
}


/* --- plain values -------------------------------------------------------- */

static bool
literal_take(cx_json_reader *r, cx_str word)
{
    if ((size_t) (r->end - r->p) < word.len
        || memcmp(r->p, word.p, word.len) != 0)
    {
        return bad(r, CX_MALFORMED);
    }

    r->p += word.len;
    return true;
}



/* Takes the value at hand, no object or array.  out may be NULL, and stays
 * as it is for a literal. */
static bool
plain_take(cx_json_reader *r, cx_json_type type, cx_str *out)
{
    bool    ok = false;
    cx_err  err;

    if (!pay(r)) {
        return false;
    }

    switch (type) {

    case CX_JSON_STRING:
        r->p++;
        err = cx_json_text_read(&r->p, r->end, r->arena, out);
        ok = err == CX_OK || bad(r, err);
        break;

    case CX_JSON_NUMBER:
        err = cx_json_number_read(&r->p, r->end, out);
        ok = err == CX_OK || bad(r, err);
        break;

    case CX_JSON_TRUE:
        ok = literal_take(r, CX_STR("true"));
        break;

    case CX_JSON_FALSE:
        ok = literal_take(r, CX_STR("false"));
        break;

    case CX_JSON_NULL:
        ok = literal_take(r, CX_STR("null"));
        break;

    default:
        break;
    }

    set_at(r, AT_NEXT);
    return ok;
}


/* --- the walk ------------------------------------------------------------ */

cx_json_type
cx_json_peek(cx_json_reader *r)
{
    if (r->err != CX_OK) {
        return CX_JSON_BAD;
    }

    if (at(r) != AT_VALUE) {
        return CX_JSON_END;
    }

    space_skip(r);

    if (r->p < r->end) {
        switch (*r->p) {
        case '{': return CX_JSON_OBJECT;
        case '[': return CX_JSON_ARRAY;
        case '"': return CX_JSON_STRING;
        case 't': return CX_JSON_TRUE;
        case 'f': return CX_JSON_FALSE;
        case 'n': return CX_JSON_NULL;
        case '-': return CX_JSON_NUMBER;
        default:
            if (*r->p >= '0' && *r->p <= '9') {
                return CX_JSON_NUMBER;
            }
        }
    }

    (void) bad(r, CX_MALFORMED);
    return CX_JSON_BAD;
}


bool
cx_json_enter(cx_json_reader *r, cx_json_type type)
{
    if (cx_json_peek(r) != type
        || (type != CX_JSON_OBJECT && type != CX_JSON_ARRAY)
        || !pay(r))
    {
        return false;
    }

    if (r->depth == CX_JSON_DEPTH) {
        return bad(r, CX_MALFORMED);
    }

    r->p++;
    set_at(r, AT_NEXT);

    r->depth++;
    r->state[r->depth] = AT_FIRST | (type == CX_JSON_OBJECT ? OBJECT : 0);
    r->first[r->depth] = r->nseen;
    r->tags[r->depth] = 0;

    return true;
}


/*
 * To the next key or element: true when it begins at r->p, false when the
 * closing bracket was there, and is behind us, or on an error.
 */
static bool
advance(cx_json_reader *r, uint8_t kind, char bracket)
{
    if (r->err == CX_OK && at(r) == AT_VALUE) {
        cx_json_skip(r);
    }

    if (r->err != CX_OK || r->depth == 0
        || (r->state[r->depth] & OBJECT) != kind)
    {
        return false;
    }

    space_skip(r);

    if (next_is(r, bracket)) {
        r->p++;
        r->nseen = r->first[r->depth];
        r->depth--;
        return false;
    }

    if (at(r) == AT_FIRST) {
        return true;
    }

    if (!next_is(r, ',')) {
        return bad(r, CX_MALFORMED);
    }

    r->p++;
    space_skip(r);

    return true;
}


bool
cx_json_item(cx_json_reader *r)
{
    if (!advance(r, 0, ']')) {
        return false;
    }

    set_at(r, AT_VALUE);
    return true;
}


/* Differs for most unlike keys; looks at no more than 16 bytes. */
static uint32_t
key_tag(cx_str key)
{
    uint64_t  head = 0;
    uint64_t  tail = 0;

    if (key.len >= 8) {
        memcpy(&head, key.p, 8);
        memcpy(&tail, key.p + key.len - 8, 8);

    } else if (key.len >= 4) {
        memcpy(&head, key.p, 4);
        memcpy(&tail, key.p + key.len - 4, 4);

    } else if (key.len > 0) {
        head = (uint8_t) key.p[0];
        tail = (uint8_t) key.p[key.len / 2] << 8
               | (uint8_t) key.p[key.len - 1];
    }

    head = (head + key.len) * UINT64_C(0x9e3779b97f4a7c15);
    head = (head ^ head >> 29 ^ tail) * UINT64_C(0xd6e8feb86659fd93);

    return (uint32_t) (head >> 32);
}


/* More keys than we had room for are open at once. */
static bool
seen_grow(cx_json_reader *r)
{
    cx_json_seen  *seen = CX_NEW_N(r->arena, 2 * (size_t) r->room,
                                   cx_json_seen);

    if (seen == NULL) {
        return bad(r, CX_NOMEM);
    }

    memcpy(seen, r->seen, r->nseen * sizeof(cx_json_seen));
    r->seen = seen;
    r->room *= 2;

    return true;
}


/* Remembers the key; an error if its object had it, or has too many. */
static bool
key_note(cx_json_reader *r, cx_str key)
{
    const uint32_t  tag = key_tag(key);
    const uint64_t  bit = UINT64_C(1) << (tag & 63);
    const uint32_t  first = r->first[r->depth];

    if ((r->tags[r->depth] & bit) != 0) {
        for (uint32_t i = first; i < r->nseen; i++) {
            const cx_json_seen  *s = &r->seen[i];

            if (s->tag == tag && s->len == key.len
                && (key.len == 0 || memcmp(s->p, key.p, key.len) == 0))
            {
                return bad(r, CX_MALFORMED);
            }
        }
    }

    if (r->nseen - first == CX_JSON_KEYS_MAX || key.len > UINT32_MAX) {
        return bad(r, CX_MALFORMED);
    }

    if (r->nseen == r->room && !seen_grow(r)) {
        return false;
    }

    r->tags[r->depth] |= bit;
    r->seen[r->nseen++] = (cx_json_seen) { key.p, (uint32_t) key.len, tag };

    return true;
}


bool
cx_json_into(cx_json_reader *r, cx_json_type type)
{
    if (cx_json_enter(r, type)) {
        return true;
    }

    cx_json_skip(r);
    return false;
}


bool
cx_json_key(cx_json_reader *r, cx_str *key)
{
    cx_str  name;

    if (!advance(r, OBJECT, '}') || !pay(r)) {
        return false;
    }

    if (!next_is(r, '"')) {
        return bad(r, CX_MALFORMED);
    }

    r->p++;

    cx_err  err = cx_json_text_read(&r->p, r->end, r->arena, &name);

    if (err != CX_OK) {
        return bad(r, err);
    }

    if (!key_note(r, name)) {
        return false;
    }

    space_skip(r);

    if (!next_is(r, ':')) {
        return bad(r, CX_MALFORMED);
    }

    r->p++;
    set_at(r, AT_VALUE);
    *key = name;

    return true;
}


/* --- taking values ------------------------------------------------------- */

/* Takes the value at hand if it is plain, else steps into it. */
static void
skip_step(cx_json_reader *r)
{
    cx_json_type  type = cx_json_peek(r);

    if (type == CX_JSON_OBJECT || type == CX_JSON_ARRAY) {
        (void) cx_json_enter(r, type);

    } else if (type != CX_JSON_BAD && type != CX_JSON_END) {
        (void) plain_take(r, type, NULL);
    }
}


void
cx_json_skip(cx_json_reader *r)
{
    const uint32_t  base = r->depth;
    cx_str          key;

    if (cx_json_peek(r) == CX_JSON_END) {
        return;
    }

    for ( ;; ) {
        skip_step(r);

        /* Up, until there is a next value, or we are out of what we took. */
        while (r->err == CX_OK && r->depth > base) {
            if ((r->state[r->depth] & OBJECT) != 0 ? cx_json_key(r, &key)
                                                   : cx_json_item(r))
            {
                break;
            }
        }

        if (r->err != CX_OK || r->depth == base) {
            return;
        }
    }
}


bool
cx_json_raw(cx_json_reader *r, cx_str *out)
{
    cx_json_type  type = cx_json_peek(r);
    const char   *from = r->p;

    if (type == CX_JSON_BAD || type == CX_JSON_END) {
        return false;
    }

    cx_json_skip(r);

    if (r->err != CX_OK) {
        return false;
    }

    *out = (cx_str) { (size_t) (r->p - from), from };
    return true;
}


bool
cx_json_string(cx_json_reader *r, cx_str *out)
{
    if (cx_json_peek(r) == CX_JSON_STRING) {
        return plain_take(r, CX_JSON_STRING, out);
    }

    cx_json_skip(r);
    return false;
}


bool
cx_json_scalar(cx_json_reader *r, cx_str *out)
{
    cx_json_type  type = cx_json_peek(r);

    if (type == CX_JSON_STRING || type == CX_JSON_NUMBER) {
        return plain_take(r, type, out);
    }

    cx_json_skip(r);
    return false;
}


bool
cx_json_i64(cx_json_reader *r, int64_t *out)
{
    cx_str  text;

    return cx_json_scalar(r, &text) && cx_str_to_i64(text, out);
}


bool
cx_json_bool(cx_json_reader *r, bool *out)
{
    cx_json_type  type = cx_json_peek(r);

    if (type != CX_JSON_TRUE && type != CX_JSON_FALSE) {
        cx_json_skip(r);
        return false;
    }

    if (!plain_take(r, type, NULL)) {
        return false;
    }

    *out = type == CX_JSON_TRUE;
    return true;
}


cx_err
cx_json_close(cx_json_reader *r)
{
    if (r->err == CX_OK && r->depth == 0 && at(r) == AT_VALUE) {
        cx_json_skip(r);
    }

    if (r->err == CX_OK) {
        space_skip(r);
    }

    if (r->err == CX_OK && (r->depth > 0 || r->p < r->end)) {
        (void) bad(r, CX_MALFORMED);
    }

    return r->err;
}
