/*
 * The management API: libmicrohttpd on a unix socket, driven by the loop.
 * docs/API.md lists the routes.
 */

#ifndef CX_WORKER_API_H
#define CX_WORKER_API_H

#include "worker/worker.h"

typedef struct cx_api_s  cx_api;

/* NULL with *error set: the socket is in use or cannot be made. */
cx_api *cx_api_new(uv_loop_t *loop, cx_str socket_path, cx_db *db,
    cx_worker *w, char *error, size_t error_size);
void cx_api_free(cx_api *api);

#endif /* CX_WORKER_API_H */
