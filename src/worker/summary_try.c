#include "worker/summary_try.h"

#include "ai/context.h"
#include "ai/summarize.h"
#include "store/costs.h"

#include <string.h>


#define TOKENS_OUT   1000           /* about: what is written, and thought */
#define ANSWER_MAX   (1024 * 1024)


/* --- writing it ---------------------------------------------------------- */

/* What was paid for is on record, whatever came of it. */
static cx_err
write_run(cx_store *s, cx_db_job *job)
{
    cx_summary  *y = (cx_summary *) job;
    cx_err       err = CX_OK;

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
    cx_summary  *y = (cx_summary *) job;

    cx_log(y->written ? CX_LOG_INFO : CX_LOG_WARN, "summary",
           CX_FID("conversation", "cv", y->row.conversation_id),
           CX_FI("messages", y->row.messages),
           CX_FI("written", y->written), CX_FS("error", y->usage.error),
           CX_FZ("stored", cx_err_word(err)));

    if (err == CX_OK && y->row.text.len > 0) {
        y->tries = 0;
        y->again |= y->written
                    && y->left.left - (int64_t) y->left.said.n >= y->least;
        cx_summary_ended(y);

    } else {
        cx_summary_failed(y);
    }
}


static void
record(cx_summary *y)
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
    cx_summary         *y = ctx;
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
call(cx_summary *y, const cx_dir_model *m)
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


bool
cx_summary_can(const cx_dir_agent *agent)
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
    cx_summary  *y = (cx_summary *) job;

    return cx_store_reserve(s, &y->reserve, &y->word);
}


static void
reserve_done(cx_db_job *job, cx_err err)
{
    cx_summary          *y = (cx_summary *) job;
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
        cx_summary_ended(y);

    } else if (err != CX_OK || !cx_summary_can(agent)
               || !call(y, &agent->models[0]))
    {
        cx_summary_failed(y);
    }
}


static void
reserve(cx_summary *y, const cx_dir_model *m)
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
turns_of(const cx_summary *y)
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
fill_row(cx_summary *y, size_t used)
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
ask(cx_summary *y, const cx_dir_agent *agent)
{
    cx_ai_turn  *turns = turns_of(y);
    size_t       used = 0;

    if (turns == NULL) {
        cx_summary_failed(y);
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
        cx_summary_failed(y);

    } else if (y->budgeted) {
        reserve(y, &agent->models[0]);

    } else if (!call(y, &agent->models[0])) {
        cx_summary_failed(y);
    }
}


static cx_err
look_run(cx_store *s, cx_db_job *job)
{
    cx_summary  *y = (cx_summary *) job;

    cx_arena_reset(y->arena);
    return cx_store_summary_left(s, y->conversation_id, y->before, y->arena,
                                 &y->left);
}


static void
look_done(cx_db_job *job, cx_err err)
{
    cx_summary          *y = (cx_summary *) job;
    const cx_dir_agent  *agent = cx_directory_agent(y->all->worker,
                                                    y->agent_id);

    if (err != CX_OK && err != CX_NOT_FOUND) {
        cx_summary_failed(y);

    } else if (err == CX_NOT_FOUND || y->dropped || y->all->stopped
               || !cx_summary_can(agent) || y->left.left < y->least
               || y->left.said.n == 0)
    {
        cx_summary_ended(y);

    } else {
        ask(y, agent);
    }
}


void
cx_summary_try(cx_summary *y)
{
    y->job.run = look_run;
    y->job.done = look_done;
    y->job.tenant = y->tenant;
    cx_db_read(y->all->worker->db, &y->job);
}
