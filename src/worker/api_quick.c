/* Quick replies: what people say often, and saying it. */

#include "worker/api_quick.h"

#include "store/quick.h"

#include <stddef.h>

#define NAME_MAX_LEN  63
#define LANG_MAX      16
#define TEXT_MAX      16384
#define VALUE_MAX     2048

typedef struct {
    cx_quick_row  row;
    uint32_t      given;
} change;

#define AT(field)  offsetof(cx_quick_row, field)

static const char *is_language(cx_api_request *req, cx_str value);

static const cx_api_field  fields[] = {
    { "name",     CX_API_STR, AT(name),     1, NAME_MAX_LEN, true,  NULL,
      cx_api_slug },
    { "language", CX_API_STR, AT(language), 0, LANG_MAX,     false, "",
      is_language },
    { "text",     CX_API_STR, AT(text),     1, TEXT_MAX,     true,  NULL,
      NULL },
};

#define NFIELDS  (sizeof(fields) / sizeof(fields[0]))


static const char *
is_language(cx_api_request *req, cx_str value)
{
    (void) req;

    for (size_t i = 0; i < value.len; i++) {
        const char  c = value.p[i];

        if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
            && (c < '0' || c > '9') && c != '_' && c != '-')
        {
            return "must be a language as in en or pt_BR";
        }
    }

    return NULL;
}


static void
put(cx_api_request *req, const cx_quick_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "qr", r->id);
    cx_out_str(req, "name", r->name);
    cx_out_str(req, "language", r->language);
    cx_out_str(req, "text", r->text);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_time(req, "updated_at", r->updated_at);
    cx_out_close(req, '}');
}


static cx_err
list(cx_api_request *req, cx_store *s)
{
    cx_quick_list  rows = { .n = 0 };
    cx_err         err = cx_store_quicks(s, req->arena, &rows);

    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < rows.n; i++) {
        put(req, &rows.items[i]);
    }

    cx_out_list_end(req, "qr", 0);
    return CX_OK;
}


static cx_err
show(cx_api_request *req, cx_store *s, int64_t id, int status)
{
    cx_quick_row  row;
    cx_err        err = cx_store_quick(s, id, req->arena, &row);

    if (err != CX_OK) {
        return err;
    }

    cx_out_begin(req, status);
    put(req, &row);
    return CX_OK;
}


static cx_err
check_id(cx_api_request *req)
{
    return cx_api_id(req, "qr");
}


static cx_err
get(cx_api_request *req, cx_store *s)
{
    return show(req, s, req->id, 200);
}


static cx_err
check_change(cx_api_request *req, bool create)
{
    change  *c = CX_NEW(req->arena, change);

    if (c == NULL) {
        return CX_NOMEM;
    }

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
    cx_err  err = cx_api_id(req, "qr");

    return err == CX_OK ? check_change(req, false) : err;
}


static cx_err
store(cx_api_request *req, cx_store *s, const cx_quick_row *row, bool create)
{
    cx_err  err = cx_store_quick_put(s, row, create);

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "/name", "there is one of that name "
                             "in that language");
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, create ? "quick_reply.create"
                                          : "quick_reply.update",
                           "qr", row->id);
    }

    return err == CX_OK ? show(req, s, row->id, create ? 201 : 200) : err;
}


static cx_err
create_one(cx_api_request *req, cx_store *s)
{
    change        *c = req->state;
    cx_quick_row   row = c->row;

    row.id = req->new_id;
    row.created_at = row.updated_at = req->now_ms;
    return store(req, s, &row, true);
}


static cx_err
patch_one(cx_api_request *req, cx_store *s)
{
    const change  *c = req->state;
    cx_quick_row   row;
    cx_err         err = cx_store_quick(s, req->id, req->arena, &row);

    if (err != CX_OK) {
        return err;
    }

    cx_api_overlay(fields, NFIELDS, c->given, &c->row, &row);
    row.updated_at = req->now_ms;
    return store(req, s, &row, false);
}


static cx_err
check_delete(cx_api_request *req)
{
    return cx_api_id(req, "qr");
}


static cx_err
delete_one(cx_api_request *req, cx_store *s)
{
    cx_err  err = cx_store_quick_delete(s, req->id);

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "quick_reply.delete", "qr", req->id);
    }

    if (err == CX_OK) {
        cx_out_begin(req, 204);
    }

    return err;
}


/* --- saying one ---------------------------------------------------------- */

/* What is known of the conversation; the request's own words come first. */
typedef struct {
    json_t  *vars;              /* of the request, may be NULL */
    cx_str   customer;
    cx_str   agent;
    cx_str   channel;
} values;


