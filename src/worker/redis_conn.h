/* Inside the Redis client: what redis.c (connecting) and redis_command.c
 * (commands under way) share. */

#ifndef CX_WORKER_REDIS_CONN_H
#define CX_WORKER_REDIS_CONN_H

#include "worker/redis.h"
#include "worker/redis_uv.h"

/*
 *   IDLE -> WAITING -> CONNECTING -> GREETING -> UP
 *             ^            |            |        |
 *             +------------+------------+--------+
 */
typedef enum {
    CX_REDIS_IDLE,             /* not started, or freed */
    CX_REDIS_WAITING,          /* back-off */
    CX_REDIS_CONNECTING,
    CX_REDIS_GREETING,         /* AUTH, SELECT */
    CX_REDIS_UP
} cx_redis_state;

typedef struct cx_redis_cmd_s  cx_redis_cmd;

struct cx_redis_cmd_s {
    cx_redis      *redis;
    cx_redis_fn    fn;
    void          *ctx;
    uint64_t       deadline;      /* on the loop's clock, 0: none */
    cx_redis_cmd  *next;
    cx_redis_cmd  *prev;
};

struct cx_redis_s {
    uv_loop_t          *loop;
    redisAsyncContext  *ac;
    cx_redis_state      state;
    char               *host;     /* or the path */
    int                 port;     /* 0: a path */
    char               *user;
    char               *password;
    int64_t             db;
    cx_redis_state_fn   fn;
    void               *ctx;
    int                 greetings;  /* replies outstanding */
    uint64_t            backoff;
    uint64_t            random;
    cx_redis_cmd        sent;       /* ring of commands under way */
    cx_redis_cmd        failed;     /* ring of those to be told NULL soon */
    uv_timer_t          retry;      /* back-off, or the connect's deadline */
    uv_timer_t          watchdog;   /* of the earliest deadline */
    uint64_t            watch_at;   /* when it fires, 0: not armed */
    uv_idle_t           idle;       /* tells the failed ones */
    int                 handles;
    char                why[160];
};

/* Closes the connection; what was under way is called back with NULL. */
void cx_redis_drop(cx_redis *r, const char *why);

void cx_redis_commands_init(cx_redis *r);
/* All are called back with NULL now.  hiredis still holds those under way:
 * they are told here, and freed when it lets go. */
void cx_redis_commands_tell(cx_redis *r);

#endif /* CX_WORKER_REDIS_CONN_H */
