#include "core/fold.h"
#include "core/route.h"

#include "unit/tap.h"

#include <stdlib.h>

#define MINUTE   INT64_C(60000)
#define DAY      (1440 * MINUTE)
#define MONDAY   (INT64_C(20780) * DAY)
#define NOON     (MONDAY + 720 * MINUTE)

#define ROUNDS   100000
#define AGENTS   5
#define RULES    6

static int64_t  loads[AGENTS + 1];
static int      asked;
static cx_err   load_err;


static cx_err
load(void *ctx, int64_t agent_id, int64_t *open)
{
    (void) ctx;
    asked++;
    *open = loads[agent_id];
    return load_err;
}


static cx_route_ask
says(const char *text)
{
    return (cx_route_ask) {
        .tenant = 1, .channel_id = 1, .channel_active = true,
        .channel_agent = 1, .text = cx_strz(text), .now_ms = NOON,
        .load = load,
    };
}


static void
goes(const char *name, const cx_route_table *t, cx_route_ask ask,
    cx_route_to to, int64_t agent, cx_route_why why)
{
    cx_route_choice  c = { .to = 99 };

    if (!tap_ok(cx_route_decide(t, &ask, NULL, &c) == CX_OK && c.to == to
                && c.agent_id == agent && c.why == why, "%s", name))
    {
        printf("#   got %d, agent %d, %s\n", (int) c.to, (int) c.agent_id,
               cx_route_why_word(c.why).p);
    }
}


/* --- what is written down ------------------------------------------------ */

static const cx_route_agent  agents[] = {
    { .id = 1, .active = true }, { .id = 2, .active = true },
    { .id = 3, .active = true }, { .id = 4, .active = false },
    { .id = 5, .active = true,
      .hours = { .span = { { 1, 13 * 60, 14 * 60 } }, .n = 1 } },
};

static const cx_route_member  one[] = { { 2, 1, 0 } };
static const cx_route_member  off[] = { { 4, 1, 0 } };
static const cx_route_member  away[] = { { 5, 1, 0 } };
static const cx_route_member  team[] = { { 3, 1, 10 }, { 2, 2, 10 } };
static const cx_str           refund[] = { CX_STR_INIT(" refund "),
                                           CX_STR_INIT(" money back ") };
static const cx_str           han[] = { CX_STR_INIT(" \xe9\x80\x80"
                                                    " \xe6\xac\xbe ") };

#define RULE(n, ...)  { .id = n, .tenant = 1, .active = true, __VA_ARGS__ }
#define TO(list)      .members = list, .nmembers = sizeof(list) / sizeof(*list)
#define TABLE(list)   { list, sizeof(list) / sizeof(*list), agents, AGENTS }


static void
by_channel(void)
{
    const cx_route_rule   people[] = { RULE(7, .people = true) };
    const cx_route_table  human = TABLE(people);
    const cx_route_table  empty = { NULL, 0, agents, AGENTS };
    cx_route_ask          ask = says("hello");

    goes("no rules: the channel's agent", &empty, ask, CX_ROUTE_TO_AGENT, 1,
         CX_ROUTE_CHANNEL);
    ask.channel_agent = 0;
    goes("... or people", &empty, ask, CX_ROUTE_TO_PEOPLE, 0,
         CX_ROUTE_NO_AGENT);
    ask.channel_agent = 4;
    goes("... who is inactive", &empty, ask, CX_ROUTE_TO_PEOPLE, 0,
         CX_ROUTE_AGENT_INACTIVE);
    ask.channel_agent = 5;
    goes("... who is away", &empty, ask, CX_ROUTE_TO_PEOPLE, 0,
         CX_ROUTE_AGENT_AWAY);
    ask.now_ms += 90 * MINUTE;
    goes("... who is back", &empty, ask, CX_ROUTE_TO_AGENT, 5,
         CX_ROUTE_CHANNEL);
    ask.channel_agent = 99;
    goes("... who is newer than the table", &empty, ask, CX_ROUTE_TO_AGENT,
         99, CX_ROUTE_CHANNEL);
    ask.channel_active = false;
    goes("an inactive channel: nobody", &human, ask, CX_ROUTE_TO_NOBODY, 0,
         CX_ROUTE_CHANNEL_INACTIVE);
    goes("people", &human, says("hello"), CX_ROUTE_TO_PEOPLE, 0,
         CX_ROUTE_RULE);
}


