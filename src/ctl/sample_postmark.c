/* Webhooks as Postmark would send them. */

#include "ctl/sample_email.h"

#include "core/base64.h"
#include "core/mail.h"

#include <stdlib.h>
#include <string.h>


static json_t *
headers(ctl *c, const ctl_email *e)
{
    json_t  *list = json_array();
    cx_str   head = ctl_email_head(c, e, "\n"), line, name;

    while (cx_str_split(&head, '\n', &line)) {
        json_t  *item = json_object();

        (void) cx_str_split(&line, ':', &name);
        ctl_sample_set(c, item, "Name", name);
        ctl_sample_set(c, item, "Value", cx_str_trim(line));
        json_array_append_new(list, item);
    }

    if (e->sender.len == 0) {
        json_array_append_new(list, json_pack("{s:s,s:s}", "Name",
                                              "Return-Path", "Value", "<>"));
    }

    return list;
}


static char *
mail(ctl *c, const ctl_sample *s)
{
    json_t     *doc = json_object();
    ctl_email   e;

    ctl_email_make(c, s, &e);
    ctl_sample_set(c, doc, "From", e.from);
    ctl_sample_set(c, doc, "To", e.to);
    ctl_sample_set(c, doc, "OriginalRecipient", e.to);
    ctl_sample_set(c, doc, "Subject", e.subject);
    ctl_sample_set(c, doc, "MessageID", s->serial);
    ctl_sample_set(c, doc, "TextBody", e.text);
    ctl_sample_set(c, doc, "HtmlBody", e.html);
    json_object_set_new(doc, "Headers", headers(c, &e));

    if (e.attachment) {
        json_object_set_new(doc, "Attachments",
                            json_pack("[{s:s,s:s,s:s,s:i}]", "Name",
                                      "booking.pdf", "Content",
                                      "JVBERi0xLjQ=", "ContentType",
                                      "application/pdf", "ContentLength",
                                      8));
    }

    return ctl_sample_dump(doc);
}


static char *
event(ctl *c, const ctl_sample *s)
{
    const bool   failed = cx_str_eq(s->status, CX_STR("failed"));
    json_t      *doc = json_object(), *data = json_object();
    cx_str       field = s->of, id = CX_NOSTR;

    (void) cx_mail_id(&field, &id);
    ctl_sample_set(c, data, "connext", id);
    ctl_sample_set(c, doc, "RecordType", failed ? CX_STR("Bounce")
                   : cx_str_eq(s->status, CX_STR("read")) ? CX_STR("Open")
                   : CX_STR("Delivery"));
    ctl_sample_set(c, doc, "MessageID", s->serial);
    ctl_sample_set(c, doc, failed ? "Email" : "Recipient", s->from);
    json_object_set_new(doc, "Metadata", data);

    if (failed) {
        json_object_set_new(doc, "Type", json_string("HardBounce"));
        json_object_set_new(doc, "TypeCode", json_integer(1));
        json_object_set_new(doc, "Details",
                            json_string("550 5.1.1 no such user"));
    }

    return ctl_sample_dump(doc);
}


static char *
body(ctl *c, const ctl_sample *s)
{
    return s->status.len > 0 ? event(c, s) : mail(c, s);
}


static bool
sign(ctl *c, const ctl_sample *s, const ctl_key *key, ctl_post *post)
{
    (void) s;

    return ctl_post_header(c, post, "Authorization",
               cx_concat(c->arena, CX_STR("Basic "),
                         cx_base64_encode(c->arena, CX_BASE64_STD,
                                          key->secret)));
}


const ctl_flag  ctl_flags_postmark[] = {
    CTL_EMAIL_FLAGS
};

const ctl_type  ctl_type_postmark = {
    .name = "postmark",
    .family = "email",
    .kind = ctl_email_kind,
    .no_mac = true,
    .wrong = "somebody:else-and-wrong",
    .from = CTL_EMAIL_FROM,
    .check = ctl_email_check,
    .body = body,
    .sign = sign,
};
