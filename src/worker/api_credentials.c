#include "worker/api_credentials.h"

#include "ai/agent.h"
#include "core/mac.h"


static bool
is_listed(const char *list, cx_str name)
{
    cx_str  rest = cx_strz(list), word;

    while (cx_str_split(&rest, ' ', &word)) {
        if (cx_str_eq(word, name)) {
            return true;
        }
    }

    return false;
}


static cx_str
text_of(json_t *value)
{
    return (cx_str) { json_string_length(value), json_string_value(value) };
}


/* Known before anything is written. */
static cx_err
check_keys(cx_api_request *req, json_t *change)
{
    const char  *name;
    json_t      *value;

    json_object_foreach(change, name, value) {
        if (!json_is_null(value)
            && cx_secrets_first(cx_worker_secrets(req->worker),
                                req->arena).len == 0)
        {
            return cx_api_refuse(req, CX_CONFLICT, "/credentials",
                                 "nothing can be sealed: [secrets] key_file "
                                 "is not set, or could not be read");
        }
    }

    return CX_OK;
}


cx_err
cx_api_credentials_check(cx_api_request *req, json_t *change,
    const char *known)
{
    const char  *name;
    json_t      *value;

    json_object_foreach(change, name, value) {
        if (known == NULL && !cx_agent_credential_ok(cx_strz(name))) {
            return cx_api_refuse(req, CX_INVALID, "/credentials",
                                 "names of credentials are of a-z, 0-9 and "
                                 "_, at most 32");
        }

        if (known != NULL && !is_listed(known, cx_strz(name))) {
            return cx_api_refuse(req, CX_INVALID, "/credentials",
                                 "credentials may have: %s", known);
        }

        if (!json_is_null(value)
            && (!json_is_string(value)
                || !cx_secret_is_plain(text_of(value))))
        {
            return cx_api_refuse(req, CX_INVALID, "/credentials",
                                 "credentials must be texts of one line, "
                                 "JSON or PEM, or null");
        }
    }

    return check_keys(req, change);
}


static cx_err
seal_one(cx_api_request *req, cx_store *s, cx_credential_row *row,
    cx_str plain)
{
    cx_err  err;

    err = cx_secrets_seal(cx_worker_secrets(req->worker), row, plain,
                          req->arena, &row->box);

    return err == CX_OK ? cx_store_credential_put(s, row) : err;
}


cx_err
cx_api_credentials_put(cx_api_request *req, cx_store *s, cx_str kind,
    int64_t owner_id, json_t *change)
{
    cx_err       err = CX_OK;
    const char  *name;
    json_t      *value;

    json_object_foreach(change, name, value) {
        cx_credential_row  row = {
            .tenant = cx_store_whose(s),
            .kind = kind,
            .owner_id = owner_id,
            .name = cx_strz(name),
            .updated_at = req->now_ms,
        };

        err = json_is_null(value)
              ? cx_store_credential_drop(s, kind, owner_id, row.name)
              : seal_one(req, s, &row, text_of(value));

        if (err != CX_OK) {
            break;
        }
    }

    return err;
}


void
cx_api_credentials_wipe(cx_api_request *req)
{
    const char  *name;
    json_t      *all = json_object_get(req->json, "credentials"), *value;

    if (all == NULL) {
        return;
    }

    json_object_foreach(all, name, value) {
        cx_secret_wipe((void *) (uintptr_t) json_string_value(value),
                       json_string_length(value));
    }

    cx_secret_wipe(req->body.p, req->body.len);
}


cx_err
cx_api_credentials_show(cx_api_request *req, cx_store *s, cx_str kind,
    int64_t owner_id, cx_str *json)
{
    cx_buf              b;
    cx_json_writer      w;
    cx_credential_list  list = { .n = 0 };
    cx_err              err;

    err = cx_store_credentials_of(s, kind, owner_id, req->arena, &list);

    if (err != CX_OK) {
        return err;
    }

    cx_buf_init(&b, req->arena, 128, 16384);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');

    for (size_t i = 0; i < list.n; i++) {
        cx_json_name(&w, list.items[i].name);
        cx_json_begin(&w, '{');
        cx_json_name(&w, CX_STR("set"));
        cx_json_put_bool(&w, true);
        cx_json_name(&w, CX_STR("updated_at"));
        cx_json_put_i64(&w, list.items[i].updated_at);
        cx_json_end(&w, '}');
    }

    cx_json_end(&w, '}');
    *json = cx_buf_str(&b);
    return CX_OK;
}
