/*
 * Evidence of what became of a message: the answer to the send, and delivery
 * statuses.  They come in any order and more than once; the state is the
 * highest rank seen, so that every order ends the same.
 *
 *     under way < accepted < sent < failed < delivered < read < played
 *
 * "failed" after "delivered" means nothing, "delivered" after "failed" does.
 */

#include "store/hooks.h"
#include "store/sql.h"

#include "core/intent.h"
#include "store/erase.h"

#include <string.h>

#define KEPT_MS    (30 * INT64_C(86400000))   /* a status nobody asked for */
#define UNTIL_MAX  64       /* messages that one watermark moves */

/* States not here, before anything is known, are rank 0. */
static const int ranks[CX_MSGSTATE_COUNT] = {
    [CX_MSGSTATE_ACCEPTED]  = 1,
    [CX_MSGSTATE_SENT]      = 2,
    [CX_MSGSTATE_FAILED]    = 3,
    [CX_MSGSTATE_DELIVERED] = 4,
    [CX_MSGSTATE_READ]      = 5,
    [CX_MSGSTATE_PLAYED]    = 6,
};

/* One piece of it. */
typedef struct {
    cx_msg_state  state;
    int64_t       at;
    int64_t       error_code;
    cx_str        error_text;
} evidence;

/* What the record says of the message. */
typedef struct {
    int64_t       id;
    int64_t       conversation_id;
    int64_t       channel_id;
    cx_msg_state  state;
    int64_t       attempts;
    int64_t       failed_attempts;
    int64_t       accepted_at;
    int64_t       delivered_at;
    int64_t       read_at;
    bool          has_provider_id;

    /* What weigh() and name_it() add. */
    bool          changed;
    bool          error_changed;
    int64_t       error_code;
    char          error_text[512];
    size_t        error_len;
    cx_str        provider_id;      /* empty: as it was */
} standing;


static void
read_standing(cx_query *q, standing *m)
{
    memset(m, 0, sizeof(*m));

    m->id = cx_get_i64(q);
    m->conversation_id = cx_get_i64(q);
    m->channel_id = cx_get_i64(q);
    m->state = (cx_msg_state) cx_get_i64(q);
    m->attempts = cx_get_i64(q);
    m->failed_attempts = cx_get_i64(q);
    m->accepted_at = cx_get_i64(q);
    m->delivered_at = cx_get_i64(q);
    m->read_at = cx_get_i64(q);
    m->has_provider_id = cx_get_i64(q) != 0;
}


static void
set_earliest(standing *m, int64_t *at, int64_t when)
{
    if (*at == 0 || when < *at) {
        *at = when;
        m->changed = true;
    }
}


static void
set_error(standing *m, const evidence *e)
{
    const bool    failed = e->state == CX_MSGSTATE_FAILED;
    const cx_str  text = cx_str_sub(e->error_text, 0, sizeof(m->error_text));

    m->error_changed = true;
    m->error_code = failed ? e->error_code : 0;
    m->error_len = failed ? text.len : 0;

    if (m->error_len > 0) {
        memcpy(m->error_text, text.p, text.len);
    }
}


static void
set_times(standing *m, const evidence *e)
{
    switch (e->state) {

    case CX_MSGSTATE_ACCEPTED:
        /* The answer to our own call, by our own clock: it counts more than
         * the provider's, which has whole seconds only. */
        m->changed = m->changed || m->accepted_at != e->at;
        m->accepted_at = e->at;
        break;

    case CX_MSGSTATE_SENT:
        if (m->accepted_at == 0) {
            set_earliest(m, &m->accepted_at, e->at);
        }
        break;

    case CX_MSGSTATE_DELIVERED:
        set_earliest(m, &m->delivered_at, e->at);
        break;

    case CX_MSGSTATE_READ:
    case CX_MSGSTATE_PLAYED:
        set_earliest(m, &m->read_at, e->at);
        break;

    default:
        break;
    }
}


