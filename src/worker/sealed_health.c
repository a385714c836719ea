#include "worker/sealed_health.h"

#include "worker/unsealed.h"

#include <stdlib.h>

#define JOB_ARENA  (16 * 1024 * 1024)

typedef struct {
    int64_t  channel_id;
    cx_str   text;              /* empty: it is well again */
} change;

typedef struct {
    cx_db_job   job;
    cx_worker  *worker;
    cx_arena   *arena;
    change     *items;
    size_t      n;
} changes;


/* Another verdict, of the provider, is not ours to take back. */
static bool
is_ours(const cx_dir_channel *ch)
{
    return cx_str_starts(ch->row.health_text, CX_STR(CX_SEALED_TEXT));
}


static bool
must_change(const cx_dir_channel *ch)
{
    return ch->sealed.len > 0
           ? !cx_str_eq(ch->row.health_text, ch->sealed)
           : !cx_directory_healthy(ch) && is_ours(ch);
}


static cx_err
health_run(cx_store *s, cx_db_job *job)
{
    changes  *c = (changes *) job;
    cx_err    err = CX_OK;

    for (size_t i = 0; i < c->n && (err == CX_OK || err == CX_NOT_FOUND);
         i++)
    {
        err = cx_store_channel_health(s, c->items[i].channel_id,
                                      c->items[i].text.len > 0
                                      ? CX_STR("action_required")
                                      : CX_STR("ok"),
                                      c->items[i].text, cx_now_ms());
    }

    return err == CX_NOT_FOUND ? CX_OK : err;
}


static void
health_done(cx_db_job *job, cx_err err)
{
    changes    *c = (changes *) job;
    cx_worker  *w = c->worker;

    cx_log(err == CX_OK ? CX_LOG_INFO : CX_LOG_ERROR, "secrets.health",
           CX_FI("channels", c->n), CX_FZ("stored", cx_err_word(err)));

    cx_arena_free(c->arena);
    free(c);
    w->handles--;
    cx_worker_check_drained(w);
}


static void
note(changes *c, cx_dir_channel *ch)
{
    change  *one = &c->items[c->n++];

    one->channel_id = ch->row.id;
    one->text = cx_dup(c->arena, ch->sealed);

    if (ch->sealed.len > 0) {
        cx_log(CX_LOG_ERROR, "secrets", CX_FS("channel", ch->row.name),
               CX_FS("error", ch->sealed));
    }

    ch->row.health = ch->sealed.len > 0 ? CX_STR("action_required")
                                        : CX_STR("ok");
    ch->row.health_text = ch->sealed;
}


void
cx_sealed_health(cx_worker *w)
{
    cx_directory  *d = &w->dir;
    changes       *c;
    size_t         n = 0;

    for (size_t i = 0; i < d->nchannels; i++) {
        n += must_change(&d->channels[i]);
    }

    if (n == 0 || (c = calloc(1, sizeof(*c))) == NULL) {
        return;
    }

    c->arena = cx_arena_new(JOB_ARENA);
    c->items = c->arena != NULL ? CX_NEW_N(c->arena, n, change) : NULL;

    if (c->items == NULL) {
        cx_arena_free(c->arena);
        free(c);
        return;
    }

    for (size_t i = 0; i < d->nchannels; i++) {
        if (must_change(&d->channels[i])) {
            note(c, &d->channels[i]);
        }
    }

    c->worker = w;
    c->job.run = health_run;
    c->job.done = health_done;
    w->handles++;
    cx_db_write(w->db, &c->job);
}
