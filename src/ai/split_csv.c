/*
 * CSV as in RFC 4180: quoted fields, doubled quotes, line ends inside quotes.
 * The first row names the columns.  With a question and an answer column each
 * row is one question and its answer, and what else it says stands behind the
 * question; else a row becomes lines of "column: value".
 */

#include "ai/split.h"

#include "ai/words.h"


#define LOOK_ROWS  20       /* of the beginning, to tell the delimiter */

typedef struct {
    cx_file    *file;
    cx_str      rest;
    int64_t     line;       /* of what stands first in rest, from 1 */
    char        delimiter;
    cx_arena   *arena;
} csv;

typedef struct {
    cx_str   fields[CX_FILE_COLUMNS_MAX];
    size_t   n;             /* those beyond are counted, not kept */
    int64_t  line;          /* where it began */
} row;

static const char  delimiters[] = ",;\t|";

/* Column names, folded. */
static const char  questions[] =
    " question questions q frage fragen pregunta preguntas domanda domande "
    "pergunta perguntas vraag ";
static const char  answers[] =
    " answer answers a antwort antworten respuesta respuestas reponse "
    "reponses risposta risposte resposta respostas antwoord ";


static bool read_row(csv *c, row *r);
static bool read_field(csv *c, cx_str *field);
static bool read_quoted(csv *c, cx_str *field);
static cx_str unquote(cx_str s, size_t doubled, cx_arena *a);
static char find_delimiter(cx_str content);
static bool choose_columns(const cx_file_how *how, const row *header,
    cx_file *f, cx_arena *a);
static void add_row(csv *c, const row *r, int64_t position, bool chosen);
static bool blank(const row *r);


/* --- the file ------------------------------------------------------------ */

static bool
set_delimiter(const cx_file_how *how, cx_str content, cx_file *f)
{
    if (how->delimiter.len == 0) {
        f->delimiter = find_delimiter(content);
        return true;
    }

    f->delimiter = cx_str_eq_nocase(how->delimiter, CX_STR("tab"))
                   ? '\t' : how->delimiter.p[0];

    if (memchr(delimiters, f->delimiter, sizeof(delimiters) - 1) != NULL
        && (how->delimiter.len == 1 || f->delimiter == '\t'))
    {
        return true;
    }

    cx_file_fault_add(f, 0, CX_STR("the delimiter must be one of , ; | or "
                                   "tab"));
    return false;
}


static cx_str
expected(csv *c, size_t found, const char *how)
{
    return cx_printf(c->arena, "%zu field%s where the first row has %zu; %s",
                     found, found == 1 ? "" : "s", c->file->ncolumns, how);
}


/* More is a mistake, and nobody knows whose field it is; what is missing at
 * the end is empty, and is told. */
static bool
check_row(csv *c, const row *r)
{
    if (r->n > c->file->ncolumns) {
        cx_file_fault_add(c->file, r->line,
                          expected(c, r->n, "put a field that holds the "
                                   "separator in double quotes"));
        return false;
    }

    if (r->n < c->file->ncolumns) {
        cx_file_note_add(c->file, r->line,
                         expected(c, r->n, "the rest is taken as empty"));
    }

    return true;
}


void
cx_split_csv(const cx_file_how *how, cx_str content, cx_arena *a, cx_file *f)
{
    csv      c = { .file = f, .rest = content, .line = 1, .arena = a };
    row     *r = CX_NEW(a, row);
    bool     chosen;
    int64_t  position = 0;

    if (r == NULL || !set_delimiter(how, content, f)) {
        return;
    }

    c.delimiter = f->delimiter;

    if (!read_row(&c, r)) {
        return;
    }

    if (r->n > CX_FILE_COLUMNS_MAX) {
        cx_file_fault_add(f, 1, CX_STR("more than 64 columns"));
        return;
    }

    chosen = choose_columns(how, r, f, a);

    while (f->nfaults < CX_FILE_FAULTS_MAX && c.rest.len > 0
           && !cx_arena_failed(a) && read_row(&c, r))
    {
        if (!blank(r) && check_row(&c, r)) {
            add_row(&c, r, ++position, chosen);
        }
    }
}


