/*
 * The member "credentials" of channels and agents: names of secrets with
 * their values, which go into boxes and never come back.
 */

#ifndef CX_WORKER_API_CREDENTIALS_H
#define CX_WORKER_API_CREDENTIALS_H

#include "store/credentials.h"
#include "worker/api_request.h"

/* For check: names must be of known (space separated; NULL: any that an
 * agent's can have), values texts that could be secrets, or null, which
 * removes one. */
cx_err cx_api_credentials_check(cx_api_request *req, json_t *change,
    const char *known);
/* For run: seals and stores.  change may be NULL. */
cx_err cx_api_credentials_put(cx_api_request *req, cx_store *s, cx_str kind,
    int64_t owner_id, json_t *change);
/* At the end of a request: what it brought does not stay in memory. */
void cx_api_credentials_wipe(cx_api_request *req);
/* What may be shown, as a JSON object. */
cx_err cx_api_credentials_show(cx_api_request *req, cx_store *s, cx_str kind,
    int64_t owner_id, cx_str *json);

#endif /* CX_WORKER_API_CREDENTIALS_H */
