/* THINK: the models are asked in order, or who stands in for them. */

#include "worker/think.h"

#include "worker/typing.h"

#include <stdlib.h>
#include <string.h>


#define RETRY_FIRST_MS  500
#define RETRY_MAX_MS    10000
#define CRASHES_MAX     3       /* a turn that was open at so many deaths */


/* Weighing an answer takes far more memory than the answer: it was done in
 * the worker's scratch, and only the answer stays with the job. */
static void
answer_keep(cx_conv *c)
{
    cx_thought  *t = c->thought;

    c->answer.text = cx_ai_unmask(&t->masks, c->answer.text, c->arena);
    c->answer.text = cx_dup(c->arena, c->answer.text);
    c->answer.reason = cx_dup(c->arena, c->answer.reason);
    c->answer.evidence = cx_dup(c->arena, c->answer.evidence);
    c->answer.model = cx_dup(c->arena, c->answer.model);
    c->answer.tokens_in += t->tokens_in;
    c->answer.tokens_out += t->tokens_out;
}


void
cx_think_builtin(cx_conv *c, const char *why)
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


/* By its budgets, or because it is a loop. */
static void
not_allowed(cx_conv *c)
{
    if (c->may.knowledge) {
        cx_think_builtin(c, c->may.refusal.p);
        return;
    }

    if (c->may.silent) {
        c->prompt.handoff = CX_NOSTR;
    }

    think_nothing(c, c->may.refusal.p);
}


/* --- who is asked -------------------------------------------------------- */

static const cx_dir_model *
usable(const cx_dir_agent *agent, size_t i)
{
    return i < agent->nmodels && agent->models[i].provider != NULL
           ? &agent->models[i] : NULL;
}


/* Models behind the one at hand. */
static size_t
behind(const cx_dir_agent *agent, size_t model)
{
    size_t  n = 0;

    for (size_t i = model + 1; i < agent->nmodels; i++) {
        n += usable(agent, i) != NULL;
    }

    return n;
}


/* What a provider wants back with a call of a tool is nothing to another
 * one. */
static void
forget_extras(cx_thought *t)
{
    for (size_t r = 0; r < t->nrounds; r++) {
        cx_ai_call  *calls = (cx_ai_call *) (uintptr_t) t->rounds[r].calls;

        for (size_t i = 0; i < t->rounds[r].ncalls; i++) {
            calls[i].extra = CX_NOSTR;
        }
    }
}


static void
next_model(cx_thought *t)
{
    t->model++;
    t->tries = 0;
    forget_extras(t);
}


/* From the one at hand on, the first that may be asked. */
static void
ask(cx_conv *c, const cx_dir_agent *agent)
{
    cx_thought          *t = c->thought;
    const char          *why = t->model > 0 ? "no model is left" : NULL;
    const cx_dir_model  *m;

    for ( ; t->model < agent->nmodels; next_model(t)) {
        m = usable(agent, t->model);

        if (m == NULL) {
            why = "unknown provider";

        } else if (m->provider->answer != NULL) {
            cx_think_builtin(c, why);
            return;

        } else if (cx_now_ms() >= t->deadline) {
            why = "deadline";
            break;

        } else if (!cx_may_more(c)) {
            why = "budget";
            break;

        } else if (!cx_think_may(c, m)) {
            why = "the breaker is open";

        } else if (cx_think_call(c, agent, m, behind(agent, t->model))) {
            return;

        } else {
            why = "the request cannot be made";
        }
    }

    cx_think_builtin(c, why != NULL ? why : "no model is left");
}


/* --- what becomes of it -------------------------------------------------- */

/* Full jitter: those who failed together do not come back together. */
static int64_t
pause_ms(unsigned tries)
{
    int64_t  most = RETRY_FIRST_MS << (tries < 5 ? tries : 5);

    most = most < RETRY_MAX_MS ? most : RETRY_MAX_MS;
    return rand() % (most + 1);
}


