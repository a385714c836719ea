#include "unit/tap.h"
#include "unit/worker/http_server.h"
#include "unit/worker/wait.h"

#include "worker/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONG_MS  5000

static uv_loop_t  loop;


typedef struct {
    cx_http      *http;
    cx_call      *call;
    int           calls;
    bool          inside;        /* called back from inside cx_http_start */
    bool          starting;
    cx_call_end   end;
    int           status;
    char          body[256];
    char          type[64];
    bool          cancel_self;
    bool          free_http;
    int           pieces;        /* handed out as they came */
    char          data[256];
    int           cancel_at;     /* the call, in this piece */
    int           free_at;       /* the client */
    cx_call      *other;         /* cancelled with it */
} result;


/* --- the client's side --------------------------------------------------- */

static void
on_done(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    result  *r = ctx;
    cx_str   type;

    (void) error;

    r->calls++;
    r->inside |= r->starting;
    r->end = end;
    r->status = res->status;
    type = cx_http_header(res->headers, res->nheaders,
                          CX_STR("content-type"), NULL);
    (void) snprintf(r->type, sizeof(r->type), "%.*s", CX_ARG(type));
    (void) snprintf(r->body, sizeof(r->body), "%.*s", CX_ARG(res->body));

    if (r->cancel_self) {
        cx_call_cancel(r->call);
    }

    if (r->free_http) {
        cx_http_free(r->http);
    }
}


static void
on_data(void *ctx, cx_str bytes)
{
    result  *r = ctx;
    size_t   len = strlen(r->data);

    r->pieces++;
    (void) snprintf(r->data + len, sizeof(r->data) - len, "%.*s",
                    CX_ARG(bytes));

    if (r->pieces == r->cancel_at) {
        cx_call_cancel(r->other);
        cx_call_cancel(r->call);
    }

    if (r->pieces == r->free_at) {
        cx_http_free(r->http);
    }
}


static bool
has_pieces(void *ctx)
{
    return ((result *) ctx)->pieces > 0;
}


static bool
is_done(void *ctx)
{
    return ((result *) ctx)->calls > 0;
}


static cx_call *
start_with(cx_http *h, result *r, const char *scheme, const char *method,
    const char *path, const char *body, cx_http_opts opts,
    const cx_header *headers, size_t nheaders)
{
    char         url[256];
    cx_http_req  req = { 0 };

    (void) snprintf(url, sizeof(url), "%s://127.0.0.1:%u%s", scheme, port,
                    path);
    req.method = cx_strz(method);
    req.url = cx_strz(url);
    req.body = cx_strz(body);
    req.headers = headers;
    req.nheaders = nheaders;

    r->http = h;
    r->starting = true;
    r->call = cx_http_start(h, &req, &opts, on_done, r);
    r->starting = false;
    return r->call;
}


static cx_call *
start(cx_http *h, result *r, const char *method, const char *path,
    const char *body, bool once)
{
    cx_http_opts  opts = { .connect_ms = 2000, .total_ms = LONG_MS,
                          .max_body = 65536, .once = once };

    return start_with(h, r, "http", method, path, body, opts, NULL, 0);
}


static result
call(cx_http *h, const char *method, const char *path, const char *body,
    bool once)
{
    result  r = { 0 };

    (void) start(h, &r, method, path, body, once);
    (void) wait_until(&loop, is_done, &r, LONG_MS * 2);
    return r;
}


static void
test_plain(cx_http *h)
{
    result  r;

    r = call(h, "GET", "/ok", "", false);
    tap_is_int(r.calls, 1, "called back once");
    tap_ok(!r.inside, "not from inside start");
    tap_ok(r.end == CX_CALL_DONE && r.status == 200, "a response");
    tap_is_str(cx_strz(r.body), CX_STR("ok"), "its body");
    tap_is_str(cx_strz(r.type), CX_STR("text/x"), "its header");

    r = call(h, "GET", "/early", "", false);
    tap_is_int(r.status, 429, "the final status after an interim one");
    tap_is_str(cx_strz(r.type), CX_STR("a/b"), "headers of the final one");
}


static bool
echo_has(const char *text)
{
    bool  has;

    pthread_mutex_lock(&seen_mutex);
    has = strstr(seen, text) != NULL;
    pthread_mutex_unlock(&seen_mutex);
    return has;
}


