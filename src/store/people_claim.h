/*
 * Reviews and the people who look after them: one at a time, for a while; and
 * what becomes of one that nobody decides in time (its agent says what).
 */

#ifndef CX_STORE_PEOPLE_CLAIM_H
#define CX_STORE_PEOPLE_CLAIM_H

#include "core/arena.h"
#include "core/err.h"

typedef struct cx_store_s  cx_store;

/* Until then only who decides it; a claim may be made longer.  CX_CONFLICT:
 * it is decided already; CX_STALE: somebody else has claimed it. */
cx_err cx_store_review_claim(cx_store *s, int64_t id, cx_str who,
    int64_t until, int64_t now_ms);
/* The same, for everybody again. */
cx_err cx_store_review_release(cx_store *s, int64_t id, cx_str who,
    int64_t now_ms);

/* A review whose time is over, and what its agent wants then. */
typedef struct {
    int64_t   id;
    int64_t   conversation_id;
    unsigned  partition;
    int64_t   channel_id;
    bool      said;           /* the turn has said something already */
    cx_str    policy;         /* "wait", "handoff", "drop" */
    cx_str    handoff;        /* the agent's words for it */
} cx_overdue_row;

typedef struct {
    cx_overdue_row  *items;
    size_t           n;
    size_t           room;
} cx_overdue_list;

/* Of partitions that are ours: bit p of mask says that p is. */
cx_err cx_store_reviews_overdue(cx_store *s, uint64_t mask, int64_t now_ms,
    size_t limit, cx_arena *a, cx_overdue_list *out);

typedef struct {
    int64_t         id;
    bool            drop;       /* else it goes on waiting */
    const cx_str   *parts;      /* to be said then, may be none */
    const int64_t  *part_ids;
    size_t          nparts;
    int64_t         now_ms;
} cx_review_end;

/* CX_STALE: it is decided, claimed or expired by now.  *said: the parts are to
 * be sent; not when a person has spoken meanwhile. */
cx_err cx_store_review_expire(cx_store *s, const cx_review_end *in,
    bool *said);

#endif /* CX_STORE_PEOPLE_CLAIM_H */
