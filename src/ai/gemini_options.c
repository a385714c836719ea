/* Options of gemini: docs/MODELS.md. */

#include "ai/gemini.h"

#include <stddef.h>


#define TEXT_MAX   64
#define EXTRA_MAX  16384

typedef cx_gemini_options  options;


static void begin(void *one);
static cx_err end(cx_member_reader *m, cx_str where, void *one);
static const char *wrong_auth(cx_str s);
static const char *wrong_safety(cx_str s);


#define TEXT(member, check)                                                  \
    { .name = #member, .kind = CX_MEMBER_TEXT,                               \
      .at = offsetof(options, member), .max = TEXT_MAX, .wrong = check }

static const cx_member  items[] = {
    TEXT(auth,           wrong_auth),
    TEXT(thinking_level, cx_native_wrong_name),
    { .name = "thinking_budget", .kind = CX_MEMBER_WHOLE,
      .at = offsetof(options, thinking_budget), .min = -1, .max = 1000000 },
    TEXT(safety,         wrong_safety),
    { .name = "extra", .kind = CX_MEMBER_JSON,
      .at = offsetof(options, extra), .max = EXTRA_MAX },
};

#undef TEXT

const cx_members  cx_gemini_members = {
    .items = items,
    .n = sizeof(items) / sizeof(items[0]),
    .size = sizeof(options),
    .what = "options of gemini",
    .begin = begin,
    .end = end,
};


static void
begin(void *one)
{
    options  *o = one;

    *o = (options) { .auth = CX_STR("x-goog-api-key"),
                     .thinking_budget = -2 };
}


static cx_err
end(cx_member_reader *m, cx_str where, void *one)
{
    static const char *const  ours[] = {
        "contents", "generationConfig", "safetySettings",
        "systemInstruction", "system_instruction", "tools", NULL
    };

    options  *o = one;

    if (o->thinking_level.len > 0 && o->thinking_budget > -2) {
        return cx_member_wrong(m, where, "thinking_budget", "thinking_budget "
                               "is for models without thinking_level: give "
                               "one of them");
    }

    return cx_native_extra(m, where, o->extra, ours);
}


static const char *
wrong_auth(cx_str s)
{
    return CX_STR_IS(s, "x-goog-api-key") || CX_STR_IS(s, "bearer")
           ? NULL : "must be x-goog-api-key or bearer";
}


static const char *
wrong_safety(cx_str s)
{
    static const char  *const words[] = {
        "OFF", "BLOCK_NONE", "BLOCK_ONLY_HIGH", "BLOCK_MEDIUM_AND_ABOVE",
        "BLOCK_LOW_AND_ABOVE",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (cx_str_eq(s, cx_strz(words[i]))) {
            return NULL;
        }
    }

    return "must be OFF, BLOCK_NONE, BLOCK_ONLY_HIGH, BLOCK_MEDIUM_AND_ABOVE "
           "or BLOCK_LOW_AND_ABOVE";
}
