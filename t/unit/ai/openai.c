/* Chat completions: t/cases/openai-request (what is asked) and t/cases/openai
 * (what the answer means). */

#include "ai/ai.h"

#include "core/json.h"

#include "unit/folder.h"
#include "unit/tap.h"

#include <jansson.h>


#define ARENA_MAX  (4 * 1024 * 1024)


static cx_str
text(const json_t *in, const char *name)
{
    const json_t  *s = json_object_get(in, name);

    return s == NULL ? CX_NOSTR : (cx_str) { json_string_length(s),
                                             json_string_value(s) };
}


static cx_ai_prompt
prompt_of(const json_t *in, cx_arena *a)
{
    size_t          i;
    json_t         *item;
    json_t         *knowledge = json_object_get(in, "passages");
    json_t         *history = json_object_get(in, "history");
    cx_ai_turn     *turns = CX_NEW_N(a, json_array_size(history) + 1,
                                     cx_ai_turn);
    cx_ai_passage  *passages = CX_NEW_N(a, json_array_size(knowledge) + 1,
                                        cx_ai_passage);

    json_array_foreach(history, i, item) {
        turns[i].role = text(item, "us").len > 0 ? CX_TURN_US
                                                 : CX_TURN_CUSTOMER;
        turns[i].text = text(item, turns[i].role == CX_TURN_US ? "us"
                                                               : "customer");
        turns[i].channel = text(item, "via");
    }

    json_array_foreach(knowledge, i, item) {
        passages[i].source = text(item, "source");
        passages[i].question = text(item, "question");
        passages[i].text = text(item, "text");
    }

    return (cx_ai_prompt) {
        .system = text(in, "system"),
        .question = text(in, "question"),
        .handoff = text(in, "handoff"),
        .history = turns,
        .nhistory = json_array_size(history),
        .passages = passages,
        .npassages = json_array_size(knowledge),
    };
}


static cx_str
build(const json_t *in, const cx_ai_prompt *p, cx_arena *a, cx_arena *print)
{
    cx_err          err;
    cx_http_req     req;
    const json_t   *t = json_object_get(in, "temperature");

    const cx_ai_settings  s = {
        .base_url = text(in, "base_url"),
        .api_key = text(in, "api_key"),
        .model = text(in, "model"),
        .temperature = t == NULL ? -1 : json_number_value(t),
        .max_tokens = json_integer_value(json_object_get(in, "max_tokens")),
    };

    err = cx_ai_find(CX_STR("openai"))->build(&s, p, a, &req);

    return err == CX_OK ? request_print(print, &req)
                        : cx_printf(print, "%s\n", cx_err_word(err));
}


static void
one_request(const char *suite, const char *name)
{
    bool           good = true;
    cx_str         file, want, got = CX_STR("no_memory\n");
    size_t         limit;
    json_t        *in;
    cx_arena      *a = cx_arena_new(ARENA_MAX);
    cx_arena      *small = cx_arena_new(ARENA_MAX);
    cx_ai_prompt   p;

    file = case_file(a, suite, name, "in.json");
    in = json_loadb(file.p, file.len, 0, NULL);
    p = prompt_of(in, a);
    want = case_file(a, suite, name, "out.http");

    tap_is_str(build(in, &p, a, a), want, name);

    for (limit = 0; CX_STR_IS(got, "no_memory\n") && limit < ARENA_MAX;
         limit += 13)
    {
        cx_arena_reset(small);
        cx_arena_limit(small, limit);
        got = build(in, &p, small, a);
        good = good && (CX_STR_IS(got, "no_memory\n")
                        || cx_str_eq(got, want));
    }

    tap_ok(good && cx_str_eq(got, want), "%s: whole or out of memory, at "
           "%zu byte caps", name, limit / 13);

    json_decref(in);
    cx_arena_free(small);
    cx_arena_free(a);
}


static void
put(cx_json_writer *w, const char *name, cx_str value)
{
    if (value.len > 0) {
        cx_json_name(w, cx_strz(name));
        cx_json_put_str(w, value);
    }
}


static void
put_int(cx_json_writer *w, const char *name, int64_t value)
{
    if (value != 0) {
        cx_json_name(w, cx_strz(name));
        cx_json_put_i64(w, value);
    }
}


