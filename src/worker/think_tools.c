/* A model wants to know something first: rounds of tools. */

#include "worker/think.h"

#include <string.h>


/* A tool is the business's own: it gets what was written.  A number may have
 * been written on two lines, which JSON does not have in its texts. */
static cx_str
written(const cx_masks *masks, cx_str arguments, cx_arena *a)
{
    const cx_str  text = cx_dup(a, cx_ai_unmask(masks, arguments, a));
    char         *p = (char *) (uintptr_t) text.p;

    for (size_t i = 0; i < text.len; i++) {
        if (p[i] == '\n' || p[i] == '\t') {
            p[i] = ' ';
        }
    }

    return text;
}


static cx_ai_call *
keep_calls(cx_conv *c, const cx_ai_reply *reply)
{
    const cx_masks  *masks = &c->thought->masks;
    cx_ai_call      *calls = CX_NEW_N(c->arena, reply->ncalls, cx_ai_call);

    for (size_t i = 0; calls != NULL && i < reply->ncalls; i++) {
        const cx_ai_call  *from = &reply->calls[i];

        calls[i] = (cx_ai_call) {
            .id = cx_dup(c->arena, from->id),
            .name = cx_dup(c->arena, from->name),
            .arguments = written(masks, from->arguments, c->arena),
            .extra = cx_dup(c->arena, from->extra),
        };
    }

    return calls;
}


/* What a tool says may have numbers that are not for the model, and the model
 * is shown its own words again. */
static void
on_results(void *ctx, const cx_str *results, size_t n)
{
    cx_conv      *c = ctx;
    cx_thought   *t = c->thought;
    cx_ai_round  *r = &t->rounds[t->nrounds];
    cx_ai_call   *calls = (cx_ai_call *) (uintptr_t) r->calls;
    cx_str       *told = CX_NEW_N(c->arena, n, cx_str);

    t->tools = NULL;

    for (size_t i = 0; told != NULL && i < n; i++) {
        told[i] = cx_ai_mask(&t->masks, results[i]);
        calls[i].arguments = cx_ai_mask(&t->masks, calls[i].arguments);
    }

    r->results = told;
    t->nrounds++;
    t->ncalls += n;
    c->prompt.rounds = t->rounds;
    c->prompt.nrounds = t->nrounds;

    /* The last time it has to answer with what it knows. */
    if (t->nrounds == CX_THINK_ROUNDS_MAX || t->ncalls >= CX_TOOL_CALLS_MAX) {
        c->prompt.ntools = 0;
    }

    if (cx_arena_failed(c->arena)) {
        cx_turn_later(c, "think.failed", CX_NOMEM);
        return;
    }

    t->tries = 0;
    uv_timer_stop(&c->timer);
    cx_think_go_on(c);
}


static cx_str
channel_of(const cx_conv *c)
{
    const cx_dir_channel  *ch = cx_directory_channel(c->worker,
                                                     c->recall.channel_id);

    return ch != NULL ? ch->row.name : CX_NOSTR;
}


bool
cx_think_tools(cx_conv *c, const cx_dir_agent *agent,
    const cx_ai_reply *reply)
{
    cx_thought       *t = c->thought;
    cx_tool_context   context = {
        .turn_id = c->recall.turn_id,
        .conversation_id = c->id,
        .customer_id = c->recall.customer_id,
        .channel = channel_of(c),
        .event = c->recall.event,
        .used = t->ncalls,
        .trial = c->trial,
    };
    cx_ai_call       *calls;

    if (reply->ncalls == 0 || c->prompt.ntools == 0
        || t->nrounds == CX_THINK_ROUNDS_MAX)
    {
        return false;
    }

    if (t->rounds == NULL) {
        t->rounds = CX_NEW_N(c->arena, CX_THINK_ROUNDS_MAX, cx_ai_round);
    }

    calls = keep_calls(c, reply);

    if (t->rounds == NULL || calls == NULL || cx_arena_failed(c->arena)) {
        return false;
    }

    t->rounds[t->nrounds] = (cx_ai_round) {
        .text = cx_dup(c->arena, reply->text),
        .calls = calls,
        .ncalls = reply->ncalls,
    };

    cx_log(CX_LOG_INFO, "think.tools", CX_FS("event", c->recall.event),
           CX_FID("turn", "tn", c->turn_id), CX_FI("calls", reply->ncalls),
           CX_FI("round", t->nrounds + 1));

    t->tools = cx_tools_start(c->worker, agent, &context, calls,
                              reply->ncalls, c->arena, on_results, c);

    if (t->tools == NULL) {
        return false;
    }

    cx_conv_timer(c, t->deadline);
    return true;
}
