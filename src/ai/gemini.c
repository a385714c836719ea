/*
 * Gemini's native API (also Vertex AI's): the request.  Facts: ai.google.dev,
 * "generateContent" (bodies), "Function calling" (parametersJsonSchema; ids go
 * back if there are any), "Thought signatures" (a call goes back with its
 * own; one that another model made takes the word of UNSIGNED), "Thinking"
 * (levels from Gemini 3 on, budgets before), "Safety settings".
 */

#include "ai/gemini.h"

#include "ai/prompt.h"
#include "ai/providers.h"


#define UNSIGNED  "\"skip_thought_signature_validator\""


static cx_err build(const cx_ai_settings *s, const cx_ai_prompt *p,
    cx_arena *a, cx_http_req *req);
static bool model_ok(cx_str model);
static cx_err send(const cx_ai_settings *s, const cx_gemini_options *o,
    const cx_buf *body, cx_arena *a, cx_http_req *req);
static void put_system(cx_json_writer *w, const cx_ai_prompt *p, cx_arena *a);
static void put_contents(cx_json_writer *w, const cx_ai_prompt *p,
    cx_arena *a);
static void begin_content(cx_json_writer *w, const char *role);
static void end_content(cx_json_writer *w);
static void put_text(cx_json_writer *w, cx_str text);
static void put_question(cx_json_writer *w, const cx_ai_prompt *p,
    cx_arena *a);
static bool image_ok(const cx_ai_image *image);
static void put_round(cx_json_writer *w, const cx_ai_round *r, cx_arena *a);
static void put_call(cx_json_writer *w, const cx_ai_call *c, bool first,
    cx_arena *a);
static void put_result(cx_json_writer *w, const cx_ai_call *c, cx_str result);
static void put_tools(cx_json_writer *w, const cx_ai_prompt *p);
static void put_config(cx_json_writer *w, const cx_ai_settings *s,
    const cx_gemini_options *o, cx_arena *a);
static void put_thinking(cx_json_writer *w, const cx_gemini_options *o);
static void put_safety(cx_json_writer *w, cx_str threshold);


const cx_ai  cx_ai_gemini = {
    .name = "gemini",
    .build = build,
    .options = &cx_gemini_members,
    .parse = cx_gemini_parse,
    .event = cx_gemini_event,
};


static cx_err
build(const cx_ai_settings *s, const cx_ai_prompt *p, cx_arena *a,
    cx_http_req *req)
{
    cx_err              err;
    cx_request          r;
    cx_json_writer     *w = &r.w;
    cx_gemini_options   o;

    if (!model_ok(s->model)) {
        return CX_INVALID;
    }

    err = cx_request_begin(&r, s, p, &cx_gemini_members, &o, a);
    if (err != CX_OK) {
        return err;
    }

    put_system(w, p, a);
    put_contents(w, p, a);
    put_tools(w, p);
    put_config(w, s, &o, a);
    put_safety(w, o.safety);
    cx_openai_put_extra(w, o.extra, a);
    cx_json_end(w, '}');

    return send(s, &o, &r.body, a, req);
}


/* It stands in the path; "tunedModels/x" is one, too. */
static bool
model_ok(cx_str model)
{
    cx_str  part;

    while (cx_str_split(&model, '/', &part)) {
        if (cx_native_wrong_name(part) != NULL || part.p[0] == '.') {
            return false;
        }

        if (model.len == 0) {
            return true;
        }
    }

    return false;
}


static cx_err
send(const cx_ai_settings *s, const cx_gemini_options *o, const cx_buf *body,
    cx_arena *a, cx_http_req *req)
{
    const bool    bearer = CX_STR_IS(o->auth, "bearer");
    const cx_str  key = s->api_key;
    const bool    plain = cx_str_find_byte(s->model, '/') == SIZE_MAX;
    const cx_str  path = cx_printf(a, "/%s%.*s:%s", plain ? "models/" : "",
                                   CX_ARG(s->model),
                                   s->stream ? "streamGenerateContent?alt=sse"
                                             : "generateContent");

    const cx_header  h[] = {
        { CX_STR("x-goog-api-key"), bearer ? CX_NOSTR : key },
        { CX_STR("Authorization"),
          bearer ? cx_request_bearer(key, a) : CX_NOSTR },
    };

    return cx_native_request(req, cx_native_url(s->base_url, path, a), body,
                             h, sizeof(h) / sizeof(h[0]), a);
}


