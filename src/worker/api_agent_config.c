#include "worker/api_agents.h"

#include "ai/agent.h"
#include "worker/api_credentials.h"

#include <stdlib.h>


/* --- as JSON ------------------------------------------------------------- */

cx_err
cx_api_config_take(cx_api_request *req, json_t **given)
{
    json_t      *config = json_object(), *v;
    const char  *name;

    *given = config;

    for (size_t i = 0; config != NULL
                       && (name = cx_agent_config_member(i)) != NULL; i++)
    {
        v = json_object_get(req->json, name);

        if (v != NULL
            && (json_object_set(config, name, v) != 0
                || json_object_del(req->json, name) != 0))
        {
            json_decref(config);
            return CX_NOMEM;
        }
    }

    return config != NULL ? CX_OK : CX_NOMEM;
}


static void
drop_nulls(json_t *config)
{
    const char  *name;
    json_t      *v;
    void        *next;

    json_object_foreach_safe(config, next, name, v) {
        if (json_is_null(v)) {
            (void) json_object_del(config, name);
        }
    }
}


cx_err
cx_api_config_merge(cx_api_request *req, cx_str old, const json_t *given,
    cx_str *out)
{
    json_t  *all = old.len > 0 ? json_loadb(old.p, old.len, 0, NULL) : NULL;
    char    *text = NULL;
    cx_err   err = CX_NOMEM;

    if (!json_is_object(all)) {
        json_decref(all);
        all = json_object();
    }

    if (all != NULL
        && json_object_update(all, (json_t *) (uintptr_t) given) == 0)
    {
        drop_nulls(all);
        text = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(15));
    }

    if (text != NULL) {
        *out = json_object_size(all) > 0 ? cx_dup(req->arena, cx_strz(text))
                                         : CX_NOSTR;
        err = cx_arena_failed(req->arena) ? CX_NOMEM : CX_OK;
    }

    free(text);
    json_decref(all);
    return err;
}


/* --- what the reader does not know --------------------------------------- */

typedef struct {
    cx_api_request      *req;
    cx_credential_list   sealed;
    const json_t        *change;        /* of them; or NULL */
    const json_t        *given;
} checking;


static cx_err
refuse_at(checking *c, cx_str where, cx_str name, const char *what)
{
    const cx_str  pointer = cx_printf(c->req->arena, "%.*s/%.*s",
                                      CX_ARG(where), CX_ARG(name));

    return cx_api_refuse(c->req, CX_INVALID, cx_dupz(c->req->arena, pointer),
                         "%.*s %s", CX_ARG(name), what);
}


/* Files of members that stay as they were are not looked at again. */
static cx_err
check_file(checking *c, const char *member, cx_str where, cx_str name,
    cx_str path)
{
    const char  *wrong;

    if (path.len == 0 || json_object_get(c->given, member) == NULL) {
        return CX_OK;
    }

    wrong = cx_api_secret_file(c->req, path);
    return wrong == NULL ? CX_OK : refuse_at(c, where, name, wrong);
}


/* It must be sealed already, or come with this very request. */
static cx_err
check_sealed(checking *c, cx_str where, cx_str name, cx_str credential)
{
    const json_t  *v;

    if (credential.len == 0) {
        return CX_OK;
    }

    v = json_object_get(c->change, cx_dupz(c->req->arena, credential));

    if (v != NULL && !json_is_null(v)) {
        return CX_OK;
    }

    for (size_t i = 0; v == NULL && i < c->sealed.n; i++) {
        if (cx_str_eq(c->sealed.items[i].name, credential)) {
            return CX_OK;
        }
    }

    return refuse_at(c, where, name, "is no credential of this agent: set "
                                     "one of this name in credentials");
}


/* Options that a provider does not know fail now, not at the first message.
 * at: of the options, "/options". */
static cx_err
check_options(checking *c, cx_str at, cx_str provider, cx_str options)
{
    cx_arena  *a = c->req->arena;
    cx_str     pointer, error;
    cx_err     err;

    if (options.len == 0) {
        return CX_OK;
    }

    err = cx_ai_check(cx_ai_find(provider), options, a, &pointer, &error);

    return err != CX_INVALID ? err
           : cx_api_refuse(c->req, err, cx_dupz(a, cx_concat(a, at,
                                                             pointer)),
                           "options%.*s: %.*s", CX_ARG(pointer),
                           CX_ARG(error));
}


