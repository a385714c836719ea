/* The management API: settings of a channel's type, what is said by people
 * and programs, who speaks. */

#include "unit/worker/api_client.h"


static void
test_settings(void)
{
    call("POST", "/api/v1/channels",
         "{\"name\":\"rcs\",\"type\":\"rcs\",\"account\":\"agent-1\","
         "\"settings\":{\"region\":\"us\",\"ttl\":\"60s\"}}", 201);
    tap_ok(strstr(last.text, "\"settings\":{\"region\":\"us\",\"ttl\":"
                  "\"60s\"}") != NULL, "its settings");

    call("PATCH", "/api/v1/channels/rcs",
         "{\"settings\":{\"region\":\"europe\",\"ttl\":null}}", 200);
    tap_ok(strstr(last.text, "\"settings\":{\"region\":\"europe\"}") != NULL,
           "one changed, one gone");
    call("PATCH", "/api/v1/channels/rcs", "{\"active\":false}", 200);
    call("GET", "/api/v1/channels/rcs", NULL, 200);
    tap_ok(strstr(last.text, "\"settings\":{\"region\":\"europe\"}") != NULL,
           "other changes leave them");
    call("GET", "/api/v1/channels/wa-main", NULL, 200);
    tap_ok(strstr(last.text, "\"settings\":{}") != NULL, "none is empty");

    refused("PATCH", "/api/v1/channels/rcs",
            "{\"settings\":{\"region\":\"mars\"}}", 400, "invalid",
            "/settings/region");
    refused("PATCH", "/api/v1/channels/rcs",
            "{\"settings\":{\"colour\":\"red\"}}", 400, "invalid",
            "/settings/colour");
    refused("PATCH", "/api/v1/channels/rcs",
            "{\"settings\":{\"token_url\":\"a\\nb\"}}", 400, "invalid",
            "/settings/token_url");
    refused("PATCH", "/api/v1/channels/rcs", "{\"settings\":{\"ttl\":1}}",
            400, "invalid", "/settings");
    refused("PATCH", "/api/v1/channels/rcs", "{\"settings\":[]}", 400,
            "invalid", "/settings");
    refused("PATCH", "/api/v1/channels/wa-main",
            "{\"settings\":{\"region\":\"us\"}}", 400, "invalid",
            "/settings/region");

    call("PATCH", "/api/v1/channels/rcs", "{\"settings\":{\"region\":\"\"}}",
         200);
    tap_ok(strstr(last.text, "\"settings\":{}") != NULL, "an empty text goes");

    call("GET", "/api/v1/channels", NULL, 200);
    tap_is_int((int64_t) rows(), 2, "two channels");
    tap_is_str(cx_strz(first_member("name")), CX_STR("wa-main"), "the first");
}


/* A POST that is refused because of that member. */
static void
not_said(const char *path, const char *body, const char *pointer)
{
    refused("POST", path, body, 400, "invalid", pointer);
}


static void
test_say(const fixture *f)
{
    const cx_taken  t = fx_taken(f, "4915123456789", "wamid.s1", "Hi", T0);
    char            path[160], talk[64];
    const cx_str    id = cx_id_text(f->a, "cv", t.conversation_id);
    int             before = atomic_load(&kicks);

    (void) snprintf(talk, sizeof(talk), "/api/v1/conversations/%.*s",
                    CX_ARG(id));
    (void) snprintf(path, sizeof(path), "%s/messages", talk);

    call("POST", path, "{\"text\":\"Hello\"}", 201);
    tap_is_int((int64_t) rows(), 1, "one message");
    tap_is_str(cx_strz(first_member("state")), CX_STR("ready"), "to be sent");
    tap_is_str(cx_strz(first_member("author")), CX_STR("human"), "a person");
    tap_ok(atomic_load(&kicks) > before, "the engine was told");

    call("POST", path, "{\"kind\":\"buttons\",\"text\":\"Well?\","
         "\"author\":\"system\",\"choices\":[{\"title\":\"Yes\"},"
         "{\"title\":\"No\"}]}", 201);
    tap_is_str(cx_strz(first_member("author")), CX_STR("system"),
               "a program");
    call("POST", path, "{\"kind\":\"image\",\"media_url\":"
         "\"https://a.example/b.png\",\"text\":\"Ours\"}", 201);

    not_said(path, "{}", "/text");
    not_said(path, "{\"kind\":\"song\"}", "/kind");
    not_said(path, "{\"kind\":\"typing\"}", "/kind");
    not_said(path, "{\"text\":1}", "/text");
    not_said(path, "{\"text\":\"a\",\"colour\":\"red\"}", "");
    not_said(path, "{\"kind\":\"image\"}", "/media_url");
    not_said(path, "{\"kind\":\"template\"}", "/name");
    not_said(path, "{\"kind\":\"buttons\",\"text\":\"a\"}",
             "/choices");
    not_said(path, "{\"kind\":\"location\",\"latitude\":1}",
             "/latitude");
    not_said(path, "{\"text\":\"a\",\"author\":\"ai\"}", "/author");
    not_said(path, "{\"text\":\"a\",\"reply_to\":"
             "\"ms_0000000000001\"}", "/reply_to");
    refused("POST", "/api/v1/conversations/cv_0000000000001/messages",
            "{\"text\":\"a\"}", 404, "not_found", "");

    call("PATCH", talk, "{\"bot\":\"off\"}", 200);
    tap_is_str(cx_strz(member("bot")), CX_STR("off"), "people only");
    call("PATCH", talk, "{\"bot\":\"on\"}", 200);
    tap_is_str(cx_strz(member("bot")), CX_STR("on"), "the agent again");
    refused("PATCH", talk, "{\"bot\":\"maybe\"}", 400, "invalid", "/bot");
    refused("PATCH", talk, "{}", 400, "invalid", "");
}


static void
test_capabilities(void)
{
    call("GET", "/api/v1/channels/wa-main", NULL, 200);
    tap_ok(strstr(last.text, "\"capabilities\":{\"kinds\":[\"text\"")
           != NULL && strstr(last.text, "\"text_max\":4096") != NULL
           && strstr(last.text, "\"window_ms\":86400000") != NULL,
           "what it can do");
}


int
main(void)
{
    fixture  f;
    server   s;

    begin(&s, &f);

    test_settings();
    test_say(&f);
    test_capabilities();
    /* channel create, change; say, bot on, bot off */
    tap_is_int(audit_kinds(&f), 5, "every change left a line");

    stop_server(&s);
    tap_ok(s.closed, "the loop is empty at the end");
    end(&f);
    return tap_done();
}
