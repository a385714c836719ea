#include "ai/agent_values.h"

#include "ai/agent.h"
#include "ai/preset.h"


static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}


static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}


static bool
is_plain(char c)
{
    return is_letter(c) || is_digit(c);
}


/* All but spaces and what no URL, host or address has. */
static bool
is_visible(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '"'
            || s.p[i] == '<' || s.p[i] == '>' || s.p[i] == '\\')
        {
            return false;
        }
    }

    return s.len > 0;
}


const char *
cx_agent_wrong_language(cx_str s)
{
    cx_str  rest = s, part;
    bool    first = true;

    while (cx_str_split(&rest, '-', &part)) {
        bool  ok = part.len >= (first ? 2 : 1)
                   && part.len <= (first ? 3 : 8);

        for (size_t i = 0; i < part.len; i++) {
            ok = ok && (first ? is_letter(part.p[i]) : is_plain(part.p[i]));
        }

        if (!ok) {
            return "must be a language tag, as \"en\", \"de\" or \"pt-BR\"";
        }

        first = false;
    }

    return NULL;
}


const char *
cx_agent_wrong_name(cx_str s)
{
    bool  ok = s.len > 0 && (is_letter(s.p[0]) || s.p[0] == '_');

    for (size_t i = 0; i < s.len; i++) {
        ok = ok && (is_plain(s.p[i]) || s.p[i] == '_' || s.p[i] == '-');
    }

    return ok ? NULL : "must begin with a letter or _ and have only letters, "
                       "digits, _ and -";
}


const char *
cx_agent_wrong_preset(cx_str s)
{
    return s.len == 0 || cx_preset_find(s) != NULL
           ? NULL : "must be careful, balanced or bold";
}


bool
cx_agent_credential_ok(cx_str name)
{
    bool  ok = name.len > 0 && name.len <= 32;

    for (size_t i = 0; i < name.len; i++) {
        ok = ok && ((name.p[i] >= 'a' && name.p[i] <= 'z')
                    || is_digit(name.p[i]) || name.p[i] == '_');
    }

    return ok;
}


const char *
cx_agent_wrong_credential(cx_str s)
{
    return cx_agent_credential_ok(s)
           ? NULL : "must be the name of a sealed one: a-z, 0-9 and _, at "
                    "most 32";
}


const char *
cx_agent_wrong_path(cx_str s)
{
    return s.p[0] == '/' ? NULL : "must be an absolute path";
}


/* --- places -------------------------------------------------------------- */

const char *
cx_agent_wrong_host(cx_str s)
{
    bool  ok = s.len > 0 && s.len <= 253 && s.p[0] != '.' && s.p[0] != '-';

    for (size_t i = 0; i < s.len; i++) {
        ok = ok && ((s.p[i] >= 'a' && s.p[i] <= 'z') || is_digit(s.p[i])
                    || s.p[i] == '.' || s.p[i] == '-');
    }

    return ok ? NULL : "must be a host in lower case, without scheme, port "
                       "or path, as \"api.example.com\"";
}


cx_str
cx_agent_host(cx_str url)
{
    size_t  n = 0;

    if (cx_str_starts(url, CX_STR("https://"))) {
        url = cx_str_sub(url, 8, url.len);

    } else if (cx_str_starts(url, CX_STR("http://"))) {
        url = cx_str_sub(url, 7, url.len);

    } else {
        return CX_NOSTR;
    }

    while (n < url.len && url.p[n] != '/' && url.p[n] != '?'
           && url.p[n] != '#' && url.p[n] != ':' && url.p[n] != '@')
    {
        n++;
    }

    return n < url.len && url.p[n] == '@' ? CX_NOSTR
                                          : cx_str_sub(url, 0, n);
}


/* host, or host:port; libcurl must not read it in another way than we do. */
static bool
has_plain_host(cx_str url)
{
    const cx_str  host = cx_agent_host(url);
    size_t        i = (size_t) (host.p - url.p) + host.len;
    const size_t  port = i + 1;

    if (host.len == 0 || cx_agent_wrong_host(host) != NULL) {
        return false;
    }

    if (i < url.len && url.p[i] == ':') {
        for (i = port; i < url.len && is_digit(url.p[i]); i++) {
            /* to the end of the port */
        }

        if (i == port || i - port > 5) {
            return false;
        }
    }

    return i == url.len || url.p[i] == '/' || url.p[i] == '?';
}


