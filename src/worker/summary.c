#include "worker/summary.h"

#include "ai/context.h"
#include "ai/mask.h"
#include "ai/summarize.h"
#include "store/budgets.h"
#include "store/context.h"
#include "store/costs.h"

#include <stdlib.h>
#include <string.h>


#define CALLS_MAX    4              /* under way at once */
#define TRIES_MAX    6
#define WAIT_MS      30000          /* before the second try; then twice */
#define TOKENS_OUT   1000           /* about: what is written, and thought */
#define ANSWER_MAX   (1024 * 1024)
#define ARENA_BYTES  (4 * 1024 * 1024)

typedef struct summary_s  summary;

struct summary_s {
    cx_db_job              job;
    struct cx_summaries_s *all;
    summary               *next;
    int64_t                conversation_id;
    int64_t                tenant;
    int64_t                agent_id;
    int64_t                turn_id;     /* after which it became due */
    unsigned               partition;
    bool                   budgeted;    /* it falls under budgets */
    int64_t                before;      /* id; what is older is told of */
    int64_t                least;       /* messages that make it worth it */
    int64_t                at;          /* next try */
    unsigned               tries;
    bool                   busy;
    bool                   dropped;     /* its end frees it */
    bool                   again;       /* another turn has ended meanwhile */

    /* Of one try. */
    cx_arena              *arena;
    cx_summary_left        left;
    cx_masks               masks;
    cx_ai_prompt           prompt;
    cx_reserve             reserve;
    cx_reserved            word;
    bool                   reserved;    /* until the call is on record */
    cx_summary_row         row;
    cx_usage_row           usage;
    const cx_ai           *ai;
    cx_call               *call;
    bool                   written;
};

struct cx_summaries_s {
    cx_worker  *worker;
    summary    *first;
    size_t      busy;
    bool        stopped;
};

static void go(summary *y);


/* --- life ---------------------------------------------------------------- */

static void
summary_free(summary *y)
{
    summary  **at = &y->all->first;

    while (*at != y) {
        at = &(*at)->next;
    }

    *at = y->next;
    cx_arena_free(y->arena);
    free(y);
}


static summary *
find(const cx_worker *w, int64_t conversation_id)
{
    summary  *y = w->summaries != NULL ? w->summaries->first : NULL;

    while (y != NULL
           && (y->conversation_id != conversation_id || y->dropped))
    {
        y = y->next;
    }

    return y;
}


static summary *
summary_new(cx_worker *w, int64_t conversation_id)
{
    struct cx_summaries_s  *all = w->summaries;
    summary                *y = calloc(1, sizeof(*y));

    if (all == NULL) {
        all = calloc(1, sizeof(*all));
        w->summaries = all;
    }

    if (y == NULL || all == NULL) {
        free(y);
        return NULL;
    }

    all->worker = w;
    y->all = all;
    y->conversation_id = conversation_id;
    y->next = all->first;
    all->first = y;
    return y;
}


/* One try is over; it is gone, or waits for the next. */
static void
try_ends(summary *y)
{
    cx_worker  *w = y->all->worker;

    y->busy = false;
    y->all->busy--;
    w->handles--;
    cx_arena_free(y->arena);
    y->arena = NULL;

    if (y->dropped || y->all->stopped || !y->again) {
        summary_free(y);

    } else {
        y->again = false;
        go(y);
    }

    cx_worker_check_drained(w);
}


/* y->written: done for this time, or of no use any more. */
static void
try_later(summary *y)
{
    const int64_t  wait = (int64_t) WAIT_MS << y->tries;

    y->busy = false;
    y->all->busy--;
    y->all->worker->handles--;
    cx_arena_free(y->arena);
    y->arena = NULL;
    y->at = cx_now_ms() + wait / 2 + rand() % (wait / 2 + 1);

    if (y->dropped || y->all->stopped || ++y->tries >= TRIES_MAX) {
        cx_worker  *w = y->all->worker;

        summary_free(y);
        cx_worker_check_drained(w);
    }
}


