#include "worker/api_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG  64


static bool
refuse(const cx_api_socket *s, const char *why, char *error, size_t size)
{
    (void) snprintf(error, size, "%s: %s", s->path, why);
    return false;
}


static void
address(const cx_api_socket *s, struct sockaddr_un *un)
{
    memset(un, 0, sizeof(*un));
    un->sun_family = AF_UNIX;
    (void) snprintf(un->sun_path, sizeof(un->sun_path), "%s", s->path);
}


static int
new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}


/* False: somebody listens there, or we cannot tell. */
static bool
is_stale(const cx_api_socket *s)
{
    int                 fd, rc;
    struct sockaddr_un  un;

    fd = new_socket();
    if (fd == -1) {
        return false;
    }

    address(s, &un);
    rc = connect(fd, (struct sockaddr *) &un, sizeof(un));
    rc = rc == -1 ? errno : 0;
    (void) close(fd);
    return rc == ECONNREFUSED;
}


static bool
make_way(const cx_api_socket *s, char *error, size_t size)
{
    struct stat  st;

    if (lstat(s->path, &st) == -1) {
        return errno == ENOENT || refuse(s, strerror(errno), error, size);
    }

    if (!S_ISSOCK(st.st_mode)) {
        return refuse(s, "exists and is not a socket", error, size);
    }

    if (!is_stale(s)) {
        return refuse(s, "another process listens there", error, size);
    }

    if (unlink(s->path) == -1 && errno != ENOENT) {
        return refuse(s, strerror(errno), error, size);
    }

    return true;
}


/* The mode of the descriptor becomes that of the file: no moment in which
 * others may connect, and no umask, which the store's threads share. */
static bool
bind_and_listen(cx_api_socket *s, mode_t mode)
{
    struct stat         st;
    struct sockaddr_un  un;

    address(s, &un);

    if (fchmod(s->fd, mode) == -1
        || bind(s->fd, (struct sockaddr *) &un, sizeof(un)) == -1
        || lstat(s->path, &st) == -1)
    {
        return false;
    }

    s->dev = st.st_dev;
    s->ino = st.st_ino;

    return chmod(s->path, mode) == 0 && listen(s->fd, BACKLOG) == 0;
}


bool
cx_api_socket_open(cx_api_socket *s, cx_str path, mode_t mode, char *error,
    size_t error_size)
{
    int  rc;

    memset(s, 0, sizeof(*s));
    s->fd = -1;

    if (path.len == 0 || path.len >= sizeof(s->path)) {
        (void) snprintf(error, error_size, "%.*s: is too long for a socket",
                        CX_ARG(path));
        return false;
    }

    memcpy(s->path, path.p, path.len);

    if (!make_way(s, error, error_size)) {
        return false;
    }

    s->fd = new_socket();
    if (s->fd == -1) {
        return refuse(s, strerror(errno), error, error_size);
    }

    if (!bind_and_listen(s, mode)) {
        rc = errno;
        cx_api_socket_close(s);
        return refuse(s, strerror(rc), error, error_size);
    }

    return true;
}


void
cx_api_socket_unlink(cx_api_socket *s)
{
    struct stat  st;

    if (s->ino != 0 && lstat(s->path, &st) == 0 && st.st_dev == s->dev
        && st.st_ino == s->ino)
    {
        (void) unlink(s->path);
    }
}


void
cx_api_socket_close(cx_api_socket *s)
{
    cx_api_socket_unlink(s);

    if (s->fd != -1) {
        (void) close(s->fd);
        s->fd = -1;
    }
}