static cx_err
check_tool(checking *c, cx_str where, const cx_agent_tool *t)
{
    cx_err  err;

    if (!cx_worker_tool_host(c->req->worker, cx_agent_host(t->url))) {
        return refuse_at(c, where, CX_STR("url"),
                         "goes to a host that is not in [tools] hosts of "
                         "the worker's settings");
    }

    if (t->insecure && !cx_worker_private_tools(c->req->worker)) {
        return refuse_at(c, where, CX_STR("insecure"),
                         "is not allowed here: [tools] allow_private of the "
                         "worker's settings is off");
    }

    err = check_file(c, "tools", where, CX_STR("secret_file"),
                     t->secret_file);

    return err != CX_OK ? err
           : check_sealed(c, where, CX_STR("credential"), t->credential);
}


static cx_err
check_fallback(checking *c, cx_str where, const cx_agent_fallback *f)
{
    cx_err  err;

    err = check_file(c, "fallbacks", where, CX_STR("api_key_file"),
                     f->api_key_file);

    if (err == CX_OK) {
        err = check_sealed(c, where, CX_STR("credential"), f->credential);
    }

    return err != CX_OK ? err
           : check_options(c, cx_concat(c->req->arena, where,
                                        CX_STR("/options")),
                           f->provider, f->options);
}


static cx_err
check_endpoints(checking *c, const cx_agent_config *config)
{
    cx_err  err;

    err = check_file(c, "transcribe_key_file", CX_NOSTR,
                     CX_STR("transcribe_key_file"),
                     config->transcribe_key_file);

    if (err == CX_OK) {
        err = check_file(c, "embed_key_file", CX_NOSTR,
                         CX_STR("embed_key_file"), config->embed_key_file);
    }

    if (err == CX_OK) {
        err = check_sealed(c, CX_NOSTR, CX_STR("transcribe_credential"),
                           config->transcribe_credential);
    }

    return err != CX_OK ? err
           : check_sealed(c, CX_NOSTR, CX_STR("embed_credential"),
                          config->embed_credential);
}


static bool
is_named(const cx_agent_config *config, cx_str name)
{
    bool  named = CX_STR_IS(name, "api_key")
                  || cx_str_eq(config->transcribe_credential, name)
                  || cx_str_eq(config->embed_credential, name);

    for (size_t i = 0; i < config->ntools; i++) {
        named = named || cx_str_eq(config->tools[i].credential, name);
    }

    for (size_t i = 0; i < config->nfallbacks; i++) {
        named = named || cx_str_eq(config->fallbacks[i].credential, name);
    }

    return named;
}


/* One that nothing names is a slip of the pen, and would never be missed. */
static cx_err
check_named(checking *c, const cx_agent_config *config)
{
    const char  *name;
    json_t      *v;

    json_object_foreach((json_t *) (uintptr_t) c->change, name, v) {
        if (!json_is_null(v) && !is_named(config, cx_strz(name))) {
            return cx_api_refuse(c->req, CX_INVALID, "/credentials",
                                 "%s: a credential is api_key, or one that a "
                                 "tool, a fallback, transcribe_credential or "
                                 "embed_credential names", name);
        }
    }

    return CX_OK;
}


static cx_err
check_all(checking *c, const cx_agent_row *row, const cx_agent_config *config)
{
    cx_arena  *a = c->req->arena;
    cx_err     err = check_options(c, CX_STR("/options"), row->provider,
                                   config->options);

    for (size_t i = 0; err == CX_OK && i < config->ntools; i++) {
        err = check_tool(c, cx_printf(a, "/tools/%zu", i),
                         &config->tools[i]);
    }

    for (size_t i = 0; err == CX_OK && i < config->nfallbacks; i++) {
        err = check_fallback(c, cx_printf(a, "/fallbacks/%zu", i),
                             &config->fallbacks[i]);
    }

    if (err == CX_OK) {
        err = check_endpoints(c, config);
    }

    return err == CX_OK ? check_named(c, config) : err;
}


cx_err
cx_api_config_check(cx_api_request *req, cx_store *s,
    const cx_agent_row *row, const json_t *given, const json_t *credentials)
{
    checking         c = { .req = req, .change = credentials,
                           .given = given };
    cx_agent_config  config;
    cx_str           pointer, error;
    cx_err           err;

    err = cx_agent_config_read(row->config, req->arena, &config, &pointer,
                               &error);

    if (err == CX_INVALID) {
        return cx_api_refuse(req, err, cx_dupz(req->arena, pointer), "%.*s",
                             CX_ARG(error));
    }

    if (err == CX_OK) {
        err = cx_store_credentials_of(s, CX_STR("agent"), row->id,
                                      req->arena, &c.sealed);
    }

    return err == CX_OK ? check_all(&c, row, &config) : err;
}
