/*
 * The same figures in Prometheus' text format.  Label values are names of
 * channels and words of tables, so nothing in them needs an escape.
 */

#include "edge/edge.h"
#include "core/version.h"


static void ngx_http_connext_metric(cx_buf *b, const char *name,
    const char *type, const char *text);
static void ngx_http_connext_metric_channels(cx_buf *b,
    ngx_http_connext_main_conf_t *cmcf);
static void ngx_http_connext_metric_verify(cx_buf *b,
    ngx_http_connext_main_conf_t *cmcf);
static void ngx_http_connext_metric_histogram(cx_buf *b, const char *name,
    const char *label, const ngx_http_connext_histogram_t *h,
    const ngx_uint_t *bounds);
static void ngx_http_connext_metric_redis(cx_buf *b,
    ngx_http_connext_shared_t *shared);


void
ngx_http_connext_prometheus(cx_buf *b, ngx_http_connext_main_conf_t *cmcf)
{
    ngx_http_connext_metric(b, "connext_edge_build_info", "gauge",
                            "Version of the module and of nginx.");
    cx_buf_printf(b, "connext_edge_build_info{version=\"%s\",nginx=\"%s\"}"
                     " 1\n", CX_VERSION_TEXT, NGINX_VERSION);

    ngx_http_connext_metric_channels(b, cmcf);
    ngx_http_connext_metric_verify(b, cmcf);

    ngx_http_connext_metric(b, "connext_edge_enqueue_duration_seconds",
                            "histogram",
                            "From the first command to the last reply.");
    ngx_http_connext_metric_histogram(b,
                                      "connext_edge_enqueue_duration_seconds",
                                      "", &cmcf->shared->enqueue,
                                      ngx_http_connext_enqueue_bounds);

    ngx_http_connext_metric_redis(b, cmcf->shared);

    ngx_http_connext_metric(b, "connext_widget_streams", "gauge",
                            "Streams open to browsers.");
    cx_buf_printf(b, "connext_widget_streams %lu\n",
                  (unsigned long) ngx_http_connext_streams(cmcf->shared));
}


static void
ngx_http_connext_metric(cx_buf *b, const char *name, const char *type,
    const char *text)
{
    cx_buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, text, name, type);
}


static void
ngx_http_connext_metric_channels(cx_buf *b,
    ngx_http_connext_main_conf_t *cmcf)
{
    static const struct {
        const char  *name;
        const char  *type;
        const char  *text;
        size_t       offset;
    } metrics[] = {
        { "connext_edge_events_total", "counter",
          "Events that entered the queue.",
          offsetof(ngx_http_connext_counts_t, queued) },
        { "connext_edge_duplicates_total", "counter",
          "Events that were in the queue already.",
          offsetof(ngx_http_connext_counts_t, duplicate) },
        { "connext_edge_request_bytes_total", "counter",
          "Bytes of bodies that were verified.",
          offsetof(ngx_http_connext_counts_t, bytes) },
        { "connext_edge_previous_secret_total", "counter",
          "Deliveries signed with a previous secret.",
          offsetof(ngx_http_connext_counts_t, previous_secret) },
        { "connext_edge_last_accepted_timestamp_seconds", "gauge",
          "When a delivery was last accepted, 0: never.",
          offsetof(ngx_http_connext_counts_t, last_accepted) },
    };

    ngx_uint_t                    i, k;
    ngx_atomic_t                 *n;
    ngx_http_connext_channel_t  **channels;

    channels = cmcf->channels.elts;

    ngx_http_connext_metric(b, "connext_edge_requests_total", "counter",
                            "Requests by their result.");

    for (i = 0; i < cmcf->channels.nelts; i++) {
        for (k = 1; k < NGX_HTTP_CONNEXT_RESULT_COUNT; k++) {
            cx_buf_printf(b, "connext_edge_requests_total{channel=\"%.*s\","
                             "result=\"%s\"} %lu\n",
                          CX_ARG(ngx_http_connext_view(&channels[i]->name)),
                          ngx_http_connext_result_word(
                                              (ngx_http_connext_result_e) k),
                          (unsigned long) channels[i]->counts->results[k]);
        }
    }

    ngx_http_connext_metric(b, "connext_edge_rejects_total", "counter",
                            "Requests that were not accepted, by reason.");

    for (i = 0; i < cmcf->channels.nelts; i++) {
        for (k = 1; k < CX_ERR_COUNT; k++) {

            if (channels[i]->counts->reasons[k] == 0) {
                continue;
            }

            cx_buf_printf(b, "connext_edge_rejects_total{channel=\"%.*s\","
                             "reason=\"%s\"} %lu\n",
                          CX_ARG(ngx_http_connext_view(&channels[i]->name)),
                          cx_err_word((cx_err) k),
                          (unsigned long) channels[i]->counts->reasons[k]);
        }
    }

    for (k = 0; k < sizeof(metrics) / sizeof(metrics[0]); k++) {

        ngx_http_connext_metric(b, metrics[k].name, metrics[k].type,
                                metrics[k].text);

        for (i = 0; i < cmcf->channels.nelts; i++) {
            n = (ngx_atomic_t *) ((u_char *) channels[i]->counts
                                  + metrics[k].offset);

            cx_buf_printf(b, "%s{channel=\"%.*s\"} %lu\n", metrics[k].name,
                          CX_ARG(ngx_http_connext_view(&channels[i]->name)),
                          (unsigned long) *n);
        }
    }
}


