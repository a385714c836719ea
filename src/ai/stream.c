/*
 * Server-sent events.  Facts: WHATWG HTML, "9.2.6 Interpreting an event
 * stream".  Unlike a browser we take a last event that no blank line follows:
 * some servers close right behind the word that ends their stream.
 */

#include "ai/stream.h"

#include "ai/outcome.h"


#define EVENT_NAME_MAX  256
#define ARGS_MAX        (64 * 1024)


/* What the next byte of a line belongs to. */
enum {
    IN_NAME,        /* of the field */
    IN_DATA,
    IN_EVENT,
    IN_NOTHING      /* a comment, or a field that does not matter */
};


static size_t run_length(cx_str bytes);
static void take_run(cx_ai_stream *s, cx_str run);
static void take_name(cx_ai_stream *s, cx_str part);
static void begin_value(cx_ai_stream *s);
static void end_line(cx_ai_stream *s);
static void end_event(cx_ai_stream *s);
static cx_ai_outcome outcome_of(const cx_ai_stream *s, const cx_http_res *res);
static cx_ai_outcome failure(const cx_ai_stream *s, const cx_http_res *res);


bool
cx_ai_stream_is(const cx_http_res *res)
{
    static const cx_str  events = CX_STR_INIT("text/event-stream");
    const cx_str         type = cx_http_header(res->headers, res->nheaders,
                                               CX_STR("content-type"), NULL);

    return (res->status == 200 || res->status == 201)
           && (type.len == 0
               || cx_str_eq_nocase(cx_str_sub(type, 0, events.len), events));
}


void
cx_ai_stream_init(cx_ai_stream *s, const cx_ai *ai, cx_arena *a)
{
    *s = (cx_ai_stream) {
        .ai = ai,
        .arena = a,
        .reply = { .finish = CX_FINISH_OTHER },
    };

    cx_buf_init(&s->event, a, 0, EVENT_NAME_MAX);
    cx_buf_init(&s->data, a, 0, CX_AI_STREAM_LINE_MAX);
    cx_buf_init(&s->text, a, 0, CX_AI_STREAM_TEXT_MAX);
    cx_buf_init(&s->own, a, 0, CX_AI_STREAM_TEXT_MAX);

    for (size_t i = 0; i < CX_AI_CALLS_MAX; i++) {
        cx_buf_init(&s->args[i], a, 0, ARGS_MAX);
    }
}


cx_ai_call *
cx_ai_stream_call(cx_ai_stream *s, size_t at)
{
    if (at >= CX_AI_CALLS_MAX) {
        return NULL;
    }

    if (at >= s->reply.ncalls) {
        s->reply.ncalls = at + 1;
    }

    return &s->reply.calls[at];
}


bool
cx_ai_stream_over(const cx_ai_stream *s)
{
    return s->ended || s->failed || s->unreadable || s->text.failed
           || cx_arena_failed(s->arena);
}


/* --- bytes become lines, and lines events -------------------------------- */

void
cx_ai_stream_feed(cx_ai_stream *s, cx_str bytes)
{
    while (bytes.len > 0 && !cx_ai_stream_over(s)) {
        const char    byte = bytes.p[0];
        const size_t  n = run_length(bytes);

        if (n > 0) {
            take_run(s, cx_str_sub(bytes, 0, n));

        } else if (byte != '\n' || !s->after_cr) {
            end_line(s);
        }

        s->after_cr = byte == '\r';
        bytes = cx_str_sub(bytes, n > 0 ? n : 1, bytes.len);
    }
}


/* Bytes before the next end of a line. */
static size_t
run_length(cx_str bytes)
{
    size_t  n = 0;

    while (n < bytes.len && bytes.p[n] != '\n' && bytes.p[n] != '\r') {
        n++;
    }

    return n;
}


/* A part of one line, not empty. */
static void
take_run(cx_ai_stream *s, cx_str run)
{
    if (s->where == IN_NAME) {
        const size_t  colon = cx_str_find_byte(run, ':');

        take_name(s, cx_str_sub(run, 0, colon));

        if (colon == SIZE_MAX) {
            return;
        }

        begin_value(s);
        run = cx_str_sub(run, colon + 1, run.len);
    }

    if (s->space && run.len > 0) {
        s->space = false;
        run = cx_str_sub(run, run.p[0] == ' ' ? 1 : 0, run.len);
    }

    if (s->where == IN_DATA) {
        cx_buf_add(&s->data, run);

    } else if (s->where == IN_EVENT) {
        cx_buf_add(&s->event, run);
    }

    s->unreadable = s->data.failed || s->event.failed;
}


