#include "worker/db.h"

#include "worker/fp.h"
#include "worker/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger commits gain nothing and keep the first job waiting. */
#define BATCH_MAX  256
#define TRIES      5

typedef struct {
    cx_db_job  *head;
    cx_db_job  *tail;
} queue;

/* One thread with a connection of its own. */
typedef struct {
    cx_db           *db;
    cx_store        *store;
    void           (*work)(cx_db *db, cx_store *store, cx_db_job *jobs);
    queue            staged;     /* of this turn of the loop; loop only */
    pthread_t        thread;
    pthread_mutex_t  mutex;      /* guards what follows */
    pthread_cond_t   wake;
    queue            waiting;
    bool             idle;
    bool             stop;
} lane;

struct cx_db_s {
    uv_async_t       async;
    uv_idle_t        idle;        /* runs while something is staged */
    int              handles;     /* open ones: the last frees us */
    size_t           pending;     /* jobs not called back; loop only */
    lane             writer;
    lane             reader;
    pthread_mutex_t  mutex;       /* guards done */
    pthread_cond_t   some_done;
    queue            done;
    atomic_llong     commits;
    atomic_llong     jobs;
};


static void
push(queue *q, cx_db_job *job)
{
    job->next = NULL;

    if (q->head == NULL) {
        q->head = job;

    } else {
        q->tail->next = job;
    }

    q->tail = job;
}


static void
append(queue *q, queue *other)
{
    if (other->head == NULL) {
        return;
    }

    if (q->head == NULL) {
        *q = *other;

    } else {
        q->tail->next = other->head;
        q->tail = other->tail;
    }

    other->head = other->tail = NULL;
}


/* Cuts at most BATCH_MAX jobs off the front. */
static cx_db_job *
cut(queue *q)
{
    size_t      n;
    cx_db_job  *first = q->head, *last = q->head;

    for (n = 1; n < BATCH_MAX && last->next != NULL; n++) {
        last = last->next;
    }

    q->head = last->next;
    last->next = NULL;
    return first;
}


/* --- the threads --------------------------------------------------------- */

static void
hand_back(cx_db *db, cx_db_job *jobs)
{
    queue  q = { jobs, jobs };

    while (q.tail->next != NULL) {
        q.tail = q.tail->next;
    }

    pthread_mutex_lock(&db->mutex);
    append(&db->done, &q);
    pthread_cond_signal(&db->some_done);
    pthread_mutex_unlock(&db->mutex);

    (void) uv_async_send(&db->async);
}


/* Outcomes after which a transaction still stands (store.h). */
static bool
harmless(cx_err err)
{
    switch (err) {

    case CX_OK:
    case CX_FENCED:
    case CX_STALE:
    case CX_NOT_FOUND:
    case CX_CONFLICT:
    case CX_INVALID:
        return true;

    default:
        return false;
    }
}


/* Whether the transaction may go on after this outcome. */
static bool
stands(const cx_db_job *job)
{
    return job->failed != NULL ? job->err == CX_OK : harmless(job->err);
}


/* CX_OK: all of them are durable, each with an outcome of its own.  Anything
 * else: nothing was changed. */
static cx_err
run_together(cx_db *db, cx_store *store, cx_db_job *jobs)
{
    cx_err      err;
    cx_db_job  *job;
    long long   n = 0;

    err = cx_store_begin(store);
    if (err != CX_OK) {
        return err;
    }

    for (job = jobs; job != NULL; job = job->next) {
        if (job->failed != NULL && *job->failed) {
            job->err = CX_STALE;
            continue;
        }

        cx_store_as(store, job->tenant);
        job->err = job->run(store, job);

        if (!stands(job)) {
            err = job->err;
            cx_store_rollback(store);
            return err;
        }

        n++;
    }

    CX_FP("commit.before");
    err = cx_store_commit(store);
    CX_FP("commit.after");

    if (err != CX_OK) {
        cx_store_rollback(store);
        return err;
    }

    atomic_fetch_add(&db->commits, 1);
    atomic_fetch_add(&db->jobs, n);
    return CX_OK;
}


