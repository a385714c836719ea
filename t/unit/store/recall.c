/*
 * How well knowledge is found: t/cases/recall holds passages in six languages,
 * and questions as people ask them, in other words, other forms and without
 * accents, each with the passage that answers it.  All passages are one
 * agent's.
 */

#include "unit/store/fixture.h"

#include "ai/file.h"
#include "ai/terms.h"
#include "unit/folder.h"

#include <time.h>


#define AT        5             /* recall is counted among the first five */
#define WANTED    0.9
#define ARENA_MAX ((size_t) 64 << 20)

static const char *const  files[] = {
    "en.txt", "de.csv", "es.csv", "fr.csv", "it.csv", "pt.csv",
};

#define FILES  (sizeof(files) / sizeof(files[0]))

typedef struct {
    int  asked;
    int  found;
    int  first;                 /* it was the best */
} counts;


static size_t
add_file(fixture *f, size_t i)
{
    const cx_file_how  how = { .name = cx_strz(files[i]) };
    cx_arena          *a = cx_arena_new(ARENA_MAX);
    cx_arena          *scratch = cx_arena_new(ARENA_MAX);
    cx_file           *file = CX_NEW(a, cx_file);
    cx_terms           terms;
    cx_hit_row        *rows;
    cx_knowledge_row   row = { .id = 601 + (int64_t) i, .agent_id = AGENT,
                               .name = how.name, .created_at = T0 };
    const cx_str       content = case_file(a, "recall", ".", files[i]);
    size_t             n;

    fx_must(cx_file_read(&how, content, a, file) == CX_OK, files[i]);
    n = file->chunks.n;
    fx_must(cx_ai_terms(file->chunks.items, n, a, scratch, &terms) == CX_OK,
            "terms");
    rows = CX_NEW_N(a, n, cx_hit_row);

    for (size_t k = 0; k < n; k++) {
        rows[k].position = file->chunks.items[k].position;
        rows[k].question = file->chunks.items[k].question;
        rows[k].text = file->chunks.items[k].text;
    }

    fx_must(TX(f->s, cx_store_knowledge_put(f->s, &row, rows, n, &terms))
            == CX_OK, "a file is added");
    cx_arena_free(scratch);
    cx_arena_free(a);

    return n;
}


static size_t
file_index(cx_str name)
{
    size_t  i = 0;

    while (i < FILES && !cx_str_eq(name, cx_strz(files[i]))) {
        i++;
    }

    fx_must(i < FILES, "the question's file");
    return i;
}


/* A line: file, position, question. */
static void
ask(fixture *f, cx_str line, counts by_file[])
{
    cx_str       name, number, question = line;
    size_t       at = AT;
    cx_hit_list  list;
    cx_find      find;
    counts      *c;

    (void) cx_str_split(&question, '\t', &name);
    (void) cx_str_split(&question, '\t', &number);
    c = &by_file[file_index(name)];
    cx_arena_reset(f->a);
    cx_ai_find_words(f->a, question, &find);
    fx_must(cx_store_search(f->s, AGENT, &find, AT, f->a, &list) == CX_OK,
            "search");

    for (size_t i = 0; i < list.n && at == AT; i++) {
        if (cx_str_eq(list.items[i].source, name)
            && list.items[i].position == strtol(number.p, NULL, 10))
        {
            at = i;
        }
    }

    c->asked++;
    c->found += at < AT;
    c->first += at == 0;

    if (at == AT) {
        printf("# missed: %.*s %.*s: %.*s\n", CX_ARG(name), CX_ARG(number),
               CX_ARG(question));
    }
}


static void
report(const counts by_file[])
{
    counts  all = { 0 };

    for (size_t i = 0; i < FILES; i++) {
        const counts  *c = &by_file[i];

        printf("# %s: %d of %d among the first %d, %d of them the first\n",
               files[i], c->found, c->asked, AT, c->first);
        tap_ok(c->found >= WANTED * c->asked, "%s: enough of it is found",
               files[i]);
        all.asked += c->asked;
        all.found += c->found;
        all.first += c->first;
    }

    tap_ok(all.asked >= 100, "%d questions", all.asked);
    tap_ok(all.found >= WANTED * all.asked, "recall at %d: %.3f, at 1: %.3f",
           AT, (double) all.found / all.asked,
           (double) all.first / all.asked);
}


int
main(void)
{
    fixture    f;
    size_t     passages = 0;
    counts     by_file[FILES] = { { 0 } };
    cx_arena  *a = cx_arena_new(ARENA_MAX);
    cx_str     rest, line;

    fx_open(&f);

    for (size_t i = 0; i < FILES; i++) {
        passages += add_file(&f, i);
    }

    tap_ok(passages >= 200, "%zu passages", passages);
    rest = case_file(a, "recall", ".", "questions.tsv");

    while (cx_str_split(&rest, '\n', &line)) {
        if (line.len > 0) {
            ask(&f, line, by_file);
        }
    }

    report(by_file);

    cx_arena_free(a);
    fx_close(&f);
    return tap_done();
}
