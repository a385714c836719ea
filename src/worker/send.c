#include "worker/engine.h"

#include "core/intent.h"

#include <stdlib.h>
#include <string.h>


#define SEND_RESPONSE_MAX  (64 * 1024)
#define RETRY_MAX_MS       3600000
#define PROBE_MS           60000      /* a refused token is tried so often */
#define NO_CHANNEL_MS      60000


/* --- CLAIM: the intent is on record before the first byte leaves --------- */

static cx_err
claim_run(const cx_store_ops *ops, cx_store *s, cx_db_job *job)
{
    cx_conv   *c = (cx_conv *) job;
    cx_claim   claim = {
        .fence = cx_partition_fence(c->worker, c->partition),
        .message_id = c->outs[0].message_id,
        .now_ms = cx_now_ms(),
    };

    memset(&c->outgoing, 0, sizeof(c->outgoing));
    return ops->claim(s, &claim, c->arena, &c->outgoing);
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
        CX_FP("claim.after");
        cx_conv_go(c, CX_STEP_WIRE);
        return;

    case CX_FENCED:
        conv_fenced(c);
        return;

    case CX_STALE:
    case CX_NOT_FOUND:
        /* Sent, cancelled or put off by somebody else. */
        cx_conv_out_done(c, c->outs[0].message_id);
        cx_conv_go(c, CX_STEP_REST);
        return;

    default:
        send_later(c, "claim.failed", err);
        return;
    }
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

    c->claimed_at = cx_now_ms();
    cx_conv_write(c, claim_run, claim_done);
}


/* --- WIRE: the request --------------------------------------------------- */

static void
settle_init(cx_conv *c, cx_msg_state state)
{
    memset(&c->settle, 0, sizeof(c->settle));
    c->settle.fence = cx_partition_fence(c->worker, c->partition);
    c->settle.message_id = c->outgoing.message_id;
    c->settle.state = state;
    c->settle.now_ms = cx_now_ms();
}


/* Growing waits with jitter: 1, 4, 16 ... times the base, an hour at most. */
static int64_t
retry_at(const cx_conv *c, int64_t hint_ms)
{
    int64_t  wait = c->worker->conf->send_retry_base_ms;

    for (int64_t i = 1; i < c->outgoing.attempts && wait < RETRY_MAX_MS; i++)
    {
        wait *= 4;
    }

    wait = wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS;
    wait = wait / 2 + rand() % (wait / 2 + 1);

    return cx_now_ms() + (hint_ms > wait ? hint_ms : wait);
}


static void
settle_error(cx_conv *c, int64_t code, cx_str text)
{
    c->settle.error_code = code;
    c->settle.error_text = cx_dup(c->arena, cx_str_sub(text, 0, 500));
}


static void
settle_failed(cx_conv *c)
{
    c->settle.state = CX_MSGSTATE_FAILED;
    c->settle.dead_id = cx_worker_new_id(c->worker);
}


static void
settle_retry(cx_conv *c, int64_t hint_ms)
{
    c->settle.state = CX_MSGSTATE_READY;
    c->settle.not_before = retry_at(c, hint_ms);

    if (c->outgoing.attempts > c->worker->conf->send_retries) {
        settle_failed(c);
    }
}


static void
settle_ambiguous(cx_conv *c)
{
    c->settle.state = CX_MSGSTATE_AMBIGUOUS;
    c->settle.not_before = cx_now_ms()
                           + c->worker->conf->worker_reconcile_ms;
}


static void
settle_judged(cx_conv *c, const cx_dir_channel *ch, const cx_judgement *j)
{
    settle_error(c, j->code, j->text);

    switch (j->verdict) {

    case CX_VERDICT_ACCEPTED:
        c->settle.state = CX_MSGSTATE_ACCEPTED;
        c->settle.provider_id = cx_dup(c->arena, j->provider_id);
        if (!cx_directory_healthy(ch)) {
            c->health = CX_STR("ok");
        }
        break;

    case CX_VERDICT_REFUSED:
        settle_failed(c);
        break;

    case CX_VERDICT_RETRY:
    case CX_VERDICT_RATE_LIMIT:
        settle_retry(c, j->wait_ms);
        break;

    case CX_VERDICT_REAUTHORIZE:
        c->settle.state = CX_MSGSTATE_READY;
        c->settle.not_before = cx_now_ms() + PROBE_MS;
        c->health = CX_STR("action_required");
        break;

    case CX_VERDICT_AMBIGUOUS:
    case CX_VERDICT_COUNT:
        settle_ambiguous(c);
        break;
    }
}


/* What is pushed to the browser nobody else judges: the queue has it. */
static void
wire_judge(cx_conv *c, const cx_dir_channel *ch, const cx_http_res *res,
    cx_judgement *j)
{
    if (ch->adapter->via == CX_VIA_PUSH) {
        *j = (cx_judgement) { .verdict = CX_VERDICT_ACCEPTED,
                              .provider_id = res->body };
        return;
    }

    cx_arena_reset(c->worker->scratch);
    ch->adapter->judge(res, c->worker->scratch, j);
}


