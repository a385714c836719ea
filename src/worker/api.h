/*
 * The management API: libmicrohttpd on unix sockets, driven by the loop.
 * docs/API.md lists the routes.
 */

#ifndef CX_WORKER_API_H
#define CX_WORKER_API_H

#include "worker/worker.h"

typedef struct cx_api_s  cx_api;

/* One socket.  keyed: for a proxy's group (mode 0660), nothing without a key;
 * else for its owner (0600), who needs none.  NULL with *error set: the socket
 * is in use or cannot be made. */
cx_api *cx_api_new(uv_loop_t *loop, cx_str socket_path, bool keyed,
    cx_db *db, cx_worker *w, char *error, size_t error_size);
void cx_api_free(cx_api *api);

#endif /* CX_WORKER_API_H */