static void
by_words(void)
{
    const cx_route_rule   by_word[] = {
        RULE(7, .words = refund, .nwords = 2, TO(one)),
        RULE(8, .words = han, .nwords = 1, TO(one)) };
    const cx_route_rule   spanish[] = {
        RULE(7, .language = CX_LANGUAGE_ES, TO(one)) };
    const cx_route_table  words = TABLE(by_word), es = TABLE(spanish);

    goes("a word", &words, says("A REFUND, please!"), CX_ROUTE_TO_AGENT, 2,
         CX_ROUTE_RULE);
    goes("a phrase", &words, says("my Money  back"), CX_ROUTE_TO_AGENT, 2,
         CX_ROUTE_RULE);
    goes("not a part of a word", &words, says("refunded"), CX_ROUTE_TO_AGENT,
         1, CX_ROUTE_CHANNEL);
    goes("not the words apart", &words, says("money is back"),
         CX_ROUTE_TO_AGENT, 1, CX_ROUTE_CHANNEL);
    goes("inside a sentence without spaces", &words,
         says("\xe6\x88\x91\xe8\xa6\x81\xe9\x80\x80\xe6\xac\xbe"),
         CX_ROUTE_TO_AGENT, 2, CX_ROUTE_RULE);
    goes("a language", &es, says("\xc2\xbf" "D\xc3\xb3nde est\xc3\xa1 mi "
                                 "pedido?"),
         CX_ROUTE_TO_AGENT, 2, CX_ROUTE_RULE);
    goes("another", &es, says("Where is my order?"), CX_ROUTE_TO_AGENT, 1,
         CX_ROUTE_CHANNEL);
    goes("none to tell", &es, says("42"), CX_ROUTE_TO_AGENT, 1,
         CX_ROUTE_CHANNEL);
    asked = 0;
    goes("one agent", &words, says("refund"), CX_ROUTE_TO_AGENT, 2,
         CX_ROUTE_RULE);
    tap_is_int(asked, 0, "... is not weighed");
}


static void
in_order(void)
{
    const cx_route_rule   other[] = { RULE(7, .channel_id = 2, TO(one)) };
    const cx_route_rule   first_off[] = { RULE(7, TO(off)), RULE(8, TO(one)) };
    const cx_route_rule   nobody[] = { RULE(7, TO(away)), RULE(8, TO(off)) };
    const cx_route_rule   foreign[] = {
        { .id = 7, .tenant = 2, .active = true, TO(one) },
        { .id = 8, .tenant = 1, .active = false, TO(one) } };
    const cx_route_table  elsewhere = TABLE(other), next = TABLE(first_off);
    const cx_route_table  none = TABLE(nobody), f = TABLE(foreign);

    goes("another channel", &elsewhere, says("hello"), CX_ROUTE_TO_AGENT, 1,
         CX_ROUTE_CHANNEL);
    goes("nobody there: the next rule", &next, says("hello"),
         CX_ROUTE_TO_AGENT, 2, CX_ROUTE_RULE);
    goes("nobody there at all: people, for the first reason", &none,
         says("hello"), CX_ROUTE_TO_PEOPLE, 0, CX_ROUTE_AGENT_AWAY);
    goes("another tenant's, one that is off", &f, says("hello"),
         CX_ROUTE_TO_AGENT, 1, CX_ROUTE_CHANNEL);
}


