/*
 * One call of a model.  A stream is read as it comes: pieces go to the page,
 * and the first token ends the patience.  Whatever becomes of a call, there
 * is a row of it, and its breaker is told.
 */

#include "worker/think.h"

#include <string.h>


#define CONNECT_MS      5000
#define ANSWER_MAX      (1024 * 1024)   /* with all that surrounds its text */


/* --- its breaker --------------------------------------------------------- */

bool
cx_think_may(cx_conv *c, const cx_dir_model *m)
{
    cx_worker      *w = c->worker;
    cx_thought     *t = c->thought;
    const int64_t   now = cx_now_ms();
    cx_breaker     *b = cx_breaker_of(w->breakers, cx_strz(m->provider->name),
                                      m->settings.base_url,
                                      m->settings.api_key, now);

    t->watched = b != NULL;

    if (b == NULL) {
        return true;
    }

    memcpy(t->breaker, b->id, sizeof(t->breaker));
    return cx_breaker_ask(w->breakers, b, now, &t->probe);
}


static void
tell(cx_conv *c, cx_breaker_end v)
{
    cx_worker         *w = c->worker;
    cx_thought        *t = c->thought;
    cx_breaker        *b = t->watched
                           ? cx_breaker_find(w->breakers, t->breaker) : NULL;
    cx_breaker_state   was;

    t->watched = false;

    if (b == NULL) {
        return;
    }

    was = b->state;
    cx_breaker_tell(w->breakers, b, t->probe, v, cx_now_ms());

    if (b->state != was) {
        cx_log(b->state == CX_BREAKER_OPEN ? CX_LOG_ERROR : CX_LOG_INFO,
               "breaker", CX_FZ("provider", b->provider),
               CX_FZ("state", cx_breaker_word(b->state)),
               CX_FI("failures", b->in_a_row));
    }
}


/* --- how it ends --------------------------------------------------------- */

static cx_breaker_end
verdict_of(const cx_ai_outcome *o)
{
    return o->result == CX_AI_RETRY ? CX_BREAKER_BAD : CX_BREAKER_GOOD;
}


static void
ended(cx_conv *c, const cx_ai_outcome *o, const cx_ai_reply *reply,
    int status)
{
    static const char  *const words[] = {
        [CX_AI_OK] = "ok",
        [CX_AI_RETRY] = "retry",
        [CX_AI_REFUSED] = "refused",
    };
    cx_thought         *t = c->thought;

    t->calling = false;
    uv_timer_stop(&c->timer);
    cx_paid_add(t, reply, words[o->result], o->error,
                o->result == CX_AI_RETRY && t->stream.seen);
    tell(c, verdict_of(o));
    cx_think_replied(c, o, reply, status);
}


/* A call that waits needs no memory for its answer. */
static bool
answered(cx_thought *t)
{
    if (t->answered) {
        return true;
    }

    if (t->arena == NULL && (t->arena = cx_arena_new(CX_JOB_ARENA)) == NULL) {
        return false;
    }

    cx_arena_reset(t->arena);
    cx_ai_stream_init(&t->stream, t->ai, t->arena);
    t->answered = true;
    return true;
}


/* The whole of it, or a connection that broke behind its last event. */
static cx_ai_outcome
read_reply(cx_thought *t, const cx_http_res *res, cx_ai_reply *reply)
{
    static const cx_http_res  over = { .status = 200 };

    if (!answered(t)) {
        return (cx_ai_outcome) { .result = CX_AI_RETRY,
                                 .error = CX_STR("out of memory") };
    }

    if (!t->streaming) {
        return t->ai->parse(res, t->arena, reply);
    }

    return cx_ai_stream_end(&t->stream, res->status == 0 && t->stream.seen
                                        && !t->stream.until_close
                                        ? &over : res, reply);
}


static void
on_end(void *ctx, cx_call_end end, const cx_http_res *res, const char *error)
{
    cx_conv        *c = ctx;
    cx_ai_reply     reply = { .finish = CX_FINISH_OTHER };
    cx_ai_outcome   o;

    c->call = NULL;
    o = read_reply(c->thought, res, &reply);

    if (end != CX_CALL_DONE && o.result != CX_AI_OK) {
        cx_log(CX_LOG_WARN, "think.no_answer",
               CX_FS("event", c->recall.event), CX_FZ("error", error));
        o = (cx_ai_outcome) { .result = CX_AI_RETRY,
                              .error = CX_STR("no answer") };
    }

    c->thought->tokens_in += o.result == CX_AI_OK
                             && reply.finish == CX_FINISH_TOOLS
                             ? reply.tokens_in : 0;
    c->thought->tokens_out += o.result == CX_AI_OK
                              && reply.finish == CX_FINISH_TOOLS
                              ? reply.tokens_out : 0;
    ended(c, &o, &reply, res->status);
}


