/* Keys of the API, and who one is. */

#include "worker/api_request.h"

#include <stddef.h>

#define NAME_MAX_CHARS  200
#define WORDS_MAX       1024
#define DAYS_MAX        3650
#define DAY_MS          INT64_C(86400000)

typedef struct {
    cx_api_key_row  row;
    cx_str          user;           /* its id */
    int64_t         days;           /* 0: for ever */
    cx_str          key;            /* said once */
} key_change;


static const char *
scopes(cx_api_request *req, cx_str value)
{
    cx_scopes  all;
    cx_str     bad;

    return cx_scopes_parse(value, &all, &bad)
           ? NULL
           : cx_dupz(req->arena,
                     cx_printf(req->arena, "has a word that is no scope: "
                               "\"%.*s\"", CX_ARG(cx_str_sub(bad, 0, 64))));
}


#define AT(field)  offsetof(key_change, field)

static const cx_api_field  fields[] = {
/*    name      kind         offset          min max             must   null
 *    check */
    { "name",   CX_API_STR,  AT(row.name),   1,  NAME_MAX_CHARS, true,  NULL,
      NULL },
    { "role",   CX_API_STR,  AT(row.role),   1,  16,             true,  NULL,
      cx_api_role },
    { "scopes", CX_API_STR,  AT(row.scopes), 0,  WORDS_MAX,      false, "",
      scopes },
    { "user",   CX_API_STR,  AT(user),       0,  64,             false, "",
      NULL },
    { "days",   CX_API_INT,  AT(days),       1,  DAYS_MAX,       false, "0",
      NULL },
};

#define NFIELDS  (sizeof(fields) / sizeof(fields[0]))


/* --- routes -------------------------------------------------------------- */

/* key: empty but in the answer that makes it. */
static void
show(cx_api_request *req, const cx_api_key_row *r, cx_str key)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "ky", r->id);
    cx_out_str(req, "name", r->name);
    cx_out_str(req, "prefix", cx_concat(req->arena, CX_STR("cxk_"),
                                        r->prefix));

    if (key.len > 0) {
        cx_out_str(req, "key", key);
    }

    cx_out_id(req, "user", "us", r->user_id);
    cx_out_str(req, "role", r->role);
    cx_out_str(req, "scopes", r->scopes);
    cx_out_time(req, "expires_at", r->expires_at);
    cx_out_time(req, "last_used_at", r->last_used_at);
    cx_out_time(req, "revoked_at", r->revoked_at);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_close(req, '}');
}


static cx_err
check_page(cx_api_request *req)
{
    return cx_api_page(req, "ky");
}


static cx_err
list_keys(cx_api_request *req, cx_store *s)
{
    size_t           shown = 0;
    int64_t          last = req->cursor, next = 0;
    cx_err           err;
    cx_api_key_list  list = { 0 };

    err = cx_store_api_keys(s, req->arena, &list);
    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < list.n; i++) {
        if (list.items[i].id <= req->cursor) {
            continue;
        }

        if (shown++ == req->limit) {
            next = last;
            break;
        }

        show(req, &list.items[i], CX_NOSTR);
        last = list.items[i].id;
    }

    cx_out_list_end(req, "ky", next);
    return CX_OK;
}


/* Neither a role nor a scope that who makes it has not. */
static cx_err
check_rights(cx_api_request *req, key_change *c)
{
    cx_scopes  wanted = CX_SCOPES_ALL, most;
    cx_role    role;
    cx_str     bad;
    cx_err     err;

    err = cx_api_check_rank(req, c->row.role);

    if (err != CX_OK || !cx_role_parse(c->row.role, &role)) {
        return err != CX_OK ? err : CX_INVALID;
    }

    most = cx_role_scopes(role, req->as.tenant == CX_TENANT_DEFAULT);

    if (c->row.scopes.len > 0) {
        (void) cx_scopes_parse(c->row.scopes, &wanted, &bad);
        c->row.scopes = cx_scopes_text(wanted, req->arena);
    }

    if (c->row.scopes.len > 0 && (wanted & ~most) != 0) {
        return cx_api_refuse(req, CX_INVALID, "/scopes",
                             "scopes go beyond the role %s",
                             cx_role_word(role));
    }

    return (wanted & most & ~req->as.scopes) == 0
           ? CX_OK
           : cx_api_refuse(req, CX_FORBIDDEN, "/scopes",
                           "scopes go beyond your own");
}


