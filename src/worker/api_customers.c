#include "worker/api_request.h"

#include "core/utf8.h"

#include <stddef.h>

#define NAME_LEN    256
#define EMAIL_MAX   254
#define LOCALE_MAX  35
#define NOTE_MAX    4096
#define LIKE_MAX    256

/* What a person changes or says of a customer. */
typedef struct {
    cx_customer_row  row;
    uint32_t         given;
    cx_str           other;         /* merge: "with"; split: "link" */
    int64_t          other_id;
} change;

static const char *check_email(cx_api_request *req, cx_str value);
static const char *check_locale(cx_api_request *req, cx_str value);

#define AT(field)  offsetof(change, row.field)

static const cx_api_field  fields[] = {
    { "name",   CX_API_STR, AT(name),   0, NAME_LEN,   false, "", NULL },
    { "email",  CX_API_STR, AT(email),  0, EMAIL_MAX,  false, "",
      check_email },
    { "locale", CX_API_STR, AT(locale), 0, LOCALE_MAX, false, "",
      check_locale },
    { "note",   CX_API_STR, AT(note),   0, NOTE_MAX,   false, "", NULL },
};

#define NFIELDS  (sizeof(fields) / sizeof(fields[0]))

static const cx_api_field  merge_fields[] = {
    { "with", CX_API_STR, offsetof(change, other), 1, 64, true, NULL, NULL },
};

static const cx_api_field  split_fields[] = {
    { "link", CX_API_STR, offsetof(change, other), 1, 64, false, "", NULL },
};


/* --- reading ------------------------------------------------------------- */

static const char *
check_email(cx_api_request *req, cx_str value)
{
    return cx_proof_email(req->arena, value).len > 0
               ? NULL : "must be an e-mail address";
}


/* As BCP 47 writes it: de, pt-BR, zh-Hant-TW. */
static const char *
check_locale(cx_api_request *req, cx_str value)
{
    (void) req;

    for (size_t i = 0; i < value.len; i++) {
        const char  c = value.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (i > 0 && ((c >= '0' && c <= '9') || c == '-'))))
        {
            return "must be a language tag, as in pt-BR";
        }
    }

    return NULL;
}


static cx_err
check_list(cx_api_request *req)
{
    cx_err   err;
    cx_str  *like = CX_NEW(req->arena, cx_str);

    if (like == NULL) {
        return CX_NOMEM;
    }

    err = cx_api_query(req, "q", like);

    if (err == CX_OK && (like->len > LIKE_MAX || !cx_utf8_valid(*like))) {
        return cx_api_refuse(req, CX_INVALID, "",
                             "q must be a part of a name");
    }

    req->state = like;
    return err == CX_OK ? cx_api_page(req, "cu") : err;
}


static cx_err
check_customer(cx_api_request *req)
{
    return cx_api_id(req, "cu");
}


static cx_err
check_messages(cx_api_request *req)
{
    cx_err  err = cx_api_page(req, "ms");

    return err == CX_OK ? cx_api_id(req, "cu") : err;
}


static cx_err
check_change(cx_api_request *req, const cx_api_field *list, size_t n,
    bool create)
{
    cx_err   err;
    change  *c = CX_NEW(req->arena, change);

    if (c == NULL) {
        return CX_NOMEM;
    }

    req->state = c;
    err = cx_api_fields(req, list, n, create, c, &c->given);

    return err == CX_OK ? cx_api_id(req, "cu") : err;
}


static cx_err
check_patch(cx_api_request *req)
{
    return check_change(req, fields, NFIELDS, false);
}


static cx_err
check_merge(cx_api_request *req)
{
    change  *c;
    cx_err   err = check_change(req, merge_fields, 1, true);

    if (err != CX_OK) {
        return err;
    }

    c = req->state;

    return cx_id_parse(c->other, "cu", &c->other_id)
               ? CX_OK : cx_api_refuse(req, CX_INVALID, "/with",
                                       "with must be a customer's id");
}