static void
of_a_group(void)
{
    const cx_route_rule   group[] = { RULE(7, TO(team)) };
    const cx_route_table  g = TABLE(group);
    cx_route_ask          ask = says("hello");

    loads[2] = loads[3] = 0;
    goes("equally free: the least id", &g, ask, CX_ROUTE_TO_AGENT, 2,
         CX_ROUTE_RULE);
    loads[2] = 3;
    loads[3] = 2;
    goes("twice the weight, twice the work", &g, ask, CX_ROUTE_TO_AGENT, 2,
         CX_ROUTE_RULE);
    loads[2] = 5;
    goes("... not more", &g, ask, CX_ROUTE_TO_AGENT, 3, CX_ROUTE_RULE);
    loads[2] = loads[3] = 10;
    goes("all full: people", &g, ask, CX_ROUTE_TO_PEOPLE, 0, CX_ROUTE_FULL);

    load_err = CX_IO;
    tap_ok(cx_route_decide(&g, &ask, NULL, &(cx_route_choice) { 0 }) == CX_IO,
           "a load that is not known");
    load_err = CX_OK;
}


/* A group is shared by weight, whatever comes first. */
static void
balance(void)
{
    const cx_route_member  three[] = { { 1, 1, 0 }, { 2, 2, 0 }, { 3, 3, 0 } };
    const cx_route_rule    rules[] = { RULE(7, TO(three)) };
    const cx_route_table   t = TABLE(rules);
    const cx_route_ask     ask = says("hello");
    cx_route_choice        c;

    memset(loads, 0, sizeof(loads));

    for (int i = 0; i < 600; i++) {
        (void) cx_route_decide(&t, &ask, NULL, &c);
        loads[c.agent_id]++;
    }

    tap_ok(loads[1] == 100 && loads[2] == 200 && loads[3] == 300,
           "600 over 1 : 2 : 3");
}


/* --- against a naive model ----------------------------------------------- */

/* Everything a random round is made of, as the model sees it. */
typedef struct {
    bool  active, there;
} model_agent;

typedef struct {
    bool  active, people, open, word, spanish, mine, elsewhere;
    int   n;
    int   who[AGENTS], weight[AGENTS], max[AGENTS];
} model_rule;

static model_agent  ma[AGENTS + 1];
static model_rule   mr[RULES];
static uint64_t     seed = 42;


static int
dice(int n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (int) (seed % (uint64_t) n);
}


/* A member is free for the model: the one with the least open / weight. */
static int
model_pick(const model_rule *r, cx_route_why *why)
{
    int     best = 0;
    double  least = 1e9;
    bool    full = false, is_away = false;

    for (int id = 1; id <= AGENTS; id++) {
        for (int k = 0; k < r->n; k++) {
            if (r->who[k] != id) {
                continue;
            }

            if (!ma[id].active) {
                continue;
            }

            if (!ma[id].there) {
                is_away = true;

            } else if (r->max[k] > 0 && loads[id] >= r->max[k]) {
                full = true;

            } else if ((double) loads[id] / r->weight[k] < least - 1e-9) {
                best = id;
                least = (double) loads[id] / r->weight[k];
            }
        }
    }

    *why = full ? CX_ROUTE_FULL : is_away ? CX_ROUTE_AGENT_AWAY
           : CX_ROUTE_AGENT_INACTIVE;
    return best;
}


static cx_route_choice
model(int nrules, int own, bool word, bool spanish)
{
    cx_route_choice  c = { .to = CX_ROUTE_TO_PEOPLE };
    cx_route_why     why;
    int              id;
    bool             any = false;

    for (int i = 0; i < nrules; i++) {
        const model_rule  *r = &mr[i];

        if (!r->mine || !r->active || r->elsewhere || !r->open
            || (r->word && !word) || (r->spanish && !spanish))
        {
            continue;
        }

        id = r->people ? 0 : model_pick(r, &why);

        if (r->people || id != 0) {
            return (cx_route_choice) {
                r->people ? CX_ROUTE_TO_PEOPLE : CX_ROUTE_TO_AGENT, id,
                i + 1, CX_ROUTE_RULE };
        }

        if (!any) {
            any = true;
            c.why = why;
            c.rule_id = i + 1;
        }
    }

    if (any) {
        return c;
    }

    c.why = own == 0 ? CX_ROUTE_NO_AGENT
            : !ma[own].active ? CX_ROUTE_AGENT_INACTIVE
            : !ma[own].there ? CX_ROUTE_AGENT_AWAY : CX_ROUTE_CHANNEL;

    if (c.why == CX_ROUTE_CHANNEL) {
        c.to = CX_ROUTE_TO_AGENT;
        c.agent_id = own;
    }

    return c;
}


