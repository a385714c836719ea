/*
 * Signals become one number and the reasons for it.  The evidence of the texts
 * gives the number; what speaks against the answer is a limit to it.  A
 * model's opinion of itself is one of them: it lowers, and raises only towards
 * what the evidence would allow anyway.
 */

#include "ai/evidence.h"

#include <stdio.h>

#include "core/json.h"


#define SURE         0.98   /* covered by one text, taken from it */
#define TOPICLESS    0.3    /* nothing to look up, no greeting either */
#define SUPPORT_MIN  0.6    /* share of the answer's words that stand in the
                             * evidence, from which it is enough */
#define REPORT_SURE  0.8    /* a model that says less is believed */
#define REPORT_HALF  0.5    /* ... and one that says less than this does not
                             * speak for itself at all */
#define RAISE_FROM   0.5    /* of the question is covered: it may raise, by */
#define RAISE_BY     0.5    /* so much of what is missing */
#define JSON_MAX     8192

typedef struct {
    cx_json_writer  json;
    cx_buf          buf;
    cx_arena       *arena;
    double          score;
    cx_str          reason;
    bool            limited;
} scale;


static double base(const cx_signals *s, cx_arena *a, cx_str *reason);
static bool has_unknown_fact(const cx_signals *s);
static bool has_unknown_name(const cx_signals *s);
static bool is_hedged(const cx_signals *s);
static bool is_vague(const cx_signals *s);
static bool is_denial(const cx_signals *s);
static bool is_cut(const cx_signals *s);
static bool is_odd_end(const cx_signals *s);
static bool is_unsure(const cx_signals *s);
static bool is_broken_report(const cx_signals *s);
static void limit(scale *c, double cap, cx_str why);
static void say_policy(scale *c, const cx_signals *s);
static void say_facts(scale *c, const cx_signals *s);
static void say_report(scale *c, const cx_signals *s);
static void raise_by_report(scale *c, const cx_signals *s);
static void write_signals(scale *c, const cx_signals *s);
static void write_report(scale *c, const cx_report *r);
static void put_share(cx_json_writer *w, const char *name, double share);
static void put_count(cx_json_writer *w, const char *name, size_t n);


static const struct {
    bool        (*is)(const cx_signals *s);
    double        cap;
    const char   *why;
} limits[] = {
    { has_unknown_fact, CX_AI_DOUBT,
      "a number or link of the answer stands nowhere in the knowledge" },
    { is_hedged, CX_AI_DOUBT,
      "the answer says itself that it is not sure" },
    { is_vague, CX_AI_DOUBT,
      "the answer says nothing that could be checked" },
    { is_denial, CX_AI_DOUBT,
      "the answer denies something, the knowledge does not" },
    { is_cut, CX_AI_DOUBT,
      "the answer is cut off" },
    { is_unsure, CX_AI_DOUBT,
      "the model says that it is not sure, or that it used no source" },
    { has_unknown_name, 0.8,
      "a name in the answer stands nowhere in the sources" },
    { is_odd_end, 0.9,
      "the model ended in a way we do not know" },
    { is_broken_report, 0.9,
      "the model's report of itself is not as it was asked for" },
};

#define POLICY_CAP  0.3


void
cx_ai_score(const cx_signals *s, cx_arena *a, cx_ai_answer *out)
{
    scale  c = { .arena = a, .limited = s->nothing };

    cx_buf_init(&c.buf, a, 512, JSON_MAX);
    cx_json_write_init(&c.json, &c.buf);
    cx_json_begin(&c.json, '{');
    cx_json_name(&c.json, CX_STR("reasons"));
    cx_json_begin(&c.json, '[');

    c.score = base(s, a, &c.reason);
    cx_json_put_str(&c.json, c.reason);

    say_facts(&c, s);
    raise_by_report(&c, s);

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (limits[i].is(s)) {
            limit(&c, limits[i].cap, cx_strz(limits[i].why));
        }
    }

    say_report(&c, s);
    say_policy(&c, s);
    cx_json_end(&c.json, ']');
    put_share(&c.json, "confidence", c.score);
    write_signals(&c, s);
    cx_json_end(&c.json, '}');

    out->confidence = c.score;
    out->reason = c.reason;
    out->evidence = c.buf.failed ? CX_NOSTR : cx_buf_str(&c.buf);
    out->held = s->policy != 0;
}


