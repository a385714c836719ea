/*
 * A mail as a call of the client.  libcurl doubles leading dots and ends the
 * data; the message has its CR LF already.
 *
 * A server accepts a mail when it answers the final dot.  libcurl sends that
 * after the last byte of the message, so as long as some of the message was
 * not handed out nothing can have been accepted.
 */

#include "worker/http_call.h"

#include <string.h>

#define REPLY_MAX   4096
#define RCPT_MAX    16


static cx_str
header(const cx_http_req *req, const char *name)
{
    return cx_http_header(req->headers, req->nheaders, cx_strz(name), NULL);
}


/* --- what may be asked --------------------------------------------------- */

static bool
is_mail_url(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char) s.p[i] <= ' ' || (unsigned char) s.p[i] >= 0x7f) {
            return false;
        }
    }

    return cx_str_starts(s, CX_STR("smtp://"))
           || cx_str_starts(s, CX_STR("smtps://"));
}


/* What libcurl would put between "<" and ">" of a command. */
static bool
is_address(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char) s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '<'
            || s.p[i] == '>')
        {
            return false;
        }
    }

    return cx_str_find_byte(s, '@') != SIZE_MAX;
}


bool
cx_mail_call_acceptable(const cx_http_req *req)
{
    size_t  n = 0;

    for (size_t i = 0; i < req->nheaders; i++) {
        const cx_header  *h = &req->headers[i];

        if (memchr(h->value.p, '\n', h->value.len) != NULL
            || memchr(h->value.p, '\r', h->value.len) != NULL
            || memchr(h->value.p, '\0', h->value.len) != NULL)
        {
            return false;
        }

        if (cx_str_eq(h->name, CX_STR("RCPT TO"))) {
            n += is_address(h->value) ? 1 : RCPT_MAX + 1;
        }
    }

    return is_mail_url(req->url) && is_address(header(req, "MAIL FROM"))
           && n > 0 && n <= RCPT_MAX && req->body.len > 0;
}


/* Only what stays on this machine may go without TLS unasked. */
static bool
is_loopback(cx_str url)
{
    static const cx_str  hosts[] = {
        CX_STR_INIT("localhost"), CX_STR_INIT("127.0.0.1"),
        CX_STR_INIT("[::1]"),
    };
    const cx_str  rest = cx_str_sub(url, cx_str_find(url, CX_STR("://")) + 3,
                                    url.len);

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        const cx_str  next = cx_str_sub(rest, hosts[i].len, 1);

        if (cx_str_starts(rest, hosts[i])
            && (next.len == 0 || next.p[0] == ':' || next.p[0] == '/'))
        {
            return true;
        }
    }

    return false;
}


/* --- libcurl's callbacks ------------------------------------------------- */

static size_t
on_read(char *p, size_t size, size_t n, void *data)
{
    cx_call  *c = data;
    size_t    len = c->out.len - c->sent;

    len = len < size * n ? len : size * n;

    if (len > 0) {
        memcpy(p, c->out.p + c->sent, len);
        c->sent += len;
    }

    return len;
}


static int
code_of(const cx_call *c)
{
    int64_t  code = 0;
    cx_str   reply = { c->head.len, c->head.p };

    return cx_str_to_i64(cx_str_sub(reply, 0, 3), &code) ? (int) code : 0;
}


/* Keeps the last whole reply: "250-one", "250 two". */
static size_t
on_reply(char *p, size_t size, size_t n, void *data)
{
    bool      ended;
    cx_str    line, last, rest;
    cx_call  *c = data;

    rest = (cx_str) { c->head.len, c->head.p };

    for (last = CX_NOSTR; rest.len > 0 && cx_str_split(&rest, '\n', &line); )
    {
        last = line;
    }

    ended = last.len < 4 || last.p[3] != '-';
    line = cx_str_trim((cx_str) { size * n, p });

    /* The answer to libcurl's QUIT, after a no: it says nothing. */
    if (ended && code_of(c) >= 400 && cx_str_starts(line, CX_STR("221"))) {
        return size * n;
    }

    c->head.len = ended ? 0 : c->head.len;

    if (line.len > 0 && line.len < REPLY_MAX - c->head.len
        && (!cx_call_bytes_add(&c->head, line.p, line.len)
            || !cx_call_bytes_add(&c->head, "\n", 1)))
    {
        return 0;
    }

    return size * n;
}


