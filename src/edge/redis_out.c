#include "edge/redis.h"

#define NGX_HTTP_CONNEXT_OUT_MIN   (64 * 1024)
#define NGX_HTTP_CONNEXT_OUT_KEEP  (1024 * 1024)


static ngx_http_connext_slot_t *ngx_http_connext_slot(
    ngx_http_connext_redis_t *redis);


/* What is unanswered moves to the front when it is small, else the buffer
 * doubles: each byte is moved about once. */

u_char *
ngx_http_connext_out_reserve(ngx_http_connext_out_t *out, size_t size)
{
    u_char  *start;
    size_t   waiting, room;

    if (out->room - out->end >= size) {
        return out->start + out->end;
    }

    waiting = out->end - out->acked;

    if (size > NGX_HTTP_CONNEXT_REDIS_MAX
        || waiting > NGX_HTTP_CONNEXT_REDIS_MAX - size)
    {
        return NULL;
    }

    if (waiting + size > out->room / 2) {

        room = ngx_max(out->room * 2, NGX_HTTP_CONNEXT_OUT_MIN);
        room = ngx_max(room, waiting + size);

        start = ngx_alloc(room, ngx_cycle->log);
        if (start == NULL) {
            return NULL;
        }

        if (waiting > 0) {
            ngx_memcpy(start, out->start + out->acked, waiting);
        }

        ngx_free(out->start);

        out->start = start;
        out->room = room;

    } else if (waiting > 0) {
        ngx_memmove(out->start, out->start + out->acked, waiting);
    }

    out->sent -= out->acked;
    out->end = waiting;
    out->acked = 0;

    return out->start + out->end;
}


void
ngx_http_connext_out_ack(ngx_http_connext_out_t *out, size_t size)
{
    out->acked += size;

    if (out->acked < out->end) {
        return;
    }

    out->acked = 0;
    out->sent = 0;
    out->end = 0;

    if (out->room > NGX_HTTP_CONNEXT_OUT_KEEP) {
        ngx_http_connext_out_free(out);
    }
}


void
ngx_http_connext_out_free(ngx_http_connext_out_t *out)
{
    ngx_free(out->start);
    ngx_memzero(out, sizeof(ngx_http_connext_out_t));
}


u_char *
ngx_http_connext_redis_begin(ngx_http_connext_redis_t *redis, size_t size)
{
    if (redis->spare == NULL) {
        redis->spare = ngx_http_connext_slot(redis);
        if (redis->spare == NULL) {
            return NULL;
        }
    }

    return ngx_http_connext_out_reserve(&redis->out, size);
}


/* Slots outlive requests, so they are not of a request's pool. */

static ngx_http_connext_slot_t *
ngx_http_connext_slot(ngx_http_connext_redis_t *redis)
{
    return ngx_calloc(sizeof(ngx_http_connext_slot_t), &redis->quiet);
}


void
ngx_http_connext_redis_end(ngx_http_connext_redis_t *redis, u_char *last,
    ngx_uint_t expect, ngx_http_connext_reply_pt handler, void *data)
{
    u_char                   *start;
    ngx_http_connext_slot_t  *slot;

    slot = redis->spare;
    redis->spare = slot->next;

    start = redis->out.start + redis->out.end;

    slot->next = NULL;
    slot->handler = handler;
    slot->data = data;
    slot->expect = expect;
    slot->len = (size_t) (last - start);
    slot->deadline = ngx_current_msec + redis->read_timeout;
    slot->repeated = 0;

    redis->out.end += slot->len;

    *redis->tail = slot;
    redis->tail = &slot->next;

    /* The timer is not moved for each command: when it fires it looks at
     * the deadline of the command that is then the first. */

    if (!redis->late.timer_set) {
        ngx_add_timer(&redis->late, redis->read_timeout);
    }

    if (redis->state == NGX_HTTP_CONNEXT_UP && !redis->flush.posted) {
        ngx_post_event(&redis->flush, &ngx_posted_events);
    }
}
