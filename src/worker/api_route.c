#include "worker/api_request.h"

#include "store/audit.h"
#include "worker/log.h"

#include <stdlib.h>
#include <string.h>

static const cx_api_route *const  tables[] = {
    cx_api_media_routes,
    cx_api_status_routes,
    cx_api_secret_routes,
    cx_api_privacy_routes,
    cx_api_export_routes,
    cx_api_retention_routes,
    cx_api_agent_routes,
    cx_api_version_routes,
    cx_api_ask_routes,
    cx_api_confidence_routes,
    cx_api_channel_routes,
    cx_api_knowledge_routes,
    cx_api_talk_routes,
    cx_api_people_routes,
    cx_api_customer_routes,
    cx_api_say_routes,
    cx_api_tenant_routes,
    cx_api_user_routes,
    cx_api_key_routes,
    cx_api_takeover_routes,
    cx_api_conversation_routes,
    cx_api_routing_routes,
    cx_api_group_routes,
    cx_api_quick_routes,
    cx_api_template_routes,
    cx_api_hook_routes,
    cx_api_usage_routes,
    cx_api_budget_routes,
    cx_api_metrics_routes,
};


static void finish(cx_api_request *req, cx_err err);


/* --- finding ------------------------------------------------------------- */

/* Segment by segment; an empty one never stands for "{}". */
static bool
matches(cx_str template, cx_str path, cx_str args[2])
{
    bool    more, path_more;
    size_t  n = 0;
    cx_str  want, have;

    for ( ;; ) {
        more = cx_str_split(&template, '/', &want);
        path_more = cx_str_split(&path, '/', &have);

        if (more != path_more) {
            return false;
        }

        if (!more) {
            return true;
        }

        if (cx_str_eq(want, CX_STR("{}")) && have.len > 0 && n < 2) {
            args[n++] = have;

        } else if (!cx_str_eq(want, have)) {
            return false;
        }
    }
}


static void
add_allowed(cx_buf *allow, const char *method)
{
    if (allow->len > 0) {
        cx_buf_add(allow, CX_STR(", "));
    }

    cx_buf_add(allow, cx_strz(method));
}


/* CX_NOT_FOUND, or CX_BAD_METHOD with Allow set. */
static cx_err
find(cx_api_request *req)
{
    cx_buf               allow;
    cx_str               args[2] = { CX_NOSTR, CX_NOSTR };
    const cx_api_route  *r;

    cx_buf_init(&allow, req->arena, 32, 128);

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (r = tables[i]; r->method != NULL; r++) {
            if (!matches(cx_strz(r->path), req->path, args)) {
                continue;
            }

            if (cx_str_eq(req->method, cx_strz(r->method))) {
                req->route = r;
                req->arg = args[0];
                req->sub = args[1];
                return CX_OK;
            }

            add_allowed(&allow, r->method);
        }
    }

    if (allow.len == 0) {
        return CX_NOT_FOUND;
    }

    req->allow = cx_dupz(req->arena, cx_buf_str(&allow));
    return CX_BAD_METHOD;
}


static bool
is_listed(const char *list, cx_str name)
{
    cx_str  rest = cx_strz(list);
    cx_str  word;

    while (cx_str_split(&rest, ' ', &word)) {
        if (cx_str_eq(word, name)) {
            return true;
        }
    }

    return false;
}


static cx_err
check_query(cx_api_request *req)
{
    cx_str  rest = req->query;
    cx_str  pair, name;

    while (cx_str_split(&rest, '&', &pair)) {
        if (pair.len == 0) {
            continue;
        }

        (void) cx_str_split(&pair, '=', &name);

        if (name.len == 0 || !is_listed(req->route->query, name)) {
            return cx_api_refuse(req, CX_INVALID, "",
                                 "the query parameter \"%.*s\" is not known",
                                 CX_ARG(cx_str_sub(name, 0, 64)));
        }
    }

    return CX_OK;
}


void
cx_api_request_route(cx_api_request *req)
{
    cx_err  err;

    req->body_max = CX_API_BODY_MAX;
    err = find(req);

    if (err != CX_OK) {
        finish(req, err);
        return;
    }

    if (req->route->body == CX_API_FILE) {
        req->body_max = CX_API_KNOWLEDGE_MAX;
    }
}


/* --- the body ------------------------------------------------------------ */

static bool
is_json(cx_str type)
{
    cx_str  word;

    (void) cx_str_split(&type, ';', &word);
    return cx_str_eq_nocase(cx_str_trim(word), CX_STR("application/json"));
}


