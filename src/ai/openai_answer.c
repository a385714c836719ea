/*
 * The answer of a chat completions server.  Facts: OpenAI API reference,
 * "The chat completion object", and the guides "Error codes" and "Rate
 * limits".
 */

#include "ai/openai.h"
#include "ai/outcome.h"
#include "core/json.h"


/* Of the response; views. */
typedef struct {
    cx_ai_reply  *out;
    cx_str        refusal;
    cx_str        finish;
    bool          choice;
    bool          failed;       /* an error object */
    cx_str        type;
    cx_str        code;
} reply;


static bool enter(cx_json_reader *j, cx_json_type type);
static bool read_reply(cx_str body, cx_arena *a, reply *r);
static void read_choices(cx_json_reader *j, reply *r);
static void read_choice(cx_json_reader *j, reply *r);
static void read_message(cx_json_reader *j, reply *r);
static void read_usage(cx_json_reader *j, reply *r);
static void read_error(cx_json_reader *j, reply *r);
static cx_ai_finish finish_of(const reply *r);


cx_ai_outcome
cx_openai_parse(const cx_http_res *res, cx_arena *a, cx_ai_reply *out)
{
    reply       r = { .out = out };
    const bool  read = read_reply(res->body, a, &r);

    if (res->status != 200 || (read && r.failed)) {
        return cx_ai_failure(res, r.type, r.code, a);
    }

    if (!read || !r.choice) {
        return cx_ai_useless(CX_AI_RETRY, "200 without a completion");
    }

    out->finish = finish_of(&r);
    return (cx_ai_outcome) { .result = CX_AI_OK };
}


static cx_ai_finish
finish_of(const reply *r)
{
    return r->refusal.len > 0 || CX_STR_IS(r->finish, "content_filter")
               ? CX_FINISH_FILTERED
           : CX_STR_IS(r->finish, "length") ? CX_FINISH_LENGTH
           : CX_STR_IS(r->finish, "stop") || r->finish.len == 0
               ? CX_FINISH_STOP : CX_FINISH_OTHER;
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
        if (CX_STR_IS(key, "choices")) {
            read_choices(&j, r);

        } else if (CX_STR_IS(key, "usage")) {
            read_usage(&j, r);

        } else if (CX_STR_IS(key, "model")) {
            (void) cx_json_string(&j, &r->out->model);

        } else if (CX_STR_IS(key, "error")) {
            read_error(&j, r);

        } else {
            cx_json_skip(&j);
        }
    }

    return cx_json_close(&j) == CX_OK;
}


/* Enters the object at hand, or takes what else stands there. */
static bool
enter(cx_json_reader *j, cx_json_type type)
{
    if (cx_json_enter(j, type)) {
        return true;
    }

    cx_json_skip(j);
    return false;
}


/* The first one; we never ask for more. */
static void
read_choices(cx_json_reader *j, reply *r)
{
    if (!enter(j, CX_JSON_ARRAY) || !cx_json_item(j)) {
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

    if (!enter(j, CX_JSON_OBJECT)) {
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

    if (!enter(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "content")) {
            (void) cx_json_string(j, &r->out->text);

        } else if (CX_STR_IS(key, "refusal")) {
            (void) cx_json_string(j, &r->refusal);

        } else {
            cx_json_skip(j);
        }
    }
}


static void
read_usage(cx_json_reader *j, reply *r)
{
    cx_str  key;

    if (!enter(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "prompt_tokens")) {
            (void) cx_json_i64(j, &r->out->tokens_in);

        } else if (CX_STR_IS(key, "completion_tokens")) {
            (void) cx_json_i64(j, &r->out->tokens_out);

        } else {
            cx_json_skip(j);
        }
    }
}


/* {"message", "type", "code"}; some servers send only a text. */
static void
read_error(cx_json_reader *j, reply *r)
{
    cx_str  key;

    if (cx_json_peek(j) == CX_JSON_NULL) {
        cx_json_skip(j);
        return;
    }

    r->failed = true;

    if (!enter(j, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(j, &key)) {
        if (CX_STR_IS(key, "type")) {
            (void) cx_json_string(j, &r->type);

        } else if (CX_STR_IS(key, "code")) {
            (void) cx_json_scalar(j, &r->code);

        } else {
            cx_json_skip(j);
        }
    }
}
