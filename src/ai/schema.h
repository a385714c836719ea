/*
 * The part of JSON Schema that functions need, and a check of arguments
 * against it.  Known are:
 *
 *   type        one of object array string number integer boolean null, or a
 *               list of them
 *   enum        up to 100 texts, numbers, true, false, null
 *   properties, required, additionalProperties (true or false; true)
 *   items       one schema
 *   minimum, maximum, minLength, maxLength, minItems, maxItems
 *   pattern     ^ $ . [a-z] [^a-z] \d \w \s ? * + {n} {n,m}; no groups
 *   title, description, default, examples, format, $schema: read over
 *
 * Any other member is refused: what nobody checks is not promised.
 */

#ifndef CX_AI_SCHEMA_H
#define CX_AI_SCHEMA_H

#include "core/arena.h"
#include "core/err.h"

#define CX_SCHEMA_DEPTH   6         /* objects and arrays in each other */
#define CX_SCHEMA_NODES   256       /* schemas of one text */
#define CX_SCHEMA_ENUM    100

typedef struct cx_schema_s  cx_schema;

/* CX_INVALID with *pointer ("/properties/date/type") and *error, or CX_NOMEM.
 * Views of json, in a. */
cx_err cx_schema_read(cx_str json, cx_arena *a, const cx_schema **out,
    cx_str *pointer, cx_str *error);
/* Whether value, JSON, is as it says; else CX_INVALID, and *pointer and
 * *error, which holds nothing of the value. */
cx_err cx_schema_check(const cx_schema *s, cx_str value, cx_arena *a,
    cx_str *pointer, cx_str *error);

/* One that is not known matches nothing. */
bool cx_schema_matches(cx_str pattern, cx_str text);
/* What is wrong with a pattern; NULL: nothing. */
const char *cx_schema_pattern_wrong(cx_str pattern);

#endif /* CX_AI_SCHEMA_H */
