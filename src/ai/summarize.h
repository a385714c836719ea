/* What was said earlier, told shorter: the question to a model. */

#ifndef CX_AI_SUMMARIZE_H
#define CX_AI_SUMMARIZE_H

#include "ai/ai.h"

#define CX_SUMMARY_MAX  6000        /* bytes of what comes back */

/* have: what was told so far, or empty.  *used: so many of the turns, from the
 * oldest on, are in the question; at least one. */
void cx_ai_summarize(cx_str have, const cx_ai_turn *turns, size_t n,
    cx_arena *a, cx_ai_prompt *out, size_t *used);

/* Of a reply what is kept; empty: it is none. */
cx_str cx_ai_summary(const cx_ai_reply *reply, cx_arena *a);

#endif /* CX_AI_SUMMARIZE_H */
