/* Requests to the Graph API, as all of Meta's channels make them. */

#include "channel/meta.h"


static cx_err authorize(const cx_sender *from, bool json, cx_arena *a,
    cx_http_req *req);
static cx_str host_of(cx_str url);


cx_err
cx_meta_post(const cx_sender *from, cx_str base, cx_str account, cx_str body,
    cx_arena *a, cx_http_req *req)
{
    if (account.len == 0) {
        return CX_INVALID;
    }

    base = from->base_url.len > 0 ? from->base_url : base;

    *req = (cx_http_req) {
        .method = CX_STR("POST"),
        .url = cx_printf(a, "%.*s/%.*s/messages", CX_ARG(base),
                         CX_ARG(cx_url_encode(a, account))),
        .body = body,
    };

    return authorize(from, true, a, req);
}


cx_err
cx_meta_get(const cx_sender *from, cx_str url, bool token, cx_arena *a,
    cx_http_req *req)
{
    *req = (cx_http_req) { .method = CX_STR("GET"), .url = url };

    if (token) {
        return authorize(from, false, a, req);
    }

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


static cx_err
authorize(const cx_sender *from, bool json, cx_arena *a, cx_http_req *req)
{
    size_t      n = 0;
    cx_header  *headers;

    if (!cx_http_word_ok(from->token)) {
        return CX_INVALID;
    }

    headers = CX_NEW_N(a, 2, cx_header);
    if (headers == NULL) {
        return CX_NOMEM;
    }

    if (json) {
        headers[n++] = (cx_header) { CX_STR("Content-Type"),
                                     CX_STR("application/json") };
    }

    headers[n++] = (cx_header) { CX_STR("Authorization"),
                                 cx_concat(a, CX_STR("Bearer "),
                                           from->token) };
    req->headers = headers;
    req->nheaders = n;

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


bool
cx_meta_place_ok(cx_str url, cx_str base_url, const char *const *suffixes)
{
    const cx_str  host = host_of(url);

    if (!cx_http_word_ok(url)) {
        return false;
    }

    /* The same scheme, host and port as the base: up to the path's slash. */
    if (base_url.len > 0) {
        const cx_str  own = host_of(base_url);
        const size_t  len = own.len == 0 ? 0
                            : (size_t) (own.p + own.len - base_url.p);

        if (len > 0 && url.len > len && url.p[len] == '/'
            && memcmp(url.p, base_url.p, len) == 0)
        {
            return true;
        }
    }

    for (size_t i = 0; suffixes[i] != NULL; i++) {
        if (cx_str_starts(url, CX_STR("https://"))
            && cx_str_ends(host, cx_strz(suffixes[i])))
        {
            return true;
        }
    }

    return false;
}


/* With its port; empty when there is none, or a user before it. */
static cx_str
host_of(cx_str url)
{
    const size_t  at = cx_str_find(url, CX_STR("://"));
    cx_str        rest;
    size_t        n = 0;

    if (at == SIZE_MAX) {
        return CX_NOSTR;
    }

    rest = cx_str_sub(url, at + 3, url.len);

    while (n < rest.len && rest.p[n] != '/' && rest.p[n] != '?'
           && rest.p[n] != '#')
    {
        if (rest.p[n] == '@' || rest.p[n] == '\\') {
            return CX_NOSTR;
        }

        n++;
    }

    return cx_str_sub(rest, 0, n);
}


void
cx_meta_put(cx_json_writer *w, const char *name, cx_str value)
{
    cx_json_name(w, cx_strz(name));
    cx_json_put_str(w, value);
}
