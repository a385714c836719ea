/*
 * Who asks: the installation's operator, or the bearer of a key.
 *
 *     Authorization: Bearer cxk_<prefix>_<secret>
 *     X-API-Key: cxk_<prefix>_<secret>
 *
 * The prefix finds the key's row, the digest of the whole key is compared in
 * constant time.  A key that is unknown, wrong, expired, revoked, of a
 * suspended tenant or of an inactive user is the same to who asks: no_key.
 * Without a key the socket of the operator gives all rights, and the header
 * Connext-Tenant names whose record it is.
 */

#ifndef CX_WORKER_API_AUTH_H
#define CX_WORKER_API_AUTH_H

#include "core/err.h"
#include "store/tenants.h"
#include "worker/api_scope.h"

#define CX_KEY_PREFIX_LEN  12       /* hex digits */
#define CX_KEY_SECRET_LEN  64
#define CX_KEY_LEN         (4 + CX_KEY_PREFIX_LEN + 1 + CX_KEY_SECRET_LEN)

/* What the request said of it. */
typedef struct {
    cx_str  authorization;
    cx_str  key;                /* X-API-Key */
    cx_str  tenant;             /* Connext-Tenant */
    bool    keyed;              /* its socket gives nothing without a key */
} cx_credentials;

typedef struct {
    int64_t    tenant;
    int64_t    user_id;         /* 0: of no person */
    int64_t    key_id;          /* 0: the operator */
    cx_role    role;
    cx_scopes  scopes;
    cx_str     who;             /* "operator", or id of user or key */
    cx_str     tenant_name;     /* empty: not looked up */
} cx_principal;

/* The key in the headers: CX_OK; CX_NOT_FOUND: there is none; CX_NO_KEY: it
 * cannot be one, or both headers have one. */
cx_err cx_auth_key(const cx_credentials *c, cx_str *key);
/* Random, with its digest in hex; both in a.  False: no random bytes. */
bool cx_auth_new_key(cx_arena *a, cx_str *key, cx_str *prefix,
    cx_str *digest);

/* The operator, of the default tenant. */
cx_principal cx_auth_operator(void);
/* CX_NO_KEY, CX_NOT_FOUND (the operator's tenant), CX_FORBIDDEN (another
 * tenant than the key's is named).  *stale: when the key was used should be
 * written. */
cx_err cx_auth_look(cx_store *s, const cx_credentials *c, cx_arena *a,
    int64_t now_ms, cx_principal *out, bool *stale);

/* Whether the scope in a route's row ("reviews:write") is among them. */
bool cx_auth_may(const cx_principal *p, const char *scope);

#endif /* CX_WORKER_API_AUTH_H */
