/* The list of providers, and questions as search text. */

#include "ai/ai.h"

#include "ai/words.h"

#include "unit/tap.h"


static cx_arena  *arena;


static void
registry(void)
{
    cx_str  rest = cx_strz(cx_ai_names()), name;

    while (cx_str_split(&rest, ',', &name)) {
        name = cx_str_trim(name);
        tap_ok(cx_ai_find(name) != NULL
               && cx_str_eq(cx_strz(cx_ai_find(name)->name), name),
               "%.*s is found by its name", CX_ARG(name));
    }

    tap_ok(cx_ai_find(CX_STR("")) == NULL, "nothing is none");
    tap_ok(cx_ai_find(CX_STR("knowledge"))->build == NULL
           && cx_ai_find(CX_STR("knowledge"))->answer != NULL,
           "the built-in one asks nobody");
    tap_ok(cx_ai_find(CX_STR("openai"))->build != NULL
           && cx_ai_find(CX_STR("openai"))->answer == NULL,
           "the other one a server");
}


static void
queries(void)
{
    static const struct {
        const char  *question;
        const char  *query;
    } cases[] = {
        { "", "" },
        { "   ?!", "" },
        { "what is the", "" },
        { "Is there parking?", "\"parking\"*" },
        { "What time is check-in?",
          "\"time\"* OR \"check-in\" OR \"checkin\"" },
        { "can I check in late", "\"check in\" OR \"checkin\" OR \"late\"*" },
        { "checkin", "\"checkin\"" },
        { "pet PET Pets", "\"pet\" OR \"Pets\"*" },
        { "Wie viel kostet das Fr\xc3\xbchst\xc3\xbc" "ck?",
          "\"kostet\"* OR \"Fr\xc3\xbchst\xc3\xbc" "ck\"*" },
        { "\xc2\xbf" "D\xc3\xb3nde est\xc3\xa1 la piscina?",
          "\"piscina\"*" },
        { "O\xc3\xb9 est la piscine ?", "\"piscine\"*" },
        { "Dov'\xc3\xa8 la spiaggia?", "\"spiaggia\"*" },
        { "Tem estacionamento?", "\"estacionamento\"*" },
        { "room 12", "\"room\"* OR \"12\"" },
        { "a\"b* OR c) NEAR(x", "\"NEAR\"*" },
        { "\xf0\x9f\x98\x80 pool \xff pool", "\"pool\"*" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tap_is_str(cx_ai_query(arena, cx_strz(cases[i].question)),
                   cx_strz(cases[i].query), cases[i].question);
    }
}


static void
bounds(void)
{
    char     word[4000];
    cx_buf   b;
    size_t   terms = 1;
    cx_str   query, rest;

    cx_buf_init(&b, arena, 8192, 8192);

    for (int i = 0; i < 500; i++) {
        cx_buf_printf(&b, "wo%04dx ", i);
    }

    query = cx_ai_query(arena, cx_buf_str(&b));

    for (rest = query; cx_str_find(rest, CX_STR(" OR ")) != SIZE_MAX;
         terms++)
    {
        const size_t  at = cx_str_find(rest, CX_STR(" OR "));

        rest = cx_str_sub(rest, at + 4, rest.len);
    }

    tap_is_int((int64_t) terms, 32, "at most 32 terms");

    memset(word, 'x', sizeof(word));
    query = cx_ai_query(arena, (cx_str) { sizeof(word), word });
    tap_is_str(query, CX_STR(""), "what is too long is no word");
}


static bool
alike(const char *x, const char *y)
{
    const cx_words  a = cx_words_of(arena, cx_strz(x));
    const cx_words  b = cx_words_of(arena, cx_strz(y));

    return a.n == 1 && b.n == 1 && cx_word_alike(&a.items[0], &b.items[0])
           && cx_word_alike(&b.items[0], &a.items[0]);
}


static void
words(void)
{
    const cx_words  w = cx_words_of(arena, CX_STR(
        "Wi-Fi, check-in; \xc3\x84" "pfel STRA\xc3\x9f" "E \xd0\x9c\xd0\x98"
        "\xd0\xa0"));

    tap_is_str(cx_words_join(arena, &w),
               CX_STR(" wi fi checkin apfel strasse \xd0\xbc\xd0\xb8"
                      "\xd1\x80 "), "folded");
    tap_ok(w.n == 6 && w.items[1].tied && !w.items[2].tied, "hyphens");

    tap_ok(alike("pet", "pets"), "pet, pets");
    tap_ok(alike("park", "parking"), "park, parking");
    tap_ok(alike("arrive", "arrival"), "arrive, arrival");
    tap_ok(alike("smoke", "smoking"), "smoke, smoking");
    tap_ok(alike("cancel", "Cancellation"), "cancel, cancellation");
    tap_ok(alike("Caf\xc3\xa9", "cafe"), "accents");
    tap_ok(alike("check in", "check-in"), "check in, check-in");
    tap_ok(alike("checkin", "check-in"), "checkin, check-in");
    tap_ok(!alike("check-in", "check-out"), "check-in, check-out");
    tap_ok(!alike("checkout", "check"), "checkout, check");
    tap_ok(!alike("12", "123"), "12, 123");
    tap_ok(!alike("pool", "pony"), "pool, pony");
    tap_ok(!alike("cat", "category"), "cat, category");
}


int
main(void)
{
    arena = cx_arena_new(1 << 20);

    registry();
    queries();
    bounds();
    words();

    cx_arena_free(arena);
    return tap_done();
}
