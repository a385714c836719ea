/* The list of AI providers, and the words of a question for a search. */

#include "ai/ai.h"

#include "ai/providers.h"
#include "ai/words.h"
#include "core/utf8.h"


#define TERMS_MAX   32      /* of one search */
#define TERM_MAX    64      /* bytes of a term; longer is no word */
#define QUERY_MAX   (TERMS_MAX * (TERM_MAX + 16))
#define PREFIX_MIN  4       /* letters of a word that may be a prefix */


static const cx_ai *const  providers[] = {
    &cx_ai_knowledge,
    &cx_ai_openai,
    &cx_ai_responses,
};

/* Kept beside the list; t/unit/ai/query.c checks that they agree. */
static const char  names[] = "knowledge, openai, responses";


static bool seen(const cx_words *w, size_t i);
static void put_term(cx_buf *b, const cx_word *w, size_t *terms);


const cx_ai *
cx_ai_find(cx_str name)
{
    for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
        if (cx_str_eq(name, cx_strz(providers[i]->name))) {
            return providers[i];
        }
    }

    return NULL;
}


const char *
cx_ai_names(void)
{
    return names;
}


cx_err
cx_ai_check(const cx_ai *ai, cx_str options, cx_arena *a, cx_str *pointer,
    cx_str *error)
{
    if (options.len == 0) {
        return CX_OK;
    }

    if (ai->check != NULL) {
        return ai->check(options, a, pointer, error);
    }

    *pointer = CX_NOSTR;
    *error = CX_STR("this provider has no options");
    return CX_INVALID;
}


cx_str
cx_ai_query(cx_arena *a, cx_str question)
{
    cx_buf    b;
    size_t    terms = 0;
    cx_words  w = cx_words_of(a, question);

    cx_buf_init(&b, a, 256, QUERY_MAX);

    for (size_t i = 0; i < w.n && terms < TERMS_MAX; i++) {
        if (!w.items[i].stop && !seen(&w, i)) {
            put_term(&b, &w.items[i], &terms);
        }
    }

    return b.failed ? CX_NOSTR : cx_buf_str(&b);
}


static bool
seen(const cx_words *w, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (cx_str_eq(w->items[k].fold, w->items[i].fold)) {
            return true;
        }
    }

    return false;
}


/* A word holds letters and digits alone, or "check-in": nothing that could
 * end its quotes.  Two words in quotes are a phrase to FTS5. */
static void
put_term(cx_buf *b, const cx_word *w, size_t *terms)
{
    if (w->fold.len > TERM_MAX || w->raw.len > TERM_MAX) {
        return;
    }

    cx_buf_add(b, *terms > 0 ? CX_STR(" OR \"") : CX_STR("\""));
    cx_buf_add(b, w->raw);
    cx_buf_byte(b, '"');
    (*terms)++;

    if (w->exact && *terms < TERMS_MAX && w->raw.len > w->fold.len) {
        cx_buf_add(b, CX_STR(" OR \""));
        cx_buf_add(b, w->fold);
        cx_buf_byte(b, '"');
        (*terms)++;

    } else if (!w->exact && !cx_word_number(w->fold)
               && cx_utf8_count(w->raw) >= PREFIX_MIN)
    {
        cx_buf_byte(b, '*');
    }
}
