#include "worker/send.h"

#include "worker/templates.h"


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


/* What the provider grants everybody, or has granted this account. */
static int64_t
account_rate(const cx_dir_channel *ch, const cx_caps *caps)
{
    const cx_sender  from = cx_directory_sender(ch);
    int64_t          granted;

    return cx_str_to_i64(cx_setting_get(&from, "rate"), &granted)
           && granted > 0 ? granted : caps->rate_per_s;
}


static int64_t
gap_us(int64_t rate_per_s)
{
    return rate_per_s > 0 ? 1000000 / rate_per_s : 0;
}


cx_governed
cx_permit_ask(cx_conv *c, const cx_dir_channel *ch, const cx_out *out)
{
    cx_rates           *rates = &c->worker->rates;
    const cx_caps      *caps = caps_of(ch);
    const cx_outgoing  *o = &c->outgoing;
    const int64_t       rate = account_rate(ch, caps);
    bool                usable;
    const bool          known = cx_template_known(ch, out, &usable);
    const cx_govern_in  in = {
        .caps = caps,
        .out = out,
        .now_ms = cx_now_ms(),
        .last_in_ms = o->last_in_at,
        .template_known = known,
        .template_usable = usable,
        .opted_out = o->opted_out,
        .pair_free_ms = cx_rate_free_ms(cx_rates_of(rates, c->id),
                                        pair_gap_us(caps),
                                        caps->pair_burst),
        .rate_free_ms = cx_rate_free_ms(cx_rates_of(rates, ch->row.id),
                                        gap_us(rate), rate),
    };

    return cx_govern(&in);
}


bool
cx_permit_window(const cx_dir_channel *ch, int64_t last_in_ms)
{
    const cx_out        text = { .kind = CX_OUT_TEXT };
    const cx_govern_in  in = {
        .caps = caps_of(ch),
        .out = &text,
        .now_ms = cx_now_ms(),
        .last_in_ms = last_in_ms,
    };

    return cx_govern(&in).word == CX_GOVERN_ALLOW;
}


void
cx_permit_use(cx_conv *c, const cx_dir_channel *ch)
{
    cx_rates       *rates = &c->worker->rates;
    const cx_caps  *caps = caps_of(ch);
    const int64_t   now = cx_now_ms();
    const int64_t   rate = account_rate(ch, caps);

    if (caps->pair_gap_ms > 0) {
        cx_rate_take(cx_rates_of(rates, c->id), pair_gap_us(caps), now);
    }

    if (rate > 0) {
        cx_rate_take(cx_rates_of(rates, ch->row.id), gap_us(rate), now);
    }
}
