/*
 * The browsers and the publisher of `make bench-push`: opens event streams,
 * publishes to them at a steady rate and measures how long each event takes
 * to arrive.  Commands come line by line on stdin:
 *
 *   open N           so many streams; "OPENED n=..."
 *   run RATE S       so many events a second; "RESULT sent=.. got=.. p50=..",
 *                    times in microseconds
 *
 * client connext PORT REDIS-SOCKET SECRET
 * client nchan   PORT
 */

#include "core/arena.h"
#include "core/push.h"
#include "core/session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define STREAMS_MAX  100000
#define PUBLISHERS   8          /* connections to nchan; Redis needs one */
#define READ_MAX     65536
#define KEEP         512        /* bytes of an event that is not whole yet */
#define TEXT         "The pool is open from nine to nine, the sauna from " \
                     "noon; towels are at the desk, and children are "     \
                     "welcome with somebody who swims well."
#define MARK         "\"t\":"

/* What a browser adds to each request. */
#define BROWSER      "Host: localhost\r\nAccept: text/event-stream\r\n"       \
                     "User-Agent: Mozilla/5.0 (X11; Linux x86_64) "           \
                     "AppleWebKit/537.36 (KHTML, like Gecko) "                \
                     "Chrome/140.0.0.0 Safari/537.36\r\n"                     \
                     "Accept-Language: en-GB,en;q=0.9\r\n"                    \
                     "Accept-Encoding: gzip, deflate, br, zstd\r\n"           \
                     "Origin: https://shop.example.com\r\n"                   \
                     "Referer: https://shop.example.com/\r\n"                 \
                     "Cache-Control: no-store\r\n"

typedef struct {
    int     fd;
    size_t  len;
    char    kept[KEEP];
} stream;

typedef struct {
    bool      nchan;
    int       port;
    char     *redis;
    cx_mac   *mac;
    int       epoll;
    int       publish[PUBLISHERS];
    stream   *streams;
    size_t    n;
    int64_t  *took;             /* ns, an event each */
    size_t    got;
    size_t    room;
} bench;


static void
die(const char *what)
{
    fprintf(stderr, "push client: %s: %s\n", what, strerror(errno));
    exit(1);
}


static int64_t
now_ns(void)
{
    struct timespec  t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}


/* --- connections --------------------------------------------------------- */

static int
connect_tcp(int port)
{
    int                 one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in  a = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t) port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };

    if (fd < 0 || connect(fd, (struct sockaddr *) &a, sizeof(a)) != 0) {
        die("connect");
    }

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}


static int
connect_unix(const char *path)
{
    int                 fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un  a = { .sun_family = AF_UNIX };

    snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);

    if (fd < 0 || connect(fd, (struct sockaddr *) &a, sizeof(a)) != 0) {
        die(path);
    }

    return fd;
}


static void
write_all(int fd, const char *p, size_t len)
{
    ssize_t  n;

    while (len > 0) {
        n = write(fd, p, len);

        if (n < 0 && errno == EAGAIN) {
            continue;
        }

        if (n <= 0) {
            die("write");
        }

        p += n;
        len -= (size_t) n;
    }
}


static void
watch(bench *b, int fd, uint64_t which)
{
    struct epoll_event  e = { .events = EPOLLIN, .data.u64 = which };

    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0
        || epoll_ctl(b->epoll, EPOLL_CTL_ADD, fd, &e) != 0)
    {
        die("epoll");
    }
}


/* --- streams ------------------------------------------------------------- */

static cx_str
visitor(cx_arena *a, size_t i)
{
    return cx_printf(a, "%032zx", i + 1);
}


static void
ask_connext(bench *b, int fd, size_t i, cx_arena *a)
{
    const cx_session  s = {
        .channel = CX_STR("site"), .peer = visitor(a, i),
        .scope = CX_STR("chat"), .issued_s = time(NULL),
        .expires_s = time(NULL) + 3600,
    };
    const cx_str      ask = cx_printf(a, "GET /chat/site/stream HTTP/1.1\r\n"
                                      BROWSER "Authorization: Bearer "
                                      "%.*s\r\n\r\n",
                                      CX_ARG(cx_session_issue(b->mac, &s,
                                                              a)));

    write_all(fd, ask.p, ask.len);
}


static void
ask_nchan(int fd, size_t i, cx_arena *a)
{
    const cx_str  ask = cx_printf(a, "GET /sub?id=%.*s HTTP/1.1\r\n"
                                  BROWSER "\r\n", CX_ARG(visitor(a, i)));

    write_all(fd, ask.p, ask.len);
}


