/*
 * Somebody tries out an agent: a question is thought about as a customer's is
 * - the same models in the same order, functions, confidence -, and nothing is
 * written or sent.  Functions that are not a GET are not called.
 *
 * It is a conversation that stands in no table and has no partition: THINK
 * runs it, and where PLAN would begin it ends.
 */

#ifndef CX_WORKER_ASK_H
#define CX_WORKER_ASK_H

#include "ai/ai.h"
#include "worker/worker.h"

typedef struct {
    int64_t             agent_id;
    int64_t             tenant;
    cx_str              question;
    const cx_hit_list  *hits;       /* of the agent's knowledge */
    /* Pieces of the answer as they come, from the loop: "delta" with
     * {"text":...}, "retract" takes all of them back.  NULL: none. */
    void              (*piece)(void *ctx, cx_str event, cx_str json);
} cx_ask;

/* Views that live until the callback returns. */
typedef struct {
    const cx_ai_answer  *answer;
    const cx_ai_prompt  *prompt;    /* as the model got it: numbers masked */
    const cx_usage_row  *usage;
    size_t               nusage;
    double               threshold;
    bool                 suggest;
    int64_t              ms;
} cx_asked;

/* CX_OK, CX_NOT_FOUND (no such agent in the engine yet), CX_CANCELLED (the
 * worker stops), CX_NOMEM; asked is NULL unless it is CX_OK. */
typedef void (*cx_asked_fn)(void *ctx, cx_err err, const cx_asked *asked);

/* Copies what it needs.  done runs once, from the loop, never from inside
 * this.  False: no memory. */
bool cx_worker_ask(cx_worker *w, const cx_ask *ask, cx_asked_fn done,
    void *ctx);

/* Those under way end as CX_CANCELLED; what the store has does so when it is
 * back, unless that is closed. */
void cx_asks_stop(cx_worker *w, bool closed);

#endif /* CX_WORKER_ASK_H */
