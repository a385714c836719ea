#include "worker/reconcile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>


#define INTERVAL_S   300
#define OVERLAP_MS   (INT64_C(15) * 60 * 1000)
#define LOOKBACK_MS  (INT64_C(24) * 3600 * 1000)
#define WAIT_MAX_MS  (INT64_C(3600) * 1000)
#define PAGES_MAX    50
#define PAGE_BYTES   (4 * 1024 * 1024)
#define PAGE_MS      30000

/* One channel's look: page by page, then all of it to Redis, oldest first. */
struct cx_look_s {
    cx_look     *next;
    cx_worker   *worker;
    int64_t      channel_id;
    int64_t      seen_ms;       /* begin of the last look that was good */
    int64_t      due_ms;
    int64_t      began_ms;
    cx_call     *call;
    cx_arena    *arena;         /* of the look under way, or NULL */
    cx_msgs      msgs;
    size_t       pages;
    size_t       waiting;       /* for so many answers of Redis */
    size_t       fresh;
    bool         bad;           /* Redis took not all of it */
    bool         unknown;       /* for want of the function */
};

static void on_page(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error);


/* --- which channels ------------------------------------------------------ */

static int64_t
interval_of(const cx_sender *from)
{
    int64_t        s = INTERVAL_S;
    const cx_str   value = cx_setting_get(from, "reconcile");

    if (CX_STR_IS(value, "off")) {
        return 0;
    }

    (void) cx_str_to_i64(value, &s);
    return s * 1000;
}


static bool
is_ours(const cx_worker *w, const cx_dir_channel *ch)
{
    const unsigned  p = (unsigned) ((uint64_t) ch->row.id % CX_PARTITIONS);

    return ch->adapter != NULL && ch->adapter->list != NULL
           && ch->row.active && w->part[p].state == CX_PART_LIVE;
}


static cx_dir_channel *
channel_of(const cx_look *l)
{
    cx_dir_channel  *ch = cx_directory_channel(l->worker, l->channel_id);

    return ch != NULL && is_ours(l->worker, ch) ? ch : NULL;
}


static cx_look *
look_of(cx_worker *w, int64_t channel_id)
{
    cx_look  *l = w->looks;

    while (l != NULL && l->channel_id != channel_id) {
        l = l->next;
    }

    if (l == NULL && (l = calloc(1, sizeof(*l))) != NULL) {
        l->worker = w;
        l->channel_id = channel_id;
        l->next = w->looks;
        w->looks = l;
    }

    return l;
}


/* --- the end of a look --------------------------------------------------- */

static void
look_end(cx_look *l, const char *error, int64_t wait_ms)
{
    cx_worker        *w = l->worker;
    cx_dir_channel   *ch = cx_directory_channel(w, l->channel_id);
    cx_sender         from = { .now_ms = 0 };
    const int64_t     now = cx_now_ms();

    if (ch != NULL) {
        from = cx_directory_sender(ch);
    }

    cx_log(error != NULL ? CX_LOG_WARN
           : l->fresh > 0 ? CX_LOG_INFO : CX_LOG_DEBUG, "reconcile",
           CX_FID("channel", "ch", l->channel_id), CX_FI("pages", l->pages),
           CX_FI("listed", l->msgs.n), CX_FI("missed", l->fresh),
           CX_FZ("error", error != NULL ? error : ""));

    l->due_ms = now + interval_of(&from);

    if (error == NULL) {
        l->seen_ms = l->began_ms;

    } else if (wait_ms > 0) {
        l->due_ms = now + wait_ms;
    }

    cx_arena_free(l->arena);
    l->arena = NULL;
    w->handles--;
    cx_worker_check_drained(w);
}


/* --- to Redis ------------------------------------------------------------ */

static void
on_loaded(void *ctx, const redisReply *reply)
{
    look_end(ctx, reply != NULL && reply->type != REDIS_REPLY_ERROR
                  ? "Redis had no function" : "Redis takes no function", 1);
}


