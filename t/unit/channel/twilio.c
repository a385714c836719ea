/*
 * Twilio: t/cases/vectors/twilio.json, the deliveries t/cases/twilio (in.form
 * or in.json, query, out.jsonl), mutations, URLs.
 */

#include "channel/twilio.h"

#include "core/base64.h"

#include "unit/folder.h"
#include "unit/tap.h"

#include <jansson.h>


#define ARENA_MAX  (1 << 20)
#define TOKEN      "0123456789abcdef0123456789abcdef"
#define URL        "https://gw.example.com/hooks/tw"
#define EVENT      "ev_01KDTESTTESTTESTTESTTESTTE"
#define NOW_MS     1767225600123
#define FORM       "application/x-www-form-urlencoded; charset=UTF-8"


static cx_str
text(const json_t *entry, const char *name)
{
    const json_t  *s = json_object_get(entry, name);

    return (cx_str) { json_string_length(s), json_string_value(s) };
}


static cx_account
account(cx_str secret, const char *url)
{
    return (cx_account) {
        .name = CX_STR("tw-main"),
        .secrets = { cx_mac_new(CX_MAC_SHA1, secret) },
        .nsecrets = 1,
        .public_url = cx_strz(url),
        .now_ms = NOW_MS,
    };
}


/* --- vectors ------------------------------------------------------------- */

static void
vector(json_t *entry, cx_arena *a)
{
    cx_err         err;
    cx_str         id = text(entry, "id"), url = text(entry, "url"), base;
    cx_account     acct = account(text(entry, "secret"), "");
    cx_proven      proven = { .bytes = CX_NOSTR };
    cx_header      headers[4];
    size_t         n = 0, at;
    json_t        *value;
    const char    *name;
    cx_http_req    req = { .method = CX_STR("POST") };

    json_object_foreach(json_object_get(entry, "headers"), name, value) {
        headers[n++] = (cx_header) { cx_strz(name),
                                     cx_strz(json_string_value(value)) };
    }

    base = url;
    (void) cx_str_split(&base, '#', &url);      /* never on the wire */
    at = cx_str_find_byte(url, '?');
    acct.public_url = at == SIZE_MAX ? url : cx_str_sub(url, 0, at);
    req.query = at == SIZE_MAX ? CX_NOSTR : cx_str_sub(url, at + 1, url.len);
    req.url = CX_STR("/not/what/it/was?x=1");
    req.headers = headers;
    req.nheaders = n;
    req.body = text(entry, "body");

    err = cx_twilio_verify(&acct, &req, a, &proven);

    if (json_is_true(json_object_get(entry, "valid"))) {
        tap_is_int(err, CX_OK, id.p);
        tap_is_str(proven.bytes, req.body, "its bytes are proven");

    } else {
        tap_ok(cx_err_http(err) == 401, "%s: 401 %s", id.p,
               cx_err_word(err));
        tap_ok(proven.bytes.p == NULL, "nothing is proven");
    }

    cx_mac_free(acct.secrets[0]);
}


static void
vectors(cx_arena *a)
{
    size_t   i;
    cx_str   file = file_read(a, "t/cases/vectors/twilio.json");
    json_t  *list = json_loadb(file.p, file.len, 0, NULL), *entry;

    tap_is_int((int64_t) json_array_size(list), 14, "vectors");

    json_array_foreach(list, i, entry) {
        vector(entry, a);
    }

    json_decref(list);
}


/* --- signing ------------------------------------------------------------- */

typedef struct {
    cx_account    acct;
    cx_header     headers[2];
    cx_http_req   req;
    cx_str        url;          /* what is signed */
} delivery;


