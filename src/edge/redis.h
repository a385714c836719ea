/*
 * A Redis connection on nginx's own events; hiredis is the codec only.  One
 * per nginx worker and target.
 *
 *              connect              writable            version is ours
 *     DOWN ---------------> CONNECTING -----> GREETING -----------------> UP
 *      ^                        |                |  ^ |                    |
 *      |                        |                |  +-+ load the Function  |
 *      +------------------------+----------------+-------------------------+
 *                  refused, timed out, closed, protocol error
 *
 * Commands go into one flat buffer and leave in one write per turn of the
 * event loop.  Replies come in order, so the waiting commands are a queue.
 * Bytes stay in the buffer until their reply came: a command can then be
 * repeated once when Redis lost the Function (restart, FUNCTION FLUSH).
 *
 * Commands wait while a first connection is made.  Once a connection failed
 * they are refused at once until Redis is back: providers retry later, and
 * waiting would only fill memory.
 */

#ifndef CX_EDGE_REDIS_H
#define CX_EDGE_REDIS_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_event_connect.h>

#include "edge/reply.h"
#include "edge/stats.h"

#define NGX_HTTP_CONNEXT_REDIS_MAX  (64 * 1024 * 1024)   /* bytes waiting */


/* The answer to one command, or the error that stands for it; called exactly
 * once, never from inside ngx_http_connext_redis_end(). */
typedef void (*ngx_http_connext_reply_pt)(void *data, ngx_uint_t expect,
    cx_err err, const ngx_http_connext_reply_t *reply);


typedef struct ngx_http_connext_slot_s  ngx_http_connext_slot_t;

struct ngx_http_connext_slot_s {
    ngx_http_connext_slot_t    *next;
    ngx_http_connext_reply_pt   handler;
    void                       *data;
    ngx_uint_t                  expect;         /* as given to _end() */
    size_t                      len;            /* bytes of the command */
    ngx_msec_t                  deadline;
    ngx_uint_t                  repeated;
};


/* start <= acked <= sent <= end <= start + room */
typedef struct {
    u_char                     *start;
    size_t                      room;
    size_t                      acked;          /* answered up to here */
    size_t                      sent;
    size_t                      end;
} ngx_http_connext_out_t;


typedef enum {
    NGX_HTTP_CONNEXT_DOWN = 0,
    NGX_HTTP_CONNEXT_CONNECTING,
    NGX_HTTP_CONNEXT_GREETING,
    NGX_HTTP_CONNEXT_UP
} ngx_http_connext_redis_state_e;


typedef enum {
    NGX_HTTP_CONNEXT_ASK_AUTH = 0,
    NGX_HTTP_CONNEXT_ASK_SELECT,
    NGX_HTTP_CONNEXT_ASK_VERSION,
    NGX_HTTP_CONNEXT_ASK_LOAD
} ngx_http_connext_ask_e;


typedef struct {
    /* configuration: connections are shared by locations that agree in it */
    ngx_str_t                       name;
    void                           *upstream;
    ngx_addr_t                     *addrs;
    ngx_uint_t                      naddrs;
    ngx_str_t                       user;
    ngx_str_t                       password;
    ngx_int_t                       db;
    ngx_msec_t                      connect_timeout;
    ngx_msec_t                      send_timeout;
    ngx_msec_t                      read_timeout;

    /* per process */
    ngx_http_connext_redis_state_e  state;
    ngx_http_connext_ask_e          ask;        /* reply awaited: GREETING */
    ngx_http_connext_health_e       health;     /* outcome of the last try */
    ngx_uint_t                      addr;       /* next one to try */
    ngx_peer_connection_t           peer;
    struct redisReader             *reader;
    ngx_http_connext_reply_t        reply;

    ngx_http_connext_out_t          hello;
    ngx_http_connext_out_t          out;
    ngx_http_connext_slot_t        *head;
    ngx_http_connext_slot_t       **tail;
    ngx_http_connext_slot_t        *spare;

    ngx_event_t                     flush;      /* posted once a turn */
    ngx_event_t                     late;       /* the head's deadline */
    ngx_event_t                     retry;
    ngx_msec_t                      retry_at;
    ngx_msec_t                      backoff;

    ngx_uint_t                      reloading;  /* FUNCTION LOAD is sent */
    ngx_uint_t                      refusing;   /* last reply was an error */
    time_t                          refusal_logged;
    const char                     *cause;      /* of being down, as logged */

    ngx_log_t                       quiet;      /* for nginx's own lines */
    ngx_http_connext_shared_t      *shared;
} ngx_http_connext_redis_t;


/* redis.c: start in init_process, stop in exit_process. */

ngx_int_t ngx_http_connext_redis_start(ngx_http_connext_redis_t *redis,
    ngx_cycle_t *cycle);
void ngx_http_connext_redis_stop(ngx_http_connext_redis_t *redis);

/* CX_OK when commands may be queued now, CX_REDIS_CONNECT, or CX_BUSY when
 * size more bytes would be too many. */
cx_err ngx_http_connext_redis_ready(ngx_http_connext_redis_t *redis,
    size_t size);

/* The connection's own parts: redis.c and redis_in.c. */

void ngx_http_connext_redis_up(ngx_http_connext_redis_t *redis);
void ngx_http_connext_redis_send(ngx_http_connext_redis_t *redis);
void ngx_http_connext_redis_fail(ngx_http_connext_redis_t *redis,
    cx_err err, ngx_err_t sys, const char *cause);
void ngx_http_connext_redis_lost(ngx_http_connext_redis_t *redis,
    ngx_err_t sys, const char *cause);
void ngx_http_connext_redis_read(ngx_event_t *rev);

/* redis_out.c.  begin gives room for size bytes, or NULL; end takes what was
 * written up to last as one command. */

u_char *ngx_http_connext_redis_begin(ngx_http_connext_redis_t *redis,
    size_t size);
void ngx_http_connext_redis_end(ngx_http_connext_redis_t *redis,
    u_char *last, ngx_uint_t expect, ngx_http_connext_reply_pt handler,
    void *data);

u_char *ngx_http_connext_out_reserve(ngx_http_connext_out_t *out,
    size_t size);
void ngx_http_connext_out_ack(ngx_http_connext_out_t *out, size_t size);
void ngx_http_connext_out_free(ngx_http_connext_out_t *out);

/* redis_greet.c: what is said before commands may flow */

ngx_int_t ngx_http_connext_greet(ngx_http_connext_redis_t *redis);

/* NGX_OK: UP; NGX_AGAIN: more is awaited, or to be sent; NGX_ERROR: *cause
 * says why. */
ngx_int_t ngx_http_connext_greeted(ngx_http_connext_redis_t *redis,
    const char **cause);

/* Queues FUNCTION LOAD and the failed command behind it. */
ngx_int_t ngx_http_connext_repeat(ngx_http_connext_redis_t *redis,
    ngx_http_connext_slot_t *slot);

#endif /* CX_EDGE_REDIS_H */
