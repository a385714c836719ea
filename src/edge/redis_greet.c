/*
 * What is said before commands may flow: AUTH, SELECT, whether one call may
 * have keys of several hash tags, and whether Redis has our Function in our
 * version; if not, it is loaded.
 */

#include "edge/redis.h"
#include "core/queue.h"


static ngx_int_t ngx_http_connext_greet_version(
    ngx_http_connext_redis_t *redis, const char **cause);
static ngx_int_t ngx_http_connext_greet_load(ngx_http_connext_redis_t *redis);
static u_char *ngx_http_connext_put_load(u_char *p);
static void ngx_http_connext_reloaded(void *data, ngx_uint_t first,
    ngx_uint_t n, cx_err err, const ngx_http_connext_reply_t *reply);


u_char *
ngx_http_connext_put_login(u_char *p, ngx_http_connext_redis_t *redis)
{
    if (redis->password.len > 0) {
        p = ngx_http_connext_put_array(p, redis->user.len > 0 ? 3 : 2);
        p = ngx_http_connext_put_text(p, "AUTH");

        if (redis->user.len > 0) {
            p = ngx_http_connext_put(p, redis->user.data, redis->user.len);
        }

        p = ngx_http_connext_put(p, redis->password.data,
                                 redis->password.len);
    }

    if (redis->db > 0) {
        p = ngx_http_connext_put_array(p, 2);
        p = ngx_http_connext_put_text(p, "SELECT");
        p = ngx_http_connext_put_number(p, redis->db);
    }

    return p;
}


/* All leave together; the answers are then judged one by one. */

ngx_int_t
ngx_http_connext_greet(ngx_http_connext_redis_t *redis)
{
    u_char  *p;

    p = ngx_http_connext_out_reserve(&redis->hello,
                                     redis->user.len + redis->password.len
                                     + 11 * NGX_HTTP_CONNEXT_ARG);
    if (p == NULL) {
        return NGX_ERROR;
    }

    p = ngx_http_connext_put_login(p, redis);

    p = ngx_http_connext_put_array(p, 1);
    p = ngx_http_connext_put_text(p, "HELLO");

    p = ngx_http_connext_put_array(p, 3);
    p = ngx_http_connext_put_text(p, "FCALL_RO");
    p = ngx_http_connext_put_text(p, CX_QUEUE_FUNCTION_VERSION);
    p = ngx_http_connext_put_text(p, "0");

    ngx_http_connext_out_end(&redis->hello, p);

    redis->ask = redis->password.len > 0 ? NGX_HTTP_CONNEXT_ASK_AUTH
                 : redis->db > 0 ? NGX_HTTP_CONNEXT_ASK_SELECT
                 : NGX_HTTP_CONNEXT_ASK_MODE;

    return NGX_OK;
}


ngx_int_t
ngx_http_connext_greeted(ngx_http_connext_redis_t *redis, const char **cause)
{
    ngx_uint_t  failed;

    failed = redis->reply.type == REDIS_REPLY_ERROR;

    switch (redis->ask) {

    case NGX_HTTP_CONNEXT_ASK_AUTH:

        if (failed) {
            *cause = "it refuses the user or password";
            return NGX_ERROR;
        }

        redis->ask = redis->db > 0 ? NGX_HTTP_CONNEXT_ASK_SELECT
                                   : NGX_HTTP_CONNEXT_ASK_MODE;
        return NGX_AGAIN;

    case NGX_HTTP_CONNEXT_ASK_SELECT:

        if (failed) {
            *cause = "it refuses \"connext_redis_db\"";
            return NGX_ERROR;
        }

        redis->ask = NGX_HTTP_CONNEXT_ASK_MODE;
        return NGX_AGAIN;

    case NGX_HTTP_CONNEXT_ASK_MODE:

        /* HELLO needs no rights; who does not know it may be a proxy. */

        redis->by_slot =
                  !ngx_http_connext_reply_has(&redis->reply,
                                              "mode", "standalone")
                  && !ngx_http_connext_reply_has(&redis->reply,
                                                 "mode", "sentinel");

        redis->ask = NGX_HTTP_CONNEXT_ASK_VERSION;
        return NGX_AGAIN;

    case NGX_HTTP_CONNEXT_ASK_VERSION:
        return ngx_http_connext_greet_version(redis, cause);

    default: /* NGX_HTTP_CONNEXT_ASK_LOAD */

        if (failed) {
            *cause = "it refuses FUNCTION LOAD";
            return NGX_ERROR;
        }

        return NGX_OK;
    }
}


