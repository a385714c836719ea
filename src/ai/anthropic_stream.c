/*
 * A message of Anthropic's in pieces.  Facts: platform.claude.com/docs,
 * "Streaming messages" (events; blocks come one after the other; errors may
 * come behind a 200; events that are not known are passed over).
 */

#include "ai/anthropic.h"


/* What a block that has begun is: s->own_state. */
enum {
    IN_OTHER,
    IN_CALL,
    IN_THOUGHT
};

/* Of one event; views of it. */
typedef struct {
    cx_str               type;
    cx_str               block;         /* raw */
    cx_str               delta;         /* raw */
    cx_anthropic_error   error;
} event;

/* Members of a block or a delta, whatever its type. */
typedef struct {
    cx_str  type;
    cx_str  id;
    cx_str  name;
    cx_str  text;
    cx_str  json;           /* partial_json */
    cx_str  thinking;       /* raw: a text in its quotes */
    cx_str  signature;      /* raw */
} piece;


static void read_event(cx_ai_stream *s, cx_str data, event *e);
static void read_message(cx_json_reader *j, cx_ai_stream *s);
static void act(cx_ai_stream *s, const event *e);
static piece read_piece(cx_ai_stream *s, cx_str raw);
static void begin_block(cx_ai_stream *s, const event *e);
static void begin_call(cx_ai_stream *s, const piece *p);
static void take_delta(cx_ai_stream *s, const event *e);
static void end_block(cx_ai_stream *s);
static void keep_raw(cx_ai_stream *s, cx_str quoted);
static void fail(cx_ai_stream *s, const cx_anthropic_error *e);


void
cx_anthropic_event(cx_ai_stream *s, cx_str name, cx_str data)
{
    event  e = { .type = CX_NOSTR };

    read_event(s, data, &e);

    if (e.type.len == 0) {
        e.type = name;
    }

    if (!s->unreadable) {
        act(s, &e);
    }
}


static void
read_event(cx_ai_stream *s, cx_str data, event *e)
{
    cx_str          key;
    cx_json_reader  j;

    cx_json_open(&j, data, s->arena);

    if (!cx_json_into(&j, CX_JSON_OBJECT)) {
        s->unreadable = true;
        return;
    }

    while (cx_json_key(&j, &key)) {
        if (CX_STR_IS(key, "type")) {
            (void) cx_json_string(&j, &e->type);

        } else if (CX_STR_IS(key, "message")) {
            read_message(&j, s);

        } else if (CX_STR_IS(key, "content_block")) {
            (void) cx_json_raw(&j, &e->block);

        } else if (CX_STR_IS(key, "delta")) {
            (void) cx_json_raw(&j, &e->delta);

        } else if (CX_STR_IS(key, "usage")) {
            cx_anthropic_read_usage(&j, &s->reply);

        } else if (CX_STR_IS(key, "error")) {
            cx_anthropic_read_error(&j, &e->error);

        } else {
            cx_json_skip(&j);
        }
    }

    s->unreadable = cx_json_close(&j) != CX_OK;
}


/* What message_start knows already. */
static void
read_message(cx_json_reader *j, cx_ai_stream *s)
{
    cx_str  key, value;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "usage")) {
            cx_anthropic_read_usage(j, &s->reply);

        } else if (CX_STR_IS(key, "id")) {
            if (cx_json_string(j, &value)) {
                cx_openai_keep(s, &s->reply.id, value);
            }

        } else if (CX_STR_IS(key, "model")) {
            if (cx_json_string(j, &value)) {
                cx_openai_keep(s, &s->reply.model, value);
            }

        } else {
            cx_json_skip(j);
        }
    }
}


static void
act(cx_ai_stream *s, const event *e)
{
    if (CX_STR_IS(e->type, "content_block_start")) {
        begin_block(s, e);

    } else if (CX_STR_IS(e->type, "content_block_delta")
               || CX_STR_IS(e->type, "message_delta"))
    {
        take_delta(s, e);

    } else if (CX_STR_IS(e->type, "content_block_stop")) {
        end_block(s);

    } else if (CX_STR_IS(e->type, "message_stop")) {
        s->ended = s->whole;

    } else if (e->error.failed) {
        fail(s, &e->error);
    }
}


