/* What only an adapter knows to be impossible is known before it is stored,
 * and named. */

#include "channel/channel.h"

#include "unit/tap.h"


#define SID  "AC22222222222222222222222222222222"
#define HX   "HX33333333333333333333333333333333"

static const cx_setting  twilio[] = {
    { CX_STR_INIT("account_sid"), CX_STR_INIT(SID) },
    { CX_STR_INIT("templates"), CX_STR_INIT("hello=" HX) },
};

static const cx_setting  email[] = {
    { CX_STR_INIT("smtp_url"), CX_STR_INIT("smtp://mail.example.com:587") },
};

#define SETTINGS(s)  s, sizeof(s) / sizeof(s[0])

static const struct {
    const char        *type;
    const char        *account;
    const cx_setting  *settings;
    size_t             nsettings;
    const char        *to;
} places[] = {
    { "whatsapp", "106540352242922", NULL, 0, "16505551234" },
    { "messenger", "100", NULL, 0, "7000000000000001" },
    { "instagram", "100", NULL, 0, "7000000000000001" },
    { "twilio", "whatsapp:+15550783881", SETTINGS(twilio), "+16505551234" },
    { "twilio", "+15550783881", SETTINGS(twilio), "+16505551234" },
    { "rcs", "agent", NULL, 0, "+16505551234" },
    { "webchat", "site", NULL, 0, "v_1" },
    { "email", "help@example.com", SETTINGS(email), "ana@example.org" },
};

#define PLACES  (sizeof(places) / sizeof(places[0]))


static cx_sender
sender_at(size_t i)
{
    return (cx_sender) {
        .account = cx_strz(places[i].account),
        .settings = places[i].settings,
        .nsettings = places[i].nsettings,
        .now_ms = 1800000000000,
    };
}


/* What it says about the first of what it would become; "" when it can. */
static cx_str
said(size_t place, cx_out o, cx_arena *a)
{
    cx_outs            list = { .n = 0 };
    const char        *error = "";
    const cx_sender    from = sender_at(place);
    const cx_channel  *ch = cx_channel_sender(cx_strz(places[place].type));

    o.to = cx_strz(places[place].to);

    if (cx_out_fit(cx_channel_caps(ch, from.account), &o, a, &list, &error)
        == CX_OK)
    {
        for (size_t i = 0; i < list.n; i++) {
            if (cx_channel_check(ch, &from, &list.items[i], a, &error)
                != CX_OK)
            {
                break;
            }
        }
    }

    return cx_strz(error);
}


static void
expect(size_t place, cx_out o, const char *word, cx_arena *a)
{
    const cx_str  is = said(place, o, a);

    tap_ok(word[0] == '\0' ? is.len == 0 : cx_str_starts(is, cx_strz(word)),
           "%s, %s: %s", places[place].type, cx_out_word(o.kind),
           word[0] == '\0' ? "can be" : word);

    if (is.len > 0) {
        printf("# %.*s\n", CX_ARG(is));
    }
}


static void
named(cx_arena *a)
{
    cx_out           template = { .kind = CX_OUT_TEMPLATE,
                                  .name = CX_STR("hello") };
    const cx_out     smile = { .kind = CX_OUT_REACTION,
                               .reply_to = CX_STR("mid.1"),
                               .text = CX_STR("\xf0\x9f\x98\x80") };

    expect(0, template, "language is missing", a);
    expect(3, template, "", a);
    expect(4, template, "", a);
    template.language = CX_STR("en");
    expect(0, template, "", a);
    template.components = CX_STR("[]");
    expect(3, template, "components", a);
    template.components = CX_STR("{}");
    expect(0, template, "kind", a);
    template = (cx_out) { .kind = CX_OUT_TEMPLATE, .name = CX_STR("other") };
    expect(3, template, "name", a);
    template.name = CX_STR(HX);
    expect(3, template, "", a);
    expect(1, smile, "", a);
    expect(2, smile, "text", a);
}


/* A text can be sent everywhere, if the settings are what they must be. */
static void
settings(cx_arena *a)
{
    const cx_out       text = { .kind = CX_OUT_TEXT, .text = CX_STR("hello"),
                                .to = CX_STR("+16505551234") };
    const char        *error = "";
    const cx_channel  *ch = cx_channel_sender(CX_STR("twilio"));
    cx_sender          from = sender_at(3);

    for (size_t i = 0; i < PLACES; i++) {
        expect(i, text, "", a);
    }

    from.nsettings = 0;
    tap_is_int(cx_channel_check(ch, &from, &text, a, &error), CX_INVALID,
               "without account_sid");
    tap_is_str(cx_strz(error),
               CX_STR("the channel's setting account_sid is missing"),
               "it says so");
}


/* Whatever passes the rules of all channels can be, or is named. */
static void
kinds(cx_arena *a)
{
    cx_out_choice  choice = { .title = CX_STR("Yes") };
    cx_out         o = {
        .text = CX_STR("hello"),
        .reply_to = CX_STR("mid.1"),
        .choices = &choice,
        .latitude = 38.7,
        .longitude = -9.1,
        .contacts = CX_STR("[{\"name\":{\"formatted_name\":\"Ana\"}}]"),
        .name = CX_STR("hello"),
        .language = CX_STR("en"),
    };
    size_t         unnamed = 0, n = 0;

    for (size_t i = 0; i < PLACES; i++) {
        for (int kind = 0; kind < CX_OUT_READ; kind++) {
            for (int id = 0; id < 2; id++) {
                o.kind = (cx_out_kind) kind;
                o.nchoices = kind == CX_OUT_BUTTONS || kind == CX_OUT_LIST;
                o.media_url = id ? CX_NOSTR : CX_STR("https://example.com/a");
                o.media_id = id ? CX_STR("1003383421387256") : CX_NOSTR;

                const cx_str  is = said(i, o, a);

                n++;

                if (cx_str_starts(is, CX_STR("kind: the channel cannot"))) {
                    unnamed++;
                    printf("# %s, %s%s\n", places[i].type,
                           cx_out_word(o.kind), id ? ", by id" : "");
                }
            }
        }
    }

    tap_is_int((int64_t) unnamed, 0, "what is wrong has a name");
    tap_ok(n == PLACES * CX_OUT_READ * 2, "of all kinds");
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(4 << 20);

    named(a);
    settings(a);
    kinds(a);

    cx_arena_free(a);
    return tap_done();
}
