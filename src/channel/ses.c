/*
 * Amazon SES through SNS.  Facts: "Verifying the signatures of Amazon SNS
 * messages", "HTTP/HTTPS headers", "Parsing message formats" in the SNS
 * developer guide.
 *
 * Amazon signs for everybody: a valid signature says that some topic sent it,
 * so the topic must be ours.  The certificate is one of those configured:
 * nothing is fetched because a request says so, and SigningCertURL is only
 * checked.  Version 1 (SHA-1) is refused: set the topic's SignatureVersion to
 * 2.
 */

#include "channel/ses.h"
#include "channel/types.h"

#include "core/base64.h"
#include "core/time.h"


static const char *const  headers[] = {
    "x-amz-sns-message-type",
    "x-amz-sns-message-id",
    "x-amz-sns-topic-arn",
    NULL
};

static cx_err verify(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_proven *proven);
static cx_err parse(const cx_account *acct, cx_proven proven, cx_arena *a,
    cx_received *in);


const cx_channel  cx_channel_ses = {
    .name = "ses",
    .family = "email",
    .key = CX_KEY_PUBLIC,
    .needs_topic = true,
    .max_body = CX_EMAIL_MAX_BODY,
    .headers = headers,
    .verify = verify,
    .parse = parse,
};


/* --- the envelope -------------------------------------------------------- */

bool
cx_sns_read(cx_str body, cx_arena *a, cx_sns *s)
{
    static const struct {
        cx_str  name;
        size_t  offset;
    } texts[] = {
        { CX_STR_INIT("Type"),             offsetof(cx_sns, type) },
        { CX_STR_INIT("MessageId"),        offsetof(cx_sns, id) },
        { CX_STR_INIT("TopicArn"),         offsetof(cx_sns, topic) },
        { CX_STR_INIT("Subject"),          offsetof(cx_sns, subject) },
        { CX_STR_INIT("Message"),          offsetof(cx_sns, message) },
        { CX_STR_INIT("Timestamp"),        offsetof(cx_sns, time) },
        { CX_STR_INIT("SignatureVersion"), offsetof(cx_sns, version) },
        { CX_STR_INIT("Signature"),        offsetof(cx_sns, signature) },
        { CX_STR_INIT("SigningCertURL"),   offsetof(cx_sns, cert_url) },
        { CX_STR_INIT("SubscribeURL"),     offsetof(cx_sns, subscribe_url) },
        { CX_STR_INIT("Token"),            offsetof(cx_sns, token) },
    };
    const size_t    n = sizeof(texts) / sizeof(texts[0]);
    size_t          i;
    cx_str          key;
    cx_json_reader  r;

    *s = (cx_sns) { .type = CX_NOSTR };
    cx_json_open(&r, body, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(&r, &key)) {
        for (i = 0; i < n && !cx_str_eq(key, texts[i].name); i++) {
            /* Which one is it? */
        }

        if (i < n) {
            (void) cx_json_string(&r, (cx_str *) ((char *) s
                                                  + texts[i].offset));

        } else {
            cx_json_skip(&r);
        }
    }

    return cx_json_close(&r) == CX_OK;
}


/* "sns.eu-west-1.amazonaws.com", also in China. */
static bool
host_ok(cx_str host)
{
    cx_str        region = host;
    const cx_str  tail = CX_STR(".amazonaws.com");

    if (cx_str_ends(region, CX_STR(".cn"))) {
        region.len -= 3;
    }

    if (!cx_str_starts(region, CX_STR("sns."))
        || !cx_str_ends(region, tail) || region.len < 4 + 3 + tail.len)
    {
        return false;
    }

    region = cx_str_sub(region, 4, region.len - 4 - tail.len);

    for (size_t i = 0; i < region.len; i++) {
        const char  c = region.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
        {
            return false;
        }
    }

    return true;
}


bool
cx_sns_url_ok(cx_str url)
{
    cx_str  host, rest;

    if (!cx_str_starts(url, CX_STR("https://")) || url.len > 2048) {
        return false;
    }

    for (size_t i = 0; i < url.len; i++) {
        if (url.p[i] <= ' ' || url.p[i] > '~' || url.p[i] == '\\'
            || url.p[i] == '#')
        {
            return false;
        }
    }

    rest = cx_str_sub(url, 8, url.len);
    return cx_str_split(&rest, '/', &host) && rest.p != NULL
           && host_ok(host);
}


/* --- the signature ------------------------------------------------------- */

/* Each "Name\nvalue\n", in the alphabet's order. */
static cx_str
signed_text(const cx_sns *s, cx_arena *a)
{
    const bool  notice = CX_STR_IS(s->type, "Notification");
    cx_buf      b;

    const struct {
        const char  *name;
        cx_str       value;
        bool         here;
    } lines[] = {
        { "Message",      s->message,       true },
        { "MessageId",    s->id,            true },
        { "Subject",      s->subject,       notice && s->subject.p != NULL },
        { "SubscribeURL", s->subscribe_url, !notice },
        { "Timestamp",    s->time,          true },
        { "Token",        s->token,         !notice },
        { "TopicArn",     s->topic,         true },
        { "Type",         s->type,          true },
    };

    cx_buf_init(&b, a, s->message.len + 2048, SIZE_MAX / 2);

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (lines[i].here) {
            cx_buf_printf(&b, "%s\n", lines[i].name);
            cx_buf_add(&b, lines[i].value);
            cx_buf_byte(&b, '\n');
        }
    }

    return cx_buf_str(&b);
}


