/*
 * What a website chat's block has beside the others: the origins of its
 * pages, and the secret that proves who a visitor is.
 */

#include "edge/channel.h"

#include "core/origin.h"


char *
ngx_http_connext_channel_origin(ngx_conf_t *cf,
    ngx_http_connext_block_t *block)
{
    ngx_str_t                   *value, *origin;
    ngx_uint_t                   i;
    ngx_http_connext_channel_t  *channel;

    value = cf->args->elts;
    channel = block->channel;

    if (channel->origins.elts == NULL
        && ngx_array_init(&channel->origins, cf->pool, 4, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (!cx_origin_valid(ngx_http_connext_view(&value[i]))) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "connext: %Vallow_origin \"%V\" is no origin "
                               "of the form https://shop.example.com, "
                               "https://*.example.com or *",
                               &block->who, &value[i]);
            return NGX_CONF_ERROR;
        }

        if (value[i].len == 1) {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "connext: %Vallow_origin \"*\" lets the pages "
                               "of every site use this chat", &block->who);
        }

        origin = ngx_array_push(&channel->origins);
        if (origin == NULL) {
            return NGX_CONF_ERROR;
        }

        *origin = value[i];
    }

    return NGX_CONF_OK;
}


char *
ngx_http_connext_channel_identity(ngx_conf_t *cf,
    ngx_http_connext_block_t *block)
{
    return ngx_http_connext_secrets_add(cf, block, &block->identity,
                                        "identity secret file");
}


ngx_int_t
ngx_http_connext_channel_chat(ngx_conf_t *cf,
    ngx_http_connext_block_t *block)
{
    const char                  *odd;
    ngx_uint_t                   chat;
    ngx_http_connext_channel_t  *channel;

    channel = block->channel;
    chat = channel->type->via == CX_VIA_PUSH;

    odd = chat && channel->origins.nelts == 0
          ? "\"allow_origin\" is missing"
          : !chat && channel->origins.nelts > 0
          ? "\"allow_origin\" is for type webchat"
          : !chat && block->identity.n > 0
          ? "\"identity_secret_file\" is for type webchat"
          : NULL;

    if (odd == NULL) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "connext: %V%s in %V:%ui",
                  &block->who, odd,
                  &channel->place.file, channel->place.line);

    return NGX_ERROR;
}
