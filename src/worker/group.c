#include "worker/engine.h"

#include <stdio.h>
#include <stdlib.h>


#define PENDING_COUNT  "64"

/*
 * Whoever reads has a consumer group of its own in every stream: a worker's
 * connection, named after both.  It begins at the first entry, since what is
 * in a stream is not in the database yet, or is recognized there.
 *
 * A read may outlive the right to read: its worker stands still, or lost the
 * connection, or the partition is another one's by now.  What it swallows
 * then, it swallows from its own group; the next one has it still, in its
 * place.  So a partition is taken over without waiting for any former reader
 * and without stopping it.
 */

/* A call about one lane of one partition. */
typedef struct {
    cx_partition  *part;
    cx_lane        lane;
    uint64_t       pass;
} lane_call;


static void lane_pending(cx_partition *p, cx_lane lane);


cx_str
cx_lane_key(const cx_partition *p, cx_lane lane)
{
    return (cx_str) { p->lane[lane].len, p->lane[lane].key };
}


static cx_str
lane_group(const cx_partition *p, cx_lane lane)
{
    return cx_strz(p->worker->reader[lane].group);
}


static void
lane_command(cx_partition *p, cx_lane lane, int argc, const cx_str *argv,
    cx_redis_fn fn)
{
    lane_call  *c = malloc(sizeof(*c));

    if (c == NULL) {
        cx_partition_reread(p->worker, p->number);
        return;
    }

    *c = (lane_call) { .part = p, .lane = lane, .pass = p->pass };
    cx_redis_command(p->worker->redis, argc, argv, CX_COMMAND_MS, fn, c);
}


/* False when the partition went away, or Redis did, while we asked. */
static bool
lane_call_take(lane_call *c, lane_call *out)
{
    *out = *c;
    free(c);

    return out->part->state == CX_PART_PENDING
           && out->part->pass == out->pass;
}


/* --- what was delivered to us and is not taken --------------------------- */

static void
lane_from_start(cx_partition *p, cx_lane lane)
{
    p->lane[lane].missed = false;
    (void) snprintf(p->lane[lane].pending_id,
                    sizeof(p->lane[lane].pending_id), "0");
    lane_pending(p, lane);
}


static void
lane_live(cx_partition *p, cx_lane lane)
{
    if (p->lane[lane].missed) {
        lane_from_start(p, lane);

    } else if (p->lanes_left > 0 && --p->lanes_left == 0) {
        cx_partition_set(p, CX_PART_LIVE);
        cx_readers_kick(p->worker);
    }
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
        cx_partition_reread(c.part->worker, c.part->number);
        return;
    }

    stream = reply->type == REDIS_REPLY_ARRAY && reply->elements == 1
             ? reply->element[0] : NULL;
    entries = stream != NULL && stream->elements == 2
              ? stream->element[1] : NULL;

    if (entries == NULL || entries->elements == 0) {
        lane_live(c.part, c.lane);
        return;
    }

    last = entries->element[entries->elements - 1]->element[0];
    (void) snprintf(c.part->lane[c.lane].pending_id,
                    sizeof(c.part->lane[c.lane].pending_id), "%.*s",
                    (int) last->len, last->str);

    cx_take_entries(w, c.part->number, c.lane, entries);

    if (c.part->pass == c.pass) {       /* it was taken */
        lane_pending(c.part, c.lane);
    }
}


static void
lane_pending(cx_partition *p, cx_lane lane)
{
    cx_str  argv[] = {
        CX_STR("XREADGROUP"), CX_STR("GROUP"), lane_group(p, lane),
        CX_STR(CX_QUEUE_CONSUMER), CX_STR("COUNT"), CX_STR(PENDING_COUNT),
        CX_STR("STREAMS"), cx_lane_key(p, lane),
        cx_strz(p->lane[lane].pending_id),
    };

    lane_command(p, lane, sizeof(argv) / sizeof(argv[0]), argv,
                 pending_read);
}


/* --- the group ----------------------------------------------------------- */

