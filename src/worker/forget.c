#include "worker/engine.h"

#include "core/push.h"
#include "worker/gone.h"
#include "worker/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE         "500"
#define PAGE_N       500
#define WORK_ARENA   (64 * 1024 * 1024)
#define REWRITE_MS   (INT64_C(600) * 1000)
#define SHORT_PEER   5          /* such bytes stand in anything */
#define KEY_ROOM     (CX_QUEUE_PREFIX_MAX + 24)

/* Stream by stream, page by page; then the pages' streams; then files. */
typedef struct {
    cx_worker        *worker;
    const cx_erased  *erased;
    int64_t           erased_at;
    cx_forgotten_fn   done;
    void             *ctx;
    cx_arena         *arena;            /* of a page */
    uint64_t          partitions;       /* still to be looked through */
    int               lane;
    bool              quarantine;       /* is the one at hand */
    size_t            place;            /* next push stream */
    char              key[KEY_ROOM];
    size_t            key_len;
    char              from[48];
    bool              last;             /* page of this stream */
    cx_forgotten      what;
} forgetting;

static void next_stream(forgetting *f);
static void next_page(forgetting *f);


/* --- the append-only file ------------------------------------------------ */

static void
rewrite_begun(void *ctx, const redisReply *reply)
{
    (void) ctx;

    if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
        cx_log(CX_LOG_INFO, "redis.rewrite", CX_FZ("error", reply->str));
    }
}


/* What was in a stream stands in Redis' file until that is written anew.  A
 * user who may not ask for that leaves it to Redis' own time. */
void
cx_forget_beat(cx_worker *w)
{
    const cx_str   argv[] = { CX_STR("BGREWRITEAOF") };
    const int64_t  now = cx_now_ms();

    if (w->rewrite_asked && now >= w->rewritten_ms + REWRITE_MS) {
        w->rewrite_asked = false;
        w->rewritten_ms = now;
        cx_redis_command(w->redis, 1, argv, CX_COMMAND_MS, rewrite_begun,
                         NULL);
    }
}


/* --- the end ------------------------------------------------------------- */

static void
finish(void *ctx, int64_t files)
{
    forgetting    *f = ctx;
    cx_forgotten   what = f->what;
    cx_worker     *w = f->worker;

    what.files = files;
    cx_log(CX_LOG_INFO, "customer.forgotten", CX_FI("entries", what.entries),
           CX_FI("files", what.files), CX_FI("redis", what.redis));

    w->rewrite_asked = true;
    cx_forget_beat(w);
    f->done(f->ctx, &what);
    cx_arena_free(f->arena);
    free(f);
    w->handles--;
    cx_worker_check_drained(w);
}


static void
give_up(forgetting *f)
{
    f->what.redis = false;
    cx_gone_run(f->worker, finish, f);
}


/* --- what pages could still fetch ---------------------------------------- */

static void next_push(forgetting *f);


static void
push_dropped(void *ctx, const redisReply *reply)
{
    forgetting  *f = ctx;

    if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
        give_up(f);
        return;
    }

    f->what.entries += reply->integer;
    next_push(f);
}


static void
next_push(forgetting *f)
{
    char                    key[CX_PUSH_KEY_MAX], tag[CX_PUSH_TAG_LEN];
    const cx_erased_place  *p;

    if (f->place == f->erased->places.n) {
        cx_gone_run(f->worker, finish, f);
        return;
    }

    p = &f->erased->places.items[f->place++];

    if (!cx_push_tag(p->channel, p->peer, tag)) {
        give_up(f);
        return;
    }

    const size_t  len = cx_push_stream(key, f->worker->conf->redis_prefix,
                                       (cx_str) { sizeof(tag), tag });
    const cx_str  argv[] = { CX_STR("DEL"), { len, key } };

    cx_redis_command(f->worker->redis, 2, argv, CX_COMMAND_MS, push_dropped,
                     f);
}


/* --- whose an entry is --------------------------------------------------- */

static bool
is_theirs(const forgetting *f, cx_str channel, cx_str peer)
{
    for (size_t i = 0; peer.len > 0 && i < f->erased->places.n; i++) {
        if (cx_str_eq(f->erased->places.items[i].peer, peer)
            && cx_str_eq(f->erased->places.items[i].channel, channel))
        {
            return true;
        }
    }

    return false;
}


static bool
mentions(const forgetting *f, cx_str bytes)
{
    for (size_t i = 0; i < f->erased->places.n; i++) {
        const cx_str  peer = f->erased->places.items[i].peer;

        if (peer.len > SHORT_PEER && cx_str_find(bytes, peer) != SIZE_MAX) {
            return true;
        }
    }

    return false;
}


static bool
event_is_theirs(const forgetting *f, cx_str json)
{
    cx_msg  m = { .ts_ms = 0 };

    if (cx_msg_decode(json, f->arena, &m) != CX_OK) {
        return mentions(f, json);
    }

    return is_theirs(f, m.channel, m.peer)
           || is_theirs(f, m.channel, m.peer_alt);
}


