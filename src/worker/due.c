#include "worker/due.h"

#include <stdlib.h>


bool
cx_due_look(cx_worker *w, size_t size, size_t arena_bytes,
    cx_err (*run)(cx_store *s, cx_db_job *job),
    void (*done)(cx_db_job *job, cx_err err))
{
    cx_due  *l = calloc(1, size);

    if (l == NULL || (l->arena = cx_arena_new(arena_bytes)) == NULL) {
        free(l);
        return false;
    }

    for (unsigned i = 0; i < CX_PARTITIONS; i++) {
        l->mask |= (uint64_t) (w->part[i].state == CX_PART_LIVE) << i;
    }

    l->worker = w;
    l->job.run = run;
    l->job.done = done;
    w->handles++;
    cx_db_read(w->db, &l->job);

    return true;
}


void
cx_due_free(cx_due *l)
{
    l->worker->handles--;
    cx_arena_free(l->arena);
    free(l);
}
