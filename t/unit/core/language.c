#include "core/fold.h"
#include "core/language.h"

#include "unit/tap.h"


static void
is(const char *text, const char *want)
{
    char    out[2048];
    size_t  n = cx_fold_words(cx_strz(text), out, sizeof(out));

    tap_is_str(cx_language_word(cx_language_guess((cx_str) { n, out })),
               cx_strz(want), text);
}


int
main(void)
{
    is("Do you have parking?", "en");
    is("I want my money back please", "en");
    is("Where is my order? It should have been here yesterday", "en");
    is("Hola, \xc2\xbftienen estacionamiento?", "es");
    is("\xc2\xbf" "D\xc3\xb3nde est\xc3\xa1 mi pedido?", "es");
    is("Quiero saber si hay habitaciones para el s\xc3\xa1" "bado", "es");
    is("Haben Sie einen Parkplatz?", "de");
    is("Wo ist meine Bestellung? Sie sollte gestern kommen", "de");
    is("Bonjour, avez-vous un parking ?", "fr");
    is("Je voudrais savoir si ma commande est partie", "fr");
    is("Ol\xc3\xa1, voc\xc3\xaas t\xc3\xaam estacionamento?", "pt");
    is("Onde est\xc3\xa1 o meu pedido? N\xc3\xa3o recebi", "pt");
    is("Buongiorno, avete un parcheggio?", "it");
    is("Dove posso parcheggiare e quanto costa?", "it");
    is("Hebben jullie een parkeerplaats?", "nl");
    is("Waar is mijn bestelling? Ik heb nog niets ontvangen", "nl");

    is("", "unknown");
    is("ok", "unknown");
    is("la", "unknown");
    is("de la", "unknown");
    is("12345", "unknown");
    is("parking", "unknown");
    is("\xe9\x80\x80\xe6\xac\xbe", "unknown");
    is("\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", "unknown");

    tap_ok(cx_language_guess(CX_NOSTR) == CX_LANGUAGE_UNKNOWN, "nothing");
    tap_ok(cx_language_parse(CX_STR("nl")) == CX_LANGUAGE_NL, "a word");
    tap_ok(cx_language_parse(CX_STR("xx")) == CX_LANGUAGE_UNKNOWN, "none");
    tap_ok(cx_language_parse(CX_STR("unknown")) == CX_LANGUAGE_UNKNOWN,
           "unknown is none");

    return tap_done();
}
