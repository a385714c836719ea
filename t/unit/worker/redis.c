/* The client against a server that does what the command's name says. */

#include "unit/tap.h"
#include "unit/worker/wait.h"

#include "worker/redis.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LONG_MS  8000
#define ASKED    100

static char         dir[] = "/tmp/cx-redis-XXXXXX";
static char         path[64];
static uint16_t     port;
static atomic_int   open_now;
static atomic_int   selected = -1;
static atomic_bool  no_auth;            /* AUTH is refused */
static uv_loop_t    loop;


/* --- the server: inline RESP, one thread a connection -------------------- */

typedef struct {
    int     fd;
    size_t  len;
    char    buf[262144];
} peer;


static bool
fill(peer *p)
{
    ssize_t  n = recv(p->fd, p->buf + p->len, sizeof(p->buf) - p->len, 0);

    if (n <= 0) {
        return false;
    }

    p->len += (size_t) n;
    return true;
}


/* Takes "*2\r\n" or "$5\r\n"; the number, -1 when the peer is gone. */
static long
take_number(peer *p)
{
    long   n;
    char  *end;

    while ((end = memchr(p->buf, '\n', p->len)) == NULL) {
        if (!fill(p)) {
            return -1;
        }
    }

    n = strtol(p->buf + 1, NULL, 10);
    p->len -= (size_t) (end + 1 - p->buf);
    memmove(p->buf, end + 1, p->len);
    return n;
}


static bool
take_arg(peer *p, char *arg, size_t size, size_t *len)
{
    long  n = take_number(p);

    if (n < 0 || (size_t) n >= size) {
        return false;
    }

    while (p->len < (size_t) n + 2) {
        if (!fill(p)) {
            return false;
        }
    }

    memcpy(arg, p->buf, (size_t) n);
    arg[n] = '\0';
    *len = (size_t) n;
    p->len -= (size_t) n + 2;
    memmove(p->buf, p->buf + n + 2, p->len);
    return true;
}


static void
say(int fd, const char *text)
{
    (void) !send(fd, text, strlen(text), MSG_NOSIGNAL);
}


static void
say_bulk(int fd, const char *arg, size_t len)
{
    char  head[32];

    (void) snprintf(head, sizeof(head), "$%zu\r\n", len);
    say(fd, head);
    (void) !send(fd, arg, len, MSG_NOSIGNAL);
    say(fd, "\r\n");
}


/* False: the connection is over. */
static bool
obey(peer *p, const char *name, const char *arg, size_t len)
{
    struct linger  now = { 1, 0 };

    if (strcmp(name, "ECHO") == 0) {
        say_bulk(p->fd, arg, len);

    } else if (strcmp(name, "SELECT") == 0) {
        atomic_store(&selected, (int) strtol(arg, NULL, 10));
        say(p->fd, "+OK\r\n");

    } else if (strcmp(name, "AUTH") == 0) {
        say(p->fd, atomic_load(&no_auth) ? "-WRONGPASS no\r\n" : "+OK\r\n");

    } else if (strcmp(name, "ERROR") == 0) {
        say(p->fd, "-ERR as asked\r\n");

    } else if (strcmp(name, "DROP") == 0) {
        return false;

    } else if (strcmp(name, "RESET") == 0) {
        (void) setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        return false;

    } else if (strcmp(name, "GARBAGE") == 0) {
        say(p->fd, "!what\r\n");

    } else {                            /* HANG, and all behind it */
        while (fill(p)) {
            p->len = 0;
        }

        return false;
    }

    return true;
}


static void *
serve(void *data)
{
    long    n;
    char   *args = calloc(3, 70000);
    peer   *p = data;
    size_t  len = 0;
    bool    good = true;

    while (good && (n = take_number(p)) > 0 && n <= 3) {
        for (long i = 0; i < n && good; i++) {
            good = take_arg(p, args + i * 70000, 70000, &len);
        }

        good = good && obey(p, args, args + (n > 1 ? 70000 : 0),
                            n > 1 ? len : 0);
    }

    close(p->fd);
    free(args);
    free(p);
    atomic_fetch_sub(&open_now, 1);
    return NULL;
}


