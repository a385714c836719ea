/* Customers through the management API. */

#include "unit/worker/api_client.h"

#include "store/customers.h"

#define PHONE  "+4915112345678"
#define MAIL   "ada.lovelace@example.com"


/* A customer of that address; proves a number when there is one. */
static int64_t
seed(const fixture *f, int64_t channel, const char *peer, const char *phone,
    const char *name)
{
    char                 id[32];
    cx_msg               m;
    cx_take              in;
    cx_taken             t;
    cx_conversation_row  c;

    (void) snprintf(id, sizeof(id), "wamid.%" PRId64, fx_next());
    m = fx_msg(peer, id, "Where is it?");
    m.name = cx_strz(name);
    m.phone = cx_strz(phone);
    in = fx_take(f, &m, T0);
    in.channel_id = channel;
    in.proofs.value[CX_PROOF_PHONE] = m.phone;

    for (size_t i = 0; i < CX_TAKE_LINKS; i++) {
        in.link_id[CX_PROOF_PHONE][i] = fx_next();
    }

    fx_must(TX(f->s, cx_store_take(f->s, &in, &t)) == CX_OK, "take");
    fx_must(cx_store_conversation(f->s, t.conversation_id, f->a, &c) == CX_OK,
            "conversation");
    return c.identity_id;
}


static const char *
path(const fixture *f, int64_t id, const char *verb)
{
    return cx_dupz(f->a, cx_printf(f->a, "/api/v1/customers/%.*s%s",
                                   CX_ARG(cx_id_text(f->a, "cu", id)), verb));
}


static const char *
text_of(const fixture *f, const char *prefix, int64_t id)
{
    return cx_dupz(f->a, cx_id_text(f->a, prefix, id));
}


static size_t
count(const char *name)
{
    return json_array_size(json_object_get(last.json, name));
}


static void
test_show(const fixture *f, int64_t a, int64_t b)
{
    json_t  *peer;

    call("GET", "/api/v1/customers", NULL, 200);
    tap_is_int((int64_t) rows(), 2, "one row for those who are one");
    call("GET", "/api/v1/customers?limit=1", NULL, 200);
    tap_is_int((int64_t) rows(), 1, "a page");
    tap_is_str(cx_strz(first_member("name")), CX_STR("Bob"), "newest first");
    call("GET", cx_dupz(f->a, cx_printf(f->a, "/api/v1/customers?cursor=%s",
                                        member("next_cursor"))), NULL, 200);
    tap_is_str(cx_strz(first_member("name")), CX_STR("Ada"), "the next one");
    call("GET", "/api/v1/customers?q=aD", NULL, 200);
    tap_is_int((int64_t) rows(), 1, "by a part of the name");
    refused("GET", "/api/v1/customers?q=%ff", NULL, 400, "invalid", "");
    refused("GET", "/api/v1/customers?cursor=x", NULL, 400, "invalid", "");

    call("GET", path(f, b, ""), NULL, 200);
    tap_is_str(cx_strz(member("id")), cx_strz(text_of(f, "cu", a)),
               "who is linked is shown as the root");
    tap_is_str(cx_strz(member("name")), CX_STR("Ada"),
               "by the name that one of them has");
    tap_ok(strstr(last.text, "12345") == NULL, "no number appears");
    tap_is_int((int64_t) count("identities"), 2, "two addresses");
    tap_is_int((int64_t) count("conversations"), 2, "two conversations");
    tap_is_int((int64_t) count("linked"), 1, "the other one");
    tap_is_int((int64_t) count("links"), 1, "and why");
    peer = json_array_get(json_object_get(last.json, "identities"), 1);
    tap_is_str(cx_strz(json_string_value(json_object_get(peer, "identity"))),
               cx_strz(text_of(f, "cu", b)), "its own identity");

    refused("GET", "/api/v1/customers/cu_0000000000001", NULL, 404,
            "not_found", "");
    refused("GET", "/api/v1/customers/ada", NULL, 404, "not_found", "");

    call("GET", path(f, b, "/messages?limit=1"), NULL, 200);
    tap_is_str(cx_strz(first_member("channel")), CX_STR("wa-main"),
               "messages of all channels");
    call("GET", cx_dupz(f->a, cx_printf(f->a, "%s?limit=1&cursor=%s",
                                        path(f, a, "/messages"),
                                        member("next_cursor"))), NULL, 200);
    tap_is_str(cx_strz(first_member("channel")), CX_STR("sms"),
               "in one order");

    call("GET", "/api/v1/conversations?channel=sms", NULL, 200);
    tap_is_str(cx_strz(first_member("customer")), cx_strz(text_of(f, "cu", a)),
               "a conversation names the root");
    tap_is_str(cx_strz(first_member("identity")), cx_strz(text_of(f, "cu", b)),
               "and its own");
}


