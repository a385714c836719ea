#include "worker/ask.h"

#include "worker/think.h"
#include "worker/vectors.h"

#include <stdlib.h>


typedef struct cx_asking_s  asking;

struct cx_asking_s {
    cx_conv       c;                /* first: THINK knows no more of it */
    cx_asked_fn   done;
    void        (*piece)(void *ctx, cx_str event, cx_str json);
    void         *ctx;
    cx_err        err;
    bool          stopped;          /* while the store had it */
    int64_t       since;
    asking       *next;             /* of the worker's */
    asking      **at;
};


/* --- the end ------------------------------------------------------------- */

static void
on_closed(uv_handle_t *handle)
{
    asking     *k = handle->data;
    cx_worker  *w = k->c.worker;

    cx_think_settled(&k->c);
    cx_arena_free(k->c.arena);
    free(k);

    w->handles--;
    cx_worker_check_drained(w);
}


/* An agent that is gone meanwhile lets nothing through by itself. */
static void
tell(asking *k)
{
    const cx_dir_agent  *agent = cx_directory_agent(k->c.worker,
                                                    k->c.recall.agent_id);
    const cx_thought    *t = k->c.thought;
    const cx_asked       asked = {
        .answer = &k->c.answer,
        .prompt = &k->c.prompt,
        .usage = t != NULL ? t->usage : NULL,
        .nusage = t != NULL ? t->nusage : 0,
        .threshold = agent != NULL ? agent->row.threshold : 1,
        .suggest = agent == NULL || agent->config.suggest,
        .ms = cx_now_ms() - k->since,
    };

    k->done(k->ctx, k->err, k->err == CX_OK ? &asked : NULL);
}


static void
deliver(uv_timer_t *timer)
{
    asking  *k = (asking *) timer->data;

    *k->at = k->next;

    if (k->next != NULL) {
        k->next->at = k->at;
    }

    tell(k);
    uv_close((uv_handle_t *) timer, on_closed);
}


static void
end(asking *k, cx_err err)
{
    k->err = err;
    (void) uv_timer_start(&k->c.timer, deliver, 0, 0);
}


bool
cx_ask_wants(const cx_conv *c)
{
    return ((const asking *) c)->piece != NULL;
}


/* "- delta {...}" */
void
cx_ask_push(cx_conv *c, cx_str text)
{
    asking  *k = (asking *) c;
    cx_str   json = cx_str_sub(text, 2, text.len), event;

    if (k->piece != NULL && cx_str_split(&json, ' ', &event)) {
        k->piece(k->ctx, event, json);
    }
}


/* Where a conversation would go on to, one that is only asked does not. */
void
cx_ask_step(cx_conv *c, cx_step step)
{
    asking  *k = (asking *) c;

    if (k->stopped) {
        end(k, CX_CANCELLED);

    } else if (step == CX_STEP_MAY) {
        c->may.asked = true;
        cx_step_think(c);

    } else if (step == CX_STEP_THINK) {
        cx_step_think(c);

    } else {
        end(k, step == CX_STEP_PLAN ? CX_OK : CX_NOMEM);
    }
}


void
cx_asks_stop(cx_worker *w, bool closed)
{
    for (asking *k = w->asks; k != NULL; k = k->next) {
        if (k->c.in_store && !closed) {
            k->stopped = true;
            continue;
        }

        cx_conv_call_cancel(&k->c);
        end(k, CX_CANCELLED);
    }
}


/* --- the beginning ------------------------------------------------------- */

static void
copy_hits(cx_conv *c, const cx_hit_list *hits)
{
    c->hits.items = CX_NEW_N(c->arena, hits->n, cx_hit_row);

    for (size_t i = 0; c->hits.items != NULL && i < hits->n; i++) {
        cx_hit_row  *h = &c->hits.items[c->hits.n++];

        *h = hits->items[i];
        h->source = cx_dup(c->arena, h->source);
        h->question = cx_dup(c->arena, h->question);
        h->text = cx_dup(c->arena, h->text);
    }
}


static void
fill(asking *k, cx_worker *w, const cx_ask *ask)
{
    cx_conv  *c = &k->c;

    c->worker = w;
    c->step = CX_STEP_THINK;
    c->trial = true;
    c->think_since = k->since = cx_now_ms();
    c->job.tenant = c->recall.tenant = ask->tenant;
    c->recall.knowledge = true;
    c->recall.agent_id = ask->agent_id;
    c->recall.opened_at = c->think_since;
    c->recall.question = cx_dup(c->arena, ask->question);
    copy_hits(c, ask->hits);
}


bool
cx_worker_ask(cx_worker *w, const cx_ask *ask, cx_asked_fn done, void *ctx)
{
    const cx_dir_agent  *agent = cx_directory_agent(w, ask->agent_id);
    asking              *k = calloc(1, sizeof(*k));

    if (k == NULL || (k->c.arena = cx_arena_new(CX_JOB_ARENA)) == NULL) {
        free(k);
        return false;
    }

    k->done = done;
    k->piece = ask->piece;
    k->ctx = ctx;
    fill(k, w, ask);

    (void) uv_timer_init(w->loop, &k->c.timer);
    k->c.timer.data = k;
    w->handles++;
    k->next = w->asks;
    k->at = &w->asks;
    w->asks = k;

    if (k->next != NULL) {
        k->next->at = &k->next;
    }

    if (w->draining) {
        end(k, CX_CANCELLED);

    } else if (agent == NULL) {
        end(k, CX_NOT_FOUND);

    } else if (!cx_near_ask(&k->c, agent)) {
        cx_step_think(&k->c);
    }

    return true;
}
