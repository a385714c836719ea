#include "channel/channel.h"
#include "ctl/client.h"
#include "ctl/plan.h"
#include "ctl/timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POST_MS  10000
#define WAIT_MS  20000


/* --- what came of it ----------------------------------------------------- */

static int
by_ms(const void *a, const void *b)
{
    double  x = *(const double *) a, y = *(const double *) b;

    return (x > y) - (x < y);
}


static json_t *
summary(const ctl_plan *p, const ctl_delivery *d)
{
    double  *ms = calloc(d->n, sizeof(double));
    size_t   n = 0, good = 0, silent = 0;
    json_t  *out;

    for (size_t i = 0; ms != NULL && i < d->n; i++) {
        if (d->results[i].ms > 0) {
            ms[n++] = d->results[i].ms;
            good += d->results[i].status == p->expected;
            silent += d->results[i].status == 0;
        }
    }

    qsort(ms, n, sizeof(double), by_ms);

    out = json_pack("{s:I,s:I,s:I,s:I,s:f,s:f,s:f,s:f}",
                    "posted", (json_int_t) n,
                    "as_expected", (json_int_t) good,
                    "other_status", (json_int_t) (n - good - silent),
                    "no_answer", (json_int_t) silent,
                    "seconds", d->total_ms / 1000.0,
                    "per_second", d->total_ms > 0
                                  ? (double) n * 1000.0 / d->total_ms : 0.0,
                    "p50_ms", n > 0 ? ms[n / 2] : 0.0,
                    "p99_ms", n > 0 ? ms[n * 99 / 100] : 0.0);
    free(ms);
    return out;
}


static void
print_posted(const ctl_plan *p, const ctl_delivery *d)
{
    const ctl_posted  *r = &d->results[0];
    json_t            *doc;

    if (d->n > 1) {
        doc = summary(p, d);
        ctl_print_object(p->c, doc);
        json_decref(doc);
        return;
    }

    if (p->c->output == CTL_OUT_NAME) {
        printf("%s\n", r->event);

    } else if (p->c->output == CTL_OUT_TABLE) {
        printf(CTL_LABEL "POST %s  %ld  %.1f ms  %s\n", "edge", p->path,
               r->status, r->ms, r->event);

    } else if (!ctl_is_set(p->c, "wait")) {
        doc = json_pack("{s:I,s:f,s:s}", "status", (json_int_t) r->status,
                        "ms", r->ms, "event", r->event);
        ctl_print_json(p->c, doc);
        json_decref(doc);
    }

    fflush(stdout);
}


static ctl_exit
judge(ctl_plan *p, const ctl_delivery *d)
{
    long  status = p->expected;

    for (size_t i = 0; i < d->n && status == p->expected; i++) {
        status = d->results[i].ms > 0 ? d->results[i].status : status;
    }

    if (status == p->expected) {
        return CTL_OK;
    }

    if (status == 0) {
        return ctl_fail(p->c, CTL_UNREACHABLE, "--edge names the nginx",
                        "no answer from %.*s: %s", CX_ARG(p->edge),
                        d->error != NULL ? d->error : "?");
    }

    return ctl_fail(p->c, CTL_FAILED,
                    status == 401 ? "is it the secret of that channel?"
                    : status == 404 ? "has nginx a location for that channel?"
                    : status == 503 ? "can nginx reach Redis?" : NULL,
                    "the edge answered %ld, not %ld", status, p->expected);
}


/* What is to be said of a service that its provider has ended; or NULL. */
static const char *
closed(const ctl_plan *p)
{
    const cx_channel  *ch = cx_channel_find(cx_strz(p->type->name));

    return ch != NULL ? ch->closed : NULL;
}


static ctl_exit
wait_for(ctl_plan *p, const ctl_delivery *d)
{
    const ctl_posted  *last = &d->results[d->n - 1];

    if (!ctl_is_set(p->c, "wait") || p->expected != 200 || closed(p) != NULL
        || cx_str_eq(ctl_own(p->c, "wait", CX_NOSTR), CX_STR("queued")))
    {
        return CTL_OK;      /* a 200 means queued, and durable */
    }

    if (last->event[0] == '\0') {
        return ctl_fail(p->c, CTL_FAILED, NULL, "the edge gave no event id "
                        "(header X-Connext-Event): cannot follow it");
    }

    return ctl_timeline_wait(p->c, last, p->c->timeout_ms > 0
                                         ? p->c->timeout_ms : WAIT_MS);
}


