/* Settings of a type, and the words by which customers end our messages. */

#include "channel/channel.h"

#include "unit/tap.h"


static cx_arena  *arena;


static bool
starts_ab(cx_str value)
{
    return cx_str_starts(value, CX_STR("ab"));
}


static const cx_setting_def  defs[] = {
    { "must", true, "anything", NULL },
    { "odd", false, "begins with ab", starts_ab },
    { NULL, false, NULL, NULL },
};

static const cx_channel  type = { .name = "type", .settings = defs };


static void
check(const char *json, const char *name, const char *what)
{
    size_t             n = 0;
    cx_str             which = CX_NOSTR;
    const char        *wrong;
    const cx_setting  *list = NULL;

    tap_is_int(cx_settings_decode(cx_strz(json), arena, &list, &n), CX_OK,
               json);
    wrong = cx_settings_check(&type, list, n, &which);
    tap_is_str(which, cx_strz(name), "names it");
    tap_is_str(cx_strz(wrong), cx_strz(what), "and says what is wrong");
}


static void
settings(void)
{
    size_t             n = 7;
    const cx_setting  *list = NULL;

    check("{\"must\":\"x\"}", "", "");
    check("{\"must\":\"x\",\"odd\":\"abc\",\"rate\":\"80\"}", "", "");
    check("", "must", "is missing");
    check("{\"must\":\"\"}", "must", "is missing");
    check("{\"must\":\"x\",\"odd\":\"b\"}", "odd", "begins with ab");
    check("{\"must\":\"x\",\"other\":\"b\"}", "other",
          "is no setting of this type");
    check("{\"must\":\"a\\nb\"}", "must", "must be a text without control "
          "characters, of at most 2048 bytes");
    check("{\"must\":\"x\",\"rate\":\"0\"}", "rate", "1 to 100000: messages "
          "a second that the provider has granted this account");

    tap_is_int(cx_settings_decode(CX_STR("[]"), arena, &list, &n),
               CX_MALFORMED, "not an object");
    tap_is_int(cx_settings_decode(CX_STR("{\"a\":1}"), arena, &list, &n),
               CX_MALFORMED, "not a text");
    tap_is_int((int64_t) n, 7, "nothing was written");
}


static void
words(void)
{
    static const struct {
        const char  *text;
        int          word;
    } rows[] = {
        { "STOP", -1 }, { " stop. ", -1 }, { "Unsubscribe", -1 },
        { "Opt out!", -1 }, { "START", 1 }, { "unstop", 1 },
        { "Stop by tomorrow", 0 }, { "cancel", 0 }, { "end", 0 }, { "", 0 },
        { "...", 0 }, { "restart", 0 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_is_int(cx_optout_word(cx_strz(rows[i].text)), rows[i].word,
                   rows[i].text);
    }
}


int
main(void)
{
    arena = cx_arena_new(1 << 20);

    settings();
    words();

    cx_arena_free(arena);
    return tap_done();
}
