#include "worker/reviews.h"

#include "worker/due.h"

#include <string.h>

#define AT_ONCE     50
#define LOOK_ARENA  (8 * 1024 * 1024)


typedef struct {
    cx_due          head;
    cx_overdue_list  due;
    size_t           at;         /* the one that ends now */
    cx_str           parts[CX_PARTS_MAX];
    int64_t          ids[CX_PARTS_MAX];
    size_t           nparts;
    bool             said;
} look;

static void next(look *l);


static void
look_free(look *l)
{
    cx_worker  *w = l->head.worker;

    w->expiring = false;
    cx_due_free(&l->head);
    cx_worker_check_drained(w);
}


/* --- one ----------------------------------------------------------------- */

static cx_err
end_run(cx_store *s, cx_db_job *job)
{
    look                  *l = (look *) job;
    const cx_overdue_row  *r = &l->due.items[l->at];
    const cx_review_end    in = {
        .id = r->id,
        .drop = !CX_STR_IS(r->policy, "wait"),
        .parts = l->parts,
        .part_ids = l->ids,
        .nparts = l->nparts,
        .now_ms = cx_now_ms(),
    };

    return cx_store_review_expire(s, &in, &l->said);
}


static void
end_done(cx_db_job *job, cx_err err)
{
    look                  *l = (look *) job;
    cx_worker             *w = l->head.worker;
    const cx_overdue_row  *r = &l->due.items[l->at];
    cx_conv               *c;

    cx_log(err == CX_OK || err == CX_STALE ? CX_LOG_INFO : CX_LOG_ERROR,
           "review.expired", CX_FID("review", "rv", r->id),
           CX_FS("policy", r->policy), CX_FZ("outcome", cx_err_word(err)));

    if (err == CX_OK && l->said && cx_partition_ours(w, r->partition)
        && (c = cx_conv_get(w, r->conversation_id, r->partition)) != NULL)
    {
        for (size_t i = 0; i < l->nparts; i++) {
            (void) cx_conv_out(c, l->ids[i], CX_MSGSTATE_READY, 0);
        }

        cx_conv_wake(c);
    }

    l->at++;
    next(l);
}


/* The agent's words, as its channel can say them; none: nothing is said. */
static void
fill_parts(look *l, const cx_overdue_row *r)
{
    const cx_dir_channel  *ch = cx_directory_channel(l->head.worker,
                                                     r->channel_id);
    const cx_out           out = { .kind = CX_OUT_TEXT, .text = r->handoff };
    cx_outs                list = { .n = 0 };
    const char            *error = "";

    l->nparts = 0;

    if (!CX_STR_IS(r->policy, "handoff") || r->said || r->handoff.len == 0
        || ch == NULL || ch->adapter == NULL
        || cx_out_fit(cx_channel_caps(ch->adapter, ch->row.account), &out,
                      l->head.arena, &list, &error) != CX_OK)
    {
        return;
    }

    for (size_t i = 0; i < list.n && i < CX_PARTS_MAX; i++) {
        l->parts[i] = list.items[i].text;
        l->ids[i] = cx_worker_new_id(l->head.worker);
        l->nparts++;
    }
}


static void
next(look *l)
{
    if (l->at == l->due.n || l->head.worker->draining) {
        look_free(l);
        return;
    }

    fill_parts(l, &l->due.items[l->at]);
    l->head.job.run = end_run;
    l->head.job.done = end_done;
    cx_db_write(l->head.worker->db, &l->head.job);
}


/* --- all ----------------------------------------------------------------- */

static cx_err
look_run(cx_store *s, cx_db_job *job)
{
    look  *l = (look *) job;

    cx_arena_reset(l->head.arena);
    memset(&l->due, 0, sizeof(l->due));
    return cx_store_reviews_overdue(s, l->head.mask, cx_now_ms(), AT_ONCE,
                                    l->head.arena, &l->due);
}


static void
look_done(cx_db_job *job, cx_err err)
{
    look  *l = (look *) job;

    if (err != CX_OK) {
        l->due.n = 0;
    }

    next(l);
}


void
cx_reviews_beat(cx_worker *w)
{
    if (w->expiring || w->draining || w->dir.arena == NULL) {
        return;
    }

    w->expiring = cx_due_look(w, sizeof(look), LOOK_ARENA, look_run,
                              look_done);
}
