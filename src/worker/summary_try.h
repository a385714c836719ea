/*
 * One summary on its way: what summary.c and summary_try.c share.
 *
 *   summary.c      when one is due, when again; who is forgotten
 *   summary_try.c  one try: what is left, budgets, the call, the record
 */

#ifndef CX_WORKER_SUMMARY_TRY_H
#define CX_WORKER_SUMMARY_TRY_H

#include "ai/mask.h"
#include "store/budgets.h"
#include "store/context.h"
#include "worker/summary.h"

typedef struct cx_summary_s {
    cx_db_job              job;
    struct cx_summaries_s *all;
    struct cx_summary_s   *next;
    int64_t                conversation_id;
    int64_t                tenant;
    int64_t                agent_id;
    int64_t                turn_id;     /* after which it became due */
    unsigned               partition;
    bool                   budgeted;    /* it falls under budgets */
    int64_t                before;      /* id; what is older is told of */
    int64_t                least;       /* messages that make it worth it */
    int64_t                at;          /* next try */
    unsigned               tries;
    bool                   busy;
    bool                   dropped;     /* its end frees it */
    bool                   again;       /* another turn has ended meanwhile */

    /* Of one try. */
    cx_arena              *arena;
    cx_summary_left        left;
    cx_masks               masks;
    cx_ai_prompt           prompt;
    cx_reserve             reserve;
    cx_reserved            word;
    bool                   reserved;    /* until the call is on record */
    cx_summary_row         row;
    cx_usage_row           usage;
    const cx_ai           *ai;
    cx_call               *call;
    bool                   written;
} cx_summary;

struct cx_summaries_s {
    cx_worker   *worker;
    cx_summary  *first;
    size_t       busy;
    bool         stopped;
};

/* summary_try.c: begins, and ends in one of the two below. */
void cx_summary_try(cx_summary *y);
/* Its first model can be asked, and is to be. */
bool cx_summary_can(const cx_dir_agent *agent);

/* summary.c: one try is over.  y is gone, or waits for the next. */
void cx_summary_ended(cx_summary *y);
/* It has failed. */
void cx_summary_failed(cx_summary *y);

#endif /* CX_WORKER_SUMMARY_TRY_H */
