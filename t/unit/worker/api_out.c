/* The management API: settings of a channel's type. */

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


int
main(void)
{
    fixture  f;
    server   s;

    begin(&s, &f);

    test_settings();
    /* channel create, change */
    tap_is_int(audit_kinds(&f), 2, "every change left a line");

    stop_server(&s);
    tap_ok(s.closed, "the loop is empty at the end");
    end(&f);
    return tap_done();
}
