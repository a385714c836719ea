/* RECALL by meaning: the question's vector, and what is near it. */

#include "worker/vectors.h"

#include "ai/mask.h"
#include "ai/terms.h"

#include <string.h>


#define CONNECT_MS  300
#define TOTAL_MS    800         /* a customer waits */
#define ANSWER_MAX  (1024 * 1024)
#define RANKED      20          /* of each kind, to be fused */
#define OFF_MS      10000       /* after a failure nobody waits for it */

struct cx_near_s {
    float   *vector;
    size_t   dims;
    cx_str   model;
};


static cx_err
fuse(cx_conv *c, cx_store *s)
{
    const struct cx_near_s  *n = c->near;
    cx_spot_list             words, near, best;
    cx_hit_list              hits;
    cx_find                  find;
    cx_err                   err;

    cx_store_as(s, c->recall.tenant);
    cx_ai_find_words(c->arena, c->recall.question, &find);
    err = cx_store_rank(s, c->recall.agent_id, &find, RANKED, c->arena,
                        &words);

    if (err == CX_OK) {
        err = cx_vectors_near(c->worker->vectors, s, c->recall.agent_id,
                              n->model, n->vector, n->dims, RANKED, c->arena,
                              &near);
    }

    if (err == CX_OK) {
        err = cx_spots_fuse(&words, &near, CX_KNOWLEDGE_HITS, c->arena,
                            &best);
    }

    if (err == CX_OK) {
        err = cx_store_spots(s, c->recall.agent_id, best.items, best.n,
                             c->arena, &hits);
    }

    if (err == CX_OK) {
        c->hits = hits;
    }

    return err;
}


static cx_err
fuse_run(cx_store *s, cx_db_job *job)
{
    return fuse((cx_conv *) job, s);
}


/* What was found by words is there anyway. */
static void
fuse_done(cx_db_job *job, cx_err err)
{
    cx_conv  *c = (cx_conv *) job;

    if (!cx_conv_back(c)) {
        return;
    }

    if (err != CX_OK) {
        cx_log(CX_LOG_WARN, "recall.near", CX_FS("event", c->recall.event),
               CX_FZ("error", cx_err_word(err)));
    }

    cx_recall_go_on(c);
}


/* Of this agent alone: the others may ask elsewhere. */
static void
off(cx_conv *c, const char *why)
{
    const int64_t  id = c->recall.agent_id;
    const size_t   i = (size_t) (id % CX_NEAR_OFF);

    c->worker->near_off[i].agent_id = id;
    c->worker->near_off[i].until = cx_now_ms() + OFF_MS;
    cx_log(CX_LOG_WARN, "recall.near", CX_FS("event", c->recall.event),
           CX_FZ("error", why));
}


static bool
is_off(const cx_worker *w, int64_t agent_id)
{
    const size_t  i = (size_t) (agent_id % CX_NEAR_OFF);

    return w->near_off[i].agent_id == agent_id
           && cx_now_ms() < w->near_off[i].until;
}


static void
on_reply(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    cx_conv           *c = ctx;
    struct cx_near_s  *n = c->near;

    c->call = NULL;

    if (!cx_conv_back(c)) {
        return;
    }

    if (c->turn_id != c->recall.turn_id) {
        cx_conv_go(c, CX_STEP_REST);    /* a person has spoken meanwhile */
        return;
    }

    if (end != CX_CALL_DONE) {
        off(c, error);

    } else if (cx_embed_parse(res, 1, c->arena, &n->vector, &n->dims)
               != CX_OK)
    {
        off(c, "no vector in the answer");

    } else {
        cx_conv_read(c, fuse_run, fuse_done);
        return;
    }

    cx_recall_go_on(c);
}


/* Card numbers and the like are not for this model either. */
static cx_str
question_of(cx_conv *c, const cx_dir_agent *agent)
{
    cx_masks  masks;

    if (!agent->config.mask) {
        return c->recall.question;
    }

    cx_masks_init(&masks, c->arena);

    return cx_ai_mask(&masks, c->recall.question);
}


bool
cx_near_ask(cx_conv *c, const cx_dir_agent *agent)
{
    const cx_http_opts  opts = {
        .connect_ms = CONNECT_MS,
        .total_ms = TOTAL_MS,
        .max_body = ANSWER_MAX,
    };
    cx_worker          *w = c->worker;
    cx_http_req         req;
    cx_embed            e;
    cx_str              question;

    if (!c->recall.knowledge || c->recall.taken || w->vectors == NULL
        || cx_str_trim(c->recall.question).len == 0
        || is_off(w, agent->row.id) || !cx_embed_of(w, agent, c->arena, &e))
    {
        return false;
    }

    c->near = CX_NEW(c->arena, struct cx_near_s);
    question = question_of(c, agent);

    if (c->near == NULL
        || cx_embed_build(&e, &question, 1, c->arena, &req) != CX_OK)
    {
        return false;
    }

    c->near->model = e.model;
    c->way = cx_way_of(CX_VIA_HTTP);
    c->call = c->way->start(w, &req, &opts, on_reply, c);

    return c->call != NULL;
}
