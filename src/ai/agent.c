#include "ai/agent.h"

#include "ai/agent_values.h"
#include "ai/members.h"
#include "ai/schema.h"

#define TEXT(s, f, lo, hi, w)                                                 \
    { .name = #f, .kind = CX_MEMBER_TEXT, .at = offsetof(s, f), .min = lo,    \
      .max = hi, .wrong = w }
#define NEED(s, f, lo, hi, w)                                                 \
    { .name = #f, .kind = CX_MEMBER_TEXT, .at = offsetof(s, f), .min = lo,    \
      .max = hi, .wrong = w, .required = true }
#define WHOLE(s, f, lo, hi)                                                   \
    { .name = #f, .kind = CX_MEMBER_WHOLE, .at = offsetof(s, f), .min = lo,   \
      .max = hi }
#define FLAG(s, f)                                                            \
    { .name = #f, .kind = CX_MEMBER_FLAG, .at = offsetof(s, f) }
#define JSON(s, f, hi)                                                        \
    { .name = #f, .kind = CX_MEMBER_JSON, .at = offsetof(s, f), .max = hi }
#define TEXTS(s, f, hi, w)                                                    \
    { .name = #f, .kind = CX_MEMBER_TEXTS, .at = offsetof(s, f), .min = 1,    \
      .max = hi, .wrong = w, .count_at = offsetof(s, n##f) }
#define LIST(s, f, hi, o)                                                     \
    { .name = #f, .kind = CX_MEMBER_LIST, .at = offsetof(s, f), .max = hi,    \
      .count_at = offsetof(s, n##f), .of = o }
#define N(list)  (sizeof(list) / sizeof(list[0]))

#define URL_MAX       2048
#define FILE_MAX     4095
#define OPTIONS_MAX   (64 * 1024)
#define SCHEMA_MAX    (32 * 1024)
#define MINUTE        60000


/* --- facts --------------------------------------------------------------- */

typedef struct {
    cx_str  name;
    cx_str  value;
    cx_str  type;
} fact;

static const cx_member  fact_items[] = {
    NEED(fact, name,  1, 100,  NULL),
    NEED(fact, value, 1, 4000, NULL),
    TEXT(fact, type,  1, 16,   NULL),
};


static void
fact_begin(void *one)
{
    ((fact *) one)->type = CX_STR("text");
}


static cx_err
fact_end(cx_member_reader *m, cx_str where, void *one)
{
    const fact  *f = one;
    const char  *wrong;

    if (!cx_agent_fact_kind_known(f->type)) {
        return cx_member_wrong(m, where, "type", "type must be one of: %s",
                               cx_agent_fact_kinds());
    }

    wrong = cx_agent_wrong_fact(f->type, f->value);

    return wrong == NULL ? CX_OK
           : cx_member_wrong(m, where, "value", "value %s", wrong);
}


static const cx_members  facts = {
    fact_items, N(fact_items), sizeof(fact), "a fact", fact_begin, fact_end,
};


/* --- tools --------------------------------------------------------------- */

typedef struct {
    cx_agent_tool  t;
    cx_str         method;
} tool;

#define AT(f)  offsetof(tool, t.f)

static const cx_member  tool_items[] = {
    { .name = "name", .kind = CX_MEMBER_TEXT, .at = AT(tool.name), .min = 1,
      .max = 64, .wrong = cx_agent_wrong_name, .required = true },
    { .name = "description", .kind = CX_MEMBER_TEXT,
      .at = AT(tool.description), .min = 1, .max = 1024, .required = true },
    { .name = "parameters", .kind = CX_MEMBER_JSON, .at = AT(tool.schema),
      .max = SCHEMA_MAX },
    { .name = "url", .kind = CX_MEMBER_TEXT, .at = AT(url), .min = 1,
      .max = URL_MAX, .wrong = cx_agent_wrong_url, .required = true },
    TEXT(tool, method, 3, 4, NULL),
    { .name = "hosts", .kind = CX_MEMBER_TEXTS, .at = AT(hosts), .min = 1,
      .max = CX_AGENT_HOSTS_MAX, .wrong = cx_agent_wrong_host,
      .count_at = AT(nhosts) },
    { .name = "secret_file", .kind = CX_MEMBER_TEXT, .at = AT(secret_file),
      .min = 0, .max = FILE_MAX, .wrong = cx_agent_wrong_path },
    { .name = "credential", .kind = CX_MEMBER_TEXT, .at = AT(credential),
      .min = 0, .max = 32, .wrong = cx_agent_wrong_credential },
    { .name = "timeout_ms", .kind = CX_MEMBER_WHOLE, .at = AT(timeout_ms),
      .min = 100, .max = MINUTE },
    { .name = "insecure", .kind = CX_MEMBER_FLAG, .at = AT(insecure) },
};


static void
tool_begin(void *one)
{
    tool  *t = one;

    t->t.timeout_ms = 10000;
    t->method = CX_STR("POST");
    t->t.tool.schema = CX_STR("{\"type\":\"object\",\"properties\":{},"
                              "\"additionalProperties\":false}");
}


static cx_err
tool_host(cx_member_reader *m, cx_str where, cx_agent_tool *t)
{
    const cx_str  host = cx_agent_host(t->url);

    if (!t->insecure && !cx_str_starts(t->url, CX_STR("https://"))) {
        return cx_member_wrong(m, where, "url", "url must begin with "
                               "https://; in a network of your own, set "
                               "insecure to true");
    }

    for (size_t i = 0; i < t->nhosts; i++) {
        if (cx_str_eq(t->hosts[i], host)) {
            return CX_OK;
        }
    }

    if (t->nhosts == 0) {
        cx_str  *own = CX_NEW(m->a, cx_str);

        if (own == NULL) {
            return CX_NOMEM;
        }

        *own = host;
        t->hosts = own;
        t->nhosts = 1;
        return CX_OK;
    }

    return cx_member_wrong(m, where, "url", "url goes to a host that is not "
                           "in hosts: add it there, or correct url");
}


static cx_err
tool_schema(cx_member_reader *m, cx_str where, const cx_agent_tool *t)
{
    const cx_schema  *schema;
    cx_str            at, error;
    cx_err            err = cx_schema_read(t->tool.schema, m->a, &schema,
                                           &at, &error);

    if (err != CX_INVALID) {
        return err;
    }

    return cx_member_wrong(m, cx_printf(m->a, "%.*s/parameters%.*s",
                                        CX_ARG(where), CX_ARG(at)),
                           NULL, "parameters: %.*s", CX_ARG(error));
}


/* Whether both say where the secret is. */
static cx_err
one_secret(cx_member_reader *m, cx_str where, const char *name, cx_str file,
    cx_str credential)
{
    return file.len == 0 || credential.len == 0 ? CX_OK
           : cx_member_wrong(m, where, name, "%s and a file: only one of "
                             "them can hold the secret", name);
}


static cx_err
tool_end(cx_member_reader *m, cx_str where, void *one)
{
    tool    *t = one;
    cx_err   err;

    t->t.get = CX_STR_IS(t->method, "GET");

    if (!t->t.get && !CX_STR_IS(t->method, "POST")) {
        return cx_member_wrong(m, where, "method",
                               "method must be POST or GET");
    }

    err = one_secret(m, where, "credential", t->t.secret_file,
                     t->t.credential);

    if (err == CX_OK) {
        err = tool_host(m, where, &t->t);
    }

    return err == CX_OK ? tool_schema(m, where, &t->t) : err;
}


static const cx_members  tools = {
    tool_items, N(tool_items), sizeof(tool), "a tool", tool_begin, tool_end,
};


/* --- fallbacks ----------------------------------------------------------- */

static const cx_member  fallback_items[] = {
    NEED(cx_agent_fallback, provider,     1, 64,   NULL),
    TEXT(cx_agent_fallback, base_url,     0, URL_MAX, cx_agent_wrong_base),
    TEXT(cx_agent_fallback, model,        0, 256,  NULL),
    TEXT(cx_agent_fallback, api_key_file, 0, FILE_MAX, cx_agent_wrong_path),
    TEXT(cx_agent_fallback, credential,   0, 32,
         cx_agent_wrong_credential),
    JSON(cx_agent_fallback, options,      OPTIONS_MAX),
};


static cx_err
fallback_end(cx_member_reader *m, cx_str where, void *one)
{
    const cx_agent_fallback  *f = one;
    const cx_ai              *ai = cx_ai_find(f->provider);

    if (ai == NULL) {
        return cx_member_wrong(m, where, "provider",
                               "provider must be one of: %s", cx_ai_names());
    }

    if (ai->build == NULL) {
        return cx_member_wrong(m, where, "provider", "provider %.*s answers "
                               "last of all by itself: take it off the list",
                               CX_ARG(f->provider));
    }

    if (f->model.len == 0) {
        return cx_member_wrong(m, where, "model",
                               "model is needed by this provider");
    }

    return one_secret(m, where, "credential", f->api_key_file,
                      f->credential);
}


static const cx_members  fallbacks = {
    fallback_items, N(fallback_items), sizeof(cx_agent_fallback),
    "a fallback", NULL, fallback_end,
};


/* --- the whole ----------------------------------------------------------- */

/* As it is read: the lists have members that only the reader needs. */
typedef struct {
    cx_agent_config  c;
    const fact      *facts;
    size_t           nfacts;
    const tool      *tools;
    size_t           ntools;
} config;

#define CTEXT(f, lo, hi, w)                                                   \
    { .name = #f, .kind = CX_MEMBER_TEXT, .at = offsetof(config, c.f),        \
      .min = lo, .max = hi, .wrong = w }
#define CWHOLE(f, lo, hi)                                                     \
    { .name = #f, .kind = CX_MEMBER_WHOLE, .at = offsetof(config, c.f),       \
      .min = lo, .max = hi }
#define CFLAG(f)                                                              \
    { .name = #f, .kind = CX_MEMBER_FLAG, .at = offsetof(config, c.f) }

static const cx_member  config_items[] = {
    CTEXT(language,              0, 35,        cx_agent_wrong_language),
    { .name = "options", .kind = CX_MEMBER_JSON,
      .at = offsetof(config, c.options), .max = OPTIONS_MAX },
    LIST(config, facts,          CX_AGENT_FACTS_MAX, &facts),
    LIST(config, tools,          CX_AGENT_TOOLS_MAX, &tools),
    { .name = "fallbacks", .kind = CX_MEMBER_LIST,
      .at = offsetof(config, c.fallbacks), .max = CX_AGENT_FALLBACKS_MAX,
      .count_at = offsetof(config, c.nfallbacks), .of = &fallbacks },
    CWHOLE(history,              -1, 200),
    CWHOLE(history_tokens,       0, 1000000),
    CWHOLE(summary_after,        0, 1000),
    CFLAG(images),
    CTEXT(transcribe_url,        0, URL_MAX,   cx_agent_wrong_base),
    CTEXT(transcribe_model,      0, 256,       NULL),
    CTEXT(transcribe_key_file,   0, FILE_MAX, cx_agent_wrong_path),
    CTEXT(transcribe_credential, 0, 32,        cx_agent_wrong_credential),
    CFLAG(mask),
    CFLAG(stream),
    CFLAG(suggest),
    CTEXT(preset,                0, 32,        cx_agent_wrong_preset),
    CFLAG(report),
    CWHOLE(sample,               0, 100),
    CWHOLE(first_token_ms,       0, 10 * MINUTE),
    CWHOLE(total_ms,             0, 10 * MINUTE),
    CTEXT(embed_url,             0, URL_MAX,   cx_agent_wrong_base),
    CTEXT(embed_model,           0, 256,       NULL),
    CTEXT(embed_key_file,        0, FILE_MAX, cx_agent_wrong_path),
    CTEXT(embed_credential,      0, 32,        cx_agent_wrong_credential),
    { .name = "links", .kind = CX_MEMBER_TEXTS,
      .at = offsetof(config, c.links), .min = 1, .max = 64,
      .wrong = cx_agent_wrong_host,
      .count_at = offsetof(config, c.nlinks) },
    CWHOLE(turns_max,            0, 10000),
};


static void
config_begin(void *one)
{
    *(config *) one = (config) {
        .c = { .history = -1, .mask = true, .report = true },
    };
}


/* Names are what models, and people, tell them apart by. */
static cx_err
check_names(cx_member_reader *m, const config *c)
{
    for (size_t i = 0; i < c->nfacts; i++) {
        for (size_t k = 0; k < i; k++) {
            if (cx_str_eq_nocase(c->facts[i].name, c->facts[k].name)) {
                return cx_member_wrong(m, cx_printf(m->a, "/facts/%zu", i),
                                       "name", "name stands for another fact "
                                       "already: join the two");
            }
        }
    }

    for (size_t i = 0; i < c->ntools; i++) {
        for (size_t k = 0; k < i; k++) {
            if (cx_str_eq(c->tools[i].t.tool.name, c->tools[k].t.tool.name)) {
                return cx_member_wrong(m, cx_printf(m->a, "/tools/%zu", i),
                                       "name", "name is another tool's: give "
                                       "it one of its own");
            }
        }
    }

    return CX_OK;
}


static cx_err
check_endpoints(cx_member_reader *m, cx_agent_config *c)
{
    cx_err  err;

    if (c->transcribe_url.len > 0 && c->transcribe_model.len == 0) {
        return cx_member_wrong(m, CX_NOSTR, "transcribe_model",
                               "transcribe_model is needed with "
                               "transcribe_url");
    }

    if (c->embed_url.len > 0 && c->embed_model.len == 0) {
        return cx_member_wrong(m, CX_NOSTR, "embed_model",
                               "embed_model is needed with embed_url");
    }

    err = one_secret(m, CX_NOSTR, "transcribe_credential",
                     c->transcribe_key_file, c->transcribe_credential);

    return err != CX_OK ? err
           : one_secret(m, CX_NOSTR, "embed_credential", c->embed_key_file,
                        c->embed_credential);
}


static cx_err
config_end(cx_member_reader *m, cx_str where, void *one)
{
    config  *c = one;
    cx_err   err = check_names(m, c);

    (void) where;

    if (err == CX_OK) {
        err = check_endpoints(m, &c->c);
    }

    if (err == CX_OK && c->c.total_ms > 0
        && c->c.first_token_ms > c->c.total_ms)
    {
        err = cx_member_wrong(m, CX_NOSTR, "first_token_ms",
                              "first_token_ms must not exceed total_ms");
    }

    return err;
}


static const cx_members  members = {
    config_items, N(config_items), sizeof(config), "an agent", config_begin,
    config_end,
};


const char *
cx_agent_config_member(size_t i)
{
    return i < members.n ? config_items[i].name : NULL;
}


/* The lists as others want them. */
static cx_err
hand_over(const config *c, cx_arena *a, cx_agent_config *out)
{
    cx_ai_fact     *f = CX_NEW_N(a, c->nfacts, cx_ai_fact);
    cx_agent_tool  *t = CX_NEW_N(a, c->ntools, cx_agent_tool);

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    for (size_t i = 0; i < c->nfacts; i++) {
        f[i].name = c->facts[i].name;
        f[i].value = c->facts[i].value;
    }

    for (size_t i = 0; i < c->ntools; i++) {
        t[i] = c->tools[i].t;
    }

    *out = c->c;
    out->facts = f;
    out->nfacts = c->nfacts;
    out->tools = t;
    out->ntools = c->ntools;
    return CX_OK;
}


cx_err
cx_agent_config_read(cx_str json, cx_arena *a, cx_agent_config *out,
    cx_str *pointer, cx_str *error)
{
    cx_member_reader  m = { .a = a, .pointer = pointer, .error = error };
    config            c;
    cx_err            err;

    *pointer = CX_NOSTR;
    *error = CX_NOSTR;
    config_begin(&c);

    if (json.len == 0) {
        return hand_over(&c, a, out);
    }

    if (json.len > CX_AGENT_CONFIG_MAX) {
        return cx_member_wrong(&m, CX_NOSTR, NULL, "facts, tools and options "
                               "together must not exceed %d bytes",
                               CX_AGENT_CONFIG_MAX);
    }

    cx_json_open(&m.r, json, a);
    err = cx_members_read(&m, CX_NOSTR, &members, &c);

    if (err == CX_OK && cx_json_close(&m.r) != CX_OK) {
        err = cx_member_wrong(&m, CX_NOSTR, NULL, "is not one JSON object");
    }

    return err == CX_OK ? hand_over(&c, a, out) : err;
}
