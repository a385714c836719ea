#include "worker/engine.h"

#include <stdlib.h>
#include <string.h>


#define DIRECTORY_MAX  (64 * 1024 * 1024)

typedef struct {
    cx_db_job        job;
    cx_worker       *worker;
    cx_arena        *arena;
    cx_agent_list    agents;
    cx_channel_list  channels;
    int64_t          version;
} dir_load;


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
        err = cx_store_agents(s, l->arena, &l->agents);
    }

    if (err == CX_OK) {
        err = cx_store_channels(s, l->arena, &l->channels);
    }

    return err;
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
fill_channels(dir_load *l, cx_directory *d)
{
    d->channels = CX_NEW_N(l->arena, l->channels.n, cx_dir_channel);

    for (size_t i = 0; d->channels != NULL && i < l->channels.n; i++) {
        cx_dir_channel  *c = &d->channels[d->nchannels++];

        c->row = l->channels.items[i];
        c->adapter = cx_channel_sender(c->row.type);
        fill_settings(l, c);
        c->token = secret_of(l->arena, c->row.token_file, "channel",
                             c->row.name);
    }
}


static void
fill_agents(dir_load *l, cx_directory *d)
{
    d->agents = CX_NEW_N(l->arena, l->agents.n, cx_dir_agent);

    for (size_t i = 0; d->agents != NULL && i < l->agents.n; i++) {
        cx_dir_agent  *a = &d->agents[d->nagents++];

        a->row = l->agents.items[i];
        a->provider = cx_ai_find(a->row.provider);
        a->api_key = secret_of(l->arena, a->row.api_key_file, "agent",
                               a->row.name);
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
        cx_arena_free(l->arena);

    } else {
        fill_channels(l, &d);
        fill_agents(l, &d);
        cx_directory_free(&w->dir);
        w->dir = d;

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

    for (size_t i = 0; i < d->nagents; i++) {
        cx_secret_wipe((void *) (uintptr_t) d->agents[i].api_key.p,
                       d->agents[i].api_key.len);
    }

    cx_arena_free(d->arena);
    memset(d, 0, sizeof(*d));
}


cx_dir_channel *
cx_directory_account(const cx_worker *w, cx_str type, cx_str account)
{
    for (size_t i = 0; i < w->dir.nchannels; i++) {
        cx_dir_channel  *c = &w->dir.channels[i];

        if (cx_str_eq(c->row.account, account)
            && cx_str_eq(c->row.type, type))
        {
            return c;
        }
    }

    return NULL;
}


cx_dir_channel *
cx_directory_channel(const cx_worker *w, int64_t id)
{
    for (size_t i = 0; i < w->dir.nchannels; i++) {
        if (w->dir.channels[i].row.id == id) {
            return &w->dir.channels[i];
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
