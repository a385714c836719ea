#include "worker/http_loop.h"

#include "core/address.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct cx_http_socket_s {
    uv_poll_t      poll;
    cx_http_loop  *loop;
    int            fd;
    int            events;      /* registered with libuv */
    int            wanted;      /* by libcurl; 0: parked */
    bool           ours;        /* opened by us, so we hear of its close */
    bool           connected;   /* and was seen to be */
};


static void
act(cx_http_loop *l, curl_socket_t fd, int bits)
{
    int  running;

    (void) curl_multi_socket_action(l->multi, fd, bits, &running);
    l->ended(l);
}


/* --- sockets ------------------------------------------------------------- */

static void on_event(uv_poll_t *handle, int status, int events);


static void
register_events(cx_http_socket *s, int events)
{
    if (s->events == events) {
        return;
    }

    s->events = events;

    if (events != 0) {
        (void) uv_poll_start(&s->poll, events, on_event);

    } else {
        (void) uv_poll_stop(&s->poll);
    }
}


static void
on_event(uv_poll_t *handle, int status, int events)
{
    int              bits = 0;
    cx_http_socket  *s = handle->data;

    if (status != 0) {
        s->events = 0;             /* libuv has stopped the handle */
        bits = CURL_CSELECT_ERR;
    }

    if (s->wanted == 0) {
        register_events(s, 0);     /* libcurl finds it dead before reuse */
        return;
    }

    bits |= (events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0;
    bits |= (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
    act(s->loop, s->fd, bits);
}


static void
on_poll_closed(uv_handle_t *handle)
{
    free(handle->data);
}


static cx_http_socket *
find(cx_http_loop *l, int fd)
{
    return (size_t) fd < l->nsockets ? l->sockets[fd] : NULL;
}


static bool
make_room(cx_http_loop *l, size_t n)
{
    size_t            room = l->nsockets > 0 ? l->nsockets : 64;
    cx_http_socket  **p;

    while (room <= n) {
        room *= 2;
    }

    if (room == l->nsockets) {
        return true;
    }

    p = realloc(l->sockets, room * sizeof(*p));
    if (p == NULL) {
        return false;
    }

    memset(p + l->nsockets, 0, (room - l->nsockets) * sizeof(*p));
    l->sockets = p;
    l->nsockets = room;
    return true;
}


static void
drop(cx_http_loop *l, cx_http_socket *s)
{
    l->sockets[s->fd] = NULL;
    uv_close((uv_handle_t *) &s->poll, on_poll_closed);
}


static cx_http_socket *
add(cx_http_loop *l, int fd, bool ours)
{
    cx_http_socket  *s;

    if (!make_room(l, (size_t) fd)) {
        return NULL;
    }

    if (l->sockets[fd] != NULL) {
        drop(l, l->sockets[fd]);
    }

    s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return NULL;
    }

    if (uv_poll_init_socket(l->loop, &s->poll, fd) != 0) {
        free(s);
        return NULL;
    }

    s->poll.data = s;
    s->loop = l;
    s->fd = fd;
    s->ours = ours;
    l->sockets[fd] = s;
    return s;
}


/* libcurl 7.88 closes a socket that never got connected without a word to
 * close_socket: such a one must not be watched, its number is soon another
 * descriptor's. */
static bool
is_connected(cx_http_socket *s)
{
    struct sockaddr_storage  peer;
    socklen_t                len = sizeof(peer);

    if (!s->connected) {
        s->connected = getpeername(s->fd, (struct sockaddr *) &peer, &len)
                       == 0;
    }

    return s->connected;
}


bool
cx_http_address_public(const struct curl_sockaddr *addr)
{
    struct sockaddr_in   in4;
    struct sockaddr_in6  in6;

    switch (addr->family) {

    case AF_INET:
        memcpy(&in4, &addr->addr, sizeof(in4));
        return cx_address_public4((const uint8_t *) &in4.sin_addr);

    case AF_INET6:
        memcpy(&in6, &addr->addr, sizeof(in6));
        return cx_address_public6((const uint8_t *) &in6.sin6_addr);

    default:
        return false;
    }
}


curl_socket_t
cx_http_loop_socket(void *data, curlsocktype purpose,
    struct curl_sockaddr *addr)
{
    int              fd;
    cx_http_loop    *l = data;

    (void) purpose;

    if (l->guarded && !cx_http_address_public(addr)) {
        return CURL_SOCKET_BAD;
    }

    fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                addr->protocol);
    if (fd == -1) {
        return CURL_SOCKET_BAD;
    }

    if (add(l, fd, true) == NULL) {
        (void) close(fd);
        return CURL_SOCKET_BAD;
    }

    return fd;
}


