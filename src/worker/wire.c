/* WIRE: the request of one send, and what came of it. */

#include "worker/send.h"

#include "core/intent.h"
#include "worker/login.h"

#include <stdlib.h>


#define SEND_RESPONSE_MAX  (64 * 1024)
#define RETRY_MAX_MS       3600000
#define PROBE_MS           60000      /* a refused token is tried so often */
#define NO_CHANNEL_MS      60000
#define LOGIN_LOOK_MS      50
#define LOGIN_LATER_MS     5000


/* --- what came of it ----------------------------------------------------- */

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


/* Where a repeat is harmless it is simply sent again; what may have arrived
 * is never called failed. */
static void
settle_ambiguous(cx_conv *c, const cx_dir_channel *ch)
{
    if (ch != NULL && ch->adapter != NULL && ch->adapter->repeatable
        && c->outgoing.attempts <= c->worker->conf->send_retries)
    {
        c->settle.state = CX_MSGSTATE_READY;
        c->settle.not_before = retry_at(c, 0);
        return;
    }

    c->settle.state = CX_MSGSTATE_AMBIGUOUS;
    c->settle.not_before = cx_now_ms()
                           + c->worker->conf->worker_reconcile_ms;
}


/* A token that was too old for the provider: the next one may do. */
static void
settle_reauthorize(cx_conv *c, const cx_dir_channel *ch)
{
    c->settle.state = CX_MSGSTATE_READY;

    if (ch != NULL && ch->adapter != NULL && ch->adapter->login != NULL
        && cx_login_forget(c->worker, ch->row.id))
    {
        c->settle.not_before = cx_now_ms();
        return;
    }

    c->settle.not_before = cx_now_ms() + PROBE_MS;
    c->health = CX_STR("action_required");
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
        settle_reauthorize(c, ch);
        break;

    case CX_VERDICT_AMBIGUOUS:
    case CX_VERDICT_COUNT:
        settle_ambiguous(c, ch);
        break;
    }
}


