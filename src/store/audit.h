/*
 * The audit: who did what to which thing, a line each, never changed.
 */

#ifndef CX_STORE_AUDIT_H
#define CX_STORE_AUDIT_H

#include "store/store.h"

typedef struct {
    int64_t  line;
    int64_t  at;
    cx_str   who;
    cx_str   what;
    cx_str   ref;
} cx_audit_row;

typedef CX_LIST(cx_audit_row)  cx_audit_list;

/* Lines that this connection has written: it moves when one is. */
uint64_t cx_store_audits(const cx_store *s);
/* Newest first, below that line (0: all); ref empty: of everything. */
cx_err cx_store_audit_lines(cx_store *s, cx_str ref, int64_t before,
    size_t limit, cx_arena *a, cx_audit_list *out);

#endif /* CX_STORE_AUDIT_H */
