#include "worker/download.h"

#include "core/sniff.h"
#include "worker/http_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS     5000L
#define REDIRECTS      3L
#define CONNECTIONS    16


struct cx_downloads_s {
    cx_http_loop   net;
    cx_download   *first;           /* under way */
    bool           allow_private;
    bool           closing;
};

struct cx_download_s {
    cx_downloads       *owner;
    cx_download        *next;
    CURL               *easy;
    struct curl_slist  *headers;
    EVP_MD_CTX         *digest;
    int                 fd;
    char               *path;
    int64_t             max_size;
    cx_download_fn      fn;
    void               *ctx;
    const char         *why;        /* ended by us; REFUSED */
    bool                disk;       /* ended by the disk; LATER */
    cx_downloaded       got;
    size_t              nhead;
    char                head[CX_SNIFF_BYTES];
    char                error[CURL_ERROR_SIZE];
};


/* --- libcurl's callbacks ------------------------------------------------- */

/* The name is resolved: what libcurl connects to is what is judged. */
static curl_socket_t
on_socket(void *data, curlsocktype purpose, struct curl_sockaddr *addr)
{
    cx_download  *c = data;

    if (!c->owner->allow_private && !cx_http_address_public(addr)) {
        c->why = "its address is not a public one";
        return CURL_SOCKET_BAD;
    }

    return cx_http_loop_socket(&c->owner->net, purpose, addr);
}


static bool
write_all(int fd, const char *p, size_t len)
{
    ssize_t  n;

    while (len > 0) {
        n = write(fd, p, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }

        if (n <= 0) {
            return false;
        }

        p += n;
        len -= (size_t) n;
    }

    return true;
}


static size_t
on_body(char *p, size_t size, size_t n, void *data)
{
    long          status = 0;
    size_t        len = size * n, head;
    cx_download  *c = data;

    (void) curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);

    if (status < 200 || status > 299) {
        return len;                 /* an error page is no attachment */
    }

    if ((int64_t) len > c->max_size - c->got.size) {
        c->why = "it is larger than media.max_size";
        return 0;
    }

    head = sizeof(c->head) - c->nhead;
    head = head < len ? head : len;
    memcpy(c->head + c->nhead, p, head);
    c->nhead += head;
    c->got.size += (int64_t) len;

    if (!write_all(c->fd, p, len)
        || EVP_DigestUpdate(c->digest, p, len) != 1)
    {
        c->disk = true;
        return 0;
    }

    return len;
}


/* --- ending -------------------------------------------------------------- */

static void
unlink_it(cx_download *c)
{
    cx_download  **at = &c->owner->first;

    while (*at != c) {
        at = &(*at)->next;
    }

    *at = c->next;
}


static void
release(cx_download *c)
{
    if (c->fd != -1) {
        (void) close(c->fd);
    }

    if (c->easy != NULL) {
        curl_easy_cleanup(c->easy);
    }

    curl_slist_free_all(c->headers);
    EVP_MD_CTX_free(c->digest);
    free(c->path);
    free(c);
}


static cx_download_end
end_of_status(int status)
{
    if (status >= 200 && status <= 299) {
        return CX_DOWNLOAD_DONE;
    }

    /* 401 and 403 may be our token's fault, which somebody will mend. */
    return status == 401 || status == 403 || status == 408 || status == 429
           || status >= 500 ? CX_DOWNLOAD_LATER : CX_DOWNLOAD_REFUSED;
}


static cx_download_end
finish(cx_download *c, CURLcode rc, const char **error)
{
    long          status = 0;
    unsigned int  len = 0;

    (void) curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    c->got.status = (int) status;
    *error = "";

    if (c->why != NULL) {
        *error = c->why;
        return CX_DOWNLOAD_REFUSED;
    }

    if (c->disk) {
        *error = "it cannot be written to media.dir";
        return CX_DOWNLOAD_LATER;
    }

    if (rc == CURLE_UNSUPPORTED_PROTOCOL || rc == CURLE_URL_MALFORMAT
        || rc == CURLE_TOO_MANY_REDIRECTS)
    {
        *error = curl_easy_strerror(rc);
        return CX_DOWNLOAD_REFUSED;
    }

    if (rc != CURLE_OK) {
        *error = c->error[0] != '\0' ? c->error : curl_easy_strerror(rc);
        return CX_DOWNLOAD_LATER;
    }

    if (end_of_status(c->got.status) != CX_DOWNLOAD_DONE) {
        *error = "the server has not given it out";
        return end_of_status(c->got.status);
    }

    c->got.mime = cx_sniff((cx_str) { c->nhead, c->head });

    if (EVP_DigestFinal_ex(c->digest, c->got.sha256, &len) != 1) {
        *error = "its digest cannot be made";
        return CX_DOWNLOAD_LATER;
    }

    return CX_DOWNLOAD_DONE;
}


