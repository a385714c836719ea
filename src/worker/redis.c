#include "worker/redis.h"

#include "worker/redis_uv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_MIN_MS  50
#define BACKOFF_MAX_MS  5000
#define CONNECT_MS      3000      /* until AUTH and SELECT have answered */
#define ARGS_MAX        64        /* on the stack; more are allocated */

/*
 *   IDLE -> WAITING -> CONNECTING -> GREETING -> UP
 *             ^            |            |        |
 *             +------------+------------+--------+
 */
typedef enum {
    IDLE,             /* not started, or freed */
    WAITING,          /* back-off */
    CONNECTING,
    GREETING,         /* AUTH, SELECT */
    UP
} state;

typedef struct cmd_s  cmd;

struct cmd_s {
    cx_redis     *redis;
    cx_redis_fn   fn;
    void         *ctx;
    uint64_t      deadline;       /* on the loop's clock, 0: none */
    cmd          *next;
    cmd          *prev;
};

struct cx_redis_s {
    uv_loop_t          *loop;
    redisAsyncContext  *ac;
    state               state;
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
    cmd                 sent;       /* ring of commands under way */
    cmd                 failed;     /* ring of those to be told NULL soon */
    uv_timer_t          retry;      /* back-off, or the connect's deadline */
    uv_timer_t          watchdog;   /* of the earliest deadline */
    uint64_t            watch_at;   /* when it fires, 0: not armed */
    uv_idle_t           idle;       /* tells the failed ones */
    int                 handles;
    char                why[160];
};


static void reconnect_later(cx_redis *r);
static void drop(cx_redis *r, const char *why);


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


static char *
copy(cx_str s)
{
    char  *z = malloc(s.len + 1);

    if (z != NULL) {
        if (s.len > 0) {
            memcpy(z, s.p, s.len);
        }

        z[s.len] = '\0';
    }

    return z;
}


/* --- state --------------------------------------------------------------- */

/* The only place where the state moves. */
static void
move(cx_redis *r, state to)
{
    state  from = r->state;

    if (from == to) {
        return;
    }

    r->state = to;

    if (r->fn != NULL && (from == UP || to == UP)) {
        r->fn(r->ctx, to == UP, to == UP ? "" : r->why);
    }
}


/* Failed attempts are told as well: "down" before ever being up. */
static void
lost(cx_redis *r, const char *why)
{
    bool  was_up = r->state == UP;

    (void) snprintf(r->why, sizeof(r->why), "%s", why);
    r->ac = NULL;
    move(r, WAITING);

    if (!was_up && r->fn != NULL) {
        r->fn(r->ctx, false, r->why);
    }

    if (r->state == WAITING) {         /* not freed by that callback */
        reconnect_later(r);
    }
}


/* Closes the connection; what was under way is called back with NULL. */
static void
drop(cx_redis *r, const char *why)
{
    redisAsyncContext  *ac = r->ac;

    if (ac == NULL) {
        return;
    }

    ac->data = NULL;                   /* its callbacks are for nobody now */
    lost(r, why);
    redisAsyncFree(ac);
}


static void
come_up(cx_redis *r)
{
    r->backoff = 0;
    (void) uv_timer_stop(&r->retry);
    move(r, UP);
}


static void
on_greeted(redisAsyncContext *ac, void *reply, void *privdata)
{
    cx_redis          *r = ac->data;
    const redisReply  *answer = reply;
    char               why[160];

    (void) privdata;

    if (r == NULL || reply == NULL) {
        return;
    }

    if (answer->type == REDIS_REPLY_ERROR) {
        (void) snprintf(why, sizeof(why), "%s", answer->str);
        drop(r, why);
        return;
    }

    if (--r->greetings == 0) {
        come_up(r);
    }
}


static void
greet(cx_redis *r)
{
    move(r, GREETING);

    if (r->password[0] != '\0' && r->user[0] != '\0') {
        r->greetings++;
        (void) redisAsyncCommand(r->ac, on_greeted, NULL, "AUTH %s %s",
                                 r->user, r->password);

    } else if (r->password[0] != '\0') {
        r->greetings++;
        (void) redisAsyncCommand(r->ac, on_greeted, NULL, "AUTH %s",
                                 r->password);
    }

    /* Sent also for database 0: a connection is up when Redis has spoken,
     * not when a socket was accepted. */
    r->greetings++;
    (void) redisAsyncCommand(r->ac, on_greeted, NULL, "SELECT %lld",
                             (long long) r->db);
}


static void
on_connected(const redisAsyncContext *ac, int status)
{
    cx_redis  *r = ac->data;

    if (r == NULL) {
        return;
    }

    if (status != REDIS_OK) {
        /* hiredis frees the context when we return. */
        ((redisAsyncContext *) ac)->data = NULL;
        lost(r, ac->errstr != NULL ? ac->errstr : "connect failed");
        return;
    }

    greet(r);
}


static void
on_disconnected(const redisAsyncContext *ac, int status)
{
    cx_redis  *r = ac->data;

    if (r != NULL) {
        lost(r, status != REDIS_OK && ac->errstr != NULL ? ac->errstr
                                                         : "closed");
    }
}


static void
on_connect_late(uv_timer_t *timer)
{
    cx_redis  *r = timer->data;

    drop(r, "no answer to the connect in time");
}