/* Alone, a job that another transaction was in the way of goes on once that
 * one is done.  A lost connection takes longer: that is for who asked. */
static cx_err
run_alone(cx_db *db, cx_store *store, cx_db_job *job)
{
    cx_err  err;

    for (int left = TRIES; /* void */ ; left--) {
        err = run_together(db, store, job);

        if (err != CX_IO || left <= 1 || !cx_store_again(store)) {
            return err;
        }
    }
}


static void
write_one(cx_db *db, cx_store *store, cx_db_job *job)
{
    const cx_err  err = run_alone(db, store, job);

    if (err != CX_OK) {
        job->err = err;

        if (job->failed != NULL) {
            *job->failed = true;
        }
    }

    if (err != CX_OK && !harmless(err)) {
        cx_log(CX_LOG_ERROR, "store.failed",
               CX_FZ("outcome", cx_err_word(err)),
               CX_FZ("error", err == CX_IO ? cx_store_error(store) : ""));
    }

    hand_back(db, job);
}


static void
write_batch(cx_db *db, cx_store *store, cx_db_job *jobs)
{
    cx_db_job  *job, *next;

    if (jobs->next == NULL) {
        write_one(db, store, jobs);
        return;
    }

    if (run_together(db, store, jobs) == CX_OK) {
        hand_back(db, jobs);
        return;
    }

    for (job = jobs; job != NULL; job = next) {
        next = job->next;
        job->next = NULL;
        write_one(db, store, job);
    }
}


static void
read_batch(cx_db *db, cx_store *store, cx_db_job *jobs)
{
    cx_db_job  *job;

    cx_store_ready(store);

    for (job = jobs; job != NULL; job = job->next) {
        cx_store_as(store, job->tenant);
        job->err = job->run(store, job);
    }

    hand_back(db, jobs);
}


static void *
lane_run(void *arg)
{
    lane       *l = arg;
    cx_db_job  *jobs;

    for ( ;; ) {
        pthread_mutex_lock(&l->mutex);

        while (l->waiting.head == NULL && !l->stop) {
            l->idle = true;
            pthread_cond_wait(&l->wake, &l->mutex);
            l->idle = false;
        }

        if (l->waiting.head == NULL) {
            pthread_mutex_unlock(&l->mutex);
            return NULL;
        }

        jobs = cut(&l->waiting);
        pthread_mutex_unlock(&l->mutex);

        l->work(l->db, l->store, jobs);
    }
}


/* --- the loop's side ----------------------------------------------------- */

/* Jobs of one turn of the loop go over together: one lock, one wake-up, and
 * a fuller commit. */
static void
lane_flush(lane *l)
{
    bool  idle;

    if (l->staged.head == NULL) {
        return;
    }

    pthread_mutex_lock(&l->mutex);
    append(&l->waiting, &l->staged);
    idle = l->idle;
    pthread_mutex_unlock(&l->mutex);

    if (idle) {
        pthread_cond_signal(&l->wake);
    }
}


static void
flush(cx_db *db)
{
    lane_flush(&db->writer);
    lane_flush(&db->reader);
}


static void
on_idle(uv_idle_t *handle)
{
    (void) uv_idle_stop(handle);
    flush(handle->data);
}


static void
call_back(cx_db *db, cx_db_job *job)
{
    cx_db_job  *next;

    for ( /* void */ ; job != NULL; job = next) {
        next = job->next;          /* done may free or submit the job */
        job->next = NULL;
        db->pending--;
        job->done(job, job->err);
    }
}


static void
on_async(uv_async_t *handle)
{
    cx_db      *db = handle->data;
    cx_db_job  *jobs;

    pthread_mutex_lock(&db->mutex);
    jobs = db->done.head;
    db->done.head = db->done.tail = NULL;
    pthread_mutex_unlock(&db->mutex);

    call_back(db, jobs);
}


static void
stage(cx_db *db, lane *l, cx_db_job *job)
{
    job->err = CX_INTERNAL;
    push(&l->staged, job);
    db->pending++;
    (void) uv_idle_start(&db->idle, on_idle);
}


void
cx_db_write(cx_db *db, cx_db_job *job)
{
    stage(db, &db->writer, job);
}


