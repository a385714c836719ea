/*
 * A knowledge file on its way into the store: read and split in the pool,
 * written in pieces that keep nobody waiting for long, then made ready.
 *
 *   new --> read --> begin --> write --> (gone)
 *             |        |
 *             +--------+--> free
 *
 * What it replaces is served until then; what is cut off by a crash is
 * nobody's, and is swept (store/knowledge.h).
 */

#ifndef CX_WORKER_INDEXING_H
#define CX_WORKER_INDEXING_H

#include "ai/file.h"
#include "worker/worker.h"

#define CX_INDEXING_BUSY_MS  INT64_C(30000)  /* a piece takes far less */

typedef struct cx_indexing_s  cx_indexing;
typedef void (*cx_indexing_fn)(void *ctx, cx_err err);

/* Copies what it is given.  NULL: too many at once, or no memory. */
cx_indexing *cx_indexing_new(cx_worker *w, cx_db *db, int64_t tenant,
    const cx_knowledge_row *row, const cx_file_how *how, cx_str content);
/* One whose passages are in the store: its terms are made and written, and
 * nothing else. */
void cx_indexing_terms(cx_worker *w, cx_db *db, const cx_knowledge_row *row);

/* In the pool; terms: it is to be written later.  CX_INVALID: the file has
 * faults. */
void cx_indexing_read(cx_indexing *ix, bool terms, cx_indexing_fn fn,
    void *ctx);
const cx_file *cx_indexing_file(const cx_indexing *ix);
const cx_knowledge_row *cx_indexing_row(const cx_indexing *ix);
/* With the store, in a transaction of the caller's. */
cx_err cx_indexing_begin(cx_indexing *ix, cx_store *s);
/* Frees it when all is written, behind fn, which may be NULL.  CX_STALE: a
 * newer version has taken its place. */
void cx_indexing_write(cx_indexing *ix, cx_indexing_fn fn, void *ctx);
void cx_indexing_free(cx_indexing *ix);

#endif /* CX_WORKER_INDEXING_H */
