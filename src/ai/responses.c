/*
 * OpenAI's Responses API (OpenAI, Azure's v1, Ollama and vLLM without state):
 * the request.  Facts: OpenAI API reference, "Create a model response", and
 * the guides "Conversation state" and "Reasoning models" (encrypted reasoning
 * goes back with a tool's result).
 *
 * Every request holds the whole conversation, as our record has it: what a
 * person has sent or changed meanwhile is not known to the provider.
 */

#include "ai/openai.h"

#include "ai/prompt.h"
#include "ai/providers.h"


static cx_err build(const cx_ai_settings *s, const cx_ai_prompt *p,
    cx_arena *a, cx_http_req *req);
static void put_input(cx_json_writer *w, const cx_ai_prompt *p,
    const cx_openai_options *o, cx_arena *a);
static void put_image(cx_json_writer *w, const cx_ai_image *image,
    cx_str detail);
static void put_round(cx_json_writer *w, const cx_ai_round *r, size_t round,
    cx_arena *a);
static void put_call(cx_json_writer *w, const cx_ai_call *c, cx_str id);
static void put_tools(cx_json_writer *w, const cx_ai_prompt *p);
static void put_settings(cx_json_writer *w, const cx_ai_settings *s,
    const cx_openai_options *o, cx_arena *a);
static void put_one(cx_json_writer *w, const char *object, const char *name,
    cx_str value);


const cx_ai  cx_ai_responses = {
    .name = "responses",
    .build = build,
    .options = &cx_responses_members,
    .parse = cx_responses_parse,
    .event = cx_responses_event,
};


static cx_err
build(const cx_ai_settings *s, const cx_ai_prompt *p, cx_arena *a,
    cx_http_req *req)
{
    cx_err              err;
    cx_request          r;
    cx_json_writer     *w = &r.w;
    cx_openai_options   o;

    err = cx_request_begin(&r, s, p, &cx_responses_members, &o, a);
    if (err != CX_OK) {
        return err;
    }

    cx_openai_put_text(w, "model", s->model);
    cx_openai_put_text(w, "instructions", cx_ai_instructions(p, a));
    cx_json_name(w, CX_STR("input"));
    put_input(w, p, &o, a);
    put_tools(w, p);
    put_settings(w, s, &o, a);
    cx_openai_put_extra(w, o.extra, a);
    cx_json_end(w, '}');

    return cx_openai_request(s, &o, "/responses", &r.body, a, req);
}


static void
put_settings(cx_json_writer *w, const cx_ai_settings *s,
    const cx_openai_options *o, cx_arena *a)
{
    cx_openai_put_temperature(w, s->temperature, a);

    if (s->max_tokens > 0) {
        cx_json_name(w, CX_STR("max_output_tokens"));
        cx_json_put_i64(w, s->max_tokens);
    }

    put_one(w, "reasoning", "effort", o->reasoning_effort);
    put_one(w, "text", "verbosity", o->verbosity);
    cx_openai_put_if(w, "service_tier", o->service_tier);

    if (o->keep_reasoning) {
        cx_json_name(w, CX_STR("include"));
        cx_json_put_raw(w, CX_STR("[\"reasoning.encrypted_content\"]"));
    }

    cx_openai_put_user(w, s, o);
    /* Theirs is true: they would keep the customers' messages. */
    cx_json_name(w, CX_STR("store"));
    cx_json_put_bool(w, o->store);
    cx_json_name(w, CX_STR("stream"));
    cx_json_put_bool(w, s->stream);
}


static void
put_one(cx_json_writer *w, const char *object, const char *name, cx_str value)
{
    if (value.len > 0) {
        cx_json_name(w, cx_strz(object));
        cx_json_begin(w, '{');
        cx_openai_put_text(w, name, value);
        cx_json_end(w, '}');
    }
}


/* Strict is what they take for granted; a schema must be made for it. */
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
        cx_openai_put_text(w, "name", p->tools[i].name);
        cx_openai_put_if(w, "description", p->tools[i].description);
        cx_json_name(w, CX_STR("parameters"));
        cx_json_put_raw(w, cx_openai_schema(&p->tools[i]));
        cx_json_name(w, CX_STR("strict"));
        cx_json_put_bool(w, false);
        cx_json_end(w, '}');
    }

    cx_json_end(w, ']');
}


/* --- the conversation ---------------------------------------------------- */

static void
put_input(cx_json_writer *w, const cx_ai_prompt *p,
    const cx_openai_options *o, cx_arena *a)
{
    cx_json_begin(w, '[');

    cx_openai_put_history(w, p, a);
    cx_openai_put_question(w, p, cx_ai_question(p, a), "input_text",
                           put_image, o->image_detail);

    for (size_t i = 0; i < p->nrounds; i++) {
        put_round(w, &p->rounds[i], i, a);
    }

    cx_json_end(w, ']');
}


static void
put_image(cx_json_writer *w, const cx_ai_image *image, cx_str detail)
{
    cx_json_begin(w, '{');
    cx_openai_put_text(w, "type", CX_STR("input_image"));
    cx_json_name(w, CX_STR("image_url"));
    cx_openai_put_image(w, image);
    cx_openai_put_text(w, "detail", detail.len > 0 ? detail
                                                   : CX_STR("auto"));
    cx_json_end(w, '}');
}


static void
put_round(cx_json_writer *w, const cx_ai_round *r, size_t round, cx_arena *a)
{
    if (r->text.len > 0) {
        cx_openai_put_message(w, CX_STR("assistant"), r->text);
    }

    for (size_t i = 0; i < r->ncalls; i++) {
        put_call(w, &r->calls[i], cx_openai_call_id(&r->calls[i], round, i,
                                                    a));
    }

    for (size_t i = 0; i < r->ncalls; i++) {
        cx_json_begin(w, '{');
        cx_openai_put_text(w, "type", CX_STR("function_call_output"));
        cx_openai_put_text(w, "call_id",
                           cx_openai_call_id(&r->calls[i], round, i, a));
        cx_openai_put_text(w, "output", r->results[i]);
        cx_json_end(w, '}');
    }
}


/* What the model thought stands before the call it led to.  Another provider
 * may have left its own things in extra. */
static void
put_call(cx_json_writer *w, const cx_ai_call *c, cx_str id)
{
    if (cx_str_find(c->extra, CX_STR("\"encrypted_content\"")) != SIZE_MAX) {
        cx_json_put_raw(w, c->extra);
    }

    cx_json_begin(w, '{');
    cx_openai_put_text(w, "type", CX_STR("function_call"));
    cx_openai_put_text(w, "call_id", id);
    cx_openai_put_text(w, "name", c->name);
    cx_openai_put_text(w, "arguments", c->arguments.len > 0 ? c->arguments
                                                            : CX_STR("{}"));
    cx_json_end(w, '}');
}