static void
test_request(cx_http *h)
{
    result           r = { 0 };
    cx_http_opts     opts = { .connect_ms = 2000, .total_ms = LONG_MS,
                          .max_body = 65536, .once = true };
    const cx_header  a[] = {
        { CX_STR_INIT("Content-Type"), CX_STR_INIT("application/json") },
        { CX_STR_INIT("Authorization"), CX_STR_INIT("Bearer one") },
    };
    const cx_header  b[] = {
        { CX_STR_INIT("Authorization"), CX_STR_INIT("Bearer two") },
    };

    (void) start_with(h, &r, "http", "POST", "/echo", "{\"a\":1}", opts, a, 2);
    (void) wait_until(&loop, is_done, &r, LONG_MS);
    tap_ok(echo_has("POST /echo HTTP/1.1\r\n"), "once: the request line");
    tap_ok(echo_has("Content-Type: application/json\r\n"), "once: a header");
    tap_ok(echo_has("Content-Length: 7\r\n"), "once: the length");
    tap_ok(echo_has("\r\n\r\n{\"a\":1}"), "once: the body");
    tap_ok(!echo_has("Expect:"), "once: no Expect");
    tap_ok(!echo_has("chunked"), "once: not chunked");

    r = (result) { 0 };
    opts.once = false;
    (void) start_with(h, &r, "http", "PATCH", "/echo", "xyz", opts, b, 1);
    (void) wait_until(&loop, is_done, &r, LONG_MS);
    tap_ok(echo_has("PATCH /echo "), "another method on a used handle");
    tap_ok(echo_has("Bearer two\r\n") && !echo_has("Bearer one"),
           "with its own headers");
    tap_ok(echo_has("\r\n\r\nxyz"), "and body");

    r = call(h, "GET", "/echo", "", false);
    tap_ok(echo_has("GET /echo ") && !echo_has("Content-Length")
           && !echo_has("Bearer"), "then a GET without either");

    r = call(h, "DELETE", "/echo", "", true);
    tap_ok(echo_has("DELETE /echo "), "a DELETE");
}


static bool
none_open(void *ctx)
{
    (void) ctx;
    return atomic_load(&now_open) == 0;
}


/* The connection is used once, then the server takes the next request and
 * closes without an answer: libcurl would send it again. */
/* Somebody else has named the place. */
static void
test_public(void)
{
    result    r;
    cx_http  *h = cx_http_new_public(&loop, 4);

    atomic_store(&drops_seen, 0);
    r = call(h, "POST", "/drop", "{}", false);
    tap_ok(r.calls == 1 && r.end == CX_CALL_NOT_SENT,
           "a private address is not called");
    tap_is_int(atomic_load(&drops_seen), 0, "nobody was asked");
    cx_http_free(h);
    (void) wait_until(&loop, none_open, NULL, LONG_MS);
}


static void
test_resend(const char *path, const char *body, bool once)
{
    result    r;
    cx_http  *h = cx_http_new(&loop, 4);

    (void) call(h, "GET", "/ok", "", false);
    atomic_store(&drops_seen, 0);
    r = call(h, "POST", path, body, once);

    if (once) {
        tap_ok(r.end == CX_CALL_UNKNOWN, "%s once, %zu bytes: unknown", path,
               strlen(body));
        tap_is_int(atomic_load(&drops_seen), 1, "and sent exactly once");

    } else {
        tap_ok(r.end == CX_CALL_DONE || r.end == CX_CALL_UNKNOWN,
               "%s repeatable: ends", path);
        tap_ok(atomic_load(&drops_seen) >= 1, "and was sent");
    }

    tap_is_int(r.calls, 1, "called back once");
    cx_http_free(h);
    (void) wait_until(&loop, none_open, NULL, LONG_MS);
}


static void
test_ends(cx_http *h)
{
    int                 fd;
    result              r;
    uint16_t            keep = port;
    socklen_t           len = sizeof(struct sockaddr_in);
    cx_http_opts        quick = { .connect_ms = 2000, .total_ms = 150,
                          .max_body = 65536, .once = true };
    cx_http_opts        small = { .connect_ms = 2000, .total_ms = LONG_MS,
                          .max_body = 1000, .once = true };
    struct sockaddr_in  sin = { .sin_family = AF_INET };

    r = call(h, "POST", "/cut", "x", true);
    tap_ok(r.end == CX_CALL_UNKNOWN, "a cut body: unknown");
    tap_is_int(r.status, 0, "no status then");

    r = (result) { 0 };
    (void) start_with(h, &r, "http", "POST", "/big", "x", small, NULL, 0);
    (void) wait_until(&loop, is_done, &r, LONG_MS);
    tap_ok(r.end == CX_CALL_UNKNOWN, "a body over the cap: unknown");

    r = (result) { 0 };
    (void) start_with(h, &r, "http", "POST", "/hang", "x", quick, NULL, 0);
    (void) wait_until(&loop, is_done, &r, LONG_MS);
    tap_ok(r.end == CX_CALL_UNKNOWN, "a time-out after sending: unknown");

    r = (result) { 0 };
    (void) start_with(h, &r, "https", "POST", "/hang", "x", quick, NULL, 0);
    (void) wait_until(&loop, is_done, &r, LONG_MS);
    tap_ok(r.end == CX_CALL_NOT_SENT, "a time-out in TLS: not sent");

    /* A port that was just free: nobody listens. */
    fd = socket(AF_INET, SOCK_STREAM, 0);
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void) !bind(fd, (struct sockaddr *) &sin, sizeof(sin));
    (void) !getsockname(fd, (struct sockaddr *) &sin, &len);
    port = ntohs(sin.sin_port);
    r = call(h, "POST", "/ok", "x", true);
    tap_ok(r.end == CX_CALL_NOT_SENT, "a refused connect: not sent");
    port = keep;
    close(fd);
}


