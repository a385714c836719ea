/* The keys of the installation: which there are, and rotation. */

#include "worker/api_request.h"

#include "store/credentials.h"


static cx_err
out_keys(cx_api_request *req, cx_store *s, cx_str first)
{
    int64_t      boxes = 0, behind = 0;
    cx_key_list  list = { .n = 0 };
    cx_err       err = cx_store_credential_keys(s, req->arena, &list);

    if (err != CX_OK) {
        return err;
    }

    cx_out_open(req, "keys", '[');

    for (size_t i = 0; i < list.n; i++) {
        const cx_key_row  *k = &list.items[i];

        cx_out_open(req, NULL, '{');
        cx_out_str(req, "id", k->key_id);
        cx_out_int(req, "boxes", k->boxes);
        cx_out_bool(req, "known",
                    cx_secrets_has(cx_worker_secrets(req->worker),
                                   k->key_id));
        cx_out_close(req, '}');

        boxes += k->boxes;
        behind += cx_str_eq(k->key_id, first) ? 0 : k->boxes;
    }

    cx_out_close(req, ']');
    cx_out_int(req, "boxes", boxes);
    cx_out_int(req, "behind", behind);
    return CX_OK;
}


static void
out_rotation(cx_api_request *req)
{
    const cx_rotation  r = cx_worker_rotation(req->worker);

    cx_out_open(req, "rotation", '{');
    cx_out_bool(req, "running", r.running);
    cx_out_time(req, "started_at", r.started_at);
    cx_out_time(req, "ended_at", r.ended_at);
    cx_out_int(req, "sealed", r.sealed);
    cx_out_int(req, "failed", r.failed);
    cx_out_close(req, '}');
}


static cx_err
show(cx_api_request *req, cx_store *s, int status)
{
    const cx_str  first = cx_secrets_first(cx_worker_secrets(req->worker),
                                           req->arena);
    cx_err        err;

    cx_out_begin(req, status);
    cx_out_open(req, NULL, '{');
    cx_out_str(req, "first", first);
    err = out_keys(req, s, first);
    out_rotation(req);
    cx_out_close(req, '}');

    return err;
}


static cx_err
get_secrets(cx_api_request *req, cx_store *s)
{
    return show(req, s, 200);
}


static cx_err
audit_rotate(cx_api_request *req, cx_store *s)
{
    return cx_api_audit(req, s, "secrets.rotate", "au", req->audit_id);
}


static cx_err
get_begun(cx_api_request *req, cx_store *s)
{
    return show(req, s, 202);
}


/* The answer tells how it stands; it goes on by itself. */
static cx_err
begin_rotate(cx_api_request *req)
{
    char          error[CX_SECRETS_ERROR] = "";
    const cx_err  err = cx_worker_rotate(req->worker, error, sizeof(error));

    if (err != CX_OK) {
        return cx_api_refuse(req, err == CX_NOMEM ? err : CX_CONFLICT, "",
                             "%s", error);
    }

    cx_api_then(req, CX_API_READ, get_begun, NULL);
    return CX_OK;
}


const cx_api_route  cx_api_secret_routes[] = {
    { "GET", "/api/v1/secrets", "", CX_API_NO_BODY, CX_API_READ,
      NULL, get_secrets, NULL, "admin:read" },
    { "POST", "/api/v1/secrets/rotate", "", CX_API_JSON, CX_API_WRITE,
      NULL, audit_rotate, begin_rotate, "admin:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
