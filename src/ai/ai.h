/*
 * AI providers behind one interface, pure: a prompt becomes an HTTP request,
 * an HTTP response becomes an answer.  The built-in knowledge answerer needs
 * no request at all (build is NULL, answer is set).
 */

#ifndef CX_AI_AI_H
#define CX_AI_AI_H

#include "core/http.h"

typedef enum {
    CX_TURN_CUSTOMER,
    CX_TURN_US
} cx_turn_role;

typedef struct {
    cx_turn_role  role;
    cx_str        text;
    cx_str        channel;      /* where that was; empty: in this talk */
} cx_ai_turn;

/* A passage of knowledge that matched, best first. */
typedef struct {
    cx_str   source;        /* file name */
    int64_t  chunk_id;
    int64_t  position;      /* row or paragraph, from 1 */
    cx_str   question;      /* CSV's question column, a Markdown heading */
    cx_str   text;
    double   score;         /* from the store, higher is better */
} cx_ai_passage;

/* Something the business knows of itself: "Check-in", "15:00". */
typedef struct {
    cx_str  name;
    cx_str  value;
} cx_ai_fact;

/* Of the customer's messages at hand, for models that see. */
typedef struct {
    cx_str  mime;
    cx_str  base64;
} cx_ai_image;

/* What a model may ask for; schema is JSON Schema, an object. */
typedef struct {
    cx_str  name;
    cx_str  description;
    cx_str  schema;
} cx_ai_tool;

/* A model's wish to use one. */
typedef struct {
    cx_str  id;             /* the provider's; may be empty */
    cx_str  name;
    cx_str  arguments;      /* JSON, as it came */
    cx_str  extra;          /* what the provider wants back with it: JSON */
} cx_ai_call;

#define CX_AI_USED_MAX   8  /* passages that are named with an answer */
#define CX_AI_CALLS_MAX  8  /* of one reply */

/* What a model wished in this turn, and what came of it. */
typedef struct {
    cx_str             text;        /* said beside that; mostly empty */
    const cx_ai_call  *calls;
    const cx_str      *results;     /* one a call */
    size_t             ncalls;
} cx_ai_round;

typedef struct {
    cx_str               system;      /* the agent's prompt */
    bool                 plain;       /* ... and all that is said beforehand:
                                       * a task, nobody is answered */
    cx_str               language;    /* to answer in; empty: the customer's */
    cx_str               question;    /* the customer's messages at hand */
    const cx_ai_turn    *history;     /* oldest first, without the question */
    size_t               nhistory;
    cx_str               summary;     /* of what was before; may be empty */
    const cx_ai_passage *passages;
    size_t               npassages;
    const cx_ai_fact    *facts;
    size_t               nfacts;
    const cx_ai_image   *images;
    size_t               nimages;
    size_t               unseen;      /* images that could not be shown */
    const cx_ai_tool    *tools;
    size_t               ntools;
    const cx_ai_round   *rounds;      /* oldest first */
    size_t               nrounds;
    cx_str               handoff;     /* what to say when we do not know */
    cx_str               previous;    /* cx_ai_reply.id of the turn before, for
                                       * those who keep the conversation */
    const cx_str        *links;       /* hosts that answers may link to beside
                                       * those of the sources */
    size_t               nlinks;
    bool                 report;      /* ask how sure it is (ai/report.h) */
    cx_str               report_mark; /* of this turn: letters and digits that
                                       * nobody can guess */
} cx_ai_prompt;

typedef struct {
    cx_str   base_url;      /* "https://api.openai.com/v1" */
    cx_str   api_key;       /* may be empty (local servers) */
    cx_str   model;
    double   temperature;   /* below 0: leave it out */
    int64_t  max_tokens;    /* 0: leave it out */
    cx_str   options;       /* of the provider: a JSON object, or empty */
    cx_str   user;          /* a hash of the customer, or empty */
    bool     stream;        /* answer in events; ->event is not NULL then */
} cx_ai_settings;

typedef enum {
    CX_FINISH_STOP,
    CX_FINISH_LENGTH,       /* cut at max_tokens */
    CX_FINISH_TOOLS,        /* wants tools: ncalls > 0 */
    CX_FINISH_FILTERED,     /* the provider's filter, or a refusal */
    CX_FINISH_OTHER
} cx_ai_finish;

