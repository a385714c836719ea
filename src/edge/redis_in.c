/*
 * What Redis says: replies of the greeting, and those of commands, first in,
 * first out.
 */

#include "edge/redis.h"

#define NGX_HTTP_CONNEXT_REFUSAL_LOG   10       /* s between two lines */
#define NGX_HTTP_CONNEXT_REDIS_BUFFER  16384


static void ngx_http_connext_redis_replies(ngx_http_connext_redis_t *redis);
static void ngx_http_connext_redis_greeting(ngx_http_connext_redis_t *redis);
static void ngx_http_connext_redis_answer(ngx_http_connext_redis_t *redis);
static void ngx_http_connext_redis_note(ngx_http_connext_redis_t *redis);


void
ngx_http_connext_redis_read(ngx_event_t *rev)
{
    ssize_t                    n;
    ngx_connection_t          *c;
    ngx_http_connext_redis_t  *redis;
    u_char                     buffer[NGX_HTTP_CONNEXT_REDIS_BUFFER];

    c = rev->data;
    redis = c->data;

    if (c->close) {
        ngx_http_connext_redis_fail(redis, CX_REDIS_CONNECT, 0,
                                    "nginx shuts down");
        return;
    }

    if (rev->timedout) {
        ngx_http_connext_redis_fail(redis, CX_REDIS_TIMEOUT, 0,
                                    "no answer in time");
        return;
    }

    if (redis->state == NGX_HTTP_CONNEXT_CONNECTING) {
        return;
    }

    do {
        n = c->recv(c, buffer, sizeof(buffer));

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == 0 || n == NGX_ERROR) {
            ngx_http_connext_redis_lost(redis,
                                        n == 0 ? 0 : ngx_socket_errno,
                                        "closed the connection");
            return;
        }

        if (redisReaderFeed(redis->reader, (char *) buffer, (size_t) n)
            != REDIS_OK)
        {
            ngx_http_connext_redis_fail(redis, CX_NOMEM, 0, "no memory");
            return;
        }

        ngx_http_connext_redis_replies(redis);

        if (redis->peer.connection != c) {
            return;
        }

    } while (rev->ready);

    if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_http_connext_redis_lost(redis, 0, "lost its events");
    }
}


static void
ngx_http_connext_redis_replies(ngx_http_connext_redis_t *redis)
{
    void              *object;
    ngx_connection_t  *c;

    c = redis->peer.connection;

    while (redis->peer.connection == c) {

        if (redisReaderGetReply(redis->reader, &object) != REDIS_OK) {
            ngx_http_connext_redis_fail(redis, CX_REDIS_ERROR, 0,
                                        "it does not speak RESP2");
            return;
        }

        if (object == NULL) {
            break;
        }

        if (redis->state == NGX_HTTP_CONNEXT_GREETING) {
            ngx_http_connext_redis_greeting(redis);

        } else {
            ngx_http_connext_redis_answer(redis);
        }
    }

    /* The timer holds a draining worker back: only as long as needed. */

    if (redis->head == NULL && redis->late.timer_set) {
        ngx_del_timer(&redis->late);
    }
}


static void
ngx_http_connext_redis_greeting(ngx_http_connext_redis_t *redis)
{
    const char  *cause;

    switch (ngx_http_connext_greeted(redis, &cause)) {

    case NGX_OK:
        ngx_http_connext_redis_up(redis);
        break;

    case NGX_AGAIN:
        ngx_http_connext_redis_send(redis);
        break;

    default:
        ngx_http_connext_redis_fail(redis, CX_REDIS_ERROR, 0, cause);
        break;
    }
}


static void
ngx_http_connext_redis_answer(ngx_http_connext_redis_t *redis)
{
    cx_err                     err;
    size_t                     len;
    ngx_uint_t                 again, refused;
    ngx_http_connext_slot_t   *slot;
    ngx_http_connext_reply_t  *reply;

    slot = redis->head;

    if (slot == NULL) {
        ngx_http_connext_redis_fail(redis, CX_REDIS_ERROR, 0,
                                    "it answers what was not asked");
        return;
    }

    reply = &redis->reply;
    refused = reply->type == REDIS_REPLY_ERROR;

    redis->head = slot->next;

    if (redis->head == NULL) {
        redis->tail = &redis->head;
    }

    len = slot->len;

    again = refused
            && !slot->repeated
            && ngx_http_connext_reply_starts(reply, "ERR Function not found")
            && ngx_http_connext_repeat(redis, slot) == NGX_OK;

    ngx_http_connext_out_ack(&redis->out, len);

    if (again) {
        return;
    }

    if (refused || reply->failed > 0) {
        ngx_http_connext_redis_note(redis);

    } else {
        redis->refusing = 0;
    }

    err = refused
          || (slot->n > 0 && (reply->type != REDIS_REPLY_ARRAY
                              || reply->elements != slot->n
                              || reply->odd > 0))
          ? CX_REDIS_ERROR : CX_OK;

    ngx_http_connext_slot_answer(redis, slot, err, reply);
}


/* Redis may quote a command, and so a message, after a comma. */

static void
ngx_http_connext_redis_note(ngx_http_connext_redis_t *redis)
{
    size_t   len;
    u_char  *text, *comma;

    text = redis->reply.text;
    comma = ngx_strlchr(text, text + redis->reply.len, ',');
    len = comma != NULL ? (size_t) (comma - text) : redis->reply.len;

    ngx_http_connext_note_error(redis->shared, CX_REDIS_ERROR, text, len);

    if (!redis->refusing
        && ngx_time() - redis->refusal_logged >= NGX_HTTP_CONNEXT_REFUSAL_LOG)
    {
        redis->refusal_logged = ngx_time();

        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "connext: redis \"%V\" refuses events: %*s",
                      &redis->name, len, text);
    }

    redis->refusing = 1;
}
