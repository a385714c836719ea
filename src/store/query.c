#include "store/sql.h"

#include <string.h>


/* After a failed write nothing but the rollback runs: what the database has
 * rolled back by itself must not go on as single statements. */
cx_query
cx_query_of(cx_store *s, cx_sql_name name)
{
    cx_query  q = { .store = s };

    if (s->broken) {
        q.rc = -1;

    } else {
        s->driver->start(&q, name);
    }

    return q;
}


void
cx_bind_i64(cx_query *q, int64_t n)
{
    if (q->st != NULL) {
        q->store->driver->bind_i64(q, n);
    }
}


void
cx_bind_f64(cx_query *q, double n)
{
    if (q->st != NULL) {
        q->store->driver->bind_f64(q, n);
    }
}


/* An empty text is stored as one, never as NULL. */
void
cx_bind_str(cx_query *q, cx_str text)
{
    if (q->st != NULL) {
        q->store->driver->bind_str(q, text);
    }
}


void
cx_query_ahead(cx_query *q)
{
    if (q->st != NULL && q->rc == 0 && q->store->driver->ahead != NULL) {
        q->store->driver->ahead(q);
    }
}


bool
cx_query_next(cx_query *q)
{
    cx_store  *s = q->store;
    bool       found;

    q->column = 0;
    found = q->st != NULL && q->rc == 0 && s->driver->next(q);

    if (s->fence_asked && q->st != s->fence_query.st
        && cx_store_fence_told(s) != CX_OK)
    {
        q->fenced = true;
        return false;
    }

    return found;
}


int64_t
cx_get_i64(cx_query *q)
{
    return q->store->driver->i64(q, q->column++);
}


double
cx_get_f64(cx_query *q)
{
    return q->store->driver->f64(q, q->column++);
}


cx_str
cx_view_str(cx_query *q)
{
    return q->store->driver->str(q, q->column++);
}


cx_str
cx_get_str(cx_query *q, cx_arena *a)
{
    return cx_dup(a, cx_view_str(q));
}


cx_err
cx_query_end(cx_query *q)
{
    const cx_err  err = q->st != NULL ? q->store->driver->end(q)
                        : q->rc == 0 ? CX_OK : CX_IO;

    return err == CX_OK && q->fenced ? CX_FENCED : err;
}


cx_err
cx_query_run(cx_query *q)
{
    return q->st != NULL && q->rc == 0 ? q->store->driver->run(q)
                                       : cx_query_end(q);
}


int64_t
cx_changed(cx_store *s)
{
    return s->driver->changed(s);
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
    *own = !s->driver->inside(s);

    return *own ? s->driver->begin(s, true) : CX_OK;
}


cx_err
cx_look_end(cx_store *s, bool own, cx_err err)
{
    cx_err  end;

    if (!own) {
        return err;
    }

    end = s->driver->commit(s);

    if (end != CX_OK) {
        s->driver->rollback(s);
    }

    return err != CX_OK ? err : end;
}


void *
cx_list_more(cx_arena *a, const void *items, size_t n, size_t *room,
    size_t size)
{
    const size_t  more = *room == 0 ? 1 : *room * 2;
    void         *p;

    p = cx_alloc_n(a, more, size);

    if (p == NULL) {
        *room = 0;
        return NULL;
    }

    if (n > 0 && items != NULL) {
        memcpy(p, items, n * size);
    }

    *room = more;
    return p;
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
