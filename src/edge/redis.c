#include "edge/redis.h"

#define NGX_HTTP_CONNEXT_BACKOFF_MIN  50
#define NGX_HTTP_CONNEXT_BACKOFF_MAX  5000


static void ngx_http_connext_redis_connect(ngx_http_connext_redis_t *redis);
static void ngx_http_connext_redis_connected(ngx_http_connext_redis_t *redis);
static void ngx_http_connext_redis_close(ngx_http_connext_redis_t *redis);
static void ngx_http_connext_redis_drop(ngx_http_connext_redis_t *redis,
    cx_err err);
static void ngx_http_connext_redis_later(ngx_http_connext_redis_t *redis);

static void ngx_http_connext_redis_write(ngx_event_t *wev);
static void ngx_http_connext_redis_flush(ngx_event_t *ev);
static void ngx_http_connext_redis_late(ngx_event_t *ev);
static void ngx_http_connext_redis_retry(ngx_event_t *ev);


ngx_int_t
ngx_http_connext_redis_start(ngx_http_connext_redis_t *redis,
    ngx_cycle_t *cycle)
{
    redis->reader = ngx_http_connext_reader(&redis->reply);
    if (redis->reader == NULL) {
        return NGX_ERROR;
    }

    /* nginx logs each failed connect() on its own; we log the first one. */

    redis->quiet = *cycle->log;
    redis->quiet.log_level = NGX_LOG_EMERG;

    redis->tail = &redis->head;
    redis->retry_at = ngx_current_msec;

    redis->flush.handler = ngx_http_connext_redis_flush;
    redis->flush.data = redis;
    redis->flush.log = cycle->log;

    redis->late.handler = ngx_http_connext_redis_late;
    redis->late.data = redis;
    redis->late.log = cycle->log;

    redis->retry.handler = ngx_http_connext_redis_retry;
    redis->retry.data = redis;
    redis->retry.log = cycle->log;
    redis->retry.cancelable = 1;

    ngx_add_timer(&redis->retry, 1);

    return NGX_OK;
}


void
ngx_http_connext_redis_stop(ngx_http_connext_redis_t *redis)
{
    ngx_http_connext_redis_close(redis);

    if (redis->retry.timer_set) {
        ngx_del_timer(&redis->retry);
    }

    if (redis->late.timer_set) {
        ngx_del_timer(&redis->late);
    }

    if (redis->flush.posted) {
        ngx_delete_posted_event(&redis->flush);
    }

    ngx_http_connext_slot_free(redis);
    ngx_http_connext_out_free(&redis->out);
    ngx_http_connext_out_free(&redis->hello);

    if (redis->reader != NULL) {
        redisReaderFree(redis->reader);
        redis->reader = NULL;
    }
}


cx_err
ngx_http_connext_redis_ready(ngx_http_connext_redis_t *redis, size_t size)
{
    size_t  waiting;

    if (redis->state == NGX_HTTP_CONNEXT_DOWN
        && (ngx_msec_int_t) (redis->retry_at - ngx_current_msec) <= 0)
    {
        ngx_http_connext_redis_connect(redis);
    }

    if (redis->state != NGX_HTTP_CONNEXT_UP
        && (redis->state == NGX_HTTP_CONNEXT_DOWN
            || redis->health == NGX_HTTP_CONNEXT_LOST))
    {
        return CX_REDIS_CONNECT;
    }

    waiting = redis->out.open - redis->out.acked;

    if (size > NGX_HTTP_CONNEXT_REDIS_MAX
        || waiting > NGX_HTTP_CONNEXT_REDIS_MAX - size)
    {
        return CX_BUSY;
    }

    return CX_OK;
}


static void
ngx_http_connext_redis_connect(ngx_http_connext_redis_t *redis)
{
    ngx_int_t               rc;
    ngx_err_t               sys;
    ngx_addr_t             *addr;
    ngx_connection_t       *c;
    ngx_peer_connection_t  *peer;

    if (redis->retry.timer_set) {
        ngx_del_timer(&redis->retry);
    }

    addr = &redis->addrs[redis->addr];
    peer = &redis->peer;

    ngx_memzero(peer, sizeof(ngx_peer_connection_t));

    peer->sockaddr = addr->sockaddr;
    peer->socklen = addr->socklen;
    peer->name = &addr->name;
    peer->get = ngx_event_get_peer;
    peer->log = &redis->quiet;
    peer->log_error = NGX_ERROR_ERR;

    rc = ngx_event_connect_peer(peer);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        sys = rc == NGX_DECLINED ? ngx_socket_errno : 0;

        ngx_http_connext_redis_fail(redis, CX_REDIS_CONNECT, sys,
                                    "connect() failed");
        return;
    }

    c = peer->connection;

    /* Never idle: a QUIT would close it under the commands in flight. */

    c->data = redis;
    c->log = &redis->quiet;
    c->read->log = c->log;
    c->write->log = c->log;
    c->read->handler = ngx_http_connext_redis_read;
    c->write->handler = ngx_http_connext_redis_write;

    redis->state = NGX_HTTP_CONNEXT_CONNECTING;

    if (rc == NGX_AGAIN) {
        ngx_add_timer(c->write, redis->connect_timeout);
        return;
    }

    ngx_http_connext_redis_connected(redis);
}


