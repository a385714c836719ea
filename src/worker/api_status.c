#include "worker/api_request.h"

#include "core/version.h"

#define COUNTERS(X)                                                          \
    X(taken) X(duplicates) X(answered) X(reviews) X(sends) X(send_errors)    \
    X(held) X(dead) X(statuses)

typedef struct {
    cx_worker_stats         stats;
    int64_t                 commits;
    int64_t                 jobs;
    const cx_model_health  *models;
    size_t                  nmodels;
} snapshot;


static cx_err
check_status(cx_api_request *req)
{
    snapshot  *n = CX_NEW(req->arena, snapshot);

    if (n == NULL) {
        return CX_NOMEM;
    }

    cx_worker_stats_get(req->worker, &n->stats);
    n->stats.owner = cx_dup(req->arena, n->stats.owner);
    cx_db_stats(req->db, &n->commits, &n->jobs);
    n->nmodels = cx_worker_models(req->worker, req->arena, &n->models);
    req->state = n;
    return CX_OK;
}


static void
out_waiting(cx_api_request *req, const cx_counts *c)
{
    cx_out_open(req, "waiting", '{');
    cx_out_int(req, "turns", c->turns_open);
    cx_out_time(req, "oldest_turn_at", c->oldest_open_at);
    cx_out_int(req, "reviews", c->reviews_waiting);
    cx_out_int(req, "ready", c->outs_ready);
    cx_out_int(req, "ambiguous", c->outs_ambiguous);
    cx_out_int(req, "held", c->outs_held);
    cx_out_int(req, "dead", c->dead);
    cx_out_close(req, '}');
}


/* What all tenants do together is not for one of them. */
static bool
of_installation(const cx_api_request *req)
{
    return cx_auth_may(&req->as, "admin:read");
}


static void
out_models(cx_api_request *req, const snapshot *n)
{
    cx_out_open(req, "models", '[');

    for (size_t i = 0; i < n->nmodels; i++) {
        const cx_model_health  *m = &n->models[i];

        cx_out_open(req, NULL, '{');
        cx_out_str(req, "provider", m->provider);
        cx_out_str(req, "base_url", m->base_url);
        cx_out_str(req, "breaker", cx_strz(m->state));
        cx_out_int(req, "calls", m->calls);
        cx_out_int(req, "failed", m->failed);
        cx_out_int(req, "failed_in_a_row", m->in_a_row);
        cx_out_int(req, "opened", m->opened);
        cx_out_int(req, "not_asked", m->refused);
        cx_out_close(req, '}');
    }

    cx_out_close(req, ']');
}


static void
out_process(cx_api_request *req, const snapshot *n)
{
    cx_out_str(req, "owner", n->stats.owner);
    cx_out_int(req, "partitions", (int64_t) n->stats.partitions);
    cx_out_int(req, "jobs", (int64_t) n->stats.jobs);
    cx_out_open(req, "since_start", '{');
#define X(name)  cx_out_int(req, #name, n->stats.name);
    COUNTERS(X)
#undef X
    cx_out_int(req, "commits", n->commits);
    cx_out_int(req, "store_jobs", n->jobs);
    cx_out_close(req, '}');
    out_models(req, n);
}


static cx_err
status(cx_api_request *req, cx_store *s)
{
    cx_err           err;
    cx_counts        counts = { 0 };
    const snapshot  *n = req->state;

    err = cx_store_counts(s, &counts);
    if (err != CX_OK) {
        return err;
    }

    cx_out_begin(req, 200);
    cx_out_open(req, NULL, '{');
    cx_out_str(req, "version", CX_STR(CX_VERSION_TEXT));
    cx_out_bool(req, "draining", n->stats.draining);
    cx_out_str(req, "redis", n->stats.redis_up ? CX_STR("up")
                                               : CX_STR("down"));
    cx_out_bool(req, "redis_durable", n->stats.redis_durable);
    cx_out_str(req, "store", cx_strz(cx_store_kind(s)));
    cx_out_int(req, "conversations", counts.conversations);
    cx_out_int(req, "messages", counts.messages);
    out_waiting(req, &counts);

    if (of_installation(req)) {
        out_process(req, n);
    }

    cx_out_close(req, '}');
    return CX_OK;
}


static cx_err
alive(cx_api_request *req, cx_store *s)
{
    (void) s;

    cx_out_begin(req, 200);
    cx_out_open(req, NULL, '{');
    cx_out_str(req, "status", CX_STR("ok"));
    cx_out_close(req, '}');
    return CX_OK;
}


/* Reasons are members, each "ok" or what is wrong. */
static cx_err
ready(cx_api_request *req, cx_store *s)
{
    int64_t          version;
    const snapshot  *n = req->state;
    bool             store = cx_store_config_version(s, &version) == CX_OK;
    bool             all = store && n->stats.redis_up && !n->stats.draining;

    cx_out_begin(req, all ? 200 : 503);
    cx_out_open(req, NULL, '{');
    cx_out_bool(req, "ready", all);
    cx_out_str(req, "store", store ? CX_STR("ok") : CX_STR("failed"));
    cx_out_str(req, "redis", n->stats.redis_up ? CX_STR("ok")
                                               : CX_STR("down"));
    cx_out_str(req, "worker", n->stats.draining ? CX_STR("draining")
                                                : CX_STR("ok"));
    cx_out_close(req, '}');
    return CX_OK;
}


const cx_api_route  cx_api_status_routes[] = {
    { "GET", "/healthz", "", CX_API_NO_BODY, CX_API_LOOP, NULL, alive, NULL,
      NULL },
    { "GET", "/readyz", "", CX_API_NO_BODY, CX_API_READ, check_status, ready,
      NULL, NULL },
    { "GET", "/api/v1/status", "", CX_API_NO_BODY, CX_API_READ, check_status,
      status, NULL, "conversations:read" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
