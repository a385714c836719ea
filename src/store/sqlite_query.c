#include "store/sqlite.h"

#include <assert.h>
#include <stdlib.h>


static void
note(cx_query *q, int rc)
{
    if (rc != SQLITE_OK && q->rc == SQLITE_OK) {
        q->rc = rc;
    }
}


/* SQLite would give `:tenant` the number of what stands before it, plus one,
 * which a `?2` behind it may be too: all get numbers of their own. */
static int
prepare(cx_sqlite *s, cx_sql_name name)
{
    cx_params  params;
    char      *sql = cx_sql_number(cx_sqlite_sql[name], '?', &params);
    int        rc = SQLITE_NOMEM;

    if (sql != NULL) {
        rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                &s->statements[name], NULL);
        s->tenants[name] = params.tenant;
        free(sql);
    }

    return rc;
}


/* `:tenant` is bound here, so that no operation can forget it. */
void
cx_sqlite_start(cx_query *q, cx_sql_name name)
{
    cx_sqlite  *s = cx_sqlite_of(q->store);

    if (s->statements[name] == NULL) {
        q->rc = prepare(s, name);

        if (q->rc != SQLITE_OK) {
            (void) cx_sqlite_failed(q->store);
            return;
        }
    }

    q->st = s->statements[name];
    assert(!sqlite3_stmt_busy(q->st));

    if (s->tenants[name] != 0) {
        note(q, sqlite3_bind_int64(q->st, s->tenants[name],
                                   q->store->tenant));
    }
}


void
cx_sqlite_bind_i64(cx_query *q, int64_t n)
{
    note(q, sqlite3_bind_int64(q->st, ++q->bound, n));
}


void
cx_sqlite_bind_f64(cx_query *q, double n)
{
    note(q, sqlite3_bind_double(q->st, ++q->bound, n));
}


void
cx_sqlite_bind_str(cx_query *q, cx_str text)
{
    note(q, sqlite3_bind_text64(q->st, ++q->bound,
                                text.len > 0 ? text.p : "", text.len,
                                SQLITE_STATIC, SQLITE_UTF8));
}


bool
cx_sqlite_next(cx_query *q)
{
    const int  rc = sqlite3_step(q->st);

    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        q->rc = rc;
    }

    return rc == SQLITE_ROW;
}


int64_t
cx_sqlite_i64(cx_query *q, int column)
{
    return sqlite3_column_int64(q->st, column);
}


double
cx_sqlite_f64(cx_query *q, int column)
{
    return sqlite3_column_double(q->st, column);
}


cx_str
cx_sqlite_str(cx_query *q, int column)
{
    const void  *p = sqlite3_column_text(q->st, column);
    const int    len = sqlite3_column_bytes(q->st, column);

    return p == NULL ? CX_NOSTR : (cx_str) { (size_t) len, p };
}


cx_err
cx_sqlite_end(cx_query *q)
{
    cx_err  err = CX_OK;

    if (q->rc != SQLITE_OK) {
        err = cx_sqlite_failed(q->store);
    }

    sqlite3_reset(q->st);
    return err;
}


cx_err
cx_sqlite_run(cx_query *q)
{
    (void) cx_sqlite_next(q);
    return cx_sqlite_end(q);
}


int64_t
cx_sqlite_changed(cx_store *s)
{
    return sqlite3_changes64(cx_sqlite_of(s)->db);
}