static bool
value_of(const values *v, cx_str name, cx_api_request *req, cx_str *value)
{
    const json_t  *own = NULL;

    if (v->vars != NULL) {
        own = json_object_get(v->vars, cx_dupz(req->arena, name));
    }

    if (own != NULL) {
        *value = (cx_str) { json_string_length(own), json_string_value(own) };
        return true;
    }

    *value = CX_STR_IS(name, "customer.name") ? v->customer
             : CX_STR_IS(name, "agent.name") ? v->agent
             : CX_STR_IS(name, "channel.name") ? v->channel : CX_NOSTR;

    return value->len > 0;
}


static cx_err
fill(cx_api_request *req, cx_str text, const values *v, cx_str *out)
{
    cx_buf  b;
    size_t  open, close;
    cx_str  name, value;

    cx_buf_init(&b, req->arena, text.len + 64, 4 * TEXT_MAX);

    while ((open = cx_str_find(text, CX_STR("{{"))) != SIZE_MAX) {
        cx_buf_add(&b, cx_str_sub(text, 0, open));
        text = cx_str_sub(text, open + 2, text.len);
        close = cx_str_find(text, CX_STR("}}"));

        if (close == SIZE_MAX) {
            cx_buf_add(&b, CX_STR("{{"));
            break;
        }

        name = cx_str_trim(cx_str_sub(text, 0, close));
        text = cx_str_sub(text, close + 2, text.len);

        if (!value_of(v, name, req, &value)) {
            return cx_api_refuse(req, CX_INVALID, "/vars", "the variable "
                                 "\"%.*s\" has no value",
                                 CX_ARG(cx_str_sub(name, 0, 64)));
        }

        cx_buf_add(&b, value);
    }

    cx_buf_add(&b, text);
    *out = cx_buf_str(&b);

    return b.failed ? cx_api_refuse(req, CX_INVALID, "/vars", "the text "
                                    "becomes too long") : CX_OK;
}


cx_err
cx_api_quick_check(cx_api_request *req, json_t *vars)
{
    const char  *name;
    json_t      *value;

    if (vars != NULL && !json_is_object(vars)) {
        return cx_api_refuse(req, CX_INVALID, "/vars", "vars is an object");
    }

    json_object_foreach(vars, name, value) {
        if (!json_is_string(value) || json_string_length(value) > VALUE_MAX) {
            return cx_api_refuse(req, CX_INVALID, "/vars", "vars has texts "
                                 "of at most %d bytes", VALUE_MAX);
        }
    }

    return CX_OK;
}


/* The agent is that of the channel. */
static cx_err
find_values(cx_api_request *req, cx_store *s, values *v)
{
    cx_conversation_row  talk;
    cx_channel_row       channel;
    cx_agent_list        agents = { .n = 0 };
    cx_err               err;

    err = cx_store_conversation(s, req->id, req->arena, &talk);

    if (err == CX_OK) {
        err = cx_api_channel(req, s, talk.channel, &channel);
    }

    if (err == CX_OK) {
        err = cx_store_agents(s, req->arena, &agents);
    }

    if (err != CX_OK) {
        return err;
    }

    v->customer = talk.name.len > 0 ? talk.name : talk.username;
    v->channel = talk.channel;

    for (size_t i = 0; i < agents.n; i++) {
        if (agents.items[i].id == channel.agent_id) {
            v->agent = agents.items[i].name;
        }
    }

    return CX_OK;
}


cx_err
cx_api_quick_text(cx_api_request *req, cx_store *s, cx_str name,
    cx_str language, json_t *vars, cx_str *text)
{
    values        v = { .vars = vars };
    cx_quick_row  row;
    cx_err        err;

    err = cx_store_quick_named(s, name, language, req->arena, &row);

    if (err == CX_NOT_FOUND) {
        return cx_api_refuse(req, CX_INVALID, "/quick_reply",
                             "there is no quick reply \"%.*s\"",
                             CX_ARG(cx_str_sub(name, 0, 64)));
    }

    if (err == CX_OK) {
        err = find_values(req, s, &v);
    }

    return err == CX_OK ? fill(req, row.text, &v, text) : err;
}


const cx_api_route  cx_api_quick_routes[] = {
    { "GET", "/api/v1/quick-replies", "", CX_API_NO_BODY, CX_API_READ, NULL,
      list, NULL, "templates:read" },
    { "POST", "/api/v1/quick-replies", "", CX_API_JSON, CX_API_WRITE,
      check_create, create_one, NULL, "templates:write" },
    { "GET", "/api/v1/quick-replies/{}", "", CX_API_NO_BODY, CX_API_READ,
      check_id, get, NULL, "templates:read" },
    { "PATCH", "/api/v1/quick-replies/{}", "", CX_API_JSON, CX_API_WRITE,
      check_patch, patch_one, NULL, "templates:write" },
    { "DELETE", "/api/v1/quick-replies/{}", "", CX_API_NO_BODY,
      CX_API_WRITE, check_delete, delete_one, NULL, "templates:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
