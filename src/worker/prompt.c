/* What the model is given: the record's rows become a prompt. */

#include "worker/engine.h"

#include "ai/context.h"
#include "worker/seeing.h"

#include <string.h>
#include <sys/random.h>


#define SUMMARIES_MAX  (24 * 1024)      /* bytes of all of them together */
#define MARK_BYTES     8


/* --- the agent ----------------------------------------------------------- */

static void
fill_facts(cx_ai_prompt *p, const cx_agent_config *config, cx_arena *a)
{
    cx_ai_fact  *facts = CX_NEW_N(a, config->nfacts, cx_ai_fact);

    for (size_t i = 0; facts != NULL && i < config->nfacts; i++) {
        facts[i].name = cx_dup(a, config->facts[i].name);
        facts[i].value = cx_dup(a, config->facts[i].value);
    }

    p->facts = facts;
    p->nfacts = facts != NULL ? config->nfacts : 0;
}


static void
fill_tools(cx_ai_prompt *p, const cx_agent_config *config, cx_arena *a)
{
    cx_ai_tool  *tools = CX_NEW_N(a, config->ntools, cx_ai_tool);

    for (size_t i = 0; tools != NULL && i < config->ntools; i++) {
        const cx_ai_tool  *t = &config->tools[i].tool;

        tools[i].name = cx_dup(a, t->name);
        tools[i].description = cx_dup(a, t->description);
        tools[i].schema = cx_dup(a, t->schema);
    }

    p->tools = tools;
    p->ntools = tools != NULL ? config->ntools : 0;
}


static void
fill_links(cx_ai_prompt *p, const cx_agent_config *config, cx_arena *a)
{
    cx_str  *links = CX_NEW_N(a, config->nlinks, cx_str);

    for (size_t i = 0; links != NULL && i < config->nlinks; i++) {
        links[i] = cx_dup(a, config->links[i]);
    }

    p->links = links;
    p->nlinks = links != NULL ? config->nlinks : 0;
}


/* Nobody can guess it who writes a message or a file. */
static void
fill_report(cx_ai_prompt *p, const cx_agent_config *config, cx_arena *a)
{
    uint8_t   noise[MARK_BYTES];
    char     *mark = cx_alloc_bytes(a, 2 * sizeof(noise));

    if (!config->report || mark == NULL
        || getrandom(noise, sizeof(noise), 0) != sizeof(noise))
    {
        return;
    }

    cx_hex_encode(noise, sizeof(noise), mark);
    p->report_mark = (cx_str) { 2 * sizeof(noise), mark };
    p->report = true;
}


void
cx_prompt_agent(cx_ai_prompt *p, const cx_dir_agent *agent, cx_arena *a)
{
    p->system = cx_dup(a, agent->row.prompt);
    p->handoff = cx_dup(a, agent->row.handoff);
    p->language = cx_dup(a, agent->config.language);
    fill_facts(p, &agent->config, a);
    fill_tools(p, &agent->config, a);
    fill_links(p, &agent->config, a);
    fill_report(p, &agent->config, a);
}


/* --- the talk ------------------------------------------------------------ */

/* Its summary tells of the message. */
static bool
is_told(const cx_recall *r, const cx_message_row *m)
{
    for (size_t i = 0; i < r->summaries.n; i++) {
        const cx_summary_row  *y = &r->summaries.items[i];

        if (y->conversation_id == m->conversation_id) {
            return m->id <= y->last_id;
        }
    }

    return false;
}


static cx_context_item *
weigh(const cx_recall *r, cx_arena *a)
{
    cx_context_item  *items = CX_NEW_N(a, r->history.n, cx_context_item);

    for (size_t i = 0; items != NULL && i < r->history.n; i++) {
        items[i].tokens = cx_context_tokens(r->history.items[i].text);
        items[i].told = is_told(r, &r->history.items[i]);
    }

    return items;
}


