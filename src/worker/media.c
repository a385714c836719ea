/*
 * Attachments: what TAKE has noted is fetched while its address still works,
 * and kept.  Nothing else waits for it.  The rows are the queue: what is
 * under way when we end is fetched again by the partition's next owner.
 */

#include "worker/engine.h"

#include "store/erase.h"
#include "worker/download.h"
#include "worker/due.h"
#include "worker/media_place.h"
#include "worker/transcribe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_ARENA    (4 * 1024 * 1024)
#define ITEM_ARENA    (256 * 1024)
#define ANSWER_MAX    (64 * 1024)
#define ANSWER_MS     10000
#define ERROR_BYTES   300


/* One attachment under way. */
typedef struct item_s  item;

struct item_s {
    cx_db_job      job;
    uv_work_t      work;
    cx_media      *media;
    item          *next;
    cx_arena      *arena;
    cx_media_row   row;
    cx_call       *call;                /* asks where it is */
    cx_download   *download;
    bool           in_pool;
    char           tmp[CX_MEDIA_PATH + 64];
    char           sha256[2 * CX_SHA256_LEN + 1];
    char           place[CX_KEEP_PLACE];
    char           error[ERROR_BYTES];
    bool           kept;
};

struct cx_media_s {
    cx_worker     *worker;
    cx_downloads  *downloads;
    item          *first;
    size_t         running;
    bool           stopped;             /* nothing begins any more */
    bool           looking;             /* its job is with the store */
    bool           again;
    cx_media_place place;
};

/* What is due. */
typedef struct {
    cx_due          head;
    cx_media_list   due;
} look;

static void item_settle(item *it, cx_media_state state, const char *error);


/* --- an attachment's end ------------------------------------------------- */

static void
item_free(item *it)
{
    item      **at = &it->media->first;
    cx_media   *m = it->media;

    while (*at != it) {
        at = &(*at)->next;
    }

    *at = it->next;
    m->running--;
    cx_arena_free(it->arena);
    free(it);
}


/* Its message may have been erased meanwhile: then nobody needs the file. */
static cx_err
settle_run(cx_store *s, cx_db_job *job)
{
    const cx_media_row  *row = &((item *) job)->row;
    cx_err               err = cx_store_media_settle(s, row);

    return err == CX_STALE && row->state == CX_MEDIA_STORED
           ? cx_store_gone_add(s, row->place, row->updated_at) : err;
}


static void
settle_done(cx_db_job *job, cx_err err)
{
    item       *it = (item *) job;
    cx_worker  *w = it->media->worker;

    cx_log(it->row.state == CX_MEDIA_STORED ? CX_LOG_INFO : CX_LOG_WARN,
           "media", CX_FID("message", "ms", it->row.message_id),
           CX_FZ("state", cx_media_state_word(it->row.state)),
           CX_FS("type", it->row.type), CX_FI("bytes", it->row.size),
           CX_FI("attempt", it->row.attempts + 1),
           CX_FS("error", it->row.error_text),
           CX_FZ("stored", cx_err_word(err)));

    w->handles--;
    item_free(it);
    cx_media_kick(w);
    cx_transcribe_kick(w);
    cx_worker_check_drained(w);
}


/* Waits that grow: an address mostly works for minutes, so hurry at first. */
static int64_t
wait_of(int64_t attempts)
{
    static const int64_t  waits[] = { 5000, 30000, 120000, 600000, 3600000 };

    return (size_t) attempts < sizeof(waits) / sizeof(waits[0])
           ? waits[attempts] : 0;
}


static void
item_settle(item *it, cx_media_state state, const char *error)
{
    cx_worker      *w = it->media->worker;
    const int64_t   wait = wait_of(it->row.attempts);

    it->row.updated_at = cx_now_ms();
    it->row.error_text = cx_dup(it->arena, cx_strz(error));
    it->row.state = state;

    if (state == CX_MEDIA_WANTED) {
        it->row.not_before = it->row.updated_at + wait;
        it->row.state = wait > 0 ? CX_MEDIA_WANTED : CX_MEDIA_FAILED;
    }

    it->job.run = settle_run;
    it->job.done = settle_done;
    it->job.tenant = it->row.tenant;
    w->handles++;
    cx_db_write(w->db, &it->job);
}


/* --- keeping it ---------------------------------------------------------- */

static void
keep_work(uv_work_t *work)
{
    item  *it = work->data;

    it->kept = cx_keep_file(&it->media->place.keep, it->row.tenant, it->tmp,
                            it->sha256, it->row.type.p, it->place, it->error,
                            sizeof(it->error));

    if (!it->kept) {
        (void) unlink(it->tmp);
    }
}


