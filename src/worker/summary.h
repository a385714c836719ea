/*
 * What is older than a model is shown of a conversation is told shorter, in
 * the background: after a turn has ended, by the agent's own model, one call
 * at a time for a conversation.  No reply waits for it.  What fails is tried
 * again later, each time after a longer wait; after some tries the next turn
 * asks for it anew.
 */

#ifndef CX_WORKER_SUMMARY_H
#define CX_WORKER_SUMMARY_H

#include "worker/engine.h"

/* The turn is planned: one may be due. */
void cx_summary_note(cx_conv *c);
/* At each beat: those that wait for another try. */
void cx_summary_beat(cx_worker *w);
/* The conversation is erased: nothing of it stays. */
void cx_summary_forget(cx_worker *w, int64_t conversation_id);
/* Nothing begins any more, calls under way are dropped. */
void cx_summary_stop(cx_worker *w);
void cx_summary_free(cx_worker *w);

#endif /* CX_WORKER_SUMMARY_H */
