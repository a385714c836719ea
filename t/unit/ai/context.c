/* How much of a talk a model is given, and how it is told shorter. */

#include "ai/context.h"
#include "ai/summarize.h"

#include "unit/tap.h"


static cx_arena  *arena;


/* --- tokens -------------------------------------------------------------- */

static void
is_about(const char *text, size_t least, size_t most)
{
    const size_t  n = cx_context_tokens(cx_strz(text));

    tap_ok(n >= least && n <= most, "%zu tokens: %s", n, text);
}


/* Beside each: what tokenizers in use make of it (o200k, cl100k, Llama 2). */
static void
tokens(void)
{
    tap_is_int((int64_t) cx_context_tokens(CX_STR("")), 0, "nothing");
    is_about("When is check-out?", 5, 10);                      /* 5, 5, 6 */
    is_about("The quick brown fox jumps over the lazy dog.", 10, 20);
    is_about("K\xc3\xb6nnen wir am Donnerstag fr\xc3\xbcher anreisen?",
             10, 24);                                           /* 10 .. 14 */
    is_about("+49 151 23456789", 6, 12);                        /* 6, 6, 16 */
    is_about("\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96\xe7\x95\x8c", 4, 8);
    is_about("\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4", 3, 6);     /* 2 .. 5 */
    is_about("\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", 3, 6);
    is_about("\xe0\xb8\xaa\xe0\xb8\xa7\xe0\xb8\xb1\xe0\xb8\xaa", 4, 10);
    is_about("\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 4, 8);
    is_about("\xff\xfe", 2, 2);
}


/* --- cutting ------------------------------------------------------------- */

/* 'o': of ten tokens; 't': the same, told of; 'L': of a hundred.  want has a
 * '+' for what is kept. */
static void
cut(const char *talk, size_t count, size_t more, int64_t tokens_max,
    const char *want, size_t older)
{
    const size_t     n = cx_strz(talk).len;
    cx_context_item  items[16] = { { .tokens = 0 } };
    char             got[17] = "";
    size_t           at;

    for (size_t i = 0; i < n; i++) {
        items[i].tokens = talk[i] == 'L' ? 96 : 6;
        items[i].told = talk[i] == 't';
    }

    at = cx_context_cut(items, n, count, more, tokens_max);

    for (size_t i = 0; i < n; i++) {
        got[i] = items[i].keep ? '+' : '-';
    }

    tap_ok(strcmp(got, want) == 0 && at == older,
           "%s, %zu of %zu more, %d tokens: %s (%zu older)", talk, count,
           more, (int) tokens_max, got, at);
}


static void
cuts(void)
{
    cut("", 5, 5, 0, "", 0);
    cut("ooo", 5, 0, 0, "+++", 0);
    cut("ooooo", 3, 0, 0, "--+++", 2);
    cut("ooooo", 0, 0, 0, "-----", 5);
    cut("ooooo", 5, 0, 30, "--+++", 2);
    cut("ooooo", 5, 0, 29, "---++", 3);
    cut("ooooL", 5, 0, 30, "----+", 4);         /* the newest in any case */
    cut("oLooo", 5, 0, 60, "--+++", 2);         /* no hole */
    cut("ooooo", 2, 2, 0, "-++++", 3);          /* not told: a few more */
    cut("ttooo", 2, 5, 0, "--+++", 3);
    cut("toto", 1, 5, 0, "-+-+", 3);            /* of two conversations */
    cut("tttt", 2, 5, 0, "--++", 2);            /* told, and new enough */
    cut("ooooo", 2, 5, 30, "--+++", 3);
    cut("oLooo", 2, 5, 60, "--+++", 3);
}


/* --- telling ------------------------------------------------------------- */

static void
telling(void)
{
    const cx_ai_turn  turns[] = {
        { CX_TURN_CUSTOMER, CX_STR_INIT("We come\xe2\x80\x8b on Friday."),
          CX_STR_INIT("") },
        { CX_TURN_US, CX_STR_INIT("Check-in is from 15:00."),
          CX_STR_INIT("") },
    };
    cx_ai_prompt      p;
    size_t            used = 0;

    cx_arena_reset(arena);
    cx_ai_summarize(CX_NOSTR, turns, 2, arena, &p, &used);
    tap_is_int((int64_t) used, 2, "both");
    tap_ok(p.plain && p.system.len > 0 && p.nhistory == 0, "a task alone");
    tap_is_str(p.question, CX_STR("Messages:\nCustomer: We come on Friday.\n"
                                  "Business: Check-in is from 15:00.\n"),
               "who said what");

    cx_ai_summarize(CX_STR("Is called Ada."), turns, 1, arena, &p, &used);
    tap_ok(cx_str_starts(p.question,
                         CX_STR("Notes so far:\nIs called Ada.\n\n")),
           "behind what was told before");
}


static void
telling_much(void)
{
    static char  text[5000];
    cx_ai_turn   turns[100];
    cx_ai_prompt p;
    size_t       used = 0;

    cx_arena_reset(arena);
    memset(text, 'x', sizeof(text));

    for (size_t i = 0; i < 100; i++) {
        turns[i] = (cx_ai_turn) { .text = { sizeof(text), text } };
    }

    cx_ai_summarize(CX_NOSTR, turns, 100, arena, &p, &used);
    tap_ok(used > 10 && used < 20, "what is too much comes next (%zu)", used);
    tap_ok(p.question.len < 16000, "no question is too long");
}


static void
telling_back(void)
{
    cx_ai_reply  r = { .text = CX_STR("  Ada comes on Friday.\n"),
                       .finish = CX_FINISH_STOP };

    tap_is_str(cx_ai_summary(&r, arena), CX_STR("Ada comes on Friday."),
               "what is kept");
    r.text = CX_STR("\n<think>Who is Ada?</think>\nAda comes on Friday.");
    tap_is_str(cx_ai_summary(&r, arena), CX_STR("Ada comes on Friday."),
               "... and not what was thought before");
    r.finish = CX_FINISH_LENGTH;
    tap_is_int((int64_t) cx_ai_summary(&r, arena).len, 0, "not what was cut");
    r.finish = CX_FINISH_FILTERED;
    tap_is_int((int64_t) cx_ai_summary(&r, arena).len, 0, "nor refused");
}


int
main(void)
{
    arena = cx_arena_new(4 * 1024 * 1024);

    tokens();
    cuts();
    telling();
    telling_much();
    telling_back();

    cx_arena_free(arena);
    return tap_done();
}
