#include "worker/send.h"

#include "core/json.h"
#include "worker/metrics.h"
#include "worker/seeing.h"
#include "worker/summary.h"

#include <string.h>

#define RETRY_MS  500


static cx_str
plan_sources(cx_conv *c)
{
    cx_json_writer  w;
    cx_buf          b;

    cx_buf_init(&b, c->arena, 256, 64 * 1024);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '[');

    for (size_t i = 0; i < c->answer.nused; i++) {
        const cx_ai_passage  *p = &c->prompt.passages[c->answer.used[i]];

        cx_json_begin(&w, '{');
        cx_json_name(&w, CX_STR("source"));
        cx_json_put_str(&w, p->source);
        cx_json_name(&w, CX_STR("position"));
        cx_json_put_i64(&w, p->position);
        cx_json_name(&w, CX_STR("chunk"));
        cx_json_put_i64(&w, p->chunk_id);
        cx_json_name(&w, CX_STR("score"));
        cx_json_put_raw(&w, cx_printf(c->arena, "%.3f", p->score));
        cx_json_end(&w, '}');
    }

    cx_json_end(&w, ']');
    return cx_buf_str(&b);
}


/* For a channel that is gone. */
static const cx_caps  no_caps = {
    .kinds = CX_OUT_BIT(TEXT),
    .text_max = 1000,
};


static const cx_caps *
plan_caps(const cx_conv *c)
{
    const cx_dir_channel  *ch = cx_directory_channel(c->worker,
                                                     c->recall.channel_id);

    return ch != NULL && ch->adapter != NULL
           ? cx_channel_caps(ch->adapter, ch->row.account) : &no_caps;
}


/* False: the channel cannot take it, whatever it becomes.  Only its texts
 * stay with the job: a message that might be anything is large. */
static bool
plan_parts(cx_conv *c, cx_str text)
{
    const cx_out   out = { .kind = CX_OUT_TEXT, .text = text };
    cx_outs        list = { .n = 0 };
    const char    *error = "";
    cx_str        *parts;

    if (cx_out_fit(plan_caps(c), &out, c->worker->scratch, &list, &error)
        != CX_OK)
    {
        return false;
    }

    parts = CX_NEW_N(c->arena, list.n, cx_str);

    for (size_t i = 0; parts != NULL && i < list.n; i++) {
        parts[i] = cx_dup(c->arena, list.items[i].text);
        c->part_ids[i] = cx_worker_new_id(c->worker);
    }

    c->plan.parts = parts;
    c->plan.part_ids = c->part_ids;
    c->plan.nparts = parts != NULL ? list.n : 0;
    return true;
}


/* "I'll ask a colleague" is said once, not after every message. */
static bool
plan_said_it(const cx_conv *c)
{
    const cx_message_list  *h = &c->recall.history;

    for (size_t i = h->n; i-- > 0; ) {
        if (h->items[i].outbound) {
            return cx_str_eq(h->items[i].text, c->answer.text);
        }
    }

    return false;
}


/* The reply must not wait for one who never pauses: what it does not cover is
 * the next turn's. */
static void
plan_split(cx_conv *c)
{
    const cx_conf  *conf = c->worker->conf;

    c->split = (cx_split) {
        .last_input_id = c->recall.last_input_id,
        .turn_id = cx_worker_new_id(c->worker),
        .quiet_ms = conf->worker_quiet_ms,
        .cap_ms = conf->worker_quiet_cap_ms,
        .flood = { conf->worker_flood_messages, conf->worker_flood_ms },
    };

    c->plan.split = &c->split;
}


/* The customer wrote too long ago for a reply of ours; a person has a template
 * for that, or a tag. */
static bool
plan_is_late(const cx_conv *c)
{
    const cx_recall       *r = &c->recall;
    const cx_dir_channel  *ch = cx_directory_channel(c->worker,
                                                     r->channel_id);

    return ch != NULL && ch->adapter != NULL
           && !cx_permit_window(ch, r->last_input_at);
}


/* What an agent says without a person.  Held: it must not, however sure. */
static bool
plan_may_send(const cx_conv *c, const cx_dir_agent *agent, bool late)
{
    return !late && agent != NULL && !agent->config.suggest
           && !c->answer.held
           && c->answer.confidence >= agent->row.threshold;
}


/* We do not know: the honest sentence, if that may be said unseen. */
static void
plan_handoff(cx_conv *c, const cx_dir_agent *agent, bool late)
{
    c->plan.state = CX_TURN_HUMAN;

    if (late || c->answer.text.len == 0 || plan_said_it(c)) {
        return;
    }

    if (agent != NULL && agent->config.suggest) {
        c->plan.draft = c->answer.text;
        return;
    }

    (void) plan_parts(c, c->answer.text);
}