/* What is older than the history and in no summary: one may be due. */
static void
note_older(cx_conv *c, const cx_context_item *items, size_t older)
{
    c->told_from = older > 0 ? c->recall.history.items[older].id : 0;
    c->untold = 0;

    for (size_t i = 0; i < older; i++) {
        c->untold += !items[i].told;
    }
}


static void
fill_history(cx_conv *c, const cx_agent_config *config)
{
    const cx_message_list  *h = &c->recall.history;
    cx_context_item        *items = weigh(&c->recall, c->arena);
    cx_ai_turn             *turns = CX_NEW_N(c->arena, h->n, cx_ai_turn);
    cx_ai_prompt           *p = &c->prompt;
    size_t                  older;

    if (items == NULL || turns == NULL) {
        return;
    }

    older = cx_context_cut(items, h->n, cx_prompt_history(c->worker, config),
                           (size_t) config->summary_after,
                           config->history_tokens);
    note_older(c, items, older < h->n ? older : 0);

    for (size_t i = 0; i < h->n; i++) {
        const cx_message_row  *m = &h->items[i];

        if (items[i].keep && m->text.len > 0) {
            turns[p->nhistory++] = (cx_ai_turn) {
                .role = cx_str_eq(m->author, CX_STR("customer"))
                        ? CX_TURN_CUSTOMER : CX_TURN_US,
                .text = m->text,
                .channel = m->channel,
            };
        }
    }

    p->history = turns;
}


static void
fill_summary(cx_ai_prompt *p, const cx_recall *r, cx_arena *a)
{
    cx_buf  b;

    if (r->summaries.n == 1 && r->summaries.items[0].channel.len == 0) {
        p->summary = r->summaries.items[0].text;
        return;
    }

    cx_buf_init(&b, a, 0, SUMMARIES_MAX + 1024);

    for (size_t i = 0; i < r->summaries.n; i++) {
        const cx_summary_row  *y = &r->summaries.items[i];

        if (b.len + y->text.len > SUMMARIES_MAX) {
            break;
        }

        if (y->channel.len > 0) {
            cx_buf_printf(&b, "[via %.*s] ", CX_ARG(y->channel));
        }

        cx_buf_add(&b, y->text);
        cx_buf_add(&b, CX_STR("\n"));
    }

    p->summary = cx_buf_str(&b);
}


static void
fill_passages(cx_ai_prompt *p, const cx_hit_list *hits, cx_arena *a)
{
    cx_ai_passage  *passages = CX_NEW_N(a, hits->n, cx_ai_passage);

    for (size_t i = 0; passages != NULL && i < hits->n; i++) {
        const cx_hit_row  *h = &hits->items[i];

        passages[i] = (cx_ai_passage) {
            .source = h->source,
            .chunk_id = h->chunk_id,
            .position = h->position,
            .question = h->question,
            .text = h->text,
            .score = h->score,
        };
        p->npassages++;
    }

    p->passages = passages;
}


/* The record has "provider id": another one would not know it. */
static void
fill_previous(cx_ai_prompt *p, const cx_recall *r, const cx_dir_agent *agent)
{
    cx_str  id = r->reply_id, provider;

    if (agent->provider != NULL && cx_str_split(&id, ' ', &provider)
        && cx_str_eq(provider, cx_strz(agent->provider->name)))
    {
        p->previous = id;
    }
}


size_t
cx_prompt_history(const cx_worker *w, const cx_agent_config *config)
{
    return (size_t) (config->history >= 0 ? config->history
                                          : w->conf->worker_history);
}


void
cx_prompt_fill(cx_conv *c, const cx_dir_agent *agent)
{
    cx_ai_prompt  *p = &c->prompt;

    memset(p, 0, sizeof(*p));
    p->question = c->recall.question;
    cx_prompt_agent(p, agent, c->arena);
    fill_history(c, &agent->config);
    fill_summary(p, &c->recall, c->arena);
    fill_passages(p, &c->hits, c->arena);
    fill_previous(p, &c->recall, agent);
    cx_seeing_fill(c);
}