void
cx_db_read(cx_db *db, cx_db_job *job)
{
    stage(db, &db->reader, job);
}


void
cx_db_stats(const cx_db *db, int64_t *commits, int64_t *jobs)
{
    *commits = atomic_load(&((cx_db *) db)->commits);
    *jobs = atomic_load(&((cx_db *) db)->jobs);
}


/* --- open and close ------------------------------------------------------ */

static bool
lane_start(lane *l, cx_db *db,
    void (*work)(cx_db *db, cx_store *store, cx_db_job *jobs))
{
    l->db = db;
    l->work = work;
    pthread_mutex_init(&l->mutex, NULL);
    pthread_cond_init(&l->wake, NULL);

    return pthread_create(&l->thread, NULL, lane_run, l) == 0;
}


static void
lane_stop(lane *l)
{
    pthread_mutex_lock(&l->mutex);
    l->stop = true;
    pthread_cond_signal(&l->wake);
    pthread_mutex_unlock(&l->mutex);

    pthread_join(l->thread, NULL);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->mutex);
}


static void
on_closed(uv_handle_t *handle)
{
    cx_db  *db = handle->data;

    if (--db->handles == 0) {
        free(db);
    }
}


static bool
open_stores(cx_db *db, cx_str url, char *error, size_t error_size)
{
    char  name[4096];

    if (url.len >= sizeof(name)) {
        (void) snprintf(error, error_size, "the store's URL is too long");
        return false;
    }

    memcpy(name, url.p, url.len);
    name[url.len] = '\0';

    if (cx_store_open(name, true, &db->writer.store, error, error_size)
        != CX_OK)
    {
        return false;
    }

    if (cx_store_open(name, false, &db->reader.store, error, error_size)
        != CX_OK)
    {
        cx_store_close(db->writer.store);
        return false;
    }

    return true;
}


cx_db *
cx_db_open(uv_loop_t *loop, cx_str url, char *error, size_t error_size)
{
    cx_db  *db;

    db = calloc(1, sizeof(*db));
    if (db == NULL) {
        (void) snprintf(error, error_size, "out of memory");
        return NULL;
    }

    if (!open_stores(db, url, error, error_size)) {
        free(db);
        return NULL;
    }

    pthread_mutex_init(&db->mutex, NULL);
    pthread_cond_init(&db->some_done, NULL);

    if (!lane_start(&db->writer, db, write_batch)) {
        goto no_writer;
    }

    if (!lane_start(&db->reader, db, read_batch)) {
        goto no_reader;
    }

    if (uv_async_init(loop, &db->async, on_async) != 0) {
        goto no_async;
    }

    (void) uv_idle_init(loop, &db->idle);
    db->async.data = db->idle.data = db;
    db->handles = 2;
    return db;

no_async:

    lane_stop(&db->reader);

no_reader:

    lane_stop(&db->writer);

no_writer:

    cx_store_close(db->reader.store);
    cx_store_close(db->writer.store);
    free(db);
    (void) snprintf(error, error_size, "no thread for the store");
    return NULL;
}


/* Waits for jobs under way, and for those their callbacks add. */
static void
finish(cx_db *db)
{
    cx_db_job  *jobs;

    while (db->pending > 0) {
        flush(db);

        pthread_mutex_lock(&db->mutex);

        while (db->done.head == NULL) {
            pthread_cond_wait(&db->some_done, &db->mutex);
        }

        jobs = db->done.head;
        db->done.head = db->done.tail = NULL;
        pthread_mutex_unlock(&db->mutex);

        call_back(db, jobs);
    }
}


void
cx_db_close(cx_db *db)
{
    if (db == NULL) {
        return;
    }

    finish(db);
    lane_stop(&db->writer);
    lane_stop(&db->reader);
    cx_store_close(db->reader.store);
    cx_store_close(db->writer.store);
    pthread_cond_destroy(&db->some_done);
    pthread_mutex_destroy(&db->mutex);

    uv_close((uv_handle_t *) &db->async, on_closed);
    uv_close((uv_handle_t *) &db->idle, on_closed);
}
