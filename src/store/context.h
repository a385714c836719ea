/*
 * What a model sees beside the messages themselves: summaries of older ones,
 * and transcripts of those that were spoken.
 *
 * A summary is of one conversation.  Those of a customer's other conversations
 * are read with it as long as they are linked, so that linking and unlinking
 * leave none behind that tells too much.  It goes with the customer, and as
 * soon as one message that it tells of is too old to be kept.
 */

#ifndef CX_STORE_CONTEXT_H
#define CX_STORE_CONTEXT_H

#include "store/store.h"

#define CX_SUMMARY_MESSAGES  200        /* told of at once */
#define CX_SUMMARY_BYTES     (64 * 1024)

/* What is to be told of. */
typedef struct {
    cx_summary_row   have;      /* so far; last_id 0: nothing */
    int64_t          left;      /* messages that are not in it */
    cx_message_list  said;      /* of these the newest, oldest first; only id,
                                 * author, created_at, content, text */
    int64_t          first_id;  /* of those that were looked at, whether the */
    int64_t          last_id;   /* customer got them or not */
} cx_summary_left;

/* Of the conversation and those that are linked to it the one with most that
 * is older than `before` and in no summary.  CX_NOT_FOUND: no conversation. */
cx_err cx_store_summary_left(cx_store *s, int64_t conversation_id,
    int64_t before, cx_arena *a, cx_summary_left *out);

/* Inside begin/commit.  CX_STALE: what it tells of was erased meanwhile, or
 * another one was written since that of replaces_id was read. */
cx_err cx_store_summary_put(cx_store *s, const cx_summary_row *row,
    int64_t replaces_id);

/* For the export. */
cx_err cx_store_told_summaries(cx_store *s, int64_t customer_id,
    int64_t after, size_t limit, cx_arena *a, cx_summary_list *out);

/* A file somebody speaks in. */
typedef struct {
    int64_t  id;
    int64_t  tenant;
    int64_t  message_id;
    int64_t  size;
    int64_t  listens;           /* so far */
    cx_str   type;
    cx_str   place;
    int64_t  turn_id;
    int64_t  conversation_id;
    int64_t  agent_id;          /* whose turn it is */
} cx_hear_row;

typedef CX_LIST(cx_hear_row)  cx_hear_list;

/* What came after `since` and may be listened to now, of the partitions. */
cx_err cx_store_hear_due(cx_store *s, uint64_t mask, int64_t since,
    int64_t now_ms, size_t limit, cx_arena *a, cx_hear_list *out);
/* Inside begin/commit.  WANTED: again at that time.  CX_STALE: it is gone, or
 * known already. */
cx_err cx_store_hear_settle(cx_store *s, int64_t id, cx_heard heard,
    int64_t listen_at, cx_str transcript, int64_t now_ms);

#endif /* CX_STORE_CONTEXT_H */
