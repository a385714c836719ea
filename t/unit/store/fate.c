/*
 * The connection to PostgreSQL goes away with a commit: before it has reached
 * the server, or before the answer has come back.  Between the two stands a
 * relay of our own that cuts the line once, there or there.
 */

#include "unit/store/fixture.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

typedef enum {
    BEFORE,         /* the server never sees the commit */
    AFTER           /* it has committed, and nobody hears of it */
} moment;

static const char  word[] = "COMMIT";


static int
open_socket(const char *folder, bool listens)
{
    struct sockaddr_un  at = { .sun_family = AF_UNIX };
    const int           fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int                 rc;

    fx_must(fd >= 0, "socket");
    snprintf(at.sun_path, sizeof(at.sun_path), "%.80s/.s.PGSQL.5432", folder);
    rc = listens ? bind(fd, (struct sockaddr *) &at, sizeof(at))
                 : connect(fd, (struct sockaddr *) &at, sizeof(at));
    fx_must(rc == 0, "bind or connect");

    if (listens) {
        fx_must(listen(fd, 8) == 0, "listen");
    }

    return fd;
}


static void
put(int fd, const char *bytes, ssize_t n)
{
    fx_must(write(fd, bytes, (size_t) n) == n, "write");
}


/* One connection.  The first that prepares that word is cut; the test is told
 * so by a byte. */
static void
serve(int client, int server, moment when, int told, bool *cut)
{
    struct pollfd  fds[2] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };
    char           bytes[65536];
    ssize_t        n;
    bool           held = false;

    while (poll(fds, 2, -1) > 0) {
        if (fds[0].revents != 0) {
            n = read(client, bytes, sizeof(bytes));

            if (n > 0 && !*cut
                && memmem(bytes, (size_t) n, word, sizeof(word)) != NULL)
            {
                *cut = held = true;
                put(told, "x", 1);
            }

            if (n <= 0 || (held && when == BEFORE)) {
                return;
            }

            put(server, bytes, n);
        }

        if (fds[1].revents != 0) {
            n = read(server, bytes, sizeof(bytes));

            if (n <= 0 || held) {
                return;
            }

            put(client, bytes, n);
        }
    }
}


static void
relay(int listener, moment when, int told)
{
    const char  *place = getenv("CONNEXT_POSTGRESQL");
    bool         cut = false;
    int          client, server;

    while ((client = accept(listener, NULL, NULL)) >= 0) {
        server = open_socket(place, false);
        serve(client, server, when, told, &cut);
        close(client);
        close(server);
    }

    _exit(0);
}


static pid_t
start_relay(const char *folder, moment when, int *told)
{
    const int  listener = open_socket(folder, true);
    int        fds[2];
    pid_t      pid;

    fx_must(pipe(fds) == 0, "pipe");
    fflush(stdout);
    pid = fork();
    fx_must(pid >= 0, "fork");

    if (pid == 0) {
        close(fds[0]);
        (void) signal(SIGPIPE, SIG_IGN);
        relay(listener, when, fds[1]);
    }

    close(fds[1]);
    close(listener);
    *told = fds[0];
    return pid;
}


static void
commit_once(fixture *f, const char *folder, const char *peer, cx_err want)
{
    const cx_msg    m = fx_msg(peer, peer, "hello");
    const cx_take   in = fx_take(f, &m, T0);
    cx_message_row  row;
    cx_taken        t;
    char            url[256];
    cx_store       *s;
    cx_err          err;

    snprintf(url, sizeof(url), "postgresql://postgres@/%s?host=%s",
             f->folder, folder);
    s = fx_connect(url);
    fx_begin(s);
    fx_must(cx_store_take(s, &in, &t) == CX_OK, "take");
    err = cx_store_commit(s);
    tap_is_int(err, want, "what the commit says");

    if (err != CX_OK) {
        tap_ok(cx_store_again(s), "it may be tried again");
        cx_store_rollback(s);
    }

    tap_is_int(cx_store_message(f->s, t.message_id, f->a, &row),
               want == CX_OK ? CX_OK : CX_NOT_FOUND, "is what happened");
    cx_store_close(s);
}


static void
cut_line(fixture *f, moment when, cx_err want)
{
    char   folder[] = "/tmp/cx-fate-XXXXXX", path[64], byte = 0;
    pid_t  pid;
    int    told;

    fx_must(mkdtemp(folder) != NULL, "folder");
    pid = start_relay(folder, when, &told);
    commit_once(f, folder, when == BEFORE ? "4981" : "4982", want);

    kill(pid, SIGKILL);
    tap_ok(read(told, &byte, 1) == 1, "the line was cut");
    close(told);
    waitpid(pid, NULL, 0);
    snprintf(path, sizeof(path), "%s/.s.PGSQL.5432", folder);
    (void) unlink(path);
    (void) rmdir(folder);
}


int
main(void)
{
    fixture  f;

    if (getenv("CONNEXT_POSTGRESQL") == NULL) {
        printf("1..0 # SKIP no server: t/lib/postgres.pl\n");
        return 0;
    }

    setenv("CONNEXT_STORE", "postgresql", 1);
    fx_open(&f);

    cut_line(&f, AFTER, CX_OK);
    cut_line(&f, BEFORE, CX_IO);

    fx_close(&f);
    return tap_done();
}
