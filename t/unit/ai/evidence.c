/* Signals of an answer, and what they make of its confidence. */

#include "ai/evidence.h"
#include "ai/preset.h"

#include "core/json.h"
#include "unit/tap.h"


#define MARK  "0a1b2c3d4e5f6071"
#define SAYS(sure, basis, missing)                                            \
    "\n@@" MARK " {\"sure\":" sure ",\"basis\":\"" basis                      \
    "\",\"missing\":\"" missing "\"}"

static const cx_ai_passage  house[] = {
    { .source = CX_STR_INIT("house.md"),
      .text = CX_STR_INIT("Check-in is from 15:00 to 20:00.") },
    { .source = CX_STR_INIT("house.md"),
      .text = CX_STR_INIT("Parking costs 8.50 EUR a night.") },
};

static const cx_ai_fact  facts[] = {
    { CX_STR_INIT("Wi-Fi password"), CX_STR_INIT("sunflower77") },
    { CX_STR_INIT("Emergency contact"),
      CX_STR_INIT("Maria, +43 664 1234567") },
};

static const cx_ai_call  calls[] = {
    { .name = CX_STR_INIT("booking_status"), .arguments = CX_STR_INIT("{}") },
};

static const cx_str  results[] = {
    CX_STR_INIT("{\"booking\":\"A77\",\"room\":12,\"status\":\"confirmed\"}"),
};

static const cx_ai_round  rounds[] = {
    { .calls = calls, .results = results, .ncalls = 1 },
};

static cx_arena  *arena;


static cx_ai_prompt
prompt_of(const char *question)
{
    return (cx_ai_prompt) {
        .system = CX_STR("You are the desk."),
        .question = cx_strz(question),
        .passages = house,
        .npassages = 2,
        .facts = facts,
        .nfacts = 2,
        .report = true,
        .report_mark = CX_STR(MARK),
    };
}


static cx_ai_answer
judge_as(const cx_ai_prompt *p, const char *text, cx_ai_finish finish)
{
    cx_ai_answer       out = { .confidence = -1 };
    const cx_ai_reply  r = { .text = cx_strz(text), .finish = finish };

    cx_arena_reset(arena);

    if (cx_ai_judge(p, &r, arena, &out).result != CX_AI_OK) {
        out.confidence = -1;
    }

    return out;
}


static cx_ai_answer
judge(const char *question, const char *text)
{
    const cx_ai_prompt  p = prompt_of(question);

    return judge_as(&p, text, CX_FINISH_STOP);
}


static bool
tells(const cx_ai_answer *a, const char *what)
{
    return cx_str_find(a->evidence, cx_strz(what)) != SIZE_MAX;
}


static const char  when[] = "When is check-in?";
static const char  good[] = "Check-in is from 15:00 to 20:00.";


/* Facts of the business, and what tools said, carry an answer, too. */
static void
sources(void)
{
    cx_ai_prompt  p = prompt_of("What is the Wi-Fi password?");
    cx_ai_answer  a = judge_as(&p, "The Wi-Fi password is sunflower77.",
                               CX_FINISH_STOP);

    tap_ok(a.confidence >= 0.95 && tells(&a, "\"facts\":1")
           && tells(&a, "it uses 1 of the agent's facts"),
           "a fact of the business: %.2f", a.confidence);

    p.npassages = 0;
    a = judge_as(&p, "The Wi-Fi password is sunflower77.", CX_FINISH_STOP);
    tap_ok(a.confidence >= 0.95, "also without knowledge: %.2f",
           a.confidence);

    a = judge_as(&p, "The Wi-Fi password is sunflower78.", CX_FINISH_STOP);
    tap_ok(a.confidence <= 0.5, "another one is made up: %.2f",
           a.confidence);

    p = prompt_of("What is the status of my booking?");
    a = judge_as(&p, "Your booking A77 is confirmed, room 12.",
                 CX_FINISH_STOP);
    tap_ok(a.confidence <= 0.5, "nobody said so: %.2f", a.confidence);

    p.rounds = rounds;
    p.nrounds = 1;
    a = judge_as(&p, "Your booking A77 is confirmed, room 12.",
                 CX_FINISH_STOP);
    tap_ok(a.confidence >= 0.95 && tells(&a, "\"tools\":1"),
           "a tool did: %.2f", a.confidence);
}


