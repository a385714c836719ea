/*
 * E-mail in: t/cases/vectors/email.json, the folders mailgun, sendgrid,
 * postmark and ses (in.* is a body whose signature has been checked), and
 * what each signature covers.
 */

#include "channel/email.h"
#include "channel/ses.h"

#include "core/queue.h"

#include "unit/folder.h"
#include "unit/tap.h"

#include <jansson.h>


#define ARENA_MAX    (8 * 1024 * 1024)
#define HEADERS_MAX  8
#define EVENT        "ev_01KDTESTTESTTESTTESTTESTTE"
#define NOW_MS       1767225600123


/* --- accounts ------------------------------------------------------------ */

static cx_str
text(const json_t *entry, const char *name)
{
    const json_t  *s = json_object_get(entry, name);

    return (cx_str) { json_string_length(s), json_string_value(s) };
}


static const cx_channel *
channel_of(cx_str scheme)
{
    return cx_channel_find(CX_STR_IS(scheme, "mailgun") ? CX_STR("mailgun")
                           : CX_STR_IS(scheme, "sns") ? CX_STR("ses")
                           : CX_STR_IS(scheme, "basic_auth")
                             ? CX_STR("postmark") : CX_STR("sendgrid"));
}


static cx_account
account(const cx_channel *ch, cx_str secret, cx_str topic)
{
    cx_account  acct = {
        .name = CX_STR("mail"), .nsecrets = 1, .topic = topic,
        .now_ms = NOW_MS,
    };

    switch (ch->key) {

    case CX_KEY_MAC:
        acct.secrets[0] = cx_mac_new(ch->mac, secret);
        break;

    case CX_KEY_PUBLIC:
        acct.pubkeys[0] = cx_pubkey_new(secret);
        acct.nsecrets = acct.pubkeys[0] != NULL;
        break;

    case CX_KEY_TEXT:
        acct.texts[0] = secret;
        break;
    }

    return acct;
}


static void
account_free(cx_account *acct)
{
    cx_mac_free(acct->secrets[0]);
    cx_pubkey_free(acct->pubkeys[0]);
}


/* As the edge does: only the headers that the channel asks for. */
static size_t
wanted(const cx_channel *ch, json_t *entry, cx_header out[HEADERS_MAX])
{
    size_t       n = 0;
    json_t      *value;
    const char  *name;

    json_object_foreach(json_object_get(entry, "headers"), name, value) {
        for (size_t i = 0; ch->headers[i] != NULL && n < HEADERS_MAX; i++) {
            if (cx_str_eq_nocase(cx_strz(name), cx_strz(ch->headers[i]))) {
                out[n++] = (cx_header) { cx_strz(name),
                                         cx_strz(json_string_value(value)) };
            }
        }
    }

    return n;
}


/* --- vectors ------------------------------------------------------------- */

static cx_err
receive(json_t *entry, cx_arena *a, cx_received *in)
{
    const cx_channel  *ch = channel_of(text(entry, "scheme"));
    cx_err             err;
    cx_header          headers[HEADERS_MAX];
    cx_account         acct = account(ch, text(entry, "secret"),
                                      text(entry, "topic_arn"));
    const cx_http_req  req = {
        .method = CX_STR("POST"), .headers = headers,
        .nheaders = wanted(ch, entry, headers), .body = text(entry, "body"),
    };

    err = cx_receive(ch, &acct, &req, CX_STR(EVENT), a, in);
    account_free(&acct);
    return err;
}


/* Version 1 of SNS is refused, though its vector is good: SHA-1.  What is
 * authentic may still be too little to be a mail. */
static void
vector(json_t *entry, cx_arena *a)
{
    bool          valid = json_is_true(json_object_get(entry, "valid"));
    const cx_str  id = text(entry, "id");
    cx_received   in;
    const cx_err  err = receive(entry, a, &in);

    valid = valid && !cx_str_starts(id, CX_STR("sns-2"));

    if (valid) {
        tap_ok(err == CX_OK || err == CX_MALFORMED, "%s: authentic, %s",
               id.p, cx_err_word(err));

    } else {
        tap_ok(cx_err_http(err) == 401 && in.msgs.n == 0, "%s: 401 %s", id.p,
               cx_err_word(err));
    }
}


/* --- what a signature covers --------------------------------------------- */

