/*
 * What models cost: a row for each call, and budgets that are reserved before
 * it.
 */

#ifndef CX_STORE_USAGE_H
#define CX_STORE_USAGE_H

#include "core/arena.h"
#include "core/err.h"

struct cx_store_s;

/* One call of a model; written with the plan of its turn. */
typedef struct {
    cx_str   provider;
    cx_str   model;             /* as the provider says, else as asked for */
    cx_str   outcome;           /* "ok", "retry", "refused", "cancelled" */
    cx_str   error;             /* type and code, no content */
    int64_t  tokens_in;         /* with those cached */
    int64_t  tokens_cached;
    int64_t  tokens_out;
    int64_t  cost;              /* millionths; 0 as long as no price is known:
                                 * the store fills it in by the tenant's
                                 * prices */
    int64_t  started_at;
    int64_t  first_ms;          /* first token after so long; 0: no stream */
    int64_t  ms;
} cx_usage_row;

#endif /* CX_STORE_USAGE_H */
