/*
 * Webhook locations: from nginx's request to cx_receive() and on.
 */

#include "edge/edge.h"

#include "core/id.h"

#include <openssl/rand.h>


static cx_err ngx_http_connext_check(ngx_http_request_t *r);
static cx_err ngx_http_connext_headers(ngx_http_request_t *r,
    ngx_http_connext_ctx_t *ctx);
static ngx_int_t ngx_http_connext_is(ngx_table_elt_t *h, const char *name,
    size_t len);
static ngx_int_t ngx_http_connext_early(ngx_http_request_t *r, cx_err err);
static ngx_int_t ngx_http_connext_challenge(ngx_http_request_t *r,
    ngx_http_connext_ctx_t *ctx);
static void ngx_http_connext_body_read(ngx_http_request_t *r);
static cx_err ngx_http_connext_delivery(ngx_http_request_t *r,
    ngx_http_connext_ctx_t *ctx, cx_arena *a);
static cx_err ngx_http_connext_keep_challenge(ngx_http_request_t *r,
    ngx_http_connext_ctx_t *ctx, cx_str challenge);
static cx_err ngx_http_connext_receive(ngx_http_request_t *r,
    ngx_http_connext_ctx_t *ctx, cx_str method, cx_str body, cx_arena *a,
    cx_received *in);
static int64_t ngx_http_connext_now_ms(void);
static ngx_int_t ngx_http_connext_event_id(ngx_http_request_t *r, u_char *id,
    int64_t now_ms);


ngx_int_t
ngx_http_connext_handler(ngx_http_request_t *r)
{
    cx_err                         err;
    ngx_int_t                      rc;
    ngx_http_connext_ctx_t        *ctx;
    ngx_http_connext_main_conf_t  *cmcf;

    /* An answer of ours would be lost: HTTP/0.9 has no status. */

    if (r->http_version < NGX_HTTP_VERSION_10) {
        return NGX_HTTP_BAD_REQUEST;
    }

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_connext_module);

    /* Done already, unless a reload happened with "master_process off". */

    if (ngx_http_connext_start(cmcf, (ngx_cycle_t *) ngx_cycle) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_connext_ctx_t));
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_set_ctx(r, ctx, ngx_http_connext_module);

    ctx->conf = ngx_http_get_module_loc_conf(r, ngx_http_connext_module);
    ctx->url = ngx_http_connext_view(&r->unparsed_uri);
    ctx->query = ngx_http_connext_view(&r->args);

    ngx_http_connext_hide_query(r);

    err = ngx_http_connext_check(r);

    if (err == CX_OK) {
        err = ngx_http_connext_headers(r, ctx);
    }

    if (err != CX_OK) {
        return ngx_http_connext_early(r, err);
    }

    if (r->method == NGX_HTTP_GET) {
        return ngx_http_connext_challenge(r, ctx);
    }

    r->request_body_in_single_buf = 1;

    rc = ngx_http_read_client_request_body(r, ngx_http_connext_body_read);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}


static cx_err
ngx_http_connext_check(ngx_http_request_t *r)
{
    ngx_table_elt_t  *expect;

    /* A webhook has one spelling, so that what nginx makes of another one
     * cannot differ from what a proxy before it made. */

    if (r->complex_uri || r->quoted_uri) {
        return CX_NOT_FOUND;
    }

    if (r->method != NGX_HTTP_GET && r->method != NGX_HTTP_POST) {
        return CX_BAD_METHOD;
    }

    /* nginx lets HTTP/1.2 to 1.9 pass as 1.1. */

    if (r->http_version > NGX_HTTP_VERSION_11
        && r->http_version < NGX_HTTP_VERSION_20)
    {
        return CX_BAD_REQUEST;
    }

    expect = r->headers_in.expect;

    if (expect != NULL
        && (expect->value.len != sizeof("100-continue") - 1
            || ngx_strncasecmp(expect->value.data,
                               (u_char *) "100-continue",
                               sizeof("100-continue") - 1)
               != 0))
    {
        return CX_BAD_REQUEST;
    }

    return CX_OK;
}


/* Collects what the channel verifies, each occurrence of it up to the second:
 * a repeated header must not look like a single one. */

