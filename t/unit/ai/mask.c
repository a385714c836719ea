/* Numbers that no model sees, and how they come back. */

#include "ai/mask.h"

#include "unit/tap.h"

#include <stdlib.h>


static cx_arena  *arena;


static cx_str
masked(const char *text)
{
    cx_masks  m;

    cx_arena_reset(arena);
    cx_masks_init(&m, arena);
    cx_masks_avoid(&m, cx_strz(text));
    return cx_ai_mask(&m, cx_strz(text));
}


static void
becomes(const char *text, const char *want)
{
    tap_is_str(masked(text), cx_strz(want), text);
}


static void
stays(const char *text)
{
    becomes(text, text);
}


/* --- what is one --------------------------------------------------------- */

static void
cards(void)
{
    becomes("4111111111111111", "[card-1]");
    becomes("my card is 4111 1111 1111 1111, ok?",
            "my card is [card-1], ok?");
    becomes("4111-1111-1111-1111", "[card-1]");
    becomes("4111.1111.1111.1111", "[card-1]");
    becomes("4111 - 1111 - 1111 - 1111", "[card-1]");
    becomes("Amex 3782 822463 10005.", "Amex [card-1].");
    becomes("5555555555554444 and 378282246310005",
            "[card-1] and [card-2]");
    becomes("4222222222222", "[card-1]");
    becomes("6304000000000000", "[card-1]");
    becomes("card:4111111111111111/12", "card:[card-1]/12");
    becomes("4111 1111 1111 1111 12/27", "[card-1] 12/27");
    becomes("4111 1111 1111 1111 123 12/27", "[card-1] 123 12/27");
    becomes("4111 1111\n1111 1111", "[card-1]");
    becomes("0151 2345678 4111 1111 1111 1111", "0151 2345678 [card-1]");
    becomes("4111\xc2\xa0""1111\xc2\xa0""1111\xc2\xa0""1111", "[card-1]");
    becomes("4111\xe2\x80\x93""1111\xe2\x80\x93""1111\xe2\x80\x93""1111",
            "[card-1]");
    becomes("\xe5\x8d\xa1\xe5\x8f\xb7""4111111111111111\xe3\x80\x82",
            "\xe5\x8d\xa1\xe5\x8f\xb7[card-1]\xe3\x80\x82");
    /* Full-width, then Arabic-Indic digits. */
    becomes("\xef\xbc\x94\xef\xbc\x91\xef\xbc\x91\xef\xbc\x91"
            "\xef\xbc\x91\xef\xbc\x91\xef\xbc\x91\xef\xbc\x91"
            "\xef\xbc\x91\xef\xbc\x91\xef\xbc\x91\xef\xbc\x91"
            "\xef\xbc\x91\xef\xbc\x91\xef\xbc\x91\xef\xbc\x91", "[card-1]");
    becomes("\xd9\xa4\xd9\xa1\xd9\xa1\xd9\xa1 "
            "\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1 "
            "\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1 "
            "\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1",
            "[card-1]");
}


static void
ibans(void)
{
    becomes("DE89370400440532013000", "[iban-1]");
    becomes("IBAN: DE89 3704 0044 0532 0130 00.", "IBAN: [iban-1].");
    becomes("de89 3704 0044 0532 0130 00 bitte", "[iban-1] bitte");
    becomes("GB29 NWBK 6016 1331 9268 19", "[iban-1]");
    becomes("FR14 2004 1010 0505 0001 3M02 606", "[iban-1]");
    becomes("NO93-8601-1117-947", "[iban-1]");
    becomes("MT84MALT011000012345MTLCAST001S and NO9386011117947",
            "[iban-1] and [iban-2]");
    becomes("ES91 2100 0418 4502 0005 1332 4111 1111 1111 1111",
            "[iban-1] [card-1]");
}


/* --- what is none -------------------------------------------------------- */

static void
near_misses(void)
{
    stays("4111111111111112");              /* a digit is wrong */
    stays("order 1000000000000008");        /* check digit right, no issuer */
    stays("order 123456789012345");
    stays("ABC4111111111111111");           /* part of a name */
    stays("4111111111111111abc");
    stays("41111111111111111111111111");    /* too long */
    stays("411111111111");
    stays("+4111 1111 1111 1111");          /* a telephone number */
    stays("+49 151 23456789");
    stays("0043 664 1234567 or +43 664 1234567");
    stays("2026-11-25 15:30, 18.12.2026");
    stays("5500 4 2026 12 25");
    stays("9780306406157");                 /* ISBN */
    stays("550e8400-e29b-41d4-a716-446655440000");
    stays("1Z999AA10123456784");            /* a parcel */
    stays("DE88370400440532013000");        /* IBAN: check digits */
    stays("DE8937040044053201300");         /* one short */
    stays("DE893704004405320130001");       /* one more */
    stays("XX89370400440532013000");
    stays("XDE89370400440532013000");
    stays("DE12 is a plate");
    stays("");
}


