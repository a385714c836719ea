/*
 * The record in PostgreSQL: any number of workers on any number of machines.
 * Opening, transactions, and the driver.
 */

#include "store/postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#define FATE_MS   15000     /* a commit's fate is asked for so long */
#define PAUSE_MS  100

/* --- open and close ------------------------------------------------------ */

static void
pg_close(cx_store *base)
{
    cx_postgres  *s = cx_postgres_of(base);

    if (s->conn != NULL) {
        PQfinish(s->conn);
    }

    for (int i = 0; i < CX_SQL_COUNT; i++) {
        free(s->statements[i].text);
    }

    free(s->url);
    free(s);
}


/* libpq's own words about a bad URL would quote the password in it. */
static bool
is_url(const char *url)
{
    PQconninfoOption  *options = PQconninfoParse(url, NULL);
    const bool         good = options != NULL;

    PQconninfoFree(options);
    return good;
}


static cx_err
pg_open(const char *url, bool create, cx_store **out, char *error,
    size_t error_size)
{
    cx_postgres  *s;

    (void) create;

    if (!is_url(url)) {
        snprintf(error, error_size, "the store's postgresql:// URL cannot be"
                 " read");
        return CX_INVALID;
    }

    s = calloc(1, sizeof(*s));
    if (s == NULL || (s->url = strdup(url)) == NULL
        || getrandom(&s->line, sizeof(s->line), 0) != sizeof(s->line))
    {
        free(s);
        snprintf(error, error_size, "no memory");
        return CX_NOMEM;
    }

    s->base.driver = &cx_postgres_driver;
    s->base.tenant = 1;

    if (cx_pg_connect(s) != CX_OK) {
        snprintf(error, error_size, "%s", s->base.error);
        pg_close(&s->base);
        return CX_IO;
    }

    *out = &s->base;
    return CX_OK;
}


/* --- transactions -------------------------------------------------------- */

static cx_err
queue(cx_postgres *s, cx_sql_name name)
{
    cx_pg_statement  *st = cx_pg_statement_of(s, name);

    return st != NULL ? cx_pg_send(s, st, CX_PG_RUN) : CX_NOMEM;
}


static bool
pg_inside(cx_store *base)
{
    return cx_postgres_of(base)->inside;
}


/* It goes out with the first statement: nobody waits for it. */
static cx_err
pg_begin(cx_store *base, bool reading)
{
    cx_postgres  *s = cx_postgres_of(base);
    cx_err        err;

    s->inside = false;
    err = cx_pg_fresh(s);

    if (err == CX_OK) {
        err = cx_pg_pipeline(s, true);
    }

    if (err == CX_OK) {
        err = queue(s, reading ? CX_SQL_LOOK : CX_SQL_BEGIN);
    }

    s->inside = err == CX_OK;
    return err;
}


static cx_err
ask(cx_store *base, cx_sql_name name, int64_t x, int64_t *out)
{
    cx_query  q = cx_query_of(base, name);

    cx_bind_i64(&q, x);
    *out = cx_query_next(&q) ? cx_get_i64(&q) : 0;

    return cx_query_end(&q);
}


static void
pause_ms(int64_t ms)
{
    const struct timespec  t = { ms / 1000, ms % 1000 * 1000000 };

    (void) nanosleep(&t, NULL);
}


/*
 * The connection went away between our commit and its answer.  The record
 * tells what became of it.  The server's own number of the transaction would
 * not: after a crash it is given again to another one.
 */
static cx_err
ask_fate(cx_postgres *s)
{
    const int64_t  end = cx_pg_clock() + FATE_MS;
    int64_t        number = -1;

    s->inside = false;

    while (number < 0 && cx_pg_clock() < end) {
        s->base.broken = false;

        if ((s->conn == NULL && cx_pg_connect(s) != CX_OK)
            || ask(&s->base, CX_SQL_COMMIT_FATE, s->line, &number) != CX_OK)
        {
            number = -1;
            pause_ms(PAUSE_MS);
        }
    }

    s->base.broken = number != s->commits;
    return number == s->commits ? CX_OK : CX_IO;
}


static cx_err
mark(cx_postgres *s)
{
    cx_query  q;
    cx_err    err = CX_OK;

    if (s->commits == 0) {
        q = cx_query_of(&s->base, CX_SQL_COMMITS_FORGET);
        err = cx_query_run(&q);
    }

    if (err == CX_OK) {
        q = cx_query_of(&s->base, CX_SQL_COMMIT_MARK);
        cx_bind_i64(&q, s->line);
        cx_bind_i64(&q, ++s->commits);
        err = cx_query_run(&q);
    }

    return err;
}


