#include "store/hooks.h"
#include "store/sql.h"


cx_err
cx_store_hush(cx_store *s, int64_t conversation_id, int64_t until,
    int64_t now_ms)
{
    cx_err  err;

    err = cx_run_2(s, CX_SQL_FENCE_MOVE, conversation_id, until);

    if (err == CX_OK && cx_changed(s) == 0) {
        return CX_NOT_FOUND;
    }

    if (err == CX_OK) {
        err = cx_run_2(s, CX_SQL_TURN_HUSH, conversation_id, now_ms);
    }

    return err == CX_OK
           ? cx_run_2(s, CX_SQL_OUTS_HUSH, conversation_id, now_ms) : err;
}


cx_err
cx_store_spoken(cx_store *s, int64_t conversation_id, int64_t until,
    int64_t now_ms)
{
    cx_err  err;

    err = cx_store_hush(s, conversation_id, until, now_ms);

    if (err == CX_OK) {
        err = cx_run_2(s, CX_SQL_REVIEWS_ANSWERED, conversation_id, now_ms);
    }

    return err == CX_OK && cx_changed(s) > 0
           ? cx_run_2(s, CX_SQL_TURNS_ANSWERED, conversation_id, now_ms)
           : err;
}


/* CX_NOT_FOUND; free: nobody has it, or that person. */
static cx_err
look_who(cx_store *s, int64_t id, cx_str who, bool *is_free)
{
    cx_query  q = cx_query_of(s, CX_SQL_TALK_TAKEN);
    bool      found;
    cx_str    by;
    cx_err    err;

    cx_bind_i64(&q, id);
    found = cx_query_next(&q);

    if (found) {
        by = cx_view_str(&q);
        *is_free = by.len == 0 || cx_str_eq(by, who);
    }

    err = cx_query_end(&q);

    return err != CX_OK ? err : found ? CX_OK : CX_NOT_FOUND;
}


static cx_err
write_who(cx_store *s, int64_t id, cx_str who, int64_t at)
{
    cx_query  q = cx_query_of(s, CX_SQL_TALK_TAKE);

    cx_bind_i64(&q, id);
    cx_bind_str(&q, who);
    cx_bind_i64(&q, at);

    return cx_query_run(&q);
}


static cx_err
tell(cx_store *s, cx_event event, int64_t id, cx_str who, int64_t now_ms)
{
    return cx_store_tell(s, &(cx_telling) {
        .event = event,
        .conversation_id = id,
        .who = who,
        .now_ms = now_ms,
    });
}


cx_err
cx_store_conversation_take(cx_store *s, int64_t id, cx_str who, bool force,
    int64_t now_ms)
{
    bool    is_free = false;
    cx_err  err;

    if (who.len == 0) {
        return CX_INVALID;
    }

    err = cx_lock(s, CX_SQL_LOCK_CONVERSATION, id);

    if (err == CX_OK) {
        err = look_who(s, id, who, &is_free);
    }

    if (err == CX_OK && !is_free && !force) {
        return CX_CONFLICT;
    }

    if (err == CX_OK) {
        err = cx_store_hush(s, id, 0, now_ms);
    }

    if (err == CX_OK) {
        err = write_who(s, id, who, now_ms);
    }

    return err == CX_OK ? tell(s, CX_EVENT_TAKEN, id, who, now_ms) : err;
}


cx_err
cx_store_conversation_give(cx_store *s, int64_t id, cx_str who,
    int64_t now_ms)
{
    bool    is_free = false;
    cx_err  err;

    err = cx_lock(s, CX_SQL_LOCK_CONVERSATION, id);

    /* "": whoever has it, it is somebody. */
    if (err == CX_OK) {
        err = look_who(s, id, CX_NOSTR, &is_free);
    }

    if (err == CX_OK) {
        err = cx_run_2(s, CX_SQL_CONVERSATION_QUIET, id, 0);
    }

    if (err == CX_OK && !is_free) {
        err = write_who(s, id, CX_NOSTR, 0);
    }

    return err == CX_OK && !is_free
           ? tell(s, CX_EVENT_GIVEN, id, who, now_ms) : err;
}


cx_err
cx_store_conversation_quiet(cx_store *s, int64_t id, int64_t until,
    int64_t now_ms)
{
    bool    is_free;
    cx_err  err;

    err = look_who(s, id, CX_NOSTR, &is_free);

    if (err != CX_OK) {
        return err;
    }

    return until > 0 ? cx_store_hush(s, id, until, now_ms)
                     : cx_run_2(s, CX_SQL_CONVERSATION_QUIET, id, 0);
}


cx_err
cx_store_ai_sending(cx_store *s, int64_t id, int64_t since_ms, bool *yes)
{
    cx_query  q = cx_query_of(s, CX_SQL_AI_SENDING);

    cx_bind_i64(&q, id);
    cx_bind_i64(&q, since_ms);
    *yes = cx_query_next(&q);

    return cx_query_end(&q);
}
