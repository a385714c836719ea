#include "ai/native.h"


#define NAME_MAX   128
#define COUNT_MAX  1000000000

static bool is_name(cx_str s);


cx_err
cx_native_extra(cx_member_reader *m, cx_str where, cx_str extra,
    const char *const *ours)
{
    cx_str          key;
    cx_json_reader  j;

    if (extra.len == 0) {
        return CX_OK;
    }

    cx_json_open(&j, extra, m->a);
    (void) cx_json_enter(&j, CX_JSON_OBJECT);

    while (cx_json_key(&j, &key)) {
        if (!is_name(key)) {
            return cx_member_wrong(m, where, "extra", "extra must hold names "
                                   "of letters, digits, dots, - and _");
        }

        for (size_t i = 0; ours[i] != NULL; i++) {
            if (cx_str_eq(key, cx_strz(ours[i]))) {
                return cx_member_wrong(m, where, "extra", "extra cannot hold "
                                       "\"%s\": that is set elsewhere",
                                       ours[i]);
            }
        }
    }

    return j.err == CX_NOMEM ? CX_NOMEM : CX_OK;
}


static bool
is_name(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        const char  c = s.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'))
        {
            return false;
        }
    }

    return s.len > 0 && s.len <= NAME_MAX;
}


const char *
cx_native_wrong_name(cx_str s)
{
    return is_name(s) ? NULL : "must be letters, digits, dots, - and _";
}


cx_str
cx_native_object(cx_str json, cx_arena *a)
{
    cx_str          raw;
    cx_json_reader  j;

    cx_json_open(&j, json, a);

    return cx_json_peek(&j) == CX_JSON_OBJECT && cx_json_raw(&j, &raw)
           && cx_json_close(&j) == CX_OK ? raw : CX_STR("{}");
}


cx_err
cx_native_request(cx_http_req *req, cx_str url, const cx_buf *body,
    const cx_header *headers, size_t n, cx_arena *a)
{
    cx_header  *h = CX_NEW_N(a, n + 1, cx_header);

    if (h == NULL || body->failed || cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    *req = (cx_http_req) {
        .method = CX_STR("POST"),
        .url = url,
        .headers = h,
        .body = cx_buf_str(body),
    };

    h[req->nheaders++] = (cx_header) { CX_STR("Content-Type"),
                                       CX_STR("application/json") };

    for (size_t i = 0; i < n; i++) {
        if (headers[i].value.len > 0) {
            h[req->nheaders++] = headers[i];
        }
    }

    return CX_OK;
}


cx_str
cx_native_url(cx_str base, cx_str path, cx_arena *a)
{
    while (cx_str_ends(base, CX_STR("/"))) {
        base.len--;
    }

    return cx_concat(a, base, path);
}


int64_t
cx_native_count(int64_t n)
{
    return n > 0 && n <= COUNT_MAX ? n : 0;
}


bool
cx_native_has(cx_str text, const char *part)
{
    return cx_str_find(text, cx_strz(part)) != SIZE_MAX;
}
