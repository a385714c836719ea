/* What may leave, and what is taken out. */

#include "ai/evidence.h"

#include "unit/tap.h"


static const cx_ai_passage  house[] = {
    { .source = CX_STR_INIT("house.md"),
      .question = CX_STR_INIT("Arrival"),
      .text = CX_STR_INIT("Check-in is from 15:00. Write to "
                          "desk@villa-rosa.example or see "
                          "https://villa-rosa.example/arrive. Parking costs "
                          "8.50 EUR a night, a room 1,250.00 EUR a month. "
                          "Pay to AT61 1904 3002 3457 3201.") },
    { .source = CX_STR_INIT("prices.csv"),
      .question = CX_STR_INIT("breakfast (EUR)"),
      .text = CX_STR_INIT("12") },
    { .source = CX_STR_INIT("rules.md"),
      .text = CX_STR_INIT("We refund in full until 7 days before. There is "
                          "no discount for groups.") },
};

static const cx_ai_fact  facts[] = {
    { CX_STR_INIT("Emergency"), CX_STR_INIT("+43 664 1234567") },
    { CX_STR_INIT("Map"), CX_STR_INIT("maps.villa.example/x") },
};

static const cx_ai_turn  history[] = {
    { CX_TURN_CUSTOMER, CX_STR_INIT("My number is +49 170 7654321, card "
                                    "4111 1111 1111 1111, and I saw "
                                    "https://evil.example/offer"),
      CX_NOSTR },
    { CX_TURN_US, CX_STR_INIT("Thank you! The boat costs 77 EUR."), CX_NOSTR },
};

static const cx_ai_call  calls[] = {
    { .name = CX_STR_INIT("booking"), .arguments = CX_STR_INIT("{}") },
};

static const cx_str  results[] = {
    CX_STR_INIT("{\"total\":420.5,\"pay\":\"https:\\/\\/pay.example\\/77\"}"),
};

static const cx_ai_round  rounds[] = {
    { .calls = calls, .results = results, .ncalls = 1 },
};

static const cx_str  links[] = {
    CX_STR_INIT("shop.example"), CX_STR_INIT(".blog.example"),
};

static cx_arena  *arena;

static const cx_ai_prompt  prompt = {
    .system = CX_STR_INIT("You are the front desk of the Villa Rosa near the "
                          "lake. Be friendly and brief, never speak of the "
                          "owners of the house, never promise anything that "
                          "you cannot keep, and end with a greeting."),
    .question = CX_STR_INIT("Give me 50 % off, I'll pay 100 EUR, write to "
                            "me@home.example"),
    .history = history,
    .nhistory = 2,
    .passages = house,
    .npassages = 3,
    .facts = facts,
    .nfacts = 2,
    .rounds = rounds,
    .nrounds = 1,
    .links = links,
    .nlinks = 2,
    .report_mark = CX_STR_INIT("c0ffeeabcdefabcd"),
};


static unsigned
check(const char *answer, cx_str *text)
{
    cx_policy  p = { .hits = 0 };

    cx_arena_reset(arena);

    if (cx_policy_check(&prompt, cx_strz(answer), arena, &p) != CX_OK) {
        return ~0u;
    }

    *text = p.text;
    return p.hits;
}


static void
words_of(unsigned hits, char *out, size_t size)
{
    size_t  n = 0;

    out[0] = '\0';

    for (unsigned i = 0; i < CX_POLICY_COUNT; i++) {
        if ((hits & (1u << i)) != 0 && n < size) {
            n += (size_t) snprintf(out + n, size - n, " %s",
                                   cx_policy_word((cx_policy_name) i));
        }
    }
}


static void
hits(unsigned want, const char *answer)
{
    char      got[128];
    cx_str    text;
    unsigned  have = check(answer, &text);

    words_of(have, got, sizeof(got));
    tap_ok(have == want, "%s%s: %.70s", want == 0 ? "free" : "held", got,
           answer);
}


#define HIT(name)  CX_POLICY_BIT(name)


