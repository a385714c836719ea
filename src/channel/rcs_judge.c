/*
 * What the RCS for Business API answers.  Facts: "phones.agentMessages.create"
 * (an id that was used before is ignored), google.rpc.Status for errors.
 */

#include "channel/rcs.h"

#include "core/utf8.h"

#define SECOND  1000


static cx_str error_of(cx_str body, cx_arena *a);
static cx_str name_of(cx_str body, cx_arena *a);


/*
 * By HTTP status.  409: a message of this id was there before, which is what
 * a repeat wants.  404: the number cannot be reached by RCS.  A 200 that
 * names no message is not Google's.  What broke there is sent again under the
 * same id.
 */
void
cx_rcs_judge(const cx_http_res *res, cx_arena *a, cx_judgement *j)
{
    *j = (cx_judgement) { .code = res->status };

    switch (res->status) {

    case 409:
        j->verdict = CX_VERDICT_ACCEPTED;
        return;

    case 401:
    case 403:
        j->verdict = CX_VERDICT_REAUTHORIZE;
        break;

    case 408:
        j->verdict = CX_VERDICT_RETRY;
        break;

    case 429:
        j->verdict = CX_VERDICT_RATE_LIMIT;
        j->wait_ms = 10 * SECOND;
        break;

    default:
        if (res->status >= 200 && res->status < 300) {
            j->code = 0;
            j->provider_id = name_of(res->body, a);
            j->verdict = j->provider_id.len > 0 ? CX_VERDICT_ACCEPTED
                                                : CX_VERDICT_AMBIGUOUS;
            return;
        }

        j->verdict = res->status >= 500 ? CX_VERDICT_RETRY
                                        : CX_VERDICT_REFUSED;
        break;
    }

    j->text = error_of(res->body, a);
}


/* "phones/+1.../agentMessages/<id>": its last part. */
static cx_str
name_of(cx_str body, cx_arena *a)
{
    cx_str          key, name = CX_NOSTR;
    cx_json_reader  r;

    cx_json_open(&r, body, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return CX_NOSTR;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, "name")) {
            (void) cx_json_string(&r, &name);

        } else {
            cx_json_skip(&r);
        }
    }

    if (cx_json_close(&r) != CX_OK) {
        return CX_NOSTR;
    }

    for (size_t i = name.len; i-- > 0; ) {
        if (name.p[i] == '/') {
            name = cx_str_sub(name, i + 1, name.len);
            break;
        }
    }

    return name.len <= CX_MSG_ID_MAX ? name : CX_NOSTR;
}


/* {"error": {"code", "message", "status"}}: "STATUS: message". */
static cx_str
error_of(cx_str body, cx_arena *a)
{
    cx_str          key, message = CX_NOSTR, status = CX_NOSTR, piece;
    cx_json_reader  r;

    cx_json_open(&r, body, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return CX_NOSTR;
    }

    while (cx_json_key(&r, &key)) {
        if (!CX_STR_IS(key, "error") || !cx_json_into(&r, CX_JSON_OBJECT)) {
            continue;
        }

        while (cx_json_key(&r, &key)) {
            if (CX_STR_IS(key, "message")) {
                (void) cx_json_string(&r, &message);

            } else if (CX_STR_IS(key, "status")) {
                (void) cx_json_string(&r, &status);

            } else {
                cx_json_skip(&r);
            }
        }
    }

    message = cx_printf(a, "%.*s: %.*s", CX_ARG(status), CX_ARG(message));
    return cx_utf8_split(&message, 300, &piece) ? piece : CX_NOSTR;
}
