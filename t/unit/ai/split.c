/* Knowledge files into passages: t/cases/split holds files and what becomes
 * of them; here is what is too long or too broken for a folder. */

#include "ai/ai.h"

#include "core/json.h"
#include "core/utf8.h"

#include "unit/folder.h"
#include "unit/tap.h"


#define ARENA_MAX  (16 * 1024 * 1024)


/* One line a passage, or the error's line. */
static cx_str
split(cx_str name, cx_str content, cx_arena *a, cx_arena *print)
{
    cx_buf           b;
    cx_err           err;
    cx_str           error = CX_NOSTR;
    cx_chunks        list = { 0 };
    cx_json_writer   w;

    err = cx_ai_split(name, content, a, &list, &error);

    if (err != CX_OK) {
        return cx_printf(print, "%s: %.*s\n", cx_err_word(err),
                         CX_ARG(error));
    }

    cx_buf_init(&b, print, 4096, ARENA_MAX / 2);

    for (size_t i = 0; i < list.n; i++) {
        cx_json_write_init(&w, &b);
        cx_json_begin(&w, '{');
        cx_json_name(&w, CX_STR("position"));
        cx_json_put_i64(&w, list.items[i].position);
        cx_json_name(&w, CX_STR("question"));
        cx_json_put_str(&w, list.items[i].question);
        cx_json_name(&w, CX_STR("text"));
        cx_json_put_str(&w, list.items[i].text);
        cx_json_end(&w, '}');
        cx_buf_byte(&b, '\n');
    }

    return cx_buf_str(&b);
}


/* The folder's name is the file's: "faq.csv". */
static void
one_case(const char *suite, const char *name)
{
    bool       good = true;
    cx_str     content, want, got = CX_STR("no_memory: \n");
    size_t     limit;
    cx_arena  *a = cx_arena_new(ARENA_MAX), *small = cx_arena_new(ARENA_MAX);

    content = case_file(a, suite, name, "in");
    want = case_file(a, suite, name, "out.jsonl");
    tap_is_str(split(cx_strz(name), content, a, a), want, name);

    for (limit = 0; cx_str_starts(got, CX_STR("no_memory"))
                    && limit < ARENA_MAX; limit++)
    {
        cx_arena_reset(small);
        cx_arena_limit(small, limit);
        got = split(cx_strz(name), content, small, a);
        good = good && (cx_str_starts(got, CX_STR("no_memory"))
                        || cx_str_eq(got, want));
    }

    tap_ok(good, "%s: whole or out of memory, at %zu byte caps", name, limit);
    cx_arena_free(small);
    cx_arena_free(a);
}


static void
is(const char *name, const char *content, const char *want, const char *what)
{
    cx_arena  *a = cx_arena_new(ARENA_MAX);

    tap_is_str(split(cx_strz(name), cx_strz(content), a, a), cx_strz(want),
               what);
    cx_arena_free(a);
}


static void
errors(void)
{
    is("a.txt", "", "invalid: a.txt: there is no text in it\n", "empty");
    is("a.csv", "question,answer\n",
       "invalid: a.csv: there is no text in it\n", "names alone");
    is("a.txt", " \n\n \t\r\n", "invalid: a.txt: there is no text in it\n",
       "blank");
    is("a.png", "\x89PNG\r\n\x1a\n\x01\x02\x03", "invalid: a.png: it is not "
       "text; save it as text, CSV or Markdown in UTF-8 and add it again\n",
       "no text");
    is("a.csv", "a,b\n1,\"two\nthree\n", "invalid: a.csv:2: a field begins "
       "with a double quote that is never closed\n", "an open quote");
    is("a.csv", "a,b\n1,\"two\"x\n", "invalid: a.csv:2: text behind a closing "
       "double quote; write a quote inside a quoted field twice\n",
       "text behind a quote");
    is("a.csv", "a,b\n1,2\n\n1,2,3\n", "invalid: a.csv:4: 3 fields where "
       "the first row has 2; put a field that holds the separator in double "
       "quotes\n", "a separator too many");
}


/* No passage is longer than 1,200 characters, and no text is lost. */
static void
long_text(void)
{
    char       *p;
    bool        fits = true;
    cx_str      error;
    size_t      words = 0;
    cx_arena   *a = cx_arena_new(ARENA_MAX);
    cx_chunks   list = { 0 };
    const size_t  n = 20000;

    p = cx_alloc_bytes(a, 6 * n);

    for (size_t i = 0; i < n; i++) {
        memcpy(p + 6 * i, "w\xc3\xb6rt ", 6);
    }

    tap_is_int(cx_ai_split(CX_STR("a.txt"), (cx_str) { 6 * n, p }, a, &list,
                           &error), CX_OK, "20,000 words in one line");

    for (size_t i = 0; i < list.n; i++) {
        const cx_str  s = list.items[i].text;

        fits = fits && cx_utf8_count(s) <= 1200 && cx_utf8_valid(s);
        words += (s.len + 1) / 6;
    }

    tap_ok(fits, "each passage is short enough and valid");
    tap_is_int((int64_t) words, (int64_t) n, "no word is lost");
    cx_arena_free(a);
}


int
main(void)
{
    tap_ok(folder_each("split", one_case) >= 8, "cases were found");
    errors();
    long_text();

    return tap_done();
}
