#include "worker/take.h"

#include "worker/confirm.h"
#include "worker/templates.h"

#include <stdlib.h>


/* --- with the store ------------------------------------------------------ */

static cx_err
item_run(cx_store *s, const cx_take_batch *b,
    cx_take_item *it)
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

    /* What is of no channel is the operator's. */
    cx_store_as(s, it->tenant != 0 ? it->tenant : CX_TENANT_DEFAULT);

    switch (it->kind) {

    case ITEM_TAKE:
        err = cx_store_take(s, &it->take, &it->taken);
        return err == CX_OK ? cx_take_media_add(s, it) : err;

    case ITEM_STATUS:
        return cx_store_status(s, &it->status, &it->after);

    case ITEM_DEAD:
        return cx_store_event_dead(s, &dead);

    case ITEM_NOTE:
        return cx_store_audit(s, it->id, CX_STR("provider"), it->msg.content,
                              it->msg.account, cx_now_ms());

    case ITEM_GONE:
        break;
    }

    return CX_OK;
}


static cx_err
batch_run(cx_store *s, cx_db_job *job)
{
    cx_take_batch  *b = (cx_take_batch *) job;
    cx_err       err;

    if (CX_FP_FAILS("take.run")) {
        return CX_IO;
    }

    for (size_t i = 0; i < b->n; i++) {
        err = item_run(s, b, &b->items[i]);

        if (err != CX_OK && err != CX_FENCED && err != CX_IO) {
            /* This one will never fit: it must not block the others. */
            b->items[i].kind = ITEM_DEAD;
            b->items[i].parsed = err;
            err = item_run(s, b, &b->items[i]);
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
batch_ack(cx_take_batch *b)
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


/* The echo of our own send: what waited for evidence has it. */
static void
item_proof(cx_worker *w, const cx_taken *t)
{
    cx_conv  *c = t->proof ? cx_conv_find(w, t->conversation_id) : NULL;

    if (c != NULL) {
        cx_conv_out_done(c, t->message_id);
    }
}


static void
item_taken(cx_worker *w, const cx_take_item *it)
{
    const cx_taken  *t = &it->taken;
    cx_conv         *c;

    if (t->duplicate) {
        w->stats.duplicates++;
        item_proof(w, t);
        return;
    }

    w->stats.taken++;

    if (it->nmedia > 0) {
        cx_media_kick(w);
    }

    cx_log(CX_LOG_INFO, "take", CX_FS("event", it->msg.event),
           CX_FID("tenant", "te", it->tenant),
           CX_FID("conversation", "cv", t->conversation_id),
           CX_FID("turn", "tn", t->turn_id), CX_FS("content", it->msg.content),
           CX_FS("ignored", it->take.ignore), CX_FS("route", t->route));

    if (t->hushed) {
        cx_worker_hush(w, t->conversation_id);
    }

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
item_status(cx_worker *w, const cx_take_item *it)
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
    cx_take_batch  *b = (cx_take_batch *) job;
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

            case ITEM_NOTE:
                cx_confirm(w->http, &b->items[i].msg, b->arena);
                cx_templates_note(w, &b->items[i].msg);
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
    cx_routing_drop(b->routing);
    cx_arena_free(b->arena);
    free(b);
    cx_worker_check_drained(w);
}


static void
batch_submit(cx_take_batch *b)
{
    b->routing = cx_routing_hold(b->worker->dir.routing);

    for (size_t i = 0; b->routing != NULL && i < b->n; i++) {
        b->items[i].take.routes = &b->routing->table;
    }

    CX_FP("take.before");
    cx_db_write(b->worker->db, &b->job);
}


static bool
item_is_unrouted(const cx_take_item *it)
{
    return it->kind == ITEM_DEAD && it->parsed == CX_UNKNOWN_CHANNEL;
}


/* A channel may be younger than our directory.  Who comes later waits, too:
 * the order stays. */
static bool
batch_must_wait(const cx_take_batch *b)
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
batch_wait(cx_take_batch *b)
{
    cx_take_batch  **at = &b->worker->unrouted;

    while (*at != NULL) {
        at = &(*at)->next;
    }

    *at = b;
    cx_directory_load(b->worker);
}


/* The directory is as new as can be: who is unknown now is unknown.  All of
 * them are looked up once more, so that their ids are in their order. */
void
cx_take_resume(cx_worker *w)
{
    cx_take_batch  *b = w->unrouted, *next;

    w->unrouted = NULL;

    for (/* void */; b != NULL; b = next) {
        next = b->next;

        for (size_t i = 0; i < b->n; i++) {
            if (b->items[i].parsed == CX_OK
                || item_is_unrouted(&b->items[i]))
            {
                cx_take_item_route(b, &b->items[i]);
            }
        }

        batch_submit(b);
    }
}


void
cx_take_entries(cx_worker *w, unsigned partition, cx_lane lane,
    const redisReply *entries)
{
    cx_take_batch  *b;

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
    b->items = CX_NEW_N(b->arena, entries->elements, cx_take_item);

    for (size_t i = 0; b->items != NULL && i < entries->elements; i++) {
        cx_take_item_init(b, &b->items[b->n++], entries->element[i]);
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