/* Whoever comes first tells Redis the function, usually the edge. */
static void
queue_end(cx_look *l)
{
    const cx_str  argv[] = {
        CX_STR("FUNCTION"), CX_STR("LOAD"), CX_STR("REPLACE"),
        cx_strz(cx_queue_lua),
    };

    if (l->unknown) {
        cx_redis_command(l->worker->redis, 4, argv, CX_COMMAND_MS, on_loaded,
                         l);
        return;
    }

    look_end(l, l->bad ? "Redis did not take all of it" : NULL, 0);
}


static void
on_queued(void *ctx, const redisReply *reply)
{
    cx_look           *l = ctx;
    const redisReply  *one = reply != NULL
                             && reply->type == REDIS_REPLY_ARRAY
                             && reply->elements == 1 ? reply->element[0]
                                                     : NULL;

    if (one != NULL && one->type == REDIS_REPLY_STRING) {
        l->fresh += one->len > 0;

    } else {
        l->bad = true;
        l->unknown = l->unknown
                     || (reply != NULL && reply->type == REDIS_REPLY_ERROR
                         && strstr(reply->str, "unction not found") != NULL);
    }

    if (--l->waiting == 0) {
        queue_end(l);
    }
}


/* As the edge stamps it: what the fingerprint is made of must be the same. */
static bool
stamp(const cx_look *l, const cx_dir_channel *ch, cx_msg *m)
{
    const cx_channel  *type = ch->adapter;
    char               event[29] = "ev_";
    uint8_t            noise[10];

    if (getrandom(noise, sizeof(noise), 0) != sizeof(noise)) {
        return false;
    }

    m->recv_ms = cx_now_ms();
    cx_ulid(event + 3, m->recv_ms, noise);

    m->event = cx_dup(l->arena, (cx_str) { sizeof(event), event });
    m->channel = ch->row.name;
    m->type = cx_strz(type->family != NULL ? type->family : type->name);

    return !cx_arena_failed(l->arena);
}


static bool
enqueue(cx_look *l, const cx_msg *m)
{
    cx_worker       *w = l->worker;
    char             bucket[16], member[24];
    cx_buf           json;
    cx_fingerprint   fp;
    const cx_lane    lane = cx_queue_lane(m);
    cx_partition    *p = &w->part[cx_queue_partition(m)];

    cx_buf_init(&json, l->arena, 512, PAGE_BYTES);
    cx_msg_encode(m, &json);

    if (json.failed || !cx_queue_fingerprint(m, &fp)) {
        return false;
    }

    (void) snprintf(bucket, sizeof(bucket), "%lu", (unsigned long) fp.bucket);
    (void) snprintf(member, sizeof(member), "%lld", (long long) fp.member);

    const cx_str  argv[] = {
        CX_STR("FCALL"), CX_STR(CX_QUEUE_FUNCTION), CX_STR("1"),
        cx_lane_key(p, lane), cx_strz(bucket), cx_strz(member),
        cx_buf_str(&json),
    };

    l->waiting++;
    cx_redis_command(w->redis, sizeof(argv) / sizeof(argv[0]), argv,
                     CX_COMMAND_MS, on_queued, l);
    return true;
}


/* Lists begin with the newest; a conversation has its order. */
static void
queue_all(cx_look *l, const cx_dir_channel *ch)
{
    l->waiting = 1;

    for (size_t i = l->msgs.n; i > 0; i--) {
        if (!stamp(l, ch, &l->msgs.items[i - 1])
            || !enqueue(l, &l->msgs.items[i - 1]))
        {
            l->bad = true;
            break;
        }
    }

    if (--l->waiting == 0) {
        queue_end(l);
    }
}


/* --- pages --------------------------------------------------------------- */

static bool
page_ask(cx_look *l, const cx_http_req *req)
{
    const cx_http_opts  opts = {
        .connect_ms = 5000,
        .total_ms = PAGE_MS,
        .max_body = PAGE_BYTES,
    };

    l->call = cx_http_start(l->worker->http, req, &opts, on_page, l);
    return l->call != NULL;
}