static void
test_refused(cx_http *h)
{
    cx_header     bad = { CX_STR_INIT("X"), CX_STR_INIT("a\r\nY: b") };
    cx_http_req   req = { .method = CX_STR_INIT("GET") };
    cx_http_opts  opts = { .connect_ms = 100, .total_ms = 100,
                          .max_body = 100, .once = false };
    static const cx_str  urls[] = {
        CX_STR_INIT(""), CX_STR_INIT("ftp://127.0.0.1/"),
        CX_STR_INIT("file:///etc/passwd"), CX_STR_INIT("http://a b/"),
        CX_STR_INIT("http://a/\r\nX: y"), CX_STR_INIT("http://a/\0b"),
    };

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        req.url = urls[i];
        tap_ok(cx_http_start(h, &req, &opts, on_done, NULL) == NULL,
               "bad URL %zu", i);
    }

    req.url = CX_STR("http://127.0.0.1/");
    req.headers = &bad;
    req.nheaders = 1;
    tap_ok(cx_http_start(h, &req, &opts, on_done, NULL) == NULL,
           "a header with a line break");
    tap_is_int((int64_t) cx_http_active(h), 0, "nothing under way");
}


/* --- streams ------------------------------------------------------------- */

static result
stream(cx_http *h, const char *path, long first_ms, long idle_ms)
{
    result        r = { .calls = 0 };
    cx_http_opts  opts = { .connect_ms = 2000, .total_ms = LONG_MS,
                           .max_body = 1000, .on_data = on_data,
                           .first_byte_ms = first_ms, .idle_ms = idle_ms };

    (void) start_with(h, &r, "http", "POST", path, "{}", opts, NULL, 0);
    (void) wait_until(&loop, is_done, &r, LONG_MS * 2);
    return r;
}


static void
test_stream(cx_http *h)
{
    result  r;

    r = stream(h, "/events", 0, 0);
    tap_ok(r.end == CX_CALL_DONE && r.calls == 1, "a stream ends well");
    tap_ok(r.pieces >= 2, "in pieces, as they came");
    tap_is_str(cx_strz(r.data), CX_STR("data: 1\n\ndata: 2\n\ndata: 3\n\n"),
               "all of it");
    tap_ok(r.status == 200 && r.body[0] == '\0', "and no body in the end");
    tap_is_str(cx_strz(r.type), CX_STR("Text/Event-Stream; charset=utf-8"),
               "but its headers");

    r = stream(h, "/ok", 0, 0);
    tap_ok(r.pieces == 0 && strcmp(r.body, "ok") == 0,
           "what is no stream comes whole");
    r = stream(h, "/events-429", 0, 0);
    tap_ok(r.pieces == 0 && r.status == 429 && r.body[0] == 'd',
           "so does a stream that is an error");

    r = stream(h, "/events-cut", 0, 0);
    tap_ok(r.end == CX_CALL_UNKNOWN && r.pieces == 1, "a cut stream");
    r = stream(h, "/events-big", 0, 0);
    tap_ok(r.end == CX_CALL_UNKNOWN && r.pieces > 0,
           "one that is larger than all may be");
}


static void
test_patience(cx_http *h)
{
    result    r;
    uint64_t  from = uv_hrtime();

    r = stream(h, "/hang", 150, 0);
    tap_ok(r.end == CX_CALL_UNKNOWN && r.pieces == 0, "no first byte");
    r = stream(h, "/events-hang", 3000, 150);
    tap_ok(r.end == CX_CALL_UNKNOWN && r.pieces == 1,
           "a stream that stands still");
    tap_ok((uv_hrtime() - from) / 1000000 < LONG_MS,
           "is not waited for until the end");
    r = stream(h, "/events", 3000, 3000);
    tap_ok(r.end == CX_CALL_DONE && r.pieces > 0,
           "patience does not harm one that comes");
}


