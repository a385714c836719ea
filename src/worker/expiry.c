#include "worker/expiry.h"

#include "core/time.h"
#include "store/erase.h"
#include "store/retention.h"
#include "worker/engine.h"
#include "worker/gone.h"

#include <stdlib.h>

#define EVERY_MS     (INT64_C(3600) * 1000)
#define FIRST_MS     (INT64_C(60) * 1000)     /* after the start */
#define PAGE         200
#define PAGE_ARENA   (256 * 1024)
#define PAUSE_MS     20                       /* between two pages */

struct cx_expiry_s {
    cx_db_job    job;
    cx_worker   *worker;
    cx_arena    *arena;
    uv_timer_t   timer;
    int64_t      due_ms;
    bool         running;
    bool         stopped;
    cx_old_kind  kind;
    int64_t      after;                       /* id looked at last */
    int64_t      before;                      /* nothing younger is old */
    cx_old_list  page;
    int64_t      dropped[CX_OLD_COUNT];
};

static void next_page(cx_expiry *x);


/* --- how long ------------------------------------------------------------ */

static int64_t
channel_keep_ms(const cx_worker *w, const cx_dir_channel *ch)
{
    return cx_settings_keep_ms(ch->settings, ch->nsettings,
                               cx_age_ms(w->conf->retention_messages));
}


/* The youngest that is old enough anywhere; 0: nothing ever is. */
static int64_t
oldest_allowed(const cx_worker *w)
{
    int64_t  least = 0;

    for (size_t i = 0; i < w->dir.nchannels; i++) {
        const int64_t  ms = channel_keep_ms(w, &w->dir.channels[i]);

        if (ms > 0 && (least == 0 || ms < least)) {
            least = ms;
        }
    }

    return least > 0 ? cx_id_at(cx_now_ms() - least) : 0;
}


/* Letters of a channel nobody knows go by the general rule. */
static bool
is_old(const cx_worker *w, const cx_old_row *row)
{
    const cx_dir_channel  *ch = cx_directory_channel(w, row->channel_id);
    const int64_t          ms = ch != NULL ? channel_keep_ms(w, ch)
                                : cx_age_ms(w->conf->retention_messages);

    return !row->busy && ms > 0 && cx_partition_ours(w, row->partition)
           && row->at < cx_now_ms() - ms;
}


/* --- the end of a pass --------------------------------------------------- */

static void
end(cx_expiry *x)
{
    cx_worker  *w = x->worker;

    cx_log(CX_LOG_INFO, "retention",
           CX_FI("messages", x->dropped[CX_OLD_MESSAGES]),
           CX_FI("turns", x->dropped[CX_OLD_TURNS]),
           CX_FI("letters", x->dropped[CX_OLD_LETTERS]),
           CX_FI("deliveries", x->dropped[CX_OLD_DELIVERIES]));

    x->running = false;
    x->due_ms = cx_now_ms() + EVERY_MS;

    if (!w->draining) {
        cx_gone_run(w, NULL, NULL);
    }

    w->handles--;
    cx_worker_check_drained(w);
}


/* --- a page -------------------------------------------------------------- */

static void
page_paused(uv_timer_t *timer)
{
    next_page(timer->data);
}


static void
go_on(cx_expiry *x, size_t read)
{
    if (x->stopped) {
        end(x);
        return;
    }

    if (read < PAGE) {
        x->after = 0;
        x->kind++;
    }

    if (x->kind == CX_OLD_COUNT) {
        end(x);
        return;
    }

    (void) uv_timer_start(&x->timer, page_paused, PAUSE_MS, 0);
}


static cx_err
drop_run(cx_store *s, cx_db_job *job)
{
    cx_expiry  *x = (cx_expiry *) job;
    cx_err      err = CX_OK;

    for (size_t i = 0; i < x->page.n && err == CX_OK; i++) {
        err = cx_store_old_drop(s, x->kind, &x->page.items[i], cx_now_ms());
    }

    return err == CX_OK ? cx_store_erased_forget(s, cx_now_ms()) : err;
}


