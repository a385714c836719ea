/* Webhooks as SNS would send what SES says, signed with the private key of
 * the certificate that nginx has. */

#include "ctl/sample_email.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CERT   "https://sns.us-east-1.amazonaws.com/SimpleNotification"      \
               "Service-0000.pem"
#define TOPIC  "arn:aws:sns:us-east-1:123456789012:mail"


static const char *
time_of(ctl *c, int64_t now_s)
{
    struct tm  tm;
    time_t     t = (time_t) now_s;
    char       text[40];

    if (gmtime_r(&t, &tm) == NULL
        || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000Z", &tm) == 0)
    {
        return "";
    }

    return cx_dupz(c->arena, cx_strz(text));
}


/* --- what SES says ------------------------------------------------------- */

static cx_str
content(ctl *c, const ctl_email *e)
{
    const char    *kind = e->html.len > 0 ? "text/html" : "text/plain";
    const cx_str   text = e->html.len > 0 ? e->html : e->text;
    const cx_str   head = ctl_email_head(c, e, "\r\n");

    if (!e->attachment) {
        return cx_printf(c->arena, "%.*sContent-Type: %s; charset=utf-8\r\n"
                         "\r\n%.*s\r\n", CX_ARG(head), kind, CX_ARG(text));
    }

    return cx_printf(c->arena, "%.*sContent-Type: multipart/mixed; boundary="
                     "b1\r\n\r\n--b1\r\nContent-Type: text/plain\r\n\r\n"
                     "%.*s\r\n--b1\r\nContent-Type: application/pdf; name="
                     "booking.pdf\r\nContent-Transfer-Encoding: base64\r\n"
                     "\r\nJVBERi0xLjQ=\r\n--b1--\r\n", CX_ARG(head),
                     CX_ARG(text));
}


static json_t *
mail(ctl *c, const ctl_sample *s)
{
    json_t     *doc, *parts = json_object();
    ctl_email   e;

    ctl_email_make(c, s, &e);
    ctl_sample_set(c, parts, "to", e.to);
    ctl_sample_set(c, parts, "sender", e.sender.len > 0 ? e.sender
                                                        : CX_STR("<>"));
    ctl_sample_set(c, parts, "serial", s->serial);
    ctl_sample_set(c, parts, "content", content(c, &e));

    doc = json_pack("{s:s,s:{s:O,s:O,s:s,s:[O]},s:{s:[O],s:{s:s,s:s}},s:O}",
                    "notificationType", "Received",
                    "mail", "source", json_object_get(parts, "sender"),
                    "messageId", json_object_get(parts, "serial"),
                    "timestamp", time_of(c, s->now_s),
                    "destination", json_object_get(parts, "to"),
                    "receipt", "recipients", json_object_get(parts, "to"),
                    "action", "type", "SNS", "encoding", "UTF8",
                    "content", json_object_get(parts, "content"));
    json_decref(parts);
    return doc;
}


static json_t *
event(ctl *c, const ctl_sample *s)
{
    const char  *time = time_of(c, s->now_s);
    const char  *from = cx_dupz(c->arena, s->from);
    json_t      *doc = json_object(), *common = json_object();

    ctl_sample_set(c, common, "messageId", s->of);
    json_object_set_new(doc, "mail", json_pack("{s:s,s:o}", "messageId",
                        cx_dupz(c->arena, s->serial), "commonHeaders",
                        common));

    if (cx_str_eq(s->status, CX_STR("failed"))) {
        json_object_set_new(doc, "notificationType", json_string("Bounce"));
        json_object_set_new(doc, "bounce",
            json_pack("{s:s,s:s,s:s,s:[{s:s,s:s}]}", "bounceType",
                      "Permanent", "bounceSubType", "General", "timestamp",
                      time, "bouncedRecipients", "emailAddress", from,
                      "diagnosticCode", "smtp; 550 5.1.1 no such user"));

    } else if (cx_str_eq(s->status, CX_STR("read"))) {
        json_object_set_new(doc, "eventType", json_string("Open"));
        json_object_set_new(doc, "open", json_pack("{s:s}", "timestamp",
                                                   time));

    } else {
        json_object_set_new(doc, "notificationType",
                            json_string("Delivery"));
        json_object_set_new(doc, "delivery",
                            json_pack("{s:s,s:[s]}", "timestamp", time,
                                      "recipients", from));
    }

    return doc;
}


/* --- the envelope -------------------------------------------------------- */

/* Without its signature, which sign adds. */
static char *
body(ctl *c, const ctl_sample *s)
{
    json_t  *envelope = json_object();
    char    *text = ctl_sample_dump(s->status.len > 0 ? event(c, s)
                                                      : mail(c, s));

    if (text == NULL) {
        json_decref(envelope);
        return NULL;
    }

    ctl_sample_set(c, envelope, "Type", CX_STR("Notification"));
    ctl_sample_set(c, envelope, "MessageId", s->serial);
    ctl_sample_set(c, envelope, "TopicArn",
                   ctl_own(c, "topic", CX_STR(TOPIC)));
    ctl_sample_set(c, envelope, "Message", cx_strz(text));
    ctl_sample_set(c, envelope, "Timestamp",
                   cx_strz(time_of(c, s->now_s)));
    ctl_sample_set(c, envelope, "SignatureVersion", CX_STR("2"));
    ctl_sample_set(c, envelope, "SigningCertURL", CX_STR(CERT));
    free(text);
    return ctl_sample_dump(envelope);
}


static cx_str
signed_text(ctl *c, const json_t *doc)
{
    static const char *const  names[] = {
        "Message", "MessageId", "Subject", "SubscribeURL", "Timestamp",
        "Token", "TopicArn", "Type",
    };
    cx_buf       b;
    const char  *value;

    cx_buf_init(&b, c->arena, 1024, 16 * 1024 * 1024);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        value = json_string_value(json_object_get(doc, names[i]));

        if (value != NULL) {
            cx_buf_printf(&b, "%s\n%s\n", names[i], value);
        }
    }

    return cx_buf_str(&b);
}


