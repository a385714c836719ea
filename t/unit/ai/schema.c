/* Schemas of functions, and arguments against them. */

#include "ai/schema.h"

#include "unit/tap.h"


static cx_arena  *arena;


static void
schemas(void)
{
    static const struct {
        const char  *json;
        const char  *pointer;       /* NULL: it is well */
        const char  *error;
    } cases[] = {
        { "{\"type\":\"object\"}", NULL, "" },
        { "{\"type\":\"object\",\"properties\":{\"a\":{}}}", NULL, "" },
        { "{\"properties\":{\"a\":{\"type\":[\"string\",\"null\"],"
          "\"enum\":[\"x\",null],\"format\":\"date\",\"default\":{\"x\":[1]}"
          "}},\"required\":[\"a\"],\"type\":\"object\"}", NULL, "" },
        { "", "", "must be an object" },
        { "[]", "", "must be an object" },
        { "{\"type\":\"object\"", "", "not readable" },
        { "{\"type\":\"object\"}x", "", "one JSON object" },
        { "{}", "/type", "\"object\"" },
        { "{\"type\":\"array\"}", "/type", "\"object\"" },
        { "{\"type\":\"thing\"}", "/type", "string, number" },
        { "{\"type\":\"object\",\"$ref\":\"#\"}", "/$ref", "not known here" },
        { "{\"type\":\"object\",\"properties\":{\"a\":{\"anyOf\":[]}}}",
          "/properties/a/anyOf", "not known here" },
        { "{\"type\":\"object\",\"properties\":{\"a\":true}}",
          "/properties/a", "must be an object" },
        { "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\","
          "\"items\":{\"minLength\":-1}}}}",
          "/properties/a/items/minLength", "whole number" },
        { "{\"type\":\"object\",\"required\":[\"b\"]}", "/required",
          "not in properties" },
        { "{\"type\":\"object\",\"required\":\"b\"}", "/required", "list" },
        { "{\"type\":\"object\",\"additionalProperties\":{}}",
          "/additionalProperties", "true or false" },
        { "{\"type\":\"object\",\"properties\":{\"a\":{\"enum\":[]}}}",
          "/properties/a/enum", "1 to 100" },
        { "{\"type\":\"object\",\"properties\":{\"a\":{\"enum\":[{}]}}}",
          "/properties/a/enum", "1 to 100" },
        { "{\"type\":\"object\",\"properties\":{\"a\":{\"minimum\":\"1\"}}}",
          "/properties/a/minimum", "a number" },
        { "{\"type\":\"object\",\"properties\":{\"a\":{\"pattern\":\"(a)\"}}}",
          "/properties/a/pattern", "no groups" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const cx_schema  *s;
        cx_str            pointer = CX_NOSTR, error = CX_NOSTR;
        cx_err            err;

        cx_arena_reset(arena);
        err = cx_schema_read(cx_strz(cases[i].json), arena, &s, &pointer,
                             &error);

        if (!tap_ok(cases[i].pointer == NULL
                    ? err == CX_OK
                    : err == CX_INVALID
                      && cx_str_eq(pointer, cx_strz(cases[i].pointer))
                      && cx_str_find(error, cx_strz(cases[i].error))
                         != SIZE_MAX, "schema: %s", cases[i].json))
        {
            printf("#   %s at \"%.*s\": %.*s\n", cx_err_word(err),
                   CX_ARG(pointer), CX_ARG(error));
        }
    }
}


static const char  booking[] =
    "{\"type\":\"object\",\"additionalProperties\":false,"
    "\"required\":[\"day\",\"guests\"],\"properties\":{"
    "\"day\":{\"type\":\"string\",\"pattern\":\"^\\\\d{4}-\\\\d\\\\d-"
    "\\\\d\\\\d$\"},"
    "\"guests\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":6},"
    "\"price\":{\"type\":\"number\",\"minimum\":0.5},"
    "\"name\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":4},"
    "\"room\":{\"enum\":[\"sea\",7,null,true]},"
    "\"note\":{\"type\":[\"string\",\"null\"]},"
    "\"any\":{},"
    "\"sure\":{\"type\":\"boolean\"},"
    "\"beds\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":2,"
    "\"items\":{\"type\":\"object\",\"required\":[\"wide\"],"
    "\"properties\":{\"wide\":{\"type\":\"boolean\"}}}}}}";

