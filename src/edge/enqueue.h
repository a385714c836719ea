/*
 * A delivery on its way to Redis.  It outlives its request: when the client
 * goes away the request unlinks itself, and the events stay.
 */

#ifndef CX_EDGE_ENQUEUE_H
#define CX_EDGE_ENQUEUE_H

#include "edge/edge.h"


struct ngx_http_connext_op_s {
    ngx_http_connext_op_t          *next;       /* free ones */

    ngx_http_request_t             *request;    /* NULL: gone */
    ngx_http_cleanup_t             *cleanup;
    ngx_http_connext_main_conf_t   *main;
    ngx_http_connext_counts_t      *counts;

    ngx_uint_t                      waiting;    /* for so many answers */
    cx_err                          err;        /* the first one */
    ngx_uint_t                      queued;     /* events, new */
    ngx_uint_t                      duplicate;  /* events, known */
    ngx_uint_t                      quarantined;
    uint64_t                        start_ns;

    size_t                          stream_id_len;
    u_char                          stream_id[NGX_HTTP_CONNEXT_ITEM_TEXT];
};


/* NULL without memory. */
ngx_http_connext_op_t *ngx_http_connext_op(ngx_http_request_t *r,
    ngx_http_connext_ctx_t *ctx);

/* All is queued, or err stopped that.  When answers are awaited the request
 * waits for them (ctx->waiting), else err is the outcome. */
cx_err ngx_http_connext_op_queued(ngx_http_connext_op_t *op,
    ngx_http_connext_ctx_t *ctx, cx_err err);

void ngx_http_connext_op_reply(void *data, ngx_uint_t first, ngx_uint_t n,
    cx_err err, const ngx_http_connext_reply_t *reply);

#endif /* CX_EDGE_ENQUEUE_H */