static void *
accept_all(void *data)
{
    int        fd, listener = (int) (intptr_t) data;
    peer      *p;
    pthread_t  t;

    while ((fd = accept(listener, NULL, NULL)) != -1) {
        p = calloc(1, sizeof(*p));
        p->fd = fd;
        atomic_fetch_add(&open_now, 1);
        pthread_create(&t, NULL, serve, p);
        pthread_detach(t);
    }

    return NULL;
}


static void
listen_on(int fd, struct sockaddr *addr, socklen_t len)
{
    pthread_t  t;

    if (fd == -1 || bind(fd, addr, len) != 0 || listen(fd, 16) != 0) {
        exit(2);
    }

    pthread_create(&t, NULL, accept_all, (void *) (intptr_t) fd);
    pthread_detach(t);
}


static void
listen_unix(void)
{
    struct sockaddr_un  un = { .sun_family = AF_UNIX };

    (void) snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
    listen_on(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *) &un,
              sizeof(un));
}


/* A port that is free now; listen_tcp opens it. */
static void
choose_port(void)
{
    int                 fd = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t           len = sizeof(struct sockaddr_in);
    struct sockaddr_in  sin = { .sin_family = AF_INET };

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    if (bind(fd, (struct sockaddr *) &sin, sizeof(sin)) != 0
        || getsockname(fd, (struct sockaddr *) &sin, &len) != 0)
    {
        exit(2);
    }

    port = ntohs(sin.sin_port);
    close(fd);
}


