#include "worker/tools.h"

#include "ai/schema.h"
#include "core/mac.h"
#include "worker/tools_text.h"

#include <stdlib.h>


#define AT_ONCE     64
#define BODY_MAX    (256 * 1024)
#define ARENA_MAX   (2 * 1024 * 1024)
#define CONNECT_MS  5000

struct cx_tools_s {
    cx_http  *everywhere;
    cx_http  *public;
};

typedef struct {
    cx_tool_run  *run;
    cx_call      *call;             /* under way; NULL: result is there */
    cx_str        name;
    cx_str        result;
    int64_t       started_at;
} tool_call;

struct cx_tool_run_s {
    cx_worker   *worker;
    uv_timer_t   timer;             /* what is done is told from the loop */
    cx_arena    *a;                 /* the caller's */
    cx_str       agent;
    int64_t      turn_id;
    cx_tool_fn   done;              /* NULL: told, or cancelled */
    void        *ctx;
    tool_call    calls[CX_AI_CALLS_MAX];
    size_t       n;
    size_t       open;
};


/* --- the end ------------------------------------------------------------- */

static void
on_closed(uv_handle_t *handle)
{
    cx_tool_run  *run = handle->data;
    cx_worker    *w = run->worker;

    w->handles--;
    free(run);
    cx_worker_check_drained(w);
}


static void
run_close(cx_tool_run *run)
{
    run->done = NULL;
    uv_close((uv_handle_t *) &run->timer, on_closed);
}


static void
on_timer(uv_timer_t *timer)
{
    cx_tool_run       *run = timer->data;
    const cx_tool_fn   done = run->done;
    void              *ctx = run->ctx;
    cx_str             results[CX_AI_CALLS_MAX];
    const size_t       n = run->n;

    for (size_t i = 0; i < n; i++) {
        results[i] = run->calls[i].result;
    }

    run_close(run);
    done(ctx, results, n);
}


static void
check_done(cx_tool_run *run)
{
    if (run->open == 0) {
        (void) uv_timer_start(&run->timer, on_timer, 0, 0);
    }
}


void
cx_tools_cancel(cx_tool_run *run)
{
    if (run == NULL) {
        return;
    }

    for (size_t i = 0; i < run->n; i++) {
        if (run->calls[i].call != NULL) {
            cx_call_cancel(run->calls[i].call);
            run->calls[i].call = NULL;
        }
    }

    run_close(run);
}


/* --- one call ------------------------------------------------------------ */

/* What is told to the model is in the log without what it was about. */
static void
note(const tool_call *c, const char *outcome, int status)
{
    const cx_tool_run  *run = c->run;

    cx_log(outcome == NULL ? CX_LOG_INFO : CX_LOG_WARN, "tool.call",
           CX_FS("agent", run->agent), CX_FS("tool", c->name),
           CX_FID("turn", "tn", run->turn_id),
           CX_FZ("outcome", outcome == NULL ? "ok" : outcome),
           CX_FI("status", status),
           CX_FI("ms", c->started_at > 0 ? cx_now_ms() - c->started_at : 0));
}


static void
refuse(tool_call *c, const char *outcome, cx_str why)
{
    c->result = cx_tool_text_error(c->run->a, why, CX_NOSTR);
    note(c, outcome, 0);
}


static void
on_answer(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    tool_call    *c = ctx;
    cx_tool_run  *run = c->run;

    (void) error;
    c->call = NULL;

    if (end != CX_CALL_DONE) {
        refuse(c, "no_answer", CX_STR("the function's server gave no "
                                      "complete answer in time"));

    } else if (res->status < 200 || res->status > 299) {
        c->result = cx_tool_text_error(
                        run->a, cx_printf(run->a, "the function's server "
                                          "answered %d", res->status),
                        res->body);
        note(c, "refused", res->status);

    } else {
        c->result = cx_tool_text_result(run->a, res->body);
        note(c, NULL, res->status);
    }

    run->open--;
    check_done(run);
}


