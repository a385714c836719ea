/*
 * A libcurl multi handle on libuv: its sockets and its one timer.
 *
 * Two things make it cheap.  libcurl moves its timer several times a call: we
 * only note it, and set a libuv timer once per turn of the loop.  A socket
 * that libcurl stops watching (an idle connection) stays registered for
 * reading, so that the next call on it needs no epoll_ctl.
 */

#ifndef CX_WORKER_HTTP_LOOP_H
#define CX_WORKER_HTTP_LOOP_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>
#include <uv.h>

typedef struct cx_http_loop_s  cx_http_loop;
typedef struct cx_http_socket_s  cx_http_socket;

struct cx_http_loop_s {
    uv_loop_t        *loop;
    CURLM            *multi;
    uv_timer_t        timer;
    uv_idle_t         idle;          /* runs while timeout_ms waits */
    int               handles;
    long              timeout_ms;    /* as libcurl said last */
    cx_http_socket  **sockets;       /* by descriptor */
    size_t            nsockets;
    size_t            calls;         /* running; kept by the owner */
    bool              guarded;       /* public addresses only */
    void            (*ended)(cx_http_loop *l);    /* some call may be over */
    void            (*closed)(cx_http_loop *l);
    void             *owner;
};

bool cx_http_loop_open(cx_http_loop *l, uv_loop_t *loop, long max_calls);
/* All easy handles have been removed before; closed comes later. */
void cx_http_loop_close(cx_http_loop *l);
/* An easy handle that runs here opens and closes its sockets here too. */
void cx_http_loop_use(cx_http_loop *l, CURL *easy);
bool cx_http_address_public(const struct curl_sockaddr *addr);
/* What opens them; data is the cx_http_loop.  For a caller that looks at the
 * address before. */
curl_socket_t cx_http_loop_socket(void *data, curlsocktype purpose,
    struct curl_sockaddr *addr);

#endif /* CX_WORKER_HTTP_LOOP_H */
