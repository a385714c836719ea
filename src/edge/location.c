/*
 * A webhook location once everything is parsed: its channel, the size of its
 * bodies, its Redis.  Messages name the place of "connext_webhook".
 */

#include "edge/edge.h"


static ngx_int_t ngx_http_connext_location_channel(ngx_conf_t *cf,
    ngx_http_connext_loc_conf_t *conf);
static void ngx_http_connext_location_unknown(ngx_conf_t *cf,
    ngx_http_connext_loc_conf_t *conf, ngx_http_connext_main_conf_t *cmcf);
static ngx_int_t ngx_http_connext_location_chat(ngx_conf_t *cf,
    ngx_http_connext_loc_conf_t *conf, ngx_http_core_loc_conf_t *clcf);
static void ngx_http_connext_location_body(ngx_conf_t *cf,
    ngx_http_connext_loc_conf_t *conf, ngx_http_core_loc_conf_t *clcf);
static ngx_http_connext_redis_t *ngx_http_connext_target(ngx_conf_t *cf,
    ngx_http_connext_loc_conf_t *conf);
static ngx_int_t ngx_http_connext_target_fits(
    ngx_http_connext_redis_t *redis, ngx_http_connext_loc_conf_t *conf);
static ngx_int_t ngx_http_connext_target_addrs(ngx_conf_t *cf,
    ngx_http_connext_redis_t *redis);
static ngx_int_t ngx_http_connext_target_host(ngx_conf_t *cf,
    ngx_http_connext_redis_t *redis, ngx_array_t *addrs);


char *
ngx_http_connext_location(ngx_conf_t *cf, ngx_http_connext_loc_conf_t *conf,
    ngx_http_core_loc_conf_t *clcf)
{
    if (ngx_http_connext_location_channel(cf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->upstream == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "connext: channel \"%V\": \"%s\" needs "
                      "\"connext_pass\" in the same location in %V:%ui",
                      &conf->webhook,
                      conf->chat ? "connext_chat" : "connext_webhook",
                      &conf->place.file, conf->place.line);
        return NGX_CONF_ERROR;
    }

    if (conf->redis_user.len > 0 && conf->redis_password.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "connext: channel \"%V\": \"connext_redis_user\" needs "
                      "\"connext_redis_password_file\" in %V:%ui",
                      &conf->webhook, &conf->place.file, conf->place.line);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_connext_location_chat(cf, conf, clcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_http_connext_location_body(cf, conf, clcf);

    conf->redis = ngx_http_connext_target(cf, conf);

    if (conf->redis == NULL) {
        return NGX_CONF_ERROR;
    }

    conf->redis->push |= conf->chat;

    return NGX_CONF_OK;
}


/* The right directive for the channel's type; below a chat's location are its
 * requests.  Streams need no chunks: they end with their connection. */

static ngx_int_t
ngx_http_connext_location_chat(ngx_conf_t *cf,
    ngx_http_connext_loc_conf_t *conf, ngx_http_core_loc_conf_t *clcf)
{
    const char  *odd;
    ngx_uint_t   chat;

    chat = conf->channel->type->via == CX_VIA_PUSH;

    odd = chat && !conf->chat ? "its type needs \"connext_chat\" instead"
          : !chat && conf->chat ? "only type webchat has \"connext_chat\""
          : chat && (clcf->exact_match || clcf->named || clcf->name.len == 0
                     || clcf->name.data[clcf->name.len - 1] != '/'
#if (NGX_PCRE)
                     || clcf->regex != NULL
#endif
                     )
          ? "\"connext_chat\" needs a location of the form /chat/site/"
          : NULL;

    if (odd != NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "connext: channel \"%V\": %s in %V:%ui",
                      &conf->webhook, odd,
                      &conf->place.file, conf->place.line);
        return NGX_ERROR;
    }

    if (chat) {
        clcf->chunked_transfer_encoding = 0;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_connext_location_channel(ngx_conf_t *cf,
    ngx_http_connext_loc_conf_t *conf)
{
    ngx_http_connext_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_connext_module);

    conf->channel = ngx_http_connext_channel_find(cmcf, &conf->webhook);

    if (conf->channel == NULL) {
        ngx_http_connext_location_unknown(cf, conf, cmcf);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_connext_location_unknown(ngx_conf_t *cf,
    ngx_http_connext_loc_conf_t *conf, ngx_http_connext_main_conf_t *cmcf)
{
    u_char                       *p, *last, known[NGX_MAX_CONF_ERRSTR / 2];
    ngx_uint_t                    i;
    ngx_http_connext_channel_t  **channels;

    p = known;
    last = known + sizeof(known);

    channels = cmcf->channels.elts;

    for (i = 0; i < cmcf->channels.nelts; i++) {
        p = ngx_slprintf(p, last, "%s%V", i == 0 ? "" : ", ",
                         &channels[i]->name);
    }

    if (p == known) {
        p = ngx_slprintf(p, last, "none");
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "connext: channel \"%V\" is used but not defined, there "
                  "are: %*s in %V:%ui", &conf->webhook,
                  (size_t) (p - known), known,
                  &conf->place.file, conf->place.line);
}


/* Bodies stay in memory: nginx takes as much as Content-Length says, so the
 * larger buffer costs nothing. */

static void
ngx_http_connext_location_body(ngx_conf_t *cf,
    ngx_http_connext_loc_conf_t *conf, ngx_http_core_loc_conf_t *clcf)
{
    off_t  max;

    max = clcf->client_max_body_size;

    if (max > 0 && max < NGX_HTTP_CONNEXT_MIN_BODY && !conf->chat) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "connext: channel \"%V\": \"client_max_body_size\" is "
                      "%O, deliveries may have 3m in %V:%ui",
                      &conf->webhook, max,
                      &conf->place.file, conf->place.line);
    }

    if (max == 0 || max > NGX_HTTP_CONNEXT_MAX_BODY) {
        max = NGX_HTTP_CONNEXT_MAX_BODY;
    }

    if (clcf->client_body_buffer_size < (size_t) max) {
        clcf->client_body_buffer_size = (size_t) max;
    }
}


/* Locations that agree share a connection. */

static ngx_http_connext_redis_t *
ngx_http_connext_target(ngx_conf_t *cf, ngx_http_connext_loc_conf_t *conf)
{
    ngx_uint_t                      i;
    ngx_http_connext_redis_t       *redis, **targets, **slot;
    ngx_http_connext_main_conf_t   *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_connext_module);
    targets = cmcf->targets.elts;

    for (i = 0; i < cmcf->targets.nelts; i++) {
        if (ngx_http_connext_target_fits(targets[i], conf)) {
            return targets[i];
        }
    }

    redis = ngx_pcalloc(cf->pool, sizeof(ngx_http_connext_redis_t));
    slot = ngx_array_push(&cmcf->targets);

    if (redis == NULL || slot == NULL) {
        return NULL;
    }

    *slot = redis;

    redis->name = conf->pass;
    redis->upstream = conf->upstream;
    redis->user = conf->redis_user;
    redis->password = conf->redis_password;
    redis->db = conf->redis_db;
    redis->connect_timeout = conf->connect_timeout;
    redis->send_timeout = conf->send_timeout;
    redis->read_timeout = conf->read_timeout;

    return redis;
}


