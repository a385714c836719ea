#include "model.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Embeddings of words: every word points in a direction of its own, a text
 * where its words do together.  Texts that share words are near each other.
 */

#define DIMENSIONS      64
#define DIMENSIONS_MAX  4096
#define WORD_MAX        64


static void
add_word(const char *p, size_t len, double *v, size_t n)
{
    size_t    i;
    uint64_t  h = 1469598103934665603ULL;

    for (i = 0; i < len; i++) {
        h = (h ^ (uint64_t) tolower((unsigned char) p[i])) * 1099511628211ULL;
    }

    for (i = 0; i < n; i++) {
        h = h * 6364136223846793005ULL + 1442695040888963407ULL;
        v[i] += (double) (h >> 40) / (1 << 23) - 1;
    }
}


/* A byte beyond ASCII is taken for a part of one. */
static bool
is_letter(char c)
{
    return isalnum((unsigned char) c) || (unsigned char) c > 127;
}


static json_t *
embed(const char *text, size_t n)
{
    size_t   i, len;
    double  *v = td_alloc(n * sizeof(*v));
    double   sum = 0;
    json_t  *list = json_array();

    while (*text != '\0') {
        for (len = 0; is_letter(text[len]); len++) { /* void */ }

        if (len > 0) {
            add_word(text, len, v, n);
        }

        text += len > 0 ? len : 1;
    }

    for (i = 0; i < n; i++) {
        sum += v[i] * v[i];
    }

    for (i = 0; i < n; i++) {
        (void) json_array_append_new(list, json_real(sum > 0
                                                     ? v[i] / sqrt(sum) : 0));
    }

    free(v);
    return list;
}


static json_t *
one(const char *text, size_t index, size_t n)
{
    return json_pack("{s:s, s:I, s:o}", "object", "embedding",
                     "index", (json_int_t) index, "embedding",
                     embed(text != NULL ? text : "", n));
}


static size_t
dimensions(const json_t *body)
{
    json_int_t n = json_integer_value(json_object_get(body, "dimensions"));

    return n > 0 && n <= DIMENSIONS_MAX ? (size_t) n : DIMENSIONS;
}


static const td_fault *
fault_of(const td_act *act)
{
    const char      *word = td_string(act->what, "error");
    const td_fault  *f;

    for (f = td_openai_faults; f->word != NULL; f++) {
        if (word != NULL ? strcmp(f->word, word) == 0
                         : f->status == act->status)
        {
            return act->body == NULL && act->code == 0 ? f : NULL;
        }
    }

    return NULL;
}


/* As OpenAI tells an error; else as the rule says. */
static void
finish(td_conn *c, td_act *act)
{
    td_reply        *r = td_conn_reply(c);
    const td_fault  *f = fault_of(act);

    r->delay_ms = act->delay_ms;
    if (f != NULL) {
        r->status = f->status;
        r->body.len = 0;
        td_buf_addz(&r->headers, f->headers != NULL ? f->headers : "");
        td_openai_fail(f, false, &r->body);
        act->status = 0;
    }

    td_script_apply(act, r);
    td_conn_answer(c);
}


/* POST .../embeddings: a text or many. */
void
td_embed(td_conn *c, json_t *body)
{
    size_t       i, n = dimensions(body);
    json_t      *input = json_object_get(body, "input"), *text, *list, *j;
    td_act       act;
    td_req      *req = td_conn_req(c);
    const char  *model = td_string(body, "model");
    const char  *first = json_is_array(input)
                         ? json_string_value(json_array_get(input, 0))
                         : json_string_value(input);

    td.count.embeddings++;
    model = model != NULL ? model : "double";
    (void) td_script_match(req, TD_KIND_EMBED, model,
                           first != NULL ? first : "", &act);

    list = json_array();
    if (json_is_string(input)) {
        (void) json_array_append_new(list, one(first, 0, n));
    }

    json_array_foreach(input, i, text) {
        (void) json_array_append_new(list, one(json_string_value(text), i,
                                               n));
    }

    j = json_pack("{s:s, s:o, s:s, s:{s:I, s:I}}", "object", "list",
                  "data", list, "model", model, "usage",
                  "prompt_tokens", (json_int_t) (req->body.len / 4 + 1),
                  "total_tokens", (json_int_t) (req->body.len / 4 + 1));
    td_buf_json(&td_conn_reply(c)->body, j);
    json_decref(j);
    finish(c, &act);
}


/* POST .../audio/transcriptions: a form with a file; what is heard in it is
 * its size, or the rule's text. */
void
td_transcribe(td_conn *c)
{
    td_buf       text = { 0 };
    td_act       act;
    json_t      *j;
    td_req      *req = td_conn_req(c);
    td_reply    *r = td_conn_reply(c);

    td.count.transcripts++;
    (void) td_script_match(req, TD_KIND_TRANSCRIBE, "", "", &act);

    if (!td_str_has(req->type, "multipart/form-data")
        || !td_str_has(req->body, "name=\"file\"")
        || !td_str_has(req->body, "name=\"model\""))
    {
        act.status = act.status == 0 ? 400 : act.status;
    }

    if (json_is_string(act.text)) {
        td_buf_addz(&text, json_string_value(act.text));

    } else {
        td_buf_printf(&text, "heard %zu bytes", req->body.len);
    }

    j = json_pack("{s:s%}", "text", text.p, text.len);
    td_buf_json(&r->body, j);
    json_decref(j);
    td_buf_free(&text);
    finish(c, &act);
}
