/*
 * Pieces of OpenAI's JSON that stand in more than one kind of answer.  Facts:
 * OpenAI API reference, "The chat completion object", "The response object".
 */

#include "ai/openai.h"

#include "ai/native.h"
#include "ai/outcome.h"


static void read_cached(cx_json_reader *j, int64_t *cached);
static void read_function(cx_json_reader *j, cx_ai_call *call);
static bool says_too_long(cx_str message);


/* --- usage --------------------------------------------------------------- */

/* Gemini's endpoint counts what the model thought in the total alone. */
void
cx_openai_read_usage(cx_json_reader *j, cx_ai_reply *out)
{
    cx_str   key;
    int64_t  in = 0, cached = 0, said = 0, total = 0;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "prompt_tokens") || CX_STR_IS(key, "input_tokens"))
        {
            (void) cx_json_i64(j, &in);

        } else if (CX_STR_IS(key, "completion_tokens")
                   || CX_STR_IS(key, "output_tokens"))
        {
            (void) cx_json_i64(j, &said);

        } else if (CX_STR_IS(key, "total_tokens")) {
            (void) cx_json_i64(j, &total);

        } else if (CX_STR_IS(key, "prompt_tokens_details")
                   || CX_STR_IS(key, "input_tokens_details"))
        {
            read_cached(j, &cached);

        } else {
            cx_json_skip(j);
        }
    }

    out->tokens_in = cx_native_count(in);
    out->tokens_cached = cached < 0 ? 0
                         : cached < out->tokens_in ? cached : out->tokens_in;
    out->tokens_out = cx_native_count(said);

    if (in >= 0 && cx_native_count(total) - in > out->tokens_out) {
        out->tokens_out = total - in;
    }
}


static void
read_cached(cx_json_reader *j, int64_t *cached)
{
    cx_str  key;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "cached_tokens")) {
            (void) cx_json_i64(j, cached);

        } else {
            cx_json_skip(j);
        }
    }
}


/* --- tool calls ---------------------------------------------------------- */

/* {"index", "id", "type", "function": {"name", "arguments"}}, and what Gemini
 * wants back: "extra_content". */
void
cx_openai_read_call(cx_json_reader *j, cx_openai_piece *piece)
{
    cx_str  key;

    *piece = (cx_openai_piece) { .index = -1 };

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "index")) {
            (void) cx_json_i64(j, &piece->index);

        } else if (CX_STR_IS(key, "id")) {
            (void) cx_json_string(j, &piece->call.id);

        } else if (CX_STR_IS(key, "function")) {
            read_function(j, &piece->call);

        } else if (CX_STR_IS(key, "extra_content")
                   && cx_json_peek(j) == CX_JSON_OBJECT)
        {
            (void) cx_json_raw(j, &piece->call.extra);

        } else {
            cx_json_skip(j);
        }
    }
}


static void
read_function(cx_json_reader *j, cx_ai_call *call)
{
    cx_str  key;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "name")) {
            (void) cx_json_string(j, &call->name);

        } else if (CX_STR_IS(key, "arguments")) {
            cx_openai_read_arguments(j, &call->arguments);

        } else {
            cx_json_skip(j);
        }
    }
}


void
cx_openai_read_arguments(cx_json_reader *j, cx_str *out)
{
    if (cx_json_peek(j) == CX_JSON_OBJECT) {
        (void) cx_json_raw(j, out);

    } else {
        (void) cx_json_string(j, out);
    }
}


/* Some servers end a wish for tools with "stop". */
cx_ai_finish
cx_openai_finish(cx_str word, size_t ncalls)
{
    const bool  stop = word.len == 0 || CX_STR_IS(word, "stop");

    return CX_STR_IS(word, "content_filter") ? CX_FINISH_FILTERED
           : CX_STR_IS(word, "length") ? CX_FINISH_LENGTH
           : ncalls > 0 && (stop || CX_STR_IS(word, "tool_calls"))
               ? CX_FINISH_TOOLS
           : stop ? CX_FINISH_STOP : CX_FINISH_OTHER;
}


/* --- errors -------------------------------------------------------------- */

void
cx_openai_read_error(cx_json_reader *j, cx_openai_error *e)
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
        /* Google's word for it is the status. */
        if (CX_STR_IS(key, "type") || CX_STR_IS(key, "status")) {
            (void) cx_json_string(j, &e->type);

        } else if (CX_STR_IS(key, "code")) {
            (void) cx_json_scalar(j, &e->code);

        } else if (CX_STR_IS(key, "message")) {
            e->too_long = cx_json_string(j, &message)
                          && says_too_long(message);

        } else {
            cx_json_skip(j);
        }
    }
}


/* vLLM and older servers have no word for it. */
static bool
says_too_long(cx_str message)
{
    return cx_str_find(message, CX_STR("maximum context length")) != SIZE_MAX
           || cx_str_find(message, CX_STR("context window")) != SIZE_MAX;
}


cx_ai_outcome
cx_openai_failure(const cx_http_res *res, const cx_openai_error *e,
    cx_arena *a)
{
    cx_ai_outcome  o = cx_ai_failure(res, e->type, e->code, a);

    o.too_long = o.too_long || (o.result == CX_AI_REFUSED && e->too_long);

    return o;
}


void
cx_openai_fail(cx_ai_stream *s, const cx_openai_error *e)
{
    s->failed = true;
    s->too_long = e->too_long;
    cx_openai_keep(s, &s->type, e->type);
    cx_openai_keep(s, &s->code, e->code);
}


void
cx_openai_keep(cx_ai_stream *s, cx_str *to, cx_str from)
{
    if (to->len == 0 && from.len > 0) {
        *to = cx_dup(s->arena, from);
    }
}
