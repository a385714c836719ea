/* The threads over a store that counts, and fails when told to. */

#include "unit/tap.h"
#include "unit/worker/wait.h"

#include "worker/db.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define JOBS  600

struct cx_store_s {
    bool  in_transaction;
};

typedef struct {
    cx_db_job  job;            /* first */
    cx_db     *db;
    int        number;
    bool       is_read;
    bool       again;          /* done submits it once more */
    cx_err     outcome;        /* of run */
    int        ran;
    int        done;
    cx_err     err;            /* as done got it */
    bool       bad;            /* something was out of order */
} task;

static atomic_int  opened, closed, begins, commits, rollbacks;
static atomic_int  fail_begin, fail_commit;      /* that one from now on */
static atomic_int  fail_alone;                   /* ... after that failure */
static atomic_bool open_fails;

static pthread_mutex_t  gate_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t   gate_open = PTHREAD_COND_INITIALIZER;
static bool             gate_closed;
static bool             at_gate;

static uv_loop_t   loop;
static task        tasks[JOBS];
static int         done_order;
static pthread_t   loop_thread;


/* --- the store ----------------------------------------------------------- */

cx_err
cx_store_open(const char *url, bool migrate, cx_store **out, char *error,
    size_t error_size)
{
    (void) url;
    (void) migrate;

    if (atomic_load(&open_fails)) {
        (void) snprintf(error, error_size, "no disk");
        return CX_IO;
    }

    if (strcmp(url, "fake:") != 0) {
        snprintf(error, error_size, "no such store: %s", url);
        return CX_INVALID;
    }

    atomic_fetch_add(&opened, 1);
    *out = calloc(1, sizeof(**out));
    return CX_OK;
}


void
cx_store_close(cx_store *s)
{
    atomic_fetch_add(&closed, 1);
    free(s);
}


/* Holds the writer up, so that a batch gathers behind it. */
static void
pass_gate(void)
{
    pthread_mutex_lock(&gate_mutex);

    while (gate_closed) {
        at_gate = true;
        pthread_cond_broadcast(&gate_open);
        pthread_cond_wait(&gate_open, &gate_mutex);
    }

    at_gate = false;

    pthread_mutex_unlock(&gate_mutex);
}


static void
await_at_gate(void)
{
    pthread_mutex_lock(&gate_mutex);

    while (!at_gate) {
        pthread_cond_wait(&gate_open, &gate_mutex);
    }

    pthread_mutex_unlock(&gate_mutex);
}


static void
set_gate(bool shut)
{
    pthread_mutex_lock(&gate_mutex);
    gate_closed = shut;
    pthread_cond_broadcast(&gate_open);
    pthread_mutex_unlock(&gate_mutex);
}


cx_err
cx_store_begin(cx_store *s)
{
    pass_gate();
    atomic_fetch_add(&begins, 1);

    if (atomic_load(&fail_begin) > 0
        && atomic_fetch_sub(&fail_begin, 1) == 1)
    {
        return CX_IO;
    }

    s->in_transaction = true;
    return CX_OK;
}


cx_err
cx_store_commit(cx_store *s)
{
    if (atomic_load(&fail_commit) > 0
        && atomic_fetch_sub(&fail_commit, 1) == 1)
    {
        atomic_store(&fail_commit, atomic_exchange(&fail_alone, 0));
        return CX_IO;
    }

    atomic_fetch_add(&commits, 1);
    s->in_transaction = false;
    return CX_OK;
}


void
cx_store_rollback(cx_store *s)
{
    atomic_fetch_add(&rollbacks, 1);
    s->in_transaction = false;
}


void
cx_store_as(cx_store *s, int64_t tenant)
{
    (void) s;
    (void) tenant;
}


const char *
cx_store_error(cx_store *s)
{
    (void) s;
    return "as the test wants it";
}


void
cx_store_ready(cx_store *s)
{
    (void) s;
}


bool
cx_store_again(cx_store *s)
{
    (void) s;
    return false;
}


/* --- jobs ---------------------------------------------------------------- */

static cx_err
run(cx_store *s, cx_db_job *job)
{
    task  *t = (task *) job;

    t->ran++;
    t->bad |= s->in_transaction == t->is_read
              || pthread_equal(pthread_self(), loop_thread);
    return t->outcome;
}


static void
on_done(cx_db_job *job, cx_err err)
{
    task  *t = (task *) job;

    t->done++;
    t->err = err;
    t->bad |= !pthread_equal(pthread_self(), loop_thread);

    if (!t->is_read) {
        t->bad |= t->number != done_order;
        done_order++;
    }

    if (t->again) {
        t->again = false;
        t->is_read = true;
        cx_db_read(t->db, &t->job);
    }
}


