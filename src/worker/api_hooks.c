/* Who is told of what happens, and what became of it. */

#include "worker/api_credentials.h"
#include "worker/api_request.h"

#include "core/base64.h"
#include "store/hooks.h"

#include <stddef.h>
#include <sys/random.h>

#define URL_MAX     2048
#define PATH_MAX_   4095
#define EVENTS_MAX  512
#define SECRET_LEN  24

typedef struct {
    cx_hook_row  row;
    json_t      *credentials;
    uint32_t     given;
    cx_str       secret;         /* made here; shown once */
} change;

#define AT(field)  offsetof(change, row.field)

static const char *is_url(cx_api_request *req, cx_str value);
static const char *are_events(cx_api_request *req, cx_str value);

static const cx_api_field  fields[] = {
    { "url",         CX_API_STR,  AT(url),         1, URL_MAX,    true,
      NULL, is_url },
    { "secret_file", CX_API_STR,  AT(secret_file), 0, PATH_MAX_,  false,
      "", cx_api_secret_file },
    { "events",      CX_API_STR,  AT(events),      1, EVENTS_MAX, true,
      NULL, are_events },
    { "with_text",   CX_API_BOOL, AT(with_text),   0, 0,          false,
      "false", NULL },
    { "active",      CX_API_BOOL, AT(active),      0, 0,          false,
      "true", NULL },
    { "credentials", CX_API_OBJECT, offsetof(change, credentials), 0, 0,
      false, "", NULL },
};

#define NFIELDS  (sizeof(fields) / sizeof(fields[0]))
#define NCOLUMNS (NFIELDS - 1)           /* credentials are no column */


/* --- checks -------------------------------------------------------------- */

static bool
is_mail(cx_str url)
{
    return cx_str_starts(url, CX_STR("mailto:"));
}


/* One address, without what mailto: may say beside it. */
static bool
is_mail_ok(cx_str to)
{
    size_t  at = cx_str_find_byte(to, '@');

    for (size_t i = 0; i < to.len; i++) {
        if (to.p[i] <= ' ' || to.p[i] > '~' || to.p[i] == '?'
            || to.p[i] == ',' || to.p[i] == '<' || to.p[i] == '>'
            || to.p[i] == '%')
        {
            return false;
        }
    }

    return at != SIZE_MAX && at > 0 && at + 1 < to.len;
}


static const char *
is_url(cx_api_request *req, cx_str value)
{
    const cx_str  host = cx_str_sub(value, 8, 1);

    if (is_mail(value)) {
        return is_mail_ok(cx_str_sub(value, 7, value.len)) ? NULL
               : "must be mailto: and one address";
    }

    for (size_t i = 0; i < value.len; i++) {
        if (value.p[i] <= ' ' || value.p[i] > '~' || value.p[i] == '@') {
            return "must be a URL without user and spaces";
        }
    }

    if (cx_str_starts(value, CX_STR("http://"))) {
        return cx_worker_private_hooks(req->worker) ? NULL
               : "must begin with https:// or mailto:";
    }

    return cx_str_starts(value, CX_STR("https://")) && host.len > 0
           && host.p[0] != '/' ? NULL : "must begin with https:// or mailto:";
}


static const char *
are_events(cx_api_request *req, cx_str value)
{
    cx_str    word;
    cx_event  e;

    (void) req;

    while (cx_str_split(&value, ' ', &word)) {
        if (!cx_event_parse(word, &e)) {
            return "must be words as in review.created, one space between";
        }
    }

    return NULL;
}


/* --- showing ------------------------------------------------------------- */

static cx_err
put(cx_api_request *req, cx_store *s, const cx_hook_row *r, cx_str secret)
{
    cx_str  json;
    cx_err  err;

    err = cx_api_credentials_show(req, s, CX_STR("hook"), r->id, &json);
    if (err != CX_OK) {
        return err;
    }

    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "hk", r->id);
    cx_out_str(req, "url", r->url);
    cx_out_str(req, "secret_file", r->secret_file);
    cx_json_name(&req->w, CX_STR("credentials"));
    cx_json_put_raw(&req->w, json);

    if (secret.len > 0) {
        cx_out_str(req, "secret", secret);
    }

    cx_out_str(req, "events", r->events);
    cx_out_bool(req, "with_text", r->with_text);
    cx_out_bool(req, "active", r->active);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_time(req, "updated_at", r->updated_at);
    cx_out_close(req, '}');
    return CX_OK;
}


