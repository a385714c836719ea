/* What an agent's config may be, and what is said of one that may not. */

#include "ai/agent.h"

#include "unit/tap.h"


static cx_arena  *arena;


static cx_err
read_config(const char *json, cx_agent_config *c, cx_str *pointer,
    cx_str *error)
{
    cx_arena_reset(arena);
    return cx_agent_config_read(cx_strz(json), arena, c, pointer, error);
}


static void
defaults(void)
{
    static const char *const  texts[] = {
        "", "{}", "{\"history\":null,\"mask\":null,\"facts\":null}",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        cx_agent_config  c;
        cx_str           pointer, error;

        tap_is_int(read_config(texts[i], &c, &pointer, &error), CX_OK,
                   "nothing is said");
        tap_is_int(c.history, -1, "the history is the worker's");
        tap_ok(c.mask && c.report && !c.stream && !c.suggest && !c.images,
               "numbers are masked, a report is asked for, no more");
        tap_ok(c.nfacts == 0 && c.ntools == 0 && c.nfallbacks == 0
               && c.nlinks == 0, "there are no lists");
    }
}


static const char  rental[] =
    "{\"language\":\"pt-BR\",\"options\":{\"top_p\":0.9},"
    "\"facts\":[{\"name\":\"Address\",\"value\":\"Rua 1\\nLisboa\","
    "\"type\":\"address\"},"
    "{\"name\":\"Check-in\",\"value\":\"15:00-22:30\",\"type\":\"time\"},"
    "{\"name\":\"Wi-Fi\",\"value\":\"casa / 1234\"},"
    "{\"name\":\"Emergency\",\"value\":\"+351 21 (000) 11-2\","
    "\"type\":\"phone\"},"
    "{\"name\":\"Mail\",\"value\":\"a@b.pt\",\"type\":\"email\"},"
    "{\"name\":\"Map\",\"value\":\"https://maps.example/x?y#z\","
    "\"type\":\"url\"},"
    "{\"name\":\"Beds\",\"value\":\"2,5\",\"type\":\"number\"},"
    "{\"name\":\"Closed\",\"value\":\"2026-12-24\",\"type\":\"date\"}],"
    "\"tools\":[{\"name\":\"book\",\"description\":\"Books\","
    "\"url\":\"https://api.example.com:8443/book?x=1\","
    "\"parameters\":{\"type\":\"object\",\"properties\":"
    "{\"day\":{\"type\":\"string\"}},\"required\":[\"day\"]},"
    "\"credential\":\"book_token\"},"
    "{\"name\":\"rooms\",\"description\":\"Rooms\",\"method\":\"GET\","
    "\"url\":\"http://10.0.0.1/r\",\"insecure\":true,"
    "\"hosts\":[\"a.example\",\"10.0.0.1\"],\"timeout_ms\":2000}],"
    "\"fallbacks\":[{\"provider\":\"openai\",\"model\":\"m\","
    "\"base_url\":\"http://127.0.0.1:11434/v1\"}],"
    "\"history\":5,\"history_tokens\":900,\"summary_after\":3,"
    "\"images\":true,\"mask\":false,\"stream\":true,\"suggest\":true,"
    "\"preset\":\"careful\",\"first_token_ms\":4000,\"total_ms\":9000,"
    "\"embed_url\":\"https://e.example/v1\",\"embed_model\":\"e\","
    "\"links\":[\"example.com\",\"b.example\"],\"turns_max\":6,"
    "\"report\":false,\"sample\":5}";


