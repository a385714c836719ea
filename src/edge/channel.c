/*
 * connext_channel name { ... }: a channel's type and its secrets.
 */

#include "edge/channel.h"


static ngx_int_t ngx_http_connext_channel_name(ngx_conf_t *cf,
    ngx_http_connext_main_conf_t *cmcf, ngx_str_t *name);
static ngx_int_t ngx_http_connext_channel_complete(ngx_conf_t *cf,
    ngx_http_connext_block_t *block);
static char *ngx_http_connext_channel_line(ngx_conf_t *cf,
    ngx_command_t *dummy, void *conf);
static char *ngx_http_connext_channel_type(ngx_conf_t *cf,
    ngx_http_connext_block_t *block);
static char *ngx_http_connext_channel_secret(ngx_conf_t *cf,
    ngx_http_connext_block_t *block);
static char *ngx_http_connext_channel_token(ngx_conf_t *cf,
    ngx_http_connext_block_t *block);
static char *ngx_http_connext_channel_url(ngx_conf_t *cf,
    ngx_http_connext_block_t *block);
static char *ngx_http_connext_channel_topic(ngx_conf_t *cf,
    ngx_http_connext_block_t *block);
static char *ngx_http_connext_channel_tolerance(ngx_conf_t *cf,
    ngx_http_connext_block_t *block);
static char *ngx_http_connext_channel_duplicate(ngx_conf_t *cf,
    ngx_http_connext_block_t *block);


/* Words that mean a type of the registry, for those who know it by them. */
static const struct {
    ngx_str_t    alias;
    const char  *type;
} ngx_http_connext_aliases[] = {
    { ngx_string("whatsapp_cloud"), "whatsapp" },
};


char *
ngx_http_connext_channel_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    u_char                         *p;
    char                           *rv;
    ngx_str_t                      *value;
    ngx_conf_t                      save;
    ngx_http_connext_block_t        block;
    ngx_http_connext_channel_t     *channel, **slot;
    ngx_http_connext_main_conf_t   *cmcf = conf;

    (void) cmd;

    value = cf->args->elts;

    if (ngx_http_connext_channel_name(cf, cmcf, &value[1]) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    channel = ngx_pcalloc(cf->pool, sizeof(ngx_http_connext_channel_t));
    slot = ngx_array_push(&cmcf->channels);
    p = ngx_pnalloc(cf->pool, sizeof("channel \"\": ") + value[1].len);

    if (channel == NULL || slot == NULL || p == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = channel;

    channel->name = value[1];
    channel->account.name = ngx_http_connext_view(&channel->name);
    channel->place.file = cf->conf_file->file.name;
    channel->place.line = cf->conf_file->line;

    ngx_memzero(&block, sizeof(ngx_http_connext_block_t));

    block.channel = channel;
    block.who.data = p;
    block.who.len = (size_t) (ngx_sprintf(p, "channel \"%V\": ",
                                          &channel->name) - p);

    save = *cf;
    cf->handler = ngx_http_connext_channel_line;
    cf->handler_conf = (void *) &block;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_http_connext_channel_complete(cf, &block) != NGX_OK
        || ngx_http_connext_channel_keys(cf, &block) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_connext_channel_name(ngx_conf_t *cf,
    ngx_http_connext_main_conf_t *cmcf, ngx_str_t *name)
{
    size_t                       i;
    u_char                       ch;
    ngx_http_connext_channel_t  *other;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9')
              || ch == '-'))
        {
            break;
        }
    }

    if (name->len == 0 || name->len > NGX_HTTP_CONNEXT_NAME_MAX
        || i < name->len)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "connext: channel \"%V\": a name is 1 to %d of "
                           "a-z, 0-9 and \"-\"",
                           name, NGX_HTTP_CONNEXT_NAME_MAX);
        return NGX_ERROR;
    }

    other = ngx_http_connext_channel_find(cmcf, name);

    if (other != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "connext: channel \"%V\" is duplicate, the first "
                           "is in %V:%ui", name,
                           &other->place.file, other->place.line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_http_connext_channel_t *
ngx_http_connext_channel_find(ngx_http_connext_main_conf_t *cmcf,
    ngx_str_t *name)
{
    ngx_uint_t                    i;
    ngx_http_connext_channel_t  **channels;

    channels = cmcf->channels.elts;

    for (i = 0; i < cmcf->channels.nelts; i++) {
        if (channels[i]->name.len == name->len
            && ngx_memcmp(channels[i]->name.data, name->data, name->len) == 0)
        {
            return channels[i];
        }
    }

    return NULL;
}


/* Says where the block begins, not where it ends. */

static ngx_int_t
ngx_http_connext_channel_complete(ngx_conf_t *cf,
    ngx_http_connext_block_t *block)
{
    const char                  *missing;
    ngx_http_connext_channel_t  *channel;

    channel = block->channel;

    missing = channel->type == NULL ? "type"
              : block->secrets.n == 0 ? "secret_file"
              : channel->type->needs_token
                && channel->account.verify_token.len == 0
              ? "verify_token_file"
              : channel->type->needs_url
                && channel->account.public_url.len == 0
              ? "public_url"
              : channel->type->needs_topic
                && channel->account.topic.len == 0
              ? "topic"
              : NULL;

    if (missing == NULL && ngx_http_connext_channel_chat(cf, block) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (missing == NULL) {

        if (channel->type->closed != NULL) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0, "connext: %V%s in %V:%ui",
                          &block->who, channel->type->closed,
                          &channel->place.file, channel->place.line);
        }

        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "connext: %V\"%s\" is missing in %V:%ui",
                  &block->who, missing,
                  &channel->place.file, channel->place.line);

    return NGX_ERROR;
}


