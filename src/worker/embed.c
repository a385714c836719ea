/* Vectors of passages, made in the background: one file at a time, a call's
 * worth of passages at a time, each of them on record before the next. */

#include "worker/vectors.h"

#include <stdlib.h>
#include <string.h>


#define ARENA_BYTES  ((size_t) 64 << 20)
#define CONNECT_MS   5000
#define TOTAL_MS     60000
#define ANSWER_MAX   ((size_t) 8 << 20)
#define BUSY_MS      INT64_C(120000)    /* more than a call takes */
#define AGAIN_MS     INT64_C(30000)     /* after a failure */

struct cx_embedder_s {
    cx_db_job         job;      /* first: the store gives it back */
    cx_worker        *worker;
    cx_arena         *arena;    /* of the agent and the file at hand */
    cx_arena         *batch;
    bool              busy;
    size_t            turn;     /* of the directory's agents */
    size_t            left;     /* agents to be looked at in this round */
    int64_t           later;    /* not before, after a failure */
    int64_t           agent_id;
    cx_embed          how;
    cx_knowledge_row  row;
    int64_t           next;     /* passage */
    cx_vector_list    list;
    void             *call;
};


static void next_agent(cx_embedder *e);
static void next_batch(cx_embedder *e);


bool
cx_embed_of(const cx_worker *w, const cx_dir_agent *agent, cx_arena *a,
    cx_embed *out)
{
    const cx_agent_config  *c = &agent->config;

    if (c->embed_url.len == 0 || c->embed_model.len == 0) {
        return false;
    }

    out->url = cx_dup(a, c->embed_url);
    out->model = cx_dup(a, c->embed_model);
    out->api_key = cx_directory_secret(w, agent, c->embed_key_file,
                                       c->embed_credential, a);

    return out->api_key.len > 0 || (c->embed_key_file.len == 0
                                    && c->embed_credential.len == 0);
}


static void
rest(cx_embedder *e)
{
    cx_worker  *w = e->worker;

    e->busy = false;
    w->handles--;
    cx_worker_check_drained(w);
}


static void
fail(cx_embedder *e, const char *why)
{
    cx_log(CX_LOG_WARN, "knowledge.embed", CX_FID("file", "kf", e->row.id),
           CX_FZ("error", why));
    e->later = cx_now_ms() + AGAIN_MS;
    e->turn++;                  /* the others do not wait for this agent */
    rest(e);
}


/* --- a batch ------------------------------------------------------------- */

static cx_err
put_run(cx_store *s, cx_db_job *job)
{
    cx_embedder    *e = (cx_embedder *) job;
    const int64_t   left = e->row.chunks - e->next - (int64_t) e->list.n;

    return cx_store_vectors_put(s, e->row.id, e->how.model, e->list.items,
                                e->list.n,
                                left > 0 ? cx_now_ms() + BUSY_MS : 0);
}


static void
put_done(cx_db_job *job, cx_err err)
{
    cx_embedder  *e = (cx_embedder *) job;

    if (err == CX_OK) {
        e->next += (int64_t) e->list.n;
        next_batch(e);

    } else if (err == CX_STALE) {
        next_agent(e);          /* the file was replaced meanwhile */

    } else {
        fail(e, cx_err_word(err));
    }
}


static bool
pack(cx_embedder *e, const cx_http_res *res)
{
    float   *vectors;
    size_t   dims;

    if (cx_embed_parse(res, e->list.n, e->batch, &vectors, &dims) != CX_OK) {
        return false;
    }

    for (size_t i = 0; i < e->list.n; i++) {
        e->list.items[i].vector = cx_embed_pack(vectors + i * dims, dims,
                                                e->batch);
    }

    return !cx_arena_failed(e->batch);
}


static void
on_reply(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    cx_embedder  *e = ctx;

    e->call = NULL;

    if (end != CX_CALL_DONE) {
        fail(e, error);

    } else if (!pack(e, res)) {
        fail(e, res->status == 200 ? "no vectors in the answer" : "refused");

    } else {
        e->job.run = put_run;
        e->job.done = put_done;
        cx_db_write(e->worker->db, &e->job);
    }
}


static void
call(cx_embedder *e)
{
    const cx_http_opts  opts = {
        .connect_ms = CONNECT_MS,
        .total_ms = TOTAL_MS,
        .max_body = ANSWER_MAX,
    };
    cx_str              texts[CX_EMBED_AT_ONCE];
    cx_http_req         req;

    for (size_t i = 0; i < e->list.n; i++) {
        const cx_vector_row  *r = &e->list.items[i];

        texts[i] = r->question.len == 0 ? r->text
                   : cx_printf(e->batch, "%.*s\n%.*s", CX_ARG(r->question),
                               CX_ARG(r->text));
    }

    if (cx_embed_build(&e->how, texts, e->list.n, e->batch, &req) != CX_OK) {
        fail(e, "no request can be made of its settings");
        return;
    }

    e->call = cx_http_start(e->worker->http, &req, &opts, on_reply, e);

    if (e->call == NULL) {
        fail(e, "no call can be made");
    }
}


