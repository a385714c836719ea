/* The providers, for the list in ai.c and for tests. */

#ifndef CX_AI_PROVIDERS_H
#define CX_AI_PROVIDERS_H

#include "ai/ai.h"

extern const cx_ai  cx_ai_knowledge;
extern const cx_ai  cx_ai_openai;
extern const cx_ai  cx_ai_responses;
extern const cx_ai  cx_ai_anthropic;
extern const cx_ai  cx_ai_gemini;
extern const cx_ai  cx_ai_vapi;

#endif /* CX_AI_PROVIDERS_H */