static void
connect_now(cx_redis *r)
{
    char                why[160];
    redisAsyncContext  *ac;

    move(r, CONNECTING);
    r->greetings = 0;

    ac = r->port == 0 ? redisAsyncConnectUnix(r->host)
                      : redisAsyncConnect(r->host, r->port);

    if (ac == NULL || ac->err != 0 || !cx_redis_uv_attach(ac, r->loop)) {
        (void) snprintf(why, sizeof(why), "%s",
                        ac == NULL || ac->err == 0 ? "out of memory"
                                                   : ac->errstr);
        if (ac != NULL) {
            redisAsyncFree(ac);
        }

        lost(r, why);
        return;
    }

    r->ac = ac;
    ac->data = r;
    (void) redisAsyncSetDisconnectCallback(ac, on_disconnected);
    (void) redisAsyncSetConnectCallback(ac, on_connected);
    (void) uv_timer_start(&r->retry, on_connect_late, CONNECT_MS, 0);
}


static void
on_retry(uv_timer_t *timer)
{
    connect_now(timer->data);
}


/* xorshift64: jitter only. */
static uint64_t
random_below(cx_redis *r, uint64_t n)
{
    r->random ^= r->random << 13;
    r->random ^= r->random >> 7;
    r->random ^= r->random << 17;
    return n == 0 ? 0 : r->random % n;
}


/* Half of the wait is fixed, half is chance, so that workers that lost the
 * same Redis do not come back in step. */
static void
reconnect_later(cx_redis *r)
{
    uint64_t  wait;

    r->backoff = r->backoff == 0 ? BACKOFF_MIN_MS : r->backoff * 2;

    if (r->backoff > BACKOFF_MAX_MS) {
        r->backoff = BACKOFF_MAX_MS;
    }

    wait = r->backoff / 2 + random_below(r, r->backoff / 2 + 1);
    (void) uv_timer_start(&r->retry, on_retry, wait, 0);
}


/* --- commands ------------------------------------------------------------ */

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
            drop(r, "no reply in time");
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

    if (r->state != UP || send_argv(r, c, argc, argv) != REDIS_OK) {
        fail_soon(r, c);
        return;
    }

    ring_add(&r->sent, c);

    if (timeout_ms > 0) {
        c->deadline = uv_now(r->loop) + (uint64_t) timeout_ms;
        watch(r, c->deadline);
    }
}


/* --- life ---------------------------------------------------------------- */

static bool
parse_address(cx_redis *r, cx_str address)
{
    size_t   colon;
    cx_str   host;
    int64_t  port;

    if (cx_str_starts(address, CX_STR("unix:"))) {
        r->host = copy(cx_str_sub(address, 5, address.len));
        return r->host != NULL;
    }

    for (colon = address.len; colon > 0; colon--) {
        if (address.p[colon - 1] == ':') {
            break;
        }
    }

    if (colon < 2
        || !cx_str_to_i64(cx_str_sub(address, colon, address.len), &port)
        || port < 1 || port > 65535)
    {
        return false;
    }

    host = cx_str_sub(address, 0, colon - 1);

    if (cx_str_starts(host, CX_STR("[")) && cx_str_ends(host, CX_STR("]"))) {
        host = cx_str_sub(host, 1, host.len - 2);
    }

    r->host = copy(host);
    r->port = (int) port;
    return r->host != NULL;
}


static void
forget(cx_redis *r)
{
    free(r->host);
    free(r->user);
    free(r->password);
    free(r);
}


cx_redis *
cx_redis_new(uv_loop_t *loop, cx_str address, cx_str user, cx_str password,
    int64_t db, cx_redis_state_fn fn, void *ctx)
{
    cx_redis  *r;

    r = calloc(1, sizeof(*r));
    if (r == NULL) {
        return NULL;
    }

    r->user = copy(user);
    r->password = copy(password);

    if (r->user == NULL || r->password == NULL || !parse_address(r, address))
    {
        forget(r);
        return NULL;
    }

    r->loop = loop;
    r->db = db;
    r->fn = fn;
    r->ctx = ctx;
    r->random = uv_hrtime() | 1;
    ring_init(&r->sent);
    ring_init(&r->failed);
    (void) uv_timer_init(loop, &r->retry);
    (void) uv_timer_init(loop, &r->watchdog);
    (void) uv_idle_init(loop, &r->idle);
    r->retry.data = r->watchdog.data = r->idle.data = r;
    r->handles = 3;
    return r;
}


void
cx_redis_start(cx_redis *r)
{
    if (r->state == IDLE) {
        move(r, WAITING);
        (void) uv_timer_start(&r->retry, on_retry, 0, 0);
    }
}


bool
cx_redis_up(const cx_redis *r)
{
    return r->state == UP;
}


static void
on_closed(uv_handle_t *handle)
{
    cx_redis  *r = handle->data;

    if (--r->handles == 0) {
        forget(r);
    }
}


/* hiredis still holds those under way: they are told, not freed. */
static void
tell_all(cx_redis *r)
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


void
cx_redis_free(cx_redis *r)
{
    redisAsyncContext  *ac;

    if (r == NULL) {
        return;
    }

    r->fn = NULL;
    move(r, IDLE);
    tell_all(r);

    ac = r->ac;
    r->ac = NULL;

    if (ac != NULL) {
        ac->data = NULL;
        redisAsyncFree(ac);
    }

    uv_close((uv_handle_t *) &r->retry, on_closed);
    uv_close((uv_handle_t *) &r->watchdog, on_closed);
    uv_close((uv_handle_t *) &r->idle, on_closed);
}