static int64_t
retry_after_ms(const cx_http_res *res)
{
    int64_t  s = 0;

    if (!cx_str_to_i64(cx_http_header(res->headers, res->nheaders,
                                      CX_STR("retry-after"), NULL), &s)
        || s <= 0)
    {
        return 0;
    }

    return s < WAIT_MAX_MS / 1000 ? s * 1000 : WAIT_MAX_MS;
}


/* The response is gone after the callback, what was read of it is not. */
static cx_err
page_read(cx_look *l, const cx_dir_channel *ch, const cx_http_res *res,
    cx_http_req *next)
{
    cx_http_res      copy = *res;
    const cx_sender  from = cx_directory_sender(ch);

    copy.body = cx_dup(l->arena, res->body);

    return cx_arena_failed(l->arena)
           ? CX_NOMEM
           : ch->adapter->listed(&from, &copy, l->arena, &l->msgs, next);
}


static void
on_page(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    cx_err           err;
    cx_look         *l = ctx;
    cx_http_req      next = { .url = CX_NOSTR };
    cx_dir_channel  *ch = channel_of(l);

    l->call = NULL;

    if (end != CX_CALL_DONE || ch == NULL || l->worker->draining) {
        look_end(l, ch == NULL ? "the channel is no longer ours" : error, 0);
        return;
    }

    l->pages++;
    err = page_read(l, ch, res, &next);

    if (err != CX_OK) {
        look_end(l, err == CX_INVALID ? "the provider refuses"
                    : err == CX_IO ? "the provider says later"
                    : "the list cannot be read", retry_after_ms(res));
        return;
    }

    if (next.url.len > 0 && l->pages < PAGES_MAX) {
        if (!page_ask(l, &next)) {
            look_end(l, "cannot start the call", 0);
        }

        return;
    }

    queue_all(l, ch);
}


/* --- the beat ------------------------------------------------------------ */

static void
look_begin(cx_look *l, const cx_dir_channel *ch)
{
    cx_http_req      req;
    const int64_t    now = cx_now_ms();
    const cx_sender  from = cx_directory_sender(ch);
    int64_t          since = l->seen_ms > 0 ? l->seen_ms - OVERLAP_MS
                                            : now - LOOKBACK_MS;

    /* What came before there was a channel is somebody else's. */
    since = since > ch->row.created_at ? since : ch->row.created_at;

    l->arena = cx_arena_new(CX_BATCH_ARENA);
    if (l->arena == NULL) {
        return;
    }

    l->msgs = (cx_msgs) { .n = 0 };
    l->pages = 0;
    l->waiting = 0;
    l->fresh = 0;
    l->bad = false;
    l->unknown = false;
    l->began_ms = now;
    l->worker->handles++;

    if (ch->adapter->list(&from, since, l->arena, &req) != CX_OK
        || !page_ask(l, &req))
    {
        look_end(l, "cannot ask", 0);
    }
}


void
cx_reconcile_beat(cx_worker *w)
{
    if (w->draining || !cx_redis_up(w->redis)) {
        return;
    }

    for (size_t i = 0; i < w->dir.nchannels; i++) {
        const cx_dir_channel  *ch = &w->dir.channels[i];
        const cx_sender        from = cx_directory_sender(ch);
        cx_look               *l;

        if (!is_ours(w, ch) || interval_of(&from) == 0) {
            continue;
        }

        l = look_of(w, ch->row.id);

        if (l != NULL && l->arena == NULL && l->due_ms <= cx_now_ms()) {
            look_begin(l, ch);
        }
    }
}


void
cx_reconcile_stop(cx_worker *w)
{
    for (cx_look *l = w->looks; l != NULL; l = l->next) {
        if (l->call != NULL) {
            cx_call_cancel(l->call);
            l->call = NULL;
            look_end(l, "stopped", 0);
        }
    }
}


void
cx_reconcile_free(cx_worker *w)
{
    while (w->looks != NULL) {
        cx_look  *l = w->looks;

        w->looks = l->next;
        cx_arena_free(l->arena);
        free(l);
    }
}
