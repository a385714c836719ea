/*
 * Facts of an answer: numbers, links, e-mail addresses, names.  A model may
 * choose its words, but a fact that stands nowhere in the evidence is made up.
 */

#include "ai/evidence.h"

#include "core/fold.h"
#include "core/language.h"
#include "core/utf8.h"


#define FACTS_MAX  200      /* of one answer; one that has more is no answer
                             * to be sent unseen */
#define NAME_MIN   3        /* letters */

typedef struct {
    const cx_ai_prompt  *prompt;
    const cx_sources    *sources;
    cx_fact_count       *count;
} look;


static void count_line(look *l, cx_str line);
static void count_token(look *l, cx_str token);
static bool numbers_a_list(cx_str token);
static bool link_known(const look *l, cx_str token, const cx_place *place);
static void count_fact(look *l, bool found);
static void count_names(look *l, cx_str answer, cx_arena *a);
static bool has_case(cx_str answer);
static bool begins_sentence(cx_str text, cx_str word);
static bool is_name(cx_str word);
static bool is_common(cx_str name);
static bool name_known(const cx_words *known, const cx_word *name);
static cx_words words_of_sources(const cx_sources *s, cx_arena *a);
static cx_str strip(cx_str token);


void
cx_ai_facts(const cx_ai_prompt *p, const cx_sources *s, cx_str answer,
    cx_arena *a, cx_fact_count *out)
{
    cx_str  line, rest;
    look    l = { .prompt = p, .sources = s, .count = out };

    *out = (cx_fact_count) { 0 };
    answer = cx_plain_digits(a, answer);
    rest = answer;

    while (cx_str_split(&rest, '\n', &line)) {
        count_line(&l, line);
    }

    count_names(&l, answer, a);
}


static void
count_line(look *l, cx_str line)
{
    bool    first = true;
    cx_str  token;

    while (cx_str_split(&line, ' ', &token)) {
        if (token.len > 0) {
            if (!first || !numbers_a_list(token)) {
                count_token(l, token);
            }

            first = false;
        }
    }
}


/* "2." at the beginning of a line. */
static bool
numbers_a_list(cx_str token)
{
    return token.len <= 3
           && (cx_str_ends(token, CX_STR("."))
               || cx_str_ends(token, CX_STR(")")));
}


static void
count_token(look *l, cx_str token)
{
    cx_str    rest, number;
    cx_place  place;

    token = strip(token);
    rest = token;

    if (cx_place_next(&rest, &place)) {
        count_fact(l, link_known(l, token, &place));
        return;
    }

    while (cx_number_next(&token, &number)) {
        count_fact(l, l->count->quoted < FACTS_MAX
                      && cx_sources_number(l->sources, CX_FROM_ANYBODY,
                                           number));
    }
}


/* As it stands in a source, or anywhere on a host that is allowed by name. */
static bool
link_known(const look *l, cx_str token, const cx_place *place)
{
    return l->count->quoted < FACTS_MAX
           && (cx_sources_text(l->sources, CX_FROM_ANYBODY, token)
               || (place->kind != CX_PLACE_MAIL && !place->odd
                   && cx_ai_link_allowed(l->prompt, place->host)));
}


static void
count_fact(look *l, bool found)
{
    l->count->quoted++;
    l->count->found += found;
}


/* Without the punctuation around it, and from "http" on: a Markdown link
 * has its text before that. */
static cx_str
strip(cx_str token)
{
    static const char  around[] = "()[]<>{}\"'*_.,;:!?/";

    const size_t  at = cx_str_find(token, CX_STR("http"));

    if (at != SIZE_MAX && cx_str_find(token, CX_STR("://")) != SIZE_MAX) {
        token = cx_str_sub(token, at, token.len);
    }

    while (token.len > 0 && memchr(around, token.p[0], sizeof(around) - 1)) {
        token = cx_str_sub(token, 1, token.len);
    }

    while (token.len > 0
           && memchr(around, token.p[token.len - 1], sizeof(around) - 1))
    {
        token.len--;
    }

    return token;
}


/* --- names --------------------------------------------------------------- */

/* A capital letter within a sentence makes one, where a language does not
 * write all its nouns so. */
static void
count_names(look *l, cx_str answer, cx_arena *a)
{
    cx_words  w, known = { .n = 0 };

    if (!has_case(answer)) {
        return;
    }

    w = cx_words_of(a, answer);

    for (size_t i = 0; i < w.n && l->count->names < FACTS_MAX; i++) {
        if (!is_name(w.items[i].raw) || w.items[i].stop
            || begins_sentence(answer, w.items[i].raw))
        {
            continue;
        }

        l->count->names++;

        if (is_common(w.items[i].fold)) {
            l->count->names_found++;
            continue;
        }

        if (known.n == 0) {
            known = words_of_sources(l->sources, a);
        }

        l->count->names_found += name_known(&known, &w.items[i]);
    }
}


static bool
has_case(cx_str answer)
{
    char  folded[4096];

    const size_t  n = cx_fold_words(answer, folded, sizeof(folded));

    switch (cx_language_guess((cx_str) { n, folded })) {

    case CX_LANGUAGE_EN:
    case CX_LANGUAGE_ES:
    case CX_LANGUAGE_FR:
    case CX_LANGUAGE_IT:
    case CX_LANGUAGE_PT:
    case CX_LANGUAGE_NL:
        return true;

    default:
        return false;
    }
}


/* word is a view of text. */
static bool
begins_sentence(cx_str text, cx_str word)
{
    size_t  at = (size_t) (word.p - text.p);

    while (at > 0 && memchr(" \t\"'(*_-[>", text.p[at - 1], 10) != NULL) {
        at--;
    }

    /* Behind an ellipsis or a quotation mark of another alphabet, too. */
    return at == 0 || (uint8_t) text.p[at - 1] >= 0x80
           || memchr(".!?:;\n)]", text.p[at - 1], 8) != NULL;
}


/* "Maria", not "I", "WLAN" or "iPhone". */
static bool
is_name(cx_str word)
{
    size_t  letters = 0;

    if (word.len == 0 || word.p[0] < 'A' || word.p[0] > 'Z') {
        return false;
    }

    for (size_t i = 1; i < word.len; i++) {
        if (word.p[i] < 'a' && (uint8_t) word.p[i] < 0x80) {
            return false;
        }

        letters++;
    }

    return letters + 1 >= NAME_MIN;
}


/* Names of days and months are of everybody. */
static bool
is_common(cx_str name)
{
    static const char  common[] =
        " monday tuesday wednesday thursday friday saturday sunday january "
        "february march april june july august september october november "
        "december christmas easter english german french italian spanish "
        "portuguese dutch internet email whatsapp google ";

    return cx_word_in(common, name);
}


static bool
name_known(const cx_words *known, const cx_word *name)
{
    for (size_t i = 0; i < known->n; i++) {
        if (cx_word_alike(&known->items[i], name)) {
            return true;
        }
    }

    return false;
}


static cx_words
words_of_sources(const cx_sources *s, cx_arena *a)
{
    size_t    n = 0;
    cx_words  all = { .n = 0 }, *lists = CX_NEW_N(a, s->n, cx_words);

    for (size_t i = 0; lists != NULL && i < s->n; i++) {
        lists[i] = cx_words_of(a, s->items[i]);
        n += lists[i].n;
    }

    all.items = CX_NEW_N(a, n + 1, cx_word);

    for (size_t i = 0; lists != NULL && all.items != NULL && i < s->n; i++) {
        for (size_t k = 0; k < lists[i].n; k++) {
            all.items[all.n++] = lists[i].items[k];
        }
    }

    return all;
}
