/*
 * Knowledge files and their versions.
 *
 *   begin --> INDEXING --chunks, terms--> READY --a newer one is--> GONE
 *                |                          |                        ^
 *                |                          +------- deleted --------+
 *                +-- error, interrupted --> FAILED ---- the same ----+
 *
 * Only what is READY is searched; there is at most one READY of a name, and
 * at most one that is not.  A version is written in pieces, each its own
 * transaction, and says with each how long it may take until the next: beyond
 * that it is taken for interrupted.  What a version leaves behind that will
 * not be searched is swept in pieces, too.
 *
 * A term's entries (core/terms.h) are numbers of passages; passage `number` of
 * a file is a row of knowledge_chunks.
 */

#ifndef CX_STORE_KNOWLEDGE_H
#define CX_STORE_KNOWLEDGE_H

#include "core/arena.h"
#include "core/err.h"
#include "core/terms.h"

struct cx_store_s;

/*    name        word */
#define CX_FILE_STATES(X)                                                     \
    X(INDEXING,   "indexing")                                                 \
    X(READY,      "ready")                                                    \
    X(FAILED,     "failed")                                                   \
    X(GONE,       "gone")

typedef enum {
#define X(name, word)  CX_FILE_##name,
    CX_FILE_STATES(X)
#undef X
    CX_FILE_STATE_COUNT
} cx_file_state;

const char *cx_file_state_word(cx_file_state s);

typedef struct {
    int64_t        id;
    int64_t        agent_id;
    int64_t        tenant;        /* read only */
    cx_str         name;
    int64_t        bytes;
    int64_t        chunks;        /* passages */
    int64_t        created_at;
    cx_file_state  state;
    int64_t        done;          /* passages and terms written */
    int64_t        terms;         /* 0: none yet */
    cx_str         error;         /* of one that failed */
    cx_str         encoding;      /* it came in */
    cx_str         embed_model;
    int64_t        embedded;      /* passages with a vector of that model */
} cx_knowledge_row;

typedef struct {
    int64_t  file_id;
    int64_t  chunk_id;
    int64_t  number;              /* in its file, from 0 */
    cx_str   source;
    int64_t  position;
    cx_str   question;
    cx_str   text;
    double   score;               /* 0..1, higher is better */
} cx_hit_row;

/* A passage by its place, and how well it fits. */
typedef struct {
    int64_t  file_id;
    int64_t  number;
    double   score;
} cx_spot;

typedef struct {
    cx_spot  *items;
    size_t    n;
    size_t    room;
} cx_spot_list;

#define CX_SPOTS_MAX      10      /* that are read at once */
#define CX_TERMS_AT_ONCE  16      /* that are written */

/* --- a version, piece by piece ------------------------------------------- */

/* CX_NOT_FOUND without that agent, CX_CONFLICT when the id is taken.  One of
 * that name that is not ready is given up for it. */
cx_err cx_store_file_begin(struct cx_store_s *s, const cx_knowledge_row *row,
    int64_t busy_until);
/* Before each piece: CX_STALE when the version is not INDEXING any more. */
cx_err cx_store_file_step(struct cx_store_s *s, int64_t id, int64_t done,
    int64_t busy_until);
cx_err cx_store_file_chunk(struct cx_store_s *s, const cx_knowledge_row *row,
    const cx_hit_row *chunk);
/* At most CX_TERMS_AT_ONCE, and at least one. */
cx_err cx_store_file_terms(struct cx_store_s *s, const cx_knowledge_row *row,
    const cx_term *terms, size_t n);
/* From now on it is searched, and what it replaces is not. */
cx_err cx_store_file_ready(struct cx_store_s *s, const cx_knowledge_row *row);
cx_err cx_store_file_fail(struct cx_store_s *s, int64_t id, cx_str error);
/* A READY one without terms has got them. */
cx_err cx_store_file_indexed(struct cx_store_s *s, int64_t id,
    int64_t terms);

/* All of it in one transaction: small files, and tests. */
cx_err cx_store_knowledge_put(struct cx_store_s *s,
    const cx_knowledge_row *row, const cx_hit_row *chunks, size_t n,
    const cx_terms *terms);

/* --- what is left behind; across tenants --------------------------------- */

/* Those that are INDEXING for too long become FAILED. */
cx_err cx_store_files_expire(struct cx_store_s *s, int64_t now_ms);
/* The next with something to sweep: CX_NOT_FOUND when there is none. */
cx_err cx_store_file_left(struct cx_store_s *s, int64_t *id);
/* At most so many rows of it; *done: nothing is left. */
cx_err cx_store_file_sweep(struct cx_store_s *s, int64_t id, int64_t rows,
    bool *done);
/* A READY one without terms, of a database that knew none; CX_NOT_FOUND. */
cx_err cx_store_file_unindexed(struct cx_store_s *s, cx_arena *a,
    cx_knowledge_row *row);

/* --- vectors ------------------------------------------------------------- */

typedef struct {
    int64_t  number;
    cx_str   question;            /* and text: of a passage without one */
    cx_str   text;
    cx_str   vector;              /* floats, little-endian, in base64 */
} cx_vector_row;

typedef struct {
    cx_vector_row  *items;
    size_t          n;
    size_t          room;
} cx_vector_list;

/* A READY file of that agent that lacks vectors of that model, and is nobody's
 * until busy_until from here on; CX_NOT_FOUND.  Vectors of another model are
 * dropped. */
cx_err cx_store_vectors_claim(struct cx_store_s *s, int64_t agent_id,
    cx_str model, int64_t now_ms, int64_t busy_until, cx_arena *a,
    cx_knowledge_row *row);
/* Passages from that number on. */
cx_err cx_store_vectors_wanted(struct cx_store_s *s, int64_t file_id,
    int64_t from, size_t limit, cx_arena *a, cx_vector_list *out);
/* CX_STALE: the file is READY no more, or has another model's. */
cx_err cx_store_vectors_put(struct cx_store_s *s, int64_t file_id,
    cx_str model, const cx_vector_row *rows, size_t n, int64_t busy_until);
/* Files of the agent that have all vectors of that model: their ids are
 * file_id, their passages number, of *out. */
cx_err cx_store_vectors_files(struct cx_store_s *s, int64_t agent_id,
    cx_str model, cx_arena *a, cx_spot_list *out);
/* Vectors of a file from that number on; question and text stay empty. */
cx_err cx_store_vectors(struct cx_store_s *s, int64_t file_id, int64_t from,
    size_t limit, cx_arena *a, cx_vector_list *out);

/* --- finding ------------------------------------------------------------- */

/* The best by their terms; equal ones in the order of file and number. */
cx_err cx_store_rank(struct cx_store_s *s, int64_t agent_id,
    const cx_find *find, size_t limit, cx_arena *a, cx_spot_list *out);

#endif /* CX_STORE_KNOWLEDGE_H */
