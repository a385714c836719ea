/*
 * Brings a database's schema up to what this program knows (schema.def).
 */

#include "store/sql.h"

#include <inttypes.h>
#include <stdio.h>


static int64_t
newest(const cx_driver *d)
{
    int64_t  number = 0;

    for (const cx_migration *m = d->schema; m->number != 0; m++) {
        number = m->number;
    }

    return number;
}


static cx_err
applied(cx_store *s, int64_t *number)
{
    const cx_driver  *d = s->driver;
    int64_t           known;
    cx_err            err;

    err = d->ask(s, d->has_schema, &known);

    if (err != CX_OK || known == 0) {
        *number = 0;
        return err;
    }

    return d->ask(s, "SELECT coalesce(max(number), 0) FROM schema_migrations",
                  number);
}


/* All rows of one number; *at is the first of them, and then of the next. */
static cx_err
apply(cx_store *s, const cx_migration **at)
{
    const cx_driver     *d = s->driver;
    const cx_migration  *m = *at;
    char                 sql[256];
    cx_err               err = CX_OK;

    for ( /* void */ ; m->number == (*at)->number && err == CX_OK; m++) {
        err = d->exec(s, m->sql);
    }

    if (err == CX_OK) {
        snprintf(sql, sizeof(sql), "INSERT INTO schema_migrations"
                 " VALUES (%d, '%s', %s)", (*at)->number, (*at)->name,
                 d->now_ms);
        err = d->exec(s, sql);
    }

    *at = m;
    return err;
}


/* Another process may have been here between our look and our lock: what to
 * do is decided under the lock. */
static cx_err
apply_missing(cx_store *s)
{
    const cx_driver     *d = s->driver;
    const cx_migration  *m = d->schema;
    int64_t              number = 0;
    cx_err               err;

    err = d->exec(s, d->make_schema);

    if (err == CX_OK) {
        err = applied(s, &number);
    }

    while (err == CX_OK && m->number != 0) {
        if (m->number > number) {
            err = apply(s, &m);

        } else {
            m++;
        }
    }

    return err == CX_OK && d->protect != NULL ? d->protect(s) : err;
}


static cx_err
apply_locked(cx_store *s)
{
    const cx_driver  *d = s->driver;
    cx_err            err;

    err = d->exec(s, d->lock_schema);

    if (err == CX_OK) {
        err = apply_missing(s);
    }

    if (err == CX_OK) {
        err = d->exec(s, "COMMIT");
    }

    return err;
}


cx_err
cx_store_schema(cx_store *s, int64_t *has, int64_t *needs)
{
    *needs = newest(s->driver);
    return applied(s, has);
}


cx_err
cx_store_migrate(cx_store *s, bool allowed, char *error, size_t error_size)
{
    int64_t  has, needs;
    cx_err   err;

    err = cx_store_schema(s, &has, &needs);

    if (err == CX_OK && has > needs) {
        snprintf(error, error_size, "the database has schema %" PRId64
                 ", this program knows %" PRId64 ": use the newer program",
                 has, needs);
        return CX_VERSION;
    }

    if (err == CX_OK && has < needs && !allowed) {
        snprintf(error, error_size, "the database has schema %" PRId64
                 ", this program needs %" PRId64 ": connext-worker migrate",
                 has, needs);
        return CX_IO;
    }

    if (err == CX_OK && has < needs) {
        err = apply_locked(s);
    }

    if (err != CX_OK) {
        snprintf(error, error_size, "%s", s->error);
    }

    return err;
}