static void
group_created(void *ctx, const redisReply *reply)
{
    lane_call  c;

    if (!lane_call_take(ctx, &c) || reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR
        && !cx_reply_is_error(reply, "BUSYGROUP"))
    {
        cx_log(CX_LOG_ERROR, "redis.group", CX_FZ("error", reply->str),
               CX_FI("partition", c.part->number));
        cx_partition_reread(c.part->worker, c.part->number);
        return;
    }

    lane_from_start(c.part, c.lane);
}


static void
group_create(cx_partition *p, cx_lane lane)
{
    cx_str  argv[] = {
        CX_STR("XGROUP"), CX_STR("CREATE"), cx_lane_key(p, lane),
        lane_group(p, lane), CX_STR("0"), CX_STR("MKSTREAM"),
    };

    lane_command(p, lane, sizeof(argv) / sizeof(argv[0]), argv,
                 group_created);
}


/* --- groups of former owners --------------------------------------------- */

static void
group_destroyed(void *ctx, const redisReply *reply)
{
    (void) ctx;
    (void) reply;       /* it only holds memory: the next owner's business */
}


/* One of XINFO's lists of names and values; empty: it has no name. */
static cx_str
group_name(const redisReply *group)
{
    for (size_t i = 0; i + 1 < group->elements; i += 2) {
        const redisReply  *name = group->element[i];
        const redisReply  *value = group->element[i + 1];

        if (name->str != NULL && value->type == REDIS_REPLY_STRING
            && cx_str_eq(cx_strz(name->str), CX_STR("name")))
        {
            return (cx_str) { value->len, value->str };
        }
    }

    return CX_NOSTR;
}


static void
groups_listed(void *ctx, const redisReply *reply)
{
    lane_call   c = *(lane_call *) ctx;
    cx_worker  *w = c.part->worker;

    free(ctx);

    /* Who lost it meanwhile might end the group of the next one. */
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY
        || c.part->pass != c.pass || c.part->state == CX_PART_NONE)
    {
        return;
    }

    for (size_t i = 0; i < reply->elements; i++) {
        const cx_str  name = group_name(reply->element[i]);
        cx_str        argv[] = {
            CX_STR("XGROUP"), CX_STR("DESTROY"),
            cx_lane_key(c.part, c.lane), name,
        };

        if (name.len > 0 && !cx_str_eq(name, lane_group(c.part, c.lane))) {
            cx_redis_command(w->redis, 4, argv, CX_COMMAND_MS,
                             group_destroyed, NULL);
        }
    }
}


static void
groups_clean(cx_partition *p, cx_lane lane)
{
    cx_str  argv[] = {
        CX_STR("XINFO"), CX_STR("GROUPS"), cx_lane_key(p, lane),
    };

    lane_command(p, lane, sizeof(argv) / sizeof(argv[0]), argv,
                 groups_listed);
}


/* --- a partition --------------------------------------------------------- */

void
cx_partition_read(cx_worker *w, unsigned number)
{
    cx_partition  *p = &w->part[number];

    cx_partition_set(p, CX_PART_PENDING);
    p->pass++;
    p->lanes_left = 0;

    /* After a failure nothing may overtake what failed: first all we have of
     * it comes back from the store. */
    p->waiting = p->batches > 0;
    if (p->waiting) {
        return;
    }

    p->failed = false;
    p->lanes_left = 2;

    for (int lane = CX_LANE_IN; lane <= CX_LANE_ST; lane++) {
        group_create(p, (cx_lane) lane);
        groups_clean(p, (cx_lane) lane);
    }
}


void
cx_partition_reread(cx_worker *w, unsigned number)
{
    cx_partition  *p = &w->part[number];

    if (p->state == CX_PART_LIVE || p->state == CX_PART_PENDING) {
        cx_partition_set(p, CX_PART_PENDING);
        p->pass++;
        p->lanes_left = 0;
        p->waiting = false;
    }
}


void
cx_partitions_read(cx_worker *w)
{
    for (unsigned i = 0; i < CX_PARTITIONS; i++) {
        if (w->part[i].state == CX_PART_LIVE
            || w->part[i].state == CX_PART_PENDING)
        {
            cx_partition_read(w, i);
        }
    }
}
