#include "worker/send.h"


static const cx_caps *
caps_of(const cx_dir_channel *ch)
{
    return cx_channel_caps(ch->adapter, ch->row.account);
}


static int64_t
pair_gap_us(const cx_caps *caps)
{
    return caps->pair_gap_ms * 1000;
}


static int64_t
account_gap_us(const cx_caps *caps)
{
    return caps->rate_per_s > 0 ? 1000000 / caps->rate_per_s : 0;
}


cx_governed
cx_permit_ask(cx_conv *c, const cx_dir_channel *ch, const cx_out *out)
{
    cx_rates           *rates = &c->worker->rates;
    const cx_caps      *caps = caps_of(ch);
    const cx_outgoing  *o = &c->outgoing;
    const cx_govern_in  in = {
        .caps = caps,
        .out = out,
        .now_ms = cx_now_ms(),
        .last_in_ms = o->last_in_at,
        .opted_out = o->opted_out,
        .pair_free_ms = cx_rate_free_ms(cx_rates_of(rates, c->id),
                                        pair_gap_us(caps),
                                        caps->pair_burst),
        .rate_free_ms = cx_rate_free_ms(cx_rates_of(rates, ch->row.id),
                                        account_gap_us(caps),
                                        caps->rate_per_s),
    };

    return cx_govern(&in);
}


void
cx_permit_use(cx_conv *c, const cx_dir_channel *ch)
{
    cx_rates       *rates = &c->worker->rates;
    const cx_caps  *caps = caps_of(ch);
    const int64_t   now = cx_now_ms();

    if (caps->pair_gap_ms > 0) {
        cx_rate_take(cx_rates_of(rates, c->id), pair_gap_us(caps), now);
    }

    if (caps->rate_per_s > 0) {
        cx_rate_take(cx_rates_of(rates, ch->row.id), account_gap_us(caps),
                     now);
    }
}
