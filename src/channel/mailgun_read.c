/* A mail by a route, and an event, once the token is known to be Mailgun's. */

#include "channel/mailgun.h"

#include "core/charset.h"
#include "core/mail.h"
#include "core/mime.h"


/* --- a mail -------------------------------------------------------------- */

/* [["Name", "value"], ...] */
static void
take_headers(cx_email *e, cx_arena *a, cx_str json)
{
    cx_str          name, value;
    cx_json_reader  r;

    cx_json_open(&r, json, a);

    if (!cx_json_enter(&r, CX_JSON_ARRAY)) {
        return;
    }

    while (cx_json_item(&r)) {
        if (!cx_json_into(&r, CX_JSON_ARRAY)) {
            continue;
        }

        name = value = CX_NOSTR;

        if (cx_json_item(&r) && cx_json_string(&r, &name)
            && cx_json_item(&r) && cx_json_string(&r, &value))
        {
            cx_email_field(e, name, value);
        }

        while (cx_json_item(&r)) {
            cx_json_skip(&r);
        }
    }
}


static void
take_stored(cx_json_reader *r, cx_email_file *f)
{
    cx_str  key;

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "url")) {
            (void) cx_json_string(r, &f->url);

        } else if (CX_STR_IS(key, "content-type")) {
            (void) cx_json_string(r, &f->type);

        } else if (CX_STR_IS(key, "name")) {
            (void) cx_json_string(r, &f->name);

        } else if (CX_STR_IS(key, "size")) {
            (void) cx_json_i64(r, &f->size);

        } else {
            cx_json_skip(r);
        }
    }
}


/* store(): [{"url", "content-type", "name", "size"}, ...], kept three days. */
static void
take_attachments(cx_email *e, cx_arena *a, cx_str json)
{
    cx_json_reader   r;
    cx_email_file   *f, none = { .size = 0 };

    cx_json_open(&r, json, a);

    if (!cx_json_enter(&r, CX_JSON_ARRAY)) {
        return;
    }

    while (cx_json_item(&r)) {
        if (cx_json_into(&r, CX_JSON_OBJECT)) {
            f = cx_email_file_add(e);
            take_stored(&r, f != NULL ? f : &none);
        }
    }
}


/* The last value of a repeated field stands. */
static void
take_field(cx_email *e, cx_arena *a, const cx_multipart_part *p)
{
    static const struct {
        cx_str  name;
        size_t  offset;
    } texts[] = {
        { CX_STR_INIT("recipient"),     offsetof(cx_email, recipient) },
        { CX_STR_INIT("sender"),        offsetof(cx_email, sender) },
        { CX_STR_INIT("body-plain"),    offsetof(cx_email, text) },
        { CX_STR_INIT("body-html"),     offsetof(cx_email, html) },
        { CX_STR_INIT("stripped-text"), offsetof(cx_email, stripped) },
        { CX_STR_INIT("token"),         offsetof(cx_email, once) },
    };
    const cx_str  value = cx_charset_utf8(a, CX_NOSTR,
                                     cx_str_sub(p->body, 0,
                                                CX_EMAIL_TEXT_MAX), NULL);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (cx_str_eq(p->name, texts[i].name)) {
            *(cx_str *) ((char *) e + texts[i].offset) = value;
            return;
        }
    }

    if (CX_STR_IS(p->name, "message-headers")) {
        take_headers(e, a, value);

    } else if (CX_STR_IS(p->name, "attachments")) {
        take_attachments(e, a, value);

    } else if (CX_STR_IS(p->name, "body-mime")) {
        cx_email_raw(e, a, p->body);

    } else {
        cx_email_field(e, p->name, value);
    }
}


cx_err
cx_mailgun_mail(cx_str body, cx_arena *a, cx_received *in)
{
    cx_err             err;
    cx_mailgun_fields  f;
    cx_email           e = { .nfiles = 0 };
    cx_multipart_part  p;

    err = cx_mailgun_fields_open(&f, body, a);

    while (err == CX_OK && cx_mailgun_fields_next(&f, &p)) {
        if (p.file.p != NULL) {
            cx_email_inside(&e, a, cx_mime_words(a, p.file),
                            cx_charset_utf8(a, CX_NOSTR,
                                            cx_mime_value(p.type, a), NULL),
                            p.body);

        } else {
            take_field(&e, a, &p);
        }
    }

    err = err == CX_OK ? f.err : err;

    if (err != CX_OK) {
        return err;
    }

    /* "sender" is the envelope's; it is left empty for bounces. */
    e.has_sender = e.sender.p != NULL;
    e.provider_id = e.once;
    return cx_email_settle(&e, a, in);
}


