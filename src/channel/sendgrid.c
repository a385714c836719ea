/*
 * SendGrid: Inbound Parse with a security policy, and the Event Webhook.
 * Facts: "Event Webhook Security Features", "Setting Up The Inbound Parse
 * Webhook", "Event Webhook Reference" on Twilio SendGrid's pages.
 *
 * ECDSA over the time's text and the body as it is, its last line end
 * included.  Content-Type is not covered: the form's boundary is the body's.
 */

#include "channel/email.h"
#include "channel/types.h"

#include "core/base64.h"
#include "core/charset.h"
#include "core/mime.h"
#include "core/multipart.h"


static const char *const  headers[] = {
    "x-twilio-email-event-webhook-signature",
    "x-twilio-email-event-webhook-timestamp",
    NULL
};

/* Fields of a form as they came: their charsets may stand behind them. */
typedef struct {
    cx_str  headers;
    cx_str  from;
    cx_str  to;
    cx_str  cc;
    cx_str  subject;
    cx_str  text;
    cx_str  html;
    cx_str  email;              /* the whole message, by the "raw" option */
    cx_str  envelope;
    cx_str  charsets;
    cx_str  dkim;
} form;

static const struct {
    cx_str  name;
    size_t  offset;
} fields[] = {
    { CX_STR_INIT("headers"),  offsetof(form, headers) },
    { CX_STR_INIT("from"),     offsetof(form, from) },
    { CX_STR_INIT("to"),       offsetof(form, to) },
    { CX_STR_INIT("cc"),       offsetof(form, cc) },
    { CX_STR_INIT("subject"),  offsetof(form, subject) },
    { CX_STR_INIT("text"),     offsetof(form, text) },
    { CX_STR_INIT("html"),     offsetof(form, html) },
    { CX_STR_INIT("email"),    offsetof(form, email) },
    { CX_STR_INIT("envelope"), offsetof(form, envelope) },
    { CX_STR_INIT("charsets"), offsetof(form, charsets) },
    { CX_STR_INIT("dkim"),     offsetof(form, dkim) },
};

#define FIELDS  (sizeof(fields) / sizeof(fields[0]))

static cx_err verify(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_proven *proven);
static cx_err parse(const cx_account *acct, cx_proven proven, cx_arena *a,
    cx_received *in);


const cx_channel  cx_channel_sendgrid = {
    .name = "sendgrid",
    .family = "email",
    .key = CX_KEY_PUBLIC,
    .max_body = CX_EMAIL_MAX_BODY,
    .headers = headers,
    .verify = verify,
    .parse = parse,
};


/* --- the signature ------------------------------------------------------- */

/* Both headers, once each. */
static cx_err
signed_by(const cx_http_req *req, cx_str *signature, cx_str *timestamp)
{
    size_t  n, k;

    *signature = cx_http_header(req->headers, req->nheaders,
                                cx_strz(headers[0]), &n);
    *timestamp = cx_http_header(req->headers, req->nheaders,
                                cx_strz(headers[1]), &k);

    if (n > 1 || k > 1) {
        return CX_DUP_SIGNATURE;
    }

    return signature->len == 0 || timestamp->len == 0 ? CX_NO_SIGNATURE
                                                      : CX_OK;
}


static cx_err
verify(const cx_account *acct, const cx_http_req *req, cx_arena *a,
    cx_proven *proven)
{
    cx_err   err;
    cx_str   text, timestamp, signature, data;
    int64_t  seconds;

    if (acct->nsecrets == 0) {
        return CX_NO_SECRET;
    }

    err = signed_by(req, &text, &timestamp);
    if (err != CX_OK) {
        return err;
    }

    if (timestamp.len > 12 || !cx_str_to_i64(timestamp, &seconds)
        || !cx_email_fresh(acct, seconds * 1000, CX_EMAIL_TOLERANCE))
    {
        return CX_BAD_SIGNATURE;
    }

    err = cx_base64_decode(a, CX_BASE64_STD, text, &signature);
    data = cx_concat(a, timestamp, req->body);

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    for (unsigned i = 0; err == CX_OK && i < acct->nsecrets; i++) {
        if (cx_pubkey_verify(acct->pubkeys[i], CX_SIGN_SHA256, data,
                             signature))
        {
            *proven = (cx_proven) { .bytes = req->body, .secret = i };
            return CX_OK;
        }
    }

    return CX_BAD_SIGNATURE;
}


/* --- a mail -------------------------------------------------------------- */

/* What the envelope says: {"to": ["us"], "from": "them"}. */
static void
take_envelope(cx_email *e, cx_arena *a, cx_str json)
{
    cx_str          key;
    cx_json_reader  r;

    cx_json_open(&r, json, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, "from")) {
            e->has_sender = cx_json_string(&r, &e->sender);

        } else if (CX_STR_IS(key, "to")
                   && cx_json_into(&r, CX_JSON_ARRAY))
        {
            while (cx_json_item(&r)) {
                cx_str  to = CX_NOSTR;

                (void) cx_json_string(&r, &to);
                e->recipient = e->recipient.len > 0 ? e->recipient : to;
            }
        }
    }
}


/* {"text": "iso-8859-1", ...}: fields are not all UTF-8. */
static void
decode(form *f, cx_arena *a)
{
    bool            done[FIELDS] = { false };
    cx_str          key, charset;
    cx_json_reader  r;

    cx_json_open(&r, f->charsets, a);

    if (cx_json_enter(&r, CX_JSON_OBJECT)) {
        while (cx_json_key(&r, &key)) {
            charset = CX_NOSTR;
            (void) cx_json_string(&r, &charset);

            for (size_t i = 0; i < FIELDS; i++) {
                cx_str  *at = (cx_str *) ((char *) f + fields[i].offset);

                if (cx_str_eq(key, fields[i].name) && !done[i]) {
                    *at = cx_charset_utf8(a, charset, *at, NULL);
                    done[i] = true;
                }
            }
        }
    }

    for (size_t i = 0; i < FIELDS; i++) {
        cx_str  *at = (cx_str *) ((char *) f + fields[i].offset);

        if (at != &f->email && !done[i]) {
            *at = cx_charset_utf8(a, CX_NOSTR, *at, NULL);
        }
    }
}


