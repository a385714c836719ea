/*
 * Answers of Gemini's native API, whole and in pieces.  Facts: ai.google.dev,
 * "GenerateContentResponse" (a blocked prompt has no candidates; tokens of
 * thoughts are counted apart), "Streaming" (each event is such a response;
 * the last one has the reason).
 */

#include "ai/gemini.h"

#include "ai/outcome.h"


#define TEXT_MAX  (256 * 1024)

typedef struct {
    cx_ai_reply  *out;
    cx_buf        text;
    cx_arena     *a;
} whole;


static void take_part(void *ctx, const cx_gemini_part *p);
static void take_piece(void *ctx, const cx_gemini_part *p);
static cx_str extra_of(const cx_gemini_part *p, cx_arena *a);
static void end_chunk(cx_ai_stream *s, const cx_gemini_chunk *c);


cx_ai_outcome
cx_gemini_parse(const cx_http_res *res, cx_arena *a, cx_ai_reply *out)
{
    bool              read;
    whole             w = { .out = out, .a = a };
    cx_gemini_chunk   c = { .out = out, .part = take_part, .ctx = &w };

    *out = (cx_ai_reply) { .finish = CX_FINISH_OTHER };
    cx_buf_init(&w.text, a, 0, TEXT_MAX);
    read = cx_gemini_read(res->body, a, &c);

    if (res->status != 200 || (read && c.error.failed)) {
        return cx_gemini_failure(res, &c.error, a);
    }

    if (!read || (!c.candidate && !c.blocked)) {
        return cx_ai_useless(CX_AI_RETRY, "200 without a candidate");
    }

    if (w.text.failed || cx_arena_failed(a)) {
        return cx_ai_useless(CX_AI_RETRY, "out of memory");
    }

    out->text = cx_buf_str(&w.text);
    out->id = c.id;
    out->model = c.model;
    out->finish = c.blocked ? CX_FINISH_FILTERED
                            : cx_gemini_finish(c.finish, out->ncalls);

    return (cx_ai_outcome) { .result = CX_AI_OK };
}


static void
take_part(void *ctx, const cx_gemini_part *p)
{
    whole  *w = ctx;

    if (p->is_call && w->out->ncalls < CX_AI_CALLS_MAX) {
        w->out->calls[w->out->ncalls++] = (cx_ai_call) {
            .id = p->id,
            .name = p->name,
            .arguments = p->args.len > 0 ? p->args : CX_STR("{}"),
            .extra = extra_of(p, w->a),
        };

    } else if (!p->is_call && !p->thought) {
        cx_buf_add(&w->text, p->text);
    }
}


static cx_str
extra_of(const cx_gemini_part *p, cx_arena *a)
{
    return p->signature.len > 2
           ? cx_printf(a, CX_GEMINI_SIGNED "%.*s}", CX_ARG(p->signature))
           : CX_NOSTR;
}


/* Why it ended; a stop with calls wants them done. */
cx_ai_finish
cx_gemini_finish(cx_str word, size_t ncalls)
{
    static const struct {
        const char    *word;
        cx_ai_finish   finish;
    } words[] = {
        { "MAX_TOKENS",         CX_FINISH_LENGTH },
        { "SAFETY",             CX_FINISH_FILTERED },
        { "RECITATION",         CX_FINISH_FILTERED },
        { "BLOCKLIST",          CX_FINISH_FILTERED },
        { "PROHIBITED_CONTENT", CX_FINISH_FILTERED },
        { "SPII",               CX_FINISH_FILTERED },
        { "LANGUAGE",           CX_FINISH_FILTERED },
    };

    if (CX_STR_IS(word, "STOP")) {
        return ncalls > 0 ? CX_FINISH_TOOLS : CX_FINISH_STOP;
    }

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (cx_str_eq(word, cx_strz(words[i].word))) {
            return words[i].finish;
        }
    }

    return CX_FINISH_OTHER;
}


/* --- in pieces ----------------------------------------------------------- */

void
cx_gemini_event(cx_ai_stream *s, cx_str event, cx_str data)
{
    cx_gemini_chunk  c = { .out = &s->reply, .part = take_piece, .ctx = s };

    (void) event;

    if (!cx_gemini_read(data, s->arena, &c)) {
        s->unreadable = true;
        return;
    }

    cx_openai_keep(s, &s->reply.id, c.id);
    cx_openai_keep(s, &s->reply.model, c.model);
    end_chunk(s, &c);
}


static void
take_piece(void *ctx, const cx_gemini_part *p)
{
    cx_ai_call    *call;
    cx_ai_stream  *s = ctx;
    const size_t   at = s->reply.ncalls;

    if (!p->is_call) {
        if (!p->thought) {
            cx_buf_add(&s->text, p->text);
        }

        return;
    }

    call = cx_ai_stream_call(s, at);

    if (call != NULL) {
        call->id = cx_dup(s->arena, p->id);
        call->name = cx_dup(s->arena, p->name);
        call->extra = extra_of(p, s->arena);
        cx_buf_add(&s->args[at], p->args.len > 0 ? p->args : CX_STR("{}"));
    }
}


static void
end_chunk(cx_ai_stream *s, const cx_gemini_chunk *c)
{
    if (c->error.failed) {
        s->failed = true;
        s->status = (int) c->error.status;
        s->too_long = c->error.too_long;
        cx_openai_keep(s, &s->type, c->error.type);
        cx_openai_keep(s, &s->code, c->error.code);

    } else if (c->blocked || c->finish.len > 0) {
        s->whole = true;
        s->ended = c->usage;
        s->reply.finish = c->blocked
                          ? CX_FINISH_FILTERED
                          : cx_gemini_finish(c->finish, s->reply.ncalls);
    }
}
