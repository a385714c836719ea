/*
 * MAY: whether a model is asked at all.  Machines that answer each other are
 * given to a person, and budgets are asked before a token is paid.  Only turns
 * with a budget wait for the store.
 */

#ifndef CX_WORKER_MAY_H
#define CX_WORKER_MAY_H

#include "store/budgets.h"

struct cx_conv_s;
struct cx_worker_s;

typedef struct {
    bool         asked;         /* by the step, for the THINK that follows */
    cx_str       refusal;       /* why no model is asked; empty: it may be */
    bool         knowledge;     /* refused: the built-in answerer is */
    bool         silent;        /* refused: nothing is said at all */
    bool         reserved;      /* of budgets, until PLAN settles it */
    int64_t      replies;       /* to this customer since then: */
    int64_t      since;
    int64_t      once_in;       /* one call takes, about */
    int64_t      once_out;
    cx_reserve   reserve;
    cx_reserved  word;
} cx_may;

/* Whether what is reserved allows one more call, beside those that are paid
 * for; always, without budgets. */
bool cx_may_more(const struct cx_conv_s *c);

/* Reservations whose turn ended otherwise are settled now and then. */
void cx_may_beat(struct cx_worker_s *w);

#endif /* CX_WORKER_MAY_H */
