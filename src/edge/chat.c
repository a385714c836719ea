/*
 * Locations of the website chat: below "connext_chat" are
 *
 *   POST session    a token for a visitor, new or renewed, or of a user whom
 *                   the site's own server vouches for
 *   POST messages   what the visitor writes: an event like any other
 *   GET  messages   what was said (history.c)
 *   POST ticket     opens one stream, within seconds, without a header
 *   GET  stream     server-sent events (sse.c, push.c)
 *
 * Pages of other origins than the configured ones are refused.  That keeps
 * browsers honest and nobody else: what a token may do is what counts.
 */

#include "edge/push.h"

#include "channel/webchat.h"
#include "core/origin.h"

/* s, for who finds this process full: the next try may meet another one. */
#define NGX_HTTP_CONNEXT_FULL  "3"

#include <openssl/rand.h>


typedef ngx_int_t (*ngx_http_connext_chat_pt)(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf);

typedef struct {
    ngx_str_t                  name;
    const char                *allow;
    ngx_http_connext_chat_pt   post;
    ngx_http_connext_chat_pt   get;
} ngx_http_connext_chat_action_t;


static const ngx_http_connext_chat_action_t *ngx_http_connext_chat_action(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_connext_chat_origin(ngx_http_request_t *r,
    ngx_http_connext_channel_t *channel);
static ngx_uint_t ngx_http_connext_chat_allowed(
    ngx_http_connext_channel_t *channel, ngx_str_t *origin);
static ngx_int_t ngx_http_connext_chat_options(ngx_http_request_t *r);
static ngx_int_t ngx_http_connext_chat_session(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf);
static void ngx_http_connext_chat_session_body(ngx_http_request_t *r);
static ngx_int_t ngx_http_connext_chat_messages(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf);
static ngx_int_t ngx_http_connext_chat_ticket(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf);
static ngx_int_t ngx_http_connext_chat_stream(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf);

static ngx_int_t ngx_http_connext_chat_history(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf);

static ngx_int_t ngx_http_connext_chat_refuse(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf, cx_err err);
static ngx_int_t ngx_http_connext_chat_early(ngx_http_request_t *r,
    ngx_uint_t status);


static const ngx_http_connext_chat_action_t  ngx_http_connext_chat_actions[] =
{
    { ngx_string("session"), "POST, OPTIONS",
      ngx_http_connext_chat_session, NULL },
    { ngx_string("messages"), "GET, POST, OPTIONS",
      ngx_http_connext_chat_messages, ngx_http_connext_chat_history },
    { ngx_string("ticket"), "POST, OPTIONS",
      ngx_http_connext_chat_ticket, NULL },
    { ngx_string("stream"), "GET, OPTIONS",
      NULL, ngx_http_connext_chat_stream },
};

#define NGX_HTTP_CONNEXT_CHAT_ACTIONS                                         \
    (sizeof(ngx_http_connext_chat_actions)                                    \
     / sizeof(ngx_http_connext_chat_actions[0]))


ngx_int_t
ngx_http_connext_chat_handler(ngx_http_request_t *r)
{
    ngx_int_t                              rc;
    ngx_http_connext_loc_conf_t           *conf;
    ngx_http_connext_chat_pt               handler;
    ngx_http_connext_main_conf_t          *cmcf;
    const ngx_http_connext_chat_action_t  *action;

    if (r->http_version < NGX_HTTP_VERSION_10) {
        return NGX_HTTP_BAD_REQUEST;
    }

    conf = ngx_http_get_module_loc_conf(r, ngx_http_connext_module);
    cmcf = ngx_http_get_module_main_conf(r, ngx_http_connext_module);

    if (ngx_http_connext_start(cmcf, (ngx_cycle_t *) ngx_cycle) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    action = ngx_http_connext_chat_action(r);

    if (action == NULL) {
        return ngx_http_connext_chat_early(r, NGX_HTTP_NOT_FOUND);
    }

    rc = ngx_http_connext_chat_origin(r, conf->channel);

    if (rc == NGX_DECLINED) {
        return ngx_http_connext_chat_refuse(r, conf, CX_ORIGIN);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (r->method == NGX_HTTP_OPTIONS) {
        return ngx_http_connext_chat_options(r);
    }

    handler = r->method == NGX_HTTP_POST ? action->post
              : r->method == NGX_HTTP_GET ? action->get : NULL;

    if (handler != NULL) {
        return handler(r, conf);
    }

    if (ngx_http_connext_header(r, "Allow", action->allow) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_connext_chat_early(r, NGX_HTTP_NOT_ALLOWED);
}


static const ngx_http_connext_chat_action_t *
ngx_http_connext_chat_action(ngx_http_request_t *r)
{
    ngx_str_t                  tail;
    ngx_uint_t                 i;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    tail.len = r->uri.len - ngx_min(r->uri.len, clcf->name.len);
    tail.data = r->uri.data + r->uri.len - tail.len;

    for (i = 0; i < NGX_HTTP_CONNEXT_CHAT_ACTIONS; i++) {
        if (cx_str_eq(ngx_http_connext_view(&tail),
                   ngx_http_connext_view((ngx_str_t *)
                                    &ngx_http_connext_chat_actions[i].name)))
        {
            return &ngx_http_connext_chat_actions[i];
        }
    }

    return NULL;
}


/* --- origins --- */

/* NGX_DECLINED: not this one.  Browsers name the origin with each POST, and
 * with a GET to another host; what came by GET has a token to show. */

static ngx_int_t
ngx_http_connext_chat_origin(ngx_http_request_t *r,
    ngx_http_connext_channel_t *channel)
{
    u_char     *p;
    cx_str      value;
    ngx_str_t   origin;

    if (ngx_http_connext_header(r, "Vary", "Origin") != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    value = ngx_http_connext_chat_header(r, "Origin", sizeof("Origin") - 1);

    if (value.p == NULL) {
        return r->method == NGX_HTTP_GET ? NGX_OK : NGX_DECLINED;
    }

    origin.len = value.len;
    origin.data = (u_char *) value.p;

    if (!ngx_http_connext_chat_allowed(channel, &origin)) {
        return NGX_DECLINED;
    }

    p = ngx_pnalloc(r->pool, origin.len + 1);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    *ngx_cpymem(p, origin.data, origin.len) = '\0';

    return ngx_http_connext_header(r, "Access-Control-Allow-Origin",
                                   (char *) p)
           == NGX_OK ? NGX_OK : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_uint_t
ngx_http_connext_chat_allowed(ngx_http_connext_channel_t *channel,
    ngx_str_t *origin)
{
    ngx_str_t   *rules;
    ngx_uint_t   i;

    rules = channel->origins.elts;

    for (i = 0; i < channel->origins.nelts; i++) {
        if (cx_origin_matches(ngx_http_connext_view(&rules[i]),
                              ngx_http_connext_view(origin)))
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_connext_chat_options(ngx_http_request_t *r)
{
    if (ngx_http_connext_header(r, "Access-Control-Allow-Methods",
                                "GET, POST") != NGX_OK
        || ngx_http_connext_header(r, "Access-Control-Allow-Headers",
                                   "authorization, content-type, "
                                   "last-event-id") != NGX_OK
        || ngx_http_connext_header(r, "Access-Control-Max-Age", "600")
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_connext_chat_early(r, NGX_HTTP_NO_CONTENT);
}


/* --- session --- */

static ngx_int_t
ngx_http_connext_chat_session(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf)
{
    ngx_int_t  rc;

    if (r->headers_in.content_length_n > CX_WEBCHAT_BODY_MAX) {
        return ngx_http_connext_chat_refuse(r, conf, CX_TOO_LARGE);
    }

    r->request_body_in_single_buf = 1;

    rc = ngx_http_read_client_request_body(r,
                                          ngx_http_connext_chat_session_body);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}


static void
ngx_http_connext_chat_session_body(ngx_http_request_t *r)
{
    cx_err                         err;
    cx_str                         body, json;
    uint8_t                        random[CX_WEBCHAT_RANDOM];
    cx_arena                      *a;
    ngx_int_t                      rc;
    ngx_http_connext_loc_conf_t   *conf;
    ngx_http_connext_main_conf_t  *cmcf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_connext_module);
    cmcf = ngx_http_get_module_main_conf(r, ngx_http_connext_module);
    a = cmcf->arena;

    err = RAND_bytes(random, sizeof(random)) == 1
          ? ngx_http_connext_body(r, a, &body) : CX_NOMEM;

    if (err == CX_OK) {
        err = cx_webchat_session(ngx_http_connext_chat_account(conf), body,
                                 random, a, &json);
    }

    rc = err == CX_OK ? ngx_http_connext_chat_json(r, json)
                      : ngx_http_connext_chat_refuse(r, conf, err);

    cx_arena_reset(a);
    ngx_http_finalize_request(r, rc);
}


/* --- messages: as a webhook --- */

static ngx_int_t
ngx_http_connext_chat_messages(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf)
{
    (void) conf;

    return ngx_http_connext_handler(r);
}


ngx_int_t
ngx_http_connext_chat_accepted(ngx_http_request_t *r)
{
    u_char                        *last, text[64];
    ngx_http_connext_ctx_t        *ctx;
    ngx_http_connext_main_conf_t  *cmcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_connext_module);
    cmcf = ngx_http_get_module_main_conf(r, ngx_http_connext_module);

    if (ctx->stream_id_len > 0 && !ctx->duplicate) {
        ngx_http_connext_history_keep(r, ctx->conf, cmcf->arena);
        cx_arena_reset(cmcf->arena);
    }

    last = ctx->stream_id_len > 0
           ? ngx_snprintf(text, sizeof(text), "{\"event\":\"%*s\"}",
                          sizeof(ctx->event), ctx->event)
           : ngx_snprintf(text, sizeof(text), "%s",
                          ctx->duplicate ? "{\"duplicate\":true}" : "{}");

    return ngx_http_connext_chat_json(r, (cx_str) { (size_t) (last - text),
                                                    (char *) text });
}


static ngx_int_t
ngx_http_connext_chat_history(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf)
{
    cx_err                         err;
    ngx_int_t                      rc;
    ngx_str_t                      after;
    ngx_http_connext_main_conf_t  *cmcf;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_connext_module);

    ngx_str_null(&after);
    (void) ngx_http_arg(r, (u_char *) "after", sizeof("after") - 1, &after);

    rc = ngx_http_connext_history_get(r, conf, cmcf->arena,
                                      ngx_http_connext_view(&after), &err);
    cx_arena_reset(cmcf->arena);

    return rc == NGX_DECLINED ? ngx_http_connext_chat_refuse(r, conf, err)
                              : rc;
}


/* --- streams --- */

static ngx_int_t
ngx_http_connext_chat_ticket(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf)
{
    cx_err                         err;
    cx_str                         json;
    uint8_t                        random[CX_WEBCHAT_RANDOM];
    cx_arena                      *a;
    ngx_int_t                      rc;
    ngx_http_connext_main_conf_t  *cmcf;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_connext_module);
    a = cmcf->arena;

    err = RAND_bytes(random, sizeof(random)) == 1
          ? cx_webchat_ticket(ngx_http_connext_chat_account(conf),
                              ngx_http_connext_chat_header(r,
                                              "Authorization",
                                              sizeof("Authorization") - 1),
                              random, a, &json)
          : CX_NOMEM;

    rc = err == CX_OK ? ngx_http_connext_chat_json(r, json)
                      : ngx_http_connext_chat_refuse(r, conf, err);

    cx_arena_reset(a);

    return rc;
}


static ngx_int_t
ngx_http_connext_chat_stream(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf)
{
    char                           tag[CX_PUSH_TAG_LEN];
    cx_err                         err;
    cx_str                         last;
    cx_arena                      *a;
    ngx_int_t                      rc;
    ngx_str_t                      ticket, id;
    cx_session                     s;
    ngx_http_connext_main_conf_t  *cmcf;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_connext_module);
    a = cmcf->arena;

    ngx_str_null(&ticket);
    ngx_str_null(&id);

    (void) ngx_http_arg(r, (u_char *) "ticket", sizeof("ticket") - 1,
                        &ticket);
    (void) ngx_http_arg(r, (u_char *) "last_event_id",
                        sizeof("last_event_id") - 1, &id);

    ngx_http_connext_hide_query(r);

    /* What the browser itself adds when it comes back is the newer. */

    last = ngx_http_connext_chat_header(r, "Last-Event-ID",
                                        sizeof("Last-Event-ID") - 1);
    if (last.len == 0) {
        last = ngx_http_connext_view(&id);
    }

    err = cx_webchat_listener(ngx_http_connext_chat_account(conf),
                              ngx_http_connext_chat_header(r,
                                              "Authorization",
                                              sizeof("Authorization") - 1),
                              ngx_http_connext_view(&ticket), a, &s);

    if (err == CX_OK
        && !cx_push_tag(conf->channel->account.name, s.peer, tag))
    {
        err = CX_NOMEM;
    }

    if (err == CX_OK && conf->chat_streams > 0
        && ngx_http_connext_streams_add(cmcf->shared, 0)
           >= (ngx_uint_t) conf->chat_streams)
    {
        err = ngx_http_connext_header(r, "Retry-After", NGX_HTTP_CONNEXT_FULL)
              == NGX_OK ? CX_BUSY : CX_NOMEM;
    }

    rc = err == CX_OK
         ? ngx_http_connext_stream_open(r, conf, (u_char *) tag, last,
                                        s.nonce)
         : ngx_http_connext_chat_refuse(r, conf, err);

    cx_arena_reset(a);

    return rc;
}


/* --- what they share --- */

cx_account *
ngx_http_connext_chat_account(ngx_http_connext_loc_conf_t *conf)
{
    cx_account  *account;

    account = &conf->channel->account;
    account->now_ms = (int64_t) ngx_time() * 1000;

    return account;
}


cx_str
ngx_http_connext_chat_header(ngx_http_request_t *r, const char *name,
    size_t len)
{
    cx_str            value;
    ngx_uint_t        i, n;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    n = 0;
    value = CX_NOSTR;

    for (part = &r->headers_in.headers.part; part != NULL; part = part->next)
    {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == len
                && ngx_strncasecmp(h[i].key.data, (u_char *) name, len) == 0)
            {
                value = ngx_http_connext_view(&h[i].value);
                n++;
            }
        }
    }

    return n > 1 ? CX_STR("") : value;
}


ngx_int_t
ngx_http_connext_chat_json(ngx_http_request_t *r, cx_str json)
{
    return ngx_http_connext_header(r, "Cache-Control", "no-store") == NGX_OK
           ? ngx_http_connext_send_text(r, NGX_HTTP_OK, "application/json",
                                        json)
           : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_int_t
ngx_http_connext_chat_refuse(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf, cx_err err)
{
    ngx_http_connext_counts_t  *counts;

    counts = conf->channel->counts;

    (void) ngx_atomic_fetch_add(&counts->reasons[err], 1);
    (void) ngx_atomic_fetch_add(
                          &counts->results[ngx_http_connext_result(err)], 1);

    return ngx_http_connext_chat_early(r, (ngx_uint_t) cx_err_http(err));
}


/* What follows on the connection must not be taken for a request. */

static ngx_int_t
ngx_http_connext_chat_early(ngx_http_request_t *r, ngx_uint_t status)
{
    ngx_int_t  rc;

    rc = ngx_http_discard_request_body(r);

    return rc != NGX_OK ? rc : ngx_http_connext_send_status(r, status);
}