static cx_err
show(cx_api_request *req, cx_store *s, int64_t id, cx_str secret, int status)
{
    cx_hook_row  row;
    cx_err       err = cx_store_hook(s, id, req->arena, &row);

    if (err != CX_OK) {
        return err;
    }

    cx_out_begin(req, status);
    return put(req, s, &row, secret);
}


static cx_err
list(cx_api_request *req, cx_store *s)
{
    cx_hook_list  rows = { .n = 0 };
    cx_err        err = cx_store_hooks(s, req->arena, &rows);

    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < rows.n && err == CX_OK; i++) {
        err = put(req, s, &rows.items[i], CX_NOSTR);
    }

    cx_out_list_end(req, "hk", 0);
    return err;
}


static cx_err
check_id(cx_api_request *req)
{
    return cx_api_id(req, "hk");
}


static cx_err
get(cx_api_request *req, cx_store *s)
{
    return show(req, s, req->id, CX_NOSTR, 200);
}


/* --- changing ------------------------------------------------------------ */

static cx_err
check_change(cx_api_request *req, bool create)
{
    change  *c = CX_NEW(req->arena, change);
    cx_err   err;

    if (c == NULL) {
        return CX_NOMEM;
    }

    req->state = c;
    c->row.active = true;
    err = cx_api_fields(req, fields, NFIELDS, create, c, &c->given);

    return err == CX_OK
           ? cx_api_credentials_check(req, c->credentials, "secret") : err;
}


/* Who gives no secret gets one, as Standard Webhooks write them. */
static cx_err
make_secret(cx_api_request *req, change *c)
{
    uint8_t  bytes[SECRET_LEN];

    if (is_mail(c->row.url) || c->row.secret_file.len > 0
        || c->credentials != NULL)
    {
        return CX_OK;
    }

    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
        return CX_INTERNAL;
    }

    c->secret = cx_concat(req->arena, CX_STR("whsec_"),
                          cx_base64_encode(req->arena, CX_BASE64_STD,
                                           (cx_str) { sizeof(bytes),
                                                      (char *) bytes }));
    c->credentials = json_pack("{s:s%}", "secret", c->secret.p,
                               c->secret.len);

    if (c->credentials == NULL
        || json_object_set_new(req->json, "credentials", c->credentials) != 0)
    {
        return CX_NOMEM;
    }

    return CX_OK;
}


static cx_err
check_create(cx_api_request *req)
{
    cx_err  err = check_change(req, true);

    return err == CX_OK ? make_secret(req, req->state) : err;
}


static cx_err
check_patch(cx_api_request *req)
{
    cx_err  err = cx_api_id(req, "hk");

    return err == CX_OK ? check_change(req, false) : err;
}


static cx_err
store(cx_api_request *req, cx_store *s, const cx_hook_row *row, bool create)
{
    const change  *c = req->state;
    cx_err         err = cx_store_hook_put(s, row, create);

    if (err == CX_OK && c->credentials != NULL) {
        err = cx_api_credentials_put(req, s, CX_STR("hook"), row->id,
                                     c->credentials);
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, create ? "hook.create" : "hook.update",
                           "hk", row->id);
    }

    return err == CX_OK
           ? show(req, s, row->id, c->secret, create ? 201 : 200) : err;
}


static cx_err
create_one(cx_api_request *req, cx_store *s)
{
    const change  *c = req->state;
    cx_hook_row    row = c->row;

    row.id = req->new_id;
    row.created_at = row.updated_at = req->now_ms;
    return store(req, s, &row, true);
}


static cx_err
patch_one(cx_api_request *req, cx_store *s)
{
    const change  *c = req->state;
    change         all = { .secret = CX_NOSTR };
    cx_err         err = cx_store_hook(s, req->id, req->arena, &all.row);

    if (err != CX_OK) {
        return err;
    }

    cx_api_overlay(fields, NCOLUMNS, c->given, c, &all);
    all.row.updated_at = req->now_ms;
    return store(req, s, &all.row, false);
}


static cx_err
check_delete(cx_api_request *req)
{
    return cx_api_id(req, "hk");
}


