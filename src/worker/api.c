#include "worker/api.h"

#include "worker/api_credentials.h"
#include "worker/api_request.h"
#include "worker/api_socket.h"
#include "worker/log.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CONNECTIONS_MAX  64u
#define IDLE_S           30u
#define HEADERS_BYTES    32768
#define PIECE_BYTES      4096

typedef struct exchange_s  exchange;

/* A request with its connection.  Freed when neither needs it any more. */
struct exchange_s {
    cx_api_request          req;         /* first: req.wake gives it back */
    cx_api                 *api;         /* NULL: gone */
    struct MHD_Connection  *conn;        /* NULL: gone */
    bool                    routed;
    bool                    too_large;
    bool                    working;     /* the store has it */
    bool                    suspended;   /* the connection is */
    exchange               *next;        /* ring of the API's */
    exchange               *prev;
};

struct cx_api_s {
    struct MHD_Daemon  *daemon;
    cx_db              *db;
    cx_worker          *worker;
    cx_api_socket       socket;
    bool                keyed;           /* nothing without a key */
    uv_poll_t           poll;
    uv_timer_t          timer;
    uv_idle_t           idle;            /* runs when something was resumed */
    int                 handles;
    exchange            all;             /* ring */
};


/* --- the daemon on the loop --------------------------------------------- */

static void on_timer(uv_timer_t *timer);


static void
turn(cx_api *api)
{
    MHD_UNSIGNED_LONG_LONG  ms;

    (void) MHD_run(api->daemon);

    if (MHD_get_timeout(api->daemon, &ms) == MHD_YES) {
        (void) uv_timer_start(&api->timer, on_timer, ms, 0);

    } else {
        (void) uv_timer_stop(&api->timer);
    }
}


static void
on_timer(uv_timer_t *timer)
{
    turn(timer->data);
}


static void
on_poll(uv_poll_t *poll, int status, int events)
{
    (void) status;
    (void) events;
    turn(poll->data);
}


static void
on_idle(uv_idle_t *idle)
{
    (void) uv_idle_stop(idle);
    turn(idle->data);
}


/* --- one exchange ------------------------------------------------------- */

static void
forget(exchange *x)
{
    if (x->api != NULL) {
        x->next->prev = x->prev;
        x->prev->next = x->next;
    }

    if (x->req.fd != -1) {
        (void) close(x->req.fd);
    }

    cx_api_credentials_wipe(&x->req);
    json_decref(x->req.json);
    cx_arena_free(x->req.arena);
    free(x);
}


static void
wake(exchange *x)
{
    if (x->suspended) {
        x->suspended = false;
        MHD_resume_connection(x->conn);
    }

    (void) uv_idle_start(&x->api->idle, on_idle);
}


/* The answer is there: daemon and connection may be gone meanwhile. */
static void
on_wake(cx_api_request *req)
{
    exchange  *x = (exchange *) req;

    x->working = false;

    if (x->conn == NULL) {
        forget(x);
        return;
    }

    wake(x);
}


/* A part of it is. */
static void
on_more(cx_api_request *req)
{
    exchange  *x = (exchange *) req;

    if (x->conn != NULL) {
        wake(x);
    }
}


/* MHD calls this with the raw target before anything else; what it returns
 * is *con_cls of all that follows. */
static void *
on_uri(void *cls, const char *uri, struct MHD_Connection *conn)
{
    cx_api    *api = cls;
    cx_str     target = cx_strz(uri);
    exchange  *x;

    x = calloc(1, sizeof(*x));
    if (x == NULL) {
        return NULL;
    }

    x->req.arena = cx_arena_new(CX_API_ARENA_MAX);
    if (x->req.arena == NULL) {
        free(x);
        return NULL;
    }

    x->api = api;
    x->conn = conn;
    x->req.db = api->db;
    x->req.worker = api->worker;
    x->req.wake = on_wake;
    x->req.more = on_more;
    x->req.fd = -1;

    target = cx_dup(x->req.arena, target);
    (void) cx_str_split(&target, '?', &x->req.path);
    x->req.query = target;

    x->next = &api->all;
    x->prev = api->all.prev;
    api->all.prev->next = x;
    api->all.prev = x;
    return x;
}


static void
on_completed(void *cls, struct MHD_Connection *conn, void **con_cls,
    enum MHD_RequestTerminationCode code)
{
    exchange  *x = *con_cls;

    (void) cls;
    (void) conn;
    (void) code;

    *con_cls = NULL;

    if (x == NULL) {
        return;
    }

    x->conn = NULL;

    if (!x->working) {
        forget(x);
    }
}


