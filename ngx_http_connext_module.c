/*
 * ngx_http_connext_module: webhooks of messaging providers, verified by nginx
 * and queued in Redis.  Directives, configuration, start and end of workers;
 * what happens to a request is in src/edge.
 */

#include "edge/edge.h"


static ngx_int_t ngx_http_connext_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_connext_postconfiguration(ngx_conf_t *cf);
static void *ngx_http_connext_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_connext_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_connext_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);

static char *ngx_http_connext_webhook(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_connext_pass(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_connext_password(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_connext_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_connext_check_prefix(ngx_conf_t *cf, void *post,
    void *data);
static char *ngx_http_connext_check_timeout(ngx_conf_t *cf, void *post,
    void *data);

static ngx_int_t ngx_http_connext_init_process(ngx_cycle_t *cycle);
static void ngx_http_connext_exit_process(ngx_cycle_t *cycle);


static ngx_conf_enum_t  ngx_http_connext_log_levels[] = {
    { ngx_string("info"), NGX_LOG_INFO },
    { ngx_string("notice"), NGX_LOG_NOTICE },
    { ngx_string("warn"), NGX_LOG_WARN },
    { ngx_string("error"), NGX_LOG_ERR },
    { ngx_null_string, 0 }
};


static ngx_conf_num_bounds_t  ngx_http_connext_ack_bounds = {
    ngx_conf_check_num_bounds, 200, 299
};

static ngx_conf_num_bounds_t  ngx_http_connext_refuse_bounds = {
    ngx_conf_check_num_bounds, 400, 599
};

static ngx_conf_num_bounds_t  ngx_http_connext_db_bounds = {
    ngx_conf_check_num_bounds, 0, 65535
};

static ngx_conf_post_t  ngx_http_connext_prefix_post = {
    ngx_http_connext_check_prefix
};

static ngx_conf_post_t  ngx_http_connext_timeout_post = {
    ngx_http_connext_check_timeout
};


#define NGX_HTTP_CONNEXT_ANY                                                  \
    (NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF)

static ngx_command_t  ngx_http_connext_commands[] = {

    { ngx_string("connext_shared_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_connext_shared_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("connext_channel"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_connext_channel_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("connext_webhook"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_connext_webhook,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("connext_chat"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_connext_webhook,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("connext_chat_streams"),
      NGX_HTTP_CONNEXT_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_connext_loc_conf_t, chat_streams),
      NULL },

    { ngx_string("connext_pass"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_connext_pass,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("connext_prefix"),
      NGX_HTTP_CONNEXT_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_connext_loc_conf_t, prefix),
      &ngx_http_connext_prefix_post },

    { ngx_string("connext_connect_timeout"),
      NGX_HTTP_CONNEXT_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_connext_loc_conf_t, connect_timeout),
      &ngx_http_connext_timeout_post },

    { ngx_string("connext_send_timeout"),
      NGX_HTTP_CONNEXT_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_connext_loc_conf_t, send_timeout),
      &ngx_http_connext_timeout_post },

    { ngx_string("connext_read_timeout"),
      NGX_HTTP_CONNEXT_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_connext_loc_conf_t, read_timeout),
      &ngx_http_connext_timeout_post },

    { ngx_string("connext_redis_user"),
      NGX_HTTP_CONNEXT_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_connext_loc_conf_t, redis_user),
      NULL },

    { ngx_string("connext_redis_password_file"),
      NGX_HTTP_CONNEXT_ANY|NGX_CONF_TAKE1,
      ngx_http_connext_password,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("connext_redis_db"),
      NGX_HTTP_CONNEXT_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_connext_loc_conf_t, redis_db),
      &ngx_http_connext_db_bounds },

    { ngx_string("connext_ack_status"),
      NGX_HTTP_CONNEXT_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_connext_loc_conf_t, ack_status),
      &ngx_http_connext_ack_bounds },

    { ngx_string("connext_reject_status"),
      NGX_HTTP_CONNEXT_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_connext_loc_conf_t, reject_status),
      &ngx_http_connext_refuse_bounds },

    { ngx_string("connext_unavailable_status"),
      NGX_HTTP_CONNEXT_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_connext_loc_conf_t, unavailable_status),
      &ngx_http_connext_refuse_bounds },

    { ngx_string("connext_log_level"),
      NGX_HTTP_CONNEXT_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_connext_loc_conf_t, log_level),
      &ngx_http_connext_log_levels },

    { ngx_string("connext_status"),
      NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_http_connext_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_connext_module_ctx = {
    ngx_http_connext_preconfiguration,     /* preconfiguration */
    ngx_http_connext_postconfiguration,    /* postconfiguration */

    ngx_http_connext_create_main_conf,     /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_connext_create_loc_conf,      /* create location configuration */
    ngx_http_connext_merge_loc_conf        /* merge location configuration */
};


ngx_module_t  ngx_http_connext_module = {
    NGX_MODULE_V1,
    &ngx_http_connext_module_ctx,          /* module context */
    ngx_http_connext_commands,             /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_connext_init_process,         /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_connext_exit_process,         /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_connext_preconfiguration(ngx_conf_t *cf)
{
    return ngx_http_connext_add_variables(cf);
}


static ngx_int_t
ngx_http_connext_postconfiguration(ngx_conf_t *cf)
{
    if (ngx_http_connext_resolve(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_connext_add_zone(cf);
}


static void *
ngx_http_connext_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_connext_main_conf_t  *cmcf;

    cmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_connext_main_conf_t));
    if (cmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&cmcf->channels, cf->pool, 4, sizeof(void *))
            != NGX_OK
        || ngx_array_init(&cmcf->targets, cf->pool, 2, sizeof(void *))
            != NGX_OK)
    {
        return NULL;
    }

    return cmcf;
}


