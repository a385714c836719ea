/*
 * The record in PostgreSQL: what its files share.
 *
 * One connection, always in pipeline mode once it runs statements.  What is
 * sent is queued; only a read, a commit or cx_changed() waits, and then for
 * all that is queued.  After a failure the transaction is over: what is asked
 * for next fails at once, until rollback.
 */

#ifndef CX_STORE_POSTGRES_H
#define CX_STORE_POSTGRES_H

#include <postgresql/libpq-fe.h>

#include "store/sql.h"

/* So few results fit into any socket: neither side can wait for the other to
 * read. */
#define CX_PG_QUEUE   64
#define CX_PG_PARAMS  72

/* One parameter, as it goes over the wire. */
typedef struct {
    const char  *p;
    int          len;
    char         number[8];
    char        *cleaned;       /* a text that was none; from malloc */
} cx_pg_value;

typedef struct {
    char         *text;         /* with $1; NULL: not used yet */
    cx_params     params;
    bool          prepared;     /* on this connection */
    Oid           types[CX_PG_PARAMS];
    cx_pg_value   values[CX_PG_PARAMS];
    bool          sent;         /* ahead: its rows are under way */
    PGresult     *rows;         /* while they are read */
    int           row;
} cx_pg_statement;

typedef enum {
    CX_PG_PREPARE,
    CX_PG_RUN,
    CX_PG_READ
} cx_pg_kind;

typedef struct {
    cx_pg_kind        kind;
    cx_pg_statement  *st;
} cx_pg_queued;

typedef struct {
    cx_store         base;
    char            *url;
    PGconn          *conn;      /* NULL: none at the moment */
    bool             inside;    /* a transaction was begun */
    bool             again;     /* the same may go well at another try */
    int64_t          retry_at;  /* no connection before; monotonic ms */
    int64_t          delay_ms;
    int64_t          line;      /* a number of our own, see COMMIT_MARK */
    int64_t          commits;   /* so far */
    int64_t          changed;   /* by the last statement whose end is known */
    int              nqueued;
    cx_pg_queued     queue[CX_PG_QUEUE + 2];
    cx_pg_statement  statements[CX_SQL_COUNT];
} cx_postgres;


static inline cx_postgres *
cx_postgres_of(cx_store *s)
{
    return (cx_postgres *) s;
}


/* postgres_connect.c: CX_IO with a text, without the URL's secrets. */
cx_err cx_pg_connect(cx_postgres *s);
/* A connection is there, or made; CX_IO also while it is too early. */
cx_err cx_pg_connected(cx_postgres *s);
/* The same, and it is none that went away while idle. */
cx_err cx_pg_fresh(cx_postgres *s);
/* It is gone, and with it what was prepared and begun. */
void cx_pg_lost(cx_postgres *s);
cx_err cx_pg_pipeline(cx_postgres *s, bool on);
int64_t cx_pg_clock(void);

/* postgres_queue.c */
cx_err cx_pg_send(cx_postgres *s, cx_pg_statement *st, cx_pg_kind kind);
/* Waits for all that is queued; *rows of the last read, if there is one. */
cx_err cx_pg_wait(cx_postgres *s);
/* Sends what is queued, waits for nothing. */
cx_err cx_pg_flush(cx_postgres *s);
cx_err cx_pg_failed(cx_postgres *s, const PGresult *r);
cx_pg_statement *cx_pg_statement_of(cx_postgres *s, cx_sql_name name);

/* postgres_rls.c: who else sees what. */
cx_err cx_pg_protect(cx_store *s);

/* postgres_query.c: the statement's part of the driver. */
void cx_pg_start(cx_query *q, cx_sql_name name);
void cx_pg_bind_i64(cx_query *q, int64_t n);
void cx_pg_bind_f64(cx_query *q, double n);
void cx_pg_bind_str(cx_query *q, cx_str text);
void cx_pg_ahead(cx_query *q);
bool cx_pg_next(cx_query *q);
int64_t cx_pg_i64(cx_query *q, int column);
double cx_pg_f64(cx_query *q, int column);
cx_str cx_pg_str(cx_query *q, int column);
cx_err cx_pg_end(cx_query *q);
cx_err cx_pg_run(cx_query *q);
int64_t cx_pg_changed(cx_store *s);

#endif /* CX_STORE_POSTGRES_H */
