/* What the files of Gemini's native API share. */

#ifndef CX_AI_GEMINI_H
#define CX_AI_GEMINI_H

#include "ai/native.h"

/* cx_ai_settings.options, docs/MODELS.md. */
typedef struct {
    cx_str   auth;              /* "x-goog-api-key", "bearer" */
    cx_str   thinking_level;    /* empty: is not said */
    int64_t  thinking_budget;   /* tokens; -1: as it likes; -2: is not said */
    cx_str   safety;            /* the threshold of all categories */
    cx_str   extra;             /* members of the body: a JSON object */
} cx_gemini_options;

extern const cx_members  cx_gemini_members;

cx_ai_outcome cx_gemini_parse(const cx_http_res *res, cx_arena *a,
    cx_ai_reply *out);
void cx_gemini_event(cx_ai_stream *s, cx_str event, cx_str data);

/* What a call wants back with it, kept in its extra: this begins it. */
#define CX_GEMINI_SIGNED  "{\"thoughtSignature\":"

/* Of a part; views. */
typedef struct {
    cx_str  text;
    bool    thought;
    bool    is_call;
    cx_str  id;
    cx_str  name;
    cx_str  args;           /* raw */
    cx_str  signature;      /* raw: a text in its quotes */
} cx_gemini_part;

/* An error's object; views. */
typedef struct {
    bool     failed;
    int64_t  status;        /* code */
    cx_str   type;          /* status */
    cx_str   code;          /* reason; quota_of_the_day: that is used up */
    int64_t  wait_ms;       /* RetryInfo */
    bool     too_long;
} cx_gemini_error;

/* A response or an event of a stream; both have the same members. */
typedef struct {
    cx_ai_reply      *out;      /* usage goes there */
    void            (*part)(void *ctx, const cx_gemini_part *p);
    void             *ctx;
    cx_str            id;
    cx_str            model;
    cx_str            finish;
    bool              candidate;
    bool              blocked;  /* the prompt was: promptFeedback */
    bool              usage;
    cx_gemini_error   error;
} cx_gemini_chunk;

/* False: it cannot be read. */
bool cx_gemini_read(cx_str json, cx_arena *a, cx_gemini_chunk *c);
cx_ai_finish cx_gemini_finish(cx_str word, size_t ncalls);
cx_ai_outcome cx_gemini_failure(const cx_http_res *res,
    const cx_gemini_error *e, cx_arena *a);

#endif /* CX_AI_GEMINI_H */
