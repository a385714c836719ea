#include "ai/agent.h"


cx_err
cx_agent_config_read(cx_str json, cx_arena *a, cx_agent_config *out,
    cx_str *pointer, cx_str *error)
{
    (void) json;
    (void) a;

    *pointer = CX_NOSTR;
    *error = CX_NOSTR;
    *out = (cx_agent_config) { .history = -1, .mask = true };

    return CX_OK;
}