/* --- an event ------------------------------------------------------------ */

typedef struct {
    cx_str   event;
    cx_str   severity;
    cx_str   description;
    cx_str   why;
    int64_t  code;
    cx_str   seconds;
    cx_str   recipient;
    cx_str   message;
    cx_str   token;
} event;


static void
take_status(cx_json_reader *r, event *ev)
{
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "code")) {
            (void) cx_json_i64(r, &ev->code);

        } else if (CX_STR_IS(key, "message")) {
            (void) cx_json_string(r, &ev->why);

        } else if (CX_STR_IS(key, "description")) {
            (void) cx_json_string(r, &ev->description);

        } else {
            cx_json_skip(r);
        }
    }
}


/* {"headers": {"message-id": ...}} */
static void
take_message(cx_json_reader *r, event *ev)
{
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (!CX_STR_IS(key, "headers")
            || !cx_json_into(r, CX_JSON_OBJECT))
        {
            continue;
        }

        while (cx_json_key(r, &key)) {
            if (CX_STR_IS(key, "message-id")) {
                (void) cx_json_string(r, &ev->message);

            } else {
                cx_json_skip(r);
            }
        }
    }
}


static void
take_event(cx_json_reader *r, event *ev)
{
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "event")) {
            (void) cx_json_string(r, &ev->event);

        } else if (CX_STR_IS(key, "severity")) {
            (void) cx_json_string(r, &ev->severity);

        } else if (CX_STR_IS(key, "recipient")) {
            (void) cx_json_string(r, &ev->recipient);

        } else if (CX_STR_IS(key, "timestamp")) {
            (void) cx_json_scalar(r, &ev->seconds);

        } else if (CX_STR_IS(key, "delivery-status")) {
            take_status(r, ev);

        } else if (CX_STR_IS(key, "message")) {
            take_message(r, ev);

        } else {
            cx_json_skip(r);
        }
    }
}


/* NULL: of no use to us, as a failure that Mailgun will try again. */
static const char *
state_of(const event *ev)
{
    static const struct {
        cx_str       event;
        const char  *state;
    } states[] = {
        { CX_STR_INIT("delivered"),  "delivered" },
        { CX_STR_INIT("opened"),     "read" },
        { CX_STR_INIT("rejected"),   "failed" },
        { CX_STR_INIT("complained"), "failed" },
    };

    if (CX_STR_IS(ev->event, "failed")) {
        return CX_STR_IS(ev->severity, "temporary") ? NULL : "failed";
    }

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (cx_str_eq(ev->event, states[i].event)) {
            return states[i].state;
        }
    }

    return NULL;
}


cx_err
cx_mailgun_event(cx_str body, cx_arena *a, cx_received *in)
{
    event           ev = { .code = 0 };
    cx_str          key, whole = CX_NOSTR;
    int64_t         seconds = 0;
    cx_json_reader  r;

    cx_mailgun_signed  s = { .n = 0 };

    cx_json_open(&r, body, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return r.err == CX_NOMEM ? CX_NOMEM : CX_MALFORMED;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, "event-data")) {
            take_event(&r, &ev);

        } else {
            cx_json_skip(&r);
        }
    }

    if (cx_json_close(&r) != CX_OK) {
        return r.err;
    }

    if (cx_mailgun_signed_json(body, a, &s) != CX_OK || cx_arena_failed(a)) {
        return cx_arena_failed(a) ? CX_NOMEM : CX_MALFORMED;
    }

    if (ev.event.len == 0) {
        return CX_MALFORMED;
    }

    (void) cx_str_split(&ev.seconds, '.', &whole);
    (void) cx_str_to_i64(cx_str_sub(whole, 0, 12), &seconds);

    return state_of(&ev) == NULL ? CX_OK
           : cx_email_status(&(cx_email_event) {
                 .message = ev.message, .peer = ev.recipient,
                 .state = state_of(&ev), .ts_ms = seconds * 1000,
                 .code = strcmp(state_of(&ev), "failed") == 0 ? ev.code : 0,
                 .text = strcmp(state_of(&ev), "failed") != 0 ? CX_NOSTR
                         : CX_STR_IS(ev.event, "complained")
                         ? CX_STR("reported as spam")
                         : ev.why.len > 0 ? ev.why : ev.description,
                 .once = s.token }, a, in);
}