static void
whole(void)
{
    cx_agent_config  c;
    cx_str           pointer, error;

    tap_is_int(read_config(rental, &c, &pointer, &error), CX_OK,
               "all members are read");
    tap_ok(error.len == 0, "%.*s %.*s", CX_ARG(pointer), CX_ARG(error));
    tap_is_str(c.language, CX_STR("pt-BR"), "language");
    tap_is_str(c.options, CX_STR("{\"top_p\":0.9}"), "options");
    tap_is_int((int64_t) c.nfacts, 8, "facts");
    tap_is_str(c.facts[0].value, CX_STR("Rua 1\nLisboa"), "a fact's value");
    tap_is_int((int64_t) c.ntools, 2, "tools");
    tap_ok(!c.tools[0].get && c.tools[1].get, "how they are called");
    tap_is_int(c.tools[0].timeout_ms, 10000, "ten seconds if nothing is said");
    tap_is_str(c.tools[0].credential, CX_STR("book_token"), "a credential");
    tap_ok(c.tools[0].nhosts == 1
           && CX_STR_IS(c.tools[0].hosts[0], "api.example.com"),
           "its own host, if none is said");
    tap_is_int((int64_t) c.tools[1].nhosts, 2, "hosts");
    tap_is_str(c.fallbacks[0].model, CX_STR("m"), "a fallback's model");
    tap_ok(c.history == 5 && c.history_tokens == 900 && c.summary_after == 3
           && c.turns_max == 6 && c.sample == 5, "numbers");
    tap_ok(c.images && c.stream && c.suggest && !c.mask && !c.report,
           "flags");
    tap_is_str(c.links[1], CX_STR("b.example"), "links");
}


