/*
 * Voice messages become text, once each, after they were fetched: by the
 * endpoint of the agent whose turn it is.  The rows are the queue, as with
 * attachments; nothing waits for it but the turn at hand, and that not long
 * (seeing.h).
 */

#ifndef CX_WORKER_TRANSCRIBE_H
#define CX_WORKER_TRANSCRIBE_H

#include "worker/engine.h"

/* Something may be due. */
void cx_transcribe_kick(cx_worker *w);
/* Nothing begins any more; what is under way stays due. */
void cx_transcribe_stop(cx_worker *w);
void cx_transcribe_free(cx_worker *w);

#endif /* CX_WORKER_TRANSCRIBE_H */
