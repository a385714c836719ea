/* What was said earlier in a conversation, told shorter. */

#ifndef CX_STORE_SUMMARY_H
#define CX_STORE_SUMMARY_H

#include "core/str.h"

typedef struct {
    int64_t  conversation_id;
    int64_t  tenant;
    cx_str   channel;           /* where it is not the one at hand */
    int64_t  first_id;          /* of the messages told of the oldest ... */
    int64_t  last_id;           /* ... and the newest */
    int64_t  messages;          /* so many */
    int64_t  tokens;            /* that it took to write it */
    int64_t  at;
    cx_str   model;
    cx_str   text;
} cx_summary_row;

#endif /* CX_STORE_SUMMARY_H */
