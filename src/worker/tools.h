/*
 * The functions of agents: what a model asks for is checked, called by HTTP,
 * and told to it.
 *
 * A result is never missing: a function that is not the agent's, arguments
 * that do not fit its schema, a call too many, a server that fails are told to
 * the model as one line, {"error":"..."}; what the server said is
 * {"result":...}, cut to a size.  Whose conversation it is says the worker, in
 * headers; nothing the model writes can change that.
 */

#ifndef CX_WORKER_TOOLS_H
#define CX_WORKER_TOOLS_H

#include "worker/engine.h"

#define CX_TOOL_CALLS_MAX   5               /* of one turn */
#define CX_TOOL_RESULT_MAX  (16 * 1024)     /* bytes that a model is given */

typedef struct cx_tool_run_s  cx_tool_run;

/* For whom: ids of the record; 0: there is none. */
typedef struct {
    int64_t  turn_id;
    int64_t  conversation_id;
    int64_t  customer_id;           /* of those who are linked: the root */
    cx_str   channel;               /* slug, may be empty */
    cx_str   event;                 /* trace, may be empty */
    size_t   used;                  /* calls of this turn before these */
    bool     trial;                 /* somebody tries it out: functions that
                                     * are not a GET are not called */
} cx_tool_context;

/* results: one a call, in their order, in the arena of the start. */
typedef void (*cx_tool_fn)(void *ctx, const cx_str *results, size_t n);

/*
 * All calls of one reply, side by side.  done runs once, from the loop, never
 * from inside this.  calls and a stay until then; agent need not.  NULL: no
 * memory (done is never called).
 */
cx_tool_run *cx_tools_start(cx_worker *w, const cx_dir_agent *agent,
    const cx_tool_context *context, const cx_ai_call *calls, size_t n,
    cx_arena *a, cx_tool_fn done, void *ctx);
/* done never runs.  NULL: there is nothing to cancel. */
void cx_tools_cancel(cx_tool_run *run);

void cx_tools_init(cx_worker *w);
void cx_tools_free(cx_worker *w);

#endif /* CX_WORKER_TOOLS_H */
