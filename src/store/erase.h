/*
 * A customer is forgotten: all rows of theirs, in one transaction.
 *
 * What stays: a receipt without personal data; for some weeks a mark, a digest
 * of channel and address, by which TAKE knows what was received before the
 * erasure and leaves it alone; the names of files to be unlinked, until they
 * are.
 */

#ifndef CX_STORE_ERASE_H
#define CX_STORE_ERASE_H

#include "store/store.h"

/* As long as a repeat may come: two epochs of dedupe, and some. */
#define CX_ERASED_KEPT_MS  (INT64_C(20) * 86400 * 1000)

/* What is counted in a receipt, in the order it is deleted. */
#define CX_ERASED(X)                                                          \
    X(MEDIA,         "media")                                                 \
    X(LETTERS,       "dead_letters")                                          \
    X(STATUSES,      "statuses")                                              \
    X(REVIEWS,       "reviews")                                               \
    X(REQUESTS,      "requests")                                              \
    X(DELIVERIES,    "hook_deliveries")                                       \
    X(SUMMARIES,     "summaries")                                             \
    X(LABELS,        "labels")                                                \
    X(TURNS,         "turns")                                                 \
    X(MESSAGES,      "messages")                                              \
    X(IDENTITIES,    "identities")                                            \
    X(CONVERSATIONS, "conversations")                                         \
    X(PROOFS,        "proofs")                                                \
    X(LINKS,         "links")                                                 \
    X(CUSTOMERS,     "customers")

typedef enum {
#define X(name, word)  CX_ERASED_##name,
    CX_ERASED(X)
#undef X
    CX_ERASED_COUNT
} cx_erased_kind;

const char *cx_erased_word(cx_erased_kind kind);

/* An address they wrote from. */
typedef struct {
    int64_t   conversation_id;
    int64_t   channel_id;
    cx_str    channel;          /* its name */
    unsigned  partition;
    cx_str    peer;
} cx_erased_place;

typedef struct {
    int64_t                   counts[CX_ERASED_COUNT];
    CX_LIST(cx_erased_place)  places;
} cx_erased;

typedef struct {
    int64_t  id;                /* of the receipt */
    int64_t  customer_id;
    cx_str   who;
    cx_str   counts;            /* a JSON object of numbers */
    cx_str   digest;            /* hex, of all the others */
    int64_t  created_at;
} cx_erasure_row;

typedef CX_LIST(cx_erasure_row)  cx_erasure_list;

/* Inside begin/commit.  CX_NOT_FOUND: no such customer of this tenant. */
cx_err cx_store_erase(cx_store *s, int64_t customer_id, int64_t now_ms,
    cx_arena *a, cx_erased *out);
/* Writes the receipt, or replaces it. */
cx_err cx_store_erasure_put(cx_store *s, const cx_erasure_row *row);
cx_err cx_store_erasures(cx_store *s, int64_t before, size_t limit,
    cx_arena *a, cx_erasure_list *out);

/* *yes: received before they were erased. */
cx_err cx_store_is_erased(cx_store *s, int64_t channel_id, cx_str peer,
    int64_t received_at, bool *yes);
cx_err cx_store_erased_forget(cx_store *s, int64_t now_ms);

/* What is deleted does not stand in the database's files any more; outside a
 * transaction.  CX_BUSY: a reader is in the way, try again. */
cx_err cx_store_scrub(cx_store *s);

/* --- files that nobody refers to any more -------------------------------- */

typedef struct {
    cx_str   place;
    int64_t  gone_at;
    bool     used;              /* somebody refers to it again */
} cx_gone_row;

typedef CX_LIST(cx_gone_row)  cx_gone_list;

cx_err cx_store_gone(cx_store *s, int64_t now_ms, size_t limit, cx_arena *a,
    cx_gone_list *out);
cx_err cx_store_gone_add(cx_store *s, cx_str place, int64_t now_ms);
cx_err cx_store_gone_done(cx_store *s, cx_str place);
/* It could not be unlinked now. */
cx_err cx_store_gone_later(cx_store *s, cx_str place, int64_t not_before);

#endif /* CX_STORE_ERASE_H */
