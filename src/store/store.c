#include "store/sql.h"

#include <inttypes.h>
#include <stdio.h>


/* scheme     driver; a URL without a scheme is a path */
static const struct {
    cx_str            scheme;
    const cx_driver  *driver;
} drivers[] = {
    { CX_STR_INIT("sqlite"),     &cx_sqlite_driver },
    { CX_STR_INIT("postgresql"), &cx_postgres_driver },
    { CX_STR_INIT("postgres"),   &cx_postgres_driver },
};


/* "postgres" of "postgres://host/db"; empty for a path, which may hold a
 * colon after its first slash. */
static cx_str
scheme_of(cx_str url)
{
    const size_t colon = cx_str_find_byte(url, ':');
    const size_t slash = cx_str_find_byte(url, '/');

    if (colon == SIZE_MAX || (slash != SIZE_MAX && slash < colon)) {
        return CX_NOSTR;
    }

    return cx_str_sub(url, 0, colon);
}


static const cx_driver *
find_driver(cx_str url)
{
    const cx_str scheme = scheme_of(url);

    if (url.len == 0) {
        return NULL;
    }

    if (scheme.len == 0) {
        return &cx_sqlite_driver;
    }

    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        if (cx_str_eq(drivers[i].scheme, scheme)) {
            return drivers[i].driver;
        }
    }

    return NULL;
}


/* The schema may be any. */
static cx_err
connect_to(const char *url, bool create, cx_store **out, char *error,
    size_t error_size)
{
    const cx_driver  *driver = find_driver(cx_strz(url));

    if (driver == NULL) {
        snprintf(error, error_size, "no such store: \"%.*s\"",
                 (int) scheme_of(cx_strz(url)).len, url);
        return CX_INVALID;
    }

    return driver->open(url, create, out, error, error_size);
}


cx_err
cx_store_look(const char *url, int64_t *has, int64_t *needs, char *error,
    size_t error_size)
{
    cx_store  *s;
    cx_err     err;

    err = connect_to(url, false, &s, error, error_size);
    if (err != CX_OK) {
        return err;
    }

    err = cx_store_schema(s, has, needs);

    if (err != CX_OK) {
        snprintf(error, error_size, "%s", s->error);
    }

    cx_store_close(s);
    return err;
}


cx_err
cx_store_open(const char *url, bool migrate, cx_store **out, char *error,
    size_t error_size)
{
    cx_store  *s;
    cx_err     err;

    err = connect_to(url, migrate, &s, error, error_size);
    if (err != CX_OK) {
        return err;
    }

    err = cx_store_migrate(s, migrate, error, error_size);

    if (err != CX_OK) {
        cx_store_close(s);
        return err;
    }

    *out = s;
    return CX_OK;
}


void
cx_store_close(cx_store *s)
{
    if (s != NULL) {
        s->driver->close(s);
    }
}


/* --- transactions -------------------------------------------------------- */

/* Of an operation that ended before its first read. */
static void
forget_fence(cx_store *s)
{
    if (s->fence_asked) {
        s->fence_asked = false;
        (void) cx_query_end(&s->fence_query);
    }
}


cx_err
cx_store_begin(cx_store *s)
{
    cx_err  err;

    err = s->driver->begin(s, false);

    if (err == CX_OK) {
        s->writing = true;
        s->broken = false;
        s->fence_seen = 0;
    }

    return err;
}


/* A failed commit leaves the transaction to rollback(). */
cx_err
cx_store_commit(cx_store *s)
{
    cx_err  err;

    forget_fence(s);

    if (s->broken) {
        return CX_IO;
    }

    err = s->driver->commit(s);

    if (err == CX_OK) {
        s->writing = false;
        s->fence_seen = 0;
    }

    return err;
}


void
cx_store_rollback(cx_store *s)
{
    forget_fence(s);
    s->writing = false;
    s->broken = false;
    s->fence_seen = 0;
    s->driver->rollback(s);
}


const char *
cx_store_error(cx_store *s)
{
    return s->error;
}


bool
cx_store_again(cx_store *s)
{
    return s->driver->again != NULL && s->driver->again(s);
}


void
cx_store_ready(cx_store *s)
{
    if (s->driver->ready != NULL) {
        s->driver->ready(s);
    }
}


static cx_query
ask_epoch(cx_store *s, cx_fence fence)
{
    cx_query  q = cx_query_of(s, CX_SQL_FENCE);

    cx_bind_i64(&q, fence.partition);
    return q;
}


/* Its rows may be there already, or come now. */
static cx_err
read_epoch(cx_store *s, cx_fence fence, cx_query *q)
{
    const bool  found = cx_query_next(q);
    cx_err      err;

    if (found) {
        s->fence_epoch[fence.partition] = cx_get_i64(q);
    }

    err = cx_query_end(q);

    if (err != CX_OK || !found) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    s->fence_seen |= (uint64_t) s->writing << fence.partition;

    return s->fence_epoch[fence.partition] == fence.epoch ? CX_OK : CX_FENCED;
}


cx_err
cx_store_fence_told(cx_store *s)
{
    s->fence_asked = false;

    return read_epoch(s, s->fence_due, &s->fence_query);
}


cx_err
cx_store_fence(cx_store *s, cx_fence fence)
{
    cx_query  q;

    if (fence.partition >= CX_PARTITIONS) {
        return CX_INVALID;
    }

    forget_fence(s);

    if ((s->fence_seen >> fence.partition & 1) != 0) {
        return s->fence_epoch[fence.partition] == fence.epoch
               ? CX_OK : CX_FENCED;
    }

    q = ask_epoch(s, fence);

    if (s->driver->ahead == NULL) {
        return read_epoch(s, fence, &q);
    }

    cx_query_ahead(&q);
    s->fence_asked = true;
    s->fence_due = fence;
    s->fence_query = q;

    return CX_OK;
}


const char *
cx_store_kind(const cx_store *s)
{
    return s->driver->kind;
}


void
cx_store_as(cx_store *s, int64_t tenant)
{
    s->tenant = tenant;
}