static int
close_socket(void *data, curl_socket_t fd)
{
    cx_http_loop    *l = data;
    cx_http_socket  *s = find(l, fd);

    if (s != NULL) {
        drop(l, s);
    }

    return close(fd);
}


/* libcurl wants other events.  Descriptors that are not ours (its resolver's)
 * may be closed behind our back as soon as it stops watching them. */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socketp)
{
    cx_http_loop    *l = data;
    cx_http_socket  *s = find(l, fd);

    (void) easy;
    (void) socketp;

    if (what == CURL_POLL_REMOVE) {
        if (s == NULL) {
            return 0;
        }

        if (!s->ours || !is_connected(s)) {
            drop(l, s);
            return 0;
        }

        s->wanted = 0;
        register_events(s, s->events & UV_READABLE);
        return 0;
    }

    if (s == NULL) {
        s = add(l, fd, false);
    }

    if (s == NULL) {
        return -1;
    }

    s->wanted = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0)
                | ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
    register_events(s, s->wanted);
    return 0;
}


/* --- the timer ----------------------------------------------------------- */

static void
on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}


static void
on_idle(uv_idle_t *idle)
{
    long           ms;
    cx_http_loop  *l = idle->data;

    (void) uv_idle_stop(idle);
    ms = l->timeout_ms;

    if (ms < 0) {
        (void) uv_timer_stop(&l->timer);

    } else if (ms == 0) {
        act(l, CURL_SOCKET_TIMEOUT, 0);

    } else {
        (void) uv_timer_start(&l->timer, on_timer, (uint64_t) ms, 0);
    }
}


static int
on_timeout(CURLM *multi, long ms, void *data)
{
    cx_http_loop  *l = data;

    (void) multi;
    l->timeout_ms = ms;
    (void) uv_idle_start(&l->idle, on_idle);
    return 0;
}


/* --- life ---------------------------------------------------------------- */

bool
cx_http_loop_open(cx_http_loop *l, uv_loop_t *loop, long max_calls)
{
    l->loop = loop;
    l->multi = curl_multi_init();

    if (l->multi == NULL) {
        return false;
    }

    (void) uv_timer_init(loop, &l->timer);
    (void) uv_idle_init(loop, &l->idle);
    l->timer.data = l->idle.data = l;
    l->handles = 2;
    l->timeout_ms = -1;

    curl_multi_setopt(l->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(l->multi, CURLMOPT_SOCKETDATA, l);
    curl_multi_setopt(l->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(l->multi, CURLMOPT_TIMERDATA, l);
    curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, max_calls);
    curl_multi_setopt(l->multi, CURLMOPT_PIPELINING, (long) CURLPIPE_NOTHING);
    return true;
}


void
cx_http_loop_use(cx_http_loop *l, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, cx_http_loop_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, l);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, l);
}


static void
on_closed(uv_handle_t *handle)
{
    cx_http_loop  *l = handle->data;

    if (--l->handles == 0) {
        l->closed(l);
    }
}


void
cx_http_loop_close(cx_http_loop *l)
{
    size_t  i;

    (void) curl_multi_cleanup(l->multi);
    l->multi = NULL;

    for (i = 0; i < l->nsockets; i++) {
        if (l->sockets[i] != NULL) {
            drop(l, l->sockets[i]);
        }
    }

    free(l->sockets);
    l->sockets = NULL;
    l->nsockets = 0;

    uv_close((uv_handle_t *) &l->timer, on_closed);
    uv_close((uv_handle_t *) &l->idle, on_closed);
}
