/* What the model is given: the record's rows become a prompt. */

#include "worker/engine.h"

#include <string.h>


void
cx_prompt_fill(cx_conv *c, const cx_dir_agent *agent)
{
    cx_ai_prompt         *p = &c->prompt;
    const cx_recall      *r = &c->recall;
    cx_ai_turn           *turns = CX_NEW_N(c->arena, r->history.n,
                                           cx_ai_turn);
    cx_ai_passage        *passages = CX_NEW_N(c->arena, c->hits.n,
                                              cx_ai_passage);

    memset(p, 0, sizeof(*p));
    /* Also needed when the model has answered: the directory may be another
     * one by then. */
    p->system = cx_dup(c->arena, agent->row.prompt);
    p->handoff = cx_dup(c->arena, agent->row.handoff);
    p->question = r->question;

    for (size_t i = 0; turns != NULL && i < r->history.n; i++) {
        turns[i].role = cx_str_eq(r->history.items[i].author,
                                  CX_STR("customer"))
                        ? CX_TURN_CUSTOMER : CX_TURN_US;
        turns[i].text = r->history.items[i].text;
        turns[i].channel = r->history.items[i].channel;
        p->nhistory++;
    }

    for (size_t i = 0; passages != NULL && i < c->hits.n; i++) {
        const cx_hit_row  *h = &c->hits.items[i];

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

    p->history = turns;
    p->passages = passages;
}
