#include "worker/engine.h"

#include "core/json.h"

#include <stdlib.h>
#include <string.h>


/*
 * A batch is what one XREADGROUP brought for one lane of one partition. It is
 * one store job: all of it in one transaction with whatever else waits. Only
 * after the commit do its entries leave Redis.
 */

typedef struct {
    cx_str         entry;        /* stream id */
    cx_str         json;
    cx_msg         msg;
    cx_err         parsed;       /* not CX_OK: a dead letter */
    int64_t        id;           /* of that dead letter, or audit row; or of
                                  * the attachment */
    cx_take        take;
    cx_taken       taken;
    cx_status_in   status;
    cx_status_out  after;
    enum {
        ITEM_GONE,               /* deleted already: only to be acked */
        ITEM_DEAD,
        ITEM_TAKE,
        ITEM_STATUS,
        ITEM_NOTE                /* recorded in the audit, nothing to do */
    }              kind;
} take_item;

typedef struct cx_take_batch_s  take_batch;

struct cx_take_batch_s {
    cx_db_job    job;
    cx_worker   *worker;
    cx_arena    *arena;
    cx_fence     fence;
    cx_lane      lane;
    size_t       n;
    take_item   *items;
    take_batch  *next;           /* waits for the directory */
};


/* --- what an event is ---------------------------------------------------- */

/* Message contents that get no answer of their own. */
static bool
content_is_silent(cx_str content)
{
    static const cx_str  silent[] = {
        CX_STR_INIT("reaction"), CX_STR_INIT("system"),
        CX_STR_INIT("unsupported"), CX_STR_INIT("edit"),
        CX_STR_INIT("revoke"), CX_STR_INIT("unknown"),
    };

    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
        if (cx_str_eq(content, silent[i])) {
            return true;
        }
    }

    return false;
}


