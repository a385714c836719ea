/* Machines that answer each other, and people who do not. */

#include "ai/loop.h"

#include "unit/tap.h"

#define LINES_MAX  16

static cx_arena      *arena;
static cx_loop_line   lines[LINES_MAX];
static size_t         n;
static int64_t        now;


static void
begin(void)
{
    n = 0;
    now = 1800000000000;
    cx_arena_reset(arena);
}


/* So long after what was said before. */
static cx_loop_line *
say(bool ours, int64_t after_ms, const char *text)
{
    now += after_ms;
    lines[n] = (cx_loop_line) {
        .ours = ours, .typed = true, .text = cx_strz(text), .at = now,
    };

    return &lines[n++];
}


static bool
loops(void)
{
    return cx_ai_loop(lines, n, arena);
}


static const char *const  ours[] = {
    "We have rooms with a view of the lake and rooms to the garden.",
    "Breakfast is from seven to ten in the winter garden downstairs.",
    "The boats lie behind the house, the keys hang beside the door.",
    "There is a train every hour, the station is ten minutes away.",
};

static const char *const  theirs[] = {
    "Good morning, which rooms do you have in the first week of May?",
    "That sounds lovely, and when could we have breakfast there?",
    "Wonderful, we would also like to go out on the lake by boat.",
    "One more thing: how do we get to you without a car, please?",
};


static void
talk(int64_t pause_ms, size_t rounds)
{
    begin();

    for (size_t i = 0; i < rounds; i++) {
        (void) say(false, pause_ms, theirs[i]);
        (void) say(true, 2000, ours[i]);
    }
}


static void
pace(void)
{
    static const char *const  words[] = { "yes", "two", "in may", "no" };

    talk(3000, 3);
    (void) say(false, 3000, theirs[3]);
    tap_ok(loops(), "three times faster than anybody reads and types");

    talk(3000, 2);
    (void) say(false, 3000, theirs[3]);
    tap_ok(!loops(), "twice may be chance");

    talk(30000, 3);
    (void) say(false, 30000, theirs[3]);
    tap_ok(!loops(), "people take their time");

    talk(3000, 3);
    (void) say(false, 30000, theirs[3]);
    tap_ok(!loops(), "one that does ends it");

    talk(3000, 3);
    lines[3].person = true;
    (void) say(false, 3000, theirs[3]);
    tap_ok(!loops(), "so does a person of ours");

    begin();

    for (int i = 0; i < 4; i++) {
        (void) say(false, 1500, words[i]);
        (void) say(true, 500, ours[i]);
    }

    (void) say(false, 1500, "ok, thanks");
    tap_ok(!loops(), "short words are quick");

    talk(3000, 3);
    (void) say(false, 3000, theirs[3]);

    for (size_t i = 0; i < n; i++) {
        lines[i].typed = false;
    }

    tap_ok(!loops(), "buttons, too");
}


static void
repeats(void)
{
    begin();

    for (int i = 0; i < 4; i++) {
        (void) say(false, 60000, "Please hold the line, we will be back.");
        (void) say(true, 2000, ours[i]);
    }

    (void) say(false, 60000, "Please hold the line: we will be back!");
    tap_ok(loops(), "the same again and again");

    begin();

    for (int i = 0; i < 2; i++) {
        (void) say(false, 60000, i == 0
                   ? "Automatic reply: back on Monday, in urgent cases Ann"
                   : "Ich bin im Urlaub (automatische Antwort)");
        (void) say(true, 2000, ours[i]);
    }

    (void) say(false, 60000, "Out of office until the third of May");
    tap_ok(loops(), "machines that say so");

    tap_ok(cx_ai_automatic(CX_STR("I'm a bot, beep"), arena), "a bot");
    tap_ok(!cx_ai_automatic(CX_STR("Is your office open?"), arena),
           "a question");
    tap_ok(cx_ai_alike(CX_STR("One two three four five."),
                       CX_STR("one TWO three four, five"), arena), "alike");
    tap_ok(!cx_ai_alike(CX_STR("Is there parking?"),
                        CX_STR("Is there breakfast?"), arena), "not alike");
    tap_ok(cx_ai_alike(CX_STR("?!"), CX_STR("?!"), arena), "without words");
}


static void
ends(void)
{
    begin();
    tap_ok(!loops(), "nothing");
    (void) say(false, 0, "Hello");
    tap_ok(!loops(), "a first word");
    (void) say(false, 1, "Hello");
    (void) say(false, 1, "Hello");
    (void) say(false, 1, "Hello");
    tap_ok(!loops(), "of one side alone");
    (void) say(true, 1, "Hello");
    tap_ok(!loops(), "our own word is the last");
}


/* Out of memory is no loop, and no crash. */
static void
sweep(void)
{
    bool  found = false;

    talk(3000, 3);
    (void) say(false, 3000, theirs[3]);

    for (size_t max = 1; max < 1000000; max += 997) {
        cx_arena  *a = cx_arena_new(max);

        found = a != NULL && cx_ai_loop(lines, n, a);
        cx_arena_free(a);
    }

    tap_ok(found, "with enough memory it is found");
}


int
main(void)
{
    arena = cx_arena_new(8 << 20);
    pace();
    repeats();
    ends();
    sweep();
    cx_arena_free(arena);
    return tap_done();
}
