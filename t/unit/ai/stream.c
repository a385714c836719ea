/* Answers in pieces: every case of the suites, cut anywhere, and what the
 * reader of events itself must bear. */

#include "unit/reply.h"


static const cx_http_res  events = { .status = 200 };

static cx_arena      *arena;
static cx_ai_stream   stream;


static void
openai(const char *suite, const char *name)
{
    stream_case("openai", suite, name);
}


static void
responses(const char *suite, const char *name)
{
    stream_case("responses", suite, name);
}


/* --- limits -------------------------------------------------------------- */

static void
begin(void)
{
    cx_arena_reset(arena);
    cx_ai_stream_init(&stream, cx_ai_find(CX_STR("openai")), arena);
}


static void
feed(const char *bytes)
{
    cx_ai_stream_feed(&stream, cx_strz(bytes));
}


/* 4096 bytes that end no line, so often. */
static void
feed_many(size_t times)
{
    static char  block[4096];

    memset(block, 'x', sizeof(block));

    for (size_t i = 0; i < times; i++) {
        cx_ai_stream_feed(&stream, (cx_str) { sizeof(block), block });
    }
}


static void
ends(cx_ai_result result, const char *error, const char *what)
{
    cx_ai_reply          r;
    const cx_ai_outcome  o = cx_ai_stream_end(&stream, &events, &r);

    tap_ok(o.result == result && cx_str_eq(o.error, cx_strz(error)),
           "%s: %s, %.*s", what, reply_result(o.result), CX_ARG(o.error));
}


static void
limits(void)
{
    begin();
    feed("data: \"");
    feed_many(CX_AI_STREAM_LINE_MAX / 4096 + 1);
    tap_ok(cx_ai_stream_over(&stream), "a line without an end is given up");
    ends(CX_AI_RETRY, "an event cannot be read", "and that is all");

    begin();
    feed(":");
    feed_many(4096);
    feed("\n");
    feed_many(4096);
    feed(": x\n");
    tap_ok(cx_arena_used(arena) == 0, "comments and unknown fields of 32 MB "
           "are not kept");
    ends(CX_AI_RETRY, "the stream was cut", "and say nothing");

    begin();
    feed("event: ");
    feed_many(1);
    ends(CX_AI_RETRY, "an event cannot be read", "the name of an event");
}


static void
long_answers(void)
{
    const char  *piece = "data: {\"choices\":[{\"delta\":{\"content\":\"";
    const char  *args = "data: {\"choices\":[{\"delta\":{\"tool_calls\":"
                        "[{\"index\":0,\"function\":{\"name\":\"a\","
                        "\"arguments\":\"";

    begin();

    for (size_t i = 0; i <= CX_AI_STREAM_TEXT_MAX / 4096; i++) {
        feed(piece);
        feed_many(1);
        feed("\"}}]}\n\n");
    }

    tap_ok(cx_ai_stream_over(&stream), "a text without an end is given up");
    ends(CX_AI_REFUSED, "the answer is too long", "nor asked for again");

    begin();

    for (size_t i = 0; i < 20; i++) {
        feed(args);
        feed_many(1);
        feed("\"}}]}}]}\n\n");
    }

    feed("data: {\"choices\":[{\"finish_reason\":\"tool_calls\"}]}\n\n"
         "data: [DONE]\n\n");
    ends(CX_AI_REFUSED, "the answer is too long", "arguments without an end");
}


/* What comes behind the end is not read. */
static void
behind_the_end(void)
{
    cx_ai_reply  r;

    begin();
    feed("data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},"
         "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
         "data: {\"choices\":[{\"delta\":{\"content\":\" there\"}}]}\n\n"
         "data: {\"error\":{}}\n\n");
    tap_is_int(cx_ai_stream_end(&stream, &events, &r).result, CX_AI_OK,
               "an end");
    tap_is_str(r.text, CX_STR("Hi"), "nothing behind it");
}


static void
said(const char *content, const char *expected)
{
    begin();
    cx_buf_add(&stream.text, cx_strz(content));
    tap_is_str(cx_ai_stream_said(&stream), cx_strz(expected), content);
}


static void
thoughts(void)
{
    said("", "");
    said("  Hi", "  Hi");
    said("<", "");
    said(" <thin", "");
    said("<thin ice", "<thin ice");
    said("<think>", "");
    said("<think>x</thin", "");
    said("<think>x</think>", "");
    said("<think>x</think>\n\nHi ", "\n\nHi");
}


static void
kinds(void)
{
    static const struct {
        int          status;
        const char  *type;
        bool         is;
    } kinds_of[] = {
        { 200, "text/event-stream", true },
        { 200, "TEXT/Event-Stream; charset=utf-8", true },
        { 200, "", true },
        { 200, "application/json", false },
        { 200, "text/html", false },
        { 429, "text/event-stream", false },
        { 0, "", false },
    };

    for (size_t i = 0; i < sizeof(kinds_of) / sizeof(kinds_of[0]); i++) {
        const cx_header    h = { CX_STR("content-type"),
                                 cx_strz(kinds_of[i].type) };
        const cx_http_res  res = { .status = kinds_of[i].status,
                                   .headers = &h, .nheaders = 1 };

        tap_ok(cx_ai_stream_is(&res) == kinds_of[i].is, "%d %s",
               kinds_of[i].status, kinds_of[i].type);
    }
}


int
main(void)
{
    arena = cx_arena_new(REPLY_ARENA_MAX);

    tap_ok(folder_each("openai-stream", openai) >= 55,
           "streams of chat completions were found");
    tap_ok(folder_each("responses-stream", responses) >= 25,
           "streams of responses were found");

    limits();
    long_answers();
    behind_the_end();
    thoughts();
    kinds();

    cx_arena_free(arena);
    return tap_done();
}
