/* A quick reply in POST messages: see api_say.c. */

#ifndef CX_WORKER_API_QUICK_H
#define CX_WORKER_API_QUICK_H

#include "worker/api_request.h"

/* vars: an object of texts, or NULL. */
cx_err cx_api_quick_check(cx_api_request *req, json_t *vars);
/* For run: its text with the variables filled in, for req->id. */
cx_err cx_api_quick_text(cx_api_request *req, cx_store *s, cx_str name,
    cx_str language, json_t *vars, cx_str *text);

#endif /* CX_WORKER_API_QUICK_H */
