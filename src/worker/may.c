#include "worker/may.h"

#include "ai/loop.h"
#include "store/costs.h"
#include "worker/think.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_MS       (60 * 60 * 1000)
#define LOOP_LINES    16        /* of the talk are looked at */
#define LOOP_ARENA    (4 * 1024 * 1024)
#define TOKEN_BYTES   2         /* at least so many are one */
#define AROUND        600       /* tokens of what stands around the texts */
#define IMAGE_TOKENS  1600
#define OUT_TOKENS    1024      /* of an answer without a limit */
#define TOOL_CALLS    3         /* of a model that has functions, mostly */
#define LEFT_MS       (15 * 60 * 1000)
#define LEFT_EVERY_MS 60000


static void
refuse(cx_conv *c, const char *reason, bool knowledge, bool silent)
{
    c->may.refusal = cx_strz(reason);
    c->may.knowledge = knowledge;
    c->may.silent = silent;
}


/* --- loops --------------------------------------------------------------- */

static cx_loop_line
line_of(const cx_message_row *m)
{
    return (cx_loop_line) {
        .ours = m->outbound,
        .person = m->outbound && CX_STR_IS(m->author, "human"),
        .typed = CX_STR_IS(m->content, "text"),
        .text = m->text,
        .at = m->created_at,
    };
}


/* The end of the talk, and the question. */
static size_t
lines_of(const cx_conv *c, cx_loop_line lines[LOOP_LINES + 1])
{
    const cx_message_list  *h = &c->recall.history;
    size_t                  n = 0;

    for (size_t i = h->n > LOOP_LINES ? h->n - LOOP_LINES : 0; i < h->n; i++)
    {
        /* What was said elsewhere belongs to another talk. */
        if (h->items[i].channel.len == 0) {
            lines[n++] = line_of(&h->items[i]);
        }
    }

    lines[n++] = (cx_loop_line) {
        .typed = true,
        .text = c->recall.question,
        .at = c->recall.opened_at,
    };

    return n;
}


static bool
is_loop(const cx_conv *c)
{
    cx_loop_line   lines[LOOP_LINES + 1];
    cx_arena      *a;
    bool           yes;

    if (!c->worker->conf->ai_loops || c->recall.history.n == 0) {
        return false;
    }

    a = cx_arena_new(LOOP_ARENA);
    if (a == NULL) {
        return false;
    }

    yes = cx_ai_loop(lines, lines_of(c, lines), a);
    cx_arena_free(a);
    return yes;
}


/* Replies of the AI that the history has, since a person has last spoken, but
 * not before then. */
static void
count_replies(cx_conv *c)
{
    const cx_message_list  *h = &c->recall.history;
    int64_t                 last = 0;

    c->may.replies = 0;
    c->may.since = cx_now_ms() - HOUR_MS;

    for (size_t i = h->n; i-- > 0; ) {
        const cx_message_row  *m = &h->items[i];

        if (m->created_at < c->may.since) {
            return;
        }

        if (m->outbound && CX_STR_IS(m->author, "human")) {
            c->may.since = m->created_at;
            return;
        }

        c->may.replies += m->outbound && m->turn_id != last;
        last = m->outbound ? m->turn_id : last;
    }
}


static int64_t
most_replies(const cx_conv *c, const cx_dir_agent *agent)
{
    return agent->config.turns_max > 0 ? agent->config.turns_max
                                       : c->worker->conf->ai_turns_max;
}


/* The history does not go back far enough to tell. */
static bool
must_count(const cx_conv *c, const cx_dir_agent *agent)
{
    const int64_t          most = most_replies(c, agent);
    const cx_message_list  *h = &c->recall.history;

    return most > 0 && c->may.replies < most && (int64_t) h->n < 2 * most
           && h->n >= c->want && h->n > 0
           && h->items[0].created_at > c->may.since;
}


/* --- budgets ------------------------------------------------------------- */

/* The first that is paid for. */
static const cx_dir_model *
payable(const cx_dir_agent *agent)
{
    for (size_t i = 0; i < agent->nmodels; i++) {
        const cx_ai  *ai = agent->models[i].provider;

        if (ai != NULL) {
            return ai->answer == NULL ? &agent->models[i] : NULL;
        }
    }

    return NULL;
}


