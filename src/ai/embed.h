/*
 * Texts to vectors, through any endpoint that speaks OpenAI's /embeddings; and
 * what is done with them: texts that mean the same point the same way.
 */

#ifndef CX_AI_EMBED_H
#define CX_AI_EMBED_H

#include "ai/ai.h"
#include "core/terms.h"

#define CX_EMBED_AT_ONCE  32        /* texts of one call */
#define CX_EMBED_DIMS     4096      /* at most */
#define CX_EMBED_TEXT     8000      /* bytes of one text that are looked at */

typedef struct {
    cx_str  url;                    /* "https://api.openai.com/v1" */
    cx_str  model;
    cx_str  api_key;                /* may be empty */
} cx_embed;

/* CX_INVALID: no URL, no model, or a key that no header can carry. */
cx_err cx_embed_build(const cx_embed *e, const cx_str *texts, size_t n,
    cx_arena *a, cx_http_req *req);
/* n vectors of *dims numbers each, one behind the other, each of length one
 * (or all zero).  CX_MALFORMED: it is no answer to that. */
cx_err cx_embed_parse(const cx_http_res *res, size_t n, cx_arena *a,
    float **vectors, size_t *dims);

/* As the store keeps one, and back; empty or false: no memory, or it is not of
 * that many numbers. */
cx_str cx_embed_pack(const float *v, size_t dims, cx_arena *a);
bool cx_embed_unpack(cx_str packed, cx_arena *a, float *v, size_t dims);

/* Cosine of two of length one. */
float cx_embed_cosine(const float *x, const float *y, size_t dims);

#endif /* CX_AI_EMBED_H */
