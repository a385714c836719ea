/*
 * Any server that speaks OpenAI's chat completions (OpenAI, Azure, Gemini's
 * compatible endpoint, vLLM, llama.cpp, Ollama): the request.  Facts: OpenAI
 * API reference, "Create chat completion"; Google, "Thought signatures" (what
 * Gemini wants back with a tool's result).
 */

#include "ai/openai.h"

#include "ai/prompt.h"
#include "ai/providers.h"


typedef struct {
    cx_ai_turn  *items;
    size_t       n;
} turns;


static cx_err build(const cx_ai_settings *s, const cx_ai_prompt *p,
    cx_arena *a, cx_http_req *req);
static void put_messages(cx_json_writer *w, const cx_ai_prompt *p,
    const cx_openai_options *o, cx_arena *a);
static void put_turns(cx_json_writer *w, const cx_ai_prompt *p,
    const cx_openai_options *o, cx_arena *a);
static void add_turn(turns *list, cx_turn_role role, cx_str text,
    const cx_openai_options *o, cx_arena *a);
static void put_image(cx_json_writer *w, const cx_ai_image *image,
    cx_str detail);
static void put_round(cx_json_writer *w, const cx_ai_round *r, size_t round,
    cx_arena *a);
static void put_call(cx_json_writer *w, const cx_ai_call *c, cx_str id);
static void put_tools(cx_json_writer *w, const cx_ai_prompt *p);
static void put_settings(cx_json_writer *w, const cx_ai_settings *s,
    const cx_openai_options *o, cx_arena *a);


const cx_ai  cx_ai_openai = {
    .name = "openai",
    .build = build,
    .options = &cx_openai_members,
    .parse = cx_openai_parse,
    .event = cx_openai_event,
};


static cx_err
build(const cx_ai_settings *s, const cx_ai_prompt *p, cx_arena *a,
    cx_http_req *req)
{
    cx_err              err;
    cx_request          r;
    cx_json_writer     *w = &r.w;
    cx_openai_options   o;

    err = cx_request_begin(&r, s, p, &cx_openai_members, &o, a);
    if (err != CX_OK) {
        return err;
    }

    cx_openai_put_text(w, "model", s->model);
    cx_json_name(w, CX_STR("messages"));
    put_messages(w, p, &o, a);
    put_tools(w, p);
    put_settings(w, s, &o, a);
    cx_openai_put_extra(w, o.extra, a);
    cx_json_end(w, '}');

    return cx_openai_request(s, &o, "/chat/completions", &r.body, a, req);
}


static void
put_settings(cx_json_writer *w, const cx_ai_settings *s,
    const cx_openai_options *o, cx_arena *a)
{
    cx_openai_put_temperature(w, s->temperature, a);

    if (s->max_tokens > 0) {
        cx_json_name(w, o->token_limit);
        cx_json_put_i64(w, s->max_tokens);
    }

    cx_openai_put_if(w, "reasoning_effort", o->reasoning_effort);
    cx_openai_put_if(w, "verbosity", o->verbosity);
    cx_openai_put_if(w, "service_tier", o->service_tier);

    if (o->store) {
        cx_json_name(w, CX_STR("store"));
        cx_json_put_bool(w, true);
    }

    cx_openai_put_user(w, s, o);
    cx_json_name(w, CX_STR("stream"));
    cx_json_put_bool(w, s->stream);

    if (s->stream && o->include_usage) {
        cx_json_name(w, CX_STR("stream_options"));
        cx_json_put_raw(w, CX_STR("{\"include_usage\":true}"));
    }
}


