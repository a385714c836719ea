/*
 * What the customer sent beside words in the turn at hand: images for models
 * that see, voice messages that are being turned into text.
 *
 * RECALL waits a little for what is still on its way, then the images are read
 * in a thread of the pool.  Whatever is not there in time stays away, and the
 * model is told so.
 */

#ifndef CX_WORKER_SEEING_H
#define CX_WORKER_SEEING_H

#include "worker/engine.h"

typedef struct cx_seeing_s  cx_seeing;

/* Since when this turn, with these inputs, is at hand. */
int64_t cx_seeing_since(const cx_conv *c);
/* True: it waits, and comes back to RECALL or THINK by itself. */
bool cx_seeing_wait(cx_conv *c, const cx_dir_agent *agent);
/* The prompt gets what there is. */
void cx_seeing_fill(cx_conv *c);
/* It is not needed any more: images take memory. */
void cx_seeing_end(cx_conv *c);
/* At the very end: the pool cannot be told to stop. */
void cx_seeing_join(cx_worker *w);

#endif /* CX_WORKER_SEEING_H */
