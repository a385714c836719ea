#include "worker/redis_uv.h"

#include <stdlib.h>

typedef struct {
    redisAsyncContext  *ac;         /* NULL once hiredis let go of us */
    uv_poll_t           poll;
    uv_idle_t           idle;       /* runs while there is a write to try */
    int                 handles;
    int                 events;     /* polled for */
} wire;


static bool
connected(const wire *l)
{
    return (l->ac->c.flags & REDIS_CONNECTED) != 0;
}


static void
on_poll(uv_poll_t *handle, int status, int events)
{
    wire  *l = handle->data;

    /* hiredis finds the error itself when it is let to read, or, before
     * that, to finish the connect. */
    if (status != 0) {
        events = l->ac != NULL && connected(l) ? UV_READABLE : UV_WRITABLE;
        l->events = 0;              /* libuv has stopped the handle */
    }

    if (l->ac != NULL && (events & UV_READABLE) != 0) {
        redisAsyncHandleRead(l->ac);
    }

    if (l->ac != NULL && (events & UV_WRITABLE) != 0) {
        redisAsyncHandleWrite(l->ac);
    }
}


static void
watch(wire *l, int events)
{
    if (l->events == events) {
        return;
    }

    l->events = events;

    if (events != 0) {
        (void) uv_poll_start(&l->poll, events, on_poll);

    } else {
        (void) uv_poll_stop(&l->poll);
    }
}


/* Commands of one turn leave in one write; only what the socket does not
 * take waits until it is writable. */
static void
on_idle(uv_idle_t *handle)
{
    wire  *l = handle->data;

    (void) uv_idle_stop(handle);

    if (l->ac == NULL) {
        return;
    }

    redisAsyncHandleWrite(l->ac);

    if (l->ac != NULL && uv_is_active((uv_handle_t *) handle)) {
        (void) uv_idle_stop(handle);
        watch(l, l->events | UV_WRITABLE);
    }
}


static void
add_read(void *data)
{
    wire  *l = data;

    watch(l, l->events | UV_READABLE);
}


static void
del_read(void *data)
{
    wire  *l = data;

    watch(l, l->events & ~UV_READABLE);
}


static void
add_write(void *data)
{
    wire  *l = data;

    if (connected(l)) {
        (void) uv_idle_start(&l->idle, on_idle);

    } else {
        watch(l, l->events | UV_WRITABLE);
    }
}


static void
del_write(void *data)
{
    wire  *l = data;

    (void) uv_idle_stop(&l->idle);
    watch(l, l->events & ~UV_WRITABLE);
}


static void
on_closed(uv_handle_t *handle)
{
    wire  *l = handle->data;

    if (--l->handles == 0) {
        free(l);
    }
}


static void
cleanup(void *data)
{
    wire  *l = data;

    l->ac = NULL;
    uv_close((uv_handle_t *) &l->poll, on_closed);
    uv_close((uv_handle_t *) &l->idle, on_closed);
}


bool
cx_redis_uv_attach(redisAsyncContext *ac, uv_loop_t *loop)
{
    wire  *l;

    l = calloc(1, sizeof(*l));
    if (l == NULL) {
        return false;
    }

    if (uv_poll_init(loop, &l->poll, ac->c.fd) != 0) {
        free(l);
        return false;
    }

    (void) uv_idle_init(loop, &l->idle);
    l->poll.data = l->idle.data = l;
    l->handles = 2;
    l->ac = ac;

    ac->ev.data = l;
    ac->ev.addRead = add_read;
    ac->ev.delRead = del_read;
    ac->ev.addWrite = add_write;
    ac->ev.delWrite = del_write;
    ac->ev.cleanup = cleanup;
    return true;
}
