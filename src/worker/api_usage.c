/* What models were used for and what that cost, and what they cost. */

#include "worker/api_request.h"

#include "core/time.h"
#include "store/costs.h"

#include <math.h>
#include <stddef.h>

#define DAY_MS         INT64_C(86400000)
#define DAYS           30           /* when nothing else is asked for */
#define MILLION        1e6
#define NAME_MAX_LEN   64
#define MODEL_MAX_LEN  128

/* --- usage --------------------------------------------------------------- */

typedef struct {
    cx_usage_by  by;
    int64_t      from;
    int64_t      until;
} asked;


/* "2026-11-25", or a time; the day itself belongs to what it ends. */
static cx_err
read_time(cx_api_request *req, const char *name, int64_t day_ms,
    int64_t *out)
{
    cx_str  value, text;
    cx_err  err = cx_api_query(req, name, &value);

    if (err != CX_OK || value.len == 0) {
        return err;
    }

    text = value.len == 10
           ? cx_concat(req->arena, value, CX_STR("T00:00:00Z")) : value;

    if (!cx_time_rfc3339(text, out)) {
        return cx_api_refuse(req, CX_INVALID, "", "%s is a day "
                             "(2026-11-25) or a time (RFC 3339)", name);
    }

    *out += value.len == 10 ? day_ms : 0;
    return CX_OK;
}


static cx_err
check_usage(cx_api_request *req)
{
    asked   *a = CX_NEW(req->arena, asked);
    cx_str   by;
    cx_err   err;

    if (a == NULL) {
        return CX_NOMEM;
    }

    req->state = a;
    a->until = req->now_ms + 1;
    a->from = (req->now_ms / DAY_MS - DAYS + 1) * DAY_MS;
    err = cx_api_page(req, "tn");

    if (err == CX_OK) {
        err = cx_api_query(req, "by", &by);
    }

    if (err == CX_OK && by.len > 0 && !cx_usage_by_parse(by, &a->by)) {
        return cx_api_refuse(req, CX_INVALID, "", "by is one of total, day, "
                             "agent, model, customer");
    }

    if (err == CX_OK) {
        err = read_time(req, "from", 0, &a->from);
    }

    return err == CX_OK ? read_time(req, "to", DAY_MS, &a->until) : err;
}


static void
out_subject(cx_api_request *req, cx_usage_by by, const cx_usage_sum *r)
{
    int64_t   year;
    unsigned  month, day;

    switch (by) {

    case CX_USAGE_DAY:
        cx_time_civil(r->id, &year, &month, &day);
        cx_out_str(req, "name", cx_printf(req->arena, "%04d-%02u-%02u",
                                          (int) year, month, day));
        break;

    case CX_USAGE_AGENT:
        cx_out_id(req, "agent", "ag", r->id);
        cx_out_str(req, "name", r->name);
        break;

    case CX_USAGE_MODEL:
        cx_out_str(req, "name", r->name);
        break;

    case CX_USAGE_CUSTOMER:
        cx_out_id(req, "name", "cu", r->id);
        break;

    default:
        break;
    }
}


static cx_err
usage(cx_api_request *req, cx_store *s)
{
    const asked    *a = req->state;
    cx_usage_sums   list = { .n = 0 };
    cx_err          err = cx_store_usage(s, a->by, a->from, a->until,
                                         req->limit + 1, req->cursor,
                                         req->arena, &list);

    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < list.n && i < req->limit; i++) {
        const cx_usage_sum  *r = &list.items[i];

        cx_out_open(req, NULL, '{');
        out_subject(req, a->by, r);
        cx_out_int(req, "calls", r->calls);
        cx_out_int(req, "failed", r->failed);
        cx_out_int(req, "tokens_in", r->tokens_in);
        cx_out_int(req, "tokens_cached", r->tokens_cached);
        cx_out_int(req, "tokens_out", r->tokens_out);
        cx_out_real(req, "cost", (double) r->cost / MILLION);
        cx_out_str(req, "currency", r->currency);
        cx_out_close(req, '}');
    }

    /* Lines have no ids: the next page is told by how many were shown. */
    cx_out_list_end(req, "tn", list.n > req->limit
                               ? req->cursor + (int64_t) req->limit : 0);
    return CX_OK;
}


/* --- prices -------------------------------------------------------------- */

/* A price as people write it: of a million tokens. */
typedef struct {
    cx_str    provider;
    cx_str    model;            /* "*" at its end: what begins so */
    cx_str    currency;
    double    in;
    double    cached;
    double    out;
    uint32_t  given;
} written;

#define AT(field)  offsetof(written, field)
#define MOST       ((double) CX_PRICE_MAX / MILLION)

static const char *is_pattern(cx_api_request *req, cx_str value);

static const cx_api_field  fields[] = {
    { "provider",     CX_API_STR,  AT(provider), 1, NAME_MAX_LEN,  true,
      NULL, NULL },
    { "model",        CX_API_STR,  AT(model),    1, MODEL_MAX_LEN, true,
      NULL, is_pattern },
    { "currency",     CX_API_STR,  AT(currency), 3, 3, false, NULL,
      cx_api_currency },
    { "price_in",     CX_API_REAL, AT(in),       0, MOST, true,  NULL, NULL },
    { "price_cached", CX_API_REAL, AT(cached),   0, MOST, false, NULL, NULL },
    { "price_out",    CX_API_REAL, AT(out),      0, MOST, true,  NULL, NULL },
};

#define NFIELDS   (sizeof(fields) / sizeof(fields[0]))
#define CURRENCY  (1u << 2)
#define CACHED    (1u << 4)