static size_t
bytes_of(const cx_conv *c, const cx_dir_agent *agent)
{
    const cx_recall        *r = &c->recall;
    const cx_agent_config  *config = &agent->config;
    size_t                  n = agent->row.prompt.len
                                + agent->row.handoff.len + r->question.len;

    for (size_t i = 0; i < r->history.n; i++) {
        n += r->history.items[i].text.len;
    }

    for (size_t i = 0; i < c->hits.n; i++) {
        n += c->hits.items[i].text.len + c->hits.items[i].question.len;
    }

    for (size_t i = 0; i < config->nfacts; i++) {
        n += config->facts[i].name.len + config->facts[i].value.len;
    }

    for (size_t i = 0; i < config->ntools; i++) {
        n += config->tools[i].tool.schema.len
             + config->tools[i].tool.description.len;
    }

    return n;
}


static void
paid_so_far(const cx_conv *c, int64_t *in, int64_t *out)
{
    const cx_thought  *t = c->thought;

    *in = *out = 0;

    for (size_t i = 0; t != NULL && i < t->nusage; i++) {
        *in += t->usage[i].tokens_in;
        *out += t->usage[i].tokens_out;
    }
}


static void
estimate(cx_conv *c, const cx_dir_agent *agent, const cx_dir_model *m)
{
    const int64_t  times = agent->config.ntools > 0 ? TOOL_CALLS : 1;
    cx_may        *may = &c->may;
    int64_t        in, out;

    paid_so_far(c, &in, &out);
    may->once_in = (int64_t) bytes_of(c, agent) / TOKEN_BYTES + AROUND
                   + (agent->config.images ? IMAGE_TOKENS : 0);
    may->once_out = m->settings.max_tokens > 0 ? m->settings.max_tokens
                                               : OUT_TOKENS;

    may->reserve = (cx_reserve) {
        .fence = cx_partition_fence(c->worker, c->partition),
        .turn_id = c->recall.turn_id,
        .provider = cx_strz(m->provider->name),
        .model = cx_dup(c->arena, m->settings.model),
        .tokens_in = in + times * may->once_in,
        .tokens_out = out + times * may->once_out,
        .now_ms = cx_now_ms(),
    };
}


bool
cx_may_more(const cx_conv *c)
{
    const cx_reserve  *r = &c->may.reserve;
    int64_t            in, out;

    if (!c->may.reserved) {
        return true;
    }

    paid_so_far(c, &in, &out);

    return in + out + c->may.once_in + c->may.once_out
           <= r->tokens_in + r->tokens_out;
}


/* --- the step ------------------------------------------------------------ */

static cx_err
may_run(cx_store *s, cx_db_job *job)
{
    cx_conv  *c = (cx_conv *) job;

    return cx_store_reserve(s, &c->may.reserve, &c->may.word);
}


static cx_err
count_run(cx_store *s, cx_db_job *job)
{
    cx_conv  *c = (cx_conv *) job;

    return cx_store_replies_since(s, c->id, c->may.since, &c->may.replies);
}


/* A person has answered meanwhile, or more has come that belongs into the
 * answer: it would be thought in vain. */
static bool
is_stale(const cx_conv *c)
{
    return !c->trial
           && (c->turn_id != c->recall.turn_id
               || (c->inputs != c->recall.inputs && !cx_turn_is_capped(c)));
}


static void
go_on(cx_conv *c)
{
    if (is_stale(c)) {
        cx_conv_go(c, CX_STEP_REST);
        return;
    }

    if (c->may.refusal.len > 0) {
        cx_log(CX_LOG_WARN, "may.refused", CX_FS("event", c->recall.event),
               CX_FID("turn", "tn", c->turn_id),
               CX_FS("reason", c->may.refusal));
    }

    c->may.asked = true;
    cx_conv_go(c, CX_STEP_THINK);
}


static void
may_done(cx_db_job *job, cx_err err)
{
    cx_conv            *c = (cx_conv *) job;
    const cx_reserved  *word = &c->may.word;

    if (!cx_conv_back(c)) {
        return;
    }

    if (err == CX_FENCED) {
        c->lost = true;
        cx_partition_lost(c->worker, c->partition);
        (void) cx_conv_back(c);
        return;
    }

    if (err != CX_OK) {
        cx_turn_later(c, "may.failed", err);
        return;
    }

    if (word->refused) {
        refuse(c, word->unpriced ? "no_price" : "budget", !word->handoff,
               false);

        if (word->told) {
            cx_log(CX_LOG_WARN, "budget.exhausted",
                   CX_FID("budget", "bg", word->budget_id),
                   CX_FID("conversation", "cv", c->id));
            cx_worker_tell(c->worker);
        }

    } else {
        c->may.reserved = c->may.reserved || word->budgets > 0;
    }

    go_on(c);
}


