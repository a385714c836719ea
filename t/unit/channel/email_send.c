/* E-mail out: t/cases/email-message, and what holds for any mail: lines, line
 * ends, ASCII, nobody else's header. */

#include "channel/channel.h"

#include "core/mime.h"

#include "unit/folder.h"
#include "unit/tap.h"

#include <jansson.h>


#define ARENA_MAX  (4 * 1024 * 1024)
#define INTENT     "cx1.ms_0D3M8QK4F6Y00.3"


static cx_str
text(const json_t *in, const char *name)
{
    const json_t  *s = json_object_get(in, name);

    return (cx_str) { json_string_length(s), json_string_value(s) };
}


static const cx_channel *
email(void)
{
    return cx_channel_sender(CX_STR("email"));
}


static size_t
settings(json_t *in, cx_setting out[16])
{
    size_t       n = 0;
    json_t      *value;
    const char  *name;

    json_object_foreach(json_object_get(in, "settings"), name, value) {
        out[n++] = (cx_setting) { cx_strz(name),
                                  cx_strz(json_string_value(value)) };
    }

    return n;
}


static cx_err
build(json_t *in, cx_arena *a, cx_http_req *req)
{
    cx_setting  list[16];
    cx_out      out = {
        .to = text(in, "to"), .text = text(in, "text"),
        .subject = text(in, "subject"), .reply_to = text(in, "reply_to"),
        .references = text(in, "references"),
        .human = json_is_true(json_object_get(in, "human")),
        .intent = CX_STR(INTENT),
    };

    const cx_sender  from = {
        .account = text(in, "account"), .token = text(in, "token"),
        .settings = list, .nsettings = settings(in, list),
        .now_ms = 1767225600123,
    };

    if (json_object_get(in, "meta") != NULL) {
        email()->thread(text(in, "meta"), text(in, "id"), a, &out);
    }

    if (json_object_get(in, "kind") != NULL
        && !cx_out_parse_kind(text(in, "kind"), &out.kind))
    {
        out.kind = CX_OUT_COUNT;
    }

    return email()->build(&from, &out, a, req);
}


static cx_str
without_cr(cx_str s, cx_arena *a)
{
    char    *p = cx_alloc_bytes(a, s.len + 1);
    size_t   n = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] != '\r') {
            p[n++] = s.p[i];
        }
    }

    return (cx_str) { n, p };
}


/* Any server takes it: ASCII, CR LF and nothing else, short lines. */
static bool
is_clean(cx_str body)
{
    size_t  line = 0;

    for (size_t i = 0; i < body.len; i++) {
        const unsigned char  c = (unsigned char) body.p[i];

        if (c == '\r' && i + 1 < body.len && body.p[i + 1] == '\n') {
            line = 0;
            i++;

        } else if ((c < ' ' && c != '\t') || c >= 0x7f || ++line > 990) {
            return false;
        }
    }

    return cx_str_ends(body, CX_STR("\r\n"));
}


static void
send_case(const char *suite, const char *name)
{
    bool         good = true;
    size_t       limit = 0;
    cx_err       err;
    cx_str       file, got, want;
    json_t      *in;
    cx_arena    *a = cx_arena_new(ARENA_MAX), *small = cx_arena_new(ARENA_MAX);
    cx_http_req  req = { .body = CX_NOSTR };

    file = case_file(a, suite, name, "in.json");
    want = case_file(a, suite, name, "out.http");
    in = json_loadb(file.p, file.len, 0, NULL);
    err = build(in, a, &req);
    got = err == CX_OK ? without_cr(request_print(a, &req), a)
                       : cx_printf(a, "%s\n", cx_err_word(err));
    tap_is_str(got, want, name);
    tap_ok(err != CX_OK || is_clean(req.body), "%s: for any server", name);

    for (err = CX_NOMEM; err == CX_NOMEM && limit < ARENA_MAX; limit += 37) {
        cx_arena_reset(small);
        cx_arena_limit(small, limit);
        err = build(in, small, &req);
        got = err == CX_OK ? without_cr(request_print(a, &req), a)
                           : cx_printf(a, "%s\n", cx_err_word(err));
        good = good && (err == CX_NOMEM || cx_str_eq(got, want));
    }

    tap_ok(good && err != CX_NOMEM, "%s: whole or out of memory", name);
    json_decref(in);
    cx_arena_free(a);
    cx_arena_free(small);
}


/* --- there and back ------------------------------------------------------ */

