/*
 * The load of the tests: posts signed WhatsApp deliveries over many keep-alive
 * connections and writes down what became of each, one line "<number>
 * <status>" an attempt (status 0: no whole answer came).
 *
 * Message n belongs to the customer n % peers, and a customer's messages all
 * go over one connection, so their order is the order of their numbers.
 * Duplicates repeat an earlier message over any connection.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define IN_MAX    4096
#define BODY_MAX  16384

typedef enum { DOWN, CONNECTING, IDLE, SENDING, READING } state;

typedef struct {
    int       fd;
    state     state;
    bool      served;          /* this connection answered once already */
    int64_t   wake_ms;         /* not before */
    size_t   *todo;
    size_t    ntodo, at;
    size_t    attempts;        /* of todo[at] */
    char      out[BODY_MAX + 1024];
    size_t    out_len, out_at;
    char      in[IN_MAX];
    size_t    in_len;
} conn;

static struct {
    int          port;
    const char  *path;
    const char  *secret_file;
    const char  *out;
    const char  *prefix;
    const char  *text;
    const char  *account;
    long         count, dup, connections, peers, seed, retry_ms, tries, rate;
    long         seconds;
} opt = { .path = "/hooks/wa-main", .prefix = "flood-", .text = "message",
          .account = "106540352242922", .count = 1000, .connections = 64,
          .peers = 100, .seed = 1, .tries = 1000 };

static unsigned char  secret[256];
static size_t         secret_len;
static FILE          *record;
static uint64_t       results[1000], errors, attempts, lost;
static uint64_t       rng;
static int64_t        next_send_us;


static int64_t
now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


static uint64_t
any(uint64_t below)
{
    rng = rng * 6364136223846793005ULL + 1442695040888963407ULL;
    return (rng >> 33) % below;
}


static void
die(const char *what)
{
    fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
    exit(1);
}


/* --- what is sent -------------------------------------------------------- */

static void
build(conn *c, size_t n)
{
    int             len, head;
    char            body[BODY_MAX], hex[2 * EVP_MAX_MD_SIZE + 1] = "";
    unsigned        i, mac_len = 0;
    unsigned char   mac[EVP_MAX_MD_SIZE];
    unsigned long   peer = 16505550000UL + n % (unsigned long) opt.peers;

    len = snprintf(body, sizeof(body),
        "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":"
        "\"102290129340398\",\"changes\":[{\"value\":{\"messaging_product\":"
        "\"whatsapp\",\"metadata\":{\"display_phone_number\":\"15550783881\","
        "\"phone_number_id\":\"%s\"},\"contacts\":[{\"profile\":{\"name\":"
        "\"Ana\"},\"wa_id\":\"%lu\"}],\"messages\":[{\"from\":\"%lu\","
        "\"id\":\"wamid.%s%zu\",\"timestamp\":\"%lld\",\"type\":\"text\","
        "\"text\":{\"body\":\"%s %zu\"}}]},\"field\":\"messages\"}]}]}",
        opt.account, peer, peer, opt.prefix, n, (long long) time(NULL),
        opt.text, n);
    if (len < 0 || (size_t) len >= sizeof(body)) {
        fputs("flood: the text is too long\n", stderr);
        exit(1);
    }

    HMAC(EVP_sha256(), secret, (int) secret_len, (unsigned char *) body,
         (size_t) len, mac, &mac_len);
    for (i = 0; i < mac_len; i++) {
        (void) snprintf(hex + 2 * i, 3, "%02x", mac[i]);
    }

    head = snprintf(c->out, sizeof(c->out),
        "POST %s HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/json\r\nContent-Length: %d\r\n"
        "X-Hub-Signature-256: sha256=%s\r\n\r\n", opt.path, len, hex);
    memcpy(c->out + head, body, (size_t) len);
    c->out_len = (size_t) (head + len);
    c->out_at = 0;
}


/* --- connections --------------------------------------------------------- */

static void
down(conn *c, int64_t wait_ms)
{
    if (c->fd >= 0) {
        close(c->fd);
    }

    c->fd = -1;
    c->state = DOWN;
    c->served = false;
    c->wake_ms = now_us() / 1000 + wait_ms;
}


/* One attempt has ended: 200 and the next, or the same again later. */
static void
ended(conn *c, int status)
{
    attempts++;
    if (status > 0 && status < 1000) {
        results[status]++;

    } else {
        errors++;
    }

    if (record != NULL) {
        fprintf(record, "%zu %d\n", c->todo[c->at], status);
    }

    c->attempts++;
    if (status != 200 && opt.retry_ms > 0
        && c->attempts < (size_t) opt.tries)
    {
        c->wake_ms = now_us() / 1000 + opt.retry_ms;
        return;
    }

    lost += status != 200;
    c->at++;
    c->attempts = 0;
}