/* --- tokens -------------------------------------------------------------- */

static void
same_number(void)
{
    becomes("4111111111111111, again 4111 1111 1111 1111",
            "[card-1], again [card-1]");
}


static void
forged(void)
{
    cx_masks      m;
    const cx_str  text = CX_STR("[card-1] is 4111111111111111 [CARD-7]");
    cx_str        hidden;

    cx_arena_reset(arena);
    cx_masks_init(&m, arena);
    cx_masks_avoid(&m, text);
    hidden = cx_ai_mask(&m, text);
    tap_is_str(hidden, CX_STR("[card-1] is [card-8] [CARD-7]"),
               "numbers begin behind those the customer wrote");
    tap_is_str(cx_ai_unmask(&m, hidden, arena), text,
               "... who gets nothing for them");
    tap_is_str(cx_ai_unmask(&m, CX_STR("[card-9] [iban-8] [card-08]"), arena),
               CX_STR("[card-9] [iban-8] [card-08]"),
               "nor for what is invented");
    becomes("[card-999999] 4111111111111111",
            "[card-999999] [card-1000000]");
    becomes("[card-1000000] 4111111111111111", "[card-1000000] [card-1]");
}


static void
back(void)
{
    cx_masks  m;

    cx_arena_reset(arena);
    cx_masks_init(&m, arena);
    (void) cx_ai_mask(&m, CX_STR("4111 1111 1111 1111 "
                                 "DE89370400440532013000"));

    tap_is_str(cx_ai_unmask(&m, CX_STR("Card [card-1], IBAN [iban-1]."),
                            arena),
               CX_STR("Card 4111 1111 1111 1111, IBAN "
                      "DE89370400440532013000."), "both come back");
    tap_is_str(cx_ai_unmask(&m, CX_STR("[Card-1][CARD-1]"), arena),
               CX_STR("4111 1111 1111 11114111 1111 1111 1111"),
               "however they are written");
    tap_is_str(cx_ai_unmask(&m, CX_STR("[[card-1]] [card-1 [card-] ["), arena),
               CX_STR("[4111 1111 1111 1111] [card-1 [card-] ["),
               "no more than that");
}


static void
of_prompt(void)
{
    cx_masks            m;
    const cx_ai_turn    turns[] = {
        { CX_TURN_CUSTOMER, CX_STR_INIT("pay with 4111111111111111"),
          CX_STR_INIT("") },
        { CX_TURN_US, CX_STR_INIT("noted"), CX_STR_INIT("whatsapp") },
    };
    const cx_ai_passage  passage = {
        .text = CX_STR_INIT("Our account: DE89370400440532013000"),
    };
    cx_ai_prompt         p = {
        .question = CX_STR("and 4111\xe2\x80\x8b""111111111111?"),
        .summary = CX_STR("has paid from DE89370400440532013000"),
        .history = turns, .nhistory = 2,
        .passages = &passage, .npassages = 1,
    };

    cx_arena_reset(arena);
    cx_ai_mask_prompt(&m, &p, arena);
    tap_is_str(p.question, CX_STR("and [card-1]?"),
               "the question, though something hides in its number");
    tap_is_str(p.history[0].text, CX_STR("pay with [card-1]"), "the history");
    tap_is_str(p.history[1].channel, CX_STR("whatsapp"), "with its channels");
    tap_is_str(p.summary, CX_STR("has paid from [iban-1]"), "the summary");
    tap_is_str(p.passages[0].text, passage.text, "knowledge stays");
    tap_is_str(turns[0].text, CX_STR("pay with 4111111111111111"),
               "what is on record stays");
}


/* --- in pieces ----------------------------------------------------------- */

/* What a page sees of an answer that comes cut at these places. */
static cx_str
in_pieces(const cx_masks *m, cx_str text, size_t cut, size_t other)
{
    const size_t  ends[] = { cut, other, text.len };
    size_t        shown = 0;
    cx_str        all = CX_STR("");

    for (size_t i = 0; i < 3; i++) {
        const cx_str  unshown = cx_str_sub(text, shown, ends[i] - shown);
        const size_t  hold = i == 2 ? 0 : cx_ai_unmask_hold(m, unshown);
        const cx_str  piece = cx_str_sub(unshown, 0, unshown.len - hold);

        all = cx_concat(arena, all, cx_ai_unmask(m, piece, arena));
        shown += piece.len;
    }

    return all;
}


