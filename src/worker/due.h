/* A look into the store: what is due in the partitions that are live here. */

#ifndef CX_WORKER_DUE_H
#define CX_WORKER_DUE_H

#include "worker/engine.h"

/* The first member of what a look fills. */
typedef struct {
    cx_db_job   job;
    cx_worker  *worker;
    cx_arena   *arena;
    uint64_t    mask;           /* of those partitions */
} cx_due;

/* A new one of size bytes, zeroed behind its head, goes to the store; the
 * worker does not end before cx_due_free().  False: no memory. */
bool cx_due_look(cx_worker *w, size_t size, size_t arena_bytes,
    cx_err (*run)(cx_store *s, cx_db_job *job),
    void (*done)(cx_db_job *job, cx_err err));
/* cx_worker_check_drained() is the caller's. */
void cx_due_free(cx_due *l);

#endif /* CX_WORKER_DUE_H */
