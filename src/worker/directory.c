#include "worker/engine.h"

#include "ai/preset.h"
#include "worker/sealed_health.h"
#include "worker/unsealed.h"

#include <stdlib.h>
#include <string.h>


#define DIRECTORY_MAX  (64 * 1024 * 1024)

typedef struct {
    cx_db_job        job;
    cx_worker       *worker;
    cx_arena        *arena;
    cx_agent_list    agents;
    cx_channel_list  channels;
    cx_mirror_list   mirrors;          /* of these channels ... */
    cx_template_list *templates;       /* ... what they have, each */
    cx_unsealed      tokens;
    cx_unsealed      api_keys;
    cx_routing      *routing;
    int64_t          version;
} dir_load;


static cx_err
load_routing(cx_store *s, dir_load *l)
{
    cx_route_list  rules = { .n = 0 };
    cx_group_list  groups = { .n = 0 };
    cx_err         err;

    err = cx_store_routes(s, true, l->arena, &rules);

    if (err == CX_OK) {
        err = cx_store_groups(s, true, l->arena, &groups);
    }

    if (err != CX_OK) {
        return err;
    }

    cx_routing_drop(l->routing);
    l->routing = cx_routing_make(&l->agents, &rules, &groups);

    return l->routing != NULL ? CX_OK : CX_NOMEM;
}


static cx_err
load_templates(cx_store *s, dir_load *l)
{
    cx_err  err;

    memset(&l->mirrors, 0, sizeof(l->mirrors));
    err = cx_store_mirrors(s, l->arena, &l->mirrors);

    if (err != CX_OK) {
        return err;
    }

    l->templates = CX_NEW_N(l->arena, l->mirrors.n + 1, cx_template_list);

    for (size_t i = 0; l->templates != NULL && err == CX_OK
                       && i < l->mirrors.n; i++)
    {
        err = cx_store_templates_of(s, l->mirrors.items[i].channel_id,
                                    l->arena, &l->templates[i]);
    }

    return err;
}


static cx_err
load_run(cx_store *s, cx_db_job *job)
{
    dir_load  *l = (dir_load *) job;
    cx_err     err;

    cx_arena_reset(l->arena);
    memset(&l->agents, 0, sizeof(l->agents));
    memset(&l->channels, 0, sizeof(l->channels));

    /* The version first: a change in between is loaded again. */
    err = cx_store_config_version(s, &l->version);

    if (err == CX_OK) {
        err = cx_store_agents_all(s, l->arena, &l->agents);
    }

    if (err == CX_OK) {
        err = cx_store_channels_all(s, l->arena, &l->channels);
    }

    if (err == CX_OK) {
        err = load_templates(s, l);
    }

    if (err == CX_OK) {
        err = cx_unseal_all(s, l->worker->secrets, CX_STR("channel"),
                            l->arena, &l->tokens);
    }

    if (err == CX_OK) {
        err = cx_unseal_all(s, l->worker->secrets, CX_STR("agent"), l->arena,
                            &l->api_keys);
    }

    return err == CX_OK ? load_routing(s, l) : err;
}


static cx_str
secret_of(cx_arena *a, cx_str file, const char *what, cx_str name)
{
    cx_str  secret = CX_NOSTR;
    char    error[256];

    if (file.len > 0
        && cx_secret_load(file, a, &secret, error, sizeof(error)) != CX_OK)
    {
        cx_log(CX_LOG_ERROR, "secret", CX_FZ("of", what), CX_FS("name", name),
               CX_FZ("error", error));
    }

    return secret;
}


/* A view of what was opened; a file that is named wins over it. */
static cx_str
unsealed_of(const cx_unsealed *from, int64_t id, cx_str name, cx_str *wrong)
{
    const cx_opened  *o = cx_unsealed_find(from, id, name);

    *wrong = o != NULL ? o->wrong : CX_NOSTR;
    return o != NULL ? o->plain : CX_NOSTR;
}


/* A record that cannot be read is one of a newer build: without settings the
 * adapter says what is missing. */
