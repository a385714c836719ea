#include "store/postgres.h"

#include "core/utf8.h"

#include <assert.h>
#include <stdlib.h>

/* pg_type.h is the server's own; these numbers are the protocol's. */
enum {
    BOOL_TYPE = 16,
    INT8_TYPE = 20,
    INT2_TYPE = 21,
    INT4_TYPE = 23,
    TEXT_TYPE = 25,
    FLOAT4_TYPE = 700,
    FLOAT8_TYPE = 701,
    NUMERIC_TYPE = 1700
};


static void
put_u64(char out[8], uint64_t n)
{
    for (int i = 7; i >= 0; i--) {
        out[i] = (char) (n & 0xff);
        n >>= 8;
    }
}


static uint64_t
get_u64(const char *p, size_t len)
{
    uint64_t  n = 0;

    for (size_t i = 0; i < len; i++) {
        n = n << 8 | (uint8_t) p[i];
    }

    return n;
}


/* --- start and bind ------------------------------------------------------ */

/* The next parameter; its type is settled by the first who binds it. */
static cx_pg_value *
param(cx_pg_statement *st, int at, Oid type)
{
    assert(at < CX_PG_PARAMS);
    assert(st->types[at] == 0 || st->types[at] == type);

    st->types[at] = type;
    return &st->values[at];
}


static void
put_number(cx_pg_statement *st, int at, Oid type, uint64_t bits)
{
    cx_pg_value  *v = param(st, at, type);

    put_u64(v->number, bits);
    v->p = v->number;
    v->len = sizeof(v->number);
}


cx_pg_statement *
cx_pg_statement_of(cx_postgres *s, cx_sql_name name)
{
    cx_pg_statement  *st = &s->statements[name];

    if (st->text == NULL) {
        st->text = cx_sql_number(cx_postgres_sql[name], '$', &st->params);
        assert(st->params.n < CX_PG_PARAMS);
    }

    return st->text != NULL ? st : NULL;
}


/* Outside of a transaction a lost connection is made again. */
static bool
is_ready(cx_postgres *s)
{
    if (s->conn == NULL && s->inside) {
        return false;
    }

    return cx_pg_connected(s) == CX_OK && cx_pg_pipeline(s, true) == CX_OK;
}


void
cx_pg_start(cx_query *q, cx_sql_name name)
{
    cx_postgres      *s = cx_postgres_of(q->store);
    cx_pg_statement  *st = is_ready(s) ? cx_pg_statement_of(s, name) : NULL;

    if (st == NULL) {
        q->rc = -1;
        return;
    }

    assert(st->rows == NULL);
    q->st = st;

    if (st->params.tenant != 0) {
        put_number(st, st->params.tenant - 1, INT8_TYPE,
                   (uint64_t) q->store->tenant);
    }
}


void
cx_pg_bind_i64(cx_query *q, int64_t n)
{
    put_number(q->st, q->bound++, INT8_TYPE, (uint64_t) n);
}


void
cx_pg_bind_f64(cx_query *q, double n)
{
    uint64_t  bits;

    memcpy(&bits, &n, sizeof(bits));
    put_number(q->st, q->bound++, FLOAT8_TYPE, bits);
}


/* PostgreSQL refuses what is no UTF-8, and NUL: those bytes are lost. */
static char *
clean(cx_str text, size_t *len)
{
    static const char  replacement[] = "\xef\xbf\xbd";
    char              *out = malloc(3 * text.len), *end = out;
    uint32_t           cp;
    size_t             n;

    for (size_t i = 0; out != NULL && i < text.len; i += n > 0 ? n : 1) {
        n = cx_utf8_next(cx_str_sub(text, i, text.len - i), &cp);

        if (n == 0 || cp == 0) {
            memcpy(end, replacement, 3);
            end += 3;

        } else {
            memcpy(end, text.p + i, n);
            end += n;
        }
    }

    *len = (size_t) (end - out);
    return out;
}


void
cx_pg_bind_str(cx_query *q, cx_str text)
{
    cx_pg_value  *v = param(q->st, q->bound++, TEXT_TYPE);

    v->p = text.len > 0 ? text.p : "";
    v->len = (int) text.len;

    if (text.len > 0 && (memchr(text.p, '\0', text.len) != NULL
                         || !cx_utf8_valid(text)))
    {
        v->p = v->cleaned = clean(text, &text.len);
        v->len = (int) text.len;
        q->rc = v->p == NULL ? -1 : q->rc;
    }
}


static void
forget_cleaned(cx_pg_statement *st)
{
    for (int i = 0; i < st->params.n; i++) {
        free(st->values[i].cleaned);
        st->values[i].cleaned = NULL;
    }
}


/* --- run and read -------------------------------------------------------- */