/* The same one again, when that makes sense; else the next one. */
static void
try_again(cx_conv *c, const cx_dir_agent *agent, int64_t wait_ms)
{
    cx_thought     *t = c->thought;
    const int64_t   now = cx_now_ms();
    const size_t    others = behind(agent, t->model);
    const int64_t   jitter = pause_ms(t->tries);
    const int64_t   wait = wait_ms > jitter ? wait_ms : jitter;
    const bool      long_wait = wait >= (t->deadline - now) / 2;

    t->tries++;

    if (others > 0
        && (t->tries > (unsigned) c->worker->conf->ai_retries || long_wait))
    {
        next_model(t);
        ask(c, agent);

    } else if (now + wait >= t->deadline) {
        cx_think_builtin(c, "deadline");

    } else {
        cx_conv_timer(c, now + wait);
    }
}


/* The prompt was too long: the older half of what was said, and pictures, can
 * stay away once.  Where the provider keeps the conversation it may have
 * forgotten it: then it is told all of it. */
static bool
shorten(cx_conv *c)
{
    cx_ai_prompt  *p = &c->prompt;
    cx_thought    *t = c->thought;
    const size_t   away = (p->nhistory + 1) / 2;

    if (t->shortened || (p->nhistory == 0 && p->nimages == 0
                         && p->previous.len == 0))
    {
        return false;
    }

    t->shortened = true;

    if (p->previous.len > 0) {
        p->previous = CX_NOSTR;
        return true;
    }

    p->history += away;
    p->nhistory -= away;
    p->nimages = 0;
    return true;
}


static void
refused(cx_conv *c, const cx_dir_agent *agent, const cx_ai_outcome *o,
    int status)
{
    cx_log(CX_LOG_ERROR, "think.refused", CX_FS("event", c->recall.event),
           CX_FI("status", status), CX_FS("error", o->error));

    if (!o->too_long || !shorten(c)) {
        next_model(c->thought);
    }

    if (behind(agent, c->thought->model) == 0
        && usable(agent, c->thought->model) == NULL)
    {
        cx_think_builtin(c, "refused");
        return;
    }

    ask(c, agent);
}


/* A reply is an answer, unless it is none at a second look. */
static cx_ai_outcome
judge(cx_conv *c, const cx_ai_reply *reply)
{
    cx_ai_outcome  o;

    cx_arena_reset(c->worker->scratch);
    memset(&c->answer, 0, sizeof(c->answer));
    o = cx_ai_judge(&c->prompt, reply, c->worker->scratch, &c->answer);

    if (o.result == CX_AI_OK) {
        c->thought->reply_id = cx_dup(c->arena, reply->id);
        answer_keep(c);
        cx_arena_free(c->thought->arena);
        c->thought->arena = NULL;
    }

    return o;
}


void
cx_think_replied(cx_conv *c, const cx_ai_outcome *outcome,
    const cx_ai_reply *reply, int status)
{
    cx_ai_outcome        o = *outcome;
    const cx_dir_agent  *agent = cx_directory_agent(c->worker,
                                                    c->recall.agent_id);

    if (agent == NULL) {
        cx_think_builtin(c, "agent_changed");
        return;
    }

    if (o.result == CX_AI_OK && reply->finish == CX_FINISH_TOOLS) {
        if (cx_think_tools(c, agent, reply)) {
            return;
        }

        o = (cx_ai_outcome) { .result = CX_AI_REFUSED,
                              .error = CX_STR("too many calls of tools") };

    } else if (o.result == CX_AI_OK) {
        o = judge(c, reply);
    }

    switch (o.result) {

    case CX_AI_OK:
        cx_conv_go(c, CX_STEP_PLAN);
        return;

    case CX_AI_RETRY:
        cx_log(CX_LOG_WARN, "think.retry", CX_FS("event", c->recall.event),
               CX_FI("status", status), CX_FS("error", o.error),
               CX_FI("wait_ms", o.wait_ms));
        try_again(c, agent, o.wait_ms);
        return;

    case CX_AI_REFUSED:
        refused(c, agent, &o, status);
        return;
    }
}


