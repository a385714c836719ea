/* Webhooks as Mailgun would send them: forms of a route, JSON of an event. */

#include "ctl/sample_email.h"

#include "core/http.h"

#include <stdlib.h>
#include <string.h>

#define BODY_MAX  (1024 * 1024)


static void
put(ctl *c, cx_buf *b, const char *name, cx_str value)
{
    cx_buf_printf(b, "%s%s=", b->len > 0 ? "&" : "", name);
    cx_buf_add(b, cx_url_encode(c->arena, value));
}


static void
put_mail(ctl *c, cx_buf *b, const ctl_sample *s)
{
    ctl_email  e;

    ctl_email_make(c, s, &e);
    put(c, b, "recipient", e.to);
    put(c, b, "sender", e.sender);
    put(c, b, "from", cx_printf(c->arena, "Ana Sample <%.*s>",
                                CX_ARG(e.from)));
    put(c, b, "To", e.to);
    put(c, b, "subject", e.subject);
    put(c, b, "body-plain", e.text);
    put(c, b, "Message-Id", e.id);

    if (e.html.len > 0) {
        put(c, b, "body-html", e.html);
    }

    if (e.answers.len > 0) {
        put(c, b, "In-Reply-To", e.answers);
        put(c, b, "References", e.answers);
    }

    if (e.field != NULL) {
        put(c, b, e.field, cx_strz(e.value));
    }

    if (e.attachment) {
        put(c, b, "attachments", CX_STR(
            "[{\"url\":\"https://127.0.0.1:9/a/1\",\"content-type\":"
            "\"application/pdf\",\"name\":\"booking.pdf\",\"size\":4711}]"));
    }
}


static char *
event(ctl *c, const ctl_sample *s)
{
    const bool   failed = cx_str_eq(s->status, CX_STR("failed"));
    const bool   read = cx_str_eq(s->status, CX_STR("read"));
    json_t      *headers = json_object(), *data = json_object();

    ctl_sample_set(c, headers, "message-id", s->of);
    ctl_sample_set(c, data, "event", read ? CX_STR("opened") : s->status);
    ctl_sample_set(c, data, "recipient", s->from);
    json_object_set_new(data, "timestamp", json_real((double) s->now_s));
    json_object_set_new(data, "message",
                        json_pack("{s:o}", "headers", headers));

    if (failed) {
        json_object_set_new(data, "severity", json_string("permanent"));
        json_object_set_new(data, "delivery-status",
                            json_pack("{s:i,s:s}", "code", 550, "message",
                                      "5.1.1 no such user"));
    }

    return ctl_sample_dump(json_pack("{s:o}", "event-data", data));
}


static char *
body(ctl *c, const ctl_sample *s)
{
    cx_buf  b;

    if (s->status.len > 0) {
        return event(c, s);
    }

    cx_buf_init(&b, c->arena, 1024, BODY_MAX);
    put_mail(c, &b, s);
    return b.failed ? NULL : strndup(b.p, b.len);
}


/* The body gets what proves it: three fields, or an object. */
static bool
set_proof(ctl *c, ctl_post *post, const char *time, const char *token,
    const char *signature)
{
    char    *whole;
    json_t  *doc;

    if (post->body[0] != '{') {
        post->content_type = "application/x-www-form-urlencoded";
        whole = strdup(cx_dupz(c->arena, cx_printf(c->arena,
                       "%s&timestamp=%s&token=%s&signature=%s", post->body,
                       time, token, signature)));

    } else {
        doc = json_loads(post->body, 0, NULL);
        json_object_set_new(doc, "signature",
                            json_pack("{s:s,s:s,s:s}", "timestamp", time,
                                      "token", token, "signature",
                                      signature));
        whole = ctl_sample_dump(doc);
    }

    if (whole == NULL) {
        return false;
    }

    free(post->body);
    post->body = whole;
    return true;
}


static bool
sign(ctl *c, const ctl_sample *s, const ctl_key *key, ctl_post *post)
{
    char         token[2 * CX_SHA256_LEN], hex[2 * CX_SHA256_LEN];
    uint8_t      digest[CX_SHA256_LEN], mac[CX_MAC_MAX];
    const char  *time = cx_dupz(c->arena, cx_printf(c->arena, "%lld",
                                                (long long) s->now_s));

    if (!cx_sha256(s->serial, digest)) {
        return false;
    }

    cx_hex_encode(digest, sizeof(digest), token);

    if (!cx_mac_run(key->mac, cx_concat(c->arena, cx_strz(time),
                                        (cx_str) { 50, token }), mac))
    {
        return false;
    }

    cx_hex_encode(mac, CX_SHA256_LEN, hex);
    return set_proof(c, post, time,
                     cx_dupz(c->arena, (cx_str) { 50, token }),
                     cx_dupz(c->arena, (cx_str) { sizeof(hex), hex }));
}


const ctl_flag  ctl_flags_mailgun[] = {
    CTL_EMAIL_FLAGS
};

const ctl_type  ctl_type_mailgun = {
    .name = "mailgun",
    .family = "email",
    .kind = ctl_email_kind,
    .mac = CX_MAC_SHA256,
    .content_type = "application/x-www-form-urlencoded",
    .from = CTL_EMAIL_FROM,
    .check = ctl_email_check,
    .body = body,
    .sign = sign,
};
