#include "ctl/deliver.h"

#include "ctl/client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EVENT_HEADER  "X-Connext-Event:"

/* One connection's post under way. */
typedef struct {
    CURL               *h;
    struct curl_slist  *headers;
    char               *body;
    ctl_posted         *result;
} slot;

/* A signal handler can reach nothing else. */
static volatile sig_atomic_t  interrupted;


static void
interrupt(int signo)
{
    (void) signo;
    interrupted = 1;
}


static size_t
discard(char *p, size_t size, size_t n, void *ctx)
{
    (void) p;
    (void) ctx;
    return size * n;
}


static size_t
read_header(char *p, size_t size, size_t n, void *ctx)
{
    ctl_posted  *result = ctx;
    cx_str       line = { size * n, p };
    size_t       skip = sizeof(EVENT_HEADER) - 1;

    if (line.len > skip && strncasecmp(p, EVENT_HEADER, skip) == 0) {
        line = cx_str_trim(cx_str_sub(line, skip, line.len));
        line = cx_str_sub(line, 0, CTL_EVENT_MAX - 1);
        memcpy(result->event, line.p, line.len);
        result->event[line.len] = '\0';
    }

    return size * n;
}


/* --- one post ------------------------------------------------------------ */

static struct curl_slist *
header_lines(const ctl_post *post)
{
    struct curl_slist  *list = NULL;
    char                line[128];

    if (post->body != NULL) {
        snprintf(line, sizeof(line), "Content-Type: %s",
                 post->content_type != NULL ? post->content_type
                                            : "application/json");
        list = curl_slist_append(list, line);
    }

    list = curl_slist_append(list, "Expect:");

    for (size_t i = 0; i < post->nheaders; i++) {
        list = curl_slist_append(list, post->headers[i]);
    }

    return list;
}


/* The request of a post, but for what reads the answer.  False: no memory. */
static bool
prepare(CURL *h, const char *url, const ctl_post *post, int64_t timeout_ms,
    struct curl_slist **headers)
{
    size_t  room = strlen(url) + 2
                   + (post->query != NULL ? strlen(post->query) : 0);
    char   *whole = malloc(room);

    *headers = header_lines(post);

    if (whole == NULL || *headers == NULL) {
        free(whole);
        return false;
    }

    snprintf(whole, room, "%s%s%s", url, post->query != NULL ? "?" : "",
             post->query != NULL ? post->query : "");

    ctl_curl_set(h, timeout_ms);
    curl_easy_setopt(h, CURLOPT_URL, whole);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, *headers);

    if (post->body != NULL) {
        curl_easy_setopt(h, CURLOPT_POSTFIELDS, post->body);
    }

    free(whole);
    return true;
}


static bool
start(ctl_delivery *d, CURLM *multi, slot *s, size_t i)
{
    ctl_post  post = { 0 };

    d->unmade = !d->make(d->ctx, i, &post);
    s->body = post.body;

    if (d->unmade
        || !prepare(s->h, d->url, &post, d->timeout_ms, &s->headers))
    {
        return false;
    }

    s->result = &d->results[i];

    curl_easy_setopt(s->h, CURLOPT_WRITEFUNCTION, discard);
    curl_easy_setopt(s->h, CURLOPT_HEADERFUNCTION, read_header);
    curl_easy_setopt(s->h, CURLOPT_HEADERDATA, s->result);
    curl_easy_setopt(s->h, CURLOPT_PRIVATE, s);

    return curl_multi_add_handle(multi, s->h) == CURLM_OK;
}


static void
forget(slot *s)
{
    curl_slist_free_all(s->headers);
    free(s->body);
    s->headers = NULL;
    s->body = NULL;
    s->result = NULL;
}