static void
ngx_http_connext_redis_connected(ngx_http_connext_redis_t *redis)
{
    ngx_connection_t  *c;

    c = redis->peer.connection;

    if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }

#if (NGX_HAVE_UNIX_DOMAIN)
    if (redis->peer.sockaddr->sa_family != AF_UNIX)
#endif
    {
        (void) ngx_tcp_nodelay(c);
    }

    redis->state = NGX_HTTP_CONNEXT_GREETING;

    if (ngx_http_connext_greet(redis) != NGX_OK) {
        ngx_http_connext_redis_fail(redis, CX_NOMEM, 0, "no memory");
        return;
    }

    ngx_add_timer(c->read, redis->read_timeout);

    ngx_http_connext_redis_send(redis);
}


void
ngx_http_connext_redis_up(ngx_http_connext_redis_t *redis)
{
    ngx_connection_t  *c;

    c = redis->peer.connection;

    if (c->read->timer_set) {
        ngx_del_timer(c->read);
    }

    ngx_http_connext_out_free(&redis->hello);

    if (redis->health == NGX_HTTP_CONNEXT_LOST) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "connext: redis \"%V\" is back", &redis->name);
    }

    redis->state = NGX_HTTP_CONNEXT_UP;
    redis->health = NGX_HTTP_CONNEXT_REACHED;
    redis->cause = NULL;
    redis->backoff = 0;

    ngx_http_connext_set_health(redis->shared, redis->health);

    ngx_http_connext_redis_send(redis);
}


static void
ngx_http_connext_redis_close(ngx_http_connext_redis_t *redis)
{
    redis->state = NGX_HTTP_CONNEXT_DOWN;
    redis->reloading = 0;

    if (redis->peer.connection != NULL) {
        ngx_close_connection(redis->peer.connection);
        redis->peer.connection = NULL;
    }
}


/* A try to connect failed, or a connection broke in a way that a new one
 * would not cure. */

void
ngx_http_connext_redis_fail(ngx_http_connext_redis_t *redis, cx_err err,
    ngx_err_t sys, const char *cause)
{
    ngx_uint_t  news;

    /* The same cause is logged once, for as long as Redis is away. */

    news = redis->health != NGX_HTTP_CONNEXT_LOST || redis->cause != cause;

    redis->health = NGX_HTTP_CONNEXT_LOST;
    redis->cause = cause;
    redis->addr = (redis->addr + 1) % redis->naddrs;

    if (news) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, sys,
                      "connext: redis \"%V\" is not usable: %s",
                      &redis->name, cause);
    }

    ngx_http_connext_set_health(redis->shared, redis->health);
    ngx_http_connext_note_error(redis->shared, err, (const u_char *) cause,
                                ngx_strlen(cause));

    ngx_http_connext_redis_close(redis);
    ngx_http_connext_redis_later(redis);
    ngx_http_connext_redis_drop(redis, err);
}


/* An established connection broke: one new try at once, so that a Redis that
 * closes idle connections is not taken for one that is away. */

void
ngx_http_connext_redis_lost(ngx_http_connext_redis_t *redis, ngx_err_t sys,
    const char *cause)
{
    if (redis->state != NGX_HTTP_CONNEXT_UP || ngx_exiting) {
        ngx_http_connext_redis_fail(redis, CX_REDIS_CONNECT, sys, cause);
        return;
    }

    if (redis->head != NULL) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, sys,
                      "connext: redis \"%V\" %s under commands",
                      &redis->name, cause);

        ngx_http_connext_note_error(redis->shared, CX_REDIS_CONNECT,
                                    (const u_char *) cause,
                                    ngx_strlen(cause));
    }

    ngx_http_connext_redis_close(redis);
    ngx_http_connext_redis_drop(redis, CX_REDIS_CONNECT);

    /* A handler above may have begun the new try itself. */

    if (redis->state == NGX_HTTP_CONNEXT_DOWN) {
        ngx_http_connext_redis_connect(redis);
    }
}


/* The queue is set aside first: handlers may queue again. */

