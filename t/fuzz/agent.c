/* What people write of an agent, and what a model writes for a function: a
 * config; a schema, a line end, and a value that may fit it. */

#include "ai/agent.h"
#include "ai/schema.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);


static void
check(bool ok)
{
    if (!ok) {
        abort();
    }
}


/* Whatever is said comes with a reason. */
static void
check_said(cx_err err, cx_str error)
{
    check(err == CX_OK || err == CX_NOMEM || err == CX_INVALID);
    check(err != CX_INVALID || error.len > 0);
}


static void
check_config(cx_str json, cx_arena *a)
{
    cx_agent_config  c;
    cx_str           pointer, error;
    const cx_err     err = cx_agent_config_read(json, a, &c, &pointer,
                                                &error);

    check_said(err, error);
    check(err != CX_OK || (c.nfacts <= CX_AGENT_FACTS_MAX
                           && c.ntools <= CX_AGENT_TOOLS_MAX
                           && c.nfallbacks <= CX_AGENT_FALLBACKS_MAX));

    for (size_t i = 0; err == CX_OK && i < c.ntools; i++) {
        check(cx_agent_host(c.tools[i].url).len > 0);
        check(c.tools[i].nhosts > 0);
    }
}


static void
check_schema(cx_str text, cx_arena *a)
{
    cx_str            json, pointer, error = CX_NOSTR;
    const cx_schema  *s;
    cx_err            err;

    (void) cx_str_split(&text, '\n', &json);
    err = cx_schema_read(json, a, &s, &pointer, &error);
    check_said(err, error);

    if (err == CX_OK) {
        err = cx_schema_check(s, text, a, &pointer, &error);
        check_said(err, error);
    }

    (void) cx_schema_matches(json, text);
}


int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    const cx_str   text = { len, (const char *) p };
    cx_arena      *a = cx_arena_new(4 * 1024 * 1024);

    check(a != NULL);
    check_config(text, a);
    cx_arena_reset(a);
    check_schema(text, a);
    cx_arena_free(a);
    return 0;
}
