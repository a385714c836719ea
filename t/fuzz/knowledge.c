/* Knowledge files, of every kind and with columns that are chosen, up to the
 * terms of an index; entries of such an index; what an embeddings endpoint
 * answers.  The first byte says how the rest is read. */

#include "ai/embed.h"
#include "ai/file.h"
#include "ai/terms.h"
#include "core/utf8.h"

#include <stdlib.h>

#define ARENA_MAX  ((size_t) 32 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);


static void
check(bool ok)
{
    if (!ok) {
        abort();
    }
}


static void
check_chunks(const cx_chunks *list)
{
    for (size_t i = 0; i < list->n; i++) {
        check(cx_utf8_valid(list->items[i].text));
        check(cx_utf8_count(list->items[i].text) <= 1200);
        check(list->items[i].text.len > 0);
    }
}


/* As many entries as it says, each of a passage that there is. */
static void
check_terms(const cx_terms *terms, size_t n)
{
    for (size_t i = 0; i < terms->n; i++) {
        cx_str    rest = terms->items[i].postings;
        int64_t   number = -1, entries = 0;
        unsigned  impact;

        check(i == 0 || !cx_str_eq(terms->items[i - 1].term,
                                   terms->items[i].term));

        while (cx_posting_next(&rest, &number, &impact)) {
            entries++;
        }

        check(entries == terms->items[i].passages && rest.len == 0);
        check(number < (int64_t) n);
    }
}


static void
check_file(uint8_t how_byte, cx_str content, cx_arena *a)
{
    static const char *const  names[] = { "a.csv", "a.md", "a.txt", "a.tsv" };
    const cx_file_how         how = {
        .name = cx_strz(names[how_byte & 3]),
        .question = (how_byte & 4) != 0 ? CX_STR("2") : CX_NOSTR,
        .answer = (how_byte & 8) != 0 ? CX_STR("1,3") : CX_NOSTR,
        .delimiter = (how_byte & 16) != 0 ? CX_STR("|") : CX_NOSTR,
        .encoding = (how_byte & 32) != 0 ? CX_STR("utf-16") : CX_NOSTR,
    };
    cx_file                  *f = CX_NEW(a, cx_file);
    cx_arena                 *scratch = cx_arena_new(ARENA_MAX);
    cx_terms                  terms;
    const cx_err              err = cx_file_read(&how, content, a, f);

    check(err == CX_OK || err == CX_INVALID || err == CX_NOMEM);
    check(err != CX_INVALID || f->nfaults > 0);
    check(err != CX_OK || f->chunks.n > 0);

    if (err == CX_OK) {
        check_chunks(&f->chunks);
        check(cx_ai_terms(f->chunks.items, f->chunks.n, a, scratch, &terms)
              == CX_OK);
        check_terms(&terms, f->chunks.n);
    }

    cx_arena_free(scratch);
}


static void
check_others(cx_str bytes, cx_arena *a)
{
    const cx_http_res  res = { .status = 200, .body = bytes };
    cx_str             rest = bytes;
    int64_t            number = -1;
    unsigned           impact;
    float             *v;
    size_t             dims;
    cx_find            find;

    while (cx_posting_next(&rest, &number, &impact)) {
        check(number >= 0 && impact <= CX_IMPACT_MAX);
    }

    if (cx_embed_parse(&res, 2, a, &v, &dims) == CX_OK) {
        check(dims > 0 && dims <= CX_EMBED_DIMS);
        check(cx_embed_cosine(v, v + dims, dims) <= 1.01f);
    }

    cx_ai_find_words(a, bytes, &find);
    check(find.n <= CX_FIND_WORDS);
}


int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    cx_arena  *a = cx_arena_new(ARENA_MAX);

    check(a != NULL);

    if (len > 0) {
        const cx_str  rest = { len - 1, (const char *) p + 1 };

        check_file(p[0], rest, a);
        check_others(rest, a);
    }

    cx_arena_free(a);
    return 0;
}