static cx_err
read_json(cx_api_request *req)
{
    json_error_t  error;

    if (req->body.len == 0) {
        req->json = json_object();
        return req->json != NULL ? CX_OK : CX_NOMEM;
    }

    if (!is_json(req->content_type)) {
        return cx_api_refuse(req, CX_BAD_ENCODING, "",
                             "the body must be application/json");
    }

    req->json = json_loadb(req->body.p, req->body.len,
                           JSON_REJECT_DUPLICATES, &error);
    if (req->json == NULL) {
        return cx_api_refuse(req, CX_INVALID, "",
                             "the body is not JSON: line %d, column %d",
                             error.line, error.column);
    }

    if (!json_is_object(req->json)) {
        return cx_api_refuse(req, CX_INVALID, "",
                             "the body must be a JSON object");
    }

    return CX_OK;
}


static cx_err
read_body(cx_api_request *req)
{
    switch (req->route->body) {

    case CX_API_JSON:
        return read_json(req);

    case CX_API_FILE:
        return CX_OK;

    default:
        return req->body.len == 0
                   ? CX_OK : cx_api_refuse(req, CX_INVALID, "",
                                           "this route takes no body");
    }
}


/* --- running ------------------------------------------------------------- */

/* Its first step that writes. */
static bool
is_change(const cx_api_request *req)
{
    return req->writing && !req->changed
           && !cx_str_eq(req->method, CX_STR("GET"));
}


/* No change without a line: what a route does not say itself is said here. */
static cx_err
audit(cx_api_request *req, cx_store *s)
{
    cx_str  what = cx_printf(req->arena, "%s %s", req->route->method,
                             req->route->path);

    return cx_store_audit(s, req->audit_id, req->as.who, what, req->arg,
                          req->now_ms);
}


static cx_err
job_run(cx_store *s, cx_db_job *job)
{
    cx_api_request  *req = (cx_api_request *) job;
    const uint64_t   audits = cx_store_audits(s);
    cx_err           err;

    req->detail = CX_NOSTR;
    req->pointer = CX_NOSTR;
    err = req->run(req, s);

    if (err == CX_OK && is_change(req) && cx_store_audits(s) == audits) {
        err = audit(req, s);
    }

    return err;
}


static void
job_done(cx_db_job *job, cx_err err)
{
    cx_api_request  *req = (cx_api_request *) job;

    req->changed = req->changed || (req->writing && err == CX_OK);
    finish(req, err);
}


void
cx_api_then(cx_api_request *req, cx_api_lane lane, cx_api_store_step run,
    cx_api_step after)
{
    req->paused = true;
    req->writing = lane == CX_API_WRITE;
    req->run = run;
    req->after = after;
    req->job.run = job_run;
    req->job.done = job_done;

    if (lane == CX_API_WRITE) {
        cx_db_write(req->db, &req->job);

    } else {
        cx_db_read(req->db, &req->job);
    }
}


cx_err
cx_api_pause(cx_api_request *req)
{
    req->paused = true;
    return CX_OK;
}


void
cx_api_resume(cx_api_request *req, cx_err err)
{
    finish(req, err);
}


void
cx_api_event(cx_api_request *req, cx_str event, cx_str json)
{
    if (!req->streaming) {
        cx_out_begin(req, 200);
        req->streaming = true;
    }

    cx_buf_add(&req->out, CX_STR("event: "));
    cx_buf_add(&req->out, event);
    cx_buf_add(&req->out, CX_STR("\ndata: "));
    cx_buf_add(&req->out, json);
    cx_buf_add(&req->out, CX_STR("\n\n"));

    if (req->more != NULL) {
        req->more(req);
    }
}


/* What was sent already stays, and so does its status. */
static void
event_problem(cx_api_request *req, cx_err err)
{
    const cx_buf  sent = req->out;
    cx_str        json;

    cx_out_problem(req, err);
    json = cx_buf_str(&req->out);
    req->out = sent;
    cx_api_event(req, CX_STR("error"), json);
}


static void
answer(cx_api_request *req, cx_err err)
{
    if (err == CX_IO && req->detail.len == 0) {
        req->detail = CX_STR("the store failed; nothing was changed");
    }

    if (err != CX_OK && req->streaming) {
        event_problem(req, err);

    } else if (err != CX_OK) {
        cx_out_problem(req, err);
    }

    if (err != CX_OK && req->status >= 500) {
        cx_log(CX_LOG_ERROR, "api.failed", CX_FS("method", req->method),
               CX_FZ("route", req->route != NULL ? req->route->path : "-"),
               CX_FZ("error", cx_err_word(err)));
    }

    req->answered = true;

    if (!req->direct) {
        req->wake(req);
    }
}


