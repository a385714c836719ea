/*
 * Where fetched attachments lie: in a folder, or in an S3-compatible storage,
 * each under its tenant and its SHA-256.  These calls block: they are for a
 * thread of the pool.
 */

#ifndef CX_WORKER_KEEP_H
#define CX_WORKER_KEEP_H

#include "core/arena.h"

#define CX_KEEP_PLACE  512

typedef struct cx_keep_s {
    const char  *dir;
    const char  *s3_url;        /* "": none */
    const char  *s3_region;
    const char  *s3_key_id;
    const char  *s3_secret;
} cx_keep;

/* Makes the folder and its "tmp", and empties that of what dead processes
 * have left.  False: errno. */
bool cx_keep_open(const char *dir);

/* The file tmp, of that digest (64 hex digits), goes where it stays, and is
 * on the disk when this returns true; place gets "1/ab/ab12..." or the URL in
 * the storage.  False: error is for people, tmp is where it was. */
bool cx_keep_file(const cx_keep *k, int64_t tenant, const char *tmp,
    const char *sha256, const char *type, char place[CX_KEEP_PLACE],
    char *error, size_t error_size);

/* Takes away what lies there, unless it was written anew since gone_at; true:
 * it is not there any more, and *dropped tells whether it was. */
bool cx_keep_drop(const cx_keep *k, cx_str place, int64_t gone_at,
    bool *dropped);

/* What lies there, in memory of malloc; NULL: it is not there, is longer than
 * max, or is empty. */
char *cx_keep_read(const cx_keep *k, cx_str place, size_t max, size_t *len);

#endif /* CX_WORKER_KEEP_H */