/* --- making one ---------------------------------------------------------- */

/* A terminated copy for libcurl, which copies it again. */
static bool
set_text(cx_call *c, CURLoption option, cx_str value)
{
    c->in.len = 0;

    return cx_call_bytes_add(&c->in, value.p, value.len)
           && cx_call_bytes_add(&c->in, "", 1)
           && curl_easy_setopt(c->easy, option, c->in.p) == CURLE_OK;
}


static bool
set_recipients(cx_call *c, const cx_http_req *req)
{
    struct curl_slist  *more;

    for (size_t i = 0; i < req->nheaders; i++) {
        if (!cx_str_eq(req->headers[i].name, CX_STR("RCPT TO"))) {
            continue;
        }

        c->in.len = 0;

        if (!cx_call_bytes_add(&c->in, req->headers[i].value.p,
                               req->headers[i].value.len)
            || !cx_call_bytes_add(&c->in, "", 1))
        {
            return false;
        }

        more = curl_slist_append(c->to, c->in.p);
        if (more == NULL) {
            return false;
        }

        c->to = more;
    }

    return curl_easy_setopt(c->easy, CURLOPT_MAIL_RCPT, c->to) == CURLE_OK;
}


static bool
set_login(cx_call *c, const cx_http_req *req)
{
    const cx_str  user = header(req, "user");

    return user.len == 0
           || (set_text(c, CURLOPT_USERNAME, user)
               && set_text(c, CURLOPT_PASSWORD, header(req, "password")));
}


static void
set_options(cx_call *c, const cx_http_req *req)
{
    CURL        *e = c->easy;
    const bool   plain = header(req, "plain").len > 0
                         || is_loopback(req->url);

    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(e, CURLOPT_USE_SSL, plain ? (long) CURLUSESSL_NONE
                                               : (long) CURLUSESSL_ALL);
    curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE,
                     (curl_off_t) req->body.len);
    curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(e, CURLOPT_READDATA, c);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_reply);
}


bool
cx_mail_call_set(cx_call *c, const cx_http_req *req,
    const cx_http_opts *opts)
{
    const cx_str  id = header(req, "Message-ID");

    c->max_body = opts->max_body;
    curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, opts->connect_ms);
    set_options(c, req);

    if (!set_text(c, CURLOPT_URL, req->url)
        || !set_text(c, CURLOPT_MAIL_FROM, header(req, "MAIL FROM"))
        || !set_recipients(c, req) || !set_login(c, req)
        || !cx_call_bytes_add(&c->out, req->body.p, req->body.len))
    {
        return false;
    }

    /* No secret stays in it; then it keeps the id, for the answer. */
    if (c->in.len > 0) {
        explicit_bzero(c->in.p, c->in.room);
        c->in.len = 0;
    }

    return cx_call_bytes_add(&c->in, id.p, id.len);
}


/* --- what came of it ----------------------------------------------------- */

cx_call_end
cx_mail_call_judge(const cx_call *c, CURLcode rc)
{
    if (rc == CURLE_OK || code_of(c) >= 400) {
        return CX_CALL_DONE;
    }

    return c->sent < c->out.len ? CX_CALL_NOT_SENT : CX_CALL_UNKNOWN;
}


void
cx_mail_call_response(const cx_call *c, cx_header *headers, cx_http_res *res)
{
    headers[0] = (cx_header) { CX_STR("message-id"),
                               { c->in.len, c->in.p } };
    res->status = code_of(c);
    res->headers = headers;
    res->nheaders = 1;
    res->body = (cx_str) { c->head.len, c->head.p };
}