/* The parts of an event that have no column of their own. */
static cx_str
take_meta(cx_arena *a, const cx_msg *m)
{
    cx_json_writer  w;
    cx_buf          b;

    if (m->payload.len + m->media_id.len + m->media_url.len + m->extra.len
        + m->referral.len + m->group.len == 0)
    {
        return CX_NOSTR;
    }

    cx_buf_init(&b, a, 256, CX_BATCH_ARENA);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');

#define MEMBER(field, put)                                                   \
    if (m->field.len > 0) {                                                  \
        cx_json_name(&w, CX_STR(#field));                                    \
        put(&w, m->field);                                                   \
    }

    MEMBER(payload, cx_json_put_str)
    MEMBER(media_id, cx_json_put_str)
    MEMBER(media_url, cx_json_put_str)
    MEMBER(media_mime, cx_json_put_str)
    MEMBER(media_sha256, cx_json_put_str)
    MEMBER(media_name, cx_json_put_str)
    MEMBER(group, cx_json_put_str)
    MEMBER(extra, cx_json_put_raw)
    MEMBER(referral, cx_json_put_raw)

#undef MEMBER

    cx_json_end(&w, '}');
    return cx_buf_str(&b);
}


static void
item_take(take_batch *b, take_item *it, const cx_dir_channel *ch)
{
    cx_worker  *w = b->worker;
    cx_take    *t = &it->take;

    it->kind = ITEM_TAKE;

    t->fence = b->fence;
    t->msg = &it->msg;
    t->channel_id = ch->row.id;
    t->agent_id = ch->row.agent_id;
    t->meta = take_meta(b->arena, &it->msg);
    t->now_ms = cx_now_ms();
    t->quiet_ms = w->conf->worker_quiet_ms;
    t->cap_ms = w->conf->worker_quiet_cap_ms;

    for (size_t i = 0; i < 4; i++) {
        t->new_id[i] = cx_worker_new_id(w);
    }

    if (!ch->row.active) {
        t->ignore = CX_STR("channel_inactive");

    } else if (!cx_str_eq(it->msg.kind, CX_STR("message"))) {
        t->ignore = it->msg.kind;

    } else if (it->msg.group.len > 0) {
        t->ignore = CX_STR("group");

    } else if (content_is_silent(it->msg.content)) {
        t->ignore = it->msg.content;
    }
}


static void
item_route(take_batch *b, take_item *it)
{
    const cx_dir_channel  *ch;

    ch = cx_directory_account(b->worker, it->msg.type, it->msg.account);

    if (cx_str_eq(it->msg.kind, CX_STR("account"))) {
        it->kind = ITEM_NOTE;

    } else if (ch == NULL) {
        it->kind = ITEM_DEAD;
        it->parsed = CX_UNKNOWN_CHANNEL;

    } else if (cx_str_eq(it->msg.kind, CX_STR("status"))) {
        it->kind = ITEM_STATUS;
        it->status.msg = &it->msg;
        it->status.channel_id = ch->row.id;
        it->status.now_ms = cx_now_ms();

    } else {
        item_take(b, it, ch);
    }
}


/* Fields of an entry: v <version> e <json>. */
static void
item_read(take_batch *b, take_item *it, const redisReply *fields)
{
    int64_t  version = 0;

    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        const redisReply  *name = fields->element[i];
        const redisReply  *value = fields->element[i + 1];
        cx_str             v = { value->len, value->str };

        if (name->len == 1 && name->str[0] == 'v') {
            (void) cx_str_to_i64(v, &version);

        } else if (name->len == 1 && name->str[0] == 'e') {
            it->json = cx_dup(b->arena, v);
        }
    }

    if (version > CX_MSG_VERSION) {
        it->parsed = CX_VERSION;

    } else if (version <= 0) {
        it->parsed = CX_MALFORMED;

    } else {
        it->parsed = cx_msg_decode(it->json, b->arena, &it->msg);
    }
}


static void
item_init(take_batch *b, take_item *it, const redisReply *entry)
{
    const redisReply  *id = entry->element[0];
    const redisReply  *fields = entry->element[1];

    it->entry = cx_dup(b->arena, (cx_str) { id->len, id->str });

    /* Deleted but still pending: a crash came between XDEL and XACK. */
    if (fields->type != REDIS_REPLY_ARRAY) {
        it->kind = ITEM_GONE;
        return;
    }

    it->id = cx_worker_new_id(b->worker);
    item_read(b, it, fields);

    if (it->parsed == CX_OK) {
        item_route(b, it);

    } else {
        it->kind = ITEM_DEAD;
    }
}


/* --- with the store ------------------------------------------------------ */

static bool
item_has_media(const take_item *it)
{
    return it->kind == ITEM_TAKE && !it->taken.duplicate
           && (it->msg.media_id.len > 0 || it->msg.media_url.len > 0);
}


static cx_err
item_media(const cx_store_ops *ops, cx_store *s, const take_item *it)
{
    const cx_media_row  row = {
        .id = it->id,
        .message_id = it->taken.message_id,
        .channel_id = it->take.channel_id,
        .partition = it->taken.partition,
        .ref_id = it->msg.media_id,
        .ref_url = it->msg.media_url,
        .name = it->msg.media_name,
        .mime = it->msg.media_mime,
        .created_at = it->take.now_ms,
    };

    return ops->media_add(s, &row);
}


static cx_err
item_run(const cx_store_ops *ops, cx_store *s, take_batch *b, take_item *it)
{
    cx_err       err;
    cx_dead_row  dead = {
        .id = it->id,
        .kind = CX_STR("event"),
        .channel = it->msg.channel,
        .reason = cx_strz(cx_err_word(it->parsed)),
        .text = cx_strz(cx_err_text(it->parsed)),
        .body = it->json,
        .partition = b->fence.partition,
        .state = CX_STR("dead"),
        .created_at = cx_now_ms(),
    };

    switch (it->kind) {

    case ITEM_TAKE:
        err = ops->take(s, &it->take, &it->taken);
        return err == CX_OK && item_has_media(it) ? item_media(ops, s, it)
                                                  : err;

    case ITEM_STATUS:
        return ops->status(s, &it->status, &it->after);

    case ITEM_DEAD:
        return ops->event_dead(s, &dead);

    case ITEM_NOTE:
        return ops->audit(s, it->id, CX_STR("provider"), it->msg.content,
                          it->msg.account, cx_now_ms());

    case ITEM_GONE:
        break;
    }

    return CX_OK;
}


static cx_err
batch_run(const cx_store_ops *ops, cx_store *s, cx_db_job *job)
{
    take_batch  *b = (take_batch *) job;
    cx_err       err;

    if (CX_FP_FAILS("take.run")) {
        return CX_IO;
    }

    for (size_t i = 0; i < b->n; i++) {
        err = item_run(ops, s, b, &b->items[i]);

        if (err != CX_OK && err != CX_FENCED && err != CX_IO) {
            /* This one will never fit: it must not block the others. */
            b->items[i].kind = ITEM_DEAD;
            b->items[i].parsed = err;
            err = item_run(ops, s, b, &b->items[i]);
        }

        if (err != CX_OK) {
            return err;     /* none of it leaves Redis */
        }
    }

    return CX_OK;
}


/* --- after the commit ---------------------------------------------------- */

static void
ack_replied(void *ctx, const redisReply *reply)
{
    /* Lost or refused: the entries stay pending, and are duplicates then. */
    (void) ctx;

    if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
        cx_log(CX_LOG_WARN, "redis.ack", CX_FZ("error", reply->str));
    }
}


