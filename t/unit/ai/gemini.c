/* gemini: t/cases/gemini-request (what is asked), t/cases/gemini (what a
 * whole answer means), t/cases/gemini-stream (one that comes in pieces). */

#include "unit/ask.h"
#include "unit/reply.h"


static void
one_request(const char *suite, const char *name)
{
    ask_case("gemini", suite, name);
}


static void
one_answer(const char *suite, const char *name)
{
    reply_case("gemini", suite, name);
}


static void
one_stream(const char *suite, const char *name)
{
    stream_case("gemini", suite, name);
}


int
main(void)
{
    tap_ok(folder_each("gemini-request", one_request) >= 20,
           "requests were found");
    tap_ok(folder_each("gemini", one_answer) >= 30, "answers were found");
    tap_ok(folder_each("gemini-stream", one_stream) >= 20,
           "streams were found");

    return tap_done();
}
