/* vapi: t/cases/vapi-request (what is asked), t/cases/vapi (what a whole
 * answer means), t/cases/vapi-stream (one that comes in pieces). */

#include "unit/ask.h"
#include "unit/reply.h"


static void
one_request(const char *suite, const char *name)
{
    ask_case("vapi", suite, name);
}


static void
one_answer(const char *suite, const char *name)
{
    reply_case("vapi", suite, name);
}


/* No event is the last: only a connection that ends as it should says that
 * nothing is missing. */
static void
cuts(const stream_case_in *c, const char *name, cx_arena *b)
{
    bool                    good = true;
    cx_ai_reply             r;
    cx_ai_outcome           o;
    stream_case_in          broken = *c;

    broken.res.status = 0;

    for (size_t len = 0; len < c->bytes.len; len++) {
        cx_arena_reset(b);
        o = stream_run(&broken, len, c->bytes.len, b, &r, &good);
        good = good && o.result == CX_AI_RETRY;
    }

    tap_ok(good, "%s: broken after any of %zu bytes: again", name,
           c->bytes.len);

    for (size_t len = 0; len < c->bytes.len; len++) {
        cx_arena_reset(b);
        o = stream_run(c, len, c->bytes.len, b, &r, &good);
        good = good && cx_str_starts(c->reply.text, r.text)
               && (o.result == CX_AI_OK || o.result == CX_AI_RETRY
                   || o.result == c->outcome.result);
    }

    tap_ok(good, "%s: what was there is the beginning of it", name);
}


static void
one_stream(const char *suite, const char *name)
{
    bool            good = true;
    size_t          body;
    cx_str          file;
    cx_arena       *a = cx_arena_new(REPLY_ARENA_MAX);
    cx_arena       *b = cx_arena_new(REPLY_ARENA_MAX);
    cx_arena       *d = cx_arena_new(REPLY_ARENA_MAX);
    stream_case_in  c = { .ai = cx_ai_find(CX_STR("vapi")) };

    file = case_file(a, suite, name, "in.sse");
    body = cx_str_find(file, CX_STR("\n\n"));
    c.res = response_parse(a, file);
    c.res.body = CX_NOSTR;
    c.bytes = cx_str_sub(file, body + 2, file.len);
    c.want = case_file(a, suite, name, "out.json");

    c.outcome = stream_run(&c, c.bytes.len, c.bytes.len + 1, a, &c.reply,
                           &good);
    tap_is_str(reply_print(&c.outcome, &c.reply, a), c.want, name);
    tap_ok(good, "%s: what people see of it only grows", name);
    stream_pieces(&c, name, b);
    stream_no_memory(&c, name, b, d);
    cuts(&c, name, b);

    cx_arena_free(a);
    cx_arena_free(b);
    cx_arena_free(d);
}


int
main(void)
{
    tap_ok(folder_each("vapi-request", one_request) >= 15,
           "requests were found");
    tap_ok(folder_each("vapi", one_answer) >= 25, "answers were found");
    tap_ok(folder_each("vapi-stream", one_stream) >= 12,
           "streams were found");

    return tap_done();
}
