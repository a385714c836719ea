#include "model.h"

#include <string.h>

/* OpenAI's Responses API. */


static bool
mine(td_str path)
{
    return td_path_ends(path, "/responses");
}


/* Every function_call of the input needs its output after it. */
static bool
answered(const json_t *input, size_t at)
{
    size_t       k;
    json_t      *item = json_array_get(input, at);
    const char  *type = td_string(item, "type"), *id, *got;

    if (type == NULL || strcmp(type, "function_call") != 0) {
        return true;
    }

    id = td_string(item, "call_id");
    for (k = at + 1; k < json_array_size(input); k++) {
        item = json_array_get(input, k);
        type = td_string(item, "type");
        got = td_string(item, "call_id");
        if (type != NULL && strcmp(type, "function_call_output") == 0
            && got != NULL && id != NULL && strcmp(got, id) == 0)
        {
            return true;
        }
    }

    return false;
}


static const char *
refuse(const td_req *req, const json_t *body)
{
    size_t   i;
    json_t  *input = json_object_get(body, "input");

    (void) req;
    if (!json_is_string(input) && json_array_size(input) == 0) {
        return "bad_request";
    }

    for (i = 0; i < json_array_size(input); i++) {
        if (!answered(input, i)) {
            return "bad_request";
        }
    }

    return NULL;
}


static void
ask(const td_req *req, const json_t *body, td_ask *q)
{
    size_t       i;
    json_t      *item, *input = json_object_get(body, "input");
    const char  *word;

    (void) req;
    word = td_string(body, "model");
    q->model = word != NULL ? word : q->model;
    q->stream = json_is_true(json_object_get(body, "stream"));
    td_text_of(json_object_get(body, "instructions"), &q->system);
    if (json_is_string(input)) {
        td_text_of(input, &q->question);
    }

    json_array_foreach(input, i, item) {
        word = td_string(item, "type");
        q->has_result = word != NULL
                        && strcmp(word, "function_call_output") == 0;
        if (q->has_result) {
            q->result.len = 0;
            td_text_of(json_object_get(item, "output"), &q->result);
        }

        word = td_string(item, "role");
        if (word != NULL && strcmp(word, "user") == 0) {
            q->question.len = 0;
            td_text_of(json_object_get(item, "content"), &q->question);
            q->images = td_images_of(json_object_get(item, "content"));
        }
    }
}


static json_t *
call(const td_said *s, size_t i, bool args)
{
    td_buf   id = { 0 }, item = { 0 };
    json_t  *j;

    td_buf_printf(&id, "call_%zu", i + 1);
    td_buf_printf(&item, "fc_%zu", i + 1);
    j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}",
                  "type", "function_call", "id", item.p, "call_id", id.p,
                  "name", s->wishes[i].name,
                  "arguments", args ? s->wishes[i].args.p : "",
                  "status", args ? "completed" : "in_progress");
    td_buf_free(&id);
    td_buf_free(&item);
    return j;
}


static json_t *
message(const td_said *s)
{
    json_t  *part;

    if (strcmp(s->finish, "refusal") == 0) {
        part = json_pack("{s:s, s:s%}", "type", "refusal",
                         "refusal", s->text.p, s->text.len);

    } else {
        part = json_pack("{s:s, s:s%, s:[]}", "type", "output_text",
                         "text", s->text.p, s->text.len, "annotations");
    }

    return json_pack("{s:s, s:s, s:s, s:s, s:[o]}", "type", "message",
                     "id", "msg_double", "role", "assistant",
                     "status", "completed", "content", part);
}


static json_t *
reasoning(const td_said *s)
{
    return json_pack("{s:s, s:s, s:[{s:s, s:s}]}", "type", "reasoning",
                     "id", "rs_double", "summary", "type", "summary_text",
                     "text", s->thoughts);
}


static bool
incomplete(const td_said *s)
{
    return strcmp(s->finish, "length") == 0
           || strcmp(s->finish, "filtered") == 0
           || strcmp(s->finish, "blocked") == 0;
}


