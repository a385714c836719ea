/*
 * What one may do with the API: scopes ("channels:read") and the roles that
 * come with some of them.  Who may write may read.
 */

#ifndef CX_WORKER_API_SCOPE_H
#define CX_WORKER_API_SCOPE_H

#include "core/arena.h"

/* A new one goes to the end; cx_scopes has two bits for each. */
#define CX_SCOPES(X)                                                          \
    X(channels)                                                               \
    X(agents)                                                                 \
    X(knowledge)                                                              \
    X(conversations)      /* and messages, their media, dead letters */       \
    X(reviews)                                                                \
    X(customers)                                                              \
    X(templates)                                                              \
    X(hooks)                                                                  \
    X(keys)                                                                   \
    X(users)                                                                  \
    X(audit)                                                                  \
    X(admin)              /* of the installation: tenants, secrets */         \
    X(usage)              /* of models: what they cost, and budgets */

/* In this order: who is more may do what who is less may do. */
typedef enum {
    CX_ROLE_VIEWER,
    CX_ROLE_AGENT,
    CX_ROLE_ADMIN,
    CX_ROLE_OWNER,
    CX_ROLE_COUNT
} cx_role;

typedef uint32_t  cx_scopes;

#define CX_SCOPES_ALL  UINT32_MAX

const char *cx_role_word(cx_role role);
bool cx_role_parse(cx_str word, cx_role *role);
/* There are fewer where it is not the tenant of the installation itself. */
cx_scopes cx_role_scopes(cx_role role, bool of_installation);

/* Words with spaces between; false: one of them is none, and *bad names it. */
bool cx_scopes_parse(cx_str words, cx_scopes *out, cx_str *bad);
/* The words again, in the order of the table; what writing implies is left
 * out. */
cx_str cx_scopes_text(cx_scopes scopes, cx_arena *a);

#endif /* CX_WORKER_API_SCOPE_H */
