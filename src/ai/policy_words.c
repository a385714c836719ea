/* What an answer says in words: our instructions, and promises. */

#include "ai/evidence.h"
#include "ai/policy_rules.h"
#include "ai/prompt.h"


#define WINDOW       4      /* words that are compared at once */
#define PROMPT_RUN   20     /* words in a row that are no chance */
#define OURS_RUN     12     /* the same, of what every agent is told */
#define SHORT_RUN    8      /* enough when it is half of the prompt ... */
#define PARTS_MIN    12     /* ... or so many in several pieces */

/* Rows of words, folded, that promise the same in several languages; an end of
 * "-" stands for any ending. */
static const struct {
    bool         deniable;      /* "we cannot guarantee" claims nothing */
    const char  *words;
} promises[] = {
    { false,    /* money back */
      " refund- reimburse- moneyback ruckerstatt- erstatt- ruckzahl- "
      "ruckvergut- reembols- devolucion- rembours- rimbors- " },
    { false,    /* less to pay */
      " discount- rebate- rabatt- nachlass- ermassigung- preisnachlass- "
      "descuent- reduction- ristourne- rabais- sconto sconti descont- " },
    { false,    /* something worth money */
      " voucher- coupon- gutschein- giftcard- promocode- cupon- cupom- " },
    { false,    /* making up for it */
      " compensat- entschadig- schadenersatz- kulanz- indemniz- indemnis- "
      "dedommage- risarcimento indenniz- " },
    { false,    /* for nothing */
      " free complimentary freebie- gratis kostenlos- kostenfrei- gratuit- "
      "unentgeltlich- " },
    { true,     /* without conditions */
      " guarantee- garantier- garantiz- garantiss- garantit- garantim- " },
};

#define PROMISES  (sizeof(promises) / sizeof(promises[0]))


/* Bits by row. */
typedef struct {
    unsigned  said;
    unsigned  affirmed;
} rows_of;

/* What of a text stands in another one, word by word. */
typedef struct {
    size_t  words;              /* of the text */
    size_t  run;                /* in a row */
    size_t  covered;            /* in rows of a window or more */
} overlap;


static overlap compare(cx_str text, cx_str said, cx_arena *a);
static cx_words without_numbers(cx_words w);
static size_t run_at(cx_str x, size_t i, cx_str y, size_t k);
static bool is_most(const overlap *o);
static unsigned rows_in(const cx_words *w);
static bool in_row(const char *row, cx_str fold);
static cx_str sentence(cx_str *rest);
static bool denied_before(const cx_words *w, unsigned row);
static rows_of rows_of_sources(const cx_policy_case *c);
static unsigned may_say(const rows_of *ours, const cx_words *w);


/* Facts that the answer may repeat belong in the facts or in the knowledge:
 * what stands there, too, is no secret. */
bool
cx_policy_prompt(const cx_policy_case *c)
{
    overlap             o;
    const cx_ai_prompt  bare = { .handoff = CX_STR("-") };
    const cx_words      w = without_numbers(cx_words_of(c->arena, c->answer));
    const cx_str        said = cx_words_join(c->arena, &w);

    o = compare(c->prompt->system, said, c->arena);

    if (o.run >= PROMPT_RUN || is_most(&o)) {
        return true;
    }

    o = compare(cx_ai_instructions(&bare, c->arena), said, c->arena);

    return o.run >= OURS_RUN;
}


/* Half of it, in one piece or in several. */
static bool
is_most(const overlap *o)
{
    return (o->run >= SHORT_RUN && 2 * o->run >= o->words)
           || (o->covered >= PARTS_MIN && 2 * o->covered >= o->words);
}


/* Windows of text are looked up one behind the other: a run of twice their
 * length has at least one in it.  Who makes a list of it adds numbers.  said:
 * the answer's words, joined. */
static overlap
compare(cx_str text, cx_str said, cx_arena *a)
{
    overlap         o;
    size_t          at, from = 0, n;
    const cx_words  w = without_numbers(cx_words_of(a, text));
    const cx_str    x = cx_words_join(a, &w);

    o = (overlap) { .words = w.n };

    for (size_t i = 0; i + WINDOW <= w.n; i += WINDOW) {
        n = 1;

        for (size_t k = i; k < i + WINDOW; k++) {
            n += w.items[k].fold.len + 1;
        }

        at = cx_str_find(said, cx_str_sub(x, from, n));

        if (at != SIZE_MAX) {
            const size_t  run = run_at(x, from, said, at);

            o.run = run > o.run ? run : o.run;
            o.covered += WINDOW;
        }

        from += n - 1;
    }

    return o;
}


static cx_words
without_numbers(cx_words w)
{
    cx_words  out = { .items = w.items };

    for (size_t i = 0; i < w.n; i++) {
        if (!cx_word_number(w.items[i].fold)) {
            out.items[out.n++] = w.items[i];
        }
    }

    return out;
}