/* --- writing it ---------------------------------------------------------- */

/* What was paid for is on record, whatever came of it. */
static cx_err
write_run(cx_store *s, cx_db_job *job)
{
    summary  *y = (summary *) job;
    cx_err    err = CX_OK;

    y->written = false;

    if (y->row.text.len > 0) {
        err = cx_store_summary_put(s, &y->row, y->left.have.last_id);
        y->written = err == CX_OK;
        err = err == CX_STALE ? CX_OK : err;
    }

    if (err != CX_OK) {
        return err;
    }

    return y->reserved ? cx_store_calls_settle(s, y->turn_id, &y->usage, 1,
                                               y->row.at)
                       : cx_store_calls_add(s, y->turn_id, &y->usage, 1);
}


static void
write_done(cx_db_job *job, cx_err err)
{
    summary  *y = (summary *) job;

    cx_log(y->written ? CX_LOG_INFO : CX_LOG_WARN, "summary",
           CX_FID("conversation", "cv", y->row.conversation_id),
           CX_FI("messages", y->row.messages),
           CX_FI("written", y->written), CX_FS("error", y->usage.error),
           CX_FZ("stored", cx_err_word(err)));

    if (err == CX_OK && y->row.text.len > 0) {
        y->tries = 0;
        y->again |= y->written
                    && y->left.left - (int64_t) y->left.said.n >= y->least;
        try_ends(y);

    } else {
        try_later(y);
    }
}


static void
record(summary *y)
{
    y->job.run = write_run;
    y->job.done = write_done;
    y->job.tenant = y->tenant;
    cx_db_write(y->all->worker->db, &y->job);
}


/* --- the call ------------------------------------------------------------ */

static void
on_reply(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    static const char  *const words[] = {
        [CX_AI_OK] = "ok",
        [CX_AI_RETRY] = "retry",
        [CX_AI_REFUSED] = "refused",
    };
    summary            *y = ctx;
    cx_ai_reply         reply = { .finish = CX_FINISH_OTHER };
    cx_ai_outcome       o = y->ai->parse(res, y->arena, &reply);

    y->call = NULL;

    if (end != CX_CALL_DONE && o.result != CX_AI_OK) {
        o.result = CX_AI_RETRY;
        o.error = CX_STR("no answer");
        (void) error;
    }

    if (o.result == CX_AI_OK) {
        y->row.text = cx_ai_unmask(&y->masks, cx_ai_summary(&reply, y->arena),
                                   y->arena);
        y->row.tokens = reply.tokens_in + reply.tokens_out;
        y->row.model = cx_dup(y->arena, reply.model);
        y->usage.model = reply.model.len > 0 ? y->row.model : y->usage.model;
    }

    y->row.at = cx_now_ms();
    y->usage.outcome = cx_strz(words[o.result]);
    y->usage.error = cx_dup(y->arena, o.error);
    y->usage.tokens_in = reply.tokens_in;
    y->usage.tokens_cached = reply.tokens_cached;
    y->usage.tokens_out = reply.tokens_out;
    y->usage.cost = reply.cost;
    y->usage.ms = y->row.at - y->usage.started_at;
    record(y);
}


static bool
call(summary *y, const cx_dir_model *m)
{
    cx_worker           *w = y->all->worker;
    cx_ai_settings       settings = m->settings;
    cx_http_req          req = { .url = CX_NOSTR };
    const cx_http_opts   opts = {
        .connect_ms = 5000,
        .total_ms = (long) w->conf->ai_timeout_ms,
        .max_body = ANSWER_MAX,
    };

    settings.stream = false;
    y->ai = m->provider;
    y->usage = (cx_usage_row) {
        .provider = cx_strz(m->provider->name),
        .model = cx_dup(y->arena, settings.model),
        .started_at = cx_now_ms(),
    };

    cx_arena_reset(w->scratch);

    if (y->ai->build(&settings, &y->prompt, w->scratch, &req) != CX_OK) {
        return false;
    }

    y->call = cx_http_start(w->http, &req, &opts, on_reply, y);
    return y->call != NULL;
}