/* Copied by the client; our copies do not stay. */
static void
call_start(tool_call *c, const cx_agent_tool *t, cx_http_req *req,
    cx_str authorization)
{
    cx_worker           *w = c->run->worker;
    cx_http             *http = t->insecure ? w->tools->everywhere
                                            : w->tools->public;
    const cx_http_opts   opts = {
        .connect_ms = t->timeout_ms < CONNECT_MS ? (long) t->timeout_ms
                                                 : CONNECT_MS,
        .total_ms = (long) t->timeout_ms,
        .max_body = BODY_MAX,
        .once = !t->get,
    };

    c->started_at = cx_now_ms();
    c->call = cx_http_start(http, req, &opts, on_answer, c);
    cx_secret_wipe((void *) (uintptr_t) authorization.p, authorization.len);

    if (c->call != NULL) {
        c->run->open++;
        return;
    }

    refuse(c, "not_started", CX_STR("the function cannot be called now"));
}


/* False: it needs one that is not there, or cannot stand in a header. */
static bool
bearer_of(const cx_worker *w, const cx_dir_agent *agent,
    const cx_agent_tool *t, cx_arena *a, cx_str *bearer)
{
    cx_str  secret;
    bool    ok;

    *bearer = CX_NOSTR;

    if (t->secret_file.len == 0 && t->credential.len == 0) {
        return true;
    }

    secret = cx_directory_secret(w, agent, t->secret_file, t->credential, a);
    ok = secret.len > 0 && cx_http_word_ok(secret);

    if (ok) {
        *bearer = cx_concat(a, CX_STR("Bearer "), secret);
    }

    cx_secret_wipe((void *) (uintptr_t) secret.p, secret.len);
    return ok;
}


static void
call_make(tool_call *c, const cx_dir_agent *agent, const cx_agent_tool *t,
    const cx_tool_context *context, cx_str arguments, cx_arena *a)
{
    cx_str       bearer;
    cx_http_req  req;
    const char  *wrong;

    wrong = cx_tool_text_request(t->url, t->get, arguments, a, &req);

    if (wrong != NULL) {
        refuse(c, "bad_arguments", cx_strz(wrong));
        return;
    }

    if (!bearer_of(c->run->worker, agent, t, a, &bearer)) {
        refuse(c, "no_secret", CX_STR("the function is not set up"));
        return;
    }

    cx_tool_text_headers(&(cx_tool_whom) {
        .context = context,
        .agent_id = agent->row.id,
        .tool = t->tool.name,
        .arguments = arguments,
        .bearer = bearer,
    }, a, &req);

    if (cx_arena_failed(a)) {
        refuse(c, "no_memory", CX_STR("the function cannot be called now"));
        return;
    }

    call_start(c, t, &req, bearer);
}


/* --- what is not called -------------------------------------------------- */

static const cx_agent_tool *
find(const cx_dir_agent *agent, cx_str name)
{
    for (size_t i = 0; i < agent->config.ntools; i++) {
        if (cx_str_eq(agent->config.tools[i].tool.name, name)) {
            return &agent->config.tools[i];
        }
    }

    return NULL;
}


bool
cx_worker_private_tools(const cx_worker *w)
{
    return w->conf->tools_allow_private;
}


bool
cx_worker_tool_host(const cx_worker *w, cx_str host)
{
    cx_str  rest = w->conf->tools_hosts, word;
    bool    any = true;

    while (cx_str_split(&rest, ' ', &word)) {
        any = any && word.len == 0;

        if (word.len > 0 && cx_str_eq_nocase(word, host)) {
            return true;
        }
    }

    return any;
}


/* Where it may go by the agent, and by the installation. */
static bool
may_go(const cx_worker *w, const cx_agent_tool *t)
{
    const cx_str  host = cx_agent_host(t->url);

    if (!cx_worker_tool_host(w, host)
        || (t->insecure && !cx_worker_private_tools(w)))
    {
        return false;
    }

    for (size_t i = 0; i < t->nhosts; i++) {
        if (cx_str_eq(t->hosts[i], host)) {
            return true;
        }
    }

    return false;
}


