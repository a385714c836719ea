/* The send governor: may this be said now?  Pure; whoever asks brings the
 * clock and what the record knows. */

#include "channel/out.h"


/* A window counts at the provider, some time after we looked at the clock. */
#define MARGIN_MS  10000

#define SAYS(w, why)  ((cx_governed) { .word = CX_GOVERN_##w, .reason = why })


/* A message from the future (clocks differ) is one of now. */
static bool
within(const cx_govern_in *in, int64_t window_ms)
{
    return in->last_in_ms > 0
           && in->now_ms - in->last_in_ms < window_ms - MARGIN_MS;
}


static bool
may_be_tagged(const cx_govern_in *in)
{
    return in->out->human && in->out->kind == CX_OUT_TEXT
           && in->caps->human_window_ms > 0
           && within(in, in->caps->human_window_ms);
}


/* Leaves no message, so rates do not count it and nobody waits for it. */
static bool
is_sign(cx_out_kind kind)
{
    return kind == CX_OUT_READ || kind == CX_OUT_TYPING;
}


static cx_governed
by_window(const cx_govern_in *in)
{
    const cx_caps  *caps = in->caps;

    if (in->out->kind == CX_OUT_TEMPLATE && in->template_known
        && !in->template_usable)
    {
        return SAYS(REFUSE, "template_unusable");
    }

    if (caps->window_ms == 0 || within(in, caps->window_ms)) {
        return SAYS(ALLOW, "");
    }

    if (in->out->kind == CX_OUT_TEMPLATE && caps->templates_outside) {
        return SAYS(ALLOW, "");
    }

    if (may_be_tagged(in)) {
        return SAYS(ALLOW_TAGGED, "");
    }

    return caps->templates_outside && !is_sign(in->out->kind)
           ? SAYS(TEMPLATE, "window_closed") : SAYS(REFUSE, "window_closed");
}


static cx_governed
by_rate(const cx_govern_in *in, cx_governed said)
{
    const bool     pair = in->pair_free_ms >= in->rate_free_ms;
    const int64_t  at = pair ? in->pair_free_ms : in->rate_free_ms;

    if (at <= in->now_ms) {
        return said;
    }

    return (cx_governed) {
        .word = CX_GOVERN_WAIT,
        .until_ms = at,
        .reason = pair ? "pair_rate" : "account_rate",
    };
}


cx_governed
cx_govern(const cx_govern_in *in)
{
    cx_governed  said;

    if (in->opted_out && in->caps->opt_out) {
        return SAYS(REFUSE, "opted_out");
    }

    said = by_window(in);

    return (said.word == CX_GOVERN_ALLOW
            || said.word == CX_GOVERN_ALLOW_TAGGED)
           && !is_sign(in->out->kind) ? by_rate(in, said) : said;
}


/* --- rates --------------------------------------------------------------- */

#define MS  1000        /* in us: a rate may be of more than 1,000 a second */


/* The theoretical arrival time of GCRA: when the next one would be due if
 * they came evenly; burst of them may come before. */
int64_t
cx_rate_free_ms(const cx_rate *r, int64_t gap_us, int64_t burst)
{
    const int64_t  ahead = (burst > 1 ? burst - 1 : 0) * gap_us;

    return gap_us <= 0 || r->due_us <= ahead
           ? 0 : (r->due_us - ahead + MS - 1) / MS;
}


void
cx_rate_take(cx_rate *r, int64_t gap_us, int64_t now_ms)
{
    if (gap_us > 0) {
        r->due_us = (r->due_us > now_ms * MS ? r->due_us : now_ms * MS)
                    + gap_us;
    }
}
