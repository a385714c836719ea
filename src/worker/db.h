/*
 * The store off the loop: one writer thread, one reader thread, each with a
 * connection of its own.
 *
 * The writer takes whatever waits, runs it in the order it came inside one
 * transaction, commits once (group commit) and only then calls back, from
 * the loop.  After CX_IO the transaction is rolled back and its jobs run one
 * by one, each in a transaction of its own, so that one bad job does not take
 * its neighbours along.  The reader runs jobs without a transaction.
 *
 * Jobs that must not overtake each other share a flag.  When one of them
 * ends in anything but CX_OK it has changed nothing, the flag is set, and
 * those behind it are not run: CX_STALE.  Whoever owns the flag takes it back
 * while none of them is under way.
 *
 * A job is a function over a store and the caller's struct.  done runs
 * exactly once, from the loop.
 */

#ifndef CX_WORKER_DB_H
#define CX_WORKER_DB_H

#include "store/store.h"

#include <uv.h>

typedef struct cx_db_s  cx_db;
typedef struct cx_db_job_s  cx_db_job;

/* Intrusive: embed it, or allocate it, and keep it until done ran. */
struct cx_db_job_s {
    cx_err    (*run)(cx_store *s, cx_db_job *job);
    void      (*done)(cx_db_job *job, cx_err err);
    bool       *failed;        /* shared by those in order, or NULL */
    int64_t     tenant;        /* whose record (cx_store_as); 0: the engine's
                                * own job, which goes by ids */
    cx_err      err;           /* private */
    cx_db_job  *next;          /* private */
};

/* NULL with *error set when the store cannot be opened. */
cx_db *cx_db_open(uv_loop_t *loop, cx_str url, char *error,
    size_t error_size);
/* Runs what waits, then stops the threads and closes; done of everything has
 * been called when it returns. */
void cx_db_close(cx_db *db);

void cx_db_write(cx_db *db, cx_db_job *job);
void cx_db_read(cx_db *db, cx_db_job *job);

/* Jobs per commit so far, for the status: commits and jobs. */
void cx_db_stats(const cx_db *db, int64_t *commits, int64_t *jobs);

#endif /* CX_WORKER_DB_H */
