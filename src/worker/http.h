/*
 * Outgoing HTTP: libcurl multi on the loop.
 *
 * The callback runs exactly once, from the loop, never from inside
 * cx_http_start; after cx_call_cancel it never runs.  The response's views
 * live until the callback returns.
 *
 * on_data runs from the loop, too, never from inside libcurl: calls may be
 * started and cancelled in it, and it may free the client.
 *
 * A call that must not be repeated (once) ends as UNKNOWN when libcurl is
 * about to send it a second time, which it otherwise does silently when a
 * reused connection dies without an answer.
 */

#ifndef CX_WORKER_HTTP_H
#define CX_WORKER_HTTP_H

#include "core/http.h"

#include <uv.h>

typedef struct cx_http_s  cx_http;
typedef struct cx_call_s  cx_call;

typedef enum {
    CX_CALL_DONE,         /* a complete response is there */
    CX_CALL_NOT_SENT,     /* proved: no byte of the request left */
    CX_CALL_UNKNOWN       /* bytes may have left, no complete response */
} cx_call_end;

typedef void (*cx_http_fn)(void *ctx, cx_call_end end,
    const cx_http_res *res, const char *error);

/* Bytes of a body as they come; for nobody after the call was cancelled, which
 * it may be from in here. */
typedef void (*cx_http_data_fn)(void *ctx, cx_str bytes);

typedef struct {
    long             connect_ms;
    long             total_ms;
    size_t           max_body;      /* of the response; beyond it: UNKNOWN */
    bool             once;          /* a send: must not be repeated silently */
    /* Not NULL: what is an event stream (status 200, text/event-stream) is
     * handed out as it comes, and the response has no body then. */
    cx_http_data_fn  on_data;
    long             first_byte_ms; /* of the body; 0: total_ms alone */
    long             idle_ms;       /* from there on, between bytes; 0: as long
                                     * as it takes */
} cx_http_opts;

/* Before all others: a file of PEM certificates that servers are trusted by
 * instead of the system's; kept as a view, NULL: the system's. */
void cx_http_trust(const char *ca_file);

/* max_calls: beyond it calls queue inside.  NULL: no memory. */
cx_http *cx_http_new(uv_loop_t *loop, long max_calls);
/* The same, and it goes to public addresses only, judged after the name was
 * resolved: for places that somebody else has named. */
cx_http *cx_http_new_public(uv_loop_t *loop, long max_calls);
void cx_http_free(cx_http *h);         /* cancels what is under way */
size_t cx_http_active(const cx_http *h);

/* Copies what it needs of req.  NULL: no memory or a bad URL (never called
 * back then). */
cx_call *cx_http_start(cx_http *h, const cx_http_req *req,
    const cx_http_opts *opts, cx_http_fn fn, void *ctx);
/* The same for a mail, as CX_VIA_SMTP describes it.  DONE: the server said yes
 * or no, its code is the status; UNKNOWN: all of it was sent, and no answer
 * came. */
cx_call *cx_http_start_mail(cx_http *h, const cx_http_req *req,
    const cx_http_opts *opts, cx_http_fn fn, void *ctx);
void cx_call_cancel(cx_call *c);

#endif /* CX_WORKER_HTTP_H */
