#include "core/json.h"

#include "core/json_text.h"
#include "core/utf8.h"

#include <string.h>


void
cx_json_write_init(cx_json_writer *w, cx_buf *buf)
{
    *w = (cx_json_writer) { .buf = buf, .comma = false };
}


void
cx_json_begin(cx_json_writer *w, char bracket)
{
    if (w->comma) {
        cx_buf_byte(w->buf, ',');
    }

    cx_buf_byte(w->buf, bracket);
    w->comma = false;
}


void
cx_json_end(cx_json_writer *w, char bracket)
{
    cx_buf_byte(w->buf, bracket);
    w->comma = true;
}


/* Appends [comma] quote text quote [colon]. */
static void
put_quoted(cx_json_writer *w, cx_str s, bool name)
{
    const size_t  len = s.len + 2 + w->comma + name;
    char         *p = cx_buf_reserve(w->buf, len);

    if (p == NULL) {
        return;
    }

    if (w->comma) {
        *p++ = ',';
    }

    *p++ = '"';

    if (s.len > 0) {
        memcpy(p, s.p, s.len);
        p += s.len;
    }

    *p++ = '"';

    if (name) {
        *p = ':';
    }

    w->buf->len += len;
    w->comma = !name;
}


void
cx_json_name(cx_json_writer *w, cx_str name)
{
    put_quoted(w, name, true);
}


/*
 * Bytes from s.p on that need no escape: neither a control, a quote, a
 * backslash, nor part of bad UTF-8.
 */
static size_t
plain_run(cx_str s)
{
    const char  *p = s.p;
    const char  *end = s.p + s.len;
    uint32_t     cp;

    for ( ;; ) {
        p = cx_json_plain_end(p, end);

        size_t  len = p == end || (uint8_t) *p < 0x80 ? 0
                      : cx_utf8_next((cx_str) { (size_t) (end - p), p }, &cp);

        if (len == 0) {
            return (size_t) (p - s.p);
        }

        p += len;
    }
}


static void
put_escape(cx_buf *b, unsigned char c)
{
    static const char  hex[] = "0123456789abcdef";
    static const char  short_form[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'
    };

    if (c == '"' || c == '\\') {
        cx_buf_add(b, (cx_str) { 2, (const char[]) { '\\', (char) c } });

    } else if (c == 0 || c >= 0x80) {
        cx_buf_add(b, CX_STR("\xef\xbf\xbd"));

    } else if (short_form[c] != 0) {
        cx_buf_add(b, (cx_str) { 2, (const char[]) { '\\', short_form[c] } });

    } else {
        const char  u[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

        cx_buf_add(b, (cx_str) { sizeof(u), u });
    }
}


void
cx_json_put_str(cx_json_writer *w, cx_str s)
{
    size_t  run = plain_run(s);

    if (run == s.len) {
        put_quoted(w, s, false);
        return;
    }

    cx_buf_add(w->buf, w->comma ? CX_STR(",\"") : CX_STR("\""));

    for ( ;; ) {
        cx_buf_add(w->buf, (cx_str) { run, s.p });
        s.p += run;
        s.len -= run;

        if (s.len == 0) {
            break;
        }

        put_escape(w->buf, (unsigned char) s.p[0]);
        s.p++;
        s.len--;
        run = plain_run(s);
    }

    cx_buf_byte(w->buf, '"');
    w->comma = true;
}


/* A value that needs no quotes. */
static void
put_bare(cx_json_writer *w, cx_str s)
{
    if (w->comma) {
        cx_buf_byte(w->buf, ',');
    }

    cx_buf_add(w->buf, s);
    w->comma = true;
}


void
cx_json_put_i64(cx_json_writer *w, int64_t n)
{
    char      digits[20];
    size_t    at = sizeof(digits);
    uint64_t  left = n < 0 ? 0 - (uint64_t) n : (uint64_t) n;

    do {
        digits[--at] = (char) ('0' + left % 10);
        left /= 10;
    } while (left > 0);

    if (n < 0) {
        digits[--at] = '-';
    }

    put_bare(w, (cx_str) { sizeof(digits) - at, digits + at });
}


void
cx_json_put_bool(cx_json_writer *w, bool b)
{
    put_bare(w, b ? CX_STR("true") : CX_STR("false"));
}


void
cx_json_put_raw(cx_json_writer *w, cx_str json)
{
    put_bare(w, json);
}