static char *
ngx_http_connext_channel_line(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf)
{
    static const struct {
        ngx_str_t    name;
        ngx_uint_t   max;       /* arguments; the least is one */
        char      *(*set)(ngx_conf_t *cf, ngx_http_connext_block_t *block);
    } lines[] = {
        { ngx_string("type"), 1, ngx_http_connext_channel_type },
        { ngx_string("secret_file"), 2, ngx_http_connext_channel_secret },
        { ngx_string("verify_token_file"), 1,
          ngx_http_connext_channel_token },
        { ngx_string("public_url"), 1, ngx_http_connext_channel_url },
        { ngx_string("topic"), 1, ngx_http_connext_channel_topic },
        { ngx_string("tolerance"), 1, ngx_http_connext_channel_tolerance },
        { ngx_string("identity_secret_file"), 2,
          ngx_http_connext_channel_identity },
        { ngx_string("allow_origin"), NGX_CONF_MAX_ARGS,
          ngx_http_connext_channel_origin },
    };

    ngx_str_t                 *value;
    ngx_uint_t                 i;
    ngx_http_connext_block_t  *block = conf;

    (void) dummy;

    value = cf->args->elts;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {

        if (value[0].len != lines[i].name.len
            || ngx_strncmp(value[0].data, lines[i].name.data, value[0].len)
               != 0)
        {
            continue;
        }

        if (cf->args->nelts < 2 || cf->args->nelts > lines[i].max + 1) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "connext: %Vinvalid number of arguments in "
                               "\"%V\"", &block->who, &value[0]);
            return NGX_CONF_ERROR;
        }

        return lines[i].set(cf, block);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "connext: %Vunknown setting \"%V\", there are "
                       "type, secret_file, verify_token_file, public_url, "
                       "topic, tolerance, identity_secret_file, "
                       "allow_origin",
                       &block->who, &value[0]);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_connext_channel_type(ngx_conf_t *cf, ngx_http_connext_block_t *block)
{
    cx_str                       word;
    ngx_str_t                   *value;
    ngx_uint_t                   i;
    ngx_http_connext_header_t   *header;
    ngx_http_connext_channel_t  *channel;

    value = cf->args->elts;
    word = ngx_http_connext_view(&value[1]);
    channel = block->channel;

    if (channel->type != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "connext: %V\"type\" is duplicate", &block->who);
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < sizeof(ngx_http_connext_aliases)
                    / sizeof(ngx_http_connext_aliases[0]); i++)
    {
        if (cx_str_eq(word,
                   ngx_http_connext_view((ngx_str_t *)
                                        &ngx_http_connext_aliases[i].alias)))
        {
            word = cx_strz(ngx_http_connext_aliases[i].type);
        }
    }

    channel->type = cx_channel_find(word);

    if (channel->type == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "connext: %Vunknown type \"%V\", there are: %s",
                           &block->who, &value[1], cx_channel_names());
        return NGX_CONF_ERROR;
    }

    for (i = 0; channel->type->headers[i] != NULL; i++) {

        if (i == sizeof(channel->headers) / sizeof(channel->headers[0])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "connext: %Vtoo many headers", &block->who);
            return NGX_CONF_ERROR;
        }

        header = &channel->headers[i];
        header->name.data = (u_char *) channel->type->headers[i];
        header->name.len = ngx_strlen(header->name.data);
        header->hash = ngx_hash_key(header->name.data, header->name.len);
    }

    channel->nheaders = i;

    return NGX_CONF_OK;
}