static void
drop_done(cx_db_job *job, cx_err err)
{
    cx_expiry  *x = (cx_expiry *) job;

    if (err != CX_OK) {
        cx_log(CX_LOG_ERROR, "retention", CX_FZ("error", cx_err_word(err)));
        x->stopped = x->worker->draining;
        end(x);
        return;
    }

    for (size_t i = 0; i < x->page.n; i++) {
        x->dropped[x->kind] += !x->page.items[i].busy;
    }

    go_on(x, x->page.n);
}


static cx_err
look_run(cx_store *s, cx_db_job *job)
{
    cx_expiry  *x = (cx_expiry *) job;

    cx_arena_reset(x->arena);
    return cx_store_old(s, x->kind, x->after, x->before, PAGE, x->arena,
                        &x->page);
}


/* What is not to be dropped is left out by the word "busy". */
static void
look_done(cx_db_job *job, cx_err err)
{
    cx_expiry  *x = (cx_expiry *) job;
    size_t      old = 0;

    if (err != CX_OK) {
        end(x);
        return;
    }

    for (size_t i = 0; i < x->page.n; i++) {
        cx_old_row  *row = &x->page.items[i];

        x->after = row->id;
        row->busy = !is_old(x->worker, row);
        old += !row->busy;
    }

    if (old == 0 || x->stopped) {
        go_on(x, x->page.n);
        return;
    }

    x->job.run = drop_run;
    x->job.done = drop_done;
    cx_db_write(x->worker->db, &x->job);
}


static void
next_page(cx_expiry *x)
{
    x->page = (cx_old_list) { .n = 0 };
    x->job.run = look_run;
    x->job.done = look_done;
    cx_db_read(x->worker->db, &x->job);
}


/* --- when ---------------------------------------------------------------- */

static cx_expiry *
get(cx_worker *w)
{
    cx_expiry  *x = w->expiry;

    if (x == NULL && (x = calloc(1, sizeof(*x))) != NULL) {
        x->arena = cx_arena_new(PAGE_ARENA);

        if (x->arena == NULL) {
            free(x);
            return NULL;
        }

        x->worker = w;
        x->due_ms = cx_now_ms() + FIRST_MS;
        (void) uv_timer_init(w->loop, &x->timer);
        x->timer.data = x;
        w->expiry = x;
    }

    return x;
}


static void
begin(cx_expiry *x)
{
    x->running = true;
    x->kind = CX_OLD_MESSAGES;
    x->after = 0;
    memset(x->dropped, 0, sizeof(x->dropped));
    x->worker->handles++;
    next_page(x);
}


void
cx_expiry_beat(cx_worker *w)
{
    cx_expiry  *x = get(w);

    if (x == NULL || x->running || x->stopped || w->dir.arena == NULL
        || cx_now_ms() < x->due_ms)
    {
        return;
    }

    x->before = oldest_allowed(w);

    if (x->before > 0) {
        begin(x);

    } else {
        x->due_ms = cx_now_ms() + EVERY_MS;
        cx_gone_run(w, NULL, NULL);
    }
}


int64_t
cx_worker_retention_ms(const cx_worker *w)
{
    return cx_age_ms(w->conf->retention_messages);
}


void
cx_worker_expire(cx_worker *w)
{
    cx_expiry  *x = get(w);

    if (x != NULL) {
        x->due_ms = 0;
        cx_expiry_beat(w);
    }
}


void
cx_expiry_stop(cx_worker *w)
{
    cx_expiry  *x = w->expiry;

    if (x == NULL) {
        return;
    }

    x->stopped = true;

    if (x->running && uv_is_active((uv_handle_t *) &x->timer)) {
        (void) uv_timer_stop(&x->timer);
        end(x);
    }
}


static void
on_closed(uv_handle_t *handle)
{
    cx_expiry  *x = handle->data;

    cx_arena_free(x->arena);
    free(x);
}


void
cx_expiry_free(cx_worker *w)
{
    if (w->expiry != NULL) {
        uv_close((uv_handle_t *) &w->expiry->timer, on_closed);
        w->expiry = NULL;
    }
}
