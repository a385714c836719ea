/* Erasing a customer, revealing what is masked, and the audit. */

#include "worker/api_request.h"

#include "core/mac.h"
#include "store/audit.h"
#include "store/customers.h"
#include "store/erase.h"

#define SCRUBS  20              /* tries to empty the log of the database */

typedef struct {
    cx_erased     erased;
    cx_forgotten  left;         /* what was left elsewhere, and is gone */
    cx_str        counts;
    int           scrubs;
} erasing;

typedef struct {
    bool  phone, name, username, email, addresses;
} reveal;

static cx_err scrub(cx_api_request *req, cx_store *s);
static cx_err scrubbed(cx_api_request *req);


/* --- erasing: the database ----------------------------------------------- */

static cx_err
check_erase(cx_api_request *req)
{
    req->state = CX_NEW(req->arena, erasing);

    return req->state != NULL ? cx_api_id(req, "cu") : CX_NOMEM;
}


static void
put_count(cx_json_writer *w, const char *name, int64_t n)
{
    cx_json_name(w, cx_strz(name));
    cx_json_put_i64(w, n);
}


static cx_str
counts_of(cx_api_request *req, const erasing *e, bool complete)
{
    cx_buf          b;
    cx_json_writer  w;

    cx_buf_init(&b, req->arena, 512, 4096);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');

    for (int i = 0; i < CX_ERASED_COUNT; i++) {
        put_count(&w, cx_erased_word((cx_erased_kind) i),
                  e->erased.counts[i]);
    }

    if (complete) {
        put_count(&w, "files", e->left.files);
        put_count(&w, "redis_entries", e->left.entries);
        cx_json_name(&w, CX_STR("redis"));
        cx_json_put_bool(&w, e->left.redis);
    }

    cx_json_end(&w, '}');
    return cx_buf_str(&b);
}


/* Of all that the receipt says. */
static cx_str
digest_of(cx_api_request *req, const cx_erasure_row *r)
{
    uint8_t  digest[CX_SHA256_LEN];
    char     hex[2 * CX_SHA256_LEN];
    cx_str   text;

    text = cx_printf(req->arena, "%lld %lld %lld %.*s %.*s",
                     (long long) r->id, (long long) r->customer_id,
                     (long long) r->created_at, CX_ARG(r->who),
                     CX_ARG(r->counts));

    if (!cx_sha256(text, digest)) {
        return CX_NOSTR;
    }

    cx_hex_encode(digest, sizeof(digest), hex);
    return cx_dup(req->arena, (cx_str) { sizeof(hex), hex });
}


static cx_erasure_row
receipt_of(cx_api_request *req, bool complete)
{
    erasing         *e = req->state;
    cx_erasure_row   row = {
        .id = req->new_id,
        .customer_id = req->id,
        .who = req->as.who,
        .created_at = req->now_ms,
    };

    row.counts = counts_of(req, e, complete);
    row.digest = digest_of(req, &row);
    return row;
}


static cx_err
erase(cx_api_request *req, cx_store *s)
{
    erasing         *e = req->state;
    cx_erasure_row   row;
    cx_err           err;

    err = cx_store_erase(s, req->id, req->now_ms, req->arena, &e->erased);

    if (err == CX_OK) {
        row = receipt_of(req, false);
        err = cx_store_erasure_put(s, &row);
    }

    return err == CX_OK ? cx_api_audit(req, s, "customer.erase", "cu",
                                       req->id) : err;
}


/* --- erasing: elsewhere -------------------------------------------------- */

static void
on_forgotten(void *ctx, const cx_forgotten *what)
{
    cx_api_request  *req = ctx;
    erasing         *e = req->state;

    e->left = *what;
    cx_api_then(req, CX_API_READ, scrub, scrubbed);
}


static cx_err
forget(cx_api_request *req)
{
    const erasing  *e = req->state;

    if (!cx_worker_forget(req->worker, &e->erased, req->now_ms, on_forgotten,
                          req))
    {
        return CX_NOMEM;
    }

    return cx_api_pause(req);
}


/* A reader is in the way only for a moment. */
static cx_err
scrub(cx_api_request *req, cx_store *s)
{
    erasing  *e = req->state;
    cx_err    err = cx_store_scrub(s);

    e->scrubs++;

    if (err != CX_BUSY) {
        e->scrubs = SCRUBS;
    }

    return err == CX_BUSY ? CX_OK : err;
}


static void
out_receipt(cx_api_request *req, const cx_erasure_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "er", r->id);
    cx_out_id(req, "customer", "cu", r->customer_id);
    cx_out_str(req, "who", r->who);
    cx_out_time(req, "erased_at", r->created_at);
    cx_json_name(&req->w, CX_STR("counts"));
    cx_json_put_raw(&req->w, r->counts);
    cx_out_str(req, "digest", r->digest);
    cx_out_close(req, '}');
}


static cx_err
write_receipt(cx_api_request *req, cx_store *s)
{
    const cx_erasure_row  row = receipt_of(req, true);
    const cx_err          err = cx_store_erasure_put(s, &row);

    if (err == CX_OK) {
        cx_out_begin(req, 200);
        out_receipt(req, &row);
    }

    return err;
}


static cx_err
scrubbed(cx_api_request *req)
{
    const erasing  *e = req->state;

    if (e->scrubs < SCRUBS) {
        cx_api_then(req, CX_API_READ, scrub, scrubbed);

    } else {
        cx_api_then(req, CX_API_WRITE, write_receipt, NULL);
    }

    return CX_OK;
}


static cx_err
check_erasures(cx_api_request *req)
{
    return cx_api_page(req, "er");
}