static task *
prepare(cx_db *db, int n)
{
    memset(tasks, 0, sizeof(tasks));
    done_order = 0;

    for (int i = 0; i < n; i++) {
        tasks[i].job.run = run;
        tasks[i].job.done = on_done;
        tasks[i].db = db;
        tasks[i].number = i;
    }

    return tasks;
}


static bool
all_done(void *ctx)
{
    int  n = *(int *) ctx;

    for (int i = 0; i < n; i++) {
        if (tasks[i].done == 0 || tasks[i].again) {
            return false;
        }
    }

    return true;
}


static int
count(int n, cx_err err, int ran)
{
    int  found = 0;

    for (int i = 0; i < n; i++) {
        found += tasks[i].err == err && tasks[i].ran == ran
                 && tasks[i].done == 1 && !tasks[i].bad;
    }

    return found;
}


/* The gate lets the first batch, of one, wait in begin while the others
 * gather: they are one batch then. */
static void
write_all(cx_db *db, int n)
{
    int  one = 1;

    set_gate(true);
    cx_db_write(db, &tasks[0].job);
    tap_ok(!all_done(&one), "not from inside the call");
    (void) uv_run(&loop, UV_RUN_NOWAIT);
    await_at_gate();

    for (int i = 1; i < n; i++) {
        cx_db_write(db, &tasks[i].job);
    }

    (void) uv_run(&loop, UV_RUN_NOWAIT);
    set_gate(false);
    (void) wait_until(&loop, all_done, &n, 10000);
}


static void
reset(void)
{
    atomic_store(&begins, 0);
    atomic_store(&commits, 0);
    atomic_store(&rollbacks, 0);
    atomic_store(&fail_begin, 0);
    atomic_store(&fail_commit, 0);
}


/* --- tests --------------------------------------------------------------- */

static void
test_group(cx_db *db)
{
    int64_t  n, jobs, n0, jobs0;

    reset();
    cx_db_stats(db, &n0, &jobs0);
    (void) prepare(db, JOBS);
    tasks[5].outcome = CX_STALE;
    tasks[6].outcome = CX_NOT_FOUND;
    write_all(db, JOBS);

    tap_is_int(count(JOBS, CX_OK, 1), JOBS - 2, "each ran once, in order");
    tap_ok(tasks[5].err == CX_STALE && tasks[6].err == CX_NOT_FOUND,
           "outcomes are each one's own");
    tap_ok(atomic_load(&commits) <= 5 && atomic_load(&commits) >= 3,
           "few commits (%d), none too large", atomic_load(&commits));
    tap_is_int(atomic_load(&rollbacks), 0, "no rollback");
    cx_db_stats(db, &n, &jobs);
    tap_is_int(jobs - jobs0, JOBS, "counted: jobs");
    tap_is_int(n - n0, atomic_load(&commits), "counted: commits");
}


static void
test_bad_job(cx_db *db, cx_err outcome)
{
    reset();
    (void) prepare(db, 20);
    tasks[7].outcome = outcome;
    write_all(db, 20);

    /* A rolled back batch stops at the bad job: those behind ran once. */
    tap_is_int(count(20, CX_OK, 2) + count(20, CX_OK, 1), 19,
               "its neighbours stand");
    tap_is_int(tasks[7].err, outcome, "it alone failed");
    tap_is_int(tasks[7].ran, 2, "tried once more alone");
    tap_is_int(atomic_load(&rollbacks), 2, "batch and job rolled back");
    tap_is_int(atomic_load(&commits), 1 + 18, "each of the others alone");
}


/* Even numbers are in order among themselves, odd ones are free. */
static bool
in_order(cx_db *db, int n, bool *failed)
{
    reset();
    (void) prepare(db, n);
    *failed = false;

    for (int i = 0; i < n; i += 2) {
        tasks[i].job.failed = failed;
    }

    return true;
}


/* What the jobs from the first on ended in, those in order only. */
static int
count_ordered(int from, int to, cx_err err)
{
    int  found = 0;

    for (int i = from; i < to; i += 2) {
        found += tasks[i].err == err && tasks[i].done == 1 && !tasks[i].bad;
    }

    return found;
}


