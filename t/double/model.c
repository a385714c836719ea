#include "double.h"

#include <stdlib.h>
#include <string.h>

/*
 * The answer is made of the request, so that a test can foretell it: the last
 * line of the passage that the prompt quotes first, else an echo of the
 * question.  The product writes passages as "[1] source" and lines that begin
 * with "> ".
 */


/* Content may be a string or an array of parts. */
static const char *
content(const json_t *message)
{
    const char  *s = NULL;
    json_t      *c = json_object_get(message, "content");

    if (json_is_array(c)) {
        c = json_object_get(json_array_get(c, 0), "text");
    }

    s = json_string_value(c);
    return s != NULL ? s : "";
}


static const char *
last_of(const json_t *messages, const char *role, const char *role2)
{
    size_t       i;
    const char  *r;

    for (i = json_array_size(messages); i > 0; i--) {
        r = json_string_value(json_object_get(
                json_array_get(messages, i - 1), "role"));
        if (r != NULL && (strcmp(r, role) == 0 || strcmp(r, role2) == 0)) {
            return content(json_array_get(messages, i - 1));
        }
    }

    return "";
}


static void
answer_of(const char *system, const char *question, td_buf *out)
{
    size_t       len;
    const char  *p, *last = NULL;

    p = strstr(system, "\n[1] ");
    p = p != NULL ? strchr(p + 1, '\n') : NULL;
    while (p != NULL && p[1] == '>' && p[2] == ' ') {
        last = p + 3;
        p = strchr(last, '\n');
    }

    if (last != NULL) {
        len = strcspn(last, "\n");
        td_buf_add(out, last, len);
        return;
    }

    td_buf_addz(out, "echo: ");
    td_buf_addz(out, question);
}


static json_t *
completion(const char *model, const char *text, size_t asked)
{
    json_int_t in = (json_int_t) (asked / 4 + 1);
    json_int_t out = (json_int_t) (strlen(text) / 4 + 1);

    return json_pack("{s:s, s:s, s:I, s:s, s:[{s:i, s:{s:s, s:s}, s:s}],"
                     " s:{s:I, s:I, s:I}}",
                     "id", "chatcmpl-double", "object", "chat.completion",
                     "created", (json_int_t) (td_now_ms() / 1000),
                     "model", model, "choices", "index", 0,
                     "message", "role", "assistant", "content", text,
                     "finish_reason", "stop", "usage",
                     "prompt_tokens", in, "completion_tokens", out,
                     "total_tokens", in + out);
}


/* Server-sent events: a word an event. */
static void
stream(td_reply *r, const char *model, const char *text)
{
    size_t       n;
    json_t      *j;
    const char  *p;

    r->sse = true;
    for (p = text; *p != '\0'; p += n) {
        n = strcspn(p + 1, " ") + 1;
        j = json_pack("{s:s, s:s, s:[{s:i, s:{s:s%}, s:n}]}",
                      "object", "chat.completion.chunk", "model", model,
                      "choices", "index", 0, "delta", "content", p, n,
                      "finish_reason");
        td_buf_addz(&r->body, "data: ");
        td_buf_json(&r->body, j);
        td_buf_addz(&r->body, "\n\n");
        json_decref(j);
    }

    td_buf_addz(&r->body,
                "data: {\"choices\":[{\"index\":0,\"delta\":{},"
                "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
}


void
td_model(td_conn *c, json_t *body)
{
    json_t      *messages = json_object_get(body, "messages"), *answer;
    td_act       act;
    td_buf       text = { 0 };
    td_reply    *r = td_conn_reply(c);
    const char  *question = last_of(messages, "user", "user");
    const char  *model = json_string_value(json_object_get(body, "model"));

    td.count.models++;
    (void) td_script_match(td_conn_req(c), TD_KIND_MODEL, "", question, &act);
    r->delay_ms = act.delay_ms;

    if (act.text != NULL) {
        td_buf_addz(&text, json_string_value(act.text));

    } else {
        answer_of(last_of(messages, "system", "developer"), question, &text);
    }

    model = model != NULL ? model : "double";
    if (json_is_true(json_object_get(body, "stream"))) {
        stream(r, model, text.p);

    } else {
        answer = completion(model, text.p, td_conn_req(c)->body.len);
        td_buf_json(&r->body, answer);
        json_decref(answer);
    }

    td_buf_free(&text);
    td_script_apply(&act, r);
    td_conn_answer(c);
}
