/*
 * What differs between the servers that speak OpenAI's JSON, as members of
 * an agent's options; docs/MODELS.md says which server wants what.
 */

#include "ai/openai.h"

#include <stddef.h>


#define TEXT_MAX    256
#define QUERY_MAX   4096
#define EXTRA_MAX   16384
#define NAME_MAX    64

typedef cx_openai_options  options;


static void begin(void *one);
static cx_err end(cx_member_reader *m, cx_str where, void *one);
static cx_err check_query(cx_member_reader *m, cx_str where, cx_str json);
static cx_err check_extra(cx_member_reader *m, cx_str where, cx_str json);
static bool is_name(cx_str s);
static bool is_ours(cx_str name);
static const char *wrong_limit(cx_str s);
static const char *wrong_role(cx_str s);
static const char *wrong_auth(cx_str s);
static const char *wrong_word(cx_str s);
static const char *wrong_path(cx_str s);
static const char *wrong_detail(cx_str s);
static const char *wrong_user(cx_str s);


#define TEXT(member, check)                                                  \
    { .name = #member, .kind = CX_MEMBER_TEXT,                               \
      .at = offsetof(options, member), .max = TEXT_MAX, .wrong = check }
#define FLAG(member)                                                         \
    { .name = #member, .kind = CX_MEMBER_FLAG,                               \
      .at = offsetof(options, member) }
#define JSON(member, most)                                                   \
    { .name = #member, .kind = CX_MEMBER_JSON,                               \
      .at = offsetof(options, member), .max = most }

/* Of both. */
#define SHARED                                                               \
    TEXT(auth,             wrong_auth),                                      \
    TEXT(api_version,      wrong_path),                                      \
    TEXT(organization,     wrong_word),                                      \
    TEXT(project,          wrong_word),                                      \
    TEXT(reasoning_effort, wrong_path),                                      \
    TEXT(verbosity,        wrong_path),                                      \
    TEXT(service_tier,     wrong_path),                                      \
    TEXT(image_detail,     wrong_detail),                                    \
    TEXT(user_field,       wrong_user),                                      \
    FLAG(store),                                                             \
    JSON(query,            QUERY_MAX),                                       \
    JSON(extra,            EXTRA_MAX)

static const cx_member  chat_items[] = {
    SHARED,
    TEXT(token_limit,      wrong_limit),
    TEXT(system_role,      wrong_role),
    TEXT(deployment,       wrong_path),
    FLAG(include_usage),
    FLAG(alternate),
};

static const cx_member  responses_items[] = {
    SHARED,
    FLAG(keep_reasoning),
};

#undef TEXT
#undef FLAG
#undef JSON
#undef SHARED

const cx_members  cx_openai_members = {
    .items = chat_items,
    .n = sizeof(chat_items) / sizeof(chat_items[0]),
    .size = sizeof(options),
    .what = "options of openai",
    .begin = begin,
    .end = end,
};

const cx_members  cx_responses_members = {
    .items = responses_items,
    .n = sizeof(responses_items) / sizeof(responses_items[0]),
    .size = sizeof(options),
    .what = "options of responses",
    .begin = begin,
    .end = end,
};


/* The names that every compatible server knows. */
static void
begin(void *one)
{
    options  *o = one;

    *o = (options) {
        .token_limit = CX_STR("max_tokens"),
        .system_role = CX_STR("system"),
        .include_usage = true,
    };
}


static cx_err
end(cx_member_reader *m, cx_str where, void *one)
{
    options  *o = one;
    cx_err    err = o->query.len > 0 ? check_query(m, where, o->query)
                                     : CX_OK;

    if (err == CX_OK && o->extra.len > 0) {
        err = check_extra(m, where, o->extra);
    }

    if (o->auth.len == 0) {
        o->auth = o->deployment.len > 0 ? CX_STR("api-key")
                                        : CX_STR("bearer");
    }

    return err;
}


static cx_err
check_query(cx_member_reader *m, cx_str where, cx_str json)
{
    cx_str          key, value;
    cx_json_reader  j;

    cx_json_open(&j, json, m->a);
    (void) cx_json_enter(&j, CX_JSON_OBJECT);

    while (cx_json_key(&j, &key)) {
        if (!is_name(key) || !cx_json_string(&j, &value)) {
            return cx_member_wrong(m, where, "query", "query must hold names "
                                   "of letters, digits, - and _, and texts");
        }
    }

    return j.err == CX_NOMEM ? CX_NOMEM : CX_OK;
}


/* A member that is ours would stand there twice. */
static cx_err
check_extra(cx_member_reader *m, cx_str where, cx_str json)
{
    cx_str          key;
    cx_json_reader  j;

    cx_json_open(&j, json, m->a);
    (void) cx_json_enter(&j, CX_JSON_OBJECT);

    while (cx_json_key(&j, &key)) {
        if (!is_name(key)) {
            return cx_member_wrong(m, where, "extra", "extra must hold names "
                                   "of letters, digits, - and _");
        }

        if (is_ours(key)) {
            return cx_member_wrong(m, where, "extra", "extra cannot hold "
                                   "\"%.*s\": that is set elsewhere",
                                   CX_ARG(key));
        }
    }

    return j.err == CX_NOMEM ? CX_NOMEM : CX_OK;
}


static bool
is_name(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        const char  c = s.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '_' || c == '-'))
        {
            return false;
        }
    }

    return s.len > 0 && s.len <= NAME_MAX;
}


static bool
is_ours(cx_str name)
{
    static const char  *const ours[] = {
        "include", "input", "instructions", "max_completion_tokens",
        "max_output_tokens", "max_tokens", "messages", "model", "n",
        "previous_response_id", "reasoning", "reasoning_effort",
        "safety_identifier", "service_tier", "store", "stream",
        "stream_options", "temperature", "text", "tools", "user",
        "verbosity",
    };

    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (cx_str_eq(name, cx_strz(ours[i]))) {
            return true;
        }
    }

    return false;
}


/* --- what is wrong with a text ------------------------------------------- */

static const char *
wrong_limit(cx_str s)
{
    return CX_STR_IS(s, "max_tokens") || CX_STR_IS(s, "max_completion_tokens")
           ? NULL : "must be max_tokens or max_completion_tokens";
}


static const char *
wrong_role(cx_str s)
{
    return CX_STR_IS(s, "system") || CX_STR_IS(s, "developer")
           ? NULL : "must be system or developer";
}


static const char *
wrong_auth(cx_str s)
{
    return CX_STR_IS(s, "bearer") || CX_STR_IS(s, "api-key")
           ? NULL : "must be bearer or api-key";
}


static const char *
wrong_word(cx_str s)
{
    return cx_http_word_ok(s) ? NULL : "must be a word";
}


/* Words of an API, and names that stand in a URL's path. */
static const char *
wrong_path(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_name(cx_str_sub(s, i, 1)) && s.p[i] != '.') {
            return "must be letters, digits, dots, - and _";
        }
    }

    return CX_STR_IS(s, ".") || CX_STR_IS(s, "..") ? "must be a name" : NULL;
}


static const char *
wrong_detail(cx_str s)
{
    return CX_STR_IS(s, "auto") || CX_STR_IS(s, "low") || CX_STR_IS(s, "high")
           ? NULL : "must be auto, low or high";
}


static const char *
wrong_user(cx_str s)
{
    return CX_STR_IS(s, "user") || CX_STR_IS(s, "safety_identifier")
           ? NULL : "must be user or safety_identifier";
}