/* The header says what the body says: a proxy may have chosen by it. */
static cx_err
headers_agree(const cx_http_req *req, const cx_sns *s)
{
    size_t        n;
    cx_str        value;
    const cx_str  said[] = { s->type, s->id, s->topic };

    for (size_t i = 0; i < 3; i++) {
        value = cx_http_header(req->headers, req->nheaders,
                               cx_strz(headers[i]), &n);

        if (n > 1) {
            return CX_DUP_SIGNATURE;
        }

        if (n == 0 || !cx_str_eq(value, said[i])) {
            return CX_BAD_SIGNATURE;
        }
    }

    return CX_OK;
}


static bool
is_acceptable(const cx_account *acct, const cx_sns *s)
{
    int64_t  ms;

    return cx_str_eq(s->topic, acct->topic) && acct->topic.len > 0
           && CX_STR_IS(s->version, "2")
           && cx_sns_url_ok(s->cert_url)
           && cx_str_ends(s->cert_url, CX_STR(".pem"))
           && (CX_STR_IS(s->type, "Notification")
               || CX_STR_IS(s->type, "SubscriptionConfirmation")
               || CX_STR_IS(s->type, "UnsubscribeConfirmation"))
           && cx_time_rfc3339(s->time, &ms)
           && cx_email_fresh(acct, ms, CX_EMAIL_TOLERANCE);
}


/* A certificate that has ended proves nothing any more. */
static bool
in_use(const cx_account *acct, const cx_pubkey *key)
{
    const int64_t  until = cx_pubkey_expires(key);

    return until == 0 || acct->now_ms / 1000 < until;
}


static cx_err
verify(const cx_account *acct, const cx_http_req *req, cx_arena *a,
    cx_proven *proven)
{
    cx_err  err;
    cx_str  text, signature;
    cx_sns  s;

    if (acct->nsecrets == 0) {
        return CX_NO_SECRET;
    }

    if (!cx_sns_read(req->body, a, &s)) {
        return cx_arena_failed(a) ? CX_NOMEM : CX_NO_SIGNATURE;
    }

    if (s.signature.len == 0) {
        return CX_NO_SIGNATURE;
    }

    err = headers_agree(req, &s);

    if (err != CX_OK || !is_acceptable(acct, &s)) {
        return err != CX_OK ? err : CX_BAD_SIGNATURE;
    }

    text = signed_text(&s, a);
    err = cx_base64_decode(a, CX_BASE64_STD, s.signature, &signature);

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    for (unsigned i = 0; err == CX_OK && i < acct->nsecrets; i++) {
        if (in_use(acct, acct->pubkeys[i])
            && cx_pubkey_verify(acct->pubkeys[i], CX_SIGN_SHA256, text,
                                signature))
        {
            *proven = (cx_proven) { .bytes = req->body, .secret = i };
            return CX_OK;
        }
    }

    return CX_BAD_SIGNATURE;
}


/* --- what it says -------------------------------------------------------- */

/* The worker confirms it, after looking at the URL once more. */
static cx_err
settle_subscription(const cx_sns *s, cx_arena *a, cx_received *in)
{
    cx_buf           b;
    cx_msg          *m;
    cx_json_writer   w;

    if (!cx_sns_url_ok(s->subscribe_url) || s->id.len == 0
        || s->id.len > CX_MSG_ID_MAX || s->topic.len == 0)
    {
        return CX_MALFORMED;
    }

    m = cx_msgs_add(&in->msgs, a);
    if (m == NULL) {
        return CX_NOMEM;
    }

    cx_buf_init(&b, a, 512, 16384);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    cx_json_name(&w, CX_STR("url"));
    cx_json_put_str(&w, s->subscribe_url);
    cx_json_end(&w, '}');

    m->kind = CX_STR("account");
    m->content = CX_STR_IS(s->type, "SubscriptionConfirmation")
                 ? CX_STR("subscription") : CX_STR("unsubscribed");
    m->id = s->id;
    m->account = s->topic;
    m->extra = cx_buf_str(&b);
    (void) cx_time_rfc3339(s->time, &m->ts_ms);

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


static cx_err
parse(const cx_account *acct, cx_proven proven, cx_arena *a, cx_received *in)
{
    cx_sns  s;

    (void) acct;

    if (!cx_sns_read(proven.bytes, a, &s)) {
        return cx_arena_failed(a) ? CX_NOMEM : CX_MALFORMED;
    }

    return CX_STR_IS(s.type, "Notification")
           ? cx_ses_message(&s, a, in) : settle_subscription(&s, a, in);
}
