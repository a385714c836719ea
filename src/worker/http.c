#include "worker/http.h"

#include "worker/http_loop.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_BYTES    4096L       /* libcurl's receive buffer, per call */
#define UPLOAD_BYTES    16384L      /* its least; only once calls have one */
#define HEAD_MAX        32768       /* bytes of response headers kept */
#define HEADERS_MAX     64
#define KEPT_BYTES      8192        /* larger buffers are freed after a call */
#define IDLE_MAX_S      50L         /* below the idle limit of providers */
#define LIKE_ME         8           /* free handles looked at for a like one */
#define QUEUE_TICK_MS   50

typedef enum {
    FREE,
    QUEUED,
    RUNNING,
    TELLING           /* its callback runs */
} state;

typedef struct {
    char    *p;
    size_t   len;
    size_t   room;
} bytes;

/* An easy handle with all that is kept for its next call. */
struct cx_call_s {
    cx_http            *http;
    CURL               *easy;
    state               state;
    cx_call            *next;
    cx_call            *prev;
    uint64_t            shape;      /* hash of what libcurl has kept */
    cx_http_fn          fn;
    void               *ctx;
    uint64_t            deadline;   /* on the loop's clock */
    size_t              max_body;
    bool                once;
    bool                has_body;
    bool                body_taken; /* libcurl has begun to read the body */
    unsigned            requests;   /* times libcurl began to send */
    bytes               url;
    struct curl_slist  *headers;
    bytes               out;
    size_t              out_at;
    bytes               in;
    bytes               head;       /* "name: value\n" of the last response */
    bool                too_large;
    char                error[CURL_ERROR_SIZE];
};

struct cx_http_s {
    cx_http_loop  net;
    uv_timer_t    tick;             /* runs while calls are queued */
    bool          tick_gone;
    bool          net_gone;
    long          max_calls;
    size_t        running;
    size_t        queued;
    cx_call       active;           /* rings */
    cx_call       queue;
    cx_call      *free;             /* last in, first out */
    bool          closing;
};


static void start_queued(cx_http *h);


/* --- small parts ----------------------------------------------------------- */

static void
ring_add(cx_call *ring, cx_call *c)
{
    c->prev = ring->prev;
    c->next = ring;
    ring->prev->next = c;
    ring->prev = c;
}


static void
ring_remove(cx_call *c)
{
    c->prev->next = c->next;
    c->next->prev = c->prev;
}


static bool
bytes_add(bytes *b, const char *p, size_t len)
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


static void
bytes_reset(bytes *b)
{
    b->len = 0;

    if (b->room > KEPT_BYTES) {
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


/* --- libcurl's callbacks --------------------------------------------------- */

static size_t
on_body(char *p, size_t size, size_t n, void *data)
{
    cx_call  *c = data;

    if (size * n > c->max_body - c->in.len) {
        c->too_large = true;
        return 0;
    }

    return bytes_add(&c->in, p, size * n) ? size * n : 0;
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
        && (!bytes_add(&c->head, line.p, line.len)
            || !bytes_add(&c->head, "\n", 1)))
    {
        return 0;
    }

    return size * n;
}


static size_t
on_read(char *p, size_t size, size_t n, void *data)
{
    size_t    len;
    cx_call  *c = data;

    len = c->out.len - c->out_at;
    if (len > size * n) {
        len = size * n;
    }

    memcpy(p, c->out.p + c->out_at, len);
    c->out_at += len;
    c->body_taken = true;
    return len;
}


static int
on_seek(void *data, curl_off_t offset, int origin)
{
    (void) data;
    (void) offset;
    (void) origin;
    return CURL_SEEKFUNC_FAIL;
}


/* Runs each time before libcurl sends a request: also before the silent
 * repeat on a fresh connection, which a call made once must not see. */
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


/* --- making a call --------------------------------------------------------- */

static void
set_constants(cx_call *c)
{
    CURL  *e = c->easy;

    cx_http_loop_use(&c->http->net, e);

    curl_easy_setopt(e, CURLOPT_PRIVATE, c);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    /* Over HTTP/2 a refused stream is repeated, and one connection carries
     * many calls: neither is proven to be safe for sends yet. */
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BYTES);
    curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, IDLE_MAX_S);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->error);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
    curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(e, CURLOPT_READDATA, c);
    curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(e, CURLOPT_SEEKDATA, c);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, c);
}


static void
destroy(cx_call *c)
{
    curl_easy_cleanup(c->easy);
    curl_slist_free_all(c->headers);
    free(c->url.p);
    free(c->out.p);
    free(c->in.p);
    free(c->head.p);
    free(c);
}


static cx_call *
create(cx_http *h)
{
    cx_call  *c;

    c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return NULL;
    }

    c->http = h;
    c->easy = curl_easy_init();

    if (c->easy == NULL) {
        free(c);
        return NULL;
    }

    set_constants(c);
    return c;
}