static void
batch_ack(take_batch *b)
{
    cx_partition  *p = &b->worker->part[b->fence.partition];
    const char    *group = b->worker->reader[b->lane].group;
    cx_str        *argv = CX_NEW_N(b->arena, b->n + 3, cx_str);

    if (argv == NULL) {
        return;     /* until the next owner: duplicates then */
    }

    argv[0] = CX_STR("XDEL");
    argv[1] = cx_lane_key(p, b->lane);

    for (size_t i = 0; i < b->n; i++) {
        argv[2 + i] = b->items[i].entry;
    }

    cx_redis_command(b->worker->redis, (int) b->n + 2, argv, 0,
                     ack_replied, NULL);

    /* XDEL first: an entry that was acked but not deleted would stay for
     * ever, one that was deleted but not acked is cleaned up as ITEM_GONE. */
    argv[0] = CX_STR("XACK");

    for (size_t i = b->n; i-- > 0; ) {
        argv[3 + i] = b->items[i].entry;
    }

    argv[2] = cx_strz(group);
    cx_redis_command(b->worker->redis, (int) b->n + 3, argv, 0,
                     ack_replied, NULL);
}


static void
item_taken(cx_worker *w, const take_item *it)
{
    const cx_taken  *t = &it->taken;
    cx_conv         *c;

    if (t->duplicate) {
        w->stats.duplicates++;
        return;
    }

    w->stats.taken++;

    if (item_has_media(it)) {
        cx_media_kick(w);
    }

    cx_log(CX_LOG_INFO, "take", CX_FS("event", it->msg.event),
           CX_FID("conversation", "cv", t->conversation_id),
           CX_FID("turn", "tn", t->turn_id), CX_FS("content", it->msg.content),
           CX_FS("ignored", it->take.ignore));

    /* A conversation that another worker runs: its sweep finds the turn. */
    if (t->turn_id == 0 || !cx_partition_ours(w, t->partition)) {
        return;
    }

    c = cx_conv_get(w, t->conversation_id, t->partition);
    if (c != NULL) {
        cx_conv_turn(c, t->turn_id, t->inputs, t->deadline);
    }
}


static void
item_status(cx_worker *w, const take_item *it)
{
    cx_conv  *c;

    w->stats.statuses++;

    if (!it->after.known || !it->after.changed) {
        return;
    }

    cx_log(CX_LOG_DEBUG, "status", CX_FS("event", it->msg.event),
           CX_FID("message", "ms", it->after.message_id),
           CX_FS("state", it->msg.content),
           CX_FI("proof", it->after.was_ambiguous));

    c = cx_conv_find(w, it->after.conversation_id);
    if (c != NULL && it->after.was_ambiguous) {
        cx_conv_out_done(c, it->after.message_id);
    }
}


