/*
 * The keys of the installation: what opens and makes the boxes of the record.
 * One object for the process, used by any thread.  It keeps the last key file
 * that could be read; one that cannot be read later changes nothing.
 */

#ifndef CX_WORKER_SECRETS_H
#define CX_WORKER_SECRETS_H

#include "core/seal.h"
#include "store/credentials.h"

#define CX_SECRETS_ERROR  320

typedef struct cx_secrets_s  cx_secrets;

/* path empty: there are no keys, and every call says CX_NO_SECRET.  NULL: no
 * memory.  The file is read by the first reload. */
cx_secrets *cx_secrets_new(cx_str path);
void cx_secrets_free(cx_secrets *c);

/* CX_NO_SECRET: no file is set.  Otherwise error is for people. */
cx_err cx_secrets_reload(cx_secrets *c, char *error, size_t size);
/* The id of the key that seals; empty: none. */
cx_str cx_secrets_first(cx_secrets *c, cx_arena *a);
bool cx_secrets_has(cx_secrets *c, cx_str key_id);

/* row tells whose box it is; as cx_seal and cx_unseal, and CX_NO_SECRET
 * without keys. */
cx_err cx_secrets_seal(cx_secrets *c, const cx_credential_row *row,
    cx_str plain, cx_arena *a, cx_str *box);
cx_err cx_secrets_open(cx_secrets *c, const cx_credential_row *row,
    cx_arena *a, cx_str *plain);

/* All boxes under the first key: how far that is. */
typedef struct {
    bool     running;
    int64_t  started_at;     /* 0: never since the start of the process */
    int64_t  ended_at;
    int64_t  sealed;         /* anew, this time */
    int64_t  failed;         /* could not be opened */
} cx_rotation;

#endif /* CX_WORKER_SECRETS_H */
