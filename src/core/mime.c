/* Header fields and what is written in them. */

#include "core/mime.h"

#include "core/charset.h"

#define PARAMS_MAX  64


/* Cuts one line off, without its end. */
static bool
take_line(cx_str *rest, cx_str *line)
{
    if (rest->len == 0) {
        return false;
    }

    (void) cx_str_split(rest, '\n', line);

    if (line->len > 0 && line->p[line->len - 1] == '\r') {
        line->len--;
    }

    return true;
}


static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}


/* The lines that belong to a field, each break a space. */
static cx_str
unfold(cx_arena *a, cx_str first, cx_str *rest)
{
    cx_buf  b;
    cx_str  line;

    if (rest->len == 0 || !is_blank(rest->p[0])) {
        return cx_str_trim(first);
    }

    cx_buf_init(&b, a, first.len + 128, SIZE_MAX / 2);
    cx_buf_add(&b, cx_str_trim(first));

    while (rest->len > 0 && is_blank(rest->p[0]) && take_line(rest, &line)) {
        cx_buf_byte(&b, ' ');
        cx_buf_add(&b, cx_str_trim(line));
    }

    return cx_str_trim(cx_buf_str(&b));
}


bool
cx_mime_field(cx_str *head, cx_arena *a, cx_header *field)
{
    cx_str  rest = *head, line = CX_NOSTR, name;

    if (!take_line(&rest, &line) || line.len == 0) {
        *head = rest;
        return false;
    }

    if (cx_str_find_byte(line, ':') == SIZE_MAX || is_blank(line.p[0])) {
        return false;
    }

    (void) cx_str_split(&line, ':', &name);
    field->name = cx_str_trim(name);
    field->value = unfold(a, line, &rest);
    *head = rest;
    return field->name.len > 0;
}


cx_str
cx_mime_find(cx_str head, cx_arena *a, const char *name)
{
    cx_header  f;
    unsigned   n = 0;

    while (n++ < CX_MIME_FIELDS && cx_mime_field(&head, a, &f)) {
        if (cx_str_eq_nocase(f.name, cx_strz(name))) {
            return f.value;
        }
    }

    return CX_NOSTR;
}


static cx_str
lower(cx_arena *a, cx_str s)
{
    char  *p = s.len > 0 ? cx_alloc_bytes(a, s.len) : NULL;

    for (size_t i = 0; p != NULL && i < s.len; i++) {
        p[i] = (char) (s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32
                                                      : s.p[i]);
    }

    return p == NULL ? CX_NOSTR : (cx_str) { s.len, p };
}


cx_str
cx_mime_value(cx_str value, cx_arena *a)
{
    cx_str  word = CX_NOSTR;

    (void) cx_str_split(&value, ';', &word);
    return lower(a, cx_str_trim(word));
}


/* A quoted string's content, or a token up to the next semicolon. */
static cx_str
take_value(cx_str *s, cx_arena *a)
{
    size_t  i = 1, n = 0;
    char   *p;
    cx_str  word;

    *s = cx_str_trim(*s);

    if (s->len == 0 || s->p[0] != '"') {
        word = CX_NOSTR;
        (void) cx_str_split(s, ';', &word);
        return cx_str_trim(word);
    }

    p = cx_alloc_bytes(a, s->len);
    if (p == NULL) {
        s->len = 0;
        return CX_NOSTR;
    }

    for (/* void */; i < s->len && s->p[i] != '"'; i++) {
        if (s->p[i] == '\\' && i + 1 < s->len) {
            i++;
        }

        p[n++] = s->p[i];
    }

    *s = cx_str_sub(*s, i, s->len);
    (void) cx_str_split(s, ';', &word);
    return (cx_str) { n, p };
}