static void
weigh(standing *m, const evidence *e)
{
    set_times(m, e);

    if (ranks[e->state] > ranks[m->state]) {
        m->state = e->state;
        m->changed = true;
        set_error(m, e);
    }
}


static cx_err
write_standing(cx_store *s, const standing *m, int64_t now_ms)
{
    cx_query  q = cx_query_of(s, CX_SQL_OUT_EVIDENCE);

    cx_bind_i64(&q, m->id);
    cx_bind_i64(&q, m->state);
    cx_bind_i64(&q, m->accepted_at);
    cx_bind_i64(&q, m->delivered_at);
    cx_bind_i64(&q, m->read_at);
    cx_bind_i64(&q, now_ms);
    cx_bind_i64(&q, m->provider_id.len == 0 ? 0
                    : cx_store_provider_key(m->channel_id, m->provider_id));
    cx_bind_str(&q, m->provider_id);
    cx_bind_i64(&q, m->error_changed);
    cx_bind_i64(&q, m->error_code);
    cx_bind_str(&q, (cx_str) { m->error_len, m->error_text });

    return cx_query_run(&q);
}


/* Statuses that came while the id was not known yet. */
static cx_err
join_early(cx_store *s, standing *m, cx_str provider_id)
{
    cx_query  q;
    evidence  e;
    bool      any = false;
    cx_err    err;

    err = cx_lock_key(s, cx_store_provider_key(m->channel_id, provider_id));
    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_STATUSES_OF);
    cx_bind_i64(&q, m->channel_id);
    cx_bind_str(&q, provider_id);

    while (cx_query_next(&q)) {
        e.state = (cx_msg_state) cx_get_i64(&q);
        e.at = cx_get_i64(&q);
        e.error_code = cx_get_i64(&q);
        e.error_text = cx_view_str(&q);
        weigh(m, &e);
        any = true;
    }

    err = cx_query_end(&q);

    if (err != CX_OK || !any) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_STATUSES_JOINED);
    cx_bind_i64(&q, m->channel_id);
    cx_bind_str(&q, provider_id);

    return cx_query_run(&q);
}


/* The first id stays: it is the one that statuses speak of. */
static cx_err
name_it(cx_store *s, standing *m, cx_str provider_id)
{
    if (m->has_provider_id || provider_id.len == 0) {
        return CX_OK;
    }

    m->provider_id = provider_id;
    m->changed = true;

    return join_early(s, m, provider_id);
}


cx_query
cx_store_accepted_ask(cx_store *s, int64_t message_id)
{
    cx_query  q = cx_query_of(s, CX_SQL_OUT_STANDING);

    cx_bind_i64(&q, message_id);
    cx_query_ahead(&q);

    return q;
}


cx_err
cx_store_accepted(cx_store *s, cx_query *asked, cx_str provider_id,
    int64_t now_ms)
{
    standing  m;
    evidence  e = { .state = CX_MSGSTATE_ACCEPTED, .at = now_ms };
    bool      found;
    cx_err    err;

    found = cx_query_next(asked);

    if (found) {
        read_standing(asked, &m);
    }

    err = cx_query_end(asked);

    if (err != CX_OK || !found) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    weigh(&m, &e);
    err = name_it(s, &m, provider_id);

    return err == CX_OK && m.changed ? write_standing(s, &m, now_ms) : err;
}


/* --- statuses ------------------------------------------------------------ */

static cx_err
find_by_provider(cx_store *s, const cx_status_in *in, standing *m,
    bool *found)
{
    cx_query  q = cx_query_of(s, CX_SQL_OUT_BY_PROVIDER);

    cx_bind_i64(&q, cx_store_provider_key(in->channel_id, in->msg->id));
    cx_bind_i64(&q, in->channel_id);
    cx_bind_str(&q, in->msg->id);
    *found = cx_query_next(&q);

    if (*found) {
        read_standing(&q, m);
    }

    return cx_query_end(&q);
}


/* That it arrived is true of every attempt.  That it failed is true of the
 * last one only, and "sent" tells nothing of an attempt known to have failed:
 * a person has asked for another one. */
