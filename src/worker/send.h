/*
 * CLAIM WIRE SETTLE: what their files share.
 *
 *   send.c     CLAIM, SETTLE and waiting: what the record knows
 *   wire.c     WIRE: the request and what its answer means
 *   permit.c   asks the send governor, counts what was sent
 *   login.c    tokens of types that log in before they send
 *   way.c      how the bytes leave
 */

#ifndef CX_WORKER_SEND_H
#define CX_WORKER_SEND_H

#include "worker/engine.h"

/* The outcome of a send, to be stored by SETTLE. */
void cx_settle_init(cx_conv *c, cx_msg_state state);

/* permit.c */
cx_governed cx_permit_ask(cx_conv *c, const cx_dir_channel *ch,
    const cx_out *out);
/* The provider takes a text of ours, after a message of that time. */
bool cx_permit_window(const cx_dir_channel *ch, int64_t last_in_ms);
/* It leaves now. */
void cx_permit_use(cx_conv *c, const cx_dir_channel *ch);

#endif /* CX_WORKER_SEND_H */
