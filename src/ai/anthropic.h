/* What the files of Anthropic's Messages API share. */

#ifndef CX_AI_ANTHROPIC_H
#define CX_AI_ANTHROPIC_H

#include "ai/native.h"

/* cx_ai_settings.options, docs/MODELS.md. */
typedef struct {
    cx_str   version;       /* header anthropic-version */
    cx_str   beta;          /* header anthropic-beta */
    cx_str   auth;          /* "x-api-key", "bearer" */
    cx_str   thinking;      /* "adaptive", "disabled"; empty: is not said */
    int64_t  thinking_budget;   /* tokens, of older models; 0: none */
    cx_str   effort;
    cx_str   service_tier;
    bool     cache;         /* the instructions may be kept there */
    bool     user;          /* settings.user is told */
    cx_str   extra;         /* members of the body: a JSON object */
} cx_anthropic_options;

extern const cx_members  cx_anthropic_members;

cx_ai_outcome cx_anthropic_parse(const cx_http_res *res, cx_arena *a,
    cx_ai_reply *out);
void cx_anthropic_event(cx_ai_stream *s, cx_str event, cx_str data);

/* An error's object; views. */
typedef struct {
    bool    failed;
    cx_str  type;
    cx_str  code;           /* details.error_code */
    bool    too_long;
} cx_anthropic_error;

/* The value at hand. */
void cx_anthropic_read_error(cx_json_reader *j, cx_anthropic_error *e);
/* The same; what is not told stays as it was. */
void cx_anthropic_read_usage(cx_json_reader *j, cx_ai_reply *out);
cx_ai_finish cx_anthropic_finish(cx_str word, size_t ncalls);

/* Thoughts come back with a call's result as they came: this begins the list
 * of them that is kept in its extra. */
#define CX_ANTHROPIC_THOUGHTS  "[{\"type\":\"thinking\""
#define CX_ANTHROPIC_REDACTED  "[{\"type\":\"redacted_thinking\""

#endif /* CX_AI_ANTHROPIC_H */