static void
finish(cx_api_request *req, cx_err err)
{
    cx_api_step  after = req->worker != NULL ? req->after : NULL;

    req->paused = false;
    req->after = NULL;

    if (err == CX_OK && after != NULL) {
        err = after(req);

        if (err == CX_OK && (req->paused || req->answered)) {
            return;
        }
    }

    answer(req, err);
}


static cx_err
prepare(cx_api_request *req)
{
    cx_err  err;

    req->audit_id = cx_worker_new_id(req->worker);
    req->new_id = cx_worker_new_id(req->worker);
    err = check_query(req);

    if (err == CX_OK) {
        err = read_body(req);
    }

    if (err == CX_OK && req->route->check != NULL) {
        err = req->route->check(req);
    }

    if (err == CX_OK && cx_arena_failed(req->arena)) {
        err = CX_NOMEM;
    }

    return err;
}


/* Who asks is known: from check to answer. */
static cx_err
proceed(cx_api_request *req)
{
    cx_err               err;
    const cx_api_route  *r = req->route;

    if (r->scope != NULL && !cx_auth_may(&req->as, r->scope)) {
        return cx_api_refuse(req, CX_FORBIDDEN, "", "this needs the scope %s",
                             r->scope);
    }

    err = prepare(req);

    if (err == CX_OK && r->lane == CX_API_LOOP) {
        return r->run(req, NULL);
    }

    if (err == CX_OK) {
        req->job.tenant = req->as.tenant;
        cx_api_then(req, r->lane, r->run, r->after);
    }

    return err;
}


/* --- who asks ------------------------------------------------------------ */

typedef struct {
    cx_db_job  job;             /* first: the store gives it back */
    int64_t    key_id;
    int64_t    now_ms;
} use_note;


static cx_err
use_run(cx_store *s, cx_db_job *job)
{
    const use_note  *n = (use_note *) job;

    return cx_store_api_key_used(s, n->key_id, n->now_ms);
}


static void
use_done(cx_db_job *job, cx_err err)
{
    (void) err;                 /* the next request tries again */
    free(job);
}


/* That a key was used is noted beside the request, which does not wait. */
static void
note_use(cx_api_request *req)
{
    use_note  *n = calloc(1, sizeof(*n));

    if (n == NULL) {
        return;
    }

    n->job.run = use_run;
    n->job.done = use_done;
    n->job.tenant = req->as.tenant;
    n->key_id = req->as.key_id;
    n->now_ms = req->now_ms;
    cx_db_write(req->db, &n->job);
}


static cx_err
look(cx_api_request *req, cx_store *s)
{
    const cx_err  err = cx_auth_look(s, &req->credentials, req->arena,
                                     req->now_ms, &req->as, &req->stale);

    if (err == CX_NOT_FOUND) {
        return cx_api_refuse(req, err, "", "there is no such tenant");
    }

    return err != CX_FORBIDDEN ? err
           : cx_api_refuse(req, err, "", "the key is of another tenant");
}


static cx_err
looked(cx_api_request *req)
{
    if (req->stale) {
        note_use(req);
    }

    return proceed(req);
}


/* CX_OK: req->as is set.  CX_BUSY: only the store can tell. */
static cx_err
recognize(cx_api_request *req)
{
    const cx_credentials  *c = &req->credentials;
    cx_str                 key;
    cx_err                 err;

    if (req->route->scope == NULL) {
        return CX_OK;
    }

    err = cx_auth_key(c, &key);

    if (err == CX_NOT_FOUND && !c->keyed && c->tenant.len == 0) {
        req->as = cx_auth_operator();
        return CX_OK;
    }

    return err == CX_OK || (err == CX_NOT_FOUND && !c->keyed) ? CX_BUSY
                                                              : CX_NO_KEY;
}


bool
cx_api_request_run(cx_api_request *req)
{
    cx_err  err;

    req->now_ms = cx_now_ms();
    req->direct = true;
    err = recognize(req);

    if (err == CX_BUSY) {
        req->direct = false;
        cx_api_then(req, CX_API_READ, look, looked);
        return true;
    }

    if (err == CX_OK) {
        err = proceed(req);
    }

    if (err == CX_OK && req->paused) {
        req->direct = false;
        return true;
    }

    finish(req, err);
    return false;
}
