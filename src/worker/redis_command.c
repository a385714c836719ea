#include "worker/redis_conn.h"

#include <stdlib.h>

#define ARGS_MAX  64        /* on the stack; more are allocated */

typedef cx_redis_cmd  cmd;


static void
ring_init(cmd *ring)
{
    ring->next = ring->prev = ring;
}


static void
ring_add(cmd *ring, cmd *c)
{
    c->prev = ring->prev;
    c->next = ring;
    ring->prev->next = c;
    ring->prev = c;
}


static void
ring_remove(cmd *c)
{
    c->prev->next = c->next;
    c->next->prev = c->prev;
}


static void
tell_failed(uv_idle_t *idle)
{
    cmd       *c, todo;
    cx_redis  *r = idle->data;

    (void) uv_idle_stop(idle);

    /* A callback may issue commands that fail at once: those wait for the
     * next turn, or this would not end. */
    ring_init(&todo);

    while (r->failed.next != &r->failed) {
        c = r->failed.next;
        ring_remove(c);
        ring_add(&todo, c);
    }

    while (todo.next != &todo) {
        c = todo.next;
        ring_remove(c);
        c->fn(c->ctx, NULL);
        free(c);
    }
}


static void
fail_soon(cx_redis *r, cmd *c)
{
    ring_add(&r->failed, c);
    (void) uv_idle_start(&r->idle, tell_failed);
}


static void
on_reply(redisAsyncContext *ac, void *reply, void *privdata)
{
    cmd  *c = privdata;

    (void) ac;

    if (c->fn == NULL) {               /* told by cx_redis_free */
        free(c);
        return;
    }

    ring_remove(c);

    /* hiredis is taking the connection apart here, and our state has not
     * moved yet: the caller hears of it in the next turn. */
    if (reply == NULL) {
        fail_soon(c->redis, c);
        return;
    }

    c->fn(c->ctx, reply);
    free(c);
}


static void on_watchdog(uv_timer_t *timer);


static void
watch(cx_redis *r, uint64_t deadline)
{
    uint64_t  now = uv_now(r->loop);

    if (deadline == 0 || (r->watch_at != 0 && r->watch_at <= deadline)) {
        return;
    }

    r->watch_at = deadline;
    (void) uv_timer_start(&r->watchdog, on_watchdog,
                          deadline > now ? deadline - now : 0, 0);
}


/* Looks for the earliest deadline; commands answered in time left theirs
 * armed, so this finds mostly nothing to do but to arm the next. */
static void
on_watchdog(uv_timer_t *timer)
{
    cx_redis  *r = timer->data;
    uint64_t   now = uv_now(r->loop);
    uint64_t   next = 0;

    r->watch_at = 0;

    for (cmd *c = r->sent.next; c != &r->sent; c = c->next) {
        if (c->deadline == 0) {
            continue;
        }

        if (c->deadline <= now) {
            cx_redis_drop(r, "no reply in time");
            return;
        }

        if (next == 0 || c->deadline < next) {
            next = c->deadline;
        }
    }

    watch(r, next);
}


static int
send_argv(cx_redis *r, cmd *c, int argc, const cx_str *argv)
{
    int          rc;
    size_t       lens[ARGS_MAX] = { 0 }, *len = lens;
    const char  *args[ARGS_MAX] = { NULL }, **arg = args;

    if (argc > ARGS_MAX) {
        arg = calloc((size_t) argc, sizeof(*arg));
        len = calloc((size_t) argc, sizeof(*len));
    }

    rc = REDIS_ERR;

    if (arg != NULL && len != NULL) {
        for (int i = 0; i < argc; i++) {
            arg[i] = argv[i].len > 0 ? argv[i].p : "";
            len[i] = argv[i].len;
        }

        rc = redisAsyncCommandArgv(r->ac, on_reply, c, argc, arg, len);
    }

    if (argc > ARGS_MAX) {
        free(arg);
        free(len);
    }

    return rc;
}


void
cx_redis_command(cx_redis *r, int argc, const cx_str *argv,
    int64_t timeout_ms, cx_redis_fn fn, void *ctx)
{
    cmd  *c;

    /* The caller was promised a callback that cannot be had without memory;
     * what is durable goes on after the restart. */
    c = calloc(1, sizeof(*c));
    if (c == NULL) {
        abort();
    }

    c->redis = r;
    c->fn = fn;
    c->ctx = ctx;

    if (r->state != CX_REDIS_UP || send_argv(r, c, argc, argv) != REDIS_OK) {
        fail_soon(r, c);
        return;
    }

    ring_add(&r->sent, c);

    if (timeout_ms > 0) {
        c->deadline = uv_now(r->loop) + (uint64_t) timeout_ms;
        watch(r, c->deadline);
    }
}


void
cx_redis_commands_init(cx_redis *r)
{
    ring_init(&r->sent);
    ring_init(&r->failed);
}


void
cx_redis_commands_tell(cx_redis *r)
{
    cmd          *c;
    cx_redis_fn   fn;

    while (r->sent.next != &r->sent) {
        c = r->sent.next;
        ring_remove(c);
        fn = c->fn;
        c->fn = NULL;
        fn(c->ctx, NULL);
    }

    while (r->failed.next != &r->failed) {
        c = r->failed.next;
        ring_remove(c);
        c->fn(c->ctx, NULL);
        free(c);
    }
}