static cx_str
form_text(cx_str body, cx_arena *a)
{
    size_t      n;
    cx_str      all = CX_NOSTR;
    cx_header  *pairs;

    if (cx_form_sorted(body, a, &pairs, &n) != CX_OK) {
        return CX_NOSTR;
    }

    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !cx_str_eq(pairs[i].name, pairs[i - 1].name)
            || !cx_str_eq(pairs[i].value, pairs[i - 1].value))
        {
            all = cx_concat(a, cx_concat(a, all, pairs[i].name),
                            pairs[i].value);
        }
    }

    return all;
}


static void
sign(delivery *d, bool json, cx_arena *a)
{
    uint8_t       mac[CX_MAC_MAX];
    const cx_str  bytes = { 20, (const char *) mac };
    const cx_str  whole = json ? d->url
                               : cx_concat(a, d->url,
                                           form_text(d->req.body, a));

    if (!cx_mac_run(d->acct.secrets[0], whole, mac)) {
        abort();
    }

    d->headers[0] = (cx_header) {
        CX_STR("X-Twilio-Signature"),
        cx_base64_encode(a, CX_BASE64_STD, bytes),
    };
}


static void
make(delivery *d, bool json, cx_str body, cx_str query, cx_arena *a)
{
    uint8_t  digest[CX_SHA256_LEN];
    char     hex[65] = "";

    *d = (delivery) { .acct = account(CX_STR(TOKEN), URL) };

    if (json && cx_sha256(body, digest)) {
        cx_hex_encode(digest, sizeof(digest), hex);
        query = cx_printf(a, "bodySHA256=%s", hex);
    }

    d->url = query.len == 0 ? CX_STR(URL)
                            : cx_printf(a, URL "?%.*s", CX_ARG(query));
    d->headers[1] = (cx_header) {
        CX_STR("Content-Type"), json ? CX_STR("application/json")
                                     : CX_STR(FORM),
    };
    d->req = (cx_http_req) {
        .method = CX_STR("POST"), .url = CX_STR("/hooks/tw"),
        .query = query, .headers = d->headers, .nheaders = 2, .body = body,
    };

    sign(d, json, a);
}


static cx_err
receive(const delivery *d, cx_arena *a, cx_received *in)
{
    return cx_receive(cx_channel_find(CX_STR("twilio")), &d->acct, &d->req,
                      CX_STR(EVENT), a, in);
}


/* --- cases --------------------------------------------------------------- */

static void
one_case(const char *suite, const char *name)
{
    bool          good = true, json;
    cx_err        err;
    cx_buf        b;
    cx_str        body;
    cx_arena     *a = cx_arena_new(ARENA_MAX), *small;
    delivery      d;
    cx_received   in;

    body = case_file(a, suite, name, "in.form");
    json = body.p == NULL;
    body = json ? case_file(a, suite, name, "in.json") : body;

    make(&d, json, body, case_file(a, suite, name, "query"), a);
    cx_buf_init(&b, a, 1024, ARENA_MAX);
    err = receive(&d, a, &in);

    for (size_t i = 0; i < in.msgs.n; i++) {
        cx_msg_encode(&in.msgs.items[i], &b);
        cx_buf_byte(&b, '\n');
    }

    if (err != CX_OK || in.partial) {
        cx_buf_printf(&b, "{\"%s\":\"%s\"}\n", err != CX_OK ? "error"
                                                            : "partial",
                      cx_err_word(err != CX_OK ? err : CX_MALFORMED));
    }

    if (getenv("CONNEXT_WRITE_CASES") != NULL) {
        char   path[256];
        FILE  *f;

        snprintf(path, sizeof(path), "t/cases/%s/%s/out.jsonl", suite, name);
        f = fopen(path, "w");
        fwrite(b.p, 1, b.len, f);
        fclose(f);
    }

    tap_is_str(cx_buf_str(&b), case_file(a, suite, name, "out.jsonl"), name);

    small = cx_arena_new(ARENA_MAX);

    for (size_t limit = 0; err == CX_OK && limit < 16384; limit += 7) {
        cx_arena_reset(small);
        cx_arena_limit(small, limit);
        const cx_err  cut = receive(&d, small, &in);

        good = good && (cut == CX_OK || (cut == CX_NOMEM && in.msgs.n == 0));
    }

    tap_ok(good, "%s: whole or out of memory", name);
    cx_mac_free(d.acct.secrets[0]);
    cx_arena_free(a);
    cx_arena_free(small);
}


