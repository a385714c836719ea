#include "worker/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define READ_BLOCK_MS    15000
#define READ_COUNT       "16"       /* entries of a stream; 64 streams */
#define READ_BATCHES     2          /* with the store at once, per lane */
#define COMMAND_MS       5000
#define CONVS_AHEAD      2048       /* in their quiet window, over the jobs */

/* A call about one lane of one partition. */
typedef struct {
    cx_partition  *part;
    cx_lane        lane;
    int64_t        epoch;
} lane_call;


static void reader_next(cx_reader *r);
static void reader_refresh(cx_reader *r);
static void lane_pending(cx_partition *p, cx_lane lane);


static cx_str
lane_key(const cx_partition *p, cx_lane lane)
{
    return (cx_str) { p->lane[lane].len, p->lane[lane].key };
}


/* --- a new partition: its group, then what its last owner did not finish - */

static lane_call *
lane_call_new(cx_partition *p, cx_lane lane)
{
    lane_call  *c = malloc(sizeof(*c));

    if (c != NULL) {
        *c = (lane_call) { .part = p, .lane = lane, .epoch = p->epoch };
    }

    return c;
}


/* False when the partition went away, or Redis did, while we asked. */
static bool
lane_call_take(lane_call *c, lane_call *out)
{
    *out = *c;
    free(c);

    return out->part->state == CX_PART_PENDING
           && out->part->epoch == out->epoch;
}


static bool
reply_is_error(const redisReply *reply, const char *prefix)
{
    return reply->type == REDIS_REPLY_ERROR
           && strncmp(reply->str, prefix, strlen(prefix)) == 0;
}


static void
lane_live(cx_partition *p)
{
    if (--p->lanes_left > 0) {
        return;
    }

    p->state = CX_PART_LIVE;
    cx_readers_kick(p->worker);
}


static void
pending_read(void *ctx, const redisReply *reply)
{
    const redisReply  *stream, *entries, *last;
    lane_call          c;
    cx_worker         *w;

    if (!lane_call_take(ctx, &c) || reply == NULL) {
        return;     /* Redis coming back starts it again */
    }

    w = c.part->worker;

    if (reply->type == REDIS_REPLY_ERROR) {
        cx_log(CX_LOG_ERROR, "redis.pending", CX_FZ("error", reply->str),
               CX_FI("partition", c.part->number));
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 1) {
        lane_live(c.part);
        return;
    }

    stream = reply->element[0];
    entries = stream->elements == 2 ? stream->element[1] : NULL;

    if (entries == NULL || entries->elements == 0) {
        lane_live(c.part);
        return;
    }

    last = entries->element[entries->elements - 1]->element[0];
    (void) snprintf(c.part->lane[c.lane].pending_id,
                    sizeof(c.part->lane[c.lane].pending_id), "%.*s",
                    (int) last->len, last->str);

    cx_take_entries(w, c.part->number, c.lane, entries);
    lane_pending(c.part, c.lane);
}


static void
lane_pending(cx_partition *p, cx_lane lane)
{
    cx_str      argv[] = {
        CX_STR("XREADGROUP"), CX_STR("GROUP"), CX_STR(CX_QUEUE_GROUP),
        CX_STR(CX_QUEUE_CONSUMER), CX_STR("COUNT"), CX_STR("64"),
        CX_STR("STREAMS"), lane_key(p, lane),
        cx_strz(p->lane[lane].pending_id),
    };
    lane_call  *c = lane_call_new(p, lane);

    if (c != NULL) {
        cx_redis_command(p->worker->redis, sizeof(argv) / sizeof(argv[0]),
                         argv, COMMAND_MS, pending_read, c);
    }
}


static void
group_created(void *ctx, const redisReply *reply)
{
    lane_call  c;

    if (!lane_call_take(ctx, &c) || reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR
        && !reply_is_error(reply, "BUSYGROUP"))
    {
        cx_log(CX_LOG_ERROR, "redis.group", CX_FZ("error", reply->str),
               CX_FI("partition", c.part->number));
        return;
    }

    (void) snprintf(c.part->lane[c.lane].pending_id,
                    sizeof(c.part->lane[c.lane].pending_id), "0");
    lane_pending(c.part, c.lane);
}


void
cx_reader_partition(cx_worker *w, unsigned number)
{
    cx_partition  *p = &w->part[number];

    p->lanes_left = 2;

    for (int lane = CX_LANE_IN; lane <= CX_LANE_ST; lane++) {
        cx_str      argv[] = {
            CX_STR("XGROUP"), CX_STR("CREATE"),
            lane_key(p, (cx_lane) lane), CX_STR(CX_QUEUE_GROUP), CX_STR("0"),
            CX_STR("MKSTREAM"),
        };
        lane_call  *c = lane_call_new(p, (cx_lane) lane);

        if (c != NULL) {
            cx_redis_command(w->redis, sizeof(argv) / sizeof(argv[0]), argv,
                             COMMAND_MS, group_created, c);
        }
    }
}


