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
static void put_who(cx_json_writer *w, const cx_ai_settings *s,
    const options *o, cx_str previous);
static void put_input(cx_json_writer *w, const cx_ai_prompt *p,
    const options *o, cx_str previous, cx_arena *a);
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
    .options = &members,
    .parse = cx_vapi_parse,
    .event = cx_vapi_event,
    .keeps = true,
};


static cx_err
build(const cx_ai_settings *s, const cx_ai_prompt *p, cx_arena *a,
    cx_http_req *req)
{
    cx_err           err;
    cx_str           previous;
    options          o;
    cx_request       r;
    cx_json_writer  *w = &r.w;

    if ((p->question.len == 0 && p->unseen == 0) || s->api_key.len == 0) {
        return CX_INVALID;
    }

    err = cx_request_begin(&r, s, p, &members, &o, a);
    if (err != CX_OK) {
        return err;
    }

    previous = o.previous && o.session.len == 0 ? p->previous : CX_NOSTR;
    put_who(w, s, &o, previous);
    put_input(w, p, &o, previous, a);
    cx_json_name(w, CX_STR("stream"));
    cx_json_put_bool(w, s->stream);
    cx_json_end(w, '}');

    return cx_native_request(req, cx_native_url(s->base_url, CX_STR("/chat"),
                                                a),
                             &r.body, &(cx_header) {
                                 CX_STR("Authorization"),
                                 cx_request_bearer(s->api_key, a)
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
        cx_openai_put_message(w, CX_STR("system"), cx_ai_instructions(p, a));
    }

    if (!knows) {
        cx_openai_put_history(w, p, a);
    }

    cx_openai_put_message(w, CX_STR("user"), cx_ai_question(p, a));
    cx_json_end(w, ']');
}


/* --- options ------------------------------------------------------------- */

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
