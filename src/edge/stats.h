/*
 * Counters in shared memory: one struct a channel, found by name, so that
 * they survive a reload; one struct for the edge as a whole.  Writers add
 * atomically and never lock; only the text of the last Redis error is
 * written under the slab's mutex.
 */

#ifndef CX_EDGE_STATS_H
#define CX_EDGE_STATS_H

#include <ngx_config.h>
#include <ngx_core.h>

#include "core/err.h"

#define NGX_HTTP_CONNEXT_NAME_MAX   64
#define NGX_HTTP_CONNEXT_WORKERS    128
#define NGX_HTTP_CONNEXT_BOUNDS     12


/* $connext_result and the label of connext_edge_requests_total */
#define NGX_HTTP_CONNEXT_RESULTS(X)                                           \
    X(NONE,            "")                                                    \
    X(QUEUED,          "QUEUED")                                              \
    X(CHALLENGE,       "CHALLENGE")                                           \
    X(REJECTED,        "REJECTED")                                            \
    X(UNAVAILABLE,     "UNAVAILABLE")                                         \
    X(UNKNOWN_CHANNEL, "UNKNOWN_CHANNEL")                                     \
    X(QUARANTINED,     "QUARANTINED")

typedef enum {
#define X(name, word)  NGX_HTTP_CONNEXT_##name,
    NGX_HTTP_CONNEXT_RESULTS(X)
#undef X
    NGX_HTTP_CONNEXT_RESULT_COUNT
} ngx_http_connext_result_e;


typedef struct {
    ngx_atomic_t                count[NGX_HTTP_CONNEXT_BOUNDS + 1];
    ngx_atomic_t                sum_ns;
} ngx_http_connext_histogram_t;


typedef struct ngx_http_connext_counts_s  ngx_http_connext_counts_t;

struct ngx_http_connext_counts_s {
    ngx_http_connext_counts_t     *next;
    size_t                         len;
    u_char                         name[NGX_HTTP_CONNEXT_NAME_MAX];

    ngx_atomic_t                   queued;          /* events */
    ngx_atomic_t                   duplicate;       /* events */
    ngx_atomic_t                   bytes;
    ngx_atomic_t                   previous_secret;
    ngx_atomic_t                   last_accepted;   /* s, 0: never */
    ngx_atomic_t                   results[NGX_HTTP_CONNEXT_RESULT_COUNT];
    ngx_atomic_t                   reasons[CX_ERR_COUNT];

    ngx_http_connext_histogram_t   verify;
};


/* What one nginx worker last saw of its Redis connections. */
typedef enum {
    NGX_HTTP_CONNEXT_UNSEEN = 0,
    NGX_HTTP_CONNEXT_REACHED,
    NGX_HTTP_CONNEXT_LOST
} ngx_http_connext_health_e;


typedef struct {
    ngx_slab_pool_t               *pool;
    time_t                         started;
    ngx_uint_t                     generation;
    ngx_http_connext_counts_t     *channels;

    ngx_http_connext_histogram_t   enqueue;

    struct {
        ngx_atomic_t               pid;
        ngx_atomic_t               health;
    }                              workers[NGX_HTTP_CONNEXT_WORKERS];

    ngx_atomic_t                   latency_us;      /* of the last reply */
    /* Open to browsers, by process: the slot in the master's table, which no
     * two processes have at a time. */
    ngx_atomic_t                   streams[NGX_MAX_PROCESSES];
    ngx_atomic_t                   errors[CX_ERR_COUNT];

    time_t                         last_error_at;   /* 0: never */
    size_t                         last_error_len;
    u_char                         last_error[128];
} ngx_http_connext_shared_t;


/* upper bounds of the buckets, in microseconds; the last one is +Inf */
extern const ngx_uint_t
    ngx_http_connext_verify_bounds[NGX_HTTP_CONNEXT_BOUNDS];
extern const ngx_uint_t
    ngx_http_connext_enqueue_bounds[NGX_HTTP_CONNEXT_BOUNDS];


const char *ngx_http_connext_result_word(ngx_http_connext_result_e result);

/* Adds the zone to the configuration being read. */
char *ngx_http_connext_shared_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_http_connext_add_zone(ngx_conf_t *cf);

/* This process has none yet, whatever became of who had its slot. */
void ngx_http_connext_streams_begin(ngx_http_connext_shared_t *shared);
/* One more, or one less: how many this process has. */
ngx_uint_t ngx_http_connext_streams_add(ngx_http_connext_shared_t *shared,
    ngx_int_t n);
ngx_uint_t ngx_http_connext_streams(ngx_http_connext_shared_t *shared);

void ngx_http_connext_observe(ngx_http_connext_histogram_t *h,
    const ngx_uint_t *bounds, uint64_t ns);

/* The worker's health, and an error for the status page; text is copied. */
void ngx_http_connext_set_health(ngx_http_connext_shared_t *shared,
    ngx_http_connext_health_e health);
ngx_http_connext_health_e ngx_http_connext_health(
    ngx_http_connext_shared_t *shared);
void ngx_http_connext_note_error(ngx_http_connext_shared_t *shared,
    cx_err err, const u_char *text, size_t len);

#endif /* CX_EDGE_STATS_H */