static void
ask_budgets(cx_conv *c, const cx_dir_agent *agent)
{
    const cx_dir_model  *m = payable(agent);

    if (!c->recall.budgeted || m == NULL || c->recall.taken) {
        go_on(c);
        return;
    }

    estimate(c, agent, m);

    if (cx_arena_failed(c->arena)) {
        cx_turn_later(c, "may.failed", CX_NOMEM);
        return;
    }

    cx_conv_write(c, may_run, may_done);
}


static void
judge_loop(cx_conv *c, const cx_dir_agent *agent)
{
    const int64_t  most = most_replies(c, agent);

    if ((most > 0 && c->may.replies >= most) || is_loop(c)) {
        refuse(c, "loop", false, true);
        go_on(c);
        return;
    }

    ask_budgets(c, agent);
}


static void
counted(cx_db_job *job, cx_err err)
{
    cx_conv             *c = (cx_conv *) job;
    const cx_dir_agent  *agent;

    if (!cx_conv_back(c)) {
        return;
    }

    if (err != CX_OK) {
        cx_turn_later(c, "may.failed", err);
        return;
    }

    agent = cx_directory_agent(c->worker, c->recall.agent_id);

    if (agent == NULL) {
        go_on(c);
        return;
    }

    judge_loop(c, agent);
}


void
cx_step_may(cx_conv *c)
{
    const cx_dir_agent  *agent = cx_directory_agent(c->worker,
                                                    c->recall.agent_id);

    c->may.refusal = CX_NOSTR;

    /* What another turn has reserved is not ours; the sweep settles it. */
    if (c->may.reserve.turn_id != c->recall.turn_id) {
        c->may.reserved = false;
    }

    if (agent == NULL) {
        go_on(c);
        return;
    }

    count_replies(c);

    if (must_count(c, agent)) {
        cx_conv_read(c, count_run, counted);
        return;
    }

    judge_loop(c, agent);
}


/* --- what is left -------------------------------------------------------- */

typedef struct {
    cx_db_job   job;
    cx_worker  *worker;
    int64_t     now_ms;
    int64_t     n;
} sweep;


static void
sweep_end(sweep *s)
{
    cx_worker  *w = s->worker;

    w->settling = false;
    w->handles--;
    free(s);
    cx_worker_check_drained(w);
}


static cx_err
sweep_run(cx_store *s, cx_db_job *job)
{
    const sweep  *w = (const sweep *) job;

    return cx_store_reserved_sweep(s, w->now_ms - LEFT_MS, w->now_ms);
}


static void
swept(cx_db_job *job, cx_err err)
{
    if (err != CX_OK) {
        cx_log(CX_LOG_ERROR, "budgets", CX_FZ("error", cx_err_word(err)));
    }

    sweep_end((sweep *) job);
}


static cx_err
left_run(cx_store *s, cx_db_job *job)
{
    sweep  *w = (sweep *) job;

    return cx_store_reserved_left(s, w->now_ms - LEFT_MS, w->now_ms, &w->n);
}


static void
left_done(cx_db_job *job, cx_err err)
{
    sweep  *s = (sweep *) job;

    if (err != CX_OK || s->n == 0) {
        sweep_end(s);
        return;
    }

    s->job.run = sweep_run;
    s->job.done = swept;
    cx_db_write(s->worker->db, &s->job);
}


void
cx_may_beat(cx_worker *w)
{
    const int64_t  now = cx_now_ms();
    sweep         *s;

    if (w->settling || w->draining || now < w->settle_at) {
        return;
    }

    w->settle_at = now + LEFT_EVERY_MS;
    s = calloc(1, sizeof(*s));

    if (s == NULL) {
        return;     /* next time */
    }

    *s = (sweep) {
        .job = { .run = left_run, .done = left_done },
        .worker = w,
        .now_ms = now,
    };
    w->settling = true;
    w->handles++;
    cx_db_read(w->db, &s->job);
}