/* Words around those places that are the same; both are at a space. */
static size_t
run_at(cx_str x, size_t i, cx_str y, size_t k)
{
    size_t  n = 0, back = 0;

    while (back < i && back < k
           && x.p[i - back - 1] == y.p[k - back - 1])
    {
        back++;
        n += x.p[i - back] == ' ';
    }

    for (i++, k++; i < x.len && k < y.len && x.p[i] == y.p[k]; i++, k++) {
        n += x.p[i] == ' ';
    }

    return n;
}


/* --- promises ------------------------------------------------------------ */

/* A source speaks of it, and does not deny what the answer affirms. */
bool
cx_policy_promise(const cx_policy_case *c)
{
    bool     looked = false;
    rows_of  ours = { 0 };
    cx_str   rest = c->answer;

    while (rest.len > 0) {
        const cx_words  w = cx_words_of(c->arena, sentence(&rest));
        const unsigned  rows = rows_in(&w);

        if (rows == 0) {
            continue;
        }

        if (!looked) {
            ours = rows_of_sources(c);
            looked = true;
        }

        if ((rows & ~may_say(&ours, &w)) != 0) {
            return true;
        }
    }

    return false;
}


static rows_of
rows_of_sources(const cx_policy_case *c)
{
    rows_of  all = { 0 };

    for (size_t i = 0; i < c->sources.nours; i++) {
        cx_str  rest = c->sources.items[i];

        while (rest.len > 0) {
            const cx_words  w = cx_words_of(c->arena, sentence(&rest));
            const unsigned  rows = rows_in(&w);

            all.said |= rows;
            all.affirmed |= rows != 0 && !cx_ai_denies(&w) ? rows : 0;
        }
    }

    return all;
}


/* The rows that a sentence may have a word of. */
static unsigned
may_say(const rows_of *ours, const cx_words *w)
{
    unsigned  may = cx_ai_denies(w) ? ours->said : ours->affirmed;

    for (size_t i = 0; i < PROMISES; i++) {
        if (promises[i].deniable && denied_before(w, 1u << i)) {
            may |= 1u << i;
        }
    }

    return may;
}


/* "we cannot guarantee it", not "we guarantee that it does not rain" */
static bool
denied_before(const cx_words *w, unsigned row)
{
    cx_words  part = { .items = w->items };

    for (part.n = 1; part.n < w->n && (rows_in(&part) & row) == 0; part.n++) {
        /* up to the word */
    }

    return cx_ai_denies(&part);
}


/* Most words begin with a letter that no row has. */
static unsigned
first_letters(void)
{
    unsigned  letters = 0;

    for (size_t k = 0; k < PROMISES; k++) {
        for (const char *p = promises[k].words; p[1] != '\0'; p++) {
            letters |= *p == ' ' ? 1u << (p[1] - 'a') : 0;
        }
    }

    return letters;
}


/* A bit for each row that has a word there. */
static unsigned
rows_in(const cx_words *w)
{
    const unsigned  letters = first_letters();
    unsigned        rows = 0;

    for (size_t i = 0; i < w->n; i++) {
        const cx_word  *x = &w->items[i];

        if (x->fold.len == 0 || x->fold.p[0] < 'a' || x->fold.p[0] > 'z'
            || (letters & 1u << (x->fold.p[0] - 'a')) == 0)
        {
            continue;
        }

        /* "feel free", "sugar-free" */
        if (CX_STR_IS(x->fold, "free")
            && (x->tied || (i > 0 && CX_STR_IS(w->items[i - 1].fold,
                                               "feel"))))
        {
            continue;
        }

        for (size_t k = 0; k < PROMISES; k++) {
            rows |= in_row(promises[k].words, x->fold) ? 1u << k : 0;
        }
    }

    return rows;
}


static bool
in_row(const char *row, cx_str fold)
{
    cx_str  rest = cx_strz(row), word;

    while (cx_str_split(&rest, ' ', &word)) {
        if (word.len == 0) {
            continue;
        }

        if (word.p[word.len - 1] != '-') {
            if (cx_str_eq(word, fold)) {
                return true;
            }

        } else if (cx_str_starts(fold, cx_str_sub(word, 0, word.len - 1))) {
            return true;
        }
    }

    return false;
}


/* Up to a full stop with something behind it, or the end of the line. */
static cx_str
sentence(cx_str *rest)
{
    size_t  n = 0;
    cx_str  part;

    while (n < rest->len && rest->p[n] != '\n'
           && (memchr(".!?", rest->p[n], 3) == NULL
               || (n + 1 < rest->len && rest->p[n + 1] != ' '
                   && rest->p[n + 1] != '\n')))
    {
        n++;
    }

    part = cx_str_sub(*rest, 0, n);
    *rest = cx_str_sub(*rest, n + 1, rest->len);

    return part;
}
