#include "worker/templates.h"

#include "store/templates.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS      INT64_C(86400000)
#define AGAIN_MS    INT64_C(600000)      /* after a look that failed */
#define PAGES_MAX   100
#define PAGE_BYTES  (8 * 1024 * 1024)
#define PAGE_MS     30000
#define LOOK_ARENA  (64 * 1024 * 1024)
#define NOTE_ARENA  (256 * 1024)


/* One channel's look: page by page, then all of it to the store. */
struct cx_mirror_s {
    cx_db_job         job;
    cx_mirror        *next;
    cx_worker        *worker;
    int64_t           channel_id;
    int64_t           due_ms;
    cx_call          *call;
    cx_arena         *arena;    /* of the look under way, or NULL */
    cx_templates      list;
    cx_template_row  *rows;
    size_t            pages;
    void            (*done)(void *ctx, const char *error);
    void             *ctx;
};

static void on_page(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error);


/* --- which channels ------------------------------------------------------ */

static bool
has_templates(const cx_dir_channel *ch)
{
    cx_sender  from;

    if (ch == NULL || ch->adapter == NULL || ch->adapter->templates == NULL) {
        return false;
    }

    from = cx_directory_sender(ch);
    return cx_setting_get(&from, ch->adapter->templates_of).len > 0;
}


static bool
is_ours(const cx_worker *w, const cx_dir_channel *ch)
{
    const unsigned  p = (unsigned) ((uint64_t) ch->row.id % CX_PARTITIONS);

    return has_templates(ch) && ch->row.active && cx_directory_healthy(ch)
           && w->part[p].state == CX_PART_LIVE;
}


static cx_mirror *
mirror_of(cx_worker *w, int64_t channel_id)
{
    cx_mirror  *m = w->mirrors;

    while (m != NULL && m->channel_id != channel_id) {
        m = m->next;
    }

    if (m == NULL && (m = calloc(1, sizeof(*m))) != NULL) {
        m->worker = w;
        m->channel_id = channel_id;
        m->next = w->mirrors;
        w->mirrors = m;
    }

    return m;
}


/* --- the end of a look --------------------------------------------------- */

static void
look_end(cx_mirror *m, const char *error)
{
    cx_worker  *w = m->worker;
    void      (*done)(void *ctx, const char *error) = m->done;

    cx_log(error != NULL ? CX_LOG_WARN : CX_LOG_INFO, "templates",
           CX_FID("channel", "ch", m->channel_id), CX_FI("pages", m->pages),
           CX_FI("templates", m->list.n),
           CX_FZ("error", error != NULL ? error : ""));

    m->due_ms = cx_now_ms() + (error != NULL ? AGAIN_MS : DAY_MS);
    m->done = NULL;
    cx_arena_free(m->arena);
    m->arena = NULL;
    w->handles--;

    if (done != NULL) {
        done(m->ctx, error);
    }

    cx_worker_check_drained(w);
}


static cx_err
put_run(cx_store *s, cx_db_job *job)
{
    const cx_mirror  *m = (cx_mirror *) job;

    return cx_store_templates_put(s, m->channel_id, m->rows, m->list.n,
                                  cx_now_ms());
}


static void
put_done(cx_db_job *job, cx_err err)
{
    cx_mirror  *m = (cx_mirror *) job;

    if (err == CX_OK) {
        cx_directory_load(m->worker);
    }

    look_end(m, err == CX_OK ? NULL : "the store failed");
}


static void
put_all(cx_mirror *m)
{
    m->rows = CX_NEW_N(m->arena, m->list.n + 1, cx_template_row);

    if (m->rows == NULL) {
        look_end(m, "out of memory");
        return;
    }

    for (size_t i = 0; i < m->list.n; i++) {
        const cx_template  *t = &m->list.items[i];

        m->rows[i] = (cx_template_row) {
            .id = cx_worker_new_id(m->worker),
            .name = t->name, .language = t->language,
            .category = t->category, .state = t->state,
            .quality = t->quality, .reason = t->reason,
            .components = t->components, .provider_id = t->provider_id,
        };
    }

    m->job.run = put_run;
    m->job.done = put_done;
    cx_db_write(m->worker->db, &m->job);
}


/* --- pages --------------------------------------------------------------- */

static bool
page_ask(cx_mirror *m, const cx_dir_channel *ch)
{
    const cx_http_opts  opts = {
        .connect_ms = 5000,
        .total_ms = PAGE_MS,
        .max_body = PAGE_BYTES,
    };
    const cx_sender     from = cx_directory_sender(ch);
    cx_http_req         req = { .url = CX_NOSTR };

    if (ch->adapter->templates(&from, m->list.after, m->arena, &req)
        != CX_OK)
    {
        return false;
    }

    m->call = cx_http_start(m->worker->http, &req, &opts, on_page, m);
    return m->call != NULL;
}


/* The response is gone after the callback, what was read of it is not. */
static const char *
page_read(cx_mirror *m, const cx_dir_channel *ch, const cx_http_res *res)
{
    cx_http_res  copy = *res;
    cx_err       err;

    copy.body = cx_dup(m->arena, res->body);
    err = cx_arena_failed(m->arena)
          ? CX_NOMEM
          : ch->adapter->templates_read(&copy, m->arena, &m->list);

    return err == CX_OK ? NULL
           : err == CX_INVALID ? "the provider refuses"
           : err == CX_IO ? "the provider says later"
           : "the list cannot be read";
}


