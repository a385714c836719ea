/*
 * What people said of answers, with the confidence those had; and what the
 * confidences of late were.  A label has no text of anybody.
 */

#ifndef CX_STORE_LABELS_H
#define CX_STORE_LABELS_H

#include "store/store.h"

typedef struct {
    double  confidence;
    double  share;          /* chance that somebody looked at it; 1 or less */
    cx_str  verdict;        /* "right", "edited", "wrong" */
    cx_str  kind;           /* "review": before it was sent; "sample": drawn
                             * for a look afterwards; "mark": neither */
} cx_label_row;

typedef struct {
    double  *items;
    size_t   n;
    size_t   room;
} cx_confidence_list;

typedef CX_LIST(cx_label_row)  cx_label_list;

/* A verdict on a review; nothing comes of a turn that had no answer.  Inside
 * of what decides it (people.c). */
cx_err cx_store_label_review(cx_store *s, int64_t turn_id, cx_str verdict,
    cx_str who, int64_t now_ms);
/* On what was sent.  CX_CONFLICT: no answer of an agent. */
cx_err cx_store_label_sent(cx_store *s, int64_t turn_id, cx_str verdict,
    cx_str who, int64_t now_ms);

/* Newest first. */
cx_err cx_store_confidences(cx_store *s, int64_t agent_id, size_t limit,
    cx_arena *a, cx_confidence_list *out);
cx_err cx_store_labels(cx_store *s, int64_t agent_id, size_t limit,
    cx_arena *a, cx_label_list *out);
/* Sent answers that were drawn and not looked at yet, before that turn (0:
 * from the newest). */
cx_err cx_store_samples(cx_store *s, int64_t agent_id, int64_t before,
    size_t limit, cx_arena *a, cx_message_list *out);

#endif /* CX_STORE_LABELS_H */
