/*
 * What was said before a turn: for RECALL only.
 */

#ifndef CX_STORE_TALK_H
#define CX_STORE_TALK_H

#include "store/store.h"

typedef struct {
    size_t           want;      /* of history */
    cx_message_list  history;   /* oldest first */
    cx_message_list  inputs;    /* of the turn, newest first; as many as can
                                 * be answered at once */
    size_t           bytes;     /* of their texts */
} cx_talk;

/* r says of which turn and conversation. */
cx_err cx_store_talk(cx_store *s, const cx_recall *r, cx_arena *a,
    cx_talk *t);

#endif /* CX_STORE_TALK_H */
