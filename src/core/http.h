/*
 * HTTP as data.  On the way in nginx's glue fills a cx_http_req with views of
 * the request; on the way out an adapter builds one and the worker's client
 * performs it.  No socket here.
 */

#ifndef CX_CORE_HTTP_H
#define CX_CORE_HTTP_H

#include "core/arena.h"
#include "core/err.h"

typedef struct {
    cx_str  name;       /* any case */
    cx_str  value;
} cx_header;

typedef struct {
    cx_str            method;     /* "GET", "POST" */
    cx_str            url;        /* out: absolute URL; in: raw target */
    cx_str            query;      /* in: raw, without '?' */
    const cx_header  *headers;    /* in: only those the channel asked for,
                                   * every occurrence of them */
    size_t            nheaders;
    cx_str            body;
} cx_http_req;

typedef struct {
    int               status;     /* 0: no response at all */
    const cx_header  *headers;
    size_t            nheaders;
    cx_str            body;
} cx_http_res;

/* First header of that name; the empty view when absent.  *count, when not
 * NULL, gets the number of occurrences. */
cx_str cx_http_header(const cx_header *h, size_t n, cx_str name,
    size_t *count);

/* Retry-After in ms, a day at most; 0: absent, or a date. */
int64_t cx_http_retry_after_ms(const cx_http_res *res);

/* Value of a form or query parameter, percent and '+' decoded into a.
 * CX_NOT_FOUND when absent, CX_CONFLICT when it occurs twice, CX_BAD_REQUEST
 * for a bad escape, CX_NOMEM. */
cx_err cx_form_get(cx_str form, cx_str name, cx_arena *a, cx_str *value);

#define CX_FORM_PAIRS_MAX  1024

/* Takes the next pair off *form, decoded into a; empty ones ("&&") are passed
 * over.  CX_NOT_FOUND at the end, CX_BAD_REQUEST, CX_NOMEM. */
cx_err cx_form_next(cx_str *form, cx_arena *a, cx_header *pair);
/* All pairs by name, then value, in byte order; equal ones stay as often as
 * they came.  CX_BAD_REQUEST also for more than CX_FORM_PAIRS_MAX. */
cx_err cx_form_sorted(cx_str form, cx_arena *a, cx_header **pairs,
    size_t *n);

/* Percent-encodes all but unreserved characters (RFC 3986, 2.3). */
cx_str cx_url_encode(cx_arena *a, cx_str s);

/* One word of printable ASCII: a line end in a token would begin another
 * header. */
bool cx_http_word_ok(cx_str s);

#endif /* CX_CORE_HTTP_H */
