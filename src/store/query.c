#include "store/sql.h"

#include <assert.h>


static int
prepare(cx_store *s, cx_sql_name name)
{
    return sqlite3_prepare_v3(s->db, cx_sql_text[name], -1,
                              SQLITE_PREPARE_PERSISTENT,
                              &s->statements[name], NULL);
}


static void
note(cx_query *q, int rc)
{
    if (rc != SQLITE_OK && q->rc == SQLITE_OK) {
        q->rc = rc;
    }
}


/* `:tenant` is bound here, so that no operation can forget it. */
static int
bind_tenant(cx_store *s, sqlite3_stmt *st)
{
    const int  at = sqlite3_bind_parameter_index(st, ":tenant");

    return at == 0 ? SQLITE_OK : sqlite3_bind_int64(st, at, s->tenant);
}


/* After a failed write nothing but the rollback runs: what SQLite has rolled
 * back by itself must not go on as single statements. */
cx_query
cx_query_of(cx_store *s, cx_sql_name name)
{
    cx_query  q = { .store = s, .rc = SQLITE_OK };

    if (s->broken) {
        q.rc = SQLITE_ABORT;
        return q;
    }

    if (s->statements[name] == NULL) {
        q.rc = prepare(s, name);

        if (q.rc != SQLITE_OK) {
            (void) cx_store_failed(s);
            return q;
        }
    }

    q.st = s->statements[name];
    assert(!sqlite3_stmt_busy(q.st));
    note(&q, bind_tenant(s, q.st));

    return q;
}


void
cx_bind_i64(cx_query *q, int64_t n)
{
    if (q->st != NULL) {
        note(q, sqlite3_bind_int64(q->st, ++q->bound, n));
    }
}


void
cx_bind_f64(cx_query *q, double n)
{
    if (q->st != NULL) {
        note(q, sqlite3_bind_double(q->st, ++q->bound, n));
    }
}


/* An empty text is stored as one, never as NULL. */
void
cx_bind_str(cx_query *q, cx_str text)
{
    if (q->st != NULL) {
        note(q, sqlite3_bind_text64(q->st, ++q->bound,
                                    text.len > 0 ? text.p : "", text.len,
                                    SQLITE_STATIC, SQLITE_UTF8));
    }
}


bool
cx_query_next(cx_query *q)
{
    int  rc;

    if (q->st == NULL || q->rc != SQLITE_OK) {
        return false;
    }

    rc = sqlite3_step(q->st);
    q->column = 0;

    if (rc == SQLITE_ROW) {
        return true;
    }

    if (rc != SQLITE_DONE) {
        q->rc = rc;
    }

    return false;
}


int64_t
cx_get_i64(cx_query *q)
{
    return sqlite3_column_int64(q->st, q->column++);
}


double
cx_get_f64(cx_query *q)
{
    return sqlite3_column_double(q->st, q->column++);
}


cx_str
cx_view_str(cx_query *q)
{
    const int    column = q->column++;
    const void  *p = sqlite3_column_text(q->st, column);
    const int    len = sqlite3_column_bytes(q->st, column);

    return p == NULL ? CX_NOSTR : (cx_str) { (size_t) len, p };
}


cx_str
cx_get_str(cx_query *q, cx_arena *a)
{
    return cx_dup(a, cx_view_str(q));
}


cx_err
cx_query_end(cx_query *q)
{
    cx_err  err = CX_OK;

    if (q->rc != SQLITE_OK) {
        err = q->st != NULL ? cx_store_failed(q->store) : CX_IO;
    }

    if (q->st != NULL) {
        sqlite3_reset(q->st);
    }

    return err;
}


cx_err
cx_query_run(cx_query *q)
{
    (void) cx_query_next(q);
    return cx_query_end(q);
}


int64_t
cx_changed(const cx_store *s)
{
    return sqlite3_changes64(s->db);
}


cx_err
cx_run_1(cx_store *s, cx_sql_name name, int64_t x)
{
    cx_query  q = cx_query_of(s, name);

    cx_bind_i64(&q, x);
    return cx_query_run(&q);
}


cx_err
cx_run_2(cx_store *s, cx_sql_name name, int64_t x, int64_t y)
{
    cx_query  q = cx_query_of(s, name);

    cx_bind_i64(&q, x);
    cx_bind_i64(&q, y);
    return cx_query_run(&q);
}


cx_err
cx_ask_1(cx_store *s, cx_sql_name name, int64_t x, int64_t *out)
{
    cx_query  q = cx_query_of(s, name);
    cx_err    err;
    bool      found;

    cx_bind_i64(&q, x);
    found = cx_query_next(&q);

    if (found) {
        *out = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    return err != CX_OK ? err : found ? CX_OK : CX_NOT_FOUND;
}


cx_err
cx_look_begin(cx_store *s, bool *own)
{
    cx_query  q;

    *own = sqlite3_get_autocommit(s->db) != 0;

    if (!*own) {
        return CX_OK;
    }

    q = cx_query_of(s, CX_SQL_LOOK);
    return cx_query_run(&q);
}


cx_err
cx_look_end(cx_store *s, bool own, cx_err err)
{
    cx_query  q;
    cx_err    end;

    if (!own) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_COMMIT);
    end = cx_query_run(&q);

    return err != CX_OK ? err : end;
}


/* FNV-1a, 64 bits. */
int64_t
cx_store_provider_key(int64_t channel_id, cx_str provider_id)
{
    const uint64_t  prime = UINT64_C(0x100000001b3);
    uint64_t        hash = UINT64_C(0xcbf29ce484222325);

    for (int shift = 0; shift < 64; shift += 8) {
        hash = (hash ^ ((uint64_t) channel_id >> shift & 0xff)) * prime;
    }

    for (size_t i = 0; i < provider_id.len; i++) {
        hash = (hash ^ (uint8_t) provider_id.p[i]) * prime;
    }

    return hash == 0 ? 1 : (int64_t) hash;
}
