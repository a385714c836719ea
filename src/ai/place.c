/* Links and e-mail addresses of a text, as a chat app would find them. */

#include "ai/sources.h"

#include "core/fold.h"


#define SCHEME_MAX  16

static size_t host_len(cx_str text, bool *odd);
static size_t dot_len(cx_str text);
static bool is_name(cx_str host, bool odd);
static bool is_common(cx_str tld);
static bool is_mail_byte(char c);
static bool is_local(cx_str text, size_t end);
static size_t mail_begins(cx_str text, size_t host);
static bool linked(cx_str text, size_t colon, cx_place *place,
    size_t *end);
static cx_str authority(cx_str text, bool *odd);
static bool is_letter(char c);
static bool is_scheme(cx_str text, size_t colon);


/*
 * By what marks one: "://", or a run of a host's bytes that has a dot and ends
 * like a domain.  What stands before an "@" makes it an address of mail.
 */
bool
cx_place_next(cx_str *rest, cx_place *place)
{
    size_t  end, n, from;

    for (size_t i = 0; i < rest->len; ) {
        *place = (cx_place) { .host = CX_NOSTR };

        if (rest->p[i] == ':' && linked(*rest, i, place, &end)) {
            *rest = cx_str_sub(*rest, end, rest->len);
            return true;
        }

        n = host_len(cx_str_sub(*rest, i, rest->len), &place->odd);

        if (n == 0) {
            i++;
            continue;
        }

        place->host = cx_str_sub(*rest, i, n);

        while (place->host.len > 0
               && place->host.p[place->host.len - 1] == '.')
        {
            place->host.len--;
        }

        if (is_local(*rest, i + n)) {
            i += n;
            continue;
        }

        if (is_name(place->host, place->odd)) {
            from = mail_begins(*rest, i);
            place->kind = from < i ? CX_PLACE_MAIL : CX_PLACE_BARE;
            place->mail = cx_str_sub(*rest, from,
                                     i + place->host.len - from);
            *rest = cx_str_sub(*rest, i + n, rest->len);
            return true;
        }

        i += n;
    }

    return false;
}


/* What ends there goes on to an "@": it is the first half of an address. */
static bool
is_local(cx_str text, size_t end)
{
    while (end < text.len && is_mail_byte(text.p[end])) {
        end++;
    }

    return end < text.len && text.p[end] == '@';
}


static size_t
mail_begins(cx_str text, size_t host)
{
    size_t  from = host;

    if (host < 2 || text.p[host - 1] != '@'
        || !is_mail_byte(text.p[host - 2]))
    {
        return host;
    }

    for (from--; from > 0 && is_mail_byte(text.p[from - 1]); from--) {
        /* back to its first byte */
    }

    return from;
}


/* "://" at the colon, or a scheme that needs no slashes to be dangerous. */
static bool
linked(cx_str text, size_t colon, cx_place *place, size_t *end)
{
    const cx_str  after = cx_str_sub(text, colon + 1, text.len);

    place->kind = CX_PLACE_LINK;

    if (cx_str_starts(after, CX_STR("//"))) {
        place->host = authority(cx_str_sub(after, 2, after.len),
                                &place->odd);
        *end = colon + 3 + place->host.len;

        /* Hosts are compared; what else a scheme may open is not for us. */
        place->odd = place->odd
                     || (!is_scheme(text, colon) && place->host.len > 0);
        place->host.len = cx_str_find_byte(place->host, ':') != SIZE_MAX
                          ? cx_str_find_byte(place->host, ':')
                          : place->host.len;
        return place->host.len > 0;
    }

    for (size_t n = 4; n <= 10 && n <= colon; n++) {
        const cx_str  word = cx_str_sub(text, colon - n, n);

        if (cx_str_eq_nocase(word, CX_STR("javascript"))
            || cx_str_eq_nocase(word, CX_STR("vbscript"))
            || (cx_str_eq_nocase(word, CX_STR("data"))
                && (cx_str_starts(after, CX_STR("text/"))
                    || cx_str_starts(after, CX_STR("image/"))
                    || cx_str_starts(after, CX_STR("application/")))))
        {
            place->host = word;
            place->odd = true;
            *end = colon + 1;
            return true;
        }
    }

    return false;
}


