#include "core/route.h"

#include "core/fold.h"

#define TEXT_MAX  4096      /* folded; what it says beyond is not read */

/* The message, as far as a rule has asked for it. */
typedef struct {
    const cx_route_ask  *ask;
    bool                 folded;
    cx_str               words;
    bool                 guessed;
    cx_language          language;
    char                 room[TEXT_MAX];
} message;


cx_str
cx_route_why_word(cx_route_why why)
{
    static const cx_str words[CX_ROUTE_WHY_COUNT] = {
#define X(name, word)  [CX_ROUTE_##name] = CX_STR_INIT(word),
        CX_ROUTE_WHYS(X)
#undef X
    };

    return words[why];
}


static bool
is_open(const cx_hours *h, const cx_zone *zone, int64_t now_ms)
{
    return h->n == 0
           || cx_hours_open(h, now_ms + INT64_C(1000)
                                        * cx_zone_offset(zone, now_ms));
}


cx_route_why
cx_route_agent_is(const cx_route_table *t, int64_t agent_id, int64_t now_ms)
{
    for (size_t i = 0; i < t->nagents; i++) {
        const cx_route_agent  *a = &t->agents[i];

        if (a->id == agent_id) {
            return !a->active ? CX_ROUTE_AGENT_INACTIVE
                   : is_open(&a->hours, a->zone, now_ms)
                   ? CX_ROUTE_RULE : CX_ROUTE_AGENT_AWAY;
        }
    }

    /* Newer than the table. */
    return CX_ROUTE_RULE;
}


/* --- does a rule match --------------------------------------------------- */

static cx_str
words_of(message *m)
{
    if (!m->folded) {
        m->words.p = m->room;
        m->words.len = cx_fold_words(m->ask->text, m->room, TEXT_MAX);
        m->folded = true;
    }

    return m->words;
}


static cx_language
language_of(message *m)
{
    if (!m->guessed) {
        m->language = cx_language_guess(words_of(m));
        m->guessed = true;
    }

    return m->language;
}


static bool
says_one_of(message *m, const cx_route_rule *r)
{
    for (size_t i = 0; i < r->nwords; i++) {
        if (cx_str_find(words_of(m), r->words[i]) != SIZE_MAX) {
            return true;
        }
    }

    return r->nwords == 0;
}


static cx_route_why
match(message *m, const cx_route_rule *r)
{
    const cx_route_ask  *ask = m->ask;

    if (r->tenant != ask->tenant || !r->active) {
        return CX_ROUTE_OFF;
    }

    if (r->channel_id != 0 && r->channel_id != ask->channel_id) {
        return CX_ROUTE_OTHER_CHANNEL;
    }

    if (!is_open(&r->hours, r->zone, ask->now_ms)) {
        return CX_ROUTE_OUTSIDE_HOURS;
    }

    if (!says_one_of(m, r)) {
        return CX_ROUTE_NO_WORD;
    }

    return r->language == CX_LANGUAGE_UNKNOWN
           || r->language == language_of(m)
           ? CX_ROUTE_RULE : CX_ROUTE_OTHER_LANGUAGE;
}


/* --- who of a group ------------------------------------------------------ */

/* Has x less to do than y, for its weight?  Of equals the first by id. */
static bool
is_freer(const cx_route_member *x, int64_t x_open, const cx_route_member *y,
    int64_t y_open)
{
    const int64_t  left = x_open * y->weight, right = y_open * x->weight;

    return left != right ? left < right : x->agent_id < y->agent_id;
}


/* CX_ROUTE_RULE with *agent set, or why nobody of it takes the message.  Who
 * is full may be free soon, who is away is back later: that tells more. */
