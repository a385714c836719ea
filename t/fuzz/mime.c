/*
 * Mail as anybody may write it: header, parts, encodings, HTML, replies.  All
 * of it ends, stays inside its input and gives text that is UTF-8.
 */

#include "core/charset.h"
#include "core/mail.h"
#include "core/mime.h"
#include "core/multipart.h"
#include "core/utf8.h"

#include <stdlib.h>


#define ARENA_MAX  (256 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);


static void
check(bool ok)
{
    if (!ok) {
        abort();
    }
}


static void
check_text(cx_str bytes, cx_str charset, cx_arena *a)
{
    const cx_str  text = cx_charset_utf8(a, charset, bytes, NULL);

    check(cx_utf8_valid(text));
    check(cx_utf8_valid(cx_mail_html(a, text, true)));
    check(cx_mail_html(a, text, false).len <= 3 * text.len);
    check(cx_mail_reply(a, text).len <= text.len);
    check(cx_utf8_valid(cx_mail_reply(a, text)));
}


static void
check_parts(cx_str body, cx_arena *a)
{
    unsigned      n = 0;
    cx_mime_walk  w;
    cx_mime_part  p;

    cx_mime_open(&w, body, a);

    while (cx_mime_next(&w, &p)) {
        check(++n <= CX_MIME_PARTS && p.body.len <= body.len);
        check(cx_utf8_valid(p.name));
        check(cx_mime_decode(a, p.encoding, p.body).len <= p.body.len);
        check_text(cx_mime_decode(a, p.encoding, p.body), p.charset, a);
    }
}


static void
check_fields(cx_str body, cx_arena *a)
{
    int64_t    ms;
    cx_str     name = CX_NOSTR, address;
    cx_header  f;
    unsigned   n = 0;

    while (n++ < CX_MIME_FIELDS && cx_mime_field(&body, a, &f)) {
        check(cx_utf8_valid(cx_mime_words(a, f.value)));
        address = cx_mail_address(a, f.value, &name);
        check(cx_utf8_valid(name) && name.len <= 200);
        check(address.len == 0 || cx_mail_address_ok(address));
        check(cx_mail_ids(a, f.value, CX_NOSTR).len
              <= CX_MAIL_IDS * (CX_MAIL_ID_MAX + 1));
        (void) cx_mail_date(f.value, &ms);
        (void) cx_mime_param(f.value, a, "filename");
    }
}


static void
check_form(cx_str body, cx_arena *a)
{
    unsigned           n = 0;
    cx_multipart       m;
    cx_multipart_part  p;

    if (cx_multipart_open(&m, body, a) != CX_OK) {
        return;
    }

    while (cx_multipart_next(&m, &p)) {
        check(++n <= CX_MULTIPART_PARTS && p.name.len > 0);
        check(p.body.p >= body.p && p.body.p + p.body.len
                                    <= body.p + body.len);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    cx_arena      *a = cx_arena_new(ARENA_MAX);
    const cx_str   body = { len, (const char *) p };

    check_parts(body, a);
    check_fields(body, a);
    check_form(body, a);
    check_text(body, CX_STR("utf-8"), a);
    check_text(body, CX_STR("windows-1252"), a);
    check(!cx_arena_failed(a));
    cx_arena_free(a);
    return 0;
}
