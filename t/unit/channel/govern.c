/*
 * The send governor: examples, and a million random states with an oracle
 * that knows only what is illegal.
 */

#include "channel/channel.h"

#include "unit/tap.h"


#define STATES  1000000
#define HOUR    INT64_C(3600000)
#define NOW     INT64_C(1795579377000)

static uint64_t  seed = 42;


static uint32_t
any(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t) (seed >> 33) % n;
}


/* Written from the providers' rules alone: why sending that now would be
 * against them; NULL: it is not. */
static const char *
illegal(const cx_govern_in *s, bool tagged)
{
    const cx_caps  *c = s->caps;
    const int64_t   age = s->now_ms - s->last_in_ms;
    const bool      fresh = s->last_in_ms != 0 && age < c->window_ms;
    const bool      sign = s->out->kind == CX_OUT_READ
                           || s->out->kind == CX_OUT_TYPING;

    if (c->opt_out && s->opted_out) {
        return "the customer said stop";
    }

    if (s->out->kind == CX_OUT_TEMPLATE && s->template_known
        && !s->template_usable)
    {
        return "a template that is not approved";
    }

    if (tagged && (!s->out->human || s->out->kind != CX_OUT_TEXT)) {
        return "the tag on what no person wrote";
    }

    if (tagged && (s->last_in_ms == 0 || age >= c->human_window_ms)) {
        return "the tag after its time";
    }

    if (c->window_ms != 0 && !fresh && !tagged
        && !(s->out->kind == CX_OUT_TEMPLATE && c->templates_outside))
    {
        return "the window is closed";
    }

    return !sign && (s->pair_free_ms > s->now_ms
                     || s->rate_free_ms > s->now_ms) ? "too fast" : NULL;
}


static void
random_state(cx_caps *caps, cx_out *out, cx_govern_in *s)
{
    static const int64_t  windows[] = { 0, HOUR, 24 * HOUR, 7 * 24 * HOUR };
    const int64_t         edge = windows[1 + any(3)];

    *caps = (cx_caps) {
        .window_ms = windows[any(4)],
        .human_window_ms = windows[any(4)],
        .templates_outside = any(2),
        .opt_out = any(2),
    };
    *out = (cx_out) { .kind = (cx_out_kind) any(CX_OUT_COUNT),
                      .human = any(2) };
    *s = (cx_govern_in) {
        .caps = caps,
        .out = out,
        .now_ms = NOW + any(1000000),
        .opted_out = any(4) == 0,
        .template_known = any(2),
        .template_usable = any(2),
    };

    /* Never, around the edge of a window, or anywhere (also ahead of us). */
    switch (any(4)) {

    case 0:
        break;

    case 1:
        s->last_in_ms = s->now_ms - edge + (int64_t) any(40001) - 20000;
        break;

    default:
        s->last_in_ms = s->now_ms - (int64_t) any(2000000000)
                        + (int64_t) any(100000);
    }

    s->pair_free_ms = any(2) * (s->now_ms - 1000 + any(2001));
    s->rate_free_ms = any(2) * (s->now_ms - 1000 + any(2001));
}


static void
no_illegal_send(void)
{
    size_t        bad = 0, sent = 0, words[CX_GOVERN_REFUSE + 1] = { 0 };
    size_t        odd = 0;
    cx_out        out;
    cx_caps       caps;
    cx_governed   said;
    cx_govern_in  s;
    const char   *why;

    for (int i = 0; i < STATES; i++) {
        random_state(&caps, &out, &s);
        said = cx_govern(&s);
        words[said.word]++;

        if (said.word == CX_GOVERN_WAIT) {
            odd += said.until_ms <= s.now_ms;
        }

        odd += said.word > CX_GOVERN_ALLOW_TAGGED && said.reason[0] == '\0';

        if (said.word > CX_GOVERN_ALLOW_TAGGED) {
            continue;
        }

        sent++;
        why = illegal(&s, said.word == CX_GOVERN_ALLOW_TAGGED);

        if (why != NULL && bad++ < 3) {
            printf("# state %d: %s\n", i, why);
        }
    }

    tap_is_int((int64_t) bad, 0, "a million states, no illegal send");
    tap_is_int((int64_t) odd, 0, "a wait is ahead, a no has a reason");
    tap_ok(sent > STATES / 10 && words[1] > 0 && words[2] > 0 && words[3] > 0
           && words[4] > 0, "every answer occurs: %zu %zu %zu %zu %zu",
           words[0], words[1], words[2], words[3], words[4]);
}


