/*
 * What else an agent is told: the JSON in agents.config, read once when the
 * directory is loaded.  People write it through the API, which refuses what
 * cx_agent_config_read() refuses.  docs/AGENTS.md has the members.
 */

#ifndef CX_AI_AGENT_H
#define CX_AI_AGENT_H

#include "ai/ai.h"

#define CX_AGENT_CONFIG_MAX     (256 * 1024)   /* bytes of the JSON */
#define CX_AGENT_FACTS_MAX      100
#define CX_AGENT_TOOLS_MAX      16
#define CX_AGENT_FALLBACKS_MAX  4

#define CX_AGENT_HOSTS_MAX      32

/* An HTTP function: the checked arguments go there as JSON, or as a query. */
typedef struct {
    cx_ai_tool     tool;
    cx_str         url;             /* https, or http by "insecure" */
    bool           get;
    const cx_str  *hosts;           /* where it may go; its own if none */
    size_t         nhosts;
    cx_str         secret_file;     /* bearer token, or empty */
    cx_str         credential;      /* ... or the name of a sealed one */
    int64_t        timeout_ms;
    bool           insecure;        /* http, private addresses */
} cx_agent_tool;

/* Who is asked instead, in order; behind the last the built-in answerer. */
typedef struct {
    cx_str   provider;
    cx_str   base_url;
    cx_str   model;
    cx_str   api_key_file;
    cx_str   credential;            /* ... or the name of a sealed one */
    cx_str   options;               /* of the provider: JSON, or empty */
} cx_agent_fallback;

typedef struct {
    cx_str                    language;      /* "de"; empty: the customer's */
    cx_str                    options;       /* of the provider: JSON */
    const cx_ai_fact         *facts;
    size_t                    nfacts;
    const cx_agent_tool      *tools;
    size_t                    ntools;
    const cx_agent_fallback  *fallbacks;
    size_t                    nfallbacks;
    int64_t                   history;       /* messages; -1: the worker's */
    int64_t                   history_tokens;    /* of them; 0: any */
    int64_t                   summary_after; /* messages that are not in the
                                              * history; 0: no summary */
    bool                      images;        /* the model sees */
    cx_str                    transcribe_url;    /* OpenAI-compatible, or
                                              * empty: no transcripts */
    cx_str                    transcribe_model;
    cx_str                    transcribe_key_file;
    cx_str                    transcribe_credential;
    bool                      mask;          /* card numbers, IBANs; true */
    bool                      stream;        /* pieces to the page before the
                                              * gate has judged; false */
    bool                      suggest;       /* nothing is sent without a
                                              * person; false */
    cx_str                    preset;        /* of the threshold, or empty */
    bool                      report;        /* models are asked how sure they
                                              * are; true */
    int64_t                   sample;        /* of 100 answers that were sent
                                              * so many are looked at by a
                                              * person afterwards; 0 */
    int64_t                   first_token_ms;    /* 0: the worker's */
    int64_t                   total_ms;
    cx_str                    embed_url;     /* OpenAI-compatible, or empty:
                                              * full text alone */
    cx_str                    embed_model;
    cx_str                    embed_key_file;
    cx_str                    embed_credential;
    const cx_str             *links;         /* hosts that answers may link to,
                                              * beside those of knowledge,
                                              * facts and prompt */
    size_t                    nlinks;
    int64_t                   turns_max;     /* replies to one customer an
                                              * hour; 0: the worker's */
} cx_agent_config;

/* Empty text: the defaults.  CX_INVALID with *pointer ("/tools/0/url") and
 * *error (what is wrong, how to fix it), or CX_NOMEM.  Views of json, and
 * in a. */
cx_err cx_agent_config_read(cx_str json, cx_arena *a, cx_agent_config *out,
    cx_str *pointer, cx_str *error);

/* The members, for who asks for them one by one; NULL: no more. */
const char *cx_agent_config_member(size_t i);
/* host of an http(s) URL, without port; empty: it is none. */
cx_str cx_agent_host(cx_str url);
/* A name of a sealed secret: a-z, 0-9 and _, at most 32. */
bool cx_agent_credential_ok(cx_str name);

#endif /* CX_AI_AGENT_H */