/* What is sent reads as it was written, by our own reader. */
static void
round_trip(void)
{
    cx_str        subject, body;
    cx_arena     *a = cx_arena_new(4 * ARENA_MAX);
    cx_http_req   req;
    cx_mime_walk  w;
    cx_mime_part  part;
    cx_setting    url = { CX_STR("smtp_url"), CX_STR("smtps://mx.example") };

    static const char *const  texts[] = {
        "plain", ".", "..\n.\n", "From here\n>From there", "a=b=3D",
        "trailing \nspace\t", "\xc3\xa9\xc3\xa8 \xe2\x82\xac \xf0\x9f\x98\x80",
        "a\n\n\nb", "tab\there",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const cx_sender  from = { .account = CX_STR("sup@example.com"),
                                  .settings = &url, .nsettings = 1 };
        const cx_out     out = { .to = CX_STR("ana@example.com"),
                                 .text = cx_strz(texts[i]),
                                 .subject = cx_strz(texts[i][0] == '\xc3'
                                                    ? texts[i] : "x"),
                                 .intent = CX_STR(INTENT) };

        tap_is_int(email()->build(&from, &out, a, &req), CX_OK, "built");
        subject = cx_mime_words(a, cx_mime_find(req.body, a, "subject"));
        tap_is_str(subject, out.subject, "its subject comes back");

        cx_mime_open(&w, req.body, a);
        tap_ok(cx_mime_next(&w, &part), "its part");
        body = cx_mime_decode(a, part.encoding, part.body);
        body = cx_str_sub(body, 0, body.len - 2);
        tap_is_str(without_cr(body, a), out.text, "its text comes back");
    }

    cx_arena_free(a);
}


/* Every control character, in every place a customer or a person can fill. */
static void
injections(void)
{
    bool         refused = true;
    char         bad[32];
    cx_arena    *a = cx_arena_new(4 * ARENA_MAX);
    cx_http_req  req;

    for (int c = 0; c < 0x80; c++) {
        if (c >= ' ' && c != 0x7f) {
            continue;
        }

        snprintf(bad, sizeof(bad), "x%cy@example.com", c == 0 ? '\n' : c);

        for (int place = 0; place < 5; place++) {
            const cx_str      odd = cx_strz(bad);
            const cx_setting  list[] = {
                { CX_STR("smtp_url"), CX_STR("smtps://mx.example") },
                { CX_STR("from_name"), place == 0 ? odd : CX_STR("x") },
                { CX_STR("user"), place == 1 ? odd : CX_STR("x") },
            };
            const cx_sender   from = { .account = CX_STR("sup@example.com"),
                                       .token = place == 2 ? odd
                                                           : CX_STR("x"),
                                       .settings = list, .nsettings = 3 };
            const cx_out      out = { .text = CX_STR("x"),
                                      .to = place == 3 ? odd
                                            : CX_STR("ana@example.com"),
                                      .subject = place == 4 ? odd
                                                            : CX_STR("x"),
                                      .intent = CX_STR(INTENT) };

            refused = refused
                      && email()->build(&from, &out, a, &req) == CX_INVALID;
        }
    }

    tap_ok(refused, "a control character is refused in all places");
    cx_arena_free(a);
}


static void
checks(void)
{
    const cx_setting_def  *d = email()->settings;

    static const struct {
        const char  *url;
        bool         ok;
    } urls[] = {
        { "smtp://mx.example.com:587", true },
        { "smtps://mx.example.com", true },
        { "smtp://127.0.0.1:2525", true },
        { "smtp://[::1]:25", true },
        { "smtp://mx.example.com:0", false },
        { "smtp://mx.example.com:99999", false },
        { "smtp://user@mx.example.com", false },
        { "smtp://mx.example.com/x", false },
        { "smtp://mx.example.com?x", false },
        { "https://mx.example.com", false },
        { "mx.example.com", false },
        { "smtp://", false },
    };

    tap_ok(strcmp(d->name, "smtp_url") == 0 && d->required, "smtp_url");

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        tap_ok(d->check(cx_strz(urls[i].url)) == urls[i].ok, "%s %s",
               urls[i].ok ? "taken:" : "refused:", urls[i].url);
    }

    tap_ok(email()->check_account(CX_STR("sup@example.com"))
           && !email()->check_account(CX_STR("Sup@example.com"))
           && !email()->check_account(CX_STR("sup+x@example.com"))
           && !email()->check_account(CX_STR("sup")), "accounts");
}


int
main(void)
{
    tap_ok(folder_each("email-message", send_case) >= 18, "cases were found");
    round_trip();
    injections();
    checks();

    return tap_done();
}
