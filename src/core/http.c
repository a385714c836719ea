#include "core/http.h"

#include <stdlib.h>


cx_str
cx_http_header(const cx_header *h, size_t n, cx_str name, size_t *count)
{
    cx_str  value = CX_NOSTR;
    size_t  found = 0;

    for (size_t i = 0; i < n; i++) {
        if (!cx_str_eq_nocase(h[i].name, name)) {
            continue;
        }

        if (found == 0) {
            value = h[i].value;
        }

        found++;
    }

    if (count != NULL) {
        *count = found;
    }

    return value;
}


int64_t
cx_http_retry_after_ms(const cx_http_res *res)
{
    int64_t       s;
    const int64_t most = 24 * 3600;
    const cx_str  value = cx_http_header(res->headers, res->nheaders,
                                         CX_STR("retry-after"), NULL);

    if (!cx_str_to_i64(cx_str_trim(value), &s) || s <= 0) {
        return 0;
    }

    return 1000 * (s < most ? s : most);
}


/* Takes one character off *s.  -1: a bad escape, -2: nothing is left. */
static int
form_char(cx_str *s)
{
    uint8_t  byte;
    size_t   len = 1;

    if (s->len == 0) {
        return -2;
    }

    if (s->p[0] == '%') {
        len = 3;

        if (s->len < 3 || !cx_hex_decode(cx_str_sub(*s, 1, 2), &byte, 1)) {
            return -1;
        }

    } else {
        byte = (uint8_t) (s->p[0] == '+' ? ' ' : s->p[0]);
    }

    s->p += len;
    s->len -= len;

    return byte;
}


/* A name may be escaped as well: "hub%2Emode" is hub.mode. */
static bool
form_name_is(cx_str raw, cx_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (form_char(&raw) != (uint8_t) name.p[i]) {
            return false;
        }
    }

    return raw.len == 0;
}


static cx_err
form_decode(cx_str raw, cx_arena *a, cx_str *value)
{
    char    *p = cx_alloc_bytes(a, raw.len);
    size_t   len = 0;

    if (p == NULL) {
        return CX_NOMEM;
    }

    for ( ;; ) {
        int  c = form_char(&raw);

        if (c < 0) {
            *value = c == -2 ? (cx_str) { len, p } : *value;
            return c == -2 ? CX_OK : CX_BAD_REQUEST;
        }

        p[len++] = (char) c;
    }
}


cx_err
cx_form_get(cx_str form, cx_str name, cx_arena *a, cx_str *value)
{
    cx_str  pair, key, raw = CX_NOSTR;
    bool    found = false;

    while (cx_str_split(&form, '&', &pair)) {
        cx_str  rest = pair;

        if (!cx_str_split(&rest, '=', &key) || !form_name_is(key, name)) {
            continue;
        }

        if (found) {
            return CX_CONFLICT;
        }

        found = true;
        raw = rest;
    }

    return found ? form_decode(raw, a, value) : CX_NOT_FOUND;
}


cx_err
cx_form_next(cx_str *form, cx_arena *a, cx_header *pair)
{
    cx_err     err;
    cx_str     raw, name;
    cx_header  got;

    do {
        if (!cx_str_split(form, '&', &raw)) {
            return CX_NOT_FOUND;
        }
    } while (raw.len == 0);

    (void) cx_str_split(&raw, '=', &name);

    err = form_decode(name, a, &got.name);
    if (err == CX_OK) {
        err = form_decode(raw, a, &got.value);
    }

    if (err == CX_OK) {
        *pair = got;
    }

    return err;
}


static int
bytes_order(cx_str x, cx_str y)
{
    const size_t  len = x.len < y.len ? x.len : y.len;
    const int     order = len > 0 ? memcmp(x.p, y.p, len) : 0;

    return order != 0 ? order : (x.len > y.len) - (x.len < y.len);
}


static int
pairs_order(const void *x, const void *y)
{
    const cx_header  *a = x, *b = y;
    const int         order = bytes_order(a->name, b->name);

    return order != 0 ? order : bytes_order(a->value, b->value);
}


cx_err
cx_form_sorted(cx_str form, cx_arena *a, cx_header **pairs, size_t *n)
{
    size_t      len = 0, room = 1;
    cx_err      err;
    cx_header   pair, *list;

    for (size_t i = 0; i < form.len && room <= CX_FORM_PAIRS_MAX; i++) {
        room += form.p[i] == '&';
    }

    list = CX_NEW_N(a, room, cx_header);
    if (list == NULL) {
        return CX_NOMEM;
    }

    while ((err = cx_form_next(&form, a, &pair)) == CX_OK) {
        if (len == CX_FORM_PAIRS_MAX) {
            return CX_BAD_REQUEST;
        }

        list[len++] = pair;
    }

    if (err != CX_NOT_FOUND) {
        return err;
    }

    qsort(list, len, sizeof(*list), pairs_order);
    *pairs = list;
    *n = len;

    return CX_OK;
}


static bool
is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9')
           || c == '-' || c == '.' || c == '_' || c == '~';
}


cx_str
cx_url_encode(cx_arena *a, cx_str s)
{
    static const char  digits[] = "0123456789ABCDEF";

    /* Each byte counts once, an escaped one three times. */
    size_t  len = 0;

    for (size_t i = 0; i < s.len; i++) {
        len += is_unreserved(s.p[i]) ? 1 : 3;
    }

    char  *p = cx_alloc_bytes(a, len);

    if (p == NULL) {
        return CX_STR("");
    }

    char  *out = p;

    for (size_t i = 0; i < s.len; i++) {
        uint8_t  byte = (uint8_t) s.p[i];

        if (is_unreserved(s.p[i])) {
            *out++ = s.p[i];
            continue;
        }

        *out++ = '%';
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 15];
    }

    return (cx_str) { len, p };
}


bool
cx_http_word_ok(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] <= ' ' || s.p[i] > '~') {
            return false;
        }
    }

    return s.len > 0;
}