static void
take_part(form *f, cx_email *e, cx_arena *a, const cx_multipart_part *p)
{
    if (p->file.p != NULL) {
        cx_email_inside(e, a, cx_mime_words(a, p->file),
                        cx_charset_utf8(a, CX_NOSTR,
                                        cx_mime_value(p->type, a), NULL),
                        p->body);
        return;
    }

    for (size_t i = 0; i < FIELDS; i++) {
        cx_str  *at = (cx_str *) ((char *) f + fields[i].offset);

        if (cx_str_eq(p->name, fields[i].name)) {
            *at = at == &f->email ? p->body
                  : cx_str_sub(p->body, 0, CX_EMAIL_TEXT_MAX);
        }
    }
}


static cx_err
parse_mail(cx_str body, cx_arena *a, cx_received *in)
{
    char               hex[2 * CX_SHA256_LEN];
    form               f = { .text = CX_NOSTR };
    uint8_t            digest[CX_SHA256_LEN];
    cx_email           e = { .nfiles = 0 };
    cx_multipart       m;
    cx_multipart_part  p;

    if (cx_multipart_open(&m, body, a) == CX_OK) {
        while (cx_multipart_next(&m, &p)) {
            take_part(&f, &e, a, &p);
        }
    }

    if (m.err != CX_OK) {
        return m.err;
    }

    decode(&f, a);
    take_envelope(&e, a, f.envelope);
    cx_email_head(&e, a, f.headers);

    if (f.email.len > 0) {
        cx_email_raw(&e, a, f.email);
    }

    cx_email_field(&e, CX_STR("From"), f.from);
    cx_email_field(&e, CX_STR("To"), f.to);
    cx_email_field(&e, CX_STR("Cc"), f.cc);
    cx_email_field(&e, CX_STR("Subject"), f.subject);
    e.dkim = f.dkim;
    e.text = f.text.len > 0 ? f.text : e.text;
    e.html = f.html.len > 0 ? f.html : e.html;

    /* The same delivery again has the same bytes. */
    if (!cx_sha256(body, digest)) {
        return CX_INTERNAL;
    }

    cx_hex_encode(digest, sizeof(digest), hex);
    e.provider_id = cx_dup(a, (cx_str) { sizeof(hex), hex });
    return cx_email_settle(&e, a, in);
}


/* --- events -------------------------------------------------------------- */

static const char *
state_of(cx_str event)
{
    static const struct {
        cx_str       event;
        const char  *state;
    } states[] = {
        { CX_STR_INIT("delivered"),  "delivered" },
        { CX_STR_INIT("open"),       "read" },
        { CX_STR_INIT("bounce"),     "failed" },
        { CX_STR_INIT("dropped"),    "failed" },
        { CX_STR_INIT("spamreport"), "failed" },
    };

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (cx_str_eq(event, states[i].event)) {
            return states[i].state;
        }
    }

    return NULL;
}


static cx_err
take_event(cx_json_reader *r, cx_arena *a, cx_received *in)
{
    cx_str          key, event = CX_NOSTR;
    int64_t         seconds = 0;
    cx_email_event  ev = { .code = 0 };

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "event")) {
            (void) cx_json_string(r, &event);

        } else if (CX_STR_IS(key, "smtp-id")) {
            (void) cx_json_string(r, &ev.message);

        } else if (CX_STR_IS(key, "email")) {
            (void) cx_json_string(r, &ev.peer);

        } else if (CX_STR_IS(key, "reason")) {
            (void) cx_json_string(r, &ev.text);

        } else if (CX_STR_IS(key, "timestamp")) {
            (void) cx_json_i64(r, &seconds);

        } else {
            cx_json_skip(r);
        }
    }

    ev.state = state_of(event);
    ev.ts_ms = seconds > 0 && seconds < INT64_C(253402300800)
               ? seconds * 1000 : 0;

    if (CX_STR_IS(event, "spamreport")) {
        ev.text = CX_STR("reported as spam");
    }

    if (ev.state == NULL || r->err != CX_OK) {
        return CX_OK;
    }

    ev.text = strcmp(ev.state, "failed") == 0 ? ev.text : CX_NOSTR;
    return cx_email_status(&ev, a, in);
}


static cx_err
parse_events(cx_str body, cx_arena *a, cx_received *in)
{
    cx_err          err = CX_OK;
    cx_json_reader  r;

    cx_json_open(&r, body, a);

    if (!cx_json_enter(&r, CX_JSON_ARRAY)) {
        return r.err == CX_NOMEM ? CX_NOMEM : CX_MALFORMED;
    }

    while (err == CX_OK && cx_json_item(&r)) {
        if (cx_json_into(&r, CX_JSON_OBJECT)) {
            err = take_event(&r, a, in);

        } else {
            in->partial = true;
        }
    }

    return err != CX_OK ? err : cx_json_close(&r);
}


static cx_err
parse(const cx_account *acct, cx_proven proven, cx_arena *a, cx_received *in)
{
    (void) acct;

    return cx_str_starts(proven.bytes, CX_STR("--"))
           ? parse_mail(proven.bytes, a, in)
           : parse_events(proven.bytes, a, in);
}
