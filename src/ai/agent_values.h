/* Checks of single texts of an agent's config: what is wrong; NULL: nothing.
 */

#ifndef CX_AI_AGENT_VALUES_H
#define CX_AI_AGENT_VALUES_H

#include "core/str.h"

const char *cx_agent_wrong_language(cx_str s);
const char *cx_agent_wrong_name(cx_str s);          /* of a function */
const char *cx_agent_wrong_host(cx_str s);
const char *cx_agent_wrong_url(cx_str s);           /* with path and query */
const char *cx_agent_wrong_base(cx_str s);          /* "https://host/v1" */
const char *cx_agent_wrong_path(cx_str s);
const char *cx_agent_wrong_credential(cx_str s);
const char *cx_agent_wrong_preset(cx_str s);

/* The kinds of facts. */
const char *cx_agent_fact_kinds(void);
bool cx_agent_fact_kind_known(cx_str kind);
const char *cx_agent_wrong_fact(cx_str kind, cx_str value);

#endif /* CX_AI_AGENT_VALUES_H */
