/*
 * Retention: what is older than its channel keeps it is deleted, a few rows
 * at a time.  Ids go by time: what is old stands at the beginning of a table.
 */

#ifndef CX_STORE_RETENTION_H
#define CX_STORE_RETENTION_H

#include "store/store.h"

typedef enum {
    CX_OLD_MESSAGES,          /* with attachments, letters and statuses */
    CX_OLD_TURNS,             /* with their reviews */
    CX_OLD_LETTERS,           /* of events */
    CX_OLD_DELIVERIES,        /* what hooks were told */
    CX_OLD_COUNT
} cx_old_kind;

typedef struct {
    int64_t   id;
    int64_t   tenant;
    int64_t   channel_id;     /* 0: of none that is known */
    unsigned  partition;
    int64_t   at;
    bool      busy;           /* under way, or waits for a person */
} cx_old_row;

typedef struct {
    int64_t  channel_id;
    int64_t  messages;
} cx_old_count;

typedef CX_LIST(cx_old_row)    cx_old_list;
typedef CX_LIST(cx_old_count)  cx_old_counts;

/* Between two ids, of all tenants. */
cx_err cx_store_old(cx_store *s, cx_old_kind kind, int64_t after,
    int64_t before, size_t limit, cx_arena *a, cx_old_list *out);
/* Deletes it, if it is not busy now. */
cx_err cx_store_old_drop(cx_store *s, cx_old_kind kind, const cx_old_row *row,
    int64_t now_ms);
/* How many messages below that id, by channel; of the tenant. */
cx_err cx_store_old_counts(cx_store *s, int64_t before, cx_arena *a,
    cx_old_counts *out);

#endif /* CX_STORE_RETENTION_H */
