/*
 * Patterns without groups: a row of atoms, each a class of characters and how
 * often it may come.  Where an atom can end is marked for all places where it
 * can begin at once, so that no pattern takes longer than its length times
 * that of the text.
 */

#include "ai/schema.h"

#include "core/utf8.h"

#define ATOMS_MAX  32
#define TEXT_MAX   1024         /* characters */
#define MANY       TEXT_MAX

typedef struct {
    bool    ascii[128];
    bool    other;              /* all above */
    size_t  min;
    size_t  max;
} atom;

typedef struct {
    cx_str       rest;
    atom         atoms[ATOMS_MAX];
    size_t       n;
    bool         from_start;
    bool         to_end;
    const char  *wrong;
} pattern;


static bool
fail(pattern *p, const char *wrong)
{
    p->wrong = wrong;
    return false;
}


static char
take(pattern *p)
{
    const char  c = p->rest.p[0];

    p->rest = cx_str_sub(p->rest, 1, p->rest.len);
    return c;
}


static bool
next_is(const pattern *p, char c)
{
    return p->rest.len > 0 && p->rest.p[0] == c;
}


static void
add_range(atom *a, char from, char to)
{
    for (int c = from; c <= to; c++) {
        a->ascii[c] = true;
    }
}


/* After a backslash. */
static bool
add_escaped(pattern *p, atom *a, char *single)
{
    const char  c = p->rest.len > 0 ? take(p) : '\0';

    *single = '\0';

    switch (c) {

    case 'd':
        add_range(a, '0', '9');
        return true;

    case 'w':
        add_range(a, '0', '9');
        add_range(a, 'a', 'z');
        add_range(a, 'A', 'Z');
        add_range(a, '_', '_');
        return true;

    case 's':
        add_range(a, '\t', '\r');
        add_range(a, ' ', ' ');
        return true;

    default:
        if (c <= ' ' || c == 0x7f || (c >= '0' && c <= '9')
            || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        {
            return fail(p, "has an escape that is not known: \\d, \\w, \\s "
                           "and escaped signs are");
        }

        *single = c;
        add_range(a, c, c);
        return true;
    }
}


static bool
class_member(pattern *p, atom *a)
{
    char  from = take(p), to;

    if (from == '\\') {
        if (!add_escaped(p, a, &from)) {
            return false;
        }

        if (from == '\0') {
            return true;
        }

    } else if ((unsigned char) from >= 0x80) {
        return fail(p, "may have only ASCII in [ ]");
    }

    to = from;

    if (p->rest.len >= 2 && p->rest.p[0] == '-' && p->rest.p[1] != ']') {
        (void) take(p);
        to = take(p);
    }

    if (to < from || (unsigned char) to >= 0x80 || to == '\\') {
        return fail(p, "has a range that is none, in [ ]");
    }

    add_range(a, from, to);
    return true;
}


/* After "[". */
static bool
class_read(pattern *p, atom *a)
{
    const bool  negated = next_is(p, '^');

    if (negated) {
        (void) take(p);
    }

    while (!next_is(p, ']')) {
        if (p->rest.len == 0) {
            return fail(p, "has a [ without ]");
        }

        if (!class_member(p, a)) {
            return false;
        }
    }

    (void) take(p);

    for (size_t c = 0; negated && c < sizeof(a->ascii); c++) {
        a->ascii[c] = !a->ascii[c];
    }

    a->other = negated;
    return true;
}


static bool
number_read(pattern *p, size_t *n)
{
    size_t  digits = 0;

    *n = 0;

    while (p->rest.len > 0 && p->rest.p[0] >= '0' && p->rest.p[0] <= '9'
           && digits < 5)
    {
        *n = *n * 10 + (size_t) (take(p) - '0');
        digits++;
    }

    return digits > 0;
}


/* After "{". */
static bool
count_read(pattern *p, atom *a)
{
    bool  ok = number_read(p, &a->min);

    a->max = a->min;

    if (ok && next_is(p, ',')) {
        (void) take(p);

        if (!number_read(p, &a->max)) {
            a->max = MANY;
        }
    }

    if (!ok || !next_is(p, '}') || a->max < a->min || a->min > MANY) {
        return fail(p, "has a { that is no count, as {2} or {2,5}");
    }

    (void) take(p);
    return true;
}


static bool
often_read(pattern *p, atom *a)
{
    a->min = a->max = 1;

    if (next_is(p, '?')) {
        (void) take(p);
        a->min = 0;

    } else if (next_is(p, '*') || next_is(p, '+')) {
        a->min = take(p) == '+';
        a->max = MANY;

    } else if (next_is(p, '{')) {
        (void) take(p);
        return count_read(p, a);
    }

    return true;
}


static bool
atom_read(pattern *p, atom *a)
{
    char  c = take(p), single;
    bool  ok = true;

    *a = (atom) { .min = 1 };

    if ((unsigned char) c >= 0x80) {
        return fail(p, "may have only ASCII");
    }

    if (strchr("()|?*+{}]^$", c) != NULL) {
        return fail(p, "has no groups, alternatives or lazy counts here; "
                       "escape a sign that stands for itself");
    }

    if (c == '[') {
        ok = class_read(p, a);

    } else if (c == '\\') {
        ok = add_escaped(p, a, &single);

    } else if (c == '.') {
        add_range(a, 1, 0x7e);
        a->ascii['\n'] = a->ascii['\r'] = false;
        a->other = true;

    } else {
        add_range(a, c, c);
    }

    return ok && often_read(p, a);
}


static bool
pattern_read(pattern *p, cx_str text)
{
    *p = (pattern) { .rest = text };

    if (cx_str_find_byte(text, '\0') != SIZE_MAX) {
        return fail(p, "must have no NUL");
    }

    if (next_is(p, '^')) {
        (void) take(p);
        p->from_start = true;
    }

    while (p->rest.len > 0) {
        if (p->rest.len == 1 && p->rest.p[0] == '$') {
            p->to_end = true;
            return true;
        }

        if (p->n == ATOMS_MAX) {
            return fail(p, "is too long");
        }

        if (!atom_read(p, &p->atoms[p->n])) {
            return false;
        }

        p->n++;
    }

    return true;
}


const char *
cx_schema_pattern_wrong(cx_str text)
{
    pattern  p;

    return pattern_read(&p, text) ? NULL : p.wrong;
}


/* Places where the atom can end, for those where it can begin. */
static void
step(const atom *a, const uint32_t *text, size_t n, bool *at)
{
    int32_t  change[TEXT_MAX + 2] = { 0 };
    size_t   run = 0;
    int32_t  open = 0;

    for (size_t i = n + 1; i-- > 0; ) {
        const bool  fits = i < n && (text[i] < 128 ? a->ascii[text[i]]
                                                   : a->other);

        run = fits ? run + 1 : 0;

        if (at[i] && run >= a->min) {
            change[i + a->min]++;
            change[i + (run < a->max ? run : a->max) + 1]--;
        }
    }

    for (size_t i = 0; i <= n; i++) {
        open += change[i];
        at[i] = open > 0;
    }
}


static size_t
decode(cx_str s, uint32_t *out)
{
    size_t  n = 0;

    while (s.len > 0 && n < TEXT_MAX) {
        const size_t  len = cx_utf8_next(s, &out[n]);

        out[n] = len > 0 ? out[n] : UINT32_MAX;
        n++;
        s = cx_str_sub(s, len > 0 ? len : 1, s.len);
    }

    return s.len == 0 ? n : SIZE_MAX;
}


bool
cx_schema_matches(cx_str text, cx_str value)
{
    uint32_t  chars[TEXT_MAX];
    bool      at[TEXT_MAX + 1];
    pattern   p;
    size_t    n;

    if (!pattern_read(&p, text)
        || (n = decode(value, chars)) == SIZE_MAX)
    {
        return false;
    }

    for (size_t i = 0; i <= n; i++) {
        at[i] = i == 0 || !p.from_start;
    }

    for (size_t i = 0; i < p.n; i++) {
        step(&p.atoms[i], chars, n, at);
    }

    for (size_t i = 0; i <= n; i++) {
        if (at[i] && (i == n || !p.to_end)) {
            return true;
        }
    }

    return false;
}