static cx_err
check_split(cx_api_request *req)
{
    change  *c;
    cx_err   err = check_change(req, split_fields, 1, false);

    if (err != CX_OK) {
        return err;
    }

    c = req->state;

    return c->other.len == 0 || cx_id_parse(c->other, "ln", &c->other_id)
               ? CX_OK : cx_api_refuse(req, CX_INVALID, "/link",
                                       "link must be a link's id, or null");
}


/* --- showing ------------------------------------------------------------- */

static cx_err
list_customers(cx_api_request *req, cx_store *s)
{
    size_t            shown;
    cx_err            err;
    const cx_str     *like = req->state;
    cx_customer_list  list = { 0 };

    err = cx_store_customers(s, *like, req->cursor, req->limit + 1,
                             req->arena, &list);
    if (err != CX_OK) {
        return err;
    }

    shown = list.n > req->limit ? req->limit : list.n;
    cx_out_list_begin(req);

    for (size_t i = 0; i < shown; i++) {
        cx_out_open(req, NULL, '{');
        cx_out_customer(req, &list.items[i]);
        cx_out_close(req, '}');
    }

    cx_out_list_end(req, "cu", shown < list.n ? list.items[shown - 1].id : 0);
    return CX_OK;
}


/* Also by the id of one who is linked: what is shown is all of them. */
static cx_err
root_of(cx_api_request *req, cx_store *s, int64_t *root)
{
    cx_customer_row  row;
    cx_err           err;

    err = cx_store_customer(s, req->id, false, req->arena, &row);

    if (err == CX_OK) {
        *root = row.root_id;
    }

    return err;
}


static cx_err
out_linked(cx_api_request *req, cx_store *s, int64_t root)
{
    cx_err            err;
    cx_link_list      links = { 0 };
    cx_customer_list  members = { 0 };

    err = cx_store_customer_members(s, root, req->arena, &members);

    if (err == CX_OK) {
        err = cx_store_customer_links(s, root, req->arena, &links);
    }

    cx_out_open(req, "linked", '[');

    for (size_t i = 0; i < members.n; i++) {
        if (members.items[i].id != root) {
            cx_out_open(req, NULL, '{');
            cx_out_customer(req, &members.items[i]);
            cx_out_close(req, '}');
        }
    }

    cx_out_close(req, ']');
    cx_out_open(req, "links", '[');

    for (size_t i = 0; i < links.n; i++) {
        cx_out_link(req, &links.items[i]);
    }

    cx_out_close(req, ']');
    return err;
}


static cx_err
out_places(cx_api_request *req, cx_store *s, int64_t root)
{
    cx_err                err;
    cx_peer_list          peers = { 0 };
    cx_conversation_list  talks = { 0 };

    err = cx_store_customer_peers(s, root, req->arena, &peers);

    if (err == CX_OK) {
        err = cx_store_customer_talks(s, root, req->arena, &talks);
    }

    cx_out_open(req, "identities", '[');

    for (size_t i = 0; i < peers.n; i++) {
        cx_out_peer(req, &peers.items[i]);
    }

    cx_out_close(req, ']');
    cx_out_open(req, "conversations", '[');

    for (size_t i = 0; i < talks.n; i++) {
        cx_out_conversation(req, &talks.items[i]);
    }

    cx_out_close(req, ']');
    return err;
}


/* link: the one that a merge has made, or 0. */
static cx_err
show(cx_api_request *req, cx_store *s, int64_t link)
{
    int64_t          root = 0;
    cx_err           err;
    cx_customer_row  row;

    err = root_of(req, s, &root);

    if (err == CX_OK) {
        err = cx_store_person(s, root, req->arena, &row);
    }

    if (err != CX_OK) {
        return err;
    }

    cx_out_begin(req, 200);
    cx_out_open(req, NULL, '{');
    cx_out_customer(req, &row);

    if (link != 0) {
        cx_out_id(req, "link", "ln", link);
    }

    err = out_places(req, s, root);

    if (err == CX_OK) {
        err = out_linked(req, s, root);
    }

    cx_out_close(req, '}');
    return err;
}


static cx_err
get_customer(cx_api_request *req, cx_store *s)
{
    return show(req, s, 0);
}


