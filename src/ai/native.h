/*
 * What the providers with a protocol of their own share: options, members of
 * a body, and what an earlier round left for another provider.
 */

#ifndef CX_AI_NATIVE_H
#define CX_AI_NATIVE_H

#include "ai/openai.h"

/* For the end of a table: members that the body has already, ended by NULL,
 * must not stand in extra. */
cx_err cx_native_extra(cx_member_reader *m, cx_str where, cx_str extra,
    const char *const *ours);

/* "must ...", or NULL.  Words of an API, names in a URL's path. */
const char *cx_native_wrong_name(cx_str s);

/* Arguments of a call as an object; what is none becomes {}. */
cx_str cx_native_object(cx_str json, cx_arena *a);

/* POST of the body as JSON; headers without a value are left out. */
cx_err cx_native_request(cx_http_req *req, cx_str url, const cx_buf *body,
    const cx_header *headers, size_t n, cx_arena *a);

/* base without its last slashes, then path. */
cx_str cx_native_url(cx_str base, cx_str path, cx_arena *a);

/* Tokens that can be; else 0. */
int64_t cx_native_count(int64_t n);

bool cx_native_has(cx_str text, const char *part);

#endif /* CX_AI_NATIVE_H */
