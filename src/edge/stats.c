#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "edge/edge.h"


static ngx_int_t ngx_http_connext_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_int_t ngx_http_connext_init_shared(ngx_shm_zone_t *shm_zone,
    ngx_http_connext_main_conf_t *cmcf);
static ngx_http_connext_counts_t *ngx_http_connext_counts(
    ngx_http_connext_shared_t *shared, ngx_str_t *name);


const ngx_uint_t  ngx_http_connext_verify_bounds[NGX_HTTP_CONNEXT_BOUNDS] = {
    5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 7500, 10000
};

const ngx_uint_t  ngx_http_connext_enqueue_bounds[NGX_HTTP_CONNEXT_BOUNDS] = {
    100, 250, 500, 1000, 2500, 5000, 10000, 50000, 100000, 500000, 1000000,
    5000000
};


const char *
ngx_http_connext_result_word(ngx_http_connext_result_e result)
{
    static const char *const  words[] = {
#define X(name, word)  word,
        NGX_HTTP_CONNEXT_RESULTS(X)
#undef X
    };

    return words[result];
}


/* connext_shared_zone zone=name:size */

char *
ngx_http_connext_shared_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    u_char                        *colon, *last;
    ssize_t                        size;
    ngx_str_t                     *value, text;
    ngx_http_connext_main_conf_t  *cmcf = conf;

    if (cmcf->zone_name.len > 0) {
        return "is duplicate";
    }

    value = cf->args->elts;
    last = value[1].data + value[1].len;

    if (ngx_strncmp(value[1].data, "zone=", 5) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "connext: \"%V\" needs zone=name:size, not \"%V\"",
                           &cmd->name, &value[1]);
        return NGX_CONF_ERROR;
    }

    value[1].data += 5;
    colon = ngx_strlchr(value[1].data, last, ':');

    if (colon == NULL || colon == value[1].data) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "connext: \"%V\" needs zone=name:size",
                           &cmd->name);
        return NGX_CONF_ERROR;
    }

    text.data = colon + 1;
    text.len = (size_t) (last - text.data);
    size = ngx_parse_size(&text);

    if (size < (ssize_t) (8 * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "connext: shared zone size \"%V\" is invalid or "
                           "below %uz bytes", &text, 8 * ngx_pagesize);
        return NGX_CONF_ERROR;
    }

    cmcf->zone_name.data = value[1].data;
    cmcf->zone_name.len = (size_t) (colon - value[1].data);
    cmcf->zone_size = (size_t) size;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_connext_add_zone(ngx_conf_t *cf)
{
    ngx_shm_zone_t                *shm_zone;
    ngx_http_connext_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_connext_module);

    if (cmcf->channels.nelts == 0 && !cmcf->status) {
        return NGX_OK;
    }

    if (cmcf->zone_name.len == 0) {
        ngx_str_set(&cmcf->zone_name, "connext");
        cmcf->zone_size = 1024 * 1024;
    }

    shm_zone = ngx_shared_memory_add(cf, &cmcf->zone_name, cmcf->zone_size,
                                     &ngx_http_connext_module);
    if (shm_zone == NULL) {
        return NGX_ERROR;
    }

    shm_zone->init = ngx_http_connext_init_zone;
    shm_zone->data = cmcf;

    return NGX_OK;
}


/* Runs at start and at each reload; counters of a known name go on. */