static void
put_tools(cx_json_writer *w, const cx_ai_prompt *p)
{
    if (p->ntools == 0) {
        return;
    }

    cx_json_name(w, CX_STR("tools"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < p->ntools; i++) {
        cx_json_begin(w, '{');
        cx_openai_put_text(w, "type", CX_STR("function"));
        cx_json_name(w, CX_STR("function"));
        cx_json_begin(w, '{');
        cx_openai_put_text(w, "name", p->tools[i].name);
        cx_openai_put_if(w, "description", p->tools[i].description);
        cx_json_name(w, CX_STR("parameters"));
        cx_json_put_raw(w, cx_openai_schema(&p->tools[i]));
        cx_json_end(w, '}');
        cx_json_end(w, '}');
    }

    cx_json_end(w, ']');
}


/* --- the conversation ---------------------------------------------------- */

static void
put_messages(cx_json_writer *w, const cx_ai_prompt *p,
    const cx_openai_options *o, cx_arena *a)
{
    cx_json_begin(w, '[');
    cx_openai_put_message(w, o->system_role, cx_ai_instructions(p, a));
    put_turns(w, p, o, a);

    for (size_t i = 0; i < p->nrounds; i++) {
        put_round(w, &p->rounds[i], i, a);
    }

    cx_json_end(w, ']');
}


static void
put_turns(cx_json_writer *w, const cx_ai_prompt *p,
    const cx_openai_options *o, cx_arena *a)
{
    turns  list = { .items = CX_NEW_N(a, p->nhistory + 1, cx_ai_turn) };

    if (list.items == NULL) {
        return;
    }

    for (size_t i = 0; i < p->nhistory; i++) {
        if (p->history[i].text.len > 0) {
            add_turn(&list, p->history[i].role, cx_ai_said(&p->history[i], a),
                     o, a);
        }
    }

    add_turn(&list, CX_TURN_CUSTOMER, cx_ai_question(p, a), o, a);

    for (size_t i = 0; i + 1 < list.n; i++) {
        cx_openai_put_message(w, cx_openai_role(list.items[i].role),
                              list.items[i].text);
    }

    cx_openai_put_question(w, p, list.items[list.n - 1].text, "text",
                           put_image, o->image_detail);
}


/* Some chat templates of local models know nothing but a customer and us in
 * turns, the customer first. */
static void
add_turn(turns *list, cx_turn_role role, cx_str text,
    const cx_openai_options *o, cx_arena *a)
{
    cx_ai_turn  *last = list->n > 0 ? &list->items[list->n - 1] : NULL;

    if (o->alternate && last != NULL && last->role == role) {
        last->text = cx_printf(a, "%.*s\n\n%.*s", CX_ARG(last->text),
                               CX_ARG(text));

    } else if (!o->alternate || last != NULL || role == CX_TURN_CUSTOMER) {
        list->items[list->n++] = (cx_ai_turn) { .role = role, .text = text };
    }
}


static void
put_image(cx_json_writer *w, const cx_ai_image *image, cx_str detail)
{
    cx_json_begin(w, '{');
    cx_openai_put_text(w, "type", CX_STR("image_url"));
    cx_json_name(w, CX_STR("image_url"));
    cx_json_begin(w, '{');
    cx_json_name(w, CX_STR("url"));
    cx_openai_put_image(w, image);
    cx_openai_put_if(w, "detail", detail);
    cx_json_end(w, '}');
    cx_json_end(w, '}');
}


/* Every call needs its result, or the server refuses them all. */
static void
put_round(cx_json_writer *w, const cx_ai_round *r, size_t round, cx_arena *a)
{
    cx_json_begin(w, '{');
    cx_openai_put_text(w, "role", CX_STR("assistant"));
    cx_json_name(w, CX_STR("content"));

    if (r->text.len > 0) {
        cx_json_put_str(w, r->text);

    } else {
        cx_json_put_raw(w, CX_STR("null"));
    }

    cx_json_name(w, CX_STR("tool_calls"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < r->ncalls; i++) {
        put_call(w, &r->calls[i], cx_openai_call_id(&r->calls[i], round, i,
                                                    a));
    }

    cx_json_end(w, ']');
    cx_json_end(w, '}');

    for (size_t i = 0; i < r->ncalls; i++) {
        cx_json_begin(w, '{');
        cx_openai_put_text(w, "role", CX_STR("tool"));
        cx_openai_put_text(w, "tool_call_id",
                           cx_openai_call_id(&r->calls[i], round, i, a));
        cx_openai_put_text(w, "content", r->results[i]);
        cx_json_end(w, '}');
    }
}


/* Another provider may have left its own things in extra. */
static void
put_call(cx_json_writer *w, const cx_ai_call *c, cx_str id)
{
    cx_json_begin(w, '{');
    cx_openai_put_text(w, "id", id);
    cx_openai_put_text(w, "type", CX_STR("function"));
    cx_json_name(w, CX_STR("function"));
    cx_json_begin(w, '{');
    cx_openai_put_text(w, "name", c->name);
    cx_openai_put_text(w, "arguments", c->arguments.len > 0 ? c->arguments
                                                            : CX_STR("{}"));
    cx_json_end(w, '}');

    if (cx_str_find(c->extra, CX_STR("\"thought_signature\"")) != SIZE_MAX) {
        cx_json_name(w, CX_STR("extra_content"));
        cx_json_put_raw(w, c->extra);
    }

    cx_json_end(w, '}');
}
