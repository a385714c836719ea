/*
 * Vapi's chat: an assistant that is set up there, with a model and tools of
 * its own.  Facts: docs.vapi.ai, "Create Chat" (one of assistantId, squadId,
 * sessionId says who answers; previousChatId goes on with a chat; of the
 * overrides only variables count) and "Chat: non-streaming responses".
 *
 * Neither our tools nor pictures, temperature or limits reach the assistant's
 * model: those are its own.
 */

#include "ai/vapi.h"

#include "ai/prompt.h"
#include "ai/providers.h"

#include <stddef.h>


#define TEXT_MAX       128
#define NAME_MAX       40       /* characters they take */
#define VARIABLES_MAX  16384

typedef cx_vapi_options  options;


static cx_err build(const cx_ai_settings *s, const cx_ai_prompt *p,
    cx_arena *a, cx_http_req *req);
static cx_err check(cx_str json, cx_arena *a, cx_str *pointer, cx_str *error);
static void put_who(cx_json_writer *w, const cx_ai_settings *s,
    const options *o, cx_str previous);
static void put_input(cx_json_writer *w, const cx_ai_prompt *p,
    const options *o, cx_str previous, cx_arena *a);
static void put_message(cx_json_writer *w, const char *role, cx_str text);
static void begin(void *one);
static cx_err end(cx_member_reader *m, cx_str where, void *one);


#define TEXT(member, most, check)                                            \
    { .name = #member, .kind = CX_MEMBER_TEXT,                               \
      .at = offsetof(options, member), .max = most, .wrong = check }
#define FLAG(member)                                                         \
    { .name = #member, .kind = CX_MEMBER_FLAG,                               \
      .at = offsetof(options, member) }

static const cx_member  items[] = {
    TEXT(assistant, TEXT_MAX, cx_native_wrong_name),
    TEXT(squad,     TEXT_MAX, cx_native_wrong_name),
    TEXT(session,   TEXT_MAX, cx_native_wrong_name),
    TEXT(name,      NAME_MAX, NULL),
    { .name = "variables", .kind = CX_MEMBER_JSON,
      .at = offsetof(options, variables), .max = VARIABLES_MAX },
    FLAG(instructions),
    FLAG(previous),
};

#undef TEXT
#undef FLAG

static const cx_members  members = {
    .items = items,
    .n = sizeof(items) / sizeof(items[0]),
    .size = sizeof(options),
    .what = "options of vapi",
    .begin = begin,
    .end = end,
};

const cx_ai  cx_ai_vapi = {
    .name = "vapi",
    .build = build,
    .check = check,
    .parse = cx_vapi_parse,
    .event = cx_vapi_event,
    .keeps = true,
};


static cx_err
check(cx_str json, cx_arena *a, cx_str *pointer, cx_str *error)
{
    options  o;

    return cx_vapi_options_read(json, a, &o, pointer, error);
}


static cx_err
build(const cx_ai_settings *s, const cx_ai_prompt *p, cx_arena *a,
    cx_http_req *req)
{
    cx_buf           body;
    cx_err           err;
    cx_str           pointer, error, previous;
    options          o;
    cx_json_writer   w;

    if (s->base_url.len == 0 || s->model.len == 0 || p->question.len == 0
        || !cx_http_word_ok(s->api_key))
    {
        return CX_INVALID;
    }

    err = cx_vapi_options_read(s->options, a, &o, &pointer, &error);
    if (err != CX_OK) {
        return err;
    }

    previous = o.previous && o.session.len == 0 ? p->previous : CX_NOSTR;
    cx_openai_body_init(&body, p, a);
    cx_json_write_init(&w, &body);

    cx_json_begin(&w, '{');
    put_who(&w, s, &o, previous);
    put_input(&w, p, &o, previous, a);
    cx_json_name(&w, CX_STR("stream"));
    cx_json_put_bool(&w, s->stream);
    cx_json_end(&w, '}');

    return cx_native_request(req, cx_native_url(s->base_url, CX_STR("/chat"),
                                                a),
                             &body, &(cx_header) {
                                 CX_STR("Authorization"),
                                 cx_concat(a, CX_STR("Bearer "), s->api_key)
                             }, 1, a);
}


static void
put_who(cx_json_writer *w, const cx_ai_settings *s, const options *o,
    cx_str previous)
{
    if (o->session.len > 0) {
        cx_openai_put_text(w, "sessionId", o->session);

    } else if (o->squad.len > 0) {
        cx_openai_put_text(w, "squadId", o->squad);

    } else {
        cx_openai_put_text(w, "assistantId", o->assistant.len > 0
                                             ? o->assistant : s->model);
    }

    cx_openai_put_if(w, "previousChatId", previous);
    cx_openai_put_if(w, "name", o->name);

    if (o->variables.len > 0) {
        cx_json_name(w, CX_STR("assistantOverrides"));
        cx_json_begin(w, '{');
        cx_json_name(w, CX_STR("variableValues"));
        cx_json_put_raw(w, o->variables);
        cx_json_end(w, '}');
    }
}


/* A chat or session that goes on has what was said before. */
static void
put_input(cx_json_writer *w, const cx_ai_prompt *p, const options *o,
    cx_str previous, cx_arena *a)
{
    const bool  knows = previous.len > 0 || o->session.len > 0;

    cx_json_name(w, CX_STR("input"));
    cx_json_begin(w, '[');

    if (o->instructions) {
        put_message(w, "system", cx_ai_instructions(p, a));
    }

    for (size_t i = 0; i < p->nhistory && !knows; i++) {
        const cx_ai_turn  *t = &p->history[i];

        if (t->text.len > 0) {
            put_message(w, t->role == CX_TURN_US ? "assistant" : "user",
                        cx_ai_said(t, a));
        }
    }

    put_message(w, "user", cx_ai_question(p, a));
    cx_json_end(w, ']');
}


static void
put_message(cx_json_writer *w, const char *role, cx_str text)
{
    cx_json_begin(w, '{');
    cx_openai_put_text(w, "role", cx_strz(role));
    cx_openai_put_text(w, "content", text);
    cx_json_end(w, '}');
}


/* --- options ------------------------------------------------------------- */

cx_err
cx_vapi_options_read(cx_str json, cx_arena *a, cx_vapi_options *out,
    cx_str *pointer, cx_str *error)
{
    return cx_native_options(&members, json, a, out, pointer, error);
}


static void
begin(void *one)
{
    options  *o = one;

    *o = (options) { .instructions = true, .previous = true };
}


static cx_err
end(cx_member_reader *m, cx_str where, void *one)
{
    const options  *o = one;
    const int       n = (o->assistant.len > 0) + (o->squad.len > 0)
                        + (o->session.len > 0);

    return n > 1 ? cx_member_wrong(m, where, NULL, "only one of assistant, "
                                   "squad and session says who answers")
                 : CX_OK;
}
