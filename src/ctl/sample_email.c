#include "ctl/sample_email.h"

#include "core/base64.h"
#include "core/mail.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#define REPORT                                                               \
    "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no "    \
    "such user\n\nMessage-ID: <$>\n"

static const struct {
    const char  *name;
    const char  *text;          /* when --text is left out; $: --of */
    const char  *below;         /* what stands below it, or NULL */
    const char  *field;
    const char  *value;
} kinds[] = {
    { "text",       "Hello", NULL, NULL, NULL },
    { "html",       "Hello", NULL, NULL, NULL },
    { "reply",      "Yes, please",
      "\n\nOn Mon, 1 Jan 2026 at 10:00, Support wrote:\n> Shall we?\n",
      NULL, NULL },
    { "attachment", "My booking", NULL, NULL, NULL },
    { "auto",       "I am on holiday", NULL, "Auto-Submitted",
      "auto-replied" },
    { "list",       "News of the week", NULL, "List-Id", "news.example.com" },
    { "bounce",     REPORT, NULL, "Auto-Submitted", "auto-replied" },
};

#define NKINDS  (sizeof(kinds) / sizeof(kinds[0]))


const char *
ctl_email_kind(size_t i)
{
    return i < NKINDS ? kinds[i].name : NULL;
}


ctl_exit
ctl_email_check(ctl *c, ctl_sample *s)
{
    if (s->account.len == 0) {
        s->account = CX_STR(CTL_EMAIL_TO);
    }

    if (!cx_mail_address_ok(s->from)) {
        return ctl_fail(c, CTL_USAGE, NULL,
                        "--from wants an address like " CTL_EMAIL_FROM);
    }

    if (s->of.len == 0 && (s->status.len > 0
                           || cx_str_eq(s->type, CX_STR("bounce"))))
    {
        return ctl_fail(c, CTL_USAGE, "connextctl messages shows it as "
                        "provider_id", "needs --of, the Message-ID it "
                        "speaks of");
    }

    return CTL_OK;
}


static cx_str
filled(ctl *c, cx_str text, cx_str of)
{
    const size_t  at = cx_str_find_byte(text, '$');

    return at == SIZE_MAX ? text
           : cx_printf(c->arena, "%.*s%.*s%.*s",
                       CX_ARG(cx_str_sub(text, 0, at)), CX_ARG(of),
                       CX_ARG(cx_str_sub(text, at + 1, text.len)));
}


void
ctl_email_make(ctl *c, const ctl_sample *s, ctl_email *e)
{
    size_t        i = 0;
    cx_str        text, field = s->of, of = CX_NOSTR;
    const cx_str  daemon = CX_STR("MAILER-DAEMON@mx.example.com");

    while (i + 1 < NKINDS && !cx_str_eq(cx_strz(kinds[i].name), s->type)) {
        i++;
    }

    (void) cx_mail_id(&field, &of);
    text = s->text.len > 0 ? s->text : cx_strz(kinds[i].text);
    text = cx_concat(c->arena, filled(c, text, of), cx_strz(kinds[i].below));

    const bool  bounce = cx_str_eq(s->type, CX_STR("bounce"));
    const bool  html = cx_str_eq(s->type, CX_STR("html"));

    *e = (ctl_email) {
        .from = bounce ? daemon : s->from,
        .sender = bounce ? CX_STR("") : s->from,
        .to = s->account,
        .subject = of.len > 0 ? CX_STR("Re: Your booking")
                              : CX_STR("Your booking"),
        .text = html ? CX_NOSTR : text,
        .html = html ? cx_printf(c->arena, "<p>%.*s</p>", CX_ARG(text))
                     : CX_NOSTR,
        .id = cx_printf(c->arena, "<%.*s@example.com>", CX_ARG(s->serial)),
        .answers = of.len > 0 && !bounce
                   ? cx_printf(c->arena, "<%.*s>", CX_ARG(of)) : CX_NOSTR,
        .field = kinds[i].field,
        .value = kinds[i].value,
        .attachment = cx_str_eq(s->type, CX_STR("attachment")),
    };
}


cx_str
ctl_email_head(ctl *c, const ctl_email *e, const char *eol)
{
    cx_buf  b;

    cx_buf_init(&b, c->arena, 512, 65536);
    cx_buf_printf(&b, "From: Ana Sample <%.*s>%sTo: <%.*s>%sSubject: %.*s%s"
                  "Message-ID: %.*s%s", CX_ARG(e->from), eol, CX_ARG(e->to),
                  eol, CX_ARG(e->subject), eol, CX_ARG(e->id), eol);

    if (e->answers.len > 0) {
        cx_buf_printf(&b, "In-Reply-To: %.*s%sReferences: %.*s%s",
                      CX_ARG(e->answers), eol, CX_ARG(e->answers), eol);
    }

    if (e->field != NULL) {
        cx_buf_printf(&b, "%s: %s%s", e->field, e->value, eol);
    }

    return cx_buf_str(&b);
}


/* --- signatures ---------------------------------------------------------- */

static EVP_PKEY *
private_key(cx_str pem)
{
    BIO       *bio = BIO_new_mem_buf(pem.p, (int) pem.len);
    EVP_PKEY  *key = NULL;

    if (bio != NULL) {
        key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        BIO_free(bio);
    }

    return key != NULL ? key : EVP_EC_gen("P-256");
}


cx_str
ctl_email_sign(ctl *c, cx_str pem, cx_str data)
{
    bool            ok;
    size_t          len = 0;
    unsigned char  *sig = NULL;
    EVP_PKEY       *key = private_key(pem);
    EVP_MD_CTX     *ctx = EVP_MD_CTX_new();

    ok = key != NULL && ctx != NULL
         && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1
         && EVP_DigestSign(ctx, NULL, &len, (const unsigned char *) data.p,
                           data.len) == 1
         && (sig = cx_alloc(c->arena, len)) != NULL
         && EVP_DigestSign(ctx, sig, &len, (const unsigned char *) data.p,
                           data.len) == 1;

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);

    return ok ? cx_base64_encode(c->arena, CX_BASE64_STD,
                                 (cx_str) { len, (const char *) sig })
              : CX_NOSTR;
}
