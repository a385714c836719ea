/*
 * What agents were told before: each change leaves the whole of an agent as a
 * version, numbered from 1.  The last CX_VERSIONS_KEPT of each agent stay.
 */

#ifndef CX_STORE_VERSIONS_H
#define CX_STORE_VERSIONS_H

#include "store/store.h"

#define CX_VERSIONS_KEPT  100

typedef struct {
    int64_t  number;
    int64_t  at;
    cx_str   who;             /* empty: as it was when versions began */
    cx_str   body;            /* JSON, as the API shows an agent */
} cx_version_row;

typedef CX_LIST(cx_version_row)  cx_version_list;

/* 0: there is none. */
cx_err cx_store_version_last(cx_store *s, int64_t agent_id, int64_t *number);
/* row->number is given by the store.  The oldest goes. */
cx_err cx_store_version_add(cx_store *s, int64_t agent_id,
    cx_version_row *row);
/* Newest first, without bodies; below: 0, or the number they are below. */
cx_err cx_store_versions(cx_store *s, int64_t agent_id, int64_t below,
    size_t limit, cx_arena *a, cx_version_list *out);
cx_err cx_store_version(cx_store *s, int64_t agent_id, int64_t number,
    cx_arena *a, cx_version_row *out);

#endif /* CX_STORE_VERSIONS_H */
