/*
 * What people and programs say through the API, beside the turns.
 */

#include "store/sql.h"

#define FORGET_MS  (7 * INT64_C(86400000))   /* a key nobody repeats */

/* *group is 0 when the key is new. */
static cx_err
look_for_key(cx_store *s, const cx_say *in, int64_t *group)
{
    cx_query  q;
    bool      same = true;
    cx_err    err;

    *group = 0;

    if (in->key.len == 0) {
        return CX_OK;
    }

    q = cx_query_of(s, CX_SQL_REQUEST_GET);
    cx_bind_i64(&q, in->conversation_id);
    cx_bind_str(&q, in->key);

    if (cx_query_next(&q)) {
        *group = cx_get_i64(&q);
        same = cx_str_eq(cx_view_str(&q), in->digest);
    }

    err = cx_query_end(&q);

    return err == CX_OK && !same ? CX_CONFLICT : err;
}


static cx_err
keep_key(cx_store *s, const cx_say *in)
{
    cx_query  q;
    cx_err    err;

    if (in->key.len == 0) {
        return CX_OK;
    }

    q = cx_query_of(s, CX_SQL_REQUEST_KEEP);
    cx_bind_i64(&q, in->conversation_id);
    cx_bind_str(&q, in->key);
    cx_bind_i64(&q, in->group_id);
    cx_bind_str(&q, in->digest);
    cx_bind_i64(&q, in->now_ms);
    err = cx_query_run(&q);

    return err == CX_OK
           ? cx_run_1(s, CX_SQL_REQUESTS_FORGET, in->now_ms - FORGET_MS)
           : err;
}


static cx_err
add_part(cx_store *s, const cx_say *in, size_t i)
{
    const cx_say_part  *p = &in->parts[i];
    cx_query            q = cx_query_of(s, CX_SQL_SAY_ADD);

    cx_bind_i64(&q, p->id);
    cx_bind_i64(&q, in->group_id);
    cx_bind_i64(&q, in->conversation_id);
    cx_bind_i64(&q, in->human ? CX_AUTHOR_HUMAN : CX_AUTHOR_SYSTEM);
    cx_bind_i64(&q, (int64_t) i);
    cx_bind_i64(&q, in->now_ms);
    cx_bind_str(&q, p->content);
    cx_bind_str(&q, p->text);
    cx_bind_str(&q, p->meta);
    cx_bind_str(&q, p->reply_to);

    return cx_query_run(&q);
}


/* What is only READY does not count: the word of a person takes its place. */
static cx_err
look_for_answer(cx_store *s, const cx_say *in)
{
    cx_query  q;
    bool      answered;
    cx_err    err;

    if (in->after == 0) {
        return CX_OK;
    }

    q = cx_query_of(s, CX_SQL_ANSWERED);
    cx_bind_i64(&q, in->conversation_id);
    cx_bind_i64(&q, in->after);
    answered = cx_query_next(&q);
    err = cx_query_end(&q);

    return err == CX_OK && answered ? CX_STALE : err;
}


cx_err
cx_store_say(cx_store *s, const cx_say *in, int64_t *group)
{
    int64_t  one, known;
    cx_err   err;

    err = cx_lock(s, CX_SQL_LOCK_CONVERSATION, in->conversation_id);

    if (err == CX_OK) {
        err = cx_ask_1(s, CX_SQL_CONVERSATION_KNOWN, in->conversation_id,
                       &one);
    }

    if (err != CX_OK) {
        return err;
    }

    err = look_for_key(s, in, &known);

    if (err != CX_OK || known != 0) {
        *group = known;
        return err;
    }

    err = look_for_answer(s, in);

    if (err == CX_OK && in->human) {
        err = cx_store_spoken(s, in->conversation_id, 0, in->now_ms);
    }

    for (size_t i = 0; i < in->n && err == CX_OK; i++) {
        err = add_part(s, in, i);
    }

    if (err == CX_OK) {
        err = keep_key(s, in);
    }

    *group = in->group_id;
    return err;
}
