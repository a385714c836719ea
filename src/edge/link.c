#include "edge/link.h"

#define NGX_HTTP_CONNEXT_LINK_BACKOFF_MIN  50
#define NGX_HTTP_CONNEXT_LINK_BACKOFF_MAX  5000
#define NGX_HTTP_CONNEXT_LINK_BUFFER       16384


static void ngx_http_connext_link_connect(ngx_http_connext_link_t *link);
static void ngx_http_connext_link_connected(ngx_http_connext_link_t *link);
static void ngx_http_connext_link_close(ngx_http_connext_link_t *link);
static void ngx_http_connext_link_lost(ngx_http_connext_link_t *link);
static void ngx_http_connext_link_send(ngx_http_connext_link_t *link);
static ngx_int_t ngx_http_connext_link_greet(ngx_http_connext_link_t *link);
static void ngx_http_connext_link_replies(ngx_http_connext_link_t *link);
static void ngx_http_connext_link_read(ngx_event_t *rev);
static void ngx_http_connext_link_write(ngx_event_t *wev);
static void ngx_http_connext_link_retry(ngx_event_t *ev);
static void ngx_http_connext_link_flush(ngx_event_t *ev);


void
ngx_http_connext_link_start(ngx_http_connext_link_t *link)
{
    if (link->started) {
        return;
    }

    link->started = 1;

    link->quiet = *ngx_cycle->log;
    link->quiet.log_level = NGX_LOG_EMERG;

    link->retry.handler = ngx_http_connext_link_retry;
    link->retry.data = link;
    link->retry.log = ngx_cycle->log;
    link->retry.cancelable = 1;

    link->flush.handler = ngx_http_connext_link_flush;
    link->flush.data = link;
    link->flush.log = ngx_cycle->log;

    ngx_http_connext_link_connect(link);
}


void
ngx_http_connext_link_stop(ngx_http_connext_link_t *link)
{
    if (!link->started) {
        return;
    }

    ngx_http_connext_link_close(link);

    if (link->retry.timer_set) {
        ngx_del_timer(&link->retry);
    }

    if (link->flush.posted) {
        ngx_delete_posted_event(&link->flush);
    }

    link->started = 0;
}


static void
ngx_http_connext_link_connect(ngx_http_connext_link_t *link)
{
    ngx_int_t               rc;
    ngx_addr_t             *addr;
    ngx_connection_t       *c;
    ngx_peer_connection_t  *peer;

    addr = &link->redis->addrs[link->addr];
    peer = &link->peer;

    ngx_memzero(peer, sizeof(ngx_peer_connection_t));

    peer->sockaddr = addr->sockaddr;
    peer->socklen = addr->socklen;
    peer->name = &addr->name;
    peer->get = ngx_event_get_peer;
    peer->log = &link->quiet;
    peer->log_error = NGX_ERROR_ERR;

    rc = ngx_event_connect_peer(peer);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        ngx_http_connext_link_lost(link);
        return;
    }

    c = peer->connection;
    c->data = link;
    c->log = &link->quiet;
    c->read->log = c->log;
    c->write->log = c->log;
    c->read->handler = ngx_http_connext_link_read;
    c->write->handler = ngx_http_connext_link_write;

    if (rc == NGX_AGAIN) {
        ngx_add_timer(c->write, link->redis->connect_timeout);
        return;
    }

    ngx_http_connext_link_connected(link);
}


static void
ngx_http_connext_link_connected(ngx_http_connext_link_t *link)
{
    ngx_connection_t  *c;

    c = link->peer.connection;

    if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }

    link->reader = redisReaderCreate();

    if (link->reader == NULL || ngx_http_connext_link_greet(link) != NGX_OK) {
        ngx_http_connext_link_lost(link);
        return;
    }

    ngx_http_connext_link_send(link);
}


/* With PING there is always an answer to wait for. */

static ngx_int_t
ngx_http_connext_link_greet(ngx_http_connext_link_t *link)
{
    u_char                    *p;
    ngx_http_connext_redis_t  *redis;

    redis = link->redis;
    link->greetings = 1 + (redis->password.len > 0) + (redis->db > 0);

    p = ngx_http_connext_out_reserve(&link->out,
                                     redis->user.len + redis->password.len
                                     + 8 * NGX_HTTP_CONNEXT_ARG);
    if (p == NULL) {
        return NGX_ERROR;
    }

    p = ngx_http_connext_put_login(p, redis);

    p = ngx_http_connext_put_array(p, 1);
    p = ngx_http_connext_put_text(p, "PING");

    ngx_http_connext_out_end(&link->out, p);

    return NGX_OK;
}


static void
ngx_http_connext_link_close(ngx_http_connext_link_t *link)
{
    link->is_up = 0;

    if (link->peer.connection != NULL) {
        ngx_close_connection(link->peer.connection);
        link->peer.connection = NULL;
    }

    if (link->reader != NULL) {
        redisReaderFree(link->reader);
        link->reader = NULL;
    }

    ngx_http_connext_out_free(&link->out);
}


/* The other kind of connection says in the log that Redis is away. */

