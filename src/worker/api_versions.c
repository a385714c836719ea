/* What agents were told before, and back to it. */

#include "worker/api_agents.h"

#include "store/versions.h"


/* As the API shows an agent, but what only the record knows. */
static cx_str
body_of(cx_api_request *req, const cx_agent_row *row)
{
    const cx_buf          out = req->out;
    const cx_json_writer  w = req->w;
    cx_str                body;

    cx_buf_init(&req->out, req->arena, 4096, CX_API_BODY_MAX);
    cx_json_write_init(&req->w, &req->out);
    cx_out_open(req, NULL, '{');
    cx_out_agent_members(req, row);
    cx_out_close(req, '}');
    body = req->out.failed ? CX_NOSTR : cx_buf_str(&req->out);

    req->out = out;
    req->w = w;
    return body;
}


static cx_err
leave(cx_api_request *req, cx_store *s, const cx_agent_row *row, cx_str who)
{
    cx_version_row  v = {
        .at = row->updated_at,
        .who = who,
        .body = body_of(req, row),
    };

    return v.body.len == 0 ? CX_NOMEM
           : cx_store_version_add(s, row->id, &v);
}


cx_err
cx_api_version_leave(cx_api_request *req, cx_store *s,
    const cx_agent_row *before, const cx_agent_row *now)
{
    int64_t  last = 0;
    cx_err   err = CX_OK;

    if (before != NULL) {
        err = cx_store_version_last(s, before->id, &last);
    }

    if (err == CX_OK && before != NULL && last == 0) {
        err = leave(req, s, before, CX_NOSTR);
    }

    return err == CX_OK ? leave(req, s, now, req->as.who) : err;
}


/* --- showing ------------------------------------------------------------- */

static cx_err
check_list(cx_api_request *req)
{
    return cx_api_page(req, "av");
}


static void
out_version(cx_api_request *req, const cx_version_row *v)
{
    cx_out_open(req, NULL, '{');
    cx_out_int(req, "number", v->number);
    cx_out_time(req, "created_at", v->at);
    cx_out_str(req, "who", v->who);

    if (v->body.len > 0) {
        cx_json_name(&req->w, CX_STR("agent"));
        cx_json_put_raw(&req->w, v->body);
    }

    cx_out_close(req, '}');
}


static cx_err
list_versions(cx_api_request *req, cx_store *s)
{
    cx_agent_row     row;
    cx_version_list  list = { .n = 0 };
    cx_err           err;

    err = cx_api_agent(req, s, req->arg, &row);

    if (err == CX_OK) {
        err = cx_store_versions(s, row.id, req->cursor, req->limit + 1,
                                req->arena, &list);
    }

    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < list.n && i < req->limit; i++) {
        out_version(req, &list.items[i]);
    }

    cx_out_list_end(req, "av", list.n > req->limit
                               ? list.items[req->limit - 1].number : 0);
    return CX_OK;
}


static cx_err
find(cx_api_request *req, cx_store *s, cx_agent_row *row, cx_version_row *v)
{
    int64_t  number = 0;
    cx_err   err;

    if (!cx_str_to_i64(req->sub, &number) || number <= 0) {
        return CX_NOT_FOUND;
    }

    err = cx_api_agent(req, s, req->arg, row);

    return err == CX_OK ? cx_store_version(s, row->id, number, req->arena, v)
                        : err;
}


static cx_err
get_version(cx_api_request *req, cx_store *s)
{
    cx_agent_row    row;
    cx_version_row  v;
    cx_err          err;

    err = find(req, s, &row, &v);

    if (err == CX_OK) {
        cx_out_begin(req, 200);
        out_version(req, &v);
    }

    return err;
}


/* --- back to one --------------------------------------------------------- */

static cx_err
restore(cx_api_request *req, cx_store *s)
{
    cx_agent_row    before, row;
    cx_version_row  v;
    json_t         *given;
    cx_err          err;

    err = find(req, s, &before, &v);
    if (err != CX_OK) {
        return err;
    }

    row = (cx_agent_row) {
        .id = before.id,
        .tenant = before.tenant,
        .created_at = before.created_at,
        .updated_at = req->now_ms,
    };

    err = cx_api_agent_read(req, json_loadb(v.body.p, v.body.len, 0, NULL),
                            &row, &given);

    /* Others know it by the name it has now. */
    row.name = before.name;

    return err == CX_OK ? cx_api_agent_put(req, s, &row, &before, given, NULL)
                        : err;
}


const cx_api_route  cx_api_version_routes[] = {
    { "GET", "/api/v1/agents/{}/versions", "limit cursor", CX_API_NO_BODY,
      CX_API_READ, check_list, list_versions, NULL, "agents:read" },
    { "GET", "/api/v1/agents/{}/versions/{}", "", CX_API_NO_BODY,
      CX_API_READ, NULL, get_version, NULL, "agents:read" },
    { "POST", "/api/v1/agents/{}/versions/{}/restore", "", CX_API_JSON,
      CX_API_WRITE, NULL, restore, cx_api_config_changed,
      "agents:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
