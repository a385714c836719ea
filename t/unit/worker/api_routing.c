/* Rules, groups, and whose a conversation is, through the API. */

#include "unit/worker/api_client.h"


static void
bad_rule(const char *body, const char *pointer)
{
    refused("POST", "/api/v1/routes", body, 400, "invalid", pointer);
}


static void
test_routes(void)
{
    call("POST", "/api/v1/routes", "{\"name\":\"refunds\",\"words\":\"refund,"
         " money back\",\"agent\":\"shop\",\"channel\":\"wa-main\"}", 201);
    tap_is_str(cx_strz(member("agent")), CX_STR("shop"), "a rule");
    call("POST", "/api/v1/routes", "{\"name\":\"first\",\"position\":1,"
         "\"hours\":\"mo-fr 09:00-18:00\",\"zone\":\"UTC\","
         "\"language\":\"es\"}", 201);
    call("GET", "/api/v1/routes", NULL, 200);
    tap_is_int((int64_t) rows(), 2, "two rules");
    tap_is_str(cx_strz(first_member("name")), CX_STR("first"), "in order");
    call("PATCH", "/api/v1/routes/first", "{\"position\":2}", 200);
    call("GET", "/api/v1/routes", NULL, 200);
    tap_is_str(cx_strz(first_member("name")), CX_STR("refunds"), "moved");

    call("POST", "/api/v1/routes/test", "{\"channel\":\"wa-main\","
         "\"text\":\"A refund!\"}", 200);
    tap_is_str(cx_strz(member("to")), CX_STR("agent"), "decided");
    tap_is_str(cx_strz(member("rule")), CX_STR("refunds"), "by that rule");
    refused("POST", "/api/v1/routes/test", "{\"channel\":\"none\"}", 400,
            "invalid", "/channel");

    refused("POST", "/api/v1/routes", "{\"name\":\"first\"}", 409, "conflict",
            "/name");
    bad_rule("{}", "/name");
    bad_rule("{\"name\":\"x\",\"words\":\"a,,b\"}", "/words");
    bad_rule("{\"name\":\"x\",\"words\":\"?!\"}", "/words");
    bad_rule("{\"name\":\"x\",\"language\":\"xx\"}", "/language");
    bad_rule("{\"name\":\"x\",\"hours\":\"mo\"}", "/hours");
    bad_rule("{\"name\":\"x\",\"zone\":\"/etc/passwd\"}", "/zone");
    bad_rule("{\"name\":\"x\",\"agent\":\"nobody\"}", "/agent");
    bad_rule("{\"name\":\"x\",\"group\":\"none\"}", "/group");
    bad_rule("{\"name\":\"x\",\"channel\":\"none\"}", "/channel");
    bad_rule("{\"name\":\"x\",\"agent\":\"shop\",\"group\":\"g\"}", "/group");
    bad_rule("{\"name\":\"x\",\"position\":0}", "/position");

    refused("DELETE", "/api/v1/agents/shop", NULL, 409, "conflict", "");
    call("DELETE", "/api/v1/routes/first", NULL, 204);
    call("GET", "/api/v1/routes/first", NULL, 404);
}


static void
bad_group(const char *members)
{
    char  body[256];

    (void) snprintf(body, sizeof(body), "{\"name\":\"x\",\"members\":%s}",
                    members);
    refused("POST", "/api/v1/groups", body, 400, "invalid", "/members");
}


