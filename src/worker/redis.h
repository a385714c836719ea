/*
 * One Redis connection on the loop (hiredis async), reconnecting with
 * back-off and jitter (50 ms to 5 s).
 *
 * Every command's callback runs exactly once, from the loop; with a NULL
 * reply when the connection failed or the deadline passed (then the
 * connection is dropped: replies would no longer be in step).
 */

#ifndef CX_WORKER_REDIS_H
#define CX_WORKER_REDIS_H

#include "core/str.h"

#include <hiredis/hiredis.h>
#include <uv.h>

typedef struct cx_redis_s  cx_redis;

typedef void (*cx_redis_fn)(void *ctx, const redisReply *reply);
/* up: connected and usable.  down: why, for the log. */
typedef void (*cx_redis_state_fn)(void *ctx, bool up, const char *why);

/* address: "unix:/path" or "host:port".  password may be empty. */
cx_redis *cx_redis_new(uv_loop_t *loop, cx_str address, cx_str user,
    cx_str password, int64_t db, cx_redis_state_fn fn, void *ctx);
/* Connects at the next turn of the loop and goes on trying. */
void cx_redis_start(cx_redis *r);
/* Calls back what waits with NULL, then closes; fn is not called again. */
void cx_redis_free(cx_redis *r);
bool cx_redis_up(const cx_redis *r);

/* timeout_ms 0: none.  When it is not up the callback gets NULL soon. */
void cx_redis_command(cx_redis *r, int argc, const cx_str *argv,
    int64_t timeout_ms, cx_redis_fn fn, void *ctx);

#endif /* CX_WORKER_REDIS_H */
