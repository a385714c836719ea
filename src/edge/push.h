/*
 * Streams to browsers (server-sent events): parked requests of this worker,
 * by visitor, on one subscription and one other connection to Redis.
 *
 *  TICKET --first use--> BASE --where it ends now--> SUB --subscribed--+
 *                         ^                           ^                |
 *    without a ticket ----+   with a Last-Event-ID ---+                v
 *                                    +--the connection broke-- LIVE, CATCHUP
 *
 * First the subscription, then what is in the visitor's stream behind the
 * last id, then what is published: so nothing is missed, and as ids only
 * grow, nothing is said twice.  What comes while the stream is read is not
 * kept: it is in the stream, which is then read on.
 */

#ifndef CX_EDGE_PUSH_H
#define CX_EDGE_PUSH_H

#include "edge/edge.h"
#include "edge/link.h"
#include "core/push.h"

#define NGX_HTTP_CONNEXT_STREAMS    8           /* of one visitor */
#define NGX_HTTP_CONNEXT_UNSENT     (64 * 1024) /* bytes; then it is cut */
#define NGX_HTTP_CONNEXT_PING       20000       /* ms of silence */
#define NGX_HTTP_CONNEXT_PUSH_PAGE  100         /* entries read at once */
#define NGX_HTTP_CONNEXT_NONCE_MAX  64


typedef struct ngx_http_connext_topic_s   ngx_http_connext_topic_t;
typedef struct ngx_http_connext_hub_s     ngx_http_connext_hub_t;


typedef enum {
    NGX_HTTP_CONNEXT_STREAM_TICKET = 0,
    NGX_HTTP_CONNEXT_STREAM_BASE,
    NGX_HTTP_CONNEXT_STREAM_SUB,
    NGX_HTTP_CONNEXT_STREAM_CATCHUP,
    NGX_HTTP_CONNEXT_STREAM_LIVE
} ngx_http_connext_stream_state_e;


/* An id of a stream's entry. */
typedef struct {
    uint64_t                          ms;
    uint64_t                          seq;
} ngx_http_connext_entry_id_t;


typedef struct {
    ngx_queue_t                       queue;    /* of the topic */
    ngx_queue_t                       idle;     /* of the hub: by silence */
    ngx_http_request_t               *request;
    ngx_http_connext_hub_t           *hub;
    ngx_http_connext_topic_t         *topic;
    void                             *ask;      /* its question under way */
    ngx_http_connext_stream_state_e   state;
    ngx_http_connext_entry_id_t       last;
    ngx_msec_t                        written;
    ngx_chain_t                      *free;
    ngx_chain_t                      *busy;
    size_t                            unsent;
    unsigned                          again:1;  /* more came meanwhile */
    unsigned                          check:1;  /* last is the client's word */
    unsigned                          started:1;
    unsigned                          opening:1; /* inside its handler */
    unsigned                          failed:1;  /* ended there */
    unsigned                          nonce_len:8;
    u_char                            nonce[NGX_HTTP_CONNEXT_NONCE_MAX];
} ngx_http_connext_stream_t;


/* push.c */

ngx_int_t ngx_http_connext_hub_start(ngx_http_connext_redis_t *redis);
void ngx_http_connext_hub_stop(ngx_http_connext_redis_t *redis);

/* stream: zeroed but for request, state, last, check and nonce.  NGX_OK: it
 * is parked; NGX_DECLINED: this visitor has too many. */
ngx_int_t ngx_http_connext_hub_add(ngx_http_connext_redis_t *redis,
    ngx_str_t *prefix, const u_char *tag, ngx_http_connext_stream_t *stream);
/* Something was written to it. */
void ngx_http_connext_hub_touch(ngx_http_connext_stream_t *stream);
void ngx_http_connext_hub_remove(ngx_http_connext_stream_t *stream);

/* sse.c: a stream's request */

ngx_int_t ngx_http_connext_sse_start(ngx_http_connext_stream_t *stream);
/* NGX_ERROR: the request is gone. */
ngx_int_t ngx_http_connext_sse_send(ngx_http_connext_stream_t *stream,
    const cx_str *parts, ngx_uint_t n);
/* Ends it; a status only if nothing was sent yet. */
void ngx_http_connext_sse_end(ngx_http_connext_stream_t *stream,
    ngx_int_t status);

ngx_int_t ngx_http_connext_stream_open(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf, const u_char *tag, cx_str last,
    cx_str nonce);

/* history.c: what a visitor wrote, to be told by a page loaded anew.  get:
 * NGX_DECLINED with *err, else as a content handler. */
void ngx_http_connext_history_keep(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf, cx_arena *a);
ngx_int_t ngx_http_connext_history_get(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf, cx_arena *a, cx_str after,
    cx_err *err);

/* chat.c: what its requests share */
cx_account *ngx_http_connext_chat_account(ngx_http_connext_loc_conf_t *conf);
/* The only one of that name: of several, none is to be trusted. */
cx_str ngx_http_connext_chat_header(ngx_http_request_t *r, const char *name,
    size_t len);
ngx_int_t ngx_http_connext_chat_json(ngx_http_request_t *r, cx_str json);

/* Not to be taken for an id: false. */
ngx_uint_t ngx_http_connext_entry_id(cx_str text,
    ngx_http_connext_entry_id_t *id);

#endif /* CX_EDGE_PUSH_H */
