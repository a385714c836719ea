/* What happened, as the body of a Standard Webhook: {type, timestamp, data}.
 * It names things by their ids; what was said only where a hook asks. */

#include "store/hooks.h"

#include "core/id.h"
#include "core/json.h"
#include "core/time.h"
#include "store/sql.h"

#include <inttypes.h>

#define BODY_MAX  (256 * 1024)
#define TEXT_MAX  16384
#define MAIL_MS   600000        /* one conversation, one mail */

/* Whom it is about, and whether anybody wants to know. */
typedef struct {
    cx_str   channel;
    int64_t  tenant;
    int64_t  want;              /* 0: nobody, 1: without text, 2: with it */
} audience;


static cx_err
find_audience(cx_store *s, const cx_telling *what, cx_arena *a,
    audience *found)
{
    int64_t   channel_id = what->channel_id;
    cx_query  q;
    cx_err    err = CX_OK;

    if (channel_id == 0) {
        err = cx_ask_1(s, CX_SQL_HOOKS_WANT_OF, what->conversation_id,
                       &channel_id);
    }

    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_HOOKS_WANT);
    cx_bind_i64(&q, channel_id);
    cx_bind_str(&q, cx_strz(cx_event_word(what->event)));

    if (cx_query_next(&q)) {
        found->channel = cx_get_str(&q, a);
        found->tenant = cx_get_i64(&q);
        found->want = cx_get_i64(&q);
    }

    return cx_query_end(&q);
}


static cx_str
time_text(cx_arena *a, int64_t ms)
{
    const int64_t  s = ms / 1000, day = s / 86400, at = s % 86400;
    int64_t        year;
    unsigned       month, d;

    cx_time_civil(day, &year, &month, &d);

    return cx_printf(a, "%04" PRId64 "-%02u-%02uT%02" PRId64 ":%02" PRId64
                     ":%02" PRId64 ".%03" PRId64 "Z", year, month, d,
                     at / 3600, at / 60 % 60, at % 60, ms % 1000);
}


static void
put(cx_json_writer *w, const char *name, cx_str value)
{
    if (value.len > 0) {
        cx_json_name(w, cx_strz(name));
        cx_json_put_str(w, value);
    }
}


static void
put_id(cx_json_writer *w, const char *name, const char *prefix, int64_t id)
{
    if (id != 0) {
        put(w, name, cx_id_text(w->buf->arena, prefix, id));
    }
}


static cx_str
body_of(const cx_telling *what, const audience *of, bool text, cx_arena *a)
{
    cx_buf          b;
    cx_json_writer  w;

    cx_buf_init(&b, a, 512, BODY_MAX);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    put(&w, "type", cx_strz(cx_event_word(what->event)));
    put(&w, "timestamp", time_text(a, what->now_ms));
    cx_json_name(&w, CX_STR("data"));
    cx_json_begin(&w, '{');
    put(&w, "channel", of->channel);
    put_id(&w, "conversation", "cv", what->conversation_id);
    put_id(&w, "review", "rv", what->review_id);
    put_id(&w, "message", "ms", what->message_id);
    put_id(&w, "budget", "bg", what->budget_id);
    put(&w, "who", what->who);
    put(&w, "reason", what->reason);

    if (text) {
        put(&w, "text", cx_str_sub(what->text, 0, TEXT_MAX));
    }

    cx_json_end(&w, '}');
    cx_json_end(&w, '}');
    return cx_buf_str(&b);
}


static cx_err
write_all(cx_store *s, const cx_telling *what, const audience *to,
    cx_arena *a)
{
    const cx_str  plain = body_of(what, to, false, a);
    const cx_str  full = to->want > 1 ? body_of(what, to, true, a) : plain;
    cx_query      q;

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    q = cx_query_of(s, CX_SQL_HOOK_TELL);
    cx_bind_i64(&q, to->tenant);
    cx_bind_str(&q, cx_strz(cx_event_word(what->event)));
    cx_bind_i64(&q, what->conversation_id);
    cx_bind_str(&q, plain);
    cx_bind_str(&q, full);
    cx_bind_i64(&q, what->now_ms);
    cx_bind_i64(&q, what->now_ms - MAIL_MS);

    return cx_query_run(&q);
}


cx_err
cx_store_tell(cx_store *s, const cx_telling *what)
{
    audience   to = { .want = 0 };
    cx_arena  *a = cx_arena_new((size_t) 4 * BODY_MAX);
    cx_err     err;

    if (a == NULL) {
        return CX_NOMEM;
    }

    err = find_audience(s, what, a, &to);

    if (err == CX_OK && to.want > 0) {
        err = write_all(s, what, &to, a);
    }

    cx_arena_free(a);
    return err;
}


cx_err
cx_store_tell_message(cx_store *s, int64_t message_id, int64_t now_ms)
{
    cx_telling  what = {
        .event = CX_EVENT_MESSAGE_FAILED, .message_id = message_id,
        .now_ms = now_ms,
    };
    cx_query    q = cx_query_of(s, CX_SQL_MESSAGE_TOLD);
    cx_err      err = CX_NOT_FOUND, end;

    cx_bind_i64(&q, message_id);

    if (cx_query_next(&q)) {
        what.conversation_id = cx_get_i64(&q);
        what.reason = cx_view_str(&q);
        what.text = cx_view_str(&q);
        err = cx_store_tell(s, &what);
    }

    end = cx_query_end(&q);

    return end != CX_OK ? end : err;
}
