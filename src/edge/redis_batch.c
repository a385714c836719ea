/*
 * The events of one turn of the event loop as one call of the Function.  It is
 * open within the turn only: the flush at its end closes it, so that gathering
 * makes nobody wait.
 */

#include "edge/redis.h"

/* "*<n>", FCALL, its name, the number of keys. */
#define NGX_HTTP_CONNEXT_BATCH_HEAD  (4 * NGX_HTTP_CONNEXT_ARG)


static ngx_uint_t ngx_http_connext_batch_takes(
    ngx_http_connext_redis_t *redis, cx_str stream, size_t size);


u_char *
ngx_http_connext_redis_event(ngx_http_connext_redis_t *redis, cx_str stream,
    size_t size)
{
    ngx_http_connext_batch_t  *batch;

    batch = &redis->batch;

    if (batch->slot != NULL
        && !ngx_http_connext_batch_takes(redis, stream, size))
    {
        ngx_http_connext_batch_close(redis);
    }

    if (ngx_http_connext_slot_spare(redis) != NGX_OK) {
        return NULL;
    }

    /* What stands before the arguments has its room, too: closing cannot
     * fail. */

    return ngx_http_connext_out_reserve(&redis->out,
                                        size + NGX_HTTP_CONNEXT_BATCH_HEAD
                                        + sizeof(batch->keys));
}


/* In a cluster a call has the keys of one hash tag: two names are then alike
 * up to the two letters of the lane. */

static ngx_uint_t
ngx_http_connext_batch_takes(ngx_http_connext_redis_t *redis, cx_str stream,
    size_t size)
{
    size_t                     bytes;
    ngx_http_connext_batch_t  *batch;

    batch = &redis->batch;
    bytes = redis->out.open - redis->out.end;

    if (batch->slot->n == NGX_HTTP_CONNEXT_BATCH_EVENTS
        || bytes + size > NGX_HTTP_CONNEXT_BATCH_BYTES)
    {
        return 0;
    }

    return !redis->by_slot
           || (stream.len == batch->first_len
               && ngx_memcmp(stream.p, batch->first, stream.len - 2) == 0);
}


void
ngx_http_connext_redis_event_end(ngx_http_connext_redis_t *redis,
    cx_str stream, u_char *last, ngx_http_connext_reply_pt handler,
    void *data)
{
    u_char                    *key;
    ngx_http_connext_batch_t  *batch;

    batch = &redis->batch;

    if (batch->slot == NULL) {
        batch->slot = ngx_http_connext_slot_take(redis);
        batch->len = 0;
        batch->first_len = stream.len;
        ngx_memcpy(batch->first, stream.p, stream.len);

        if (!redis->flush.posted) {
            ngx_post_event(&redis->flush, &ngx_posted_events);
        }
    }

    key = batch->keys + batch->len;
    batch->len += (size_t) (ngx_http_connext_put(key, stream.p, stream.len)
                            - key);

    redis->out.open = (size_t) (last - redis->out.start);

    ngx_http_connext_slot_wait(redis, batch->slot, 1, handler, data);
}


void
ngx_http_connext_batch_close(ngx_http_connext_redis_t *redis)
{
    size_t                     len, before;
    u_char                    *p, *start, head[NGX_HTTP_CONNEXT_BATCH_HEAD];
    ngx_uint_t                 n;
    ngx_http_connext_slot_t   *slot;
    ngx_http_connext_batch_t  *batch;

    batch = &redis->batch;
    slot = batch->slot;

    if (slot == NULL) {
        return;
    }

    batch->slot = NULL;
    n = slot->n;

    p = ngx_http_connext_put_array(head, 3 + 4 * n);
    p = ngx_http_connext_put_text(p, "FCALL");
    p = ngx_http_connext_put_text(p, CX_QUEUE_FUNCTION);
    p = ngx_http_connext_put_number(p, (int64_t) n);

    start = redis->out.start + redis->out.end;
    len = redis->out.open - redis->out.end;
    before = (size_t) (p - head) + batch->len;

    ngx_memmove(start + before, start, len);
    p = ngx_cpymem(start, head, before - batch->len);
    ngx_memcpy(p, batch->keys, batch->len);

    ngx_http_connext_redis_queue(redis, slot, start + before + len);
}
