/*
 * Anthropic's Messages API: the request.  Facts: platform.claude.com/docs,
 * "Create a Message", "Tool use" (results are the first blocks of the next
 * message), "Vision" (formats), "Extended thinking" and "Adaptive thinking"
 * (thoughts go back with a tool's result as they came; newer models take no
 * temperature).
 */

#include "ai/anthropic.h"

#include "ai/prompt.h"
#include "ai/providers.h"


/* They want a number; ours when none is set. */
#define MAX_TOKENS  2048
#define MAX_WITH_THOUGHTS  8192


static cx_err build(const cx_ai_settings *s, const cx_ai_prompt *p,
    cx_arena *a, cx_http_req *req);
static int64_t limit_of(const cx_ai_settings *s,
    const cx_anthropic_options *o);
static cx_err send(const cx_ai_settings *s, const cx_anthropic_options *o,
    const cx_buf *body, cx_arena *a, cx_http_req *req);
static void put_system(cx_json_writer *w, const cx_ai_prompt *p,
    const cx_anthropic_options *o, cx_arena *a);
static void put_settings(cx_json_writer *w, const cx_ai_settings *s,
    const cx_anthropic_options *o, cx_arena *a);
static void put_thinking(cx_json_writer *w, const cx_anthropic_options *o);
static void put_tools(cx_json_writer *w, const cx_ai_prompt *p);
static void put_messages(cx_json_writer *w, const cx_ai_prompt *p,
    cx_arena *a);
static void put_question(cx_json_writer *w, const cx_ai_prompt *p,
    cx_arena *a);
static bool image_ok(const cx_ai_image *image);
static void put_image(cx_json_writer *w, const cx_ai_image *image);
static void put_round(cx_json_writer *w, const cx_ai_round *r, size_t round,
    cx_arena *a);
static void put_thoughts(cx_json_writer *w, const cx_ai_round *r);
static void put_call(cx_json_writer *w, const cx_ai_call *c, cx_str id,
    cx_arena *a);
static void put_results(cx_json_writer *w, const cx_ai_round *r, size_t round,
    cx_arena *a);
static cx_str id_of(const cx_ai_call *c, size_t round, size_t i, cx_arena *a);
static void begin_block(cx_json_writer *w, const char *type);


const cx_ai  cx_ai_anthropic = {
    .name = "anthropic",
    .build = build,
    .options = &cx_anthropic_members,
    .parse = cx_anthropic_parse,
    .event = cx_anthropic_event,
};


static cx_err
build(const cx_ai_settings *s, const cx_ai_prompt *p, cx_arena *a,
    cx_http_req *req)
{
    cx_err                 err;
    cx_request             r;
    cx_json_writer        *w = &r.w;
    cx_anthropic_options   o;

    err = cx_request_begin(&r, s, p, &cx_anthropic_members, &o, a);
    if (err != CX_OK) {
        return err;
    }

    cx_openai_put_text(w, "model", s->model);
    cx_json_name(w, CX_STR("max_tokens"));
    cx_json_put_i64(w, limit_of(s, &o));
    put_system(w, p, &o, a);
    put_messages(w, p, a);
    put_tools(w, p);
    put_settings(w, s, &o, a);
    cx_openai_put_extra(w, o.extra, a);
    cx_json_end(w, '}');

    return send(s, &o, &r.body, a, req);
}


/* Of thoughts and answer together; it must be above the thoughts' own. */
static int64_t
limit_of(const cx_ai_settings *s, const cx_anthropic_options *o)
{
    const int64_t  own = CX_STR_IS(o->thinking, "adaptive")
                         ? MAX_WITH_THOUGHTS : MAX_TOKENS;

    return o->thinking_budget + (s->max_tokens > 0 ? s->max_tokens : own);
}


static cx_err
send(const cx_ai_settings *s, const cx_anthropic_options *o,
    const cx_buf *body, cx_arena *a, cx_http_req *req)
{
    const bool    bearer = CX_STR_IS(o->auth, "bearer");
    const cx_str  key = s->api_key;

    const cx_header  h[] = {
        { CX_STR("x-api-key"), bearer ? CX_NOSTR : key },
        { CX_STR("Authorization"),
          bearer ? cx_request_bearer(key, a) : CX_NOSTR },
        { CX_STR("anthropic-version"), o->version },
        { CX_STR("anthropic-beta"), o->beta },
    };

    return cx_native_request(req, cx_native_url(s->base_url,
                                                CX_STR("/v1/messages"), a),
                             body, h, sizeof(h) / sizeof(h[0]), a);
}