static void
on_page(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    cx_mirror             *m = ctx;
    const cx_dir_channel  *ch = cx_directory_channel(m->worker,
                                                     m->channel_id);

    m->call = NULL;

    if (end == CX_CALL_DONE) {
        error = !has_templates(ch) ? "the channel has changed"
                                   : page_read(m, ch, res);
    }

    if (end != CX_CALL_DONE || error != NULL) {
        look_end(m, error != NULL ? error : "no answer");
        return;
    }

    m->pages++;

    if (m->list.after.len > 0 && m->pages < PAGES_MAX) {
        if (!page_ask(m, ch)) {
            look_end(m, "cannot start the call");
        }

        return;
    }

    put_all(m);
}


static bool
look_begin(cx_mirror *m, const cx_dir_channel *ch)
{
    m->arena = cx_arena_new(LOOK_ARENA);
    if (m->arena == NULL) {
        return false;
    }

    m->list = (cx_templates) { .n = 0 };
    m->pages = 0;
    m->worker->handles++;

    if (!page_ask(m, ch)) {
        look_end(m, "cannot ask");
        return false;
    }

    return true;
}


/* --- when ---------------------------------------------------------------- */

void
cx_templates_beat(cx_worker *w)
{
    for (size_t i = 0; i < w->dir.nchannels && !w->draining; i++) {
        const cx_dir_channel  *ch = &w->dir.channels[i];
        cx_mirror             *m;

        if (!is_ours(w, ch)) {
            continue;
        }

        m = mirror_of(w, ch->row.id);

        if (m != NULL && m->arena == NULL && m->due_ms <= cx_now_ms()) {
            (void) look_begin(m, ch);
        }
    }
}


bool
cx_worker_templates(cx_worker *w, int64_t channel_id,
    void (*done)(void *ctx, const char *error), void *ctx)
{
    const cx_dir_channel  *ch = cx_directory_channel(w, channel_id);
    cx_mirror             *m = has_templates(ch) ? mirror_of(w, channel_id)
                                                 : NULL;

    if (m == NULL || m->arena != NULL || w->draining) {
        return false;
    }

    m->done = done;
    m->ctx = ctx;

    if (look_begin(m, ch)) {
        return true;
    }

    m->done = NULL;
    return false;
}


/* --- the provider's word on one ------------------------------------------ */

typedef struct {
    cx_db_job        job;
    cx_worker       *worker;
    cx_arena        *arena;
    cx_template_row  row;
    bool             changed;
} note;


static cx_err
note_run(cx_store *s, cx_db_job *job)
{
    note  *n = (note *) job;

    return cx_store_template_state(s, &n->row, &n->changed);
}


static void
note_done(cx_db_job *job, cx_err err)
{
    note       *n = (note *) job;
    cx_worker  *w = n->worker;

    cx_log(err == CX_OK ? CX_LOG_INFO : CX_LOG_ERROR, "template",
           CX_FID("channel", "ch", n->row.channel_id),
           CX_FS("name", n->row.name), CX_FS("state", n->row.state),
           CX_FZ("stored", cx_err_word(err)));

    if (n->changed) {
        cx_directory_load(w);
    }

    w->handles--;
    cx_arena_free(n->arena);
    free(n);
    cx_worker_check_drained(w);
}


static void
note_start(cx_worker *w, const cx_dir_channel *ch, const cx_template *t)
{
    note  *n = calloc(1, sizeof(*n));

    if (n == NULL || (n->arena = cx_arena_new(NOTE_ARENA)) == NULL) {
        free(n);
        return;                 /* the next look sees it */
    }

    n->worker = w;
    n->row = (cx_template_row) {
        .channel_id = ch->row.id,
        .name = cx_dup(n->arena, t->name),
        .language = cx_dup(n->arena, t->language),
        .state = cx_dup(n->arena, t->state),
        .reason = cx_dup(n->arena, t->reason),
        .synced_at = cx_now_ms(),
    };
    n->job.run = note_run;
    n->job.done = note_done;
    w->handles++;
    cx_db_write(w->db, &n->job);
}


/* Several numbers may be of one account. */
void
cx_templates_note(cx_worker *w, const cx_msg *m)
{
    cx_template  t;

    for (size_t i = 0; i < w->dir.nchannels; i++) {
        const cx_dir_channel  *ch = &w->dir.channels[i];
        cx_sender              from;

        if (!has_templates(ch) || ch->adapter->template_changed == NULL
            || !cx_str_eq(m->type, ch->row.type))
        {
            continue;
        }

        from = cx_directory_sender(ch);
        cx_arena_reset(w->scratch);

        if (cx_str_eq(cx_setting_get(&from, ch->adapter->templates_of),
                      m->account)
            && ch->adapter->template_changed(m, w->scratch, &t))
        {
            note_start(w, ch, &t);
        }
    }
}


/* --- what is known ------------------------------------------------------- */

bool
cx_template_known(const cx_dir_channel *ch, const cx_out *out, bool *usable)
{
    *usable = false;

    for (size_t i = 0; i < ch->ntemplates; i++) {
        const cx_template_row  *t = &ch->templates[i];

        if (cx_str_eq(t->name, out->name)
            && cx_str_eq(t->language, out->language))
        {
            *usable = CX_STR_IS(t->state, "APPROVED");
        }
    }

    return ch->mirrored;
}


/* --- life ---------------------------------------------------------------- */

void
cx_templates_stop(cx_worker *w)
{
    for (cx_mirror *m = w->mirrors; m != NULL; m = m->next) {
        if (m->call != NULL) {
            cx_call_cancel(m->call);
            m->call = NULL;
            look_end(m, "stopped");
        }
    }
}


void
cx_templates_free(cx_worker *w)
{
    while (w->mirrors != NULL) {
        cx_mirror  *m = w->mirrors;

        w->mirrors = m->next;
        cx_arena_free(m->arena);
        free(m);
    }
}