static bool
can_ask(const cx_dir_agent *agent)
{
    return agent != NULL && agent->nmodels > 0
           && agent->models[0].provider != NULL
           && agent->models[0].provider->parse != NULL
           && agent->config.summary_after > 0;
}


/* --- budgets ------------------------------------------------------------- */

static cx_err
reserve_run(cx_store *s, cx_db_job *job)
{
    summary  *y = (summary *) job;

    return cx_store_reserve(s, &y->reserve, &y->word);
}


static void
reserve_done(cx_db_job *job, cx_err err)
{
    summary             *y = (summary *) job;
    const cx_dir_agent  *agent = cx_directory_agent(y->all->worker,
                                                    y->agent_id);

    y->reserved = err == CX_OK && !y->word.refused;

    if (err == CX_OK && y->word.refused) {
        cx_log(CX_LOG_INFO, "summary.refused",
               CX_FID("conversation", "cv", y->conversation_id),
               CX_FID("budget", "bg", y->word.budget_id));
    }

    if (y->dropped || y->all->stopped || err == CX_FENCED
        || (err == CX_OK && y->word.refused))
    {
        try_ends(y);

    } else if (err != CX_OK || !can_ask(agent)
               || !call(y, &agent->models[0]))
    {
        try_later(y);
    }
}


static void
reserve(summary *y, const cx_dir_model *m)
{
    y->reserve = (cx_reserve) {
        .fence = cx_partition_fence(y->all->worker, y->partition),
        .turn_id = y->turn_id,
        .provider = cx_strz(m->provider->name),
        .model = cx_dup(y->arena, m->settings.model),
        .tokens_in = (int64_t) (cx_context_tokens(y->prompt.system)
                                + cx_context_tokens(y->prompt.question)),
        .tokens_out = TOKENS_OUT,
        .now_ms = cx_now_ms(),
    };

    y->job.run = reserve_run;
    y->job.done = reserve_done;
    y->job.tenant = y->tenant;
    cx_db_write(y->all->worker->db, &y->job);
}


/* --- what is to be told -------------------------------------------------- */

static cx_ai_turn *
turns_of(const summary *y)
{
    const cx_message_list  *said = &y->left.said;
    cx_ai_turn             *turns = CX_NEW_N(y->arena, said->n, cx_ai_turn);

    for (size_t i = 0; turns != NULL && i < said->n; i++) {
        turns[i].role = cx_str_eq(said->items[i].author, CX_STR("customer"))
                        ? CX_TURN_CUSTOMER : CX_TURN_US;
        turns[i].text = said->items[i].text;
    }

    return turns;
}


/* What goes on record, but the text. */
static void
fill_row(summary *y, size_t used)
{
    const cx_summary_left  *l = &y->left;
    const bool              all = used == l->said.n;

    y->row = (cx_summary_row) {
        .conversation_id = l->have.conversation_id,
        .first_id = l->have.last_id > 0 ? l->have.first_id : l->first_id,
        .last_id = all ? l->last_id : l->said.items[used - 1].id,
        .messages = l->have.messages + (int64_t) used,
    };

    y->left.said.n = used;
}


static void
ask(summary *y, const cx_dir_agent *agent)
{
    cx_ai_turn  *turns = turns_of(y);
    size_t       used = 0;

    if (turns == NULL) {
        try_later(y);
        return;
    }

    cx_ai_summarize(y->left.have.text, turns, y->left.said.n, y->arena,
                    &y->prompt, &used);
    fill_row(y, used);
    cx_masks_init(&y->masks, y->arena);

    if (agent->config.mask) {
        cx_ai_mask_prompt(&y->masks, &y->prompt, y->arena);
    }

    y->reserved = false;

    if (cx_arena_failed(y->arena)) {
        try_later(y);

    } else if (y->budgeted) {
        reserve(y, &agent->models[0]);

    } else if (!call(y, &agent->models[0])) {
        try_later(y);
    }
}


