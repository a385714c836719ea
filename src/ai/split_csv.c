/*
 * CSV as in RFC 4180: quoted fields, doubled quotes, line ends inside quotes.
 * The first row names the columns.  With a question and an answer column each
 * row is one question and its answer; else a row becomes lines of
 * "column: value".
 */

#include "ai/split.h"

#include "ai/words.h"


#define COLUMNS_MAX  64

typedef struct {
    cx_str      name;           /* of the file */
    cx_str      rest;
    size_t      line;           /* of what stands first in rest, from 1 */
    char        delimiter;
    cx_arena   *arena;
    cx_str     *error;
} csv;

typedef struct {
    cx_str  fields[COLUMNS_MAX];
    size_t  n;
    size_t  line;               /* where it began */
} row;

/* Column names, folded. */
static const char  questions[] =
    " question questions q frage fragen pregunta preguntas domanda domande "
    "pergunta perguntas ";
static const char  answers[] =
    " answer answers a antwort antworten respuesta respuestas reponse "
    "reponses risposta risposte resposta respostas ";


static cx_err read_row(csv *c, row *r);
static cx_err read_field(csv *c, cx_str *field);
static cx_err read_quoted(csv *c, cx_str *field);
static cx_str unquote(cx_str s, size_t doubled, cx_arena *a);
static cx_err fail(csv *c, size_t line, const char *what);
static char find_delimiter(cx_str content);
static size_t find_column(const row *header, const char *list, cx_arena *a);
static cx_str row_lines(const row *header, const row *r, cx_arena *a);
static bool blank(const row *r);


cx_err
cx_split_csv(cx_str name, cx_str content, cx_arena *a, cx_chunks *list,
    cx_str *error)
{
    row      header, r;
    csv      c = { .name = name, .rest = content, .line = 1, .arena = a,
                   .delimiter = find_delimiter(content), .error = error };
    size_t   q, ans;
    cx_err   err;
    int64_t  position = 0;

    err = read_row(&c, &header);
    if (err != CX_OK) {
        return err;
    }

    q = find_column(&header, questions, a);
    ans = find_column(&header, answers, a);

    while (c.rest.len > 0) {
        err = read_row(&c, &r);
        if (err != CX_OK) {
            return err;
        }

        if (blank(&r)) {
            continue;
        }

        if (r.n > header.n) {
            return fail(&c, r.line, "more fields than the first row has "
                        "names; put a field that holds a separator in "
                        "double quotes");
        }

        position++;

        if (q < header.n && ans < header.n) {
            cx_split_add(list, a, position, cx_str_trim(r.fields[q]),
                         r.fields[ans]);

        } else {
            cx_split_add(list, a, position, CX_NOSTR,
                         row_lines(&header, &r, a));
        }
    }

    return CX_OK;
}


/* Whichever stands most often in the first row, outside quotes. */
static char
find_delimiter(cx_str content)
{
    static const char  delimiters[] = ",;\t";

    char    best = ',';
    bool    quoted = false;
    size_t  counts[3] = { 0 }, most = 0;

    for (size_t i = 0; i < content.len; i++) {
        const char  *at = memchr(delimiters, content.p[i], 3);

        quoted ^= content.p[i] == '"';

        if (!quoted && content.p[i] == '\n') {
            break;
        }

        if (!quoted && at != NULL) {
            counts[at - delimiters]++;
        }
    }

    for (size_t i = 0; i < 3; i++) {
        if (counts[i] > most) {
            most = counts[i];
            best = delimiters[i];
        }
    }

    return best;
}


/* Missing fields at the end are empty. */
static cx_err
read_row(csv *c, row *r)
{
    cx_err  err;

    memset(r, 0, sizeof(*r));
    r->line = c->line;

    for ( ;; ) {
        if (r->n == COLUMNS_MAX) {
            return fail(c, r->line, "more than 64 columns");
        }

        err = read_field(c, &r->fields[r->n]);
        if (err != CX_OK) {
            return err;
        }

        r->n++;

        if (c->rest.len > 0 && c->rest.p[0] == c->delimiter) {
            c->rest = cx_str_sub(c->rest, 1, c->rest.len);
            continue;
        }

        if (cx_str_starts(c->rest, CX_STR("\r"))) {
            c->rest = cx_str_sub(c->rest, 1, c->rest.len);
        }

        if (cx_str_starts(c->rest, CX_STR("\n"))) {
            c->rest = cx_str_sub(c->rest, 1, c->rest.len);
            c->line++;
        }

        return CX_OK;
    }
}


