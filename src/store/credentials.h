/*
 * Sealed credentials of channels, agents and hooks.  The store keeps boxes
 * (core/seal.h) and never sees what is in them.
 */

#ifndef CX_STORE_CREDENTIALS_H
#define CX_STORE_CREDENTIALS_H

#include "store/store.h"

typedef struct {
    int64_t  tenant;
    cx_str   kind;            /* "channel", "agent", "hook" */
    int64_t  owner_id;
    cx_str   name;            /* "token", "api_key" */
    cx_str   box;
    int64_t  updated_at;
} cx_credential_row;

/* How many boxes are under a key. */
typedef struct {
    cx_str   key_id;
    int64_t  boxes;
} cx_key_row;

typedef CX_LIST(cx_credential_row)  cx_credential_list;
typedef CX_LIST(cx_key_row)         cx_key_list;

/* Whose record it is: see cx_store_as. */
int64_t cx_store_whose(const cx_store *s);

/* Of this tenant, whatever row->tenant says; replaces one of that name. */
cx_err cx_store_credential_put(cx_store *s, const cx_credential_row *row);
/* CX_OK also when there was none. */
cx_err cx_store_credential_drop(cx_store *s, cx_str kind, int64_t owner_id,
    cx_str name);
cx_err cx_store_credentials_drop(cx_store *s, cx_str kind, int64_t owner_id);
cx_err cx_store_credentials_of(cx_store *s, cx_str kind, int64_t owner_id,
    cx_arena *a, cx_credential_list *out);

/* The engine's: of all tenants, by owner_id. */
cx_err cx_store_credentials(cx_store *s, cx_str kind, cx_arena *a,
    cx_credential_list *out);

/* Rotation, of all tenants: boxes that are under another key, beyond the row
 * after (all empty: from the first). */
cx_err cx_store_credentials_behind(cx_store *s, cx_str key_id,
    const cx_credential_row *after, size_t limit, cx_arena *a,
    cx_credential_list *out);
/* Only if the box is still that one; CX_STALE. */
cx_err cx_store_credential_reseal(cx_store *s, const cx_credential_row *row,
    cx_str box);
cx_err cx_store_credential_keys(cx_store *s, cx_arena *a, cx_key_list *out);

#endif /* CX_STORE_CREDENTIALS_H */