/* --- the step ------------------------------------------------------------ */

/* NULL: no memory. */
static cx_thought *
thought_of(cx_conv *c)
{
    cx_thought  *t = c->thought;

    if (t == NULL) {
        t = calloc(1, sizeof(*t));
        c->thought = t;
    }

    return t;
}


/* What is paid for stays, all else begins anew. */
static bool
begin(cx_conv *c, const cx_dir_agent *agent)
{
    const int64_t  total = agent->config.total_ms > 0
                           ? agent->config.total_ms
                           : c->worker->conf->ai_deadline_ms;
    cx_thought    *t = thought_of(c);
    cx_thought     fresh = { .deadline = c->think_since + total };

    if (t == NULL) {
        return false;
    }

    if (t->turn_id != c->recall.turn_id) {
        cx_think_gone(c);
    }

    fresh.turn_id = c->recall.turn_id;
    fresh.paid = t->paid;
    fresh.usage = t->usage;
    fresh.nusage = t->nusage;
    fresh.arena = t->arena;
    fresh.tokens.shown = t->tokens.shown;
    *t = fresh;

    cx_prompt_fill(c, agent);
    cx_masks_init(&t->masks, c->arena);

    if (agent->config.mask) {
        cx_ai_mask_prompt(&t->masks, &c->prompt, c->arena);
    }

    /* Who keeps the conversation may know a token by another number. */
    if (t->masks.n > 0) {
        c->prompt.previous = CX_NOSTR;
    }

    cx_tokens_init(c, agent);
    c->tries = 1;
    return true;
}


void
cx_think_go_on(cx_conv *c)
{
    const cx_dir_agent  *agent = cx_directory_agent(c->worker,
                                                    c->recall.agent_id);

    if (agent == NULL) {
        cx_think_builtin(c, "agent_changed");

    } else if (c->thought->calling) {
        cx_think_silent(c);

    } else if (c->thought->tools != NULL
               || cx_now_ms() >= c->thought->deadline)
    {
        cx_tools_cancel(c->thought->tools);
        c->thought->tools = NULL;
        cx_think_builtin(c, "deadline");

    } else {
        ask(c, agent);
    }
}


/* What was thought before this recall is in an arena that was reset, and may
 * be of another turn. */
static void
forget(cx_conv *c)
{
    cx_think_cancel(c);
    cx_think_gone(c);
    cx_think_settled(c);
}


void
cx_step_think(cx_conv *c)
{
    const cx_dir_agent  *agent;

    if (c->tries > 0) {
        cx_think_go_on(c);
        return;
    }

    if (!c->may.asked) {
        cx_conv_go(c, CX_STEP_MAY);
        return;
    }

    c->may.asked = false;
    agent = cx_directory_agent(c->worker, c->recall.agent_id);

    if (agent == NULL || agent->provider == NULL) {
        forget(c);
        memset(&c->prompt, 0, sizeof(c->prompt));
        think_nothing(c, "no_agent");
        return;
    }

    if (!begin(c, agent)) {
        cx_turn_later(c, "think.failed", CX_NOMEM);
        return;
    }

    if (!c->recall.taken) {
        cx_typing_send(c);
    }

    if (c->recall.taken) {
        think_nothing(c, "taken");

    } else if (c->recall.attempts > CRASHES_MAX) {
        think_nothing(c, "crashed_before");

    } else if (cx_str_trim(c->recall.question).len == 0
               && c->prompt.nimages == 0)
    {
        think_nothing(c, "no_text");

    } else if (c->may.refusal.len > 0) {
        not_allowed(c);

    } else {
        ask(c, agent);
    }
}