/* What a model said, before anybody judged it. */
typedef struct {
    cx_str        text;
    cx_ai_finish  finish;
    cx_ai_call    calls[CX_AI_CALLS_MAX];
    size_t        ncalls;
    int64_t       tokens_in;        /* all of them, with those cached */
    int64_t       tokens_cached;
    int64_t       tokens_out;       /* with those it thought with */
    int64_t       cost;             /* millionths, told by the provider; 0 */
    cx_str        model;
    cx_str        id;               /* the provider's, of this answer */
} cx_ai_reply;

typedef struct {
    cx_str   text;
    double   confidence;    /* 0..1 */
    cx_str   reason;        /* one line: why that confidence */
    cx_str   evidence;      /* what it was made of: a JSON object, or empty */
    bool     handoff;       /* we do not know: text is the honest sentence */
    bool     held;          /* a person has to see it, whatever the confidence:
                             * it says what it must not (ai/policy.h) */
    int64_t  tokens_in;
    int64_t  tokens_out;
    cx_str   model;
    /* indexes of the passages used, best first */
    size_t   used[CX_AI_USED_MAX];
    size_t   nused;
} cx_ai_answer;

typedef enum {
    CX_AI_OK,
    CX_AI_RETRY,            /* 408 409 429 5xx, no answer: try again */
    CX_AI_REFUSED           /* bad key, no quota, bad request: do not */
} cx_ai_result;

typedef struct {
    cx_ai_result  result;
    int64_t       wait_ms;  /* RETRY: the server's hint, 0 if none */
    bool          too_long; /* REFUSED: the prompt; less of it may go */
    cx_str        error;    /* for the log: type and code, no content */
} cx_ai_outcome;

struct cx_ai_stream_s;
struct cx_members_s;

typedef struct {
    const char  *name;
    /* Built-in: the answer itself.  Else NULL. */
    cx_err (*answer)(const cx_ai_prompt *p, cx_arena *a, cx_ai_answer *out);
    /* What cx_ai_settings.options may hold (ai/members.h); NULL: nothing. */
    const struct cx_members_s  *options;
    /* CX_INVALID: something it needs is missing. */
    cx_err (*build)(const cx_ai_settings *s, const cx_ai_prompt *p,
        cx_arena *a, cx_http_req *req);
    /* Reads a whole response (result CX_AI_OK) or says what is wrong. */
    cx_ai_outcome (*parse)(const cx_http_res *res, cx_arena *a,
        cx_ai_reply *out);
    /* One event of a streamed response (ai/stream.h).  NULL: none. */
    void (*event)(struct cx_ai_stream_s *s, cx_str event, cx_str data);
    bool         keeps;     /* the conversation: wants the id of its last reply
                             * as cx_ai_prompt.previous */
} cx_ai;

/* A reply becomes an answer: thoughts and marks are taken off, the sentence of
 * the handoff is known again, confidence is weighed.  Not OK: it is none. */
cx_ai_outcome cx_ai_judge(const cx_ai_prompt *p, const cx_ai_reply *r,
    cx_arena *a, cx_ai_answer *out);

/* parse and judge. */
cx_ai_outcome cx_ai_read(const cx_ai *ai, const cx_http_res *res,
    const cx_ai_prompt *p, cx_arena *a, cx_ai_answer *out);

/* Options, before they are kept.  CX_INVALID with *pointer ("/auth") and
 * *error (what is wrong).  Empty options are good. */
cx_err cx_ai_check(const cx_ai *ai, cx_str options, cx_arena *a,
    cx_str *pointer, cx_str *error);

const cx_ai *cx_ai_find(cx_str name);
const char *cx_ai_names(void);

/* Confidence from evidence: coverage of the question by the passages, and
 * whether numbers, links and names of the answer stand in them. */
double cx_ai_confidence(const cx_ai_prompt *p, cx_str answer, cx_arena *a,
    cx_str *reason);

/* Knowledge files into passages: CSV by row (header names columns), Markdown
 * by heading, text by paragraph.  CX_INVALID with *error set (file line,
 * what, how to fix); *list grows in a. */
typedef struct {
    int64_t  position;
    cx_str   question;
    cx_str   text;
} cx_chunk;

typedef struct {
    cx_chunk  *items;
    size_t     n;
    size_t     room;
} cx_chunks;

cx_err cx_ai_split(cx_str name, cx_str content, cx_arena *a, cx_chunks *list,
    cx_str *error);

#endif /* CX_AI_AI_H */