/* A free handle, best one whose last call looked like this one. */
static cx_call *
take(cx_http *h, uint64_t shape)
{
    size_t     n;
    cx_call  **at, *c;

    for (at = &h->free, n = 0; *at != NULL && n < LIKE_ME; n++) {
        if ((*at)->shape == shape) {
            break;
        }

        at = &(*at)->next;
    }

    if (*at == NULL || n == LIKE_ME) {
        at = &h->free;
    }

    c = *at;
    if (c == NULL) {
        return create(h);
    }

    *at = c->next;
    return c;
}


static void
give_back(cx_call *c)
{
    cx_http  *h = c->http;

    if (h->closing) {
        destroy(c);
        return;
    }

    bytes_reset(&c->out);
    bytes_reset(&c->in);
    bytes_reset(&c->head);
    c->state = FREE;
    c->fn = NULL;
    c->next = h->free;
    h->free = c;
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


static bool
acceptable(const cx_http_req *req)
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


static uint64_t
shape_of(const cx_http_req *req)
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

    if (!bytes_add(line, h->name.p, h->name.len)
        || !bytes_add(line, ": ", 2)
        || !bytes_add(line, h->value.p, h->value.len)
        || !bytes_add(line, "", 1))
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

    if (!bytes_add(&c->url, req->url.p, req->url.len)
        || !bytes_add(&c->url, "", 1)
        || curl_easy_setopt(c->easy, CURLOPT_URL, c->url.p) != CURLE_OK)
    {
        c->url.len = 0;
        return false;
    }

    return true;
}


/*
 * A body that libcurl may read again is repeated silently on a connection
 * that died; the one of a once call comes through a function that cannot
 * rewind.  Without a body there is nothing to rewind: a fresh connection is
 * never repeated on.
 */
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

    curl_easy_setopt(e, CURLOPT_FRESH_CONNECT,
                     c->once && req->body.len == 0 ? 1L : 0L);

    if (get) {
        curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, NULL);
        return true;
    }

    c->out.len = c->out_at = 0;

    if (!bytes_add(&c->out, req->body.p, req->body.len)) {
        return false;
    }

    curl_easy_setopt(e, CURLOPT_POST, 1L);
    curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, post ? NULL : word);
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t) req->body.len);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS,
                     c->once && req->body.len > 0 ? NULL : c->out.p);
    return true;
}


static bool
set_request(cx_call *c, const cx_http_req *req, const cx_http_opts *opts)
{
    c->once = opts->once;
    c->max_body = opts->max_body;
    c->body_taken = false;
    c->too_large = false;
    c->requests = 0;
    c->error[0] = '\0';

    curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, opts->connect_ms);
    return set_url(c, req) && set_headers(c, req) && set_method(c, req);
}


/* --- running and ending ---------------------------------------------------- */

static size_t
split_head(const cx_call *c, cx_header *list)
{
    size_t  n = 0;
    cx_str  rest = { c->head.len, c->head.p };
    cx_str  line, name;

    while (n < HEADERS_MAX && cx_str_split(&rest, '\n', &line)) {
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


/* The callback, and the handle is free again. */
static void
tell(cx_call *c, cx_call_end end, const cx_http_res *res, const char *error)
{
    c->state = TELLING;
    c->fn(c->ctx, end, res, error);
    give_back(c);
}


/*
 * Proved not to have been sent: libcurl never came to the request, or not
 * one byte of it went into the socket.  A send that failed half way through
 * a TLS record counts as none; the other side cannot read half a record.
 */
static cx_call_end
judge(const cx_call *c, CURLcode rc)
{
    long  request = 0;

    if (rc == CURLE_OK) {
        return CX_CALL_DONE;
    }

    if (c->requests == 0) {
        return CX_CALL_NOT_SENT;
    }

    (void) curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &request);

    return request == 0 && !c->body_taken && rc != CURLE_SEND_FAIL_REWIND
               ? CX_CALL_NOT_SENT : CX_CALL_UNKNOWN;
}


static void
end_call(cx_call *c, CURLcode rc)
{
    long         status = 0;
    cx_http     *h = c->http;
    cx_header    headers[HEADERS_MAX];
    const char  *error = "";
    cx_call_end  end = judge(c, rc);
    cx_http_res  res = { .headers = headers };

    if (end == CX_CALL_DONE) {
        (void) curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
        res.status = (int) status;
        res.nheaders = split_head(c, headers);
        res.body = (cx_str) { c->in.len, c->in.p };

    } else if (c->too_large) {
        error = "the response is too large";

    } else {
        error = c->error[0] != '\0' ? c->error : curl_easy_strerror(rc);
    }

    (void) curl_multi_remove_handle(h->net.multi, c->easy);
    ring_remove(c);
    h->running--;
    tell(c, end, &res, error);
}


static void
on_ended(void *owner)
{
    int       left;
    cx_call  *c;
    CURLMsg  *msg;
    cx_http  *h = owner;

    while (!h->closing
           && (msg = curl_multi_info_read(h->net.multi, &left)) != NULL)
    {
        if (msg->msg != CURLMSG_DONE) {
            continue;
        }

        c = NULL;
        (void) curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE,
                                 (char **) &c);
        end_call(c, msg->data.result);
    }

    if (!h->closing && h->queued > 0) {
        start_queued(h);
    }
}


