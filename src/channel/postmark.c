/*
 * Postmark: inbound mail, and webhooks for bounces, deliveries, opens and
 * complaints.  Facts: "Inbound webhook", "Bounce webhook", "Delivery webhook"
 * and "Webhooks overview" on Postmark's developer pages.
 *
 * There is no signature: the credentials in the configured URL are all the
 * proof, so the URL must be https.  Postmark's own MessageID is not the
 * mail's: what its events say of our messages comes by the metadata that our
 * messages carry.
 */

#include "channel/email.h"
#include "channel/types.h"

#include "core/base64.h"
#include "core/mime.h"
#include "core/time.h"
#include "core/utf8.h"


static const char *const  headers[] = { "authorization", NULL };

/* What all of its documents are read into. */
typedef struct {
    cx_email  mail;
    cx_str    record;           /* RecordType; none for a mail */
    cx_str    own;              /* Metadata.connext */
    cx_str    recipient;
    cx_str    email;
    cx_str    at;
    cx_str    details;
    cx_str    description;
    cx_str    kind;             /* of a bounce */
    int64_t   code;
} document;

static cx_err verify(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_proven *proven);
static cx_err parse(const cx_account *acct, cx_proven proven, cx_arena *a,
    cx_received *in);


const cx_channel  cx_channel_postmark = {
    .name = "postmark",
    .family = "email",
    .key = CX_KEY_TEXT,
    .max_body = CX_EMAIL_MAX_BODY,
    .headers = headers,
    .verify = verify,
    .parse = parse,
};


/* --- the credentials ----------------------------------------------------- */

static bool
same_credentials(cx_str sent, cx_str ours)
{
    bool    user, password;
    cx_str  sent_user, our_user;

    if (!cx_str_split(&ours, ':', &our_user) || ours.p == NULL
        || !cx_str_split(&sent, ':', &sent_user) || sent.p == NULL)
    {
        return false;
    }

    /* Both are compared, whatever the first one said. */
    user = cx_secret_str_eq(sent_user, our_user);
    password = cx_secret_str_eq(sent, ours);
    return user & password;
}


static cx_err
verify(const cx_account *acct, const cx_http_req *req, cx_arena *a,
    cx_proven *proven)
{
    bool      match = false;
    size_t    n;
    cx_str    value, sent;
    unsigned  secret = 0;

    if (acct->nsecrets == 0) {
        return CX_NO_SECRET;
    }

    value = cx_http_header(req->headers, req->nheaders, cx_strz(headers[0]),
                           &n);

    if (n > 1) {
        return CX_DUP_SIGNATURE;
    }

    if (value.len == 0) {
        return CX_NO_SIGNATURE;
    }

    if (!cx_str_eq_nocase(cx_str_sub(value, 0, 6), CX_STR("Basic "))
        || cx_base64_decode(a, CX_BASE64_STD, cx_str_sub(value, 6, value.len),
                            &sent) != CX_OK)
    {
        return cx_arena_failed(a) ? CX_NOMEM : CX_BAD_SIGNATURE;
    }

    for (unsigned i = 0; i < acct->nsecrets; i++) {
        if (same_credentials(sent, acct->texts[i]) && !match) {
            match = true;
            secret = i;
        }
    }

    if (!match) {
        return CX_BAD_SIGNATURE;
    }

    *proven = (cx_proven) { .bytes = req->body, .secret = secret };
    return CX_OK;
}


/* --- reading ------------------------------------------------------------- */

/* [{"Name", "Value"}, ...] */
static void
take_headers(cx_json_reader *r, cx_email *e)
{
    cx_str  key, name, value;

    if (!cx_json_into(r, CX_JSON_ARRAY)) {
        return;
    }

    while (cx_json_item(r)) {
        if (!cx_json_into(r, CX_JSON_OBJECT)) {
            continue;
        }

        name = value = CX_NOSTR;

        while (cx_json_key(r, &key)) {
            if (CX_STR_IS(key, "Name")) {
                (void) cx_json_string(r, &name);

            } else if (CX_STR_IS(key, "Value")) {
                (void) cx_json_string(r, &value);

            } else {
                cx_json_skip(r);
            }
        }

        cx_email_field(e, name, value);
    }
}


/* [{"Name", "Content", "ContentType", "ContentLength"}, ...] */
static void
take_attachments(cx_json_reader *r, cx_email *e, cx_arena *a)
{
    cx_str  key, name, type, content;

    if (!cx_json_into(r, CX_JSON_ARRAY)) {
        return;
    }

    while (cx_json_item(r)) {
        if (!cx_json_into(r, CX_JSON_OBJECT)) {
            continue;
        }

        name = type = content = CX_NOSTR;

        while (cx_json_key(r, &key)) {
            if (CX_STR_IS(key, "Name")) {
                (void) cx_json_string(r, &name);

            } else if (CX_STR_IS(key, "ContentType")) {
                (void) cx_json_string(r, &type);

            } else if (CX_STR_IS(key, "Content")) {
                (void) cx_json_string(r, &content);

            } else {
                cx_json_skip(r);
            }
        }

        cx_email_inside(e, a, name, cx_mime_value(type, a),
                        cx_mime_base64(a, content));
    }
}


static void
take_metadata(cx_json_reader *r, document *d)
{
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "connext")) {
            (void) cx_json_string(r, &d->own);

        } else {
            cx_json_skip(r);
        }
    }
}


