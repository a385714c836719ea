#include "worker/smtp.h"

#include "worker/engine.h"


void *
cx_smtp_start(cx_worker *w, const cx_http_req *req, const cx_http_opts *opts,
    cx_http_fn fn, void *ctx)
{
    return cx_http_start_mail(w->http, req, opts, fn, ctx);
}


void
cx_smtp_cancel(void *call)
{
    cx_call_cancel(call);
}
