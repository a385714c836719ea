#include "channel/email_write.h"

#include "core/base64.h"
#include "core/mail.h"
#include "core/utf8.h"


#define LINE_MAX   76
#define WORD_MAX   42           /* bytes of one encoded word: 75 in all */


bool
cx_email_line_ok(cx_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if ((unsigned char) value.p[i] < ' ' || value.p[i] == 0x7f) {
            return false;
        }
    }

    return true;
}


static bool
is_ascii(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char) s.p[i] >= 0x80) {
            return false;
        }
    }

    /* What looks like an encoded word would be decoded. */
    return cx_str_find(s, CX_STR("=?")) == SIZE_MAX;
}


/* Each word holds whole characters (RFC 2047, 5). */
static void
put_encoded(cx_buf *b, cx_str value, cx_arena *a)
{
    cx_str    piece;
    unsigned  n = 0;

    while (value.len > 0) {
        piece = cx_utf8_cut(value, WORD_MAX);
        piece = piece.len > 0 ? piece : cx_str_sub(value, 0, WORD_MAX);
        value = cx_str_sub(value, piece.len, value.len);

        cx_buf_add(b, n++ > 0 ? CX_STR("\r\n ") : CX_NOSTR);
        cx_buf_printf(b, "=?UTF-8?B?%.*s?=",
                      CX_ARG(cx_base64_encode(a, CX_BASE64_STD, piece)));
    }
}


/* Breaks at spaces, which stay at the start of the next line. */
static void
put_folded(cx_buf *b, size_t at, cx_str value)
{
    cx_str  word;
    bool    first = true;

    while (cx_str_split(&value, ' ', &word)) {
        if (!first) {
            if (at + 1 + word.len > LINE_MAX && word.len > 0) {
                cx_buf_add(b, CX_STR("\r\n"));
                at = 0;
            }

            cx_buf_byte(b, ' ');
            at++;
        }

        cx_buf_add(b, word);
        at += word.len;
        first = false;
    }
}


void
cx_email_put_text(cx_buf *b, const char *name, cx_str value, cx_arena *a)
{
    const cx_str  field = cx_strz(name);

    cx_buf_add(b, field);
    cx_buf_add(b, CX_STR(": "));
    value = cx_str_trim(value);

    if (is_ascii(value)) {
        put_folded(b, field.len + 2, value);

    } else {
        put_encoded(b, value, a);
    }

    cx_buf_add(b, CX_STR("\r\n"));
}


void
cx_email_put_from(cx_buf *b, cx_str name, cx_str address, cx_arena *a)
{
    cx_buf_add(b, CX_STR("From: "));

    if (name.len > 0 && !is_ascii(name)) {
        put_encoded(b, name, a);
        cx_buf_byte(b, ' ');

    } else if (name.len > 0) {
        cx_buf_byte(b, '"');

        for (size_t i = 0; i < name.len; i++) {
            if (name.p[i] == '"' || name.p[i] == '\\') {
                cx_buf_byte(b, '\\');
            }

            cx_buf_byte(b, name.p[i]);
        }

        cx_buf_add(b, CX_STR("\" "));
    }

    cx_buf_printf(b, "<%.*s>\r\n", CX_ARG(address));
}


void
cx_email_put_ids(cx_buf *b, const char *name, cx_str ids)
{
    cx_str    id;
    unsigned  n = 0;

    while (cx_mail_id(&ids, &id)) {
        cx_buf_add(b, n == 0 ? cx_strz(name) : CX_STR("\r\n"));
        cx_buf_printf(b, "%s <%.*s>", n++ == 0 ? ":" : "", CX_ARG(id));
    }

    cx_buf_add(b, n == 0 ? CX_NOSTR : CX_STR("\r\n"));
}


/* Not as it is: what is no printable ASCII, "=", and what servers are known
 * to change: a dot or "From " that begins a line, a space that ends one. */
static bool
is_plain(cx_str line, size_t i, size_t column)
{
    const unsigned char  c = (unsigned char) line.p[i];

    if (c == ' ' || c == '\t') {
        return i + 1 < line.len;
    }

    return c > ' ' && c < 0x7f && c != '='
           && !(column == 0 && (c == '.' || c == 'F'));
}


static void
put_line(cx_buf *b, cx_str line)
{
    size_t  at = 0;

    for (size_t i = 0; i < line.len; i++) {
        if (at + 3 > LINE_MAX - 1) {
            cx_buf_add(b, CX_STR("=\r\n"));
            at = 0;
        }

        if (is_plain(line, i, at)) {
            cx_buf_byte(b, line.p[i]);
            at++;

        } else {
            cx_buf_printf(b, "=%02X", (unsigned) (unsigned char) line.p[i]);
            at += 3;
        }
    }

    cx_buf_add(b, CX_STR("\r\n"));
}


void
cx_email_put_quoted(cx_buf *b, cx_str text)
{
    cx_str  line;

    while (cx_str_split(&text, '\n', &line)) {
        if (line.len > 0 && line.p[line.len - 1] == '\r') {
            line.len--;
        }

        put_line(b, line);
    }
}


/* "550-5.1.1 No such\r\n550 5.1.1 user\r\n": "5.1.1 No such 5.1.1 user" */
cx_str
cx_email_reply_text(cx_str reply, cx_arena *a)
{
    cx_buf  b;
    cx_str  line;

    cx_buf_init(&b, a, reply.len + 1, SIZE_MAX / 2);

    while (cx_str_split(&reply, '\n', &line)) {
        line = cx_str_trim(line);
        line = cx_str_sub(line, line.len > 3 ? 4 : line.len, line.len);

        if (line.len > 0 && b.len > 0) {
            cx_buf_byte(&b, ' ');
        }

        for (size_t i = 0; i < line.len; i++) {
            const unsigned char  c = (unsigned char) line.p[i];

            cx_buf_byte(&b, c < ' ' || c >= 0x7f ? '?' : (char) c);
        }
    }

    return cx_buf_str(&b);
}