static cx_err
check_create(cx_api_request *req)
{
    cx_err       err;
    uint32_t     given;
    key_change  *c = CX_NEW(req->arena, key_change);

    if (c == NULL) {
        return CX_NOMEM;
    }

    err = cx_api_fields(req, fields, NFIELDS, true, c, &given);

    if (err == CX_OK && c->user.len > 0
        && !cx_id_parse(c->user, "us", &c->row.user_id))
    {
        err = cx_api_refuse(req, CX_INVALID, "/user",
                            "user must be the id of a user");
    }

    if (err == CX_OK) {
        err = check_rights(req, c);
    }

    if (err != CX_OK) {
        return err;
    }

    if (!cx_auth_new_key(req->arena, &c->key, &c->row.prefix,
                         &c->row.digest))
    {
        return CX_NOMEM;
    }

    req->state = c;
    c->row.id = req->new_id;
    c->row.created_at = req->now_ms;
    c->row.expires_at = c->days > 0 ? req->now_ms + c->days * DAY_MS : 0;
    return CX_OK;
}


/* Who acts in a person's name must not be less than they are. */
static cx_err
check_user(cx_api_request *req, cx_store *s, int64_t id)
{
    cx_user_row  user;
    cx_err       err;

    if (id == 0) {
        return CX_OK;
    }

    err = cx_store_user(s, id, req->arena, &user);

    if (err == CX_NOT_FOUND || (err == CX_OK && !user.active)) {
        return cx_api_refuse(req, CX_INVALID, "/user",
                             "user must be the id of an active user");
    }

    return err == CX_OK ? cx_api_check_rank(req, user.role) : err;
}


static cx_err
create_key(cx_api_request *req, cx_store *s)
{
    const key_change  *c = req->state;
    cx_err             err;

    err = check_user(req, s, c->row.user_id);

    if (err == CX_OK) {
        err = cx_store_api_key_add(s, &c->row);
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "key.create", "ky", c->row.id);
    }

    if (err == CX_OK) {
        req->location = cx_concat(req->arena, CX_STR("/api/v1/keys/"),
                                  cx_id_text(req->arena, "ky", c->row.id));
        cx_out_begin(req, 201);
        show(req, &c->row, c->key);
    }

    return err;
}


static cx_err
check_id(cx_api_request *req)
{
    return cx_api_id(req, "ky");
}


static cx_err
get_key(cx_api_request *req, cx_store *s)
{
    cx_api_key_row  row;
    cx_err          err;

    err = cx_store_api_key(s, req->id, req->arena, &row);

    if (err == CX_OK) {
        cx_out_begin(req, 200);
        show(req, &row, CX_NOSTR);
    }

    return err;
}


static cx_err
revoke_key(cx_api_request *req, cx_store *s)
{
    cx_api_key_row  row;
    cx_err          err;

    err = cx_store_api_key(s, req->id, req->arena, &row);

    if (err == CX_OK) {
        err = cx_api_check_rank(req, row.role);
    }

    if (err == CX_OK) {
        err = cx_store_api_key_revoke(s, req->id, req->now_ms);
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "key.revoke", "ky", req->id);
    }

    cx_out_begin(req, 204);
    return err;
}


/* --- who one is ---------------------------------------------------------- */

static cx_err
me(cx_api_request *req, cx_store *s)
{
    const cx_principal  *as = &req->as;
    cx_tenant_row        tenant;
    cx_err               err;

    err = cx_store_tenant(s, as->tenant, req->arena, &tenant);
    if (err != CX_OK) {
        return err;
    }

    cx_out_begin(req, 200);
    cx_out_open(req, NULL, '{');
    cx_out_str(req, "who", as->who);
    cx_out_id(req, "tenant", "te", tenant.id);
    cx_out_str(req, "tenant_name", tenant.name);
    cx_out_id(req, "user", "us", as->user_id);
    cx_out_id(req, "key", "ky", as->key_id);
    cx_out_str(req, "role", cx_strz(cx_role_word(as->role)));
    cx_out_str(req, "scopes", cx_scopes_text(as->scopes, req->arena));
    cx_out_close(req, '}');
    return CX_OK;
}


const cx_api_route  cx_api_key_routes[] = {
    { "GET", "/api/v1/keys", "limit cursor", CX_API_NO_BODY, CX_API_READ,
      check_page, list_keys, NULL, "keys:read" },
    { "POST", "/api/v1/keys", "", CX_API_JSON, CX_API_WRITE,
      check_create, create_key, NULL, "keys:write" },
    { "GET", "/api/v1/keys/{}", "", CX_API_NO_BODY, CX_API_READ,
      check_id, get_key, NULL, "keys:read" },
    { "DELETE", "/api/v1/keys/{}", "", CX_API_NO_BODY, CX_API_WRITE,
      check_id, revoke_key, NULL, "keys:write" },
    /* Any key will do. */
    { "GET", "/api/v1/me", "", CX_API_NO_BODY, CX_API_READ,
      NULL, me, NULL, "" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