static cx_err
read_field(csv *c, cx_str *field)
{
    size_t  n = 0;

    if (c->rest.len > 0 && c->rest.p[0] == '"') {
        return read_quoted(c, field);
    }

    while (n < c->rest.len && c->rest.p[n] != c->delimiter
           && c->rest.p[n] != '\n')
    {
        n++;
    }

    *field = cx_str_trim(cx_str_sub(c->rest, 0, n));

    /* The CR of a line end is the row's, not the field's. */
    n -= n > 0 && n < c->rest.len && c->rest.p[n] == '\n'
         && c->rest.p[n - 1] == '\r';

    c->rest = cx_str_sub(c->rest, n, c->rest.len);
    return CX_OK;
}


/* Behind the closing quote only a separator or a line end may stand. */
static cx_err
read_quoted(csv *c, cx_str *field)
{
    size_t        i, doubled = 0;
    const size_t  line = c->line;
    const cx_str  s = c->rest;

    for (i = 1; i < s.len; i++) {
        c->line += s.p[i] == '\n';

        if (s.p[i] != '"') {
            continue;
        }

        if (i + 1 == s.len || s.p[i + 1] != '"') {
            break;
        }

        doubled++;
        i++;
    }

    if (i >= s.len) {
        return fail(c, line, "a field begins with a double quote that is "
                    "never closed");
    }

    *field = unquote(cx_str_sub(s, 1, i - 1), doubled, c->arena);
    i++;

    while (i < s.len && s.p[i] == ' ') {
        i++;
    }

    c->rest = cx_str_sub(s, i, s.len);

    if (c->rest.len > 0 && c->rest.p[0] != c->delimiter
        && c->rest.p[0] != '\r' && c->rest.p[0] != '\n')
    {
        return fail(c, c->line, "text behind a closing double quote; write "
                    "a quote inside a quoted field twice");
    }

    return CX_OK;
}


/* Two quotes stand for one. */
static cx_str
unquote(cx_str s, size_t doubled, cx_arena *a)
{
    char    *p;
    size_t   n = 0;

    if (doubled == 0) {
        return s;
    }

    p = cx_alloc_bytes(a, s.len);
    if (p == NULL) {
        return CX_NOSTR;
    }

    for (size_t i = 0; i < s.len; i++) {
        p[n++] = s.p[i];
        i += s.p[i] == '"';
    }

    return (cx_str) { n, p };
}


static cx_err
fail(csv *c, size_t line, const char *what)
{
    *c->error = cx_printf(c->arena, "%.*s:%zu: %s", CX_ARG(c->name), line,
                          what);

    return cx_arena_failed(c->arena) ? CX_NOMEM : CX_INVALID;
}


/* header->n when there is none. */
static size_t
find_column(const row *header, const char *list, cx_arena *a)
{
    for (size_t i = 0; i < header->n; i++) {
        const cx_words  w = cx_words_of(a, header->fields[i]);

        if (w.n == 1 && cx_word_in(list, w.items[0].fold)) {
            return i;
        }
    }

    return header->n;
}


static cx_str
row_lines(const row *header, const row *r, cx_arena *a)
{
    cx_str  lines = CX_NOSTR;

    for (size_t i = 0; i < r->n; i++) {
        const cx_str  value = cx_str_trim(r->fields[i]);
        const cx_str  column = header->fields[i];

        if (value.len > 0) {
            lines = cx_printf(a, "%.*s%s%.*s%s%.*s", CX_ARG(lines),
                              lines.len > 0 ? "\n" : "", CX_ARG(column),
                              column.len > 0 ? ": " : "", CX_ARG(value));
        }
    }

    return lines;
}


static bool
blank(const row *r)
{
    for (size_t i = 0; i < r->n; i++) {
        if (cx_str_trim(r->fields[i]).len > 0) {
            return false;
        }
    }

    return true;
}