/* Thoughts of a model are a sign of life, pieces of its text are tokens. */
static void
on_data(void *ctx, cx_str bytes)
{
    cx_conv     *c = ctx;
    cx_thought  *t = c->thought;

    if (!answered(t)) {
        return;
    }

    cx_ai_stream_feed(&t->stream, bytes);

    if (t->first_ms == 0
        && (t->stream.text.len > 0 || t->stream.reply.ncalls > 0))
    {
        t->first_ms = cx_now_ms() - t->since;
        t->first_ms += t->first_ms == 0;        /* 0 is: none came */
    }

    cx_tokens_show(c, cx_ai_stream_said(&t->stream));
}


/* --- how it begins ------------------------------------------------------- */

/* So long may it take and still leave some to those behind it. */
static int64_t
share_of(int64_t left, int64_t most, size_t behind)
{
    const int64_t  share = behind > 0 ? left * 2 / 3 : left;

    /* 0 would be for ever to the client. */
    return share < 1 ? 1 : share < most ? share : most;
}


static int64_t
patience_of(const cx_conv *c, const cx_dir_agent *agent, int64_t left,
    size_t behind)
{
    const int64_t  most = agent->config.first_token_ms > 0
                          ? agent->config.first_token_ms
                          : c->worker->conf->ai_first_token_ms;
    const int64_t  share = left / (int64_t) (behind + 1);

    return share < most ? share : most;
}


static bool
build(cx_conv *c, const cx_dir_model *m, cx_http_req *req)
{
    cx_thought      *t = c->thought;
    cx_ai_settings   settings = m->settings;

    cx_arena_reset(c->worker->scratch);

    t->ai = m->provider;
    t->streaming = c->worker->conf->ai_stream && t->ai->event != NULL;
    t->asked_model = cx_dup(c->arena, settings.model);
    t->answered = false;
    memset(&t->stream, 0, sizeof(t->stream));
    settings.stream = t->streaming;

    return t->ai->build(&settings, &c->prompt, c->worker->scratch, req)
           == CX_OK;
}


static bool
start(cx_conv *c, const cx_http_req *req, int64_t total, int64_t patience)
{
    cx_thought          *t = c->thought;
    const cx_http_opts   opts = {
        .connect_ms = CONNECT_MS < total ? CONNECT_MS : (long) total,
        .total_ms = (long) total,
        .max_body = ANSWER_MAX,
        .on_data = t->streaming ? on_data : NULL,
        .idle_ms = t->streaming ? (long) patience : 0,
    };

    CX_FP("think.before");
    c->way = cx_way_of(CX_VIA_HTTP);
    c->call = c->way->start(c->worker, req, &opts, on_end, c);
    return c->call != NULL;
}


bool
cx_think_call(cx_conv *c, const cx_dir_agent *agent, const cx_dir_model *m,
    size_t behind)
{
    cx_thought     *t = c->thought;
    const int64_t   now = cx_now_ms();
    const int64_t   left = t->deadline > now ? t->deadline - now : 1;
    const int64_t   total = share_of(left, c->worker->conf->ai_timeout_ms,
                                     behind);
    const int64_t   patience = patience_of(c, agent, left, behind);
    cx_http_req     req = { .url = CX_NOSTR };

    t->since = now;
    t->first_ms = 0;

    if (!build(c, m, &req) || !start(c, &req, total, patience)) {
        tell(c, CX_BREAKER_VOID);
        return false;
    }

    t->calling = true;
    t->called = true;
    t->sent = req.body.len;
    cx_tokens_begin(c);

    if (t->streaming && patience < total) {
        cx_conv_timer(c, now + patience);
    }

    CX_FP("think.after");
    return true;
}


/* One that has begun to speak may take its time. */
void
cx_think_silent(cx_conv *c)
{
    static const cx_ai_reply    none = { .finish = CX_FINISH_OTHER };
    static const cx_ai_outcome  late = {
        .result = CX_AI_RETRY,
        .error = CX_STR_INIT("no token came in time"),
    };

    if (c->thought->stream.seen) {
        return;
    }

    c->way->cancel(c->call);
    c->call = NULL;
    ended(c, &late, &none, 0);
}


/* A newer message, a person, another worker: what is under way is not wanted
 * any more. */
void
cx_think_cancel(cx_conv *c)
{
    cx_thought  *t = c->thought;

    if (t == NULL) {
        return;
    }

    if (t->tools != NULL) {
        cx_tools_cancel(t->tools);
        t->tools = NULL;
    }

    if (t->calling) {
        t->calling = false;
        cx_paid_add(t, &t->stream.reply, "cancelled", CX_NOSTR, true);
        tell(c, CX_BREAKER_VOID);
    }

    cx_tokens_retract(c);
}


void
cx_think_unsaid(cx_conv *c)
{
    cx_tokens_retract(c);
}