/* The built-in answerer knows them as well. */
static void
builtin(void)
{
    cx_ai_answer   a;
    cx_ai_prompt   p = prompt_of("What is the Wi-Fi password?");
    const cx_ai   *ai = cx_ai_find(CX_STR("knowledge"));

    cx_arena_reset(arena);
    tap_ok(ai->answer(&p, arena, &a) == CX_OK && a.confidence >= 0.95
           && a.nused == 0, "built in: %.2f", a.confidence);
    tap_is_str(a.text, CX_STR("Wi-Fi password: sunflower77"), "a fact");

    p.npassages = 0;
    p.question = CX_STR("Who is the emergency contact?");
    tap_ok(ai->answer(&p, arena, &a) == CX_OK && a.confidence >= 0.95,
           "without knowledge: %.2f", a.confidence);

    p.question = CX_STR("Do you have a pool?");
    tap_ok(ai->answer(&p, arena, &a) == CX_OK && a.handoff, "or it is not");
}


static void
names(void)
{
    cx_ai_answer  a = judge("Who is the emergency contact?",
                            "Your emergency contact is Maria.");

    tap_ok(a.confidence >= 0.9 && tells(&a, "\"names\":1,\"names_known\":1"),
           "a name that is known: %.2f", a.confidence);

    a = judge("Who is the emergency contact?",
              "Your emergency contact is Maria, ask for Roberto then.");
    tap_ok(a.confidence <= 0.8 && tells(&a, "a name in the answer"),
           "one that is not: %.2f", a.confidence);
}


static void
endings(void)
{
    cx_ai_prompt  p = prompt_of(when);
    cx_ai_answer  a = judge_as(&p, good, CX_FINISH_STOP);

    tap_ok(a.confidence >= 0.95 && !a.held && tells(&a, "\"finish\":\"stop\""),
           "whole: %.2f", a.confidence);
    a = judge_as(&p, good, CX_FINISH_LENGTH);
    tap_ok(a.confidence <= 0.5 && tells(&a, "the answer is cut off")
           && cx_str_eq(a.reason, CX_STR("the answer is cut off")),
           "cut off: %.2f", a.confidence);
    a = judge_as(&p, good, CX_FINISH_OTHER);
    tap_ok(a.confidence <= 0.9 && tells(&a, "\"finish\":\"other\""),
           "ended we do not know how: %.2f", a.confidence);
    a = judge_as(&p, good, CX_FINISH_FILTERED);
    tap_ok(a.handoff && a.confidence == 0, "refused");
}


/* One input: it lowers, and raises a little where the evidence is there. */
static void
reports(void)
{
    const double  sure = judge(when, good).confidence;
    cx_ai_answer  a = judge(when, "Check-in is from 15:00 to 20:00."
                            SAYS("1", "knowledge", ""));
    double        half;

    tap_ok(a.confidence >= sure && a.confidence <= 0.98
           && cx_str_eq(a.text, cx_strz(good)),
           "sure: %.3f, the line is off", a.confidence);
    a = judge(when, "Check-in is from 15:00 to 20:00."
              SAYS("0.3", "knowledge", ""));
    tap_ok(a.confidence <= 0.5, "unsure: %.2f", a.confidence);
    a = judge(when, "Check-in is from 15:00 to 20:00."
              SAYS("0.7", "knowledge", ""));
    tap_ok(a.confidence < 0.95 && a.confidence > 0.5
           && tells(&a, "the model is 70 % sure"), "not so sure: %.2f",
           a.confidence);
    a = judge(when, "Check-in is from 15:00 to 20:00." SAYS("1", "none", ""));
    tap_ok(a.confidence <= 0.5, "from nowhere: %.2f", a.confidence);
    a = judge(when, "Check-in is from 15:00 to 20:00."
              SAYS("0.9", "knowledge", "Jane's secret"));
    tap_ok(a.confidence < 0.95 && !tells(&a, "Jane"),
           "something is missing: %.2f, what is not on record",
           a.confidence);
    a = judge(when, "Check-in is from 15:00." SAYS("1", "knowledge", "")
              "\nReally." SAYS("1", "knowledge", ""));
    tap_ok(a.confidence <= 0.9 && cx_str_find(a.text, CX_STR("@@"))
           == SIZE_MAX, "said twice: %.2f", a.confidence);

    /* Never alone. */
    a = judge("Do you have a pool?", "Yes, a large heated pool."
              SAYS("1", "knowledge", ""));
    tap_ok(a.confidence <= 0.5, "sure of what nobody said: %.2f",
           a.confidence);
    a = judge(when, "Check-in is from 14:00." SAYS("1", "knowledge", ""));
    tap_ok(a.confidence <= 0.5, "sure of another time: %.2f", a.confidence);

    half = judge("Until what time is check-in for dogs?", good).confidence;
    a = judge("Until what time is check-in for dogs?",
              "Check-in is from 15:00 to 20:00."
              SAYS("1", "knowledge", ""));
    tap_ok(a.confidence > half && a.confidence < 0.95,
           "half covered it raises from %.2f to %.2f, not over the default",
           half, a.confidence);
}