static cx_str
print(const cx_ai_outcome *o, const cx_ai_answer *out, cx_arena *a)
{
    static const char  *const results[] = {
        [CX_AI_OK] = "ok",
        [CX_AI_RETRY] = "retry",
        [CX_AI_REFUSED] = "refused",
    };

    cx_buf           b;
    cx_json_writer   w;

    cx_buf_init(&b, a, 1024, 1 << 18);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    put(&w, "result", cx_strz(results[o->result]));
    put(&w, "error", o->error);
    put_int(&w, "wait_ms", o->wait_ms);

    if (o->result == CX_AI_OK) {
        put(&w, "text", out->text);
        put_int(&w, "percent", (int64_t) (100 * out->confidence + 0.5));
        put(&w, "reason", out->reason);
        put_int(&w, "handoff", out->handoff);
        put_int(&w, "tokens_in", out->tokens_in);
        put_int(&w, "tokens_out", out->tokens_out);
        put(&w, "model", out->model);

        cx_json_name(&w, CX_STR("used"));
        cx_json_begin(&w, '[');

        for (size_t i = 0; i < out->nused; i++) {
            cx_json_put_i64(&w, (int64_t) out->used[i]);
        }

        cx_json_end(&w, ']');
    }

    cx_json_end(&w, '}');
    cx_buf_byte(&b, '\n');
    return cx_buf_str(&b);
}


/* The prompt that all answers of the suite are judged by. */
static cx_ai_prompt
house(void)
{
    static const cx_ai_passage  passages[] = {
        { .source = CX_STR_INIT("house.md"),
          .question = CX_STR_INIT("Parking"),
          .text = CX_STR_INIT("Parking costs 8.50 EUR a night.") },
        { .source = CX_STR_INIT("house.md"),
          .question = CX_STR_INIT("Arrival"),
          .text = CX_STR_INIT("Check-in is from 15:00 to 20:00.") },
    };

    return (cx_ai_prompt) {
        .question = CX_STR("What time is check-in?"),
        .handoff = CX_STR("I will ask a colleague."),
        .passages = passages,
        .npassages = 2,
    };
}


static void
one_answer(const char *suite, const char *name)
{
    cx_arena           *a = cx_arena_new(ARENA_MAX);
    cx_ai_answer        out = { .text = CX_NOSTR };
    cx_ai_outcome       o;
    const cx_ai_prompt  p = house();
    const cx_http_res   res = response_parse(a, case_file(a, suite, name,
                                                          "in.http"));

    o = cx_ai_read(cx_ai_find(CX_STR("openai")), &res, &p, a, &out);
    tap_is_str(print(&o, &out, a), case_file(a, suite, name, "out.json"),
               name);
    cx_arena_free(a);
}


/* An answer cut anywhere is asked for again, never sent by half. */
static void
cut_everywhere(void)
{
    bool                good = true;
    cx_arena           *a = cx_arena_new(ARENA_MAX);
    cx_arena           *b = cx_arena_new(ARENA_MAX);
    cx_ai_answer        out = { .text = CX_NOSTR };
    cx_http_res         res, cut;
    const cx_ai_prompt  p = house();

    res = response_parse(a, case_file(a, "openai", "answer", "in.http"));

    for (size_t len = 0; len < res.body.len; len++) {
        cut = res;
        cut.body = cx_str_sub(res.body, 0, len);
        cx_arena_reset(b);
        good = good && cx_ai_read(cx_ai_find(CX_STR("openai")), &cut, &p, b,
                                  &out).result == CX_AI_RETRY;
    }

    tap_ok(good && res.body.len > 100, "cut after each of %zu bytes: retry",
           res.body.len);
    cx_arena_free(a);
    cx_arena_free(b);
}


static void
no_memory(void)
{
    bool                good = true;
    cx_arena           *a = cx_arena_new(ARENA_MAX);
    cx_arena           *b = cx_arena_new(ARENA_MAX);
    cx_ai_answer        out, whole = { .text = CX_NOSTR };
    cx_ai_outcome       o;
    const cx_ai_prompt  p = house();
    const cx_http_res   res = response_parse(a, case_file(a, "openai",
                                                          "answer",
                                                          "in.http"));

    (void) cx_ai_read(cx_ai_find(CX_STR("openai")), &res, &p, a, &whole);

    for (size_t limit = 0; limit < 65536; limit += 11) {
        cx_arena_reset(b);
        cx_arena_limit(b, limit);
        o = cx_ai_read(cx_ai_find(CX_STR("openai")), &res, &p, b, &out);
        good = good && (o.result == CX_AI_RETRY
                        || (o.result == CX_AI_OK
                            && cx_str_eq(out.text, whole.text)));
    }

    tap_ok(good, "out of memory: the whole answer or a retry");
    cx_arena_free(a);
    cx_arena_free(b);
}


int
main(void)
{
    tap_ok(folder_each("openai-request", one_request) >= 7,
           "requests were found");
    tap_ok(folder_each("openai", one_answer) >= 30, "answers were found");
    cut_everywhere();
    no_memory();

    return tap_done();
}