static void
links_of(void)
{
    hits(0, "See https://villa-rosa.example/arrive.");
    hits(0, "See https://www.villa-rosa.example/other?x=1.");
    hits(0, "See VILLA-ROSA.EXAMPLE or maps.villa.example/x.");
    hits(0, "Pay at https://pay.example/78 now.");
    hits(0, "See shop.example, www.shop.example and de.blog.example.");
    hits(0, "It is in house.md, e.g. at 15.00 o'clock, z.B. there.");
    hits(HIT(LINK), "See https://evil.example/offer.");
    hits(HIT(LINK), "See evil.example.");
    hits(HIT(LINK), "See Evil.Com today.");
    hits(HIT(LINK), "See EVIL.EXAMPLE today.");
    hits(HIT(LINK), "See blog.example.");
    hits(HIT(LINK), "See x.shop.example.");
    hits(HIT(LINK), "https://villa-rosa.example,https://evil.example");
    hits(HIT(LINK), "https://villa-rosa.example@evil.example/");
    hits(HIT(LINK), "https://villa-rosa.example\\@evil.example/");
    hits(HIT(LINK), "https://villa-rosa.example.evil.example/");
    hits(HIT(LINK), "https://villa-rosa.exampl\xd0\xb5/arrive");
    hits(HIT(LINK), "https://villa-rosa%2eexample.evil.example/");
    hits(HIT(LINK), "https://evil\xe3\x80\x82" "example/x");
    hits(HIT(LINK), "http://10.0.0.1/login");
    hits(HIT(LINK), "ftp://villa-rosa.example/x");
    hits(HIT(LINK), "[here](javascript:alert(1))");
    hits(HIT(LINK), "<a href=\"https://evil.example/?q=1\">here</a>");
    hits(HIT(LINK), "![x](https://evil.example/x.png)");
    hits(HIT(LINK), "![x][1] [1]: //evil.example/x.png");
}


static void
amounts(void)
{
    hits(0, "Parking costs 8.50 EUR.");
    hits(0, "Parking: \xe2\x82\xac 8,50, breakfast 12 \xe2\x82\xac.");
    hits(0, "A room is 1.250 EUR a month, or 1250 euros.");
    hits(0, "The total is 420.5, from 15:00.");
    hits(0, "As I said, the boat is 77 EUR.");
    hits(0, "Room 12 is on floor 3.");
    hits(HIT(AMOUNT), "Parking costs 9 EUR.");
    hits(HIT(AMOUNT), "Parking costs 8.50 USD.");
    hits(HIT(AMOUNT), "You pay 100 EUR.");
    hits(HIT(AMOUNT), "You get 50 % off.");
    hits(HIT(AMOUNT), "You get 50 percent off, 50 por ciento.");
    hits(HIT(AMOUNT), "Your fee is 15 EUR.");
    hits(HIT(AMOUNT), "You pay fifty euros.");
    hits(HIT(AMOUNT), "Sie zahlen f\xc3\xbcnfzig Euro.");
    hits(HIT(AMOUNT), "Only $1!");
    hits(HIT(AMOUNT), "1.25 EUR a month.");
    hits(0, "\xef\xbc\x98.\xef\xbc\x95\xef\xbc\x90 EUR");
    hits(HIT(AMOUNT), "\xd9\xa9 EUR, \xef\xbc\x99 EUR");
}


static void
contacts(void)
{
    hits(0, "Write to desk@villa-rosa.example, or Desk@Villa-Rosa.example.");
    hits(0, "We write to me@home.example and call +49 170 7654321.");
    hits(0, "Call +43 664 1234567 or 0664 1234567 or 0043-664-1234567.");
    hits(0, "On 25.11.2026 from 15:00 to 20:00, 12/24/2026, 2026-11-25.");
    hits(0, "Your card 4111 1111 1111 1111 was taken.");
    hits(0, "Pay to AT61 1904 3002 3457 3201 or AT611904300234573201.");
    hits(HIT(CONTACT), "Write to boss@villa-rosa.example.");
    hits(HIT(CONTACT), "Write to a.desk@villa-rosa.example.");
    hits(HIT(CONTACT), "Call +43 664 7654321.");
    hits(HIT(CONTACT), "Call 0664.7654321 or (0664) 7654321.");
    hits(HIT(CONTACT), "Call 555-1234.");
    hits(HIT(CONTACT), "Call 2025550143.");
    hits(HIT(ACCOUNT), "Use the card 5500 0000 0000 0004.");
    hits(HIT(ACCOUNT) | HIT(CONTACT), "Pay to DE89 3704 0044 0532 0130 00.");
    hits(HIT(ACCOUNT) | HIT(CONTACT), "Pay to GB82WEST12345698765432.");
}


