#include "worker/http_call.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER_BYTES    2048L       /* libcurl's receive buffer, per call */
#define HEAD_MAX        32768       /* bytes of response headers kept */
#define KEPT_BYTES      8192        /* a larger request is freed after it */
#define IDLE_MAX_S      50L         /* below the idle limit of providers */

typedef cx_call_bytes  bytes;


bool
cx_call_bytes_add(bytes *b, const char *p, size_t len)
{
    char    *q;
    size_t   room = b->room > 0 ? b->room : 512;

    while (room - b->len < len) {
        room *= 2;
    }

    if (room != b->room) {
        q = realloc(b->p, room);
        if (q == NULL) {
            return false;
        }

        b->p = q;
        b->room = room;
    }

    if (len > 0) {
        memcpy(b->p + b->len, p, len);
        b->len += len;
    }

    return true;
}


/* A request waits as long as its call: it has no more room than it needs. */
static bool
bytes_set(bytes *b, cx_str s)
{
    if (b->room < s.len) {
        free(b->p);
        b->p = malloc(s.len);
        b->room = b->p != NULL ? s.len : 0;
    }

    b->len = 0;
    return b->room >= s.len && cx_call_bytes_add(b, s.p, s.len);
}


static void
bytes_reset(bytes *b, size_t most)
{
    b->len = 0;

    if (b->room > most) {
        free(b->p);
        b->p = NULL;
        b->room = 0;
    }
}


static uint64_t
hash(uint64_t h, cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        h = (h ^ (unsigned char) s.p[i]) * 0x100000001b3;
    }

    return h;
}


/* --- libcurl's callbacks ------------------------------------------------ */

static size_t
on_body(char *p, size_t size, size_t n, void *data)
{
    cx_call     *c = data;
    const bool   first = c->handed + c->in.len == 0;

    if (size * n > c->max_body - c->handed - c->in.len) {
        c->too_large = true;
        return 0;
    }

    if (!cx_call_bytes_add(&c->in, p, size * n)) {
        return 0;
    }

    cx_feed_came(c, first);
    return size * n;
}


/* Status lines of interim responses start over.  What is beyond the limit
 * is not kept, and nobody misses it. */
static size_t
on_header(char *p, size_t size, size_t n, void *data)
{
    cx_str    line = { size * n, p };
    cx_call  *c = data;

    if (cx_str_starts(line, CX_STR("HTTP/"))) {
        c->head.len = 0;
        return line.len;
    }

    line = cx_str_trim(line);

    if (line.len > 0 && line.len < HEAD_MAX - c->head.len
        && (!cx_call_bytes_add(&c->head, line.p, line.len)
            || !cx_call_bytes_add(&c->head, "\n", 1)))
    {
        return 0;
    }

    return size * n;
}


/*
 * Runs each time before libcurl sends the request: also before the repeat
 * that it makes silently when a reused connection dies unanswered.  A call
 * that is made once ends here then, whatever its method and body.
 */
static int
on_request(void *data, char *remote, char *local, int remote_port,
    int local_port)
{
    cx_call  *c = data;

    (void) remote;
    (void) local;
    (void) remote_port;
    (void) local_port;

    c->requests++;
    return c->once && c->requests > 1 ? CURL_PREREQFUNC_ABORT
                                      : CURL_PREREQFUNC_OK;
}


/* --- making a call ------------------------------------------------------ */

static const char  *trusted;        /* cx_http_trust(); NULL: the system's */


void
cx_http_trust(const char *ca_file)
{
    trusted = ca_file;
}


static void
set_constants(cx_call *c, CURLSH *share)
{
    CURL  *e = c->easy;

    if (trusted != NULL) {
        curl_easy_setopt(e, CURLOPT_CAINFO, trusted);
        curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
    }

    curl_easy_setopt(e, CURLOPT_PRIVATE, c);
    curl_easy_setopt(e, CURLOPT_SHARE, share);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    /* Over HTTP/2 a refused stream is repeated, and one connection carries
     * many calls: neither is proven to be safe for sends yet. */
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    /* No proxy by the environment: a looked-up variable per call, and an
     * unmeasured way for a request to be sent. */
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(e, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, IDLE_MAX_S);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->error);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, c);
}