/* --- its delimiter ------------------------------------------------------- */

/* How often it stands in each of the first rows, outside quotes. */
static size_t
count_rows(cx_str s, char delimiter, size_t counts[LOOK_ROWS])
{
    bool    quoted = false;
    size_t  n = 0;

    memset(counts, 0, LOOK_ROWS * sizeof(counts[0]));

    for (size_t i = 0; i < s.len && n < LOOK_ROWS; i++) {
        quoted ^= s.p[i] == '"';
        counts[n] += !quoted && s.p[i] == delimiter;
        n += !quoted && s.p[i] == '\n' && i > 0 && s.p[i - 1] != '\n';
    }

    return n < LOOK_ROWS ? n + 1 : n;
}


/* The one with which most rows look like the first; of equals the one that
 * stands there more often. */
static char
find_delimiter(cx_str content)
{
    char    best = ',';
    size_t  counts[LOOK_ROWS], most = 0;

    for (const char *d = delimiters; *d != '\0'; d++) {
        const size_t  n = count_rows(content, *d, counts);
        size_t        same = 0, worth;

        for (size_t i = 0; i < n; i++) {
            same += counts[i] == counts[0];
        }

        worth = counts[0] == 0 ? 0 : same * CX_FILE_COLUMNS_MAX + counts[0];

        if (worth > most) {
            most = worth;
            best = *d;
        }
    }

    return best;
}


/* --- its columns --------------------------------------------------------- */

static size_t
named_so(const cx_file *f, const char *list, cx_arena *a)
{
    for (size_t i = 0; i < f->ncolumns; i++) {
        const cx_words  w = cx_words_of(a, f->columns[i].name);

        if (w.n == 1 && cx_word_in(list, w.items[0].fold)) {
            return i;
        }
    }

    return f->ncolumns;
}


/* By its name, else by its number. */
static size_t
find_column(const cx_file *f, cx_str key)
{
    size_t  n = 0;

    for (size_t i = 0; i < f->ncolumns; i++) {
        if (cx_str_eq_nocase(cx_str_trim(f->columns[i].name), key)) {
            return i;
        }
    }

    for (size_t i = 0; i < key.len; i++) {
        if (key.p[i] < '0' || key.p[i] > '9' || n > CX_FILE_COLUMNS_MAX) {
            return f->ncolumns;
        }

        n = 10 * n + (size_t) (key.p[i] - '0');
    }

    return n > 0 && n <= f->ncolumns ? n - 1 : f->ncolumns;
}


static void
use_column(cx_file *f, cx_str key, cx_column_use use, cx_arena *a)
{
    const size_t  i = find_column(f, cx_str_trim(key));

    if (i < f->ncolumns) {
        f->columns[i].use = use;

    } else {
        cx_file_fault_add(f, 1, cx_printf(a, "there is no column \"%.*s\"; "
                                          "name one of the first row, or its "
                                          "number",
                                          CX_ARG(cx_str_sub(key, 0, 60))));
    }
}


static void
detect_columns(cx_file *f, cx_arena *a)
{
    const size_t  q = named_so(f, questions, a);
    const size_t  ans = named_so(f, answers, a);

    if (q < f->ncolumns && ans < f->ncolumns) {
        f->columns[q].use = CX_COLUMN_QUESTION;
        f->columns[ans].use = CX_COLUMN_ANSWER;
    }
}


/* False: none is an answer, a row is all of its columns. */
static bool
choose_columns(const cx_file_how *how, const row *header, cx_file *f,
    cx_arena *a)
{
    cx_str  rest = how->answer, key;
    bool    chosen = false;

    for (size_t i = 0; i < header->n; i++) {
        f->columns[f->ncolumns++].name = header->fields[i];
    }

    if (how->question.len == 0 && how->answer.len == 0) {
        detect_columns(f, a);
    }

    if (how->question.len > 0) {
        use_column(f, how->question, CX_COLUMN_QUESTION, a);
    }

    while (rest.len > 0 && cx_str_split(&rest, ',', &key)) {
        use_column(f, key, CX_COLUMN_ANSWER, a);
    }

    for (size_t i = 0; i < f->ncolumns; i++) {
        chosen = chosen || f->columns[i].use == CX_COLUMN_ANSWER;
    }

    if (how->question.len > 0 && !chosen) {
        cx_file_fault_add(f, 1, CX_STR("a question column needs an answer "
                                       "column beside it"));
    }

    return chosen;
}


