#include "ctl/timeline.h"

#include "core/utf8.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define POLL_MIN_MS   20
#define POLL_MAX_MS   250
#define DELIVERED_MS  2000     /* after all is accepted, not longer for this */

/* How far a message in that state has come. */
typedef enum {
    ON_ITS_WAY,
    ACCEPTED,                  /* a delivery status may still come */
    DELIVERED,
    STOPPED
} progress;

static const struct { const char *state; progress at; }  states[] = {
    { "accepted",  ACCEPTED },  { "sent",     ACCEPTED },
    { "delivered", DELIVERED }, { "read",     DELIVERED },
    { "played",    DELIVERED }, { "held",     STOPPED },
    { "failed",    STOPPED },   { "rejected", STOPPED },
    { "cancelled", STOPPED },
};

/* The times of a message that are hops of their own, in order. */
static const struct { const char *field; const char *label; }  hops[] = {
    { "created_at",   "planned" },
    { "sending_at",   "sent" },
    { "accepted_at",  "accepted" },
    { "delivered_at", "delivered" },
    { "read_at",      "read" },
};

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))

typedef struct {
    json_t   *doc;             /* the timeline as last read, or NULL */
    json_t   *in;              /* borrowed from doc */
    json_t   *review;          /* or NULL */
    progress  least;           /* over all that was sent for it */
    size_t    outs;
    bool      stopped;         /* one of them */
} view;


static progress
progress_of(json_t *m)
{
    const char  *state = ctl_text(m, "state");

    for (size_t i = 0; i < COUNT(states); i++) {
        if (strcmp(states[i].state, state) == 0) {
            return states[i].at;
        }
    }

    return ON_ITS_WAY;
}


static bool
is_inbound(json_t *m)
{
    return strncmp(ctl_text(m, "direction"), "in", 2) == 0;
}


static int64_t
time_of(json_t *m, const char *field)
{
    return json_integer_value(json_object_get(m, field));
}


/* --- reading ------------------------------------------------------------- */

static void
view_free(view *v)
{
    json_decref(v->doc);
    json_decref(v->review);
    memset(v, 0, sizeof(*v));
}


/* A review has its turn's number. */
static void
read_review(ctl *c, view *v)
{
    const char  *turn = ctl_text(v->in, "turn");
    const char  *number = strchr(turn, '_');
    json_t      *doc;

    if (number == NULL) {
        return;
    }

    if (ctl_try(c, cx_printf(c->arena, "/api/v1/reviews/rv%s", number), &doc)
        == 200)
    {
        v->review = doc;
        return;
    }

    json_decref(doc);
}


static void
read_view(ctl *c, cx_str path, view *v)
{
    json_t    *m, *doc = NULL;
    size_t     i;
    progress   at;

    if (ctl_try(c, path, &doc) != 200) {
        json_decref(doc);
        return;
    }

    v->doc = doc;
    v->least = DELIVERED;

    json_array_foreach(json_object_get(doc, "data"), i, m) {
        if (is_inbound(m)) {
            v->in = m;
            continue;
        }

        at = progress_of(m);
        v->outs++;
        v->stopped |= at == STOPPED;
        v->least = at < v->least ? at : v->least;
    }

    if (v->in != NULL) {
        read_review(c, v);
    }
}


static bool
is_over(const view *v, int64_t *deadline, int64_t now)
{
    if (v->in == NULL) {
        return false;
    }

    if (v->outs == 0) {
        return v->review != NULL || ctl_text(v->in, "turn")[0] == '\0';
    }

    if (v->least == ACCEPTED && *deadline > now + DELIVERED_MS) {
        *deadline = now + DELIVERED_MS;
    }

    return v->least >= DELIVERED;
}


/* --- printing ------------------------------------------------------------ */

static void
print_hop(const char *label, bool about, int64_t ms, const char *what)
{
    printf(CTL_LABEL "%s%+.3f s%s%s\n", label, about ? "~" : " ",
           (double) ms / 1000.0, what[0] != '\0' ? "  " : "", what);
}


/* In quotes; further lines stand under the first. */
static void
print_quoted(ctl *c, const char *label, const char *text)
{
    cx_str  rest = cx_utf8_clean(c->arena, cx_strz(text)), line;

    printf(CTL_LABEL "\"", label);

    for (bool first = true; cx_str_split(&rest, '\n', &line); first = false) {
        printf("%s%s%.*s", first ? "" : "\n",
               first || line.len == 0 ? "" : "           ", CX_ARG(line));
    }

    printf("\"\n");
}


/* A provider tells whole seconds: what it says may lie before our own last
 * step, and is then shown as about the same time. */