static ngx_int_t
ngx_http_connext_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_uint_t                      i;
    ngx_http_connext_main_conf_t   *old = data;
    ngx_http_connext_main_conf_t   *cmcf;
    ngx_http_connext_channel_t    **channels;

    cmcf = shm_zone->data;

    if (old != NULL) {
        cmcf->shared = old->shared;

    } else if (ngx_http_connext_init_shared(shm_zone, cmcf) != NGX_OK) {
        return NGX_ERROR;
    }

    cmcf->shared->generation++;

    channels = cmcf->channels.elts;

    for (i = 0; i < cmcf->channels.nelts; i++) {
        channels[i]->counts = ngx_http_connext_counts(cmcf->shared,
                                                      &channels[i]->name);
        if (channels[i]->counts == NULL) {
            ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                          "connext: channel \"%V\": shared zone \"%V\" is "
                          "full, see \"connext_shared_zone\" in %V:%ui",
                          &channels[i]->name, &shm_zone->shm.name,
                          &channels[i]->place.file, channels[i]->place.line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_connext_init_shared(ngx_shm_zone_t *shm_zone,
    ngx_http_connext_main_conf_t *cmcf)
{
    ngx_slab_pool_t            *pool;
    ngx_http_connext_shared_t  *shared;

    pool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (shm_zone->shm.exists) {
        cmcf->shared = pool->data;
        return NGX_OK;
    }

    shared = ngx_slab_calloc(pool, sizeof(ngx_http_connext_shared_t));
    if (shared == NULL) {
        return NGX_ERROR;
    }

    shared->pool = pool;
    shared->started = ngx_time();

    pool->data = shared;
    cmcf->shared = shared;

    return NGX_OK;
}


static ngx_http_connext_counts_t *
ngx_http_connext_counts(ngx_http_connext_shared_t *shared, ngx_str_t *name)
{
    ngx_http_connext_counts_t  *counts;

    for (counts = shared->channels; counts != NULL; counts = counts->next) {
        if (counts->len == name->len
            && ngx_memcmp(counts->name, name->data, name->len) == 0)
        {
            return counts;
        }
    }

    counts = ngx_slab_calloc(shared->pool, sizeof(ngx_http_connext_counts_t));
    if (counts == NULL) {
        return NULL;
    }

    counts->len = name->len;
    ngx_memcpy(counts->name, name->data, name->len);

    counts->next = shared->channels;
    shared->channels = counts;

    return counts;
}


void
ngx_http_connext_streams_begin(ngx_http_connext_shared_t *shared)
{
    shared->streams[ngx_process_slot] = 0;
}


ngx_uint_t
ngx_http_connext_streams_add(ngx_http_connext_shared_t *shared, ngx_int_t n)
{
    return (ngx_uint_t) (shared->streams[ngx_process_slot] += n);
}


ngx_uint_t
ngx_http_connext_streams(ngx_http_connext_shared_t *shared)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = 0; i < NGX_MAX_PROCESSES; i++) {
        n += shared->streams[i];
    }

    return n;
}


void
ngx_http_connext_observe(ngx_http_connext_histogram_t *h,
    const ngx_uint_t *bounds, uint64_t ns)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_CONNEXT_BOUNDS; i++) {
        if (ns <= (uint64_t) bounds[i] * 1000) {
            break;
        }
    }

    (void) ngx_atomic_fetch_add(&h->count[i], 1);
    (void) ngx_atomic_fetch_add(&h->sum_ns, (ngx_atomic_int_t) ns);
}


/* One slot per worker number: the worker that follows takes it over, and one
 * that leaves gives up only what is still its own. */

void
ngx_http_connext_set_health(ngx_http_connext_shared_t *shared,
    ngx_http_connext_health_e health)
{
    ngx_uint_t  i;

    i = ngx_worker % NGX_HTTP_CONNEXT_WORKERS;

    if (health == NGX_HTTP_CONNEXT_UNSEEN
        && shared->workers[i].pid != (ngx_atomic_uint_t) ngx_pid)
    {
        return;
    }

    shared->workers[i].pid = (ngx_atomic_uint_t) ngx_pid;
    shared->workers[i].health = health;
}


ngx_http_connext_health_e
ngx_http_connext_health(ngx_http_connext_shared_t *shared)
{
    ngx_uint_t                 i;
    ngx_http_connext_health_e  health;

    health = NGX_HTTP_CONNEXT_UNSEEN;

    for (i = 0; i < NGX_HTTP_CONNEXT_WORKERS; i++) {

        switch (shared->workers[i].health) {

        case NGX_HTTP_CONNEXT_LOST:
            return NGX_HTTP_CONNEXT_LOST;

        case NGX_HTTP_CONNEXT_REACHED:
            health = NGX_HTTP_CONNEXT_REACHED;
            break;

        default:
            break;
        }
    }

    return health;
}


void
ngx_http_connext_note_error(ngx_http_connext_shared_t *shared, cx_err err,
    const u_char *text, size_t len)
{
    (void) ngx_atomic_fetch_add(&shared->errors[err], 1);

    ngx_shmtx_lock(&shared->pool->mutex);

    shared->last_error_at = ngx_time();
    shared->last_error_len = ngx_min(len, sizeof(shared->last_error));
    ngx_memcpy(shared->last_error, text, shared->last_error_len);

    ngx_shmtx_unlock(&shared->pool->mutex);
}