static void
test_groups(void)
{
    call("POST", "/api/v1/groups",
         "{\"name\":\"team\",\"members\":[\"shop\"]}", 201);
    tap_ok(strstr(last.text, "\"weight\":1,\"max_open\":0,\"open\":0") != NULL,
           "a group");
    call("PATCH", "/api/v1/groups/team", "{\"members\":[{\"agent\":\"shop\","
         "\"weight\":3,\"max_open\":9}]}", 200);
    tap_ok(strstr(last.text, "\"weight\":3,\"max_open\":9") != NULL,
           "other members");
    call("PATCH", "/api/v1/groups/team", "{\"name\":\"crew\"}", 200);
    tap_ok(strstr(last.text, "\"weight\":3") != NULL, "another name alone");

    call("PATCH", "/api/v1/routes/refunds", "{\"group\":\"crew\"}", 200);
    tap_ok(strstr(last.text, "\"agent\":null,\"group\":\"crew\"") != NULL,
           "a group in the place of an agent");
    refused("DELETE", "/api/v1/groups/crew", NULL, 409, "conflict", "");

    refused("POST", "/api/v1/groups", "{\"name\":\"crew\"}", 409, "conflict",
            "/name");
    bad_group("1");
    bad_group("[1]");
    bad_group("[\"nobody\"]");
    bad_group("[\"shop\",\"shop\"]");
    bad_group("[{\"agent\":\"shop\",\"weight\":0}]");
    bad_group("[{\"agent\":\"shop\",\"max_open\":-1}]");
    bad_group("[{\"agent\":\"shop\",\"colour\":1}]");

    call("PATCH", "/api/v1/routes/refunds", "{\"group\":null}", 200);
    tap_ok(strstr(last.text, "\"agent\":null,\"group\":null") != NULL,
           "neither: people");
    call("DELETE", "/api/v1/groups/crew", NULL, 204);
    call("DELETE", "/api/v1/routes/refunds", NULL, 204);
}


static void
test_conversation(const fixture *f)
{
    const cx_taken  t = fx_taken(f, "4915123456789", "wamid.r1", "Hi", T0);
    const cx_str    id = cx_id_text(f->a, "cv", t.conversation_id);
    char            talk[64];

    (void) snprintf(talk, sizeof(talk), "/api/v1/conversations/%.*s",
                    CX_ARG(id));

    call("PATCH", talk, "{\"agent\":\"shop\"}", 200);
    tap_ok(strstr(last.text, "\"agent\":\"shop\",\"assigned\":true") != NULL,
           "given to an agent");
    call("GET", "/api/v1/conversations?agent=shop", NULL, 200);
    tap_is_int((int64_t) rows(), 1, "found by it");
    call("PATCH", talk, "{\"agent\":null}", 200);
    tap_ok(strstr(last.text, "\"agent\":null,\"assigned\":true") != NULL,
           "given to people");
    call("GET", "/api/v1/conversations?agent=none", NULL, 200);
    tap_is_int((int64_t) rows(), 1, "found so");
    call("PATCH", talk, "{\"agent\":\"\"}", 200);
    tap_ok(strstr(last.text, "\"agent\":null,\"assigned\":false") != NULL,
           "left to the rules");
    refused("PATCH", talk, "{\"agent\":\"nobody\"}", 400, "invalid", "/agent");
    refused("PATCH", talk, "{\"agent\":\"*\"}", 400, "invalid", "/agent");

    call("PATCH", talk, "{\"state\":\"closed\",\"agent\":\"shop\"}", 200);
    tap_is_str(cx_strz(member("state")), CX_STR("closed"), "two at once");
    call("PATCH", talk, "{\"state\":\"archived\"}", 200);
    call("GET", "/api/v1/conversations", NULL, 200);
    tap_is_int((int64_t) rows(), 0, "archived: not in the list");
    call("GET", "/api/v1/conversations?state=archived", NULL, 200);
    tap_is_int((int64_t) rows(), 1, "unless it is asked for");
    call("PATCH", talk, "{\"state\":\"active\"}", 200);
    tap_ok(strstr(last.text, "\"closed_at\":null,\"archived_at\":null")
           != NULL, "open again");
    refused("PATCH", talk, "{\"state\":\"gone\"}", 400, "invalid", "/state");
    call("GET", "/api/v1/conversations?state=gone", NULL, 400);
    call("GET", "/api/v1/conversations?agent=nobody", NULL, 400);
}


int
main(void)
{
    fixture  f;
    server   s;

    begin(&s, &f);

    test_routes();
    test_groups();
    test_conversation(&f);
    /* rule, group: create, change, delete; assign, close, archive, reopen */
    tap_is_int(audit_kinds(&f), 10, "every change left a line");

    stop_server(&s);
    tap_ok(s.closed, "the loop is empty at the end");
    end(&f);
    return tap_done();
}
