#include "worker/hooks.h"

#include "core/base64.h"
#include "core/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define LINE        76          /* of base64 in a mail */
#define BODY_MAX    (512 * 1024)


static void
add_header(cx_http_req *req, cx_arena *a, const char *name, cx_str value)
{
    cx_header  *more = CX_NEW_N(a, req->nheaders + 1, cx_header);

    if (more == NULL) {
        return;
    }

    for (size_t i = 0; i < req->nheaders; i++) {
        more[i] = req->headers[i];
    }

    more[req->nheaders] = (cx_header) { cx_strz(name), value };
    req->headers = more;
    req->nheaders++;
}


/* --- Standard Webhooks --------------------------------------------------- */

/* "whsec_" and base64, as that standard writes them; else it is taken as it
 * stands. */
static cx_str
key_of(cx_str secret, cx_arena *a)
{
    cx_str  key = CX_NOSTR;

    if (cx_str_starts(secret, CX_STR("whsec_"))
        && cx_base64_decode(a, CX_BASE64_STD, cx_str_sub(secret, 6,
                                                         secret.len), &key)
           == CX_OK)
    {
        return key;
    }

    return secret;
}


static cx_str
sign(cx_str secret, cx_str text, cx_arena *a)
{
    uint8_t   mac[CX_MAC_MAX];
    cx_mac   *m = cx_mac_new(CX_MAC_SHA256, key_of(secret, a));
    cx_str    out = CX_NOSTR;

    if (m != NULL && cx_mac_run(m, text, mac)) {
        out = cx_base64_encode(a, CX_BASE64_STD,
                               (cx_str) { cx_mac_len(m), (char *) mac });
    }

    cx_mac_free(m);
    return out;
}


cx_err
cx_hook_request(const cx_hook_send *d, int64_t now_ms, cx_arena *a,
    cx_http_req *req)
{
    const cx_str  id = cx_id_text(a, "hd", d->row.id);
    const cx_str  at = cx_printf(a, "%" PRId64, now_ms / 1000);
    cx_str        mac;

    mac = sign(d->secret, cx_printf(a, "%.*s.%.*s.%.*s", CX_ARG(id),
                                    CX_ARG(at), CX_ARG(d->row.body)), a);

    if (mac.len == 0) {
        return cx_arena_failed(a) ? CX_NOMEM : CX_INVALID;
    }

    *req = (cx_http_req) {
        .method = CX_STR("POST"), .url = d->row.url, .body = d->row.body,
    };
    add_header(req, a, "Content-Type", CX_STR("application/json"));
    add_header(req, a, "User-Agent", CX_STR("connext"));
    add_header(req, a, "webhook-id", id);
    add_header(req, a, "webhook-timestamp", at);
    add_header(req, a, "webhook-signature",
               cx_concat(a, CX_STR("v1,"), mac));

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


/* --- by mail ------------------------------------------------------------- */

bool
cx_hook_is_mail(const cx_hook_send *d)
{
    return cx_str_starts(d->row.url, CX_STR("mailto:"));
}


/* The members of "data", one a line. */
static void
add_data(cx_json_reader *r, cx_buf *b, cx_str *channel)
{
    cx_str  key, value;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (!cx_json_scalar(r, &value)) {
            continue;
        }

        if (CX_STR_IS(key, "channel")) {
            *channel = value;
        }

        cx_buf_printf(b, "%.*s: %.*s\r\n", CX_ARG(key), CX_ARG(value));
    }
}


static cx_str
text_of(const cx_hook_send *d, cx_arena *a, cx_str *channel)
{
    cx_str          key;
    cx_buf          b;
    cx_json_reader  r;

    cx_buf_init(&b, a, 512, BODY_MAX);
    cx_buf_printf(&b, "%.*s\r\n\r\n", CX_ARG(d->row.event));
    cx_json_open(&r, d->row.body, a);

    if (cx_json_enter(&r, CX_JSON_OBJECT)) {
        while (cx_json_key(&r, &key)) {
            if (CX_STR_IS(key, "data")) {
                add_data(&r, &b, channel);

            } else {
                cx_json_skip(&r);
            }
        }
    }

    return cx_buf_str(&b);
}


static cx_str
date_of(int64_t now_ms, cx_arena *a)
{
    const time_t  s = (time_t) (now_ms / 1000);
    char          text[64];
    size_t        n;
    struct tm     tm;

    (void) gmtime_r(&s, &tm);
    n = strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &tm);

    return cx_dup(a, (cx_str) { n, text });
}


static void
add_lines(cx_buf *b, cx_str base64)
{
    for (size_t at = 0; at < base64.len; at += LINE) {
        cx_buf_add(b, cx_str_sub(base64, at, LINE));
        cx_buf_add(b, CX_STR("\r\n"));
    }
}


/* What stands in the head is ours: a word, a slug, addresses of settings. */
static cx_str
mail_of(const cx_hook_send *d, const cx_conf *conf, cx_str to,
    int64_t now_ms, cx_arena *a)
{
    cx_str  channel = CX_NOSTR;
    cx_str  text = text_of(d, a, &channel);
    cx_str  host = conf->notify_from;
    cx_buf  b;

    (void) cx_str_split(&host, '@', &(cx_str) { 0 });
    cx_buf_init(&b, a, 1024, 2 * BODY_MAX);
    cx_buf_printf(&b, "From: %.*s\r\nTo: %.*s\r\n"
                  "Subject: [connext] %.*s on %.*s\r\nDate: %.*s\r\n"
                  "Message-ID: <%.*s@%.*s>\r\nMIME-Version: 1.0\r\n"
                  "Auto-Submitted: auto-generated\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n",
                  CX_ARG(conf->notify_from), CX_ARG(to),
                  CX_ARG(d->row.event), CX_ARG(channel),
                  CX_ARG(date_of(now_ms, a)),
                  CX_ARG(cx_id_text(a, "hd", d->row.id)), CX_ARG(host));
    add_lines(&b, cx_base64_encode(a, CX_BASE64_STD, text));

    return cx_buf_str(&b);
}


cx_err
cx_hook_mail(const cx_hook_send *d, const cx_conf *conf, int64_t now_ms,
    cx_arena *a, cx_http_req *req)
{
    const cx_str  to = cx_str_sub(d->row.url, 7, d->row.url.len);

    if (conf->notify_smtp_url.len == 0 || conf->notify_from.len == 0) {
        return CX_INVALID;
    }

    *req = (cx_http_req) {
        .url = conf->notify_smtp_url,
        .body = mail_of(d, conf, to, now_ms, a),
    };
    add_header(req, a, "MAIL FROM", conf->notify_from);
    add_header(req, a, "RCPT TO", to);

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}
