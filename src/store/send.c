/*
 * CLAIM and SETTLE: the intent is record before the first byte leaves, the
 * outcome is record before anything else is tried.
 */

#include "store/hooks.h"
#include "store/sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>


static void
read_outgoing(cx_query *q, cx_arena *a, cx_outgoing *out)
{
    out->event = cx_get_str(q, a);
    out->content = cx_get_str(q, a);
    out->text = cx_get_str(q, a);
    out->meta = cx_get_str(q, a);
    out->reply_to = cx_get_str(q, a);
    out->human = cx_get_i64(q) == CX_AUTHOR_HUMAN;
    out->withdrawn = cx_get_i64(q) != 0;
    out->peer = cx_get_str(q, a);
    out->peer_alt = cx_get_str(q, a);
    out->opted_out = cx_get_i64(q) != 0;
    out->last_in_at = cx_get_i64(q);
    out->thread_id = cx_get_str(q, a);
    out->thread_meta = cx_get_str(q, a);
}


/* What stands in the way of sending it now; *out is filled for CX_OK. */
static cx_err
look_at(cx_store *s, const cx_claim *in, cx_arena *a, cx_outgoing *out)
{
    cx_query      q = cx_query_of(s, CX_SQL_OUT_FOR_CLAIM);
    cx_msg_state  state;
    int64_t       not_before;
    unsigned      partition;
    cx_err        found = CX_NOT_FOUND, err;

    cx_bind_i64(&q, in->message_id);

    if (cx_query_next(&q)) {
        state = (cx_msg_state) cx_get_i64(&q);
        not_before = cx_get_i64(&q);
        partition = (unsigned) cx_get_i64(&q);

        if (partition != in->fence.partition) {
            found = CX_FENCED;

        } else if (state != CX_MSGSTATE_READY || not_before > in->now_ms) {
            found = CX_STALE;

        } else {
            found = CX_OK;
            out->message_id = in->message_id;
            out->conversation_id = cx_get_i64(&q);
            out->channel_id = cx_get_i64(&q);
            out->attempts = cx_get_i64(&q) + 1;
            read_outgoing(&q, a, out);
        }
    }

    err = cx_query_end(&q);

    return err != CX_OK ? err : found;
}


cx_err
cx_store_claim(cx_store *s, const cx_claim *in, cx_arena *a,
    cx_outgoing *out)
{
    cx_outgoing  o;
    cx_err       err;

    err = cx_store_fence(s, in->fence);

    if (err == CX_OK) {
        err = cx_lock(s, CX_SQL_LOCK_MESSAGE, in->message_id);
    }

    if (err != CX_OK) {
        return err;
    }

    memset(&o, 0, sizeof(o));
    err = look_at(s, in, a, &o);
    if (err != CX_OK) {
        return err;
    }

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    err = cx_run_2(s, o.withdrawn ? CX_SQL_OUT_WITHDRAW : CX_SQL_OUT_CLAIM,
                   in->message_id, in->now_ms);

    if (err == CX_OK) {
        *out = o;
    }

    return err;
}


/* --- settle -------------------------------------------------------------- */

static cx_err
standing_of(cx_store *s, const cx_settle *in, cx_msg_state *state)
{
    cx_query  q = cx_query_of(s, CX_SQL_OUT_FOR_SETTLE);
    cx_err    found = CX_NOT_FOUND, err;

    cx_bind_i64(&q, in->message_id);

    if (cx_query_next(&q)) {
        *state = (cx_msg_state) cx_get_i64(&q);
        found = cx_get_i64(&q) == in->fence.partition ? CX_OK : CX_FENCED;
    }

    err = cx_query_end(&q);

    return err != CX_OK ? err : found;
}


static bool
is_under_way(cx_msg_state state)
{
    return state == CX_MSGSTATE_SENDING || state == CX_MSGSTATE_AMBIGUOUS;
}


/* A status may have been faster than the answer to the send: then the record
 * knows already and ACCEPTED adds to it. */
static bool
was_proven(cx_msg_state state)
{
    return state == CX_MSGSTATE_FAILED || state >= CX_MSGSTATE_ACCEPTED;
}


static bool
may_settle_as(cx_msg_state state)
{
    return state == CX_MSGSTATE_ACCEPTED || state == CX_MSGSTATE_READY
           || state == CX_MSGSTATE_AMBIGUOUS || state == CX_MSGSTATE_HELD
           || state == CX_MSGSTATE_FAILED;
}


static cx_err
write_outcome(cx_store *s, const cx_settle *in)
{
    cx_query  q = cx_query_of(s, CX_SQL_OUT_SETTLE);

    cx_bind_i64(&q, in->message_id);
    cx_bind_i64(&q, in->state);
    cx_bind_i64(&q, in->not_before);
    cx_bind_i64(&q, in->error_code);
    cx_bind_str(&q, in->error_text);
    cx_bind_i64(&q, in->now_ms);
    cx_bind_i64(&q, in->unsent);

    return cx_query_run(&q);
}


