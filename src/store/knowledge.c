/*
 * Knowledge files, cut into passages with a full-text index over them.
 */

#include "store/sql.h"

#include <string.h>


static cx_err
delete_file(cx_store *s, int64_t id)
{
    cx_err  err;

    err = cx_run_1(s, CX_SQL_FILE_CHUNKS_DELETE, id);

    return err == CX_OK ? cx_run_1(s, CX_SQL_FILE_DELETE, id) : err;
}


/* The file of that name that is to be replaced; 0 when it is new. */
static cx_err
find_old(cx_store *s, const cx_knowledge_row *row, int64_t *id)
{
    cx_query  q = cx_query_of(s, CX_SQL_FILE_BY_NAME);

    cx_bind_i64(&q, row->agent_id);
    cx_bind_str(&q, row->name);
    *id = cx_query_next(&q) ? cx_get_i64(&q) : 0;

    return cx_query_end(&q);
}


static cx_err
add_file(cx_store *s, const cx_knowledge_row *row, size_t chunks)
{
    cx_query  q = cx_query_of(s, CX_SQL_FILE_ADD);

    cx_bind_i64(&q, row->id);
    cx_bind_i64(&q, row->agent_id);
    cx_bind_str(&q, row->name);
    cx_bind_i64(&q, row->bytes);
    cx_bind_i64(&q, (int64_t) chunks);
    cx_bind_i64(&q, row->created_at);

    return cx_query_run(&q);
}


static cx_err
add_chunk(cx_store *s, const cx_knowledge_row *row, const cx_hit_row *chunk)
{
    cx_query  q = cx_query_of(s, CX_SQL_CHUNK_ADD);

    cx_bind_i64(&q, row->id);
    cx_bind_i64(&q, row->agent_id);
    cx_bind_i64(&q, chunk->position);
    cx_bind_str(&q, chunk->question);
    cx_bind_str(&q, chunk->text);

    return cx_query_run(&q);
}


/* The same id for another name or agent would take that file's place. */
static cx_err
check_file(cx_store *s, const cx_knowledge_row *row, int64_t *old)
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

    err = find_old(s, row, old);

    if (err != CX_OK || *old == row->id) {
        return err;
    }

    err = cx_ask_1(s, CX_SQL_FILE_KNOWN, row->id, &one);

    return err == CX_OK ? CX_CONFLICT : err == CX_NOT_FOUND ? CX_OK : err;
}


cx_err
cx_store_knowledge_put(cx_store *s, const cx_knowledge_row *row,
    const cx_hit_row *chunks, size_t n)
{
    int64_t  old = 0;
    cx_err   err;

    err = check_file(s, row, &old);

    if (err == CX_OK && old != 0) {
        err = delete_file(s, old);
    }

    if (err == CX_OK) {
        err = add_file(s, row, n);
    }

    for (size_t i = 0; i < n && err == CX_OK; i++) {
        err = add_chunk(s, row, &chunks[i]);
    }

    return err;
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
        r->id = cx_get_i64(&q);
        r->agent_id = cx_get_i64(&q);
        r->name = cx_get_str(&q, a);
        r->bytes = cx_get_i64(&q);
        r->chunks = cx_get_i64(&q);
        r->created_at = cx_get_i64(&q);
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
cx_store_knowledge_delete(cx_store *s, int64_t id)
{
    int64_t  one;
    cx_err   err;

    err = cx_ask_1(s, CX_SQL_FILE_KNOWN, id, &one);

    return err == CX_OK ? delete_file(s, id) : err;
}


cx_err
cx_store_search(cx_store *s, int64_t agent_id, cx_str query, size_t limit,
    cx_arena *a, cx_hit_list *out)
{
    cx_query     q;
    cx_hit_list  list = { .n = 0 };
    cx_hit_row  *r;
    cx_err       err;

    if (query.len == 0) {
        *out = list;
        return CX_OK;
    }

    q = cx_query_of(s, CX_SQL_SEARCH);
    cx_bind_i64(&q, agent_id);
    cx_bind_str(&q, query);
    cx_bind_i64(&q, (int64_t) limit);

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->file_id = cx_get_i64(&q);
        r->chunk_id = cx_get_i64(&q);
        r->source = cx_get_str(&q, a);
        r->position = cx_get_i64(&q);
        r->question = cx_get_str(&q, a);
        r->text = cx_get_str(&q, a);
        r->score = cx_get_f64(&q);
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
