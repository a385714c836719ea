#include "worker/engine.h"

#include "ai/terms.h"
#include "worker/seeing.h"
#include "worker/vectors.h"

#include <string.h>


#define RETRY_FIRST_MS  500


/* --- RECALL -------------------------------------------------------------- */

static cx_err
recall_run(cx_store *s, cx_db_job *job)
{
    cx_conv  *c = (cx_conv *) job;
    cx_find   find;
    cx_err    err;

    cx_arena_reset(c->arena);
    memset(&c->recall, 0, sizeof(c->recall));
    memset(&c->hits, 0, sizeof(c->hits));

    err = cx_store_recall(s, c->turn_id, c->want, c->arena, &c->recall);
    if (err != CX_OK) {
        return err;
    }

    if (!c->recall.knowledge) {
        return cx_arena_failed(c->arena) ? CX_NOMEM : CX_OK;
    }

    cx_ai_find_words(c->arena, c->recall.question, &find);
    cx_store_as(s, c->recall.tenant);

    err = cx_store_search(s, c->recall.agent_id, &find, CX_KNOWLEDGE_HITS,
                          c->arena, &c->hits);
    if (err != CX_OK) {
        return err;
    }

    return cx_arena_failed(c->arena) ? CX_NOMEM : CX_OK;
}


/* The turn is no longer ours to answer, or not at all. */
static void
turn_drop(cx_conv *c)
{
    c->turn_id = 0;
    cx_conv_go(c, CX_STEP_REST);
}


/* The store failed: the turn is safe there, try again in a while. */
void
cx_turn_later(cx_conv *c, const char *what, cx_err err)
{
    cx_log(CX_LOG_ERROR, what, CX_FID("conversation", "cv", c->id),
           CX_FID("turn", "tn", c->turn_id), CX_FZ("error", cx_err_word(err)));

    c->deadline = cx_now_ms() + RETRY_FIRST_MS;
    cx_conv_go(c, CX_STEP_REST);
}


/* Which agent it is for was not known before: it may want more of what was
 * said. */
static bool
wants_more(cx_conv *c, const cx_dir_agent *agent)
{
    const size_t  want = agent == NULL ? 0
                         : cx_prompt_history(c->worker, &agent->config)
                           + (size_t) agent->config.summary_after;
    const bool    full = c->recall.history.n >= c->want;

    if (want <= c->want) {
        return false;
    }

    c->want = want;
    return full;
}


void
cx_recall_go_on(cx_conv *c)
{
    const cx_dir_agent  *agent;

    agent = cx_directory_agent(c->worker, c->recall.agent_id);
    c->think_since = cx_seeing_since(c);

    if (agent == NULL || !cx_seeing_wait(c, agent)) {
        cx_conv_go(c, CX_STEP_THINK);
    }
}


static void
recall_done(cx_db_job *job, cx_err err)
{
    cx_conv             *c = (cx_conv *) job;
    const cx_dir_agent  *agent;

    if (!cx_conv_back(c)) {
        return;
    }

    if (err == CX_NOT_FOUND
        || (err == CX_OK && c->recall.state != CX_TURN_OPEN))
    {
        turn_drop(c);
        return;
    }

    if (err != CX_OK) {
        cx_turn_later(c, "recall.failed", err);
        return;
    }

    CX_FP("recall.after");
    c->inputs = c->recall.inputs;
    c->job.tenant = c->recall.tenant;
    c->tries = 0;
    agent = cx_directory_agent(c->worker, c->recall.agent_id);

    if (wants_more(c, agent)) {
        cx_conv_go(c, CX_STEP_RECALL);
        return;
    }

    if (agent == NULL || !cx_near_ask(c, agent)) {
        cx_recall_go_on(c);
    }
}


void
cx_step_recall(cx_conv *c)
{
    CX_FP("recall.before");

    if (c->arena == NULL) {
        c->arena = cx_arena_new(CX_JOB_ARENA);
    }

    if (c->arena == NULL) {
        cx_turn_later(c, "recall.failed", CX_NOMEM);
        return;
    }

    if (c->want == 0) {
        c->want = (size_t) c->worker->conf->worker_history;
    }

    cx_conv_read(c, recall_run, recall_done);
}
