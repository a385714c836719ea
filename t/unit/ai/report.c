/* The line in which a model says how sure it is. */

#include "ai/report.h"

#include "unit/tap.h"

#include <stdlib.h>


#define MARK  "0a1b2c3d4e5f6071"
#define LINE(sure, basis, missing)                                            \
    "@@" MARK " {\"sure\":" sure ",\"basis\":\"" basis "\",\"missing\":\""    \
    missing "\"}"
#define GOOD  LINE("0.9", "knowledge", "")

static cx_arena  *arena;

static const cx_ai_prompt  asks = {
    .report = true,
    .report_mark = CX_STR_INIT(MARK),
};


static cx_report
take(const char *text, cx_str *rest)
{
    cx_arena_reset(arena);
    *rest = cx_strz(text);
    return cx_report_take(&asks, arena, rest);
}


static void
is_read(const char *text, const char *answer, double sure, bool based)
{
    cx_str           rest;
    const cx_report  r = take(text, &rest);

    tap_ok(r.state == CX_REPORT_READ && r.sure > sure - 0.001
           && r.sure < sure + 0.001 && r.based == based,
           "read: %.3f", r.sure);
    tap_is_str(cx_str_trim(rest), cx_strz(answer), "and taken off");
}


static void
is_not(cx_report_state state, const char *text, const char *answer)
{
    cx_str           rest;
    const cx_report  r = take(text, &rest);

    tap_ok(r.state == state, "%s",
           state == CX_REPORT_NONE ? "no report" : "a broken one");
    tap_is_str(cx_str_trim(rest), cx_strz(answer), "what is left");
}


static void
taking(void)
{
    is_read("Yes.\n" GOOD, "Yes.", 0.9, true);
    is_read("Yes.\n\n" GOOD "\n", "Yes.", 0.9, true);
    is_read("Yes. " GOOD, "Yes.", 0.9, true);
    is_read("**Yes.**\n```\n" GOOD "\n```", "**Yes.**", 0.9, true);
    is_read("**Yes.** `" GOOD "`", "**Yes.** `", 0.9, true);
    is_read("Yes.\n" LINE("1", "facts", ""), "Yes.", 1, true);
    is_read("Yes.\n" LINE("0", "none", "the price"), "Yes.", 0, false);
    is_read("Yes.\n@@" MARK " {\"sure\":0.25}", "Yes.", 0.25, false);
    is_read(GOOD, "", 0.9, true);

    is_not(CX_REPORT_NONE, "Yes.", "Yes.");
    is_not(CX_REPORT_NONE, "Write to a@b.example @@ or @@0a1b.", "Write to "
           "a@b.example @@ or @@0a1b.");
    is_not(CX_REPORT_NONE, "Cut off.\n@@0a1b2c", "Cut off.");
    is_not(CX_REPORT_BROKEN, "Cut off.\n@@" MARK " {\"sure\":0.", "Cut off.");
    is_not(CX_REPORT_BROKEN, "Yes.\n@@" MARK, "Yes.");
    is_not(CX_REPORT_BROKEN, "Yes.\n@@" MARK " very sure", "Yes.");
    is_not(CX_REPORT_BROKEN, "Yes.\n" LINE("95", "facts", ""), "Yes.");
    is_not(CX_REPORT_BROKEN, "Yes.\n" LINE("1.5", "facts", ""), "Yes.");
    is_not(CX_REPORT_BROKEN, "Yes.\n" LINE("-1", "facts", ""), "Yes.");
    is_not(CX_REPORT_BROKEN, "Yes.\n" LINE("\"high\"", "facts", ""), "Yes.");
}


/* Nobody else's line is one, and ours is one only at the end. */
static void
forging(void)
{
    char    text[4096];
    cx_str  rest;

    is_not(CX_REPORT_NONE, "@@ffff000011112222 {\"sure\":1}",
           "@@ffff000011112222 {\"sure\":1}");
    is_not(CX_REPORT_BROKEN, "One.\n" GOOD "\nTwo.", "One.\nTwo.");
    is_not(CX_REPORT_BROKEN, "One.\n" GOOD "\n" GOOD, "One.");
    is_not(CX_REPORT_BROKEN, "One @@" MARK " two.\n" GOOD, "One");

    snprintf(text, sizeof(text), "Yes.\n@@" MARK " {\"sure\":1,\"missing\":\""
             "%2000s\"}", "x");
    (void) take(text, &rest);
    tap_ok(take(text, &rest).state == CX_REPORT_BROKEN && rest.len == 4,
           "a long one is not read, but taken off");

    snprintf(text, sizeof(text), "Yes.\n" LINE("0.9", "facts", "%600s"), "x");
    tap_ok(take(text, &rest).missing.len <= 200, "what is missing is short");
}


static void
asking(void)
{
    cx_ai_prompt  p = asks;
    cx_str        text, rest = CX_STR("Yes.\n" GOOD);

    cx_arena_reset(arena);
    text = cx_report_ask(&p, arena);
    tap_ok(cx_str_find(text, CX_STR("@@" MARK)) != SIZE_MAX, "it is asked");

    p.report_mark = CX_NOSTR;
    tap_ok(cx_report_ask(&p, arena).len == 0, "not without a mark");
    tap_ok(cx_report_take(&p, arena, &rest).state == CX_REPORT_NONE
           && rest.len > 4 && cx_report_held(&p, rest) == 0,
           "then nothing is taken, nothing is held");
}


/* In pieces of any size a customer sees nothing of it, and all of the rest. */
static void
streaming(void)
{
    static const char  text[] =
        "Mail desk@villa.example or @@0a1b, *please*.\n\nBye!\n\n" GOOD;

    const size_t  end = cx_str_find(cx_strz(text), CX_STR("Bye!")) + 4;

    for (size_t step = 1; step < sizeof(text); step++) {
        size_t  shown = 0, bad = 0;

        for (size_t n = step; ; n += step) {
            n = n < sizeof(text) - 1 ? n : sizeof(text) - 1;
            shown = n - cx_report_held(&asks, (cx_str) { n - shown,
                                                         text + shown });
            bad += shown > end;

            if (n == sizeof(text) - 1) {
                break;
            }
        }

        if (bad > 0 || shown != end) {
            tap_ok(false, "in pieces of %zu: %zu shown of %zu", step, shown,
                   end);
            return;
        }
    }

    tap_ok(true, "in pieces of every size");
}


/* Little memory is no crash, and shows nothing of the line. */
static void
sweep(void)
{
    bool  bad = false;

    for (size_t max = 0; max < 3000; max += 7) {
        cx_arena  *a = cx_arena_new(max + 1);
        cx_str     rest = CX_STR("One.\n@@" MARK " \\u0041\nTwo.\n" GOOD);

        if (a == NULL) {
            continue;
        }

        (void) cx_report_ask(&asks, a);
        (void) cx_report_take(&asks, a, &rest);
        bad = bad || cx_str_find(rest, CX_STR(MARK)) != SIZE_MAX;
        cx_arena_free(a);
    }

    tap_ok(!bad, "at any cap");
}


int
main(void)
{
    arena = cx_arena_new(1 << 20);

    taking();
    forging();
    asking();
    streaming();
    sweep();

    cx_arena_free(arena);
    return tap_done();
}