/* What the texts alone are good for. */
static double
base(const cx_signals *s, cx_arena *a, cx_str *reason)
{
    const cx_coverage  *c = &s->coverage;

    if (s->manners) {
        *reason = s->claims
                  ? CX_STR("a greeting got a long answer or one with facts")
                  : CX_STR("a greeting or thanks, nothing is claimed");
        return s->claims ? CX_AI_DOUBT : SURE;
    }

    if (s->nothing) {
        *reason = CX_STR("no knowledge speaks of what was asked");
        return 0;
    }

    if (s->empty) {
        *reason = CX_STR("the answer is empty");
        return 0;
    }

    if (c->asked == 0) {
        *reason = CX_STR("the question names nothing to look up");
        return TOPICLESS;
    }

    *reason = cx_printf(a, "%zu of %zu words of the question and %d %% of "
                        "the answer's stand in the knowledge",
                        c->found, c->asked, (int) (100 * s->support));

    return SURE * c->share
           * (s->support < SUPPORT_MIN ? s->support / SUPPORT_MIN : 1);
}


/* All of them are told; the reason is the lowest, of equals the first.  What
 * makes an answer doubtful says more than a number that is low already. */
static void
limit(scale *c, double cap, cx_str why)
{
    cx_json_put_str(&c->json, why);

    if (cap < c->score || (!c->limited && cap <= CX_AI_DOUBT)) {
        c->reason = why;
        c->limited = true;
    }

    c->score = cap < c->score ? cap : c->score;
}


static bool
has_unknown_fact(const cx_signals *s)
{
    return !s->manners && s->facts.found < s->facts.quoted;
}


static bool
has_unknown_name(const cx_signals *s)
{
    return !s->manners && !s->quotes
           && s->facts.names_found < s->facts.names;
}


static bool
is_hedged(const cx_signals *s)
{
    return s->hedged && !s->quotes;
}


static bool
is_vague(const cx_signals *s)
{
    return s->vague && !s->quotes && !s->empty;
}


static bool
is_denial(const cx_signals *s)
{
    return s->denies && !s->quotes;
}


static bool
is_cut(const cx_signals *s)
{
    return s->cut || s->finish == CX_FINISH_LENGTH;
}


static bool
is_odd_end(const cx_signals *s)
{
    return s->finish == CX_FINISH_OTHER || s->finish == CX_FINISH_TOOLS;
}


static bool
is_unsure(const cx_signals *s)
{
    return s->report.state == CX_REPORT_READ && !s->manners
           && (s->report.sure < REPORT_HALF || !s->report.based);
}


static bool
is_broken_report(const cx_signals *s)
{
    return s->report.state == CX_REPORT_BROKEN;
}


static void
say_facts(scale *c, const cx_signals *s)
{
    if (s->facts.quoted > 0) {
        cx_json_put_str(&c->json, cx_printf(c->arena,
            "%zu of %zu numbers, links and addresses of the answer stand in "
            "the sources", s->facts.found, s->facts.quoted));
    }

    if (s->own_facts > 0) {
        cx_json_put_str(&c->json, cx_printf(c->arena,
            "it uses %zu of the agent's facts", s->own_facts));
    }

    if (s->tools > 0) {
        cx_json_put_str(&c->json, cx_printf(c->arena,
            "it uses what %zu of its tools said", s->tools));
    }
}


/* A question may use other words than the source: where most of it is covered
 * and all that is quoted is known, a sure model closes half of the gap. */
static void
raise_by_report(scale *c, const cx_signals *s)
{
    double  most;

    if (s->report.state != CX_REPORT_READ || !s->report.based
        || s->report.missing.len > 0 || s->report.sure < REPORT_SURE
        || s->manners || s->coverage.asked == 0
        || s->coverage.share < RAISE_FROM || s->support < SUPPORT_MIN
        || has_unknown_fact(s))
    {
        return;
    }

    most = SURE * s->report.sure;

    if (most > c->score) {
        c->score += RAISE_BY * (most - c->score);
        cx_json_put_str(&c->json, CX_STR("the model says that it is sure"));
    }
}