/* --- mutations ----------------------------------------------------------- */

#define BODY  "MessageSid=SM1&From=%2B1650&To=%2B1555&Body=Is+it%3F&SmsSid=SM1"


/* One byte of the body, of the header, of the query. */
static void
mutations(void)
{
    char          body[] = BODY, sig[29] = "", query[] = "cx=cx1.ms_1.1";
    size_t        bad = 0, n = 0, same = 0;
    cx_arena     *a = cx_arena_new(ARENA_MAX), *one;
    delivery      d;
    cx_received   in;

    make(&d, false, cx_strz(body), cx_strz(query), a);
    memcpy(sig, d.headers[0].value.p, 28);
    d.headers[0].value = cx_strz(sig);
    one = cx_arena_new(ARENA_MAX);
    tap_is_int(receive(&d, one, &in), CX_OK, "what was signed");

    struct { char *p; size_t len; }  parts[] = {
        { body, strlen(body) }, { sig, 28 }, { query, strlen(query) },
    };

    for (size_t k = 0; k < 3; k++) {
        for (size_t i = 0; i < parts[k].len; i++) {
            const char  was = parts[k].p[i];

            for (int c = 1; c < 256; c++) {
                parts[k].p[i] = (char) c;
                cx_arena_reset(one);

                if (receive(&d, one, &in) == CX_OK && (char) c != was) {
                    /* "%3f" says what "%3F" says. */
                    same += k == 0 && (c ^ 0x20) == was;
                    bad += k != 0 || (c ^ 0x20) != was;
                }

                n++;
            }

            parts[k].p[i] = was;
        }
    }

    tap_is_int((int64_t) bad, 0, "no changed byte is accepted");
    tap_is_int((int64_t) same, 3, "but for the case of an escape's digit");
    tap_ok(n > 25000, "%zu of them", n);

    for (size_t len = 0; len < strlen(body); len++) {
        d.req.body = (cx_str) { len, body };
        cx_arena_reset(one);
        bad += receive(&d, one, &in) == CX_OK;
    }

    tap_is_int((int64_t) bad, 0, "nor is a shorter body");
    cx_mac_free(d.acct.secrets[0]);
    cx_arena_free(a);
    cx_arena_free(one);
}


static void
refusals(cx_arena *a)
{
    delivery      d;
    cx_header     three[3];
    cx_received   in;

    make(&d, false, CX_STR(BODY), CX_NOSTR, a);
    three[0] = three[1] = d.headers[0];
    three[2] = d.headers[1];
    d.req.headers = three;
    d.req.nheaders = 3;
    tap_is_int(receive(&d, a, &in), CX_DUP_SIGNATURE, "two signatures");
    d.req.headers = d.headers + 1;
    d.req.nheaders = 1;
    tap_is_int(receive(&d, a, &in), CX_NO_SIGNATURE, "none");
    d.req.headers = d.headers;
    d.req.nheaders = 2;
    d.acct.nsecrets = 0;
    tap_is_int(receive(&d, a, &in), CX_NO_SECRET, "no secret");
    d.acct.nsecrets = 1;
    d.req.method = CX_STR("GET");
    tap_is_int(receive(&d, a, &in), CX_BAD_METHOD, "GET");
    d.req.method = CX_STR("POST");
    d.headers[0].value = cx_printf(a, "%.27s", d.headers[0].value.p);
    tap_is_int(receive(&d, a, &in), CX_BAD_SIGNATURE, "without padding");
    cx_mac_free(d.acct.secrets[0]);

    /* The signature of a URL alone, as GET and JSON have it. */
    make(&d, true, CX_STR("[]"), CX_NOSTR, a);
    tap_is_int(receive(&d, a, &in), CX_OK, "JSON");
    d.headers[1].value = CX_STR(FORM);
    tap_is_int(receive(&d, a, &in), CX_BAD_SIGNATURE, "said to be a form");
    d.req.body = CX_STR("=");
    tap_is_int(receive(&d, a, &in), CX_BAD_SIGNATURE, "a form of nothing");
    d.req.body = CX_STR("&&");
    tap_is_int(receive(&d, a, &in), CX_BAD_SIGNATURE, "of less");
    d.headers[1].value = CX_STR("application/json");
    tap_is_int(receive(&d, a, &in), CX_BAD_SIGNATURE, "another body");
    cx_mac_free(d.acct.secrets[0]);
}