static cx_err
list_erasures(cx_api_request *req, cx_store *s)
{
    cx_erasure_list  list = { .n = 0 };
    cx_err           err;

    err = cx_store_erasures(s, req->cursor, req->limit, req->arena, &list);

    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < list.n; i++) {
        out_receipt(req, &list.items[i]);
    }

    cx_out_list_end(req, "er", list.n == req->limit
                               ? list.items[list.n - 1].id : 0);
    return CX_OK;
}


/* --- revealing ----------------------------------------------------------- */

static cx_err
check_reveal(cx_api_request *req)
{
    reveal  *r = CX_NEW(req->arena, reveal);
    json_t  *fields = json_object_get(req->json, "fields"), *value;
    size_t   i;
    const struct { const char *name; bool *at; } known[] = {
        { "phone", &r->phone },       { "name", &r->name },
        { "username", &r->username }, { "email", &r->email },
        { "addresses", &r->addresses },
    };

    if (r == NULL) {
        return CX_NOMEM;
    }

    req->state = r;

    if (json_object_size(req->json) != 1 || json_array_size(fields) == 0) {
        return cx_api_refuse(req, CX_INVALID, "/fields",
                             "fields must be an array of names");
    }

    json_array_foreach(fields, i, value) {
        size_t  k = 0;

        while (k < 5 && (!json_is_string(value)
                         || strcmp(json_string_value(value), known[k].name)
                            != 0))
        {
            k++;
        }

        if (k == 5) {
            return cx_api_refuse(req, CX_INVALID, "/fields",
                                 "fields may name phone, name, username, "
                                 "email and addresses");
        }

        *known[k].at = true;
    }

    return cx_api_id(req, "cu");
}


/* Which fields were shown belongs to the line, their values do not. */
static cx_err
audit_reveal(cx_api_request *req, cx_store *s, const reveal *r)
{
    cx_str  what = cx_printf(req->arena, "customer.reveal%s%s%s%s%s",
                             r->phone ? " phone" : "", r->name ? " name" : "",
                             r->username ? " username" : "",
                             r->email ? " email" : "",
                             r->addresses ? " addresses" : "");

    return cx_api_audit(req, s, cx_dupz(req->arena, what), "cu", req->id);
}


static cx_err
out_addresses(cx_api_request *req, cx_store *s, int64_t root)
{
    cx_peer_list  list = { .n = 0 };
    cx_err        err;

    err = cx_store_customer_peers(s, root, req->arena, &list);

    if (err != CX_OK) {
        return err;
    }

    cx_out_open(req, "addresses", '[');

    for (size_t i = 0; i < list.n; i++) {
        cx_out_open(req, NULL, '{');
        cx_out_str(req, "channel", list.items[i].channel);
        cx_out_str(req, "address", list.items[i].peer);
        cx_out_close(req, '}');
    }

    cx_out_close(req, ']');
    return CX_OK;
}


static cx_err
show_fields(cx_api_request *req, cx_store *s)
{
    const reveal     *r = req->state;
    cx_customer_row   row;
    cx_err            err;

    err = cx_store_customer(s, req->id, false, req->arena, &row);

    if (err == CX_OK) {
        err = audit_reveal(req, s, r);
    }

    if (err != CX_OK) {
        return err;
    }

    cx_out_begin(req, 200);
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "cu", row.id);

    if (r->phone) {
        cx_out_str(req, "phone", row.phone);
    }

    if (r->name) {
        cx_out_str(req, "name", row.name);
    }

    if (r->username) {
        cx_out_str(req, "username", row.username);
    }

    if (r->email) {
        cx_out_str(req, "email", row.email);
    }

    if (r->addresses) {
        err = out_addresses(req, s, row.root_id);
    }

    cx_out_close(req, '}');
    return err;
}


/* --- the audit ----------------------------------------------------------- */

static cx_err
check_audit(cx_api_request *req)
{
    return cx_api_page(req, "au");
}


static cx_err
list_audit(cx_api_request *req, cx_store *s)
{
    cx_audit_list  list = { .n = 0 };
    cx_str         ref;
    cx_err         err = cx_api_query(req, "ref", &ref);

    if (err == CX_OK) {
        err = cx_store_audit_lines(s, ref, req->cursor, req->limit,
                                   req->arena, &list);
    }

    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < list.n; i++) {
        const cx_audit_row  *r = &list.items[i];

        cx_out_open(req, NULL, '{');
        cx_out_id(req, "id", "au", r->line);
        cx_out_time(req, "at", r->at);
        cx_out_str(req, "who", r->who);
        cx_out_str(req, "what", r->what);
        cx_out_str(req, "ref", r->ref);
        cx_out_close(req, '}');
    }

    cx_out_list_end(req, "au", list.n == req->limit
                               ? list.items[list.n - 1].line : 0);
    return CX_OK;
}


const cx_api_route  cx_api_privacy_routes[] = {
    { "DELETE", "/api/v1/customers/{}", "", CX_API_NO_BODY, CX_API_WRITE,
      check_erase, erase, forget, "customers:write" },
    { "POST", "/api/v1/customers/{}/reveal", "", CX_API_JSON, CX_API_WRITE,
      check_reveal, show_fields, NULL, "customers:write" },
    { "GET", "/api/v1/erasures", "limit cursor", CX_API_NO_BODY,
      CX_API_READ, check_erasures, list_erasures, NULL, "customers:read" },
    { "GET", "/api/v1/audit", "ref limit cursor", CX_API_NO_BODY,
      CX_API_READ, check_audit, list_audit, NULL, "audit:read" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