/* --- its rows ------------------------------------------------------------ */

/* "Room: 12", joined by what stands between such pairs. */
static cx_str
pairs(const csv *c, const row *r, cx_column_use use, const char *between)
{
    cx_str  all = CX_NOSTR;

    for (size_t i = 0; i < r->n; i++) {
        const cx_str  value = cx_str_trim(r->fields[i]);
        const cx_str  name = c->file->columns[i].name;

        if (value.len > 0 && c->file->columns[i].use == use) {
            all = cx_printf(c->arena, "%.*s%s%.*s%s%.*s", CX_ARG(all),
                            all.len > 0 ? between : "", CX_ARG(name),
                            name.len > 0 ? ": " : "", CX_ARG(value));
        }
    }

    return all;
}


static size_t
columns_of(const cx_file *f, cx_column_use use)
{
    size_t  n = 0;

    for (size_t i = 0; i < f->ncolumns; i++) {
        n += f->columns[i].use == use;
    }

    return n;
}


static cx_str
field_of(const csv *c, const row *r, cx_column_use use)
{
    for (size_t i = 0; i < r->n; i++) {
        if (c->file->columns[i].use == use) {
            return cx_str_trim(r->fields[i]);
        }
    }

    return CX_NOSTR;
}


static void
add_row(csv *c, const row *r, int64_t position, bool chosen)
{
    cx_str  question, context, answer;

    if (!chosen) {
        cx_split_add(&c->file->chunks, c->arena, position, CX_NOSTR,
                     pairs(c, r, CX_COLUMN_CONTEXT, "\n"));
        return;
    }

    question = field_of(c, r, CX_COLUMN_QUESTION);
    context = pairs(c, r, CX_COLUMN_CONTEXT, "; ");
    answer = columns_of(c->file, CX_COLUMN_ANSWER) > 1
             ? pairs(c, r, CX_COLUMN_ANSWER, "\n")
             : field_of(c, r, CX_COLUMN_ANSWER);

    if (context.len > 0) {
        question = question.len > 0
                   ? cx_printf(c->arena, "%.*s (%.*s)", CX_ARG(question),
                               CX_ARG(context))
                   : context;
    }

    cx_split_add(&c->file->chunks, c->arena, position, question, answer);
}


/* --- reading ------------------------------------------------------------- */

/* False: it cannot be read, and neither can what follows. */
static bool
read_row(csv *c, row *r)
{
    cx_str  field;

    memset(r, 0, sizeof(*r));
    r->line = c->line;

    for ( ;; ) {
        if (!read_field(c, &field)) {
            return false;
        }

        if (r->n < CX_FILE_COLUMNS_MAX) {
            r->fields[r->n] = field;
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

        return true;
    }
}


static bool
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
    return true;
}


/* Behind the closing quote only a separator or a line end may stand. */
static bool
read_quoted(csv *c, cx_str *field)
{
    size_t         i, doubled = 0;
    const int64_t  line = c->line;
    const cx_str   s = c->rest;

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
        cx_file_fault_add(c->file, line, CX_STR("a field begins with a double "
                          "quote that is never closed"));
        return false;
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
        cx_file_fault_add(c->file, c->line, CX_STR("text behind a closing "
                          "double quote; write a quote inside a quoted field "
                          "twice"));
        return false;
    }

    return true;
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


static bool
blank(const row *r)
{
    for (size_t i = 0; i < r->n && i < CX_FILE_COLUMNS_MAX; i++) {
        if (cx_str_trim(r->fields[i]).len > 0) {
            return false;
        }
    }

    return true;
}