/* A name that does not fit is none that we know: one byte more says so. */
static void
take_name(cx_ai_stream *s, cx_str part)
{
    for (size_t i = 0; i < part.len && s->nname < sizeof(s->name); i++) {
        s->name[s->nname++] = part.p[i];
    }
}


/* A mark of the byte order may stand before the first name. */
static void
begin_value(cx_ai_stream *s)
{
    cx_str  name = { s->nname, s->name };

    if (cx_str_starts(name, CX_STR("\xef\xbb\xbf"))) {
        name = cx_str_sub(name, 3, name.len);
    }

    s->space = true;
    s->where = IN_NOTHING;

    if (CX_STR_IS(name, "data")) {
        s->where = IN_DATA;

        if (s->has_data) {
            cx_buf_byte(&s->data, '\n');
        }

        s->has_data = true;

    } else if (CX_STR_IS(name, "event")) {
        s->where = IN_EVENT;
        s->event.len = 0;
    }
}


static void
end_line(cx_ai_stream *s)
{
    if (s->where == IN_NAME && s->nname == 0) {
        end_event(s);

    } else if (s->where == IN_NAME) {
        begin_value(s);             /* a name without a colon: no value */
    }

    s->where = IN_NAME;
    s->nname = 0;
}


static void
end_event(cx_ai_stream *s)
{
    if (s->data.len > 0 && !cx_ai_stream_over(s)) {
        s->seen = true;
        s->ai->event(s, cx_buf_str(&s->event), cx_buf_str(&s->data));
    }

    s->event.len = 0;
    s->data.len = 0;
    s->has_data = false;
}


/* --- what came of it ----------------------------------------------------- */

cx_ai_outcome
cx_ai_stream_end(cx_ai_stream *s, const cx_http_res *res, cx_ai_reply *out)
{
    if (!cx_ai_stream_is(res) || (!s->seen && res->body.len > 0)) {
        *out = (cx_ai_reply) { .finish = CX_FINISH_OTHER };
        return s->ai->parse(res, s->arena, out);
    }

    if (s->where != IN_NAME || s->nname > 0) {
        end_line(s);
    }

    end_event(s);

    *out = s->reply;
    out->text = cx_buf_str(&s->text);
    out->ncalls = 0;

    /* A place that got no name is no call. */
    for (size_t i = 0; i < s->reply.ncalls; i++) {
        if (s->reply.calls[i].name.len > 0) {
            out->calls[out->ncalls] = s->reply.calls[i];
            out->calls[out->ncalls++].arguments = cx_buf_str(&s->args[i]);
        }
    }

    return outcome_of(s, res);
}


static cx_ai_outcome
outcome_of(const cx_ai_stream *s, const cx_http_res *res)
{
    bool  too_long = s->text.failed || s->own.failed;

    for (size_t i = 0; i < CX_AI_CALLS_MAX; i++) {
        too_long = too_long || s->args[i].failed;
    }

    return cx_arena_failed(s->arena)
               ? cx_ai_useless(CX_AI_RETRY, "out of memory")
           : s->failed ? failure(s, res)
           /* It would be as long again. */
           : too_long ? cx_ai_useless(CX_AI_REFUSED, "the answer is too long")
           : s->unreadable && !s->whole
               ? cx_ai_useless(CX_AI_RETRY, "an event cannot be read")
           : !s->ended && !s->whole && !s->until_close
               ? cx_ai_useless(CX_AI_RETRY, "the stream was cut")
               : (cx_ai_outcome) { .result = CX_AI_OK };
}


/* As if the error had been the answer. */
static cx_ai_outcome
failure(const cx_ai_stream *s, const cx_http_res *res)
{
    cx_http_res    as = *res;
    cx_ai_outcome  o;

    as.status = s->status != 0 ? s->status : res->status;
    o = cx_ai_failure(&as, s->type, s->code, s->arena);
    o.too_long = o.too_long || s->too_long;

    return o;
}


/* --- what people may see of it ------------------------------------------- */

cx_str
cx_ai_stream_said(const cx_ai_stream *s)
{
    static const cx_str  begin = CX_STR_INIT("<think>");
    static const cx_str  end = CX_STR_INIT("</think>");
    cx_str               text = cx_str_trim(cx_buf_str(&s->text));
    size_t               at;

    if (cx_str_starts(begin, text)) {
        return CX_NOSTR;            /* it may become that */
    }

    if (!cx_str_starts(text, begin)) {
        return cx_buf_str(&s->text);
    }

    at = cx_str_find(text, end);

    return at == SIZE_MAX ? CX_NOSTR
                          : cx_str_sub(text, at + end.len, text.len);
}
