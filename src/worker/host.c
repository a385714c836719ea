#include "worker/host.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>


void
cx_host_harden(void)
{
    const struct rlimit  none = { 0, 0 };

    (void) setrlimit(RLIMIT_CORE, &none);

    /* The leak checker must be able to trace its own process. */
#ifndef __SANITIZE_ADDRESS__
    (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}


void
cx_host_notify(const char *state)
{
    int                 fd;
    size_t              len;
    const char         *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un  un = { .sun_family = AF_UNIX };

    if (path == NULL || (path[0] != '/' && path[0] != '@')) {
        return;
    }

    len = strlen(path);
    if (len >= sizeof(un.sun_path)) {
        return;
    }

    memcpy(un.sun_path, path, len);

    if (path[0] == '@') {
        un.sun_path[0] = '\0';             /* an abstract name */
    }

    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd == -1) {
        return;
    }

    (void) sendto(fd, state, strlen(state), MSG_NOSIGNAL,
                  (struct sockaddr *) &un,
                  (socklen_t) (offsetof(struct sockaddr_un, sun_path) + len));
    (void) close(fd);
}
