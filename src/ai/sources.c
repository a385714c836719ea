#include "ai/sources.h"

#include "ai/evidence.h"


static size_t count(const cx_ai_prompt *p);
static size_t add_history(const cx_ai_prompt *p, cx_turn_role role,
    cx_str *to);
static size_t add_rounds(const cx_ai_prompt *p, cx_arena *a, cx_str *to);
static cx_str unescaped(cx_arena *a, cx_str json);
static bool any(const cx_sources *s, cx_from from, cx_str fact,
    bool (*found)(cx_str text, cx_str fact));
static bool found_text(cx_str text, cx_str fact);
static bool found_number(cx_str text, cx_str fact);
static bool same_number(cx_str text, cx_str fact);
static bool is_digit(char c);


bool
cx_sources_of(const cx_ai_prompt *p, cx_arena *a, cx_sources *out)
{
    size_t   n = 0;
    cx_str  *list = CX_NEW_N(a, count(p), cx_str);

    if (list == NULL) {
        return false;
    }

    list[n++] = p->system;
    list[n++] = cx_ai_handoff(p);

    for (size_t i = 0; i < p->npassages; i++) {
        list[n++] = p->passages[i].source;
        list[n++] = p->passages[i].question;
        list[n++] = p->passages[i].text;
    }

    for (size_t i = 0; i < p->nfacts; i++) {
        list[n++] = p->facts[i].name;
        list[n++] = p->facts[i].value;
    }

    n += add_rounds(p, a, list + n);
    n += add_history(p, CX_TURN_US, list + n);
    out->nours = n;
    list[n++] = p->question;
    list[n++] = p->summary;
    n += add_history(p, CX_TURN_CUSTOMER, list + n);

    for (size_t i = 0; i < n; i++) {
        list[i] = cx_plain_digits(a, list[i]);
    }

    out->items = list;
    out->n = n;

    return !cx_arena_failed(a);
}


static size_t
count(const cx_ai_prompt *p)
{
    size_t  n = 4 + 3 * p->npassages + 2 * p->nfacts + p->nhistory;

    for (size_t i = 0; i < p->nrounds; i++) {
        n += p->rounds[i].ncalls;
    }

    return n;
}


/* What we have said was judged then, or a person has said it. */
static size_t
add_history(const cx_ai_prompt *p, cx_turn_role role, cx_str *to)
{
    size_t  n = 0;

    for (size_t i = 0; i < p->nhistory; i++) {
        if (p->history[i].role == role) {
            to[n++] = p->history[i].text;
        }
    }

    return n;
}


static size_t
add_rounds(const cx_ai_prompt *p, cx_arena *a, cx_str *to)
{
    size_t  n = 0;

    for (size_t i = 0; i < p->nrounds; i++) {
        for (size_t k = 0; k < p->rounds[i].ncalls; k++) {
            to[n++] = unescaped(a, p->rounds[i].results[k]);
        }
    }

    return n;
}


/* Some write "https:\/\/" in JSON. */
static cx_str
unescaped(cx_arena *a, cx_str json)
{
    size_t   n = 0;
    char    *to;

    if (cx_str_find(json, CX_STR("\\/")) == SIZE_MAX
        || (to = cx_alloc_bytes(a, json.len)) == NULL)
    {
        return json;
    }

    for (size_t i = 0; i < json.len; i++) {
        if (json.p[i] != '\\' || i + 1 == json.len || json.p[i + 1] != '/') {
            to[n++] = json.p[i];
        }
    }

    return (cx_str) { n, to };
}


bool
cx_sources_text(const cx_sources *s, cx_from from, cx_str text)
{
    return any(s, from, text, found_text);
}


bool
cx_sources_number(const cx_sources *s, cx_from from, cx_str number)
{
    return any(s, from, number, found_number);
}


static bool
any(const cx_sources *s, cx_from from, cx_str fact,
    bool (*found)(cx_str text, cx_str fact))
{
    const size_t  n = from == CX_FROM_OURS ? s->nours : s->n;

    for (size_t i = 0; i < n; i++) {
        if (found(s->items[i], fact)) {
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


/* Whether text begins with that number. */
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


bool
cx_number_next(cx_str *rest, cx_str *number)
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