/* Its header has come when this returns. */
static void
open_one(bench *b, size_t i, cx_arena *a)
{
    char     head[4096];
    size_t   len = 0;
    ssize_t  n;
    int      fd = connect_tcp(b->port);

    if (b->nchan) {
        ask_nchan(fd, i, a);

    } else {
        ask_connext(b, fd, i, a);
    }

    do {
        n = read(fd, head + len, sizeof(head) - 1 - len);

        if (n <= 0) {
            die("no stream");
        }

        len += (size_t) n;
        head[len] = '\0';
    } while (strstr(head, "\r\n\r\n") == NULL);

    if (strncmp(head, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "push client: %s\n", head);
        exit(1);
    }

    b->streams[i] = (stream) { .fd = fd };
    watch(b, fd, i);
}


static void
open_all(bench *b, size_t n)
{
    cx_arena  *a = cx_arena_new(1024 * 1024);

    b->n = n < STREAMS_MAX ? n : STREAMS_MAX;
    b->streams = calloc(b->n, sizeof(stream));

    for (size_t i = 0; i < b->n; i++) {
        open_one(b, i, a);
        cx_arena_reset(a);
    }

    cx_arena_free(a);
    printf("OPENED n=%zu\n", b->n);
    fflush(stdout);
}


/* --- events that come ---------------------------------------------------- */

/* The event's own time stands in it as "t":<ns>}. */
static size_t
take_events(bench *b, const char *p, size_t len)
{
    size_t        used = 0;
    const char   *mark, *end;
    int64_t       now = now_ns();

    while ((mark = memmem(p + used, len - used, MARK, sizeof(MARK) - 1))
           != NULL
           && (end = memchr(mark, '}', (size_t) (p + len - mark))) != NULL)
    {
        if (b->got < b->room) {
            b->took[b->got++] = now - strtoll(mark + sizeof(MARK) - 1, NULL,
                                              10);
        }

        used = (size_t) (end - p) + 1;
    }

    return used;
}


static void
read_stream(bench *b, stream *s)
{
    static char  buf[KEEP + READ_MAX];
    size_t       used, len = s->len;
    ssize_t      n;

    memcpy(buf, s->kept, s->len);
    n = read(s->fd, buf + len, READ_MAX);

    if (n <= 0) {
        if (n < 0 && errno == EAGAIN) {
            return;
        }
        die("a stream ended");
    }

    len += (size_t) n;
    used = take_events(b, buf, len);
    s->len = len - used < KEEP ? len - used : KEEP;
    memcpy(s->kept, buf + len - s->len, s->len);
}


static void
wait_events(bench *b, int64_t ns)
{
    char                   drop[READ_MAX];
    struct epoll_event     e[256];
    const struct timespec  t = { ns / 1000000000, ns % 1000000000 };
    const int              n = epoll_pwait2(b->epoll, e, 256, &t, NULL);

    for (int i = 0; i < n; i++) {
        if (e[i].data.u64 < b->n) {
            read_stream(b, &b->streams[e[i].data.u64]);

        } else if (read(b->publish[e[i].data.u64 - STREAMS_MAX], drop,
                        sizeof(drop)) == 0)
        {
            die("the publisher's connection ended");
        }
    }
}


/* --- events that go ------------------------------------------------------ */

static void
publish_redis(bench *b, size_t to, size_t serial, cx_arena *a)
{
    char           tag[CX_PUSH_TAG_LEN], key[CX_PUSH_KEY_MAX];
    char           channel[CX_PUSH_KEY_MAX];
    cx_buf         out;

    const cx_str   prefix = CX_STR("cx");
    const bool     ok = cx_push_tag(CX_STR("site"), visitor(a, to), tag);
    const cx_str   name = { ok ? sizeof(tag) : 0, tag };
    const cx_str   parts[] = {
        CX_STR("FCALL"), CX_STR(CX_PUSH_FUNCTION), CX_STR("1"),
        { cx_push_stream(key, prefix, name), key },
        { cx_push_channel(channel, prefix, name), channel },
        cx_printf(a, "ms_%zu", serial), CX_STR("message"),
        cx_printf(a, "{\"text\":\"" TEXT "\"," MARK "%lld}",
                  (long long) now_ns()),
        CX_NOSTR,
    };
    const size_t   n = sizeof(parts) / sizeof(parts[0]);

    cx_buf_init(&out, a, 1024, 4096);
    cx_buf_printf(&out, "*%zu\r\n", n);

    for (size_t i = 0; i < n; i++) {
        cx_buf_printf(&out, "$%zu\r\n", parts[i].len);
        cx_buf_add(&out, parts[i]);
        cx_buf_add(&out, CX_STR("\r\n"));
    }

    write_all(b->publish[0], out.p, out.len);
}