static char *
ngx_http_connext_channel_secret(ngx_conf_t *cf,
    ngx_http_connext_block_t *block)
{
    return ngx_http_connext_secrets_add(cf, block, &block->secrets,
                                        "secret file");
}


static char *
ngx_http_connext_channel_token(ngx_conf_t *cf,
    ngx_http_connext_block_t *block)
{
    ngx_str_t   *value, token;
    cx_account  *account;

    value = cf->args->elts;
    account = &block->channel->account;

    if (account->verify_token.len > 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "connext: %V\"verify_token_file\" is duplicate",
                           &block->who);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_connext_read_secret(cf, &block->who, "verify token file",
                                     &value[1], &token)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    account->verify_token = ngx_http_connext_view(&token);

    return NGX_CONF_OK;
}


/* Scheme, host, maybe a path; nothing that a request adds itself. */

static char *
ngx_http_connext_channel_url(ngx_conf_t *cf, ngx_http_connext_block_t *block)
{
    cx_str       url;
    ngx_str_t   *value;
    cx_account  *account;

    value = cf->args->elts;
    account = &block->channel->account;
    url = ngx_http_connext_view(&value[1]);

    if (account->public_url.len > 0) {
        return ngx_http_connext_channel_duplicate(cf, block);
    }

    if (!(cx_str_starts(url, CX_STR("https://"))
          || cx_str_starts(url, CX_STR("http://")))
        || url.p[url.len - 1] == '/'
        || memchr(url.p, '?', url.len) != NULL
        || memchr(url.p, '#', url.len) != NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "connext: %Vpublic_url \"%V\" is no URL of the "
                           "form https://host or https://host/path",
                           &block->who, &value[1]);
        return NGX_CONF_ERROR;
    }

    account->public_url = url;

    return NGX_CONF_OK;
}


static char *
ngx_http_connext_channel_topic(ngx_conf_t *cf,
    ngx_http_connext_block_t *block)
{
    ngx_str_t   *value;
    cx_account  *account;

    value = cf->args->elts;
    account = &block->channel->account;

    if (account->topic.len > 0) {
        return ngx_http_connext_channel_duplicate(cf, block);
    }

    account->topic = ngx_http_connext_view(&value[1]);

    return NGX_CONF_OK;
}


static char *
ngx_http_connext_channel_tolerance(ngx_conf_t *cf,
    ngx_http_connext_block_t *block)
{
    ngx_int_t    ms;
    ngx_str_t   *value;
    cx_account  *account;

    value = cf->args->elts;
    account = &block->channel->account;

    if (account->tolerance_ms > 0) {
        return ngx_http_connext_channel_duplicate(cf, block);
    }

    ms = ngx_parse_time(&value[1], 0);

    if (ms == NGX_ERROR || ms == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "connext: %Vtolerance \"%V\" is no time",
                           &block->who, &value[1]);
        return NGX_CONF_ERROR;
    }

    account->tolerance_ms = ms;

    return NGX_CONF_OK;
}


static char *
ngx_http_connext_channel_duplicate(ngx_conf_t *cf,
    ngx_http_connext_block_t *block)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "connext: %V\"%V\" is duplicate", &block->who,
                       &value[0]);

    return NGX_CONF_ERROR;
}
