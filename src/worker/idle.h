/*
 * Conversations end by themselves: who owns a partition closes those in which
 * nobody has said anything for [conversations] close_after, and archives those
 * that were closed for archive_after.  Few at a time; nothing waits for it.
 */

#ifndef CX_WORKER_IDLE_H
#define CX_WORKER_IDLE_H

#include "worker/worker.h"

/* At each beat: begins when it is time. */
void cx_idle_beat(cx_worker *w);

#endif /* CX_WORKER_IDLE_H */
