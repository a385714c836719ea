/*
 * Fetching what somebody else named: an address out of a customer's message.
 *
 * The body goes to a file as it comes, hashed and measured on the way, never
 * into memory.  Unless private addresses are allowed, only https is spoken
 * and only to public addresses, judged after the name was resolved, at each
 * connection, so also after a redirect; credentials of the first host do not
 * follow to another one.
 *
 * The callback runs exactly once, from the loop, never from inside
 * cx_download_start; after cx_download_cancel it never runs.
 */

#ifndef CX_WORKER_DOWNLOAD_H
#define CX_WORKER_DOWNLOAD_H

#include "core/http.h"
#include "core/mac.h"

#include <uv.h>

typedef struct cx_downloads_s  cx_downloads;
typedef struct cx_download_s  cx_download;

typedef enum {
    CX_DOWNLOAD_DONE,
    CX_DOWNLOAD_REFUSED,    /* for good: not there, not allowed, too large */
    CX_DOWNLOAD_LATER       /* time-out, server's trouble, the disk's */
} cx_download_end;

typedef struct {
    int          status;            /* of the last response, 0: none */
    int64_t      size;
    uint8_t      sha256[CX_SHA256_LEN];
    const char  *mime;              /* by its first bytes */
} cx_downloaded;

typedef void (*cx_download_fn)(void *ctx, cx_download_end end,
    const cx_downloaded *got, const char *error);

typedef struct {
    const char  *path;              /* made new; gone unless DONE */
    int64_t      max_size;
    long         total_ms;
} cx_download_opts;

cx_downloads *cx_downloads_new(uv_loop_t *loop, bool allow_private);
/* Cancels what is under way. */
void cx_downloads_free(cx_downloads *d);

/* GET only; copies what it needs of req.  NULL with *error set: the file
 * cannot be made, or the URL is none we would fetch. */
cx_download *cx_download_start(cx_downloads *d, const cx_http_req *req,
    const cx_download_opts *opts, cx_download_fn fn, void *ctx,
    const char **error);
void cx_download_cancel(cx_download *c);

#endif /* CX_WORKER_DOWNLOAD_H */