static cx_err
batch_run(cx_store *s, cx_db_job *job)
{
    cx_embedder  *e = (cx_embedder *) job;

    return cx_store_vectors_wanted(s, e->row.id, e->next, CX_EMBED_AT_ONCE,
                                   e->batch, &e->list);
}


static void
batch_done(cx_db_job *job, cx_err err)
{
    cx_embedder  *e = (cx_embedder *) job;

    if (err != CX_OK) {
        fail(e, cx_err_word(err));

    } else if (e->worker->draining) {
        rest(e);

    } else if (e->list.n == 0) {
        cx_log(CX_LOG_INFO, "knowledge.embedded",
               CX_FID("file", "kf", e->row.id), CX_FI("passages", e->next));
        next_agent(e);

    } else {
        call(e);
    }
}


static void
next_batch(cx_embedder *e)
{
    cx_arena_reset(e->batch);
    memset(&e->list, 0, sizeof(e->list));
    e->job.run = batch_run;
    e->job.done = batch_done;
    cx_db_read(e->worker->db, &e->job);
}


/* --- a file -------------------------------------------------------------- */

static cx_err
claim_run(cx_store *s, cx_db_job *job)
{
    cx_embedder    *e = (cx_embedder *) job;
    const int64_t   now = cx_now_ms();

    return cx_store_vectors_claim(s, e->agent_id, e->how.model, now,
                                  now + BUSY_MS, e->arena, &e->row);
}


static void
claim_done(cx_db_job *job, cx_err err)
{
    cx_embedder  *e = (cx_embedder *) job;

    if (err == CX_OK) {
        e->next = e->row.embedded;
        e->left++;              /* it may have another one */
        e->turn--;
        next_batch(e);

    } else if (err == CX_NOT_FOUND) {
        next_agent(e);

    } else {
        fail(e, cx_err_word(err));
    }
}


static void
next_agent(cx_embedder *e)
{
    const cx_directory  *d = &e->worker->dir;

    while (e->left > 0 && d->nagents > 0 && !e->worker->draining) {
        const cx_dir_agent  *agent = &d->agents[e->turn++ % d->nagents];

        e->left--;
        cx_arena_reset(e->arena);

        if (cx_embed_of(e->worker, agent, e->arena, &e->how)) {
            e->agent_id = agent->row.id;
            e->job.tenant = agent->row.tenant;
            e->job.run = claim_run;
            e->job.done = claim_done;
            cx_db_write(e->worker->db, &e->job);
            return;
        }
    }

    rest(e);
}


/* --- what others call ---------------------------------------------------- */

static bool
any_wants(const cx_directory *d)
{
    for (size_t i = 0; i < d->nagents; i++) {
        if (d->agents[i].config.embed_url.len > 0) {
            return true;
        }
    }

    return false;
}


static cx_embedder *
embedder_of(cx_worker *w)
{
    cx_embedder  *e = w->embedder;

    if (e == NULL && (e = calloc(1, sizeof(*e))) != NULL) {
        e->worker = w;
        e->arena = cx_arena_new(64 * 1024);
        e->batch = cx_arena_new(ARENA_BYTES);
        w->embedder = e;
    }

    return e != NULL && e->arena != NULL && e->batch != NULL ? e : NULL;
}


void
cx_embed_beat(cx_worker *w)
{
    cx_embedder  *e;

    if (w->draining || !any_wants(&w->dir)
        || (e = embedder_of(w)) == NULL || e->busy || cx_now_ms() < e->later)
    {
        return;
    }

    e->busy = true;
    e->left = w->dir.nagents;
    w->handles++;
    next_agent(e);
}


void
cx_embed_stop(cx_worker *w)
{
    cx_embedder  *e = w->embedder;

    if (e != NULL && e->call != NULL) {
        cx_call_cancel(e->call);
        e->call = NULL;
        rest(e);
    }
}


void
cx_embed_free(cx_worker *w)
{
    if (w->embedder != NULL) {
        cx_arena_free(w->embedder->arena);
        cx_arena_free(w->embedder->batch);
        free(w->embedder);
        w->embedder = NULL;
    }

    cx_vectors_free(w->vectors);
    w->vectors = NULL;
}
