/*
 * Passages that mean what the question means.
 *
 *   RECALL --the agent has embed_url--> the question's vector --> its hits are
 *   found anew, by words and by meaning, and fused --> on
 *
 * Without a vector in time the hits by words stay.  Vectors of passages are
 * made in the background (embed.c) and held in a cache that the store's
 * reader alone looks at.
 */

#ifndef CX_WORKER_VECTORS_H
#define CX_WORKER_VECTORS_H

#include "ai/embed.h"
#include "worker/engine.h"

typedef struct cx_vectors_s  cx_vectors;

cx_vectors *cx_vectors_new(void);
void cx_vectors_free(cx_vectors *v);

/* The nearest of the agent's passages; those of files that are not in the
 * cache yet are loaded, a piece with each call.  dims numbers of length one.
 */
cx_err cx_vectors_near(cx_vectors *v, cx_store *s, int64_t agent_id,
    cx_str model, const float *query, size_t dims, size_t limit, cx_arena *a,
    cx_spot_list *out);

/* Reciprocal rank fusion of both: the best of them.  A passage keeps its score
 * by words, or the cosine. */
cx_err cx_spots_fuse(const cx_spot_list *words, const cx_spot_list *near,
    size_t limit, cx_arena *a, cx_spot_list *out);

/* True: the question's vector is asked for, and cx_recall_go_on() called
 * later. */
bool cx_near_ask(cx_conv *c, const cx_dir_agent *agent);

/* embed.c: vectors of files that have none yet. */
void cx_embed_beat(cx_worker *w);
void cx_embed_stop(cx_worker *w);
void cx_embed_free(cx_worker *w);
/* Of an agent: where it is asked, with its key.  False: nowhere. */
bool cx_embed_of(const cx_worker *w, const cx_dir_agent *agent, cx_arena *a,
    cx_embed *out);

#endif /* CX_WORKER_VECTORS_H */
