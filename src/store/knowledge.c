/*
 * Knowledge files: their versions, written in pieces.
 */

#include "store/sql.h"

#include <string.h>


const char *
cx_file_state_word(cx_file_state s)
{
    static const char *const  words[CX_FILE_STATE_COUNT] = {
#define X(name, word)  [CX_FILE_##name] = word,
        CX_FILE_STATES(X)
#undef X
    };

    return words[s];
}


/* --- a version ----------------------------------------------------------- */

static cx_err
give_up(cx_store *s, cx_sql_name how, const cx_knowledge_row *row)
{
    cx_query  q = cx_query_of(s, how);

    cx_bind_i64(&q, row->agent_id);
    cx_bind_str(&q, row->name);

    return cx_query_run(&q);
}


static cx_err
check_new(cx_store *s, const cx_knowledge_row *row)
{
    int64_t  one;
    cx_err   err;

    if (row->id <= 0 || row->name.len == 0) {
        return CX_INVALID;
    }

    err = cx_ask_1(s, CX_SQL_AGENT_KNOWN, row->agent_id, &one);
    if (err != CX_OK) {
        return err;
    }

    err = cx_ask_1(s, CX_SQL_FILE_TAKEN, row->id, &one);

    return err == CX_OK ? CX_CONFLICT : err == CX_NOT_FOUND ? CX_OK : err;
}


cx_err
cx_store_file_begin(cx_store *s, const cx_knowledge_row *row,
    int64_t busy_until)
{
    cx_query  q;
    cx_err    err;

    err = check_new(s, row);

    if (err == CX_OK) {
        err = give_up(s, CX_SQL_FILE_GIVE_UP, row);
    }

    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_FILE_ADD);
    cx_bind_i64(&q, row->id);
    cx_bind_i64(&q, row->agent_id);
    cx_bind_str(&q, row->name);
    cx_bind_i64(&q, row->bytes);
    cx_bind_i64(&q, row->chunks);
    cx_bind_i64(&q, row->created_at);
    cx_bind_str(&q, row->encoding);
    cx_bind_i64(&q, row->terms);
    cx_bind_i64(&q, busy_until);

    return cx_query_run(&q);
}


/* Locked by the look, so that nobody gives it up meanwhile. */
static cx_err
still_indexing(cx_store *s, int64_t id)
{
    int64_t  state;
    cx_err   err;

    err = cx_ask_1(s, CX_SQL_FILE_STATE, id, &state);

    return err == CX_NOT_FOUND || (err == CX_OK && state != CX_FILE_INDEXING)
           ? CX_STALE : err;
}


cx_err
cx_store_file_step(cx_store *s, int64_t id, int64_t done, int64_t busy_until)
{
    cx_query  q;
    cx_err    err;

    err = still_indexing(s, id);
    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_FILE_STEP);
    cx_bind_i64(&q, id);
    cx_bind_i64(&q, done);
    cx_bind_i64(&q, busy_until);

    return cx_query_run(&q);
}


cx_err
cx_store_file_chunk(cx_store *s, const cx_knowledge_row *row,
    const cx_hit_row *chunk)
{
    cx_query  q = cx_query_of(s, CX_SQL_CHUNK_ADD);

    cx_bind_i64(&q, row->id);
    cx_bind_i64(&q, chunk->number);
    cx_bind_i64(&q, row->agent_id);
    cx_bind_i64(&q, chunk->position);
    cx_bind_str(&q, chunk->question);
    cx_bind_str(&q, chunk->text);

    return cx_query_run(&q);
}


cx_err
cx_store_file_terms(cx_store *s, const cx_knowledge_row *row,
    const cx_term *terms, size_t n)
{
    cx_query  q = cx_query_of(s, CX_SQL_TERMS_ADD);

    cx_bind_i64(&q, row->id);

    for (size_t i = 0; i < CX_TERMS_AT_ONCE; i++) {
        const cx_term  *t = &terms[i < n ? i : n - 1];

        cx_bind_str(&q, t->term);
        cx_bind_i64(&q, t->passages);
        cx_bind_str(&q, t->postings);
    }

    return cx_query_run(&q);
}


cx_err
cx_store_file_ready(cx_store *s, const cx_knowledge_row *row)
{
    cx_err  err;

    err = still_indexing(s, row->id);

    if (err == CX_OK) {
        err = give_up(s, CX_SQL_FILE_REPLACED, row);
    }

    return err == CX_OK ? cx_run_1(s, CX_SQL_FILE_READY, row->id) : err;
}


cx_err
cx_store_file_fail(cx_store *s, int64_t id, cx_str error)
{
    cx_query  q = cx_query_of(s, CX_SQL_FILE_FAIL);

    cx_bind_i64(&q, id);
    cx_bind_str(&q, error);

    return cx_query_run(&q);
}


cx_err
cx_store_file_indexed(cx_store *s, int64_t id, int64_t terms)
{
    return cx_run_2(s, CX_SQL_FILE_INDEXED, id, terms);
}


cx_err
cx_store_knowledge_put(cx_store *s, const cx_knowledge_row *row,
    const cx_hit_row *chunks, size_t n, const cx_terms *terms)
{
    cx_knowledge_row  file = *row;
    cx_err            err;

    file.chunks = (int64_t) n;
    file.terms = (int64_t) terms->n;
    err = cx_store_file_begin(s, &file, row->created_at);

    for (size_t i = 0; i < n && err == CX_OK; i++) {
        cx_hit_row  chunk = chunks[i];

        chunk.number = (int64_t) i;
        err = cx_store_file_chunk(s, &file, &chunk);
    }

    for (size_t i = 0; i < terms->n && err == CX_OK; i += CX_TERMS_AT_ONCE) {
        const size_t  left = terms->n - i;

        err = cx_store_file_terms(s, &file, &terms->items[i],
                                  left < CX_TERMS_AT_ONCE
                                  ? left : CX_TERMS_AT_ONCE);
    }

    if (err == CX_OK) {
        err = cx_store_file_step(s, file.id, (int64_t) (n + terms->n), 0);
    }

    return err == CX_OK ? cx_store_file_ready(s, &file) : err;
}