const char *
cx_api_currency(cx_api_request *req, cx_str value)
{
    (void) req;

    for (size_t i = 0; i < value.len; i++) {
        if (value.p[i] < 'A' || value.p[i] > 'Z') {
            return "must be three letters as in EUR";
        }
    }

    return NULL;
}


static const char *
is_pattern(cx_api_request *req, cx_str value)
{
    const size_t  at = cx_str_find_byte(value, '*');

    (void) req;
    return at == SIZE_MAX || at == value.len - 1 ? NULL
           : "may have one *, at its end";
}


static void
put(cx_api_request *req, const cx_price_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "pr", r->id);
    cx_out_str(req, "provider", r->provider);
    cx_out_str(req, "model", r->prefix
                             ? cx_concat(req->arena, r->model, CX_STR("*"))
                             : r->model);
    cx_out_str(req, "currency", r->currency);
    cx_out_real(req, "price_in", (double) r->in / MILLION);
    cx_out_real(req, "price_cached", (double) r->cached / MILLION);
    cx_out_real(req, "price_out", (double) r->out / MILLION);
    cx_out_bool(req, "inherited", r->tenant != req->as.tenant);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_time(req, "updated_at", r->updated_at);
    cx_out_close(req, '}');
}


static cx_err
list_prices(cx_api_request *req, cx_store *s)
{
    cx_price_list  rows = { .n = 0 };
    cx_err         err = cx_store_prices(s, req->arena, &rows);

    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < rows.n; i++) {
        put(req, &rows.items[i]);
    }

    cx_out_list_end(req, "pr", 0);
    return CX_OK;
}


static cx_err
show(cx_api_request *req, cx_store *s, int64_t id, int status)
{
    cx_price_row  row;
    cx_err        err = cx_store_price(s, id, req->arena, &row);

    if (err == CX_OK) {
        cx_out_begin(req, status);
        put(req, &row);
    }

    return err;
}


static cx_err
check_id(cx_api_request *req)
{
    return cx_api_id(req, "pr");
}


static cx_err
get(cx_api_request *req, cx_store *s)
{
    return show(req, s, req->id, 200);
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
    const cx_err  err = cx_api_id(req, "pr");

    return err == CX_OK ? check_change(req, false) : err;
}


static cx_price_row
row_of(const written *w)
{
    cx_price_row  row = {
        .provider = w->provider,
        .model = w->model,
        .currency = w->currency,
        .in = llround(w->in * MILLION),
        .cached = llround(w->cached * MILLION),
        .out = llround(w->out * MILLION),
    };

    if (cx_str_ends(row.model, CX_STR("*"))) {
        row.prefix = true;
        row.model = cx_str_sub(row.model, 0, row.model.len - 1);
    }

    return row;
}


static written
as_written(cx_api_request *req, const cx_price_row *r)
{
    return (written) {
        .provider = r->provider,
        .model = r->prefix ? cx_concat(req->arena, r->model, CX_STR("*"))
                           : r->model,
        .currency = r->currency,
        .in = (double) r->in / MILLION,
        .cached = (double) r->cached / MILLION,
        .out = (double) r->out / MILLION,
    };
}


static cx_err
store(cx_api_request *req, cx_store *s, const cx_price_row *row, bool create)
{
    cx_err  err = cx_store_price_put(s, row, create);

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "/model", "there is a price of that "
                             "provider and model");
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, create ? "price.create" : "price.update",
                           "pr", row->id);
    }

    return err == CX_OK ? show(req, s, row->id, create ? 201 : 200) : err;
}


static cx_err
create_one(cx_api_request *req, cx_store *s)
{
    written       w = *(const written *) req->state;
    cx_price_row  row;

    if ((w.given & CURRENCY) == 0) {
        w.currency = CX_STR("USD");
    }

    if ((w.given & CACHED) == 0) {
        w.cached = w.in;
    }

    row = row_of(&w);
    row.id = req->new_id;
    row.created_at = row.updated_at = req->now_ms;
    return store(req, s, &row, true);
}


static cx_err
patch_one(cx_api_request *req, cx_store *s)
{
    const written  *change = req->state;
    cx_price_row    old, row;
    written         w;
    cx_err          err = cx_store_price(s, req->id, req->arena, &old);

    if (err != CX_OK) {
        return err;
    }

    w = as_written(req, &old);
    cx_api_overlay(fields, NFIELDS, change->given, change, &w);
    row = row_of(&w);
    row.id = old.id;
    row.updated_at = req->now_ms;
    return store(req, s, &row, false);
}


static cx_err
delete_one(cx_api_request *req, cx_store *s)
{
    cx_err  err = cx_store_price_delete(s, req->id);

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "price.delete", "pr", req->id);
    }

    if (err == CX_OK) {
        cx_out_begin(req, 204);
    }

    return err;
}


const cx_api_route  cx_api_usage_routes[] = {
    { "GET", "/api/v1/usage", "by from to limit cursor", CX_API_NO_BODY,
      CX_API_READ, check_usage, usage, NULL, "usage:read" },
    { "GET", "/api/v1/prices", "", CX_API_NO_BODY, CX_API_READ, NULL,
      list_prices, NULL, "usage:read" },
    { "POST", "/api/v1/prices", "", CX_API_JSON, CX_API_WRITE, check_create,
      create_one, NULL, "usage:write" },
    { "GET", "/api/v1/prices/{}", "", CX_API_NO_BODY, CX_API_READ, check_id,
      get, NULL, "usage:read" },
    { "PATCH", "/api/v1/prices/{}", "", CX_API_JSON, CX_API_WRITE,
      check_patch, patch_one, NULL, "usage:write" },
    { "DELETE", "/api/v1/prices/{}", "", CX_API_NO_BODY, CX_API_WRITE,
      check_id, delete_one, NULL, "usage:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
