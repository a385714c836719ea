/* Between the files of an agent's routes. */

#ifndef CX_WORKER_API_AGENTS_H
#define CX_WORKER_API_AGENTS_H

#include "worker/api_request.h"

/* --- api_agent_config.c: the members that are kept as JSON --------------- */

/* For check: takes them out of the body; they stay with it. */
cx_err cx_api_config_take(cx_api_request *req, json_t **given);
/* For run: what is given over what there was (empty: nothing); null takes a
 * member away. */
cx_err cx_api_config_merge(cx_api_request *req, cx_str old,
    const json_t *given, cx_str *out);
/* What is wrong with row->config.  given: what is new in it; credentials: what
 * comes with it, or NULL. */
cx_err cx_api_config_check(cx_api_request *req, cx_store *s,
    const cx_agent_row *row, const json_t *given, const json_t *credentials);

/* --- api_agents.c -------------------------------------------------------- */

/* The members of a version, or of a PUT, over row. */
cx_err cx_api_agent_read(cx_api_request *req, json_t *body,
    cx_agent_row *row, json_t **given);
/* Checks, writes, leaves a version; the answer is the caller's.  given: what
 * is new in its config. */
cx_err cx_api_agent_change(cx_api_request *req, cx_store *s,
    cx_agent_row *row, const cx_agent_row *before, json_t *given);
/* The same, with credentials, and fills the answer. */
cx_err cx_api_agent_put(cx_api_request *req, cx_store *s, cx_agent_row *row,
    const cx_agent_row *before, json_t *given, json_t *credentials);

/* --- api_versions.c ------------------------------------------------------ */

/* before, NULL when it is new: what it was, if that is no version yet. */
cx_err cx_api_version_leave(cx_api_request *req, cx_store *s,
    const cx_agent_row *before, const cx_agent_row *now);

#endif /* CX_WORKER_API_AGENTS_H */