static bool
speaks_of(const standing *m, cx_msg_state state, int64_t attempt)
{
    switch (state) {

    case CX_MSGSTATE_FAILED:
        return attempt == m->attempts && m->state != CX_MSGSTATE_READY;

    case CX_MSGSTATE_ACCEPTED:
    case CX_MSGSTATE_SENT:
        return attempt > m->failed_attempts;

    default:
        return true;
    }
}


static cx_err
find_by_tag(cx_store *s, const cx_status_in *in, cx_msg_state state,
    standing *m, bool *found)
{
    cx_query  q;
    int64_t   id, attempt;

    *found = false;

    if (!cx_intent_parse(in->msg->tag, &id, &attempt) || attempt < 1) {
        return CX_OK;
    }

    q = cx_query_of(s, CX_SQL_OUT_STANDING);
    cx_bind_i64(&q, id);

    if (cx_query_next(&q)) {
        read_standing(&q, m);
        *found = m->channel_id == in->channel_id
                 && m->state != CX_MSGSTATE_REVIEW
                 && m->state != CX_MSGSTATE_REJECTED
                 && speaks_of(m, state, attempt);
    }

    return cx_query_end(&q);
}


/* It speaks of a message to somebody who was erased since: not even the
 * provider's id of it is kept. */
static cx_err
is_of_nobody(cx_store *s, const cx_status_in *in, bool *erased)
{
    cx_query  q;
    cx_err    err;

    *erased = false;

    if (in->msg->peer.len == 0) {
        return CX_OK;
    }

    err = cx_store_is_erased(s, in->channel_id, in->msg->peer, 0, erased);

    if (err != CX_OK || !*erased) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_PEER_KNOWN);
    cx_bind_i64(&q, in->channel_id);
    cx_bind_str(&q, in->msg->peer);
    *erased = !cx_query_next(&q);

    return cx_query_end(&q);
}


static cx_err
keep(cx_store *s, const cx_status_in *in, const evidence *e)
{
    cx_query  q = cx_query_of(s, CX_SQL_STATUS_KEEP);
    cx_err    err;

    cx_bind_i64(&q, in->channel_id);
    cx_bind_str(&q, in->msg->id);
    cx_bind_i64(&q, e->state);
    cx_bind_i64(&q, e->at);
    cx_bind_i64(&q, e->error_code);
    cx_bind_str(&q, e->error_text);
    cx_bind_i64(&q, in->now_ms);
    err = cx_query_run(&q);

    return err == CX_OK
           ? cx_run_1(s, CX_SQL_STATUSES_FORGET, in->now_ms - KEPT_MS) : err;
}


static bool
was_unsure(cx_msg_state state)
{
    return state == CX_MSGSTATE_AMBIGUOUS || state == CX_MSGSTATE_HELD;
}


static cx_err
record(cx_store *s, const cx_status_in *in, const evidence *e, standing *m,
    cx_status_out *out)
{
    const cx_msg_state  before = m->state;
    const bool          unsure = was_unsure(before);
    cx_err              err;

    weigh(m, e);
    err = name_it(s, m, in->msg->id);

    if (err == CX_OK && m->changed) {
        err = write_standing(s, m, in->now_ms);
    }

    if (err == CX_OK && m->state == CX_MSGSTATE_FAILED && before != m->state) {
        err = cx_store_tell_message(s, m->id, in->now_ms);
    }

    if (err == CX_OK) {
        *out = (cx_status_out) {
            .known = true,
            .message_id = m->id,
            .conversation_id = m->conversation_id,
            .was_ambiguous = unsure,
            .changed = m->changed,
        };
    }

    return err;
}


/*
 * A watermark (Messenger): all that was sent until a time, whose milliseconds
 * stand in place of an id.  What is older than the newest 64 stays as it is.
 * It is no evidence of a send that is not known to have happened.
 */
