/*
 * A batch is what one XREADGROUP brought for one lane of one partition.  It
 * is one store job: all of it in one transaction with whatever else waits.
 * Only after the commit do its entries leave Redis.
 *
 *   take_item.c   what an entry is, and for whom
 *   take_media.c  its attachments
 *   take.c        the batch: with the store, and after the commit
 */

#ifndef CX_WORKER_TAKE_H
#define CX_WORKER_TAKE_H

#include "store/tenants.h"
#include "worker/engine.h"

#define CX_TAKE_MEDIA  10      /* attachments of one message */

typedef struct {
    int64_t  id;
    cx_str   ref;               /* how the provider calls it, or empty */
    cx_str   url;
    cx_str   name;
    cx_str   mime;
} cx_take_media;

typedef struct {
    cx_str         entry;        /* stream id */
    cx_str         json;
    cx_msg         msg;
    cx_err         parsed;       /* not CX_OK: a dead letter */
    int64_t        id;           /* of that dead letter, or audit row */
    int64_t        tenant;       /* of its channel; 0: no channel is known */
    cx_take_media *media;
    size_t         nmedia;
    cx_take        take;
    cx_taken       taken;
    cx_status_in   status;
    cx_status_out  after;
    enum {
        ITEM_GONE,               /* deleted already: only to be acked */
        ITEM_DEAD,
        ITEM_TAKE,
        ITEM_STATUS,
        ITEM_NOTE                /* recorded in the audit, nothing to do */
    }              kind;
} cx_take_item;

typedef struct cx_take_batch_s  cx_take_batch;

struct cx_take_batch_s {
    cx_db_job       job;
    cx_worker      *worker;
    cx_arena       *arena;
    cx_fence        fence;
    cx_lane         lane;
    size_t          n;
    cx_take_item   *items;
    cx_routing     *routing;     /* held while it is with the store */
    cx_take_batch  *next;        /* waits for the directory */
};

void cx_take_media_note(cx_take_batch *b, cx_take_item *it);
cx_err cx_take_media_add(cx_store *s,
    const cx_take_item *it);
void cx_take_item_init(cx_take_batch *b, cx_take_item *it,
    const redisReply *entry);
/* Its channel; once more when the directory was read again. */
void cx_take_item_route(cx_take_batch *b, cx_take_item *it);

#endif /* CX_WORKER_TAKE_H */
