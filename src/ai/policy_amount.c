/*
 * Sums and percentages of an answer.  A price is a promise: it stands in a
 * source, in the same currency, or a person looks at it.
 */

#include "ai/policy_rules.h"

#include "ai/words.h"


#define AMOUNTS_MAX  100        /* of one answer */
#define WORD_MAX     24

/* sign: what stands for it beside a number; words: folded. */
static const struct {
    const char  *sign;
    const char  *words;
} units[] = {
    { "%", " percent prozent pct cento ciento cent pourcent procent " },
    { "\xe2\x82\xac", " eur euro euros " },
    { "$", " usd dollar dollars dolar dolares aud cad nzd sgd hkd " },
    { "\xc2\xa3", " gbp pound pounds pfund quid livres libras sterling " },
    { "\xc2\xa5", " jpy yen cny yuan rmb " },
    { "\xe2\x82\xb9", " inr rupee rupees rupien rs " },
    { "Fr.", " chf franken francs francos franchi sfr " },
    { "z\xc5\x82", " pln zloty zlotych " },
    { "K\xc4\x8d", " czk koruna kronen kroner kronor dkk nok sek " },
    { "Ft", " huf forint " },
    { "\xe2\x82\xba", " try lira liras lire " },
    { "R$", " brl real reais reales " },
    { "\xe2\x82\xbf", " btc bitcoin eth usdt " },
};

#define UNITS    (sizeof(units) / sizeof(units[0]))
#define NO_UNIT  UNITS

/* "fifty euros"; in order. */
static const char  spelled[] =
    " acht achtzig cem cent cien cinco cincuenta cinq cinquanta "
    "cinquante cinque cinquenta cuarenta cuatro deux dez dieci diez "
    "dix dois dos drei dreissig due eight eighty fifteen fifty five "
    "forty four funf funfzehn funfzig hundert hundred mil mille "
    "million neun neunzig nine ninety novanta noventa ochenta oitenta "
    "ottanta quaranta quarante quarenta quatre quatro quattro quince "
    "quindici quinze sechs sechzig sesenta sessanta setenta settanta "
    "seven seventy sieben siebzig six sixty soixante tausend ten "
    "thirty thousand three tre treinta trenta trente tres trinta trois "
    "twenty two veinte venti vier vierzig vingt vinte zehn zwanzig "
    "zwei ";


static bool digits_known(const cx_policy_case *c);
static bool in_source(cx_str text, cx_str number, size_t unit);
static size_t unit_of(cx_str text, cx_str number);
static size_t unit_behind(cx_str text);
static size_t unit_before(cx_str text);
static size_t unit_word(cx_str word);
static cx_str word_at(cx_str text);
static cx_str word_before(cx_str text);
static bool same_sum(cx_str a, cx_str b);
static cx_str whole(cx_str number);
static cx_str skip_space(cx_str text);
static bool spelled_known(const cx_policy_case *c);
static bool is_letter(char c);


bool
cx_policy_amount(const cx_policy_case *c)
{
    return !digits_known(c) || !spelled_known(c);
}


static bool
digits_known(const cx_policy_case *c)
{
    bool    found;
    size_t  n = 0, unit;
    cx_str  rest = c->answer, number;

    while (cx_number_next(&rest, &number)) {
        unit = unit_of(c->answer, number);

        if (unit == NO_UNIT) {
            continue;
        }

        found = false;

        for (size_t i = 0; i < c->sources.nours && !found; i++) {
            found = in_source(c->sources.items[i], number, unit);
        }

        if (!found || ++n > AMOUNTS_MAX) {
            return false;
        }
    }

    return true;
}


/* The same sum, in the same unit or in none (a column of a table). */
static bool
in_source(cx_str text, cx_str number, size_t unit)
{
    size_t  other;
    cx_str  rest = text, there;

    while (cx_number_next(&rest, &there)) {
        if (cx_str_find_byte(there, ':') != SIZE_MAX
            || !same_sum(there, number))
        {
            continue;
        }

        other = unit_of(text, there);

        if (other == unit || other == NO_UNIT) {
            return true;
        }
    }

    return false;
}


/* number is a view of text. */
static size_t
unit_of(cx_str text, cx_str number)
{
    const size_t  at = (size_t) (number.p - text.p);
    const size_t  end = at + number.len;
    const size_t  unit = unit_behind(cx_str_sub(text, end, text.len));

    return unit != NO_UNIT ? unit : unit_before(cx_str_sub(text, 0, at));
}