static void
fill_settings(dir_load *l, cx_dir_channel *c)
{
    if (cx_settings_decode(c->row.settings, l->arena, &c->settings,
                           &c->nsettings) != CX_OK)
    {
        c->settings = NULL;
        c->nsettings = 0;
        cx_log(CX_LOG_ERROR, "settings", CX_FS("name", c->row.name),
               CX_FZ("error", "cannot be read"));
    }
}


static void
fill_templates(const dir_load *l, cx_dir_channel *c)
{
    for (size_t i = 0; l->templates != NULL && i < l->mirrors.n; i++) {
        if (l->mirrors.items[i].channel_id == c->row.id) {
            c->mirrored = true;
            c->templates = l->templates[i].items;
            c->ntemplates = l->templates[i].n;
        }
    }
}


static void
fill_channels(dir_load *l, cx_directory *d)
{
    d->channels = CX_NEW_N(l->arena, l->channels.n, cx_dir_channel);

    for (size_t i = 0; d->channels != NULL && i < l->channels.n; i++) {
        cx_dir_channel  *c = &d->channels[d->nchannels++];

        c->row = l->channels.items[i];
        c->adapter = cx_channel_sender(c->row.type);
        fill_settings(l, c);
        fill_templates(l, c);
        c->token = secret_of(l->arena, c->row.token_file, "channel",
                             c->row.name);

        if (c->row.token_file.len == 0) {
            c->token = unsealed_of(&l->tokens, c->row.id, CX_STR("token"),
                                   &c->sealed);
        }
    }
}


/* Of an agent's model that stands in. */
static cx_str
fallback_key(dir_load *l, const cx_dir_agent *a, const cx_agent_fallback *f)
{
    cx_str  wrong = CX_NOSTR, key;

    if (f->api_key_file.len > 0 || f->credential.len == 0) {
        return secret_of(l->arena, f->api_key_file, "agent", a->row.name);
    }

    key = unsealed_of(&l->api_keys, a->row.id, f->credential, &wrong);

    if (key.len == 0) {
        cx_log(CX_LOG_ERROR, "secrets", CX_FS("agent", a->row.name),
               CX_FS("credential", f->credential),
               CX_FS("error", wrong.len > 0 ? wrong
                                            : CX_STR("is not sealed")));
    }

    return key;
}


static void
fill_models(dir_load *l, cx_dir_agent *a)
{
    const cx_agent_config  *c = &a->config;

    a->nmodels = 1 + c->nfallbacks;
    a->models[0] = (cx_dir_model) {
        .provider = a->provider,
        .settings = {
            .base_url = a->row.base_url,
            .api_key = a->api_key,
            .model = a->row.model,
            .temperature = a->row.temperature,
            .max_tokens = a->row.max_tokens,
            .options = c->options,
        },
    };

    for (size_t i = 0; i < c->nfallbacks; i++) {
        const cx_agent_fallback  *f = &c->fallbacks[i];

        a->models[i + 1] = (cx_dir_model) {
            .provider = cx_ai_find(f->provider),
            .settings = {
                .base_url = f->base_url,
                .api_key = fallback_key(l, a, f),
                .model = f->model,
                .temperature = a->row.temperature,
                .max_tokens = a->row.max_tokens,
                .options = f->options,
            },
        };
    }
}


/* What the API refuses can still have come by another way: the defaults
 * then. */
static void
read_config(dir_load *l, cx_dir_agent *a)
{
    cx_str  pointer, error;

    if (cx_agent_config_read(a->row.config, l->arena, &a->config, &pointer,
                             &error)
        == CX_INVALID)
    {
        cx_log(CX_LOG_ERROR, "agent.config", CX_FS("agent", a->row.name),
               CX_FS("pointer", pointer), CX_FS("error", error));
        (void) cx_agent_config_read(CX_NOSTR, l->arena, &a->config, &pointer,
                                    &error);
    }
}


