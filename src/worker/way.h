/*
 * How a send leaves: one row per cx_via.  A way starts one call and tells its
 * end exactly once, from the loop, never from inside start; after cancel
 * never.  What the end means is the same for all of them:
 *
 *   CX_CALL_DONE      the other side answered: judge reads res (PUSH: the
 *                     queue has it, and res->body is the id it gave)
 *   CX_CALL_NOT_SENT  proved: nothing left us
 *   CX_CALL_UNKNOWN   it may have left
 */

#ifndef CX_WORKER_WAY_H
#define CX_WORKER_WAY_H

#include "channel/channel.h"
#include "worker/http.h"
#include "worker/worker.h"

typedef struct {
    /* Copies what it needs of req.  NULL: not started, never called back. */
    void *(*start)(cx_worker *w, const cx_http_req *req,
        const cx_http_opts *opts, cx_http_fn fn, void *ctx);
    void (*cancel)(void *call);
} cx_way;

/* NULL: this build has no such way. */
const cx_way *cx_way_of(cx_via via);

#endif /* CX_WORKER_WAY_H */