static cx_err
record_until(cx_store *s, const cx_status_in *in, const evidence *e,
    int64_t until, cx_status_out *out)
{
    cx_err    err;
    cx_query  q = cx_query_of(s, CX_SQL_OUT_UNTIL);
    size_t    n = 0;
    standing  list[UNTIL_MAX];

    memset(out, 0, sizeof(*out));

    cx_bind_i64(&q, in->channel_id);
    cx_bind_str(&q, in->msg->peer);
    cx_bind_i64(&q, until);
    cx_bind_i64(&q, UNTIL_MAX);

    while (n < UNTIL_MAX && cx_query_next(&q)) {
        read_standing(&q, &list[n++]);
    }

    err = cx_query_end(&q);

    for (size_t i = n; err == CX_OK && i-- > 0; ) {
        standing  *m = &list[i];

        weigh(m, e);

        if (m->changed) {
            err = write_standing(s, m, in->now_ms);
            *out = (cx_status_out) {
                .known = true, .message_id = m->id,
                .conversation_id = m->conversation_id, .changed = true,
            };
        }
    }

    return err;
}


/* By the id, by the intent, or by what it says: the answer to a send may come
 * after its echo, or never. */
cx_err
cx_store_echo(cx_store *s, const cx_take *in, int64_t conversation_id,
    int64_t partition, cx_status_out *out)
{
    const cx_status_in  st = { .msg = in->msg, .channel_id = in->channel_id,
                               .now_ms = in->now_ms };
    const evidence      e = {
        .state = CX_MSGSTATE_SENT,
        .at = in->msg->ts_ms != 0 ? in->msg->ts_ms : in->now_ms,
    };
    standing            m;
    bool                found = false;
    cx_query            q;
    cx_err              err;

    memset(out, 0, sizeof(*out));
    err = find_by_provider(s, &st, &m, &found);

    if (err == CX_OK && !found) {
        err = find_by_tag(s, &st, e.state, &m, &found);
    }

    if (err == CX_OK && !found && conversation_id != 0
        && in->msg->text.len > 0)
    {
        q = cx_query_of(s, CX_SQL_OUT_BY_TEXT);
        cx_bind_i64(&q, partition);
        cx_bind_i64(&q, conversation_id);
        cx_bind_str(&q, in->msg->text);
        found = cx_query_next(&q);

        if (found) {
            read_standing(&q, &m);
        }

        err = cx_query_end(&q);
    }

    return err == CX_OK && found ? record(s, &st, &e, &m, out) : err;
}


static bool
read_evidence(const cx_status_in *in, evidence *e)
{
    const cx_msg  *m = in->msg;

    if (m->id.len == 0 || !cx_msg_state_parse(m->content, &e->state)
        || ranks[e->state] == 0)
    {
        return false;
    }

    e->at = m->ts_ms > 0 ? m->ts_ms : in->now_ms;
    e->error_code = m->error_code;
    e->error_text = m->error_text;

    return true;
}


cx_err
cx_store_status(cx_store *s, const cx_status_in *in, cx_status_out *out)
{
    evidence  e;
    standing  m;
    int64_t   until;
    bool      found;
    cx_err    err;

    if (!read_evidence(in, &e)) {
        return CX_INVALID;
    }

    err = cx_lock_status(s, in);
    if (err != CX_OK) {
        return err;
    }

    if (cx_str_eq(in->msg->payload, CX_STR("watermark"))
        && cx_str_to_i64(in->msg->id, &until))
    {
        return record_until(s, in, &e, until, out);
    }

    err = find_by_provider(s, in, &m, &found);

    if (err == CX_OK && !found) {
        err = find_by_tag(s, in, e.state, &m, &found);
    }

    if (err != CX_OK) {
        return err;
    }

    if (found) {
        return record(s, in, &e, &m, out);
    }

    err = is_of_nobody(s, in, &found);

    if (err == CX_OK && !found) {
        err = keep(s, in, &e);
    }

    if (err == CX_OK) {
        memset(out, 0, sizeof(*out));
    }

    return err;
}