static void *
ngx_http_connext_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_connext_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_connext_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->webhook, pass, prefix = { 0, NULL }
     *     conf->chat = 0
     *     conf->redis_user, redis_password = { 0, NULL }
     *     conf->channel, upstream, redis = NULL
     *     conf->status = NGX_HTTP_CONNEXT_STATUS_AUTO
     */

    conf->connect_timeout = NGX_CONF_UNSET_MSEC;
    conf->send_timeout = NGX_CONF_UNSET_MSEC;
    conf->read_timeout = NGX_CONF_UNSET_MSEC;

    conf->chat_streams = NGX_CONF_UNSET;
    conf->redis_db = NGX_CONF_UNSET;
    conf->ack_status = NGX_CONF_UNSET;
    conf->reject_status = NGX_CONF_UNSET;
    conf->unavailable_status = NGX_CONF_UNSET;
    conf->log_level = NGX_CONF_UNSET_UINT;

    return conf;
}


static char *
ngx_http_connext_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_connext_loc_conf_t *prev = parent;
    ngx_http_connext_loc_conf_t *conf = child;

    ngx_http_core_loc_conf_t  *clcf;

    ngx_conf_merge_str_value(conf->prefix, prev->prefix, "cx");

    ngx_conf_merge_msec_value(conf->connect_timeout,
                              prev->connect_timeout, 500);
    ngx_conf_merge_msec_value(conf->send_timeout, prev->send_timeout, 1000);
    ngx_conf_merge_msec_value(conf->read_timeout, prev->read_timeout, 2000);

    ngx_conf_merge_value(conf->chat_streams, prev->chat_streams, 0);
    ngx_conf_merge_str_value(conf->redis_user, prev->redis_user, "");
    ngx_conf_merge_str_value(conf->redis_password, prev->redis_password, "");
    ngx_conf_merge_value(conf->redis_db, prev->redis_db, 0);

    ngx_conf_merge_value(conf->ack_status, prev->ack_status, NGX_HTTP_OK);
    ngx_conf_merge_value(conf->reject_status, prev->reject_status, 0);
    ngx_conf_merge_value(conf->unavailable_status, prev->unavailable_status,
                         NGX_HTTP_SERVICE_UNAVAILABLE);
    ngx_conf_merge_uint_value(conf->log_level, prev->log_level, NGX_LOG_ERR);

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* "if" and "limit_except" are parts of their location. */

    if (clcf->noname && conf->webhook.len == 0 && prev->webhook.len > 0) {
        conf->webhook = prev->webhook;
        conf->place = prev->place;
        conf->chat = prev->chat;
        clcf->handler = conf->chat ? ngx_http_connext_chat_handler
                                   : ngx_http_connext_handler;
    }

    if (clcf->noname && conf->upstream == NULL) {
        conf->pass = prev->pass;
        conf->upstream = prev->upstream;
    }

    if (conf->webhook.len == 0) {
        return NGX_CONF_OK;
    }

    return ngx_http_connext_location(cf, conf, clcf);
}


