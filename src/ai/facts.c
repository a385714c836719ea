/*
 * Facts of an answer: numbers, links, e-mail addresses.  A model may choose
 * its words, but a fact that stands nowhere in the evidence is made up.
 */

#include "ai/evidence.h"


static bool token_invented(const cx_ai_prompt *p, cx_str token, bool first);
static bool is_address(cx_str token);
static bool in_evidence(const cx_ai_prompt *p, cx_str fact,
    bool (*found)(cx_str text, cx_str fact));
static bool found_text(cx_str text, cx_str fact);
static bool found_number(cx_str text, cx_str fact);
static bool same_number(cx_str text, cx_str fact);
static cx_str strip(cx_str token);
static bool is_digit(char c);
static bool next_number(cx_str *rest, cx_str *number);


bool
cx_ai_invented(const cx_ai_prompt *p, cx_str answer)
{
    bool    first;
    cx_str  line, token;

    while (cx_str_split(&answer, '\n', &line)) {
        first = true;

        while (cx_str_split(&line, ' ', &token)) {
            if (token.len == 0) {
                continue;
            }

            if (token_invented(p, token, first)) {
                return true;
            }

            first = false;
        }
    }

    return false;
}


/* first: the first word of a line, where "2." only numbers a list. */
static bool
token_invented(const cx_ai_prompt *p, cx_str token, bool first)
{
    cx_str  number;

    if (first && token.len <= 3
        && (cx_str_ends(token, CX_STR("."))
            || cx_str_ends(token, CX_STR(")"))))
    {
        return false;
    }

    token = strip(token);

    if (is_address(token)) {
        return !in_evidence(p, token, found_text);
    }

    while (next_number(&token, &number)) {
        if (!in_evidence(p, number, found_number)) {
            return true;
        }
    }

    return false;
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


/* A URL, an e-mail address or a bare "example.org/path". */
static bool
is_address(cx_str token)
{
    size_t  letters = 0;

    if (cx_str_find(token, CX_STR("://")) != SIZE_MAX
        || cx_str_find_byte(token, '@') != SIZE_MAX
        || cx_str_starts(token, CX_STR("www.")))
    {
        return true;
    }

    for (size_t i = 1; i < token.len; i++) {
        if (token.p[i] == '/') {
            break;
        }

        if (token.p[i] == '.') {
            letters = 1;

        } else if (token.p[i] < 'a' || token.p[i] > 'z') {
            letters = 0;

        } else if (letters > 0) {
            letters++;
        }
    }

    return letters > 2;
}


static bool
in_evidence(const cx_ai_prompt *p, cx_str fact,
    bool (*found)(cx_str text, cx_str fact))
{
    if (found(p->system, fact) || found(p->question, fact)) {
        return true;
    }

    for (size_t i = 0; i < p->npassages; i++) {
        if (found(p->passages[i].text, fact)
            || found(p->passages[i].question, fact))
        {
            return true;
        }
    }

    return false;
}


static bool
found_text(cx_str text, cx_str fact)
{
    for (size_t i = 0; i + fact.len <= text.len; i++) {
        if (cx_str_eq_nocase(cx_str_sub(text, i, fact.len), fact)) {
            return true;
        }
    }

    return false;
}


static bool
found_number(cx_str text, cx_str fact)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_digit(text.p[i])
            && (i == 0 || !is_digit(text.p[i - 1]) || text.p[i - 1] == '0')
            && same_number(cx_str_sub(text, i, text.len - i), fact))
        {
            return true;
        }
    }

    return false;
}


/* Whether text begins with that number: "9.30" stands for "9:30". */
static bool
same_number(cx_str text, cx_str fact)
{
    if (text.len < fact.len
        || (text.len > fact.len && is_digit(text.p[fact.len])))
    {
        return false;
    }

    for (size_t i = 0; i < fact.len; i++) {
        if (is_digit(fact.p[i]) || is_digit(text.p[i])) {
            if (fact.p[i] != text.p[i]) {
                return false;
            }

        } else if (memchr(".,:", text.p[i], 3) == NULL) {
            return false;
        }
    }

    return true;
}


/* Digits, with separators between digits; leading zeros are left out. */
static bool
next_number(cx_str *rest, cx_str *number)
{
    size_t  from = 0, to;

    while (from < rest->len && !is_digit(rest->p[from])) {
        from++;
    }

    to = from;

    while (to < rest->len
           && (is_digit(rest->p[to])
               || (to + 1 < rest->len && is_digit(rest->p[to + 1])
                   && memchr(".,:", rest->p[to], 3) != NULL)))
    {
        to++;
    }

    while (from + 1 < to && rest->p[from] == '0'
           && is_digit(rest->p[from + 1]))
    {
        from++;
    }

    *number = cx_str_sub(*rest, from, to - from);
    *rest = cx_str_sub(*rest, to, rest->len - to);

    return number->len > 0;
}


static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}
