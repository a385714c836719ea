/*
 * What SES says: mail that came in, and what became of ours.  Facts:
 * "Notification contents for Amazon SES email receiving" and "Amazon SNS
 * notification contents for Amazon SES" in the SES developer guide.
 *
 * SES puts an id of its own into Message-ID; the one we gave is told as one
 * of the original headers.
 */

#include "channel/ses.h"

#include "core/mime.h"
#include "core/time.h"

typedef struct {
    cx_email  mail;
    cx_str    kind;             /* notificationType or eventType */
    cx_str    content;
    cx_str    encoding;         /* BASE64 when the content is */
    cx_str    place;            /* action.type: SNS, S3 */
    cx_str    bucket;
    cx_str    object;
    cx_str    destination;
    cx_str    original;         /* commonHeaders.messageId */
    cx_str    peer;             /* of an event */
    cx_str    at;
    cx_str    bounce;           /* bounceType */
    cx_str    bounce_more;      /* bounceSubType */
    cx_str    why;
} notice;

typedef void (*take_fn)(cx_json_reader *r, cx_str key, notice *n);


/* Each member of an object, if it is one. */
static void
each(cx_json_reader *r, notice *n, take_fn take)
{
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        take(r, key, n);
    }
}


/* The first text of a list. */
static void
first_of(cx_json_reader *r, cx_str *out)
{
    cx_str  item;

    if (!cx_json_into(r, CX_JSON_ARRAY)) {
        return;
    }

    while (cx_json_item(r)) {
        if (cx_json_string(r, &item) && out->len == 0) {
            *out = item;
        }
    }
}


/* --- a mail -------------------------------------------------------------- */

static void
take_headers(cx_json_reader *r, notice *n)
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
            if (CX_STR_IS(key, "name")) {
                (void) cx_json_string(r, &name);

            } else if (CX_STR_IS(key, "value")) {
                (void) cx_json_string(r, &value);

            } else {
                cx_json_skip(r);
            }
        }

        cx_email_field(&n->mail, name, value);
    }
}


static void
take_common(cx_json_reader *r, cx_str key, notice *n)
{
    if (CX_STR_IS(key, "messageId")) {
        (void) cx_json_string(r, &n->original);

    } else if (CX_STR_IS(key, "subject")) {
        (void) cx_json_string(r, &n->mail.subject);

    } else if (CX_STR_IS(key, "from")) {
        first_of(r, &n->mail.from);

    } else {
        cx_json_skip(r);
    }
}


static void
take_mail(cx_json_reader *r, cx_str key, notice *n)
{
    cx_str  time;

    if (CX_STR_IS(key, "messageId")) {
        (void) cx_json_string(r, &n->mail.provider_id);

    } else if (CX_STR_IS(key, "source")) {
        n->mail.has_sender = cx_json_string(r, &n->mail.sender);

    } else if (CX_STR_IS(key, "destination")) {
        first_of(r, &n->destination);

    } else if (CX_STR_IS(key, "headers")) {
        take_headers(r, n);

    } else if (CX_STR_IS(key, "commonHeaders")) {
        each(r, n, take_common);

    } else if (CX_STR_IS(key, "timestamp")) {
        if (cx_json_string(r, &time)) {
            (void) cx_time_rfc3339(time, &n->mail.ts_ms);
        }

    } else {
        cx_json_skip(r);
    }
}


static void
take_action(cx_json_reader *r, cx_str key, notice *n)
{
    cx_str  *at = CX_STR_IS(key, "type") ? &n->place
                  : CX_STR_IS(key, "bucketName") ? &n->bucket
                  : CX_STR_IS(key, "objectKey") ? &n->object
                  : CX_STR_IS(key, "encoding") ? &n->encoding : NULL;

    if (at != NULL) {
        (void) cx_json_string(r, at);

    } else {
        cx_json_skip(r);
    }
}


/* {"status": "FAIL"}: nothing that a machine should answer. */
static void
take_verdict(cx_json_reader *r, notice *n, const char *why)
{
    cx_str  key, status;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "status") && cx_json_string(r, &status)
            && CX_STR_IS(status, "FAIL"))
        {
            n->mail.automatic = why;
        }
    }
}


/* The domain in From stands by it. */
static void
take_dmarc(cx_json_reader *r, cx_str key, notice *n)
{
    cx_str  status;

    if (!CX_STR_IS(key, "status")) {
        cx_json_skip(r);

    } else if (cx_json_string(r, &status)) {
        n->mail.aligned = CX_STR_IS(status, "PASS");
    }
}


static void
take_receipt(cx_json_reader *r, cx_str key, notice *n)
{
    if (CX_STR_IS(key, "recipients")) {
        first_of(r, &n->mail.recipient);

    } else if (CX_STR_IS(key, "action")) {
        each(r, n, take_action);

    } else if (CX_STR_IS(key, "spamVerdict")) {
        take_verdict(r, n, "spam");

    } else if (CX_STR_IS(key, "virusVerdict")) {
        take_verdict(r, n, "virus");

    } else if (CX_STR_IS(key, "dmarcVerdict")) {
        each(r, n, take_dmarc);

    } else {
        cx_json_skip(r);
    }
}


/* --- an event ------------------------------------------------------------ */

