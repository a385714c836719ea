/* Options of the providers that speak OpenAI's JSON: what is refused says
 * where and why, before it is kept. */

#include "ai/ai.h"

#include "unit/tap.h"


static cx_arena  *arena;


static cx_err
check(const char *provider, const char *json, cx_str *pointer, cx_str *error)
{
    cx_arena_reset(arena);
    *pointer = *error = CX_NOSTR;
    return cx_ai_check(cx_ai_find(cx_strz(provider)), cx_strz(json), arena,
                       pointer, error);
}


static void
taken(const char *provider, const char *json)
{
    cx_str  pointer, error;

    tap_is_int(check(provider, json, &pointer, &error), CX_OK, json);
}


static void
refused(const char *provider, const char *json, const char *at,
    const char *why)
{
    cx_str  pointer, error;

    tap_is_int(check(provider, json, &pointer, &error), CX_INVALID, json);
    tap_is_str(pointer, cx_strz(at), "where");
    tap_ok(cx_str_find(error, cx_strz(why)) != SIZE_MAX, "because it %.*s",
           CX_ARG(error));
}


/* At every byte cap: the same, or out of memory. */
static void
no_memory(const char *json, cx_err expected)
{
    bool    good = true;
    cx_str  pointer, error;
    cx_err  err = CX_NOMEM;

    for (size_t limit = 0; limit < 4096; limit++) {
        cx_arena_reset(arena);
        cx_arena_limit(arena, limit);
        err = cx_ai_check(cx_ai_find(CX_STR("openai")), cx_strz(json), arena,
                          &pointer, &error);
        good = good && (err == CX_NOMEM || err == expected);
    }

    cx_arena_limit(arena, 1 << 20);
    tap_ok(good && err == expected, "%s: out of memory", json);
}


int
main(void)
{
    arena = cx_arena_new(1 << 20);

    taken("openai", "");
    taken("openai", "{}");
    taken("openai", "{\"token_limit\":\"max_completion_tokens\","
          "\"system_role\":\"developer\",\"auth\":\"api-key\"}");
    taken("openai", "{\"reasoning_effort\":null}");
    taken("responses", "{\"keep_reasoning\":true,\"store\":false}");
    taken("openai", "{\"extra\":{\"top_k\":20,\"a-b_C9\":{\"x\":[1]}},"
          "\"query\":{\"a\":\"b c\"}}");

    refused("openai", "{\"top_k\":1}", "/top_k", "is not known");
    refused("openai", "{\"token_limit\":\"tokens\"}", "/token_limit",
            "must be max_tokens or");
    refused("openai", "{\"system_role\":\"user\"}", "/system_role",
            "must be system or");
    refused("openai", "{\"auth\":\"basic\"}", "/auth", "must be bearer or");
    refused("openai", "{\"deployment\":\"a/b\"}", "/deployment",
            "letters, digits");
    refused("openai", "{\"deployment\":\"..\"}", "/deployment",
            "must be a name");
    refused("openai", "{\"image_detail\":\"huge\"}", "/image_detail",
            "must be auto");
    refused("openai", "{\"user_field\":\"name\"}", "/user_field",
            "must be user or");
    refused("openai", "{\"project\":\"a\\nb\"}", "/project",
            "must be a word");
    refused("openai", "{\"include_usage\":\"no\"}", "/include_usage",
            "true or false");
    refused("openai", "{\"query\":{\"a\":1}}", "/query", "texts");
    refused("openai", "{\"extra\":{\"messages\":[]}}", "/extra",
            "\"messages\"");
    refused("openai", "{\"extra\":{\"a b\":1}}", "/extra", "names");
    refused("openai", "[]", "", "must be an object");
    refused("openai", "{} {}", "", "one object");
    refused("responses", "{\"alternate\":true}", "/alternate",
            "is not known");
    refused("knowledge", "{}", "", "no options");

    no_memory("{\"extra\":{\"a\\u0062\":1},\"query\":{\"\\u0061\":\"b\"}}",
              CX_OK);
    no_memory("{\"extra\":{\"mod\\u0065l\":1}}", CX_INVALID);

    cx_arena_free(arena);
    return tap_done();
}
