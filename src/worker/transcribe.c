#include "worker/transcribe.h"

#include "ai/transcribe.h"
#include "store/context.h"
#include "store/costs.h"
#include "worker/due.h"
#include "worker/keep.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>


#define JOBS_MAX     2
#define SOUND_MAX    (16 * 1024 * 1024)     /* bytes of one message */
#define ARENA_BYTES  (SOUND_MAX + 1024 * 1024)
#define LOOK_ARENA   (256 * 1024)
#define ANSWER_MAX   (256 * 1024)
#define CALL_MS      60000
#define YOUNG_MS     (INT64_C(3600) * 1000) /* what is older is not heard */
#define MARK_BYTES   16

/* One voice message under way. */
typedef struct item_s  item;

struct item_s {
    cx_db_job                 job;
    uv_work_t                 work;
    struct cx_transcribe_s   *all;
    item                     *next;
    cx_arena                 *arena;
    cx_hear_row               row;
    const cx_keep            *keep;
    cx_ai_sound               sound;
    cx_http_req               req;
    cx_err                    built;
    cx_call                  *call;
    cx_usage_row              usage;
    cx_str                    text;
    cx_heard                  heard;
    int64_t                   listen_at;
    bool                      in_pool;
};

struct cx_transcribe_s {
    cx_worker  *worker;
    item       *first;
    size_t      running;
    bool        looking;
    bool        again;
    bool        stopped;
};

typedef struct {
    cx_due        head;
    cx_hear_list  due;
} look;


/* --- an end -------------------------------------------------------------- */

static void
item_free(item *it)
{
    item                    **at = &it->all->first;
    struct cx_transcribe_s   *all = it->all;

    while (*at != it) {
        at = &(*at)->next;
    }

    *at = it->next;
    all->running--;
    cx_arena_free(it->arena);
    free(it);
}


static cx_err
settle_run(cx_store *s, cx_db_job *job)
{
    item    *it = (item *) job;
    cx_err   err = cx_store_hear_settle(s, it->row.id, it->heard,
                                        it->listen_at, it->text, cx_now_ms());

    /* Its message may have been erased meanwhile; it was paid for. */
    if ((err == CX_OK || err == CX_STALE) && it->usage.started_at > 0) {
        err = cx_store_calls_add(s, it->row.turn_id, &it->usage, 1);
    }

    return err;
}


static void
settle_done(cx_db_job *job, cx_err err)
{
    item       *it = (item *) job;
    cx_worker  *w = it->all->worker;

    if (it->usage.started_at > 0) {
        cx_log(it->heard == CX_HEARD_DONE ? CX_LOG_INFO : CX_LOG_WARN,
               "transcript", CX_FID("message", "ms", it->row.message_id),
               CX_FI("heard", it->heard),
               CX_FI("attempt", it->row.listens + 1),
               CX_FI("ms", it->usage.ms), CX_FS("error", it->usage.error),
               CX_FZ("stored", cx_err_word(err)));
    }

    w->handles--;
    item_free(it);
    cx_transcribe_kick(w);
    cx_worker_check_drained(w);
}


/* Waits that grow; its turn will not wait that long. */
static int64_t
wait_of(int64_t listens)
{
    static const int64_t  waits[] = { 1000, 5000, 60000, 600000 };

    return (size_t) listens < sizeof(waits) / sizeof(waits[0])
           ? waits[listens] : 0;
}


static void
settle(item *it, cx_heard heard)
{
    cx_worker      *w = it->all->worker;
    const int64_t   wait = wait_of(it->row.listens);

    it->heard = heard == CX_HEARD_WANTED && wait == 0 ? CX_HEARD_FAILED
                                                      : heard;
    it->listen_at = cx_now_ms() + wait;
    it->job.run = settle_run;
    it->job.done = settle_done;
    it->job.tenant = it->row.tenant;
    w->handles++;
    cx_db_write(w->db, &it->job);
}


/* --- the call ------------------------------------------------------------ */