static void
test_stream_cancel(void)
{
    result        r = { .cancel_at = 1 }, other = { .calls = 0 };
    cx_http      *h = cx_http_new(&loop, 4);
    cx_http_opts  opts = { .connect_ms = 2000, .total_ms = LONG_MS,
                           .max_body = 1000, .on_data = on_data };

    (void) start_with(h, &other, "http", "POST", "/events-hang", "{}", opts,
                      NULL, 0);
    (void) wait_until(&loop, has_pieces, &other, LONG_MS);
    r.other = other.call;
    (void) start_with(h, &r, "http", "POST", "/events-hang", "{}", opts, NULL,
                      0);
    (void) wait_until(&loop, has_pieces, &r, LONG_MS);
    tap_is_int((int64_t) cx_http_active(h), 0,
               "cancelled in the callback, and another one with it");
    tap_ok(wait_until(&loop, none_open, NULL, LONG_MS),
           "their connections are closed");
    tap_is_int(r.calls + other.calls, 0, "neither is called back");

    r = (result) { .free_at = 1 };
    (void) start_with(h, &r, "http", "POST", "/events", "{}", opts, NULL, 0);
    (void) wait_until(&loop, has_pieces, &r, LONG_MS);
    tap_is_int(r.pieces, 1, "the client freed in the callback");
    tap_is_int(r.calls, 0, "is not called back");
}


static bool
all_done(void *ctx)
{
    result  *r = ctx;

    for (int i = 0; i < 12; i++) {
        if (r[i].calls == 0) {
            return false;
        }
    }

    return true;
}


static void
test_queue(void)
{
    int            i, good = 0;
    result         r[12] = { 0 };
    cx_http       *h = cx_http_new(&loop, 3);
    cx_http_opts   quick = { .connect_ms = 2000, .total_ms = 100,
                          .max_body = 65536, .once = false };

    (void) wait_until(&loop, none_open, NULL, LONG_MS);
    atomic_store(&most_busy, 0);

    for (i = 0; i < 12; i++) {
        (void) start(h, &r[i], "POST", "/slow", "x", true);
    }

    tap_is_int((int64_t) cx_http_active(h), 12, "twelve under way");
    (void) wait_until(&loop, all_done, r, LONG_MS);

    for (i = 0; i < 12; i++) {
        good += r[i].calls == 1 && r[i].status == 200;
    }

    tap_is_int(good, 12, "all answered once");
    tap_ok(atomic_load(&most_busy) <= 3, "never more than three at once");

    /* Three hang, so a fourth waits beyond its deadline; a fifth is
     * cancelled while it waits. */
    memset(r, 0, sizeof(r));

    for (i = 0; i < 3; i++) {
        (void) start(h, &r[i], "POST", "/hang", "x", true);
    }

    (void) start_with(h, &r[3], "http", "POST", "/ok", "x", quick, NULL, 0);
    (void) start(h, &r[4], "POST", "/ok", "x", true);
    cx_call_cancel(r[4].call);
    (void) wait_until(&loop, is_done, &r[3], LONG_MS);
    tap_ok(r[3].end == CX_CALL_NOT_SENT, "a deadline in the queue: not sent");

    for (i = 0; i < 3; i++) {
        cx_call_cancel(r[i].call);
    }

    r[5] = call(h, "GET", "/ok", "", false);
    tap_is_int(r[5].status, 200, "then there is room again");
    tap_is_int(r[0].calls + r[1].calls + r[2].calls + r[4].calls, 0,
               "no callback after cancel");
    cx_http_free(h);
}


static void
test_life(void)
{
    result    r = { .cancel_self = true };
    result    hanging = { 0 };
    cx_http  *h = cx_http_new(&loop, 4);

    (void) start(h, &r, "GET", "/ok", "", false);
    (void) wait_until(&loop, is_done, &r, LONG_MS);
    tap_is_int(r.calls, 1, "a cancel inside the callback is harmless");

    r = (result) { .free_http = true };
    (void) start(h, &hanging, "GET", "/hang", "", false);
    (void) start(h, &r, "GET", "/ok", "", false);
    (void) wait_until(&loop, is_done, &r, LONG_MS);
    tap_is_int(r.calls, 1, "freed inside a callback");
    tap_is_int(hanging.calls, 0, "the other call is cancelled");
}


int
main(void)
{
    cx_http  *h;

    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    uv_loop_init(&loop);
    start_server();

    h = cx_http_new(&loop, 8);
    test_plain(h);
    test_request(h);
    test_ends(h);
    test_refused(h);
    test_stream(h);
    test_patience(h);
    cx_http_free(h);

    (void) wait_until(&loop, none_open, NULL, LONG_MS);
    test_resend("/drop", "{}", true);
    test_resend("/drop", "", true);
    test_resend("/drop-reset", "{}", true);
    test_resend("/drop", "{}", false);
    test_public();
    test_queue();
    test_life();
    test_stream_cancel();

    tap_ok(wait_empty(&loop, LONG_MS), "the loop is empty at the end");
    curl_global_cleanup();
    return tap_done();
}
