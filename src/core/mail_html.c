/*
 * HTML as text.  Not a parser of HTML: one pass over tags and entities, so
 * that nothing a sender writes can cost more than its length.
 */

#include "core/mail.h"

#include "core/charset.h"


#define ENTITY_MAX  10

typedef struct {
    cx_buf    out;
    cx_str    rest;
    unsigned  quotes;       /* open blockquotes */
    bool      unquoted;
    bool      space;        /* one is due before the next character */
    unsigned  breaks;       /* line breaks that are due */
} html;

/* What a tag does to the text. */
typedef enum {
    TAG_NONE,
    TAG_LINE,               /* a new line */
    TAG_BLOCK,              /* an empty line around it */
    TAG_CELL,               /* a space */
    TAG_QUOTE,
    TAG_HIDDEN              /* all up to its end is not shown */
} tag_kind;

static const struct {
    cx_str    name;
    tag_kind  kind;
} tags[] = {
    { CX_STR_INIT("br"),         TAG_LINE },
    { CX_STR_INIT("div"),        TAG_LINE },
    { CX_STR_INIT("tr"),         TAG_LINE },
    { CX_STR_INIT("li"),         TAG_LINE },
    { CX_STR_INIT("p"),          TAG_BLOCK },
    { CX_STR_INIT("ul"),         TAG_BLOCK },
    { CX_STR_INIT("ol"),         TAG_BLOCK },
    { CX_STR_INIT("table"),      TAG_BLOCK },
    { CX_STR_INIT("hr"),         TAG_BLOCK },
    { CX_STR_INIT("h1"),         TAG_BLOCK },
    { CX_STR_INIT("h2"),         TAG_BLOCK },
    { CX_STR_INIT("h3"),         TAG_BLOCK },
    { CX_STR_INIT("h4"),         TAG_BLOCK },
    { CX_STR_INIT("td"),         TAG_CELL },
    { CX_STR_INIT("th"),         TAG_CELL },
    { CX_STR_INIT("blockquote"), TAG_QUOTE },
    { CX_STR_INIT("head"),       TAG_HIDDEN },
    { CX_STR_INIT("style"),      TAG_HIDDEN },
    { CX_STR_INIT("script"),     TAG_HIDDEN },
    { CX_STR_INIT("title"),      TAG_HIDDEN },
    { CX_STR_INIT("template"),   TAG_HIDDEN },
};

static const struct {
    cx_str    name;
    uint32_t  cp;
} entities[] = {
    { CX_STR_INIT("amp"),    '&' },     { CX_STR_INIT("lt"),     '<' },
    { CX_STR_INIT("gt"),     '>' },     { CX_STR_INIT("quot"),   '"' },
    { CX_STR_INIT("apos"),   '\'' },    { CX_STR_INIT("nbsp"),   ' ' },
    { CX_STR_INIT("euro"),   0x20ac },  { CX_STR_INIT("pound"),  0xa3 },
    { CX_STR_INIT("copy"),   0xa9 },    { CX_STR_INIT("reg"),    0xae },
    { CX_STR_INIT("deg"),    0xb0 },    { CX_STR_INIT("laquo"),  0xab },
    { CX_STR_INIT("raquo"),  0xbb },    { CX_STR_INIT("iquest"), 0xbf },
    { CX_STR_INIT("iexcl"),  0xa1 },    { CX_STR_INIT("szlig"),  0xdf },
    { CX_STR_INIT("auml"),   0xe4 },    { CX_STR_INIT("ouml"),   0xf6 },
    { CX_STR_INIT("uuml"),   0xfc },    { CX_STR_INIT("Auml"),   0xc4 },
    { CX_STR_INIT("Ouml"),   0xd6 },    { CX_STR_INIT("Uuml"),   0xdc },
    { CX_STR_INIT("aacute"), 0xe1 },    { CX_STR_INIT("eacute"), 0xe9 },
    { CX_STR_INIT("iacute"), 0xed },    { CX_STR_INIT("oacute"), 0xf3 },
    { CX_STR_INIT("uacute"), 0xfa },    { CX_STR_INIT("Eacute"), 0xc9 },
    { CX_STR_INIT("agrave"), 0xe0 },    { CX_STR_INIT("egrave"), 0xe8 },
    { CX_STR_INIT("ograve"), 0xf2 },    { CX_STR_INIT("ugrave"), 0xf9 },
    { CX_STR_INIT("acirc"),  0xe2 },    { CX_STR_INIT("ecirc"),  0xea },
    { CX_STR_INIT("icirc"),  0xee },    { CX_STR_INIT("ocirc"),  0xf4 },
    { CX_STR_INIT("ccedil"), 0xe7 },    { CX_STR_INIT("ntilde"), 0xf1 },
    { CX_STR_INIT("atilde"), 0xe3 },    { CX_STR_INIT("otilde"), 0xf5 },
    { CX_STR_INIT("aring"),  0xe5 },    { CX_STR_INIT("oslash"), 0xf8 },
    { CX_STR_INIT("ndash"),  0x2013 },  { CX_STR_INIT("mdash"),  0x2014 },
    { CX_STR_INIT("lsquo"),  0x2018 },  { CX_STR_INIT("rsquo"),  0x2019 },
    { CX_STR_INIT("ldquo"),  0x201c },  { CX_STR_INIT("rdquo"),  0x201d },
    { CX_STR_INIT("hellip"), 0x2026 },  { CX_STR_INIT("bull"),   0x2022 },
};