static void
end_one(cx_download *c, CURLcode rc)
{
    const char       *error;
    cx_download_end   end = finish(c, rc, &error);

    (void) curl_multi_remove_handle(c->owner->net.multi, c->easy);
    c->owner->net.calls--;
    unlink_it(c);

    if (end != CX_DOWNLOAD_DONE) {
        (void) unlink(c->path);
    }

    c->fn(c->ctx, end, &c->got, error);
    release(c);
}


static void
on_ended(cx_http_loop *net)
{
    int            left;
    CURLMsg       *msg;
    cx_download   *c;
    cx_downloads  *d = net->owner;

    while (!d->closing
           && (msg = curl_multi_info_read(net->multi, &left)) != NULL)
    {
        if (msg->msg == CURLMSG_DONE) {
            (void) curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE,
                                     (char **) &c);
            end_one(c, msg->data.result);
        }
    }
}


void
cx_download_cancel(cx_download *c)
{
    if (c == NULL) {
        return;
    }

    (void) curl_multi_remove_handle(c->owner->net.multi, c->easy);
    c->owner->net.calls--;
    unlink_it(c);
    (void) unlink(c->path);
    release(c);
}


/* --- beginning ----------------------------------------------------------- */

static bool
add_header(cx_download *c, const cx_header *h)
{
    char                line[4096];
    struct curl_slist  *more;

    const int  n = snprintf(line, sizeof(line), "%.*s: %.*s", CX_ARG(h->name),
                            CX_ARG(h->value));

    if (n < 0 || (size_t) n >= sizeof(line)
        || strcspn(line, "\r\n") != (size_t) n)
    {
        return false;
    }

    more = curl_slist_append(c->headers, line);
    c->headers = more != NULL ? more : c->headers;
    return more != NULL;
}


static bool
set_options(cx_download *c, const cx_http_req *req, long total_ms)
{
    char         url[8192];
    CURL        *e = c->easy;
    const char  *schemes = c->owner->allow_private ? "http,https" : "https";

    if (req->url.len == 0 || req->url.len >= sizeof(url)
        || memchr(req->url.p, '\0', req->url.len) != NULL)
    {
        return false;
    }

    memcpy(url, req->url.p, req->url.len);
    url[req->url.len] = '\0';

    for (size_t i = 0; i < req->nheaders; i++) {
        if (!add_header(c, &req->headers[i])) {
            return false;
        }
    }

    cx_http_loop_use(&c->owner->net, e);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, c);
    curl_easy_setopt(e, CURLOPT_PRIVATE, c);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->error);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, schemes);
    curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, schemes);
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(e, CURLOPT_MAXREDIRS, REDIRECTS);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, total_ms);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, c);

    return curl_easy_setopt(e, CURLOPT_URL, url) == CURLE_OK;
}


static const char *
prepare(cx_download *c, const cx_http_req *req, const cx_download_opts *opts)
{
    c->easy = curl_easy_init();
    c->digest = EVP_MD_CTX_new();
    c->path = strdup(opts->path);

    if (c->easy == NULL || c->path == NULL || c->digest == NULL
        || EVP_DigestInit_ex(c->digest, EVP_sha256(), NULL) != 1)
    {
        return "out of memory";
    }

    if (!set_options(c, req, opts->total_ms)) {
        return "it has no URL that could be fetched";
    }

    c->fd = open(c->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
                          | O_NOFOLLOW, 0640);

    return c->fd == -1 ? "it cannot be written to media.dir" : NULL;
}


cx_download *
cx_download_start(cx_downloads *d, const cx_http_req *req,
    const cx_download_opts *opts, cx_download_fn fn, void *ctx,
    const char **error)
{
    cx_download  *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        *error = "out of memory";
        return NULL;
    }

    c->owner = d;
    c->fd = -1;
    c->max_size = opts->max_size;
    c->fn = fn;
    c->ctx = ctx;

    *error = prepare(c, req, opts);

    if (*error == NULL
        && curl_multi_add_handle(d->net.multi, c->easy) != CURLM_OK)
    {
        *error = "out of memory";
        (void) unlink(c->path);
    }

    if (*error != NULL) {
        release(c);
        return NULL;
    }

    c->next = d->first;
    d->first = c;
    d->net.calls++;
    return c;
}


/* --- life ---------------------------------------------------------------- */

static void
on_closed(cx_http_loop *net)
{
    free(net->owner);
}


cx_downloads *
cx_downloads_new(uv_loop_t *loop, bool allow_private)
{
    cx_downloads  *d = calloc(1, sizeof(*d));

    if (d == NULL) {
        return NULL;
    }

    d->allow_private = allow_private;
    d->net.owner = d;
    d->net.ended = on_ended;
    d->net.closed = on_closed;

    if (!cx_http_loop_open(&d->net, loop, CONNECTIONS)) {
        free(d);
        return NULL;
    }

    return d;
}


void
cx_downloads_free(cx_downloads *d)
{
    if (d == NULL) {
        return;
    }

    d->closing = true;

    while (d->first != NULL) {
        cx_download_cancel(d->first);
    }

    cx_http_loop_close(&d->net);
}