static cx_err
add_letter(cx_store *s, const cx_settle *in)
{
    char       code[24];
    const int  len = snprintf(code, sizeof(code), "%" PRId64, in->error_code);
    cx_query   q = cx_query_of(s, CX_SQL_DEAD_SEND);

    cx_bind_i64(&q, in->dead_id);
    cx_bind_i64(&q, in->message_id);
    cx_bind_str(&q, in->reason.len > 0 ? in->reason
                                       : (cx_str) { (size_t) len, code });
    cx_bind_str(&q, in->error_text);
    cx_bind_i64(&q, in->now_ms);

    return cx_query_run(&q);
}


/* The turn's reply waits for a person again; each part adds to the draft. */
static cx_err
add_review(cx_store *s, const cx_settle *in)
{
    cx_query  q = cx_query_of(s, CX_SQL_REVIEW_AGAIN);
    int64_t   turn_id = 0;
    cx_err    err;

    cx_bind_i64(&q, in->message_id);
    cx_bind_str(&q, in->reason);
    cx_bind_i64(&q, in->now_ms);
    err = cx_query_run(&q);

    *in->review = err == CX_OK && cx_changed(s) > 0;

    if (*in->review) {
        err = cx_run_1(s, CX_SQL_TURN_AGAIN, in->message_id);
    }

    if (*in->review && err == CX_OK) {
        err = cx_run_1(s, CX_SQL_OUT_AGAIN, in->message_id);
    }

    if (*in->review && err == CX_OK) {
        err = cx_ask_1(s, CX_SQL_TURN_OF, in->message_id, &turn_id);
    }

    return *in->review && err == CX_OK
           ? cx_store_review_opened(s, turn_id, in->now_ms) : err;
}


static cx_err
add_last_word(cx_store *s, const cx_settle *in)
{
    cx_err  err;

    if (in->review != NULL) {
        err = add_review(s, in);

        if (err != CX_OK || *in->review) {
            return err;
        }
    }

    err = add_letter(s, in);

    return err == CX_OK ? cx_store_tell_message(s, in->message_id, in->now_ms)
                        : err;
}


static cx_err
settle_accepted(cx_store *s, const cx_settle *in)
{
    cx_query      asked = cx_store_accepted_ask(s, in->message_id);
    cx_msg_state  state = CX_MSGSTATE_RECEIVED;
    cx_err        err = standing_of(s, in, &state);

    if (err == CX_OK && (is_under_way(state) || was_proven(state))) {
        return cx_store_accepted(s, &asked, in->provider_id, in->now_ms);
    }

    (void) cx_query_end(&asked);
    return err == CX_OK ? CX_STALE : err;
}


static cx_err
settle_other(cx_store *s, const cx_settle *in)
{
    cx_msg_state  state = CX_MSGSTATE_RECEIVED;
    cx_err        err = standing_of(s, in, &state);

    if (err != CX_OK) {
        return err;
    }

    if (!is_under_way(state)) {
        return CX_STALE;
    }

    err = write_outcome(s, in);

    if (err == CX_OK && in->state == CX_MSGSTATE_HELD) {
        err = cx_store_tell_message(s, in->message_id, in->now_ms);
    }

    return err == CX_OK && in->dead_id != 0 ? add_last_word(s, in) : err;
}


cx_err
cx_store_settle(cx_store *s, const cx_settle *in)
{
    cx_err  err;

    if (!may_settle_as(in->state)) {
        return CX_INVALID;
    }

    err = cx_store_fence(s, in->fence);

    if (err == CX_OK) {
        err = cx_lock(s, CX_SQL_LOCK_MESSAGE, in->message_id);
    }

    if (err != CX_OK) {
        return err;
    }

    return in->state == CX_MSGSTATE_ACCEPTED ? settle_accepted(s, in)
                                             : settle_other(s, in);
}


/* --- a person's word ----------------------------------------------------- */

static cx_err
check_held(cx_store *s, int64_t id)
{
    int64_t  state;
    cx_err   err;

    err = cx_ask_1(s, CX_SQL_OUT_HELD, id, &state);
    if (err != CX_OK) {
        return err;
    }

    return state == CX_MSGSTATE_HELD || state == CX_MSGSTATE_FAILED
           ? CX_OK : CX_CONFLICT;
}


/* The row stays; the next claim counts one more attempt, which makes another
 * intent.  What came of the old ones is told apart by failed_attempts. */
cx_err
cx_store_release(cx_store *s, int64_t id, bool resend, int64_t now_ms)
{
    cx_query  q;
    cx_err    err;

    err = cx_lock(s, CX_SQL_LOCK_MESSAGE, id);

    if (err == CX_OK) {
        err = check_held(s, id);
    }

    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_OUT_RELEASE);
    cx_bind_i64(&q, id);
    cx_bind_i64(&q, resend ? CX_MSGSTATE_READY : CX_MSGSTATE_CANCELLED);
    cx_bind_i64(&q, now_ms);
    err = cx_query_run(&q);

    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_DEAD_OF_MESSAGE);
    cx_bind_i64(&q, id);
    cx_bind_str(&q, resend ? CX_STR("retried") : CX_STR("dropped"));

    return cx_query_run(&q);
}


cx_err
cx_store_message_release(cx_store *s, int64_t id, bool resend, cx_str who,
    int64_t now_ms)
{
    cx_err  err;

    err = cx_store_release(s, id, resend, now_ms);
    if (err != CX_OK) {
        return err;
    }

    return cx_store_audit_ref(s, who, resend ? "message.resend"
                                              : "message.cancel",
                               "ms", id, now_ms);
}
