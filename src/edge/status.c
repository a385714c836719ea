/*
 * connext_status: what the edge knows of itself.  Names of channels and of
 * outcomes only: nothing a customer wrote, no secret, no address.
 */

#include "edge/edge.h"
#include "core/json.h"
#include "core/version.h"

#include <time.h>

#define NGX_HTTP_CONNEXT_STATUS_MAX  (4 * 1024 * 1024)

#define NGX_HTTP_CONNEXT_PROMETHEUS_TYPE                                      \
    "text/plain; version=0.0.4; charset=utf-8"


static ngx_http_connext_status_e ngx_http_connext_status_form(
    ngx_http_request_t *r, ngx_http_connext_status_e form);
static ngx_int_t ngx_http_connext_status_page(ngx_http_request_t *r,
    ngx_http_connext_main_conf_t *cmcf, ngx_http_connext_status_e form);
static ngx_int_t ngx_http_connext_ready(ngx_http_request_t *r,
    ngx_http_connext_shared_t *shared);
static void ngx_http_connext_json(cx_buf *b,
    ngx_http_connext_main_conf_t *cmcf);
static void ngx_http_connext_json_redis(cx_json_writer *w,
    ngx_http_connext_shared_t *shared);
static void ngx_http_connext_json_channel(cx_json_writer *w,
    ngx_http_connext_channel_t *channel);
static void ngx_http_connext_json_number(cx_json_writer *w, cx_str name,
    ngx_atomic_uint_t n);
static void ngx_http_connext_json_time(cx_json_writer *w, cx_str name,
    time_t t);


ngx_int_t
ngx_http_connext_status_handler(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_http_connext_status_e      form;
    ngx_http_connext_loc_conf_t   *conf;
    ngx_http_connext_main_conf_t  *cmcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    conf = ngx_http_get_module_loc_conf(r, ngx_http_connext_module);
    cmcf = ngx_http_get_module_main_conf(r, ngx_http_connext_module);

    form = ngx_http_connext_status_form(r, conf->status);

    switch (form) {

    case NGX_HTTP_CONNEXT_STATUS_LIVE:
        return ngx_http_connext_send_text(r, NGX_HTTP_OK, "text/plain",
                                          CX_STR("live\n"));

    case NGX_HTTP_CONNEXT_STATUS_READY:
        return ngx_http_connext_ready(r, cmcf->shared);

    default:
        return ngx_http_connext_status_page(r, cmcf, form);
    }
}


/* Without a parameter a scraper that asks for text gets Prometheus' form. */

static ngx_http_connext_status_e
ngx_http_connext_status_form(ngx_http_request_t *r,
    ngx_http_connext_status_e form)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    if (form != NGX_HTTP_CONNEXT_STATUS_AUTO) {
        return form;
    }

    for (part = &r->headers_in.headers.part; part != NULL;
         part = part->next)
    {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == sizeof("Accept") - 1
                && ngx_strncasecmp(h[i].key.data, (u_char *) "Accept",
                                   sizeof("Accept") - 1)
                   == 0
                && ngx_strlcasestrn(h[i].value.data,
                                    h[i].value.data + h[i].value.len,
                                    (u_char *) "text/plain",
                                    sizeof("text/plain") - 2)
                   != NULL)
            {
                return NGX_HTTP_CONNEXT_STATUS_PROMETHEUS;
            }
        }
    }

    return NGX_HTTP_CONNEXT_STATUS_JSON;
}