static void
print_out(ctl *c, json_t *m, int64_t since)
{
    cx_str   error;
    int64_t  last = 0;

    for (size_t i = 0; i < COUNT(hops); i++) {
        int64_t  at = time_of(m, hops[i].field);

        if (at != 0) {
            print_hop(hops[i].label, at < last,
                      (at < last ? last : at) - since,
                      i == 0 ? ctl_text(m, "id")
                      : i == 2 ? ctl_text(m, "provider_id") : "");
            last = at < last ? last : at;
        }
    }

    if (progress_of(m) == STOPPED || progress_of(m) == ON_ITS_WAY) {
        error = ctl_cell(c, m, "error.text");
        printf(CTL_LABEL "%.*s\n", ctl_text(m, "state"), CX_ARG(error));
    }

    print_quoted(c, "reply", ctl_text(m, "text"));
}


static void
print_review(ctl *c, json_t *review)
{
    printf(CTL_LABEL "%s  %s  confidence %.*s\n", "review",
           ctl_text(review, "id"), ctl_text(review, "state"),
           CX_ARG(ctl_cell(c, review, "confidence")));
    printf(CTL_LABEL "%.*s\n", "reason",
           CX_ARG(ctl_cell(c, review, "reason")));

    if (ctl_text(review, "draft")[0] != '\0') {
        print_quoted(c, "draft", ctl_text(review, "draft"));
    }
}


static void
print_view(ctl *c, const view *v)
{
    int64_t   since = time_of(v->in, "received_at");
    json_t   *m;
    size_t    i;

    print_hop("taken", false, time_of(v->in, "created_at") - since,
              ctl_text(v->in, "id"));

    json_array_foreach(json_object_get(v->doc, "data"), i, m) {
        if (!is_inbound(m)) {
            print_out(c, m, since);
        }
    }

    if (v->review != NULL) {
        print_review(c, v->review);
    }

    if (v->outs == 0 && v->review == NULL
        && ctl_text(v->in, "turn")[0] == '\0')
    {
        printf(CTL_LABEL "by rule: this kind of message, or this "
               "channel, is not answered\n", "ignored");
    }
}


static void
print_any(ctl *c, const view *v, const ctl_posted *posted)
{
    json_t  *all;

    if (c->output == CTL_OUT_TABLE && v->in != NULL) {
        print_view(c, v);
        return;
    }

    if (c->output == CTL_OUT_TABLE || c->output == CTL_OUT_NAME) {
        return;
    }

    all = json_pack("{s:{s:I,s:f,s:s},s:O?,s:O?}", "edge",
                    "status", (json_int_t) posted->status, "ms", posted->ms,
                    "event", posted->event, "timeline",
                    json_object_get(v->doc, "data"), "review", v->review);
    ctl_print_json(c, all);
    json_decref(all);
}


/* --- waiting ------------------------------------------------------------- */

static int64_t
now_ms(void)
{
    struct timespec  t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}


static void
pause_ms(int64_t ms)
{
    struct timespec  t = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
}


static ctl_exit
verdict(ctl *c, const view *v)
{
    if (v->in == NULL) {
        return ctl_fail(c, CTL_ELAPSED, "connextctl dlq list (is the "
                        "account that of a channel?), and does the worker "
                        "read the same Redis as nginx?",
                        "the worker has not taken the event yet");
    }

    if (v->stopped) {
        return ctl_fail(c, CTL_FAILED, "connextctl messages show ID, dlq list",
                        "the reply did not go out");
    }

    if (v->outs > 0 && v->least == ON_ITS_WAY) {
        return ctl_fail(c, CTL_ELAPSED, "connextctl messages show ID tells "
                        "why", "the reply is still on its way");
    }

    if (v->review != NULL) {
        ctl_hint(c, "it waits for a person: connextctl reviews show %s",
                 ctl_text(v->review, "id"));
        return CTL_OK;
    }

    if (v->outs == 0) {
        return ctl_text(v->in, "turn")[0] == '\0'
               ? CTL_FAILED
               : ctl_fail(c, CTL_ELAPSED, "connextctl dlq list",
                          "there is no reply yet");
    }

    return CTL_OK;
}


ctl_exit
ctl_timeline_wait(ctl *c, const ctl_posted *posted, int64_t timeout_ms)
{
    cx_str    path = cx_printf(c->arena, "/api/v1/events/%s/timeline",
                               posted->event);
    int64_t   deadline = now_ms() + timeout_ms, wait = POLL_MIN_MS;
    view      v = { 0 };
    json_t   *doc = NULL;
    ctl_exit  rc;

    /* The first question tells whether there is anyone to ask. */
    if (ctl_try(c, CX_STR("/healthz"), &doc) == 0) {
        return ctl_get(c, path, &doc);
    }

    json_decref(doc);

    for ( ;; ) {
        view_free(&v);
        read_view(c, path, &v);

        if (is_over(&v, &deadline, now_ms()) || now_ms() >= deadline) {
            break;
        }

        pause_ms(wait);
        wait = wait * 2 < POLL_MAX_MS ? wait * 2 : POLL_MAX_MS;
    }

    print_any(c, &v, posted);
    rc = verdict(c, &v);
    view_free(&v);

    return rc;
}
