/* THINK: the model is asked, or who stands in for it. */

#include "worker/engine.h"

#include "worker/login.h"

#include <stdlib.h>
#include <string.h>


#define RETRY_FIRST_MS  500
#define RETRY_MAX_MS    10000
#define ANSWER_MAX      (256 * 1024)
#define CRASHES_MAX     3       /* a turn that was open at so many deaths */


/* Read receipt and typing indicator: nice to have, so nobody waits. */
static void
typing_done(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    (void) ctx;

    if (end != CX_CALL_DONE || res->status != 200) {
        cx_log(CX_LOG_DEBUG, "typing.failed",
               CX_FI("status", end == CX_CALL_DONE ? res->status : 0),
               CX_FZ("error", error));
    }
}


static void
typing_call(cx_conv *c, const cx_dir_channel *ch, const cx_sender *from,
    const cx_out *out)
{
    cx_worker           *w = c->worker;
    const cx_way        *way = cx_way_of(ch->adapter->via);
    const cx_http_opts   opts = {
        .connect_ms = 3000,
        .total_ms = 5000,
        .max_body = 64 * 1024,
    };
    cx_http_req          req = { .url = CX_NOSTR };

    if (way != NULL
        && ch->adapter->build(from, out, w->scratch, &req) == CX_OK)
    {
        (void) way->start(w, &req, &opts, typing_done, NULL);
    }
}


/* Channels that have neither get no call. */
static void
typing_send(cx_conv *c)
{
    cx_worker             *w = c->worker;
    const cx_dir_channel  *ch = cx_directory_channel(w, c->recall.channel_id);
    cx_sender              from;
    cx_outs                list = { .n = 0 };
    const char            *error;
    const cx_out           out = {
        .kind = CX_OUT_READ,
        .to = c->recall.peer,
        .to_alt = c->recall.peer_alt,
        .reply_to = c->recall.last_input,
        .typing = true,
    };

    if (!w->conf->worker_typing || ch == NULL || ch->adapter == NULL
        || !cx_directory_healthy(ch))
    {
        return;
    }

    from = cx_directory_sender(ch);

    if (cx_login_ask(w, ch->row.id, ch->adapter, &from) != CX_LOGIN_READY) {
        return;     /* the call that is made for it serves the answer */
    }

    cx_arena_reset(w->scratch);

    if (cx_out_fit(cx_channel_caps(ch->adapter, ch->row.account), &out,
                   w->scratch, &list, &error) != CX_OK)
    {
        return;
    }

    for (size_t i = 0; i < list.n; i++) {
        typing_call(c, ch, &from, &list.items[i]);
    }
}


/* Weighing an answer takes far more memory than the answer: it was done in
 * the worker's scratch, and only the answer stays with the job. */
static void
answer_keep(cx_conv *c)
{
    c->answer.text = cx_dup(c->arena, c->answer.text);
    c->answer.reason = cx_dup(c->arena, c->answer.reason);
    c->answer.model = cx_dup(c->arena, c->answer.model);
}


static void
think_builtin(cx_conv *c, const char *why)
{
    const cx_ai  *ai = cx_ai_find(CX_STR("knowledge"));

    if (why != NULL) {
        cx_log(CX_LOG_WARN, "think.fallback", CX_FS("event", c->recall.event),
               CX_FID("turn", "tn", c->turn_id), CX_FZ("why", why));
    }

    memset(&c->answer, 0, sizeof(c->answer));

    cx_arena_reset(c->worker->scratch);

    if (ai->answer(&c->prompt, c->worker->scratch, &c->answer) != CX_OK) {
        cx_turn_later(c, "think.failed", CX_NOMEM);
        return;
    }

    answer_keep(c);

    cx_conv_go(c, CX_STEP_PLAN);
}


static void
think_again(cx_conv *c, int64_t wait_ms)
{
    const int64_t  now = cx_now_ms();
    int64_t        wait = RETRY_FIRST_MS << (c->tries < 5 ? c->tries : 5);

    wait = wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS;
    wait = wait / 2 + rand() % (wait / 2 + 1);      /* jitter */
    wait = wait_ms > wait ? wait_ms : wait;

    c->tries++;

    if (now + wait - c->think_since >= c->worker->conf->ai_deadline_ms) {
        think_builtin(c, "deadline");
        return;
    }

    cx_conv_timer(c, now + wait);
}


