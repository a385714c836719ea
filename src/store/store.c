#include "store/sqlite.h"


/* scheme     operations; a URL without a scheme is a path */
static const struct {
    cx_str               scheme;
    const cx_store_ops  *ops;
} stores[] = {
    { CX_STR_INIT("sqlite"), &cx_sqlite_ops },
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


const cx_store_ops *
cx_store_find(cx_str url)
{
    const cx_str scheme = scheme_of(url);

    if (url.len == 0) {
        return NULL;
    }

    if (scheme.len == 0) {
        return &cx_sqlite_ops;
    }

    for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
        if (cx_str_eq(stores[i].scheme, scheme)) {
            return stores[i].ops;
        }
    }

    return NULL;
}