/* The events as lines, for comparison. */
static cx_str
print(cx_err err, const cx_received *in, cx_arena *a)
{
    cx_buf  b;

    cx_buf_init(&b, a, 4096, ARENA_MAX / 2);

    for (size_t i = 0; i < in->msgs.n; i++) {
        cx_msg_encode(&in->msgs.items[i], &b);
        cx_buf_byte(&b, '\n');
    }

    if (err != CX_OK) {
        cx_buf_printf(&b, "{\"error\":\"%s\"}\n", cx_err_word(err));

    } else if (in->partial) {
        cx_buf_add(&b, CX_STR("{\"partial\":true}\n"));
    }

    return cx_buf_str(&b);
}


/* Where what came of it has the fingerprints of what there was, or nothing
 * came of it, a mutation does no harm. */
static bool
harmless(cx_err err, const cx_received *in, const cx_received *was)
{
    cx_fingerprint  x, y;

    if (err == CX_MALFORMED || in->msgs.n == 0) {
        return true;
    }

    return err == CX_OK && in->msgs.n == 1 && was->msgs.n == 1
           && cx_queue_fingerprint(&in->msgs.items[0], &x)
           && cx_queue_fingerprint(&was->msgs.items[0], &y)
           && x.member == y.member && x.bucket == y.bucket
           && (in->msgs.items[0].once.len == 0
               || cx_queue_partition(&in->msgs.items[0])
                  == cx_queue_partition(&was->msgs.items[0]));
}


typedef struct {
    unsigned  n;
    unsigned  refused;
    unsigned  harmless;
} tries;


/* entry's text at "where" with one byte changed, every byte in turn. */
static void
mutate(json_t *entry, json_t *place, const char *where, cx_arena *a,
    const cx_received *was, tries *t)
{
    cx_err       err;
    char        *copy;
    json_t      *before = json_incref(json_object_get(place, where));
    cx_arena    *own = cx_arena_new(ARENA_MAX);
    cx_received  in;
    const size_t len = json_string_length(before);

    (void) a;

    for (size_t i = 0; i < len; i++) {
        for (unsigned mask = 1; mask <= 0x20; mask <<= 1) {
            copy = strdup(json_string_value(before));
            copy[i] = (char) (copy[i] ^ (char) mask);

            if (copy[i] == '\0' || copy[i] == '\x7f') {
                free(copy);
                continue;
            }

            json_object_set_new(place, where, json_string(copy));
            free(copy);
            cx_arena_reset(own);
            err = receive(entry, own, &in);
            t->n++;

            if (err != CX_OK && cx_err_http(err) == 401) {
                t->refused++;

            } else if (harmless(err, &in, was)) {
                t->harmless++;
            }
        }
    }

    json_object_set_new(place, where, before);
    cx_arena_free(own);
}


/*
 * covered: the signature covers all of the body.  Else what it does not cover
 * can change; then no event comes of it that was not there before.
 */
static void
mutations(json_t *entry, bool covered, cx_arena *a)
{
    tries         body = { 0 }, head = { 0 };
    json_t       *headers = json_object_get(entry, "headers"), *value;
    const cx_str  id = text(entry, "id");
    const char   *name;
    void         *next;
    cx_received   was;

    (void) receive(entry, a, &was);
    mutate(entry, entry, "body", a, &was, &body);

    if (covered) {
        tap_ok(body.n > 0 && body.refused == body.n,
               "%s: %u mutated bytes, all 401", id.p, body.n);

    } else {
        tap_ok(body.n > 0 && body.refused + body.harmless == body.n,
               "%s: %u mutated bytes, %u times 401, else nothing new", id.p,
               body.n, body.refused);
    }

    json_object_foreach_safe(headers, next, name, value) {
        if (strcmp(name, "Content-Type") != 0
            && strcmp(name, "Authorization") != 0)
        {
            mutate(entry, headers, name, a, &was, &head);
        }
    }

    tap_ok(head.refused == head.n, "%s: %u mutated bytes of headers, all 401",
           id.p, head.n);
}


/* "Basic" may be written in any case; of the rest nothing may change. */
static void
credentials(json_t *entry, cx_arena *a)
{
    tries         t = { 0 };
    json_t       *headers = json_object_get(entry, "headers");
    cx_received   was;

    (void) receive(entry, a, &was);
    mutate(entry, headers, "Authorization", a, &was, &t);
    tap_is_int(t.n - t.refused, 5, "all but the case of \"Basic\": 401");
}


