#include "store/sqlite.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>


static void
note(cx_query *q, int rc)
{
    if (rc != SQLITE_OK && q->rc == SQLITE_OK) {
        q->rc = rc;
    }
}


/*
 * SQLite would number `:tenant` with whatever stands before it in the text,
 * and give that number to a `?2` behind it once more: it gets one of its own,
 * above all others.  It is bound here, so that no operation can forget it.
 */
#define TENANT      ":tenant"
#define TENANT_AT   40
#define TENANT_NEW  "?40"


static int
prepare(sqlite3 *db, const char *sql, sqlite3_stmt **st)
{
    const char  *at;
    char        *text, *end;
    int          rc;

    if (strstr(sql, TENANT) == NULL) {
        return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, st,
                                  NULL);
    }

    text = end = malloc(strlen(sql) + 1);
    if (text == NULL) {
        return SQLITE_NOMEM;
    }

    while ((at = strstr(sql, TENANT)) != NULL) {
        memcpy(end, sql, (size_t) (at - sql));
        end += at - sql;
        memcpy(end, TENANT_NEW, sizeof(TENANT_NEW) - 1);
        end += sizeof(TENANT_NEW) - 1;
        sql = at + sizeof(TENANT) - 1;
    }

    memcpy(end, sql, strlen(sql) + 1);
    rc = sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
    free(text);

    return rc;
}


static int
bind_tenant(cx_store *s, sqlite3_stmt *st)
{
    return sqlite3_bind_parameter_index(st, TENANT_NEW) == 0
           ? SQLITE_OK : sqlite3_bind_int64(st, TENANT_AT, s->tenant);
}


void
cx_sqlite_start(cx_query *q, cx_sql_name name)
{
    cx_sqlite  *s = cx_sqlite_of(q->store);

    if (s->statements[name] == NULL) {
        q->rc = prepare(s->db, cx_sqlite_sql[name], &s->statements[name]);

        if (q->rc != SQLITE_OK) {
            (void) cx_sqlite_failed(q->store);
            return;
        }
    }

    q->st = s->statements[name];
    assert(!sqlite3_stmt_busy(q->st));
    note(q, bind_tenant(q->store, q->st));
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


/* A text that FTS5 cannot read is the caller's mistake, not the disk's; what
 * it says would quote a customer and is dropped. */
static bool
is_unreadable(const cx_query *q)
{
    return q->rc == SQLITE_ERROR
           && q->st == cx_sqlite_of(q->store)->statements[CX_SQL_SEARCH];
}


cx_err
cx_sqlite_end(cx_query *q)
{
    cx_err  err = CX_OK;

    if (q->rc != SQLITE_OK) {
        err = is_unreadable(q) ? CX_INVALID : cx_sqlite_failed(q->store);
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
