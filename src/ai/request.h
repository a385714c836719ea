/* How a request to a provider begins, whatever its protocol. */

#ifndef CX_AI_REQUEST_H
#define CX_AI_REQUEST_H

#include "ai/ai.h"
#include "ai/members.h"

/* Its body while it is written. */
typedef struct {
    cx_buf          body;
    cx_json_writer  w;
} cx_request;

/* cx_ai_settings.options by a table, into one.  Empty text: the defaults.
 * CX_INVALID with *pointer and *error, CX_NOMEM. */
cx_err cx_request_options(const cx_members *of, cx_str json, cx_arena *a,
    void *one, cx_str *pointer, cx_str *error);

/* Reads the options; begins the body, an object with room for the prompt's
 * images.  CX_INVALID: nobody to ask, nothing to answer, a key that is no
 * header, or bad options. */
cx_err cx_request_begin(cx_request *r, const cx_ai_settings *s,
    const cx_ai_prompt *p, const cx_members *of, void *options, cx_arena *a);

/* The value of Authorization; empty without a key. */
cx_str cx_request_bearer(cx_str key, cx_arena *a);

#endif /* CX_AI_REQUEST_H */
