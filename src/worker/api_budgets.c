/* Budgets: how much models may be used. */

#include "worker/api_request.h"

#include "core/id.h"
#include "store/budgets.h"

#include <math.h>
#include <stddef.h>

#define MILLION       1e6
#define NAME_MAX_LEN  63
#define LIMIT_MAX     1e12

/* As people write it: a limit of money is in whole units of its currency. */
typedef struct {
    cx_str    name;
    cx_str    scope;
    cx_str    agent;
    cx_str    customer;
    cx_str    period;
    cx_str    unit;
    double    limit;
    cx_str    currency;
    cx_str    otherwise;
    bool      active;
    uint32_t  given;
} written;

#define AT(field)  offsetof(written, field)

static const char *is_scope(cx_api_request *req, cx_str value);
static const char *is_period(cx_api_request *req, cx_str value);
static const char *is_unit(cx_api_request *req, cx_str value);
static const char *is_answerer(cx_api_request *req, cx_str value);
static const char *is_customer(cx_api_request *req, cx_str value);

static const cx_api_field  fields[] = {
    { "name",      CX_API_STR,  AT(name),      1, NAME_MAX_LEN, true,  NULL,
      cx_api_slug },
    { "scope",     CX_API_STR,  AT(scope),     1, 16, false, NULL, is_scope },
    { "agent",     CX_API_STR,  AT(agent),     0, NAME_MAX_LEN, false, "",
      NULL },
    { "customer",  CX_API_STR,  AT(customer),  0, NAME_MAX_LEN, false, "",
      is_customer },
    { "period",    CX_API_STR,  AT(period),    1, 16, false, NULL,
      is_period },
    { "unit",      CX_API_STR,  AT(unit),      1, 16, false, NULL, is_unit },
    { "limit",     CX_API_REAL, AT(limit),     0, LIMIT_MAX, true, NULL,
      NULL },
    { "currency",  CX_API_STR,  AT(currency),  3, 3, false, NULL,
      cx_api_currency },
    { "otherwise", CX_API_STR,  AT(otherwise), 1, 16, false, NULL,
      is_answerer },
    { "active",    CX_API_BOOL, AT(active),    0, 0, false, NULL, NULL },
};

#define NFIELDS  (sizeof(fields) / sizeof(fields[0]))


static const char *
is_scope(cx_api_request *req, cx_str value)
{
    (void) req;
    return CX_STR_IS(value, "tenant") || CX_STR_IS(value, "agent")
           || CX_STR_IS(value, "customer")
           ? NULL : "must be tenant, agent or customer";
}


static const char *
is_period(cx_api_request *req, cx_str value)
{
    (void) req;
    return CX_STR_IS(value, "day") || CX_STR_IS(value, "month")
           ? NULL : "must be day or month";
}


static const char *
is_unit(cx_api_request *req, cx_str value)
{
    (void) req;
    return CX_STR_IS(value, "tokens") || CX_STR_IS(value, "cost")
           ? NULL : "must be tokens or cost";
}


static const char *
is_answerer(cx_api_request *req, cx_str value)
{
    (void) req;
    return CX_STR_IS(value, "knowledge") || CX_STR_IS(value, "handoff")
           ? NULL : "must be knowledge or handoff";
}


static const char *
is_customer(cx_api_request *req, cx_str value)
{
    int64_t  id;

    (void) req;
    return cx_id_parse(value, "cu", &id) ? NULL : "must be a customer's id";
}


/* --- out ----------------------------------------------------------------- */

static double
amount_of(const cx_budget_row *r, int64_t n)
{
    return CX_STR_IS(r->unit, "cost") ? (double) n / MILLION : (double) n;
}


static void
put(cx_api_request *req, const cx_budget_row *r)
{
    const bool  agent = CX_STR_IS(r->scope, "agent");
    const bool  customer = CX_STR_IS(r->scope, "customer");

    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "bg", r->id);
    cx_out_str(req, "name", r->name);
    cx_out_str(req, "scope", r->scope);
    cx_out_id(req, "agent", "ag", agent ? r->subject_id : 0);
    cx_out_id(req, "customer", "cu", customer ? r->subject_id : 0);
    cx_out_str(req, "period", r->period);
    cx_out_str(req, "unit", r->unit);
    cx_out_real(req, "limit", amount_of(r, r->amount));
    cx_out_str(req, "currency", r->currency);
    cx_out_str(req, "otherwise", r->otherwise);
    cx_out_bool(req, "active", r->active);
    cx_out_real(req, "used", amount_of(r, r->used));
    cx_out_real(req, "reserved", amount_of(r, r->reserved));
    cx_out_time(req, "created_at", r->created_at);
    cx_out_time(req, "updated_at", r->updated_at);
    cx_out_close(req, '}');
}


static cx_err
list(cx_api_request *req, cx_store *s)
{
    cx_budget_list  rows = { .n = 0 };
    cx_err          err = cx_store_budgets(s, req->now_ms, req->arena, &rows);

    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < rows.n; i++) {
        put(req, &rows.items[i]);
    }

    cx_out_list_end(req, "bg", 0);
    return CX_OK;
}


static cx_err
show(cx_api_request *req, cx_store *s, int64_t id, int status)
{
    cx_budget_row  row;
    cx_err         err = cx_store_budget(s, id, req->now_ms, req->arena,
                                         &row);

    if (err == CX_OK) {
        cx_out_begin(req, status);
        put(req, &row);
    }

    return err;
}


static cx_err
get(cx_api_request *req, cx_store *s)
{
    return show(req, s, req->id, 200);
}


/* --- in ------------------------------------------------------------------ */

static cx_err
check_id(cx_api_request *req)
{
    return cx_api_id(req, "bg");
}


