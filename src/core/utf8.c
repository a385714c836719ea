#include "core/utf8.h"

#include <string.h>


/*
 * What may not follow is what makes UTF-8 strict: overlong forms, surrogates
 * and code points over U+10FFFF all show in the second byte.
 */
size_t
cx_utf8_next(cx_str s, uint32_t *cp)
{
    const unsigned char  *p = (const unsigned char *) s.p;

    if (s.len == 0) {
        return 0;
    }

    if (p[0] < 0x80) {
        *cp = p[0];
        return 1;
    }

    size_t         len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    unsigned char  lo = 0x80;
    unsigned char  hi = 0xbf;

    if (p[0] < 0xc2 || p[0] > 0xf4 || s.len < len) {
        return 0;
    }

    switch (p[0]) {
    case 0xe0: lo = 0xa0; break;
    case 0xed: hi = 0x9f; break;
    case 0xf0: lo = 0x90; break;
    case 0xf4: hi = 0x8f; break;
    }

    if (p[1] < lo || p[1] > hi) {
        return 0;
    }

    uint32_t  n = p[0] & (0xffU >> (len + 1));

    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }

        n = n << 6 | (p[i] & 0x3f);
    }

    *cp = n;
    return len;
}


bool
cx_utf8_valid(cx_str s)
{
    uint32_t  cp;

    while (s.len > 0) {
        size_t  len = cx_utf8_next(s, &cp);

        if (len == 0) {
            return false;
        }

        s.p += len;
        s.len -= len;
    }

    return true;
}


/* Bytes of the character at from; a bad byte is one of its own. */
static size_t
step(cx_str s, size_t from)
{
    uint32_t  cp;
    size_t    len = cx_utf8_next(cx_str_sub(s, from, 4), &cp);

    return len == 0 ? 1 : len;
}


cx_str
cx_utf8_cut(cx_str s, size_t max)
{
    if (s.len <= max) {
        return s;
    }

    while (max > 0 && ((uint8_t) s.p[max] & 0xc0) == 0x80) {
        max--;
    }

    return (cx_str) { max, s.p };
}


size_t
cx_utf8_count(cx_str s)
{
    size_t  n = 0;

    for (size_t i = 0; i < s.len; i += step(s, i)) {
        n++;
    }

    return n;
}


/* --- splitting ----------------------------------------------------------- */

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}


/* The text before at ends a sentence; a full-width stop needs no space. */
static bool
ends_sentence(cx_str head, bool space)
{
    static const char  *const wide[] = {
        "\xe3\x80\x82", "\xef\xbc\x81", "\xef\xbc\x9f", "\xe0\xa5\xa4"
    };

    if (head.len == 0) {
        return false;
    }

    char  last = head.p[head.len - 1];

    if (space && (last == '.' || last == '!' || last == '?')) {
        return true;
    }

    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
        if (cx_str_ends(head, cx_strz(wide[i]))) {
            return true;
        }
    }

    return false;
}


cx_cut
cx_utf8_cut_worth(cx_str s, size_t at)
{
    cx_str  head = cx_str_sub(s, 0, at);
    bool    space = at < s.len && is_space(s.p[at]);

    if (space && s.p[at] == '\n') {
        cx_str  next = cx_str_sub(s, at, 3);

        return cx_str_starts(next, CX_STR("\n\n"))
               || cx_str_starts(next, CX_STR("\n\r\n"))
               ? CX_CUT_PARAGRAPH : CX_CUT_LINE;
    }

    if (ends_sentence(head, space)) {
        return CX_CUT_SENTENCE;
    }

    return space ? CX_CUT_WORD : CX_CUT_NONE;
}


/* Where the first piece of at most max code points ends; s.len if all fits. */
static size_t
cut_find(cx_str s, size_t max)
{
    size_t  at = 0;
    size_t  best_at = 0;
    cx_cut  best = CX_CUT_NONE;

    /* A code point has a byte at least: most texts need no look. */
    if (s.len <= max) {
        return s.len;
    }

    for (size_t n = 0; n < max && at < s.len; n++) {
        at += step(s, at);

        /* n + 1 code points stand before at. */
        cx_cut  worth = n + 1 > max / 2 ? cx_utf8_cut_worth(s, at)
                                        : CX_CUT_NONE;

        if (worth != CX_CUT_NONE && worth >= best) {
            best = worth;
            best_at = at;
        }
    }

    if (at >= s.len) {
        return s.len;
    }

    return best == CX_CUT_NONE ? at : best_at;
}


