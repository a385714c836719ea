/*
 * The intent of a send: which attempt at which message.  It travels with the
 * send as the provider's opaque data and comes back as evidence.
 * "cx1.ms_<13 digits>.<attempt>".
 */

#ifndef CX_CORE_INTENT_H
#define CX_CORE_INTENT_H

#include "core/arena.h"

cx_str cx_intent_format(cx_arena *a, int64_t message_id, int64_t attempt);
/* False unless it is exactly one of ours. */
bool cx_intent_parse(cx_str tag, int64_t *message_id, int64_t *attempt);

#endif /* CX_CORE_INTENT_H */
