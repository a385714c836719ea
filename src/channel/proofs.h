/*
 * What a message proves of who wrote it, beside the peer it came from.
 */

#ifndef CX_CHANNEL_PROOFS_H
#define CX_CHANNEL_PROOFS_H

#include "channel/channel.h"
#include "core/proof.h"

/* The member of an event's extra that holds an address somebody vouches
 * for: the site that signed it, or a mail server that checked the sender. */
#define CX_VERIFIED_EMAIL  "verified_email"

/* ch may be NULL: then nothing. */
void cx_channel_proofs(const cx_channel *ch, const cx_msg *m, cx_arena *a,
    cx_proofs *out);

#endif /* CX_CHANNEL_PROOFS_H */