static void
think_replied(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    cx_conv             *c = ctx;
    const cx_dir_agent  *agent;
    cx_ai_outcome        out;

    c->call = NULL;
    agent = cx_directory_agent(c->worker, c->recall.agent_id);

    if (agent == NULL || agent->provider == NULL
        || agent->provider->parse == NULL)
    {
        think_builtin(c, "agent_changed");
        return;
    }

    if (end != CX_CALL_DONE) {
        cx_log(CX_LOG_WARN, "think.no_answer",
               CX_FS("event", c->recall.event), CX_FZ("error", error));
        think_again(c, 0);
        return;
    }

    cx_arena_reset(c->worker->scratch);
    memset(&c->answer, 0, sizeof(c->answer));
    out = cx_ai_read(agent->provider, res, &c->prompt, c->worker->scratch,
                     &c->answer);
    answer_keep(c);

    switch (out.result) {

    case CX_AI_OK:
        cx_conv_go(c, CX_STEP_PLAN);
        return;

    case CX_AI_RETRY:
        cx_log(CX_LOG_WARN, "think.retry", CX_FS("event", c->recall.event),
               CX_FI("status", res->status), CX_FS("error", out.error),
               CX_FI("wait_ms", out.wait_ms));
        think_again(c, out.wait_ms);
        return;

    case CX_AI_REFUSED:
        cx_log(CX_LOG_ERROR, "think.refused", CX_FS("event", c->recall.event),
               CX_FI("status", res->status), CX_FS("error", out.error));
        think_builtin(c, "refused");
        return;
    }
}


static void
think_call(cx_conv *c, const cx_dir_agent *agent)
{
    const cx_conf   *conf = c->worker->conf;
    const int64_t    left = conf->ai_deadline_ms
                            - (cx_now_ms() - c->think_since);
    cx_http_req      req = { .url = CX_NOSTR };
    cx_http_opts     opts = {
        .connect_ms = 5000,
        .total_ms = (long) (left < conf->ai_timeout_ms ? left
                                                       : conf->ai_timeout_ms),
        .max_body = ANSWER_MAX,
    };
    cx_ai_settings   settings = {
        .base_url = agent->row.base_url,
        .api_key = agent->api_key,
        .model = agent->row.model,
        .temperature = agent->row.temperature,
        .max_tokens = agent->row.max_tokens,
    };

    if (left <= 0) {
        think_builtin(c, "deadline");
        return;
    }

    cx_arena_reset(c->worker->scratch);

    if (agent->provider->build(&settings, &c->prompt, c->worker->scratch,
                               &req)
        != CX_OK)
    {
        think_builtin(c, "cannot build the request");
        return;
    }

    CX_FP("think.before");
    c->way = cx_way_of(CX_VIA_HTTP);
    c->call = c->way->start(c->worker, &req, &opts, think_replied, c);

    if (c->call == NULL) {
        think_builtin(c, "cannot start the call");
        return;
    }

    CX_FP("think.after");
}


/* Nothing a model could answer: a picture, an empty text. */
static void
think_nothing(cx_conv *c, const char *reason)
{
    memset(&c->answer, 0, sizeof(c->answer));
    c->answer.handoff = true;
    c->answer.text = c->prompt.handoff;
    c->answer.reason = cx_strz(reason);
    cx_conv_go(c, CX_STEP_PLAN);
}


void
cx_step_think(cx_conv *c)
{
    const cx_dir_agent  *agent;

    agent = cx_directory_agent(c->worker, c->recall.agent_id);

    if (agent == NULL || agent->provider == NULL) {
        memset(&c->prompt, 0, sizeof(c->prompt));
        think_nothing(c, "no_agent");
        return;
    }

    if (c->tries == 0) {
        cx_prompt_fill(c, agent);

        if (!c->recall.taken) {
            typing_send(c);
        }
    }

    if (c->recall.taken) {
        think_nothing(c, "taken");

    } else if (c->recall.attempts > CRASHES_MAX) {
        think_nothing(c, "crashed_before");

    } else if (cx_str_trim(c->recall.question).len == 0) {
        think_nothing(c, "no_text");

    } else if (agent->provider->answer != NULL) {
        think_builtin(c, NULL);

    } else {
        think_call(c, agent);
    }
}
