/* Tenants: for the operator, and for owners of the default one, who alone have
 * the scope. */

#include "worker/api_request.h"

#include <stddef.h>

#define TITLE_MAX  200

typedef struct {
    cx_tenant_row  row;
    uint32_t       given;
} tenant_change;


static const char *
state(cx_api_request *req, cx_str value)
{
    (void) req;

    return CX_STR_IS(value, "active") || CX_STR_IS(value, "suspended")
           ? NULL : "must be active or suspended";
}


#define AT(field)  offsetof(cx_tenant_row, field)

static const cx_api_field  fields[] = {
/*    name     kind         offset     min max         must   null  check */
    { "name",  CX_API_STR,  AT(name),  1,  63,         true,  NULL,
      cx_api_slug },
    { "title", CX_API_STR,  AT(title), 0,  TITLE_MAX,  false, "",   NULL },
    { "state", CX_API_STR,  AT(state), 1,  16,         false, NULL, state },
};

#define NFIELDS  (sizeof(fields) / sizeof(fields[0]))


/* --- routes -------------------------------------------------------------- */

static void
show(cx_api_request *req, const cx_tenant_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "te", r->id);
    cx_out_str(req, "name", r->name);
    cx_out_str(req, "title", r->title);
    cx_out_str(req, "state", r->state);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_time(req, "updated_at", r->updated_at);
    cx_out_close(req, '}');
}


static cx_err
find(cx_api_request *req, cx_store *s, cx_tenant_row *row)
{
    int64_t  id;

    return cx_id_parse(req->arg, "te", &id)
           ? cx_store_tenant(s, id, req->arena, row)
           : cx_store_tenant_named(s, req->arg, req->arena, row);
}


static cx_err
check_list(cx_api_request *req)
{
    return cx_api_page(req, "te");
}


static cx_err
list_tenants(cx_api_request *req, cx_store *s)
{
    size_t          shown = 0;
    int64_t         last = req->cursor, next = 0;
    cx_err          err;
    cx_tenant_list  list = { 0 };

    err = cx_store_tenants(s, req->arena, &list);
    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < list.n && next == 0; i++) {
        if (list.items[i].id <= req->cursor) {
            continue;
        }

        if (shown++ == req->limit) {
            next = last;
            break;
        }

        show(req, &list.items[i]);
        last = list.items[i].id;
    }

    cx_out_list_end(req, "te", next);
    return CX_OK;
}


static cx_err
get_tenant(cx_api_request *req, cx_store *s)
{
    cx_err         err;
    cx_tenant_row  row;

    err = find(req, s, &row);

    if (err == CX_OK) {
        cx_out_begin(req, 200);
        show(req, &row);
    }

    return err;
}


static cx_err
check_change(cx_api_request *req, bool create)
{
    tenant_change  *c = CX_NEW(req->arena, tenant_change);

    if (c == NULL) {
        return CX_NOMEM;
    }

    c->row.state = CX_STR("active");
    req->state = c;

    return cx_api_fields(req, fields, NFIELDS, create, &c->row, &c->given);
}


static cx_err
check_create(cx_api_request *req)
{
    return check_change(req, true);
}


static cx_err
check_patch(cx_api_request *req)
{
    return check_change(req, false);
}


static cx_err
put(cx_api_request *req, cx_store *s, const cx_tenant_row *row, bool create)
{
    cx_err  err;

    err = cx_store_tenant_put(s, row, create);

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "/name",
                             "a tenant of this name exists");
    }

    if (err == CX_INVALID) {
        return cx_api_refuse(req, err, "/state",
                             "the default tenant stays active");
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, create ? "tenant.create"
                                          : "tenant.change", "te", row->id);
    }

    if (err == CX_OK) {
        cx_out_begin(req, create ? 201 : 200);
        show(req, row);
    }

    return err;
}


static cx_err
create_tenant(cx_api_request *req, cx_store *s)
{
    const tenant_change  *c = req->state;
    cx_tenant_row         row = c->row;

    row.id = req->new_id;
    row.created_at = row.updated_at = req->now_ms;
    req->location = cx_concat(req->arena, CX_STR("/api/v1/tenants/"),
                              cx_id_text(req->arena, "te", row.id));
    return put(req, s, &row, true);
}


static cx_err
patch_tenant(cx_api_request *req, cx_store *s)
{
    const tenant_change  *c = req->state;
    cx_err                err;
    cx_tenant_row         row;

    err = find(req, s, &row);
    if (err != CX_OK) {
        return err;
    }

    cx_api_overlay(fields, NFIELDS, c->given, &c->row, &row);
    row.updated_at = req->now_ms;
    return put(req, s, &row, false);
}


const cx_api_route  cx_api_tenant_routes[] = {
    { "GET", "/api/v1/tenants", "limit cursor", CX_API_NO_BODY, CX_API_READ,
      check_list, list_tenants, NULL, "admin:read" },
    { "POST", "/api/v1/tenants", "", CX_API_JSON, CX_API_WRITE,
      check_create, create_tenant, NULL, "admin:write" },
    { "GET", "/api/v1/tenants/{}", "", CX_API_NO_BODY, CX_API_READ,
      NULL, get_tenant, NULL, "admin:read" },
    { "PATCH", "/api/v1/tenants/{}", "", CX_API_JSON, CX_API_WRITE,
      check_patch, patch_tenant, cx_api_config_changed, "admin:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
