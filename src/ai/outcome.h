#ifndef CX_AI_OUTCOME_H
#define CX_AI_OUTCOME_H

#include "ai/ai.h"

/* By the status, and by the type and code of the error's object, which may be
 * empty; the wait by the usual headers. */
cx_ai_outcome cx_ai_failure(const cx_http_res *res, cx_str type, cx_str code,
    cx_arena *a);

cx_ai_outcome cx_ai_useless(cx_ai_result result, const char *why);

/* A reply without what its model has thought aloud before it. */
cx_str cx_ai_thoughtless(cx_str text);

#endif /* CX_AI_OUTCOME_H */
