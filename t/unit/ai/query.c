/* The list of providers, words and their stems, and what is looked up. */

#include "ai/ai.h"

#include "ai/stem.h"
#include "ai/terms.h"
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


/* Words with their forms: "kostet kostet|kost". */
static cx_str
found(const char *question)
{
    cx_find  f;
    cx_buf   b;

    cx_ai_find_words(arena, cx_strz(question), &f);
    cx_buf_init(&b, arena, 64, 8192);

    for (size_t i = 0; i < f.n; i++) {
        cx_buf_add(&b, i > 0 ? CX_STR(" ") : CX_NOSTR);

        for (size_t k = 0; k < f.words[i].n; k++) {
            cx_buf_add(&b, k > 0 ? CX_STR("|") : CX_NOSTR);
            cx_buf_add(&b, f.words[i].forms[k]);
        }
    }

    return cx_buf_str(&b);
}


static void
questions(void)
{
    static const struct {
        const char  *question;
        const char  *found;
    } cases[] = {
        { "", "" },
        { "   ?!", "" },
        { "what is the", "" },
        { "What time is check-in?", "time|tim checkin" },
        { "can I check in late", "checkin late|lat" },
        { "pet PET Pets", "pet pets|pet" },
        { "room 12", "room|roo 12" },
        { "Wi-Fi", "wifi wi fi" },
        { "\xc2\xbf" "D\xc3\xb3nde est\xc3\xa1 la piscina?",
          "piscina|piscin" },
        { "a\"b* OR c) NEAR(x", "near" },
        { "\xf0\x9f\x98\x80 pool \xff pool", "pool" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tap_is_str(found(cases[i].question), cx_strz(cases[i].found),
                   cases[i].question);
    }
}


static cx_str
stem(const char *language, const char *word)
{
    const cx_words  w = cx_words_of(arena, cx_strz(word));

    return cx_stem(cx_language_parse(cx_strz(language)), w.items[0].fold);
}


/* Forms of one word, first, are one stem. */
static void
stems(void)
{
    static const struct {
        const char  *language;
        const char  *words;
    } cases[] = {
        { "en", "cancel cancels cancelled cancellation cancelling" },
        { "en", "delivery deliveries deliver delivered" },
        { "en", "arrive arrives arrived arrival arriving" },
        { "en", "smoke smoking smokers" },
        { "en", "price prices priced pricing" },
        { "en", "towel towels" },
        { "de", "buchen buchung buchungen" },
        { "de", "stornieren stornierung storniert" },
        { "de", "parken parkt" },
        { "de", "rauchen raucht rauche" },
        { "de", "handtuch handtuchern" },
        { "es", "reservar reserva reservas reservaci\xc3\xb3n reservacion"
          " reservaciones reservado" },
        { "es", "llegar llegada llegadas" },
        { "es", "mascota mascotas" },
        { "fr", "annuler annulation annulations annul\xc3\xa9" },
        { "fr", "arriver arriv\xc3\xa9" "e arriv\xc3\xa9" "es arrivons" },
        { "it", "prenotare prenotazione prenotazioni prenotato" },
        { "it", "parcheggio parcheggi parcheggiare" },
        { "pt", "cancelar cancelamento cancelado" },
        { "pt", "reservar reserva reserva\xc3\xa7\xc3\xa3o reservacao"
          " reserva\xc3\xa7\xc3\xb5" "es" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cx_str  rest = cx_strz(cases[i].words), word, first = CX_NOSTR;
        bool    same = true;

        while (cx_str_split(&rest, ' ', &word)) {
            const cx_str  s = stem(cases[i].language, cx_dupz(arena, word));

            first = first.len > 0 ? first : s;
            same = same && cx_str_eq(s, first);
        }

        tap_ok(same, "%s: %s: %.*s", cases[i].language, cases[i].words,
               CX_ARG(first));
    }
}


static void
bounds(void)
{
    char     word[4000];
    cx_buf   b;
    size_t   forms = 0;
    cx_find  f;

    cx_buf_init(&b, arena, 8192, 8192);

    for (int i = 0; i < 500; i++) {
        cx_buf_printf(&b, "word%04dings ", i);
    }

    cx_ai_find_words(arena, cx_buf_str(&b), &f);

    for (size_t i = 0; i < f.n; i++) {
        forms += f.words[i].n;
    }

    tap_ok(f.n <= CX_FIND_WORDS && forms <= CX_FIND_ALL,
           "%zu words, %zu forms at most", f.n, forms);

    memset(word, 'x', sizeof(word));
    cx_ai_find_words(arena, (cx_str) { sizeof(word), word }, &f);
    tap_ok(f.n <= 1 && f.words[0].forms[0].len <= CX_TERM_MAX,
           "what is too long is cut");
}


static void
postings(void)
{
    static const int64_t  numbers[] = { 0, 1, 33, 40000, CX_PASSAGES_MAX };
    char                  p[5 * CX_POSTING_MAX];
    size_t                len = 0, n = 0;
    int64_t               at = -1;
    unsigned              impact;
    cx_str                rest;

    for (size_t i = 0; i < 5; i++) {
        len += cx_posting_put(p + len, i > 0 ? numbers[i - 1] : -1,
                              numbers[i], 1 + (unsigned) i);
    }

    rest = (cx_str) { len, p };

    while (n < 5 && cx_posting_next(&rest, &at, &impact)) {
        tap_ok(at == numbers[n] && impact == n + 1, "entry %zu", n);
        n++;
    }

    tap_ok(n == 5 && rest.len == 0, "all entries");

    for (size_t cut = 0; cut < len; cut++) {
        rest = (cx_str) { cut, p };
        at = -1;

        while (cx_posting_next(&rest, &at, &impact)) {
            /* void */
        }
    }

    rest = CX_STR("\xff\xff");
    tap_ok(!cx_posting_next(&rest, &at, &impact), "bytes that are none");
    tap_ok(cx_impact(1, 10) > cx_impact(1, 200), "a short passage says more");
    tap_ok(cx_impact(3, 40) > cx_impact(1, 40), "and so does a repeated word");
    tap_ok(cx_impact(255, 1) <= CX_IMPACT_MAX, "up to a limit");
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
    questions();
    stems();
    bounds();
    postings();
    words();

    cx_arena_free(arena);
    return tap_done();
}
