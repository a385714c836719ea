#include "store/postgres.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DELAY_MS      100       /* after the first failure, then twice that */
#define DELAY_MAX_MS  1000

/*
 * A transaction that nobody goes on with lets its locks go, and one that waits
 * for another's gives up and is run again: nothing hangs for ever.  Every
 * statement finds its rows by an index, in their order, whatever the values:
 * one plan will do, also when it is made while the tables are empty.
 */
static const char  settings[] =
    "SET idle_in_transaction_session_timeout = '10s';"
    "SET lock_timeout = '20s';"
    "SET default_transaction_isolation = 'read committed';"
    "SET extra_float_digits = 1;"
    "SET plan_cache_mode = force_generic_plan;"
    "SET jit = off;"
    "SET enable_seqscan = off;"
    "SET enable_bitmapscan = off;"
    "SET standard_conforming_strings = on";


int64_t
cx_pg_clock(void)
{
    struct timespec  t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);

    return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}


static void
ignore_notice(void *arg, const PGresult *r)
{
    (void) arg;
    (void) r;
}


/* The first line: the rest tells of other hosts and says it again. */
static void
keep_error(cx_postgres *s, const char *text)
{
    const size_t  len = strcspn(text, "\n");

    snprintf(s->base.error, sizeof(s->base.error), "%.*s", (int) len, text);
}


static void
forget_statements(cx_postgres *s)
{
    for (int i = 0; i < CX_SQL_COUNT; i++) {
        s->statements[i].prepared = false;
    }
}


void
cx_pg_lost(cx_postgres *s)
{
    const int64_t  now = cx_pg_clock();

    keep_error(s, s->conn != NULL ? PQerrorMessage(s->conn) : "");
    PQfinish(s->conn);
    s->conn = NULL;

    if (s->base.error[0] == '\0') {
        snprintf(s->base.error, sizeof(s->base.error), "connection lost");
    }

    forget_statements(s);
    s->nqueued = 0;
    s->again = true;
    s->retry_at = now + s->delay_ms;
    s->delay_ms = s->delay_ms == 0 ? DELAY_MS
                  : s->delay_ms * 2 < DELAY_MAX_MS ? s->delay_ms * 2
                  : DELAY_MAX_MS;

    if (s->base.writing) {
        s->base.broken = true;
    }
}


static cx_err
configure(cx_postgres *s)
{
    PGresult         *r;
    ExecStatusType    status;

    PQsetNoticeReceiver(s->conn, ignore_notice, NULL);
    r = PQexec(s->conn, settings);
    status = PQresultStatus(r);
    PQclear(r);

    return status == PGRES_COMMAND_OK ? CX_OK : CX_IO;
}


/* What the URL says comes last and wins. */
cx_err
cx_pg_connect(cx_postgres *s)
{
    const char *const  names[] = {
        "connect_timeout", "fallback_application_name", "tcp_user_timeout",
        "keepalives_idle", "dbname", "client_encoding", NULL
    };
    const char *const  values[] = {
        "10", "connext", "30000", "30", s->url, "UTF8", NULL
    };

    s->conn = PQconnectdbParams(names, values, 1);

    if (s->conn == NULL || PQstatus(s->conn) != CONNECTION_OK
        || configure(s) != CX_OK)
    {
        cx_pg_lost(s);
        return CX_IO;
    }

    s->delay_ms = 0;
    return CX_OK;
}


cx_err
cx_pg_connected(cx_postgres *s)
{
    if (s->conn != NULL) {
        return CX_OK;
    }

    if (cx_pg_clock() < s->retry_at) {
        return CX_IO;
    }

    return cx_pg_connect(s);
}


/* Nobody asked for anything: what comes is a notice, or the server's end. */
static bool
is_hung_up(PGconn *conn)
{
    struct pollfd  p = { .fd = PQsocket(conn), .events = POLLIN };

    while (poll(&p, 1, 0) == 1) {
        if (PQconsumeInput(conn) != 1 || PQstatus(conn) != CONNECTION_OK) {
            return true;
        }
    }

    return false;
}


/*
 * One that went away while nobody used it is found out here, before work is
 * given to it.  Not inside a transaction.
 */
cx_err
cx_pg_fresh(cx_postgres *s)
{
    if (s->conn != NULL && cx_pg_wait(s) == CX_OK && is_hung_up(s->conn)) {
        cx_pg_lost(s);
    }

    return cx_pg_connected(s);
}


cx_err
cx_pg_pipeline(cx_postgres *s, bool on)
{
    const bool  is_on = PQpipelineStatus(s->conn) != PQ_PIPELINE_OFF;

    if (is_on == on) {
        return CX_OK;
    }

    if ((on ? PQenterPipelineMode(s->conn) : PQexitPipelineMode(s->conn))
        == 1)
    {
        return CX_OK;
    }

    keep_error(s, PQerrorMessage(s->conn));
    return CX_IO;
}