static const struct {
    const char  *json;
    const char  *pointer;
    const char  *error;     /* a part of it */
} bad_cases[] = {
    { "[]", "", "must be an object" },
    { "{", "", "not readable" },
    { "{} x", "", "one JSON object" },
    { "{\"history\":1,\"history\":2}", "", "not readable" },
    { "{\"histroy\":1}", "/histroy", "an agent may have: language" },
    { "{\"a/b~\":1}", "/a~1b~0", "not known" },
    { "{\"history\":\"5\"}", "/history", "whole number from -1 to 200" },
    { "{\"history\":201}", "/history", "-1 to 200" },
    { "{\"history\":1.5}", "/history", "whole number" },
    { "{\"mask\":1}", "/mask", "true or false" },
    { "{\"language\":1}", "/language", "must be a text" },
    { "{\"language\":\"german\"}", "/language", "language tag" },
    { "{\"language\":\"de_DE\"}", "/language", "language tag" },
    { "{\"options\":[]}", "/options", "must be an object" },
    { "{\"preset\":\"safest\"}", "/preset", "must be careful" },
    { "{\"first_token_ms\":5,\"total_ms\":4}", "/first_token_ms",
      "must not exceed" },
    { "{\"embed_url\":\"https://e.example\"}", "/embed_model",
      "is needed" },
    { "{\"transcribe_url\":\"https://e.example/\"}", "/transcribe_url",
      "must not end with /" },
    { "{\"links\":[\"https://x.example\"]}", "/links/0", "must be a host" },
    { "{\"links\":[\"x.example\",\"X.example\"]}", "/links/1",
      "lower case" },
    { "{\"links\":\"x.example\"}", "/links", "must be a list" },
    { "{\"links\":[1]}", "/links/0", "must be texts" },
    { "{\"facts\":{}}", "/facts", "must be a list" },
    { "{\"facts\":[1]}", "/facts/0", "a fact must be an object" },
    { "{\"facts\":[{\"value\":\"x\"}]}", "/facts/0/name",
      "a fact needs name" },
    { "{\"facts\":[{\"name\":\"x\",\"value\":null}]}", "/facts/0/value",
      "a fact needs value" },
    { "{\"facts\":[{\"name\":\"x\",\"value\":15}]}", "/facts/0/value",
      "must be a text" },
    { "{\"facts\":[{\"name\":\"x\",\"value\":\"y\",\"type\":\"colour\"}]}",
      "/facts/0/type", "one of: text, address" },
    { "{\"facts\":[{\"name\":\"x\",\"value\":\"3pm\",\"type\":\"time\"}]}",
      "/facts/0/value", "15:00-18:00" },
    { "{\"facts\":[{\"name\":\"x\",\"value\":\"24:00\","
      "\"type\":\"time\"}]}", "/facts/0/value", "must be a time" },
    { "{\"facts\":[{\"name\":\"x\",\"value\":\"call me\","
      "\"type\":\"phone\"}]}", "/facts/0/value", "phone number" },
    { "{\"facts\":[{\"name\":\"x\",\"value\":\"12\",\"type\":\"phone\"}]}",
      "/facts/0/value", "phone number" },
    { "{\"facts\":[{\"name\":\"x\",\"value\":\"example.com\","
      "\"type\":\"url\"}]}", "/facts/0/value", "a link" },
    { "{\"facts\":[{\"name\":\"x\",\"value\":\"a@b\",\"type\":\"email\"}]}",
      "/facts/0/value", "e-mail" },
    { "{\"facts\":[{\"name\":\"x\",\"value\":\"12.2026\","
      "\"type\":\"date\"}]}", "/facts/0/value", "2026-12-31" },
    { "{\"facts\":[{\"name\":\"x\",\"value\":\"ten\","
      "\"type\":\"number\"}]}", "/facts/0/value", "a number" },
    { "{\"facts\":[{\"name\":\"x\",\"value\":\"y\"},"
      "{\"name\":\"X\",\"value\":\"z\"}]}", "/facts/1/name",
      "another fact" },
    { "{\"tools\":[{\"name\":\"a\",\"description\":\"b\"}]}",
      "/tools/0/url", "a tool needs url" },
    { "{\"tools\":[{\"name\":\"a b\"}]}", "/tools/0/name",
      "only letters" },
    { "{\"tools\":[{\"name\":\"a\",\"description\":\"b\","
      "\"url\":\"http://x.example/\"}]}", "/tools/0/url", "https://" },
    { "{\"tools\":[{\"name\":\"a\",\"description\":\"b\","
      "\"url\":\"https://u@x.example/\"}]}", "/tools/0/url",
      "without user" },
    { "{\"tools\":[{\"name\":\"a\",\"description\":\"b\","
      "\"url\":\"https://x.example:/\"}]}", "/tools/0/url",
      "must be a URL" },
    { "{\"tools\":[{\"name\":\"a\",\"description\":\"b\","
      "\"url\":\"https://[::1]/\"}]}", "/tools/0/url", "must be a URL" },
    { "{\"tools\":[{\"name\":\"a\",\"description\":\"b\","
      "\"url\":\"https://x.example/\",\"hosts\":[\"y.example\"]}]}",
      "/tools/0/url", "not in hosts" },
    { "{\"tools\":[{\"name\":\"a\",\"description\":\"b\","
      "\"url\":\"https://x.example/\",\"method\":\"PUT\"}]}",
      "/tools/0/method", "POST or GET" },
    { "{\"tools\":[{\"name\":\"a\",\"description\":\"b\","
      "\"url\":\"https://x.example/\",\"secret\":\"s3cr3t\"}]}",
      "/tools/0/secret", "a tool may have: name" },
    { "{\"tools\":[{\"name\":\"a\",\"description\":\"b\","
      "\"url\":\"https://x.example/\",\"secret_file\":\"token\"}]}",
      "/tools/0/secret_file", "absolute path" },
    { "{\"tools\":[{\"name\":\"a\",\"description\":\"b\","
      "\"url\":\"https://x.example/\",\"secret_file\":\"/t\","
      "\"credential\":\"t\"}]}", "/tools/0/credential", "only one" },
    { "{\"tools\":[{\"name\":\"a\",\"description\":\"b\","
      "\"url\":\"https://x.example/\",\"credential\":\"A-b\"}]}",
      "/tools/0/credential", "a-z, 0-9" },
    { "{\"tools\":[{\"name\":\"a\",\"description\":\"b\","
      "\"url\":\"https://x.example/\",\"parameters\":{\"type\":"
      "\"object\",\"properties\":{\"d\":{\"type\":\"date\"}}}}]}",
      "/tools/0/parameters/properties/d/type", "string, number" },
    { "{\"tools\":[{\"name\":\"a\",\"description\":\"b\","
      "\"url\":\"https://x.example/\"},{\"name\":\"a\","
      "\"description\":\"b\",\"url\":\"https://x.example/\"}]}",
      "/tools/1/name", "another tool" },
    { "{\"fallbacks\":[{\"provider\":\"hal\",\"model\":\"9000\"}]}",
      "/fallbacks/0/provider", "must be one of" },
    { "{\"fallbacks\":[{\"provider\":\"knowledge\"}]}",
      "/fallbacks/0/provider", "by itself" },
    { "{\"fallbacks\":[{\"provider\":\"openai\"}]}",
      "/fallbacks/0/model", "is needed" },
    { "{\"fallbacks\":[{\"provider\":\"openai\",\"model\":\"m\","
      "\"api_key\":\"sk-1\"}]}", "/fallbacks/0/api_key",
      "a fallback may have" },
};