static void
listen_tcp(void)
{
    int                 one = 1;
    int                 fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in  sin = { .sin_family = AF_INET };

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sin.sin_port = htons(port);
    (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    listen_on(fd, (struct sockaddr *) &sin, sizeof(sin));
}


/* --- the client's side --------------------------------------------------- */

typedef struct {
    cx_redis  *redis;
    int        ups;
    int        downs;
    char       why[160];
} watcher;

typedef struct {
    int        calls;
    bool       null;
    int        type;
    char       text[70000];
    cx_redis  *free_me;
    cx_redis  *ask_again;       /* a second command from the callback */
} reply;

static reply  replies[ASKED + 3];


static void
on_state(void *ctx, bool up, const char *why)
{
    watcher  *w = ctx;

    w->ups += up ? 1 : 0;
    w->downs += up ? 0 : 1;

    if (!up) {
        (void) snprintf(w->why, sizeof(w->why), "%s", why);
    }
}


static void
on_reply(void *ctx, const redisReply *r)
{
    cx_str  argv[] = { CX_STR("ECHO"), CX_STR("again") };
    reply  *to = ctx;

    to->calls++;
    to->null = r == NULL;

    if (r != NULL) {
        to->type = r->type;
        (void) snprintf(to->text, sizeof(to->text), "%.*s", (int) r->len,
                        r->str);
    }

    if (to->ask_again != NULL) {
        cx_redis_command(to->ask_again, 2, argv, 1000, on_reply, to + 1);
    }

    if (to->free_me != NULL) {
        cx_redis_free(to->free_me);
    }
}


static bool
is_up(void *ctx)
{
    return cx_redis_up(((watcher *) ctx)->redis);
}


static bool
is_down(void *ctx)
{
    return ((watcher *) ctx)->downs > 0;
}


static bool
was_called(void *ctx)
{
    return ((reply *) ctx)->calls > 0;
}


static void
ask(cx_redis *r, const char *name, const char *arg, int64_t timeout_ms,
    reply *to)
{
    cx_str  argv[] = { cx_strz(name), cx_strz(arg) };

    cx_redis_command(r, arg != NULL ? 2 : 1, argv, timeout_ms, on_reply, to);
}


static void
watch(watcher *w, const char *address, const char *password)
{
    memset(w, 0, sizeof(*w));
    w->redis = cx_redis_new(&loop, cx_strz(address), CX_STR("me"),
                            cx_strz(password), 3, on_state, w);
    cx_redis_start(w->redis);
}


static void
clear(void)
{
    memset(replies, 0, sizeof(replies));
}


static void
test_addresses(void)
{
    static const char *const  bad[] = {
        "", "host", ":1", "host:", "host:0", "host:65536", "host:x"
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        tap_ok(cx_redis_new(&loop, cx_strz(bad[i]), CX_NOSTR, CX_NOSTR, 0,
                            NULL, NULL) == NULL, "bad address \"%s\"",
               bad[i]);
    }
}


/* Nobody listens at first. */
static void
test_late(const char *address, void (*open_server)(void))
{
    watcher  w;

    clear();
    watch(&w, address, "");
    ask(w.redis, "ECHO", "x", 1000, &replies[0]);
    tap_is_int(replies[0].calls, 0, "not from inside the call");
    (void) wait_until(&loop, was_called, &replies[0], LONG_MS);
    tap_ok(replies[0].null, "not up: NULL soon");

    tap_ok(wait_until(&loop, is_down, &w, 1000), "refused: told at once");
    tap_ok(w.why[0] != '\0', "and why: %s", w.why);
    open_server();
    tap_ok(wait_until(&loop, is_up, &w, LONG_MS), "up later: %s", address);
    tap_is_int(w.ups, 1, "told once");
    tap_is_int(atomic_load(&selected), 3, "the database was chosen");
    cx_redis_free(w.redis);
}


static void
test_replies(cx_redis *r)
{
    int      good = 0;
    char     text[16];
    cx_str   binary[] = { CX_STR("ECHO"), CX_STR_INIT("a\0\r\nb") };
    char    *big = calloc(1, 65001);

    clear();

    for (int i = 0; i < ASKED; i++) {
        (void) snprintf(text, sizeof(text), "n%d", i);
        ask(r, "ECHO", text, 1000, &replies[i]);
    }

    memset(big, 'x', 65000);
    cx_redis_command(r, 2, binary, 0, on_reply, &replies[ASKED]);
    ask(r, "ECHO", big, 0, &replies[ASKED + 1]);
    ask(r, "ERROR", NULL, 0, &replies[ASKED + 2]);
    tap_is_int(replies[0].calls, 0, "not from inside the call");
    (void) wait_until(&loop, was_called, &replies[ASKED + 2], LONG_MS);

    for (int i = 0; i < ASKED; i++) {
        (void) snprintf(text, sizeof(text), "n%d", i);
        good += replies[i].calls == 1 && strcmp(replies[i].text, text) == 0;
    }

    tap_is_int(good, ASKED, "each its own answer");
    tap_ok(replies[ASKED].calls == 1 && replies[ASKED].text[0] == 'a',
           "binary");
    tap_is_int((int64_t) strlen(replies[ASKED + 1].text), 65000, "large");
    tap_is_int(replies[ASKED + 2].type, REDIS_REPLY_ERROR,
               "an error is a reply");
    free(big);
}


/* One that fails takes along what is behind it, and nothing after. */
static void
test_fall(watcher *w, const char *name, const char *what)
{
    clear();
    w->downs = w->ups = 0;
    ask(w->redis, "ECHO", "before", 0, &replies[0]);
    ask(w->redis, name, NULL, 100, &replies[1]);
    ask(w->redis, "ECHO", "behind", 5000, &replies[2]);
    (void) wait_until(&loop, was_called, &replies[2], LONG_MS);
    tap_ok(replies[1].calls == 1 && replies[1].null, "%s: NULL", what);
    tap_ok(replies[2].calls == 1, "%s: the one behind is called back", what);
    tap_ok(strcmp(name, "HANG") != 0 || replies[2].null,
           "%s: out of step is not delivered", what);

    tap_ok(wait_until(&loop, is_up, w, LONG_MS), "%s: up again", what);
    tap_is_int(w->downs, 1, "told down once");
    ask(w->redis, "ECHO", "after", 1000, &replies[3]);
    (void) wait_until(&loop, was_called, &replies[3], LONG_MS);
    tap_is_str(cx_strz(replies[3].text), CX_STR("after"),
               "the next gets its own answer");
}


static void
test_auth(const char *address)
{
    watcher  w;

    atomic_store(&no_auth, true);
    watch(&w, address, "secret");
    (void) wait_until(&loop, is_down, &w, LONG_MS);
    tap_ok(strstr(w.why, "WRONGPASS") != NULL, "refused: %s", w.why);
    tap_ok(strstr(w.why, "secret") == NULL, "without the password");
    tap_is_int(w.ups, 0, "never up");

    atomic_store(&no_auth, false);
    tap_ok(wait_until(&loop, is_up, &w, LONG_MS), "accepted: up");
    cx_redis_free(w.redis);
}


static void
test_free(const char *address)
{
    watcher  w;

    clear();
    watch(&w, address, "");
    (void) wait_until(&loop, is_up, &w, LONG_MS);
    ask(w.redis, "HANG", NULL, 0, &replies[0]);
    ask(w.redis, "ECHO", "x", 0, &replies[1]);
    w.downs = 0;
    cx_redis_free(w.redis);
    tap_ok(replies[0].null && replies[1].null
           && replies[0].calls + replies[1].calls == 2,
           "freed: what waits hears NULL");
    tap_is_int(w.downs, 0, "and no more of the state");

    clear();
    watch(&w, address, "");
    (void) wait_until(&loop, is_up, &w, LONG_MS);
    replies[0].free_me = w.redis;
    ask(w.redis, "ECHO", "x", 0, &replies[0]);
    ask(w.redis, "ECHO", "y", 0, &replies[1]);
    (void) wait_until(&loop, was_called, &replies[1], LONG_MS);
    tap_ok(!replies[0].null && replies[1].null
           && replies[0].calls == 1 && replies[1].calls == 1,
           "freed inside a callback");

    clear();
    watch(&w, address, "");
    (void) wait_until(&loop, is_up, &w, LONG_MS);
    replies[0].ask_again = w.redis;
    ask(w.redis, "DROP", NULL, 0, &replies[0]);
    (void) wait_until(&loop, was_called, &replies[1], LONG_MS);
    tap_is_int(replies[1].calls, 1, "a command from a failed one's callback");
    cx_redis_free(w.redis);
}


static bool
none_open(void *ctx)
{
    (void) ctx;
    return atomic_load(&open_now) == 0;
}


int
main(void)
{
    char     unix_address[96], tcp_address[64];
    watcher  w;

    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop);

    if (mkdtemp(dir) == NULL) {
        return 2;
    }

    choose_port();
    (void) snprintf(path, sizeof(path), "%s/r.sock", dir);
    (void) snprintf(unix_address, sizeof(unix_address), "unix:%s", path);
    (void) snprintf(tcp_address, sizeof(tcp_address), "127.0.0.1:%u", port);

    test_addresses();
    test_late(unix_address, listen_unix);
    test_late(tcp_address, listen_tcp);

    watch(&w, tcp_address, "");
    (void) wait_until(&loop, is_up, &w, LONG_MS);
    test_replies(w.redis);
    test_fall(&w, "DROP", "closed");
    test_fall(&w, "RESET", "reset");
    test_fall(&w, "GARBAGE", "garbage");
    test_fall(&w, "HANG", "no answer in time");
    cx_redis_free(w.redis);

    test_auth(unix_address);
    test_free(unix_address);

    tap_ok(wait_until(&loop, none_open, NULL, LONG_MS),
           "no connection is left");
    tap_ok(wait_empty(&loop, 5000), "the loop is empty at the end");
    unlink(path);
    rmdir(dir);
    return tap_done();
}