/* What is pushed to the browser nobody else judges: the queue has it. */
static void
judge(cx_conv *c, const cx_dir_channel *ch, const cx_http_res *res,
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
replied(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    cx_conv               *c = ctx;
    const cx_dir_channel  *ch = cx_directory_channel(c->worker,
                                                     c->outgoing.channel_id);
    cx_judgement           j = { .verdict = CX_VERDICT_AMBIGUOUS };

    CX_FP("wire.after");
    c->call = NULL;
    cx_settle_init(c, CX_MSGSTATE_AMBIGUOUS);

    if (end != CX_CALL_DONE) {
        cx_log(CX_LOG_WARN, "send.no_answer",
               CX_FS("event", c->outgoing.event), CX_FZ("error", error));
    }

    switch (end) {

    case CX_CALL_DONE:
        if (ch != NULL && ch->adapter != NULL) {
            judge(c, ch, res, &j);
        }
        settle_judged(c, ch, &j);
        break;

    case CX_CALL_NOT_SENT:
        settle_error(c, 0, cx_strz(error));
        settle_retry(c, 0);
        break;

    case CX_CALL_UNKNOWN:
        settle_error(c, 0, cx_strz(error));
        settle_ambiguous(c, ch);
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


/* --- before the first byte ----------------------------------------------- */

/* Nothing left us: say so, and when to look again. */
static void
not_sent(cx_conv *c, const char *why, int64_t at_ms)
{
    cx_settle_init(c, CX_MSGSTATE_READY);
    settle_error(c, 0, cx_strz(why));
    c->settle.unsent = true;
    c->settle.not_before = at_ms;
    cx_conv_go(c, CX_STEP_SETTLE);
}


static void
never_sent(cx_conv *c, const char *reason, const char *why)
{
    cx_log(CX_LOG_WARN, "send.refused", CX_FS("event", c->outgoing.event),
           CX_FID("conversation", "cv", c->id),
           CX_FID("message", "ms", c->outgoing.message_id),
           CX_FZ("reason", reason));

    cx_settle_init(c, CX_MSGSTATE_FAILED);
    settle_error(c, 0, cx_strz(why));
    settle_failed(c);
    c->settle.reason = cx_strz(reason);

    if (CX_STR_IS(c->settle.reason, "window_closed")) {
        c->settle.review = &c->reviewed;
    }

    cx_conv_go(c, CX_STEP_SETTLE);
}


static const char *
why_refused(const char *reason)
{
    static const struct {
        const char  *reason;
        const char  *text;
    } rows[] = {
        { "opted_out", "the customer wants no messages" },
        { "window_closed", "too long since the customer's last message" },
        { "template_unusable", "the template is unknown or not approved" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (cx_str_eq(cx_strz(reason), cx_strz(rows[i].reason))) {
            return rows[i].text;
        }
    }

    return reason;
}


/* True: it may leave now.  Else what becomes of it is under way. */
static bool
permitted(cx_conv *c, const cx_dir_channel *ch, cx_out *out)
{
    const cx_governed  said = cx_permit_ask(c, ch, out);

    switch (said.word) {

    case CX_GOVERN_ALLOW:
        return true;

    case CX_GOVERN_ALLOW_TAGGED:
        out->human_tag = true;
        return true;

    case CX_GOVERN_WAIT:
        not_sent(c, said.reason, said.until_ms);
        return false;

    case CX_GOVERN_TEMPLATE:
    case CX_GOVERN_REFUSE:
        never_sent(c, said.reason, why_refused(said.reason));
        return false;
    }

    return false;
}


/* True: from has what the provider asks for. */
static bool
logged_in(cx_conv *c, const cx_dir_channel *ch, cx_sender *from)
{
    switch (cx_login_ask(c->worker, ch->row.id, ch->adapter, from)) {

    case CX_LOGIN_READY:
        return true;

    case CX_LOGIN_WAIT:
        cx_conv_timer(c, cx_now_ms() + LOGIN_LOOK_MS);
        return false;

    case CX_LOGIN_LATER:
        not_sent(c, "cannot log in", cx_now_ms() + LOGIN_LATER_MS);
        return false;

    case CX_LOGIN_REFUSED:
        c->health = CX_STR("action_required");
        not_sent(c, "the login was refused", cx_now_ms() + PROBE_MS);
        return false;
    }

    return false;
}


static cx_err
fill_out(cx_conv *c, const cx_dir_channel *ch, cx_out *out)
{
    const cx_outgoing  *o = &c->outgoing;
    cx_arena           *a = c->worker->scratch;
    const char         *error;
    cx_err              err;

    err = cx_out_decode(o->content, o->text, o->meta, a, out, &error);
    if (err != CX_OK) {
        return err;
    }

    out->to = o->peer;
    out->to_alt = o->peer_alt;
    out->reply_to = o->reply_to;
    out->human = o->human;
    out->intent = cx_intent_format(a, o->message_id, o->attempts);

    if (ch->adapter->thread != NULL) {
        ch->adapter->thread(o->thread_meta, o->thread_id, a, out);
    }

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


/* True: the channel can send; its token may just be tried. */
static bool
channel_ready(cx_conv *c, cx_dir_channel *ch)
{
    const int64_t  now = cx_now_ms();

    if (ch == NULL || ch->adapter == NULL || !ch->row.active
        || cx_way_of(ch->adapter->via) == NULL)
    {
        not_sent(c, "the channel is not active", now + NO_CHANNEL_MS);
        return false;
    }

    if (ch->sealed.len > 0) {
        not_sent(c, "the channel's token does not open", now + PROBE_MS);
        return false;
    }

    if (!cx_directory_healthy(ch)) {
        if (now - ch->probed_at < PROBE_MS) {
            not_sent(c, "the channel needs a valid token", now + PROBE_MS);
            return false;
        }

        ch->probed_at = now;    /* one message tries it */
    }

    /* We slept between the intent and now: the partition may have a new
     * owner, who holds this send for ambiguous. */
    if (now - c->claimed_at > c->worker->conf->worker_lease_ms / 2) {
        not_sent(c, "paused before the send", now);
        return false;
    }

    return true;
}


static void
start(cx_conv *c, const cx_dir_channel *ch, const cx_http_req *req)
{
    cx_worker           *w = c->worker;
    const cx_http_opts   opts = {
        .connect_ms = 5000,
        .total_ms = (long) w->conf->send_timeout_ms,
        .max_body = SEND_RESPONSE_MAX,
        .once = !ch->adapter->repeatable,
    };

    CX_FP("wire.before");
    w->stats.sends++;
    cx_permit_use(c, ch);
    c->way = cx_way_of(ch->adapter->via);
    c->call = c->way->start(w, req, &opts, replied, c);

    if (c->call == NULL) {
        not_sent(c, "cannot start the call", cx_now_ms() + 1000);
        return;
    }

    CX_FP("wire.started");
}


/* Entered again while a login is waited for. */
void
cx_step_wire(cx_conv *c)
{
    cx_worker       *w = c->worker;
    cx_dir_channel  *ch;
    cx_sender        from;
    cx_out           out;
    cx_http_req      req = { .url = CX_NOSTR };

    if (c->lost) {
        (void) cx_conv_back(c);
        return;
    }

    c->health = CX_NOSTR;
    ch = cx_directory_channel(w, c->outgoing.channel_id);

    if (!channel_ready(c, ch)) {
        return;
    }

    from = cx_directory_sender(ch);

    if (!logged_in(c, ch, &from)) {
        return;
    }

    cx_arena_reset(w->scratch);

    if (fill_out(c, ch, &out) != CX_OK) {
        never_sent(c, "invalid", "this message cannot be read");
        return;
    }

    if (!permitted(c, ch, &out)) {
        return;
    }

    if (ch->adapter->build(&from, &out, w->scratch, &req) != CX_OK) {
        never_sent(c, "invalid", "this message cannot be built");
        return;
    }

    start(c, ch, &req);
}
