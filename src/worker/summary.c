#include "worker/summary_try.h"

#include <stdlib.h>


#define CALLS_MAX    4              /* under way at once */
#define TRIES_MAX    6
#define WAIT_MS      30000          /* before the second try; then twice */
#define ARENA_BYTES  (4 * 1024 * 1024)

static void go(cx_summary *y);


/* --- life ---------------------------------------------------------------- */

static void
summary_free(cx_summary *y)
{
    cx_summary  **at = &y->all->first;

    while (*at != y) {
        at = &(*at)->next;
    }

    *at = y->next;
    cx_arena_free(y->arena);
    free(y);
}


static cx_summary *
find(const cx_worker *w, int64_t conversation_id)
{
    cx_summary  *y = w->summaries != NULL ? w->summaries->first : NULL;

    while (y != NULL
           && (y->conversation_id != conversation_id || y->dropped))
    {
        y = y->next;
    }

    return y;
}


static cx_summary *
summary_new(cx_worker *w, int64_t conversation_id)
{
    struct cx_summaries_s  *all = w->summaries;
    cx_summary             *y = calloc(1, sizeof(*y));

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
void
cx_summary_ended(cx_summary *y)
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


void
cx_summary_failed(cx_summary *y)
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


/* --- when ---------------------------------------------------------------- */

static void
go(cx_summary *y)
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
    cx_summary_try(y);
}


void
cx_summary_note(cx_conv *c)
{
    cx_worker           *w = c->worker;
    const cx_dir_agent  *agent = cx_directory_agent(w, c->recall.agent_id);
    cx_summary             *y;

    if (!cx_summary_can(agent) || c->told_from == 0 || w->draining
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
    cx_summary       *next;

    if (w->summaries == NULL || w->draining) {
        return;
    }

    for (cx_summary *y = w->summaries->first; y != NULL; y = next) {
        next = y->next;

        if (!y->busy && y->at <= now) {
            go(y);
        }
    }
}


/* A call under way is dropped; what the store has comes back by itself. */
static void
drop(cx_summary *y)
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
    cx_summary  *next;

    if (w->summaries == NULL) {
        return;
    }

    for (cx_summary *y = w->summaries->first; y != NULL; y = next) {
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
    cx_summary  *next;

    if (w->summaries == NULL) {
        return;
    }

    w->summaries->stopped = true;

    for (cx_summary *y = w->summaries->first; y != NULL; y = next) {
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
        cx_summary  *y = w->summaries->first;

        cx_call_cancel(y->call);
        summary_free(y);
    }

    free(w->summaries);
    w->summaries = NULL;
}
