/*
 * RCS for Business: what comes in.  Facts: "Receive messages and events"
 * (webhooks, X-Goog-Signature over the decoded message.data, the handshake
 * with clientToken and secret), "UserMessage", "UserEvent", "ServerEvent" on
 * Google's pages of RCS for Business.
 *
 * Google signs what message.data holds, not the request's body: the envelope
 * is read only as far as that, and nothing else of it is believed.
 */

#include "channel/rcs.h"
#include "channel/types.h"

#include "core/base64.h"
#include "core/intent.h"
#include "core/time.h"


#define MAX_BODY     (1024 * 1024)
#define SECRET_MAX   512        /* of a handshake, echoed */
#define DIGEST_LEN   64
#define DIGEST_TEXT  88


/* The decoded data, of whatever kind. */
typedef struct {
    cx_str   agent;
    cx_str   phone;
    cx_str   message_id;
    cx_str   event_id;
    cx_str   event;             /* eventType */
    cx_str   time;
    bool     content;           /* something a person sent was read */
} rcs_data;

static cx_err verify(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_proven *proven);
static cx_str envelope_data(cx_str body, cx_arena *a);
static cx_err parse(const cx_account *acct, cx_proven proven, cx_arena *a,
    cx_received *in);
static void take_member(cx_json_reader *r, cx_str key, rcs_data *d,
    cx_msg *m);
static void take_suggestion(cx_json_reader *r, cx_msg *m);
static void take_file(cx_json_reader *r, cx_msg *m);
static bool settle(const rcs_data *d, cx_arena *a, cx_msg *m);
static bool settle_event(const rcs_data *d, cx_arena *a, cx_msg *m);
static void settle_status(const rcs_data *d, cx_arena *a, cx_msg *m,
    const char *state);


const char *const  cx_rcs_headers[] = { "x-goog-signature", NULL };

const cx_channel  cx_channel_rcs = {
    .name = "rcs",
    .mac = CX_MAC_SHA512,
    .post_handshake = true,
    .max_body = MAX_BODY,
    .headers = cx_rcs_headers,
    .handshake = cx_rcs_handshake,
    .verify = verify,
    .parse = parse,
    .caps = &cx_rcs_caps,
    .settings = cx_rcs_settings,
    .build = cx_rcs_build,
    .judge = cx_rcs_judge,
    .repeatable = true,
    .proves = CX_PROOF_BIT(PHONE),
    .login = cx_rcs_login,
    .logged = cx_rcs_logged,
};


/* --- the handshake ------------------------------------------------------- */

/* The client token is the channel's secret: its MAC over a constant tells
 * whether two are the same, in constant time. */
static bool
token_matches(const cx_account *acct, cx_str token)
{
    bool     match = false;
    cx_mac  *theirs = cx_mac_new(CX_MAC_SHA512, token);
    uint8_t  x[CX_MAC_MAX], y[CX_MAC_MAX];

    for (size_t i = 0; theirs != NULL && i < acct->nsecrets; i++) {
        match |= cx_mac_run(theirs, CX_STR("token"), x)
                 && cx_mac_run(acct->secrets[i], CX_STR("token"), y)
                 && cx_secret_eq(x, y, DIGEST_LEN);
    }

    cx_mac_free(theirs);
    return match;
}


/* Echoed as text/plain with nosniff; still nothing but a token's bytes. */
static bool
echo_safe(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '<') {
            return false;
        }
    }

    return s.len > 0 && s.len <= SECRET_MAX;
}


cx_err
cx_rcs_handshake(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_str *answer)
{
    bool            message = false;
    cx_str          key, token = CX_NOSTR, secret = CX_NOSTR;
    cx_json_reader  r;

    cx_json_open(&r, req->body, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return CX_NOT_FOUND;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, "clientToken")) {
            (void) cx_json_string(&r, &token);

        } else if (CX_STR_IS(key, "secret")) {
            (void) cx_json_string(&r, &secret);

        } else {
            message = message || CX_STR_IS(key, "message");
            cx_json_skip(&r);
        }
    }

    if (cx_json_close(&r) == CX_NOMEM) {
        return CX_NOMEM;
    }

    if (r.err != CX_OK || message || token.len == 0 || secret.len == 0) {
        return CX_NOT_FOUND;
    }

    if (acct->nsecrets == 0 || !token_matches(acct, token)) {
        return CX_BAD_TOKEN;
    }

    if (!echo_safe(secret)) {
        return CX_BAD_CHALLENGE;
    }

    *answer = secret;
    return CX_OK;
}