/* With what is needed, so that only the rest is at stake. */
#define WITH(rest)  "{\"day\":\"2026-12-24\",\"guests\":2," rest "}"


static const struct {
    const char  *json;
    const char  *pointer;       /* NULL: it fits */
    const char  *error;
} value_cases[] = {
    { "{\"day\":\"2026-12-24\",\"guests\":2}", NULL, "" },
    { "{\"guests\":2.0,\"day\":\"2026-12-24\"}", NULL, "" },
    { WITH("\"note\":null,\"price\":1e1,\"name\":\"\xc3\xa4\xc3\xb6\""),
      NULL, "" },
    { WITH("\"room\":7.0"), NULL, "" },
    { WITH("\"room\":null"), NULL, "" },
    { WITH("\"any\":{\"a\":[[1]]}"), NULL, "" },
    { WITH("\"beds\":[{\"wide\":true,\"more\":{}}]"), NULL, "" },
    { "", "", "not readable" },
    { "null", "", "must be an object" },
    { "[]", "", "must be an object" },
    { "{\"day\":\"2026-12-24\",\"guests\":2} {}", "", "not readable" },
    { "{\"guests\":2}", "", "needs \"day\"" },
    { "{\"day\":\"24.12.2026\",\"guests\":2}", "/day", "must match" },
    { "{\"day\":\"2026-12-24 \",\"guests\":2}", "/day", "must match" },
    { "{\"day\":20261224,\"guests\":2}", "/day", "must be a string" },
    { "{\"day\":\"2026-12-24\",\"guests\":\"2\"}", "/guests",
      "must be a whole number" },
    { "{\"day\":\"2026-12-24\",\"guests\":2.5}", "/guests",
      "whole number" },
    { "{\"day\":\"2026-12-24\",\"guests\":0}", "/guests", "at least 1" },
    { "{\"day\":\"2026-12-24\",\"guests\":7}", "/guests", "at most 6" },
    { "{\"day\":\"2026-12-24\",\"guests\":1e999}", "",
      "not readable" },
    { "{\"day\":\"2026-12-24\",\"guests\":2.00000000000000000000000000"
      "00000000000000000000000000000000000000000}", "/guests",
      "out of range" },
    { WITH("\"price\":0.4"), "/price", "at least 0.5" },
    { WITH("\"name\":\"a\""), "/name", "at least 2" },
    { WITH("\"name\":\"abcde\""), "/name", "at most 4" },
    { WITH("\"room\":\"lake\""), "/room", "one of [\"sea\",7,null,true]" },
    { WITH("\"room\":false"), "/room", "one of" },
    { WITH("\"note\":1"), "/note", "a string or null" },
    { WITH("\"sure\":\"yes\""), "/sure", "true or false" },
    { WITH("\"secret\":1"), "", "not in its properties" },
    { WITH("\"day\":\"2026-12-25\""), "", "not readable" },
    { WITH("\"beds\":[]"), "/beds", "too few" },
    { WITH("\"beds\":[{\"wide\":true},{\"wide\":true},{\"wide\":true}]"),
      "/beds", "too many" },
    { WITH("\"beds\":[{\"wide\":true},{\"wide\":1}]"), "/beds/1/wide",
      "true or false" },
    { WITH("\"beds\":[{}]"), "/beds/0", "needs \"wide\"" },
    { WITH("\"beds\":{}"), "/beds", "an array" },
};