/* Of what is sent, a part is looked at afterwards: by chance alone, or it
 * would not stand for the rest. */
static void
plan_sample(cx_plan *p, const cx_dir_agent *agent)
{
    uint64_t  x = (uint64_t) p->turn_id;

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;

    if (p->evidence.len > 0
        && (int64_t) (x % 100) < agent->config.sample)
    {
        p->sampled = agent->config.sample;
    }
}


/* The gate: what is sent, and what waits for a person. */
static void
plan_fill(cx_conv *c, const cx_dir_agent *agent)
{
    const cx_ai_answer  *ans = &c->answer;
    const bool           late = plan_is_late(c);
    cx_plan             *p = &c->plan;

    memset(p, 0, sizeof(*p));
    p->fence = cx_partition_fence(c->worker, c->partition);
    p->turn_id = c->recall.turn_id;
    p->inputs = c->recall.inputs;
    p->agent_id = c->recall.agent_id;
    p->recall_fence = c->recall.fence;
    p->person = &c->person;
    p->confidence = ans->confidence;
    p->reason = late ? CX_STR("window_closed")
                : c->may.refusal.len > 0 ? c->may.refusal : ans->reason;
    p->reserved = c->may.reserved;
    p->model = ans->model;
    p->tokens_in = ans->tokens_in;
    p->tokens_out = ans->tokens_out;
    p->sources = plan_sources(c);
    p->evidence = ans->evidence;
    cx_think_paid(c, p);
    p->now_ms = cx_now_ms();

    if (cx_turn_is_capped(c)) {
        plan_split(c);
    }

    if (ans->handoff) {
        plan_handoff(c, agent, late);

    } else if (plan_may_send(c, agent, late) && plan_parts(c, ans->text)) {
        p->state = CX_TURN_REPLIED;
        plan_sample(p, agent);

    } else {
        p->state = CX_TURN_HUMAN;
        p->draft = ans->text;
    }
}


/* Nothing stands before the first part, and nothing is known that would hold
 * it up: its intent goes on record together with the plan. */
static void
plan_claim(cx_conv *c)
{
    cx_worker             *w = c->worker;
    const cx_dir_channel  *ch = cx_directory_channel(w, c->recall.channel_id);

    if (c->plan.nparts == 0 || c->nouts > 0 || ch == NULL
        || ch->adapter == NULL || ch->adapter->login != NULL
        || !ch->row.active || !cx_directory_healthy(ch)
        || !cx_conv_out(c, c->part_ids[0], CX_MSGSTATE_READY, 0))
    {
        return;
    }

    if (!cx_slot_change(c, &w->sending)) {
        cx_conv_out_done(c, c->part_ids[0]);
        return;
    }

    CX_FP("claim.before");
    c->plan.claimed = &c->claimed;
    c->claimed_at = cx_now_ms();
}


/* What CLAIM reads from the record, as it was recalled. */
static void
plan_outgoing(cx_conv *c)
{
    const cx_recall  *r = &c->recall;

    c->outgoing = (cx_outgoing) {
        .message_id = c->part_ids[0],
        .conversation_id = c->id,
        .channel_id = r->channel_id,
        .attempts = 1,
        .peer = r->peer,
        .peer_alt = r->peer_alt,
        .content = CX_STR("text"),
        .text = c->plan.parts[0],
        .reply_to = c->plan.reply_to,
        .event = r->event,
        .last_in_at = r->last_input_at,
        .thread_id = r->last_input,
        .thread_meta = r->last_meta,
    };
}


static cx_err
plan_run(cx_store *s, cx_db_job *job)
{
    cx_conv  *c = (cx_conv *) job;

    if (CX_FP_FAILS("plan.run")) {
        return CX_IO;
    }

    return cx_store_plan(s, &c->plan);
}


/* No turn, or that of the messages the reply does not cover. */
static void
plan_next(cx_conv *c)
{
    const cx_split  *next = c->plan.split;

    c->turn_id = 0;

    if (next != NULL && next->inputs > 0) {
        c->turn_id = next->turn_id;
        c->inputs = next->inputs;
        c->deadline = next->deadline;
        c->attempts = 0;
    }
}


