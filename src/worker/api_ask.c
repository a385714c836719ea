/* Somebody tries out an agent: nothing is written, nothing is sent. */

#include "worker/api_request.h"

#include "ai/terms.h"
#include "worker/ask.h"

#define QUESTION_MAX  4000
#define HITS          5

typedef struct {
    cx_str       question;
    bool         stream;
    int64_t      agent_id;
    cx_hit_list  hits;
} trial;

static const cx_api_field  fields[] = {
    { "question", CX_API_STR, offsetof(trial, question), 1, QUESTION_MAX,
      true, NULL, NULL },
    { "stream", CX_API_BOOL, offsetof(trial, stream), 0, 0, false, "false",
      NULL },
};


static cx_err
check(cx_api_request *req)
{
    trial     *t = CX_NEW(req->arena, trial);
    uint32_t   given;

    if (t == NULL) {
        return CX_NOMEM;
    }

    req->state = t;
    return cx_api_fields(req, fields, 2, true, t, &given);
}


/* What RECALL would find. */
static cx_err
search(cx_api_request *req, cx_store *s)
{
    trial         *t = req->state;
    cx_agent_row   row;
    cx_find        find;
    cx_err         err;

    err = cx_api_agent(req, s, req->arg, &row);
    if (err != CX_OK) {
        return err;
    }

    t->agent_id = row.id;
    cx_ai_find_words(req->arena, t->question, &find);
    return cx_store_search(s, row.id, &find, HITS, req->arena, &t->hits);
}


/* --- the answer ---------------------------------------------------------- */

/* What the gate would do with it. */
static const char *
decision(const cx_asked *asked)
{
    const cx_ai_answer  *ans = asked->answer;

    return ans->handoff ? "handoff"
           : ans->held || asked->suggest
             || !(ans->confidence >= asked->threshold) ? "review" : "send";
}


static bool
is_used(const cx_ai_answer *ans, size_t i)
{
    for (size_t k = 0; k < ans->nused; k++) {
        if (ans->used[k] == i) {
            return true;
        }
    }

    return false;
}


static void
out_sources(cx_api_request *req, const cx_asked *asked)
{
    const cx_ai_prompt  *p = asked->prompt;

    cx_out_open(req, "sources", '[');

    for (size_t i = 0; i < p->npassages; i++) {
        cx_out_open(req, NULL, '{');
        cx_out_str(req, "source", p->passages[i].source);
        cx_out_int(req, "position", p->passages[i].position);
        cx_out_str(req, "question", p->passages[i].question);
        cx_out_str(req, "text", p->passages[i].text);
        cx_out_real(req, "score", p->passages[i].score);
        cx_out_bool(req, "used", is_used(asked->answer, i));
        cx_out_close(req, '}');
    }

    cx_out_close(req, ']');
}


static void
out_tools(cx_api_request *req, const cx_ai_prompt *p)
{
    cx_out_open(req, "tools", '[');

    for (size_t r = 0; r < p->nrounds; r++) {
        for (size_t i = 0; i < p->rounds[r].ncalls; i++) {
            cx_out_open(req, NULL, '{');
            cx_out_str(req, "name", p->rounds[r].calls[i].name);
            cx_out_str(req, "arguments", p->rounds[r].calls[i].arguments);
            cx_out_str(req, "result", p->rounds[r].results[i]);
            cx_out_close(req, '}');
        }
    }

    cx_out_close(req, ']');
}


static void
out_usage(cx_api_request *req, const cx_asked *asked)
{
    cx_out_open(req, "calls", '[');

    for (size_t i = 0; i < asked->nusage; i++) {
        const cx_usage_row  *u = &asked->usage[i];

        cx_out_open(req, NULL, '{');
        cx_out_str(req, "provider", u->provider);
        cx_out_str(req, "model", u->model);
        cx_out_str(req, "outcome", u->outcome);
        cx_out_str(req, "error", u->error);
        cx_out_int(req, "tokens_in", u->tokens_in);
        cx_out_int(req, "tokens_cached", u->tokens_cached);
        cx_out_int(req, "tokens_out", u->tokens_out);
        cx_out_int(req, "first_ms", u->first_ms);
        cx_out_int(req, "ms", u->ms);
        cx_out_close(req, '}');
    }

    cx_out_close(req, ']');
}


static void
out_answer(cx_api_request *req, const cx_asked *asked)
{
    const cx_ai_answer  *ans = asked->answer;

    cx_out_begin(req, 200);
    cx_out_open(req, NULL, '{');
    cx_out_str(req, "answer", ans->text);
    cx_out_str(req, "decision", cx_strz(decision(asked)));
    cx_out_real(req, "confidence", ans->confidence);
    cx_out_real(req, "threshold", asked->threshold);
    cx_out_str(req, "reason", ans->reason);
    cx_json_name(&req->w, CX_STR("evidence"));
    cx_json_put_raw(&req->w, ans->evidence.len > 0 ? ans->evidence
                                                   : CX_STR("{}"));
    cx_out_str(req, "model", ans->model);
    cx_out_int(req, "tokens_in", ans->tokens_in);
    cx_out_int(req, "tokens_out", ans->tokens_out);
    cx_out_int(req, "ms", asked->ms);
    out_sources(req, asked);
    out_tools(req, asked->prompt);
    out_usage(req, asked);
    cx_out_close(req, '}');
}


static void
event_answer(cx_api_request *req, const cx_asked *asked)
{
    const cx_buf  sent = req->out;
    cx_str        json;

    out_answer(req, asked);
    json = cx_buf_str(&req->out);
    req->out = sent;
    cx_api_event(req, CX_STR("answer"), json);
}


static void
on_piece(void *ctx, cx_str event, cx_str json)
{
    cx_api_event(ctx, event, json);
}


static void
on_asked(void *ctx, cx_err err, const cx_asked *asked)
{
    cx_api_request  *req = ctx;

    if (err == CX_OK && ((trial *) req->state)->stream) {
        event_answer(req, asked);

    } else if (err == CX_OK) {
        out_answer(req, asked);

    } else if (err == CX_NOT_FOUND) {
        err = cx_api_refuse(req, CX_BUSY, "", "the agent is not known to the "
                            "engine yet: try again in a moment");

    } else if (err == CX_CANCELLED) {
        (void) cx_api_refuse(req, err, "", "the worker is stopping");
    }

    cx_api_resume(req, err);
}


static cx_err
ask(cx_api_request *req)
{
    const trial   *t = req->state;
    const cx_ask   in = {
        .agent_id = t->agent_id,
        .tenant = req->as.tenant,
        .question = t->question,
        .hits = &t->hits,
        .piece = t->stream ? on_piece : NULL,
    };

    return cx_worker_ask(req->worker, &in, on_asked, req)
           ? cx_api_pause(req) : CX_NOMEM;
}


const cx_api_route  cx_api_ask_routes[] = {
    { "POST", "/api/v1/agents/{}/ask", "", CX_API_JSON, CX_API_READ,
      check, search, ask, "agents:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