/* What may be kept must be marked, and is a block then. */
static void
put_system(cx_json_writer *w, const cx_ai_prompt *p,
    const cx_anthropic_options *o, cx_arena *a)
{
    const cx_str  text = cx_ai_instructions(p, a);

    if (text.len == 0) {
        return;
    }

    if (!o->cache) {
        cx_openai_put_text(w, "system", text);
        return;
    }

    cx_json_name(w, CX_STR("system"));
    cx_json_begin(w, '[');
    begin_block(w, "text");
    cx_openai_put_text(w, "text", text);
    cx_json_name(w, CX_STR("cache_control"));
    cx_json_put_raw(w, CX_STR("{\"type\":\"ephemeral\"}"));
    cx_json_end(w, '}');
    cx_json_end(w, ']');
}


/* Theirs ends at 1, and a model that thinks takes none. */
static void
put_settings(cx_json_writer *w, const cx_ai_settings *s,
    const cx_anthropic_options *o, cx_arena *a)
{
    if (o->thinking_budget == 0 && !CX_STR_IS(o->thinking, "adaptive")) {
        cx_openai_put_temperature(w, s->temperature < 1 ? s->temperature : 1,
                                  a);
    }

    put_thinking(w, o);
    cx_openai_put_if(w, "service_tier", o->service_tier);

    if (o->user && s->user.len > 0) {
        cx_json_name(w, CX_STR("metadata"));
        cx_json_begin(w, '{');
        cx_openai_put_text(w, "user_id", s->user);
        cx_json_end(w, '}');
    }

    cx_json_name(w, CX_STR("stream"));
    cx_json_put_bool(w, s->stream);
}


static void
put_thinking(cx_json_writer *w, const cx_anthropic_options *o)
{
    if (o->thinking.len > 0 || o->thinking_budget > 0) {
        cx_json_name(w, CX_STR("thinking"));
        cx_json_begin(w, '{');

        if (o->thinking_budget > 0) {
            cx_openai_put_text(w, "type", CX_STR("enabled"));
            cx_json_name(w, CX_STR("budget_tokens"));
            cx_json_put_i64(w, o->thinking_budget);

        } else {
            cx_openai_put_text(w, "type", o->thinking);
        }

        cx_json_end(w, '}');
    }

    if (o->effort.len > 0) {
        cx_json_name(w, CX_STR("output_config"));
        cx_json_begin(w, '{');
        cx_openai_put_text(w, "effort", o->effort);
        cx_json_end(w, '}');
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
        cx_openai_put_text(w, "name", p->tools[i].name);
        cx_openai_put_if(w, "description", p->tools[i].description);
        cx_json_name(w, CX_STR("input_schema"));
        cx_json_put_raw(w, cx_openai_schema(&p->tools[i]));
        cx_json_end(w, '}');
    }

    cx_json_end(w, ']');
}


/* --- the conversation ---------------------------------------------------- */