static void
wire_replied(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    cx_conv               *c = ctx;
    const cx_dir_channel  *ch;
    cx_judgement           j = { .verdict = CX_VERDICT_AMBIGUOUS };

    CX_FP("wire.after");
    c->call = NULL;
    settle_init(c, CX_MSGSTATE_AMBIGUOUS);

    switch (end) {

    case CX_CALL_DONE:
        ch = cx_directory_channel(c->worker, c->outgoing.channel_id);
        if (ch != NULL && ch->adapter != NULL) {
            wire_judge(c, ch, res, &j);
        }
        settle_judged(c, ch, &j);
        break;

    case CX_CALL_NOT_SENT:
        settle_error(c, 0, cx_strz(error));
        settle_retry(c, 0);
        break;

    case CX_CALL_UNKNOWN:
        settle_error(c, 0, cx_strz(error));
        settle_ambiguous(c);
        break;
    }

    cx_log(c->settle.state == CX_MSGSTATE_ACCEPTED ? CX_LOG_INFO
                                                   : CX_LOG_WARN,
           "send", CX_FS("event", c->outgoing.event),
           CX_FID("conversation", "cv", c->id),
           CX_FID("message", "ms", c->outgoing.message_id),
           CX_FI("attempt", c->outgoing.attempts),
           CX_FI("status", end == CX_CALL_DONE ? res->status : 0),
           CX_FZ("state", cx_msg_state_word(c->settle.state)),
           CX_FI("code", c->settle.error_code),
           CX_FI("ms", cx_now_ms() - c->claimed_at));

    cx_conv_go(c, CX_STEP_SETTLE);
}


static bool
wire_build(cx_conv *c, const cx_dir_channel *ch, cx_http_req *req)
{
    const cx_outgoing  *o = &c->outgoing;
    cx_arena           *a = c->worker->scratch;
    const cx_sender     from = cx_directory_sender(ch);
    cx_out              out = {
        .kind = CX_OUT_TEXT,
        .to = o->peer,
        .to_alt = o->peer_alt,
        .text = o->text,
        .reply_to = o->reply_to,
        .intent = cx_intent_format(a, o->message_id, o->attempts),
    };

    if (ch->adapter->thread != NULL) {
        ch->adapter->thread(o->thread_meta, o->thread_id, a, &out);
    }

    return ch->adapter->build(&from, &out, a, req) == CX_OK;
}


/* Nothing left us: say so, and when to look again. */
static void
wire_not_sent(cx_conv *c, const char *why, int64_t wait_ms)
{
    settle_init(c, CX_MSGSTATE_READY);
    settle_error(c, 0, cx_strz(why));
    c->settle.not_before = cx_now_ms() + wait_ms;
    cx_conv_go(c, CX_STEP_SETTLE);
}


void
cx_step_wire(cx_conv *c)
{
    cx_worker             *w = c->worker;
    cx_dir_channel        *ch;
    cx_http_req            req = { .url = CX_NOSTR };
    const cx_http_opts     opts = {
        .connect_ms = 5000,
        .total_ms = (long) w->conf->send_timeout_ms,
        .max_body = SEND_RESPONSE_MAX,
        .once = true,
    };

    c->health = CX_NOSTR;
    ch = cx_directory_channel(w, c->outgoing.channel_id);

    if (ch == NULL || ch->adapter == NULL || !ch->row.active) {
        wire_not_sent(c, "the channel is not active", NO_CHANNEL_MS);
        return;
    }

    if (!cx_directory_healthy(ch)) {
        if (cx_now_ms() - ch->probed_at < PROBE_MS) {
            wire_not_sent(c, "the channel needs a valid token", PROBE_MS);
            return;
        }
        ch->probed_at = cx_now_ms();    /* one message tries it */
    }

    /* We slept between the intent and now: the partition may have a new
     * owner, who holds this send for ambiguous. */
    if (cx_now_ms() - c->claimed_at > w->conf->worker_lease_ms / 2) {
        wire_not_sent(c, "paused before the send", 0);
        return;
    }

    cx_arena_reset(w->scratch);

    if (!wire_build(c, ch, &req)) {
        settle_init(c, CX_MSGSTATE_FAILED);
        settle_error(c, 0, CX_STR("this message cannot be built"));
        settle_failed(c);
        cx_conv_go(c, CX_STEP_SETTLE);
        return;
    }

    CX_FP("wire.before");
    w->stats.sends++;
    c->way = cx_way_of(ch->adapter->via);
    c->call = c->way != NULL
              ? c->way->start(w, &req, &opts, wire_replied, c) : NULL;

    if (c->call == NULL) {
        wire_not_sent(c, "cannot start the call", 1000);
        return;
    }

    CX_FP("wire.started");
}


/* --- SETTLE: what came of it --------------------------------------------- */

static cx_err
settle_run(const cx_store_ops *ops, cx_store *s, cx_db_job *job)
{
    cx_conv  *c = (cx_conv *) job;
    cx_err    err = ops->settle(s, &c->settle);

    if (err != CX_OK || c->health.len == 0) {
        return err;
    }

    return ops->channel_health(s, c->outgoing.channel_id, c->health,
                               c->settle.error_text, c->settle.now_ms);
}


static void
settle_stored(cx_conv *c)
{
    cx_worker        *w = c->worker;
    const cx_settle  *st = &c->settle;

    w->stats.send_errors += st->state != CX_MSGSTATE_ACCEPTED;
    w->stats.dead += st->dead_id != 0;
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

void
cx_step_wait(cx_conv *c)
{
    const cx_out_wait  *o = &c->outs[0];

    if (o->state == CX_MSGSTATE_AMBIGUOUS && o->not_before <= cx_now_ms()) {
        cx_log(CX_LOG_ERROR, "send.held", CX_FID("conversation", "cv", c->id),
               CX_FID("message", "ms", o->message_id));

        c->outgoing.message_id = o->message_id;
        settle_init(c, CX_MSGSTATE_HELD);
        c->settle.error_text =
            CX_STR("it is not known whether the provider accepted it");
        cx_conv_go(c, CX_STEP_SETTLE);
        return;
    }

    cx_conv_timer(c, o->not_before);
}
