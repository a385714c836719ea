#include "worker/hooks.h"

#include "worker/secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE      8
#define LEASE_MS     120000      /* longer than a call may take */
#define CALL_MS      15000
#define ANSWER_MAX   (64 * 1024)
#define LOOK_ARENA   (8 * 1024 * 1024)
#define SEND_ARENA   (4 * 1024 * 1024)
#define ERROR_BYTES  200


/* One delivery under way. */
typedef struct telling_s  telling;

struct telling_s {
    cx_db_job     job;
    cx_hooks     *hooks;
    telling         *next;
    cx_arena     *arena;
    cx_hook_send  d;
    cx_call      *call;
};

struct cx_hooks_s {
    cx_worker  *worker;
    cx_http    *http;            /* of its own: only public addresses */
    telling       *first;
    size_t      running;
    bool        stopped;
    bool        looking;         /* its job is with the store */
};

/* What is due. */
typedef struct {
    cx_db_job         job;
    cx_hooks         *hooks;
    cx_arena         *arena;
    size_t            room;
    cx_delivery_list  due;
    cx_hook_send     *sends;
} look;


/* --- the end of one ------------------------------------------------------ */

static void
send_free(telling *s)
{
    telling      **at = &s->hooks->first;
    cx_worker  *w = s->hooks->worker;

    while (*at != s) {
        at = &(*at)->next;
    }

    *at = s->next;
    s->hooks->running--;
    w->handles--;
    cx_secret_wipe((void *) (uintptr_t) s->d.secret.p, s->d.secret.len);
    cx_arena_free(s->arena);
    free(s);
}


static cx_err
settle_run(cx_store *store, cx_db_job *job)
{
    return cx_store_delivery_settle(store, &((telling *) job)->d.row);
}


static void
settle_done(cx_db_job *job, cx_err err)
{
    telling                   *s = (telling *) job;
    cx_worker              *w = s->hooks->worker;
    const cx_delivery_row  *r = &s->d.row;

    cx_log(CX_STR_IS(r->state, "delivered") ? CX_LOG_INFO : CX_LOG_WARN,
           "hook", CX_FID("delivery", "hd", r->id), CX_FS("event", r->event),
           CX_FS("state", r->state), CX_FI("attempt", r->attempts + 1),
           CX_FI("status", r->status), CX_FZ("stored", cx_err_word(err)));

    send_free(s);
    cx_hooks_beat(w);
    cx_worker_check_drained(w);
}


/* 5 s, 5 min, 30 min, 2 h, 5 h, 10 h; then nobody wants it. */
static int64_t
wait_of(const cx_worker *w, int64_t attempts)
{
    static const int64_t  waits[] = { 1, 60, 360, 1440, 3600, 7200 };

    return attempts < (int64_t) (sizeof(waits) / sizeof(waits[0]))
           ? waits[attempts] * w->conf->hooks_retry_ms : 0;
}


static void
send_end(telling *s, bool delivered, bool again, int64_t status,
    const char *error)
{
    cx_worker        *w = s->hooks->worker;
    cx_delivery_row  *r = &s->d.row;
    const int64_t     wait = again ? wait_of(w, r->attempts) : 0;

    r->updated_at = cx_now_ms();
    r->status = status;
    r->error_text = cx_dup(s->arena, cx_str_sub(cx_strz(error), 0,
                                                ERROR_BYTES));
    r->not_before = r->updated_at + wait;
    r->state = delivered ? CX_STR("delivered")
               : wait > 0 ? CX_STR("waiting") : CX_STR("dead");

    s->job.run = settle_run;
    s->job.done = settle_done;
    cx_db_write(w->db, &s->job);
}


/* --- calls --------------------------------------------------------------- */

/* 410 is the standard's word for: never again. */
static void
replied(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    telling       *s = ctx;
    const bool  done = end == CX_CALL_DONE;
    const bool  good = done && res->status >= 200 && res->status < 300;

    s->call = NULL;
    send_end(s, good, !done || res->status != 410, done ? res->status : 0,
             done ? "" : error);
}


static cx_err
build(const telling *s, cx_arena *a, cx_http_req *req)
{
    return cx_hook_is_mail(&s->d)
           ? cx_hook_mail(&s->d, s->hooks->worker->conf, cx_now_ms(), a, req)
           : cx_hook_request(&s->d, cx_now_ms(), a, req);
}


/* The address may have been allowed when it was set. */
static const char *
refused(const telling *s)
{
    if (s->d.wrong != NULL) {
        return s->d.wrong;
    }

    return cx_hook_is_mail(&s->d)
           || s->hooks->worker->conf->hooks_allow_private
           || cx_str_starts(s->d.row.url, CX_STR("https://"))
           ? NULL : "its address does not begin with https://";
}


static void
send_go(telling *s)
{
    cx_worker           *w = s->hooks->worker;
    const char          *error = refused(s);
    cx_http_req          req = { .url = CX_NOSTR };
    const cx_http_opts   opts = {
        .connect_ms = 5000,
        .total_ms = CALL_MS,
        .max_body = ANSWER_MAX,
    };

    if (error == NULL && build(s, s->arena, &req) != CX_OK) {
        error = cx_hook_is_mail(&s->d) ? "[notify] is not set up"
                                       : "it cannot be signed";
    }

    if (error != NULL) {
        send_end(s, false, true, 0, error);
        return;
    }

    s->call = cx_hook_is_mail(&s->d)
              ? cx_http_start_mail(w->http, &req, &opts, replied, s)
              : cx_http_start(s->hooks->http, &req, &opts, replied, s);

    if (s->call == NULL) {
        send_end(s, false, true, 0, "cannot start the call");
    }
}