static void
on_reply(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    static const char  *const words[] = {
        [CX_AI_OK] = "ok",
        [CX_AI_RETRY] = "retry",
        [CX_AI_REFUSED] = "refused",
    };
    item               *it = ctx;
    cx_ai_reply         reply = { .finish = CX_FINISH_OTHER };
    cx_ai_outcome       o;

    (void) error;
    it->call = NULL;
    o = cx_ai_transcribe_parse(res, it->arena, &reply);

    if (end != CX_CALL_DONE && o.result != CX_AI_OK) {
        o = (cx_ai_outcome) { .result = CX_AI_RETRY,
                              .error = CX_STR("no answer") };
    }

    it->text = o.result == CX_AI_OK ? reply.text : CX_NOSTR;
    it->usage.outcome = cx_strz(words[o.result]);
    it->usage.error = o.error;
    it->usage.tokens_in = reply.tokens_in;
    it->usage.tokens_out = reply.tokens_out;
    it->usage.ms = cx_now_ms() - it->usage.started_at;

    settle(it, o.result == CX_AI_OK ? CX_HEARD_DONE
               : o.result == CX_AI_RETRY ? CX_HEARD_WANTED : CX_HEARD_FAILED);
}


static void
call(item *it)
{
    const cx_http_opts  opts = {
        .connect_ms = 5000,
        .total_ms = CALL_MS,
        .max_body = ANSWER_MAX,
    };

    it->usage = (cx_usage_row) {
        .provider = CX_STR("transcribe"),
        .model = it->sound.model,
        .started_at = cx_now_ms(),
    };
    it->call = cx_http_start(it->all->worker->http, &it->req, &opts, on_reply,
                             it);

    if (it->call == NULL) {
        it->usage.started_at = 0;
        settle(it, CX_HEARD_FAILED);
    }
}


/* --- the sound ----------------------------------------------------------- */

static void
read_work(uv_work_t *work)
{
    item    *it = work->data;
    uint8_t  noise[MARK_BYTES];
    char     mark[2 * MARK_BYTES];
    size_t   len = 0;
    char    *bytes = cx_keep_read(it->keep, it->row.place, SOUND_MAX, &len);

    it->built = CX_NOT_FOUND;

    if (bytes != NULL
        && getrandom(noise, sizeof(noise), 0) == sizeof(noise))
    {
        cx_hex_encode(noise, sizeof(noise), mark);
        it->sound.mark = (cx_str) { sizeof(mark), mark };
        it->sound.bytes = (cx_str) { len, bytes };
        it->built = cx_ai_transcribe_build(&it->sound, it->arena, &it->req);
    }

    free(bytes);
}


static void
read_done(uv_work_t *work, int status)
{
    item       *it = work->data;
    cx_worker  *w = it->all->worker;

    (void) status;
    it->in_pool = false;
    w->handles--;

    if (it->all->stopped) {
        item_free(it);
        cx_worker_check_drained(w);

    } else if (it->built == CX_OK) {
        call(it);

    } else {
        settle(it, CX_HEARD_FAILED);
    }
}


/* Without the key that it is to have, nothing goes out. */
static bool
key_of(item *it, const cx_dir_agent *agent, cx_str *key)
{
    const cx_agent_config  *c = &agent->config;

    *key = cx_directory_secret(it->all->worker, agent, c->transcribe_key_file,
                               c->transcribe_credential, it->arena);

    return key->len > 0 || (c->transcribe_key_file.len == 0
                            && c->transcribe_credential.len == 0);
}


static void
item_go(item *it)
{
    cx_worker           *w = it->all->worker;
    const cx_dir_agent  *agent = cx_directory_agent(w, it->row.agent_id);

    it->keep = cx_media_keep(w);

    if (agent == NULL || agent->config.transcribe_url.len == 0
        || it->keep == NULL)
    {
        settle(it, CX_HEARD_NOT);
        return;
    }

    it->sound.url = cx_dup(it->arena, agent->config.transcribe_url);
    it->sound.model = cx_dup(it->arena,
                             agent->config.transcribe_model.len > 0
                             ? agent->config.transcribe_model
                             : CX_STR(CX_TRANSCRIBE_MODEL));
    it->sound.language = cx_dup(it->arena, agent->config.language);
    it->sound.type = it->row.type;

    if (it->row.size > SOUND_MAX || !key_of(it, agent, &it->sound.api_key)
        || uv_queue_work(w->loop, &it->work, read_work, read_done) != 0)
    {
        settle(it, CX_HEARD_FAILED);
        return;
    }

    it->in_pool = true;
    w->handles++;
}


