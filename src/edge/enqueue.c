/*
 * From events to Redis.  They leave in their order, together with those of
 * other deliveries (redis_batch.c); a delivery is answered when all of it was.
 */

#include "edge/enqueue.h"

#define NGX_HTTP_CONNEXT_JSON_MAX   (48 * 1024 * 1024)

/* The quarantine's command without its texts; an event without its JSON. */
#define NGX_HTTP_CONNEXT_XADD_MAX                                             \
    (NGX_HTTP_CONNEXT_KEY_MAX + 20 * NGX_HTTP_CONNEXT_ARG)
#define NGX_HTTP_CONNEXT_EVENT_MAX  (4 * NGX_HTTP_CONNEXT_ARG)


/* One event, encoded. */
typedef struct {
    unsigned                      partition;
    cx_lane                       lane;
    cx_fingerprint                fp;
    size_t                        from;     /* JSON in the buffer */
    size_t                        len;
} ngx_http_connext_event_t;


/* What is to be sent, encoded, before the first byte of it is queued. */
typedef struct {
    ngx_http_connext_loc_conf_t  *conf;
    ngx_http_connext_op_t        *op;
    cx_buf                        json;
    ngx_http_connext_event_t     *events;
    ngx_uint_t                    n;
    size_t                        size;     /* of its commands, at most */
} ngx_http_connext_delivery_t;


static cx_err ngx_http_connext_encode(ngx_http_connext_delivery_t *all,
    cx_msgs *msgs, size_t room, cx_arena *a);
static cx_err ngx_http_connext_queue_all(ngx_http_connext_delivery_t *all);
static cx_err ngx_http_connext_quarantine(ngx_http_connext_delivery_t *all,
    ngx_http_connext_ctx_t *ctx, cx_str body);


cx_err
ngx_http_connext_enqueue(ngx_http_request_t *r, ngx_http_connext_ctx_t *ctx,
    cx_arena *a, cx_received *in, cx_str body, cx_err received)
{
    cx_err                        err;
    ngx_uint_t                    odd;
    ngx_http_connext_delivery_t   all;

    odd = received != CX_OK || in->partial;

    if (in->msgs.n == 0 && !odd) {
        return CX_OK;
    }

    ngx_memzero(&all, sizeof(ngx_http_connext_delivery_t));
    all.conf = ctx->conf;

    /* What is normalized is about as long as what it came from. */

    err = ngx_http_connext_encode(&all, &in->msgs, body.len + 512, a);
    if (err != CX_OK) {
        return err;
    }

    if (odd) {
        all.size += body.len + NGX_HTTP_CONNEXT_XADD_MAX;
    }

    err = ngx_http_connext_redis_ready(ctx->conf->redis, all.size);
    if (err != CX_OK) {
        return err;
    }

    all.op = ngx_http_connext_op(r, ctx);
    if (all.op == NULL) {
        return CX_NOMEM;
    }

    err = ngx_http_connext_queue_all(&all);

    if (err == CX_OK && odd) {
        err = ngx_http_connext_quarantine(&all, ctx, body);
    }

    return ngx_http_connext_op_queued(all.op, ctx, err);
}


static cx_err
ngx_http_connext_encode(ngx_http_connext_delivery_t *all, cx_msgs *msgs,
    size_t room, cx_arena *a)
{
    size_t                     i;
    cx_msg                    *m;
    ngx_http_connext_event_t  *event;

    all->n = msgs->n;
    all->events = CX_NEW_N(a, msgs->n, ngx_http_connext_event_t);

    cx_buf_init(&all->json, a, room, NGX_HTTP_CONNEXT_JSON_MAX);

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    for (i = 0; i < msgs->n; i++) {
        m = &msgs->items[i];
        event = &all->events[i];

        if (!cx_queue_fingerprint(m, &event->fp)) {
            return CX_INTERNAL;
        }

        event->partition = cx_queue_partition(m);
        event->lane = cx_queue_lane(m);

        event->from = all->json.len;
        cx_msg_encode(m, &all->json);
        event->len = all->json.len - event->from;
    }

    if (all->json.failed) {
        return CX_NOMEM;
    }

    all->size = all->json.len
                + msgs->n * (NGX_HTTP_CONNEXT_KEY_ARG
                             + NGX_HTTP_CONNEXT_EVENT_MAX);

    return CX_OK;
}


static cx_err
ngx_http_connext_queue_all(ngx_http_connext_delivery_t *all)
{
    char                       key[NGX_HTTP_CONNEXT_KEY_MAX];
    cx_str                     stream, prefix;
    u_char                    *p;
    ngx_uint_t                 i;
    ngx_http_connext_event_t  *event;
    ngx_http_connext_redis_t  *redis;

    redis = all->conf->redis;
    prefix = ngx_http_connext_view(&all->conf->prefix);

    for (i = 0; i < all->n; i++) {
        event = &all->events[i];

        stream.p = key;
        stream.len = cx_queue_stream(key, prefix, event->partition,
                                     event->lane);

        p = ngx_http_connext_redis_event(redis, stream, event->len
                                         + NGX_HTTP_CONNEXT_EVENT_MAX);
        if (p == NULL) {
            return CX_BUSY;
        }

        p = ngx_http_connext_put_number(p, event->fp.bucket);
        p = ngx_http_connext_put_number(p, event->fp.member);
        p = ngx_http_connext_put(p, all->json.p + event->from, event->len);

        all->op->waiting++;
        ngx_http_connext_redis_event_end(redis, stream, p,
                                         ngx_http_connext_op_reply, all->op);
    }

    return CX_OK;
}


/* The whole body, once, for a person to look at: the same bytes would only
 * fail again, so the provider gets its 200. */

static cx_err
ngx_http_connext_quarantine(ngx_http_connext_delivery_t *all,
    ngx_http_connext_ctx_t *ctx, cx_str body)
{
    char                         key[NGX_HTTP_CONNEXT_KEY_MAX];
    size_t                       len;
    cx_str                       reason;
    u_char                      *p;
    ngx_http_connext_redis_t    *redis;
    ngx_http_connext_channel_t  *channel;

    redis = all->conf->redis;
    channel = all->conf->channel;

    p = ngx_http_connext_redis_begin(redis,
                                     body.len + NGX_HTTP_CONNEXT_XADD_MAX);
    if (p == NULL) {
        return CX_BUSY;
    }

    len = cx_queue_quarantine(key,
                              ngx_http_connext_view(&all->conf->prefix));
    reason = cx_strz(cx_err_word(CX_MALFORMED));

    p = ngx_http_connext_put_array(p, 11);
    p = ngx_http_connext_put_text(p, "XADD");
    p = ngx_http_connext_put(p, key, len);
    p = ngx_http_connext_put_text(p, "*");
    p = ngx_http_connext_put_text(p, "c");
    p = ngx_http_connext_put(p, channel->name.data, channel->name.len);
    p = ngx_http_connext_put_text(p, "r");
    p = ngx_http_connext_put(p, reason.p, reason.len);
    p = ngx_http_connext_put_text(p, "b");
    p = ngx_http_connext_put(p, body.p, body.len);
    p = ngx_http_connext_put_text(p, "t");
    p = ngx_http_connext_put(p, ctx->event, sizeof(ctx->event));

    all->op->quarantined = 1;
    all->op->waiting++;
    ngx_http_connext_redis_end(redis, p, ngx_http_connext_op_reply, all->op);

    return CX_OK;
}
