/*
 * A message of Anthropic's, whole, and its errors.  Facts:
 * platform.claude.com/docs, "Handling stop reasons" (the list, of October
 * 2026), "Errors" (types; error.details.error_code of a spend limit, which
 * comes as a 429 that no waiting helps), "Prompt caching" (tokens of the cache
 * are counted apart).
 */

#include "ai/anthropic.h"

#include "ai/outcome.h"


#define TEXT_MAX      (256 * 1024)
#define THOUGHTS_MAX  (256 * 1024)

/* Of the response; views. */
typedef struct {
    cx_ai_reply          *out;
    cx_buf                text;
    cx_buf                thoughts;     /* blocks, with commas between */
    cx_str                stop;
    bool                  content;
    cx_anthropic_error    error;
} reply;

/* One block of the content. */
typedef struct {
    cx_str  type;
    cx_str  text;
    cx_str  id;
    cx_str  name;
    cx_str  input;
} block;


static bool read_reply(cx_str body, cx_arena *a, reply *r);
static void read_content(cx_json_reader *j, reply *r, cx_arena *a);
static void read_block(cx_str raw, reply *r, cx_arena *a);
static void take_block(const block *b, cx_str raw, reply *r);
static cx_ai_outcome failure(const cx_http_res *res,
    const cx_anthropic_error *e, cx_arena *a);
static void read_details(cx_json_reader *j, cx_anthropic_error *e);


cx_ai_outcome
cx_anthropic_parse(const cx_http_res *res, cx_arena *a, cx_ai_reply *out)
{
    bool   read;
    reply  r = { .out = out };

    cx_buf_init(&r.text, a, 0, TEXT_MAX);
    cx_buf_init(&r.thoughts, a, 0, THOUGHTS_MAX);
    read = read_reply(res->body, a, &r);

    if (res->status != 200 || (read && r.error.failed)) {
        return failure(res, &r.error, a);
    }

    if (!read || !r.content) {
        return cx_ai_useless(CX_AI_RETRY, "200 without a message");
    }

    if (r.text.failed || r.thoughts.failed || cx_arena_failed(a)) {
        return cx_ai_useless(CX_AI_RETRY, "out of memory");
    }

    out->text = cx_buf_str(&r.text);
    out->finish = cx_anthropic_finish(r.stop, out->ncalls);

    if (out->ncalls > 0 && r.thoughts.len > 0) {
        out->calls[0].extra = cx_printf(a, "[%.*s]",
                                        CX_ARG(cx_buf_str(&r.thoughts)));
    }

    return cx_arena_failed(a) ? cx_ai_useless(CX_AI_RETRY, "out of memory")
                              : (cx_ai_outcome) { .result = CX_AI_OK };
}


cx_ai_finish
cx_anthropic_finish(cx_str word, size_t ncalls)
{
    static const struct {
        const char    *word;
        cx_ai_finish   finish;
    } words[] = {
        { "end_turn",                      CX_FINISH_STOP },
        { "stop_sequence",                 CX_FINISH_STOP },
        { "max_tokens",                    CX_FINISH_LENGTH },
        { "model_context_window_exceeded", CX_FINISH_LENGTH },
        { "refusal",                       CX_FINISH_FILTERED },
    };

    if (CX_STR_IS(word, "tool_use") && ncalls > 0) {
        return CX_FINISH_TOOLS;
    }

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (cx_str_eq(word, cx_strz(words[i].word))) {
            return words[i].finish;
        }
    }

    return CX_FINISH_OTHER;
}


/* --- reading ------------------------------------------------------------- */

