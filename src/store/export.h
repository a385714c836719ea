/*
 * What is told of a customer and all who are linked, beyond what
 * store/customers.h lists.
 */

#ifndef CX_STORE_EXPORT_H
#define CX_STORE_EXPORT_H

#include "store/store.h"

typedef struct {
    int64_t  id;
    int64_t  conversation_id;
    cx_str   draft;
    cx_str   reason;
    cx_str   state;
    cx_str   why;
    int64_t  created_at;
    int64_t  decided_at;
} cx_told_review;

typedef struct {
    int64_t  id;
    int64_t  message_id;
    cx_str   name;
    cx_str   type;
    int64_t  size;
    cx_str   sha256;
    cx_str   place;             /* empty: not stored */
    cx_str   transcript;        /* of what is said in it */
} cx_told_media;

/* What a person said of an answer of an agent. */
typedef struct {
    int64_t  id;                /* of the turn */
    int64_t  conversation_id;
    cx_str   verdict;
    cx_str   kind;
    double   confidence;
    int64_t  created_at;
} cx_told_label;

/* What models were asked for a turn. */
typedef struct {
    int64_t  id;                /* of the turn */
    int64_t  conversation_id;
    int64_t  started_at;
    int64_t  calls;
    int64_t  tokens_in;
    int64_t  tokens_out;
    cx_str   provider;
    cx_str   model;
} cx_told_call;

typedef CX_LIST(cx_told_call)    cx_told_calls;
typedef CX_LIST(cx_told_label)   cx_told_labels;
typedef CX_LIST(cx_told_review)  cx_told_reviews;
typedef CX_LIST(cx_told_media)   cx_told_medias;

cx_err cx_store_told_reviews(cx_store *s, int64_t customer_id, int64_t after,
    size_t limit, cx_arena *a, cx_told_reviews *out);
cx_err cx_store_told_labels(cx_store *s, int64_t customer_id, int64_t after,
    size_t limit, cx_arena *a, cx_told_labels *out);
cx_err cx_store_told_calls(cx_store *s, int64_t customer_id, int64_t after,
    size_t limit, cx_arena *a, cx_told_calls *out);
cx_err cx_store_told_media(cx_store *s, int64_t customer_id, int64_t after,
    size_t limit, cx_arena *a, cx_told_medias *out);

#endif /* CX_STORE_EXPORT_H */
