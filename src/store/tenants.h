/*
 * Who shares the installation, and who may ask its API.  What stands under
 * "tenants" is of the whole installation; users and keys are of the tenant
 * that cx_store_as has named, except where a key is looked for.
 */

#ifndef CX_STORE_TENANTS_H
#define CX_STORE_TENANTS_H

#include "store/store.h"

#define CX_TENANT_DEFAULT  1      /* made with the database, never gone */

typedef struct {
    int64_t  id;
    cx_str   name;            /* slug, unique */
    cx_str   title;
    cx_str   state;           /* "active", "suspended" */
    int64_t  created_at;
    int64_t  updated_at;
} cx_tenant_row;

typedef struct {
    int64_t  id;
    cx_str   email;           /* unique in the tenant, lower case */
    cx_str   name;
    cx_str   role;            /* "owner", "admin", "agent", "viewer" */
    bool     active;
    int64_t  created_at;
    int64_t  updated_at;
} cx_user_row;

typedef struct {
    int64_t  id;
    int64_t  tenant;
    cx_str   tenant_name;
    cx_str   tenant_state;
    int64_t  user_id;         /* 0: of no person */
    bool     user_active;     /* also without a user */
    cx_str   user_role;       /* the user's today; without: the key's */
    cx_str   name;
    cx_str   prefix;          /* what is shown of the key; unique */
    cx_str   digest;          /* SHA-256 of the whole key, in hex */
    cx_str   role;
    cx_str   scopes;          /* words; empty: all of the role */
    int64_t  expires_at;      /* 0: never */
    int64_t  last_used_at;
    int64_t  revoked_at;
    int64_t  created_at;
} cx_api_key_row;

typedef CX_LIST(cx_tenant_row)   cx_tenant_list;
typedef CX_LIST(cx_user_row)     cx_user_list;
typedef CX_LIST(cx_api_key_row)  cx_api_key_list;

/* --- tenants --- */
cx_err cx_store_tenants(cx_store *s, cx_arena *a, cx_tenant_list *out);
cx_err cx_store_tenant(cx_store *s, int64_t id, cx_arena *a,
    cx_tenant_row *out);
cx_err cx_store_tenant_named(cx_store *s, cx_str name, cx_arena *a,
    cx_tenant_row *out);
/* CX_CONFLICT: the name is taken.  CX_INVALID: a default tenant stays active,
 * or no such state. */
cx_err cx_store_tenant_put(cx_store *s, const cx_tenant_row *row,
    bool create);

/* --- users --- */
cx_err cx_store_users(cx_store *s, cx_arena *a, cx_user_list *out);
cx_err cx_store_user(cx_store *s, int64_t id, cx_arena *a, cx_user_row *out);
/* CX_CONFLICT: the address is taken. */
cx_err cx_store_user_put(cx_store *s, const cx_user_row *row, bool create);

/* --- keys --- */
cx_err cx_store_api_keys(cx_store *s, cx_arena *a, cx_api_key_list *out);
cx_err cx_store_api_key(cx_store *s, int64_t id, cx_arena *a,
    cx_api_key_row *out);
/* Of all tenants. */
cx_err cx_store_api_key_find(cx_store *s, cx_str prefix, cx_arena *a,
    cx_api_key_row *out);
/* CX_CONFLICT: the prefix is taken.  CX_INVALID: no such user. */
cx_err cx_store_api_key_add(cx_store *s, const cx_api_key_row *row);
/* CX_NOT_FOUND also when it was revoked before. */
cx_err cx_store_api_key_revoke(cx_store *s, int64_t id, int64_t now_ms);
cx_err cx_store_api_key_used(cx_store *s, int64_t id, int64_t now_ms);

#endif /* CX_STORE_TENANTS_H */