void
cx_call_free(cx_call *c)
{
    curl_easy_cleanup(c->easy);
    curl_slist_free_all(c->headers);
    curl_slist_free_all(c->to);
    free(c->url.p);
    free(c->out.p);
    free(c->in.p);
    free(c->head.p);
    free(c);
}


cx_call *
cx_call_new(cx_http *http, CURLSH *share)
{
    cx_call  *c;

    c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return NULL;
    }

    c->http = http;
    c->easy = curl_easy_init();

    if (c->easy == NULL) {
        free(c);
        return NULL;
    }

    set_constants(c, share);
    return c;
}


/* Only what a URL may hold, and only the schemes we speak; libcurl judges
 * the rest. */
static bool
is_url(cx_str s)
{
    if (!cx_str_starts(s, CX_STR("https://"))
        && !cx_str_starts(s, CX_STR("http://")))
    {
        return false;
    }

    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char) s.p[i] <= ' ' || (unsigned char) s.p[i] >= 0x7f) {
            return false;
        }
    }

    return true;
}


/* A line break inside would be another header. */
static bool
is_header(const cx_header *h)
{
    return h->name.len > 0
           && memchr(h->name.p, '\n', h->name.len) == NULL
           && memchr(h->name.p, ':', h->name.len) == NULL
           && (h->value.len == 0
               || (memchr(h->value.p, '\n', h->value.len) == NULL
                   && memchr(h->value.p, '\r', h->value.len) == NULL
                   && memchr(h->value.p, '\0', h->value.len) == NULL));
}


bool
cx_call_acceptable(const cx_http_req *req)
{
    if (!is_url(req->url)) {
        return false;
    }

    for (size_t i = 0; i < req->nheaders; i++) {
        if (!is_header(&req->headers[i])) {
            return false;
        }
    }

    return true;
}


uint64_t
cx_call_shape(const cx_http_req *req)
{
    uint64_t  h = 0xcbf29ce484222325;

    h = hash(h, req->url);

    for (size_t i = 0; i < req->nheaders; i++) {
        h = hash(h, req->headers[i].name);
        h = hash(h, req->headers[i].value);
    }

    return h;
}


static bool
append_header(struct curl_slist **list, bytes *line, const cx_header *h)
{
    struct curl_slist  *more;

    line->len = 0;

    if (!cx_call_bytes_add(line, h->name.p, h->name.len)
        || !cx_call_bytes_add(line, ": ", 2)
        || !cx_call_bytes_add(line, h->value.p, h->value.len)
        || !cx_call_bytes_add(line, "", 1))
    {
        return false;
    }

    more = curl_slist_append(*list, line->p);
    if (more == NULL) {
        return false;
    }

    *list = more;
    return true;
}


/* libcurl's own Expect would delay large bodies by a round trip. */
static struct curl_slist *
header_list(const cx_http_req *req)
{
    bool                ok = true;
    bytes               line = { NULL, 0, 0 };
    struct curl_slist  *list;

    list = curl_slist_append(NULL, "Expect:");

    for (size_t i = 0; list != NULL && ok && i < req->nheaders; i++) {
        ok = append_header(&list, &line, &req->headers[i]);
    }

    free(line.p);

    if (!ok) {
        curl_slist_free_all(list);
        return NULL;
    }

    return list;
}


static bool
same_header(const char *line, const cx_header *h)
{
    cx_str  s = cx_strz(line);

    return s.len == h->name.len + 2 + h->value.len
           && cx_str_starts(s, h->name)
           && cx_str_eq(cx_str_sub(s, h->name.len + 2, h->value.len),
                        h->value);
}


static bool
same_headers(const cx_call *c, const cx_http_req *req)
{
    struct curl_slist  *at = c->headers;

    if (at == NULL) {
        return false;
    }

    at = at->next;                          /* the first is Expect */

    for (size_t i = 0; i < req->nheaders; i++, at = at->next) {
        if (at == NULL || !same_header(at->data, &req->headers[i])) {
            return false;
        }
    }

    return at == NULL;
}