/* --- what is written ----------------------------------------------------- */

static bool
shown(const html *h)
{
    return h->quotes == 0 || !h->unquoted;
}


/* Breaks and spaces come before what follows them, never at an end. */
static void
put(html *h, cx_str s)
{
    if (!shown(h)) {
        return;
    }

    if (h->out.len > 0 && h->breaks > 0) {
        cx_buf_add(&h->out, h->breaks > 1 ? CX_STR("\n\n") : CX_STR("\n"));

    } else if (h->out.len > 0 && h->space) {
        cx_buf_byte(&h->out, ' ');
    }

    h->breaks = 0;
    h->space = false;
    cx_buf_add(&h->out, s);
}


static void
breaks(html *h, unsigned n)
{
    if (shown(h)) {
        h->breaks = h->breaks > n ? h->breaks : n;
    }
}


/* --- entities ------------------------------------------------------------ */

static uint32_t
number_of(cx_str s)
{
    const bool  hex = s.len > 1 && (s.p[0] == 'x' || s.p[0] == 'X');
    uint32_t    n = 0;

    for (size_t i = hex; i < s.len; i++) {
        const char  c = s.p[i];
        const int   v = c >= '0' && c <= '9' ? c - '0'
                        : hex && c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : hex && c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

        if (v < 0 || n > 0x10ffff) {
            return 0;
        }

        n = n * (hex ? 16 : 10) + (uint32_t) v;
    }

    return n == 0xa0 ? ' ' : n;
}


static uint32_t
entity_of(cx_str s)
{
    if (s.len > 1 && s.p[0] == '#') {
        return number_of(cx_str_sub(s, 1, s.len));
    }

    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
        if (cx_str_eq(s, entities[i].name)) {
            return entities[i].cp;
        }
    }

    return 0;
}


static void
take_entity(html *h)
{
    char      text[4];
    cx_str    name = cx_str_sub(h->rest, 1, ENTITY_MAX);
    size_t    end = cx_str_find_byte(name, ';');
    uint32_t  cp = end == SIZE_MAX ? 0
                                   : entity_of(cx_str_sub(name, 0, end));

    if (cp == 0) {
        put(h, CX_STR("&"));
        h->rest = cx_str_sub(h->rest, 1, h->rest.len);
        return;
    }

    h->rest = cx_str_sub(h->rest, end + 2, h->rest.len);

    if (cp == ' ') {
        h->space = true;
        return;
    }

    put(h, (cx_str) { cx_utf8_put(text, cp), text });
}


/* --- tags ---------------------------------------------------------------- */

