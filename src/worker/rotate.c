#include "worker/rotate.h"

#include "core/mac.h"
#include "worker/engine.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH        100
#define BATCH_ARENA  (BATCH * 4 * 65536)
#define NAME_ROOM    64

struct cx_rotate_s {
    cx_db_job    job;
    cx_worker   *worker;
    cx_arena    *arena;
    cx_rotation  state;
    char         kind[NAME_ROOM];       /* of the last one looked at */
    char         name[NAME_ROOM];
    int64_t      owner_id;
    size_t       read;                  /* by the batch */
    int64_t      sealed;
    int64_t      failed;
    char         last_kind[NAME_ROOM];
    char         last_name[NAME_ROOM];
    int64_t      last_id;
};

static void next_batch(cx_rotate *r);


/* --- with the store ------------------------------------------------------ */

/* Somebody may set it anew meanwhile: then it is under the first key. */
static cx_err
reseal(cx_store *s, cx_rotate *r, const cx_credential_row *row)
{
    cx_secrets  *secrets = r->worker->secrets;
    cx_str       plain, box;
    cx_err       err = cx_secrets_open(secrets, row, r->arena, &plain);

    if (err != CX_OK) {
        r->failed++;
        return err == CX_NOMEM ? err : CX_OK;
    }

    err = cx_secrets_seal(secrets, row, plain, r->arena, &box);
    cx_secret_wipe((void *) (uintptr_t) plain.p, plain.len);

    if (err == CX_OK) {
        err = cx_store_credential_reseal(s, row, box);
        r->sealed += err == CX_OK;
    }

    return err == CX_STALE ? CX_OK : err;
}


static void
remember(cx_rotate *r, const cx_credential_row *row)
{
    (void) snprintf(r->last_kind, NAME_ROOM, "%.*s", CX_ARG(row->kind));
    (void) snprintf(r->last_name, NAME_ROOM, "%.*s", CX_ARG(row->name));
    r->last_id = row->owner_id;
}


static cx_err
batch_run(cx_store *s, cx_db_job *job)
{
    cx_rotate          *r = (cx_rotate *) job;
    cx_credential_list  list = { .n = 0 };
    cx_err              err;
    const cx_credential_row  after = {
        .kind = cx_strz(r->kind),
        .owner_id = r->owner_id,
        .name = cx_strz(r->name),
    };

    cx_arena_reset(r->arena);
    r->sealed = r->failed = 0;

    err = cx_store_credentials_behind(s, cx_secrets_first(r->worker->secrets,
                                                          r->arena),
                                      &after, BATCH, r->arena, &list);

    for (size_t i = 0; i < list.n && err == CX_OK; i++) {
        err = reseal(s, r, &list.items[i]);
        remember(r, &list.items[i]);
    }

    r->read = list.n;
    return err;
}


/* --- on the loop --------------------------------------------------------- */

static void
end(cx_rotate *r, cx_err err)
{
    cx_worker  *w = r->worker;

    r->state.running = false;
    r->state.ended_at = cx_now_ms();
    cx_log(err == CX_OK && r->state.failed == 0 ? CX_LOG_INFO : CX_LOG_ERROR,
           "secrets.rotated", CX_FI("sealed", r->state.sealed),
           CX_FI("failed", r->state.failed),
           CX_FZ("outcome", cx_err_word(err)));

    cx_arena_free(r->arena);
    r->arena = NULL;
    w->handles--;
    cx_worker_check_drained(w);
}


static void
batch_done(cx_db_job *job, cx_err err)
{
    cx_rotate  *r = (cx_rotate *) job;

    if (err != CX_OK || r->worker->draining) {
        end(r, err != CX_OK ? err : CX_CANCELLED);
        return;
    }

    r->state.sealed += r->sealed;
    r->state.failed += r->failed;

    if (r->read < BATCH) {
        end(r, CX_OK);
        return;
    }

    memcpy(r->kind, r->last_kind, NAME_ROOM);
    memcpy(r->name, r->last_name, NAME_ROOM);
    r->owner_id = r->last_id;
    next_batch(r);
}


static void
next_batch(cx_rotate *r)
{
    cx_db_write(r->worker->db, &r->job);
}


static bool
begin(cx_worker *w)
{
    cx_rotate  *r = w->rotate;

    if (r == NULL) {
        r = w->rotate = calloc(1, sizeof(*r));
    }

    if (r == NULL || (r->arena = cx_arena_new(BATCH_ARENA)) == NULL) {
        return false;
    }

    r->worker = w;
    r->job.run = batch_run;
    r->job.done = batch_done;
    r->kind[0] = r->name[0] = '\0';
    r->owner_id = 0;
    r->state = (cx_rotation) { .running = true, .started_at = cx_now_ms() };
    w->handles++;
    next_batch(r);
    return true;
}


cx_err
cx_worker_rotate(cx_worker *w, char *error, size_t size)
{
    cx_err  err;

    if (w->rotate != NULL && w->rotate->state.running) {
        return CX_OK;
    }

    err = cx_secrets_reload(w->secrets, error, size);

    if (err == CX_OK && !begin(w)) {
        (void) snprintf(error, size, "out of memory");
        err = CX_NOMEM;
    }

    return err;
}


cx_rotation
cx_worker_rotation(const cx_worker *w)
{
    return w->rotate != NULL ? w->rotate->state
                             : (cx_rotation) { .running = false };
}


void
cx_rotate_free(cx_worker *w)
{
    if (w->rotate != NULL) {
        cx_arena_free(w->rotate->arena);
        free(w->rotate);
        w->rotate = NULL;
    }
}
