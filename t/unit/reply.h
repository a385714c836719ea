/*
 * Replies of AI providers as cases: in.http a whole response, in.sse one that
 * comes in pieces (a head, an empty line, the recorded bytes); out.json the
 * outcome and what was read.
 */

#ifndef CX_T_UNIT_REPLY_H
#define CX_T_UNIT_REPLY_H

#include "ai/stream.h"

#include "core/json.h"

#include "unit/folder.h"
#include "unit/tap.h"


#define REPLY_ARENA_MAX  (16 * 1024 * 1024)
#define REPLY_RANDOM     50     /* ways to cut a stream into pieces */


static inline const char *
reply_result(cx_ai_result result)
{
    static const char  *const words[] = {
        [CX_AI_OK] = "ok",
        [CX_AI_RETRY] = "retry",
        [CX_AI_REFUSED] = "refused",
    };

    return words[result];
}


static inline void
reply_put(cx_json_writer *w, const char *name, cx_str value)
{
    if (value.len > 0) {
        cx_json_name(w, cx_strz(name));
        cx_json_put_str(w, value);
    }
}


static inline void
reply_put_int(cx_json_writer *w, const char *name, int64_t value)
{
    if (value != 0) {
        cx_json_name(w, cx_strz(name));
        cx_json_put_i64(w, value);
    }
}


