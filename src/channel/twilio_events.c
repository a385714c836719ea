/*
 * Event Streams: a JSON array of CloudEvents.  Facts: "Event types:
 * Messaging", pages "Inbound message" and "Outbound message" (messageSid,
 * from, to, body, numMedia, messageStatus in capitals, errorCode, timestamp).
 * Other types are kept for people.
 */

#include "channel/twilio.h"

#include "channel/meta_read.h"
#include "core/time.h"


#define TYPE_MAX  128

typedef struct {
    cx_str          type;
    cx_str          id;
    cx_str          raw;        /* data */
    cx_str          time;
    cx_twilio_form  form;
} event;


static bool read_event(cx_json_reader *r, event *e);
static void read_details(cx_json_reader *r, event *e);
static cx_str *field_of(cx_str key, event *e);
static bool take_event(const event *e, cx_arena *a, cx_msg *m);
static void add_event(event *e, cx_arena *a, cx_received *in);


cx_err
cx_twilio_events(cx_str body, cx_arena *a, cx_received *in)
{
    cx_err           err;
    event           *e = CX_NEW(a, event);
    cx_json_reader   r;

    if (e == NULL) {
        return CX_NOMEM;
    }

    cx_json_open(&r, body, a);

    if (cx_json_enter(&r, CX_JSON_ARRAY)) {
        while (cx_json_item(&r)) {
            *e = (event) { .type = CX_NOSTR };

            if (read_event(&r, e)) {
                add_event(e, a, in);

            } else {
                in->partial = true;
            }
        }

    } else if (cx_json_peek(&r) == CX_JSON_OBJECT && read_event(&r, e)) {
        add_event(e, a, in);

    } else {
        in->partial = true;
    }

    err = cx_json_close(&r);

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    return err == CX_OK && in->partial && in->msgs.n == 0 ? CX_MALFORMED
                                                          : err;
}


static void
add_event(event *e, cx_arena *a, cx_received *in)
{
    const size_t   n = in->msgs.n;
    cx_msg        *m = cx_msgs_add(&in->msgs, a);

    if (m == NULL) {
        return;
    }

    if (!take_event(e, a, m)) {
        in->partial = true;
        m->kind = CX_NOSTR;
    }

    if (m->kind.len == 0) {
        cx_meta_keep(&in->msgs, n);
    }
}


static bool
read_event(cx_json_reader *r, event *e)
{
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "type")) {
            (void) cx_json_string(r, &e->type);

        } else if (CX_STR_IS(key, "id")) {
            (void) cx_json_string(r, &e->id);

        } else if (CX_STR_IS(key, "data")) {
            read_details(r, e);

        } else {
            cx_json_skip(r);
        }
    }

    return r->err == CX_OK && e->type.len > 0 && e->type.len <= TYPE_MAX;
}


static void
read_details(cx_json_reader *r, event *e)
{
    cx_str       key, *field;
    const char  *start = cx_meta_mark(r);

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        field = field_of(key, e);

        if (field != NULL) {
            (void) cx_json_scalar(r, field);

        } else {
            cx_json_skip(r);
        }
    }

    e->raw = cx_meta_since(r, start);
}


static cx_str *
field_of(cx_str key, event *e)
{
    const struct {
        cx_str   name;
        cx_str  *field;
    }  fields[] = {
        { CX_STR("messageSid"),    &e->form.MessageSid    },
        { CX_STR("from"),          &e->form.From          },
        { CX_STR("to"),            &e->form.To            },
        { CX_STR("body"),          &e->form.Body          },
        { CX_STR("numMedia"),      &e->form.NumMedia      },
        { CX_STR("messageStatus"), &e->form.MessageStatus },
        { CX_STR("errorCode"),     &e->form.ErrorCode     },
        { CX_STR("accountSid"),    &e->form.AccountSid    },
        { CX_STR("timestamp"),     &e->time               },
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (cx_str_eq(key, fields[i].name)) {
            return fields[i].field;
        }
    }

    return NULL;
}


static bool
take_event(const event *e, cx_arena *a, cx_msg *m)
{
    bool  good;

    if (cx_str_eq(e->type, CX_STR("com.twilio.messaging.inbound-message."
                                  "received")))
    {
        good = cx_twilio_message(&e->form, a, m);

    } else if (cx_str_starts(e->type, CX_STR("com.twilio.messaging.message."))
               && e->form.MessageStatus.len > 0)
    {
        good = cx_twilio_status(&e->form, CX_NOSTR, m);

    } else {
        m->kind = CX_STR("account");
        m->content = e->type;
        m->id = e->id;
        m->account = e->form.AccountSid.len > 0 ? e->form.AccountSid
                                                : CX_STR("twilio");
        m->extra = e->raw;
        good = e->id.len > 0 && e->id.len <= CX_MSG_ID_MAX;
    }

    (void) cx_time_rfc3339(e->time, &m->ts_ms);
    return good;
}
