#include "edge/edge.h"


typedef enum {
    NGX_HTTP_CONNEXT_VAR_CHANNEL = 0,
    NGX_HTTP_CONNEXT_VAR_TYPE,
    NGX_HTTP_CONNEXT_VAR_RESULT,
    NGX_HTTP_CONNEXT_VAR_REASON,
    NGX_HTTP_CONNEXT_VAR_EVENT,
    NGX_HTTP_CONNEXT_VAR_STREAM_ID,
    NGX_HTTP_CONNEXT_VAR_VERIFY_TIME,
    NGX_HTTP_CONNEXT_VAR_ENQUEUE_TIME,
    NGX_HTTP_CONNEXT_VAR_SECRET_INDEX
} ngx_http_connext_variable_e;


static ngx_int_t ngx_http_connext_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static cx_str ngx_http_connext_variable_text(ngx_http_connext_ctx_t *ctx,
    uintptr_t data);
static cx_str ngx_http_connext_variable_reason(ngx_http_connext_ctx_t *ctx);
static ngx_int_t ngx_http_connext_variable_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static void ngx_http_connext_variable_set(ngx_http_variable_value_t *v,
    cx_str text);


static ngx_http_variable_t  ngx_http_connext_vars[] = {

    { ngx_string("connext_channel"), NULL, ngx_http_connext_variable,
      NGX_HTTP_CONNEXT_VAR_CHANNEL, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("connext_type"), NULL, ngx_http_connext_variable,
      NGX_HTTP_CONNEXT_VAR_TYPE, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("connext_result"), NULL, ngx_http_connext_variable,
      NGX_HTTP_CONNEXT_VAR_RESULT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("connext_reason"), NULL, ngx_http_connext_variable,
      NGX_HTTP_CONNEXT_VAR_REASON, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("connext_event_id"), NULL, ngx_http_connext_variable,
      NGX_HTTP_CONNEXT_VAR_EVENT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("connext_stream_id"), NULL, ngx_http_connext_variable,
      NGX_HTTP_CONNEXT_VAR_STREAM_ID, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("connext_verify_time"), NULL,
      ngx_http_connext_variable_number,
      NGX_HTTP_CONNEXT_VAR_VERIFY_TIME, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("connext_enqueue_time"), NULL,
      ngx_http_connext_variable_number,
      NGX_HTTP_CONNEXT_VAR_ENQUEUE_TIME, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("connext_secret_index"), NULL,
      ngx_http_connext_variable_number,
      NGX_HTTP_CONNEXT_VAR_SECRET_INDEX, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_connext_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_connext_vars; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_connext_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    cx_str                   text;
    ngx_http_connext_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_connext_module);

    text = ctx != NULL ? ngx_http_connext_variable_text(ctx, data)
                       : CX_STR("");

    ngx_http_connext_variable_set(v, text);

    return NGX_OK;
}


static cx_str
ngx_http_connext_variable_text(ngx_http_connext_ctx_t *ctx, uintptr_t data)
{
    switch (data) {

    case NGX_HTTP_CONNEXT_VAR_CHANNEL:
        return ngx_http_connext_view(&ctx->conf->channel->name);

    case NGX_HTTP_CONNEXT_VAR_TYPE:
        return cx_strz(ctx->conf->channel->type->name);

    case NGX_HTTP_CONNEXT_VAR_RESULT:
        return cx_strz(ngx_http_connext_result_word(ctx->result));

    case NGX_HTTP_CONNEXT_VAR_REASON:
        return ngx_http_connext_variable_reason(ctx);

    case NGX_HTTP_CONNEXT_VAR_EVENT:

        return ctx->result == NGX_HTTP_CONNEXT_QUEUED
               || ctx->result == NGX_HTTP_CONNEXT_QUARANTINED
               ? (cx_str) { sizeof(ctx->event), (char *) ctx->event }
               : CX_STR("");

    default: /* NGX_HTTP_CONNEXT_VAR_STREAM_ID */
        return (cx_str) { ctx->stream_id_len, (char *) ctx->stream_id };
    }
}


/* Two words are not outcomes of their own: both are a 200. */

static cx_str
ngx_http_connext_variable_reason(ngx_http_connext_ctx_t *ctx)
{
    if (ctx->reason == CX_OK && ctx->partial) {
        return CX_STR("partial");
    }

    if (ctx->reason == CX_OK && ctx->duplicate) {
        return CX_STR("duplicate");
    }

    return cx_strz(cx_err_word(ctx->reason));
}


/* Never "-": a log format writes them into JSON without quotes. */

static ngx_int_t
ngx_http_connext_variable_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                  *p;
    uint64_t                 ns;
    ngx_http_connext_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_connext_module);

    if (ctx == NULL) {
        ngx_http_connext_variable_set(v, CX_STR("0"));
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN + sizeof(".000000"));
    if (p == NULL) {
        return NGX_ERROR;
    }

    v->data = p;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    if (data == NGX_HTTP_CONNEXT_VAR_SECRET_INDEX) {
        v->len = (unsigned) (ngx_sprintf(p, "%ui", ctx->secret) - p);
        return NGX_OK;
    }

    ns = data == NGX_HTTP_CONNEXT_VAR_VERIFY_TIME ? ctx->verify_ns
                                                  : ctx->enqueue_ns;

    v->len = (unsigned) (ngx_sprintf(p, "%uL.%06uL", ns / 1000000000,
                                     ns / 1000 % 1000000)
                         - p);
    return NGX_OK;
}


static void
ngx_http_connext_variable_set(ngx_http_variable_value_t *v, cx_str text)
{
    v->data = (u_char *) text.p;
    v->len = (unsigned) text.len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
}
