/* Webhooks as SendGrid would send them: Inbound Parse and events, signed with
 * the private key whose public half nginx has. */

#include "ctl/sample_email.h"

#include <stdlib.h>
#include <string.h>

#define BODY_MAX  (1024 * 1024)
#define BOUNDARY  "xYzZY"


static void
put(cx_buf *b, const char *name, cx_str value)
{
    cx_buf_printf(b, "--" BOUNDARY "\r\nContent-Disposition: form-data; "
                  "name=\"%s\"\r\n\r\n", name);
    cx_buf_add(b, value);
    cx_buf_add(b, CX_STR("\r\n"));
}


static char *
mail(ctl *c, const ctl_sample *s)
{
    cx_buf     b;
    ctl_email  e;

    ctl_email_make(c, s, &e);
    cx_buf_init(&b, c->arena, 1024, BODY_MAX);
    put(&b, "headers", ctl_email_head(c, &e, "\n"));
    put(&b, "from", e.from);
    put(&b, "to", e.to);
    put(&b, "subject", e.subject);
    put(&b, "text", e.text);

    if (e.html.len > 0) {
        put(&b, "html", e.html);
    }

    put(&b, "envelope",
        cx_printf(c->arena, "{\"to\":[\"%.*s\"],\"from\":\"%.*s\"}",
                  CX_ARG(e.to), CX_ARG(e.sender)));
    put(&b, "charsets", CX_STR("{\"to\":\"UTF-8\",\"text\":\"utf-8\"}"));

    if (e.attachment) {
        cx_buf_add(&b, CX_STR("--" BOUNDARY "\r\nContent-Disposition: "
                   "form-data; name=\"attachment1\"; filename=\"booking.pdf"
                   "\"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4"
                   "\r\n"));
    }

    cx_buf_add(&b, CX_STR("--" BOUNDARY "--\r\n"));
    return b.failed ? NULL : strndup(b.p, b.len);
}


static char *
event(ctl *c, const ctl_sample *s)
{
    const bool   failed = cx_str_eq(s->status, CX_STR("failed"));
    json_t      *doc = json_object();

    ctl_sample_set(c, doc, "email", s->from);
    ctl_sample_set(c, doc, "event", failed ? CX_STR("bounce")
                   : cx_str_eq(s->status, CX_STR("read")) ? CX_STR("open")
                   : s->status);
    ctl_sample_set(c, doc, "smtp-id", s->of);
    ctl_sample_set(c, doc, "sg_event_id", s->serial);
    json_object_set_new(doc, "timestamp", json_integer(s->now_s));

    if (failed) {
        json_object_set_new(doc, "reason",
                            json_string("550 5.1.1 no such user"));
    }

    return ctl_sample_dump(json_pack("[o]", doc));
}


static char *
body(ctl *c, const ctl_sample *s)
{
    return s->status.len > 0 ? event(c, s) : mail(c, s);
}


static bool
sign(ctl *c, const ctl_sample *s, const ctl_key *key, ctl_post *post)
{
    cx_str        signature;
    const cx_str  time = cx_printf(c->arena, "%lld", (long long) s->now_s);

    if (cx_str_starts(cx_strz(post->body), CX_STR("--"))) {
        post->content_type = "multipart/form-data; boundary=" BOUNDARY;
    }

    signature = ctl_email_sign(c, key->secret,
                               cx_concat(c->arena, time,
                                         cx_strz(post->body)));

    return signature.len > 0
           && ctl_post_header(c, post,
                              "X-Twilio-Email-Event-Webhook-Signature",
                              signature)
           && ctl_post_header(c, post,
                              "X-Twilio-Email-Event-Webhook-Timestamp", time);
}


const ctl_flag  ctl_flags_sendgrid[] = {
    CTL_EMAIL_FLAGS
};

const ctl_type  ctl_type_sendgrid = {
    .name = "sendgrid",
    .family = "email",
    .kind = ctl_email_kind,
    .no_mac = true,
    .from = CTL_EMAIL_FROM,
    .check = ctl_email_check,
    .body = body,
    .sign = sign,
};
