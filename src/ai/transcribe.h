/*
 * Speech to text by any server that speaks OpenAI's /audio/transcriptions:
 * OpenAI, Azure, Groq, whisper.cpp, vLLM.
 */

#ifndef CX_AI_TRANSCRIBE_H
#define CX_AI_TRANSCRIBE_H

#include "ai/ai.h"

#define CX_TRANSCRIBE_MODEL  "whisper-1"
#define CX_TRANSCRIPT_MAX  (16 * 1024)      /* bytes */

typedef struct {
    cx_str  url;        /* of the API, or the whole of it */
    cx_str  api_key;    /* may be empty */
    cx_str  model;
    cx_str  language;   /* "de"; empty: it is heard */
    cx_str  type;       /* of the sound, by its bytes */
    cx_str  bytes;
    cx_str  mark;       /* letters and digits that are not in the bytes */
} cx_ai_sound;

/* multipart/form-data; CX_INVALID: the URL is none, CX_NOMEM. */
cx_err cx_ai_transcribe_build(const cx_ai_sound *s, cx_arena *a,
    cx_http_req *req);
/* reply: text (may be empty: nobody speaks), tokens if they are told. */
cx_ai_outcome cx_ai_transcribe_parse(const cx_http_res *res, cx_arena *a,
    cx_ai_reply *reply);

#endif /* CX_AI_TRANSCRIBE_H */
