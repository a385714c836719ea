/*
 * Origins of pages (RFC 6454), as a browser sends them: scheme, host, and a
 * port that is not the scheme's own.
 */

#ifndef CX_CORE_ORIGIN_H
#define CX_CORE_ORIGIN_H

#include "core/str.h"

/* Whether a line of configuration can mean origins: "https://shop.example",
 * "https://" "*.example.com" (any host below it), "*". */
bool cx_origin_valid(cx_str rule);

/* Whether the rule means this origin.  "null" and what is no origin of a
 * page never match, whatever the rule. */
bool cx_origin_matches(cx_str rule, cx_str origin);

#endif /* CX_CORE_ORIGIN_H */