static ngx_int_t
ngx_http_connext_greet_version(ngx_http_connext_redis_t *redis,
    const char **cause)
{
    static const struct {
        const char  *error;
        const char  *cause;
    } causes[] = {
        { "NOAUTH",      "it wants a password" },
        { "NOPERM",      "it does not let this user call functions" },
        { "LOADING",     "it is still loading its data" },
        { "MASTERDOWN",  "it is a replica without its master" },
        { "ERR unknown", "it is older than Redis 7" },
    };

    ngx_uint_t                 i;
    ngx_http_connext_reply_t  *reply;

    reply = &redis->reply;

    if (reply->type == REDIS_REPLY_STRING
        && reply->len == sizeof(CX_QUEUE_LUA_VERSION) - 1
        && ngx_http_connext_reply_starts(reply, CX_QUEUE_LUA_VERSION))
    {
        return NGX_OK;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
            if (ngx_http_connext_reply_starts(reply, causes[i].error)) {
                *cause = causes[i].cause;
                return NGX_ERROR;
            }
        }
    }

    if (ngx_http_connext_greet_load(redis) != NGX_OK) {
        *cause = "no memory";
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


static ngx_int_t
ngx_http_connext_greet_load(ngx_http_connext_redis_t *redis)
{
    u_char  *p;

    p = ngx_http_connext_out_reserve(&redis->hello,
                                     ngx_strlen(cx_queue_lua)
                                     + 4 * NGX_HTTP_CONNEXT_ARG);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_http_connext_out_end(&redis->hello, ngx_http_connext_put_load(p));
    redis->ask = NGX_HTTP_CONNEXT_ASK_LOAD;

    return NGX_OK;
}


static u_char *
ngx_http_connext_put_load(u_char *p)
{
    p = ngx_http_connext_put_array(p, 4);
    p = ngx_http_connext_put_text(p, "FUNCTION");
    p = ngx_http_connext_put_text(p, "LOAD");
    p = ngx_http_connext_put_text(p, "REPLACE");

    return ngx_http_connext_put(p, cx_queue_lua, ngx_strlen(cx_queue_lua));
}


ngx_int_t
ngx_http_connext_repeat(ngx_http_connext_redis_t *redis,
    ngx_http_connext_slot_t *slot)
{
    size_t   len;
    u_char  *p;

    if (!redis->reloading) {
        p = ngx_http_connext_redis_begin(redis, ngx_strlen(cx_queue_lua)
                                                + 4 * NGX_HTTP_CONNEXT_ARG);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_http_connext_redis_end(redis, ngx_http_connext_put_load(p),
                                   ngx_http_connext_reloaded, redis);
        redis->reloading = 1;
    }

    len = slot->len;

    p = ngx_http_connext_redis_begin(redis, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    /* It was the first of the queue: its bytes are the first unanswered. */

    ngx_memcpy(p, redis->out.start + redis->out.acked, len);

    slot->repeated = 1;
    ngx_http_connext_redis_queue(redis, slot, p + len);

    return NGX_OK;
}


static void
ngx_http_connext_reloaded(void *data, ngx_uint_t first, ngx_uint_t n,
    cx_err err, const ngx_http_connext_reply_t *reply)
{
    ngx_http_connext_redis_t  *redis = data;

    (void) first;
    (void) n;
    (void) err;
    (void) reply;

    /* If it failed, the repeated commands fail too, and say why. */

    redis->reloading = 0;
}
