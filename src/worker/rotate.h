/*
 * Rotation: all boxes go under the first key, a few at a time, while
 * everything else goes on.  What is done is done: a rotation that was cut off
 * is begun again, and finds only what is left.
 */

#ifndef CX_WORKER_ROTATE_H
#define CX_WORKER_ROTATE_H

#include "worker/worker.h"

void cx_rotate_free(cx_worker *w);

#endif /* CX_WORKER_ROTATE_H */