static json_t *
response(const td_ask *q, const td_said *s, bool over)
{
    size_t   i;
    json_t  *output = json_array(), *j;

    if (over && s->thoughts != NULL) {
        (void) json_array_append_new(output, reasoning(s));
    }

    if (over && s->text.len > 0) {
        (void) json_array_append_new(output, message(s));
    }

    for (i = 0; over && i < s->nwishes; i++) {
        (void) json_array_append_new(output, call(s, i, true));
    }

    j = json_pack("{s:s, s:s, s:I, s:s, s:s, s:o, s:n, s:n}",
                  "id", "resp_double", "object", "response", "created_at",
                  (json_int_t) (td_now_ms() / 1000), "status",
                  !over ? "in_progress"
                        : incomplete(s) ? "incomplete" : "completed",
                  "model", q->model, "output", output, "error",
                  "incomplete_details");
    if (over && incomplete(s)) {
        (void) json_object_set_new(j, "incomplete_details",
                   json_pack("{s:s}", "reason",
                             strcmp(s->finish, "length") == 0
                             ? "max_output_tokens" : "content_filter"));
    }

    if (over && s->usage) {
        (void) json_object_set_new(j, "usage",
                   json_pack("{s:I, s:{s:I}, s:I, s:{s:I}, s:I}",
                             "input_tokens", s->in, "input_tokens_details",
                             "cached_tokens", s->cached,
                             "output_tokens", s->out,
                             "output_tokens_details", "reasoning_tokens",
                             s->thought, "total_tokens", s->in + s->out));
    }

    return j;
}


static void
whole(const td_ask *q, const td_said *s, td_reply *r)
{
    json_t *j = response(q, s, true);

    td_buf_json(&r->body, j);
    json_decref(j);
}


/* Takes the reference; the type stands in the event and in its data. */
static void
event(td_reply *r, const char *type, json_t *data, bool token)
{
    (void) json_object_set_new(data, "type", json_string(type));
    (void) json_object_set_new(data, "sequence_number",
                               json_integer((json_int_t) r->npieces));
    td_event(r, type, data);
    td_reply_piece(r, token);
}


static void
text_events(const td_said *s, td_reply *r, json_int_t at)
{
    bool         refusal = strcmp(s->finish, "refusal") == 0;
    size_t       n;
    const char  *p, *text = s->text.p;

    event(r, "response.output_item.added",
          json_pack("{s:I, s:{s:s, s:s, s:s, s:s, s:[]}}", "output_index", at,
                    "item", "type", "message", "id", "msg_double",
                    "role", "assistant", "status", "in_progress", "content"),
          false);

    while (td_token(&text, &p, &n)) {
        event(r, refusal ? "response.refusal.delta"
                         : "response.output_text.delta",
              json_pack("{s:s, s:I, s:i, s:o}", "item_id", "msg_double",
                        "output_index", at, "content_index", 0,
                        "delta", td_token_json(s, p, n)), true);
    }

    event(r, "response.output_item.done",
          json_pack("{s:I, s:o}", "output_index", at, "item", message(s)),
          false);
}


static void
call_events(const td_said *s, size_t i, td_reply *r, json_int_t at)
{
    size_t       n;
    json_t      *item = call(s, i, false);
    const char  *p, *args = s->wishes[i].args.p;

    event(r, "response.output_item.added",
          json_pack("{s:I, s:O}", "output_index", at, "item", item), true);

    while (td_token(&args, &p, &n)) {
        event(r, "response.function_call_arguments.delta",
              json_pack("{s:s, s:I, s:s%}", "item_id", td_string(item, "id"),
                        "output_index", at, "delta", p, n), true);
    }

    event(r, "response.output_item.done",
          json_pack("{s:I, s:o}", "output_index", at,
                    "item", call(s, i, true)), false);
    json_decref(item);
}


static void
events(const td_ask *q, const td_said *s, td_reply *r)
{
    size_t      i;
    json_int_t  at = 0;

    event(r, "response.created",
          json_pack("{s:o}", "response", response(q, s, false)), false);

    if (s->thoughts != NULL) {
        event(r, "response.output_item.done",
              json_pack("{s:I, s:o}", "output_index", at++,
                        "item", reasoning(s)), false);
    }

    if (s->text.len > 0) {
        text_events(s, r, at++);
    }

    for (i = 0; i < s->nwishes; i++) {
        call_events(s, i, r, at++);
    }

    event(r, incomplete(s) ? "response.incomplete" : "response.completed",
          json_pack("{s:o}", "response", response(q, s, true)), false);
}


static void
fail(const td_fault *f, bool in_stream, td_buf *out)
{
    json_t *j;

    if (!in_stream) {
        td_openai_fail(f, false, out);
        return;
    }

    j = json_pack("{s:s, s:s, s:s, s:n}", "type", "error",
                  "code", f->code[0] != '\0' ? f->code : f->type,
                  "message", "scripted", "param");
    td_buf_addz(out, "event: error\ndata: ");
    td_buf_json(out, j);
    td_buf_addz(out, "\n\n");
    json_decref(j);
}


const td_model_api  td_responses = {
    .name = "responses",
    .mine = mine,
    .refuse = refuse,
    .ask = ask,
    .whole = whole,
    .events = events,
    .faults = td_openai_faults,
    .fail = fail,
};
