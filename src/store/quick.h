/*
 * Quick replies: what people of a tenant say often.  The text may name
 * variables, {{customer.name}}; whoever says it fills them in.
 */

#ifndef CX_STORE_QUICK_H
#define CX_STORE_QUICK_H

#include "store/store.h"

typedef struct {
    int64_t  id;
    cx_str   name;
    cx_str   language;        /* "en_US"; empty: of any */
    cx_str   text;
    int64_t  created_at;
    int64_t  updated_at;
} cx_quick_row;

typedef CX_LIST(cx_quick_row)  cx_quick_list;

cx_err cx_store_quicks(cx_store *s, cx_arena *a, cx_quick_list *out);
cx_err cx_store_quick(cx_store *s, int64_t id, cx_arena *a,
    cx_quick_row *out);
/* In that language; empty: the one without, else the first there is. */
cx_err cx_store_quick_named(cx_store *s, cx_str name, cx_str language,
    cx_arena *a, cx_quick_row *out);
/* CX_CONFLICT: there is one of that name in that language. */
cx_err cx_store_quick_put(cx_store *s, const cx_quick_row *row, bool create);
cx_err cx_store_quick_delete(cx_store *s, int64_t id);

#endif /* CX_STORE_QUICK_H */