/* Nobody waits for the end of what has only read. */
static cx_err
pg_commit(cx_store *base)
{
    cx_postgres  *s = cx_postgres_of(base);
    cx_err        err = base->writing ? mark(s) : CX_OK;

    if (err == CX_OK) {
        err = s->conn != NULL ? queue(s, CX_SQL_COMMIT) : CX_IO;
    }

    if (err == CX_OK) {
        err = base->writing ? cx_pg_wait(s) : cx_pg_flush(s);

        if (err != CX_OK && s->conn == NULL && base->writing) {
            err = ask_fate(s);
        }
    }

    s->inside = s->inside && err != CX_OK;
    return err;
}


static void
pg_rollback(cx_store *base)
{
    cx_postgres  *s = cx_postgres_of(base);

    if (s->inside && s->conn != NULL) {
        (void) cx_pg_wait(s);

        if (s->conn != NULL && queue(s, CX_SQL_ROLLBACK) == CX_OK) {
            (void) cx_pg_wait(s);
        }
    }

    s->inside = false;
}


/* True also for what was lost with the connection: nothing of it stands. */
static bool
pg_again(cx_store *base)
{
    return cx_postgres_of(base)->again;
}


static void
pg_ready(cx_store *base)
{
    cx_postgres    *s = cx_postgres_of(base);
    const int64_t   early = s->retry_at - cx_pg_clock();

    if (s->conn == NULL && early > 0) {
        pause_ms(early);
    }

    (void) cx_pg_fresh(s);
}


/* --- what is in no table ------------------------------------------------- */

/* Only while nothing is under way: several statements at once are not for a
 * pipeline. */
static PGresult *
simple(cx_postgres *s, const char *sql)
{
    if (cx_pg_connected(s) != CX_OK || cx_pg_pipeline(s, false) != CX_OK) {
        return NULL;
    }

    return PQexec(s->conn, sql);
}


static cx_err
pg_exec(cx_store *base, const char *sql)
{
    cx_postgres          *s = cx_postgres_of(base);
    PGresult             *r = simple(s, sql);
    const ExecStatusType  status = PQresultStatus(r);
    cx_err                err = CX_OK;

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK
        && status != PGRES_EMPTY_QUERY)
    {
        err = r != NULL ? cx_pg_failed(s, r) : CX_IO;
    }

    PQclear(r);
    return err;
}


static cx_err
pg_ask(cx_store *base, const char *sql, int64_t *out)
{
    cx_postgres  *s = cx_postgres_of(base);
    PGresult     *r = simple(s, sql);
    cx_err        err = CX_OK;

    if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) > 0) {
        *out = strtoll(PQgetvalue(r, 0, 0), NULL, 10);

    } else {
        err = r != NULL ? cx_pg_failed(s, r) : CX_IO;
    }

    PQclear(r);
    return err;
}


const cx_driver cx_postgres_driver = {
    .kind = "postgresql",
    .shared = true,
    .sql = cx_postgres_sql,
    .schema = cx_postgres_schema,
    .open = pg_open,
    .close = pg_close,
    .begin = pg_begin,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .inside = pg_inside,
    .again = pg_again,
    .ready = pg_ready,
    .start = cx_pg_start,
    .bind_i64 = cx_pg_bind_i64,
    .bind_f64 = cx_pg_bind_f64,
    .bind_str = cx_pg_bind_str,
    .ahead = cx_pg_ahead,
    .next = cx_pg_next,
    .i64 = cx_pg_i64,
    .f64 = cx_pg_f64,
    .str = cx_pg_str,
    .end = cx_pg_end,
    .run = cx_pg_run,
    .changed = cx_pg_changed,
    .exec = pg_exec,
    .ask = pg_ask,
    .has_schema = "SELECT CASE WHEN to_regclass('schema_migrations') IS NULL"
                  " THEN 0 ELSE 1 END",
    /* "connext", as a number. */
    .lock_schema = "BEGIN; SELECT pg_advisory_xact_lock(27988542884378740)",
    .make_schema = "CREATE TABLE IF NOT EXISTS schema_migrations ("
                   "    number      BIGINT PRIMARY KEY,"
                   "    name        TEXT NOT NULL,"
                   "    applied_at  BIGINT NOT NULL"
                   ")",
    .now_ms = "(extract(epoch FROM now()) * 1000)::bigint",
    .protect = cx_pg_protect,
};