static void
finish(ctl_delivery *d, CURLM *multi, slot *s, CURLcode rc)
{
    curl_off_t  us = 0;

    if (rc == CURLE_OK) {
        curl_easy_getinfo(s->h, CURLINFO_RESPONSE_CODE, &s->result->status);

    } else {
        d->error = curl_easy_strerror(rc);
    }

    curl_easy_getinfo(s->h, CURLINFO_TOTAL_TIME_T, &us);
    s->result->ms = (double) us / 1000.0;
    d->done++;

    curl_multi_remove_handle(multi, s->h);
    forget(s);
}


/* --- all of them --------------------------------------------------------- */

static bool
fill(ctl_delivery *d, CURLM *multi, slot *slots, size_t *next)
{
    for (size_t k = 0; k < d->concurrency && *next < d->n; k++) {
        if (slots[k].result != NULL) {
            continue;
        }

        if (!start(d, multi, &slots[k], *next)) {
            forget(&slots[k]);
            return false;
        }

        (*next)++;
    }

    return true;
}


static void
reap(ctl_delivery *d, CURLM *multi)
{
    CURLMsg  *m;
    int       left;
    slot     *s;

    while ((m = curl_multi_info_read(multi, &left)) != NULL) {
        if (m->msg == CURLMSG_DONE) {
            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **) &s);
            finish(d, multi, s, m->data.result);
        }
    }
}


static bool
run(ctl_delivery *d, CURLM *multi, slot *slots)
{
    size_t  next = 0;
    int     active;

    while (d->done < d->n && !interrupted) {
        if (!fill(d, multi, slots, &next)) {
            return false;
        }

        curl_multi_perform(multi, &active);
        reap(d, multi);

        if (active > 0) {
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
        }
    }

    return d->done == d->n;
}


static double
now_ms(void)
{
    struct timespec  t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec * 1000.0 + (double) t.tv_nsec / 1e6;
}


bool
ctl_deliver(ctl_delivery *d)
{
    struct sigaction  on = { .sa_handler = interrupt }, before;
    CURLM            *multi = curl_multi_init();
    slot             *slots = calloc(d->concurrency, sizeof(slot));
    double            begin = now_ms();
    bool              ok = multi != NULL && slots != NULL;

    sigaction(SIGINT, &on, &before);

    for (size_t k = 0; ok && k < d->concurrency; k++) {
        slots[k].h = curl_easy_init();
        ok = slots[k].h != NULL;
    }

    ok = ok && run(d, multi, slots);
    d->total_ms = now_ms() - begin;

    for (size_t k = 0; slots != NULL && k < d->concurrency; k++) {
        curl_multi_remove_handle(multi, slots[k].h);
        curl_easy_cleanup(slots[k].h);
        forget(&slots[k]);
    }

    free(slots);
    curl_multi_cleanup(multi);
    sigaction(SIGINT, &before, NULL);

    return ok;
}


/* --- the handshake ------------------------------------------------------- */

typedef struct {
    char    *p;
    size_t   len;
    size_t   room;
} text;


static size_t
keep(char *p, size_t size, size_t n, void *ctx)
{
    text    *t = ctx;
    size_t   len = size * n;

    if (len >= t->room - t->len) {
        return 0;
    }

    memcpy(t->p + t->len, p, len);
    t->len += len;
    t->p[t->len] = '\0';

    return len;
}


long
ctl_deliver_one(const char *url, const ctl_post *post, int64_t timeout_ms,
    char *body, size_t room, const char **error)
{
    struct curl_slist  *headers = NULL;
    text                t = { body, 0, room };
    CURL               *h = curl_easy_init();
    long                status = 0;
    CURLcode            rc = CURLE_OUT_OF_MEMORY;

    body[0] = '\0';

    if (h != NULL && prepare(h, url, post, timeout_ms, &headers)) {
        curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, keep);
        curl_easy_setopt(h, CURLOPT_WRITEDATA, &t);

        rc = curl_easy_perform(h);
    }

    if (rc == CURLE_OK) {
        curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);

    } else {
        *error = curl_easy_strerror(rc);
    }

    curl_slist_free_all(headers);
    curl_easy_cleanup(h);

    return status;
}