static inline void
reply_put_calls(cx_json_writer *w, const cx_ai_reply *r)
{
    if (r->ncalls == 0) {
        return;
    }

    cx_json_name(w, CX_STR("calls"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < r->ncalls; i++) {
        cx_json_begin(w, '{');
        reply_put(w, "id", r->calls[i].id);
        reply_put(w, "name", r->calls[i].name);
        reply_put(w, "arguments", r->calls[i].arguments);
        reply_put(w, "extra", r->calls[i].extra);
        cx_json_end(w, '}');
    }

    cx_json_end(w, ']');
}


static inline cx_str
reply_print(const cx_ai_outcome *o, const cx_ai_reply *r, cx_arena *a)
{
    static const char  *const finishes[] = {
        [CX_FINISH_STOP] = "stop",
        [CX_FINISH_LENGTH] = "length",
        [CX_FINISH_TOOLS] = "tools",
        [CX_FINISH_FILTERED] = "filtered",
        [CX_FINISH_OTHER] = "other",
    };

    cx_buf           b;
    cx_json_writer   w;

    cx_buf_init(&b, a, 1024, 1 << 20);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    reply_put(&w, "result", cx_strz(reply_result(o->result)));
    reply_put(&w, "error", o->error);
    reply_put_int(&w, "wait_ms", o->wait_ms);
    reply_put_int(&w, "too_long", o->too_long);

    if (o->result == CX_AI_OK) {
        reply_put(&w, "text", r->text);
        reply_put(&w, "finish", cx_strz(finishes[r->finish]));
        reply_put_calls(&w, r);
        reply_put_int(&w, "tokens_in", r->tokens_in);
        reply_put_int(&w, "tokens_cached", r->tokens_cached);
        reply_put_int(&w, "tokens_out", r->tokens_out);
        reply_put_int(&w, "cost", r->cost);
        reply_put(&w, "model", r->model);
        reply_put(&w, "id", r->id);
    }

    cx_json_end(&w, '}');
    cx_buf_byte(&b, '\n');
    return cx_buf_str(&b);
}


/* --- whole --------------------------------------------------------------- */

/* The case; cut after every byte, and at every byte cap: the same or asked
 * for again. */
static inline void
reply_case(const char *provider, const char *suite, const char *name)
{
    bool               good = true;
    cx_str             want;
    cx_arena          *a = cx_arena_new(REPLY_ARENA_MAX);
    cx_arena          *b = cx_arena_new(REPLY_ARENA_MAX);
    cx_ai_reply        r;
    cx_ai_outcome      o, whole;
    const cx_ai       *ai = cx_ai_find(cx_strz(provider));
    const cx_http_res  res = response_parse(a, case_file(a, suite, name,
                                                         "in.http"));

    whole = ai->parse(&res, a, &r);
    want = case_file(a, suite, name, "out.json");
    tap_is_str(reply_print(&whole, &r, a), want, name);

    for (size_t len = 0; res.status == 200 && len < res.body.len; len++) {
        cx_http_res  cut = res;

        cut.body = cx_str_sub(res.body, 0, len);
        cx_arena_reset(b);
        o = ai->parse(&cut, b, &r);
        good = good && o.result == CX_AI_RETRY;
    }

    tap_ok(good, "%s: cut after any of %zu bytes: again", name,
           res.body.len);

    for (size_t limit = 0; limit < 8192; limit += 7) {
        cx_arena_reset(b);
        cx_arena_limit(b, limit);
        o = ai->parse(&res, b, &r);
        good = good && (o.result == CX_AI_RETRY
                        || cx_str_eq(reply_print(&o, &r, a), want)
                        || whole.result != CX_AI_OK);
    }

    tap_ok(good, "%s: whole or again, out of memory", name);
    cx_arena_free(a);
    cx_arena_free(b);
}


/* --- in pieces ----------------------------------------------------------- */

typedef struct {
    const cx_ai   *ai;
    cx_http_res    res;         /* its body is not what the stream is given */
    cx_str         bytes;
    cx_str         want;
    cx_ai_reply    reply;       /* of the whole */
    cx_ai_outcome  outcome;
} stream_case_in;


/* Feeds len bytes, in pieces of at most step; step 0: of random sizes.  Text
 * that people may see only ever grows. */
static inline cx_ai_outcome
stream_run(const stream_case_in *c, size_t len, size_t step, cx_arena *a,
    cx_ai_reply *out, bool *good)
{
    cx_str         said = CX_NOSTR;
    cx_ai_stream  *s = calloc(1, sizeof(*s));
    cx_http_res    res = c->res;
    cx_ai_outcome  o;

    cx_ai_stream_init(s, c->ai, a);

    for (size_t at = 0, n; at < len; at += n) {
        n = step > 0 ? step : 1 + (size_t) rand() % 9;
        n = n < len - at ? n : len - at;
        cx_ai_stream_feed(s, cx_str_sub(c->bytes, at, n));

        if (step != 1 || at % 7 == 0) {
            *good = *good && cx_str_starts(cx_ai_stream_said(s), said);
            said = cx_ai_stream_said(s);
        }
    }

    if (!cx_ai_stream_is(&res)) {
        res.body = cx_str_sub(c->bytes, 0, len);
    }

    o = cx_ai_stream_end(s, &res, out);
    free(s);
    return o;
}


static inline void
stream_pieces(const stream_case_in *c, const char *name, cx_arena *b)
{
    bool           good = true;
    cx_ai_reply    r;
    cx_ai_outcome  o;

    srand(1);

    for (size_t i = 0; i < 2 + REPLY_RANDOM; i++) {
        cx_arena_reset(b);
        o = stream_run(c, c->bytes.len, i == 0 ? 1 : i == 1 ? 2 : 0, b, &r,
                       &good);
        good = good && cx_str_eq(reply_print(&o, &r, b), c->want);
    }

    tap_ok(good, "%s: byte by byte, and in %d random ways", name,
           REPLY_RANDOM);
}


/* What is there of it is a prefix, and taken for the whole only when the
 * provider has said that it is. */
static inline void
stream_cuts(const stream_case_in *c, const char *name, cx_arena *b)
{
    bool           good = true;
    size_t         ok = 0;
    cx_ai_reply    r;
    cx_ai_outcome  o;

    for (size_t len = 0; len < c->bytes.len; len++) {
        cx_arena_reset(b);
        o = stream_run(c, len, c->bytes.len, b, &r, &good);
        ok += o.result == CX_AI_OK;
        good = good && cx_str_starts(c->reply.text, r.text)
               && (o.result == CX_AI_RETRY
                   || o.result == c->outcome.result)
               && (o.result != CX_AI_OK
                   || (cx_str_eq(r.text, c->reply.text)
                       && r.finish == c->reply.finish
                       && r.ncalls == c->reply.ncalls));
    }

    tap_ok(good && (ok < c->bytes.len || c->bytes.len == 0),
           "%s: cut after each of %zu bytes", name, c->bytes.len);
}


static inline void
stream_no_memory(const stream_case_in *c, const char *name, cx_arena *b,
    cx_arena *print)
{
    bool           good = true;
    size_t         limit, step = 1 + c->bytes.len / 2000;
    cx_ai_reply    r;
    cx_ai_outcome  o;

    for (limit = 0; limit < 2048 * step; limit += step) {
        cx_arena_reset(b);
        cx_arena_reset(print);
        cx_arena_limit(b, limit);
        o = stream_run(c, c->bytes.len, c->bytes.len, b, &r, &good);
        good = good && (o.result == CX_AI_RETRY
                        || c->outcome.result != CX_AI_OK
                        || cx_str_eq(reply_print(&o, &r, print), c->want));
    }

    cx_arena_limit(b, REPLY_ARENA_MAX);
    tap_ok(good, "%s: whole or again, at 2048 byte caps", name);
}


static inline void
stream_case(const char *provider, const char *suite, const char *name)
{
    bool            good = true;
    size_t          body;
    cx_str          file;
    cx_arena       *a = cx_arena_new(REPLY_ARENA_MAX);
    cx_arena       *b = cx_arena_new(REPLY_ARENA_MAX);
    cx_arena       *d = cx_arena_new(REPLY_ARENA_MAX);
    stream_case_in  c = { .ai = cx_ai_find(cx_strz(provider)) };

    file = case_file(a, suite, name, "in.sse");
    body = cx_str_find(file, CX_STR("\n\n"));
    c.res = response_parse(a, file);
    c.res.body = CX_NOSTR;
    c.bytes = body == SIZE_MAX ? CX_NOSTR
                               : cx_str_sub(file, body + 2, file.len);
    c.want = case_file(a, suite, name, "out.json");

    c.outcome = stream_run(&c, c.bytes.len, c.bytes.len + 1, a, &c.reply,
                           &good);
    tap_is_str(reply_print(&c.outcome, &c.reply, a), c.want, name);
    tap_ok(good, "%s: what people see of it only grows", name);

    stream_pieces(&c, name, b);
    stream_cuts(&c, name, b);
    stream_no_memory(&c, name, b, d);

    cx_arena_free(a);
    cx_arena_free(b);
    cx_arena_free(d);
}

#endif /* CX_T_UNIT_REPLY_H */
