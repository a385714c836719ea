/*
 * Any server that speaks OpenAI's chat completions (OpenAI, Azure, Gemini's
 * compatible endpoint, vLLM, llama.cpp, Ollama): the request.  Facts: OpenAI
 * API reference, "Create chat completion".
 */

#include "ai/openai.h"
#include "ai/prompt.h"
#include "ai/providers.h"
#include "core/json.h"


#define BODY_MAX  (1024 * 1024)


static cx_err build(const cx_ai_settings *s, const cx_ai_prompt *p,
    cx_arena *a, cx_http_req *req);
static cx_err set_headers(const cx_ai_settings *s, cx_arena *a,
    cx_http_req *req);
static void put_messages(cx_json_writer *w, const cx_ai_prompt *p,
    cx_arena *a);
static void put_message(cx_json_writer *w, cx_str role, cx_str content);
static void put_temperature(cx_json_writer *w, double t, cx_arena *a);


const cx_ai  cx_ai_openai = {
    .name = "openai",
    .build = build,
    .parse = cx_openai_parse,
    .event = cx_openai_event,
};


static cx_err
build(const cx_ai_settings *s, const cx_ai_prompt *p, cx_arena *a,
    cx_http_req *req)
{
    cx_buf           body;
    cx_json_writer   w;

    if (s->base_url.len == 0 || s->model.len == 0 || p->question.len == 0) {
        return CX_INVALID;
    }

    cx_buf_init(&body, a, 8192, BODY_MAX);
    cx_json_write_init(&w, &body);

    cx_json_begin(&w, '{');
    cx_json_name(&w, CX_STR("model"));
    cx_json_put_str(&w, s->model);
    cx_json_name(&w, CX_STR("messages"));
    put_messages(&w, p, a);

    if (s->temperature >= 0) {
        put_temperature(&w, s->temperature, a);
    }

    /* The new name is max_completion_tokens, which most compatible servers
     * do not know; OpenAI's own still takes this one. */
    if (s->max_tokens > 0) {
        cx_json_name(&w, CX_STR("max_tokens"));
        cx_json_put_i64(&w, s->max_tokens);
    }

    cx_json_name(&w, CX_STR("stream"));
    cx_json_put_bool(&w, false);
    cx_json_end(&w, '}');

    if (body.failed || cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    *req = (cx_http_req) {
        .method = CX_STR("POST"),
        .url = cx_concat(a, s->base_url, CX_STR("/chat/completions")),
        .body = cx_buf_str(&body),
    };

    return set_headers(s, a, req);
}


static cx_err
set_headers(const cx_ai_settings *s, cx_arena *a, cx_http_req *req)
{
    cx_header  *h;

    /* A line end in a key would begin another header. */
    for (size_t i = 0; i < s->api_key.len; i++) {
        if (s->api_key.p[i] <= ' ' || s->api_key.p[i] > '~') {
            return CX_INVALID;
        }
    }

    h = CX_NEW_N(a, 2, cx_header);
    if (h == NULL) {
        return CX_NOMEM;
    }

    h[0] = (cx_header) { CX_STR("Content-Type"), CX_STR("application/json") };
    req->headers = h;
    req->nheaders = 1;

    if (s->api_key.len > 0) {
        h[1] = (cx_header) { CX_STR("Authorization"),
                             cx_concat(a, CX_STR("Bearer "), s->api_key) };
        req->nheaders = 2;
    }

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


/* The role "system" is the one that every compatible server knows. */
static void
put_messages(cx_json_writer *w, const cx_ai_prompt *p, cx_arena *a)
{
    cx_json_begin(w, '[');
    put_message(w, CX_STR("system"), cx_ai_instructions(p, a));

    for (size_t i = 0; i < p->nhistory; i++) {
        const cx_ai_turn  *t = &p->history[i];

        if (t->text.len > 0) {
            put_message(w, t->role == CX_TURN_US ? CX_STR("assistant")
                                                 : CX_STR("user"),
                        cx_ai_said(t, a));
        }
    }

    put_message(w, CX_STR("user"), cx_ai_question(p, a));
    cx_json_end(w, ']');
}


static void
put_message(cx_json_writer *w, cx_str role, cx_str content)
{
    cx_json_begin(w, '{');
    cx_json_name(w, CX_STR("role"));
    cx_json_put_str(w, role);
    cx_json_name(w, CX_STR("content"));
    cx_json_put_str(w, content);
    cx_json_end(w, '}');
}


/* Thousandths, written by hand: printf would follow the locale. */
static void
put_temperature(cx_json_writer *w, double t, cx_arena *a)
{
    const int  n = (int) ((t < 2 ? t : 2) * 1000 + 0.5);

    cx_json_name(w, CX_STR("temperature"));
    cx_json_put_raw(w, cx_printf(a, "%d.%03d", n / 1000, n % 1000));
}