static void
say_report(scale *c, const cx_signals *s)
{
    const cx_report  *r = &s->report;

    if (r->state != CX_REPORT_READ || s->manners) {
        return;
    }

    if (r->sure < REPORT_SURE) {
        limit(c, c->score * (REPORT_HALF + (1 - REPORT_HALF) * r->sure
                                           / REPORT_SURE),
              cx_printf(c->arena, "the model is %d %% sure",
                        (int) (100 * r->sure)));
    }

    if (r->missing.len > 0) {
        limit(c, 0.9 * c->score,
              CX_STR("the model misses something to be sure"));
    }
}


static void
say_policy(scale *c, const cx_signals *s)
{
    for (unsigned i = 0; i < CX_POLICY_COUNT; i++) {
        if ((s->policy & (1u << i)) != 0) {
            limit(c, POLICY_CAP, cx_strz(cx_policy_why((cx_policy_name) i)));
        }
    }

    if (s->cleaned) {
        cx_json_put_str(&c->json,
                        CX_STR("marks of a page were taken out of it"));
    }
}


/* --- for the record ------------------------------------------------------ */

static void
write_signals(scale *c, const cx_signals *s)
{
    static const char *const  finishes[] = {
        [CX_FINISH_STOP] = "stop",
        [CX_FINISH_LENGTH] = "length",
        [CX_FINISH_TOOLS] = "tools",
        [CX_FINISH_FILTERED] = "filtered",
        [CX_FINISH_OTHER] = "other",
    };

    cx_json_writer  *w = &c->json;

    cx_json_name(w, CX_STR("signals"));
    cx_json_begin(w, '{');
    put_count(w, "asked", s->coverage.asked);
    put_count(w, "covered", s->coverage.found);
    put_share(w, "coverage", s->coverage.share);
    put_share(w, "support", s->support);
    put_count(w, "quoted", s->facts.quoted);
    put_count(w, "quoted_known", s->facts.found);
    put_count(w, "names", s->facts.names);
    put_count(w, "names_known", s->facts.names_found);
    put_count(w, "passages", s->passages);
    put_count(w, "facts", s->own_facts);
    put_count(w, "tools", s->tools);
    cx_json_name(w, CX_STR("greeting"));
    cx_json_put_bool(w, s->manners);
    cx_json_name(w, CX_STR("hedged"));
    cx_json_put_bool(w, s->hedged);
    cx_json_name(w, CX_STR("denies"));
    cx_json_put_bool(w, s->denies);
    cx_json_name(w, CX_STR("finish"));
    cx_json_put_str(w, cx_strz(is_cut(s) ? "length" : finishes[s->finish]));
    cx_json_name(w, CX_STR("cleaned"));
    cx_json_put_bool(w, s->cleaned);
    cx_json_name(w, CX_STR("policy"));
    cx_json_begin(w, '[');

    for (unsigned i = 0; i < CX_POLICY_COUNT; i++) {
        if ((s->policy & (1u << i)) != 0) {
            cx_json_put_str(w, cx_strz(cx_policy_word((cx_policy_name) i)));
        }
    }

    cx_json_end(w, ']');
    write_report(c, &s->report);
    cx_json_end(w, '}');
}


/* What it misses is the model's own words: they stay out of the record. */
static void
write_report(scale *c, const cx_report *r)
{
    cx_json_writer  *w = &c->json;

    cx_json_name(w, CX_STR("report"));

    if (r->state != CX_REPORT_READ) {
        cx_json_put_str(w, r->state == CX_REPORT_NONE ? CX_STR("none")
                                                      : CX_STR("broken"));
        return;
    }

    cx_json_begin(w, '{');
    put_share(w, "sure", r->sure);
    cx_json_name(w, CX_STR("based"));
    cx_json_put_bool(w, r->based);
    cx_json_name(w, CX_STR("misses"));
    cx_json_put_bool(w, r->missing.len > 0);
    cx_json_end(w, '}');
}


static void
put_share(cx_json_writer *w, const char *name, double share)
{
    char  text[16];

    share = share < 0 ? 0 : share > 1 ? 1 : share;
    (void) snprintf(text, sizeof(text), "%.3f", share);
    cx_json_name(w, cx_strz(name));
    cx_json_put_raw(w, cx_strz(text));
}


static void
put_count(cx_json_writer *w, const char *name, size_t n)
{
    cx_json_name(w, cx_strz(name));
    cx_json_put_i64(w, (int64_t) n);
}