/* --- what is due --------------------------------------------------------- */

static bool
is_running(const struct cx_transcribe_s *all, int64_t id)
{
    for (const item *it = all->first; it != NULL; it = it->next) {
        if (it->row.id == id) {
            return true;
        }
    }

    return false;
}


static void
item_start(struct cx_transcribe_s *all, const cx_hear_row *row)
{
    item  *it = calloc(1, sizeof(*it));

    if (it == NULL || (it->arena = cx_arena_new(ARENA_BYTES)) == NULL) {
        free(it);
        return;                         /* it stays due */
    }

    it->all = all;
    it->work.data = it;
    it->row = *row;
    it->row.type = cx_dup(it->arena, row->type);
    it->row.place = cx_dup(it->arena, row->place);
    it->next = all->first;
    all->first = it;
    all->running++;
    item_go(it);
}


static cx_err
look_run(cx_store *s, cx_db_job *job)
{
    look           *l = (look *) job;
    const int64_t   now = cx_now_ms();

    cx_arena_reset(l->head.arena);
    return cx_store_hear_due(s, l->head.mask, now - YOUNG_MS, now,
                             2 * JOBS_MAX, l->head.arena, &l->due);
}


static void
look_done(cx_db_job *job, cx_err err)
{
    look                    *l = (look *) job;
    cx_worker               *w = l->head.worker;
    struct cx_transcribe_s  *all = w->transcribe;

    all->looking = false;

    for (size_t i = 0; err == CX_OK && !all->stopped && i < l->due.n
                       && all->running < JOBS_MAX; i++)
    {
        if (!is_running(all, l->due.items[i].id)) {
            item_start(all, &l->due.items[i]);
        }
    }

    cx_due_free(&l->head);

    if (all->again) {
        all->again = false;
        cx_transcribe_kick(w);
    }

    cx_worker_check_drained(w);
}


/* Most installations listen to nobody. */
static bool
anyone_listens(const cx_worker *w)
{
    for (size_t i = 0; i < w->dir.nagents; i++) {
        if (w->dir.agents[i].config.transcribe_url.len > 0) {
            return true;
        }
    }

    return false;
}


static struct cx_transcribe_s *
all_of(cx_worker *w)
{
    if (w->transcribe == NULL) {
        w->transcribe = calloc(1, sizeof(*w->transcribe));

        if (w->transcribe != NULL) {
            w->transcribe->worker = w;
        }
    }

    return w->transcribe;
}


void
cx_transcribe_kick(cx_worker *w)
{
    struct cx_transcribe_s  *all;

    if (w->draining || w->media == NULL || !anyone_listens(w)
        || (all = all_of(w)) == NULL || all->stopped
        || all->running >= JOBS_MAX)
    {
        return;
    }

    if (all->looking) {
        all->again = true;
        return;
    }

    all->looking = cx_due_look(w, sizeof(look), LOOK_ARENA, look_run,
                               look_done);
}


/* --- life ---------------------------------------------------------------- */

/* What the pool and the store have comes back by itself. */
void
cx_transcribe_stop(cx_worker *w)
{
    item  *next;

    if (w->transcribe == NULL) {
        return;
    }

    w->transcribe->stopped = true;

    for (item *it = w->transcribe->first; it != NULL; it = next) {
        next = it->next;

        if (it->call != NULL) {
            cx_call_cancel(it->call);
            item_free(it);
        }
    }
}


void
cx_transcribe_free(cx_worker *w)
{
    if (w->transcribe == NULL) {
        return;
    }

    cx_transcribe_stop(w);

    /* The pool cannot be told to stop what it has begun. */
    while (w->transcribe->first != NULL) {
        (void) uv_run(w->loop, UV_RUN_ONCE);
    }

    free(w->transcribe);
    w->transcribe = NULL;
}
