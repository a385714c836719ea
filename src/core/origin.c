#include "core/origin.h"


static bool
is_name(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        const char  c = s.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'
              || c == '.' || c == ':' || c == '[' || c == ']' || c == '_'))
        {
            return false;
        }
    }

    return s.len > 0 && s.p[0] != '.' && s.p[s.len - 1] != '.';
}


/* The scheme with its slashes, 0: none that a page can have. */
static size_t
scheme_len(cx_str origin)
{
    return cx_str_starts(origin, CX_STR("https://")) ? sizeof("https://") - 1
           : cx_str_starts(origin, CX_STR("http://")) ? sizeof("http://") - 1
           : 0;
}


bool
cx_origin_valid(cx_str rule)
{
    const size_t  n = scheme_len(rule);
    cx_str        host = cx_str_sub(rule, n, rule.len);

    if (CX_STR_IS(rule, "*")) {
        return true;
    }

    if (cx_str_starts(host, CX_STR("*."))) {
        host = cx_str_sub(host, 2, host.len);
    }

    return n > 0 && is_name(host);
}


bool
cx_origin_matches(cx_str rule, cx_str origin)
{
    const size_t  n = scheme_len(origin);
    const cx_str  host = cx_str_sub(origin, n, origin.len);
    cx_str        below;

    if (n == 0 || !is_name(host)) {
        return false;
    }

    if (CX_STR_IS(rule, "*") || cx_str_eq(rule, origin)) {
        return true;
    }

    if (scheme_len(rule) != n
        || !cx_str_starts(cx_str_sub(rule, n, 2), CX_STR("*.")))
    {
        return false;
    }

    below = cx_str_sub(rule, n + 1, rule.len);     /* ".example.com" */

    return cx_str_starts(origin, cx_str_sub(rule, 0, n))
           && host.len > below.len && cx_str_ends(host, below);
}
