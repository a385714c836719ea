#include "edge/redis.h"

#define NGX_HTTP_CONNEXT_OUT_STEP  (64 * 1024)
#define NGX_HTTP_CONNEXT_OUT_KEEP  (1024 * 1024)


static void ngx_http_connext_out_front(ngx_http_connext_out_t *out);


/* What is unanswered moves to the front; the buffer grows when that leaves
 * less than a quarter of it free, so that no byte is moved often.  It grows in
 * place: two buffers at once would be the most memory the edge ever needs. */

u_char *
ngx_http_connext_out_reserve(ngx_http_connext_out_t *out, size_t size)
{
    u_char  *start;
    size_t   waiting, room;

    if (out->room - out->open >= size) {
        return out->start + out->open;
    }

    waiting = out->open - out->acked;

    if (size > NGX_HTTP_CONNEXT_REDIS_MAX
        || waiting > NGX_HTTP_CONNEXT_REDIS_MAX - size)
    {
        return NULL;
    }

    ngx_http_connext_out_front(out);

    if (waiting + size > out->room / 4 * 3) {
        room = ngx_align((waiting + size) / 3 * 4 + 1,
                         NGX_HTTP_CONNEXT_OUT_STEP);
        room = ngx_max(room, waiting + size);

        start = realloc(out->start, room);
        if (start == NULL) {
            return NULL;
        }

        out->start = start;
        out->room = room;
    }

    return out->start + out->open;
}


static void
ngx_http_connext_out_front(ngx_http_connext_out_t *out)
{
    if (out->acked == 0) {
        return;
    }

    ngx_memmove(out->start, out->start + out->acked, out->open - out->acked);

    out->sent -= out->acked;
    out->end -= out->acked;
    out->open -= out->acked;
    out->acked = 0;
}


void
ngx_http_connext_out_end(ngx_http_connext_out_t *out, u_char *last)
{
    out->end = (size_t) (last - out->start);
    out->open = out->end;
}


void
ngx_http_connext_out_ack(ngx_http_connext_out_t *out, size_t size)
{
    out->acked += size;

    if (out->acked < out->open) {
        return;
    }

    out->acked = 0;
    out->sent = 0;
    out->end = 0;
    out->open = 0;

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
    ngx_http_connext_batch_close(redis);

    if (ngx_http_connext_slot_spare(redis) != NGX_OK) {
        return NULL;
    }

    return ngx_http_connext_out_reserve(&redis->out, size);
}


void
ngx_http_connext_redis_end(ngx_http_connext_redis_t *redis, u_char *last,
    ngx_http_connext_reply_pt handler, void *data)
{
    ngx_http_connext_slot_t  *slot;

    slot = ngx_http_connext_slot_take(redis);
    ngx_http_connext_slot_wait(redis, slot, 0, handler, data);

    ngx_http_connext_redis_queue(redis, slot, last);
}


void
ngx_http_connext_redis_queue(ngx_http_connext_redis_t *redis,
    ngx_http_connext_slot_t *slot, u_char *last)
{
    ngx_http_connext_out_t  *out;

    out = &redis->out;

    slot->next = NULL;
    slot->len = (size_t) (last - out->start) - out->end;
    slot->deadline = ngx_current_msec + redis->read_timeout;

    ngx_http_connext_out_end(out, last);

    *redis->tail = slot;
    redis->tail = &slot->next;

    /* The timer is not moved for each command: when it fires it looks at
     * the deadline of the command that is then the first. */

    if (!redis->late.timer_set) {
        ngx_add_timer(&redis->late, redis->read_timeout);
    }

    if (!redis->flush.posted) {
        ngx_post_event(&redis->flush, &ngx_posted_events);
    }
}
