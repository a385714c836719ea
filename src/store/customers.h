/*
 * Who is whom.  A customer is made by the first message of an address; what
 * is proven of two (core/proof.h), or what a person says, links them.  Those
 * who are linked have one root: the least id of them.  Nothing is copied or
 * moved: a conversation stays its customer's, and links can be undone.
 *
 *   identity.c    proofs, links, roots
 *   customers.c   customers as people see them
 */

#ifndef CX_STORE_CUSTOMERS_H
#define CX_STORE_CUSTOMERS_H

#include "store/store.h"

typedef struct {
    int64_t  id;
    int64_t  root_id;
    cx_str   name;
    cx_str   username;
    cx_str   phone;
    cx_str   email;
    cx_str   locale;
    cx_str   note;
    int64_t  created_at;
    int64_t  updated_at;
} cx_customer_row;

typedef struct {
    int64_t  id;
    int64_t  a;               /* < b */
    int64_t  b;
    cx_str   kind;            /* word of cx_proof, or "person" */
    int64_t  at;
    cx_str   who;             /* empty: by the proof */
    int64_t  undone_at;       /* 0: it stands */
    cx_str   undone_by;
} cx_link_row;

/* An address: one of the ids that a channel's provider gives to somebody. */
typedef struct {
    int64_t  customer_id;
    int64_t  conversation_id;
    cx_str   channel;
    cx_str   type;
    cx_str   peer;
    int64_t  created_at;
} cx_peer_row;

typedef CX_LIST(cx_customer_row)  cx_customer_list;
typedef CX_LIST(cx_link_row)      cx_link_list;
typedef CX_LIST(cx_peer_row)      cx_peer_list;

/* --- of TAKE ------------------------------------------------------------- */

/* Keeps what the message proves of its customer and links those of whom the
 * same was proven.  known: digest of what is on record already. */
cx_err cx_store_prove(cx_store *s, const cx_take *in, int64_t customer_id,
    int64_t known);

/* --- of people; all within the store's tenant ---------------------------- */

/* like: part of a name or user name; empty: all.  before: id to page down
 * from, 0 for the newest.  One row for all who are linked. */
cx_err cx_store_customers(cx_store *s, cx_str like, int64_t before,
    size_t limit, cx_arena *a, cx_customer_list *out);
/* That very one, held when it is to be changed; CX_NOT_FOUND. */
cx_err cx_store_customer(cx_store *s, int64_t id, bool hold, cx_arena *a,
    cx_customer_row *out);
/* By a root's id: as the list shows it. */
cx_err cx_store_person(cx_store *s, int64_t root, cx_arena *a,
    cx_customer_row *out);
/* Those of a root, itself included, and the links between them. */
cx_err cx_store_customer_members(cx_store *s, int64_t root, cx_arena *a,
    cx_customer_list *out);
cx_err cx_store_customer_links(cx_store *s, int64_t root, cx_arena *a,
    cx_link_list *out);
cx_err cx_store_customer_peers(cx_store *s, int64_t root, cx_arena *a,
    cx_peer_list *out);
cx_err cx_store_customer_talks(cx_store *s, int64_t root, cx_arena *a,
    cx_conversation_list *out);
/* Of all its conversations, oldest first, after that id. */
cx_err cx_store_customer_messages(cx_store *s, int64_t root, int64_t after,
    size_t limit, cx_arena *a, cx_message_list *out);
/* name, email, locale, note.  A name by a person stays when a message tells
 * another one; an empty one gives it back to the messages. */
cx_err cx_store_customer_put(cx_store *s, const cx_customer_row *row);

/* A person says that they are one.  link->a and b in any order; id, at and
 * who are the caller's.  CX_CONFLICT: said already; CX_INVALID: the same;
 * CX_NOT_FOUND. */
cx_err cx_store_customer_merge(cx_store *s, const cx_link_row *link);
/* A person undoes one link of a customer or of those linked to it, or all of
 * the customer's own (link_id 0); *n how many.  What the two have shown alike
 * joins nobody any more.  CX_NOT_FOUND: no such customer or link. */
cx_err cx_store_customer_split(cx_store *s, int64_t customer_id,
    int64_t link_id, cx_str who, int64_t now_ms, cx_arena *a, size_t *n);

#endif /* CX_STORE_CUSTOMERS_H */
