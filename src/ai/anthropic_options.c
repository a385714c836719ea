/* Options of anthropic: docs/MODELS.md. */

#include "ai/anthropic.h"

#include <stddef.h>


#define TEXT_MAX   256
#define EXTRA_MAX  16384

typedef cx_anthropic_options  options;


static void begin(void *one);
static cx_err end(cx_member_reader *m, cx_str where, void *one);
static const char *wrong_auth(cx_str s);
static const char *wrong_beta(cx_str s);
static const char *wrong_thinking(cx_str s);


#define TEXT(member, check)                                                  \
    { .name = #member, .kind = CX_MEMBER_TEXT,                               \
      .at = offsetof(options, member), .max = TEXT_MAX, .wrong = check }
#define FLAG(member)                                                         \
    { .name = #member, .kind = CX_MEMBER_FLAG,                               \
      .at = offsetof(options, member) }

static const cx_member  items[] = {
    TEXT(version,      cx_native_wrong_name),
    TEXT(beta,         wrong_beta),
    TEXT(auth,         wrong_auth),
    TEXT(thinking,     wrong_thinking),
    { .name = "thinking_budget", .kind = CX_MEMBER_WHOLE,
      .at = offsetof(options, thinking_budget), .min = 1024, .max = 1000000 },
    TEXT(effort,       cx_native_wrong_name),
    TEXT(service_tier, cx_native_wrong_name),
    FLAG(cache),
    FLAG(user),
    { .name = "extra", .kind = CX_MEMBER_JSON,
      .at = offsetof(options, extra), .max = EXTRA_MAX },
};

#undef TEXT
#undef FLAG

const cx_members  cx_anthropic_members = {
    .items = items,
    .n = sizeof(items) / sizeof(items[0]),
    .size = sizeof(options),
    .what = "options of anthropic",
    .begin = begin,
    .end = end,
};


static void
begin(void *one)
{
    options  *o = one;

    *o = (options) {
        .version = CX_STR("2023-06-01"),
        .auth = CX_STR("x-api-key"),
    };
}


static cx_err
end(cx_member_reader *m, cx_str where, void *one)
{
    static const char *const  ours[] = {
        "max_tokens", "messages", "metadata", "model", "output_config",
        "service_tier", "stream", "system", "temperature", "thinking",
        "tools", NULL
    };

    options  *o = one;

    if (o->thinking_budget > 0 && o->thinking.len > 0) {
        return cx_member_wrong(m, where, "thinking_budget", "thinking_budget "
                               "is for models without thinking: give one of "
                               "them");
    }

    return cx_native_extra(m, where, o->extra, ours);
}


static const char *
wrong_auth(cx_str s)
{
    return CX_STR_IS(s, "x-api-key") || CX_STR_IS(s, "bearer")
           ? NULL : "must be x-api-key or bearer";
}


/* Names with commas between them. */
static const char *
wrong_beta(cx_str s)
{
    cx_str  one;

    while (cx_str_split(&s, ',', &one)) {
        if (cx_native_wrong_name(one) != NULL) {
            return "must be names with a comma, and no space, between them";
        }

        if (s.len == 0) {
            break;
        }
    }

    return NULL;
}


static const char *
wrong_thinking(cx_str s)
{
    return CX_STR_IS(s, "adaptive") || CX_STR_IS(s, "disabled")
           ? NULL : "must be adaptive or disabled";
}