static bool
put_header(ctl *c, ctl_post *post, const char *name, const json_t *doc,
    const char *key)
{
    return ctl_post_header(c, post, name,
                           cx_strz(json_string_value(json_object_get(doc,
                                                                 key))));
}


static bool
sign(ctl *c, const ctl_sample *s, const ctl_key *key, ctl_post *post)
{
    bool     ok;
    char    *whole;
    json_t  *doc = json_loads(post->body, 0, NULL);

    (void) s;

    if (doc == NULL) {
        return false;
    }

    post->content_type = "text/plain; charset=UTF-8";
    ok = put_header(c, post, "x-amz-sns-message-type", doc, "Type")
         && put_header(c, post, "x-amz-sns-message-id", doc, "MessageId")
         && put_header(c, post, "x-amz-sns-topic-arn", doc, "TopicArn");

    ctl_sample_set(c, doc, "Signature",
                   ctl_email_sign(c, key->secret, signed_text(c, doc)));
    whole = ctl_sample_dump(doc);

    if (whole != NULL) {
        free(post->body);
        post->body = whole;
    }

    return ok && whole != NULL;
}


const ctl_flag  ctl_flags_ses[] = {
    { "topic", 0, CTL_TEXT, CTL_OWN, "ARN",
      "of the channel at the edge; default " TOPIC },
    CTL_EMAIL_FLAGS
};

const ctl_type  ctl_type_ses = {
    .name = "ses",
    .family = "email",
    .kind = ctl_email_kind,
    .no_mac = true,
    .content_type = "text/plain; charset=UTF-8",
    .from = CTL_EMAIL_FROM,
    .check = ctl_email_check,
    .body = body,
    .sign = sign,
};