/* What came after the erasure is of somebody new. */
static bool
is_older(const forgetting *f, const redisReply *id)
{
    cx_str   rest = { id->len, id->str }, ms;
    int64_t  at;

    (void) cx_str_split(&rest, '-', &ms);
    return cx_str_to_i64(ms, &at) && at <= f->erased_at;
}


static bool
entry_is_theirs(const forgetting *f, const redisReply *entry)
{
    const redisReply  *fields;

    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2
        || !is_older(f, entry->element[0]))
    {
        return false;
    }

    fields = entry->element[1];

    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        const redisReply  *name = fields->element[i];
        const redisReply  *value = fields->element[i + 1];
        const cx_str       v = { value->len, value->str };

        if (name->len == 1 && name->str[0] == (f->quarantine ? 'b' : 'e')) {
            return f->quarantine ? mentions(f, v) : event_is_theirs(f, v);
        }
    }

    return false;
}


/* --- streams ------------------------------------------------------------- */

static void
after_page(forgetting *f)
{
    if (f->last) {
        next_stream(f);

    } else {
        next_page(f);
    }
}


static void
entries_dropped(void *ctx, const redisReply *reply)
{
    forgetting  *f = ctx;

    if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
        give_up(f);
        return;
    }

    f->what.entries += reply->integer;
    after_page(f);
}


/* Whoever has read one already meets the mark of the erasure. */
static void
drop(forgetting *f, const redisReply *page)
{
    cx_str  *argv = CX_NEW_N(f->arena, page->elements + 2, cx_str);
    size_t   n = 2;

    for (size_t i = 0; argv != NULL && i < page->elements; i++) {
        if (entry_is_theirs(f, page->element[i])) {
            const redisReply  *id = page->element[i]->element[0];

            argv[n++] = (cx_str) { id->len, id->str };
        }
    }

    if (cx_arena_failed(f->arena)) {
        give_up(f);
        return;
    }

    if (n == 2) {
        after_page(f);
        return;
    }

    argv[0] = CX_STR("XDEL");
    argv[1] = (cx_str) { f->key_len, f->key };
    cx_redis_command(f->worker->redis, (int) n, argv, CX_COMMAND_MS,
                     entries_dropped, f);
}


static void
on_page(void *ctx, const redisReply *reply)
{
    forgetting        *f = ctx;
    const redisReply  *newest;

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY) {
        give_up(f);
        return;
    }

    cx_arena_reset(f->arena);
    f->last = reply->elements < PAGE_N;

    if (reply->elements > 0) {
        newest = reply->element[reply->elements - 1]->element[0];
        (void) snprintf(f->from, sizeof(f->from), "(%.*s",
                        (int) newest->len, newest->str);
    }

    drop(f, reply);
}


static void
next_page(forgetting *f)
{
    const cx_str  argv[] = {
        CX_STR("XRANGE"), { f->key_len, f->key }, cx_strz(f->from),
        CX_STR("+"), CX_STR("COUNT"), CX_STR(PAGE),
    };

    cx_redis_command(f->worker->redis, sizeof(argv) / sizeof(argv[0]), argv,
                     CX_COMMAND_MS, on_page, f);
}


static void
next_stream(forgetting *f)
{
    const cx_str  prefix = f->worker->conf->redis_prefix;
    unsigned      p = 0;

    (void) snprintf(f->from, sizeof(f->from), "-");

    while (p < CX_PARTITIONS && (f->partitions >> p & 1) == 0) {
        p++;
    }

    if (p < CX_PARTITIONS) {
        f->key_len = cx_queue_stream(f->key, prefix, p,
                                     f->lane == 0 ? CX_LANE_IN : CX_LANE_ST);
        f->partitions &= ~((uint64_t) (f->lane == 1) << p);
        f->lane = 1 - f->lane;

    } else if (!f->quarantine) {
        f->quarantine = true;
        f->key_len = cx_queue_quarantine(f->key, prefix);

    } else {
        next_push(f);
        return;
    }

    next_page(f);
}


/* --- beginning ----------------------------------------------------------- */

static void
forget_jobs(cx_worker *w, const cx_erased *e)
{
    for (size_t i = 0; i < e->places.n; i++) {
        cx_conv  *c = cx_conv_find(w, e->places.items[i].conversation_id);

        if (c != NULL) {
            cx_conv_forget(c);
        }

        cx_summary_forget(w, e->places.items[i].conversation_id);
    }
}


bool
cx_worker_forget(cx_worker *w, const cx_erased *e, int64_t erased_at,
    cx_forgotten_fn done, void *ctx)
{
    forgetting  *f = calloc(1, sizeof(*f));

    forget_jobs(w, e);

    if (f == NULL || (f->arena = cx_arena_new(WORK_ARENA)) == NULL) {
        free(f);
        return false;
    }

    f->worker = w;
    f->erased = e;
    f->erased_at = erased_at;
    f->done = done;
    f->ctx = ctx;
    f->what.redis = true;

    for (size_t i = 0; i < e->places.n; i++) {
        f->partitions |= UINT64_C(1) << (e->places.items[i].partition
                                         % CX_PARTITIONS);
    }

    w->handles++;
    next_stream(f);
    return true;
}
