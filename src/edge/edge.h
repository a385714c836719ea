/*
 * The edge: what nginx's side of CONNEXT is made of.  It converts a request
 * into cx_ types, lets the core decide, and converts the outcome back; no
 * provider is known here.
 *
 * Configuration lives in the cycle's pool and is read-only for the workers,
 * except for what ngx_http_connext_redis_t keeps per process.
 */

#ifndef CX_EDGE_EDGE_H
#define CX_EDGE_EDGE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>

#include "channel/channel.h"
#include "core/queue.h"
#include "edge/redis.h"
#include "edge/stats.h"

/* "ev_" and a ULID. */
#define NGX_HTTP_CONNEXT_EVENT_LEN    29

/* The largest delivery a provider is known to send. */
#define NGX_HTTP_CONNEXT_MIN_BODY     (3 * 1024 * 1024)

/* One delivery must fit into memory, whatever a location allows. */
#define NGX_HTTP_CONNEXT_MAX_BODY     (16 * 1024 * 1024)

/* Header occurrences handed to a channel: each name counts twice at most,
 * which is enough to see that it is repeated. */
#define NGX_HTTP_CONNEXT_HEADERS      8


/* Random bytes of event ids are drawn for so many at once. */
#define NGX_HTTP_CONNEXT_IDS          64


typedef struct ngx_http_connext_op_s  ngx_http_connext_op_t;


/* Where in nginx.conf something stands, for messages given after parsing. */
typedef struct {
    ngx_str_t                       file;
    ngx_uint_t                      line;
} ngx_http_connext_place_t;


typedef struct {
    ngx_uint_t                      hash;
    ngx_str_t                       name;
} ngx_http_connext_header_t;


typedef struct {
    ngx_str_t                       name;
    const cx_channel               *type;
    cx_account                      account;

    /* the request headers its type verifies */
    ngx_http_connext_header_t       headers[NGX_HTTP_CONNEXT_HEADERS / 2];
    ngx_uint_t                      nheaders;

    ngx_array_t                     origins;    /* ngx_str_t: of pages */

    ngx_http_connext_counts_t      *counts;     /* in shared memory */
    ngx_http_connext_place_t        place;

    /* per process: lines in the log of the second at hand */
    time_t                          logged_at;
    ngx_uint_t                      logged;
    ngx_uint_t                      unlogged;
} ngx_http_connext_channel_t;


typedef struct {
    ngx_array_t                     channels;   /* .._channel_t * */
    ngx_array_t                     targets;    /* .._redis_t * */

    ngx_str_t                       zone_name;
    size_t                          zone_size;
    ngx_http_connext_shared_t      *shared;

    ngx_uint_t                      status;     /* some location shows it */

    /* per process, made when it starts */
    cx_arena                       *arena;
    ngx_http_connext_op_t          *ops;        /* free ones */
    uint8_t                         random[NGX_HTTP_CONNEXT_IDS * 10];
    size_t                          random_left;
} ngx_http_connext_main_conf_t;


typedef enum {
    NGX_HTTP_CONNEXT_STATUS_AUTO = 0,           /* json, or as Accept says */
    NGX_HTTP_CONNEXT_STATUS_JSON,
    NGX_HTTP_CONNEXT_STATUS_PROMETHEUS,
    NGX_HTTP_CONNEXT_STATUS_READY,
    NGX_HTTP_CONNEXT_STATUS_LIVE
} ngx_http_connext_status_e;


typedef struct {
    ngx_str_t                       webhook;    /* the channel's name */
    ngx_uint_t                      chat;       /* "connext_chat" named it */
    ngx_http_connext_place_t        place;
    ngx_http_connext_channel_t     *channel;

    ngx_str_t                       pass;
    ngx_http_upstream_srv_conf_t   *upstream;
    ngx_http_connext_redis_t       *redis;

    ngx_str_t                       prefix;
    ngx_msec_t                      connect_timeout;
    ngx_msec_t                      send_timeout;
    ngx_msec_t                      read_timeout;

    ngx_str_t                       redis_user;
    ngx_str_t                       redis_password;
    ngx_int_t                       redis_db;
    ngx_int_t                       chat_streams;   /* of a process, 0: any */

    ngx_int_t                       ack_status;
    ngx_int_t                       reject_status;
    ngx_int_t                       unavailable_status;
    ngx_uint_t                      log_level;

    ngx_http_connext_status_e       status;
} ngx_http_connext_loc_conf_t;


