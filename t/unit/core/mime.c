/* Header fields, encoded words, transfer encodings, charsets, the walk over
 * parts, and multipart/form-data. */

#include "core/charset.h"
#include "core/mime.h"
#include "core/multipart.h"
#include "core/utf8.h"

#include "unit/tap.h"


#define ARENA_MAX  (4 * 1024 * 1024)


static void
fields(cx_arena *a)
{
    cx_header  f;
    cx_str     head = CX_STR("From: a@b\r\nSubject: one\r\n\ttwo\r\n  three"
                             "\r\nX:\r\n\r\nbody: x");

    tap_ok(cx_mime_field(&head, a, &f), "a field");
    tap_is_str(f.name, CX_STR("From"), "its name");
    tap_is_str(f.value, CX_STR("a@b"), "its value");
    tap_ok(cx_mime_field(&head, a, &f), "a folded one");
    tap_is_str(f.value, CX_STR("one two three"), "unfolded");
    tap_ok(cx_mime_field(&head, a, &f) && f.value.len == 0, "an empty one");
    tap_ok(!cx_mime_field(&head, a, &f), "the end");
    tap_is_str(head, CX_STR("body: x"), "then comes the body");

    head = CX_STR("no field here\nA: b");
    tap_ok(!cx_mime_field(&head, a, &f), "a line that is no field ends it");
    head = CX_NOSTR;
    tap_ok(!cx_mime_field(&head, a, &f), "nothing is nothing");
    tap_is_str(cx_mime_find(CX_STR("A: 1\nb: 2\nB: 3\n\n"), a, "B"),
               CX_STR("2"), "found in any case, the first one");
    tap_is_str(cx_mime_find(CX_STR("A: 1\n\nB: 2\n"), a, "B"), CX_NOSTR,
               "not in the body");
}


static void
params(cx_arena *a)
{
    static const struct {
        const char  *value;
        const char  *name;
        const char  *want;
    } rows[] = {
        { "text/plain; charset=utf-8", "charset", "utf-8" },
        { "text/plain;charset=\"utf-8\" ; x=y", "charset", "utf-8" },
        { "text/plain; CHARSET = utf-8", "charset", "utf-8" },
        { "form-data; name=\"a;b\\\"c\"; filename=x", "name", "a;b\"c" },
        { "form-data; name=\"a;b\\\"c\"; filename=x", "filename", "x" },
        { "attachment; filename*=UTF-8''%e2%82%ac%20rates", "filename",
          "\xe2\x82\xac rates" },
        { "attachment; filename=plain; filename*=iso-8859-1'en'%A3",
          "filename", "\xc2\xa3" },
        { "attachment; filename=\"open", "filename", "open" },
        { "attachment", "filename", "" },
        { "a; filename*=broken", "filename", "" },
        { "a; filename*=u''%zz", "filename", "%zz" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_is_str(cx_mime_param(cx_strz(rows[i].value), a, rows[i].name),
                   cx_strz(rows[i].want), rows[i].value);
    }

    tap_is_str(cx_mime_value(CX_STR(" Text/HTML ; x=y"), a),
               CX_STR("text/html"), "the value itself, lower case");
}


static void
words(cx_arena *a)
{
    static const struct {
        const char  *in;
        const char  *want;
    } rows[] = {
        { "plain", "plain" },
        { "=?utf-8?Q?Ol=C3=A1_l=C3=A1?=", "Ol\xc3\xa1 l\xc3\xa1" },
        { "=?UTF-8?B?4oKs?=", "\xe2\x82\xac" },
        { "=?iso-8859-1?q?caf=E9?= =?iso-8859-1?q?s?=", "caf\xc3\xa9s" },
        { "a =?utf-8?q?b?= c", "a b c" },
        { "=?utf-8*en?q?b?=", "b" },
        { "=?utf-8?x?b?=", "=?utf-8?x?b?=" },
        { "=?utf-8?q?b", "=?utf-8?q?b" },
        { "=?utf-8?q?a b?=", "=?utf-8?q?a b?=" },
        { "2 =?= 3", "2 =?= 3" },
        { "=?utf-8?q?a=0D=0ABcc:_x?=", "a  Bcc: x" },
        { "=?utf-8?q?=FF?=", "\xef\xbf\xbd" },
        { "\xff raw", "\xef\xbf\xbd raw" },
        { "=?koi8-r?B?8NLJ18XU?=",
          "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82" },
        { "=?=?=?utf-8?q?x?=", "=?=?x" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_is_str(cx_mime_words(a, cx_strz(rows[i].in)),
                   cx_strz(rows[i].want), rows[i].in);
    }
}


static void
encodings(cx_arena *a)
{
    tap_is_str(cx_mime_decode(a, CX_STR("Quoted-Printable"),
                              CX_STR("a=3Db=\r\nc =  \nd=xy=")),
               CX_STR("a=bc d=xy="), "quoted-printable");
    tap_is_str(cx_mime_decode(a, CX_STR("BASE64"),
                              CX_STR("aGVs\r\nbG8g\r\nd29ybGQ=\r\n")),
               CX_STR("hello world"), "base64, in lines");
    tap_is_str(cx_mime_decode(a, CX_STR("8bit"), CX_STR("as=3D")),
               CX_STR("as=3D"), "others as they are");
    tap_is_str(cx_mime_base64(a, CX_STR("!")), CX_NOSTR, "no base64 at all");
}


static void
charsets(cx_arena *a)
{
    bool    known, all = true;
    char    bytes[256];
    cx_str  out;

    static const char *const  names[] = {
        "utf-8", "us-ascii", "iso-8859-1", "iso-8859-2", "iso-8859-15",
        "windows-1250", "windows-1251", "windows-1252", "koi8-r",
    };

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char) i;
    }

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        out = cx_charset_utf8(a, cx_strz(names[i]), (cx_str) { 256, bytes },
                              &known);
        all = all && known && cx_utf8_valid(out)
              && cx_str_find_byte(out, '\0') == SIZE_MAX;
    }

    tap_ok(all, "every byte of every charset is valid UTF-8");
    tap_is_str(cx_charset_utf8(a, CX_STR("ISO-8859-15"), CX_STR("\xa4"),
                               NULL), CX_STR("\xe2\x82\xac"), "a euro");
    tap_is_str(cx_charset_utf8(a, CX_STR("windows-1252"), CX_STR("\x80\x93"),
                               NULL), CX_STR("\xe2\x82\xac\xe2\x80\x9c"),
               "another one");
    tap_is_str(cx_charset_utf8(a, CX_STR("windows-1251"), CX_STR("\xcf"),
                               NULL), CX_STR("\xd0\x9f"), "a Cyrillic one");
    tap_is_str(cx_charset_utf8(a, CX_STR("utf-8"), CX_STR("\xef\xbb\xbfx"),
                               NULL), CX_STR("x"), "without its mark");
    (void) cx_charset_utf8(a, CX_STR("iso-2022-jp"), CX_STR("x"), &known);
    tap_ok(!known, "one that is not known is said to be so");
}


