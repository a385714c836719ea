/* What Prometheus asks for. */

#include "worker/api_request.h"


static cx_err
check_metrics(cx_api_request *req)
{
    req->state = CX_NEW(req->arena, cx_str);

    if (req->state == NULL) {
        return CX_NOMEM;
    }

    *(cx_str *) req->state = cx_worker_metrics(req->worker, req->arena);
    return cx_arena_failed(req->arena) ? CX_NOMEM : CX_OK;
}


static cx_err
metrics(cx_api_request *req, cx_store *s)
{
    (void) s;

    cx_out_begin(req, 200);
    cx_buf_add(&req->out, *(const cx_str *) req->state);
    req->mime = "text/plain; version=0.0.4";
    return CX_OK;
}


const cx_api_route  cx_api_metrics_routes[] = {
    { "GET", "/metrics", "", CX_API_NO_BODY, CX_API_LOOP, check_metrics,
      metrics, NULL, "admin:read" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
