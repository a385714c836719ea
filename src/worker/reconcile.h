/*
 * The look for messages whose webhook never came: some providers try once or
 * twice and then forget.  Every channel whose type can list what came in is
 * asked from time to time, and all of the answer goes the way the edge's
 * events go: through the Redis Function, with the same fingerprint, so that
 * what came is dropped there as any other repeat.
 *
 * One worker does it for a channel: the owner of a partition chosen by the
 * channel's id.  Nothing is kept but the time of the last good look; a new
 * owner looks back further.
 */

#ifndef CX_WORKER_RECONCILE_H
#define CX_WORKER_RECONCILE_H

#include "worker/engine.h"

/* From the beat: starts what is due. */
void cx_reconcile_beat(cx_worker *w);
/* Drops calls under way. */
void cx_reconcile_stop(cx_worker *w);
/* After Redis' connections are closed. */
void cx_reconcile_free(cx_worker *w);

#endif /* CX_WORKER_RECONCILE_H */
