#include "store/postgres.h"

#include <stdio.h>
#include <stdlib.h>


/* --- failures ------------------------------------------------------------ */

/* What another transaction was in the way of: run once more, it sees what
 * that one has done. */
static bool
was_in_the_way(const char *state)
{
    static const char *const states[] = {
        "40001",        /* serialization failure */
        "40P01",        /* deadlock */
        "23505",        /* unique: the same came from two sides */
        "23503",        /* foreign key: what it names went away */
        "55P03",        /* lock not available in time */
        "57P01",        /* the server shuts down */
    };

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(states[i], state) == 0) {
            return true;
        }
    }

    return false;
}


/* The primary text alone: its detail would quote what customers wrote. */
cx_err
cx_pg_failed(cx_postgres *s, const PGresult *r)
{
    const char  *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    const char  *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    snprintf(s->base.error, sizeof(s->base.error), "%s (%s)",
             text != NULL ? text : "no text", state != NULL ? state : "-");
    s->again = state != NULL && was_in_the_way(state);

    if (s->base.writing) {
        s->base.broken = true;
    }

    return CX_IO;
}


/* --- sending ------------------------------------------------------------- */

static cx_err
lost(cx_postgres *s)
{
    cx_pg_lost(s);
    return CX_IO;
}


static void
push(cx_postgres *s, cx_pg_statement *st, cx_pg_kind kind)
{
    s->queue[s->nqueued++] = (cx_pg_queued) { kind, st };
}


static void
name_of(const cx_postgres *s, const cx_pg_statement *st, char name[16])
{
    snprintf(name, 16, "s%d", (int) (st - s->statements));
}


static int
all_params(const cx_pg_statement *st)
{
    return st->params.n + (st->params.tenant != 0);
}


static cx_err
prepare(cx_postgres *s, cx_pg_statement *st, const char *name)
{
    if (PQsendPrepare(s->conn, name, st->text, all_params(st), st->types)
        != 1)
    {
        return lost(s);
    }

    st->prepared = true;
    push(s, st, CX_PG_PREPARE);
    return CX_OK;
}


cx_err
cx_pg_send(cx_postgres *s, cx_pg_statement *st, cx_pg_kind kind)
{
    const char  *values[CX_PG_PARAMS];
    int          lengths[CX_PG_PARAMS], formats[CX_PG_PARAMS];
    const int    n = all_params(st);
    char         name[16];

    if (s->nqueued >= CX_PG_QUEUE && cx_pg_wait(s) != CX_OK) {
        return CX_IO;
    }

    name_of(s, st, name);

    if (!st->prepared && prepare(s, st, name) != CX_OK) {
        return CX_IO;
    }

    for (int i = 0; i < n; i++) {
        values[i] = st->values[i].p;
        lengths[i] = st->values[i].len;
        formats[i] = 1;
    }

    if (PQsendQueryPrepared(s->conn, name, n, values, lengths, formats, 1)
        != 1)
    {
        return lost(s);
    }

    push(s, st, kind);
    return CX_OK;
}


cx_err
cx_pg_flush(cx_postgres *s)
{
    return PQsendFlushRequest(s->conn) == 1 && PQflush(s->conn) == 0
           ? CX_OK : lost(s);
}


/* --- waiting ------------------------------------------------------------- */

static void
drain(cx_postgres *s)
{
    PGresult  *r;

    while ((r = PQgetResult(s->conn)) != NULL) {
        PQclear(r);
    }
}


static void
keep(cx_postgres *s, const cx_pg_queued *one, PGresult *r)
{
    if (one->kind != CX_PG_PREPARE) {
        s->changed = strtoll(PQcmdTuples(r), NULL, 10);
    }

    if (one->kind == CX_PG_READ) {
        one->st->rows = r;
        one->st->row = -1;

    } else {
        PQclear(r);
    }
}


/* One result of the queue; what follows a failure is only skipped. */
static cx_err
take(cx_postgres *s, const cx_pg_queued *one)
{
    PGresult             *r = PQgetResult(s->conn);
    const ExecStatusType  status = PQresultStatus(r);
    cx_err                err = CX_OK;

    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        keep(s, one, r);

    } else {
        if (status == PGRES_FATAL_ERROR
            && PQresultErrorField(r, PG_DIAG_SQLSTATE) != NULL)
        {
            (void) cx_pg_failed(s, r);
        }

        if (one->kind == CX_PG_PREPARE) {
            one->st->prepared = false;
        }

        PQclear(r);
        err = CX_IO;
    }

    if (PQstatus(s->conn) == CONNECTION_OK) {
        drain(s);
    }

    return err;
}


/* What ends a pipeline: without it something of ours is out of step. */
static bool
take_sync(cx_postgres *s)
{
    PGresult   *r = PQgetResult(s->conn);
    const bool  is_sync = PQresultStatus(r) == PGRES_PIPELINE_SYNC;

    PQclear(r);
    return is_sync;
}


cx_err
cx_pg_wait(cx_postgres *s)
{
    const int  n = s->nqueued;
    cx_err     err = CX_OK;

    if (n == 0) {
        return CX_OK;
    }

    if (PQpipelineSync(s->conn) != 1) {
        return lost(s);
    }

    for (int i = 0; i < n && PQstatus(s->conn) == CONNECTION_OK; i++) {
        if (take(s, &s->queue[i]) != CX_OK) {
            err = CX_IO;
        }
    }

    if (PQstatus(s->conn) != CONNECTION_OK || !take_sync(s)) {
        return lost(s);
    }

    s->nqueued = 0;
    return err;
}