/* Its models were asked in vain, or were not to be asked. */
static bool
plan_fell_back(const cx_conv *c)
{
    const cx_dir_agent  *agent = cx_directory_agent(c->worker,
                                                    c->plan.agent_id);

    if (agent == NULL || agent->provider == NULL
        || agent->provider->answer != NULL)
    {
        return false;
    }

    for (size_t i = 0; i < c->plan.nusage; i++) {
        if (CX_STR_IS(c->plan.usage[i].outcome, "ok")) {
            return false;
        }
    }

    return true;
}


static void
plan_stored(cx_conv *c)
{
    const cx_plan  *p = &c->plan;

    cx_log(CX_LOG_INFO, "plan", CX_FS("event", c->recall.event),
           CX_FID("conversation", "cv", c->id),
           CX_FID("turn", "tn", p->turn_id),
           CX_FZ("state", cx_turn_state_word(p->state)),
           CX_FI("confidence_pct", (int64_t) (p->confidence * 100)),
           CX_FI("parts", p->nparts), CX_FI("inputs", p->inputs),
           CX_FI("think_ms", p->now_ms - c->think_since));

    cx_metrics_plan(c->worker->metrics, p, plan_fell_back(c));
    c->worker->stats.answered += p->state == CX_TURN_REPLIED;
    c->worker->stats.reviews += p->state == CX_TURN_HUMAN;

    if (p->state == CX_TURN_HUMAN) {
        cx_think_unsaid(c);
        cx_worker_tell(c->worker);
    }

    cx_think_settled(c);
    c->may.reserved = false;

    for (size_t i = 0; i < p->nparts; i++) {
        (void) cx_conv_out(c, p->part_ids[i], CX_MSGSTATE_READY, 0);
    }

    if (c->turn_id == p->turn_id) {
        plan_next(c);
    }
}


/* A person was faster: what was thought is not said. */
static void
plan_dropped(cx_conv *c)
{
    cx_log(CX_LOG_INFO, "plan.person", CX_FS("event", c->recall.event),
           CX_FID("conversation", "cv", c->id),
           CX_FID("turn", "tn", c->plan.turn_id));
    cx_think_unsaid(c);
    cx_think_settled(c);
    c->may.reserved = false;

    if (c->turn_id == c->plan.turn_id) {
        c->turn_id = 0;
    }
}


/* The answer is paid for, and as good a little later: only the plan is made
 * once more. */
static void
plan_later(cx_conv *c, cx_err err)
{
    cx_log(CX_LOG_ERROR, "plan.failed", CX_FID("conversation", "cv", c->id),
           CX_FID("turn", "tn", c->turn_id),
           CX_FZ("error", cx_err_word(err)));

    c->replan = true;
    cx_conv_timer(c, cx_now_ms() + RETRY_MS);
}


static void
plan_done(cx_db_job *job, cx_err err)
{
    cx_conv  *c = (cx_conv *) job;

    if (!cx_conv_back(c)) {
        return;
    }

    if ((err != CX_OK || c->person) && c->plan.claimed != NULL) {
        cx_conv_out_done(c, c->part_ids[0]);
    }

    switch (err) {

    case CX_OK:
        CX_FP("plan.after");

        if (c->person) {
            plan_dropped(c);
            break;
        }

        plan_stored(c);
        cx_summary_note(c);

        if (c->plan.claimed != NULL && c->claimed) {
            CX_FP("claim.after");
            plan_outgoing(c);
            cx_conv_go(c, CX_STEP_WIRE);
            return;
        }

        break;

    case CX_FENCED:
        c->lost = true;
        cx_partition_lost(c->worker, c->partition);
        (void) cx_conv_back(c);
        return;

    case CX_STALE:
    case CX_NOT_FOUND:
        /* A newer message came: think again, with all of them. */
        cx_log(CX_LOG_INFO, "plan.superseded",
               CX_FS("event", c->recall.event),
               CX_FID("turn", "tn", c->turn_id));
        cx_think_unsaid(c);
        break;

    default:
        plan_later(c, err);
        return;
    }

    cx_conv_go(c, CX_STEP_REST);
}


void
cx_step_plan(cx_conv *c)
{
    CX_FP("plan.before");
    cx_seeing_end(c);

    if (c->replan) {
        c->plan.claimed = NULL;
        c->plan.now_ms = cx_now_ms();

    } else {
        cx_arena_reset(c->worker->scratch);
        plan_fill(c, cx_directory_agent(c->worker, c->recall.agent_id));
    }

    c->replan = false;

    if (cx_arena_failed(c->arena) || cx_arena_failed(c->worker->scratch)) {
        cx_turn_later(c, "plan.failed", CX_NOMEM);
        return;
    }

    plan_claim(c);
    cx_conv_write(c, plan_run, plan_done);
}
