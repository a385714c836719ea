/*
 * Who answers a new turn: whose the conversation is already, else what the
 * rules say.  What a rule has decided stays until the conversation is closed;
 * the channel's agent is only the answer of the moment.
 */

#include "store/routing.h"

#include "store/sql.h"


static cx_err
load(void *ctx, int64_t agent_id, int64_t *open)
{
    return cx_store_agent_open(ctx, agent_id, open);
}


static cx_hand
chosen(const cx_hand *h, const cx_route_choice *c)
{
    cx_hand  out = { .held = h->held, .give = h->held,
                     .why = cx_route_why_word(c->why) };

    if (c->to == CX_ROUTE_TO_AGENT) {
        out.agent_id = c->agent_id;
    }

    if (c->why == CX_ROUTE_RULE) {
        out.give = c->to == CX_ROUTE_TO_AGENT ? c->agent_id : CX_PEOPLE;
    }

    if (out.give == CX_PEOPLE) {
        out.why = cx_route_why_word(CX_ROUTE_PEOPLE);
    }

    return out;
}


static cx_err
decide(cx_store *s, const cx_take *in, cx_hand *h)
{
    cx_route_choice  c;
    cx_err           err;

    err = cx_route_decide(in->routes, &(cx_route_ask) {
                              .tenant = in->tenant != 0 ? in->tenant
                                                        : s->tenant,
                              .channel_id = in->channel_id,
                              .channel_active = true,
                              .channel_agent = in->agent_id,
                              .text = in->msg->text,
                              .now_ms = in->now_ms,
                              .load = load,
                              .ctx = s,
                          }, NULL, &c);

    if (err == CX_OK) {
        *h = chosen(h, &c);
    }

    return err;
}


cx_err
cx_store_hand(cx_store *s, const cx_take *in, cx_hand *h)
{
    cx_route_why  why = CX_ROUTE_ASSIGNED;

    h->give = h->held;
    h->agent_id = 0;

    if (h->held == CX_PEOPLE) {
        h->why = cx_route_why_word(CX_ROUTE_PEOPLE);
        return CX_OK;
    }

    /* Who is away has it again when it is back. */
    if (h->held != CX_BY_RULES
        && (in->routes == NULL
            || cx_route_agent_is(in->routes, h->held, in->now_ms)
               == CX_ROUTE_RULE))
    {
        h->agent_id = h->held;

    } else if (in->routes == NULL) {
        h->agent_id = in->agent_id;
        why = in->agent_id != 0 ? CX_ROUTE_CHANNEL : CX_ROUTE_NO_AGENT;

    } else {
        return decide(s, in, h);
    }

    h->why = cx_route_why_word(why);
    return CX_OK;
}
