/*
 * PLAN of a turn whose customer does not pause: what came after the recall
 * becomes the next turn.
 */

#include "store/sql.h"

typedef struct {
    int64_t  seen;
    int64_t  later;
    int64_t  first_id;          /* of the later ones */
    int64_t  first_at;
    int64_t  last_at;
} inputs;


static cx_err
look(cx_store *s, const cx_plan *in, inputs *found)
{
    cx_query  q = cx_query_of(s, CX_SQL_SPLIT_LOOK);

    *found = (inputs) { 0 };
    cx_bind_i64(&q, in->turn_id);
    cx_bind_i64(&q, in->split->last_input_id);

    if (cx_query_next(&q)) {
        found->seen = cx_get_i64(&q);
        found->later = cx_get_i64(&q);
        found->first_id = cx_get_i64(&q);
        found->first_at = cx_get_i64(&q);
        found->last_at = cx_get_i64(&q);
    }

    return cx_query_end(&q);
}


static cx_err
open_next(cx_store *s, const cx_plan *in, const inputs *i)
{
    cx_split       *next = in->split;
    const int64_t   quiet = i->last_at + next->quiet_ms;
    const int64_t   cap = i->first_at + next->cap_ms;
    cx_query        q = cx_query_of(s, CX_SQL_SPLIT_NEXT);

    next->inputs = i->later;
    next->deadline = cx_turn_deadline(&next->flood, i->later, i->seen,
                                      i->first_at, quiet, cap);

    cx_bind_i64(&q, in->turn_id);
    cx_bind_i64(&q, next->turn_id);
    cx_bind_i64(&q, next->inputs);
    cx_bind_i64(&q, i->first_id);
    cx_bind_i64(&q, i->first_at);
    cx_bind_i64(&q, next->deadline);

    return cx_query_run(&q);
}


static cx_err
move_inputs(cx_store *s, const cx_plan *in, const inputs *i)
{
    cx_query  q = cx_query_of(s, CX_SQL_SPLIT_MOVE);

    cx_bind_i64(&q, in->turn_id);
    cx_bind_i64(&q, in->split->turn_id);
    cx_bind_i64(&q, i->first_id);

    return cx_query_run(&q);
}


static cx_err
keep_inputs(cx_store *s, const cx_plan *in)
{
    cx_query  q = cx_query_of(s, CX_SQL_SPLIT_KEEP);

    cx_bind_i64(&q, in->turn_id);
    cx_bind_i64(&q, in->inputs);
    cx_bind_i64(&q, in->split->last_input_id);

    return cx_query_run(&q);
}


/* Ids are ordered by the clocks of who took the messages: one that came late
 * under an earlier id cannot be told from those that were seen, and belongs
 * into the answer too. */
cx_err
cx_store_split(cx_store *s, const cx_plan *in)
{
    inputs  i;
    cx_err  err;

    err = look(s, in, &i);
    if (err != CX_OK) {
        return err;
    }

    if (i.seen != in->inputs || i.later == 0) {
        return CX_STALE;
    }

    err = open_next(s, in, &i);

    if (err == CX_OK) {
        err = move_inputs(s, in, &i);
    }

    return err == CX_OK ? keep_inputs(s, in) : err;
}
