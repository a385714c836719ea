#include "worker/api_request.h"

#include <string.h>

#define SLUG_MAX  63


cx_err
cx_api_refuse(cx_api_request *req, cx_err err, const char *pointer,
    const char *fmt, ...)
{
    va_list  ap;

    va_start(ap, fmt);
    req->detail = cx_vprintf(req->arena, fmt, ap);
    va_end(ap);

    req->pointer = cx_dup(req->arena, cx_strz(pointer));
    return err;
}


cx_err
cx_api_query(cx_api_request *req, const char *name, cx_str *value)
{
    cx_err  err;

    err = cx_form_get(req->query, cx_strz(name), req->arena, value);

    switch (err) {

    case CX_OK:
        return CX_OK;

    case CX_NOT_FOUND:
        *value = CX_NOSTR;
        return CX_OK;

    case CX_CONFLICT:
        return cx_api_refuse(req, CX_INVALID, "", "%s is given twice", name);

    case CX_BAD_REQUEST:
        return cx_api_refuse(req, CX_INVALID, "", "%s is badly escaped",
                             name);
    default:
        return err;
    }
}


cx_err
cx_api_page(cx_api_request *req, const char *prefix)
{
    cx_err   err;
    cx_str   value;
    int64_t  n = CX_API_LIMIT;

    err = cx_api_query(req, "limit", &value);
    if (err != CX_OK) {
        return err;
    }

    if (value.p != NULL
        && (!cx_str_to_i64(value, &n) || n < 1 || n > CX_API_LIMIT_MAX))
    {
        return cx_api_refuse(req, CX_INVALID, "",
                             "limit must be a number from 1 to %d",
                             CX_API_LIMIT_MAX);
    }

    req->limit = (size_t) n;

    err = cx_api_query(req, "cursor", &value);
    if (err != CX_OK) {
        return err;
    }

    if (value.p != NULL && !cx_id_parse(value, prefix, &req->cursor)) {
        return cx_api_refuse(req, CX_INVALID, "",
                             "cursor must be a next_cursor of this list");
    }

    return CX_OK;
}


cx_err
cx_api_id(cx_api_request *req, const char *prefix)
{
    return cx_id_parse(req->arg, prefix, &req->id) ? CX_OK : CX_NOT_FOUND;
}


bool
cx_api_is_slug(cx_str s)
{
    size_t  i;

    if (s.len == 0 || s.len > SLUG_MAX || s.p[0] == '-') {
        return false;
    }

    for (i = 0; i < s.len; i++) {
        if (memchr("abcdefghijklmnopqrstuvwxyz0123456789-", s.p[i], 37)
            == NULL)
        {
            return false;
        }
    }

    return true;
}
