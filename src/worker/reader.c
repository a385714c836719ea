#include "worker/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define READ_BLOCK_MS    15000
#define READ_COUNT       "16"       /* entries of a stream; 64 streams */
#define READ_BATCHES     2          /* with the store at once, per lane */
#define CONVS_AHEAD      2048       /* in their quiet window, over the jobs */

static void reader_next(cx_reader *r);
static void reader_refresh(cx_reader *r);


bool
cx_reply_is_error(const redisReply *reply, const char *prefix)
{
    return reply->type == REDIS_REPLY_ERROR
           && strncmp(reply->str, prefix, strlen(prefix)) == 0;
}


/* --- the blocking read --------------------------------------------------- */

static bool
reader_has_room(const cx_reader *r)
{
    const cx_worker  *w = r->worker;
    const size_t      jobs = (size_t) w->conf->worker_jobs;

    if (r->batches >= READ_BATCHES || w->draining) {
        return false;
    }

    /* Statuses make no jobs; messages wait in Redis rather than here. */
    return r->lane == CX_LANE_ST
           || (w->thinking.waiting < jobs
               && w->nconvs < 2 * jobs + CONVS_AHEAD);
}


static cx_partition *
reader_partition(const cx_reader *r, const redisReply *key)
{
    cx_worker  *w = r->worker;

    for (unsigned i = 0; i < CX_PARTITIONS; i++) {
        if (w->part[i].lane[r->lane].len == key->len
            && memcmp(w->part[i].lane[r->lane].key, key->str, key->len) == 0)
        {
            return &w->part[i];
        }
    }

    return NULL;
}


static void
reader_replied(void *ctx, const redisReply *reply)
{
    cx_reader     *r = ctx;
    cx_worker     *w = r->worker;
    cx_partition  *p;

    r->reading = false;

    if (reply == NULL) {
        return;     /* the connection's state callback goes on */
    }

    if (cx_reply_is_error(reply, "NOGROUP")
        || cx_reply_is_error(reply, "UNBLOCKED"))
    {
        /* The next owner of one of them has ended our group there. */
        if (r->set != w->live_set) {
            reader_next(r);
            return;
        }

        cx_log(CX_LOG_WARN, "redis.group_missing",
               CX_FZ("error", reply->str));
        cx_partitions_read(w);
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        cx_log(CX_LOG_ERROR, "redis.read", CX_FZ("error", reply->str));
        return;     /* the beat starts it again */
    }

    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY
                       && i < reply->elements; i++)
    {
        const redisReply  *stream = reply->element[i];

        p = reader_partition(r, stream->element[0]);

        if (p != NULL && p->state == CX_PART_LIVE) {
            cx_take_entries(w, p->number, r->lane, stream->element[1]);

        } else if (p != NULL) {
            p->lane[r->lane].missed = true;     /* pending, if it is ours */
        }
    }

    reader_next(r);
}


static void
reader_next(cx_reader *r)
{
    cx_worker  *w = r->worker;
    cx_str      argv[10 + 2 * CX_PARTITIONS];
    int         argc = 0;
    size_t      n = 0;
    char        block[24];

    if (r->redis == NULL || r->reading || !cx_redis_up(r->redis)
        || !reader_has_room(r))
    {
        return;
    }

    (void) snprintf(block, sizeof(block), "%d", READ_BLOCK_MS);

    argv[argc++] = CX_STR("XREADGROUP");
    argv[argc++] = CX_STR("GROUP");
    argv[argc++] = cx_strz(r->group);
    argv[argc++] = CX_STR(CX_QUEUE_CONSUMER);
    argv[argc++] = CX_STR("COUNT");
    argv[argc++] = CX_STR(READ_COUNT);
    argv[argc++] = CX_STR("BLOCK");
    argv[argc++] = cx_strz(block);
    argv[argc++] = CX_STR("STREAMS");

    for (unsigned i = 0; i < CX_PARTITIONS; i++) {
        if (w->part[i].state == CX_PART_LIVE) {
            argv[argc++] = cx_lane_key(&w->part[i], r->lane);
            n++;
        }
    }

    if (n == 0) {
        return;
    }

    for (size_t i = 0; i < n; i++) {
        argv[argc++] = CX_STR(">");
    }

    r->reading = true;
    r->set = w->live_set;
    cx_redis_command(r->redis, argc, argv, READ_BLOCK_MS + CX_COMMAND_MS,
                     reader_replied, r);
}


static void reader_unblocked(void *ctx, const redisReply *reply);


