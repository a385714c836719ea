/*
 * From events to Redis commands.  Events of one stream leave in one FCALL,
 * in their order; a delivery is answered when all its commands were.
 */

#include "edge/enqueue.h"

#define NGX_HTTP_CONNEXT_CHUNK_EVENTS  64
#define NGX_HTTP_CONNEXT_CHUNK_BYTES   (256 * 1024)
#define NGX_HTTP_CONNEXT_QUEUED        NGX_MAX_UINT32_VALUE  /* a stream */
#define NGX_HTTP_CONNEXT_JSON_MAX      (48 * 1024 * 1024)
#define NGX_HTTP_CONNEXT_KEY_MAX       (CX_QUEUE_PREFIX_MAX + 16)

/* A command without its events; one event without its JSON. */
#define NGX_HTTP_CONNEXT_FCALL_MAX                                            \
    (2 * NGX_HTTP_CONNEXT_KEY_MAX + 8 * NGX_HTTP_CONNEXT_ARG)
#define NGX_HTTP_CONNEXT_EVENT_MAX     (4 * NGX_HTTP_CONNEXT_ARG)


/* One event, encoded. */
typedef struct {
    ngx_uint_t                    stream;
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
    size_t                        size;     /* of all commands, at most */
} ngx_http_connext_batch_t;


static cx_err ngx_http_connext_encode(ngx_http_connext_batch_t *batch,
    cx_msgs *msgs, size_t room, cx_arena *a);
static cx_err ngx_http_connext_queue_all(ngx_http_connext_batch_t *batch);
static cx_err ngx_http_connext_queue_chunk(ngx_http_connext_batch_t *batch,
    ngx_uint_t first);
static u_char *ngx_http_connext_put_enq(u_char *p, ngx_str_t *prefix,
    ngx_uint_t stream, ngx_uint_t n);
static cx_err ngx_http_connext_quarantine(ngx_http_connext_batch_t *batch,
    ngx_http_connext_ctx_t *ctx, cx_str body);


cx_err
ngx_http_connext_enqueue(ngx_http_request_t *r, ngx_http_connext_ctx_t *ctx,
    cx_arena *a, cx_received *in, cx_str body, cx_err received)
{
    cx_err                     err;
    ngx_uint_t                 odd;
    ngx_http_connext_batch_t   batch;

    odd = received != CX_OK || in->partial;

    if (in->msgs.n == 0 && !odd) {
        return CX_OK;
    }

    ngx_memzero(&batch, sizeof(ngx_http_connext_batch_t));
    batch.conf = ctx->conf;

    /* What is normalized is about as long as what it came from. */

    err = ngx_http_connext_encode(&batch, &in->msgs, body.len + 512, a);
    if (err != CX_OK) {
        return err;
    }

    if (odd) {
        batch.size += body.len + NGX_HTTP_CONNEXT_FCALL_MAX
                      + 8 * NGX_HTTP_CONNEXT_ARG;
    }

    err = ngx_http_connext_redis_ready(ctx->conf->redis, batch.size);
    if (err != CX_OK) {
        return err;
    }

    batch.op = ngx_http_connext_op(r, ctx);
    if (batch.op == NULL) {
        return CX_NOMEM;
    }

    err = ngx_http_connext_queue_all(&batch);

    if (err == CX_OK && odd) {
        err = ngx_http_connext_quarantine(&batch, ctx, body);
    }

    return ngx_http_connext_op_queued(batch.op, ctx, err);
}


static cx_err
ngx_http_connext_encode(ngx_http_connext_batch_t *batch, cx_msgs *msgs,
    size_t room, cx_arena *a)
{
    size_t                     i;
    cx_msg                    *m;
    ngx_http_connext_event_t  *event;

    batch->n = msgs->n;
    batch->events = CX_NEW_N(a, msgs->n, ngx_http_connext_event_t);

    cx_buf_init(&batch->json, a, room, NGX_HTTP_CONNEXT_JSON_MAX);

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    for (i = 0; i < msgs->n; i++) {
        m = &msgs->items[i];
        event = &batch->events[i];

        if (!cx_queue_fingerprint(m, &event->fp)) {
            return CX_INTERNAL;
        }

        event->stream = 2 * cx_queue_partition(m)
                        + (cx_queue_lane(m) == CX_LANE_ST ? 1 : 0);

        event->from = batch->json.len;
        cx_msg_encode(m, &batch->json);
        event->len = batch->json.len - event->from;
    }

    if (batch->json.failed) {
        return CX_NOMEM;
    }

    /* No more commands than events, and each event in one of them. */

    batch->size = batch->json.len
                  + msgs->n * (NGX_HTTP_CONNEXT_FCALL_MAX
                               + NGX_HTTP_CONNEXT_EVENT_MAX);

    return CX_OK;
}


