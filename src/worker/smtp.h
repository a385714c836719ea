/*
 * CX_VIA_SMTP, a row of worker/way.c: see worker/way.h for what start, cancel
 * and the callback promise.
 */

#ifndef CX_WORKER_SMTP_H
#define CX_WORKER_SMTP_H

#include "worker/http.h"
#include "worker/worker.h"

void *cx_smtp_start(cx_worker *w, const cx_http_req *req,
    const cx_http_opts *opts, cx_http_fn fn, void *ctx);
void cx_smtp_cancel(void *call);

#endif /* CX_WORKER_SMTP_H */
