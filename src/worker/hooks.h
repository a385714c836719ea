/*
 * Tells hooks what happened: deliveries of the store (store/hooks.h) go out
 * as Standard Webhooks, or by mail, until somebody has them.  Any worker takes
 * any delivery; two never have the same one at a time.
 *
 *   hooks.c    what is due, calls, what came of them
 *   notify.c   a delivery as a request: signed, or as a mail
 */

#ifndef CX_WORKER_HOOKS_H
#define CX_WORKER_HOOKS_H

#include "store/hooks.h"
#include "worker/engine.h"

void cx_hooks_init(cx_worker *w);
/* Something may be due. */
void cx_hooks_beat(cx_worker *w);
void cx_hooks_stop(cx_worker *w);
void cx_hooks_free(cx_worker *w);

/* A delivery with what it needs to be sent; secret may be empty: unsigned,
 * which only a mail may be. */
typedef struct {
    cx_delivery_row  row;
    cx_str           secret;
    const char      *wrong;      /* not NULL: why there is no secret */
} cx_hook_send;

/* CX_INVALID: it cannot be signed. */
cx_err cx_hook_request(const cx_hook_send *d, int64_t now_ms, cx_arena *a,
    cx_http_req *req);
bool cx_hook_is_mail(const cx_hook_send *d);
/* CX_INVALID: [notify] is not set up. */
cx_err cx_hook_mail(const cx_hook_send *d, const cx_conf *conf,
    int64_t now_ms, cx_arena *a, cx_http_req *req);

#endif /* CX_WORKER_HOOKS_H */
