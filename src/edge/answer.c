/*
 * An outcome becomes counters, a line in the log, and a response: the table
 * CX_OUTCOMES says which status, the location may choose another.
 */

#include "edge/edge.h"

#define NGX_HTTP_CONNEXT_LOG_LINES  20      /* a second, channel, process */


static ngx_uint_t ngx_http_connext_http_status(
    ngx_http_connext_loc_conf_t *conf, cx_err err);
static void ngx_http_connext_log(ngx_http_request_t *r,
    ngx_http_connext_ctx_t *ctx);
static ngx_uint_t ngx_http_connext_may_log(
    ngx_http_connext_channel_t *channel, ngx_log_t *log, ngx_uint_t level);


ngx_int_t
ngx_http_connext_answer(ngx_http_request_t *r, cx_err err)
{
    ngx_int_t                      rc;
    ngx_uint_t                     status;
    ngx_http_connext_ctx_t        *ctx;
    ngx_http_connext_channel_t    *channel;

    ctx = ngx_http_get_module_ctx(r, ngx_http_connext_module);
    channel = ctx->conf->channel;

    ctx->reason = err;
    ctx->result = ngx_http_connext_result(err);

    (void) ngx_atomic_fetch_add(&channel->counts->results[ctx->result], 1);

    if (err != CX_OK) {
        (void) ngx_atomic_fetch_add(&channel->counts->reasons[err], 1);
        ngx_http_connext_log(r, ctx);
    }

    rc = NGX_OK;
    status = ngx_http_connext_http_status(ctx->conf, err);

    if (err == CX_BAD_METHOD) {
        rc = ngx_http_connext_header(r, "Allow",
                                     channel->type->handshake != NULL
                                     && !channel->type->post_handshake
                                     ? "GET, POST" : "POST");

    } else if (ctx->result == NGX_HTTP_CONNEXT_UNAVAILABLE) {
        rc = ngx_http_connext_header(r, "Retry-After", "5");
    }

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (err == CX_OK && ctx->conf->chat) {
        return ngx_http_connext_chat_accepted(r);
    }

    if (err == CX_OK && channel->type->ack_body != NULL) {
        return ngx_http_connext_send_text(r, status, channel->type->ack_type,
                                          cx_strz(channel->type->ack_body));
    }

    return ngx_http_connext_send_status(r, status);
}


/* No body, so no page of nginx's with more than the caller must know. */

ngx_int_t
ngx_http_connext_send_status(ngx_http_request_t *r, ngx_uint_t status)
{
    r->headers_out.status = status;
    r->headers_out.content_length_n = 0;
    r->header_only = 1;

    return ngx_http_send_header(r);
}


ngx_http_connext_result_e
ngx_http_connext_result(cx_err err)
{
    switch (err) {

    case CX_OK:
        return NGX_HTTP_CONNEXT_QUEUED;

    case CX_MALFORMED:
        return NGX_HTTP_CONNEXT_QUARANTINED;

    case CX_UNKNOWN_CHANNEL:
        return NGX_HTTP_CONNEXT_UNKNOWN_CHANNEL;

    default:
        return cx_err_http(err) >= NGX_HTTP_INTERNAL_SERVER_ERROR
               ? NGX_HTTP_CONNEXT_UNAVAILABLE
               : NGX_HTTP_CONNEXT_REJECTED;
    }
}


static ngx_uint_t
ngx_http_connext_http_status(ngx_http_connext_loc_conf_t *conf, cx_err err)
{
    int  status;

    status = cx_err_http(err);

    switch (status) {

    case NGX_HTTP_OK:
        return (ngx_uint_t) conf->ack_status;

    case NGX_HTTP_UNAUTHORIZED:
    case NGX_HTTP_FORBIDDEN:
        return conf->reject_status > 0 ? (ngx_uint_t) conf->reject_status
                                       : (ngx_uint_t) status;

    case NGX_HTTP_SERVICE_UNAVAILABLE:
        return (ngx_uint_t) conf->unavailable_status;

    default:
        return (ngx_uint_t) status;
    }
}


/* nginx would add the request line, and with it a verify token: our line
 * goes through a copy of the log that adds nothing. */