/* --- the signature ------------------------------------------------------- */

cx_err
cx_rcs_signed(const cx_account *acct, const cx_http_req *req, cx_str bytes,
    cx_arena *a, unsigned *secret)
{
    bool     match = false;
    cx_str   sent;
    size_t   count;
    uint8_t  ours[CX_MAC_MAX];

    const cx_str  text = cx_http_header(req->headers, req->nheaders,
                                        cx_strz(cx_rcs_headers[0]), &count);

    if (acct->nsecrets == 0) {
        return CX_NO_SECRET;
    }

    if (count > 1) {
        return CX_DUP_SIGNATURE;
    }

    if (text.len == 0) {
        return CX_NO_SIGNATURE;
    }

    if (text.len != DIGEST_TEXT) {
        return CX_BAD_SIGNATURE;
    }

    switch (cx_base64_decode(a, CX_BASE64_STD, text, &sent)) {

    case CX_OK:
        break;

    case CX_NOMEM:
        return CX_NOMEM;

    default:
        return CX_BAD_SIGNATURE;
    }

    if (sent.len != DIGEST_LEN) {
        return CX_BAD_SIGNATURE;
    }

    for (unsigned i = 0; i < acct->nsecrets; i++) {
        const bool  eq = cx_mac_run(acct->secrets[i], bytes, ours)
                         && cx_secret_eq(ours, sent.p, DIGEST_LEN);

        if (eq && !match) {
            match = true;
            *secret = i;
        }
    }

    return match ? CX_OK : CX_BAD_SIGNATURE;
}


static cx_err
verify(const cx_account *acct, const cx_http_req *req, cx_arena *a,
    cx_proven *proven)
{
    cx_err    err;
    cx_str    bytes;
    unsigned  secret = 0;

    const cx_str  data = envelope_data(req->body, a);

    err = cx_base64_decode(a, CX_BASE64_STD, data, &bytes);

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    /* Without data there is nothing that could have been signed. */
    if (err != CX_OK || bytes.len == 0) {
        return CX_BAD_SIGNATURE;
    }

    err = cx_rcs_signed(acct, req, bytes, a, &secret);

    if (err == CX_OK) {
        *proven = (cx_proven) { .bytes = bytes, .secret = secret };
    }

    return err;
}


/* message.data, or empty. */
static cx_str
envelope_data(cx_str body, cx_arena *a)
{
    cx_str          key, data = CX_NOSTR;
    cx_json_reader  r;

    cx_json_open(&r, body, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return CX_NOSTR;
    }

    while (cx_json_key(&r, &key)) {
        if (!CX_STR_IS(key, "message") || !cx_json_into(&r, CX_JSON_OBJECT)) {
            continue;
        }

        while (cx_json_key(&r, &key)) {
            if (CX_STR_IS(key, "data")) {
                (void) cx_json_string(&r, &data);

            } else {
                cx_json_skip(&r);
            }
        }
    }

    return cx_json_close(&r) == CX_OK ? data : CX_NOSTR;
}


/* --- the data ------------------------------------------------------------ */