/* False: c has its result, which says why. */
static bool
arguments_fit(tool_call *c, const cx_agent_tool *t, cx_str arguments,
    cx_arena *a)
{
    const cx_schema  *schema;
    cx_str            pointer, error;

    if (cx_schema_read(t->tool.schema, a, &schema, &pointer, &error) == CX_OK
        && cx_schema_check(schema, arguments, a, &pointer, &error) == CX_OK)
    {
        return true;
    }

    refuse(c, "bad_arguments", cx_tool_text_misfit(c->run->a, pointer,
                                                   error));
    return false;
}


static void
call_check(tool_call *c, const cx_dir_agent *agent,
    const cx_tool_context *context, const cx_ai_call *call, size_t number,
    cx_arena *a)
{
    const cx_agent_tool  *t = find(agent, call->name);
    const cx_str          arguments = cx_str_trim(call->arguments).len > 0
                                      ? call->arguments : CX_STR("{}");

    if (t == NULL) {
        refuse(c, "unknown", CX_STR("there is no such function"));
        return;
    }

    c->name = cx_dup(c->run->a, t->tool.name);

    if (context->used + number >= CX_TOOL_CALLS_MAX) {
        refuse(c, "too_many", CX_STR("no more functions can be called for "
                                     "this question: answer with what is "
                                     "known"));

    } else if (c->run->worker->tools == NULL
               || !may_go(c->run->worker, t))
    {
        refuse(c, "forbidden", CX_STR("the function may not be called from "
                                      "here"));

    } else if (!arguments_fit(c, t, arguments, a)) {
        return;

    } else if (context->trial && !t->get) {
        refuse(c, "trial", CX_STR("not called: somebody only tries out what "
                                  "would be answered"));

    } else {
        call_make(c, agent, t, context, arguments, a);
    }
}


cx_tool_run *
cx_tools_start(cx_worker *w, const cx_dir_agent *agent,
    const cx_tool_context *context, const cx_ai_call *calls, size_t n,
    cx_arena *a, cx_tool_fn done, void *ctx)
{
    cx_tool_run  *run = calloc(1, sizeof(*run));
    cx_arena     *own = cx_arena_new(ARENA_MAX);

    if (run == NULL || own == NULL) {
        cx_arena_free(own);
        free(run);
        return NULL;
    }

    run->worker = w;
    run->a = a;
    run->agent = cx_dup(a, agent->row.name);
    run->turn_id = context->turn_id;
    run->done = done;
    run->ctx = ctx;
    run->n = n < CX_AI_CALLS_MAX ? n : CX_AI_CALLS_MAX;
    (void) uv_timer_init(w->loop, &run->timer);
    run->timer.data = run;
    w->handles++;

    for (size_t i = 0; i < run->n; i++) {
        run->calls[i].run = run;
        run->calls[i].name = CX_STR("-");
        call_check(&run->calls[i], agent, context, &calls[i], i, own);
        cx_arena_reset(own);
    }

    cx_arena_free(own);
    check_done(run);
    return run;
}


/* --- life ---------------------------------------------------------------- */

void
cx_tools_init(cx_worker *w)
{
    cx_tools  *t = calloc(1, sizeof(*t));

    if (t == NULL) {
        return;
    }

    t->everywhere = cx_http_new(w->loop, AT_ONCE);
    t->public = cx_http_new_public(w->loop, AT_ONCE);

    if (t->everywhere == NULL || t->public == NULL) {
        cx_http_free(t->everywhere);
        cx_http_free(t->public);
        free(t);
        return;
    }

    w->tools = t;
}


void
cx_tools_free(cx_worker *w)
{
    if (w->tools != NULL) {
        cx_http_free(w->tools->everywhere);
        cx_http_free(w->tools->public);
        free(w->tools);
        w->tools = NULL;
    }
}