static json_t *
entry_of(json_t *list, const char *id)
{
    size_t   i;
    json_t  *entry;

    json_array_foreach(list, i, entry) {
        if (strcmp(json_string_value(json_object_get(entry, "id")), id) == 0)
        {
            return entry;
        }
    }

    fprintf(stderr, "no vector %s\n", id);
    exit(2);
}


/* A second body with a used token is a duplicate, whoever it claims to be
 * from: that is all that Mailgun's scheme allows us. */
static void
used_token(json_t *list, cx_arena *a)
{
    json_t       *entry = json_deep_copy(entry_of(list, "mailgun-1-inbound"));
    cx_received   was, in;
    cx_str        body = cx_dup(a, text(entry, "body"));
    const size_t  at = cx_str_find(body, CX_STR("ana%40"));
    const size_t  hello = cx_str_find(body, CX_STR("Hello"));

    tap_is_int(receive(entry, a, &was), CX_OK, "a mail with a token");
    tap_ok(was.msgs.items[0].once.len == 50, "which it carries");
    memcpy((char *) body.p + at, "eve", 3);
    memcpy((char *) body.p + hello, "EVIL!", 5);
    json_object_set_new(entry, "body", json_stringn(body.p, body.len));

    tap_is_int(receive(entry, a, &in), CX_OK, "another mail with it is "
               "authentic");
    tap_is_str(in.msgs.items[0].peer, CX_STR("eve@example.com"),
               "from somebody else");
    tap_ok(harmless(CX_OK, &in, &was), "and is a duplicate");
    json_decref(entry);
}


static void
vectors(cx_arena *a)
{
    size_t   i;
    cx_str   file = file_read(a, "t/cases/vectors/email.json");
    json_t  *list = json_loadb(file.p, file.len, 0, NULL), *entry;

    tap_is_int((int64_t) json_array_size(list), 16, "vectors");

    json_array_foreach(list, i, entry) {
        vector(entry, a);
    }

    mutations(entry_of(list, "mailgun-1-inbound"), false, a);
    mutations(entry_of(list, "mailgun-2-event-json"), false, a);
    mutations(entry_of(list, "sendgrid-1-event"), true, a);
    mutations(entry_of(list, "sendgrid-2-inbound-parse"), true, a);
    mutations(entry_of(list, "sns-1-notification-v2"), false, a);
    credentials(entry_of(list, "postmark-1"), a);
    used_token(list, a);
    json_decref(list);
}


/* --- cases --------------------------------------------------------------- */

static cx_str
input(const char *suite, const char *name, cx_arena *a)
{
    cx_str  body = case_file(a, suite, name, "in.form");

    return body.p != NULL ? body : case_file(a, suite, name, "in.json");
}


static cx_err
parse(const char *suite, cx_str body, cx_arena *a, cx_received *in)
{
    const cx_channel  *ch = cx_channel_find(cx_strz(suite));
    const cx_account   acct = { .name = CX_STR("mail"), .now_ms = NOW_MS };
    cx_err             err;

    *in = (cx_received) { .kind = CX_RECEIVED_EVENTS };
    err = ch->parse(&acct, (cx_proven) { .bytes = body }, a, in);

    for (size_t i = 0; i < in->msgs.n; i++) {
        in->msgs.items[i].channel = acct.name;
        in->msgs.items[i].type = cx_strz(ch->family);
    }

    in->msgs.n = err == CX_OK ? in->msgs.n : 0;
    return err;
}


static void
one_case(const char *suite, const char *name)
{
    bool          good = true;
    size_t        limit = 0;
    cx_err        err;
    cx_str        body, want;
    cx_arena     *a = cx_arena_new(ARENA_MAX);
    cx_arena     *small = cx_arena_new(ARENA_MAX);
    cx_received   in;

    body = input(suite, name, a);
    err = parse(suite, body, a, &in);
    want = print(err, &in, a);
    tap_is_str(want, case_file(a, suite, name, "out.jsonl"), name);

    for (err = CX_NOMEM; err == CX_NOMEM && limit < ARENA_MAX; limit += 61) {
        cx_arena_reset(small);
        cx_arena_limit(small, limit);
        err = parse(suite, body, small, &in);
        good = good && (err == CX_NOMEM
                        || cx_str_eq(print(err, &in, a), want)
                        || err == CX_MALFORMED);
    }

    tap_ok(good && err != CX_NOMEM, "%s: whole or out of memory", name);
    cx_arena_free(a);
    cx_arena_free(small);
}


