/*
 * A topic of SNS begins to send only after somebody has called the URL of its
 * confirmation, whose signature the edge has checked.  The URL is looked at
 * once more: it must be SNS' own, and no redirect is followed.
 */

#include "worker/confirm.h"

#include "channel/ses.h"
#include "worker/log.h"


#define CONFIRM_MS     10000
#define RESPONSE_MAX   65536


static void
confirmed(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    const bool  good = end == CX_CALL_DONE && res->status == 200;

    (void) ctx;

    cx_log(good ? CX_LOG_INFO : CX_LOG_ERROR, "subscription.confirmed",
           CX_FI("status", end == CX_CALL_DONE ? res->status : 0),
           CX_FZ("error", end == CX_CALL_DONE ? "" : error));
}


static cx_str
url_of(const cx_msg *m, cx_arena *a)
{
    cx_str          key, url = CX_NOSTR;
    cx_json_reader  r;

    cx_json_open(&r, m->extra, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return CX_NOSTR;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, "url")) {
            (void) cx_json_string(&r, &url);

        } else {
            cx_json_skip(&r);
        }
    }

    return cx_json_close(&r) == CX_OK ? url : CX_NOSTR;
}


void
cx_confirm(cx_http *http, const cx_msg *m, cx_arena *a)
{
    cx_http_req         req = { .method = CX_STR("GET") };
    const cx_http_opts  opts = {
        .connect_ms = CONFIRM_MS,
        .total_ms = CONFIRM_MS,
        .max_body = RESPONSE_MAX,
    };

    if (!cx_str_eq(m->type, CX_STR("email"))
        || !cx_str_eq(m->content, CX_STR("subscription")))
    {
        return;
    }

    req.url = url_of(m, a);

    if (!cx_sns_url_ok(req.url)
        || cx_http_start(http, &req, &opts, confirmed, NULL) == NULL)
    {
        cx_log(CX_LOG_ERROR, "subscription.refused",
               CX_FS("event", m->event));
        return;
    }

    cx_log(CX_LOG_INFO, "subscription", CX_FS("event", m->event),
           CX_FS("topic", m->account));
}