static void
take_member(cx_json_reader *r, cx_str key, document *d, cx_arena *a)
{
    static const struct {
        cx_str  name;
        size_t  offset;
    } texts[] = {
        { CX_STR_INIT("From"),         offsetof(document, mail.from) },
        { CX_STR_INIT("FromName"),     offsetof(document, mail.from_name) },
        { CX_STR_INIT("To"),           offsetof(document, mail.to) },
        { CX_STR_INIT("Cc"),           offsetof(document, mail.cc) },
        { CX_STR_INIT("ReplyTo"),      offsetof(document, mail.answer_to) },
        { CX_STR_INIT("Subject"),      offsetof(document, mail.subject) },
        { CX_STR_INIT("Date"),         offsetof(document, mail.date) },
        { CX_STR_INIT("TextBody"),     offsetof(document, mail.text) },
        { CX_STR_INIT("HtmlBody"),     offsetof(document, mail.html) },
        { CX_STR_INIT("StrippedTextReply"),
          offsetof(document, mail.stripped) },
        { CX_STR_INIT("OriginalRecipient"),
          offsetof(document, mail.recipient) },
        { CX_STR_INIT("MessageID"),    offsetof(document, mail.provider_id) },
        { CX_STR_INIT("RecordType"),   offsetof(document, record) },
        { CX_STR_INIT("Recipient"),    offsetof(document, recipient) },
        { CX_STR_INIT("Email"),        offsetof(document, email) },
        { CX_STR_INIT("BouncedAt"),    offsetof(document, at) },
        { CX_STR_INIT("DeliveredAt"),  offsetof(document, at) },
        { CX_STR_INIT("ReceivedAt"),   offsetof(document, at) },
        { CX_STR_INIT("Details"),      offsetof(document, details) },
        { CX_STR_INIT("Description"),  offsetof(document, description) },
        { CX_STR_INIT("Type"),         offsetof(document, kind) },
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (cx_str_eq(key, texts[i].name)) {
            (void) cx_json_string(r, (cx_str *) ((char *) d
                                                 + texts[i].offset));
            return;
        }
    }

    if (CX_STR_IS(key, "Headers")) {
        take_headers(r, &d->mail);

    } else if (CX_STR_IS(key, "Attachments")) {
        take_attachments(r, &d->mail, a);

    } else if (CX_STR_IS(key, "Metadata")) {
        take_metadata(r, d);

    } else if (CX_STR_IS(key, "TypeCode")) {
        (void) cx_json_i64(r, &d->code);

    } else {
        cx_json_skip(r);
    }
}


/* --- what it says -------------------------------------------------------- */

/* Bounces that say nothing of the message yet, or nothing of it at all. */
static bool
is_soft(cx_str kind)
{
    static const cx_str  soft[] = {
        CX_STR_INIT("Transient"), CX_STR_INIT("DnsError"),
        CX_STR_INIT("AutoResponder"), CX_STR_INIT("ChallengeVerification"),
        CX_STR_INIT("Subscribe"), CX_STR_INIT("Unsubscribe"),
        CX_STR_INIT("AddressChange"), CX_STR_INIT("OpenRelayTest"),
    };

    for (size_t i = 0; i < sizeof(soft) / sizeof(soft[0]); i++) {
        if (cx_str_eq(kind, soft[i])) {
            return true;
        }
    }

    return false;
}


static cx_err
settle_event(const document *d, cx_arena *a, cx_received *in)
{
    cx_email_event  ev = {
        .message = d->own,
        .peer = d->recipient.len > 0 ? d->recipient : d->email,
    };

    (void) cx_time_rfc3339(d->at, &ev.ts_ms);

    if (CX_STR_IS(d->record, "Delivery")) {
        ev.state = "delivered";

    } else if (CX_STR_IS(d->record, "Open")) {
        ev.state = "read";

    } else if (CX_STR_IS(d->record, "Bounce") && !is_soft(d->kind)) {
        ev.state = "failed";
        ev.code = d->code;
        ev.text = d->details.len > 0 ? d->details : d->description;

    } else if (CX_STR_IS(d->record, "SpamComplaint")) {
        ev.state = "failed";
        ev.text = CX_STR("reported as spam");
    }

    return ev.state == NULL ? CX_OK : cx_email_status(&ev, a, in);
}


static cx_err
parse(const cx_account *acct, cx_proven proven, cx_arena *a, cx_received *in)
{
    cx_str          key;
    document        d = { .code = 0 };
    cx_json_reader  r;

    (void) acct;

    cx_json_open(&r, proven.bytes, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return r.err == CX_NOMEM ? CX_NOMEM : CX_MALFORMED;
    }

    while (cx_json_key(&r, &key)) {
        take_member(&r, key, &d, a);
    }

    if (cx_json_close(&r) != CX_OK) {
        return r.err;
    }

    if (d.record.len > 0 && !CX_STR_IS(d.record, "Inbound")) {
        return settle_event(&d, a, in);
    }

    d.mail.text = cx_utf8_cut(d.mail.text, CX_EMAIL_TEXT_MAX);
    d.mail.html = cx_utf8_cut(d.mail.html, CX_EMAIL_TEXT_MAX);
    d.mail.recipient = d.mail.recipient.len > 0 ? d.mail.recipient
                                                : d.mail.to;
    return cx_email_settle(&d.mail, a, in);
}