static cx_err
parse(const cx_account *acct, cx_proven proven, cx_arena *a, cx_received *in)
{
    cx_str          key;
    cx_msg         *m = cx_msgs_add(&in->msgs, a);
    rcs_data        d = { .content = false };
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

    /* Frequent, and of no use later than now. */
    if (CX_STR_IS(d.event, "IS_TYPING")) {
        in->msgs.n = 0;
        return CX_OK;
    }

    if (!settle(&d, a, m)) {
        return cx_arena_failed(a) ? CX_NOMEM : CX_MALFORMED;
    }

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


static void
take_member(cx_json_reader *r, cx_str key, rcs_data *d, cx_msg *m)
{
    static const struct {
        cx_str  name;
        size_t  offset;
    } names[] = {
        { CX_STR_INIT("agentId"),           offsetof(rcs_data, agent) },
        { CX_STR_INIT("senderPhoneNumber"), offsetof(rcs_data, phone) },
        { CX_STR_INIT("phoneNumber"),       offsetof(rcs_data, phone) },
        { CX_STR_INIT("messageId"),         offsetof(rcs_data, message_id) },
        { CX_STR_INIT("eventId"),           offsetof(rcs_data, event_id) },
        { CX_STR_INIT("eventType"),         offsetof(rcs_data, event) },
        { CX_STR_INIT("sendTime"),          offsetof(rcs_data, time) },
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (cx_str_eq(key, names[i].name)) {
            (void) cx_json_string(r, (cx_str *) ((char *) d
                                                 + names[i].offset));
            return;
        }
    }

    if (CX_STR_IS(key, "text")) {
        m->content = CX_STR("text");
        cx_rcs_text(r, &m->text);
        d->content = true;

    } else if (CX_STR_IS(key, "suggestionResponse")) {
        take_suggestion(r, m);
        d->content = true;

    } else if (CX_STR_IS(key, "location")) {
        cx_rcs_place(r, m);
        d->content = true;

    } else if (CX_STR_IS(key, "userFile")) {
        take_file(r, m);
        d->content = true;

    } else {
        cx_json_skip(r);
    }
}


static void
take_suggestion(cx_json_reader *r, cx_msg *m)
{
    cx_str  key;

    m->content = CX_STR("button");

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "postbackData")) {
            cx_rcs_text(r, &m->payload);

        } else if (CX_STR_IS(key, "text")) {
            cx_rcs_text(r, &m->text);

        } else {
            cx_json_skip(r);
        }
    }
}


static void
take_file(cx_json_reader *r, cx_msg *m)
{
    cx_str  key;

    m->content = CX_STR("document");

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "payload")) {
            cx_rcs_file(r, m);

        } else {
            cx_json_skip(r);
        }
    }
}


/* Who said it to whom, and under which id; false: not usable. */
static bool
settle(const rcs_data *d, cx_arena *a, cx_msg *m)
{
    if (d->agent.len == 0 || d->phone.len == 0
        || d->message_id.len > CX_MSG_ID_MAX
        || d->event_id.len > CX_MSG_ID_MAX)
    {
        return false;
    }

    m->account = d->agent;
    m->peer = d->phone;
    m->phone = d->phone.p[0] == '+' ? d->phone : CX_NOSTR;
    (void) cx_time_rfc3339(d->time, &m->ts_ms);

    if (d->event.len > 0) {
        return settle_event(d, a, m);
    }

    m->kind = CX_STR("message");
    m->id = d->message_id.len > 0 ? d->message_id : d->event_id;

    if (!d->content) {
        m->content = CX_STR("unknown");
    }

    return m->id.len > 0;
}


static bool
settle_event(const rcs_data *d, cx_arena *a, cx_msg *m)
{
    static const struct {
        cx_str       event;
        const char  *state;         /* of a status; NULL: content below */
        const char  *content;
    } events[] = {
        { CX_STR_INIT("DELIVERED"),              "delivered", NULL },
        { CX_STR_INIT("READ"),                   "read",      NULL },
        { CX_STR_INIT("TTL_EXPIRATION_REVOKED"), "failed",    NULL },
        { CX_STR_INIT("SUBSCRIBE"),              NULL,        "optin" },
        { CX_STR_INIT("UNSUBSCRIBE"),            NULL,        "optout" },
    };

    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (!cx_str_eq(d->event, events[i].event)) {
            continue;
        }

        if (events[i].state != NULL) {
            settle_status(d, a, m, events[i].state);
            return m->id.len > 0;
        }

        m->kind = CX_STR("message");
        m->content = cx_strz(events[i].content);
        m->id = d->event_id;
        return m->id.len > 0;
    }

    /* For people: launches, failed revocations, what is yet to come. */
    m->kind = CX_STR("account");
    m->content = d->event;
    m->id = d->event_id.len > 0 ? d->event_id : d->message_id;
    return m->id.len > 0 && d->event.len <= 64;
}


/* Of a message of ours, whose UUID holds its id. */
static void
settle_status(const rcs_data *d, cx_arena *a, cx_msg *m, const char *state)
{
    int64_t  id;

    m->kind = CX_STR("status");
    m->content = cx_strz(state);
    m->id = d->message_id;

    if (cx_rcs_uuid_parse(d->message_id, &id)) {
        m->tag = cx_intent_format(a, id, 1);
    }

    if (CX_STR_IS(d->event, "TTL_EXPIRATION_REVOKED")) {
        m->error_text = CX_STR("not delivered in time, and revoked");
    }
}