void
cx_partition_reread(cx_worker *w, unsigned number)
{
    /* The next beat takes it up: the store gets time to recover. */
    if (w->part[number].state == CX_PART_LIVE) {
        w->part[number].state = CX_PART_PENDING;
        w->part[number].lanes_left = 0;
    }
}


/* Everything anew: the connection broke (replies may be lost between Redis
 * and us: they are pending), or a group is gone. */
static void
partitions_reread(cx_worker *w)
{
    for (unsigned i = 0; i < CX_PARTITIONS; i++) {
        if (w->part[i].state == CX_PART_LIVE
            || w->part[i].state == CX_PART_PENDING)
        {
            w->part[i].state = CX_PART_PENDING;
            cx_reader_partition(w, i);
        }
    }
}


/* --- what a read of somebody else swallowed ------------------------------ */

/*
 * A blocked read outlives its worker's lease: of one that stands still, or
 * whose unblocking comes late.  What it swallows is pending, and nobody reads
 * that but a new owner.  So the owner looks at every beat; what is still the
 * oldest one at the next look is taken up.  What is only slow here comes back
 * as a duplicate, which is harmless.
 */
static void
pending_seen(void *ctx, const redisReply *reply)
{
    lane_call      c = *(lane_call *) ctx;
    cx_partition  *p = c.part;
    const char    *oldest = "";
    char          *last = p->lane[c.lane].oldest_id;

    free(ctx);

    if (p->state != CX_PART_LIVE || p->epoch != c.epoch || reply == NULL
        || reply->type != REDIS_REPLY_ARRAY || reply->elements < 2)
    {
        return;
    }

    if (reply->element[1]->type == REDIS_REPLY_STRING) {
        oldest = reply->element[1]->str;
    }

    if (oldest[0] != '\0' && strcmp(oldest, last) == 0) {
        cx_log(CX_LOG_WARN, "redis.stranded", CX_FI("partition", p->number),
               CX_FI("n", reply->element[0]->integer));
        last[0] = '\0';
        p->state = CX_PART_PENDING;
        cx_reader_partition(p->worker, p->number);
        return;
    }

    (void) snprintf(last, sizeof(p->lane[c.lane].oldest_id), "%s", oldest);
}


void
cx_readers_check(cx_worker *w, bool others)
{
    /* A worker alone has to fear only what was blocking before it came: an
     * idle one leaves Redis alone. */
    const int64_t  young = cx_now_ms() - 3 * READ_BLOCK_MS;

    for (unsigned i = 0; i < 2 * CX_PARTITIONS; i++) {
        cx_partition  *p = &w->part[i / 2];
        const cx_lane  lane = i % 2 == 0 ? CX_LANE_IN : CX_LANE_ST;
        cx_str         argv[] = {
            CX_STR("XPENDING"), lane_key(p, lane), CX_STR(CX_QUEUE_GROUP),
        };
        lane_call     *c = NULL;

        if (p->state == CX_PART_LIVE && (others || p->since > young)) {
            c = lane_call_new(p, lane);
        }

        if (c != NULL) {
            cx_redis_command(w->redis, sizeof(argv) / sizeof(argv[0]), argv,
                             COMMAND_MS, pending_seen, c);
        }
    }
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

    if (reply_is_error(reply, "NOGROUP")
        || reply_is_error(reply, "UNBLOCKED"))
    {
        cx_log(CX_LOG_WARN, "redis.group_missing",
               CX_FZ("error", reply->str));
        partitions_reread(w);
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

        /* Entries of a partition just lost stay pending for its owner. */
        if (p != NULL && p->state == CX_PART_LIVE) {
            cx_take_entries(w, p->number, r->lane, stream->element[1]);
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
    argv[argc++] = CX_STR(CX_QUEUE_GROUP);
    argv[argc++] = CX_STR(CX_QUEUE_CONSUMER);
    argv[argc++] = CX_STR("COUNT");
    argv[argc++] = CX_STR(READ_COUNT);
    argv[argc++] = CX_STR("BLOCK");
    argv[argc++] = cx_strz(block);
    argv[argc++] = CX_STR("STREAMS");

    for (unsigned i = 0; i < CX_PARTITIONS; i++) {
        if (w->part[i].state == CX_PART_LIVE) {
            argv[argc++] = lane_key(&w->part[i], r->lane);
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
    cx_redis_command(r->redis, argc, argv, READ_BLOCK_MS + COMMAND_MS,
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
    cx_redis_command(r->worker->redis, 3, argv, COMMAND_MS, reader_unblocked,
                     r);
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

    cx_redis_command(r->redis, 2, argv, COMMAND_MS, reader_id, r);

    if (cx_redis_up(r->worker->redis)) {
        partitions_reread(r->worker);
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
        partitions_reread(w);

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
