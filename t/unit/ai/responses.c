/* The Responses API: t/cases/responses-request (what is asked) and
 * t/cases/responses (what the answer means). */

#include "unit/ask.h"
#include "unit/reply.h"


static void
one_request(const char *suite, const char *name)
{
    ask_case("responses", suite, name);
}


static void
one_answer(const char *suite, const char *name)
{
    reply_case("responses", suite, name);
}


int
main(void)
{
    tap_ok(folder_each("responses-request", one_request) >= 6,
           "requests were found");
    tap_ok(folder_each("responses", one_answer) >= 30, "answers were found");

    return tap_done();
}