/* --- the conversation ---------------------------------------------------- */

static void
put_system(cx_json_writer *w, const cx_ai_prompt *p, cx_arena *a)
{
    const cx_str  text = cx_ai_instructions(p, a);

    if (text.len > 0) {
        cx_json_name(w, CX_STR("systemInstruction"));
        cx_json_begin(w, '{');
        cx_json_name(w, CX_STR("parts"));
        cx_json_begin(w, '[');
        put_text(w, text);
        end_content(w);
    }
}


/* The first turn must be the customer's. */
static void
put_contents(cx_json_writer *w, const cx_ai_prompt *p, cx_arena *a)
{
    bool  first = true;

    cx_json_name(w, CX_STR("contents"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < p->nhistory; i++) {
        const bool    us = p->history[i].role == CX_TURN_US;
        const cx_str  text = cx_ai_said(&p->history[i], a);

        if (text.len == 0) {
            continue;
        }

        if (first && us) {
            begin_content(w, "user");
            put_text(w, CX_STR("[We wrote first.]"));
            end_content(w);
        }

        begin_content(w, us ? "model" : "user");
        put_text(w, text);
        end_content(w);
        first = false;
    }

    put_question(w, p, a);

    for (size_t i = 0; i < p->nrounds; i++) {
        put_round(w, &p->rounds[i], a);
    }

    cx_json_end(w, ']');
}


static void
begin_content(cx_json_writer *w, const char *role)
{
    cx_json_begin(w, '{');
    cx_openai_put_text(w, "role", cx_strz(role));
    cx_json_name(w, CX_STR("parts"));
    cx_json_begin(w, '[');
}


static void
end_content(cx_json_writer *w)
{
    cx_json_end(w, ']');
    cx_json_end(w, '}');
}


static void
put_text(cx_json_writer *w, cx_str text)
{
    cx_json_begin(w, '{');
    cx_openai_put_text(w, "text", text);
    cx_json_end(w, '}');
}


static void
put_question(cx_json_writer *w, const cx_ai_prompt *p, cx_arena *a)
{
    const cx_str  text = cx_ai_question(p, a);

    begin_content(w, "user");

    for (size_t i = 0; i < p->nimages; i++) {
        if (image_ok(&p->images[i])) {
            cx_json_begin(w, '{');
            cx_json_name(w, CX_STR("inlineData"));
            cx_json_begin(w, '{');
            cx_openai_put_text(w, "mimeType", p->images[i].mime);
            cx_openai_put_text(w, "data", p->images[i].base64);
            cx_json_end(w, '}');
            cx_json_end(w, '}');
        }
    }

    put_text(w, text.len > 0 ? text : CX_STR("[image]"));
    end_content(w);
}


/* One that they do not know would cost the whole request. */
static bool
image_ok(const cx_ai_image *image)
{
    static const char  *const kinds[] = {
        "image/jpeg", "image/png", "image/webp", "image/heic", "image/heif",
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (cx_str_eq(image->mime, cx_strz(kinds[i]))) {
            return cx_openai_image_ok(image);
        }
    }

    return false;
}


/* --- tools --------------------------------------------------------------- */

static void
put_round(cx_json_writer *w, const cx_ai_round *r, cx_arena *a)
{
    begin_content(w, "model");

    if (r->text.len > 0) {
        put_text(w, r->text);
    }

    for (size_t i = 0; i < r->ncalls; i++) {
        put_call(w, &r->calls[i], i == 0, a);
    }

    end_content(w);
    begin_content(w, "user");

    for (size_t i = 0; i < r->ncalls; i++) {
        put_result(w, &r->calls[i], r->results[i]);
    }

    end_content(w);
}


/* The first call of a turn must be signed. */
static void
put_call(cx_json_writer *w, const cx_ai_call *c, bool first, cx_arena *a)
{
    const cx_str  head = CX_STR(CX_GEMINI_SIGNED);
    const bool    is_signed = cx_str_starts(c->extra, head);

    cx_json_begin(w, '{');
    cx_json_name(w, CX_STR("functionCall"));
    cx_json_begin(w, '{');
    cx_openai_put_if(w, "id", c->id);
    cx_openai_put_text(w, "name", c->name);
    cx_json_name(w, CX_STR("args"));
    cx_json_put_raw(w, cx_native_object(c->arguments, a));
    cx_json_end(w, '}');

    if (is_signed || first) {
        cx_json_name(w, CX_STR("thoughtSignature"));
        cx_json_put_raw(w, is_signed
                           ? cx_str_sub(c->extra, head.len,
                                        c->extra.len - head.len - 1)
                           : CX_STR(UNSIGNED));
    }

    cx_json_end(w, '}');
}


static void
put_result(cx_json_writer *w, const cx_ai_call *c, cx_str result)
{
    cx_json_begin(w, '{');
    cx_json_name(w, CX_STR("functionResponse"));
    cx_json_begin(w, '{');
    cx_openai_put_if(w, "id", c->id);
    cx_openai_put_text(w, "name", c->name);
    cx_json_name(w, CX_STR("response"));
    cx_json_begin(w, '{');
    cx_openai_put_text(w, "result", result);
    cx_json_end(w, '}');
    cx_json_end(w, '}');
    cx_json_end(w, '}');
}


static void
put_tools(cx_json_writer *w, const cx_ai_prompt *p)
{
    if (p->ntools == 0) {
        return;
    }

    cx_json_name(w, CX_STR("tools"));
    cx_json_begin(w, '[');
    cx_json_begin(w, '{');
    cx_json_name(w, CX_STR("functionDeclarations"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < p->ntools; i++) {
        cx_json_begin(w, '{');
        cx_openai_put_text(w, "name", p->tools[i].name);
        cx_openai_put_text(w, "description",
                           p->tools[i].description.len > 0
                           ? p->tools[i].description : p->tools[i].name);
        cx_json_name(w, CX_STR("parametersJsonSchema"));
        cx_json_put_raw(w, cx_openai_schema(&p->tools[i]));
        cx_json_end(w, '}');
    }

    cx_json_end(w, ']');
    cx_json_end(w, '}');
    cx_json_end(w, ']');
}


/* --- settings ------------------------------------------------------------ */

static void
put_config(cx_json_writer *w, const cx_ai_settings *s,
    const cx_gemini_options *o, cx_arena *a)
{
    const bool  thinks = o->thinking_level.len > 0 || o->thinking_budget > -2;

    if (s->temperature < 0 && s->max_tokens == 0 && !thinks) {
        return;
    }

    cx_json_name(w, CX_STR("generationConfig"));
    cx_json_begin(w, '{');
    cx_openai_put_temperature(w, s->temperature, a);

    if (s->max_tokens > 0) {
        cx_json_name(w, CX_STR("maxOutputTokens"));
        cx_json_put_i64(w, s->max_tokens);
    }

    if (thinks) {
        put_thinking(w, o);
    }

    cx_json_end(w, '}');
}


static void
put_thinking(cx_json_writer *w, const cx_gemini_options *o)
{
    cx_json_name(w, CX_STR("thinkingConfig"));
    cx_json_begin(w, '{');

    if (o->thinking_level.len > 0) {
        cx_openai_put_text(w, "thinkingLevel", o->thinking_level);

    } else {
        cx_json_name(w, CX_STR("thinkingBudget"));
        cx_json_put_i64(w, o->thinking_budget);
    }

    cx_json_end(w, '}');
}


static void
put_safety(cx_json_writer *w, cx_str threshold)
{
    static const char  *const categories[] = {
        "HARM_CATEGORY_HARASSMENT",
        "HARM_CATEGORY_HATE_SPEECH",
        "HARM_CATEGORY_SEXUALLY_EXPLICIT",
        "HARM_CATEGORY_DANGEROUS_CONTENT",
    };

    if (threshold.len == 0) {
        return;
    }

    cx_json_name(w, CX_STR("safetySettings"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++) {
        cx_json_begin(w, '{');
        cx_openai_put_text(w, "category", cx_strz(categories[i]));
        cx_openai_put_text(w, "threshold", threshold);
        cx_json_end(w, '}');
    }

    cx_json_end(w, ']');
}
