/* What an answer must not carry into a page, taken out. */

#include "ai/policy.h"

#include "core/utf8.h"


#define PASSES_MAX  4       /* what is taken out may leave a new tag behind */
#define TAG_MAX     2000    /* bytes of one */

static cx_str pass(cx_arena *a, cx_str text);
static size_t picture(cx_str text, cx_str *alt);
static size_t tag(cx_str text, cx_str *inside);
static size_t element(cx_str text, cx_str name, size_t end);
static cx_str tag_name(cx_str tag);
static bool is_active(cx_str name);
static bool is_letter(char c);
static cx_str without_opening(cx_arena *a, cx_str text);
static cx_str without_via(cx_str text);


cx_str
cx_policy_clean(cx_arena *a, cx_str text)
{
    cx_str  was;

    text = without_via(cx_utf8_clean(a, text));

    for (size_t i = 0; i < PASSES_MAX; i++) {
        was = text;
        text = pass(a, text);

        if (cx_str_eq(was, text)) {
            return text;
        }
    }

    return without_opening(a, text);
}


/* A mark of another channel, which models imitate. */
static cx_str
without_via(cx_str text)
{
    size_t  end;

    if (!cx_str_starts(text, CX_STR("[via "))) {
        return text;
    }

    end = cx_str_find_byte(text, ']');

    return end == SIZE_MAX ? text
                           : cx_str_trim(cx_str_sub(text, end + 1, text.len));
}


static cx_str
pass(cx_arena *a, cx_str text)
{
    cx_buf  b;
    cx_str  kept;
    size_t  n;

    if (cx_str_find_byte(text, '<') == SIZE_MAX
        && cx_str_find(text, CX_STR("![")) == SIZE_MAX)
    {
        return text;
    }

    cx_buf_init(&b, a, text.len, text.len);

    for (size_t i = 0; i < text.len; i += n) {
        const cx_str  at = cx_str_sub(text, i, text.len);

        n = picture(at, &kept);
        n = n == 0 ? tag(at, &kept) : n;

        if (n == 0) {
            n = 1;
            kept = cx_str_sub(at, 0, 1);
        }

        cx_buf_add(&b, kept);
    }

    return b.failed ? CX_NOSTR : cx_buf_str(&b);
}


/* "![alt](address)", "![alt][ref]": fetched as soon as it is shown. */
static size_t
picture(cx_str text, cx_str *alt)
{
    size_t  end, close;
    char    with;

    if (!cx_str_starts(text, CX_STR("!["))) {
        return 0;
    }

    end = cx_str_find_byte(text, ']');

    if (end == SIZE_MAX || end + 1 >= text.len
        || (text.p[end + 1] != '(' && text.p[end + 1] != '['))
    {
        return 0;
    }

    with = text.p[end + 1] == '(' ? ')' : ']';
    close = cx_str_find_byte(cx_str_sub(text, end + 2, text.len), with);

    *alt = cx_str_sub(text, 2, end - 2);
    return close == SIZE_MAX ? text.len : end + 2 + close + 1;
}


/* Bytes of a tag, and of what it contains when that is a program. */
static size_t
tag(cx_str text, cx_str *inside)
{
    size_t  end;
    cx_str  name;

    if (text.len < 2 || text.p[0] != '<'
        || (!is_letter(text.p[1]) && memchr("/!?", text.p[1], 3) == NULL))
    {
        return 0;
    }

    end = cx_str_find_byte(cx_str_sub(text, 0, TAG_MAX), '>');

    if (end == SIZE_MAX) {
        *inside = CX_NOSTR;         /* the sign alone */
        return 1;
    }

    *inside = cx_str_sub(text, 1, end - 1);

    /* "<https://example.org>", "<desk@example.org>" */
    if (cx_str_find_byte(*inside, ' ') == SIZE_MAX
        && (cx_str_find(*inside, CX_STR("://")) != SIZE_MAX
            || cx_str_find_byte(*inside, '@') != SIZE_MAX)
        && is_letter(inside->p[0]))
    {
        return end + 1;
    }

    name = tag_name(*inside);
    *inside = CX_NOSTR;

    return is_active(name) ? element(text, name, end) : end + 1;
}


static cx_str
tag_name(cx_str inside)
{
    size_t  n = 0;

    while (n < inside.len && is_letter(inside.p[n])) {
        n++;
    }

    return cx_str_sub(inside, 0, n);
}


/* What stands between its tags is not for reading. */
static bool
is_active(cx_str name)
{
    static const char *const  list[] = {
        "script", "style", "iframe", "object", "embed", "svg", "template",
        "noscript", "math",
    };

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (cx_str_eq_nocase(name, cx_strz(list[i]))) {
            return true;
        }
    }

    return false;
}


/* Up to its end tag, or to the end of the text. */
static size_t
element(cx_str text, cx_str name, size_t end)
{
    for (size_t i = end; i + name.len + 2 < text.len; i++) {
        if (text.p[i] == '<' && text.p[i + 1] == '/'
            && cx_str_eq_nocase(cx_str_sub(text, i + 2, name.len), name))
        {
            end = cx_str_find_byte(cx_str_sub(text, i, text.len), '>');
            return end == SIZE_MAX ? text.len : i + end + 1;
        }
    }

    return text.len;
}


/* Tags in tags in tags: then no sign stays that begins one. */
static cx_str
without_opening(cx_arena *a, cx_str text)
{
    char  *to = cx_alloc_bytes(a, text.len + 1);

    if (to == NULL) {
        return CX_NOSTR;
    }

    for (size_t i = 0; i < text.len; i++) {
        to[i] = text.p[i] == '<' ? ' ' : text.p[i];
    }

    return (cx_str) { text.len, to };
}


static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
