/*
 * How much models may be used, and who keeps to it: before a model is asked,
 * what the answer may take is reserved; PLAN settles that with what it took.
 * Reserved and used together never exceed the amount, however many ask at the
 * same time.
 *
 *   budgets.c  budgets as people see them
 *   reserve.c  reservations
 */

#ifndef CX_STORE_BUDGETS_H
#define CX_STORE_BUDGETS_H

#include "store/store.h"

typedef struct {
    int64_t  id;
    int64_t  tenant;          /* read only */
    cx_str   name;            /* unique in the tenant */
    cx_str   scope;           /* "tenant", "agent", "customer" */
    int64_t  subject_id;      /* agent or customer; 0: each of them */
    cx_str   period;          /* "day", "month", in UTC */
    cx_str   unit;            /* "tokens", "cost" */
    int64_t  amount;          /* of a cost: millionths */
    cx_str   currency;        /* of a cost */
    cx_str   otherwise;       /* who answers when it is used up: "knowledge",
                               * "handoff" */
    bool     active;
    int64_t  created_at;
    int64_t  updated_at;
    int64_t  used;            /* read only: now, by who has most of it */
    int64_t  reserved;
} cx_budget_row;

typedef CX_LIST(cx_budget_row)  cx_budget_list;

/* now_ms: which period is shown. */
cx_err cx_store_budgets(cx_store *s, int64_t now_ms, cx_arena *a,
    cx_budget_list *out);
cx_err cx_store_budget(cx_store *s, int64_t id, int64_t now_ms, cx_arena *a,
    cx_budget_row *out);
/* CX_CONFLICT: there is one of that name. */
cx_err cx_store_budget_put(cx_store *s, const cx_budget_row *row,
    bool create);
/* With what was counted. */
cx_err cx_store_budget_delete(cx_store *s, int64_t id);

/* --- the engine's (inside begin/commit) ---------------------------------- */

/* All that the turn may take, with what it took already.  Asking again for the
 * same turn takes the place of what was reserved before; what another owner of
 * the partition had reserved counts as used, because nobody knows whether it
 * was. */
typedef struct {
    cx_fence  fence;
    int64_t   turn_id;
    cx_str    provider;       /* who will be asked: its price */
    cx_str    model;
    int64_t   tokens_in;
    int64_t   tokens_out;
    int64_t   now_ms;
} cx_reserve;

typedef struct {
    bool     refused;
    bool     unpriced;        /* because no price is known, in that currency */
    bool     handoff;         /* refused: not even the knowledge answers */
    bool     told;            /* refused for the first time of this period:
                               * hooks were told */
    int64_t  budget_id;       /* that refused */
    int64_t  budgets;         /* how many it falls under */
} cx_reserved;

cx_err cx_store_reserve(cx_store *s, const cx_reserve *in, cx_reserved *out);
/* For PLAN: with the turn's calls after the one of that number. */
cx_err cx_store_settle_budgets(cx_store *s, int64_t turn_id, int64_t after,
    int64_t now_ms);
/* Reservations made before then, of turns that are closed in another way, or
 * gone, and counters of periods long past; *n how many of both there are. */
cx_err cx_store_reserved_left(cx_store *s, int64_t before, int64_t now_ms,
    int64_t *n);
cx_err cx_store_reserved_sweep(cx_store *s, int64_t before, int64_t now_ms);

#endif /* CX_STORE_BUDGETS_H */