static cx_hours
hours_of(bool open)
{
    cx_hours  h = { .n = 0 };

    if (dice(2) == 0 || !open) {
        cx_hours_parse(open ? CX_STR("mo 11:00-13:00")
                            : CX_STR("mo 13:00-11:00"), &h);
    }

    return h;
}


static void
make_rule(int i, cx_route_rule *r, cx_route_member members[AGENTS])
{
    model_rule  *m = &mr[i];

    *m = (model_rule) {
        .active = dice(8) != 0, .people = dice(6) == 0, .open = dice(4) != 0,
        .word = dice(2) == 0, .spanish = dice(4) == 0, .mine = dice(8) != 0,
        .elsewhere = dice(5) == 0,
    };

    for (int id = 1; id <= AGENTS; id++) {
        if (dice(2) == 0) {
            m->who[m->n] = id;
            m->weight[m->n] = 1 + dice(3);
            m->max[m->n] = dice(3) == 0 ? 0 : 1 + dice(4);
            members[m->n] = (cx_route_member) { id, m->weight[m->n],
                                                m->max[m->n] };
            m->n++;
        }
    }

    *r = (cx_route_rule) {
        .id = i + 1, .tenant = m->mine ? 1 : 2, .active = m->active,
        .channel_id = m->elsewhere ? 2 : dice(2), .words = refund,
        .nwords = m->word ? 2 : 0,
        .language = m->spanish ? CX_LANGUAGE_ES : CX_LANGUAGE_UNKNOWN,
        .hours = hours_of(m->open), .people = m->people,
        .members = members, .nmembers = (size_t) m->n,
    };
}


static bool
one_round(void)
{
    static const char *const  texts[2][2] = {
        { "Where is my order?", "I want a refund please" },
        { "\xc2\xbf" "D\xc3\xb3nde est\xc3\xa1 mi pedido?",
          "Hola, quiero un REFUND para mi pedido" },
    };
    cx_route_agent   list[AGENTS];
    cx_route_rule    rules[RULES];
    cx_route_member  members[RULES][AGENTS];
    cx_route_why     trace[RULES];
    const int        n = dice(RULES + 1), own = dice(AGENTS + 1);
    const bool       word = dice(2) == 0, spanish = dice(2) == 0;
    cx_route_ask     ask = says(texts[spanish][word]);
    cx_route_table   t = { rules, (size_t) n, list, AGENTS };
    cx_route_choice  got, again, want;

    for (int id = 1; id <= AGENTS; id++) {
        ma[id] = (model_agent) { dice(6) != 0, dice(4) != 0 };
        loads[id] = dice(5);
        list[id - 1] = (cx_route_agent) { .id = id, .active = ma[id].active,
                                          .hours = hours_of(ma[id].there) };
    }

    for (int i = 0; i < n; i++) {
        make_rule(i, &rules[i], members[i]);
    }

    ask.channel_agent = own;
    want = model(n, own, word, spanish);

    if (cx_route_decide(&t, &ask, trace, &got) != CX_OK
        || cx_route_decide(&t, &ask, NULL, &again) != CX_OK)
    {
        return false;
    }

    /* The rule that it was is the one that the trace shows. */
    for (int i = 0; i < n; i++) {
        if ((trace[i] == CX_ROUTE_RULE) != (got.why == CX_ROUTE_RULE
                                            && got.rule_id == i + 1))
        {
            return false;
        }
    }

    return got.to == want.to && got.agent_id == want.agent_id
           && got.why == want.why && got.rule_id == want.rule_id
           && again.agent_id == got.agent_id && again.why == got.why;
}


int
main(void)
{
    int  wrong = 0;

    by_channel();
    by_words();
    in_order();
    of_a_group();
    balance();

    for (int i = 0; i < ROUNDS; i++) {
        wrong += !one_round();
    }

    tap_is_int(wrong, 0, "100000 random sets of rules, as the model has it");
    return tap_done();
}
