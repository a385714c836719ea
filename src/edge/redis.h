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
 * event loop; the events that the requests of a turn bring leave in one call
 * of the Function.  Replies come in order, so the waiting commands are a
 * queue.  Bytes stay in the buffer until their reply came: a command can then
 * be repeated once when Redis lost the Function (restart, FUNCTION FLUSH).
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

#include "core/queue.h"
#include "edge/reply.h"
#include "edge/stats.h"

#define NGX_HTTP_CONNEXT_REDIS_MAX  (64 * 1024 * 1024)   /* bytes waiting */


/* One call, many events: bounds of it, so that Redis is never busy for long
 * with one call.  A single event may be larger. */
#define NGX_HTTP_CONNEXT_BATCH_EVENTS  NGX_HTTP_CONNEXT_ITEMS
#define NGX_HTTP_CONNEXT_BATCH_BYTES   (256 * 1024)

/* Room of a stream's key as an argument. */
#define NGX_HTTP_CONNEXT_KEY_MAX       (CX_QUEUE_PREFIX_MAX + 16)
#define NGX_HTTP_CONNEXT_KEY_ARG       (NGX_HTTP_CONNEXT_KEY_MAX + 8)


/* The answer to events, or the error that stands for it: n items of the reply
 * from first on, for as many events given with the same data one after
 * another.  n is 0 for a command of its own, whose reply it is.  Called once
 * for each, never from inside the functions that queue. */
typedef void (*ngx_http_connext_reply_pt)(void *data, ngx_uint_t first,
    ngx_uint_t n, cx_err err, const ngx_http_connext_reply_t *reply);


/* Who waits for a command. */
typedef struct ngx_http_connext_part_s  ngx_http_connext_part_t;

struct ngx_http_connext_part_s {
    ngx_http_connext_part_t    *next;
    ngx_http_connext_reply_pt   handler;
    void                       *data;
    ngx_uint_t                  n;              /* events */
};


/* A command. */
typedef struct ngx_http_connext_slot_s  ngx_http_connext_slot_t;

struct ngx_http_connext_slot_s {
    ngx_http_connext_slot_t    *next;
    ngx_http_connext_part_t    *parts;
    ngx_http_connext_part_t    *last;
    ngx_uint_t                  n;              /* events of all parts */
    size_t                      len;            /* bytes of the command */
    ngx_msec_t                  deadline;
    ngx_uint_t                  repeated;
};


/* acked <= sent <= end <= open <= room */
typedef struct {
    u_char                     *start;
    size_t                      room;
    size_t                      acked;          /* answered up to here */
    size_t                      sent;
    size_t                      end;            /* whole commands */
    size_t                      open;           /* of the batch: arguments */
} ngx_http_connext_out_t;


/* The batch that is being gathered; its events' keys stand before their other
 * arguments, but only at its end is known how many there are. */
typedef struct {
    ngx_http_connext_slot_t    *slot;           /* NULL: none */
    size_t                      first_len;
    u_char                      first[NGX_HTTP_CONNEXT_KEY_MAX];
    size_t                      len;            /* of keys */
    u_char                      keys[NGX_HTTP_CONNEXT_BATCH_EVENTS
                                     * NGX_HTTP_CONNEXT_KEY_ARG];
} ngx_http_connext_batch_t;


typedef enum {
    NGX_HTTP_CONNEXT_DOWN = 0,
    NGX_HTTP_CONNEXT_CONNECTING,
    NGX_HTTP_CONNEXT_GREETING,
    NGX_HTTP_CONNEXT_UP
} ngx_http_connext_redis_state_e;


typedef enum {
    NGX_HTTP_CONNEXT_ASK_AUTH = 0,
    NGX_HTTP_CONNEXT_ASK_SELECT,
    NGX_HTTP_CONNEXT_ASK_MODE,
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
    ngx_http_connext_batch_t        batch;
    ngx_http_connext_slot_t        *head;
    ngx_http_connext_slot_t       **tail;
    ngx_http_connext_slot_t        *spare;
    ngx_http_connext_part_t        *spare_parts;
    ngx_uint_t                      by_slot;    /* a cluster, or unknown */

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

    ngx_uint_t                      push;       /* some location listens */
    struct ngx_http_connext_hub_s  *hub;
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
    u_char *last, ngx_http_connext_reply_pt handler, void *data);

/* The bytes up to last are the slot's command. */
void ngx_http_connext_redis_queue(ngx_http_connext_redis_t *redis,
    ngx_http_connext_slot_t *slot, u_char *last);

/* redis_slot.c.  After spare said NGX_OK one slot can be taken, and one part
 * be added to it.  answer calls the handler of each part; all is spare then.
 */

ngx_int_t ngx_http_connext_slot_spare(ngx_http_connext_redis_t *redis);
ngx_http_connext_slot_t *ngx_http_connext_slot_take(
    ngx_http_connext_redis_t *redis);
void ngx_http_connext_slot_wait(ngx_http_connext_redis_t *redis,
    ngx_http_connext_slot_t *slot, ngx_uint_t n,
    ngx_http_connext_reply_pt handler, void *data);
void ngx_http_connext_slot_answer(ngx_http_connext_redis_t *redis,
    ngx_http_connext_slot_t *slot, cx_err err,
    const ngx_http_connext_reply_t *reply);
void ngx_http_connext_slot_free(ngx_http_connext_redis_t *redis);

/* redis_batch.c.  event gives room for size bytes of arguments of one event,
 * or NULL; event_end takes what was written up to last; close makes a command
 * of what was gathered. */

u_char *ngx_http_connext_redis_event(ngx_http_connext_redis_t *redis,
    cx_str stream, size_t size);
void ngx_http_connext_redis_event_end(ngx_http_connext_redis_t *redis,
    cx_str stream, u_char *last, ngx_http_connext_reply_pt handler,
    void *data);
void ngx_http_connext_batch_close(ngx_http_connext_redis_t *redis);

/* Room for size bytes behind what there is; end makes all up to last whole
 * commands; ack forgets the first of them. */

u_char *ngx_http_connext_out_reserve(ngx_http_connext_out_t *out,
    size_t size);
void ngx_http_connext_out_end(ngx_http_connext_out_t *out, u_char *last);
void ngx_http_connext_out_ack(ngx_http_connext_out_t *out, size_t size);
void ngx_http_connext_out_free(ngx_http_connext_out_t *out);

/* redis_greet.c: what is said before commands may flow */

/* AUTH and SELECT, as far as they are wanted: greetings to be answered. */
u_char *ngx_http_connext_put_login(u_char *p,
    ngx_http_connext_redis_t *redis);
ngx_int_t ngx_http_connext_greet(ngx_http_connext_redis_t *redis);

/* NGX_OK: UP; NGX_AGAIN: more is awaited, or to be sent; NGX_ERROR: *cause
 * says why. */
ngx_int_t ngx_http_connext_greeted(ngx_http_connext_redis_t *redis,
    const char **cause);

/* Queues FUNCTION LOAD and the failed command behind it. */
ngx_int_t ngx_http_connext_repeat(ngx_http_connext_redis_t *redis,
    ngx_http_connext_slot_t *slot);

#endif /* CX_EDGE_REDIS_H */
