#include "store/context.h"

#include "store/sql.h"
#include "store/talk.h"


/* --- summaries ----------------------------------------------------------- */

static cx_err
find_left(cx_store *s, int64_t conversation_id, int64_t before, cx_arena *a,
    cx_summary_left *out)
{
    cx_query         q = cx_query_of(s, CX_SQL_SUMMARY_LEFT);
    cx_summary_row  *y = &out->have;
    bool             found;
    cx_err           err;

    cx_bind_i64(&q, conversation_id);
    cx_bind_i64(&q, before);
    found = cx_query_next(&q);

    if (found) {
        y->conversation_id = cx_get_i64(&q);
        y->tenant = cx_get_i64(&q);
        y->text = cx_get_str(&q, a);
        y->first_id = cx_get_i64(&q);
        y->last_id = cx_get_i64(&q);
        y->messages = cx_get_i64(&q);
        out->left = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    return err != CX_OK ? err : found ? CX_OK : CX_NOT_FOUND;
}


/* Newest first, as long as there is room for them. */
static cx_err
read_texts(cx_store *s, int64_t before, cx_arena *a, cx_summary_left *out)
{
    cx_query         q = cx_query_of(s, CX_SQL_SUMMARY_TEXTS);
    cx_message_row   head = { .id = 0 }, *m;
    size_t           bytes = 0;
    cx_msg_state     state;
    cx_err           err;

    cx_bind_i64(&q, out->have.conversation_id);
    cx_bind_i64(&q, out->have.last_id);
    cx_bind_i64(&q, before);
    cx_bind_i64(&q, CX_SUMMARY_MESSAGES);

    while (bytes < CX_SUMMARY_BYTES && cx_query_next(&q)) {
        head.id = cx_get_i64(&q);
        head.author = cx_store_author(cx_get_i64(&q));
        state = (cx_msg_state) cx_get_i64(&q);
        head.created_at = cx_get_i64(&q);
        head.content = cx_get_str(&q, a);
        head.text = cx_get_str(&q, a);

        out->last_id = out->last_id == 0 ? head.id : out->last_id;
        out->first_id = head.id;

        if (cx_store_was_said(state)) {
            m = CX_LIST_ADD(a, &out->said);
            if (m == NULL) {
                break;
            }

            *m = head;
            bytes += head.text.len;
        }
    }

    err = cx_query_end(&q);
    cx_store_turn_round(&out->said);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


static cx_err
read_left(cx_store *s, int64_t conversation_id, int64_t before, cx_arena *a,
    cx_summary_left *out)
{
    const cx_err  err = find_left(s, conversation_id, before, a, out);

    return err == CX_OK && out->left > 0 ? read_texts(s, before, a, out)
                                         : err;
}


cx_err
cx_store_summary_left(cx_store *s, int64_t conversation_id, int64_t before,
    cx_arena *a, cx_summary_left *out)
{
    bool    own;
    cx_err  err;

    *out = (cx_summary_left) { .left = 0 };
    err = cx_look_begin(s, &own);

    return err != CX_OK ? err
           : cx_look_end(s, own, read_left(s, conversation_id, before, a,
                                           out));
}


cx_err
cx_store_summary_put(cx_store *s, const cx_summary_row *row,
    int64_t replaces_id)
{
    cx_query  q;
    cx_err    err = cx_lock(s, CX_SQL_LOCK_CONVERSATION,
                            row->conversation_id);

    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_SUMMARY_PUT);
    cx_bind_i64(&q, row->conversation_id);
    cx_bind_i64(&q, row->first_id);
    cx_bind_i64(&q, row->last_id);
    cx_bind_i64(&q, row->messages);
    cx_bind_i64(&q, row->tokens);
    cx_bind_i64(&q, row->at);
    cx_bind_str(&q, row->model);
    cx_bind_str(&q, row->text);
    cx_bind_i64(&q, replaces_id);
    err = cx_query_run(&q);

    return err == CX_OK && cx_changed(s) == 0 ? CX_STALE : err;
}


cx_err
cx_store_told_summaries(cx_store *s, int64_t customer_id, int64_t after,
    size_t limit, cx_arena *a, cx_summary_list *out)
{
    cx_query         q = cx_query_of(s, CX_SQL_TOLD_SUMMARIES);
    cx_summary_row  *r;
    cx_err           err;

    *out = (cx_summary_list) { .n = 0 };
    cx_bind_i64(&q, customer_id);
    cx_bind_i64(&q, after);
    cx_bind_i64(&q, (int64_t) limit);

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, out)) != NULL) {
        r->conversation_id = cx_get_i64(&q);
        r->first_id = cx_get_i64(&q);
        r->last_id = cx_get_i64(&q);
        r->messages = cx_get_i64(&q);
        r->at = cx_get_i64(&q);
        r->model = cx_get_str(&q, a);
        r->text = cx_get_str(&q, a);
    }

    err = cx_query_end(&q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


/* --- transcripts --------------------------------------------------------- */

cx_err
cx_store_hear_due(cx_store *s, uint64_t mask, int64_t since, int64_t now_ms,
    size_t limit, cx_arena *a, cx_hear_list *out)
{
    cx_query      q = cx_query_of(s, CX_SQL_HEAR_DUE);
    cx_hear_row  *r;
    cx_err        err;

    *out = (cx_hear_list) { .n = 0 };
    cx_bind_i64(&q, since);
    cx_bind_i64(&q, now_ms);
    cx_bind_i64(&q, (int64_t) mask);
    cx_bind_i64(&q, (int64_t) limit);

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, out)) != NULL) {
        r->id = cx_get_i64(&q);
        r->tenant = cx_get_i64(&q);
        r->message_id = cx_get_i64(&q);
        r->size = cx_get_i64(&q);
        r->listens = cx_get_i64(&q);
        r->type = cx_get_str(&q, a);
        r->place = cx_get_str(&q, a);
        r->turn_id = cx_get_i64(&q);
        r->conversation_id = cx_get_i64(&q);
        r->agent_id = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


cx_err
cx_store_hear_settle(cx_store *s, int64_t id, cx_heard heard,
    int64_t listen_at, cx_str transcript, int64_t now_ms)
{
    cx_query  q = cx_query_of(s, CX_SQL_HEAR_SETTLE);
    cx_err    err;

    cx_bind_i64(&q, id);
    cx_bind_i64(&q, heard);
    cx_bind_i64(&q, listen_at);
    cx_bind_str(&q, transcript);
    cx_bind_i64(&q, now_ms);
    err = cx_query_run(&q);

    return err == CX_OK && cx_changed(s) == 0 ? CX_STALE : err;
}
