/*
 * A stream's request: its header, what is written to it, its end.  The bytes
 * of an event are allocated when it comes and freed when the socket has taken
 * them, so that a silent stream holds none.
 */

#include "edge/push.h"

/* ms until a page comes back; the second is random, so that not all who were
 * cut off come at once. */
#define NGX_HTTP_CONNEXT_RETRY         1500
#define NGX_HTTP_CONNEXT_RETRY_SPREAD  2000


static void ngx_http_connext_sse_write(ngx_http_request_t *r);
static ngx_int_t ngx_http_connext_sse_flushed(
    ngx_http_connext_stream_t *stream, ngx_int_t rc);
static void ngx_http_connext_sse_release(ngx_http_connext_stream_t *stream,
    ngx_uint_t all);
static void ngx_http_connext_sse_forget(void *data);
static ngx_chain_t *ngx_http_connext_sse_link(
    ngx_http_connext_stream_t *stream);


ngx_int_t
ngx_http_connext_stream_open(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf, const u_char *tag, cx_str last,
    cx_str nonce)
{
    ngx_int_t                   rc;
    ngx_http_cleanup_t         *cln;
    ngx_http_connext_stream_t  *stream;

    stream = ngx_pcalloc(r->pool, sizeof(ngx_http_connext_stream_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (stream == NULL || cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_connext_sse_forget;
    cln->data = stream;

    stream->request = r;
    stream->check = ngx_http_connext_entry_id(last, &stream->last);
    stream->nonce_len = (unsigned char) ngx_min(nonce.len,
                                                NGX_HTTP_CONNEXT_NONCE_MAX);
    if (nonce.len > 0) {
        ngx_memcpy(stream->nonce, nonce.p, stream->nonce_len);
    }

    stream->state = nonce.len > 0 ? NGX_HTTP_CONNEXT_STREAM_TICKET
                    : stream->check ? NGX_HTTP_CONNEXT_STREAM_SUB
                    : NGX_HTTP_CONNEXT_STREAM_BASE;

    if (ngx_exiting) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    rc = ngx_http_connext_hub_add(conf->redis, &conf->prefix, tag, stream);

    if (rc != NGX_OK) {
        return rc == NGX_DECLINED ? NGX_HTTP_TOO_MANY_REQUESTS
                                  : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->main->count++;
    r->keepalive = 0;
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_connext_sse_write;

    /* nginx ends what is idle when it shuts down. */

    r->connection->idle = 1;

    if (nonce.len == 0) {
        stream->opening = 1;
        (void) ngx_http_connext_sse_start(stream);
        stream->opening = 0;
    }

    if (stream->failed) {
        r->main->count--;
        return NGX_ERROR;
    }

    return NGX_DONE;
}


ngx_int_t
ngx_http_connext_sse_start(ngx_http_connext_stream_t *stream)
{
    cx_str               retry;
    u_char               text[NGX_INT_T_LEN + sizeof("retry: \n\n")];
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = stream->request;
    stream->started = 1;

    r->headers_out.status = NGX_HTTP_OK;
    ngx_str_set(&r->headers_out.content_type, "text/event-stream");
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    if (ngx_http_connext_header(r, "Cache-Control", "no-cache, no-transform")
            != NGX_OK
        || ngx_http_connext_header(r, "X-Accel-Buffering", "no") != NGX_OK)
    {
        ngx_http_connext_sse_end(stream, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return NGX_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        ngx_http_connext_sse_end(stream, NGX_ERROR);
        return NGX_ERROR;
    }

    retry.p = (const char *) text;
    retry.len = (size_t) (ngx_sprintf(text, "retry: %ui\n\n",
                                      NGX_HTTP_CONNEXT_RETRY
                                      + (ngx_uint_t) ngx_random()
                                        % NGX_HTTP_CONNEXT_RETRY_SPREAD)
                          - text);

    return ngx_http_connext_sse_send(stream, &retry, 1);
}


ngx_int_t
ngx_http_connext_sse_send(ngx_http_connext_stream_t *stream,
    const cx_str *parts, ngx_uint_t n)
{
    size_t         len;
    u_char        *p;
    ngx_buf_t     *b;
    ngx_uint_t     i;
    ngx_chain_t   *cl, out, **last;

    len = 0;

    for (i = 0; i < n; i++) {
        len += parts[i].len;
    }

    /* A page that does not read is cut off, not waited for. */

    if (stream->unsent > 0
        && stream->unsent + len > NGX_HTTP_CONNEXT_UNSENT)
    {
        ngx_http_connext_sse_end(stream, NGX_ERROR);
        return NGX_ERROR;
    }

    cl = ngx_http_connext_sse_link(stream);
    p = cl != NULL ? ngx_alloc(len, stream->request->connection->log) : NULL;

    if (p == NULL) {
        ngx_http_connext_sse_end(stream, NGX_ERROR);
        return NGX_ERROR;
    }

    b = cl->buf;
    b->start = p;
    b->pos = p;

    for (i = 0; i < n; i++) {
        p = ngx_cpymem(p, parts[i].p, parts[i].len);
    }

    b->last = p;
    b->end = p;
    b->temporary = 1;
    b->flush = 1;
    b->tag = (ngx_buf_tag_t) &ngx_http_connext_module;

    for (last = &stream->busy; *last != NULL; last = &(*last)->next) {
        /* void */
    }

    *last = cl;
    cl->next = NULL;
    stream->unsent += len;

    ngx_http_connext_hub_touch(stream);

    out.buf = b;
    out.next = NULL;

    return ngx_http_connext_sse_flushed(stream,
                            ngx_http_output_filter(stream->request, &out));
}


static ngx_chain_t *
ngx_http_connext_sse_link(ngx_http_connext_stream_t *stream)
{
    ngx_chain_t  *cl;

    cl = stream->free;

    if (cl != NULL) {
        stream->free = cl->next;
        return cl;
    }

    cl = ngx_alloc_chain_link(stream->request->pool);
    if (cl == NULL) {
        return NULL;
    }

    cl->buf = ngx_calloc_buf(stream->request->pool);

    return cl->buf != NULL ? cl : NULL;
}


/* The socket has taken what it could. */

static ngx_int_t
ngx_http_connext_sse_flushed(ngx_http_connext_stream_t *stream, ngx_int_t rc)
{
    ngx_event_t               *wev;
    ngx_http_request_t        *r;
    ngx_http_core_loc_conf_t  *clcf;

    r = stream->request;
    wev = r->connection->write;

    ngx_http_connext_sse_release(stream, 0);

    if (rc == NGX_ERROR) {
        ngx_http_connext_sse_end(stream, NGX_ERROR);
        return NGX_ERROR;
    }

    if (stream->unsent == 0 && !r->buffered && !r->connection->buffered) {

        if (wev->timer_set && !wev->delayed) {
            ngx_del_timer(wev);
        }

        return NGX_OK;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (!wev->timer_set) {
        ngx_add_timer(wev, clcf->send_timeout);
    }

    if (ngx_handle_write_event(wev, clcf->send_lowat) != NGX_OK) {
        ngx_http_connext_sse_end(stream, NGX_ERROR);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_connext_sse_write(ngx_http_request_t *r)
{
    ngx_http_cleanup_t         *cln;
    ngx_http_connext_stream_t  *stream;

    stream = NULL;

    for (cln = r->cleanup; cln != NULL; cln = cln->next) {
        if (cln->handler == ngx_http_connext_sse_forget) {
            stream = cln->data;
        }
    }

    if (stream == NULL || stream->topic == NULL) {
        return;
    }

    if (r->connection->write->timedout) {
        ngx_http_connext_sse_end(stream, NGX_ERROR);
        return;
    }

    if (stream->unsent > 0 || r->buffered || r->connection->buffered) {
        (void) ngx_http_connext_sse_flushed(stream,
                                            ngx_http_output_filter(r, NULL));
    }
}


static void
ngx_http_connext_sse_release(ngx_http_connext_stream_t *stream,
    ngx_uint_t all)
{
    ngx_chain_t  *cl;

    while (stream->busy != NULL) {
        cl = stream->busy;

        if (!all && ngx_buf_size(cl->buf) > 0) {
            return;
        }

        stream->unsent -= (size_t) (cl->buf->end - cl->buf->start);
        ngx_free(cl->buf->start);
        ngx_memzero(cl->buf, sizeof(ngx_buf_t));

        stream->busy = cl->next;
        cl->next = stream->free;
        stream->free = cl;
    }
}


/* May be called from Redis' events as well as from the request's own. */

void
ngx_http_connext_sse_end(ngx_http_connext_stream_t *stream, ngx_int_t status)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = stream->request;
    c = r->connection;

    ngx_http_connext_hub_remove(stream);

    c->idle = 0;

    /* Its handler is still to return. */

    if (stream->opening) {
        stream->failed = 1;
        return;
    }

    if (!stream->started) {
        ngx_http_finalize_request(r, ngx_http_connext_send_status(r,
                                                   (ngx_uint_t) status));

    } else if (status == NGX_ERROR || stream->unsent > 0) {
        ngx_http_finalize_request(r, NGX_ERROR);

    } else {
        ngx_http_finalize_request(r, ngx_http_send_special(r, NGX_HTTP_LAST));
    }

    ngx_http_run_posted_requests(c);
}


/* The request goes: nothing refers to the bytes any more. */

static void
ngx_http_connext_sse_forget(void *data)
{
    ngx_http_connext_stream_t  *stream = data;

    stream->request->connection->idle = 0;

    ngx_http_connext_hub_remove(stream);
    ngx_http_connext_sse_release(stream, 1);
}