static void
ngx_http_connext_redis_drop(ngx_http_connext_redis_t *redis, cx_err err)
{
    redisReader              *reader;
    ngx_http_connext_slot_t  *slot, *next;

    if (redis->batch.slot != NULL) {
        *redis->tail = redis->batch.slot;
        redis->batch.slot = NULL;
    }

    slot = redis->head;

    redis->head = NULL;
    redis->tail = &redis->head;

    ngx_http_connext_out_free(&redis->out);
    ngx_http_connext_out_free(&redis->hello);

    if (redis->late.timer_set) {
        ngx_del_timer(&redis->late);
    }

    /* Half a reply may be in the reader.  Without memory the old one stays
     * and gives a protocol error, which leads here again. */

    reader = ngx_http_connext_reader(&redis->reply);

    if (reader != NULL) {
        redisReaderFree(redis->reader);
        redis->reader = reader;
    }

    for ( /* void */ ; slot != NULL; slot = next) {
        next = slot->next;
        ngx_http_connext_slot_answer(redis, slot, err, NULL);
    }
}


static void
ngx_http_connext_redis_later(ngx_http_connext_redis_t *redis)
{
    ngx_msec_t  delay;

    redis->backoff = redis->backoff == 0 ? NGX_HTTP_CONNEXT_BACKOFF_MIN
                     : ngx_min(redis->backoff * 2,
                               NGX_HTTP_CONNEXT_BACKOFF_MAX);

    /* Half of it is random: workers do not come back in step. */

    delay = redis->backoff / 2
            + (ngx_msec_t) ngx_random() % (redis->backoff / 2 + 1);

    redis->retry_at = ngx_current_msec + delay;

    ngx_add_timer(&redis->retry, delay);
}


static void
ngx_http_connext_redis_write(ngx_event_t *wev)
{
    int                        sys;
    socklen_t                  len;
    ngx_connection_t          *c;
    ngx_http_connext_redis_t  *redis;

    c = wev->data;
    redis = c->data;

    if (wev->timedout) {
        ngx_http_connext_redis_fail(redis, CX_REDIS_TIMEOUT, 0,
                                    redis->state
                                    == NGX_HTTP_CONNEXT_CONNECTING
                                    ? "no connection in time"
                                    : "it takes no commands");
        return;
    }

    if (redis->state != NGX_HTTP_CONNEXT_CONNECTING) {
        ngx_http_connext_redis_send(redis);
        return;
    }

    sys = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &sys, &len) == -1) {
        sys = ngx_socket_errno;
    }

    if (sys != 0) {
        ngx_http_connext_redis_fail(redis, CX_REDIS_CONNECT, sys,
                                    "connect() failed");
        return;
    }

    ngx_http_connext_redis_connected(redis);
}


void
ngx_http_connext_redis_send(ngx_http_connext_redis_t *redis)
{
    ssize_t                  n;
    ngx_uint_t               moved;
    ngx_connection_t        *c;
    ngx_http_connext_out_t  *out;

    moved = 0;
    c = redis->peer.connection;
    out = redis->state == NGX_HTTP_CONNEXT_UP ? &redis->out : &redis->hello;

    while (out->sent < out->end) {

        n = c->send(c, out->start + out->sent, out->end - out->sent);

        if (n == NGX_AGAIN) {

            /* The time-out is of standing still, not of being busy; nginx
             * does not move a timer by less than 300 ms. */

            if (moved && c->write->timer_set) {
                ngx_del_timer(c->write);
            }

            if (!c->write->timer_set) {
                ngx_add_timer(c->write, redis->send_timeout);
            }

            if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
                ngx_http_connext_redis_lost(redis, 0, "lost its events");
            }

            return;
        }

        if (n == NGX_ERROR) {
            ngx_http_connext_redis_lost(redis, ngx_socket_errno,
                                        "closed the connection");
            return;
        }

        out->sent += (size_t) n;
        moved = 1;
    }

    if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }
}


static void
ngx_http_connext_redis_flush(ngx_event_t *ev)
{
    ngx_http_connext_redis_t  *redis;

    redis = ev->data;

    ngx_http_connext_batch_close(redis);

    if (redis->flush.posted) {
        ngx_delete_posted_event(&redis->flush);
    }

    if (redis->state == NGX_HTTP_CONNEXT_UP) {
        ngx_http_connext_redis_send(redis);
    }
}


static void
ngx_http_connext_redis_late(ngx_event_t *ev)
{
    ngx_msec_int_t             left;
    ngx_http_connext_redis_t  *redis;

    redis = ev->data;

    if (redis->head == NULL) {
        return;
    }

    left = (ngx_msec_int_t) (redis->head->deadline - ngx_current_msec);

    if (left > 0) {
        ngx_add_timer(ev, (ngx_msec_t) left);
        return;
    }

    ngx_http_connext_redis_fail(redis, CX_REDIS_TIMEOUT, 0,
                                "no answer in time");
}


static void
ngx_http_connext_redis_retry(ngx_event_t *ev)
{
    ngx_http_connext_redis_t  *redis;

    redis = ev->data;

    if (redis->state == NGX_HTTP_CONNEXT_DOWN && !ngx_exiting) {
        ngx_http_connext_redis_connect(redis);
    }
}
