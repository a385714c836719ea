/*
 * The answer of a chat completions server, whole.  Facts: OpenAI API
 * reference, "The chat completion object", and the guides "Error codes" and
 * "Rate limits".
 */

#include "ai/openai.h"

#include "ai/outcome.h"


/* Of the response; views. */
typedef struct {
    cx_ai_reply      *out;
    cx_str            refusal;
    cx_str            finish;
    bool              choice;
    cx_openai_error   error;
} reply;


static bool read_reply(cx_str body, cx_arena *a, reply *r);
static void read_choices(cx_json_reader *j, reply *r);
static void read_choice(cx_json_reader *j, reply *r);
static void read_message(cx_json_reader *j, reply *r);
static void read_calls(cx_json_reader *j, cx_ai_reply *out);


cx_ai_outcome
cx_openai_parse(const cx_http_res *res, cx_arena *a, cx_ai_reply *out)
{
    reply       r = { .out = out };
    const bool  read = read_reply(res->body, a, &r);

    if (res->status != 200 || (read && r.error.failed)) {
        return cx_openai_failure(res, &r.error, a);
    }

    if (!read || !r.choice) {
        return cx_ai_useless(CX_AI_RETRY, "200 without a completion");
    }

    out->finish = r.refusal.len > 0 ? CX_FINISH_FILTERED
                                    : cx_openai_finish(r.finish, out->ncalls);
    return (cx_ai_outcome) { .result = CX_AI_OK };
}


/* Google's errors may stand in a list of one. */
static bool
read_reply(cx_str body, cx_arena *a, reply *r)
{
    bool            list;
    cx_str          key;
    cx_json_reader  j;

    *r->out = (cx_ai_reply) { .finish = CX_FINISH_OTHER };
    cx_json_open(&j, body, a);
    list = cx_json_enter(&j, CX_JSON_ARRAY) && cx_json_item(&j);

    if (!cx_json_enter(&j, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(&j, &key)) {
        if (CX_STR_IS(key, "choices")) {
            read_choices(&j, r);

        } else if (CX_STR_IS(key, "usage")) {
            cx_openai_read_usage(&j, r->out);

        } else if (CX_STR_IS(key, "id")) {
            (void) cx_json_string(&j, &r->out->id);

        } else if (CX_STR_IS(key, "model")) {
            (void) cx_json_string(&j, &r->out->model);

        } else if (CX_STR_IS(key, "error")) {
            cx_openai_read_error(&j, &r->error);

        } else {
            cx_json_skip(&j);
        }
    }

    while (list && cx_json_item(&j)) {
        cx_json_skip(&j);
    }

    return cx_json_close(&j) == CX_OK;
}


/* The first one; we never ask for more. */
static void
read_choices(cx_json_reader *j, reply *r)
{
    if (!cx_json_into(j, CX_JSON_ARRAY) || !cx_json_item(j)) {
        return;
    }

    read_choice(j, r);

    while (cx_json_item(j)) {
        cx_json_skip(j);
    }
}


static void
read_choice(cx_json_reader *j, reply *r)
{
    cx_str  key;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    r->choice = true;

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "message")) {
            read_message(j, r);

        } else if (CX_STR_IS(key, "finish_reason")) {
            (void) cx_json_string(j, &r->finish);

        } else {
            cx_json_skip(j);
        }
    }
}


static void
read_message(cx_json_reader *j, reply *r)
{
    cx_str  key;

    if (!cx_json_into(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "content")) {
            (void) cx_json_string(j, &r->out->text);

        } else if (CX_STR_IS(key, "refusal")) {
            (void) cx_json_string(j, &r->refusal);

        } else if (CX_STR_IS(key, "tool_calls")) {
            read_calls(j, r->out);

        } else {
            cx_json_skip(j);
        }
    }
}


static void
read_calls(cx_json_reader *j, cx_ai_reply *out)
{
    cx_openai_piece  piece;

    if (!cx_json_into(j, CX_JSON_ARRAY)) {
        return;
    }

    while (cx_json_item(j)) {
        cx_openai_read_call(j, &piece);

        if (piece.call.name.len > 0 && out->ncalls < CX_AI_CALLS_MAX) {
            out->calls[out->ncalls++] = piece.call;
        }
    }
}