static void
values(void)
{
    const cx_schema  *s;
    cx_str            pointer, error;
    cx_arena         *a = cx_arena_new(1024 * 1024);

    tap_is_int(cx_schema_read(cx_strz(booking), a, &s, &pointer, &error),
               CX_OK, "a schema of many parts");

    for (size_t i = 0; i < sizeof(value_cases) / sizeof(value_cases[0]); i++) {
        cx_err  err;

        cx_arena_reset(arena);
        pointer = error = CX_NOSTR;
        err = cx_schema_check(s, cx_strz(value_cases[i].json), arena, &pointer,
                              &error);

        if (!tap_ok(value_cases[i].pointer == NULL
                    ? err == CX_OK
                    : err == CX_INVALID
                      && cx_str_eq(pointer, cx_strz(value_cases[i].pointer))
                      && cx_str_find(error, cx_strz(value_cases[i].error))
                         != SIZE_MAX, "value: %s", value_cases[i].json))
        {
            printf("#   %s at \"%.*s\": %.*s\n", cx_err_word(err),
                   CX_ARG(pointer), CX_ARG(error));
        }
    }

    cx_arena_free(a);
}


static void
patterns(void)
{
    static const struct {
        const char  *pattern;
        const char  *text;
        bool         yes;
    } cases[] = {
        { "", "x", true },
        { "^$", "", true },
        { "^$", "x", false },
        { "b", "abc", true },
        { "^b", "abc", false },
        { "b$", "abc", false },
        { "^a.c$", "abc", true },
        { "^a.c$", "a\nc", false },
        { "^a.c$", "a\xc3\xa4" "c", true },
        { "^[a-c]+$", "abcabc", true },
        { "^[^a-c]+$", "xyz\xc3\xa4", true },
        { "^[^a-c]+$", "xaz", false },
        { "^a*b?c$", "aaac", true },
        { "^a{2}$", "aaa", false },
        { "^a{2,}$", "aaa", true },
        { "^a{2,3}$", "aaaa", false },
        { "^\\w+@\\w+\\.de$", "ana@b.de", true },
        { "^[\\d.-]+$", "1.2-3", true },
        { "^\\+\\d{6,15}$", "+491234567", true },
        { "^a*a*a*a*a*a*a*a*b$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    };
    static const char *const  wrong[] = {
        "(a)", "a|b", "a**", "[a", "[b-a]", "a{", "a{3,2}", "\\b", "\\1",
        "\xc3\xa4", "*", "a+?", "^^", "\\",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tap_ok(cx_schema_matches(cx_strz(cases[i].pattern),
                                 cx_strz(cases[i].text)) == cases[i].yes,
               "/%s/ %s %s", cases[i].pattern,
               cases[i].yes ? "matches" : "does not match", cases[i].text);
    }

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        tap_ok(cx_schema_pattern_wrong(cx_strz(wrong[i])) != NULL
               && !cx_schema_matches(cx_strz(wrong[i]), CX_STR("a")),
               "no pattern of ours: %s", wrong[i]);
    }
}


/* Nested as deep as may be, and one deeper; too many of them. */
static void
limits(void)
{
    for (int depth = 2; depth < 40; depth++) {
        const cx_schema  *s;
        cx_str            pointer, error;
        cx_buf            b;
        cx_err            err;

        cx_arena_reset(arena);
        cx_buf_init(&b, arena, 4096, 65536);

        for (int i = 0; i < depth; i++) {
            cx_buf_add(&b, CX_STR("{\"type\":\"object\",\"properties\":"
                                  "{\"a\":"));
        }

        cx_buf_add(&b, CX_STR("{}"));

        for (int i = 0; i < depth; i++) {
            cx_buf_add(&b, CX_STR("}}"));
        }

        err = cx_schema_read(cx_buf_str(&b), arena, &s, &pointer, &error);

        if ((err == CX_OK) != (depth < CX_SCHEMA_DEPTH)) {
            tap_ok(false, "depth %d: %s", depth, cx_err_word(err));
            return;
        }
    }

    tap_ok(true, "what is nested too deep is refused");
}


int
main(void)
{
    arena = cx_arena_new(4 * 1024 * 1024);
    schemas();
    values();
    patterns();
    limits();
    cx_arena_free(arena);
    return tap_done();
}
