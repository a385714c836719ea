/* What the files of Vapi's chat share. */

#ifndef CX_AI_VAPI_H
#define CX_AI_VAPI_H

#include "ai/native.h"

/* cx_ai_settings.options, docs/MODELS.md. */
typedef struct {
    cx_str  assistant;      /* its id there; empty: the model's name is */
    cx_str  squad;          /* instead of an assistant */
    cx_str  session;        /* instead of both: one for all, for tests */
    cx_str  name;           /* of the chats, for people */
    cx_str  variables;      /* of the assistant: a JSON object */
    bool    instructions;   /* ours go along; true */
    bool    previous;       /* the last chat goes on; true */
} cx_vapi_options;

cx_ai_outcome cx_vapi_parse(const cx_http_res *res, cx_arena *a,
    cx_ai_reply *out);
void cx_vapi_event(cx_ai_stream *s, cx_str event, cx_str data);

#endif /* CX_AI_VAPI_H */