/* A name says more than the number that stood there before. */
static void
take_preset(cx_dir_agent *a)
{
    const cx_preset  *p = cx_preset_find(a->config.preset);

    a->row.threshold = p != NULL ? p->threshold : a->row.threshold;
}


static void
fill_agents(dir_load *l, cx_directory *d)
{
    d->agents = CX_NEW_N(l->arena, l->agents.n, cx_dir_agent);

    for (size_t i = 0; d->agents != NULL && i < l->agents.n; i++) {
        cx_dir_agent  *a = &d->agents[d->nagents++];
        cx_str         wrong = CX_NOSTR;

        a->row = l->agents.items[i];
        a->provider = cx_ai_find(a->row.provider);
        a->api_key = secret_of(l->arena, a->row.api_key_file, "agent",
                               a->row.name);

        if (a->row.api_key_file.len == 0) {
            a->api_key = unsealed_of(&l->api_keys, a->row.id,
                                     CX_STR("api_key"), &wrong);
        }

        if (wrong.len > 0) {
            cx_log(CX_LOG_ERROR, "secrets", CX_FS("agent", a->row.name),
                   CX_FS("error", wrong));
        }

        read_config(l, a);
        take_preset(a);
        fill_models(l, a);
    }
}


static int
order(cx_str x, cx_str y)
{
    const size_t  n = x.len < y.len ? x.len : y.len;
    const int     bytes = n > 0 ? memcmp(x.p, y.p, n) : 0;

    return bytes != 0 ? bytes : x.len < y.len ? -1 : x.len > y.len;
}


static int
order_of_account(cx_str type, cx_str account, const cx_dir_channel *c)
{
    const int  first = order(account, c->row.account);

    return first != 0 ? first : order(type, c->row.type);
}


static int
by_account(const void *x, const void *y)
{
    const cx_dir_channel  *c = *(cx_dir_channel *const *) x;

    return order_of_account(c->row.type, c->row.account,
                            *(cx_dir_channel *const *) y);
}


static void
index_accounts(cx_directory *d)
{
    d->accounts = CX_NEW_N(d->arena, d->nchannels, cx_dir_channel *);

    for (size_t i = 0; d->accounts != NULL && i < d->nchannels; i++) {
        d->accounts[d->naccounts++] = &d->channels[i];
    }

    if (d->naccounts > 0) {
        qsort(d->accounts, d->naccounts, sizeof(d->accounts[0]), by_account);
    }
}


static void
load_done(cx_db_job *job, cx_err err)
{
    dir_load      *l = (dir_load *) job;
    cx_worker     *w = l->worker;
    cx_directory   d = { .arena = l->arena, .version = l->version };
    const bool     first = w->dir.arena == NULL;

    w->dir_loading = false;
    w->handles--;

    if (err != CX_OK) {
        cx_log(CX_LOG_ERROR, "directory", CX_FZ("error", cx_err_word(err)));
        cx_unsealed_wipe(&l->tokens);
        cx_unsealed_wipe(&l->api_keys);
        cx_routing_drop(l->routing);
        cx_arena_free(l->arena);

    } else {
        fill_channels(l, &d);
        fill_agents(l, &d);
        index_accounts(&d);
        d.routing = l->routing;
        d.tokens = l->tokens;
        d.api_keys = l->api_keys;
        cx_directory_free(&w->dir);
        w->dir = d;
        cx_sealed_health(w);

        cx_log(CX_LOG_INFO, "directory", CX_FI("channels", d.nchannels),
               CX_FI("agents", d.nagents), CX_FI("version", d.version));

        if (first) {
            cx_partitions_beat(w);
        }

        cx_convs_kick(w);
    }

    free(l);

    /* Asked for again while the store was read: what waits, waits on. */
    if (w->dir_stale) {
        w->dir_stale = false;
        cx_directory_load(w);

    } else if (err == CX_OK) {
        cx_take_resume(w);
    }

    cx_worker_check_drained(w);
}


