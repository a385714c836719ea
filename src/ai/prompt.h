#ifndef CX_AI_PROMPT_H
#define CX_AI_PROMPT_H

#include "ai/ai.h"

/* What a model is told before the conversation: the agent's prompt, facts,
 * summary, knowledge, and how to answer.  Empty: no memory. */
cx_str cx_ai_instructions(const cx_ai_prompt *p, cx_arena *a);

/* An earlier message, and the one at hand: cleaned of what hides text from
 * people, and not longer than a model needs. */
cx_str cx_ai_said(const cx_ai_turn *t, cx_arena *a);
cx_str cx_ai_question(const cx_ai_prompt *p, cx_arena *a);

#endif /* CX_AI_PROMPT_H */