static void
keep_done(uv_work_t *work, int status)
{
    item       *it = work->data;
    cx_worker  *w = it->media->worker;

    (void) status;
    it->in_pool = false;
    w->handles--;

    /* It stays due, and is fetched again: the store may be closed. */
    if (it->media->stopped) {
        item_free(it);
        cx_worker_check_drained(w);
        return;
    }

    if (it->kept) {
        it->row.place = cx_strz(it->place);
        it->row.sha256 = cx_strz(it->sha256);
        item_settle(it, CX_MEDIA_STORED, "");

    } else {
        item_settle(it, CX_MEDIA_WANTED, it->error);
    }
}


static void
on_downloaded(void *ctx, cx_download_end end, const cx_downloaded *got,
    const char *error)
{
    item  *it = ctx;

    it->download = NULL;

    if (end != CX_DOWNLOAD_DONE) {
        item_settle(it, end == CX_DOWNLOAD_REFUSED ? CX_MEDIA_FAILED
                                                   : CX_MEDIA_WANTED, error);
        return;
    }

    cx_hex_encode(got->sha256, sizeof(got->sha256), it->sha256);
    it->row.size = got->size;
    it->row.type = cx_strz(got->mime);      /* constants, NUL-terminated */
    it->work.data = it;

    if (uv_queue_work(it->media->worker->loop, &it->work, keep_work,
                      keep_done) != 0)
    {
        (void) unlink(it->tmp);
        item_settle(it, CX_MEDIA_WANTED, "out of memory");
        return;
    }

    it->in_pool = true;
    it->media->worker->handles++;
}


static void
item_download(item *it, const cx_http_req *req)
{
    const char              *error = "";
    cx_media                *m = it->media;
    const cx_download_opts   opts = {
        .path = it->tmp,
        .max_size = m->worker->conf->media_max_size,
        .total_ms = (long) m->worker->conf->media_timeout_ms,
    };

    it->download = cx_download_start(m->downloads, req, &opts, on_downloaded,
                                     it, &error);

    if (it->download == NULL) {
        item_settle(it, CX_MEDIA_WANTED, error);
    }
}


/* --- where it is --------------------------------------------------------- */

static void
on_placed(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    item                  *it = ctx;
    cx_http_req            req = { .url = CX_NOSTR };
    const cx_dir_channel  *ch;
    cx_sender              from;

    it->call = NULL;
    ch = cx_directory_channel(it->media->worker, it->row.channel_id);

    if (end != CX_CALL_DONE || ch == NULL || ch->adapter == NULL
        || res->status >= 500 || res->status == 429)
    {
        item_settle(it, CX_MEDIA_WANTED, end != CX_CALL_DONE ? error
                    : "the provider does not say where it is");
        return;
    }

    from = cx_directory_sender(ch);

    if (ch->adapter->fetched(&from, res, it->arena, &req) != CX_OK) {
        item_settle(it, res->status == 401 || res->status == 403
                        ? CX_MEDIA_WANTED : CX_MEDIA_FAILED,
                    "the provider does not know it");
        return;
    }

    item_download(it, &req);
}


static void
item_ask(item *it, const cx_http_req *req)
{
    const cx_http_opts  opts = {
        .connect_ms = 5000,
        .total_ms = ANSWER_MS,
        .max_body = ANSWER_MAX,
    };

    it->call = cx_http_start(it->media->worker->http, req, &opts, on_placed,
                             it);

    if (it->call == NULL) {
        item_settle(it, CX_MEDIA_WANTED, "cannot start the call");
    }
}


static void
item_go(item *it)
{
    cx_http_req            req = { .url = CX_NOSTR };
    cx_sender              from;
    const cx_dir_channel  *ch;
    const cx_media_ref     ref = { it->row.ref_id, it->row.ref_url };

    ch = cx_directory_channel(it->media->worker, it->row.channel_id);

    if (ch == NULL || ch->adapter == NULL) {
        item_settle(it, CX_MEDIA_WANTED, "its channel is gone");
        return;
    }

    from = cx_directory_sender(ch);
    req.url = it->row.ref_url;

    if (ch->adapter->fetch != NULL
        && ch->adapter->fetch(&from, &ref, it->arena, &req) != CX_OK)
    {
        item_settle(it, CX_MEDIA_WANTED, "the channel cannot ask for it");
        return;
    }

    if (ch->adapter->fetched != NULL
        && (ch->adapter->asks == NULL || ch->adapter->asks(&ref)))
    {
        item_ask(it, &req);

    } else {
        item_download(it, &req);
    }
}


/* --- what is due --------------------------------------------------------- */

