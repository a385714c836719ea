#include "store/sql.h"


cx_err
cx_store_media_add(cx_store *s, const cx_media_row *row)
{
    cx_query  q = cx_query_of(s, CX_SQL_MEDIA_ADD);

    cx_bind_i64(&q, row->id);
    cx_bind_i64(&q, row->message_id);
    cx_bind_i64(&q, row->channel_id);
    cx_bind_i64(&q, row->partition);
    cx_bind_str(&q, row->ref_id);
    cx_bind_str(&q, row->ref_url);
    cx_bind_str(&q, row->name);
    cx_bind_str(&q, row->mime);
    cx_bind_i64(&q, row->created_at);

    return cx_query_run(&q);
}


static void
read_row(cx_query *q, cx_arena *a, cx_media_row *row)
{
    row->id = cx_get_i64(q);
    row->tenant = cx_get_i64(q);
    row->message_id = cx_get_i64(q);
    row->channel_id = cx_get_i64(q);
    row->partition = (unsigned) cx_get_i64(q);
    row->ref_id = cx_get_str(q, a);
    row->ref_url = cx_get_str(q, a);
    row->name = cx_get_str(q, a);
    row->mime = cx_get_str(q, a);
    row->state = (cx_media_state) cx_get_i64(q);
    row->attempts = cx_get_i64(q);
    row->not_before = cx_get_i64(q);
    row->size = cx_get_i64(q);
    row->sha256 = cx_get_str(q, a);
    row->type = cx_get_str(q, a);
    row->place = cx_get_str(q, a);
    row->error_text = cx_get_str(q, a);
    row->created_at = cx_get_i64(q);
    row->updated_at = cx_get_i64(q);
    row->heard = (cx_heard) cx_get_i64(q);
    row->transcript = cx_get_str(q, a);
}


static cx_err
read_list(cx_query *q, cx_arena *a, cx_media_list *out)
{
    cx_err         err;
    cx_media_row  *row;

    while (cx_query_next(q)) {
        row = CX_LIST_ADD(a, out);
        if (row == NULL) {
            break;
        }

        read_row(q, a, row);
    }

    err = cx_query_end(q);
    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


cx_err
cx_store_media_due(cx_store *s, uint64_t mask, int64_t now_ms, size_t limit,
    cx_arena *a, cx_media_list *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_MEDIA_DUE);

    cx_bind_i64(&q, now_ms);
    cx_bind_i64(&q, (int64_t) mask);
    cx_bind_i64(&q, (int64_t) limit);

    return read_list(&q, a, out);
}


cx_err
cx_store_media_of(cx_store *s, int64_t message_id, cx_arena *a,
    cx_media_list *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_MEDIA_OF);

    cx_bind_i64(&q, message_id);
    return read_list(&q, a, out);
}


cx_err
cx_store_media_inputs(cx_store *s, int64_t turn_id, size_t limit, cx_arena *a,
    cx_media_list *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_INPUT_MEDIA);

    cx_bind_i64(&q, turn_id);
    cx_bind_i64(&q, (int64_t) limit);

    return read_list(&q, a, out);
}


cx_err
cx_store_media(cx_store *s, int64_t id, cx_arena *a, cx_media_row *out)
{
    bool      found;
    cx_err    err;
    cx_query  q = cx_query_of(s, CX_SQL_MEDIA_GET);

    cx_bind_i64(&q, id);
    found = cx_query_next(&q);

    if (found) {
        read_row(&q, a, out);
    }

    err = cx_query_end(&q);

    if (err == CX_OK && cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    return err == CX_OK && !found ? CX_NOT_FOUND : err;
}


cx_err
cx_store_media_settle(cx_store *s, const cx_media_row *row)
{
    cx_err    err;
    cx_query  q = cx_query_of(s, CX_SQL_MEDIA_SETTLE);

    cx_bind_i64(&q, row->id);
    cx_bind_i64(&q, row->state);
    cx_bind_i64(&q, row->not_before);
    cx_bind_i64(&q, row->size);
    cx_bind_str(&q, row->sha256);
    cx_bind_str(&q, row->type);
    cx_bind_str(&q, row->place);
    cx_bind_str(&q, row->error_text);
    cx_bind_i64(&q, row->updated_at);
    err = cx_query_run(&q);

    return err == CX_OK && cx_changed(s) == 0 ? CX_STALE : err;
}
