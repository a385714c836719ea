/*
 * Inside TAKE: where a message belongs.  Only take.c and place.c.
 */

#ifndef CX_STORE_PLACE_H
#define CX_STORE_PLACE_H

#include "store/routing.h"
#include "store/sql.h"

/* Where the message belongs. */
typedef struct {
    bool     known;             /* false: made by this very take */
    bool     names_changed;
    bool     address_changed;
    int64_t  conversation_id;
    int64_t  customer_id;
    int64_t  partition;
    bool     opted_out;
    int64_t  quiet_until;
    int64_t  proven;            /* digest of the proofs on record */
    bool     taken;             /* by a person: no AI */
    bool     ended;             /* the conversation is closed ... */
    bool     reopens;           /* ... until this message */
    int64_t  owner;             /* conversations.agent_id */
    cx_hand  hand;              /* whose it becomes */
    cx_str   ignore;            /* not empty: no turn, for this reason */
} cx_place;

/* Whose the message's peer is: asked, and told by find. */
cx_query cx_place_ask(cx_store *s, const cx_take *in);
/* By the peer, else by the other id of the same customer. */
cx_err cx_place_find(cx_store *s, const cx_take *in, cx_query *asked,
    cx_place *at);
/* First sight of a customer. */
cx_err cx_place_make(cx_store *s, const cx_take *in, cx_place *at);
/* What the message tells anew about a known one. */
cx_err cx_place_update(cx_store *s, const cx_take *in, const cx_place *at);

#endif /* CX_STORE_PLACE_H */