/* Makes a blocked read come back: it waits for an old set of streams. */
static void
reader_unblock(cx_reader *r)
{
    char    id[24];
    cx_str  argv[] = { CX_STR("CLIENT"), CX_STR("UNBLOCK"), CX_NOSTR };

    if (r->kicked || r->client_id == 0) {
        return;     /* looked at again when that answer is there */
    }

    (void) snprintf(id, sizeof(id), "%lld", (long long) r->client_id);
    argv[2] = cx_strz(id);
    r->kicked = true;
    cx_redis_command(r->worker->redis, 3, argv, CX_COMMAND_MS,
                     reader_unblocked, r);
}


/* The two connections race: the read may have reached Redis after this, or
 * the set may have changed again since. */
static void
reader_refresh(cx_reader *r)
{
    if (!r->reading) {
        reader_next(r);

    } else if (r->set != r->worker->live_set) {
        reader_unblock(r);
    }
}


static void
reader_unblocked(void *ctx, const redisReply *reply)
{
    cx_reader  *r = ctx;

    (void) reply;
    r->kicked = false;

    if (cx_redis_up(r->worker->redis)) {
        reader_refresh(r);
    }
}


void
cx_readers_kick(cx_worker *w)
{
    w->live_set++;
    reader_refresh(&w->reader[CX_LANE_IN]);
    reader_refresh(&w->reader[CX_LANE_ST]);
}


void
cx_readers_room(cx_worker *w)
{
    reader_next(&w->reader[CX_LANE_IN]);
    reader_next(&w->reader[CX_LANE_ST]);
}


void
cx_reader_batch_done(cx_worker *w, cx_lane lane)
{
    w->reader[lane].batches--;
    reader_next(&w->reader[lane]);
}


/* --- connections --------------------------------------------------------- */

/* A read of the connection before this one may still be waiting at Redis. */
static void
reader_group(cx_reader *r)
{
    (void) snprintf(r->group, sizeof(r->group), "%s.%u", r->worker->owner,
                    r->connects++);
}


static void
reader_id(void *ctx, const redisReply *reply)
{
    cx_reader  *r = ctx;

    if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
        return;
    }

    r->client_id = reply->integer;
    reader_refresh(r);
}


static void
reader_state(void *ctx, bool up, const char *why)
{
    cx_reader  *r = ctx;
    cx_str      argv[] = { CX_STR("CLIENT"), CX_STR("ID") };

    (void) why;
    r->client_id = 0;

    if (!up) {
        return;
    }

    reader_group(r);
    cx_redis_command(r->redis, 2, argv, CX_COMMAND_MS, reader_id, r);

    if (cx_redis_up(r->worker->redis)) {
        cx_partitions_read(r->worker);
    }
}


static void
commands_state(void *ctx, bool up, const char *why)
{
    cx_worker  *w = ctx;

    if (up) {
        cx_log(CX_LOG_INFO, "redis.up", CX_FS("address",
               w->conf->redis_address));
        cx_redis_check(w);
        cx_partitions_read(w);

    } else {
        cx_log(CX_LOG_ERROR, "redis.down", CX_FZ("why", why));
    }

    w->stats.redis_up = up;
}


static cx_redis *
connection(cx_worker *w, cx_str password, cx_redis_state_fn fn, void *ctx)
{
    cx_redis  *r = cx_redis_new(w->loop, w->conf->redis_address,
                                w->conf->redis_user, password,
                                w->conf->redis_db, fn, ctx);

    if (r != NULL) {
        cx_redis_start(r);
    }

    return r;
}


void
cx_readers_init(cx_worker *w)
{
    cx_str  password = CX_NOSTR;
    char    error[256];

    if (w->conf->redis_password_file.len > 0
        && cx_secret_load(w->conf->redis_password_file, w->arena, &password,
                          error, sizeof(error)) != CX_OK)
    {
        cx_log(CX_LOG_ERROR, "redis.password", CX_FZ("error", error));
    }

    w->redis = connection(w, password, commands_state, w);

    for (int lane = CX_LANE_IN; lane <= CX_LANE_ST; lane++) {
        cx_reader  *r = &w->reader[lane];

        r->worker = w;
        r->lane = (cx_lane) lane;
        reader_group(r);
        r->redis = connection(w, password, reader_state, r);
    }
}


void
cx_readers_free(cx_worker *w)
{
    cx_redis_free(w->reader[CX_LANE_IN].redis);
    cx_redis_free(w->reader[CX_LANE_ST].redis);
    cx_redis_free(w->redis);
    w->redis = NULL;
    w->reader[CX_LANE_IN].redis = NULL;
    w->reader[CX_LANE_ST].redis = NULL;
}
