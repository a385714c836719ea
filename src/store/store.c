#include "store/sql.h"

#include <stdio.h>


/* scheme     driver; a URL without a scheme is a path */
static const struct {
    cx_str            scheme;
    const cx_driver  *driver;
} drivers[] = {
    { CX_STR_INIT("sqlite"), &cx_sqlite_driver },
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


cx_err
cx_store_open(const char *url, bool migrate, cx_store **out, char *error,
    size_t error_size)
{
    const cx_driver *driver = find_driver(cx_strz(url));

    if (driver == NULL) {
        snprintf(error, error_size, "no such store: \"%s\"", url);
        return CX_INVALID;
    }

    return driver->open(url, migrate, out, error, error_size);
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