static cx_err
delete_one(cx_api_request *req, cx_store *s)
{
    cx_err  err = cx_store_hook_delete(s, req->id);

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "hook.delete", "hk", req->id);
    }

    if (err == CX_OK) {
        cx_out_begin(req, 204);
    }

    return err;
}


/* --- deliveries ---------------------------------------------------------- */

static void
put_delivery(cx_api_request *req, const cx_delivery_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "hd", r->id);
    cx_out_id(req, "hook", "hk", r->hook_id);
    cx_out_str(req, "event", r->event);
    cx_out_id(req, "conversation", "cv", r->conversation_id);
    cx_out_str(req, "state", r->state);
    cx_out_int(req, "attempts", r->attempts);
    cx_out_int(req, "status", r->status);
    cx_out_str(req, "error", r->error_text);
    cx_json_name(&req->w, CX_STR("body"));
    cx_json_put_raw(&req->w, r->body);
    cx_out_time(req, "next_at", CX_STR_IS(r->state, "waiting")
                                ? r->not_before : 0);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_time(req, "updated_at", r->updated_at);
    cx_out_close(req, '}');
}


static cx_err
check_deliveries(cx_api_request *req)
{
    cx_err  err = cx_api_page(req, "hd");

    return err == CX_OK ? cx_api_id(req, "hk") : err;
}


static cx_err
list_deliveries(cx_api_request *req, cx_store *s)
{
    cx_delivery_list  rows = { .n = 0 };
    cx_hook_row       hook;
    size_t            shown;
    cx_err            err = cx_store_hook(s, req->id, req->arena, &hook);

    if (err == CX_OK) {
        err = cx_store_deliveries(s, req->id, req->cursor, req->limit + 1,
                                  req->arena, &rows);
    }

    if (err != CX_OK) {
        return err;
    }

    shown = rows.n > req->limit ? req->limit : rows.n;
    cx_out_list_begin(req);

    for (size_t i = 0; i < shown; i++) {
        put_delivery(req, &rows.items[i]);
    }

    cx_out_list_end(req, "hd", shown < rows.n ? rows.items[shown - 1].id : 0);
    return CX_OK;
}


static cx_err
check_again(cx_api_request *req)
{
    uint32_t  given;
    cx_err    err = cx_api_fields(req, NULL, 0, false, NULL, &given);

    return err == CX_OK ? cx_api_id(req, "hd") : err;
}


static cx_err
send_again(cx_api_request *req, cx_store *s)
{
    cx_delivery_row  row;
    cx_err           err = cx_store_delivery_again(s, req->id, req->now_ms);

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "", "the delivery waits already");
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "hook.resend", "hd", req->id);
    }

    if (err == CX_OK) {
        err = cx_store_delivery(s, req->id, req->arena, &row);
    }

    if (err == CX_OK) {
        cx_out_begin(req, 200);
        put_delivery(req, &row);
    }

    return err;
}


static cx_err
tell(cx_api_request *req)
{
    cx_worker_tell(req->worker);
    return CX_OK;
}


const cx_api_route  cx_api_hook_routes[] = {
    { "GET", "/api/v1/hooks", "", CX_API_NO_BODY, CX_API_READ, NULL, list,
      NULL, "hooks:read" },
    { "POST", "/api/v1/hooks", "", CX_API_JSON, CX_API_WRITE, check_create,
      create_one, NULL, "hooks:write" },
    { "GET", "/api/v1/hooks/{}", "", CX_API_NO_BODY, CX_API_READ, check_id,
      get, NULL, "hooks:read" },
    { "PATCH", "/api/v1/hooks/{}", "", CX_API_JSON, CX_API_WRITE,
      check_patch, patch_one, tell, "hooks:write" },
    { "DELETE", "/api/v1/hooks/{}", "", CX_API_NO_BODY, CX_API_WRITE,
      check_delete, delete_one, NULL, "hooks:write" },
    { "GET", "/api/v1/hooks/{}/deliveries", "limit cursor", CX_API_NO_BODY,
      CX_API_READ, check_deliveries, list_deliveries, NULL, "hooks:read" },
    { "POST", "/api/v1/hook-deliveries/{}/resend", "", CX_API_JSON,
      CX_API_WRITE, check_again, send_again, tell, "hooks:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