static void
start_connect(conn *c)
{
    int                 one = 1;
    struct sockaddr_in  addr = { .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t) opt.port) };

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
        die("socket");
    }

    (void) setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(c->fd, (struct sockaddr *) &addr, sizeof(addr)) == 0) {
        c->state = IDLE;

    } else if (errno == EINPROGRESS) {
        c->state = CONNECTING;

    } else {
        down(c, 20);
    }
}


static void
on_connected(conn *c)
{
    int        err = 0;
    socklen_t  len = sizeof(err);

    (void) getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len);
    if (err != 0) {
        down(c, 20);
        return;
    }

    c->state = IDLE;
}


static bool
may_send(void)
{
    int64_t now;

    if (opt.rate == 0) {
        return true;
    }

    now = now_us();
    if (now < next_send_us) {
        return false;
    }

    next_send_us += 1000000 / opt.rate;
    if (next_send_us < now - 100000) {
        next_send_us = now - 100000;
    }

    return true;
}


static void
on_writable(conn *c)
{
    ssize_t n;

    n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at,
             MSG_NOSIGNAL);
    if (n < 0) {
        if (errno != EAGAIN) {
            down(c, 0);
            ended(c, 0);
        }

        return;
    }

    c->out_at += (size_t) n;
    if (c->out_at == c->out_len) {
        c->in_len = 0;
        c->state = READING;
    }
}


static void
on_readable(conn *c)
{
    int          status;
    size_t       len = 0, head;
    ssize_t      n;
    const char  *end, *p;

    n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, 0);
    if (n <= 0) {
        if (n < 0 && errno == EAGAIN) {
            return;
        }

        down(c, 0);
        ended(c, 0);
        return;
    }

    c->in_len += (size_t) n;
    end = memmem(c->in, c->in_len, "\r\n\r\n", 4);
    if (end == NULL) {
        return;
    }

    head = (size_t) (end - c->in) + 4;
    p = memmem(c->in, head, "\r\nContent-Length: ", 18);
    if (p != NULL) {
        len = (size_t) strtoul(p + 18, NULL, 10);
    }

    if (c->in_len < head + len) {
        return;
    }

    status = (int) strtol(c->in + 9, NULL, 10);
    c->served = true;
    if (memmem(c->in, head, "\r\nConnection: close", 19) != NULL) {
        down(c, 0);

    } else {
        c->state = IDLE;
    }

    ended(c, status);
}


/* --- the loop ------------------------------------------------------------ */

/* Idle keep-alive connections that the server closed are no lost requests. */
static bool
gone(const conn *c)
{
    char     byte;
    ssize_t  n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return n == 0 || (n < 0 && errno != EAGAIN);
}


static void
step(conn *c)
{
    if (c->at == c->ntodo || now_us() / 1000 < c->wake_ms) {
        return;
    }

    if (c->state == IDLE && c->served && gone(c)) {
        down(c, 0);
    }

    if (c->state == DOWN) {
        start_connect(c);
    }

    if (c->state == IDLE && may_send()) {
        build(c, c->todo[c->at]);
        c->state = SENDING;
        on_writable(c);
    }
}


static void
run(conn *conns, struct pollfd *fds)
{
    long     i, left;
    int64_t  stop_us = now_us() + opt.seconds * 1000000;

    do {
        left = 0;
        for (i = 0; i < opt.connections; i++) {
            step(&conns[i]);
            left += conns[i].at < conns[i].ntodo;
            fds[i].fd = conns[i].fd;
            fds[i].events = conns[i].state == READING ? POLLIN
                            : conns[i].state == CONNECTING
                              || conns[i].state == SENDING ? POLLOUT : 0;
        }

        if (poll(fds, (nfds_t) opt.connections, opt.rate > 0 ? 1 : 5) < 0
            && errno != EINTR)
        {
            die("poll");
        }

        for (i = 0; i < opt.connections; i++) {
            if (fds[i].fd < 0 || fds[i].fd != conns[i].fd
                || fds[i].revents == 0)
            {
                continue;
            }

            if (conns[i].state == CONNECTING) {
                on_connected(&conns[i]);

            } else if (conns[i].state == SENDING) {
                on_writable(&conns[i]);

            } else if (conns[i].state == READING) {
                on_readable(&conns[i]);
            }

            step(&conns[i]);
        }

    } while (left > 0 && (opt.seconds == 0 || now_us() < stop_us));
}


static void
give(conn *c, size_t n)
{
    if ((c->ntodo & (c->ntodo - 1)) == 0) {
        c->todo = realloc(c->todo, (c->ntodo > 0 ? 2 * c->ntodo : 1)
                                   * sizeof(*c->todo));
        if (c->todo == NULL) {
            die("memory");
        }
    }

    c->todo[c->ntodo++] = n;
}