static ngx_int_t
ngx_http_connext_target_fits(ngx_http_connext_redis_t *redis,
    ngx_http_connext_loc_conf_t *conf)
{
    return redis->upstream == conf->upstream
           && cx_str_eq(ngx_http_connext_view(&redis->user),
                        ngx_http_connext_view(&conf->redis_user))
           && cx_str_eq(ngx_http_connext_view(&redis->password),
                        ngx_http_connext_view(&conf->redis_password))
           && redis->db == conf->redis_db
           && redis->connect_timeout == conf->connect_timeout
           && redis->send_timeout == conf->send_timeout
           && redis->read_timeout == conf->read_timeout;
}


/* Upstreams may be defined below the locations that use them. */

ngx_int_t
ngx_http_connext_resolve(ngx_conf_t *cf)
{
    ngx_uint_t                      i;
    ngx_http_connext_redis_t      **targets;
    ngx_http_connext_main_conf_t   *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_connext_module);
    targets = cmcf->targets.elts;

    for (i = 0; i < cmcf->targets.nelts; i++) {

        if (ngx_http_connext_target_addrs(cf, targets[i]) != NGX_OK) {
            return NGX_ERROR;
        }

        if (targets[i]->naddrs == 0) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "connext: no server to use in upstream \"%V\"",
                          &targets[i]->name);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* All addresses in their order, those of backup servers last. */

static ngx_int_t
ngx_http_connext_target_addrs(ngx_conf_t *cf, ngx_http_connext_redis_t *redis)
{
    ngx_addr_t                    *addr;
    ngx_uint_t                     backup, i, k;
    ngx_array_t                    addrs;
    ngx_http_upstream_server_t    *server;
    ngx_http_upstream_srv_conf_t  *upstream;

    if (ngx_array_init(&addrs, cf->pool, 4, sizeof(ngx_addr_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    upstream = redis->upstream;

    if (upstream->servers == NULL
        && ngx_http_connext_target_host(cf, redis, &addrs) != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (backup = 0; upstream->servers != NULL && backup < 2; backup++) {

        server = upstream->servers->elts;

        for (i = 0; i < upstream->servers->nelts; i++) {

            if (server[i].down || server[i].backup != backup) {
                continue;
            }

            for (k = 0; k < server[i].naddrs; k++) {
                addr = ngx_array_push(&addrs);
                if (addr == NULL) {
                    return NGX_ERROR;
                }

                *addr = server[i].addrs[k];
            }
        }
    }

    redis->addrs = addrs.elts;
    redis->naddrs = addrs.nelts;

    return NGX_OK;
}


/* A host by name without an upstream block: nginx has just checked that it
 * resolves, but keeps the addresses to itself. */

static ngx_int_t
ngx_http_connext_target_host(ngx_conf_t *cf, ngx_http_connext_redis_t *redis,
    ngx_array_t *addrs)
{
    ngx_url_t    u;
    ngx_uint_t   i;
    ngx_addr_t  *addr;

    ngx_memzero(&u, sizeof(ngx_url_t));
    u.url = redis->name;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "connext: %s in \"connext_pass %V\"",
                      u.err != NULL ? u.err : "no address", &redis->name);
        return NGX_ERROR;
    }

    for (i = 0; i < u.naddrs; i++) {
        addr = ngx_array_push(addrs);
        if (addr == NULL) {
            return NGX_ERROR;
        }

        *addr = u.addrs[i];
    }

    return NGX_OK;
}
