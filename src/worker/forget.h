/*
 * What is left outside the database of a customer who was erased: entries in
 * the streams of Redis, what a page could still fetch, files.
 */

#ifndef CX_WORKER_FORGET_H
#define CX_WORKER_FORGET_H

#include "store/erase.h"

typedef struct {
    bool     redis;            /* all of it was looked through */
    int64_t  entries;          /* taken out of streams */
    int64_t  files;            /* unlinked */
} cx_forgotten;

typedef void (*cx_forgotten_fn)(void *ctx, const cx_forgotten *what);

#endif /* CX_WORKER_FORGET_H */