static cx_err
send(cx_query *q, cx_pg_kind kind)
{
    cx_pg_statement  *st = q->st;
    cx_err            err;

    assert(q->bound == st->params.n);
    err = cx_pg_send(cx_postgres_of(q->store), st, kind);
    forget_cleaned(st);

    return err;
}


void
cx_pg_ahead(cx_query *q)
{
    cx_pg_statement  *st = q->st;

    if (send(q, CX_PG_READ) != CX_OK) {
        q->rc = -1;
        return;
    }

    st->sent = true;
}


/* What was sent ahead may have come back with another one's rows; or have been
 * lost with another one's failure. */
bool
cx_pg_next(cx_query *q)
{
    cx_postgres      *s = cx_postgres_of(q->store);
    cx_pg_statement  *st = q->st;

    if (st->rows == NULL
        && ((!st->sent && send(q, CX_PG_READ) != CX_OK)
            || cx_pg_wait(s) != CX_OK || st->rows == NULL))
    {
        st->sent = false;
        q->rc = -1;
        return false;
    }

    st->sent = false;
    return ++st->row < PQntuples(st->rows);
}


cx_err
cx_pg_end(cx_query *q)
{
    cx_pg_statement  *st = q->st;

    if (st->sent) {
        (void) cx_pg_wait(cx_postgres_of(q->store));
        st->sent = false;
    }

    PQclear(st->rows);
    st->rows = NULL;
    forget_cleaned(st);

    return q->rc == 0 ? CX_OK : CX_IO;
}


cx_err
cx_pg_run(cx_query *q)
{
    cx_postgres  *s = cx_postgres_of(q->store);
    cx_err        err;

    err = send(q, CX_PG_RUN);

    return err == CX_OK && !s->inside ? cx_pg_wait(s) : err;
}


int64_t
cx_pg_changed(cx_store *base)
{
    cx_postgres  *s = cx_postgres_of(base);

    return s->conn != NULL && cx_pg_wait(s) == CX_OK ? s->changed : 0;
}


/* --- columns ------------------------------------------------------------- */

/* A sum: digits to the base 10000, the first of them 10000^weight worth. */
static int64_t
numeric(const char *p)
{
    const int   n = (int) get_u64(p, 2);
    const int   weight = (int16_t) get_u64(p + 2, 2);
    const bool  negative = get_u64(p + 4, 2) == 0x4000;
    int64_t     sum = 0;

    for (int i = 0; i <= weight; i++) {
        sum = sum * 10000
              + (i < n ? (int64_t) get_u64(p + 8 + 2 * i, 2) : 0);
    }

    return negative ? -sum : sum;
}


int64_t
cx_pg_i64(cx_query *q, int column)
{
    const cx_pg_statement  *st = q->st;
    const char             *p = PQgetvalue(st->rows, st->row, column);

    if (PQgetisnull(st->rows, st->row, column)) {
        return 0;
    }

    switch (PQftype(st->rows, column)) {

    case BOOL_TYPE:
        return p[0] != 0;

    case INT2_TYPE:
        return (int16_t) get_u64(p, 2);

    case INT4_TYPE:
        return (int32_t) get_u64(p, 4);

    case INT8_TYPE:
        return (int64_t) get_u64(p, 8);

    case NUMERIC_TYPE:
        return numeric(p);

    default:
        return (int64_t) cx_pg_f64(q, column);
    }
}


double
cx_pg_f64(cx_query *q, int column)
{
    const cx_pg_statement  *st = q->st;
    const char             *p = PQgetvalue(st->rows, st->row, column);
    uint64_t                bits;
    uint32_t                half;
    double                  n = 0;
    float                   f;

    if (PQgetisnull(st->rows, st->row, column)) {
        return 0;
    }

    switch (PQftype(st->rows, column)) {

    case FLOAT8_TYPE:
        bits = get_u64(p, 8);
        memcpy(&n, &bits, sizeof(n));
        return n;

    case FLOAT4_TYPE:
        half = (uint32_t) get_u64(p, 4);
        memcpy(&f, &half, sizeof(f));
        return (double) f;

    case BOOL_TYPE:
    case INT2_TYPE:
    case INT4_TYPE:
    case INT8_TYPE:
    case NUMERIC_TYPE:
        return (double) cx_pg_i64(q, column);

    default:
        assert(!"a column that is no number");
        return 0;
    }
}


cx_str
cx_pg_str(cx_query *q, int column)
{
    const cx_pg_statement  *st = q->st;
    const int               len = PQgetlength(st->rows, st->row, column);

    return len == 0 ? CX_NOSTR
           : (cx_str) { (size_t) len,
                        PQgetvalue(st->rows, st->row, column) };
}
