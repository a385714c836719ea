/* Reviews that nobody decides in time: their agents say what happens. */

#ifndef CX_WORKER_REVIEWS_H
#define CX_WORKER_REVIEWS_H

#include "worker/engine.h"

/* Those of partitions that are ours. */
void cx_reviews_beat(cx_worker *w);

#endif /* CX_WORKER_REVIEWS_H */