/* And "connext_chat". */

static char *
ngx_http_connext_webhook(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                    *value;
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_connext_loc_conf_t  *lcf = conf;

    if (lcf->webhook.len > 0) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "needs the name of a channel";
    }

    /* The channel may be defined below: it is looked up after parsing. */

    lcf->webhook = value[1];
    lcf->chat = ngx_strcmp(cmd->name.data, "connext_chat") == 0;
    lcf->place.file = cf->conf_file->file.name;
    lcf->place.line = cf->conf_file->line;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = lcf->chat ? ngx_http_connext_chat_handler
                              : ngx_http_connext_handler;

    return NGX_CONF_OK;
}


static char *
ngx_http_connext_pass(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_url_t                     u;
    ngx_str_t                    *value;
    ngx_http_connext_loc_conf_t  *lcf = conf;

    (void) cmd;

    if (lcf->upstream != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = value[1];
    u.no_resolve = 1;

    lcf->pass = value[1];
    lcf->upstream = ngx_http_upstream_add(cf, &u, 0);

    return lcf->upstream != NULL ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_connext_password(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                    *value, who;
    ngx_http_connext_loc_conf_t  *lcf = conf;

    (void) cmd;

    if (lcf->redis_password.data != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;
    ngx_str_null(&who);

    if (ngx_http_connext_read_secret(cf, &who, "redis password file",
                                     &value[1], &lcf->redis_password)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_connext_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    static const struct {
        ngx_str_t                  word;
        ngx_http_connext_status_e  form;
    } forms[] = {
        { ngx_string("json"), NGX_HTTP_CONNEXT_STATUS_JSON },
        { ngx_string("prometheus"), NGX_HTTP_CONNEXT_STATUS_PROMETHEUS },
        { ngx_string("ready"), NGX_HTTP_CONNEXT_STATUS_READY },
        { ngx_string("live"), NGX_HTTP_CONNEXT_STATUS_LIVE },
    };

    ngx_str_t                     *value;
    ngx_uint_t                     i;
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_connext_loc_conf_t   *lcf = conf;
    ngx_http_connext_main_conf_t  *cmcf;

    (void) cmd;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_connext_module);
    cmcf->status = 1;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler == ngx_http_connext_status_handler) {
        return "is duplicate";
    }

    clcf->handler = ngx_http_connext_status_handler;

    if (cf->args->nelts == 1) {
        return NGX_CONF_OK;
    }

    value = cf->args->elts;

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (value[1].len == forms[i].word.len
            && ngx_strncmp(value[1].data, forms[i].word.data, value[1].len)
               == 0)
        {
            lcf->status = forms[i].form;
            return NGX_CONF_OK;
        }
    }

    return "knows json, prometheus, ready and live";
}


static char *
ngx_http_connext_check_prefix(ngx_conf_t *cf, void *post, void *data)
{
    size_t      i;
    u_char      ch;
    ngx_str_t  *prefix = data;

    (void) cf;
    (void) post;

    for (i = 0; i < prefix->len; i++) {
        ch = prefix->data[i];

        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
              || (ch >= '0' && ch <= '9')
              || ch == '-' || ch == '_' || ch == '.'))
        {
            break;
        }
    }

    if (prefix->len == 0 || i < prefix->len
        || prefix->len > CX_QUEUE_PREFIX_MAX)
    {
        return "is 1 to 32 of letters, digits, \"-\", \"_\" and \".\"";
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_connext_check_timeout(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t  *timeout = data;

    (void) cf;
    (void) post;

    return *timeout > 0 ? NGX_CONF_OK : "must be above zero";
}


static ngx_int_t
ngx_http_connext_init_process(ngx_cycle_t *cycle)
{
    ngx_http_connext_main_conf_t  *cmcf;

    /* The cache manager and loader come here too. */

    if (ngx_process != NGX_PROCESS_WORKER
        && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    cmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_connext_module);

    if (cmcf != NULL && cmcf->shared != NULL) {
        ngx_http_connext_streams_begin(cmcf->shared);
    }

    return cmcf != NULL ? ngx_http_connext_start(cmcf, cycle) : NGX_OK;
}


static void
ngx_http_connext_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_connext_main_conf_t  *cmcf;

    cmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_connext_module);

    if (cmcf != NULL) {
        ngx_http_connext_stop(cmcf);
    }
}