const char *
cx_agent_wrong_url(cx_str s)
{
    if (!is_visible(s) || !has_plain_host(s)
        || cx_str_find_byte(s, '#') != SIZE_MAX)
    {
        return "must be a URL, as \"https://api.example.com/rooms\", host "
               "in lower case, without user, spaces and #";
    }

    return NULL;
}


const char *
cx_agent_wrong_base(cx_str s)
{
    if (cx_agent_wrong_url(s) != NULL
        || cx_str_find_byte(s, '?') != SIZE_MAX)
    {
        return "must be a URL of scheme, host and path only, as "
               "\"https://api.example.com/v1\"";
    }

    return cx_str_ends(s, CX_STR("/")) ? "must not end with /" : NULL;
}


/* --- facts --------------------------------------------------------------- */

static bool
any_ok(cx_str s)
{
    return s.len > 0;
}


static bool
clock_ok(cx_str s)
{
    return s.len == 5 && is_digit(s.p[0]) && is_digit(s.p[1])
           && s.p[2] == ':' && is_digit(s.p[3]) && is_digit(s.p[4])
           && (s.p[0] < '2' || (s.p[0] == '2' && s.p[1] <= '3'))
           && s.p[3] <= '5';
}


static bool
time_ok(cx_str s)
{
    return clock_ok(s)
           || (s.len == 11 && s.p[5] == '-' && clock_ok(cx_str_sub(s, 0, 5))
               && clock_ok(cx_str_sub(s, 6, 5)));
}


static bool
date_ok(cx_str s)
{
    bool  ok = s.len == 10;

    for (size_t i = 0; ok && i < s.len; i++) {
        ok = i == 4 || i == 7 ? s.p[i] == '-' : is_digit(s.p[i]);
    }

    if (!ok) {
        return false;
    }

    const int  month = (s.p[5] - '0') * 10 + s.p[6] - '0';
    const int  day = (s.p[8] - '0') * 10 + s.p[9] - '0';

    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}


static bool
phone_ok(cx_str s)
{
    size_t  digits = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (is_digit(s.p[i])) {
            digits++;

        } else if (s.p[i] == '\0' || memchr(" ()-./", s.p[i], 6) == NULL) {
            if (s.p[i] != '+' || i > 0) {
                return false;
            }
        }
    }

    return digits >= 3 && digits <= 15;
}


static bool
url_ok(cx_str s)
{
    return is_visible(s) && has_plain_host(s);
}


static bool
email_ok(cx_str s)
{
    const size_t  at = cx_str_find_byte(s, '@');
    cx_str        host;

    if (!is_visible(s) || at == SIZE_MAX || at == 0) {
        return false;
    }

    host = cx_str_sub(s, at + 1, s.len);

    return cx_agent_wrong_host(host) == NULL
           && cx_str_find_byte(host, '.') != SIZE_MAX;
}


static bool
number_ok(cx_str s)
{
    bool  digit = false;

    for (size_t i = 0; i < s.len; i++) {
        digit = digit || is_digit(s.p[i]);

        if (!is_digit(s.p[i]) && s.p[i] != '.' && s.p[i] != ','
            && (s.p[i] != '-' || i > 0))
        {
            return false;
        }
    }

    return digit;
}


static const struct {
    const char  *kind;
    bool       (*ok)(cx_str s);
    const char  *wrong;
} kinds[] = {
    { "text",    any_ok,    "must not be empty" },
    { "address", any_ok,    "must not be empty" },
    { "time",    time_ok,   "must be a time as 15:00, or a span as "
                            "15:00-18:00" },
    { "date",    date_ok,   "must be a date as 2026-12-31" },
    { "phone",   phone_ok,  "must be a phone number, as +49 30 1234567" },
    { "url",     url_ok,    "must be a link with https:// or http://" },
    { "email",   email_ok,  "must be an e-mail address" },
    { "number",  number_ok, "must be a number" },
};

#define NKINDS  (sizeof(kinds) / sizeof(kinds[0]))


const char *
cx_agent_fact_kinds(void)
{
    return "text, address, time, date, phone, url, email, number";
}


bool
cx_agent_fact_kind_known(cx_str kind)
{
    for (size_t i = 0; i < NKINDS; i++) {
        if (cx_str_eq(kind, cx_strz(kinds[i].kind))) {
            return true;
        }
    }

    return false;
}


const char *
cx_agent_wrong_fact(cx_str kind, cx_str value)
{
    for (size_t i = 0; i < NKINDS; i++) {
        if (cx_str_eq(kind, cx_strz(kinds[i].kind))) {
            return kinds[i].ok(value) ? NULL : kinds[i].wrong;
        }
    }

    return NULL;
}
