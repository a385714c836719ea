/* What the files of the two providers that speak OpenAI's JSON share. */

#ifndef CX_AI_OPENAI_H
#define CX_AI_OPENAI_H

#include "ai/ai.h"
#include "ai/stream.h"
#include "core/json.h"

cx_ai_outcome cx_openai_parse(const cx_http_res *res, cx_arena *a,
    cx_ai_reply *out);
void cx_openai_event(cx_ai_stream *s, cx_str event, cx_str data);

/* An error's object; views. */
typedef struct {
    bool    failed;         /* there is one */
    cx_str  type;
    cx_str  code;
    bool    too_long;       /* the prompt was, says the message */
} cx_openai_error;

/* The value at hand: {"message", "type", "code"}; some servers send a text;
 * null is none. */
void cx_openai_read_error(cx_json_reader *j, cx_openai_error *e);
/* The value at hand, of chat completions and of responses. */
void cx_openai_read_usage(cx_json_reader *j, cx_ai_reply *out);
/* A tool call's "arguments": a text, or the object itself. */
void cx_openai_read_arguments(cx_json_reader *j, cx_str *out);

cx_ai_outcome cx_openai_failure(const cx_http_res *res,
    const cx_openai_error *e, cx_arena *a);

/* Of a chat completion. */
cx_ai_finish cx_openai_finish(cx_str word, size_t ncalls);

/* A tool call, or a piece of one. */
typedef struct {
    int64_t     index;      /* -1: was not told */
    cx_ai_call  call;
} cx_openai_piece;

void cx_openai_read_call(cx_json_reader *j, cx_openai_piece *piece);

#endif /* CX_AI_OPENAI_H */