static bool
set_headers(cx_call *c, const cx_http_req *req)
{
    struct curl_slist  *list;

    if (same_headers(c, req)) {
        return true;
    }

    list = header_list(req);
    if (list == NULL) {
        return false;
    }

    curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, list);
    curl_slist_free_all(c->headers);
    c->headers = list;
    return true;
}


static bool
set_url(cx_call *c, const cx_http_req *req)
{
    if (c->url.len > 0
        && cx_str_eq((cx_str) { c->url.len - 1, c->url.p }, req->url))
    {
        return true;
    }

    c->url.len = 0;

    if (!cx_call_bytes_add(&c->url, req->url.p, req->url.len)
        || !cx_call_bytes_add(&c->url, "", 1)
        || curl_easy_setopt(c->easy, CURLOPT_URL, c->url.p) != CURLE_OK)
    {
        c->url.len = 0;
        return false;
    }

    return true;
}


static bool
set_method(cx_call *c, const cx_http_req *req)
{
    CURL  *e = c->easy;
    bool   get = cx_str_eq(req->method, CX_STR("GET")) && req->body.len == 0;
    bool   post = cx_str_eq(req->method, CX_STR("POST"));
    char   word[16];

    if (req->method.len == 0 || req->method.len >= sizeof(word)) {
        return false;
    }

    memcpy(word, req->method.p, req->method.len);
    word[req->method.len] = '\0';

    if (get) {
        curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, NULL);
        return true;
    }

    if (!bytes_set(&c->out, req->body)) {
        return false;
    }

    curl_easy_setopt(e, CURLOPT_POST, 1L);
    curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, post ? NULL : word);
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t) req->body.len);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, c->out.p);
    return true;
}


bool
cx_call_set(cx_call *c, const cx_http_req *req, const cx_http_opts *opts)
{
    c->once = opts->once;
    c->max_body = opts->max_body;
    c->too_large = false;
    c->requests = 0;
    c->error[0] = '\0';

    curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, opts->connect_ms);
    return set_url(c, req) && set_headers(c, req) && set_method(c, req);
}


/* --- what came of it ---------------------------------------------------- */

static size_t
split_head(const cx_call *c, cx_header *list)
{
    size_t  n = 0;
    cx_str  rest = { c->head.len, c->head.p };
    cx_str  line, name;

    while (n < CX_CALL_HEADERS && cx_str_split(&rest, '\n', &line)) {
        if (cx_str_find_byte(line, ':') == SIZE_MAX) {
            continue;
        }

        (void) cx_str_split(&line, ':', &name);
        list[n].name = cx_str_trim(name);
        list[n].value = cx_str_trim(line);
        n++;
    }

    return n;
}


/*
 * Proved not to have been sent: libcurl never came to the request, or the
 * first write of it failed.  With TLS that write may have failed half way
 * through a record, which the other side cannot read.
 */
cx_call_end
cx_call_judge(const cx_call *c, CURLcode rc)
{
    long  sent = 0;

    if (rc == CURLE_OK) {
        return CX_CALL_DONE;
    }

    if (c->requests == 0) {
        return CX_CALL_NOT_SENT;
    }

    (void) curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &sent);

    return rc == CURLE_SEND_ERROR && sent == 0 && c->requests == 1
               ? CX_CALL_NOT_SENT : CX_CALL_UNKNOWN;
}


void
cx_call_response(const cx_call *c, cx_header *headers, cx_http_res *res)
{
    long  status = 0;

    (void) curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    res->status = (int) status;
    res->headers = headers;
    res->nheaders = split_head(c, headers);
    res->body = (cx_str) { c->in.len, c->in.p };
}


const char *
cx_call_error(const cx_call *c, CURLcode rc)
{
    if (c->too_large) {
        return "the response is too large";
    }

    if (c->late != NULL) {
        return c->late;
    }

    return c->error[0] != '\0' ? c->error : curl_easy_strerror(rc);
}


void
cx_call_reset(cx_call *c)
{
    bytes_reset(&c->out, KEPT_BYTES);
    bytes_reset(&c->in, 0);
    bytes_reset(&c->head, 0);
    c->fn = NULL;
}
