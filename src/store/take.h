/* What comes in: messages and delivery statuses, and what became of them. */

#ifndef CX_STORE_TAKE_H
#define CX_STORE_TAKE_H

#include "core/msg.h"
#include "core/proof.h"
#include "core/route.h"
#include "store/say.h"

/* Who acts: effects check it against the partition's row (CX_FENCED). */
typedef struct {
    unsigned  partition;
    int64_t   epoch;
} cx_fence;

#define CX_TAKE_LINKS  4          /* that one proof may make */

/* A turn of more than so many messages is a flood: it is answered when it is
 * so old, and so is the one behind it, with all that came until then. */
typedef struct {
    int64_t  messages;            /* 0: nothing is */
    int64_t  hold_ms;
} cx_flood;

/* When a turn is to be answered: when its customer pauses, at the latest at
 * the cap; a flood later. */
int64_t cx_turn_deadline(const cx_flood *flood, int64_t inputs,
    int64_t before, int64_t opened_at, int64_t quiet_at, int64_t cap_at);

/* TAKE: one inbound message becomes record, and joins or opens a turn. */
typedef struct {
    cx_fence       fence;         /* the partition the event came from */
    const cx_msg  *msg;
    int64_t        tenant;        /* of the channel; 0: the store's own */
    int64_t        channel_id;
    int64_t        agent_id;      /* of the channel; 0: no answer */
    /* Who answers a new turn; NULL: the channel's agent. */
    const cx_route_table  *routes;
    cx_str         ignore;        /* not empty: no turn, this reason */
    cx_str         meta;          /* JSON, may be empty */
    int64_t        new_id[4];     /* message, conversation, customer, turn */
    int64_t        now_ms;
    int64_t        quiet_ms;      /* turn deadline = now + quiet ... */
    int64_t        cap_ms;        /* ... but not after opened_at + cap */
    cx_flood       flood;
    cx_opt         opt;           /* what it says of further messages */
    bool           echo;          /* it is one of ours, said elsewhere */
    int64_t        hush_ms;       /* ... by a person: no AI for so long */
    cx_proofs      proofs;        /* of its customer; and ids for the links */
    int64_t        link_id[CX_PROOF_COUNT][CX_TAKE_LINKS];
} cx_take;

typedef struct {
    bool      duplicate;          /* known already: nothing was changed */
    bool      hushed;             /* a person spoke: no turn is open now */
    bool      proof;              /* an echo that proved an unsure send */
    int64_t   message_id;
    int64_t   conversation_id;
    unsigned  partition;          /* of the conversation: who runs it */
    int64_t   turn_id;            /* 0: no turn */
    int64_t   turn_seq;
    bool      turn_new;
    int64_t   inputs;             /* of the turn, this one included */
    int64_t   deadline;           /* of the turn */
    cx_str    route;              /* why its agent; empty: there was nothing
                                   * to be decided */
} cx_taken;

/* A delivery status. Found by provider id, else by tag (the intent), else
 * kept until the message is known. Never moves a state backwards.  With the
 * payload "watermark" the id is a time in ms: all that the peer was sent until
 * then; the last of what changed is named. */
typedef struct {
    const cx_msg  *msg;
    int64_t        channel_id;
    int64_t        now_ms;
} cx_status_in;

typedef struct {
    bool      known;
    int64_t   message_id;
    int64_t   conversation_id;
    bool      was_ambiguous;      /* ambiguous or held, and this is the proof
                                   * that it was sent */
    bool      changed;
} cx_status_out;

#endif /* CX_STORE_TAKE_H */