static bool
run(cx_call *c)
{
    cx_http   *h = c->http;
    uint64_t   now = uv_now(h->net.loop);

    curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long) (c->deadline - now));

    if (curl_multi_add_handle(h->net.multi, c->easy) != CURLM_OK) {
        return false;
    }

    c->state = RUNNING;
    ring_add(&h->active, c);
    h->running++;
    return true;
}


static void
refuse(cx_call *c, const char *why)
{
    cx_http_res  none = { 0 };

    tell(c, CX_CALL_NOT_SENT, &none, why);
}


static void
start_queued(cx_http *h)
{
    cx_call  *c;

    while (!h->closing && h->queue.next != &h->queue
           && h->running < (size_t) h->max_calls)
    {
        c = h->queue.next;
        ring_remove(c);
        h->queued--;

        if (c->deadline <= uv_now(h->net.loop)) {
            refuse(c, "the deadline passed while waiting for a connection");

        } else if (!run(c)) {
            refuse(c, "out of memory");
        }
    }
}


static void
on_tick(uv_timer_t *tick)
{
    cx_http   *h = tick->data;
    cx_call   *c, *next;
    uint64_t   now = uv_now(h->net.loop);

    for (c = h->queue.next; c != &h->queue; c = next) {
        next = c->next;

        if (c->deadline > now) {
            continue;
        }

        ring_remove(c);
        h->queued--;
        refuse(c, "the deadline passed while waiting for a connection");

        if (h->closing) {
            return;
        }

        next = h->queue.next;         /* that callback may have cancelled */
    }

    if (h->queued == 0) {
        (void) uv_timer_stop(tick);
    }
}


cx_call *
cx_http_start(cx_http *h, const cx_http_req *req, const cx_http_opts *opts,
    cx_http_fn fn, void *ctx)
{
    cx_call   *c;
    uint64_t   shape;

    if (h->closing || !acceptable(req)) {
        return NULL;
    }

    shape = shape_of(req);
    c = take(h, shape);

    if (c == NULL) {
        return NULL;
    }

    c->shape = shape;
    c->fn = fn;
    c->ctx = ctx;
    c->deadline = uv_now(h->net.loop) + (uint64_t) opts->total_ms;

    if (!set_request(c, req, opts)) {
        give_back(c);
        return NULL;
    }

    if (h->running < (size_t) h->max_calls && h->queued == 0) {
        if (!run(c)) {
            give_back(c);
            return NULL;
        }

        return c;
    }

    c->state = QUEUED;
    ring_add(&h->queue, c);
    h->queued++;

    if (!uv_is_active((uv_handle_t *) &h->tick)) {
        (void) uv_timer_start(&h->tick, on_tick, QUEUE_TICK_MS,
                              QUEUE_TICK_MS);
    }

    return c;
}


/* Inside its own callback a call is over already. */
void
cx_call_cancel(cx_call *c)
{
    cx_http  *h;

    if (c == NULL || (c->state != RUNNING && c->state != QUEUED)) {
        return;
    }

    h = c->http;
    ring_remove(c);

    if (c->state == QUEUED) {
        h->queued--;

    } else {
        (void) curl_multi_remove_handle(h->net.multi, c->easy);
        h->running--;
    }

    give_back(c);
}


size_t
cx_http_active(const cx_http *h)
{
    return h->running + h->queued;
}


/* --- life ------------------------------------------------------------------ */

static void
forget(cx_http *h)
{
    if (h->tick_gone && h->net_gone) {
        free(h);
    }
}


static void
on_tick_closed(uv_handle_t *handle)
{
    cx_http  *h = handle->data;

    h->tick_gone = true;
    forget(h);
}


static void
on_net_gone(void *owner)
{
    cx_http  *h = owner;

    h->net_gone = true;
    forget(h);
}


cx_http *
cx_http_new(uv_loop_t *loop, long max_calls)
{
    cx_http  *h;

    assert(max_calls > 0);

    h = calloc(1, sizeof(*h));
    if (h == NULL) {
        return NULL;
    }

    h->net.owner = h;
    h->net.ended = on_ended;
    h->net.gone = on_net_gone;

    if (!cx_http_loop_open(&h->net, loop, max_calls)) {
        free(h);
        return NULL;
    }

    (void) uv_timer_init(loop, &h->tick);
    h->tick.data = h;
    h->max_calls = max_calls;
    h->active.next = h->active.prev = &h->active;
    h->queue.next = h->queue.prev = &h->queue;
    return h;
}


void
cx_http_free(cx_http *h)
{
    cx_call  *c;

    if (h == NULL) {
        return;
    }

    h->closing = true;

    while (h->active.next != &h->active) {
        cx_call_cancel(h->active.next);
    }

    while (h->queue.next != &h->queue) {
        cx_call_cancel(h->queue.next);
    }

    while (h->free != NULL) {
        c = h->free;
        h->free = c->next;
        destroy(c);
    }

    cx_http_loop_close(&h->net);
    uv_close((uv_handle_t *) &h->tick, on_tick_closed);
}