static cx_err
ngx_http_connext_queue_all(ngx_http_connext_batch_t *batch)
{
    cx_err      err;
    ngx_uint_t  i;

    for (i = 0; i < batch->n; i++) {

        if (batch->events[i].stream == NGX_HTTP_CONNEXT_QUEUED) {
            continue;
        }

        err = ngx_http_connext_queue_chunk(batch, i);
        if (err != CX_OK) {
            return err;
        }
    }

    return CX_OK;
}


/* The first event and those of its stream behind it.  Redis runs a call in
 * one go: chunks keep others from waiting long. */

static cx_err
ngx_http_connext_queue_chunk(ngx_http_connext_batch_t *batch,
    ngx_uint_t first)
{
    size_t                     bytes;
    u_char                    *p;
    ngx_uint_t                 i, n, end, stream;
    ngx_http_connext_event_t  *event;
    ngx_http_connext_redis_t  *redis;

    n = 0;
    bytes = 0;
    stream = batch->events[first].stream;

    for (end = first; end < batch->n; end++) {
        event = &batch->events[end];

        if (event->stream != stream) {
            continue;
        }

        if (n == NGX_HTTP_CONNEXT_CHUNK_EVENTS
            || (n > 0 && bytes + event->len > NGX_HTTP_CONNEXT_CHUNK_BYTES))
        {
            break;
        }

        bytes += event->len;
        n++;
    }

    redis = batch->conf->redis;

    p = ngx_http_connext_redis_begin(redis, bytes
                                     + NGX_HTTP_CONNEXT_FCALL_MAX
                                     + n * NGX_HTTP_CONNEXT_EVENT_MAX);
    if (p == NULL) {
        return CX_BUSY;
    }

    p = ngx_http_connext_put_enq(p, &batch->conf->prefix, stream, n);

    for (i = first; i < end; i++) {
        event = &batch->events[i];

        if (event->stream != stream) {
            continue;
        }

        p = ngx_http_connext_put_number(p, event->fp.bucket);
        p = ngx_http_connext_put_number(p, event->fp.member);
        p = ngx_http_connext_put(p, batch->json.p + event->from, event->len);

        event->stream = NGX_HTTP_CONNEXT_QUEUED;
    }

    batch->op->waiting++;
    ngx_http_connext_redis_end(redis, p, n, ngx_http_connext_op_reply,
                               batch->op);

    return CX_OK;
}


static u_char *
ngx_http_connext_put_enq(u_char *p, ngx_str_t *prefix, ngx_uint_t stream,
    ngx_uint_t n)
{
    char      key[NGX_HTTP_CONNEXT_KEY_MAX];
    size_t    len;
    unsigned  partition;

    partition = (unsigned) (stream / 2);

    p = ngx_http_connext_put_array(p, 5 + 3 * n);
    p = ngx_http_connext_put_text(p, "FCALL");
    p = ngx_http_connext_put_text(p, CX_QUEUE_FUNCTION);
    p = ngx_http_connext_put_text(p, "2");

    len = cx_queue_stream(key, ngx_http_connext_view(prefix), partition,
                          stream % 2 == 1 ? CX_LANE_ST : CX_LANE_IN);
    p = ngx_http_connext_put(p, key, len);

    len = cx_queue_dedupe(key, ngx_http_connext_view(prefix), partition);

    return ngx_http_connext_put(p, key, len);
}


/* The whole body, once, for a person to look at: the same bytes would only
 * fail again, so the provider gets its 200. */

static cx_err
ngx_http_connext_quarantine(ngx_http_connext_batch_t *batch,
    ngx_http_connext_ctx_t *ctx, cx_str body)
{
    char                         key[NGX_HTTP_CONNEXT_KEY_MAX];
    size_t                       len;
    cx_str                       reason;
    u_char                      *p;
    ngx_http_connext_redis_t    *redis;
    ngx_http_connext_channel_t  *channel;

    redis = batch->conf->redis;
    channel = batch->conf->channel;

    p = ngx_http_connext_redis_begin(redis, body.len
                                     + NGX_HTTP_CONNEXT_FCALL_MAX
                                     + 8 * NGX_HTTP_CONNEXT_ARG);
    if (p == NULL) {
        return CX_BUSY;
    }

    len = cx_queue_quarantine(key,
                              ngx_http_connext_view(&batch->conf->prefix));
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

    batch->op->quarantined = 1;
    batch->op->waiting++;
    ngx_http_connext_redis_end(redis, p, 0, ngx_http_connext_op_reply,
                               batch->op);

    return CX_OK;
}