static void
ngx_http_connext_link_lost(ngx_http_connext_link_t *link)
{
    ngx_uint_t  was_up;

    was_up = link->is_up;

    ngx_http_connext_link_close(link);

    link->addr = (link->addr + 1) % link->redis->naddrs;
    link->backoff = was_up || link->backoff == 0
                    ? NGX_HTTP_CONNEXT_LINK_BACKOFF_MIN
                    : ngx_min(link->backoff * 2,
                              NGX_HTTP_CONNEXT_LINK_BACKOFF_MAX);

    if (!ngx_exiting) {
        ngx_add_timer(&link->retry, link->backoff / 2
                                    + (ngx_msec_t) ngx_random()
                                      % (link->backoff / 2 + 1));
    }

    if (was_up) {
        link->down(link->data);
    }
}


void
ngx_http_connext_link_restart(ngx_http_connext_link_t *link)
{
    ngx_http_connext_link_lost(link);
}


static void
ngx_http_connext_link_retry(ngx_event_t *ev)
{
    ngx_http_connext_link_t  *link;

    link = ev->data;

    if (link->peer.connection == NULL && !ngx_exiting) {
        ngx_http_connext_link_connect(link);
    }
}


/* --- out --- */

u_char *
ngx_http_connext_link_begin(ngx_http_connext_link_t *link, size_t size)
{
    return link->is_up ? ngx_http_connext_out_reserve(&link->out, size)
                       : NULL;
}


void
ngx_http_connext_link_end(ngx_http_connext_link_t *link, u_char *last)
{
    ngx_http_connext_out_end(&link->out, last);

    if (!link->flush.posted) {
        ngx_post_event(&link->flush, &ngx_posted_events);
    }
}


static void
ngx_http_connext_link_flush(ngx_event_t *ev)
{
    ngx_http_connext_link_t  *link;

    link = ev->data;

    if (link->peer.connection != NULL) {
        ngx_http_connext_link_send(link);
    }
}


static void
ngx_http_connext_link_send(ngx_http_connext_link_t *link)
{
    ssize_t                  n;
    ngx_uint_t               moved;
    ngx_connection_t        *c;
    ngx_http_connext_out_t  *out;

    moved = 0;
    out = &link->out;
    c = link->peer.connection;

    while (out->sent < out->end) {

        n = c->send(c, out->start + out->sent, out->end - out->sent);

        if (n == NGX_AGAIN) {

            /* The time-out is of standing still, not of being busy. */

            if (moved && c->write->timer_set) {
                ngx_del_timer(c->write);
            }

            if (!c->write->timer_set) {
                ngx_add_timer(c->write, link->redis->send_timeout);
            }

            if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
                ngx_http_connext_link_lost(link);
            }

            return;
        }

        if (n == NGX_ERROR) {
            ngx_http_connext_link_lost(link);
            return;
        }

        out->sent += (size_t) n;
        moved = 1;
    }

    ngx_http_connext_out_ack(out, out->sent - out->acked);

    if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }
}


static void
ngx_http_connext_link_write(ngx_event_t *wev)
{
    int                       sys;
    socklen_t                 len;
    ngx_connection_t         *c;
    ngx_http_connext_link_t  *link;

    c = wev->data;
    link = c->data;

    if (wev->timedout) {
        ngx_http_connext_link_lost(link);
        return;
    }

    if (link->reader != NULL) {
        ngx_http_connext_link_send(link);
        return;
    }

    sys = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &sys, &len) == -1
        || sys != 0)
    {
        ngx_http_connext_link_lost(link);
        return;
    }

    ngx_http_connext_link_connected(link);
}


/* --- in --- */

static void
ngx_http_connext_link_read(ngx_event_t *rev)
{
    ssize_t                   n;
    ngx_connection_t         *c;
    ngx_http_connext_link_t  *link;
    u_char                    buffer[NGX_HTTP_CONNEXT_LINK_BUFFER];

    c = rev->data;
    link = c->data;

    if (c->close) {
        ngx_http_connext_link_lost(link);
        return;
    }

    if (link->reader == NULL) {
        return;
    }

    do {
        n = c->recv(c, buffer, sizeof(buffer));

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == 0 || n == NGX_ERROR
            || redisReaderFeed(link->reader, (char *) buffer, (size_t) n)
               != REDIS_OK)
        {
            ngx_http_connext_link_lost(link);
            return;
        }

        ngx_http_connext_link_replies(link);

        if (link->peer.connection != c) {
            return;
        }

    } while (rev->ready);

    if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_http_connext_link_lost(link);
    }
}


static void
ngx_http_connext_link_replies(ngx_http_connext_link_t *link)
{
    void              *object;
    ngx_connection_t  *c;

    c = link->peer.connection;

    while (link->peer.connection == c) {

        if (redisReaderGetReply(link->reader, &object) != REDIS_OK) {
            ngx_http_connext_link_lost(link);
            return;
        }

        if (object == NULL) {
            return;
        }

        if (link->is_up) {
            link->reply(link->data, object);
            freeReplyObject(object);
            continue;
        }

        if (((redisReply *) object)->type == REDIS_REPLY_ERROR) {
            freeReplyObject(object);
            ngx_http_connext_link_lost(link);
            return;
        }

        freeReplyObject(object);

        if (--link->greetings == 0) {
            link->is_up = 1;
            link->backoff = 0;
            link->up(link->data);
        }
    }
}