static bool
read_reply(cx_str body, cx_arena *a, reply *r)
{
    cx_str          key;
    cx_json_reader  j;

    *r->out = (cx_ai_reply) { .finish = CX_FINISH_OTHER };
    cx_json_open(&j, body, a);

    if (!cx_json_enter(&j, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(&j, &key)) {
        if (CX_STR_IS(key, "content")) {
            read_content(&j, r, a);

        } else if (CX_STR_IS(key, "usage")) {
            cx_anthropic_read_usage(&j, r->out);

        } else if (CX_STR_IS(key, "stop_reason")) {
            (void) cx_json_string(&j, &r->stop);

        } else if (CX_STR_IS(key, "model")) {
            (void) cx_json_string(&j, &r->out->model);

        } else if (CX_STR_IS(key, "id")) {
            (void) cx_json_string(&j, &r->out->id);

        } else if (CX_STR_IS(key, "error")) {
            cx_anthropic_read_error(&j, &r->error);

        } else {
            cx_json_skip(&j);
        }
    }

    return cx_json_close(&j) == CX_OK;
}


/* A refusal may have none. */
static void
read_content(cx_json_reader *j, reply *r, cx_arena *a)
{
    cx_str  raw;

    if (!cx_json_into(j, CX_JSON_ARRAY)) {
        return;
    }

    r->content = true;

    while (cx_json_item(j)) {
        if (cx_json_raw(j, &raw)) {
            read_block(raw, r, a);
        }
    }
}


static void
read_block(cx_str raw, reply *r, cx_arena *a)
{
    block           b = { .type = CX_NOSTR };
    cx_str          key;
    cx_json_reader  j;

    cx_json_open(&j, raw, a);

    if (!cx_json_into(&j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(&j, &key)) {
        cx_str  *to = CX_STR_IS(key, "type") ? &b.type
                      : CX_STR_IS(key, "text") ? &b.text
                      : CX_STR_IS(key, "id") ? &b.id
                      : CX_STR_IS(key, "name") ? &b.name : NULL;

        if (to != NULL) {
            (void) cx_json_string(&j, to);

        } else if (CX_STR_IS(key, "input")) {
            (void) cx_json_raw(&j, &b.input);

        } else {
            cx_json_skip(&j);
        }
    }

    take_block(&b, raw, r);
}


/* Blocks of kinds that are not known are passed over. */
static void
take_block(const block *b, cx_str raw, reply *r)
{
    cx_ai_reply  *out = r->out;

    if (CX_STR_IS(b->type, "text")) {
        cx_buf_add(&r->text, b->text);

    } else if (CX_STR_IS(b->type, "tool_use") && b->name.len > 0
               && out->ncalls < CX_AI_CALLS_MAX)
    {
        out->calls[out->ncalls++] = (cx_ai_call) {
            .id = b->id,
            .name = b->name,
            .arguments = b->input.len > 0 ? b->input : CX_STR("{}"),
        };

    } else if (CX_STR_IS(b->type, "thinking")
               || CX_STR_IS(b->type, "redacted_thinking"))
    {
        cx_buf_add(&r->thoughts, r->thoughts.len > 0 ? CX_STR(",")
                                                     : CX_NOSTR);
        cx_buf_add(&r->thoughts, raw);
    }
}


void
cx_anthropic_read_usage(cx_json_reader *j, cx_ai_reply *out)
{
    bool     told = false;
    cx_str   key;
    int64_t  fresh = 0, written = 0, cached = 0;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "input_tokens")) {
            told = cx_json_i64(j, &fresh) || told;

        } else if (CX_STR_IS(key, "cache_creation_input_tokens")) {
            (void) cx_json_i64(j, &written);

        } else if (CX_STR_IS(key, "cache_read_input_tokens")) {
            (void) cx_json_i64(j, &cached);

        } else if (CX_STR_IS(key, "output_tokens")) {
            (void) cx_json_i64(j, &out->tokens_out);

        } else {
            cx_json_skip(j);
        }
    }

    if (told) {
        out->tokens_in = cx_native_count(fresh) + cx_native_count(written)
                         + cx_native_count(cached);
        out->tokens_cached = cx_native_count(cached);
    }

    out->tokens_out = cx_native_count(out->tokens_out);
}


/* --- errors -------------------------------------------------------------- */

static cx_ai_outcome
failure(const cx_http_res *res, const cx_anthropic_error *e, cx_arena *a)
{
    cx_ai_outcome  o = cx_ai_failure(res, e->type, e->code, a);

    o.too_long = o.result == CX_AI_REFUSED
                 && (o.too_long || e->too_long || res->status == 413);

    return o;
}


void
cx_anthropic_read_error(cx_json_reader *j, cx_anthropic_error *e)
{
    cx_str  key, message;

    if (cx_json_peek(j) == CX_JSON_NULL) {
        cx_json_skip(j);
        return;
    }

    e->failed = true;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "type")) {
            (void) cx_json_string(j, &e->type);

        } else if (CX_STR_IS(key, "message")) {
            e->too_long = cx_json_string(j, &message)
                          && cx_native_has(message, "prompt is too long");

        } else if (CX_STR_IS(key, "details")) {
            read_details(j, e);

        } else {
            cx_json_skip(j);
        }
    }
}


static void
read_details(cx_json_reader *j, cx_anthropic_error *e)
{
    cx_str  key;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "error_code")) {
            (void) cx_json_string(j, &e->code);

        } else {
            cx_json_skip(j);
        }
    }
}
