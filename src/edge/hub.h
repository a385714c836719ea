/*
 * Inside the streams to browsers: push.c keeps who listens and asks Redis,
 * push_in.c reads what it says.
 */

#ifndef CX_EDGE_HUB_H
#define CX_EDGE_HUB_H

#include "edge/push.h"


/* A visitor of whom somebody listens here. */
struct ngx_http_connext_topic_s {
    ngx_str_node_t              node;       /* its tag */
    ngx_queue_t                 streams;
    ngx_uint_t                  n;
    ngx_uint_t                  asked;      /* SUBSCRIBE is under way */
    ngx_uint_t                  subscribed;
    size_t                      stream_len;
    size_t                      channel_len;
    u_char                      stream[CX_PUSH_KEY_MAX];
    u_char                      channel[CX_PUSH_KEY_MAX];
    u_char                      tag[CX_PUSH_TAG_LEN];
};


typedef struct ngx_http_connext_history_s  ngx_http_connext_history_t;


/* A question under way: replies come in its order.  Who asked, or nobody. */
typedef struct {
    ngx_queue_t                  queue;
    ngx_http_connext_stream_t   *stream;
    ngx_http_connext_history_t  *history;
} ngx_http_connext_ask_t;


struct ngx_http_connext_hub_s {
    ngx_http_connext_link_t     sub;
    ngx_http_connext_link_t     ask;
    ngx_rbtree_t                topics;
    ngx_rbtree_node_t           sentinel;
    ngx_queue_t                 idle;       /* all streams, longest first */
    ngx_queue_t                 asks;
    ngx_event_t                 tick;
    ngx_uint_t                  ticks;
    ngx_uint_t                  pings;      /* of sub, unanswered */
    ngx_http_connext_shared_t  *shared;
};


/* push.c: the next step of a stream, of all of them */

void ngx_http_connext_hub_next(ngx_http_connext_stream_t *stream);
void ngx_http_connext_hub_all_next(ngx_http_connext_hub_t *hub);

/* Room for a command on the connection for questions, or NULL; end sends what
 * was written, commands with n replies, and gives the last question. */
u_char *ngx_http_connext_hub_ask_begin(ngx_http_connext_hub_t *hub,
    size_t size);
ngx_http_connext_ask_t *ngx_http_connext_hub_ask_end(
    ngx_http_connext_hub_t *hub, u_char *last, ngx_uint_t n);

/* By the channel of PUBLISH; NULL: nobody listens. */
ngx_http_connext_topic_t *ngx_http_connext_hub_find(
    ngx_http_connext_hub_t *hub, const redisReply *channel);

/* push_in.c: what the connections tell */

cx_str ngx_http_connext_hub_text(const redisReply *reply);
/* 0: no entry of a stream. */
ngx_uint_t ngx_http_connext_hub_fields(const redisReply *entry, cx_str *id,
    cx_str *event, cx_str *json);

void ngx_http_connext_hub_up(void *data);
void ngx_http_connext_hub_sub_down(void *data);
void ngx_http_connext_hub_sub_reply(void *data, redisReply *reply);
void ngx_http_connext_hub_ask_down(void *data);
void ngx_http_connext_hub_ask_reply(void *data, redisReply *reply);

/* history.c */

void ngx_http_connext_history_reply(ngx_http_connext_history_t *h,
    redisReply *reply);

#endif /* CX_EDGE_HUB_H */