static void
policies(void)
{
    cx_ai_answer  a = judge(when, "Check-in is from 15:00 to 20:00, see "
                            "https://evil.example." SAYS("1", "facts", ""));

    tap_ok(a.held && a.confidence <= 0.3 && tells(&a, "\"policy\":[\"link\"]")
           && tells(&a, "it links to a place that no source names"),
           "a hit holds: %.2f", a.confidence);

    a = judge(when, "<b>Check-in</b> is from 15:00 to 20:00.");
    tap_ok(!a.held && a.confidence >= 0.95 && cx_str_eq(a.text, cx_strz(good))
           && tells(&a, "\"cleaned\":true"), "a tag is taken out");
}


static void
json(void)
{
    static const char *const  answers[] = {
        "Check-in is from 15:00 to 20:00.",
        "I think check-in is from 99:00, \"maybe\" at https://x.example.",
        "Yes.", "hello", "Check-in is from 15:00." SAYS("0.5", "x", "\\u0041"),
    };

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        cx_ai_answer    a = judge(when, answers[i]);
        cx_json_reader  r;

        cx_json_open(&r, a.evidence, arena);
        cx_json_skip(&r);
        tap_ok(a.evidence.len > 0 && cx_json_close(&r) == CX_OK
               && !tells(&a, "x.example"),
               "evidence is JSON without the answer's text");
    }
}


static void
presets(void)
{
    tap_ok(cx_preset_at(0) != NULL && cx_preset_at(3) == NULL
           && cx_preset_find(CX_STR("bold"))->threshold == 0.7
           && cx_preset_find(CX_STR("")) == NULL, "three presets");

    for (size_t i = 0; i < 3; i++) {
        tap_ok(cx_preset_at(i)->threshold > CX_AI_DOUBT,
               "%s sends nothing that is doubted", cx_preset_at(i)->name);
    }
}


/* Little memory is said, and never a confidence. */
static void
sweep(void)
{
    bool                bad = false;
    const cx_ai_prompt  p = prompt_of(when);
    const cx_ai_reply   r = {
        .text = CX_STR("Check-in is from 14:00, see https://evil.example."
                       SAYS("1", "facts", "")),
    };

    for (size_t max = 1; max < 300000; max += 499) {
        cx_ai_answer  out;
        cx_arena     *a = cx_arena_new(max);

        if (a != NULL && cx_ai_judge(&p, &r, a, &out).result == CX_AI_OK) {
            bad = bad || out.confidence > 0.3 || !out.held
                  || out.evidence.len == 0;
        }

        cx_arena_free(a);
    }

    tap_ok(!bad, "at any cap");
}


int
main(void)
{
    arena = cx_arena_new(4 << 20);

    sources();
    builtin();
    names();
    endings();
    reports();
    policies();
    json();
    presets();
    sweep();

    cx_arena_free(arena);
    return tap_done();
}