static bool
is_running(const cx_media *m, int64_t id)
{
    for (const item *it = m->first; it != NULL; it = it->next) {
        if (it->row.id == id) {
            return true;
        }
    }

    return false;
}


static void
item_start(cx_media *m, const cx_media_row *row)
{
    item  *it = calloc(1, sizeof(*it));

    if (it == NULL || (it->arena = cx_arena_new(ITEM_ARENA)) == NULL) {
        free(it);
        return;                         /* it stays due */
    }

    it->media = m;
    it->row = (cx_media_row) {
        .id = row->id, .tenant = row->tenant, .message_id = row->message_id,
        .channel_id = row->channel_id, .attempts = row->attempts,
        .ref_id = cx_dup(it->arena, row->ref_id),
        .ref_url = cx_dup(it->arena, row->ref_url),
    };
    (void) snprintf(it->tmp, sizeof(it->tmp), "%s/tmp/%lld.%ld", m->place.dir,
                    (long long) row->id, (long) getpid());

    it->next = m->first;
    m->first = it;
    m->running++;
    item_go(it);
}


static cx_err
look_run(cx_store *s, cx_db_job *job)
{
    look             *l = (look *) job;
    const cx_worker  *w = l->head.worker;

    cx_arena_reset(l->head.arena);
    memset(&l->due, 0, sizeof(l->due));

    return cx_store_media_due(s, l->head.mask, cx_now_ms(),
                              2 * (size_t) w->conf->media_jobs,
                              l->head.arena, &l->due);
}


static void
look_done(cx_db_job *job, cx_err err)
{
    look       *l = (look *) job;
    cx_worker  *w = l->head.worker;
    cx_media   *m = w->media;

    m->looking = false;

    for (size_t i = 0; err == CX_OK && !m->stopped && i < l->due.n
                       && m->running < (size_t) w->conf->media_jobs; i++)
    {
        if (!is_running(m, l->due.items[i].id)) {
            item_start(m, &l->due.items[i]);
        }
    }

    cx_due_free(&l->head);

    if (m->again) {
        m->again = false;
        cx_media_kick(w);
    }

    cx_worker_check_drained(w);
}


void
cx_media_kick(cx_worker *w)
{
    cx_media  *m = w->media;

    if (m == NULL || m->stopped || w->dir.arena == NULL
        || m->running >= (size_t) w->conf->media_jobs)
    {
        return;
    }

    if (m->looking) {
        m->again = true;
        return;
    }

    m->looking = cx_due_look(w, sizeof(look), LOOK_ARENA, look_run,
                             look_done);
}


/* --- life ---------------------------------------------------------------- */

/* Without its folder the worker answers all the same; what is to be fetched
 * waits in the store. */
void
cx_media_init(cx_worker *w)
{
    char       error[ERROR_BYTES] = "out of memory";
    cx_media  *m;

    if (cx_str_eq(w->conf->media_dir, CX_STR("off"))) {
        return;
    }

    m = calloc(1, sizeof(*m));

    if (m != NULL) {
        m->worker = w;

        if (cx_media_place_set(&m->place, w->conf, w->arena, error,
                               sizeof(error)))
        {
            m->downloads = cx_downloads_new(w->loop,
                                            w->conf->media_allow_private);
        }
    }

    if (m == NULL || m->downloads == NULL) {
        cx_log(CX_LOG_ERROR, "media.off", CX_FZ("error", error));
        free(m);
        return;
    }

    w->media = m;
}


const char *
cx_worker_media_dir(const cx_worker *w)
{
    return w->media != NULL ? w->media->place.dir : NULL;
}


const cx_keep *
cx_media_keep(const cx_worker *w)
{
    return w->media != NULL ? &w->media->place.keep : NULL;
}


/* What the pool and the store have comes back by itself. */
void
cx_media_stop(cx_worker *w)
{
    item      *it, *next;
    cx_media  *m = w->media;

    if (m == NULL) {
        return;
    }

    m->stopped = true;

    for (it = m->first; it != NULL; it = next) {
        next = it->next;

        if (it->call != NULL || it->download != NULL) {
            cx_call_cancel(it->call);
            cx_download_cancel(it->download);
            item_free(it);
        }
    }
}


void
cx_media_free(cx_worker *w)
{
    cx_media  *m = w->media;

    if (m == NULL) {
        return;
    }

    cx_media_stop(w);
    cx_downloads_free(m->downloads);

    /* The pool cannot be told to stop what it has begun. */
    while (m->first != NULL) {
        (void) uv_run(w->loop, UV_RUN_ONCE);
    }

    w->media = NULL;
    free(m);
}