static void
test_patch(const fixture *f, int64_t a, int64_t b)
{
    call("PATCH", path(f, b, ""), "{\"name\":\"Ada L.\",\"email\":\"" MAIL
         "\",\"locale\":\"pt-BR\",\"note\":\"vip\"}", 200);
    tap_is_str(cx_strz(member("name")), CX_STR("Ada L."), "renamed");
    tap_is_str(cx_strz(member("locale")), CX_STR("pt-BR"), "a locale");
    tap_is_str(cx_strz(member("note")), CX_STR("vip"), "a note");
    tap_ok(strstr(last.text, MAIL) == NULL, "the address is masked");
    tap_is_str(cx_strz(member("email_masked")),
               CX_STR("a\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2@example.com"),
               "as its first letter and its domain");
    call("PATCH", path(f, a, ""), "{\"email\":null,\"note\":null}", 200);
    tap_ok(json_is_null(json_object_get(last.json, "email_masked")),
           "taken back");

    refused("PATCH", path(f, a, ""), "{\"email\":\"no\"}", 400, "invalid",
            "/email");
    refused("PATCH", path(f, a, ""), "{\"locale\":\"-\"}", 400, "invalid",
            "/locale");
    refused("PATCH", path(f, a, ""), "{\"phone\":\"1\"}", 400, "invalid",
            "/phone");
    refused("PATCH", "/api/v1/customers/cu_0000000000001", "{}", 404,
            "not_found", "");
}


static void
test_links(const fixture *f, int64_t a, int64_t b, int64_t c)
{
    char         body[64], link[32];
    const char  *with_c = cx_dupz(f->a, cx_printf(f->a, "{\"with\":\"%s\"}",
                                                  text_of(f, "cu", c)));

    call("POST", path(f, a, "/merge"), with_c, 200);
    (void) snprintf(link, sizeof(link), "%s", member("link"));
    (void) snprintf(body, sizeof(body), "{\"link\":\"%s\"}", link);
    tap_is_int((int64_t) count("identities"), 3, "three addresses");
    refused("POST", path(f, c, "/merge"), cx_dupz(f->a, cx_printf(f->a,
            "{\"with\":\"%s\"}", text_of(f, "cu", a))), 409, "conflict",
            "/with");
    refused("POST", path(f, c, "/merge"), with_c, 400, "invalid", "/with");
    refused("POST", path(f, a, "/merge"), "{}", 400, "invalid", "/with");
    refused("POST", path(f, a, "/merge"), "{\"with\":\"ada\"}", 400,
            "invalid", "/with");
    refused("POST", path(f, a, "/merge"), "{\"with\":\"cu_0000000000001\"}",
            404, "not_found", "");

    call("POST", path(f, b, "/split"), body, 200);
    tap_is_int((int64_t) count("identities"), 2, "the merge undone");
    refused("POST", path(f, b, "/split"), body, 404, "not_found", "");
    refused("POST", path(f, b, "/split"), "{\"link\":\"x\"}", 400, "invalid",
            "/link");
    call("POST", path(f, b, "/split"), "{\"link\":null}", 200);
    tap_is_int((int64_t) count("identities"), 1, "all apart");
    call("POST", path(f, b, "/split"), NULL, 200);
    call("GET", "/api/v1/customers", NULL, 200);
    tap_is_int((int64_t) rows(), 3, "three people");
}


int
main(void)
{
    fixture         f;
    server          s;
    int64_t         a, b, c;
    cx_channel_row  sms;

    begin(&s, &f);
    sms = fx_channel(22, "sms", "+4900");
    fx_must(TX(f.s, cx_store_channel_put(f.s, &sms, true)) == CX_OK, "sms");

    a = seed(&f, CHANNEL, "4915112345678", PHONE, "Ada");
    b = seed(&f, 22, PHONE, PHONE, "");
    c = seed(&f, CHANNEL, "4915199999999", "", "Bob");

    test_show(&f, a, b);
    test_patch(&f, a, b);
    test_links(&f, a, b, c);
    /* change, merge, split */
    tap_is_int(audit_kinds(&f), 3, "every change left a line");

    stop_server(&s);
    tap_ok(s.closed, "the loop is empty at the end");
    end(&f);
    return tap_done();
}
