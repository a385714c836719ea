/*
 * The engine's face: what main.c starts and the API asks.
 */

#ifndef CX_WORKER_WORKER_H
#define CX_WORKER_WORKER_H

#include "core/id.h"
#include "store/store.h"
#include "worker/conf.h"
#include "worker/db.h"
#include "worker/forget.h"
#include "worker/http.h"
#include "worker/redis.h"
#include "worker/secrets.h"

typedef struct cx_worker_s  cx_worker;

/* One loop, one store, one engine in the process. */
cx_worker *cx_worker_new(uv_loop_t *loop, const cx_conf *conf, cx_db *db,
    cx_http *http);
void cx_worker_start(cx_worker *w);
/* Stops taking, lets calls under way end (at most drain_ms), gives the
 * partitions back, then calls done. */
void cx_worker_drain(cx_worker *w, void (*done)(void *ctx), void *ctx);
void cx_worker_free(cx_worker *w);

/* SIGHUP: the key file is read again, then all that the directory knows. */
void cx_worker_reload(cx_worker *w);
/* The installation's keys; never NULL. */
cx_secrets *cx_worker_secrets(const cx_worker *w);
/* Reads the key file again and begins to seal anew what is not under its
 * first key; CX_OK also when that is going on.  error is for people. */
cx_err cx_worker_rotate(cx_worker *w, char *error, size_t size);
cx_rotation cx_worker_rotation(const cx_worker *w);
/* Tells the engine that channels or agents changed (API). */
void cx_worker_config_changed(cx_worker *w);
/* Tells it that there may be something to send or to think about now
 * (API: review decided, message released, dead letter retried). */
void cx_worker_kick(cx_worker *w);
/* A person has spoken there: what the AI thinks about is dropped. */
void cx_worker_hush(cx_worker *w, int64_t conversation_id);
/* Calls back when nothing of the AI is on its way there any more; for after
 * such a word.  False: no memory. */
bool cx_worker_silence(cx_worker *w, int64_t conversation_id,
    void (*done)(void *ctx), void *ctx);
/* Looks for what is left of an erased customer: jobs, Redis, files.  e stays
 * until done is called, never from inside this call.  False: no memory. */
bool cx_worker_forget(cx_worker *w, const cx_erased *e, int64_t erased_at,
    cx_forgotten_fn done, void *ctx);
/* Looks for what is older than it may be, now and not within the hour. */
void cx_worker_expire(cx_worker *w);
/* [retention] messages in ms; 0: for ever. */
int64_t cx_worker_retention_ms(const cx_worker *w);
/* Asks a channel's provider for all of its templates; done is told why not,
 * NULL: they are mirrored.  False: it has none to ask for, or is asked now. */
bool cx_worker_templates(cx_worker *w, int64_t channel_id,
    void (*done)(void *ctx, const char *error), void *ctx);
/* Whether hooks may go to http and private addresses. */
bool cx_worker_private_hooks(const cx_worker *w);
/* Where functions of agents may go ([tools]). */
bool cx_worker_private_tools(const cx_worker *w);
bool cx_worker_tool_host(const cx_worker *w, cx_str host);
/* Something waits to be told to somebody (hooks). */
void cx_worker_tell(cx_worker *w);
/* Knowledge was added or deleted: there may be something to sweep, or vectors
 * to be made. */
void cx_worker_knowledge(cx_worker *w);
/* Files that are read in the pool at once; false: enough of them. */
bool cx_worker_pool_enter(cx_worker *w);
void cx_worker_pool_leave(cx_worker *w);
uv_loop_t *cx_worker_loop(const cx_worker *w);
bool cx_worker_stops(const cx_worker *w);
/* Puts a raw stream entry back (dead letter of kind event). */
void cx_worker_enqueue(cx_worker *w, unsigned partition, cx_str json,
    void (*done)(void *ctx, bool ok), void *ctx);

/* Where attachments lie; NULL: nowhere. */
const char *cx_worker_media_dir(const cx_worker *w);

int64_t cx_worker_new_id(cx_worker *w);
int64_t cx_now_ms(void);                     /* wall clock */

typedef struct {
    bool     redis_up;
    bool     redis_durable;     /* its settings keep what it confirmed */
    size_t   partitions;        /* owned */
    size_t   jobs;              /* conversations worked on now */
    int64_t  taken;             /* events since start */
    int64_t  duplicates;
    int64_t  answered;
    int64_t  reviews;
    int64_t  sends;
    int64_t  send_errors;
    int64_t  held;
    int64_t  dead;
    int64_t  statuses;
    bool     draining;
    cx_str   owner;
} cx_worker_stats;

void cx_worker_stats_get(const cx_worker *w, cx_worker_stats *out);

/* A place where models are asked, as its breaker knows it (breaker.h). */
typedef struct {
    cx_str       provider;
    cx_str       base_url;
    const char  *state;         /* "closed", "open", "probing" */
    int64_t      calls;         /* since the start */
    int64_t      failed;
    int64_t      in_a_row;      /* failures, by now */
    int64_t      opened;        /* so often */
    int64_t      refused;       /* calls that were not made for that */
} cx_model_health;

/* In a; their number. */
size_t cx_worker_models(const cx_worker *w, cx_arena *a,
    const cx_model_health **list);
/* Counters for Prometheus, in a. */
cx_str cx_worker_metrics(const cx_worker *w, cx_arena *a);

#endif /* CX_WORKER_WORKER_H */