static void
publish_nchan(bench *b, size_t to, size_t serial, cx_arena *a)
{
    const cx_str  body = cx_printf(a, "{\"text\":\"" TEXT "\"," MARK "%lld}",
                                   (long long) now_ns());
    const cx_str  ask = cx_printf(a, "POST /pub?id=%.*s HTTP/1.1\r\n"
                                  "Host: localhost\r\nContent-Length: %zu"
                                  "\r\n\r\n%.*s", CX_ARG(visitor(a, to)),
                                  body.len, CX_ARG(body));

    write_all(b->publish[serial % PUBLISHERS], ask.p, ask.len);
}


static int
by_size(const void *x, const void *y)
{
    const int64_t  a = *(const int64_t *) x, b = *(const int64_t *) y;

    return (a > b) - (a < b);
}


static void
report(bench *b, size_t sent)
{
    qsort(b->took, b->got, sizeof(*b->took), by_size);

    printf("RESULT sent=%zu got=%zu p50=%.1f p99=%.1f max=%.1f\n", sent,
           b->got, b->got > 0 ? (double) b->took[b->got / 2] / 1000 : 0,
           b->got > 0 ? (double) b->took[b->got * 99 / 100] / 1000 : 0,
           b->got > 0 ? (double) b->took[b->got - 1] / 1000 : 0);
    fflush(stdout);
}


/* An event every 1/rate seconds, each to another stream. */
static void
run(bench *b, int64_t rate, int64_t seconds)
{
    static size_t   serial;
    cx_arena       *a = cx_arena_new(1024 * 1024);
    const size_t    total = (size_t) (rate * seconds);
    const int64_t   gap = 1000000000 / rate;
    int64_t         left, start = now_ns();
    size_t          sent = 0;

    free(b->took);
    b->took = calloc(total, sizeof(*b->took));
    b->room = total;
    b->got = 0;

    while (b->got < total
           && now_ns() - start < (seconds + 10) * 1000000000)
    {
        while (sent < total && start + (int64_t) sent * gap <= now_ns()) {
            const size_t  to = (size_t) rand() % b->n;

            if (b->nchan) {
                publish_nchan(b, to, serial, a);

            } else {
                publish_redis(b, to, serial, a);
            }

            cx_arena_reset(a);
            serial++;
            sent++;
            wait_events(b, 0);
        }

        left = start + (int64_t) sent * gap - now_ns();
        wait_events(b, sent == total ? 100000000 : left > 0 ? left : 0);
    }

    cx_arena_free(a);
    report(b, sent);
}


/* The function must be there before the first event counts. */
static void
load_function(bench *b)
{
    char          answer[256];
    const size_t  len = strlen(cx_push_lua);
    char         *text = malloc(len + 128);
    const int     head = snprintf(text, len + 128,
                                  "*4\r\n$8\r\nFUNCTION\r\n$4\r\nLOAD\r\n"
                                  "$7\r\nREPLACE\r\n$%zu\r\n%s\r\n", len,
                                  cx_push_lua);

    write_all(b->publish[0], text, (size_t) head);
    free(text);

    if (read(b->publish[0], answer, sizeof(answer)) <= 0 || answer[0] == '-')
    {
        die("FUNCTION LOAD");
    }
}


int
main(int argc, char **argv)
{
    char     line[128];
    long     x, y;
    bench    b = { .epoll = epoll_create1(0) };
    size_t   publishers;

    if (argc < 3) {
        fprintf(stderr, "usage: client connext|nchan PORT [REDIS SECRET]\n");
        return 2;
    }

    prctl(PR_SET_TIMERSLACK, 1);
    b.nchan = strcmp(argv[1], "nchan") == 0;
    b.port = atoi(argv[2]);
    publishers = b.nchan ? PUBLISHERS : 1;

    if (!b.nchan && argc > 4) {
        b.redis = argv[3];
        b.mac = cx_mac_new(CX_MAC_SHA256, cx_strz(argv[4]));
    }

    for (size_t i = 0; i < publishers; i++) {
        b.publish[i] = b.nchan ? connect_tcp(b.port)
                               : connect_unix(b.redis);
    }

    if (!b.nchan) {
        load_function(&b);
    }

    for (size_t i = 0; i < publishers; i++) {
        watch(&b, b.publish[i], STREAMS_MAX + i);
    }

    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (sscanf(line, "open %ld", &x) == 1 && x > 0) {
            open_all(&b, (size_t) x);

        } else if (sscanf(line, "run %ld %ld", &x, &y) == 2 && x > 0) {
            run(&b, x, y);
        }
    }

    cx_mac_free(b.mac);
    return 0;
}
