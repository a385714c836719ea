#include "worker/metrics.h"

#include <inttypes.h>
#include <stdlib.h>

#define AGENTS_MAX  10000

/* Word of a call's outcome; what is none of them is the last. */
static const char *const  outcomes[] = {
    "ok", "retry", "refused", "cancelled", "other",
};

#define OUTCOMES  (sizeof(outcomes) / sizeof(outcomes[0]))

static const char *const  decisions[] = { "sent", "review", "fallback" };

enum { SENT, REVIEW, FALLBACK, DECISIONS };

/* Upper ends, in ms. */
static const int64_t  durations[] = {
    100, 250, 500, 1000, 2000, 4000, 8000, 16000, 32000,
};

#define BUCKETS  (sizeof(durations) / sizeof(durations[0]))

typedef struct {
    int64_t  buckets[BUCKETS];
    int64_t  n;
    int64_t  sum_ms;
} histogram;

typedef struct {
    int64_t    id;
    int64_t    outcomes[OUTCOMES];
    int64_t    tokens_in;
    int64_t    tokens_out;
    int64_t    decisions[DECISIONS];
    histogram  duration;
    histogram  first_token;
} counters;

struct cx_metrics_s {
    counters  *agents;
    size_t     n;
    size_t     room;
};


cx_metrics *
cx_metrics_new(void)
{
    return calloc(1, sizeof(cx_metrics));
}


void
cx_metrics_free(cx_metrics *m)
{
    if (m != NULL) {
        free(m->agents);
        free(m);
    }
}


/* --- counting ------------------------------------------------------------ */

static counters *
counters_of(cx_metrics *m, int64_t agent_id)
{
    counters  *more;
    size_t     room;

    for (size_t i = 0; i < m->n; i++) {
        if (m->agents[i].id == agent_id) {
            return &m->agents[i];
        }
    }

    if (m->n == m->room) {
        room = m->room > 0 ? 2 * m->room : 8;
        more = room <= AGENTS_MAX
               ? realloc(m->agents, room * sizeof(more[0])) : NULL;

        if (more == NULL) {
            return NULL;
        }

        m->agents = more;
        m->room = room;
    }

    m->agents[m->n] = (counters) { .id = agent_id };
    return &m->agents[m->n++];
}


static size_t
outcome_of(cx_str word)
{
    size_t  i = 0;

    while (i < OUTCOMES - 1 && !cx_str_eq(word, cx_strz(outcomes[i]))) {
        i++;
    }

    return i;
}


static void
observe(histogram *h, int64_t ms)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        h->buckets[i] += ms <= durations[i];
    }

    h->n++;
    h->sum_ms += ms;
}


static void
count_call(counters *c, const cx_usage_row *r)
{
    c->outcomes[outcome_of(r->outcome)]++;
    c->tokens_in += r->tokens_in;
    c->tokens_out += r->tokens_out;
    observe(&c->duration, r->ms);

    if (r->first_ms > 0) {
        observe(&c->first_token, r->first_ms);
    }
}


void
cx_metrics_plan(cx_metrics *m, const cx_plan *plan, bool fallback)
{
    counters  *c = plan->agent_id != 0 ? counters_of(m, plan->agent_id)
                                       : NULL;

    if (c == NULL) {
        return;
    }

    for (size_t i = 0; i < plan->nusage; i++) {
        count_call(c, &plan->usage[i]);
    }

    c->decisions[SENT] += plan->state == CX_TURN_REPLIED && !fallback;
    c->decisions[FALLBACK] += plan->state == CX_TURN_REPLIED && fallback;
    c->decisions[REVIEW] += plan->state == CX_TURN_HUMAN;
}


/* --- telling ------------------------------------------------------------- */

static void
put_head(cx_buf *b, const char *name, const char *type, const char *help)
{
    cx_buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}


static void
put_one(cx_buf *b, const char *metric, cx_str labels, const char *label,
    const char *value, int64_t n)
{
    cx_buf_printf(b, "%s{%.*s,%s=\"%s\"} %" PRId64 "\n", metric,
                  CX_ARG(labels), label, value, n);
}


static void
put_histogram(cx_buf *b, const char *metric, cx_str labels,
    const histogram *h)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        cx_buf_printf(b, "%s_bucket{%.*s,le=\"%g\"} %" PRId64 "\n",
                      metric, CX_ARG(labels), (double) durations[i] / 1000,
                      h->buckets[i]);
    }

    cx_buf_printf(b, "%s_bucket{%.*s,le=\"+Inf\"} %" PRId64 "\n",
                  metric, CX_ARG(labels), h->n);
    cx_buf_printf(b, "%s_sum{%.*s} %.3f\n", metric, CX_ARG(labels),
                  (double) h->sum_ms / 1000);
    cx_buf_printf(b, "%s_count{%.*s} %" PRId64 "\n", metric,
                  CX_ARG(labels), h->n);
}


static void
put_requests(cx_buf *b, const counters *c, cx_str labels)
{
    for (size_t i = 0; i < OUTCOMES; i++) {
        put_one(b, "connext_ai_requests_total", labels, "outcome",
                outcomes[i], c->outcomes[i]);
    }
}


static void
put_tokens(cx_buf *b, const counters *c, cx_str labels)
{
    put_one(b, "connext_ai_tokens_total", labels, "kind", "in",
            c->tokens_in);
    put_one(b, "connext_ai_tokens_total", labels, "kind", "out",
            c->tokens_out);
}


static void
put_decisions(cx_buf *b, const counters *c, cx_str labels)
{
    for (size_t i = 0; i < DECISIONS; i++) {
        put_one(b, "connext_ai_decisions_total", labels, "decision",
                decisions[i], c->decisions[i]);
    }
}


static void
put_durations(cx_buf *b, const counters *c, cx_str labels)
{
    put_histogram(b, "connext_ai_request_duration_seconds", labels,
                  &c->duration);
}


static void
put_first_tokens(cx_buf *b, const counters *c, cx_str labels)
{
    put_histogram(b, "connext_ai_first_token_seconds", labels,
                  &c->first_token);
}


/* All series of a metric stand behind its head. */
static const struct {
    const char  *name;
    const char  *type;
    const char  *help;
    void       (*put)(cx_buf *b, const counters *c, cx_str labels);
} metrics[] = {
    { "connext_ai_requests_total", "counter",
      "Calls of models, by how they ended.", put_requests },
    { "connext_ai_tokens_total", "counter",
      "Tokens of prompts (in) and answers (out).", put_tokens },
    { "connext_ai_decisions_total", "counter",
      "What became of turns: sent, review, or a fallback's answer.",
      put_decisions },
    { "connext_ai_request_duration_seconds", "histogram",
      "How long calls of models took.", put_durations },
    { "connext_ai_first_token_seconds", "histogram",
      "How long the first token of a stream took.", put_first_tokens },
};


void
cx_metrics_put(const cx_metrics *m,
    cx_str (*labels_of)(void *ctx, int64_t agent_id), void *ctx, cx_buf *b)
{
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
        put_head(b, metrics[i].name, metrics[i].type, metrics[i].help);

        for (size_t k = 0; k < m->n; k++) {
            const cx_str  agent = labels_of(ctx, m->agents[k].id);

            if (agent.len > 0) {
                metrics[i].put(b, &m->agents[k], agent);
            }
        }
    }
}
