/* Calls of functions as text: the request, and what a model is told of it. */

#ifndef CX_WORKER_TOOLS_TEXT_H
#define CX_WORKER_TOOLS_TEXT_H

#include "worker/tools.h"

/* {"error":"..."}, with what the server said beside it, in one line. */
cx_str cx_tool_text_error(cx_arena *a, cx_str why, cx_str body);
/* {"result":...}: JSON as it is, else a text; cut to a size. */
cx_str cx_tool_text_result(cx_arena *a, cx_str body);
/* A sentence of what cx_schema_check found. */
cx_str cx_tool_text_misfit(cx_arena *a, cx_str pointer, cx_str error);

/* URL, method and body.  What is wrong with the arguments (a GET takes no
 * objects), NULL: nothing. */
const char *cx_tool_text_request(cx_str url, bool get, cx_str arguments,
    cx_arena *a, cx_http_req *req);

typedef struct {
    const cx_tool_context  *context;
    int64_t                 agent_id;
    cx_str                  tool;
    cx_str                  arguments;
    cx_str                  bearer;     /* "Bearer ...", or empty */
} cx_tool_whom;

/* Whose conversation it is, and a key by which a server knows a call again
 * that a restart has repeated. */
void cx_tool_text_headers(const cx_tool_whom *of, cx_arena *a,
    cx_http_req *req);

#endif /* CX_WORKER_TOOLS_TEXT_H */
