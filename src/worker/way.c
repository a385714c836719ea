#include "worker/way.h"

#include "worker/engine.h"
#include "worker/push.h"
#include "worker/smtp.h"


static void *
http_start(cx_worker *w, const cx_http_req *req, const cx_http_opts *opts,
    cx_http_fn fn, void *ctx)
{
    return cx_http_start(w->http, req, opts, fn, ctx);
}


static void
http_cancel(void *call)
{
    cx_call_cancel(call);
}


/* PUSH: cx_push_start, cx_push_cancel of worker/push.h. */
static const cx_way  ways[] = {
    [CX_VIA_HTTP] = { http_start, http_cancel },
    [CX_VIA_SMTP] = { cx_smtp_start, cx_smtp_cancel },
    [CX_VIA_PUSH] = { cx_push_start, cx_push_cancel },
};


const cx_way *
cx_way_of(cx_via via)
{
    return (size_t) via < sizeof(ways) / sizeof(ways[0])
           && ways[via].start != NULL ? &ways[via] : NULL;
}
