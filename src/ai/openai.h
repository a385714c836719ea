/* What the two files of the OpenAI-compatible provider share. */

#ifndef CX_AI_OPENAI_H
#define CX_AI_OPENAI_H

#include "ai/ai.h"

cx_ai_outcome cx_openai_parse(const cx_http_res *res, cx_arena *a,
    cx_ai_reply *out);

#endif /* CX_AI_OPENAI_H */
