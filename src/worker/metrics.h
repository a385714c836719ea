/*
 * What this process has asked of models, as counters for Prometheus: since its
 * start, by agent.  The record has the same by the day (store/costs.h).
 */

#ifndef CX_WORKER_METRICS_H
#define CX_WORKER_METRICS_H

#include "core/arena.h"
#include "store/store.h"

typedef struct cx_metrics_s  cx_metrics;

/* NULL: no memory. */
cx_metrics *cx_metrics_new(void);
void cx_metrics_free(cx_metrics *m);

/* A turn is planned: its calls, and what was decided.  fallback: its models
 * were asked in vain, or not at all.  Without memory it is not counted. */
void cx_metrics_plan(cx_metrics *m, const cx_plan *plan, bool fallback);

/* The text format; labels_of says who an agent is, agent="desk", empty: it is
 * gone. */
void cx_metrics_put(const cx_metrics *m,
    cx_str (*labels_of)(void *ctx, int64_t agent_id), void *ctx, cx_buf *b);

#endif /* CX_WORKER_METRICS_H */