static void
words(void)
{
    hits(0, "You are at the right place, the Villa Rosa near the lake.");
    hits(HIT(PROMPT), "My instructions: Be friendly and brief, never speak "
         "of the owners of the house, never promise anything that you cannot "
         "keep, and end with a greeting.");
    hits(HIT(PROMPT), "be FRIENDLY and brief: never speak of the owners of "
         "the house; never promise anything that you cannot keep");
    hits(HIT(PROMPT), "I was told: Use only what the instructions above and "
         "the knowledge below say; repeat its numbers, prices, times and "
         "links exactly.");
    hits(HIT(PROMPT), "1. Be friendly and brief, 2. never speak of the "
         "owners of the house, 3. never promise anything that you cannot "
         "keep, 4. end with a greeting");
    hits(0, "You get a full refund until 7 days before.");
    hits(0, "Wir erstatten bis 7 Tage vorher alles.");
    hits(0, "There is no discount for groups. Feel free to ask!");
    hits(0, "We cannot guarantee it.");
    hits(HIT(PROMISE), "Groups get a discount.");
    hits(HIT(PROMISE), "Sie bekommen einen Gutschein.");
    hits(HIT(PROMISE), "We compensate you for that.");
    hits(HIT(PROMISE), "The upgrade is complimentary.");
    hits(HIT(PROMISE), "We guarantee it.");
    hits(HIT(PROMISE), "We guarantee that it will not rain.");
    hits(HIT(MARK), "Sure. @@c0ffeeabcdefabcd");
    hits(HIT(MARK), "<|im_end|> Sure.");
}


static void
cleaned(const char *answer, const char *want)
{
    cx_str  text;

    (void) check(answer, &text);
    tap_is_str(text, cx_strz(want), "cleaned");
}


static void
cleaning(void)
{
    cleaned("Plain, 3 < 4 and a <- b.", "Plain, 3 < 4 and a <- b.");
    cleaned("<b>Bold</b> <https://villa-rosa.example> <me@home.example>",
            "Bold https://villa-rosa.example me@home.example");
    cleaned("One<script>alert(1)</script> two", "One two");
    cleaned("One<SCRIPT src=x>alert(1)", "One");
    cleaned("One<scr<script></script>ipt>alert(1)</script> two",
            "Oneipt>alert(1) two");
    cleaned("One <img src=x onerror=alert(1)> two <img src=", "One  two "
            "img src=");
    cleaned("<<<<<<b>b>b>b>b>b> x", "  b>b> x");
    cleaned("A ![sea](https://x.example/a.png) view ![b][1]", "A sea view b");
    cleaned("Zero\xe2\x80\x8bwidth, \x1b[31mred\x07, \xe2\x80\xae" "back",
            "Zerowidth, [31mred, back");
    cleaned("[via email] Hello", "Hello");
}


static void
sweep(void)
{
    bool  bad = false;

    for (size_t max = 1; max < 400000; max += 997) {
        cx_policy   p;
        cx_arena   *a = cx_arena_new(max);

        if (a != NULL
            && cx_policy_check(&prompt, CX_STR("See https://evil.example, "
                                               "<b>9 EUR</b>"), a, &p)
               == CX_OK)
        {
            bad = bad || (p.hits & HIT(LINK)) == 0
                  || !cx_str_eq(p.text, CX_STR("See https://evil.example, "
                                               "9 EUR"));
        }

        cx_arena_free(a);
    }

    tap_ok(!bad, "at any cap it is right or out of memory");
}


int
main(void)
{
    arena = cx_arena_new(8 << 20);

    links_of();
    amounts();
    contacts();
    words();
    cleaning();
    sweep();

    cx_arena_free(arena);
    return tap_done();
}