static cx_err
ngx_http_connext_headers(ngx_http_request_t *r, ngx_http_connext_ctx_t *ctx)
{
    ngx_uint_t                   i, k, seen[NGX_HTTP_CONNEXT_HEADERS / 2];
    ngx_list_part_t             *part;
    ngx_table_elt_t             *h;
    ngx_http_connext_header_t   *wanted;
    ngx_http_connext_channel_t  *channel;

    channel = ctx->conf->channel;
    ngx_memzero(seen, sizeof(seen));

    for (part = &r->headers_in.headers.part; part != NULL;
         part = part->next)
    {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (ngx_http_connext_is(&h[i], "content-encoding",
                                    sizeof("content-encoding") - 1))
            {
                return CX_BAD_ENCODING;
            }

            for (k = 0; k < channel->nheaders; k++) {
                wanted = &channel->headers[k];

                if (h[i].hash != wanted->hash
                    || !ngx_http_connext_is(&h[i], (char *) wanted->name.data,
                                            wanted->name.len)
                    || seen[k]++ >= 2)
                {
                    continue;
                }

                ctx->headers[ctx->nheaders].name =
                                         ngx_http_connext_view(&wanted->name);
                ctx->headers[ctx->nheaders].value =
                                         ngx_http_connext_view(&h[i].value);
                ctx->nheaders++;
            }
        }
    }

    return CX_OK;
}


static ngx_int_t
ngx_http_connext_is(ngx_table_elt_t *h, const char *name, size_t len)
{
    return h->key.len == len
           && ngx_strncasecmp(h->key.data, (u_char *) name, len) == 0;
}


/* Each answer before the body was read discards it: what follows on the
 * connection would otherwise be taken for a request. */

static ngx_int_t
ngx_http_connext_early(ngx_http_request_t *r, cx_err err)
{
    ngx_int_t  rc;

    rc = ngx_http_discard_request_body(r);

    return rc != NGX_OK ? rc : ngx_http_connext_answer(r, err);
}


/* Answered by nginx alone: works when Redis is away. */

static ngx_int_t
ngx_http_connext_challenge(ngx_http_request_t *r, ngx_http_connext_ctx_t *ctx)
{
    cx_err                         err;
    cx_arena                      *a;
    ngx_int_t                      rc;
    cx_received                    in;
    ngx_http_connext_main_conf_t  *cmcf;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_connext_module);
    a = cmcf->arena;

    err = ngx_http_connext_receive(r, ctx, CX_STR("GET"), CX_NOSTR, a, &in);

    rc = err == CX_OK && in.kind == CX_RECEIVED_CHALLENGE
         ? ngx_http_connext_answer_challenge(r, in.challenge)
         : ngx_http_connext_answer(r, err);

    cx_arena_reset(a);

    return rc;
}


static void
ngx_http_connext_body_read(ngx_http_request_t *r)
{
    cx_err                         err;
    cx_arena                      *a;
    ngx_http_connext_ctx_t        *ctx;
    ngx_http_connext_main_conf_t  *cmcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_connext_module);
    cmcf = ngx_http_get_module_main_conf(r, ngx_http_connext_module);

    /* One arena serves all requests of this worker: whatever is to be kept
     * beyond this call is copied out of it. */

    a = cmcf->arena;

    err = ngx_http_connext_delivery(r, ctx, a);

    cx_arena_reset(a);

    if (ctx->waiting) {
        r->read_event_handler = ngx_http_test_reading;
        r->write_event_handler = ngx_http_request_empty_handler;
        return;
    }

    ngx_http_finalize_request(r,
                     err == CX_OK && ctx->challenge.len > 0
                     ? ngx_http_connext_answer_challenge(r, ctx->challenge)
                     : ngx_http_connext_answer(r, err));
}


/* The arena is gone before the answer is made. */

static cx_err
ngx_http_connext_keep_challenge(ngx_http_request_t *r,
    ngx_http_connext_ctx_t *ctx, cx_str challenge)
{
    u_char  *p;

    p = ngx_pnalloc(r->pool, challenge.len);
    if (p == NULL) {
        return CX_NOMEM;
    }

    ngx_memcpy(p, challenge.p, challenge.len);
    ctx->challenge.p = (const char *) p;
    ctx->challenge.len = challenge.len;

    return CX_OK;
}


