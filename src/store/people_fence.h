/*
 * People and the AI in one conversation: who speaks.
 *
 * Every conversation has a number, its fence.  It moves with every person's
 * word: said through the API, said in the provider's own app (its echo), a
 * take-over, the AI switched off.  With it, in one step, the open turn ends
 * ("person") and what the AI has ready and is not sending yet is cancelled.
 * RECALL tells the number, PLAN and CLAIM compare it: what was thought, or was
 * put off, under an older one is not said.
 */

#ifndef CX_STORE_PEOPLE_FENCE_H
#define CX_STORE_PEOPLE_FENCE_H

#include "core/err.h"
#include "core/str.h"

typedef struct cx_store_s  cx_store;

/* The conversation is that person's: messages wait for people.  CX_CONFLICT:
 * somebody else has it; force takes it from them. */
cx_err cx_store_conversation_take(cx_store *s, int64_t id, cx_str who,
    bool force, int64_t now_ms);
/* The AI answers again what comes from now on. */
cx_err cx_store_conversation_give(cx_store *s, int64_t id, cx_str who,
    int64_t now_ms);
/* No AI there until then; 0: from now on again. */
cx_err cx_store_conversation_quiet(cx_store *s, int64_t id, int64_t until,
    int64_t now_ms);

/* A reply of the AI that was claimed since then is on its way. */
cx_err cx_store_ai_sending(cx_store *s, int64_t id, int64_t since_ms,
    bool *yes);

#endif /* CX_STORE_PEOPLE_FENCE_H */