static void
share_out(conn *conns)
{
    long    i;
    size_t  n = 0;

    for (i = 0; i < opt.count; i++) {
        if (n > 0 && any(100) < (uint64_t) opt.dup) {
            give(&conns[any((uint64_t) opt.connections)], any(n));
            continue;
        }

        give(&conns[n % (size_t) opt.peers % (size_t) opt.connections], n);
        n++;
    }

    printf("{\"distinct\":%zu,", n);
}


static void
summary(int64_t us)
{
    int i;

    printf("\"attempts\":%llu,\"errors\":%llu,\"lost\":%llu,\"status\":{",
           (unsigned long long) attempts, (unsigned long long) errors,
           (unsigned long long) lost);
    attempts = 0;
    for (i = 0; i < 1000; i++) {
        if (results[i] > 0) {
            printf("%s\"%d\":%llu", attempts++ > 0 ? "," : "", i,
                   (unsigned long long) results[i]);
        }
    }

    printf("},\"ms\":%lld}\n", (long long) (us / 1000));
}


static bool
read_options(int argc, char **argv)
{
    int     o;
    size_t  i;

    static const struct option  names[] = {
        { "port", 1, NULL, 0 },      { "path", 1, NULL, 0 },
        { "secret-file", 1, NULL, 0 }, { "out", 1, NULL, 0 },
        { "prefix", 1, NULL, 0 },    { "text", 1, NULL, 0 },
        { "account", 1, NULL, 0 },   { "count", 1, NULL, 0 },
        { "dup", 1, NULL, 0 },       { "connections", 1, NULL, 0 },
        { "peers", 1, NULL, 0 },     { "seed", 1, NULL, 0 },
        { "retry-ms", 1, NULL, 0 },  { "tries", 1, NULL, 0 },
        { "rate", 1, NULL, 0 },      { "seconds", 1, NULL, 0 },
        { NULL, 0, NULL, 0 }
    };
    const struct {
        const char  **text;
        long         *number;
    } where[] = {
        { NULL, NULL },              { &opt.path, NULL },
        { &opt.secret_file, NULL },  { &opt.out, NULL },
        { &opt.prefix, NULL },       { &opt.text, NULL },
        { &opt.account, NULL },      { NULL, &opt.count },
        { NULL, &opt.dup },          { NULL, &opt.connections },
        { NULL, &opt.peers },        { NULL, &opt.seed },
        { NULL, &opt.retry_ms },     { NULL, &opt.tries },
        { NULL, &opt.rate },         { NULL, &opt.seconds }
    };
    int  index;

    while ((o = getopt_long(argc, argv, "", names, &index)) != -1) {
        if (o != 0) {
            return false;
        }

        i = (size_t) index;
        if (where[i].text != NULL) {
            *where[i].text = optarg;

        } else if (where[i].number != NULL) {
            *where[i].number = strtol(optarg, NULL, 10);

        } else {
            opt.port = (int) strtol(optarg, NULL, 10);
        }
    }

    return opt.port > 0 && opt.secret_file != NULL && opt.peers > 0
           && opt.connections > 0;
}


static void
read_secret(void)
{
    FILE *f = fopen(opt.secret_file, "r");

    if (f == NULL) {
        die(opt.secret_file);
    }

    secret_len = fread(secret, 1, sizeof(secret), f);
    fclose(f);
    if (secret_len > 0 && secret[secret_len - 1] == '\n') {
        secret_len--;
    }
}


int
main(int argc, char **argv)
{
    long            i;
    conn           *conns;
    int64_t         start;
    struct pollfd  *fds;

    if (!read_options(argc, argv)) {
        fputs("flood --port N --secret-file FILE [--path P] [--out FILE]\n"
              "  [--count N] [--dup PERCENT] [--connections N] [--peers N]\n"
              "  [--retry-ms N] [--tries N] [--rate N] [--seconds N]\n"
              "  [--prefix S] [--text S] [--account ID] [--seed N]\n",
              stderr);
        return 2;
    }

    read_secret();
    rng = (uint64_t) opt.seed;
    if (opt.out != NULL && (record = fopen(opt.out, "w")) == NULL) {
        die(opt.out);
    }

    conns = calloc((size_t) opt.connections, sizeof(*conns));
    fds = calloc((size_t) opt.connections, sizeof(*fds));
    if (conns == NULL || fds == NULL) {
        die("memory");
    }

    for (i = 0; i < opt.connections; i++) {
        conns[i].fd = -1;
    }

    share_out(conns);
    start = now_us();
    next_send_us = start;
    run(conns, fds);
    summary(now_us() - start);

    for (i = 0; i < opt.connections; i++) {
        down(&conns[i], 0);
        free(conns[i].todo);
    }

    free(conns);
    free(fds);
    return record != NULL && fclose(record) != 0;
}
