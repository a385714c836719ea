#include "ai/evidence.h"


/*
 * Words that ask for a kind of answer, and words other than digits that give
 * it.  "When is breakfast?" is not answered by "Breakfast is included".
 */
static const struct {
    const char  *asks;
    const char  *asks_two;      /* two words in a row */
    const char  *gives;
} kinds[] = {
    {   /* a time */
        " when time times hour hours wann uhr uhrzeit zeit zeiten cuando "
        "hora horas horario horarios quand heure heures horaire horaires "
        "orario orari quando ",
        " how late how early ",
        " always anytime daily noon midnight morning afternoon evening "
        "night monday tuesday wednesday thursday friday saturday sunday "
        "immer jederzeit taglich mittags abends morgens montag dienstag "
        "mittwoch donnerstag freitag samstag sonntag siempre toujours "
        "tous sempre "
    },
    {   /* a price */
        " price prices cost costs charge charges fee fees free kostet "
        "kosten kostenlos preis preise gebuhr precio precios cuesta cuestan "
        "cuanto prix cout coute combien tarif gratuit prezzo prezzi costa "
        "costano quanto preco precos custa custam gratis ",
        " how much wie viel ",
        " free included inclusive kostenlos gratis kostenfrei inklusive "
        "inbegriffen incluido incluida gratuito gratuit gratuite inclus "
        "compris incluso inclusa "
    },
};

#define KINDS  (sizeof(kinds) / sizeof(kinds[0]))

/* Rows of words that are nothing but manners, and what to say to them. */
static const struct {
    const char  *words;
    const char  *reply;
} manners[] = {
    { " hello hi hey good morning afternoon evening day there dear team ",
      "Hello! How can I help you?" },
    { " thank thanks you very much so many ",
      "You are welcome!" },
    { " hallo guten tag morgen abend moin servus gruss gott hi ",
      "Hallo! Wie kann ich helfen?" },
    { " danke vielen dank schon sehr herzlichen ",
      "Sehr gerne!" },
    { " hola buenos buenas dias tardes noches ",
      "\xc2\xa1Hola! \xc2\xbf" "En qu\xc3\xa9 puedo ayudar?" },
    { " gracias muchas ",
      "\xc2\xa1" "De nada!" },
    { " bonjour bonsoir salut coucou ",
      "Bonjour ! Comment puis-je vous aider ?" },
    { " merci beaucoup ",
      "Avec plaisir !" },
    { " ciao buongiorno buonasera salve ",
      "Ciao! Come posso aiutare?" },
    { " grazie mille ",
      "Prego!" },
    { " ola oi bom dia boa tarde noite ",
      "Ol\xc3\xa1! Como posso ajudar?" },
    { " obrigado obrigada muito ",
      "De nada!" },
};

/* What a model says when it guesses; folded, as cx_words_join gives it. */
static const char *const  hedges[] = {
    /* en */
    " not sure ", " not certain ", " unsure ", " i think ", " i believe ",
    " i assume ", " i guess ", " i don t know ", " i do not know ",
    " maybe ", " perhaps ", " probably ", " might be ", " as an ai ",
    " cannot find ", " can t find ", " no information ",
    " don t have information ", " not mentioned ", " not specified ",
    /* de */
    " weiss ich nicht ", " weiss nicht ", " nicht sicher ", " vielleicht ",
    " vermutlich ", " wahrscheinlich ", " ich glaube ", " ich denke ",
    " keine information ", " keine informationen ",
    /* es */
    " no estoy seguro ", " no estoy segura ", " no lo se ", " quizas ",
    " tal vez ", " probablemente ", " creo que ",
    /* fr */
    " je ne sais pas ", " pas sur ", " peut etre ", " probablement ",
    " je pense ", " je crois ",
    /* it */
    " non lo so ", " non sono sicuro ", " non sono sicura ", " forse ",
    " probabilmente ", " penso che ", " credo che ",
    /* pt */
    " nao sei ", " nao tenho certeza ", " talvez ", " provavelmente ",
    " acho que ", " acredito que ",
};

static const char  denials[] =
    " not no never none neither nor without t cannot nicht nein kein keine "
    "keinen keiner nie niemals ohne nunca tampoco sin ne pas jamais sans "
    "non senza nao nem sem ";