/* --- reading ------------------------------------------------------------- */

static void
read_file(cx_query *q, cx_arena *a, cx_knowledge_row *r)
{
    r->id = cx_get_i64(q);
    r->agent_id = cx_get_i64(q);
    r->tenant = cx_get_i64(q);
    r->name = cx_get_str(q, a);
    r->bytes = cx_get_i64(q);
    r->chunks = cx_get_i64(q);
    r->created_at = cx_get_i64(q);
    r->state = (cx_file_state) cx_get_i64(q);
    r->done = cx_get_i64(q);
    r->terms = cx_get_i64(q);
    r->error = cx_get_str(q, a);
    r->encoding = cx_get_str(q, a);
    r->embed_model = cx_get_str(q, a);
    r->embedded = cx_get_i64(q);
}


/* The one row there is, or CX_NOT_FOUND. */
static cx_err
read_one(cx_query *q, cx_arena *a, cx_knowledge_row *out)
{
    const bool  found = cx_query_next(q);
    cx_err      err;

    if (found) {
        read_file(q, a, out);
    }

    err = cx_query_end(q);

    return err != CX_OK ? err : !found ? CX_NOT_FOUND
           : cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


cx_err
cx_store_knowledge(cx_store *s, int64_t agent_id, cx_arena *a,
    cx_knowledge_list *out)
{
    cx_query           q = cx_query_of(s, CX_SQL_KNOWLEDGE);
    cx_knowledge_list  list = { .n = 0 };
    cx_knowledge_row  *r;
    cx_err             err;

    cx_bind_i64(&q, agent_id);

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        read_file(&q, a, r);
    }

    err = cx_query_end(&q);

    if (err == CX_OK && cx_arena_failed(a)) {
        err = CX_NOMEM;
    }

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_knowledge_get(cx_store *s, int64_t id, cx_arena *a,
    cx_knowledge_row *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_FILE_GET);

    cx_bind_i64(&q, id);
    return read_one(&q, a, out);
}


cx_err
cx_store_file_unindexed(cx_store *s, cx_arena *a, cx_knowledge_row *row)
{
    cx_query  q = cx_query_of(s, CX_SQL_FILE_UNINDEXED);

    return read_one(&q, a, row);
}


cx_err
cx_store_vectors_claim(cx_store *s, int64_t agent_id, cx_str model,
    int64_t now_ms, int64_t busy_until, cx_arena *a, cx_knowledge_row *row)
{
    cx_query  q = cx_query_of(s, CX_SQL_VECTORS_CLAIM);
    cx_err    err;

    cx_bind_i64(&q, agent_id);
    cx_bind_i64(&q, now_ms);
    cx_bind_str(&q, model);
    err = read_one(&q, a, row);

    if (err == CX_OK && !cx_str_eq(row->embed_model, model)) {
        err = cx_run_1(s, CX_SQL_VECTORS_DROP, row->id);
        row->embedded = 0;
    }

    /* What a crash has cut off is counted anew. */
    if (err == CX_OK) {
        err = cx_ask_1(s, CX_SQL_VECTORS_COUNT, row->id, &row->embedded);
    }

    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_VECTORS_CLAIMED);
    cx_bind_i64(&q, row->id);
    cx_bind_i64(&q, busy_until);
    cx_bind_str(&q, model);
    cx_bind_i64(&q, row->embedded);

    return cx_query_run(&q);
}


/* --- an end -------------------------------------------------------------- */

cx_err
cx_store_knowledge_delete(cx_store *s, int64_t id)
{
    int64_t  one;
    cx_err   err;

    err = cx_ask_1(s, CX_SQL_FILE_KNOWN, id, &one);

    return err == CX_OK ? cx_run_1(s, CX_SQL_FILE_DELETE, id) : err;
}


cx_err
cx_store_files_expire(cx_store *s, int64_t now_ms)
{
    cx_query  q = cx_query_of(s, CX_SQL_FILES_EXPIRE);

    cx_bind_i64(&q, now_ms);
    cx_bind_str(&q, CX_STR("it was interrupted; add the file again"));

    return cx_query_run(&q);
}


cx_err
cx_store_file_left(cx_store *s, int64_t *id)
{
    cx_query  q = cx_query_of(s, CX_SQL_FILE_LEFT);
    bool      found;
    cx_err    err;

    found = cx_query_next(&q);

    if (found) {
        *id = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    return err != CX_OK ? err : found ? CX_OK : CX_NOT_FOUND;
}


cx_err
cx_store_file_sweep(cx_store *s, int64_t id, int64_t rows, bool *done)
{
    static const cx_sql_name  steps[] = {
        CX_SQL_LEFT_VECTORS, CX_SQL_LEFT_TERMS, CX_SQL_LEFT_CHUNKS,
    };
    cx_err                    err;

    *done = false;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        err = cx_run_2(s, steps[i], id, rows);

        if (err != CX_OK || cx_changed(s) > 0) {
            return err;
        }
    }

    *done = true;
    err = cx_run_1(s, CX_SQL_LEFT_CLEAN, id);

    return err == CX_OK ? cx_run_1(s, CX_SQL_LEFT_GONE, id) : err;
}
