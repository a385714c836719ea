/*
 * Retention at work: once an hour, page by page, what is older than its
 * channel keeps it is deleted by the owner of its partition.  Nothing waits
 * for it.
 */

#ifndef CX_WORKER_EXPIRY_H
#define CX_WORKER_EXPIRY_H

#include "worker/worker.h"

/* At each beat: begins when it is time. */
void cx_expiry_beat(cx_worker *w);
/* No page follows the one under way. */
void cx_expiry_stop(cx_worker *w);
void cx_expiry_free(cx_worker *w);

#endif /* CX_WORKER_EXPIRY_H */
