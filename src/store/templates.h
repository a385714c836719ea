/*
 * A mirror of the message templates that a provider has approved, or not.
 * A channel has one once it was asked for all of its templates.
 */

#ifndef CX_STORE_TEMPLATES_H
#define CX_STORE_TEMPLATES_H

#include "store/store.h"

typedef struct {
    int64_t  id;
    int64_t  channel_id;
    cx_str   channel;
    cx_str   name;
    cx_str   language;
    cx_str   category;
    cx_str   state;           /* APPROVED, PENDING, REJECTED, PAUSED... */
    cx_str   quality;         /* GREEN, YELLOW, RED; empty: not rated */
    cx_str   reason;          /* why it may not be used */
    cx_str   components;      /* JSON as the provider has it */
    cx_str   provider_id;
    int64_t  synced_at;
} cx_template_row;

typedef struct {
    int64_t  channel_id;
    int64_t  at;
} cx_mirror_row;

typedef CX_LIST(cx_template_row)  cx_template_list;
typedef CX_LIST(cx_mirror_row)    cx_mirror_list;

/* channel 0: all; state empty: any. */
cx_err cx_store_templates(cx_store *s, int64_t channel_id, cx_str state,
    cx_arena *a, cx_template_list *out);
/* CX_OK: it may be used, or nothing is known of the channel's.  CX_NOT_FOUND:
 * there is none of that name in that language.  CX_CONFLICT: *state says why
 * it may not be used. */
cx_err cx_store_template_usable(cx_store *s, int64_t channel_id, cx_str name,
    cx_str language, cx_arena *a, cx_str *state);

/* --- the engine's, of all tenants ---------------------------------------- */

/* Of a channel; and which channels have a mirror, since when. */
cx_err cx_store_templates_of(cx_store *s, int64_t channel_id, cx_arena *a,
    cx_template_list *out);
cx_err cx_store_mirrors(cx_store *s, cx_arena *a, cx_mirror_list *out);
/* All that the provider has: what is not in the list is gone. */
cx_err cx_store_templates_put(cx_store *s, int64_t channel_id,
    const cx_template_row *rows, size_t n, int64_t now_ms);
/* The provider's word on one; *changed: it was another one. */
cx_err cx_store_template_state(cx_store *s, const cx_template_row *row,
    bool *changed);

#endif /* CX_STORE_TEMPLATES_H */
