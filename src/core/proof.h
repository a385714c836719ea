/*
 * What shows that two addresses belong to one person: a value that somebody
 * we trust has proven, written in one way.  Never what a customer only says.
 */

#ifndef CX_CORE_PROOF_H
#define CX_CORE_PROOF_H

#include "core/arena.h"

#define CX_PROOFS(X)                                                          \
    X(PHONE,   "phone")       /* the provider gave the number             */  \
    X(EMAIL,   "email")       /* a signed claim, a passed check           */  \
    X(VISITOR, "visitor")     /* a site's own id of its user, signed      */

typedef enum {
#define X(name, word)  CX_PROOF_##name,
    CX_PROOFS(X)
#undef X
    CX_PROOF_COUNT
} cx_proof;

#define CX_PROOF_BIT(name)  (1u << CX_PROOF_##name)

/* By cx_proof; empty: not proven. */
typedef struct {
    cx_str  value[CX_PROOF_COUNT];
} cx_proofs;

const char *cx_proof_word(cx_proof p);

/* "+" and 7 to 15 digits (E.164), in a; empty when it is none. */
cx_str cx_proof_phone(cx_arena *a, cx_str number);
/* In lower case; empty when it is no plain address. */
cx_str cx_proof_email(cx_arena *a, cx_str address);

/* The same for the same values; 0: there are none. */
int64_t cx_proofs_digest(const cx_proofs *p);

#endif /* CX_CORE_PROOF_H */