void
cx_directory_load(cx_worker *w)
{
    dir_load  *l;

    if (w->dir_loading) {
        w->dir_stale = true;
        return;
    }

    l = calloc(1, sizeof(*l));
    if (l == NULL || (l->arena = cx_arena_new(DIRECTORY_MAX)) == NULL) {
        free(l);
        return;     /* the next beat sees the version differ */
    }

    l->worker = w;
    l->job.run = load_run;
    l->job.done = load_done;
    w->dir_loading = true;
    w->handles++;
    cx_db_read(w->db, &l->job);
}


void
cx_directory_free(cx_directory *d)
{
    for (size_t i = 0; i < d->nchannels; i++) {
        cx_secret_wipe((void *) (uintptr_t) d->channels[i].token.p,
                       d->channels[i].token.len);
    }

    /* The first model's is the agent's own. */
    for (size_t i = 0; i < d->nagents; i++) {
        for (size_t k = 0; k < d->agents[i].nmodels; k++) {
            const cx_str  key = d->agents[i].models[k].settings.api_key;

            cx_secret_wipe((void *) (uintptr_t) key.p, key.len);
        }
    }

    cx_unsealed_wipe(&d->tokens);
    cx_unsealed_wipe(&d->api_keys);
    cx_routing_drop(d->routing);
    cx_arena_free(d->arena);
    memset(d, 0, sizeof(*d));
}


cx_dir_channel *
cx_directory_account(const cx_worker *w, cx_str type, cx_str account)
{
    size_t  lo = 0, hi = w->dir.naccounts;

    while (lo < hi) {
        const size_t     mid = lo + (hi - lo) / 2;
        cx_dir_channel  *c = w->dir.accounts[mid];
        const int        o = order_of_account(type, account, c);

        if (o == 0) {
            return c;
        }

        if (o < 0) {
            hi = mid;

        } else {
            lo = mid + 1;
        }
    }

    return NULL;
}


/* They stand in the order of their ids. */
cx_dir_channel *
cx_directory_channel(const cx_worker *w, int64_t id)
{
    size_t  lo = 0, hi = w->dir.nchannels;

    while (lo < hi) {
        const size_t  mid = lo + (hi - lo) / 2;

        if (w->dir.channels[mid].row.id == id) {
            return &w->dir.channels[mid];
        }

        if (w->dir.channels[mid].row.id < id) {
            lo = mid + 1;

        } else {
            hi = mid;
        }
    }

    return NULL;
}


bool
cx_directory_healthy(const cx_dir_channel *ch)
{
    return ch != NULL
           && (ch->row.health.len == 0
               || cx_str_eq(ch->row.health, CX_STR("ok")));
}


cx_sender
cx_directory_sender(const cx_dir_channel *ch)
{
    return (cx_sender) {
        .account = ch->row.account,
        .token = ch->token,
        .base_url = ch->row.base_url,
        .settings = ch->settings,
        .nsettings = ch->nsettings,
        .now_ms = cx_now_ms(),
    };
}


const cx_dir_agent *
cx_directory_agent(const cx_worker *w, int64_t id)
{
    for (size_t i = 0; i < w->dir.nagents; i++) {
        if (w->dir.agents[i].row.id == id) {
            return &w->dir.agents[i];
        }
    }

    return NULL;
}


cx_str
cx_directory_secret(const cx_worker *w, const cx_dir_agent *agent,
    cx_str file, cx_str credential, cx_arena *a)
{
    const cx_opened  *o;
    cx_str            secret = CX_NOSTR;
    char              error[256];

    if (file.len > 0) {
        if (cx_secret_load(file, a, &secret, error, sizeof(error)) != CX_OK) {
            cx_log(CX_LOG_ERROR, "secret", CX_FZ("of", "agent"),
                   CX_FS("name", agent->row.name), CX_FZ("error", error));
            return CX_NOSTR;
        }

        return secret;
    }

    o = credential.len > 0
        ? cx_unsealed_find(&w->dir.api_keys, agent->row.id, credential)
        : NULL;

    return o != NULL ? cx_dup(a, o->plain) : CX_NOSTR;
}
