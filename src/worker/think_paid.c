/*
 * What calls of models are worth: a row each, on record with the plan of
 * their turn, or without one if there is none in the end.
 */

#include "store/costs.h"
#include "worker/think.h"

#include <stdlib.h>
#include <string.h>


#define PAID_ARENA   (64 * 1024)
#define TOKEN_BYTES  4              /* about so many are one */

typedef struct {
    cx_db_job            job;
    cx_worker           *worker;
    cx_arena            *paid;
    const cx_usage_row  *usage;
    size_t               nusage;
    int64_t              turn_id;
} paid_job;


static cx_usage_row *
new_row(cx_thought *t)
{
    cx_usage_row  *rows;

    if (t->paid == NULL) {
        t->paid = cx_arena_new(PAID_ARENA);
    }

    if (t->paid == NULL || t->nusage == CX_THINK_PAID_MAX) {
        return NULL;
    }

    /* Room for 1, 2, 4 ... of them: mostly it is one. */
    if ((t->nusage & (t->nusage - 1)) == 0) {
        rows = CX_NEW_N(t->paid, t->nusage > 0 ? 2 * t->nusage : 1,
                        cx_usage_row);

        if (rows == NULL) {
            return NULL;
        }

        if (t->nusage > 0) {
            memcpy(rows, t->usage, t->nusage * sizeof(rows[0]));
        }

        t->usage = rows;
    }

    return &t->usage[t->nusage++];
}


/* Of a call that did not come to its end nobody tells the tokens, and yet they
 * are paid for: about so many. */
static void
estimate(const cx_thought *t, cx_usage_row *row)
{
    if (row->tokens_in == 0) {
        row->tokens_in = (int64_t) (t->sent / TOKEN_BYTES) + 1;
    }

    if (row->tokens_out == 0) {
        row->tokens_out = (int64_t) (t->stream.text.len / TOKEN_BYTES);
    }
}


void
cx_paid_add(cx_thought *t, const cx_ai_reply *reply, const char *outcome,
    cx_str error, bool guess)
{
    cx_usage_row  *row = new_row(t);

    if (row == NULL) {
        return;
    }

    *row = (cx_usage_row) {
        .provider = cx_strz(t->ai->name),
        .model = cx_dup(t->paid, reply->model.len > 0 ? reply->model
                                                      : t->asked_model),
        .outcome = cx_strz(outcome),
        .error = cx_dup(t->paid, error),
        .tokens_in = reply->tokens_in,
        .tokens_cached = reply->tokens_cached,
        .tokens_out = reply->tokens_out,
        .cost = reply->cost,
        .started_at = t->since,
        .first_ms = t->first_ms,
        .ms = cx_now_ms() - t->since,
    };

    if (guess) {
        estimate(t, row);
    }
}


/* Whoever keeps the conversation wants it back with the next message. */
static cx_str
reply_id(const cx_conv *c)
{
    const cx_thought  *t = c->thought;

    return t->reply_id.len > 0 && t->ai->keeps
           ? cx_printf(c->arena, "%s %.*s", t->ai->name, CX_ARG(t->reply_id))
           : CX_NOSTR;
}


void
cx_think_paid(const cx_conv *c, cx_plan *plan)
{
    if (c->thought != NULL) {
        plan->usage = c->thought->usage;
        plan->nusage = c->thought->nusage;
        plan->reply_id = reply_id(c);
    }
}


void
cx_think_settled(cx_conv *c)
{
    cx_thought  *t = c->thought;

    if (t != NULL) {
        cx_arena_free(t->paid);
        cx_arena_free(t->arena);
        free(t);
        c->thought = NULL;
    }
}


/* --- without a plan ------------------------------------------------------ */

static cx_err
paid_run(cx_store *s, cx_db_job *job)
{
    paid_job  *p = (paid_job *) job;

    return cx_store_calls_add(s, p->turn_id, p->usage, p->nusage);
}


static void
paid_done(cx_db_job *job, cx_err err)
{
    paid_job   *p = (paid_job *) job;
    cx_worker  *w = p->worker;

    if (err != CX_OK) {
        cx_log(CX_LOG_ERROR, "think.paid", CX_FID("turn", "tn", p->turn_id),
               CX_FI("calls", p->nusage), CX_FZ("error", cx_err_word(err)));
    }

    cx_arena_free(p->paid);
    free(p);
    w->handles--;
    cx_worker_check_drained(w);
}


void
cx_think_gone(cx_conv *c)
{
    cx_thought  *t = c->thought;
    cx_worker   *w = c->worker;
    paid_job    *p;

    if (t == NULL || t->nusage == 0 || t->turn_id == 0 || w->redis == NULL
        || (p = calloc(1, sizeof(*p))) == NULL)
    {
        return;         /* also when all ends, and the store is closed */
    }

    p->job.run = paid_run;
    p->job.done = paid_done;
    p->job.tenant = c->job.tenant;
    p->worker = w;
    p->turn_id = t->turn_id;
    p->paid = t->paid;
    p->usage = t->usage;
    p->nusage = t->nusage;
    t->paid = NULL;
    t->usage = NULL;
    t->nusage = 0;
    w->handles++;
    cx_db_write(w->db, &p->job);
}
