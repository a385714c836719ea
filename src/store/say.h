/* What is said out: by people and programs through the API, and what a send
 * needs of any message. */

#ifndef CX_STORE_SAY_H
#define CX_STORE_SAY_H

#include "core/arena.h"

/* What a customer's message says of further ones. */
typedef enum {
    CX_OPT_NONE,
    CX_OPT_OUT,
    CX_OPT_IN
} cx_opt;

/* One message as the record keeps it: see cx_out_decode. */
typedef struct {
    int64_t  id;
    cx_str   content;
    cx_str   text;
    cx_str   meta;
    cx_str   reply_to;        /* provider's id */
} cx_say_part;

/* SAY: messages that belong to no turn, READY at once, sent in order. */
typedef struct {
    int64_t             conversation_id;
    int64_t             group_id;      /* stands in place of the turn */
    bool                human;         /* else a program; see hush */
    const cx_say_part  *parts;
    size_t              n;
    /* Not empty: a repeat of that key says nothing again. */
    cx_str              key;
    cx_str              digest;        /* of what was asked for */
    /* Not 0: the newest message that was seen.  CX_STALE when the customer
     * was answered since, or is being answered now. */
    int64_t             after;
    int64_t             now_ms;
} cx_say;

/* What SEND needs to build the request. */
typedef struct {
    int64_t  message_id;
    int64_t  conversation_id;
    int64_t  channel_id;
    int64_t  attempts;
    cx_str   peer;
    cx_str   peer_alt;
    cx_str   content;
    cx_str   text;
    cx_str   meta;            /* the rest of it: cx_out_decode */
    cx_str   reply_to;
    cx_str   event;
    bool     human;           /* a person wrote it */
    bool     opted_out;       /* the customer wants no messages */
    /* The AI's, and a person has spoken since it was planned: it is cancelled
     * now, and not to be sent. */
    bool     withdrawn;
    int64_t  last_in_at;      /* the customer's newest message, 0: none */
    cx_str   thread_id;       /* of the customer's newest message before it: */
    cx_str   thread_meta;     /* provider's id, and its meta */
} cx_outgoing;

#endif /* CX_STORE_SAY_H */
