#include "model.h"

#include <stdlib.h>
#include <string.h>

/*
 * The answer is made of the request, so that a test can foretell it: what a
 * tool came back with, else the last line of the passage that the prompt
 * quotes first, else an echo of the question.  The product writes passages as
 * "[1] source" and lines that begin with "> ".
 */

static const td_model_api *const  apis[] = {
    &td_chat, &td_responses, &td_anthropic, &td_gemini, &td_vapi
};


static const td_model_api *
api_of(td_str path)
{
    size_t i;

    for (i = 0; i < sizeof(apis) / sizeof(apis[0]); i++) {
        if (apis[i]->mine(path)) {
            return apis[i];
        }
    }

    return NULL;
}


bool
td_model_path(td_str path)
{
    return api_of(path) != NULL;
}


static void
answer_of(const td_ask *q, td_buf *out)
{
    const char  *p, *last = NULL;

    if (q->has_result) {
        td_buf_addz(out, "result: ");
        td_buf_add(out, q->result.p, q->result.len);
        return;
    }

    p = q->system.len > 0 ? strstr(q->system.p, "\n[1] ") : NULL;
    p = p != NULL ? strchr(p + 1, '\n') : NULL;
    while (p != NULL && p[1] == '>' && p[2] == ' ') {
        last = p + 3;
        p = strchr(last, '\n');
    }

    if (last != NULL) {
        td_buf_add(out, last, strcspn(last, "\n"));
        return;
    }

    td_buf_addz(out, "echo: ");
    td_buf_add(out, q->question.p, q->question.len);
}


static void
wishes_of(json_t *tools, td_said *s)
{
    size_t   i;
    json_t  *tool, *args;

    json_array_foreach(tools, i, tool) {
        if (s->nwishes == TD_WISHES_MAX) {
            break;
        }

        args = json_object_get(tool, "arguments");
        s->wishes[s->nwishes].name = td_string(tool, "name");
        if (json_is_string(args)) {
            td_buf_addz(&s->wishes[s->nwishes].args, json_string_value(args));

        } else if (args != NULL) {
            td_buf_json(&s->wishes[s->nwishes].args, args);

        } else {
            td_buf_addz(&s->wishes[s->nwishes].args, "{}");
        }

        s->nwishes += s->wishes[s->nwishes].name != NULL;
    }
}


/* Four letters a token, unless the rule counts. */
static void
usage_of(const json_t *usage, size_t asked, td_said *s)
{
    json_t *v;

    s->usage = !json_is_false(usage);
    s->in = (json_int_t) (asked / 4 + 1);
    s->out = (json_int_t) (s->text.len / 4 + 1);

    v = json_object_get(usage, "in");
    s->in = json_is_integer(v) ? json_integer_value(v) : s->in;
    v = json_object_get(usage, "out");
    s->out = json_is_integer(v) ? json_integer_value(v) : s->out;
    s->cached = json_integer_value(json_object_get(usage, "cached"));
    s->thought = json_integer_value(json_object_get(usage, "thought"));
}


static void
say(const td_ask *q, const td_act *act, size_t asked, td_said *s)
{
    const char *finish = td_string(act->what, "finish");

    wishes_of(json_object_get(act->what, "tools"), s);
    s->thoughts = td_string(act->what, "thoughts");
    s->stamp = json_is_true(json_object_get(act->what, "stamp"));
    s->cost = json_number_value(json_object_get(act->what, "cost"));
    s->finish = finish != NULL ? finish : s->nwishes > 0 ? "tools" : "stop";
    td_buf_addz(&s->text, "");

    if (act->text != NULL && json_is_string(act->text)) {
        td_buf_addz(&s->text, json_string_value(act->text));

    } else if (s->nwishes == 0) {
        answer_of(q, &s->text);
    }

    usage_of(json_object_get(act->what, "usage"), asked, s);
}


/* --- what goes wrong ----------------------------------------------------- */

/* By its word, or the first with that status; NULL: the API knows none. */
static const td_fault *
fault_of(const td_model_api *api, const char *word, int status)
{
    const td_fault *f;

    for (f = api->faults; f->word != NULL; f++) {
        if (word != NULL ? strcmp(f->word, word) == 0 : f->status == status) {
            return f;
        }
    }

    return NULL;
}


