#include "worker/engine.h"

#include "worker/breaker.h"
#include "worker/ask.h"
#include "worker/expiry.h"
#include "worker/idle.h"
#include "worker/gone.h"
#include "worker/login.h"
#include "worker/metrics.h"
#include "worker/hooks.h"
#include "worker/reconcile.h"
#include "worker/reviews.h"
#include "worker/templates.h"
#include "worker/rotate.h"
#include "worker/seeing.h"
#include "worker/summary.h"
#include "worker/tools.h"
#include "worker/transcribe.h"
#include "worker/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>


#define WORKER_ARENA  (1024 * 1024)


int64_t
cx_now_ms(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


int64_t
cx_worker_new_id(cx_worker *w)
{
    return cx_id_next(&w->ids, cx_now_ms());
}


/* host, pid, and something random: never the same twice. */
static void
owner_name(cx_worker *w, uint32_t random)
{
    char  host[33];

    if (gethostname(host, sizeof(host)) != 0) {
        (void) snprintf(host, sizeof(host), "host");
    }

    host[sizeof(host) - 1] = '\0';
    (void) snprintf(w->owner, sizeof(w->owner), "%s.%ld.%08x", host,
                    (long) getpid(), (unsigned) random);
}


cx_worker *
cx_worker_new(uv_loop_t *loop, const cx_conf *conf, cx_db *db, cx_http *http)
{
    cx_worker  *w = calloc(1, sizeof(*w));
    uint32_t    random[2] = { 0, 0 };

    if (w == NULL) {
        return NULL;
    }

    w->loop = loop;
    w->conf = conf;
    w->db = db;
    w->http = http;
    w->owner_lock = -1;
    w->arena = cx_arena_new(WORKER_ARENA);
    w->scratch = cx_arena_new(CX_SCRATCH_ARENA);
    w->secrets = cx_secrets_new(conf->secrets_key_file);
    w->breakers = cx_breakers_new((cx_breaker_rules) {
        .failures = conf->ai_breaker_failures,
        .calls = conf->ai_breaker_calls,
        .open_ms = conf->ai_breaker_open_ms,
    });
    w->metrics = cx_metrics_new();

    if (w->arena == NULL || w->scratch == NULL || w->secrets == NULL
        || w->breakers == NULL || w->metrics == NULL || !cx_convs_init(w)
        || getrandom(random, sizeof(random), 0) != sizeof(random))
    {
        cx_metrics_free(w->metrics);
        cx_breakers_free(w->breakers);
        cx_secrets_free(w->secrets);
        cx_arena_free(w->scratch);
        cx_arena_free(w->arena);
        free(w->buckets);
        free(w);
        return NULL;
    }

    srand(random[0]);
    w->ids.maker = random[1] & 1023;
    owner_name(w, random[0]);
    cx_partitions_init(w);
    return w;
}


static void
beat_fired(uv_timer_t *timer)
{
    cx_partitions_beat(timer->data);
    cx_media_kick(timer->data);
    cx_reconcile_beat(timer->data);
    cx_expiry_beat(timer->data);
    cx_forget_beat(timer->data);
    cx_idle_beat(timer->data);
    cx_worker_knowledge(timer->data);
    cx_templates_beat(timer->data);
    cx_reviews_beat(timer->data);
    cx_hooks_beat(timer->data);
    cx_summary_beat(timer->data);
    cx_transcribe_kick(timer->data);
    cx_may_beat(timer->data);
}


/* Without a key file nothing is sealed, and that is fine. */
static void
secrets_load(cx_worker *w)
{
    char          error[CX_SECRETS_ERROR];
    const cx_err  err = cx_secrets_reload(w->secrets, error, sizeof(error));

    if (err != CX_OK && err != CX_NO_SECRET) {
        cx_log(CX_LOG_ERROR, "secrets", CX_FZ("error", error));
    }
}


void
cx_worker_reload(cx_worker *w)
{
    secrets_load(w);
    cx_worker_config_changed(w);
    cx_worker_kick(w);
}


void
cx_worker_start(cx_worker *w)
{
    const uint64_t  beat = (uint64_t) w->conf->worker_lease_ms / 3;

    secrets_load(w);
    cx_owner_lock(w);
    cx_readers_init(w);
    cx_media_init(w);
    cx_hooks_init(w);
    w->vectors = cx_vectors_new();
    cx_tools_init(w);
    cx_directory_load(w);

    (void) uv_timer_init(w->loop, &w->beat);
    (void) uv_timer_init(w->loop, &w->drain_timer);
    w->beat.data = w;
    w->drain_timer.data = w;
    (void) uv_timer_start(&w->beat, beat_fired, beat, beat);
    w->started = true;

    cx_log(CX_LOG_INFO, "worker.start", CX_FZ("owner", w->owner),
           CX_FI("jobs", w->conf->worker_jobs));
}


cx_secrets *
cx_worker_secrets(const cx_worker *w)
{
    return w->secrets;
}


void
cx_worker_config_changed(cx_worker *w)
{
    if (w->started && !w->draining) {
        cx_directory_load(w);
    }
}


void
cx_worker_kick(cx_worker *w)
{
    if (w->started && !w->draining) {
        cx_partitions_beat(w);
    }
}


/* --- drain --------------------------------------------------------------- */

void
cx_worker_check_drained(cx_worker *w)
{
    void  (*done)(void *ctx) = w->drained;

    if (!w->draining || done == NULL || w->handles > 0 || w->beating
        || cx_partitions_owned(w) > 0
        || w->reader[CX_LANE_IN].batches > 0
        || w->reader[CX_LANE_ST].batches > 0)
    {
        return;
    }

    if (!w->goodbye) {
        w->goodbye = true;
        cx_partitions_goodbye(w);
        return;
    }

    w->drained = NULL;
    uv_timer_stop(&w->drain_timer);
    cx_log(CX_LOG_INFO, "worker.drained", CX_FZ("owner", w->owner));
    done(w->drained_ctx);
}


static void
drain_late(uv_timer_t *timer)
{
    cx_worker  *w = timer->data;
    void      (*done)(void *ctx) = w->drained;

    /* What is under way is in the store: the next owner goes on with it. */
    cx_log(CX_LOG_WARN, "worker.drain_late", CX_FI("jobs", w->nconvs));

    w->drained = NULL;

    if (done != NULL) {
        done(w->drained_ctx);
    }
}


void
cx_worker_drain(cx_worker *w, void (*done)(void *ctx), void *ctx)
{
    if (w->draining) {
        return;
    }

    cx_log(CX_LOG_INFO, "worker.drain", CX_FI("jobs", w->nconvs));

    w->draining = true;
    w->drained = done;
    w->drained_ctx = ctx;
    (void) uv_timer_start(&w->drain_timer, drain_late,
                          (uint64_t) w->conf->worker_drain_ms, 0);

    cx_media_stop(w);
    cx_summary_stop(w);
    cx_transcribe_stop(w);
    cx_reconcile_stop(w);
    cx_expiry_stop(w);
    cx_templates_stop(w);
    cx_hooks_stop(w);
    cx_asks_stop(w, false);
    cx_embed_stop(w);
    cx_partitions_leave(w, 0);
    cx_worker_check_drained(w);
}


void
cx_worker_free(cx_worker *w)
{
    if (w == NULL) {
        return;
    }

    w->drained = NULL;

    if (w->started) {
        cx_readers_free(w);
    }

    /* The store is closed: nothing can be given back any more. */
    for (unsigned i = 0; i < CX_PARTITIONS; i++) {
        w->part[i].state = CX_PART_NONE;
    }

    /* Before the loop runs for what is in the pool: none of them may go on. */
    cx_convs_free(w);

    if (w->started) {
        cx_summary_free(w);
        cx_transcribe_free(w);
        cx_seeing_join(w);
        cx_knowledge_free(w);
        cx_embed_free(w);
        cx_media_free(w);
        cx_reconcile_free(w);
        cx_expiry_free(w);
        cx_templates_free(w);
        cx_hooks_free(w);
        uv_close((uv_handle_t *) &w->beat, NULL);
        uv_close((uv_handle_t *) &w->drain_timer, NULL);
        (void) uv_run(w->loop, UV_RUN_NOWAIT);
    }

    cx_asks_stop(w, true);
    (void) uv_run(w->loop, UV_RUN_NOWAIT);
    cx_tools_free(w);
    (void) uv_run(w->loop, UV_RUN_NOWAIT);

    cx_rotate_free(w);
    cx_gone_free(w);
    cx_logins_free(w);
    cx_owner_unlock(w);
    cx_directory_free(&w->dir);
    cx_metrics_free(w->metrics);
    cx_breakers_free(w->breakers);
    cx_secrets_free(w->secrets);
    cx_arena_free(w->scratch);
    cx_arena_free(w->arena);
    free(w->buckets);
    free(w);
}


/* --- for the API --------------------------------------------------------- */

void
cx_worker_stats_get(const cx_worker *w, cx_worker_stats *out)
{
    *out = w->stats;
    out->partitions = cx_partitions_owned(w);
    out->jobs = w->thinking.busy;
    out->draining = w->draining;
    out->owner = cx_strz(w->owner);
}


size_t
cx_worker_models(const cx_worker *w, cx_arena *a, const cx_model_health **list)
{
    const size_t      n = cx_breakers_count(w->breakers);
    cx_model_health  *all = CX_NEW_N(a, n, cx_model_health);

    for (size_t i = 0; all != NULL && i < n; i++) {
        const cx_breaker  *b = cx_breakers_at(w->breakers, i);

        all[i] = (cx_model_health) {
            .provider = cx_dup(a, cx_strz(b->provider)),
            .base_url = cx_dup(a, cx_strz(b->base_url)),
            .state = cx_breaker_word(b->state),
            .calls = b->calls,
            .failed = b->failed,
            .in_a_row = b->in_a_row,
            .opened = b->opened,
            .refused = b->refused,
        };
    }

    *list = all;
    return all != NULL ? n : 0;
}


typedef struct {
    void  (*done)(void *ctx, bool ok);
    void   *ctx;
} enqueue_call;


static void
enqueued(void *ctx, const redisReply *reply)
{
    enqueue_call  call = *(enqueue_call *) ctx;

    free(ctx);
    call.done(call.ctx, reply != NULL && reply->type == REDIS_REPLY_STRING);
}


void
cx_worker_enqueue(cx_worker *w, unsigned partition, cx_str json,
    void (*done)(void *ctx, bool ok), void *ctx)
{
    const cx_partition  *p = &w->part[partition % CX_PARTITIONS];
    enqueue_call        *call = malloc(sizeof(*call));
    char                 version[16];
    cx_str               argv[] = {
        CX_STR("XADD"),
        { p->lane[CX_LANE_IN].len, p->lane[CX_LANE_IN].key },
        CX_STR("*"), CX_STR("v"), CX_NOSTR, CX_STR("e"), json,
    };

    if (call == NULL) {
        done(ctx, false);
        return;
    }

    *call = (enqueue_call) { .done = done, .ctx = ctx };
    (void) snprintf(version, sizeof(version), "%d", CX_MSG_VERSION);
    argv[4] = cx_strz(version);
    cx_redis_command(w->redis, 7, argv, 5000, enqueued, call);
}


typedef struct {
    const cx_worker  *worker;
    cx_arena         *arena;
} labeling;


/* Agents of two tenants may have one name. */
static cx_str
labels_of(void *ctx, int64_t agent_id)
{
    const labeling      *l = ctx;
    const cx_dir_agent  *agent = cx_directory_agent(l->worker, agent_id);
    cx_str               tenant;

    if (agent == NULL) {
        return CX_NOSTR;
    }

    tenant = cx_id_text(l->arena, "te", agent->row.tenant);

    return cx_printf(l->arena, "agent=\"%.*s\",tenant=\"%.*s\"",
                     CX_ARG(agent->row.name), CX_ARG(tenant));
}


cx_str
cx_worker_metrics(const cx_worker *w, cx_arena *a)
{
    labeling  l = { w, a };
    cx_buf    b;

    cx_buf_init(&b, a, 16 * 1024, 16 * 1024 * 1024);
    cx_metrics_put(w->metrics, labels_of, &l, &b);

    return cx_buf_str(&b);
}
