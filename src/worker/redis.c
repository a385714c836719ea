#include "worker/redis.h"

#include "worker/redis_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_MIN_MS  50
#define BACKOFF_MAX_MS  5000
#define CONNECT_MS      3000      /* until AUTH and SELECT have answered */

static void reconnect_later(cx_redis *r);


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
move(cx_redis *r, cx_redis_state to)
{
    cx_redis_state  from = r->state;

    if (from == to) {
        return;
    }

    r->state = to;

    if (r->fn != NULL && (from == CX_REDIS_UP || to == CX_REDIS_UP)) {
        r->fn(r->ctx, to == CX_REDIS_UP,
              to == CX_REDIS_UP ? "" : r->why);
    }
}


/* Failed attempts are told as well: "down" before ever being up. */
static void
lost(cx_redis *r, const char *why)
{
    bool  was_up = r->state == CX_REDIS_UP;

    (void) snprintf(r->why, sizeof(r->why), "%s", why);
    r->ac = NULL;
    move(r, CX_REDIS_WAITING);

    if (!was_up && r->fn != NULL) {
        r->fn(r->ctx, false, r->why);
    }

    if (r->state == CX_REDIS_WAITING) {       /* not freed by fn */
        reconnect_later(r);
    }
}


void
cx_redis_drop(cx_redis *r, const char *why)
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
    move(r, CX_REDIS_UP);
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
        cx_redis_drop(r, why);
        return;
    }

    if (--r->greetings == 0) {
        come_up(r);
    }
}


static void
greet(cx_redis *r)
{
    move(r, CX_REDIS_GREETING);

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

    cx_redis_drop(r, "no answer to the connect in time");
}


static void
connect_now(cx_redis *r)
{
    char                why[160];
    redisAsyncContext  *ac;

    move(r, CX_REDIS_CONNECTING);
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
    cx_redis_commands_init(r);
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
    if (r->state == CX_REDIS_IDLE) {
        move(r, CX_REDIS_WAITING);
        (void) uv_timer_start(&r->retry, on_retry, 0, 0);
    }
}


bool
cx_redis_up(const cx_redis *r)
{
    return r->state == CX_REDIS_UP;
}


static void
on_closed(uv_handle_t *handle)
{
    cx_redis  *r = handle->data;

    if (--r->handles == 0) {
        forget(r);
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
    move(r, CX_REDIS_IDLE);
    cx_redis_commands_tell(r);

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
