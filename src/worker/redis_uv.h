/*
 * hiredis on libuv.  Ours instead of hiredis' adapter: the one of 0.14 drops
 * errors of the poll handle, so that a refused or reset connection is never
 * reported, and it costs two system calls for every command.
 */

#ifndef CX_WORKER_REDIS_UV_H
#define CX_WORKER_REDIS_UV_H

#include <stdbool.h>

#include <hiredis/async.h>
#include <uv.h>

/* Lives until hiredis frees ac.  False: no memory, or a bad descriptor. */
bool cx_redis_uv_attach(redisAsyncContext *ac, uv_loop_t *loop);

#endif /* CX_WORKER_REDIS_UV_H */
