/* Runs the loop until something is true, or a deadline has passed. */

#ifndef CX_T_UNIT_WORKER_WAIT_H
#define CX_T_UNIT_WORKER_WAIT_H

#include <stdbool.h>

#include <uv.h>


static void
wait_tick(uv_timer_t *timer)
{
    (void) timer;
}


__attribute__((unused))
static bool
wait_until(uv_loop_t *loop, bool (*ready)(void *ctx), void *ctx,
    uint64_t max_ms)
{
    uint64_t    end = uv_hrtime() / 1000000 + max_ms;
    uv_timer_t  timer;

    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, wait_tick, 10, 10);

    while (!ready(ctx) && uv_hrtime() / 1000000 < end) {
        uv_run(loop, UV_RUN_ONCE);
    }

    uv_close((uv_handle_t *) &timer, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
    return ready(ctx);
}


/* Until nothing is open in the loop: everything was closed. */
__attribute__((unused))
static bool
wait_empty(uv_loop_t *loop, uint64_t max_ms)
{
    uint64_t  end = uv_hrtime() / 1000000 + max_ms;

    while (uv_loop_alive(loop) && uv_hrtime() / 1000000 < end) {
        uv_run(loop, UV_RUN_NOWAIT);
    }

    return uv_loop_close(loop) == 0;
}

#endif /* CX_T_UNIT_WORKER_WAIT_H */