/* The parts of a message as "type/name/decoded body|". */
static cx_str
walk(cx_arena *a, const char *message)
{
    cx_buf        b;
    cx_mime_walk  w;
    cx_mime_part  p;

    cx_buf_init(&b, a, 256, ARENA_MAX / 2);
    cx_mime_open(&w, cx_strz(message), a);

    while (cx_mime_next(&w, &p)) {
        cx_buf_printf(&b, "%.*s/%.*s/%.*s|", CX_ARG(p.type), CX_ARG(p.name),
                      CX_ARG(cx_mime_decode(a, p.encoding, p.body)));
    }

    return cx_buf_str(&b);
}


static void
parts(cx_arena *a)
{
    tap_is_str(walk(a, "Subject: x\r\n\r\nHello\r\n"),
               CX_STR("text/plain//Hello\r\n|"), "one part");
    tap_is_str(walk(a, "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                    "preamble\r\n--b\r\n\r\none\r\n--b\r\n"
                    "Content-Type: application/pdf; name=a.pdf\r\n"
                    "Content-Transfer-Encoding: base64\r\n\r\nQQ==\r\n"
                    "--b--\r\nepilogue"),
               CX_STR("text/plain//one|application/pdf/a.pdf/A|"),
               "a multipart");
    tap_is_str(walk(a, "Content-Type: multipart/mixed; boundary=o\n\n--o\n"
                    "Content-Type: multipart/alternative; boundary=i\n\n"
                    "--i\n\nplain\n--i\nContent-Type: text/html\n\n<b>\n"
                    "--i--\n--o\nContent-Type: image/png\n\nP\n--o--\n"),
               CX_STR("text/plain//plain|text/html//<b>|image/png//P|"),
               "a multipart inside another");
    tap_is_str(walk(a, "Content-Type: multipart/mixed; boundary=o\n\n--o\n"
                    "Content-Type: multipart/alternative; boundary=i\n\n"
                    "--i\n\nplain\n--o\n\nafter\n--o--\n"),
               CX_STR("text/plain//plain|text/plain//after|"),
               "one that is not closed");
    tap_is_str(walk(a, "Content-Type: multipart/mixed; boundary=b\n\n"
                    "--b\n\ncut"), CX_STR("text/plain//cut|"), "cut");
    tap_is_str(walk(a, "Content-Type: multipart/mixed; boundary=b\n\n"
                    "--b\n\n--bb\nx\n--b--"),
               CX_STR("text/plain//--bb\nx|"), "a longer boundary is none");
    tap_is_str(walk(a, "Content-Type: multipart/mixed\n\nx"),
               CX_STR("multipart/mixed//x|"), "without a boundary");
    tap_is_str(walk(a, "Content-Type: multipart/mixed; boundary=b\n\n"),
               CX_NOSTR, "nothing inside");
    tap_is_str(walk(a, ""), CX_NOSTR, "nothing at all");
    tap_is_str(walk(a, "A: b\n\n"), CX_STR("text/plain//|"), "only a header");
}


