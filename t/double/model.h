/*
 * The model APIs.  model.c knows what is said and what goes wrong; each API's
 * file knows how its requests, answers, events and errors look.
 */

#ifndef TD_MODEL_H
#define TD_MODEL_H

#include "double.h"

#define TD_WISHES_MAX  8

/* What was asked, whatever the API. */
typedef struct {
    const char  *model;
    bool         stream;
    td_buf       system;
    td_buf       question;     /* the customer's last message */
    td_buf       result;       /* of a tool, if that came last */
    bool         has_result;
    int64_t      images;
    bool         no_usage;     /* in the stream: it was not asked for */
} td_ask;

/* A tool the model asks for. */
typedef struct {
    const char  *name;
    td_buf       args;         /* JSON */
} td_wish;

/* What is said. */
typedef struct {
    td_buf       text;
    const char  *thoughts;     /* NULL: none */
    const char  *finish;       /* "stop", "length", "tools", "filtered",
                                * "blocked", "refusal" */
    td_wish      wishes[TD_WISHES_MAX];
    size_t       nwishes;
    json_int_t   in, cached, out, thought;
    bool         usage;        /* it is told */
    bool         stamp;
    double       cost;
} td_said;

/* An error by its word, as the API tells it. */
typedef struct {
    const char  *word;
    int          status;
    const char  *type;
    const char  *code;
    const char  *headers;
} td_fault;

typedef struct {
    const char      *name;
    /* True: a request at this path is for it. */
    bool           (*mine)(td_str path);
    /* The word of an error, NULL: the request is right. */
    const char    *(*refuse)(const td_req *req, const json_t *body);
    void           (*ask)(const td_req *req, const json_t *body, td_ask *out);
    /* The whole answer, or its events as pieces. */
    void           (*whole)(const td_ask *q, const td_said *s, td_reply *r);
    void           (*events)(const td_ask *q, const td_said *s, td_reply *r);
    const td_fault  *faults;   /* ends with a NULL word */
    /* An error: the body of a response, or an event of a stream. */
    void           (*fail)(const td_fault *f, bool event, td_buf *out);
} td_model_api;

extern const td_model_api  td_chat;
extern const td_model_api  td_responses;
extern const td_model_api  td_anthropic;
extern const td_model_api  td_gemini;
extern const td_model_api  td_vapi;

/* model_text.c: what the APIs' files share. */

bool td_path_ends(td_str path, const char *z);
/* A string, or the texts of an array of parts. */
void td_text_of(const json_t *content, td_buf *out);
int64_t td_images_of(const json_t *content);
/* Takes the next token off a text: a word with the space before it. */
bool td_token(const char **text, const char **p, size_t *len);
/* That token as JSON's string value, stamped when it is to be. */
json_t *td_token_json(const td_said *s, const char *p, size_t len);
/* An event; name may be NULL.  Takes the reference. */
void td_event(td_reply *r, const char *name, json_t *data);
const char *td_string(const json_t *o, const char *key);
/* {"error": {...}} as OpenAI has it. */
void td_openai_fail(const td_fault *f, bool event, td_buf *out);
extern const td_fault  td_openai_faults[];

#endif /* TD_MODEL_H */