static void
add_header(struct MHD_Response *res, const char *name, cx_arena *a,
    cx_str value)
{
    const char  *z = cx_dupz(a, value);

    if (z != NULL && value.len > 0) {
        (void) MHD_add_response_header(res, name, z);
    }
}


static enum MHD_Result
respond(exchange *x)
{
    cx_api_request       *req = &x->req;
    cx_str                body = cx_buf_str(&req->out);
    enum MHD_Result       rc;
    struct MHD_Response  *res;

    if (cx_arena_failed(req->arena) || req->out.failed) {
        req->status = 503;
        body = CX_STR("{\"type\":\"/problems/no_memory\",\"status\":503,"
                      "\"code\":\"no_memory\"}");
        req->mime = "application/problem+json";
    }

    res = req->fd == -1
          ? MHD_create_response_from_buffer(body.len, (void *) body.p,
                                            MHD_RESPMEM_MUST_COPY)
          : MHD_create_response_from_fd64(req->fd_size, req->fd);
    if (res == NULL) {
        return MHD_NO;
    }

    /* A customer chose these bytes: no browser may show them as a page. */
    if (req->fd != -1) {
        req->fd = -1;                   /* closed with the response */
        add_header(res, "Content-Disposition", req->arena,
                   CX_STR("attachment"));
        add_header(res, "X-Content-Type-Options", req->arena,
                   CX_STR("nosniff"));
    }

    if (req->status != 204) {
        add_header(res, "Content-Type", req->arena, cx_strz(req->mime));
    }

    add_header(res, "Cache-Control", req->arena, CX_STR("no-store"));

    if (req->status == 201) {
        add_header(res, "Location", req->arena, req->location);
    }

    if (req->status == 401) {
        add_header(res, "WWW-Authenticate", req->arena, CX_STR("Bearer"));
    }

    add_header(res, "Allow", req->arena, cx_strz(req->allow));

    cx_log(CX_LOG_DEBUG, "api.request", CX_FS("method", req->method),
           CX_FZ("route", req->route != NULL ? req->route->path : "-"),
           CX_FI("status", req->status));

    rc = MHD_queue_response(x->conn, (unsigned) req->status, res);
    MHD_destroy_response(res);
    return rc;
}


/* What there is of a streamed answer beyond pos; when that is nothing, the
 * connection sleeps. */
static ssize_t
on_read(void *cls, uint64_t pos, char *to, size_t max)
{
    exchange      *x = cls;
    const cx_buf  *out = &x->req.out;

    if (pos < out->len) {
        const size_t  n = out->len - pos < max ? out->len - pos : max;

        memcpy(to, out->p + pos, n);
        return (ssize_t) n;
    }

    if (!x->working) {
        return out->failed ? MHD_CONTENT_READER_END_WITH_ERROR
                           : MHD_CONTENT_READER_END_OF_STREAM;
    }

    x->suspended = true;
    MHD_suspend_connection(x->conn);
    return 0;
}


static enum MHD_Result
respond_in_pieces(exchange *x)
{
    cx_api_request       *req = &x->req;
    enum MHD_Result       rc;
    struct MHD_Response  *res;

    res = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES,
                                            on_read, x, NULL);
    if (res == NULL) {
        return MHD_NO;
    }

    add_header(res, "Content-Type", req->arena, CX_STR("text/event-stream"));
    add_header(res, "Cache-Control", req->arena, CX_STR("no-store"));
    add_header(res, "X-Accel-Buffering", req->arena, CX_STR("no"));
    rc = MHD_queue_response(x->conn, 200, res);
    MHD_destroy_response(res);
    return rc;
}


static cx_str
header(const exchange *x, const char *name)
{
    return cx_dup(x->req.arena,
                  cx_strz(MHD_lookup_connection_value(x->conn,
                                                      MHD_HEADER_KIND,
                                                      name)));
}


static void
begin(exchange *x, const char *method)
{
    cx_api_request  *req = &x->req;

    x->routed = true;
    req->method = cx_dup(req->arena, cx_strz(method));
    req->content_type = header(x, "Content-Type");
    req->key = header(x, "Idempotency-Key");
    req->credentials.authorization = header(x, "Authorization");
    req->credentials.key = header(x, "X-API-Key");
    req->credentials.tenant = header(x, "Connext-Tenant");
    req->credentials.keyed = x->api->keyed;
    req->direct = true;
    cx_api_request_route(req);
    cx_buf_init(&req->body, req->arena, 0, req->body_max);
}


/* A body nobody wants is read to its end, so that the client hears why. */
static void
take_body(exchange *x, const char *data, size_t len)
{
    cx_api_request  *req = &x->req;

    if (req->answered || x->too_large) {
        return;
    }

    if (len > req->body_max - req->body.len) {
        x->too_large = true;
        return;
    }

    cx_buf_add(&req->body, (cx_str) { len, data });
}