/* Deeper and more than is looked at: it ends. */
static void
bounds(void)
{
    size_t         n = 0;
    cx_buf         b;
    cx_arena      *a = cx_arena_new(64 * ARENA_MAX);
    cx_mime_walk   w;
    cx_mime_part   p;

    cx_buf_init(&b, a, 1024, ARENA_MAX);

    for (int i = 0; i < 1000; i++) {
        cx_buf_printf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n"
                      "--b%d\n", i, i);
    }

    cx_mime_open(&w, cx_buf_str(&b), a);
    while (cx_mime_next(&w, &p)) {
        n++;
    }
    tap_is_int((int64_t) n, 1, "1,000 deep: the ninth is a leaf");

    cx_buf_init(&b, a, 1024, ARENA_MAX);
    cx_buf_add(&b, CX_STR("Content-Type: multipart/mixed; boundary=b\n\n"));

    for (int i = 0; i < 1000; i++) {
        cx_buf_add(&b, CX_STR("--b\n\nx\n"));
    }

    n = 0;
    cx_mime_open(&w, cx_buf_str(&b), a);
    while (cx_mime_next(&w, &p)) {
        n++;
    }
    tap_is_int((int64_t) n, CX_MIME_PARTS, "1,000 parts: the first ones");
    cx_arena_free(a);
}


/* The fields of a form as "name(file)=body|", and how it ended. */
static cx_str
form(cx_arena *a, const char *body)
{
    cx_buf             b;
    cx_multipart       m;
    cx_multipart_part  p;

    cx_buf_init(&b, a, 256, ARENA_MAX / 2);

    if (cx_multipart_open(&m, cx_strz(body), a) == CX_OK) {
        while (cx_multipart_next(&m, &p)) {
            cx_buf_printf(&b, "%.*s%s%.*s=%.*s|", CX_ARG(p.name),
                          p.file.p != NULL ? "@" : "", CX_ARG(p.file),
                          CX_ARG(p.body));
        }
    }

    cx_buf_printf(&b, "%s", cx_err_word(m.err));
    return cx_buf_str(&b);
}


static void
forms(cx_arena *a)
{
    tap_is_str(form(a, "--x\r\nContent-Disposition: form-data; name=\"a\""
                    "\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; "
                    "name=f; filename=\"b.txt\"\r\nContent-Type: text/plain"
                    "\r\n\r\ntwo\r\nlines\r\n\r\n--x--\r\n"),
               CX_STR("a=1|f@b.txt=two\r\nlines\r\n|-"), "fields and a file");
    tap_is_str(form(a, "--x\r\nContent-Disposition: form-data; name=a\r\n"
                    "\r\n\r\n--x--"), CX_STR("a=|-"), "an empty one");
    tap_is_str(form(a, "--x\r\nContent-Disposition: form-data; name=a\r\n"
                    "\r\n1\r\n--xy\r\n--x--"),
               CX_STR("malformed"), "a boundary that goes on");
    tap_is_str(form(a, "--x\r\nContent-Disposition: form-data; name=a\r\n"
                    "\r\n1"), CX_STR("malformed"), "cut");
    tap_is_str(form(a, "--x\r\nX: y\r\n\r\n1\r\n--x--"),
               CX_STR("malformed"), "a part without a name");
    tap_is_str(form(a, "a=b"), CX_STR("malformed"), "no multipart");
    tap_is_str(form(a, "--\r\nx"), CX_STR("malformed"), "no boundary");
    tap_is_str(form(a, ""), CX_STR("malformed"), "nothing");
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(ARENA_MAX);

    fields(a);
    params(a);
    words(a);
    encodings(a);
    charsets(a);
    parts(a);
    bounds();
    forms(a);
    cx_arena_free(a);

    return tap_done();
}