static cx_err
list_messages(cx_api_request *req, cx_store *s)
{
    size_t           shown;
    int64_t          root = 0;
    cx_err           err;
    cx_message_list  list = { 0 };

    err = root_of(req, s, &root);

    if (err == CX_OK) {
        err = cx_store_customer_messages(s, root, req->cursor, req->limit + 1,
                                         req->arena, &list);
    }

    if (err != CX_OK) {
        return err;
    }

    shown = list.n > req->limit ? req->limit : list.n;
    cx_out_list_begin(req);

    for (size_t i = 0; i < shown; i++) {
        cx_out_message(req, &list.items[i]);
    }

    cx_out_list_end(req, "ms", shown < list.n ? list.items[shown - 1].id : 0);
    return CX_OK;
}


/* --- changing ------------------------------------------------------------ */

static cx_err
patch_customer(cx_api_request *req, cx_store *s)
{
    const change  *c = req->state;
    int64_t        root = 0;
    cx_err         err;
    change         now = { .given = 0 };

    err = root_of(req, s, &root);

    if (err == CX_OK) {
        err = cx_store_customer(s, root, true, req->arena, &now.row);
    }

    if (err != CX_OK) {
        return err;
    }

    cx_api_overlay(fields, NFIELDS, c->given, c, &now);
    now.row.updated_at = req->now_ms;
    err = cx_store_customer_put(s, &now.row);

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "customer.change", "cu", root);
    }

    return err == CX_OK ? show(req, s, 0) : err;
}


static cx_err
refuse_merge(cx_api_request *req, cx_err err)
{
    switch (err) {

    case CX_CONFLICT:
        return cx_api_refuse(req, err, "/with",
                             "a person has linked these two already");
    case CX_INVALID:
        return cx_api_refuse(req, err, "/with",
                             "with must be another customer");
    default:
        return err;
    }
}


static cx_err
merge_customers(cx_api_request *req, cx_store *s)
{
    const change       *c = req->state;
    cx_err              err;
    const cx_link_row   link = {
        .id = req->new_id,
        .a = req->id,
        .b = c->other_id,
        .at = req->now_ms,
        .who = req->as.who,
    };

    err = cx_store_customer_merge(s, &link);

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "customer.merge", "ln", link.id);
    }

    return err == CX_OK ? show(req, s, link.id) : refuse_merge(req, err);
}


static cx_err
split_customer(cx_api_request *req, cx_store *s)
{
    const change  *c = req->state;
    size_t         n = 0;
    cx_err         err;

    err = cx_store_customer_split(s, req->id, c->other_id, req->as.who,
                                  req->now_ms, req->arena, &n);

    if (err == CX_OK) {
        err = c->other_id != 0
              ? cx_api_audit(req, s, "customer.split", "ln", c->other_id)
              : cx_api_audit(req, s, "customer.split", "cu", req->id);
    }

    return err == CX_OK ? show(req, s, 0) : err;
}


const cx_api_route  cx_api_customer_routes[] = {
    { "GET", "/api/v1/customers", "q limit cursor", CX_API_NO_BODY,
      CX_API_READ, check_list, list_customers, NULL, "customers:read" },
    { "GET", "/api/v1/customers/{}", "", CX_API_NO_BODY, CX_API_READ,
      check_customer, get_customer, NULL, "customers:read" },
    { "PATCH", "/api/v1/customers/{}", "", CX_API_JSON, CX_API_WRITE,
      check_patch, patch_customer, NULL, "customers:write" },
    { "POST", "/api/v1/customers/{}/merge", "", CX_API_JSON, CX_API_WRITE,
      check_merge, merge_customers, NULL, "customers:write" },
    { "POST", "/api/v1/customers/{}/split", "", CX_API_JSON, CX_API_WRITE,
      check_split, split_customer, NULL, "customers:write" },
    { "GET", "/api/v1/customers/{}/messages", "limit cursor", CX_API_NO_BODY,
      CX_API_READ, check_messages, list_messages, NULL,
      "conversations:read" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL, NULL },
};