/* [{"emailAddress", "diagnosticCode"}] */
static void
take_people(cx_json_reader *r, notice *n)
{
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_ARRAY)) {
        return;
    }

    while (cx_json_item(r)) {
        if (!cx_json_into(r, CX_JSON_OBJECT)) {
            continue;
        }

        while (cx_json_key(r, &key)) {
            if (CX_STR_IS(key, "emailAddress")) {
                (void) cx_json_string(r, &n->peer);

            } else if (CX_STR_IS(key, "diagnosticCode")) {
                (void) cx_json_string(r, &n->why);

            } else {
                cx_json_skip(r);
            }
        }
    }
}


static void
take_outcome(cx_json_reader *r, cx_str key, notice *n)
{
    if (CX_STR_IS(key, "timestamp")) {
        (void) cx_json_string(r, &n->at);

    } else if (CX_STR_IS(key, "bounceType")) {
        (void) cx_json_string(r, &n->bounce);

    } else if (CX_STR_IS(key, "bounceSubType")) {
        (void) cx_json_string(r, &n->bounce_more);

    } else if (CX_STR_IS(key, "recipients")) {
        first_of(r, &n->peer);

    } else if (CX_STR_IS(key, "bouncedRecipients")
               || CX_STR_IS(key, "complainedRecipients"))
    {
        take_people(r, n);

    } else {
        cx_json_skip(r);
    }
}


static void
take_member(cx_json_reader *r, cx_str key, notice *n)
{
    if (CX_STR_IS(key, "notificationType") || CX_STR_IS(key, "eventType")) {
        (void) cx_json_string(r, &n->kind);

    } else if (CX_STR_IS(key, "content")) {
        (void) cx_json_string(r, &n->content);

    } else if (CX_STR_IS(key, "mail")) {
        each(r, n, take_mail);

    } else if (CX_STR_IS(key, "receipt")) {
        each(r, n, take_receipt);

    } else if (CX_STR_IS(key, "bounce") || CX_STR_IS(key, "complaint")
               || CX_STR_IS(key, "delivery") || CX_STR_IS(key, "open"))
    {
        each(r, n, take_outcome);

    } else {
        cx_json_skip(r);
    }
}


/* --- what becomes of it -------------------------------------------------- */

static void
set_place(notice *n, cx_arena *a)
{
    cx_buf          b;
    cx_json_writer  w;

    if (n->bucket.len == 0 || n->object.len == 0) {
        return;
    }

    cx_buf_init(&b, a, 256, 16384);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    cx_json_name(&w, CX_STR("bucket"));
    cx_json_put_str(&w, n->bucket);
    cx_json_name(&w, CX_STR("key"));
    cx_json_put_str(&w, n->object);
    cx_json_end(&w, '}');
    n->mail.kept_in = b.failed ? CX_NOSTR : cx_buf_str(&b);
}


static cx_err
settle_mail(notice *n, cx_arena *a, cx_received *in)
{
    cx_email  *e = &n->mail;

    if (n->content.len > 0) {
        cx_email_raw(e, a, cx_str_eq_nocase(n->encoding, CX_STR("BASE64"))
                           ? cx_mime_base64(a, n->content) : n->content);
    }

    if (e->id.len == 0) {
        e->id = n->original;
    }

    e->recipient = e->recipient.len > 0 ? e->recipient : n->destination;
    set_place(n, a);
    return cx_email_settle(e, a, in);
}


static cx_err
settle_event(const notice *n, cx_arena *a, cx_received *in)
{
    const cx_str    own = cx_email_own_in(n->mail.id);
    cx_email_event  ev = {
        .message = own.len > 0 ? own : n->original,
        .peer = n->peer.len > 0 ? n->peer : n->destination,
    };

    (void) cx_time_rfc3339(n->at, &ev.ts_ms);

    if (CX_STR_IS(n->kind, "Delivery")) {
        ev.state = "delivered";

    } else if (CX_STR_IS(n->kind, "Open")) {
        ev.state = "read";

    } else if (CX_STR_IS(n->kind, "Complaint")) {
        ev.state = "failed";
        ev.text = CX_STR("reported as spam");

    } else if (CX_STR_IS(n->kind, "Bounce")
               && !(CX_STR_IS(n->bounce, "Transient")
                    && CX_STR_IS(n->bounce_more, "General")))
    {
        /* Transient and general: an autoresponder's answer is one, too. */
        ev.state = "failed";
        ev.text = n->why;
    }

    return ev.state == NULL ? CX_OK : cx_email_status(&ev, a, in);
}


cx_err
cx_ses_message(const cx_sns *s, cx_arena *a, cx_received *in)
{
    cx_str          key;
    notice          n = { .kind = CX_NOSTR };
    cx_json_reader  r;

    /* What SES says once, when it is told the topic. */
    if (cx_str_starts(s->message, CX_STR("Successfully validated SNS topic")))
    {
        return CX_OK;
    }

    cx_json_open(&r, s->message, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return r.err == CX_NOMEM ? CX_NOMEM : CX_MALFORMED;
    }

    while (cx_json_key(&r, &key)) {
        take_member(&r, key, &n);
    }

    if (cx_json_close(&r) != CX_OK) {
        return r.err;
    }

    if (n.kind.len == 0) {
        return CX_MALFORMED;
    }

    return CX_STR_IS(n.kind, "Received") ? settle_mail(&n, a, in)
                                         : settle_event(&n, a, in);
}
