/*
 * What was said before a turn: for RECALL only.
 */

#ifndef CX_STORE_TALK_H
#define CX_STORE_TALK_H

#include "store/sql.h"

typedef struct {
    size_t           want;      /* of history */
    cx_message_list  history;   /* oldest first */
    cx_message_list  inputs;    /* of the turn, newest first; as many as can
                                 * be answered at once */
    size_t           bytes;     /* of their texts */
    size_t           said;      /* of those of the history */
} cx_talk;

/* r says of which turn and conversation, and gets the others' summaries. */
cx_err cx_store_talk(cx_store *s, cx_recall *r, cx_arena *a, cx_talk *t);
/* Reads two columns, last_id and text; 0: there is none. */
void cx_store_recall_summary(cx_query *q, int64_t conversation_id,
    cx_str channel, cx_arena *a, cx_recall *r);

/* What the customer never got is not part of the talk. */
bool cx_store_was_said(cx_msg_state state);
void cx_store_turn_round(cx_message_list *list);

#endif /* CX_STORE_TALK_H */