/* http and https; anything else is odd. */
static bool
is_scheme(cx_str text, size_t colon)
{
    size_t  n = 0;

    while (n < colon && n < SCHEME_MAX && is_letter(text.p[colon - 1 - n])) {
        n++;
    }

    text = cx_str_sub(text, colon - n, n);

    return cx_str_eq_nocase(text, CX_STR("http"))
           || cx_str_eq_nocase(text, CX_STR("https"));
}


/* Up to the path.  A user before the host, a backslash, or a byte that has to
 * be decoded first makes it odd. */
static cx_str
authority(cx_str text, bool *odd)
{
    size_t  n = 0;

    while (n < text.len && (uint8_t) text.p[n] > ' '
           && memchr("/?#<>()[]\"'`,;|*", text.p[n], 16) == NULL)
    {
        *odd = *odd || memchr("@\\%", text.p[n], 3) != NULL;
        n++;
    }

    while (n > 0 && memchr(".:!_", text.p[n - 1], 4) != NULL) {
        n--;
    }

    return cx_str_sub(text, 0, n);
}


/* Bytes of a host's run at the beginning of text. */
static size_t
host_len(cx_str text, bool *odd)
{
    size_t    n = 0, step;
    uint32_t  cp;

    while (n < text.len) {
        const cx_str  at = cx_str_sub(text, n, text.len);

        step = dot_len(at);

        if (step > 0) {
            *odd = *odd || step > 1;
            n += step;
            continue;
        }

        step = cx_letter_next(at, &cp);

        if (at.p[0] != '-' && !cx_is_letter(cp)) {
            break;
        }

        n += step;
    }

    return n;
}


/* A dot, or a full stop of other scripts that browsers take for one. */
static size_t
dot_len(cx_str text)
{
    static const cx_str  dots[] = {
        CX_STR_INIT("."),
        CX_STR_INIT("\xe3\x80\x82"),
        CX_STR_INIT("\xef\xbc\x8e"),
        CX_STR_INIT("\xef\xbd\xa1"),
    };

    for (size_t i = 0; i < sizeof(dots) / sizeof(dots[0]); i++) {
        if (cx_str_starts(text, dots[i])) {
            return dots[i].len;
        }
    }

    return 0;
}


/* Ends in a dot and two letters or more: "example.org", but neither "e.g",
 * "15.00" nor "end.Next", which lacks its space. */
static bool
is_name(cx_str host, bool odd)
{
    size_t  upper = 0, lower = 0, at = host.len;

    while (at > 0 && is_letter(host.p[at - 1])) {
        at--;
        upper += host.p[at] >= 'A' && host.p[at] <= 'Z';
        lower += host.p[at] >= 'a' && host.p[at] <= 'z';
    }

    if (at < 2 || upper + lower < 2) {
        return false;
    }

    if (upper > 0 && (lower > 0 || odd)
        && !is_common(cx_str_sub(host, at, host.len)))
    {
        return false;
    }

    return host.p[at - 1] == '.' || (odd && (uint8_t) host.p[at - 1] >= 0x80);
}


/* "Evil.Com" is a link, "end.Next" is none. */
static bool
is_common(cx_str tld)
{
    static const char *const  list[] = {
        "com", "net", "org", "info", "io", "app", "dev", "xyz", "shop",
        "online", "site", "top", "biz", "ru", "cn", "de", "uk", "eu",
    };

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (cx_str_eq_nocase(tld, cx_strz(list[i]))) {
            return true;
        }
    }

    return false;
}


static bool
is_mail_byte(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9')
           || memchr("._%+-", c, 5) != NULL;
}


static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
