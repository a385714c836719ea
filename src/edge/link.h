/*
 * A second kind of Redis connection, for what is pushed to browsers: commands
 * with replies of any shape, and messages nobody asked for (SUBSCRIBE).  Off
 * the hot path: hiredis builds the replies.
 *
 * It connects when it is started and goes on trying, with the back-off of the
 * other kind.  Whoever uses it is told when it is up, of every reply in order,
 * and when it is gone; what was asked then is for the user to ask again.
 */

#ifndef CX_EDGE_LINK_H
#define CX_EDGE_LINK_H

#include "edge/redis.h"


typedef struct ngx_http_connext_link_s  ngx_http_connext_link_t;

struct ngx_http_connext_link_s {
    ngx_http_connext_redis_t   *redis;      /* addresses, password, times */
    void                       *data;       /* of the user */

    /* The reply is freed when it returns. */
    void                      (*up)(void *data);
    void                      (*down)(void *data);
    void                      (*reply)(void *data, redisReply *reply);

    /* private */
    ngx_peer_connection_t       peer;
    redisReader                *reader;
    ngx_http_connext_out_t      out;
    ngx_uint_t                  started;
    ngx_uint_t                  greetings;  /* replies to come before up */
    ngx_uint_t                  is_up;
    ngx_uint_t                  addr;
    ngx_event_t                 retry;
    ngx_event_t                 flush;
    ngx_msec_t                  backoff;
    ngx_log_t                   quiet;
};


void ngx_http_connext_link_start(ngx_http_connext_link_t *link);
/* As if it had been lost. */
void ngx_http_connext_link_restart(ngx_http_connext_link_t *link);
/* Says nothing more. */
void ngx_http_connext_link_stop(ngx_http_connext_link_t *link);

/* Room for size bytes of a command, or NULL (not up, no memory); end sends
 * what was written up to last. */
u_char *ngx_http_connext_link_begin(ngx_http_connext_link_t *link,
    size_t size);
void ngx_http_connext_link_end(ngx_http_connext_link_t *link, u_char *last);

#endif /* CX_EDGE_LINK_H */
