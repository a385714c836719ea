/*
 * A unix socket of the API: its mode from its first moment; a file left
 * by a dead process is replaced, one of a living process is not.
 */

#ifndef CX_WORKER_API_SOCKET_H
#define CX_WORKER_API_SOCKET_H

#include "core/str.h"

#include <sys/types.h>

typedef struct {
    int    fd;
    char   path[108];
    dev_t  dev;             /* of the file we made */
    ino_t  ino;
} cx_api_socket;

bool cx_api_socket_open(cx_api_socket *s, cx_str path, mode_t mode,
    char *error, size_t error_size);
/* Removes the file, if it is still ours; the descriptor stays. */
void cx_api_socket_unlink(cx_api_socket *s);
void cx_api_socket_close(cx_api_socket *s);

#endif /* CX_WORKER_API_SOCKET_H */