/* What a request knows about itself; the variables read it. */
typedef struct {
    ngx_http_connext_loc_conf_t    *conf;

    cx_str                          url;
    cx_str                          query;
    cx_header                       headers[NGX_HTTP_CONNEXT_HEADERS];
    ngx_uint_t                      nheaders;

    ngx_http_connext_result_e       result;
    cx_err                          reason;
    ngx_uint_t                      secret;
    ngx_uint_t                      duplicate;  /* all of it was known */
    ngx_uint_t                      partial;    /* some of it quarantined */
    ngx_uint_t                      waiting;    /* for Redis */

    cx_str                          challenge;  /* of a POST */

    uint64_t                        verify_ns;
    uint64_t                        enqueue_ns;

    u_char                          event[NGX_HTTP_CONNEXT_EVENT_LEN];
    u_char                          stream_id[NGX_HTTP_CONNEXT_ITEM_TEXT];
    size_t                          stream_id_len;
} ngx_http_connext_ctx_t;


extern ngx_module_t  ngx_http_connext_module;


/* ngx_http_connext_module.c: arena and connections of this process; again
 * does nothing. */
ngx_int_t ngx_http_connext_start(ngx_http_connext_main_conf_t *cmcf,
    ngx_cycle_t *cycle);
void ngx_http_connext_stop(void *data);


static ngx_inline cx_str
ngx_http_connext_view(ngx_str_t *s)
{
    return (cx_str) { s->len, (const char *) s->data };
}


static ngx_inline uint64_t
ngx_http_connext_now_ns(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000u + (uint64_t) ts.tv_nsec;
}


/* channel.c: the connext_channel block, and files that hold secrets */

char *ngx_http_connext_channel_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_http_connext_channel_t *ngx_http_connext_channel_find(
    ngx_http_connext_main_conf_t *cmcf, ngx_str_t *name);

/* secret.c: the file's bytes without a trailing newline, in cf->pool.  who
 * begins the message ("channel "x": "), what names the file's purpose. */

ngx_int_t ngx_http_connext_read_secret(ngx_conf_t *cf, ngx_str_t *who,
    const char *what, ngx_str_t *path, ngx_str_t *secret);

/* location.c: a webhook location after parsing; the addresses of all
 * upstreams after that */

char *ngx_http_connext_location(ngx_conf_t *cf,
    ngx_http_connext_loc_conf_t *conf, ngx_http_core_loc_conf_t *clcf);
ngx_int_t ngx_http_connext_resolve(ngx_conf_t *cf);

/* intake.c: webhook locations; one view of a body that was read */

ngx_int_t ngx_http_connext_handler(ngx_http_request_t *r);
cx_err ngx_http_connext_body(ngx_http_request_t *r, cx_arena *a,
    cx_str *body);

/* answer.c: the outcome becomes counters, a log line and a response */

ngx_int_t ngx_http_connext_answer(ngx_http_request_t *r, cx_err err);
ngx_http_connext_result_e ngx_http_connext_result(cx_err err);
ngx_int_t ngx_http_connext_answer_challenge(ngx_http_request_t *r,
    cx_str challenge);
ngx_int_t ngx_http_connext_header(ngx_http_request_t *r, const char *name,
    const char *value);
/* A status and no body. */
ngx_int_t ngx_http_connext_send_status(ngx_http_request_t *r,
    ngx_uint_t status);
ngx_int_t ngx_http_connext_send_text(ngx_http_request_t *r,
    ngx_uint_t status, const char *type, cx_str text);
void ngx_http_connext_hide_query(ngx_http_request_t *r);

/* chat.c: locations of the website chat; the answer to what was accepted */

ngx_int_t ngx_http_connext_chat_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_connext_chat_accepted(ngx_http_request_t *r);

/* enqueue.c: with ctx->waiting set the request will be answered later, else
 * the caller answers it with what is returned. */

cx_err ngx_http_connext_enqueue(ngx_http_request_t *r,
    ngx_http_connext_ctx_t *ctx, cx_arena *a, cx_received *in, cx_str body,
    cx_err received);

/* op.c: for whoever frees the list of free ones */

ngx_http_connext_op_t *ngx_http_connext_op_next(ngx_http_connext_op_t *op);

/* status.c, prometheus.c, variables.c */

ngx_int_t ngx_http_connext_status_handler(ngx_http_request_t *r);
void ngx_http_connext_prometheus(cx_buf *b,
    ngx_http_connext_main_conf_t *cmcf);
ngx_int_t ngx_http_connext_add_variables(ngx_conf_t *cf);

#endif /* CX_EDGE_EDGE_H */