/* A body cut anywhere: refused, or what there is of it, never worse. */
static void
cut_everywhere(const char *suite, const char *name)
{
    bool         good = true;
    cx_arena    *a = cx_arena_new(ARENA_MAX), *b = cx_arena_new(ARENA_MAX);
    cx_str       body = input(suite, name, a);
    cx_received  in;

    for (size_t len = 0; len < body.len; len++) {
        cx_arena_reset(b);
        const cx_err  err = parse(suite, cx_str_sub(body, 0, len), b, &in);

        good = good && (err == CX_OK || err == CX_MALFORMED)
               && in.msgs.n <= 1;
    }

    tap_ok(good, "%s/%s: cut after each of %zu bytes", suite, name, body.len);
    cx_arena_free(a);
    cx_arena_free(b);
}


/* --- the rest ------------------------------------------------------------ */

static void
urls(void)
{
    static const struct {
        const char  *url;
        bool         ok;
    } rows[] = {
        { "https://sns.us-east-1.amazonaws.com/x.pem", true },
        { "https://sns.cn-north-1.amazonaws.com.cn/x", true },
        { "http://sns.us-east-1.amazonaws.com/x", false },
        { "https://sns.us-east-1.amazonaws.com", false },
        { "https://sns.us-east-1.amazonaws.com:444/x", false },
        { "https://a@sns.us-east-1.amazonaws.com/x", false },
        { "https://sns.us-east-1.amazonaws.com@evil.example/x", false },
        { "https://sns.us-east-1.amazonaws.com.evil.example/x", false },
        { "https://evil.example/sns.us-east-1.amazonaws.com/x", false },
        { "https://sns.a.b.amazonaws.com/x", false },
        { "https://xsns.us-east-1.amazonaws.com/x", false },
        { "https://sns.amazonaws.com/x", false },
        { "https://sns..amazonaws.com/x", false },
        { "https://sns.us-east-1.amazonaws.com\\@evil.example/x", false },
        { "https://sns.us-east-1.amazonaws.com/x y", false },
        { "https://sns.us-east-1.amazonaws.com/x#y", false },
        { "", false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_ok(cx_sns_url_ok(cx_strz(rows[i].url)) == rows[i].ok, "%s %s",
               rows[i].ok ? "taken:" : "refused:", rows[i].url);
    }
}


static void
own_ids(cx_arena *a)
{
    int64_t       id;
    cx_str        who;
    const cx_str  own = cx_email_own_make(a, CX_STR("cx1.ms_0D3M8QK4F6Y00.7"),
                                          CX_STR("sup@example.com"));

    tap_is_str(own, CX_STR("cx1.ms_0D3M8QK4F6Y00.sup@example.com"),
               "our id: without the attempt, with the account");
    tap_ok(cx_email_own(own, &id, &who), "is ours");
    tap_is_str(who, CX_STR("sup@example.com"), "of that account");
    tap_ok(cx_email_own(CX_STR(" <cx1.ms_0D3M8QK4F6Y00.a@b> "), &id, &who),
           "with brackets, too");
    tap_ok(!cx_email_own(CX_STR("cx1.ms_0D3M8QK4F6Y00@b"), &id, &who)
           && !cx_email_own(CX_STR("cx1.ms_0D3M8QK4F6Y0O.a@b"), &id, &who)
           && !cx_email_own(CX_STR("cx1.ms_0D3M8QK4F6Y00.A@b"), &id, &who)
           && !cx_email_own(CX_NOSTR, &id, &who), "others are not");
    tap_is_str(cx_email_own_in(CX_STR("x cx1.ms_ y <cx1.ms_0D3M8QK4F6Y00.a@b"
                                      "> z")),
               CX_STR("cx1.ms_0D3M8QK4F6Y00.a@b"), "found in a text");
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(4 * ARENA_MAX);

    static const char *const  suites[] = { "mailgun", "sendgrid", "postmark",
                                           "ses" };

    vectors(a);

    for (size_t i = 0; i < 4; i++) {
        tap_ok(folder_each(suites[i], one_case) >= 18, "cases of %s",
               suites[i]);
    }

    cut_everywhere("mailgun", "stripped");
    cut_everywhere("mailgun", "multipart");
    cut_everywhere("sendgrid", "raw");
    cut_everywhere("postmark", "reply");
    cut_everywhere("ses", "multipart");
    urls();
    own_ids(a);
    cx_arena_free(a);

    return tap_done();
}