static cx_err
check_change(cx_api_request *req, bool create)
{
    written  *w = CX_NEW(req->arena, written);

    if (w == NULL) {
        return CX_NOMEM;
    }

    req->state = w;
    return cx_api_fields(req, fields, NFIELDS, create, w, &w->given);
}


static cx_err
check_create(cx_api_request *req)
{
    return check_change(req, true);
}


static cx_err
check_patch(cx_api_request *req)
{
    const cx_err  err = cx_api_id(req, "bg");

    return err == CX_OK ? check_change(req, false) : err;
}


/* Whose it is; what does not belong to the scope must not be given. */
static cx_err
find_subject(cx_api_request *req, cx_store *s, const written *w,
    int64_t *id)
{
    cx_customer_row  customer;
    cx_agent_row     agent;
    cx_err           err;

    *id = 0;

    if (w->agent.len > 0 && !CX_STR_IS(w->scope, "agent")) {
        return cx_api_refuse(req, CX_INVALID, "/agent",
                             "only a budget of scope agent has one");
    }

    if (w->customer.len > 0 && !CX_STR_IS(w->scope, "customer")) {
        return cx_api_refuse(req, CX_INVALID, "/customer",
                             "only a budget of scope customer has one");
    }

    if (w->agent.len > 0) {
        err = cx_api_agent(req, s, w->agent, &agent);
        *id = err == CX_OK ? agent.id : 0;
        return err == CX_NOT_FOUND
               ? cx_api_refuse(req, CX_INVALID, "/agent",
                               "there is no such agent") : err;
    }

    if (w->customer.len > 0) {
        (void) cx_id_parse(w->customer, "cu", id);
        err = cx_store_customer(s, *id, false, req->arena, &customer);
        return err == CX_NOT_FOUND
               ? cx_api_refuse(req, CX_INVALID, "/customer",
                               "there is no such customer") : err;
    }

    return CX_OK;
}


static cx_err
row_of(cx_api_request *req, cx_store *s, const written *w,
    cx_budget_row *row)
{
    const bool  cost = CX_STR_IS(w->unit, "cost");

    *row = (cx_budget_row) {
        .name = w->name,
        .scope = w->scope,
        .period = w->period,
        .unit = w->unit,
        .amount = llround(cost ? w->limit * MILLION : w->limit),
        .currency = cost ? w->currency : CX_NOSTR,
        .otherwise = w->otherwise,
        .active = w->active,
    };

    return find_subject(req, s, w, &row->subject_id);
}


static cx_err
store(cx_api_request *req, cx_store *s, const written *w, int64_t id,
    bool create)
{
    cx_budget_row  row;
    cx_err         err = row_of(req, s, w, &row);

    if (err != CX_OK) {
        return err;
    }

    row.id = id;
    row.created_at = row.updated_at = req->now_ms;
    err = cx_store_budget_put(s, &row, create);

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "/name", "there is one of that name");
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, create ? "budget.create" : "budget.update",
                           "bg", id);
    }

    return err == CX_OK ? show(req, s, id, create ? 201 : 200) : err;
}


static cx_err
create_one(cx_api_request *req, cx_store *s)
{
    const written  *change = req->state;
    written         w = {
        .scope = CX_STR("tenant"),
        .period = CX_STR("day"),
        .unit = CX_STR("tokens"),
        .currency = CX_STR("USD"),
        .otherwise = CX_STR("knowledge"),
        .active = true,
    };

    cx_api_overlay(fields, NFIELDS, change->given, change, &w);
    return store(req, s, &w, req->new_id, true);
}


static written
as_written(cx_api_request *req, const cx_budget_row *r)
{
    written  w = {
        .name = r->name,
        .scope = r->scope,
        .period = r->period,
        .unit = r->unit,
        .limit = amount_of(r, r->amount),
        .currency = r->currency.len > 0 ? r->currency : CX_STR("USD"),
        .otherwise = r->otherwise,
        .active = r->active,
    };

    if (r->subject_id != 0 && CX_STR_IS(r->scope, "agent")) {
        w.agent = cx_id_text(req->arena, "ag", r->subject_id);

    } else if (r->subject_id != 0) {
        w.customer = cx_id_text(req->arena, "cu", r->subject_id);
    }

    return w;
}


static cx_err
patch_one(cx_api_request *req, cx_store *s)
{
    const written  *change = req->state;
    cx_budget_row   old;
    written         w;
    cx_err          err = cx_store_budget(s, req->id, req->now_ms,
                                          req->arena, &old);

    if (err != CX_OK) {
        return err;
    }

    w = as_written(req, &old);
    cx_api_overlay(fields, NFIELDS, change->given, change, &w);
    return store(req, s, &w, old.id, false);
}


static cx_err
delete_one(cx_api_request *req, cx_store *s)
{
    cx_err  err = cx_store_budget_delete(s, req->id);

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "budget.delete", "bg", req->id);
    }

    if (err == CX_OK) {
        cx_out_begin(req, 204);
    }

    return err;
}


const cx_api_route  cx_api_budget_routes[] = {
    { "GET", "/api/v1/budgets", "", CX_API_NO_BODY, CX_API_READ, NULL, list,
      NULL, "usage:read" },
    { "POST", "/api/v1/budgets", "", CX_API_JSON, CX_API_WRITE, check_create,
      create_one, NULL, "usage:write" },
    { "GET", "/api/v1/budgets/{}", "", CX_API_NO_BODY, CX_API_READ, check_id,
      get, NULL, "usage:read" },
    { "PATCH", "/api/v1/budgets/{}", "", CX_API_JSON, CX_API_WRITE,
      check_patch, patch_one, NULL, "usage:write" },
    { "DELETE", "/api/v1/budgets/{}", "", CX_API_NO_BODY, CX_API_WRITE,
      check_id, delete_one, NULL, "usage:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