static ngx_int_t
ngx_http_connext_status_page(ngx_http_request_t *r,
    ngx_http_connext_main_conf_t *cmcf, ngx_http_connext_status_e form)
{
    cx_buf      b;
    cx_arena   *a;
    ngx_int_t   rc;

    a = cx_arena_new(2 * NGX_HTTP_CONNEXT_STATUS_MAX);
    if (a == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cx_buf_init(&b, a, 8192, NGX_HTTP_CONNEXT_STATUS_MAX);

    if (form == NGX_HTTP_CONNEXT_STATUS_PROMETHEUS) {
        ngx_http_connext_prometheus(&b, cmcf);

    } else {
        ngx_http_connext_json(&b, cmcf);
    }

    rc = b.failed
         ? NGX_HTTP_INTERNAL_SERVER_ERROR
         : ngx_http_connext_send_text(r, NGX_HTTP_OK,
                                      form
                                      == NGX_HTTP_CONNEXT_STATUS_PROMETHEUS
                                      ? NGX_HTTP_CONNEXT_PROMETHEUS_TYPE
                                      : "application/json",
                                      cx_buf_str(&b));

    cx_arena_free(a);

    return rc;
}


static ngx_int_t
ngx_http_connext_ready(ngx_http_request_t *r,
    ngx_http_connext_shared_t *shared)
{
    switch (ngx_http_connext_health(shared)) {

    case NGX_HTTP_CONNEXT_REACHED:
        return ngx_http_connext_send_text(r, NGX_HTTP_OK, "text/plain",
                                          CX_STR("ready\n"));

    case NGX_HTTP_CONNEXT_LOST:
        return ngx_http_connext_send_text(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                          "text/plain",
                                          CX_STR("not ready: redis is "
                                                 "away\n"));

    default:
        return ngx_http_connext_send_text(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                          "text/plain",
                                          CX_STR("not ready: redis was not "
                                                 "reached yet\n"));
    }
}


static void
ngx_http_connext_json(cx_buf *b, ngx_http_connext_main_conf_t *cmcf)
{
    ngx_uint_t                    i;
    cx_json_writer                w;
    ngx_http_connext_shared_t    *shared;
    ngx_http_connext_channel_t  **channels;

    shared = cmcf->shared;

    cx_json_write_init(&w, b);
    cx_json_begin(&w, '{');

    cx_json_name(&w, CX_STR("version"));
    cx_json_put_str(&w, CX_STR(CX_VERSION_TEXT));
    cx_json_name(&w, CX_STR("nginx"));
    cx_json_put_str(&w, CX_STR(NGINX_VERSION));

    ngx_http_connext_json_number(&w, CX_STR("generation"),
                                 shared->generation);
    ngx_http_connext_json_number(&w, CX_STR("uptime"),
                                 (ngx_atomic_uint_t)
                                 (ngx_time() - shared->started));

    ngx_http_connext_json_redis(&w, shared);
    ngx_http_connext_json_number(&w, CX_STR("streams"),
                                 ngx_http_connext_streams(shared));

    cx_json_name(&w, CX_STR("channels"));
    cx_json_begin(&w, '[');

    channels = cmcf->channels.elts;

    for (i = 0; i < cmcf->channels.nelts; i++) {
        ngx_http_connext_json_channel(&w, channels[i]);
    }

    cx_json_end(&w, ']');
    cx_json_end(&w, '}');
    cx_buf_byte(b, '\n');
}


static void
ngx_http_connext_json_redis(cx_json_writer *w,
    ngx_http_connext_shared_t *shared)
{
    size_t  len;
    time_t  at;
    char    text[sizeof(shared->last_error)];

    ngx_shmtx_lock(&shared->pool->mutex);

    at = shared->last_error_at;
    len = shared->last_error_len;
    ngx_memcpy(text, shared->last_error, len);

    ngx_shmtx_unlock(&shared->pool->mutex);

    cx_json_name(w, CX_STR("redis"));
    cx_json_begin(w, '{');

    cx_json_name(w, CX_STR("up"));
    cx_json_put_bool(w, ngx_http_connext_health(shared)
                        == NGX_HTTP_CONNEXT_REACHED);

    cx_json_name(w, CX_STR("last_error"));

    if (at == 0) {
        cx_json_put_raw(w, CX_STR("null"));

    } else {
        cx_json_put_str(w, (cx_str) { len, text });
    }

    ngx_http_connext_json_time(w, CX_STR("last_error_at"), at);
    ngx_http_connext_json_number(w, CX_STR("latency_us"), shared->latency_us);

    cx_json_end(w, '}');
}


static void
ngx_http_connext_json_channel(cx_json_writer *w,
    ngx_http_connext_channel_t *channel)
{
    ngx_uint_t                  i;
    ngx_http_connext_counts_t  *counts;

    counts = channel->counts;

    cx_json_begin(w, '{');

    cx_json_name(w, CX_STR("name"));
    cx_json_put_str(w, ngx_http_connext_view(&channel->name));
    cx_json_name(w, CX_STR("type"));
    cx_json_put_str(w, cx_strz(channel->type->name));

    ngx_http_connext_json_number(w, CX_STR("queued"), counts->queued);
    ngx_http_connext_json_number(w, CX_STR("duplicate"), counts->duplicate);
    ngx_http_connext_json_number(w, CX_STR("challenge"),
                             counts->results[NGX_HTTP_CONNEXT_CHALLENGE]);

    cx_json_name(w, CX_STR("rejected"));
    cx_json_begin(w, '{');

    for (i = 1; i < CX_ERR_COUNT; i++) {
        if (counts->reasons[i] > 0
            && ngx_http_connext_result((cx_err) i)
               == NGX_HTTP_CONNEXT_REJECTED)
        {
            ngx_http_connext_json_number(w, cx_strz(cx_err_word((cx_err) i)),
                                         counts->reasons[i]);
        }
    }

    cx_json_end(w, '}');

    ngx_http_connext_json_number(w, CX_STR("unavailable"),
                             counts->results[NGX_HTTP_CONNEXT_UNAVAILABLE]);
    ngx_http_connext_json_number(w, CX_STR("quarantined"),
                             counts->results[NGX_HTTP_CONNEXT_QUARANTINED]);
    ngx_http_connext_json_number(w, CX_STR("bytes"), counts->bytes);
    ngx_http_connext_json_time(w, CX_STR("last_accepted"),
                               (time_t) counts->last_accepted);
    ngx_http_connext_json_number(w, CX_STR("previous_secret_hits"),
                                 counts->previous_secret);

    cx_json_end(w, '}');
}


static void
ngx_http_connext_json_number(cx_json_writer *w, cx_str name,
    ngx_atomic_uint_t n)
{
    cx_json_name(w, name);
    cx_json_put_i64(w, (int64_t) n);
}


/* UTC, to the second; null when it never happened. */

static void
ngx_http_connext_json_time(cx_json_writer *w, cx_str name, time_t t)
{
    u_char     *last, text[sizeof("YYYY-MM-DDThh:mm:ssZ")];
    ngx_tm_t    tm;

    cx_json_name(w, name);

    if (t == 0) {
        cx_json_put_raw(w, CX_STR("null"));
        return;
    }

    ngx_gmtime(t, &tm);

    last = ngx_snprintf(text, sizeof(text), "%4d-%02d-%02dT%02d:%02d:%02dZ",
                        tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
                        tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec);

    cx_json_put_str(w, (cx_str) { (size_t) (last - text), (char *) text });
}
