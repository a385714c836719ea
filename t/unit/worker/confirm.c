/* Which URLs of a subscription are called, and that others are not.  The
 * client is ours: no name is looked up. */

#include "worker/confirm.h"

#include "unit/tap.h"

static char          url[4096];
static unsigned      calls;
static cx_http_fn    told;
static bool          refuses;


cx_call *
cx_http_start(cx_http *h, const cx_http_req *req, const cx_http_opts *opts,
    cx_http_fn fn, void *ctx)
{
    (void) h;
    (void) opts;
    (void) ctx;

    calls++;
    told = fn;
    snprintf(url, sizeof(url), "%.*s %.*s", CX_ARG(req->method),
             CX_ARG(req->url));
    return refuses ? NULL : (cx_call *) &calls;
}


static void
confirm(cx_arena *a, cx_str type, cx_str content, const char *address)
{
    const cx_msg  m = {
        .type = type, .content = content, .account = CX_STR("arn:x"),
        .event = CX_STR("ev_1"),
        .extra = cx_printf(a, "{\"url\":\"%s\"}", address),
    };

    cx_confirm(NULL, &m, a);
}


int
main(void)
{
    cx_arena     *a = cx_arena_new(1024 * 1024);
    const cx_str  email = CX_STR("email"), sub = CX_STR("subscription");

    confirm(a, email, sub, "https://sns.eu-west-1.amazonaws.com/?Token=t");
    tap_is_int(calls, 1, "a subscription is confirmed");
    tap_is_str(cx_strz(url),
               CX_STR("GET https://sns.eu-west-1.amazonaws.com/?Token=t"),
               "at its URL");
    told(NULL, CX_CALL_DONE, &(cx_http_res) { .status = 200 }, "");
    told(NULL, CX_CALL_NOT_SENT, &(cx_http_res) { .status = 0 }, "no route");
    tap_is_int(calls, 1, "once, whatever came of it");

    confirm(a, email, sub, "http://sns.eu-west-1.amazonaws.com/?Token=t");
    confirm(a, email, sub, "https://127.0.0.1/?Token=t");
    confirm(a, email, sub, "https://sns.x.amazonaws.com.evil.example/");
    confirm(a, email, sub, "");
    confirm(a, email, sub, "\"");
    tap_is_int(calls, 1, "no other address is called");
    confirm(a, email, CX_STR("unsubscribed"),
            "https://sns.eu-west-1.amazonaws.com/?Token=t");
    confirm(a, CX_STR("whatsapp"), sub,
            "https://sns.eu-west-1.amazonaws.com/?Token=t");
    tap_is_int(calls, 1, "nor for another event");

    refuses = true;
    confirm(a, email, sub, "https://sns.eu-west-1.amazonaws.com/?Token=t");
    tap_is_int(calls, 2, "a client that refuses is no harm");
    cx_arena_free(a);

    return tap_done();
}