/* RFC 2231: charset'language'percent-encoded. */
static cx_str
take_extended(cx_arena *a, cx_str value)
{
    char     *p;
    size_t    n = 0;
    cx_str    charset, language;
    uint8_t   byte;

    if (!cx_str_split(&value, '\'', &charset)
        || !cx_str_split(&value, '\'', &language) || value.len == 0)
    {
        return CX_NOSTR;
    }

    p = cx_alloc_bytes(a, value.len);

    for (size_t i = 0; p != NULL && i < value.len; i++) {
        if (value.p[i] == '%'
            && cx_hex_decode(cx_str_sub(value, i + 1, 2), &byte, 1))
        {
            p[n++] = (char) byte;
            i += 2;

        } else {
            p[n++] = value.p[i];
        }
    }

    return cx_charset_utf8(a, charset, (cx_str) { n, p }, NULL);
}


cx_str
cx_mime_param(cx_str value, cx_arena *a, const char *name)
{
    cx_str    key, got, plain = CX_NOSTR, extended = CX_NOSTR;
    unsigned  n = 0;

    (void) cx_str_split(&value, ';', &key);

    while (n++ < PARAMS_MAX && value.len > 0) {
        if (cx_str_find_byte(value, '=') == SIZE_MAX) {
            break;
        }

        (void) cx_str_split(&value, '=', &key);
        key = cx_str_trim(key);
        got = take_value(&value, a);

        if (cx_str_eq_nocase(key, cx_strz(name)) && plain.len == 0) {
            plain = got;

        } else if (cx_str_ends(key, CX_STR("*"))
                   && cx_str_eq_nocase(cx_str_sub(key, 0, key.len - 1),
                                       cx_strz(name)))
        {
            extended = take_extended(a, got);
        }
    }

    return extended.len > 0 ? extended : plain;
}


/* --- encoded words ------------------------------------------------------- */

/* "=?charset?Q?text?=" at the start of s: its text; its length in *len, 0
 * when there is none. */
static cx_str
take_word(cx_arena *a, cx_str s, size_t *len)
{
    bool    q;
    cx_str  rest = cx_str_sub(s, 2, s.len), charset, kind, text, language;

    *len = 0;

    if (!cx_str_starts(s, CX_STR("=?"))
        || !cx_str_split(&rest, '?', &charset)
        || !cx_str_split(&rest, '?', &kind) || kind.len != 1
        || !cx_str_split(&rest, '?', &text) || rest.p == NULL
        || rest.len == 0 || rest.p[0] != '=' || charset.len == 0
        || cx_str_find_byte(text, ' ') != SIZE_MAX)
    {
        return CX_NOSTR;
    }

    q = kind.p[0] == 'Q' || kind.p[0] == 'q';

    if (!q && kind.p[0] != 'B' && kind.p[0] != 'b') {
        return CX_NOSTR;
    }

    *len = (size_t) (rest.p + 1 - s.p);
    (void) cx_str_split(&charset, '*', &language);      /* RFC 2231, 5 */
    text = q ? cx_mime_quoted(a, text, true) : cx_mime_base64(a, text);
    return cx_charset_utf8(a, language, text, NULL);
}


static void
add_clean(cx_buf *b, cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        const unsigned char  c = (unsigned char) s.p[i];

        cx_buf_byte(b, c < ' ' || c == 0x7f ? ' ' : (char) c);
    }
}


cx_str
cx_mime_words(cx_arena *a, cx_str value)
{
    bool    after = false;      /* a word ended before what is held */
    cx_buf  b;
    cx_str  word, held = { 0, value.p };
    size_t  i = 0, len;

    value = cx_charset_utf8(a, CX_NOSTR, value, NULL);
    cx_buf_init(&b, a, value.len + 16, SIZE_MAX / 2);
    held.p = value.p;

    while (i < value.len) {
        word = value.p[i] == '=' ? take_word(a, cx_str_sub(value, i,
                                                           value.len), &len)
                                 : (len = 0, CX_NOSTR);

        if (len == 0) {
            held.len++;
            i++;
            continue;
        }

        /* White space between two words is not shown. */
        if (!after || cx_str_trim(held).len > 0) {
            add_clean(&b, held);
        }

        add_clean(&b, word);
        i += len;
        held = (cx_str) { 0, value.p + i };
        after = true;
    }

    add_clean(&b, held);
    return cx_str_trim(cx_buf_str(&b));
}
