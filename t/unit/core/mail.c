/* Addresses, message ids, dates, HTML and replies of mails. */

#include "core/mail.h"

#include "unit/tap.h"


#define ARENA_MAX  (4 * 1024 * 1024)

typedef struct {
    const char  *in;
    const char  *want;
} row;


static void
addresses(cx_arena *a)
{
    cx_str  name = CX_NOSTR;

    static const row  rows[] = {
        { "ana@example.com", "ana@example.com" },
        { "Ana Sample <Ana.Sample@Example.COM>", "ana.sample@example.com" },
        { "\"Sample, Ana\" <ana@example.com>, x@y", "ana@example.com" },
        { "\"a <x@y>\" <ana@example.com>", "ana@example.com" },
        { "  <ana@example.com> ", "ana@example.com" },
        { "ana@example.com, bob@example.com", "ana@example.com" },
        { "ana", "" }, { "", "" }, { "<>", "" }, { "@x", "" }, { "a@", "" },
        { "a b@example.com", "" }, { "a@b@c", "" }, { "a..b@example.com", "" },
        { ".a@example.com", "" }, { "a@ex\r\nample.com", "" },
        { "\"a b\"@example.com", "" }, { "a@[127.0.0.1]", "" },
        { "<a@example.com> RCPT TO", "a@example.com" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_is_str(cx_mail_address(a, cx_strz(rows[i].in), NULL),
                   cx_strz(rows[i].want), rows[i].in);
    }

    (void) cx_mail_address(a, CX_STR("=?utf-8?q?Jos=C3=A9?= <a@b>"), &name);
    tap_is_str(name, CX_STR("Jos\xc3\xa9"), "a name, decoded");
    (void) cx_mail_address(a, CX_STR("\"Sample, Ana\" <a@b>"), &name);
    tap_is_str(name, CX_STR("Sample, Ana"), "unquoted");
    tap_is_str(cx_mail_plain(a, CX_STR("sup+x+y@b")), CX_STR("sup@b"),
               "without its tag");
    tap_is_str(cx_mail_plain(a, CX_STR("sup@b+c")), CX_STR("sup@b+c"),
               "only of the local part");
}


static void
ids(cx_arena *a)
{
    cx_buf  b;
    cx_str  field = CX_STR(" <a@b>\t(c) <d@e> f@g <broken id> <h@i>"), id;

    tap_ok(cx_mail_id(&field, &id), "an id");
    tap_is_str(id, CX_STR("a@b"), "without brackets");
    tap_is_str(cx_mail_ids(a, CX_STR("<a@b> <c@d>"), CX_STR("<c@d>")),
               CX_STR("a@b c@d"), "the same one once");
    tap_is_str(cx_mail_ids(a, CX_NOSTR, CX_STR("x@y")), CX_STR("x@y"),
               "without brackets");

    cx_buf_init(&b, a, 1024, ARENA_MAX / 2);

    for (int i = 0; i < 100; i++) {
        cx_buf_printf(&b, "<%d@x> ", i);
    }

    const cx_str  kept = cx_mail_ids(a, cx_buf_str(&b), CX_STR("<last@x>"));

    tap_ok(cx_str_starts(kept, CX_STR("0@x 82@x ")), "the first one stays");
    tap_ok(cx_str_ends(kept, CX_STR(" 99@x last@x")), "and the last ones");
}


static void
dates(cx_arena *a)
{
    int64_t  ms = 0;
    bool     all = true;

    tap_ok(cx_mail_date(CX_STR("Thu, 1 Jan 2026 02:00:00 +0200"), &ms)
           && ms == 1767225600000, "a date");
    tap_ok(cx_mail_date(CX_STR("01 Jan 26 00:00 GMT"), &ms)
           && ms == 1767225600000, "of old");
    tap_ok(cx_mail_date(CX_STR("Wed, 31 Dec 2025 19:00:00 -0500 (EST)"), &ms)
           && ms == 1767225600000, "with a comment");
    tap_ok(!cx_mail_date(CX_STR("yesterday"), &ms), "no date");
    tap_ok(!cx_mail_date(CX_STR("1 Foo 2026 00:00:00 +0000"), &ms),
           "no month");
    tap_ok(!cx_mail_date(CX_NOSTR, &ms), "nothing");
    tap_is_str(cx_mail_date_text(a, 1767225600123),
               CX_STR("Thu, 01 Jan 2026 00:00:00 +0000"), "and as text");

    for (int64_t t = 86399000; t < INT64_C(4102444800000); t += 77760123000) {
        int64_t  back = 0;

        all = all && cx_mail_date(cx_mail_date_text(a, t), &back)
              && back == t / 1000 * 1000;
    }

    tap_ok(all, "there and back, to 2100");
}


static void
html(cx_arena *a)
{
    static const row  rows[] = {
        { "<p>Hello</p><p>World</p>", "Hello\n\nWorld" },
        { "a<br>b<br/>c", "a\nb\nc" },
        { "a  \n b", "a b" },
        { "<head><title>x</title></head><body>y", "y" },
        { "<style>p { a: b }</style>x<script>if (a < b) {}</script>y", "xy" },
        { "x<!-- a > b -->y", "xy" },
        { "a &lt;b&gt; &amp; &#8364;&#x20ac;&euro;&nbsp;c &unknown; d&",
          "a <b> & \xe2\x82\xac\xe2\x82\xac\xe2\x82\xac c &unknown; d&" },
        { "<a title=\"x>y\" href='z'>link</a>", "link" },
        { "<td>a</td><td>b</td>", "a b" },
        { "new<blockquote>old <blockquote>older</blockquote> old"
          "</blockquote> end", "new\nend" },
        { "1 < 2", "1 < 2" },
        { "<script>never ends", "" },
        { "<p", "" },
        { "&#0;&#xd800;&#9999999;", "&#0;\xef\xbf\xbd\xef\xbf\xbd" },
        { "", "" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_is_str(cx_mail_html(a, cx_strz(rows[i].in), true),
                   cx_strz(rows[i].want), rows[i].in);
    }

    tap_is_str(cx_mail_html(a, CX_STR("a<blockquote>b</blockquote>"), false),
               CX_STR("a\nb"), "the whole");
}


static void
replies(cx_arena *a)
{
    static const row  rows[] = {
        { "Hello", "Hello" },
        { "Yes.\r\n\r\nOn Mon, 1 Jan 2026 at 10:00, Ana <a@b> wrote:\r\n"
          "> Parking?\r\n", "Yes." },
        { "Yes.\n\nOn Mon, 1 Jan 2026 at 10:00, Ana Sample\n<ana@example.com>"
          "\nwrote:\n\n> Parking?\n> Here?\n", "Yes." },
        { "On Mon, Ana wrote:\n> Parking?\n\nYes, below.\n> And?\nNo.",
          "Yes, below.\nNo." },
        { "Ja.\n\nAm 01.01.26 um 10:00 schrieb Ana:\n> x", "Ja." },
        { "Oui.\n\nLe 1 janv. 2026 \xc3\xa0 10:00, Ana <a@b> a \xc3\xa9"
          "crit\xc2\xa0:\n> x", "Oui." },
        { "Oui.\n\nLe 1 janv. 2026, Ana <a@b> a \xc3\xa9" "crit :\n> x",
          "Oui." },
        { "S\xc3\xad.\n\nEl 1 ene 2026, Ana (a@b) escribi\xc3\xb3:\n> x",
          "S\xc3\xad." },
        { "Si.\n\nIl giorno 1 gen 2026 Ana <a@b> ha scritto:\n> x", "Si." },
        { "Sim.\n\nEm 1 de jan. de 2026, Ana <a@b> escreveu:\n> x", "Sim." },
        { "Ja.\n\nOp 1 jan 2026 schreef Ana <a@b>:\n> x", "Ja." },
        { "Ja.\n\nOp 1 jan 2026 om 10:00 heeft Ana geschreven:\n> x", "Ja." },
        { "Yes.\n\n-----Original Message-----\nFrom: x\nold", "Yes." },
        { "Ja.\n\n-----Urspr\xc3\xbcngliche Nachricht-----\nold", "Ja." },
        { "Yes.\n\n________________________________\nFrom: x", "Yes." },
        { "Yes.\n\nFrom: Ana <a@b>\nSent: Monday\nTo: x\n\nold", "Yes." },
        { "Ja.\n\n*Von:* Ana\n*Gesendet:* Montag\nalt", "Ja." },
        { "Yes.\n-- \nAna\nSample Ltd", "Yes." },
        { "From: the beach we walked\nto the house", "From: the beach we "
          "walked\nto the house" },
        { "On Monday we arrive, is that fine?",
          "On Monday we arrive, is that fine?" },
        { "On Monday he wrote: fine", "On Monday he wrote: fine" },
        { "> only quoted\n> lines", "> only quoted\n> lines" },
        { "--\n", "--" },
        { "", "" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_is_str(cx_mail_reply(a, cx_strz(rows[i].in)),
                   cx_strz(rows[i].want), rows[i].in);
    }
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(ARENA_MAX);

    addresses(a);
    ids(a);
    dates(a);
    html(a);
    replies(a);
    cx_arena_free(a);

    return tap_done();
}
