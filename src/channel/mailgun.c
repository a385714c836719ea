/*
 * Mailgun: routes (forward, store) and event webhooks.  Facts: "Receiving,
 * Forwarding and Storing Messages", "Webhooks" and "Securing Webhooks" on
 * Mailgun's documentation pages.
 *
 * The signature is the MAC of a time and a token: it does not cover the mail.
 * Who has one can send any body with it, so a token counts once (the message's
 * `once`), and not after nine hours: Mailgun repeats for eight.
 */

#include "channel/mailgun.h"
#include "channel/types.h"


#define TOLERANCE   (INT64_C(9) * 3600000)
#define TOKEN_MIN   16
#define TOKEN_MAX   100
#define FIELDS_MAX  1000

static const char *const  headers[] = { NULL };


static cx_err verify(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_proven *proven);
static cx_err parse(const cx_account *acct, cx_proven proven, cx_arena *a,
    cx_received *in);


const cx_channel  cx_channel_mailgun = {
    .name = "mailgun",
    .family = "email",
    .mac = CX_MAC_SHA256,
    .max_body = CX_EMAIL_MAX_BODY,
    .headers = headers,
    .verify = verify,
    .parse = parse,
};


/* --- fields -------------------------------------------------------------- */

static bool
is_json(cx_str body)
{
    body = cx_str_trim(body);
    return body.len > 0 && body.p[0] == '{';
}


cx_err
cx_mailgun_fields_open(cx_mailgun_fields *f, cx_str body, cx_arena *a)
{
    *f = (cx_mailgun_fields) { .arena = a, .form = body };
    f->parts = cx_str_starts(body, CX_STR("--"));

    return f->parts ? cx_multipart_open(&f->multipart, body, a) : CX_OK;
}


bool
cx_mailgun_fields_next(cx_mailgun_fields *f, cx_multipart_part *p)
{
    cx_err     err;
    cx_header  pair;

    if (f->parts) {
        const bool  more = cx_multipart_next(&f->multipart, p);

        f->err = f->multipart.err;
        return more;
    }

    if (++f->n > FIELDS_MAX) {
        f->err = CX_MALFORMED;
        return false;
    }

    err = cx_form_next(&f->form, f->arena, &pair);

    if (err != CX_OK) {
        f->err = err == CX_NOT_FOUND ? CX_OK
                 : err == CX_NOMEM ? CX_NOMEM : CX_MALFORMED;
        return false;
    }

    *p = (cx_multipart_part) { .name = pair.name, .body = pair.value };
    return true;
}


/* --- the signature ------------------------------------------------------- */

static void
take_signed(cx_mailgun_signed *s, cx_str name, cx_str value)
{
    cx_str  *at = CX_STR_IS(name, "timestamp") ? &s->timestamp
                  : CX_STR_IS(name, "token") ? &s->token
                  : CX_STR_IS(name, "signature") ? &s->signature : NULL;

    if (at != NULL) {
        *at = value;
        s->n++;
    }
}


cx_err
cx_mailgun_signed_json(cx_str body, cx_arena *a, cx_mailgun_signed *s)
{
    cx_str          key, value;
    cx_json_reader  r;

    cx_json_open(&r, body, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return r.err == CX_NOMEM ? CX_NOMEM : CX_NO_SIGNATURE;
    }

    while (cx_json_key(&r, &key)) {
        if (!CX_STR_IS(key, "signature")
            || !cx_json_into(&r, CX_JSON_OBJECT))
        {
            continue;
        }

        while (cx_json_key(&r, &key)) {
            if (cx_json_scalar(&r, &value)) {
                take_signed(s, key, value);
            }
        }
    }

    (void) cx_json_close(&r);
    return r.err == CX_NOMEM ? CX_NOMEM
           : r.err != CX_OK ? CX_NO_SIGNATURE : CX_OK;
}


static cx_err
signed_form(cx_str body, cx_arena *a, cx_mailgun_signed *s)
{
    cx_err             err;
    cx_mailgun_fields  f;
    cx_multipart_part  p;

    err = cx_mailgun_fields_open(&f, body, a);

    while (err == CX_OK && cx_mailgun_fields_next(&f, &p)) {
        take_signed(s, p.name, p.body);
    }

    err = err == CX_OK ? f.err : err;
    return err == CX_OK || err == CX_NOMEM ? err : CX_NO_SIGNATURE;
}


static bool
is_token(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        const char  c = s.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '-' || c == '_'))
        {
            return false;
        }
    }

    return s.len >= TOKEN_MIN && s.len <= TOKEN_MAX;
}


static cx_err
check(const cx_account *acct, const cx_mailgun_signed *s, cx_arena *a,
    unsigned *secret)
{
    bool          match = false;
    int64_t       seconds = 0;
    uint8_t       sent[CX_SHA256_LEN], ours[CX_MAC_MAX];
    const cx_str  text = cx_concat(a, s->timestamp, s->token);

    if (!is_token(s->token) || s->timestamp.len > 12
        || !cx_str_to_i64(s->timestamp, &seconds)
        || !cx_hex_decode(s->signature, sent, sizeof(sent)))
    {
        return CX_BAD_SIGNATURE;
    }

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    for (unsigned i = 0; i < acct->nsecrets; i++) {
        const bool  eq = cx_mac_run(acct->secrets[i], text, ours)
                         && cx_secret_eq(ours, sent, sizeof(sent));

        if (eq && !match) {
            match = true;
            *secret = i;
        }
    }

    return match && cx_email_fresh(acct, seconds * 1000, TOLERANCE)
           ? CX_OK : CX_BAD_SIGNATURE;
}


static cx_err
verify(const cx_account *acct, const cx_http_req *req, cx_arena *a,
    cx_proven *proven)
{
    cx_err             err;
    unsigned           secret = 0;
    cx_mailgun_signed  s = { .n = 0 };

    if (acct->nsecrets == 0) {
        return CX_NO_SECRET;
    }

    err = is_json(req->body)
          ? cx_mailgun_signed_json(req->body, a, &s)
          : signed_form(req->body, a, &s);
    if (err != CX_OK) {
        return err;
    }

    if (s.timestamp.len == 0 || s.token.len == 0 || s.signature.len == 0) {
        return CX_NO_SIGNATURE;
    }

    /* A field of the mail may pose as one of the three. */
    if (s.n != 3) {
        return CX_DUP_SIGNATURE;
    }

    err = check(acct, &s, a, &secret);

    if (err == CX_OK) {
        *proven = (cx_proven) { .bytes = req->body, .secret = secret };
    }

    return err;
}


/* --- what it says -------------------------------------------------------- */

static cx_err
parse(const cx_account *acct, cx_proven proven, cx_arena *a, cx_received *in)
{
    (void) acct;

    return is_json(proven.bytes) ? cx_mailgun_event(proven.bytes, a, in)
                                 : cx_mailgun_mail(proven.bytes, a, in);
}
