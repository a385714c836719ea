/*
 * A server for the tests of the client, in threads of the test's own.
 */

#ifndef CX_T_UNIT_WORKER_HTTP_SERVER_H
#define CX_T_UNIT_WORKER_HTTP_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The server: one thread a connection.  What it does with a request is in
 * the path; "drop" closes without an answer unless it is the first request
 * of its connection.
 */
static atomic_int  drops_seen;
static atomic_int  now_open;
static atomic_int  now_busy;
static atomic_int  most_busy;
static int         listener;
static uint16_t    port;

static pthread_mutex_t  seen_mutex = PTHREAD_MUTEX_INITIALIZER;
static char             seen[8192];       /* the last request of /echo */


static size_t
read_request(int fd, char *buf, size_t size)
{
    char    *end, *length;
    size_t   len = 0, need = 0;
    ssize_t  n;

    for ( ;; ) {
        n = recv(fd, buf + len, size - 1 - len, 0);
        if (n <= 0) {
            return 0;
        }

        len += (size_t) n;
        buf[len] = '\0';
        end = strstr(buf, "\r\n\r\n");

        if (end == NULL) {
            continue;
        }

        length = strstr(buf, "Content-Length: ");
        need = (size_t) (end + 4 - buf)
               + (length != NULL ? strtoul(length + 16, NULL, 10) : 0);

        if (len >= need) {
            return len;
        }
    }
}


static void
say(int fd, const char *text)
{
    (void) !send(fd, text, strlen(text), MSG_NOSIGNAL);
}


static void
reset_on_close(int fd, bool reset)
{
    struct linger  now = { 1, 0 };

    if (reset) {
        (void) setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    }
}


/* Calls overlap.  Counted by request: a connection that they have closed may
 * be open here a little longer. */
static void
slow(void)
{
    int  busy = atomic_fetch_add(&now_busy, 1) + 1;

    if (busy > atomic_load(&most_busy)) {
        atomic_store(&most_busy, busy);
    }

    usleep(30000);
    atomic_fetch_sub(&now_busy, 1);
}


/* Server-sent events, three at most, 20 ms apart. */
static bool
events(int fd, const char *req)
{
    char        byte, line[64];
    const bool  big = strstr(req, "-big") != NULL;

    if (strstr(req, "-429") != NULL) {
        say(fd, "HTTP/1.1 429 Slow\r\nContent-Type: text/event-stream\r\n"
                "Content-Length: 4\r\n\r\ndata");
        return true;
    }

    say(fd, "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; "
            "charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n");

    for (int i = 1; i <= 3 || big; i++) {
        (void) snprintf(line, sizeof(line), "9\r\ndata: %d\n\n\r\n", i % 10);

        if (send(fd, line, strlen(line), MSG_NOSIGNAL) <= 0) {
            return false;
        }

        if (strstr(req, "-cut") != NULL) {
            return false;
        }

        if (strstr(req, "-hang") != NULL) {
            (void) !recv(fd, &byte, 1, 0);
            return false;
        }

        usleep(big ? 0 : 20000);
    }

    say(fd, "0\r\n\r\n");
    return true;
}


/* False: close the connection. */
static bool
answer(int fd, const char *req, int nth)
{
    static const char  ok[] = "HTTP/1.1 200 OK\r\nContent-Type: text/x\r\n"
                              "Content-Length: 2\r\n\r\nok";
    char               byte;
    char              *big;

    if (strstr(req, " /drop") != NULL) {
        atomic_fetch_add(&drops_seen, 1);

        if (nth > 0) {
            reset_on_close(fd, strstr(req, " /drop-reset") != NULL);
            return false;
        }

        say(fd, ok);
        return true;
    }

    if (strstr(req, " /hang") != NULL) {
        (void) !recv(fd, &byte, 1, 0);       /* until they give up */
        return false;
    }

    if (strstr(req, " /events") != NULL) {
        return events(fd, req);
    }

    if (strstr(req, " /slow") != NULL) {
        slow();
    }

    if (strstr(req, " /cut") != NULL) {
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
        return false;
    }

    if (strstr(req, " /big") != NULL) {
        big = calloc(1, 100001);
        memset(big, 'x', 100000);
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        say(fd, big);
        free(big);
        return true;
    }

    if (strstr(req, " /early") != NULL) {
        say(fd, "HTTP/1.1 100 Continue\r\nX-Old: 1\r\n\r\n"
                "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Type: a/b\r\n"
                "Content-Length: 0\r\n\r\n");
        return true;
    }

    if (strstr(req, " /echo") != NULL) {
        pthread_mutex_lock(&seen_mutex);
        (void) snprintf(seen, sizeof(seen), "%s", req);
        pthread_mutex_unlock(&seen_mutex);
    }

    say(fd, ok);
    return true;
}


static void *
serve(void *arg)
{
    int    fd = (int) (intptr_t) arg;
    int    n;
    char  *buf = malloc(262144);

    atomic_fetch_add(&now_open, 1);

    for (n = 0; read_request(fd, buf, 262144) > 0; n++) {
        if (!answer(fd, buf, n)) {
            break;
        }
    }

    free(buf);
    close(fd);
    atomic_fetch_sub(&now_open, 1);
    return NULL;
}


static void *
accept_all(void *arg)
{
    int        fd;
    pthread_t  t;

    (void) arg;

    while ((fd = accept(listener, NULL, NULL)) != -1) {
        pthread_create(&t, NULL, serve, (void *) (intptr_t) fd);
        pthread_detach(t);
    }

    return NULL;
}


static void
start_server(void)
{
    socklen_t           len = sizeof(struct sockaddr_in);
    pthread_t           t;
    struct sockaddr_in  sin = { .sin_family = AF_INET };

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(listener, (struct sockaddr *) &sin, sizeof(sin)) != 0
        || listen(listener, 64) != 0
        || getsockname(listener, (struct sockaddr *) &sin, &len) != 0)
    {
        exit(2);
    }

    port = ntohs(sin.sin_port);
    pthread_create(&t, NULL, accept_all, NULL);
    pthread_detach(t);
}

#endif /* CX_T_UNIT_WORKER_HTTP_SERVER_H */