static void
test_order(cx_db *db, cx_err outcome)
{
    bool  failed;
    int   n = 20;

    (void) in_order(db, n, &failed);
    tasks[8].outcome = outcome;
    write_all(db, n);
    tap_is_int(count_ordered(0, 8, CX_OK), 4, "in order: those before stand");
    tap_is_int(tasks[8].err, outcome, "one fails");
    tap_is_int(count_ordered(10, n, CX_STALE), 5, "those behind it, too");
    tap_is_int(tasks[10].ran, 0, "unrun");
    tap_is_int(count_ordered(1, n, CX_OK), 10, "others do not care");
    tap_ok(failed, "the flag says so");

    /* What comes later finds it, alone or with others. */
    (void) prepare(db, 1);
    tasks[0].job.failed = &failed;
    write_all(db, 1);
    tap_ok(tasks[0].err == CX_STALE && tasks[0].ran == 0, "later: unrun");

    (void) in_order(db, n, &failed);
    write_all(db, n);
    tap_is_int(count_ordered(0, n, CX_OK), 10, "taken back: all run again");
}


/* Each of them alone after a commit that failed, and the third one fails. */
static void
test_order_commit(cx_db *db)
{
    bool  failed;
    int   n = 10;

    /* tasks[0] is a batch of its own: one commit.  The batch of the others is
     * the second, then they are alone: 1, 2, 3, 4. */
    (void) in_order(db, n, &failed);
    atomic_store(&fail_commit, 2);
    atomic_store(&fail_alone, 4);
    write_all(db, n);
    tap_is_int(tasks[4].err, CX_IO, "a commit fails, and one alone, too");
    tap_is_int(count_ordered(6, n, CX_STALE), 2, "those behind it are unrun");
    tap_is_int(count_ordered(1, n, CX_OK), 5, "others do not care");
}


static void
test_failures(cx_db *db)
{
    reset();
    (void) prepare(db, 10);
    atomic_store(&fail_commit, 2);
    write_all(db, 10);
    tap_is_int(count(10, CX_OK, 2), 9, "a failed commit: all again");
    tap_is_int(atomic_load(&rollbacks), 1, "after a rollback");

    reset();
    (void) prepare(db, 10);
    atomic_store(&fail_begin, 2);
    write_all(db, 10);
    tap_is_int(count(10, CX_OK, 1), 10, "a failed begin: all later");

    reset();
    (void) prepare(db, 1);
    atomic_store(&fail_commit, 1);
    write_all(db, 1);
    tap_is_int(tasks[0].err, CX_IO, "one alone that cannot commit fails");
}


static void
test_reads(cx_db *db)
{
    int  n = 50;

    reset();
    (void) prepare(db, n);

    for (int i = 0; i < n; i++) {
        tasks[i].is_read = true;
        tasks[i].outcome = i == 3 ? CX_IO : CX_OK;
        cx_db_read(db, &tasks[i].job);
    }

    /* Readers do not wait for the writer. */
    set_gate(true);
    (void) wait_until(&loop, all_done, &n, 10000);
    set_gate(false);
    tap_is_int(count(n, CX_OK, 1), n - 1, "reads run");
    tap_is_int(tasks[3].err, CX_IO, "a failed one says so");
    tap_is_int(atomic_load(&begins), 0, "without a transaction");
}


static void
test_close(void)
{
    int     n = 100;
    char    error[128];
    cx_db  *db = cx_db_open(&loop, CX_STR("fake:"), error, sizeof(error));

    (void) prepare(db, n);

    for (int i = 0; i < n; i++) {
        tasks[i].again = i == 50;
        cx_db_write(db, &tasks[i].job);
    }

    cx_db_close(db);
    tap_ok(all_done(&n), "close runs what waits");
    tap_is_int(tasks[50].done, 2, "and what its callbacks add");
}


static void
test_open(void)
{
    char  error[128] = "";

    tap_ok(cx_db_open(&loop, CX_STR("pg:"), error, sizeof(error)) == NULL
           && strstr(error, "pg:") != NULL, "no such store: %s", error);

    atomic_store(&open_fails, true);
    tap_ok(cx_db_open(&loop, CX_STR("fake:"), error, sizeof(error)) == NULL
           && strcmp(error, "no disk") == 0, "cannot be opened: %s", error);
    atomic_store(&open_fails, false);
}


int
main(void)
{
    char    error[128];
    cx_db  *db;

    loop_thread = pthread_self();
    uv_loop_init(&loop);
    test_open();

    db = cx_db_open(&loop, CX_STR("fake:"), error, sizeof(error));
    tap_ok(db != NULL, "opened");
    test_group(db);
    test_bad_job(db, CX_IO);
    test_bad_job(db, CX_NOMEM);
    test_failures(db);
    test_order(db, CX_IO);
    test_order(db, CX_FENCED);
    test_order_commit(db);
    test_reads(db);
    cx_db_close(db);
    test_close();

    tap_ok(wait_empty(&loop, 5000), "the loop is empty at the end");
    tap_is_int(atomic_load(&opened), 4, "two connections each");
    tap_is_int(atomic_load(&closed), 4, "all closed");
    return tap_done();
}