/* The first message must be the customer's; several in a row are no fault. */
static void
put_messages(cx_json_writer *w, const cx_ai_prompt *p, cx_arena *a)
{
    bool  first = true;

    cx_json_name(w, CX_STR("messages"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < p->nhistory; i++) {
        const bool    us = p->history[i].role == CX_TURN_US;
        const cx_str  text = cx_ai_said(&p->history[i], a);

        if (text.len == 0) {
            continue;
        }

        if (first && us) {
            cx_openai_put_message(w, CX_STR("user"),
                                  CX_STR("[We wrote first.]"));
        }

        cx_openai_put_message(w, cx_openai_role(p->history[i].role), text);
        first = false;
    }

    put_question(w, p, a);

    for (size_t i = 0; i < p->nrounds; i++) {
        put_round(w, &p->rounds[i], i, a);
    }

    cx_json_end(w, ']');
}


static void
begin_block(cx_json_writer *w, const char *type)
{
    cx_json_begin(w, '{');
    cx_openai_put_text(w, "type", cx_strz(type));
}


static void
put_question(cx_json_writer *w, const cx_ai_prompt *p, cx_arena *a)
{
    const cx_str  text = cx_ai_question(p, a);

    if (p->nimages == 0) {
        cx_openai_put_message(w, CX_STR("user"), text);
        return;
    }

    cx_json_begin(w, '{');
    cx_openai_put_text(w, "role", CX_STR("user"));
    cx_json_name(w, CX_STR("content"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < p->nimages; i++) {
        if (image_ok(&p->images[i])) {
            put_image(w, &p->images[i]);
        }
    }

    /* An empty block is refused, and so is a message without any. */
    begin_block(w, "text");
    cx_openai_put_text(w, "text", text.len > 0 ? text : CX_STR("[image]"));
    cx_json_end(w, '}');

    cx_json_end(w, ']');
    cx_json_end(w, '}');
}


/* One that they do not know would cost the whole request. */
static bool
image_ok(const cx_ai_image *image)
{
    return cx_openai_image_ok(image)
           && (CX_STR_IS(image->mime, "image/jpeg")
               || CX_STR_IS(image->mime, "image/png")
               || CX_STR_IS(image->mime, "image/gif")
               || CX_STR_IS(image->mime, "image/webp"));
}


static void
put_image(cx_json_writer *w, const cx_ai_image *image)
{
    begin_block(w, "image");
    cx_json_name(w, CX_STR("source"));
    begin_block(w, "base64");
    cx_openai_put_text(w, "media_type", image->mime);
    cx_openai_put_text(w, "data", image->base64);
    cx_json_end(w, '}');
    cx_json_end(w, '}');
}


/* --- tools --------------------------------------------------------------- */

static void
put_round(cx_json_writer *w, const cx_ai_round *r, size_t round, cx_arena *a)
{
    cx_json_begin(w, '{');
    cx_openai_put_text(w, "role", CX_STR("assistant"));
    cx_json_name(w, CX_STR("content"));
    cx_json_begin(w, '[');
    put_thoughts(w, r);

    if (r->text.len > 0) {
        begin_block(w, "text");
        cx_openai_put_text(w, "text", r->text);
        cx_json_end(w, '}');
    }

    for (size_t i = 0; i < r->ncalls; i++) {
        put_call(w, &r->calls[i], id_of(&r->calls[i], round, i, a), a);
    }

    cx_json_end(w, ']');
    cx_json_end(w, '}');
    put_results(w, r, round, a);
}


/* A list of blocks.  What another provider left in extra is none. */
static void
put_thoughts(cx_json_writer *w, const cx_ai_round *r)
{
    const cx_str  extra = r->ncalls > 0 ? r->calls[0].extra : CX_NOSTR;

    if (cx_str_starts(extra, CX_STR(CX_ANTHROPIC_THOUGHTS))
        || cx_str_starts(extra, CX_STR(CX_ANTHROPIC_REDACTED)))
    {
        cx_json_put_raw(w, cx_str_sub(extra, 1, extra.len - 2));
    }
}


static void
put_call(cx_json_writer *w, const cx_ai_call *c, cx_str id, cx_arena *a)
{
    begin_block(w, "tool_use");
    cx_openai_put_text(w, "id", id);
    cx_openai_put_text(w, "name", c->name);
    cx_json_name(w, CX_STR("input"));
    cx_json_put_raw(w, cx_native_object(c->arguments, a));
    cx_json_end(w, '}');
}


static void
put_results(cx_json_writer *w, const cx_ai_round *r, size_t round,
    cx_arena *a)
{
    cx_json_begin(w, '{');
    cx_openai_put_text(w, "role", CX_STR("user"));
    cx_json_name(w, CX_STR("content"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < r->ncalls; i++) {
        begin_block(w, "tool_result");
        cx_openai_put_text(w, "tool_use_id", id_of(&r->calls[i], round, i,
                                                   a));
        cx_openai_put_text(w, "content", r->results[i]);
        cx_json_end(w, '}');
    }

    cx_json_end(w, ']');
    cx_json_end(w, '}');
}


/* Letters, digits, - and _ is all they take; another provider's may differ. */
static cx_str
id_of(const cx_ai_call *c, size_t round, size_t i, cx_arena *a)
{
    static const cx_ai_call  none = { .id = CX_STR_INIT("") };
    const bool               ok = cx_native_wrong_name(c->id) == NULL
                                  && !cx_native_has(c->id, ".");

    return cx_openai_call_id(ok ? c : &none, round, i, a);
}