static piece
read_piece(cx_ai_stream *s, cx_str raw)
{
    piece           p = { .type = CX_NOSTR };
    cx_str          key, stop = CX_NOSTR;
    cx_json_reader  j;

    cx_json_open(&j, raw, s->arena);

    if (!cx_json_into(&j, CX_JSON_OBJECT)) {
        return p;
    }

    while (cx_json_key(&j, &key)) {
        cx_str  *to = CX_STR_IS(key, "type") ? &p.type
                      : CX_STR_IS(key, "id") ? &p.id
                      : CX_STR_IS(key, "name") ? &p.name
                      : CX_STR_IS(key, "text") ? &p.text
                      : CX_STR_IS(key, "partial_json") ? &p.json
                      : CX_STR_IS(key, "stop_reason") ? &stop : NULL;

        if (to != NULL) {
            (void) cx_json_string(&j, to);

        } else if (CX_STR_IS(key, "thinking")) {
            (void) cx_json_raw(&j, &p.thinking);

        } else if (CX_STR_IS(key, "signature")) {
            (void) cx_json_raw(&j, &p.signature);

        } else {
            cx_json_skip(&j);
        }
    }

    if (stop.len > 0) {
        s->reply.finish = cx_anthropic_finish(stop, s->reply.ncalls);
        s->whole = true;
    }

    return p;
}


/* --- blocks -------------------------------------------------------------- */

static void
begin_block(cx_ai_stream *s, const event *e)
{
    const piece  p = read_piece(s, e->block);

    s->own_state = IN_OTHER;

    if (CX_STR_IS(p.type, "text")) {
        cx_buf_add(&s->text, p.text);

    } else if (CX_STR_IS(p.type, "tool_use")) {
        begin_call(s, &p);

    } else if (CX_STR_IS(p.type, "thinking")) {
        s->own_state = IN_THOUGHT;
        cx_buf_add(&s->own, s->own.len > 0 ? CX_STR(",") : CX_NOSTR);
        cx_buf_add(&s->own, CX_STR("{\"type\":\"thinking\",\"thinking\":\""));
        keep_raw(s, p.thinking);

    } else if (CX_STR_IS(p.type, "redacted_thinking")) {
        cx_buf_add(&s->own, s->own.len > 0 ? CX_STR(",") : CX_NOSTR);
        cx_buf_add(&s->own, e->block);
    }
}


static void
begin_call(cx_ai_stream *s, const piece *p)
{
    cx_ai_call  *call = p->name.len > 0
                        ? cx_ai_stream_call(s, s->reply.ncalls) : NULL;

    if (call == NULL) {
        return;                         /* none, or one too many */
    }

    s->own_state = IN_CALL;
    call->id = cx_dup(s->arena, p->id);
    call->name = cx_dup(s->arena, p->name);

    if (s->reply.ncalls == 1 && s->own.len > 0) {
        call->extra = cx_printf(s->arena, "[%.*s]",
                                CX_ARG(cx_buf_str(&s->own)));
    }
}


static void
take_delta(cx_ai_stream *s, const event *e)
{
    const piece  p = read_piece(s, e->delta);

    if (CX_STR_IS(p.type, "text_delta")) {
        cx_buf_add(&s->text, p.text);

    } else if (CX_STR_IS(p.type, "input_json_delta")
               && s->own_state == IN_CALL)
    {
        cx_buf_add(&s->args[s->reply.ncalls - 1], p.json);

    } else if (CX_STR_IS(p.type, "thinking_delta")
               && s->own_state == IN_THOUGHT)
    {
        keep_raw(s, p.thinking);

    } else if (CX_STR_IS(p.type, "signature_delta")
               && s->own_state == IN_THOUGHT)
    {
        cx_buf_add(&s->own, CX_STR("\",\"signature\":\""));
        keep_raw(s, p.signature);
    }
}


/* A call without arguments has no piece of them. */
static void
end_block(cx_ai_stream *s)
{
    if (s->own_state == IN_THOUGHT) {
        cx_buf_add(&s->own, CX_STR("\"}"));

    } else if (s->own_state == IN_CALL
               && s->args[s->reply.ncalls - 1].len == 0)
    {
        cx_buf_add(&s->args[s->reply.ncalls - 1], CX_STR("{}"));
    }

    s->own_state = IN_OTHER;
}


/* What is in the quotes, as it is: pieces of a text are joined so. */
static void
keep_raw(cx_ai_stream *s, cx_str quoted)
{
    if (quoted.len > 2 && quoted.p[0] == '"') {
        cx_buf_add(&s->own, cx_str_sub(quoted, 1, quoted.len - 2));
    }
}


static void
fail(cx_ai_stream *s, const cx_anthropic_error *e)
{
    s->failed = true;
    s->too_long = e->too_long;
    cx_openai_keep(s, &s->type, e->type);
    cx_openai_keep(s, &s->code, e->code);
}