/* "50 %", "50 por ciento", "8,50 EUR", "8,-- EUR" */
static size_t
unit_behind(cx_str text)
{
    size_t  unit;
    cx_str  word;

    while (text.len > 0 && memchr(",.-", text.p[0], 3) != NULL) {
        text = cx_str_sub(text, 1, text.len);
    }

    text = skip_space(text);

    for (size_t i = 0; i < UNITS; i++) {
        if (cx_str_starts(text, cx_strz(units[i].sign))
            && units[i].sign[0] != 'F')
        {
            return i;
        }
    }

    word = word_at(text);
    unit = unit_word(word);

    if (unit == NO_UNIT
        && (cx_str_eq_nocase(word, CX_STR("per"))
            || cx_str_eq_nocase(word, CX_STR("por"))
            || cx_str_eq_nocase(word, CX_STR("pour"))))
    {
        text = skip_space(cx_str_sub(text, word.len, text.len));
        unit = unit_word(word_at(text));
        unit = unit == 0 ? unit : NO_UNIT;
    }

    return unit;
}


/* "EUR 8.50", "$8" */
static size_t
unit_before(cx_str text)
{
    for (size_t skipped = 0; text.len > 0 && skipped < 3; skipped++) {
        for (size_t i = 1; i < UNITS; i++) {
            if (cx_str_ends(text, cx_strz(units[i].sign))) {
                return i;
            }
        }

        if (text.p[text.len - 1] != ' ' && (uint8_t) text.p[text.len - 1]
                                            < 0x80)
        {
            break;
        }

        text.len--;
    }

    return unit_word(word_before(text));
}


static size_t
unit_word(cx_str word)
{
    char  folded[WORD_MAX];

    if (word.len == 0 || word.len > sizeof(folded)) {
        return NO_UNIT;
    }

    for (size_t i = 0; i < word.len; i++) {
        folded[i] = (char) (word.p[i] | 0x20);
    }

    for (size_t i = 0; i < UNITS; i++) {
        if (cx_word_in(units[i].words, (cx_str) { word.len, folded })) {
            return i;
        }
    }

    return NO_UNIT;
}


static cx_str
word_at(cx_str text)
{
    size_t  n = 0;

    while (n < text.len && is_letter(text.p[n])) {
        n++;
    }

    return cx_str_sub(text, 0, n);
}


static cx_str
word_before(cx_str text)
{
    size_t  from = text.len;

    while (from > 0 && is_letter(text.p[from - 1])) {
        from--;
    }

    return cx_str_sub(text, from, text.len);
}


/* "8" and "8.00", "1,250" and "1250" are one; "8.50" and "8.5" are not. */
static bool
same_sum(cx_str a, cx_str b)
{
    size_t  i = 0, k = 0;

    a = whole(a);
    b = whole(b);

    while (i < a.len && k < b.len) {
        const bool  x = memchr(".,", a.p[i], 2) != NULL;
        const bool  y = memchr(".,", b.p[k], 2) != NULL;

        if (x != y) {
            /* Only what parts thousands may be left out. */
            if (x ? a.len - i <= 3 : b.len - k <= 3) {
                return false;
            }

            i += x;
            k += y;
            continue;
        }

        if (!x && a.p[i] != b.p[k]) {
            return false;
        }

        i++;
        k++;
    }

    return i == a.len && k == b.len;
}


/* Without ".00". */
static cx_str
whole(cx_str number)
{
    if (number.len > 3
        && memchr(".,", number.p[number.len - 3], 2) != NULL
        && number.p[number.len - 2] == '0' && number.p[number.len - 1] == '0')
    {
        number.len -= 3;
    }

    return number;
}


/* Spaces that do not break lines as well. */
static cx_str
skip_space(cx_str text)
{
    for ( ;; ) {
        if (cx_str_starts(text, CX_STR(" "))) {
            text = cx_str_sub(text, 1, text.len);

        } else if (cx_str_starts(text, CX_STR("\xc2\xa0"))) {
            text = cx_str_sub(text, 2, text.len);

        } else if (cx_str_starts(text, CX_STR("\xe2\x80\xaf"))) {
            text = cx_str_sub(text, 3, text.len);

        } else {
            return text;
        }
    }
}


/* In words, with a unit behind: it stands so in a source, or nowhere. */
static bool
spelled_known(const cx_policy_case *c)
{
    const cx_words  w = cx_words_of(c->arena, c->answer);

    for (size_t i = 0; i + 1 < w.n; i++) {
        const cx_str  first = w.items[i].raw, next = w.items[i + 1].raw;

        if (!cx_str_listed(spelled, w.items[i].fold)
            || unit_word(w.items[i + 1].fold) == NO_UNIT)
        {
            continue;
        }

        if (!cx_sources_text(&c->sources, CX_FROM_OURS,
                             (cx_str) { (size_t) (next.p + next.len
                                                  - first.p), first.p }))
        {
            return false;
        }
    }

    return true;
}


static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