static void
streamed(void)
{
    const cx_str  text = CX_STR("a [card-1]; [iban-1]! [ca] [card-12 [x");
    cx_str        whole;
    cx_masks      m;
    bool          same = true;

    for (size_t i = 0; i <= text.len; i++) {
        for (size_t k = i; k <= text.len; k++) {
            cx_arena_reset(arena);
            cx_masks_init(&m, arena);
            (void) cx_ai_mask(&m, CX_STR("4111111111111111 "
                                         "DE89370400440532013000"));
            whole = cx_ai_unmask(&m, text, arena);
            same = same && cx_str_eq(in_pieces(&m, text, i, k), whole);
        }
    }

    tap_ok(same, "cut anywhere, it is the same");
    tap_is_int((int64_t) cx_ai_unmask_hold(&m, CX_STR("see [")), 1, "a [");
    tap_is_int((int64_t) cx_ai_unmask_hold(&m, CX_STR("see [card-12")), 8,
               "most of one");
    tap_is_int((int64_t) cx_ai_unmask_hold(&m, CX_STR("see [card-1]")), 0,
               "a whole one is not held");
    tap_is_int((int64_t) cx_ai_unmask_hold(&m, CX_STR("see [cat")), 0,
               "nor is another word");

    cx_masks_init(&m, arena);
    tap_is_int((int64_t) cx_ai_unmask_hold(&m, CX_STR("see [card-")), 0,
               "nor anything when nothing is hidden");
}


/* --- random texts -------------------------------------------------------- */

static const char *const  words[] = {
    "4111 1111 1111 1111", "5555555555554444", "DE89370400440532013000",
    "GB29 NWBK 6016 1331 9268 19", "[card-1]", "[iban-3]", "[card-", "[", "]",
    " ", "\n", "hello", "+49 30 1234567", "4111111111111112", "12/27", "1111",
    "\xf0\x9f\x98\x80", "\xc3\xa4", "DE", "00", ", ", "-", ".",
};


static void
round_trips(void)
{
    size_t  wrong = 0, hidden = 0, left = 0;

    srand(5);

    for (int round = 0; round < 20000; round++) {
        cx_masks  m, again;
        cx_buf    b;
        cx_str    text, out;
        int       n = rand() % 12;

        cx_arena_reset(arena);
        cx_buf_init(&b, arena, 64, 4096);

        while (n-- > 0) {
            cx_buf_add(&b, cx_strz(words[(size_t) rand()
                                         % (sizeof(words)
                                            / sizeof(words[0]))]));
        }

        text = cx_buf_str(&b);
        cx_masks_init(&m, arena);
        cx_masks_avoid(&m, text);
        out = cx_ai_mask(&m, text);
        hidden += m.n;
        wrong += !cx_str_eq(cx_ai_unmask(&m, out, arena), text);

        cx_masks_init(&again, arena);
        (void) cx_ai_mask(&again, out);
        left += again.n;
    }

    tap_is_int((int64_t) wrong, 0, "20,000 texts come back as they were");
    tap_is_int((int64_t) left, 0, "... and nothing was left to hide");
    tap_ok(hidden > 5000, "... of many numbers (%zu)", hidden);
}


static void
many(void)
{
    cx_masks  m;
    cx_buf    b;
    cx_str    out;

    cx_arena_reset(arena);
    cx_buf_init(&b, arena, 64, 1024 * 1024);

    /* Luhn: the last digit follows from the others. */
    for (int i = 0; i < 1200; i++) {
        char  digits[24];
        int   sum = 0;

        (void) snprintf(digits, sizeof(digits), "4%014d", i);

        for (int k = 0; k < 15; k++) {
            int  d = (digits[14 - k] - '0') * (k % 2 == 0 ? 2 : 1);

            sum += d > 9 ? d - 9 : d;
        }

        cx_buf_printf(&b, "%s%d,", digits, (10 - sum % 10) % 10);
    }

    cx_masks_init(&m, arena);
    out = cx_ai_mask(&m, cx_buf_str(&b));
    tap_is_int((int64_t) m.n, CX_MASKS_MAX, "so many come back");
    tap_ok(cx_str_ends(out, CX_STR("[card],[card],")),
           "what is beyond is hidden for good");
}


/* Every allocation that can fail is told. */
static void
short_of_memory(void)
{
    cx_arena  *small;
    size_t     limit = 0;
    bool       failed;

    do {
        cx_masks      m;
        cx_ai_turn    turn = { .text = CX_STR("4111111111111111") };
        cx_ai_prompt  p = {
            .question = CX_STR("DE89370400440532013000"),
            .history = &turn, .nhistory = 1,
        };

        small = cx_arena_new(1024 * 1024);
        cx_arena_limit(small, limit);
        cx_ai_mask_prompt(&m, &p, small);
        failed = cx_arena_failed(small);

        if (failed && cx_str_find(p.question, CX_STR("DE89")) != SIZE_MAX) {
            break;
        }

        cx_arena_free(small);
        small = NULL;
        limit += 16;
    } while (failed);

    tap_ok(small == NULL, "without memory nothing is shown");
    cx_arena_free(small);
}


int
main(void)
{
    arena = cx_arena_new(16 * 1024 * 1024);

    cards();
    ibans();
    near_misses();
    same_number();
    forged();
    back();
    of_prompt();
    streamed();
    round_trips();
    many();
    short_of_memory();

    cx_arena_free(arena);
    return tap_done();
}
