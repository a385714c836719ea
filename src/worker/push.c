#include "worker/push.h"

#include "core/push.h"
#include "worker/engine.h"

#include <stdlib.h>
#include <string.h>


/*
 * To the browser by way of Redis.  The provider's id of a message is the one
 * that makes its push happen once: ids of entries are of one stream only.  An
 * event that a page must not miss goes through the function of core/push.h,
 * which Redis may not know yet: then it is told, and asked once more.
 */
typedef struct {
    cx_worker   *worker;
    cx_http_fn   fn;            /* NULL: cancelled */
    void        *ctx;
    char        *text;          /* the texts below, one after the other */
    cx_str       message;
    cx_str       event;
    cx_str       repeat;
    cx_str       json;
    char         stream[CX_PUSH_KEY_MAX];
    char         channel[CX_PUSH_KEY_MAX];
    size_t       stream_len;
    size_t       channel_len;
    int64_t      total_ms;
    bool         told;          /* Redis has been given the function */
} push_call;

static void on_pushed(void *ctx, const redisReply *reply);


static void
end(push_call *p, cx_call_end how, cx_str id, const char *error)
{
    const cx_http_res  res = { .status = how == CX_CALL_DONE ? 200 : 0,
                               .body = id };

    if (p->fn != NULL) {
        p->fn(p->ctx, how, &res, error);
    }

    free(p->text);
    free(p);
}


/* --- the function -------------------------------------------------------- */

static void
ask(push_call *p)
{
    const cx_str  argv[] = {
        CX_STR("FCALL"), CX_STR(CX_PUSH_FUNCTION), CX_STR("1"),
        { p->stream_len, p->stream }, { p->channel_len, p->channel },
        p->message, p->event, p->json, p->repeat,
    };

    cx_redis_command(p->worker->redis, sizeof(argv) / sizeof(argv[0]), argv,
                     p->total_ms, on_pushed, p);
}


static void
on_loaded(void *ctx, const redisReply *reply)
{
    push_call  *p = ctx;

    if (reply == NULL) {
        end(p, CX_CALL_NOT_SENT, CX_NOSTR, "Redis is away");

    } else if (reply->type == REDIS_REPLY_ERROR) {
        end(p, CX_CALL_NOT_SENT, CX_NOSTR, reply->str);

    } else {
        ask(p);
    }
}


static void
tell(push_call *p)
{
    const cx_str  argv[] = {
        CX_STR("FUNCTION"), CX_STR("LOAD"), CX_STR("REPLACE"),
        cx_strz(cx_push_lua),
    };

    p->told = true;
    cx_redis_command(p->worker->redis, sizeof(argv) / sizeof(argv[0]), argv,
                     p->total_ms, on_loaded, p);
}


static void
on_pushed(void *ctx, const redisReply *reply)
{
    push_call  *p = ctx;

    if (reply == NULL) {
        end(p, CX_CALL_UNKNOWN, CX_NOSTR, "Redis did not answer");

    } else if (reply->type == REDIS_REPLY_STRING) {
        end(p, CX_CALL_DONE, p->message, "");

    } else if (reply->type == REDIS_REPLY_ERROR && !p->told
               && strstr(reply->str, "unction not found") != NULL)
    {
        tell(p);

    } else {
        end(p, CX_CALL_NOT_SENT, CX_NOSTR,
            reply->type == REDIS_REPLY_ERROR ? reply->str
                                             : "an answer of another kind");
    }
}


/* --- what nobody misses later -------------------------------------------- */

static void
on_published(void *ctx, const redisReply *reply)
{
    end(ctx, reply != NULL && reply->type == REDIS_REPLY_INTEGER
             ? CX_CALL_DONE : CX_CALL_NOT_SENT, CX_NOSTR,
        "Redis did not take it");
}


static bool
publish(push_call *p)
{
    size_t        len = 2 + p->event.len + 1 + p->json.len;
    char         *text = malloc(len);
    const cx_str  argv[] = {
        CX_STR("PUBLISH"), { p->channel_len, p->channel }, { len, text },
    };

    if (text == NULL) {
        return false;
    }

    memcpy(text, "- ", 2);
    memcpy(text + 2, p->event.p, p->event.len);
    text[2 + p->event.len] = ' ';
    memcpy(text + 3 + p->event.len, p->json.p, p->json.len);

    cx_redis_command(p->worker->redis, sizeof(argv) / sizeof(argv[0]), argv,
                     p->total_ms, on_published, p);
    free(text);
    return true;
}


/* --- the way ------------------------------------------------------------- */

static cx_str
keep(char **at, cx_str s)
{
    const cx_str  kept = { s.len, *at };

    if (s.len > 0) {
        memcpy(*at, s.p, s.len);
        *at += s.len;
    }

    return kept;
}


void *
cx_push_start(cx_worker *w, const cx_http_req *req, const cx_http_opts *opts,
    cx_http_fn fn, void *ctx)
{
    char         *at;
    push_call    *p = calloc(1, sizeof(*p));
    const cx_str  event = cx_http_header(req->headers, req->nheaders,
                                         CX_STR("event"), NULL);
    const cx_str  message = cx_http_header(req->headers, req->nheaders,
                                           CX_STR("message-id"), NULL);
    const cx_str  repeat = cx_http_header(req->headers, req->nheaders,
                                          CX_STR("repeat"), NULL);

    if (!cx_redis_up(w->redis) || p == NULL
        || (p->text = malloc(event.len + message.len + repeat.len
                             + req->body.len + 1)) == NULL)
    {
        free(p);
        return NULL;
    }

    at = p->text;
    p->worker = w;
    p->fn = fn;
    p->ctx = ctx;
    p->total_ms = opts->total_ms;
    p->event = keep(&at, event);
    p->message = keep(&at, message);
    p->repeat = keep(&at, repeat);
    p->json = keep(&at, req->body);
    p->stream_len = cx_push_stream(p->stream, w->conf->redis_prefix,
                                   req->url);
    p->channel_len = cx_push_channel(p->channel, w->conf->redis_prefix,
                                     req->url);

    if (message.len > 0) {
        ask(p);

    } else if (!publish(p)) {
        free(p->text);
        free(p);
        return NULL;
    }

    return p;
}


void
cx_push_cancel(void *call)
{
    push_call  *p = call;

    p->fn = NULL;
}
