/*
 * The answer of a chat completions server in pieces.  Facts: OpenAI API
 * reference, "The chat completion chunk object".
 */

#include "ai/openai.h"


/* Of one event; views of it. */
typedef struct {
    cx_str            id;
    cx_str            model;
    cx_str            finish;
    cx_openai_error   error;
} chunk;


static void take_chunk(cx_ai_stream *s, const chunk *c);
static void read_choices(cx_json_reader *j, cx_ai_stream *s, chunk *c);
static void read_choice(cx_json_reader *j, cx_ai_stream *s, chunk *c);
static void read_delta(cx_json_reader *j, cx_ai_stream *s);
static void read_calls(cx_json_reader *j, cx_ai_stream *s);
static void take_piece(cx_ai_stream *s, const cx_openai_piece *piece);
static size_t place_of(const cx_ai_stream *s, const cx_openai_piece *piece);


/* What ends without a finish reason has not come to its end. */
void
cx_openai_event(cx_ai_stream *s, cx_str event, cx_str data)
{
    chunk           c = { .id = CX_NOSTR };
    cx_str          key;
    cx_json_reader  j;

    (void) event;

    if (CX_STR_IS(data, "[DONE]")) {
        s->ended = s->whole;
        return;
    }

    cx_json_open(&j, data, s->arena);

    if (!cx_json_into(&j, CX_JSON_OBJECT)) {
        s->unreadable = true;
        return;
    }

    while (cx_json_key(&j, &key)) {
        if (CX_STR_IS(key, "choices")) {
            read_choices(&j, s, &c);

        } else if (CX_STR_IS(key, "usage")
                   && cx_json_peek(&j) == CX_JSON_OBJECT)
        {
            cx_openai_read_usage(&j, &s->reply);

        } else if (CX_STR_IS(key, "id")) {
            (void) cx_json_string(&j, &c.id);

        } else if (CX_STR_IS(key, "model")) {
            (void) cx_json_string(&j, &c.model);

        } else if (CX_STR_IS(key, "error")) {
            cx_openai_read_error(&j, &c.error);

        } else {
            cx_json_skip(&j);
        }
    }

    s->unreadable = cx_json_close(&j) != CX_OK;
    take_chunk(s, &c);
}


static void
take_chunk(cx_ai_stream *s, const chunk *c)
{
    cx_openai_keep(s, &s->reply.id, c->id);
    cx_openai_keep(s, &s->reply.model, c->model);

    if (c->finish.len > 0) {
        s->whole = true;

        if (s->reply.finish != CX_FINISH_FILTERED) {
            s->reply.finish = cx_openai_finish(c->finish, s->reply.ncalls);
        }
    }

    if (c->error.failed) {
        cx_openai_fail(s, &c->error);
    }
}


/* The chunk with the usage has none. */
static void
read_choices(cx_json_reader *j, cx_ai_stream *s, chunk *c)
{
    if (!cx_json_into(j, CX_JSON_ARRAY) || !cx_json_item(j)) {
        return;
    }

    read_choice(j, s, c);

    while (cx_json_item(j)) {
        cx_json_skip(j);
    }
}


static void
read_choice(cx_json_reader *j, cx_ai_stream *s, chunk *c)
{
    cx_str  key;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "delta")) {
            read_delta(j, s);

        } else if (CX_STR_IS(key, "finish_reason")) {
            (void) cx_json_string(j, &c->finish);

        } else {
            cx_json_skip(j);
        }
    }
}


static void
read_delta(cx_json_reader *j, cx_ai_stream *s)
{
    cx_str  key, piece;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "content")) {
            if (cx_json_string(j, &piece)) {
                cx_buf_add(&s->text, piece);
            }

        } else if (CX_STR_IS(key, "refusal")) {
            if (cx_json_string(j, &piece) && piece.len > 0) {
                s->reply.finish = CX_FINISH_FILTERED;
            }

        } else if (CX_STR_IS(key, "tool_calls")) {
            read_calls(j, s);

        } else {
            cx_json_skip(j);
        }
    }
}


static void
read_calls(cx_json_reader *j, cx_ai_stream *s)
{
    cx_openai_piece  piece;

    if (!cx_json_into(j, CX_JSON_ARRAY)) {
        return;
    }

    while (cx_json_item(j)) {
        cx_openai_read_call(j, &piece);
        take_piece(s, &piece);
    }
}


/* Id and name come with the first piece of a call alone. */
static void
take_piece(cx_ai_stream *s, const cx_openai_piece *piece)
{
    const size_t  at = place_of(s, piece);
    cx_ai_call   *call;

    if (at >= s->reply.ncalls && piece->call.name.len == 0) {
        return;                         /* of a call that nobody began */
    }

    call = cx_ai_stream_call(s, at);

    if (call != NULL) {
        cx_openai_keep(s, &call->id, piece->call.id);
        cx_openai_keep(s, &call->name, piece->call.name);
        cx_openai_keep(s, &call->extra, piece->call.extra);
        cx_buf_add(&s->args[at], piece->call.arguments);
    }
}


/* By its index.  Where a server tells none, as Gemini's does, or the same for
 * all of them, its id makes the call another. */
static size_t
place_of(const cx_ai_stream *s, const cx_openai_piece *piece)
{
    const cx_ai_reply  *r = &s->reply;
    const cx_str        id = piece->call.id;
    const size_t        last = r->ncalls > 0 ? r->ncalls - 1 : 0;
    const size_t        at = piece->index < 0 ? last : (size_t) piece->index;

    if (at >= r->ncalls || id.len == 0 || r->calls[at].id.len == 0) {
        return at;
    }

    for (size_t i = 0; i < r->ncalls; i++) {
        if (cx_str_eq(r->calls[i].id, id)) {
            return i;
        }
    }

    return r->ncalls;
}
