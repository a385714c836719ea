/*
 * What models cost: prices, and what was used.  Money is in millionths of a
 * currency; a price is that of a million tokens.
 */

#ifndef CX_STORE_COSTS_H
#define CX_STORE_COSTS_H

#include "store/store.h"

#define CX_PRICE_MAX  INT64_C(10000000000)      /* ten thousand */

/* --- prices: of the tenant at hand --------------------------------------- */

typedef struct {
    int64_t  id;
    int64_t  tenant;          /* read only; 1: also of those with none */
    cx_str   provider;        /* "*": any */
    cx_str   model;           /* a name, or with prefix what it begins with */
    bool     prefix;
    cx_str   currency;        /* "USD" */
    int64_t  in;
    int64_t  cached;
    int64_t  out;
    int64_t  created_at;
    int64_t  updated_at;
} cx_price_row;

typedef CX_LIST(cx_price_row)  cx_price_list;

/* Also those that count because there are none of its own. */
cx_err cx_store_prices(cx_store *s, cx_arena *a, cx_price_list *out);
cx_err cx_store_price(cx_store *s, int64_t id, cx_arena *a,
    cx_price_row *out);
/* CX_CONFLICT: there is one of that provider and model. */
cx_err cx_store_price_put(cx_store *s, const cx_price_row *row, bool create);
cx_err cx_store_price_delete(cx_store *s, int64_t id);

/* Which one counts for a model; CX_NOT_FOUND. */
cx_err cx_store_price_for(cx_store *s, int64_t tenant, cx_str provider,
    cx_str model, cx_arena *a, cx_price_row *out);
/* Rounded up. */
int64_t cx_price_of(const cx_price_row *p, int64_t in, int64_t cached,
    int64_t out);

/* --- what was used ------------------------------------------------------- */

#define CX_USAGE_BY(X)                                                        \
    X(TOTAL,    "total")                                                      \
    X(DAY,      "day")                                                        \
    X(AGENT,    "agent")                                                      \
    X(MODEL,    "model")                                                      \
    X(CUSTOMER, "customer")

typedef enum {
#define X(name, word)  CX_USAGE_##name,
    CX_USAGE_BY(X)
#undef X
    CX_USAGE_BY_COUNT
} cx_usage_by;

bool cx_usage_by_parse(cx_str word, cx_usage_by *by);

typedef struct {
    int64_t  id;              /* day since 1970, agent, customer; or 0 */
    cx_str   name;            /* of the agent, or "provider/model" */
    cx_str   currency;        /* empty: no price is known */
    int64_t  calls;
    int64_t  tokens_in;
    int64_t  tokens_cached;
    int64_t  tokens_out;
    int64_t  cost;
    int64_t  failed;          /* calls without an answer */
} cx_usage_sum;

typedef CX_LIST(cx_usage_sum)  cx_usage_sums;

/* Of the tenant at hand, of calls that began in [from, until); without the
 * first after lines. */
cx_err cx_store_usage(cx_store *s, cx_usage_by by, int64_t from,
    int64_t until, size_t limit, int64_t after, cx_arena *a,
    cx_usage_sums *out);

/* --- the engine's (inside begin/commit) ---------------------------------- */

/* For PLAN, which does so with cx_plan.usage, and for calls beside a turn's
 * answer. */
cx_err cx_store_calls_add(cx_store *s, int64_t turn_id,
    const cx_usage_row *rows, size_t n);
/* The same, and what budgets had reserved for them is settled. */
cx_err cx_store_calls_settle(cx_store *s, int64_t turn_id,
    const cx_usage_row *rows, size_t n, int64_t now_ms);
/* Replies of the AI to the customer of that conversation since then, wherever
 * they were. */
cx_err cx_store_replies_since(cx_store *s, int64_t conversation_id,
    int64_t since, int64_t *n);

#endif /* CX_STORE_COSTS_H */
