/* The record in SQLite: what its files, and tests of them, share. */

#ifndef CX_STORE_SQLITE_H
#define CX_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/sql.h"

typedef struct {
    cx_store       base;
    sqlite3       *db;
    sqlite3_stmt  *statements[CX_SQL_COUNT];    /* prepared on first use */
    int            tenants[CX_SQL_COUNT];       /* number of `:tenant`, or 0 */
} cx_sqlite;


static inline cx_sqlite *
cx_sqlite_of(cx_store *s)
{
    return (cx_sqlite *) s;
}


/* Keeps SQLite's text for cx_store_error() and says CX_IO. */
cx_err cx_sqlite_failed(cx_store *s);

/* The statement's part of the driver, sqlite_query.c. */
void cx_sqlite_start(cx_query *q, cx_sql_name name);
void cx_sqlite_bind_i64(cx_query *q, int64_t n);
void cx_sqlite_bind_f64(cx_query *q, double n);
void cx_sqlite_bind_str(cx_query *q, cx_str text);
bool cx_sqlite_next(cx_query *q);
int64_t cx_sqlite_i64(cx_query *q, int column);
double cx_sqlite_f64(cx_query *q, int column);
cx_str cx_sqlite_str(cx_query *q, int column);
cx_err cx_sqlite_end(cx_query *q);
cx_err cx_sqlite_run(cx_query *q);
int64_t cx_sqlite_changed(cx_store *s);

#endif /* CX_STORE_SQLITE_H */