static void
rotation(cx_arena *a)
{
    delivery     d;
    cx_received  in;

    make(&d, false, CX_STR(BODY), CX_NOSTR, a);
    d.acct.secrets[1] = d.acct.secrets[0];
    d.acct.secrets[0] = cx_mac_new(CX_MAC_SHA1, CX_STR("the next one"));
    d.acct.nsecrets = 2;

    tap_is_int(receive(&d, a, &in), CX_OK, "the previous secret does");
    tap_is_int(in.secret, 1, "and is named");
    cx_mac_free(d.acct.secrets[0]);
    cx_mac_free(d.acct.secrets[1]);
}


/* Configured as, signed as, target. */
static void
urls(cx_arena *a)
{
    static const struct {
        const char  *base;
        const char  *target;
        const char  *signed_;
        bool         good;
    }  rows[] = {
        { "https://h", "/a?b=1", "https://h/a?b=1", true },
        { "https://h", "/a?b=1", "https://h:443/a?b=1", true },
        { "https://h:443", "/a?b=1", "https://h/a?b=1", true },
        { "https://h:8443", "/a?b=1", "https://h:8443/a?b=1", true },
        { "https://h:8443", "/a?b=1", "https://h/a?b=1", true },
        { "http://h", "/a?b=1", "http://h:80/a?b=1", true },
        { "http://h", "/a?b=1", "https://h/a?b=1", false },
        { "https://h", "/a?b=1", "https://h:444/a?b=1", false },
        { "https://h", "/a?b=1", "https://h/a", false },
        { "https://h", "/a?b=1", "https://x/a?b=1", false },
        { "https://h/p", "/a?b=1", "https://h/p?b=1", true },
        { "https://h/p", "/a?b=1", "https://h:443/p?b=1", true },
        { "https://h/p", "/a?b=1", "https://h/a?b=1", false },
        { "https://h/p", "/a", "https://h/p", true },
        { "https://h/", "/a", "https://h/a", true },
        { "https://h", "/a?u=http://x:80/", "https://h/a?u=http://x:80/",
          true },
        { "https://u:p9@h", "/a", "https://u:p9@h/a", true },
        { "https://[::1]", "/a", "https://[::1]:443/a", true },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cx_str       target = cx_strz(rows[i].target), path;
        delivery     d;
        cx_received  in;

        make(&d, false, CX_STR(BODY), CX_NOSTR, a);
        d.acct.public_url = cx_strz(rows[i].base);
        d.url = cx_strz(rows[i].signed_);
        sign(&d, false, a);
        d.req.url = target;
        (void) cx_str_split(&target, '?', &path);
        d.req.query = target;

        tap_is_int(receive(&d, a, &in), rows[i].good ? CX_OK
                                                     : CX_BAD_SIGNATURE,
                   rows[i].signed_);
        cx_mac_free(d.acct.secrets[0]);
    }
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(ARENA_MAX);

    vectors(a);
    tap_ok(folder_each("twilio", one_case) >= 50, "cases were found");
    mutations();
    refusals(a);
    rotation(a);
    urls(a);
    cx_arena_free(a);

    return tap_done();
}