bool
cx_utf8_split(cx_str *rest, size_t max, cx_str *piece)
{
    while (rest->len > 0) {
        size_t  at = cut_find(*rest, max > 0 ? max : 1);
        cx_str  head = cx_str_sub(*rest, 0, at);
        cx_str  tail = cx_str_sub(*rest, at, rest->len);

        if (tail.len == 0) {
            *piece = head;
            *rest = tail;
            return true;
        }

        while (head.len > 0 && is_space(head.p[head.len - 1])) {
            head.len--;
        }

        while (tail.len > 0 && is_space(tail.p[0])) {
            tail.p++;
            tail.len--;
        }

        *rest = tail;

        /* A cut inside a long run of white space leaves no piece. */
        if (head.len > 0) {
            *piece = head;
            return true;
        }
    }

    return false;
}


/* --- cleaning ------------------------------------------------------------ */

static bool
is_hidden(uint32_t cp)
{
    static const struct {
        uint32_t  from;
        uint32_t  to;
    } hidden[] = {
        { 0x0000,  0x0008  },   /* controls, without \t and \n */
        { 0x000b,  0x001f  },
        { 0x007f,  0x009f  },
        { 0x061c,  0x061c  },   /* Arabic letter mark: a bidi control */
        { 0x180e,  0x180e  },   /* once a space, now without width */
        { 0x200b,  0x200f  },   /* zero width, left and right marks */
        { 0x202a,  0x202e  },   /* embeddings and overrides */
        { 0x2060,  0x206f  },   /* invisible operators, isolates */
        { 0xfeff,  0xfeff  },   /* zero width no-break space */
        { 0xfff9,  0xfffb  },   /* annotation marks */
        { 0xe0000, 0xe0fff },   /* tags, supplementary selectors */
    };

    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        if (cp >= hidden[i].from && cp <= hidden[i].to) {
            return true;
        }
    }

    return false;
}


/* Of eight bytes none is a control, DEL or beyond ASCII. */
static bool
is_visible_8(const char *p)
{
    const uint64_t  ones = UINT64_C(0x0101010101010101);
    uint64_t        w, del;

    memcpy(&w, p, sizeof(w));
    del = w ^ 0x7f * ones;

    return ((w | ((w - 0x20 * ones) & ~w) | ((del - ones) & ~del))
            & 0x80 * ones) == 0;
}


/* Bytes that stay as they are: visible ASCII, space, tab, newline. */
static size_t
plain_ascii(cx_str s)
{
    size_t  n = 0;

    while (s.len - n >= 8 && is_visible_8(s.p + n)) {
        n += 8;
    }

    while (n < s.len
           && ((s.p[n] >= ' ' && s.p[n] < 0x7f) || s.p[n] == '\n'
               || s.p[n] == '\t'))
    {
        n++;
    }

    return n;
}


cx_str
cx_utf8_clean(cx_arena *a, cx_str s)
{
    cx_buf    b;
    uint32_t  cp;

    /* A bad byte becomes U+FFFD, three bytes. */
    if (s.len > SIZE_MAX / 3) {
        s.len = SIZE_MAX / 3;
    }

    cx_buf_init(&b, a, s.len, 3 * s.len);

    for (size_t i = 0; i < s.len; ) {
        size_t  len = plain_ascii(cx_str_sub(s, i, s.len));

        if (len > 0) {
            cx_buf_add(&b, cx_str_sub(s, i, len));
            i += len;
            continue;
        }

        len = cx_utf8_next(cx_str_sub(s, i, 4), &cp);

        if (len == 0) {
            cx_buf_add(&b, CX_STR("\xef\xbf\xbd"));

        } else if (!is_hidden(cp)) {
            cx_buf_add(&b, cx_str_sub(s, i, len));
        }

        i += len == 0 ? 1 : len;
    }

    return b.failed ? CX_STR("") : cx_buf_str(&b);
}