static void
refuse_large(exchange *x)
{
    cx_api_request  *req = &x->req;

    (void) cx_api_refuse(req, CX_TOO_LARGE, "",
                         "the body must not exceed %zu bytes",
                         req->body_max);
    cx_out_problem(req, CX_TOO_LARGE);
    req->answered = true;
}


static enum MHD_Result
on_access(void *cls, struct MHD_Connection *conn, const char *url,
    const char *method, const char *version, const char *data, size_t *len,
    void **con_cls)
{
    exchange  *x = *con_cls;

    (void) cls;
    (void) conn;
    (void) url;
    (void) version;

    if (x == NULL) {
        return MHD_NO;
    }

    if (!x->routed) {
        begin(x, method);
        return MHD_YES;
    }

    if (*len > 0) {
        take_body(x, data, *len);
        *len = 0;
        return MHD_YES;
    }

    if (x->too_large && !x->req.answered) {
        refuse_large(x);
    }

    if (x->req.streaming) {
        return respond_in_pieces(x);
    }

    if (x->req.answered) {
        return respond(x);
    }

    x->working = true;

    if (!cx_api_request_run(&x->req)) {
        x->working = false;
        return respond(x);
    }

    x->suspended = true;
    MHD_suspend_connection(conn);
    return MHD_YES;
}


/* --- life --------------------------------------------------------------- */

static void
on_closed(uv_handle_t *handle)
{
    cx_api  *api = handle->data;

    if (--api->handles == 0) {
        free(api);
    }
}


static struct MHD_Daemon *
start_daemon(cx_api *api)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0,
        NULL, NULL, on_access, api,
        MHD_OPTION_LISTEN_SOCKET, api->socket.fd,
        MHD_OPTION_URI_LOG_CALLBACK, on_uri, api,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, api,
        MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) HEADERS_BYTES,
        MHD_OPTION_END);
}


static bool
attach(cx_api *api, uv_loop_t *loop)
{
    const union MHD_DaemonInfo  *info;

    info = MHD_get_daemon_info(api->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    if (info == NULL
        || uv_poll_init(loop, &api->poll, info->epoll_fd) != 0)
    {
        return false;
    }

    (void) uv_timer_init(loop, &api->timer);
    (void) uv_idle_init(loop, &api->idle);
    api->poll.data = api->timer.data = api->idle.data = api;
    api->handles = 3;

    return uv_poll_start(&api->poll, UV_READABLE, on_poll) == 0;
}


cx_api *
cx_api_new(uv_loop_t *loop, cx_str socket_path, bool keyed, cx_db *db,
    cx_worker *w, char *error, size_t error_size)
{
    cx_api  *api;

    api = calloc(1, sizeof(*api));
    if (api == NULL) {
        (void) snprintf(error, error_size, "out of memory");
        return NULL;
    }

    api->db = db;
    api->worker = w;
    api->keyed = keyed;
    api->all.next = api->all.prev = &api->all;

    if (!cx_api_socket_open(&api->socket, socket_path, keyed ? 0660 : 0600,
                            error, error_size))
    {
        free(api);
        return NULL;
    }

    api->daemon = start_daemon(api);

    if (api->daemon == NULL) {
        (void) snprintf(error, error_size, "the HTTP server does not start");
        cx_api_socket_close(&api->socket);
        free(api);
        return NULL;
    }

    if (!attach(api, loop)) {
        (void) snprintf(error, error_size, "the HTTP server has no epoll");
        MHD_stop_daemon(api->daemon);
        cx_api_socket_unlink(&api->socket);
        free(api);
        return NULL;
    }

    turn(api);
    return api;
}


void
cx_api_free(cx_api *api)
{
    exchange  *x;

    if (api == NULL) {
        return;
    }

    /* MHD does not stop with suspended connections. */
    for (x = api->all.next; x != &api->all; x = x->next) {
        if (x->suspended && x->conn != NULL) {
            x->suspended = false;
            MHD_resume_connection(x->conn);
        }
    }

    (void) uv_poll_stop(&api->poll);
    cx_api_socket_unlink(&api->socket);
    MHD_stop_daemon(api->daemon);       /* closes the socket, too */

    /* What the store still has outlives us. */
    while (api->all.next != &api->all) {
        x = api->all.next;
        x->next->prev = x->prev;
        x->prev->next = x->next;
        x->api = NULL;
        x->req.worker = NULL;
    }

    uv_close((uv_handle_t *) &api->poll, on_closed);
    uv_close((uv_handle_t *) &api->timer, on_closed);
    uv_close((uv_handle_t *) &api->idle, on_closed);
}