static cx_err
choose(const cx_route_table *t, const cx_route_ask *ask,
    const cx_route_rule *r, cx_route_why *why, int64_t *agent)
{
    const cx_route_member  *best = NULL;
    cx_route_why            is;
    int64_t                 open, least = 0;
    cx_err                  err;

    *why = CX_ROUTE_AGENT_INACTIVE;

    for (size_t i = 0; i < r->nmembers; i++) {
        const cx_route_member  *m = &r->members[i];

        is = cx_route_agent_is(t, m->agent_id, ask->now_ms);
        open = 0;

        if (is == CX_ROUTE_RULE && (r->nmembers > 1 || m->max_open > 0)) {
            err = ask->load(ask->ctx, m->agent_id, &open);
            if (err != CX_OK) {
                return err;
            }
        }

        if (is == CX_ROUTE_RULE && m->max_open > 0 && open >= m->max_open) {
            is = CX_ROUTE_FULL;
        }

        if (is != CX_ROUTE_RULE) {
            *why = is > *why ? is : *why;
            continue;
        }

        if (best == NULL || is_freer(m, open, best, least)) {
            best = m;
            least = open;
        }
    }

    if (best != NULL) {
        *why = CX_ROUTE_RULE;
        *agent = best->agent_id;
    }

    return CX_OK;
}


/* --- deciding ------------------------------------------------------------ */

/* No rule: the channel's own agent. */
static cx_route_choice
by_channel(const cx_route_table *t, const cx_route_ask *ask)
{
    cx_route_choice  c = { .to = CX_ROUTE_TO_PEOPLE,
                           .why = CX_ROUTE_NO_AGENT };

    if (ask->channel_agent != 0) {
        c.why = cx_route_agent_is(t, ask->channel_agent, ask->now_ms);
    }

    if (c.why == CX_ROUTE_RULE) {
        c.to = CX_ROUTE_TO_AGENT;
        c.agent_id = ask->channel_agent;
        c.why = CX_ROUTE_CHANNEL;
    }

    return c;
}


/* CX_OK with *why RULE: *c is the choice. */
static cx_err
try_rule(const cx_route_table *t, message *m, const cx_route_rule *r,
    cx_route_why *why, cx_route_choice *c)
{
    int64_t  agent = 0;
    cx_err   err = CX_OK;

    *why = match(m, r);

    if (*why == CX_ROUTE_RULE && !r->people) {
        err = choose(t, m->ask, r, why, &agent);
    }

    if (err == CX_OK && *why == CX_ROUTE_RULE) {
        *c = (cx_route_choice) {
            .to = r->people ? CX_ROUTE_TO_PEOPLE : CX_ROUTE_TO_AGENT,
            .agent_id = agent,
            .rule_id = r->id,
            .why = CX_ROUTE_RULE,
        };
    }

    return err;
}


static bool
nobody_took_it(cx_route_why why)
{
    return why == CX_ROUTE_AGENT_INACTIVE || why == CX_ROUTE_AGENT_AWAY
           || why == CX_ROUTE_FULL;
}


cx_err
cx_route_decide(const cx_route_table *t, const cx_route_ask *ask,
    cx_route_why *trace, cx_route_choice *out)
{
    message          m = { .ask = ask };
    cx_route_why     why;
    cx_route_choice  c = { .to = CX_ROUTE_TO_NOBODY,
                           .why = CX_ROUTE_CHANNEL_INACTIVE };
    bool             done = !ask->channel_active, matched = false;
    cx_err           err;

    if (!done) {
        c = by_channel(t, ask);
    }

    for (size_t i = 0; i < t->nrules && (!done || trace != NULL); i++) {
        if (done) {
            trace[i] = CX_ROUTE_NOT_REACHED;
            continue;
        }

        err = try_rule(t, &m, &t->rules[i], &why, &c);
        if (err != CX_OK) {
            return err;
        }

        if (trace != NULL) {
            trace[i] = why;
        }

        done = why == CX_ROUTE_RULE;

        /* The first that matched tells best why nobody is there. */
        if (nobody_took_it(why) && !matched) {
            matched = true;
            c = (cx_route_choice) { .to = CX_ROUTE_TO_PEOPLE, .why = why,
                                    .rule_id = t->rules[i].id };
        }
    }

    *out = c;
    return CX_OK;
}