/* One histogram a type: the sum over its channels. */

static void
ngx_http_connext_metric_verify(cx_buf *b, ngx_http_connext_main_conf_t *cmcf)
{
    char                           label[64];
    ngx_uint_t                     i, k, n;
    ngx_http_connext_channel_t   **channels;
    ngx_http_connext_histogram_t   sum;

    channels = cmcf->channels.elts;

    ngx_http_connext_metric(b, "connext_edge_verify_duration_seconds",
                            "histogram",
                            "To verify and read a delivery.");

    for (i = 0; i < cmcf->channels.nelts; i++) {

        for (k = 0; k < i; k++) {
            if (channels[k]->type == channels[i]->type) {
                break;
            }
        }

        if (k < i) {
            continue;
        }

        ngx_memzero(&sum, sizeof(ngx_http_connext_histogram_t));

        for ( /* void */ ; k < cmcf->channels.nelts; k++) {

            if (channels[k]->type != channels[i]->type) {
                continue;
            }

            for (n = 0; n <= NGX_HTTP_CONNEXT_BOUNDS; n++) {
                sum.count[n] += channels[k]->counts->verify.count[n];
            }

            sum.sum_ns += channels[k]->counts->verify.sum_ns;
        }

        (void) ngx_snprintf((u_char *) label, sizeof(label), "type=\"%s\"%Z",
                            channels[i]->type->name);

        ngx_http_connext_metric_histogram(b,
                                      "connext_edge_verify_duration_seconds",
                                      label, &sum,
                                      ngx_http_connext_verify_bounds);
    }
}


static void
ngx_http_connext_metric_histogram(cx_buf *b, const char *name,
    const char *label, const ngx_http_connext_histogram_t *h,
    const ngx_uint_t *bounds)
{
    const char     *comma, *open, *close;
    ngx_uint_t      i;
    unsigned long   total;

    comma = label[0] != '\0' ? "," : "";
    open = label[0] != '\0' ? "{" : "";
    close = label[0] != '\0' ? "}" : "";

    total = 0;

    for (i = 0; i < NGX_HTTP_CONNEXT_BOUNDS; i++) {
        total += h->count[i];

        cx_buf_printf(b, "%s_bucket{%s%sle=\"%lu.%06lu\"} %lu\n",
                      name, label, comma,
                      (unsigned long) bounds[i] / 1000000,
                      (unsigned long) bounds[i] % 1000000, total);
    }

    total += h->count[i];

    cx_buf_printf(b, "%s_bucket{%s%sle=\"+Inf\"} %lu\n",
                  name, label, comma, total);
    cx_buf_printf(b, "%s_sum%s%s%s %lu.%09lu\n", name, open, label, close,
                  (unsigned long) h->sum_ns / 1000000000,
                  (unsigned long) h->sum_ns % 1000000000);
    cx_buf_printf(b, "%s_count%s%s%s %lu\n", name, open, label, close, total);
}


static void
ngx_http_connext_metric_redis(cx_buf *b, ngx_http_connext_shared_t *shared)
{
    ngx_uint_t  i;

    ngx_http_connext_metric(b, "connext_edge_redis_up", "gauge",
                            "1 when each worker of nginx reaches Redis.");
    cx_buf_printf(b, "connext_edge_redis_up %d\n",
                  ngx_http_connext_health(shared)
                  == NGX_HTTP_CONNEXT_REACHED);

    ngx_http_connext_metric(b, "connext_edge_redis_errors_total", "counter",
                            "Failed connections and refused commands.");

    for (i = 1; i < CX_ERR_COUNT; i++) {
        if (shared->errors[i] > 0) {
            cx_buf_printf(b, "connext_edge_redis_errors_total{reason=\"%s\"}"
                             " %lu\n", cx_err_word((cx_err) i),
                          (unsigned long) shared->errors[i]);
        }
    }
}
