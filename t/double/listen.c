/* Where the double listens. */

#include "double.h"

#include <arpa/inet.h>
#include <stdio.h>


bool
td_listen_tcp(const char *host, int port, int *bound)
{
    int                 len;
    uv_tcp_t           *s = td_alloc(sizeof(*s));
    struct sockaddr_in  addr;

    len = sizeof(addr);
    if (uv_ip4_addr(host, port, &addr) != 0
        || uv_tcp_init(td.loop, s) != 0
        || uv_tcp_bind(s, (const struct sockaddr *) &addr, 0) != 0
        || uv_listen((uv_stream_t *) s, 4096, td_on_connection) != 0
        || uv_tcp_getsockname(s, (struct sockaddr *) &addr, &len) != 0)
    {
        fprintf(stderr, "double: cannot listen on %s:%d\n", host, port);
        return false;
    }

    *bound = ntohs(addr.sin_port);
    return true;
}


bool
td_listen_unix(const char *path)
{
    uv_pipe_t *s = td_alloc(sizeof(*s));

    if (uv_pipe_init(td.loop, s, 0) != 0
        || uv_pipe_bind(s, path) != 0
        || uv_listen((uv_stream_t *) s, 4096, td_on_connection) != 0)
    {
        fprintf(stderr, "double: cannot listen on %s\n", path);
        return false;
    }

    return true;
}