static void
bad(void)
{
    for (size_t i = 0; i < sizeof(bad_cases) / sizeof(bad_cases[0]); i++) {
        cx_agent_config  c;
        cx_str           pointer, error;
        const cx_err     err = read_config(bad_cases[i].json, &c, &pointer,
                                           &error);

        if (!tap_ok(err == CX_INVALID
                    && cx_str_eq(pointer, cx_strz(bad_cases[i].pointer))
                    && cx_str_find(error, cx_strz(bad_cases[i].error))
                       != SIZE_MAX, "refused: %s", bad_cases[i].json))
        {
            printf("#   %s at \"%.*s\": %.*s\n", cx_err_word(err),
                   CX_ARG(pointer), CX_ARG(error));
        }
    }
}


/* One more than there may be. */
static void
too_many(void)
{
    static const struct {
        const char  *name;
        const char  *one;       /* of it, twice in a format */
        int          max;
    } lists[] = {
        { "facts", "{\"name\":\"n%d\",\"value\":\"v%d\"}",
          CX_AGENT_FACTS_MAX },
        { "tools", "{\"name\":\"n%d\",\"description\":\"d%d\","
          "\"url\":\"https://x.example/\"}", CX_AGENT_TOOLS_MAX },
        { "fallbacks", "{\"provider\":\"openai\",\"model\":\"m%d%d\"}",
          CX_AGENT_FALLBACKS_MAX },
    };

    for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
        for (int n = lists[k].max; n <= lists[k].max + 1; n++) {
            cx_agent_config  c;
            cx_str           pointer, error;
            cx_buf           b;

            cx_arena_reset(arena);
            cx_buf_init(&b, arena, 4096, 65536);
            cx_buf_printf(&b, "{\"%s\":[", lists[k].name);

            for (int i = 0; i < n; i++) {
                const cx_str  one = cx_strz(lists[k].one);

                cx_buf_add(&b, i > 0 ? CX_STR(",") : CX_STR(""));

                for (size_t p = 0; p < one.len; p++) {
                    if (one.p[p] == '%') {
                        cx_buf_printf(&b, "%d", i);
                        p++;

                    } else {
                        cx_buf_byte(&b, one.p[p]);
                    }
                }
            }

            cx_buf_add(&b, CX_STR("]}"));
            tap_is_int(cx_agent_config_read(cx_buf_str(&b), arena, &c,
                                            &pointer, &error),
                       n > lists[k].max ? CX_INVALID : CX_OK, lists[k].name);
        }
    }
}


static void
sweep(void)
{
    cx_agent_config  c;
    cx_str           pointer, error;
    size_t           used;
    bool             ok = true;

    (void) read_config(rental, &c, &pointer, &error);
    used = cx_arena_used(arena);

    for (size_t limit = 0; limit < used; limit += 7) {
        cx_arena  *a = cx_arena_new(limit);

        ok = ok && cx_agent_config_read(cx_strz(rental), a, &c, &pointer,
                                        &error) == CX_NOMEM;
        cx_arena_free(a);
    }

    tap_ok(ok, "short of memory, it says so");
}


static void
hosts(void)
{
    static const struct {
        const char  *url;
        const char  *host;
    } cases[] = {
        { "https://a.example", "a.example" },
        { "https://a.example:80/x", "a.example" },
        { "http://a.example?x", "a.example" },
        { "https://a.example@b.example/", "" },
        { "ftp://a.example/", "" },
        { "", "" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tap_is_str(cx_agent_host(cx_strz(cases[i].url)),
                   cx_strz(cases[i].host), cases[i].url);
    }

    tap_ok(cx_agent_credential_ok(CX_STR("api_key2"))
           && !cx_agent_credential_ok(CX_STR(""))
           && !cx_agent_credential_ok(CX_STR("Api"))
           && !cx_agent_credential_ok(
                  CX_STR("a23456789012345678901234567890123")),
           "names of credentials");
}


int
main(void)
{
    size_t  n = 0;

    arena = cx_arena_new(4 * 1024 * 1024);
    defaults();
    whole();
    bad();
    too_many();
    sweep();
    hosts();

    while (cx_agent_config_member(n) != NULL) {
        n++;
    }

    tap_ok(n > 20, "its members are named");
    cx_arena_free(arena);
    return tap_done();
}
