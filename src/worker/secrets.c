#include "worker/secrets.h"

#include "core/mac.h"
#include "worker/conf.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_ARENA  (256 * 1024)
#define AAD_ROOM    512

struct cx_secrets_s {
    pthread_mutex_t   mutex;
    char             *path;
    cx_keyring       *ring;         /* NULL: none, or not read yet */
};


cx_secrets *
cx_secrets_new(cx_str path)
{
    cx_secrets  *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        return NULL;
    }

    c->path = calloc(1, path.len + 1);

    if (c->path == NULL || pthread_mutex_init(&c->mutex, NULL) != 0) {
        free(c->path);
        free(c);
        return NULL;
    }

    if (path.len > 0) {
        memcpy(c->path, path.p, path.len);
    }

    return c;
}


void
cx_secrets_free(cx_secrets *c)
{
    if (c != NULL) {
        cx_keyring_free(c->ring);
        pthread_mutex_destroy(&c->mutex);
        free(c->path);
        free(c);
    }
}


static cx_err
read_ring(const char *path, cx_keyring **ring, char *error, size_t size)
{
    cx_arena    *a = cx_arena_new(FILE_ARENA);
    const char  *wrong;
    cx_str       text;
    cx_err       err;

    if (a == NULL) {
        (void) snprintf(error, size, "out of memory");
        return CX_NOMEM;
    }

    err = cx_key_file_load(cx_strz(path), a, &text, error, size);

    if (err == CX_OK) {
        err = cx_keyring_read(text, ring, &wrong);
        cx_secret_wipe((void *) (uintptr_t) text.p, text.len);

        if (err != CX_OK) {
            (void) snprintf(error, size, "%s: %s", path, wrong);
        }
    }

    cx_arena_free(a);
    return err;
}


cx_err
cx_secrets_reload(cx_secrets *c, char *error, size_t size)
{
    cx_keyring  *ring = NULL, *old;
    cx_err       err;

    if (c->path[0] == '\0') {
        (void) snprintf(error, size, "[secrets] key_file is not set");
        return CX_NO_SECRET;
    }

    err = read_ring(c->path, &ring, error, size);

    if (err != CX_OK) {
        return err;
    }

    pthread_mutex_lock(&c->mutex);
    old = c->ring;
    c->ring = ring;
    pthread_mutex_unlock(&c->mutex);
    cx_keyring_free(old);

    return CX_OK;
}


cx_str
cx_secrets_first(cx_secrets *c, cx_arena *a)
{
    cx_str  id = CX_NOSTR;

    pthread_mutex_lock(&c->mutex);

    if (c->ring != NULL) {
        id = cx_dup(a, cx_keyring_first(c->ring));
    }

    pthread_mutex_unlock(&c->mutex);
    return id;
}


bool
cx_secrets_has(cx_secrets *c, cx_str key_id)
{
    bool  has;

    pthread_mutex_lock(&c->mutex);
    has = c->ring != NULL && cx_keyring_has(c->ring, key_id);
    pthread_mutex_unlock(&c->mutex);

    return has;
}


/* "1/channel/42/token": a box fits where it was made for. */
static cx_str
aad_of(const cx_credential_row *row, char room[AAD_ROOM])
{
    const int  n = snprintf(room, AAD_ROOM, "%lld/%.*s/%lld/%.*s",
                            (long long) row->tenant, CX_ARG(row->kind),
                            (long long) row->owner_id, CX_ARG(row->name));

    return n > 0 && n < AAD_ROOM ? (cx_str) { (size_t) n, room } : CX_NOSTR;
}


cx_err
cx_secrets_seal(cx_secrets *c, const cx_credential_row *row, cx_str plain,
    cx_arena *a, cx_str *box)
{
    char          room[AAD_ROOM];
    const cx_str  aad = aad_of(row, room);
    cx_err        err = CX_NO_SECRET;

    if (aad.len == 0) {
        return CX_TOO_LARGE;
    }

    pthread_mutex_lock(&c->mutex);

    if (c->ring != NULL) {
        err = cx_seal(c->ring, aad, plain, a, box);
    }

    pthread_mutex_unlock(&c->mutex);
    return err;
}


cx_err
cx_secrets_open(cx_secrets *c, const cx_credential_row *row, cx_arena *a,
    cx_str *plain)
{
    char          room[AAD_ROOM];
    const cx_str  aad = aad_of(row, room);
    cx_err        err = CX_NO_SECRET;

    if (aad.len == 0) {
        return CX_TOO_LARGE;
    }

    pthread_mutex_lock(&c->mutex);

    if (c->ring != NULL) {
        err = cx_unseal(c->ring, aad, row->box, a, plain);
    }

    pthread_mutex_unlock(&c->mutex);
    return err;
}