static void
says(const cx_govern_in *s, cx_govern_word word, const char *reason,
    const char *name)
{
    const cx_governed  got = cx_govern(s);

    tap_is_int(got.word, word, name);
    tap_is_str(cx_strz(got.reason), cx_strz(reason), "its reason");
}


static void
examples(void)
{
    const cx_caps  wa = { .window_ms = 24 * HOUR, .templates_outside = true,
                          .opt_out = true };
    const cx_caps  fb = { .window_ms = 24 * HOUR,
                          .human_window_ms = 7 * 24 * HOUR };
    cx_out         text = { .kind = CX_OUT_TEXT };
    cx_out         person = { .kind = CX_OUT_TEXT, .human = true };
    cx_out         tmpl = { .kind = CX_OUT_TEMPLATE };
    cx_govern_in   s = { .caps = &wa, .out = &text, .now_ms = NOW,
                         .last_in_ms = NOW - HOUR };

    says(&s, CX_GOVERN_ALLOW, "", "within a day");
    s.pair_free_ms = NOW + 6000;
    says(&s, CX_GOVERN_WAIT, "pair_rate", "too fast to one");
    s.rate_free_ms = NOW + 7000;
    says(&s, CX_GOVERN_WAIT, "account_rate", "too fast to all");
    s.pair_free_ms = s.rate_free_ms = 0;
    s.last_in_ms = NOW - 25 * HOUR;
    says(&s, CX_GOVERN_TEMPLATE, "window_closed", "after a day");
    s.out = &tmpl;
    says(&s, CX_GOVERN_ALLOW, "", "a template");
    s.template_known = true;
    says(&s, CX_GOVERN_REFUSE, "template_unusable", "one that is paused");
    s.template_usable = s.opted_out = true;
    says(&s, CX_GOVERN_REFUSE, "opted_out", "whoever said stop");
    s.caps = &fb;
    s.out = &text;
    s.opted_out = false;
    says(&s, CX_GOVERN_REFUSE, "window_closed", "a bot after a day");
    s.out = &person;
    says(&s, CX_GOVERN_ALLOW_TAGGED, "", "a person within a week");
    s.last_in_ms = 0;
    says(&s, CX_GOVERN_REFUSE, "window_closed", "nobody ever wrote");
}


/* Random sends through a bucket: in no span more than the rule allows. */
static void
rates(void)
{
    static int64_t  times[5000];
    const int64_t   gap_us = 6000000, burst = 45;
    bool            good = true;
    size_t          n = 0;
    int64_t         now = NOW, free_ms;
    cx_rate         r = { 0 };

    while (n < 5000) {
        free_ms = cx_rate_free_ms(&r, gap_us, burst);

        if (free_ms <= now) {
            cx_rate_take(&r, gap_us, now);
            times[n++] = now;
        }

        now += any(4) == 0 ? (int64_t) any(30000) : any(50);

        if (free_ms > now && any(3) == 0) {
            now = free_ms;
        }
    }

    for (size_t i = (size_t) burst; i < n; i++) {
        good = good && times[i] - times[i - (size_t) burst] >= gap_us / 1000;
    }

    for (size_t i = 2 * (size_t) burst; i < n; i++) {
        good = good && times[i] - times[i - 2 * (size_t) burst]
                       >= burst * gap_us / 1000;
    }

    tap_ok(good, "a burst of 45, then one in six seconds");
    tap_ok(times[n - 1] - times[0] < (int64_t) n * 7000 + 100 * HOUR,
           "and all of it is used");

    r = (cx_rate) { 0 };
    cx_rate_take(&r, 0, NOW);
    tap_is_int(cx_rate_free_ms(&r, 0, 1), 0, "no rule, no wait");
}


int
main(void)
{
    examples();
    rates();
    no_illegal_send();

    return tap_done();
}
