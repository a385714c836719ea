/* Chat completions: t/cases/openai-request (what is asked), openai-whole (what
 * is read) and openai (what the answer means). */

#include "ai/ai.h"

#include "core/json.h"

#include "unit/ask.h"
#include "unit/reply.h"


#define ARENA_MAX  (4 * 1024 * 1024)


static void
one_request(const char *suite, const char *name)
{
    ask_case("openai", suite, name);
}


static void
one_reply(const char *suite, const char *name)
{
    reply_case("openai", suite, name);
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
    tap_ok(folder_each("openai-whole", one_reply) >= 12,
           "replies were found");
    tap_ok(folder_each("openai", one_answer) >= 30, "answers were found");
    cut_everywhere();
    no_memory();

    return tap_done();
}
