/*
 * Google Business Messages, a legacy type: Google closed the service on 31
 * July 2024 (new conversations ended on the 15th).  What an archive or a test
 * still delivers is accepted, verified and recorded; nothing can be sent.
 * Facts: "Business Messages: receive messages" (X-Goog-Signature over the raw
 * body, HMAC-SHA512 keyed with the client token), "UserMessage", "Receipts".
 */

#include "channel/rcs.h"
#include "channel/types.h"

#include "core/time.h"


#define MAX_BODY  (1024 * 1024)

/* What one delivery holds. */
typedef struct {
    cx_str  agent;
    cx_str  conversation;
    cx_str  request;
    cx_str  name;
    cx_str  time;
    cx_str  id;                 /* of the message, or of what a receipt is */
} gbm_data;

static cx_err verify(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_proven *proven);
static cx_err parse(const cx_account *acct, cx_proven proven, cx_arena *a,
    cx_received *in);
static void take_member(cx_json_reader *r, cx_str key, gbm_data *d,
    cx_msg *m);
static void take_message(cx_json_reader *r, gbm_data *d, cx_msg *m);
static void take_suggestion(cx_json_reader *r, gbm_data *d, cx_msg *m);
static void take_receipts(cx_json_reader *r, gbm_data *d, cx_msg *m);
static void take_receipt(cx_json_reader *r, gbm_data *d, cx_msg *m);
static void take_context(cx_json_reader *r, gbm_data *d);
static cx_err build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req);


static const cx_caps  caps = {
    .kinds = CX_OUT_BIT(TEXT),
    .unit = CX_UNIT_CODE_POINTS,
    .text_max = 4096,
};

const cx_channel  cx_channel_google_business = {
    .name = "google_business",
    .closed = "Google closed Business Messages on 31 July 2024: events are "
              "recorded, nothing can be sent; the successor is rcs",
    .mac = CX_MAC_SHA512,
    .post_handshake = true,
    .max_body = MAX_BODY,
    .headers = cx_rcs_headers,
    .handshake = cx_rcs_handshake,
    .verify = verify,
    .parse = parse,
    .caps = &caps,
    .build = build,
    .judge = cx_rcs_judge,
    .repeatable = true,
};


static cx_err
verify(const cx_account *acct, const cx_http_req *req, cx_arena *a,
    cx_proven *proven)
{
    cx_err    err;
    unsigned  secret = 0;

    err = cx_rcs_signed(acct, req, req->body, a, &secret);

    if (err == CX_OK) {
        *proven = (cx_proven) { .bytes = req->body, .secret = secret };
    }

    return err;
}


static cx_err
parse(const cx_account *acct, cx_proven proven, cx_arena *a, cx_received *in)
{
    cx_str          key;
    cx_msg         *m = cx_msgs_add(&in->msgs, a);
    gbm_data        d = { .id = CX_NOSTR };
    cx_json_reader  r;

    (void) acct;

    if (m == NULL) {
        return CX_NOMEM;
    }

    cx_json_open(&r, proven.bytes, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return r.err == CX_NOMEM ? CX_NOMEM : CX_MALFORMED;
    }

    while (cx_json_key(&r, &key)) {
        take_member(&r, key, &d, m);
    }

    if (cx_json_close(&r) != CX_OK) {
        return r.err;
    }

    /* Typing, surveys, requests for a person: nothing for the queue. */
    if (m->kind.len == 0) {
        in->msgs.n = 0;
        return CX_OK;
    }

    m->account = d.agent;
    m->peer = d.conversation;
    m->name = d.name;
    m->id = d.id.len > 0 ? d.id : d.request;
    (void) cx_time_rfc3339(d.time, &m->ts_ms);

    if (m->account.len == 0 || m->peer.len == 0 || m->content.len == 0
        || m->id.len == 0
        || m->id.len > CX_MSG_ID_MAX)
    {
        return CX_MALFORMED;
    }

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


static void
take_member(cx_json_reader *r, cx_str key, gbm_data *d, cx_msg *m)
{
    if (CX_STR_IS(key, "agent")) {
        (void) cx_json_string(r, &d->agent);

    } else if (CX_STR_IS(key, "conversationId")) {
        (void) cx_json_string(r, &d->conversation);

    } else if (CX_STR_IS(key, "requestId")) {
        (void) cx_json_string(r, &d->request);

    } else if (CX_STR_IS(key, "sendTime")) {
        (void) cx_json_string(r, &d->time);

    } else if (CX_STR_IS(key, "message")) {
        take_message(r, d, m);

    } else if (CX_STR_IS(key, "suggestionResponse")) {
        take_suggestion(r, d, m);

    } else if (CX_STR_IS(key, "receipts")) {
        take_receipts(r, d, m);

    } else if (CX_STR_IS(key, "context")) {
        take_context(r, d);

    } else {
        cx_json_skip(r);
    }
}


static void
take_message(cx_json_reader *r, gbm_data *d, cx_msg *m)
{
    cx_str  key;

    m->kind = CX_STR("message");
    m->content = CX_STR("text");

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "messageId")) {
            (void) cx_json_string(r, &d->id);

        } else if (CX_STR_IS(key, "text")) {
            cx_rcs_text(r, &m->text);

        } else {
            cx_json_skip(r);
        }
    }
}


static void
take_suggestion(cx_json_reader *r, gbm_data *d, cx_msg *m)
{
    cx_str  key;

    m->kind = CX_STR("message");
    m->content = CX_STR("button");

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "postbackData")) {
            cx_rcs_text(r, &m->payload);

        } else if (CX_STR_IS(key, "text")) {
            cx_rcs_text(r, &m->text);

        } else if (CX_STR_IS(key, "message")) {
            (void) cx_json_string(r, &d->id);

        } else {
            cx_json_skip(r);
        }
    }

    /* The message that was answered is not the answer's own id. */
    m->reply_to = d->id;
    d->id = CX_NOSTR;
}


static void
take_receipts(cx_json_reader *r, gbm_data *d, cx_msg *m)
{
    cx_str  key;

    m->kind = CX_STR("status");

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (!CX_STR_IS(key, "receipts") || !cx_json_enter(r, CX_JSON_ARRAY)) {
            cx_json_skip(r);
            continue;
        }

        while (cx_json_item(r)) {
            take_receipt(r, d, m);
        }
    }
}


/* "conversations/<id>/messages/<id>". */
static void
take_receipt(cx_json_reader *r, gbm_data *d, cx_msg *m)
{
    cx_str  key, type = CX_NOSTR;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "message")) {
            (void) cx_json_string(r, &d->id);

        } else if (CX_STR_IS(key, "receiptType")) {
            (void) cx_json_string(r, &type);

        } else {
            cx_json_skip(r);
        }
    }

    for (size_t i = d->id.len; i-- > 0; ) {
        if (d->id.p[i] == '/') {
            d->id = cx_str_sub(d->id, i + 1, d->id.len);
            break;
        }
    }

    m->content = CX_STR_IS(type, "READ") ? CX_STR("read")
                                         : CX_STR("delivered");
}


static void
take_context(cx_json_reader *r, gbm_data *d)
{
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (!CX_STR_IS(key, "userInfo") || !cx_json_into(r, CX_JSON_OBJECT)) {
            continue;
        }

        while (cx_json_key(r, &key)) {
            if (CX_STR_IS(key, "displayName")) {
                cx_rcs_text(r, &d->name);

            } else {
                cx_json_skip(r);
            }
        }
    }
}


/* The door is shut. */
static cx_err
build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req)
{
    (void) from;
    (void) out;
    (void) a;
    (void) req;

    return CX_INVALID;
}