static cx_err
look_run(cx_store *s, cx_db_job *job)
{
    summary  *y = (summary *) job;

    cx_arena_reset(y->arena);
    return cx_store_summary_left(s, y->conversation_id, y->before, y->arena,
                                 &y->left);
}


static void
look_done(cx_db_job *job, cx_err err)
{
    summary             *y = (summary *) job;
    const cx_dir_agent  *agent = cx_directory_agent(y->all->worker,
                                                    y->agent_id);

    if (err != CX_OK && err != CX_NOT_FOUND) {
        try_later(y);

    } else if (err == CX_NOT_FOUND || y->dropped || y->all->stopped
               || !can_ask(agent) || y->left.left < y->least
               || y->left.said.n == 0)
    {
        try_ends(y);

    } else {
        ask(y, agent);
    }
}


/* --- when ---------------------------------------------------------------- */

static void
go(summary *y)
{
    cx_worker  *w = y->all->worker;

    if (y->all->busy >= CALLS_MAX
        || (y->arena = cx_arena_new(ARENA_BYTES)) == NULL)
    {
        y->at = cx_now_ms();        /* at the next beat */
        return;
    }

    y->busy = true;
    y->all->busy++;
    w->handles++;
    y->job.run = look_run;
    y->job.done = look_done;
    y->job.tenant = y->tenant;
    cx_db_read(w->db, &y->job);
}


void
cx_summary_note(cx_conv *c)
{
    cx_worker           *w = c->worker;
    const cx_dir_agent  *agent = cx_directory_agent(w, c->recall.agent_id);
    summary             *y;

    if (!can_ask(agent) || c->told_from == 0 || w->draining
        || (int64_t) c->untold < agent->config.summary_after)
    {
        return;
    }

    y = find(w, c->id);

    if (y == NULL && (y = summary_new(w, c->id)) == NULL) {
        return;
    }

    y->tenant = c->recall.tenant;
    y->agent_id = c->recall.agent_id;
    y->turn_id = c->recall.turn_id;
    y->partition = c->partition;
    y->budgeted = c->recall.budgeted;
    y->before = c->told_from;
    y->least = agent->config.summary_after;

    if (y->busy) {
        y->again = true;

    } else if (y->at <= cx_now_ms()) {
        y->tries = 0;
        go(y);
    }
}


void
cx_summary_beat(cx_worker *w)
{
    const int64_t  now = cx_now_ms();
    summary       *next;

    if (w->summaries == NULL || w->draining) {
        return;
    }

    for (summary *y = w->summaries->first; y != NULL; y = next) {
        next = y->next;

        if (!y->busy && y->at <= now) {
            go(y);
        }
    }
}


/* A call under way is dropped; what the store has comes back by itself. */
static void
drop(summary *y)
{
    cx_worker  *w = y->all->worker;

    y->dropped = true;

    if (y->busy && y->call == NULL) {
        return;
    }

    if (y->busy) {
        cx_call_cancel(y->call);
        y->all->busy--;
        w->handles--;
    }

    summary_free(y);
}


void
cx_summary_forget(cx_worker *w, int64_t conversation_id)
{
    summary  *next;

    if (w->summaries == NULL) {
        return;
    }

    for (summary *y = w->summaries->first; y != NULL; y = next) {
        next = y->next;

        if (y->conversation_id == conversation_id
            || (y->busy && y->row.conversation_id == conversation_id))
        {
            drop(y);
        }
    }
}


void
cx_summary_stop(cx_worker *w)
{
    summary  *next;

    if (w->summaries == NULL) {
        return;
    }

    w->summaries->stopped = true;

    for (summary *y = w->summaries->first; y != NULL; y = next) {
        next = y->next;
        drop(y);
    }
}


void
cx_summary_free(cx_worker *w)
{
    if (w->summaries == NULL) {
        return;
    }

    while (w->summaries->first != NULL) {
        summary  *y = w->summaries->first;

        cx_call_cancel(y->call);
        summary_free(y);
    }

    free(w->summaries);
    w->summaries = NULL;
}
