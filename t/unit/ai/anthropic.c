/* anthropic: t/cases/anthropic-request (what is asked), t/cases/anthropic
 * (what a whole answer means), t/cases/anthropic-stream (one that comes in
 * pieces). */

#include "unit/ask.h"
#include "unit/reply.h"


static void
one_request(const char *suite, const char *name)
{
    ask_case("anthropic", suite, name);
}


static void
one_answer(const char *suite, const char *name)
{
    reply_case("anthropic", suite, name);
}


static void
one_stream(const char *suite, const char *name)
{
    stream_case("anthropic", suite, name);
}


int
main(void)
{
    tap_ok(folder_each("anthropic-request", one_request) >= 20,
           "requests were found");
    tap_ok(folder_each("anthropic", one_answer) >= 30, "answers were found");
    tap_ok(folder_each("anthropic-stream", one_stream) >= 20,
           "streams were found");

    return tap_done();
}
