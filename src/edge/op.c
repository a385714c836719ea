#include "edge/enqueue.h"


static void ngx_http_connext_op_forget(void *data);
static void ngx_http_connext_op_free(ngx_http_connext_op_t *op);
static void ngx_http_connext_op_event(ngx_http_connext_op_t *op,
    const ngx_http_connext_item_t *item);
static void ngx_http_connext_op_stored(ngx_http_connext_op_t *op,
    const u_char *id, size_t len);
static void ngx_http_connext_op_done(ngx_http_connext_op_t *op);
static void ngx_http_connext_op_count(ngx_http_connext_op_t *op);


ngx_http_connext_op_t *
ngx_http_connext_op(ngx_http_request_t *r, ngx_http_connext_ctx_t *ctx)
{
    ngx_http_cleanup_t            *cln;
    ngx_http_connext_op_t         *op;
    ngx_http_connext_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_connext_module);

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NULL;
    }

    op = cmcf->ops;

    if (op != NULL) {
        cmcf->ops = op->next;

    } else {
        op = ngx_alloc(sizeof(ngx_http_connext_op_t), r->connection->log);
        if (op == NULL) {
            return NULL;
        }
    }

    ngx_memzero(op, sizeof(ngx_http_connext_op_t));

    op->request = r;
    op->cleanup = cln;
    op->main = cmcf;
    op->counts = ctx->conf->channel->counts;
    op->start_ns = ngx_http_connext_now_ns();

    cln->handler = ngx_http_connext_op_forget;
    cln->data = op;

    return op;
}


/* The request dies first. */

static void
ngx_http_connext_op_forget(void *data)
{
    ngx_http_connext_op_t  *op = data;

    op->request = NULL;
    op->cleanup = NULL;
}


static void
ngx_http_connext_op_free(ngx_http_connext_op_t *op)
{
    if (op->cleanup != NULL) {
        op->cleanup->handler = NULL;
    }

    op->next = op->main->ops;
    op->main->ops = op;
}


ngx_http_connext_op_t *
ngx_http_connext_op_next(ngx_http_connext_op_t *op)
{
    return op->next;
}


cx_err
ngx_http_connext_op_queued(ngx_http_connext_op_t *op,
    ngx_http_connext_ctx_t *ctx, cx_err err)
{
    op->err = err;

    if (op->waiting > 0) {
        ctx->waiting = 1;
        return CX_OK;
    }

    ngx_http_connext_op_free(op);

    return err;
}


void
ngx_http_connext_op_reply(void *data, ngx_uint_t first, ngx_uint_t n,
    cx_err err, const ngx_http_connext_reply_t *reply)
{
    ngx_uint_t              i;
    ngx_http_connext_op_t  *op = data;

    if (err == CX_OK && n == 0 && reply->type != REDIS_REPLY_STRING) {
        err = CX_REDIS_ERROR;
    }

    if (err != CX_OK) {
        op->err = op->err != CX_OK ? op->err : err;

    } else if (n == 0) {
        ngx_http_connext_op_stored(op, reply->text, reply->len);

    } else {
        for (i = first; i < first + n; i++) {
            ngx_http_connext_op_event(op, &reply->items[i]);
        }
    }

    op->waiting -= n > 0 ? n : 1;

    if (op->waiting == 0) {
        ngx_http_connext_op_done(op);
    }
}


static void
ngx_http_connext_op_event(ngx_http_connext_op_t *op,
    const ngx_http_connext_item_t *item)
{
    if (item->failed) {
        op->err = op->err != CX_OK ? op->err : CX_REDIS_ERROR;
        return;
    }

    if (item->len == 0) {
        op->duplicate++;
        return;
    }

    op->queued++;
    ngx_http_connext_op_stored(op, item->text, item->len);
}


static void
ngx_http_connext_op_stored(ngx_http_connext_op_t *op, const u_char *id,
    size_t len)
{
    if (op->stream_id_len == 0) {
        op->stream_id_len = ngx_min(len, sizeof(op->stream_id));
        ngx_memcpy(op->stream_id, id, op->stream_id_len);
    }
}


static void
ngx_http_connext_op_done(ngx_http_connext_op_t *op)
{
    cx_err                   err;
    uint64_t                 ns;
    ngx_connection_t        *c;
    ngx_http_request_t      *r;
    ngx_http_connext_ctx_t  *ctx;

    ns = ngx_http_connext_now_ns() - op->start_ns;

    ngx_http_connext_observe(&op->main->shared->enqueue,
                             ngx_http_connext_enqueue_bounds, ns);
    op->main->shared->latency_us = ns / 1000;

    ngx_http_connext_op_count(op);

    r = op->request;

    err = op->err != CX_OK ? op->err
          : op->quarantined && op->queued + op->duplicate == 0 ? CX_MALFORMED
          : CX_OK;

    if (r == NULL) {
        ngx_http_connext_op_free(op);
        return;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_connext_module);

    ctx->enqueue_ns = ns;
    ctx->duplicate = op->queued == 0 && op->duplicate > 0;
    ctx->partial = op->quarantined;
    ctx->stream_id_len = op->stream_id_len;
    ngx_memcpy(ctx->stream_id, op->stream_id, op->stream_id_len);

    ngx_http_connext_op_free(op);

    c = r->connection;

    ngx_http_finalize_request(r, ngx_http_connext_answer(r, err));
    ngx_http_run_posted_requests(c);
}


/* Events that Redis took count even when the delivery as a whole failed. */

static void
ngx_http_connext_op_count(ngx_http_connext_op_t *op)
{
    (void) ngx_atomic_fetch_add(&op->counts->queued, op->queued);
    (void) ngx_atomic_fetch_add(&op->counts->duplicate, op->duplicate);

    if (op->err == CX_OK) {
        op->counts->last_accepted = (ngx_atomic_uint_t) ngx_time();
    }
}