/* Manners that only look like one: "don't hesitate", "no problem". */
static const char  manners_only[] =
    " hesitate worry problem zogern problema probleme souci ";

static const char  handoff[] =
    "I don't know that for sure. I'll ask a colleague and come back to you.";


static bool asks_at(size_t kind, const cx_words *w, size_t i);
static bool gives(size_t kind, const cx_words *w);


cx_words
cx_ai_passage_words(cx_arena *a, const cx_ai_passage *p)
{
    cx_str  text = p->text;

    if (p->question.len > 0) {
        text = cx_printf(a, "%.*s\n%.*s", CX_ARG(p->question),
                         CX_ARG(p->text));
    }

    return cx_words_of(a, text);
}


/*
 * A word that asks for a kind ("time") is found where the kind is given
 * ("15:00"), but only together with the topic: a time alone is no answer.
 */
cx_coverage
cx_ai_coverage(const cx_words *question, const cx_words *passage)
{
    bool         missing = false;
    size_t       asking = 0, given = 0;
    cx_coverage  c = { 0 };

    for (size_t i = 0, next; i < question->n; i = next) {
        const bool  found = cx_words_find(passage, question, i, &next);
        bool        asks = false, here = false;

        for (size_t k = 0; k < KINDS; k++) {
            if (asks_at(k, question, i)) {
                asks = true;
                here = gives(k, passage);
                missing = missing || !here;
            }
        }

        if (next == i + 1 && question->items[i].stop) {
            continue;
        }

        c.asked++;
        c.found += found;
        asking += asks && !found;
        given += asks && !found && here;
    }

    c.found += c.found > 0 ? given : 0;
    c.share = c.asked > 0 ? (double) c.found / (double) c.asked : 0;
    c.share = missing ? 0.6 * c.share : c.share;

    return c;
}


static bool
asks_at(size_t kind, const cx_words *w, size_t i)
{
    char    two[40];
    cx_str  x = w->items[i].fold, y;

    if (cx_word_in(kinds[kind].asks, x)) {
        return true;
    }

    if (i + 1 == w->n) {
        return false;
    }

    y = w->items[i + 1].fold;

    if (x.len + 1 + y.len > sizeof(two)) {
        return false;
    }

    memcpy(two, x.p, x.len);
    two[x.len] = ' ';
    memcpy(two + x.len + 1, y.p, y.len);

    return cx_word_in(kinds[kind].asks_two,
                      (cx_str) { x.len + 1 + y.len, two });
}


static bool
gives(size_t kind, const cx_words *w)
{
    for (size_t i = 0; i < w->n; i++) {
        if (cx_word_number(w->items[i].fold)
            || cx_word_in(kinds[kind].gives, w->items[i].fold))
        {
            return true;
        }
    }

    return false;
}


bool
cx_ai_hedged(cx_str answer, cx_arena *a)
{
    const cx_words  w = cx_words_of(a, answer);
    const cx_str    text = cx_words_join(a, &w);

    for (size_t i = 0; i < sizeof(hedges) / sizeof(hedges[0]); i++) {
        if (cx_str_find(text, cx_strz(hedges[i])) != SIZE_MAX) {
            return true;
        }
    }

    return false;
}


bool
cx_ai_denies(const cx_words *words)
{
    for (size_t i = 0; i < words->n; i++) {
        if (cx_word_in(denials, words->items[i].fold)
            && (i + 1 == words->n
                || !cx_word_in(manners_only, words->items[i + 1].fold)))
        {
            return true;
        }
    }

    return false;
}


cx_str
cx_ai_small_talk(const cx_words *question)
{
    for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
        size_t  n = 0;

        while (n < question->n
               && cx_word_in(manners[i].words, question->items[n].fold))
        {
            n++;
        }

        if (n > 0 && n == question->n) {
            return cx_strz(manners[i].reply);
        }
    }

    return CX_NOSTR;
}


cx_str
cx_ai_handoff(const cx_ai_prompt *p)
{
    return p->handoff.len > 0 ? p->handoff : CX_STR(handoff);
}