static void
ngx_http_connext_log(ngx_http_request_t *r, ngx_http_connext_ctx_t *ctx)
{
    ngx_log_t         log;
    ngx_uint_t        level;
    ngx_connection_t  *c;

    /* A Redis that is away is logged once, when its state changes. */

    if (ctx->reason == CX_REDIS_CONNECT
        || ctx->reason == CX_REDIS_TIMEOUT
        || ctx->reason == CX_REDIS_ERROR)
    {
        return;
    }

    c = r->connection;
    log = *c->log;
    log.handler = NULL;

    level = ctx->conf->log_level;

    if (ctx->result == NGX_HTTP_CONNEXT_UNAVAILABLE) {
        level--;
    }

    if (!ngx_http_connext_may_log(ctx->conf->channel, &log, level)) {
        return;
    }

    ngx_log_error(level, &log, 0,
                  "connext: channel \"%V\": %s, %s, client: %V",
                  &ctx->conf->channel->name,
                  ngx_http_connext_result_word(ctx->result),
                  cx_err_text(ctx->reason), &c->addr_text);
}


/* A flood of forged deliveries must not become a flood of lines: what is
 * left out is counted, also in the status. */

static ngx_uint_t
ngx_http_connext_may_log(ngx_http_connext_channel_t *channel, ngx_log_t *log,
    ngx_uint_t level)
{
    if (channel->logged_at != ngx_time()) {

        if (channel->unlogged > 0) {
            ngx_log_error(level, log, 0,
                          "connext: channel \"%V\": %ui more lines left out",
                          &channel->name, channel->unlogged);
        }

        channel->logged_at = ngx_time();
        channel->logged = 0;
        channel->unlogged = 0;
    }

    if (channel->logged == NGX_HTTP_CONNEXT_LOG_LINES) {
        channel->unlogged++;
        return 0;
    }

    channel->logged++;
    return 1;
}


ngx_int_t
ngx_http_connext_header(ngx_http_request_t *r, const char *name,
    const char *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value.data = (u_char *) value;
    h->value.len = ngx_strlen(value);

    return NGX_OK;
}


ngx_int_t
ngx_http_connext_answer_challenge(ngx_http_request_t *r, cx_str challenge)
{
    ngx_http_connext_ctx_t      *ctx;
    ngx_http_connext_channel_t  *channel;

    ctx = ngx_http_get_module_ctx(r, ngx_http_connext_module);
    channel = ctx->conf->channel;

    ctx->result = NGX_HTTP_CONNEXT_CHALLENGE;
    (void) ngx_atomic_fetch_add(&channel->counts->results[ctx->result], 1);

    /* The caller chose these bytes: no browser may take them for a page. */

    if (ngx_http_connext_header(r, "X-Content-Type-Options", "nosniff")
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_connext_send_text(r, NGX_HTTP_OK, "text/plain",
                                      challenge);
}


ngx_int_t
ngx_http_connext_send_text(ngx_http_request_t *r, ngx_uint_t status,
    const char *type, cx_str text)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    r->headers_out.status = status;
    r->headers_out.content_length_n = (off_t) text.len;
    r->headers_out.content_type.data = (u_char *) type;
    r->headers_out.content_type.len = ngx_strlen(type);
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_create_temp_buf(r->pool, text.len + 1);
    if (b == NULL) {
        return NGX_ERROR;
    }

    if (text.len > 0) {
        b->last = ngx_cpymem(b->last, text.p, text.len);
    }

    b->last_buf = r == r->main;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


/* The query of a challenge holds the verify token; nginx logs the request
 * line and may log its parts.  From here on there is no query. */

void
ngx_http_connext_hide_query(ngx_http_request_t *r)
{
    u_char     *p, *mark, *rest, *last;
    ngx_str_t  *line;

    if (r->args.len == 0) {
        return;
    }

    ngx_str_null(&r->args);

    mark = ngx_strlchr(r->unparsed_uri.data,
                       r->unparsed_uri.data + r->unparsed_uri.len, '?');
    if (mark != NULL) {
        r->unparsed_uri.len = (size_t) (mark - r->unparsed_uri.data);
    }

    line = &r->request_line;
    last = line->data + line->len;
    mark = ngx_strlchr(line->data, last, '?');

    if (mark == NULL) {
        return;
    }

    for (rest = last; rest > mark && rest[-1] != ' '; rest--) { /* void */ }

    /* Without memory all of the rest goes. */

    p = ngx_pnalloc(r->pool, line->len);
    if (p == NULL) {
        line->len = (size_t) (mark - line->data);
        return;
    }

    last = ngx_cpymem(ngx_cpymem(p, line->data, (size_t) (mark - line->data)),
                      rest > mark ? rest - 1 : last,
                      rest > mark ? (size_t) (last - rest + 1) : 0);

    line->data = p;
    line->len = (size_t) (last - p);
}
