/*
 * Files of attachments that nobody refers to any more: the record says which
 * (gone_media), here they are unlinked.  What fails is tried again later.
 */

#ifndef CX_WORKER_GONE_H
#define CX_WORKER_GONE_H

#include "worker/worker.h"

/* files: unlinked by that pass. */
typedef void (*cx_gone_fn)(void *ctx, int64_t files);

/* A pass that begins after this call; fn may be NULL. */
void cx_gone_run(cx_worker *w, cx_gone_fn fn, void *ctx);
void cx_gone_free(cx_worker *w);

#endif /* CX_WORKER_GONE_H */
