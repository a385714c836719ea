/*
 * An answer by SMTP.  Its Message-ID carries the intent without its attempt,
 * so that a repeat is the same mail: programs that read mail show it once.
 * Facts: RFC 5322, RFC 2045, RFC 3834 (Auto-Submitted); the headers of one
 * provider: Postmark's "Sending with SMTP".
 */

#include "channel/email.h"
#include "channel/email_write.h"
#include "channel/types.h"

#include "core/intent.h"
#include "core/mail.h"


#define BODY_MAX     (4 * 1024 * 1024)
#define TEXT_MAX     20000              /* code points */
#define MINUTE       60000
#define ERROR_MAX    300
#define METADATA_MAX 80                 /* of a value, by Postmark */

static bool url_ok(cx_str value);
static bool address_ok(cx_str value);
static bool domain_ok(cx_str value);
static bool name_ok(cx_str value);
static bool yes_ok(cx_str value);


/* No window; at most about ten answers to one address an hour: what two
 * machines could still do to each other ends there. */
const cx_caps  cx_email_caps = {
    .kinds = CX_OUT_BIT(TEXT),
    .unit = CX_UNIT_CODE_POINTS,
    .text_max = TEXT_MAX,
    .reply_to = true,
    .pair_gap_ms = 6 * MINUTE,
    .pair_burst = 10,
};

const cx_setting_def  cx_email_settings[] = {
    { "smtp_url",  true,  "smtp://host:587 (STARTTLS) or smtps://host:465",
      url_ok },
    { "user",      false, "its user; token_file has the password", name_ok },
    { "from",      false, "address to send from, when it is not the account",
      address_ok },
    { "from_name", false, "name beside that address", name_ok },
    { "domain",    false, "our name for EHLO; the account's domain",
      domain_ok },
    { "plain",     false, "yes: without TLS, and without a user", yes_ok },
    { .name = NULL }
};

const cx_channel  cx_channel_email = {
    .name = "email",
    .caps = &cx_email_caps,
    .via = CX_VIA_SMTP,
    .settings = cx_email_settings,
    .check_account = cx_email_account_ok,
    .account_what = "the address mail comes to: lower case, without \"+\"",
    .build = cx_email_build,
    .judge = cx_email_judge,
    .thread = cx_email_thread,
    .repeatable = true,
    .proves = CX_PROOF_BIT(EMAIL),
};


/* --- settings ------------------------------------------------------------ */

/* Lower case, as incoming addresses are made, and without a tag, which those
 * lose. */
bool
cx_email_account_ok(cx_str account)
{
    for (size_t i = 0; i < account.len; i++) {
        if (account.p[i] == '+'
            || (account.p[i] >= 'A' && account.p[i] <= 'Z'))
        {
            return false;
        }
    }

    return account.len <= 128 && cx_mail_address_ok(account);
}


static bool
address_ok(cx_str value)
{
    return cx_mail_address_ok(value);
}


/* A domain is what may stand behind an "@". */
static bool
domain_ok(cx_str value)
{
    char  text[CX_MAIL_ADDRESS_MAX + 2] = "x@";

    if (value.len > CX_MAIL_ADDRESS_MAX - 2) {
        return false;
    }

    memcpy(text + 2, value.p, value.len);
    return cx_mail_address_ok((cx_str) { value.len + 2, text });
}


static bool
name_ok(cx_str value)
{
    return value.len <= 200 && cx_email_line_ok(value);
}


static bool
yes_ok(cx_str value)
{
    return CX_STR_IS(value, "yes") || CX_STR_IS(value, "no");
}


static bool
port_ok(cx_str port)
{
    int64_t  n;

    return cx_str_to_i64(port, &n) && n > 0 && n < 65536;
}


/* Scheme, host, port; nothing else that libcurl would take for more. */
static bool
url_ok(cx_str value)
{
    cx_str  host, rest = value;

    if (cx_str_starts(value, CX_STR("smtp://"))) {
        rest = cx_str_sub(value, 7, value.len);

    } else if (cx_str_starts(value, CX_STR("smtps://"))) {
        rest = cx_str_sub(value, 8, value.len);

    } else {
        return false;
    }

    if (cx_str_starts(rest, CX_STR("[::1]"))) {
        rest = cx_str_sub(rest, 5, rest.len);
        return rest.len == 0
               || (rest.p[0] == ':'
                   && port_ok(cx_str_sub(rest, 1, rest.len)));
    }

    return cx_str_split(&rest, ':', &host) && domain_ok(host)
           && (rest.p == NULL || port_ok(rest));
}


