/*
 * What THINK knows of the turn at hand, from its first call of a model on.
 *
 * Models are asked in the agent's order.  One that cannot be reached, fails or
 * is silent for too long is asked again after a while with jitter, as often as
 * [ai] retries says as long as another one stands behind it, and the last one
 * until the deadline; one that refuses is not.  Behind the last stands the
 * built-in answerer, which needs nobody.
 *
 *   think.c         what is asked of whom, and what becomes of it
 *   think_call.c    one call: its stream, its silence, its breaker, its price
 *   think_tools.c   what a model wants to know first
 *   think_paid.c    what that is worth
 *   tokens.c        pieces to the page
 */

#ifndef CX_WORKER_THINK_H
#define CX_WORKER_THINK_H

#include "ai/mask.h"
#include "ai/stream.h"
#include "worker/breaker.h"
#include "worker/engine.h"
#include "worker/tools.h"

#define CX_THINK_ROUNDS_MAX  5      /* replies that want tools */
#define CX_THINK_PAID_MAX    64     /* calls of one turn that are on record */

/* Pieces of an answer under way, to the page it is for. */
typedef struct {
    bool    wanted;         /* there is a page, and the agent does that */
    bool    shown;          /* it has pieces, to be replaced or taken back */
    bool    begun;          /* of this call */
    size_t  at;             /* of what is said, so much is shown */
} cx_tokens;

typedef struct cx_thought_s {
    /* Of the turn, from call to call: what is paid for stays until it is on
     * record, also when a newer message makes us think again. */
    int64_t        turn_id;
    cx_arena      *paid;
    cx_usage_row  *usage;
    size_t         nusage;

    /* Of one recall. */
    cx_masks       masks;
    cx_ai_round   *rounds;
    size_t         nrounds;
    size_t         ncalls;          /* of tools, so far */
    cx_tool_run   *tools;           /* under way */
    size_t         model;           /* of the agent's */
    unsigned       tries;           /* of it */
    bool           shortened;       /* the history is */
    bool           called;          /* some model was: its tokens count */
    int64_t        deadline;
    cx_tokens      tokens;
    int64_t        tokens_in;       /* of replies that led to this one */
    int64_t        tokens_out;
    cx_str         reply_id;        /* the provider's, of the answer */

    /* Of one call. */
    bool           calling;
    const cx_ai   *ai;
    cx_str         asked_model;
    cx_arena      *arena;           /* of its answer; NULL: none so far */
    bool           answered;        /* something of it has come */
    cx_ai_stream   stream;
    bool           streaming;       /* asked for, at least */
    size_t         sent;            /* bytes of the request */
    int64_t        since;
    int64_t        first_ms;        /* first token after so long */
    int64_t        patience;        /* the first token must come until then */
    uint8_t        breaker[16];
    bool           watched;         /* by that breaker */
    bool           probe;
} cx_thought;

/* How a call of ours ended, before anybody reads it. */
typedef struct {
    cx_call_end         end;
    const cx_http_res  *res;
    const char         *error;
} cx_think_end;

/* --- think.c ------------------------------------------------------------- */

/* A reply, or why there is none. */
void cx_think_replied(cx_conv *c, const cx_ai_outcome *o,
    const cx_ai_reply *reply, int status);
/* The model's results are there: it is asked again, with them. */
void cx_think_go_on(cx_conv *c);
/* The built-in answerer speaks; why NULL: it was to. */
void cx_think_builtin(cx_conv *c, const char *why);

/* --- think_call.c -------------------------------------------------------- */

/* False: it could not be started; the row says so. */
bool cx_think_call(cx_conv *c, const cx_dir_agent *agent,
    const cx_dir_model *m, size_t behind);
/* No token came in time. */
void cx_think_silent(cx_conv *c);
/* Whether that model may be asked now; takes the trial if there is one. */
bool cx_think_may(cx_conv *c, const cx_dir_model *m);

/* --- think_paid.c -------------------------------------------------------- */

/* One call more; guess: nobody has told how much it was. */
void cx_paid_add(cx_thought *t, const cx_ai_reply *reply, const char *outcome,
    cx_str error, bool guess);

/* --- think_tools.c ------------------------------------------------------- */

/* False: no more of that. */
bool cx_think_tools(cx_conv *c, const cx_dir_agent *agent,
    const cx_ai_reply *reply);

/* --- tokens.c ------------------------------------------------------------ */

void cx_tokens_init(cx_conv *c, const cx_dir_agent *agent);
/* Another call begins: what it says replaces what was said. */
void cx_tokens_begin(cx_conv *c);
/* All that may be seen so far of it. */
void cx_tokens_show(cx_conv *c, cx_str said);
/* The page forgets what it has of it. */
void cx_tokens_retract(cx_conv *c);

#endif /* CX_WORKER_THINK_H */
