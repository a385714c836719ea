/*
 * What the boxes of channels or agents hold, as long as a directory lives.
 * Reading and opening is for a store's thread, everything else for the loop.
 */

#ifndef CX_WORKER_UNSEALED_H
#define CX_WORKER_UNSEALED_H

#include "worker/secrets.h"

/* How the text begins that a channel's health gets from here. */
#define CX_SEALED_TEXT  "sealed: "

typedef struct {
    int64_t  owner_id;
    cx_str   name;
    cx_str   plain;
    cx_str   wrong;            /* for people; empty: it is open */
} cx_opened;

typedef struct {
    cx_opened  *items;         /* by owner_id */
    size_t      n;
} cx_unsealed;

cx_err cx_unseal_all(cx_store *s, cx_secrets *secrets, cx_str kind,
    cx_arena *a, cx_unsealed *out);
/* NULL: there is none. */
const cx_opened *cx_unsealed_find(const cx_unsealed *u, int64_t owner_id,
    cx_str name);
void cx_unsealed_wipe(cx_unsealed *u);

#endif /* CX_WORKER_UNSEALED_H */
