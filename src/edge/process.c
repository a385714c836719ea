/*
 * What a worker process of nginx has for itself: its arena, its connections.
 */

#include "edge/edge.h"
#include "edge/push.h"

#define NGX_HTTP_CONNEXT_ARENA_MAX  (64 * 1024 * 1024)


ngx_int_t
ngx_http_connext_start(ngx_http_connext_main_conf_t *cmcf, ngx_cycle_t *cycle)
{
    ngx_uint_t                  i;
    ngx_pool_cleanup_t         *cln;
    ngx_http_connext_redis_t  **targets;

    if (cmcf->arena != NULL || cmcf->channels.nelts == 0) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(cycle->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cmcf->arena = cx_arena_new(NGX_HTTP_CONNEXT_ARENA_MAX);
    if (cmcf->arena == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_connext_stop;
    cln->data = cmcf;

    targets = cmcf->targets.elts;

    for (i = 0; i < cmcf->targets.nelts; i++) {
        targets[i]->shared = cmcf->shared;

        if (ngx_http_connext_redis_start(targets[i], cycle) != NGX_OK
            || (targets[i]->push
                && ngx_http_connext_hub_start(targets[i]) != NGX_OK))
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* At the end of the process, or of the cycle it belongs to; again does
 * nothing. */

void
ngx_http_connext_stop(void *data)
{
    ngx_uint_t                      i;
    ngx_http_connext_op_t          *op;
    ngx_http_connext_redis_t      **targets;
    ngx_http_connext_main_conf_t   *cmcf = data;

    if (cmcf->arena == NULL) {
        return;
    }

    targets = cmcf->targets.elts;

    for (i = 0; i < cmcf->targets.nelts; i++) {
        ngx_http_connext_hub_stop(targets[i]);
        ngx_http_connext_redis_stop(targets[i]);
    }

    while (cmcf->ops != NULL) {
        op = cmcf->ops;
        cmcf->ops = ngx_http_connext_op_next(op);
        ngx_free(op);
    }

    ngx_http_connext_set_health(cmcf->shared, NGX_HTTP_CONNEXT_UNSEEN);

    cx_arena_free(cmcf->arena);
    cmcf->arena = NULL;
}
