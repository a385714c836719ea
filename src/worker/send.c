#include "worker/send.h"

#include <string.h>


/* --- CLAIM: the intent is on record before the first byte leaves --------- */

static cx_err
claim_run(cx_store *s, cx_db_job *job)
{
    cx_conv   *c = (cx_conv *) job;
    cx_claim   claim = {
        .fence = c->fence,
        .message_id = c->outs[0].message_id,
        .now_ms = c->claimed_at,
    };

    memset(&c->outgoing, 0, sizeof(c->outgoing));
    return cx_store_claim(s, &claim, c->arena, &c->outgoing);
}


static void
conv_fenced(cx_conv *c)
{
    c->lost = true;
    cx_partition_lost(c->worker, c->partition);
    (void) cx_conv_back(c);
}


/* The store failed: what is there is safe, look again in a while. */
static void
send_later(cx_conv *c, const char *what, cx_err err)
{
    cx_log(CX_LOG_ERROR, what, CX_FID("conversation", "cv", c->id),
           CX_FZ("error", cx_err_word(err)));

    c->outs[0].not_before = cx_now_ms() + 1000;
    cx_conv_go(c, CX_STEP_WAIT);
}


static void
claim_done(cx_db_job *job, cx_err err)
{
    cx_conv  *c = (cx_conv *) job;

    if (!cx_conv_back(c)) {
        return;
    }

    switch (err) {

    case CX_OK:
        if (!c->outgoing.withdrawn) {
            CX_FP("claim.after");
            cx_conv_go(c, CX_STEP_WIRE);
            return;
        }

        break;

    case CX_FENCED:
        conv_fenced(c);
        return;

    case CX_STALE:
    case CX_NOT_FOUND:
        /* Sent, cancelled or put off by somebody else. */
        break;

    default:
        send_later(c, "claim.failed", err);
        return;
    }

    cx_conv_out_done(c, c->outs[0].message_id);
    cx_conv_go(c, CX_STEP_REST);
}


void
cx_step_claim(cx_conv *c)
{
    CX_FP("claim.before");

    if (c->arena == NULL) {
        c->arena = cx_arena_new(CX_JOB_ARENA);
    }

    if (c->arena == NULL) {
        send_later(c, "claim.failed", CX_NOMEM);
        return;
    }

    if (c->worker->dir.arena == NULL) {
        c->outs[0].not_before = cx_now_ms() + 1000;
        cx_conv_go(c, CX_STEP_WAIT);
        return;
    }

    c->fence = cx_partition_fence(c->worker, c->partition);
    c->claimed_at = cx_now_ms();
    cx_conv_write(c, claim_run, claim_done);
}


/* --- SETTLE: what came of it --------------------------------------------- */

void
cx_settle_init(cx_conv *c, cx_msg_state state)
{
    memset(&c->settle, 0, sizeof(c->settle));
    c->reviewed = false;
    c->settle.fence = cx_partition_fence(c->worker, c->partition);
    c->settle.message_id = c->outgoing.message_id;
    c->settle.state = state;
    c->settle.now_ms = cx_now_ms();
}


static cx_err
settle_run(cx_store *s, cx_db_job *job)
{
    cx_conv  *c = (cx_conv *) job;
    cx_err    err = cx_store_settle(s, &c->settle);

    if (err != CX_OK || c->health.len == 0) {
        return err;
    }

    return cx_store_channel_health(s, c->outgoing.channel_id, c->health,
                                   c->settle.error_text, c->settle.now_ms);
}


static void
settle_stored(cx_conv *c)
{
    cx_worker        *w = c->worker;
    const cx_settle  *st = &c->settle;

    w->stats.send_errors += st->state != CX_MSGSTATE_ACCEPTED;
    w->stats.dead += st->dead_id != 0 && !c->reviewed;
    w->stats.reviews += c->reviewed;
    w->stats.held += st->state == CX_MSGSTATE_HELD;

    if (c->health.len > 0) {
        cx_log(CX_LOG_ERROR, "channel.health",
               CX_FID("channel", "ch", c->outgoing.channel_id),
               CX_FS("health", c->health), CX_FI("code", st->error_code));
        c->health = CX_NOSTR;
        cx_directory_load(w);
    }

    if (st->state == CX_MSGSTATE_READY || st->state == CX_MSGSTATE_AMBIGUOUS)
    {
        c->outs[0].state = st->state;
        c->outs[0].not_before = st->not_before;

    } else {
        cx_conv_out_done(c, st->message_id);
    }
}


static void
settle_done(cx_db_job *job, cx_err err)
{
    cx_conv  *c = (cx_conv *) job;

    if (!cx_conv_back(c)) {
        return;
    }

    switch (err) {

    case CX_OK:
        CX_FP("settle.after");
        settle_stored(c);
        break;

    case CX_FENCED:
        conv_fenced(c);
        return;

    case CX_STALE:
    case CX_NOT_FOUND:
        /* A status was faster, or a person decided. */
        cx_conv_out_done(c, c->settle.message_id);
        break;

    default:
        /* The send happened; only its result is not on record: once more. */
        cx_log(CX_LOG_ERROR, "settle.failed",
               CX_FID("conversation", "cv", c->id),
               CX_FID("message", "ms", c->settle.message_id),
               CX_FZ("error", cx_err_word(err)));
        cx_conv_timer(c, cx_now_ms() + 1000);
        return;
    }

    cx_conv_go(c, CX_STEP_REST);
}


void
cx_step_settle(cx_conv *c)
{
    CX_FP("settle.before");
    cx_conv_write(c, settle_run, settle_done);
}


/* --- WAIT: a retry, or evidence of an ambiguous send --------------------- */

/* A repeat is harmless there, so that nobody has to wait for evidence. */
static bool
is_repeatable(const cx_conv *c, const cx_out_wait *o)
{
    const cx_dir_channel  *ch = o->channel_id != 0
                                ? cx_directory_channel(c->worker,
                                                       o->channel_id) : NULL;

    return ch != NULL && ch->adapter != NULL && ch->adapter->repeatable
           && o->attempts <= c->worker->conf->send_retries;
}


void
cx_step_wait(cx_conv *c)
{
    const cx_out_wait  *o = &c->outs[0];

    /* Claimed without our knowing of it, see cx_store_sweep. */
    if (o->state == CX_MSGSTATE_SENDING) {
        c->outgoing.message_id = o->message_id;
        cx_settle_init(c, CX_MSGSTATE_READY);
        c->settle.unsent = true;
        cx_conv_go(c, CX_STEP_SETTLE);
        return;
    }

    if (o->state == CX_MSGSTATE_AMBIGUOUS && is_repeatable(c, o)) {
        c->outgoing.message_id = o->message_id;
        cx_settle_init(c, CX_MSGSTATE_READY);
        cx_conv_go(c, CX_STEP_SETTLE);
        return;
    }

    if (o->state == CX_MSGSTATE_AMBIGUOUS && o->not_before <= cx_now_ms()) {
        cx_log(CX_LOG_ERROR, "send.held", CX_FID("conversation", "cv", c->id),
               CX_FID("message", "ms", o->message_id));

        c->outgoing.message_id = o->message_id;
        cx_settle_init(c, CX_MSGSTATE_HELD);
        c->settle.error_text =
            CX_STR("it is not known whether the provider accepted it");
        cx_conv_go(c, CX_STEP_SETTLE);
        return;
    }

    cx_conv_timer(c, o->not_before);
}