static void
send_start(cx_hooks *h, const cx_hook_send *d)
{
    const cx_delivery_row  *r = &d->row;
    telling                   *s = calloc(1, sizeof(*s));

    if (s == NULL || (s->arena = cx_arena_new(SEND_ARENA)) == NULL) {
        free(s);
        return;                  /* its lease runs out */
    }

    s->hooks = h;
    s->d = *d;
    s->d.secret = cx_dup(s->arena, d->secret);
    s->d.row.url = cx_dup(s->arena, r->url);
    s->d.row.event = cx_dup(s->arena, r->event);
    s->d.row.body = cx_dup(s->arena, r->body);
    s->next = h->first;
    h->first = s;
    h->running++;
    h->worker->handles++;
    send_go(s);
}


/* --- what is due --------------------------------------------------------- */

/* A file wins over a box. */
static cx_err
find_secret(cx_store *s, look *l, cx_hook_send *d)
{
    char                error[256];
    cx_credential_list  list = { .n = 0 };
    cx_err              err;

    if (cx_hook_is_mail(d)) {
        return CX_OK;
    }

    if (d->row.secret_file.len > 0) {
        if (cx_secret_load(d->row.secret_file, l->arena, &d->secret, error,
                           sizeof(error)) != CX_OK)
        {
            d->wrong = "its secret_file cannot be read";
        }

        return CX_OK;
    }

    cx_store_as(s, d->row.tenant);
    err = cx_store_credentials_of(s, CX_STR("hook"), d->row.hook_id,
                                  l->arena, &list);

    if (err == CX_OK
        && (list.n == 0
            || cx_secrets_open(l->hooks->worker->secrets, &list.items[0],
                               l->arena, &d->secret) != CX_OK))
    {
        d->wrong = "its secret does not open";
    }

    return err;
}


static cx_err
look_run(cx_store *s, cx_db_job *job)
{
    look    *l = (look *) job;
    cx_err   err;

    cx_arena_reset(l->arena);
    memset(&l->due, 0, sizeof(l->due));

    err = cx_store_deliveries_due(s, cx_now_ms(), LEASE_MS, l->room,
                                  l->arena, &l->due);
    if (err != CX_OK || l->due.n == 0) {
        return err;
    }

    l->sends = CX_NEW_N(l->arena, l->due.n, cx_hook_send);

    for (size_t i = 0; l->sends != NULL && err == CX_OK && i < l->due.n; i++)
    {
        l->sends[i].row = l->due.items[i];
        err = find_secret(s, l, &l->sends[i]);
    }

    return err == CX_OK && cx_arena_failed(l->arena) ? CX_NOMEM : err;
}


static void
look_done(cx_db_job *job, cx_err err)
{
    look       *l = (look *) job;
    cx_hooks   *h = l->hooks;
    cx_worker  *w = h->worker;

    h->looking = false;
    w->handles--;

    for (size_t i = 0; err == CX_OK && !h->stopped && i < l->due.n; i++) {
        send_start(h, &l->sends[i]);
    }

    for (size_t i = 0; err == CX_OK && i < l->due.n; i++) {
        cx_secret_wipe((void *) (uintptr_t) l->sends[i].secret.p,
                       l->sends[i].secret.len);
    }

    cx_arena_free(l->arena);
    free(l);
    cx_worker_check_drained(w);
}


void
cx_hooks_beat(cx_worker *w)
{
    cx_hooks  *h = w->hooks;
    look      *l;

    if (h == NULL || h->stopped || h->looking || w->draining
        || h->running >= AT_ONCE)
    {
        return;
    }

    l = calloc(1, sizeof(*l));
    if (l == NULL || (l->arena = cx_arena_new(LOOK_ARENA)) == NULL) {
        free(l);
        return;
    }

    l->hooks = h;
    l->room = AT_ONCE - h->running;
    l->job.run = look_run;
    l->job.done = look_done;
    h->looking = true;
    w->handles++;
    cx_db_write(w->db, &l->job);
}


void
cx_worker_tell(cx_worker *w)
{
    cx_hooks_beat(w);
}


bool
cx_worker_private_hooks(const cx_worker *w)
{
    return w->conf->hooks_allow_private;
}


/* --- life ---------------------------------------------------------------- */

void
cx_hooks_init(cx_worker *w)
{
    cx_hooks  *h = calloc(1, sizeof(*h));

    if (h == NULL) {
        return;
    }

    h->worker = w;
    h->http = w->conf->hooks_allow_private
              ? cx_http_new(w->loop, AT_ONCE)
              : cx_http_new_public(w->loop, AT_ONCE);

    if (h->http == NULL) {
        free(h);
        return;
    }

    w->hooks = h;
}


/* What the store has comes back by itself; what is cancelled is sent again
 * when its lease is over. */
void
cx_hooks_stop(cx_worker *w)
{
    telling      *s, *next;
    cx_hooks  *h = w->hooks;

    if (h == NULL) {
        return;
    }

    h->stopped = true;

    for (s = h->first; s != NULL; s = next) {
        next = s->next;

        if (s->call != NULL) {
            cx_call_cancel(s->call);
            send_free(s);
        }
    }
}


void
cx_hooks_free(cx_worker *w)
{
    if (w->hooks != NULL) {
        cx_hooks_stop(w);
        cx_http_free(w->hooks->http);
        free(w->hooks);
        w->hooks = NULL;
    }
}