static cx_str
tag_name(cx_str s)
{
    size_t  n = 0;

    while (n < s.len && n < 16
           && ((s.p[n] >= 'a' && s.p[n] <= 'z')
               || (s.p[n] >= 'A' && s.p[n] <= 'Z')
               || (s.p[n] >= '0' && s.p[n] <= '9')))
    {
        n++;
    }

    return cx_str_sub(s, 0, n);
}


static tag_kind
kind_of(cx_str name)
{
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (cx_str_eq_nocase(name, tags[i].name)) {
            return tags[i].kind;
        }
    }

    return TAG_NONE;
}


/* Behind "</name": the rest is looked at once, whatever stands in it. */
static void
skip_hidden(html *h, cx_str name)
{
    size_t  at;

    while ((at = cx_str_find(h->rest, CX_STR("</"))) != SIZE_MAX) {
        h->rest = cx_str_sub(h->rest, at + 2, h->rest.len);

        if (cx_str_eq_nocase(tag_name(h->rest), name)) {
            at = cx_str_find_byte(h->rest, '>');
            h->rest = at == SIZE_MAX ? CX_NOSTR
                      : cx_str_sub(h->rest, at + 1, h->rest.len);
            return;
        }
    }

    h->rest = CX_NOSTR;
}


static void
apply(html *h, cx_str name, bool closing)
{
    switch (kind_of(name)) {

    case TAG_LINE:
        breaks(h, 1);
        break;

    case TAG_BLOCK:
        breaks(h, 2);
        break;

    case TAG_CELL:
        h->space = true;
        break;

    case TAG_QUOTE:
        h->quotes += !closing;
        h->quotes -= closing && h->quotes > 0;
        breaks(h, 1);
        break;

    case TAG_HIDDEN:
        if (!closing) {
            skip_hidden(h, name);
        }
        break;

    case TAG_NONE:
        break;
    }
}


/* The ">" that ends a tag; one inside quotes does not. */
static size_t
tag_end(cx_str s)
{
    char  quote = '\0';

    for (size_t i = 0; i < s.len; i++) {
        if (quote != '\0') {
            quote = s.p[i] == quote ? '\0' : quote;

        } else if (s.p[i] == '"' || s.p[i] == '\'') {
            quote = s.p[i];

        } else if (s.p[i] == '>') {
            return i;
        }
    }

    return SIZE_MAX;
}


static void
take_tag(html *h)
{
    bool    closing;
    size_t  end;
    cx_str  s = cx_str_sub(h->rest, 1, h->rest.len), name;

    if (cx_str_starts(s, CX_STR("!--"))) {
        end = cx_str_find(s, CX_STR("-->"));
        h->rest = end == SIZE_MAX ? CX_NOSTR : cx_str_sub(s, end + 3, s.len);
        return;
    }

    closing = s.len > 0 && s.p[0] == '/';
    name = tag_name(cx_str_sub(s, closing, s.len));

    if (name.len == 0 && !cx_str_starts(s, CX_STR("!"))) {
        put(h, CX_STR("<"));
        h->rest = s;
        return;
    }

    end = tag_end(s);
    h->rest = end == SIZE_MAX ? CX_NOSTR : cx_str_sub(s, end + 1, s.len);
    apply(h, name, closing);
}


cx_str
cx_mail_html(cx_arena *a, cx_str text, bool unquoted)
{
    html    h = { .rest = text, .unquoted = unquoted };
    size_t  n;

    cx_buf_init(&h.out, a, text.len / 2 + 64, SIZE_MAX / 2);

    while (h.rest.len > 0) {
        const char  c = h.rest.p[0];

        if (c == '<') {
            take_tag(&h);

        } else if (c == '&') {
            take_entity(&h);

        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            h.space = true;
            h.rest = cx_str_sub(h.rest, 1, h.rest.len);

        } else {
            for (n = 1; n < h.rest.len
                        && memchr("<& \t\r\n", h.rest.p[n], 6) == NULL; n++)
            {
                /* Up to what means something. */
            }

            put(&h, cx_str_sub(h.rest, 0, n));
            h.rest = cx_str_sub(h.rest, n, h.rest.len);
        }
    }

    return cx_buf_str(&h.out);
}