static ctl_exit
post_all(ctl_plan *p)
{
    ctl           *c = p->c;
    ctl_delivery   d = {
        .n = p->messages * p->copies,
        .concurrency = ctl_number(c, "concurrency", 1),
        .timeout_ms = c->timeout_ms > 0 ? c->timeout_ms : POST_MS,
        .make = ctl_plan_post,
        .ctx = p,
    };
    ctl_exit       rc;
    bool           all;

    d.url = cx_dupz(c->arena, cx_concat(c->arena, p->edge,
                                        cx_strz(p->path)));
    d.results = calloc(d.n, sizeof(ctl_posted));
    if (d.url == NULL || d.results == NULL) {
        free(d.results);
        return ctl_fail(c, CTL_FAILED, NULL, "out of memory");
    }

    all = ctl_deliver(&d);

    if (d.unmade) {
        free(d.results);
        return ctl_fail(c, CTL_INVALID, "is every text UTF-8?",
                        "the message cannot be made");
    }

    print_posted(p, &d);
    rc = judge(p, &d);

    if (!all && rc == CTL_OK) {
        rc = ctl_fail(c, CTL_INTERRUPTED, NULL, "stopped after %zu of %zu",
                      d.done, d.n);
    }

    if (rc == CTL_OK) {
        rc = wait_for(p, &d);
    }

    free(d.results);
    return rc;
}


/* --- the handshake ------------------------------------------------------- */

static ctl_exit
handshake(ctl_plan *p)
{
    ctl         *c = p->c;
    ctl_post     post = { .content_type = p->type->content_type };
    const char  *error = NULL, *url, *method;
    cx_str       token, answer, word = { 10, p->run + 16 };
    char         body[4096];
    long         status;
    ctl_exit     rc;

    rc = ctl_plan_secret(c, ctl_own(c, "verify-token-file", CX_NOSTR),
                         &token);

    if (rc != CTL_OK) {
        return rc;
    }

    if (!p->type->handshake(c, token, word, &post, &answer)) {
        free(post.body);
        return ctl_fail(c, CTL_FAILED, NULL, "cannot ask");
    }

    url = cx_dupz(c->arena, cx_concat(c->arena, p->edge, cx_strz(p->path)));
    status = ctl_deliver_one(url, &post, POST_MS, body, sizeof(body),
                             &error);
    method = post.body != NULL ? "POST" : "GET";
    free(post.body);

    if (status == 0) {
        return ctl_fail(c, CTL_UNREACHABLE, "--edge names the nginx",
                        "no answer from %.*s: %s", CX_ARG(p->edge), error);
    }

    printf(CTL_LABEL "%s %s  %ld\n", "edge", method, p->path, status);

    if (status != 200 || !cx_str_eq(cx_strz(body), answer)) {
        return ctl_fail(c, CTL_FAILED,
                        status == 403 ? "is it the verify token of that "
                        "channel?" : NULL, "the challenge was not answered");
    }

    ctl_hint(c, "the challenge came back: the provider would accept this "
             "webhook");
    return CTL_OK;
}


ctl_exit
ctl_run_simulate(ctl *c)
{
    ctl_plan   p = { .c = c, .type = ctl_type_of(c) };
    ctl_exit   rc;

    if (ctl_is_set(c, "list")) {
        ctl_type_print_kinds(p.type);
        return CTL_OK;
    }

    rc = ctl_plan_make(&p);

    if (rc == CTL_OK && ctl_is_set(c, "verify-token-file")) {
        return handshake(&p);
    }

    if (rc == CTL_OK) {
        rc = ctl_plan_key(&p);
    }

    if (rc == CTL_OK) {
        rc = post_all(&p);
    }

    if (rc == CTL_OK && closed(&p) != NULL) {
        ctl_hint(c, "%s", closed(&p));
    }

    cx_mac_free(p.key.mac);
    return rc;
}