static void
fail(const td_model_api *api, const td_fault *f, td_reply *r)
{
    r->status = f->status;
    r->sse = false;
    r->npieces = 0;
    r->body.len = 0;
    r->headers.len = 0;
    if (f->headers != NULL) {
        td_buf_addz(&r->headers, f->headers);
    }

    api->fail(f, false, &r->body);
}


/* The stream ends with what `bad` holds instead of its token `after`. */
static void
cut_stream(td_reply *r, const td_buf *bad)
{
    size_t   i, n = 0, from;
    int64_t  tokens = 0;

    for (i = 0; i < r->npieces; i++) {
        tokens += r->pieces[i].token;
    }

    tokens = r->after < 0 ? tokens / 2 : r->after;
    for (i = 0; i < r->npieces; i++) {
        if (r->pieces[i].token && n++ == (size_t) tokens) {
            break;
        }
    }

    from = i > 0 ? r->pieces[i - 1].end : 0;
    r->npieces = i;
    r->body.len = from;
    td_buf_add(&r->body, bad->p, bad->len);
    td_reply_piece(r, false);
}


/* What a rule's own body or status do not say already. */
static void
spoil(const td_model_api *api, td_act *act, td_reply *r)
{
    td_buf           bad = { 0 };
    const char      *word = td_string(act->what, "error");
    const td_fault  *f = NULL;
    bool             later = word != NULL && r->npieces > 0
                             && json_object_get(act->what, "after") != NULL;

    if (act->body == NULL && act->code == 0) {
        f = word != NULL || act->status != 0
            ? fault_of(api, word, act->status) : NULL;
        f = f == NULL && word != NULL ? fault_of(api, "bad_request", 400) : f;
    }

    if (f != NULL && later) {
        api->fail(f, true, &bad);
        cut_stream(r, &bad);

    } else if (f != NULL) {
        fail(api, f, r);
        act->status = 0;

    } else if (act->bad_json && r->npieces > 0) {
        td_buf_addz(&bad, "data: {\"choices\":[{\"delta\"\n\n");
        cut_stream(r, &bad);
        act->bad_json = false;

    } else if (act->status != 0 || act->body != NULL || act->code != 0) {
        r->npieces = 0;
    }

    td_buf_free(&bad);
}


static void
times_of(const td_act *act, td_reply *r)
{
    json_t *after = json_object_get(act->what, "after");

    r->delay_ms = act->delay_ms;
    r->first_ms = json_integer_value(json_object_get(act->what, "first_ms"));
    r->pause_ms = json_integer_value(json_object_get(act->what, "pause_ms"));
    r->after = json_is_integer(after) ? json_integer_value(after) : -1;
    r->stamp = json_is_true(json_object_get(act->what, "stamp"));
}


static void
forget(td_ask *q, td_said *s)
{
    size_t i;

    td_buf_free(&q->system);
    td_buf_free(&q->question);
    td_buf_free(&q->result);
    td_buf_free(&s->text);
    for (i = 0; i < s->nwishes; i++) {
        td_buf_free(&s->wishes[i].args);
    }
}


void
td_model(td_conn *c, json_t *body)
{
    td_ask               q = { .model = "double" };
    td_act               act;
    td_req              *req = td_conn_req(c);
    td_said              s = { .stamp = false };
    td_reply            *r = td_conn_reply(c);
    const char          *wrong;
    const td_model_api  *api = api_of(req->path);

    td.count.models++;
    td_conn_watch(c);
    td_buf_addz(&q.system, "");
    td_buf_addz(&q.question, "");
    td_buf_addz(&q.result, "");
    api->ask(req, body, &q);

    (void) td_script_match(req, TD_KIND_MODEL, q.model, q.question.p, &act);
    times_of(&act, r);
    say(&q, &act, req->body.len, &s);

    wrong = api->refuse(req, body);
    if (wrong != NULL) {
        fail(api, fault_of(api, wrong, 400), r);

    } else if (q.stream) {
        r->sse = true;
        s.usage = s.usage && !q.no_usage;
        api->events(&q, &s, r);

    } else {
        api->whole(&q, &s, r);
    }

    spoil(api, &act, r);
    forget(&q, &s);
    td_script_apply(&act, r);
    td_conn_answer(c);
}
