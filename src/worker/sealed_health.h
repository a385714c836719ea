/*
 * A channel whose token does not open cannot send: its health says so on
 * record, until it opens again.
 */

#ifndef CX_WORKER_SEALED_HEALTH_H
#define CX_WORKER_SEALED_HEALTH_H

#include "worker/engine.h"

/* The directory has just been read; rows show what is on record. */
void cx_sealed_health(cx_worker *w);

#endif /* CX_WORKER_SEALED_HEALTH_H */
