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

typedef struct {
    cx_str               system;      /* the agent's prompt */
    cx_str               question;    /* the customer's messages at hand */
    const cx_ai_turn    *history;     /* oldest first, without the question */
    size_t               nhistory;
    const cx_ai_passage *passages;
    size_t               npassages;
    cx_str               handoff;     /* what to say when we do not know */
} cx_ai_prompt;

typedef struct {
    cx_str   base_url;      /* "https://api.openai.com/v1" */
    cx_str   api_key;       /* may be empty (local servers) */
    cx_str   model;
    double   temperature;   /* below 0: leave it out */
    int64_t  max_tokens;    /* 0: leave it out */
} cx_ai_settings;

typedef struct {
    cx_str   text;
    double   confidence;    /* 0..1 */
    cx_str   reason;        /* one line: why that confidence */
    bool     handoff;       /* we do not know: text is the honest sentence */
    int64_t  tokens_in;
    int64_t  tokens_out;
    cx_str   model;
    /* indexes of the passages used, at most 8 */
    size_t   used[8];
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
    cx_str        error;    /* for the log: type and code, no content */
} cx_ai_outcome;

typedef struct {
    const char  *name;
    /* Built-in: the answer itself.  Else NULL. */
    cx_err (*answer)(const cx_ai_prompt *p, cx_arena *a, cx_ai_answer *out);
    cx_err (*build)(const cx_ai_settings *s, const cx_ai_prompt *p,
        cx_arena *a, cx_http_req *req);
    /* Reads the answer (result CX_AI_OK) or says what is wrong. */
    cx_ai_outcome (*parse)(const cx_http_res *res, const cx_ai_prompt *p,
        cx_arena *a, cx_ai_answer *out);
} cx_ai;

const cx_ai *cx_ai_find(cx_str name);
const char *cx_ai_names(void);

/* Words of a question for a full-text search, as FTS5 query text: quoted
 * terms joined by OR, stop words of the supported languages left out; empty
 * when nothing remains. */
cx_str cx_ai_query(cx_arena *a, cx_str question);

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