/* --- the message --------------------------------------------------------- */

static cx_str
domain_of(cx_str address)
{
    return cx_str_sub(address, cx_str_find_byte(address, '@') + 1,
                      address.len);
}


static void
put_head(cx_buf *b, const cx_sender *from, const cx_out *out, cx_str address,
    cx_str id, cx_arena *a)
{
    cx_str        field = out->reply_to, answered;
    const cx_str  name = cx_setting_get(from, "from_name");
    const cx_str  subject = out->subject.len > 0 ? out->subject
                            : name.len > 0 ? name : from->account;

    cx_email_put_from(b, name, address, a);
    cx_buf_printf(b, "To: <%.*s>\r\n", CX_ARG(out->to));
    cx_email_put_text(b, "Subject", subject, a);
    cx_buf_printf(b, "Date: %.*s\r\nMessage-ID: <%.*s>\r\n",
                  CX_ARG(cx_mail_date_text(a, from->now_ms)), CX_ARG(id));

    if (cx_mail_id(&field, &answered)) {
        cx_buf_printf(b, "In-Reply-To: <%.*s>\r\n", CX_ARG(answered));
    }

    cx_email_put_ids(b, "References", cx_mail_ids(a, out->references,
                                                  out->reply_to));

    if (!out->human) {
        cx_buf_add(b, CX_STR("Auto-Submitted: auto-replied\r\n"
                             "X-Auto-Response-Suppress: All\r\n"));
    }
}


/* Postmark replaces Message-ID, and tells its events by what this says. */
static void
put_provider(cx_buf *b, const cx_sender *from, cx_str id)
{
    if (cx_str_find(cx_setting_get(from, "smtp_url"),
                    CX_STR("postmarkapp.com")) != SIZE_MAX)
    {
        cx_buf_add(b, CX_STR("X-PM-KeepID: true\r\n"));

        if (id.len <= METADATA_MAX) {
            cx_buf_printf(b, "X-PM-Metadata-connext: %.*s\r\n", CX_ARG(id));
        }
    }
}


static cx_str
message(const cx_sender *from, const cx_out *out, cx_str address, cx_str id,
    cx_arena *a)
{
    cx_buf  b;

    cx_buf_init(&b, a, 1024 + 2 * out->text.len, BODY_MAX);
    put_head(&b, from, out, address, id, a);
    put_provider(&b, from, id);
    cx_buf_add(&b, CX_STR("MIME-Version: 1.0\r\n"
                          "Content-Type: text/plain; charset=utf-8\r\n"
                          "Content-Transfer-Encoding: quoted-printable\r\n"
                          "\r\n"));
    cx_email_put_quoted(&b, out->text);

    return b.failed ? CX_NOSTR : cx_buf_str(&b);
}


/* What would become a header, or two recipients, is refused, not repaired. */
static bool
sendable(const cx_sender *from, const cx_out *out, cx_str address)
{
    const cx_str  user = cx_setting_get(from, "user");
    const bool    plain = CX_STR_IS(cx_setting_get(from, "plain"), "yes");
    int64_t       message_id, attempt;

    return out->kind == CX_OUT_TEXT && out->text.len > 0
           && cx_intent_parse(out->intent, &message_id, &attempt)
           && url_ok(cx_setting_get(from, "smtp_url"))
           && cx_email_account_ok(from->account)
           && cx_mail_address_ok(address) && cx_mail_address_ok(out->to)
           && cx_email_line_ok(out->subject)
           && cx_email_line_ok(cx_setting_get(from, "from_name"))
           && cx_email_line_ok(user) && cx_email_line_ok(from->token)
           && !(plain && user.len > 0);
}


