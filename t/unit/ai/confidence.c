/* Confidence in a model's answers: facts, hedges, coverage. */

#include "ai/ai.h"

#include "unit/tap.h"


#define GATE  0.95

static const cx_ai_passage  house[] = {
    { .source = CX_STR_INIT("house.md"),
      .question = CX_STR_INIT("Arrival"),
      .text = CX_STR_INIT("Check-in is from 15:00 to 20:00. Write to "
                          "desk@villa-rosa.example or see "
                          "https://villa-rosa.example/arrive if you come "
                          "later.") },
    { .source = CX_STR_INIT("house.md"),
      .question = CX_STR_INIT("Parking"),
      .text = CX_STR_INIT("Parking costs 8.50 EUR a night.") },
};

static cx_arena  *arena;


static double
judge(const char *question, const char *answer, cx_str *reason)
{
    const cx_ai_prompt  p = {
        .system = CX_STR("You are the desk. Phone: +43 664 1234567."),
        .question = cx_strz(question),
        .passages = house,
        .npassages = 2,
    };

    cx_arena_reset(arena);
    return cx_ai_confidence(&p, cx_strz(answer), arena, reason);
}


static void
passes(const char *question, const char *answer)
{
    cx_str        reason;
    const double  c = judge(question, answer, &reason);

    tap_ok(c >= GATE && c <= 1 && reason.len > 0, "%.2f passes: %.*s", c,
           (int) strcspn(answer, "\n"), answer);
}


static void
doubted(const char *question, const char *answer, const char *why)
{
    cx_str        reason;
    const double  c = judge(question, answer, &reason);

    tap_ok(c <= 0.5 && c >= 0, "%.2f is held: %s", c, answer);
    tap_ok(cx_str_find(reason, cx_strz(why)) != SIZE_MAX, "because: %.*s",
           CX_ARG(reason));
}


static const char  check_in[] = "What time is check-in?";


static void
facts(void)
{
    const char  *invented = "stands nowhere";

    passes(check_in, "Check-in is from 15:00 to 20:00.");
    passes(check_in, "You can check in between 15:00 and 20:00.");
    passes(check_in, "You can check in from 15.00 to 20.00. If you come "
           "later, write to desk@villa-rosa.example.");
    passes(check_in, "1. Check-in: 15:00\n2) until 20:00");
    passes("How much is parking?", "Parking costs 8.50 EUR a night.");
    passes("How much is parking?", "Parking: 8,50 EUR per night.");
    passes(check_in, "From 15:00, see "
           "[arrive](https://villa-rosa.example/arrive).");

    doubted(check_in, "Check-in is from 14:00 to 20:00.", invented);
    doubted(check_in, "Check-in is from 15:00 to 20:30.", invented);
    doubted(check_in, "Check-in is from 5:00.", invented);
    doubted(check_in, "Check-in is from 15:00, room 12.", invented);
    doubted("How much is parking?", "Parking costs 8.5 EUR a night.",
            invented);
    doubted("How much is parking?", "Parking costs 18.50 EUR a night.",
            invented);
    doubted(check_in, "See https://evil.example/?d=15:00 for check-in.",
            invented);
    doubted(check_in, "See villa-rosa.example.org for check-in.", invented);
    doubted(check_in, "Write to other@villa-rosa.example for check-in.",
            invented);
    doubted(check_in, "Check-in is from 15:00. ![x](https://evil.example/x)",
            invented);
    doubted(check_in, "Call +43 664 7654321 for check-in.", invented);

    passes(check_in, "Check-in is from 15:00. Phone: "
           "+43 664 1234567.");
}


static void
words(void)
{
    const char  *hedged = "not sure";

    doubted(check_in, "I think check-in is from 15:00 to 20:00.", hedged);
    doubted(check_in, "Check-in is probably from 15:00.", hedged);
    doubted(check_in, "I'm not sure, check-in may be from 15:00.", hedged);
    doubted(check_in, "Vielleicht ab 15:00.", hedged);
    doubted(check_in, "Peut-\xc3\xaatre 15:00 check-in.", hedged);

    doubted("Do you have a pool?", "Yes, we have a large heated pool.",
            "0 of 1");
    doubted("Do you have a pool?", "No.", "nothing that could be checked");
    doubted("Is there parking?", "Yes.", "nothing that could be checked");
    doubted("How much is parking?", "Parking does not cost 8.50 EUR.",
            "denies");
    passes("How much is parking?", "Parking costs 8.50 EUR a night. Please "
           "don't hesitate to ask.");
    doubted(check_in, "Parking costs 8.50 EUR a night.", "0 of 2");
    doubted("Can I have it?", "Parking.", "nothing to look up");
    doubted(check_in, "", "empty");
    doubted(check_in, "\xf0\x9f\x98\x80", "empty");
    doubted(check_in, "The quick brown fox jumps over our lazy old dog again.",
            "% of the answer's");

    passes("hello", "Hello, how can I help you?");
    passes("Thank you!", "You are welcome, have a nice stay!");
    doubted("hello", "Hello, our rooms cost 99 EUR.", "greeting");
}


int
main(void)
{
    arena = cx_arena_new(1 << 20);

    facts();
    words();

    cx_arena_free(arena);
    return tap_done();
}
