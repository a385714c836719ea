/* The people of a tenant.  Nobody makes or changes one who may do more. */

#include "worker/api_request.h"

#include <stddef.h>

#define NAME_MAX_CHARS  200
#define EMAIL_MAX       254

typedef struct {
    cx_user_row  row;
    uint32_t     given;
} user_change;


/* --- field checks that keys share ---------------------------------------- */

const char *
cx_api_role(cx_api_request *req, cx_str value)
{
    cx_role  role;

    (void) req;

    return cx_role_parse(value, &role)
           ? NULL : "must be owner, admin, agent or viewer";
}


static const char *
email(cx_api_request *req, cx_str value)
{
    const size_t  at = cx_str_find_byte(value, '@');

    (void) req;

    for (size_t i = 0; i < value.len; i++) {
        if ((unsigned char) value.p[i] <= ' ' || value.p[i] == 0x7f) {
            return "must be an e-mail address";
        }
    }

    return at != SIZE_MAX && at > 0 && at + 1 < value.len
           ? NULL : "must be an e-mail address";
}


#define AT(field)  offsetof(cx_user_row, field)

static const cx_api_field  fields[] = {
/*    name      kind          offset      min max             must   null
 *    check */
    { "email",  CX_API_STR,   AT(email),  3,  EMAIL_MAX,      true,  NULL,
      email },
    { "name",   CX_API_STR,   AT(name),   0,  NAME_MAX_CHARS, false, "",
      NULL },
    { "role",   CX_API_STR,   AT(role),   1,  16,             true,  NULL,
      cx_api_role },
    { "active", CX_API_BOOL,  AT(active), 0,  0,              false, NULL,
      NULL },
};

#define NFIELDS  (sizeof(fields) / sizeof(fields[0]))


/* --- routes -------------------------------------------------------------- */

static void
show(cx_api_request *req, const cx_user_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "us", r->id);
    cx_out_str(req, "email", r->email);
    cx_out_str(req, "name", r->name);
    cx_out_str(req, "role", r->role);
    cx_out_bool(req, "active", r->active);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_time(req, "updated_at", r->updated_at);
    cx_out_close(req, '}');
}


static cx_err
check_page(cx_api_request *req)
{
    return cx_api_page(req, "us");
}


static cx_err
list_users(cx_api_request *req, cx_store *s)
{
    size_t        shown = 0;
    int64_t       last = req->cursor, next = 0;
    cx_err        err;
    cx_user_list  list = { 0 };

    err = cx_store_users(s, req->arena, &list);
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

        show(req, &list.items[i]);
        last = list.items[i].id;
    }

    cx_out_list_end(req, "us", next);
    return CX_OK;
}


static cx_err
check_id(cx_api_request *req)
{
    return cx_api_id(req, "us");
}


static cx_err
get_user(cx_api_request *req, cx_store *s)
{
    cx_err       err;
    cx_user_row  row;

    err = cx_store_user(s, req->id, req->arena, &row);

    if (err == CX_OK) {
        cx_out_begin(req, 200);
        show(req, &row);
    }

    return err;
}


static cx_str
lower(cx_arena *a, cx_str s)
{
    char  *p = cx_alloc_bytes(a, s.len);

    for (size_t i = 0; p != NULL && i < s.len; i++) {
        p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char) (s.p[i] + 32)
                                              : s.p[i];
    }

    return p != NULL ? (cx_str) { s.len, p } : CX_NOSTR;
}


static cx_err
check_change(cx_api_request *req, bool create)
{
    cx_err        err;
    user_change  *c = CX_NEW(req->arena, user_change);

    if (c == NULL) {
        return CX_NOMEM;
    }

    c->row.active = true;
    req->state = c;

    err = cx_api_fields(req, fields, NFIELDS, create, &c->row, &c->given);

    c->row.email = lower(req->arena, c->row.email);
    return err;
}


static cx_err
check_create(cx_api_request *req)
{
    return check_change(req, true);
}


static cx_err
check_patch(cx_api_request *req)
{
    const cx_err  err = check_id(req);

    return err == CX_OK ? check_change(req, false) : err;
}


cx_err
cx_api_check_rank(cx_api_request *req, cx_str word)
{
    cx_role  role;

    return cx_role_parse(word, &role) && role <= req->as.role
           ? CX_OK
           : cx_api_refuse(req, CX_FORBIDDEN, "/role",
                           "this role is more than your own");
}


static cx_err
put(cx_api_request *req, cx_store *s, const cx_user_row *row,
    const char *what)
{
    const bool  create = req->id == 0;
    cx_err      err;

    err = cx_api_check_rank(req, row->role);

    if (err == CX_OK) {
        err = cx_store_user_put(s, row, create);
    }

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "/email",
                             "a user with this address exists");
    }

    return err == CX_OK ? cx_api_audit(req, s, what, "us", row->id) : err;
}


static cx_err
create_user(cx_api_request *req, cx_store *s)
{
    const user_change  *c = req->state;
    cx_user_row         row = c->row;
    cx_err              err;

    row.id = req->new_id;
    row.created_at = row.updated_at = req->now_ms;
    req->location = cx_concat(req->arena, CX_STR("/api/v1/users/"),
                              cx_id_text(req->arena, "us", row.id));

    err = put(req, s, &row, "user.create");

    if (err == CX_OK) {
        cx_out_begin(req, 201);
        show(req, &row);
    }

    return err;
}


/* Known, and not more than who asks. */
static cx_err
find(cx_api_request *req, cx_store *s, cx_user_row *row)
{
    const cx_err  err = cx_store_user(s, req->id, req->arena, row);

    return err == CX_OK ? cx_api_check_rank(req, row->role) : err;
}


static cx_err
patch_user(cx_api_request *req, cx_store *s)
{
    const user_change  *c = req->state;
    cx_user_row         row;
    cx_err              err;

    err = find(req, s, &row);
    if (err != CX_OK) {
        return err;
    }

    cx_api_overlay(fields, NFIELDS, c->given, &c->row, &row);
    row.updated_at = req->now_ms;
    err = put(req, s, &row, "user.change");

    if (err == CX_OK) {
        cx_out_begin(req, 200);
        show(req, &row);
    }

    return err;
}


/* What they did keeps their name: a user is never deleted. */
static cx_err
delete_user(cx_api_request *req, cx_store *s)
{
    cx_user_row  row;
    cx_err       err;

    err = find(req, s, &row);
    if (err != CX_OK) {
        return err;
    }

    row.active = false;
    row.updated_at = req->now_ms;
    cx_out_begin(req, 204);
    return put(req, s, &row, "user.delete");
}


const cx_api_route  cx_api_user_routes[] = {
    { "GET", "/api/v1/users", "limit cursor", CX_API_NO_BODY, CX_API_READ,
      check_page, list_users, NULL, "users:read" },
    { "POST", "/api/v1/users", "", CX_API_JSON, CX_API_WRITE,
      check_create, create_user, NULL, "users:write" },
    { "GET", "/api/v1/users/{}", "", CX_API_NO_BODY, CX_API_READ,
      check_id, get_user, NULL, "users:read" },
    { "PATCH", "/api/v1/users/{}", "", CX_API_JSON, CX_API_WRITE,
      check_patch, patch_user, NULL, "users:write" },
    { "DELETE", "/api/v1/users/{}", "", CX_API_NO_BODY, CX_API_WRITE,
      check_id, delete_user, NULL, "users:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
