/*
 * Requests of AI providers as cases: in.json holds settings and prompt,
 * out.http what is sent, or the word of the error.
 */

#ifndef CX_T_UNIT_ASK_H
#define CX_T_UNIT_ASK_H

#include "ai/ai.h"

#include "unit/folder.h"
#include "unit/tap.h"

#include <jansson.h>


#define ASK_ARENA_MAX  (4 * 1024 * 1024)


static inline cx_str
ask_text(const json_t *in, const char *name)
{
    const json_t  *s = json_object_get(in, name);

    return json_is_string(s)
           ? (cx_str) { json_string_length(s), json_string_value(s) }
           : CX_NOSTR;
}


/* The member as JSON. */
static inline cx_str
ask_json(const json_t *in, const char *name, cx_arena *a)
{
    char          *text = json_dumps(json_object_get(in, name),
                                     JSON_COMPACT | JSON_ENCODE_ANY);
    const cx_str   s = cx_dup(a, cx_strz(text));

    free(text);
    return s;
}


static inline const cx_ai_call *
ask_calls(const json_t *list, cx_arena *a, const cx_str **results)
{
    size_t       i;
    json_t      *item;
    cx_str      *r = CX_NEW_N(a, json_array_size(list) + 1, cx_str);
    cx_ai_call  *c = CX_NEW_N(a, json_array_size(list) + 1, cx_ai_call);

    json_array_foreach(list, i, item) {
        c[i] = (cx_ai_call) {
            .id = ask_text(item, "id"),
            .name = ask_text(item, "name"),
            .arguments = ask_text(item, "arguments"),
            .extra = ask_json(item, "extra", a),
        };
        r[i] = ask_text(item, "result");
    }

    *results = r;
    return c;
}


static inline void
ask_turns(const json_t *in, cx_arena *a, cx_ai_prompt *p)
{
    size_t       i;
    json_t      *item;
    json_t      *list = json_object_get(in, "history");
    cx_ai_turn  *turns = CX_NEW_N(a, json_array_size(list) + 1, cx_ai_turn);

    json_array_foreach(list, i, item) {
        const bool  us = json_object_get(item, "us") != NULL;

        turns[i].role = us ? CX_TURN_US : CX_TURN_CUSTOMER;
        turns[i].text = ask_text(item, us ? "us" : "customer");
        turns[i].channel = ask_text(item, "via");
    }

    p->history = turns;
    p->nhistory = json_array_size(list);
}


/* Each list of the prompt: its items, of type, with their members. */
#define ASK_LIST(field, type, ...)                                           \
    do {                                                                     \
        json_t  *list = json_object_get(in, #field);                         \
        type    *all = CX_NEW_N(a, json_array_size(list) + 1, type);         \
                                                                             \
        for (size_t i = 0; i < json_array_size(list); i++) {                 \
            const json_t  *item = json_array_get(list, i);                   \
                                                                             \
            all[i] = (type) { __VA_ARGS__ };                                 \
        }                                                                    \
                                                                             \
        p.field = all;                                                       \
        p.n##field = json_array_size(list);                                  \
    } while (0)


static inline cx_ai_prompt
ask_prompt(const json_t *in, cx_arena *a)
{
    cx_ai_round   *rounds;
    cx_ai_prompt   p = {
        .system = ask_text(in, "system"),
        .language = ask_text(in, "language"),
        .question = ask_text(in, "question"),
        .summary = ask_text(in, "summary"),
        .handoff = ask_text(in, "handoff"),
        .previous = ask_text(in, "previous"),
        .report = json_object_get(in, "report") != NULL,
        .report_mark = ask_text(in, "report"),
    };

    ask_turns(in, a, &p);
    ASK_LIST(passages, cx_ai_passage, .source = ask_text(item, "source"),
             .question = ask_text(item, "question"),
             .text = ask_text(item, "text"));
    ASK_LIST(facts, cx_ai_fact, .name = ask_text(item, "name"),
             .value = ask_text(item, "value"));
    ASK_LIST(images, cx_ai_image, .mime = ask_text(item, "mime"),
             .base64 = ask_text(item, "base64"));
    ASK_LIST(tools, cx_ai_tool, .name = ask_text(item, "name"),
             .description = ask_text(item, "description"),
             .schema = ask_json(item, "schema", a));
    ASK_LIST(rounds, cx_ai_round, .text = ask_text(item, "text"),
             .ncalls = json_array_size(json_object_get(item, "calls")));

    rounds = (cx_ai_round *) (uintptr_t) p.rounds;

    for (size_t i = 0; i < p.nrounds; i++) {
        rounds[i].calls = ask_calls(
            json_object_get(json_array_get(json_object_get(in, "rounds"), i),
                            "calls"), a, &rounds[i].results);
    }

    return p;
}


/* The arena of what is built may fail, the other one must not. */
static inline cx_str
ask_build(const char *provider, const json_t *in, cx_arena *small,
    cx_arena *a)
{
    cx_err               err;
    cx_http_req          req;
    const json_t        *t = json_object_get(in, "temperature");
    const cx_ai_prompt   p = ask_prompt(in, a);

    const cx_ai_settings  s = {
        .base_url = ask_text(in, "base_url"),
        .api_key = ask_text(in, "api_key"),
        .model = ask_text(in, "model"),
        .temperature = t == NULL ? -1 : json_number_value(t),
        .max_tokens = json_integer_value(json_object_get(in, "max_tokens")),
        .options = ask_json(in, "options", a),
        .user = ask_text(in, "user"),
        .stream = json_is_true(json_object_get(in, "stream")),
    };

    err = cx_ai_find(cx_strz(provider))->build(&s, &p, small, &req);

    return err == CX_OK ? request_print(a, &req)
                        : cx_printf(a, "%s\n", cx_err_word(err));
}


/* The case, and at every byte cap: whole or out of memory. */
static inline void
ask_case(const char *provider, const char *suite, const char *name)
{
    bool       good = true;
    cx_str     file, want, got = CX_STR("no_memory\n");
    size_t     limit;
    json_t    *in;
    cx_arena  *a = cx_arena_new(ASK_ARENA_MAX);
    cx_arena  *each = cx_arena_new(ASK_ARENA_MAX);
    cx_arena  *small = cx_arena_new(ASK_ARENA_MAX);

    file = case_file(a, suite, name, "in.json");
    in = json_loadb(file.p, file.len, 0, NULL);
    want = case_file(a, suite, name, "out.http");
    tap_is_str(ask_build(provider, in, a, a), want, name);

    for (limit = 0; CX_STR_IS(got, "no_memory\n") && limit < ASK_ARENA_MAX;
         limit += 13)
    {
        cx_arena_reset(each);
        cx_arena_reset(small);
        cx_arena_limit(small, limit);
        got = ask_build(provider, in, small, each);
        good = good && (CX_STR_IS(got, "no_memory\n")
                        || cx_str_eq(got, want));
    }

    tap_ok(good && cx_str_eq(got, want), "%s: whole or out of memory, at "
           "%zu byte caps", name, limit / 13);

    json_decref(in);
    cx_arena_free(small);
    cx_arena_free(each);
    cx_arena_free(a);
}

#endif /* CX_T_UNIT_ASK_H */