static void
batch_done(cx_db_job *job, cx_err err)
{
    take_batch  *b = (take_batch *) job;
    cx_worker   *w = b->worker;

    if (err == CX_OK) {
        CX_FP("take.after");
        batch_ack(b);

        for (size_t i = 0; i < b->n; i++) {
            switch (b->items[i].kind) {

            case ITEM_TAKE:
                item_taken(w, &b->items[i]);
                break;

            case ITEM_STATUS:
                item_status(w, &b->items[i]);
                break;

            case ITEM_DEAD:
                w->stats.dead++;
                cx_log(CX_LOG_ERROR, "event.dead",
                       CX_FS("event", b->items[i].msg.event),
                       CX_FS("entry", b->items[i].entry),
                       CX_FZ("reason", cx_err_word(b->items[i].parsed)));
                break;

            default:
                break;
            }
        }

    } else if (err == CX_FENCED) {
        /* It may be ours again, of a later epoch. */
        if (w->part[b->fence.partition].epoch == b->fence.epoch) {
            cx_partition_lost(w, b->fence.partition);
        }

    } else {
        /* They stay pending, and are read again in their order. */
        cx_log(CX_LOG_ERROR, "take.failed", CX_FZ("error", cx_err_word(err)),
               CX_FI("partition", b->fence.partition), CX_FI("n", b->n));
        cx_partition_reread(w, b->fence.partition);
    }

    cx_partition_batch_done(w, b->fence.partition);
    cx_reader_batch_done(w, b->lane);
    cx_arena_free(b->arena);
    free(b);
    cx_worker_check_drained(w);
}


static void
batch_submit(take_batch *b)
{
    CX_FP("take.before");
    cx_db_write(b->worker->db, &b->job);
}


static bool
item_is_unrouted(const take_item *it)
{
    return it->kind == ITEM_DEAD && it->parsed == CX_UNKNOWN_CHANNEL;
}


/* A channel may be younger than our directory.  Who comes later waits, too:
 * the order stays. */
static bool
batch_must_wait(const take_batch *b)
{
    if (b->worker->unrouted != NULL) {
        return true;
    }

    for (size_t i = 0; i < b->n; i++) {
        if (item_is_unrouted(&b->items[i])) {
            return true;
        }
    }

    return false;
}


static void
batch_wait(take_batch *b)
{
    take_batch  **at = &b->worker->unrouted;

    while (*at != NULL) {
        at = &(*at)->next;
    }

    *at = b;
    cx_directory_load(b->worker);
}


/* The directory is as new as can be: who is unknown now is unknown. */
void
cx_take_resume(cx_worker *w)
{
    take_batch  *b = w->unrouted, *next;

    w->unrouted = NULL;

    for (/* void */; b != NULL; b = next) {
        next = b->next;

        for (size_t i = 0; i < b->n; i++) {
            if (item_is_unrouted(&b->items[i])) {
                item_route(b, &b->items[i]);
            }
        }

        batch_submit(b);
    }
}


void
cx_take_entries(cx_worker *w, unsigned partition, cx_lane lane,
    const redisReply *entries)
{
    take_batch  *b;

    if (entries->type != REDIS_REPLY_ARRAY || entries->elements == 0) {
        return;
    }

    b = calloc(1, sizeof(*b));
    if (b == NULL || (b->arena = cx_arena_new(CX_BATCH_ARENA)) == NULL) {
        free(b);
        cx_partition_reread(w, partition);
        return;
    }

    b->worker = w;
    b->lane = lane;
    b->fence = cx_partition_fence(w, partition);
    b->job.run = batch_run;
    b->job.done = batch_done;
    b->job.failed = &w->part[partition].failed;
    b->items = CX_NEW_N(b->arena, entries->elements, take_item);

    for (size_t i = 0; b->items != NULL && i < entries->elements; i++) {
        item_init(b, &b->items[b->n++], entries->element[i]);
    }

    if (cx_arena_failed(b->arena)) {
        cx_log(CX_LOG_ERROR, "take.no_memory", CX_FI("n", b->n));
        cx_arena_free(b->arena);
        free(b);
        cx_partition_reread(w, partition);
        return;
    }

    w->reader[lane].batches++;
    w->part[partition].batches++;

    if (batch_must_wait(b)) {
        batch_wait(b);

    } else {
        batch_submit(b);
    }
}
