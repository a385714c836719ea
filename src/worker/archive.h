/*
 * A tar archive in a file without a name: it is gone when it is closed.
 * The size of an entry need not be known before its bytes.
 */

#ifndef CX_WORKER_ARCHIVE_H
#define CX_WORKER_ARCHIVE_H

#include "core/str.h"

typedef struct {
    int      fd;
    int64_t  at;            /* where the next byte goes */
    int64_t  entry;         /* where the entry at hand begins */
    int64_t  mtime_s;
    bool     failed;        /* sticky: the disk, or a name */
} cx_archive;

bool cx_archive_open(cx_archive *a, const char *dir, int64_t mtime_s);
void cx_archive_begin(cx_archive *a);
void cx_archive_add(cx_archive *a, cx_str bytes);
void cx_archive_end(cx_archive *a, cx_str name);
/* At most max bytes of a file; false: none were left. */
bool cx_archive_copy(cx_archive *a, int from, size_t max);
/* The fd is to be read from its start then; *size bytes. */
bool cx_archive_finish(cx_archive *a, int64_t *size);

#endif /* CX_WORKER_ARCHIVE_H */