static cx_err
ngx_http_connext_delivery(ngx_http_request_t *r, ngx_http_connext_ctx_t *ctx,
    cx_arena *a)
{
    cx_err                       err;
    cx_str                       body;
    uint64_t                     start;
    cx_received                  in;
    ngx_http_connext_channel_t  *channel;

    channel = ctx->conf->channel;

    err = ngx_http_connext_body(r, a, &body);
    if (err != CX_OK) {
        return err;
    }

    start = ngx_http_connext_now_ns();

    err = ngx_http_connext_receive(r, ctx, CX_STR("POST"), body, a, &in);

    ctx->verify_ns = ngx_http_connext_now_ns() - start;
    ctx->secret = in.secret;

    ngx_http_connext_observe(&channel->counts->verify,
                             ngx_http_connext_verify_bounds, ctx->verify_ns);
    (void) ngx_atomic_fetch_add(&channel->counts->bytes, body.len);

    if (err != CX_OK && err != CX_MALFORMED) {
        return err;
    }

    if (err == CX_OK && in.kind == CX_RECEIVED_CHALLENGE) {
        return ngx_http_connext_keep_challenge(r, ctx, in.challenge);
    }

    if (in.secret > 0) {
        (void) ngx_atomic_fetch_add(&channel->counts->previous_secret, 1);
    }

    return ngx_http_connext_enqueue(r, ctx, a, &in, body, err);
}


/* One view of the body.  It is copied only when nginx has it in pieces, as
 * when its first part came with the headers. */

cx_err
ngx_http_connext_body(ngx_http_request_t *r, cx_arena *a, cx_str *body)
{
    char         *p;
    size_t        len;
    ngx_buf_t    *buf;
    ngx_uint_t    pieces;
    ngx_chain_t  *cl;

    *body = CX_NOSTR;

    len = 0;
    pieces = 0;

    if (r->request_body == NULL) {
        return CX_OK;
    }

    for (cl = r->request_body->bufs; cl != NULL; cl = cl->next) {
        buf = cl->buf;

        if (buf->in_file || buf->temp_file) {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                          "connext: the body is in a file, raise "
                          "\"client_body_buffer_size\" and leave "
                          "\"client_body_in_file_only\" off");
            return CX_NOMEM;
        }

        if (buf->last > buf->pos) {
            len += (size_t) (buf->last - buf->pos);
            pieces++;

            body->p = (const char *) buf->pos;
            body->len = len;
        }
    }

    if (pieces < 2) {
        return CX_OK;
    }

    p = cx_alloc_bytes(a, len);
    if (p == NULL) {
        return CX_NOMEM;
    }

    body->p = p;
    body->len = len;

    for (cl = r->request_body->bufs; cl != NULL; cl = cl->next) {
        buf = cl->buf;
        p = (char *) ngx_cpymem(p, buf->pos, (size_t) (buf->last - buf->pos));
    }

    return CX_OK;
}


static cx_err
ngx_http_connext_receive(ngx_http_request_t *r, ngx_http_connext_ctx_t *ctx,
    cx_str method, cx_str body, cx_arena *a, cx_received *in)
{
    cx_account                  *account;
    cx_http_req                  req;
    ngx_http_connext_channel_t  *channel;

    channel = ctx->conf->channel;
    account = &channel->account;

    account->now_ms = ngx_http_connext_now_ms();

    if (ngx_http_connext_event_id(r, ctx->event, account->now_ms)
        != NGX_OK)
    {
        return CX_NOMEM;
    }

    req.method = method;
    req.url = ctx->url;
    req.query = ctx->query;
    req.headers = ctx->headers;
    req.nheaders = ctx->nheaders;
    req.body = body;

    return cx_receive(channel->type, account, &req,
                      (cx_str) { sizeof(ctx->event), (char *) ctx->event },
                      a, in);
}


static int64_t
ngx_http_connext_now_ms(void)
{
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    return (int64_t) tp->sec * 1000 + (int64_t) tp->msec;
}


static ngx_int_t
ngx_http_connext_event_id(ngx_http_request_t *r, u_char *id, int64_t now_ms)
{
    ngx_http_connext_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_connext_module);

    if (cmcf->random_left == 0) {

        if (RAND_bytes(cmcf->random, sizeof(cmcf->random)) != 1) {
            return NGX_ERROR;
        }

        cmcf->random_left = sizeof(cmcf->random);
    }

    cmcf->random_left -= 10;

    id = ngx_cpymem(id, "ev_", sizeof("ev_") - 1);
    cx_ulid((char *) id, now_ms, cmcf->random + cmcf->random_left);

    return NGX_OK;
}