cx_err
cx_email_build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req)
{
    size_t        n = 0;
    cx_str        body, id, address = cx_setting_get(from, "from");
    cx_str        domain = cx_setting_get(from, "domain");
    cx_header    *h = CX_NEW_N(a, 6, cx_header);
    const cx_str  user = cx_setting_get(from, "user");

    address = address.len > 0 ? address : from->account;

    if (!sendable(from, out, address)) {
        return CX_INVALID;
    }

    domain = domain.len > 0 ? domain : domain_of(address);
    id = cx_email_own_make(a, out->intent, from->account);
    body = message(from, out, address, id, a);

    if (h == NULL || body.len == 0 || cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    h[n++] = (cx_header) { CX_STR("MAIL FROM"), address };
    h[n++] = (cx_header) { CX_STR("RCPT TO"), out->to };
    h[n++] = (cx_header) { CX_STR("Message-ID"), id };

    if (user.len > 0) {
        h[n++] = (cx_header) { CX_STR("user"), user };
        h[n++] = (cx_header) { CX_STR("password"), from->token };
    }

    if (CX_STR_IS(cx_setting_get(from, "plain"), "yes")) {
        h[n++] = (cx_header) { CX_STR("plain"), CX_STR("yes") };
    }

    *req = (cx_http_req) {
        .method = CX_STR("MAIL"),
        .url = cx_printf(a, "%.*s/%.*s",
                         CX_ARG(cx_setting_get(from, "smtp_url")),
                         CX_ARG(domain)),
        .headers = h,
        .nheaders = n,
        .body = body,
    };

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


/* --- the answer ---------------------------------------------------------- */

/*
 * By the reply's code.  A 4yz and a 5yz prove that nothing was accepted; 45x
 * before the first delivery is mostly greylisting, which wants minutes.  A
 * refused login is no fault of the message.
 */
void
cx_email_judge(const cx_http_res *res, cx_arena *a, cx_judgement *j)
{
    cx_str  field = cx_http_header(res->headers, res->nheaders,
                                   CX_STR("message-id"), NULL);
    cx_str  text;

    *j = (cx_judgement) { .verdict = CX_VERDICT_AMBIGUOUS,
                          .code = res->status };

    if (res->status >= 200 && res->status < 300) {
        j->verdict = CX_VERDICT_ACCEPTED;
        j->code = 0;
        (void) cx_mail_id(&field, &j->provider_id);
        return;
    }

    switch (res->status) {

    case 530:
    case 534:
    case 535:
    case 538:
        j->verdict = CX_VERDICT_REAUTHORIZE;
        break;

    case 421:
    case 454:
        j->verdict = CX_VERDICT_RETRY;
        j->wait_ms = MINUTE;
        break;

    default:
        if (res->status >= 500) {
            j->verdict = CX_VERDICT_REFUSED;

        } else if (res->status >= 400) {
            j->verdict = CX_VERDICT_RETRY;
            j->wait_ms = 5 * MINUTE;
        }
        break;
    }

    text = cx_email_reply_text(res->body, a);
    j->text = cx_str_sub(text, 0, ERROR_MAX);
}


/* --- the thread ---------------------------------------------------------- */

static bool
is_reply(cx_str subject)
{
    static const cx_str  marks[] = {
        CX_STR_INIT("re:"), CX_STR_INIT("aw:"), CX_STR_INIT("sv:"),
        CX_STR_INIT("antw:"), CX_STR_INIT("rv:"), CX_STR_INIT("odp:"),
    };

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (cx_str_eq_nocase(cx_str_sub(subject, 0, marks[i].len),
                             marks[i]))
        {
            return true;
        }
    }

    return false;
}


/* meta: what the record keeps beside the message, {"extra": {...}}. */
void
cx_email_thread(cx_str meta, cx_str id, cx_arena *a, cx_out *out)
{
    cx_str          key, subject = CX_NOSTR, references = CX_NOSTR;
    cx_json_reader  r;

    cx_json_open(&r, meta, a);

    if (meta.len > 0 && cx_json_enter(&r, CX_JSON_OBJECT)) {
        while (cx_json_key(&r, &key)) {
            if (!CX_STR_IS(key, "extra")
                || !cx_json_into(&r, CX_JSON_OBJECT))
            {
                continue;
            }

            while (cx_json_key(&r, &key)) {
                if (CX_STR_IS(key, "subject")) {
                    (void) cx_json_string(&r, &subject);

                } else if (CX_STR_IS(key, "references")) {
                    (void) cx_json_string(&r, &references);

                } else {
                    cx_json_skip(&r);
                }
            }
        }
    }

    if (out->subject.len == 0) {
        out->subject = subject.len == 0 || is_reply(subject)
                       ? subject : cx_concat(a, CX_STR("Re: "), subject);
    }

    if (out->references.len == 0) {
        out->references = cx_mail_ids(a, references, id);
    }

    if (out->reply_to.len == 0) {
        out->reply_to = id;
    }
}
