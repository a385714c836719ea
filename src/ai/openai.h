/*
 * What the files of the two providers that speak OpenAI's JSON share.  Some of
 * it serves the others too (ai/native.h).
 */

#ifndef CX_AI_OPENAI_H
#define CX_AI_OPENAI_H

#include "ai/request.h"
#include "ai/stream.h"

/* --- cx_ai_settings.options, docs/MODELS.md ------------------------------ */

typedef struct {
    cx_str  token_limit;        /* the member's name */
    cx_str  system_role;
    cx_str  auth;               /* "bearer", "api-key" */
    cx_str  api_version;        /* of Azure */
    cx_str  deployment;         /* ... in the path, which is its older form */
    cx_str  organization;
    cx_str  project;
    cx_str  reasoning_effort;
    cx_str  verbosity;
    cx_str  service_tier;
    cx_str  image_detail;
    cx_str  user_field;         /* for settings.user; empty: is not told */
    cx_str  query;              /* a JSON object of texts */
    cx_str  extra;              /* members of the body: a JSON object */
    bool    include_usage;      /* asked for when it streams */
    bool    alternate;          /* turns of one side become one */
    bool    store;
    bool    keep_reasoning;     /* comes encrypted, goes back with results */
} cx_openai_options;

extern const cx_members  cx_openai_members;
extern const cx_members  cx_responses_members;

/* --- requests ------------------------------------------------------------ */

/* POST of body to base_url and path. */
cx_err cx_openai_request(const cx_ai_settings *s, const cx_openai_options *o,
    const char *path, const cx_buf *body, cx_arena *a, cx_http_req *req);

void cx_openai_put_text(cx_json_writer *w, const char *name, cx_str value);
/* The same, but nothing when it is empty. */
void cx_openai_put_if(cx_json_writer *w, const char *name, cx_str value);
void cx_openai_put_temperature(cx_json_writer *w, double t, cx_arena *a);
/* As a data URL; false: not an image that could be one. */
bool cx_openai_image_ok(const cx_ai_image *image);
void cx_openai_put_image(cx_json_writer *w, const cx_ai_image *image);
cx_str cx_openai_role(cx_turn_role role);
void cx_openai_put_message(cx_json_writer *w, cx_str role, cx_str content);
/* The customer's last word, beside its images if there are any: each is put
 * by image(). */
void cx_openai_put_question(cx_json_writer *w, const cx_ai_prompt *p,
    cx_str text, const char *text_type,
    void (*image)(cx_json_writer *w, const cx_ai_image *image, cx_str detail),
    cx_str detail);
void cx_openai_put_history(cx_json_writer *w, const cx_ai_prompt *p,
    cx_arena *a);
/* Who the customer is, if that may be told. */
void cx_openai_put_user(cx_json_writer *w, const cx_ai_settings *s,
    const cx_openai_options *o);
void cx_openai_put_extra(cx_json_writer *w, cx_str extra, cx_arena *a);
/* The provider's, or one that round and place make. */
cx_str cx_openai_call_id(const cx_ai_call *c, size_t round, size_t i,
    cx_arena *a);
cx_str cx_openai_schema(const cx_ai_tool *t);

/* --- answers ------------------------------------------------------------- */

cx_ai_outcome cx_openai_parse(const cx_http_res *res, cx_arena *a,
    cx_ai_reply *out);
void cx_openai_event(cx_ai_stream *s, cx_str event, cx_str data);

cx_ai_outcome cx_responses_parse(const cx_http_res *res, cx_arena *a,
    cx_ai_reply *out);
void cx_responses_event(cx_ai_stream *s, cx_str event, cx_str data);

/* An error's object; views. */
typedef struct {
    bool    failed;             /* there is one */
    cx_str  type;
    cx_str  code;
    bool    too_long;           /* the prompt was, says the message */
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
void cx_openai_fail(cx_ai_stream *s, const cx_openai_error *e);

/* Copies what an event has told for the first time: its bytes do not stay. */
void cx_openai_keep(cx_ai_stream *s, cx_str *to, cx_str from);

/* Of a chat completion. */
cx_ai_finish cx_openai_finish(cx_str word, size_t ncalls);

/* A tool call, or a piece of one. */
typedef struct {
    int64_t     index;          /* -1: was not told */
    cx_ai_call  call;
} cx_openai_piece;

void cx_openai_read_call(cx_json_reader *j, cx_openai_piece *piece);

#endif /* CX_AI_OPENAI_H */
