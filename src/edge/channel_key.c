/*
 * The secrets of a channel: read where they are named, made into keys at the
 * end of the block, because the type, which knows the kind, may stand below.
 */

#include "edge/channel.h"

#define NGX_HTTP_CONNEXT_SECRET_MIN  16


static ngx_int_t ngx_http_connext_channel_key(ngx_conf_t *cf,
    ngx_http_connext_block_t *block, ngx_uint_t i);
static ngx_int_t ngx_http_connext_identity_key(ngx_conf_t *cf,
    ngx_http_connext_block_t *block, ngx_uint_t i);
static ngx_int_t ngx_http_connext_key_bad(ngx_conf_t *cf,
    ngx_http_connext_block_t *block, ngx_str_t *file, const char *bad);
static void ngx_http_connext_mac_cleanup(void *data);
static void ngx_http_connext_pubkey_cleanup(void *data);
static void ngx_http_connext_text_cleanup(void *data);


char *
ngx_http_connext_secrets_add(ngx_conf_t *cf, ngx_http_connext_block_t *block,
    ngx_http_connext_secrets_t *secrets, const char *what)
{
    ngx_str_t   *value, *secret;
    ngx_uint_t   i;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (secrets->n == CX_SECRETS_MAX) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "connext: %Vmore than %d secrets",
                               &block->who, CX_SECRETS_MAX);
            return NGX_CONF_ERROR;
        }

        secret = ngx_palloc(cf->pool, sizeof(ngx_str_t));
        if (secret == NULL) {
            return NGX_CONF_ERROR;
        }

        if (ngx_http_connext_read_secret(cf, &block->who, what, &value[i],
                                         secret)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        secrets->files[secrets->n] = value[i];
        secrets->secrets[secrets->n++] = secret;
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_connext_channel_keys(ngx_conf_t *cf,
    ngx_http_connext_block_t *block)
{
    ngx_int_t                    rc;
    ngx_uint_t                   i;
    ngx_http_connext_channel_t  *channel;

    channel = block->channel;

    for (i = 0; i < block->secrets.n; i++) {

        rc = ngx_http_connext_channel_key(cf, block, i);

        if (channel->type->key != CX_KEY_TEXT) {
            cx_secret_wipe(block->secrets.secrets[i]->data,
                           block->secrets.secrets[i]->len);
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < block->identity.n; i++) {

        rc = ngx_http_connext_identity_key(cf, block, i);

        cx_secret_wipe(block->identity.secrets[i]->data,
                       block->identity.secrets[i]->len);

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    channel->account.nsecrets = block->secrets.n;
    channel->account.nidentity = block->identity.n;

    return NGX_OK;
}


/* A secret becomes what its type compares with; it goes with the cycle. */

static ngx_int_t
ngx_http_connext_channel_key(ngx_conf_t *cf, ngx_http_connext_block_t *block,
    ngx_uint_t i)
{
    cx_str               key;
    const char          *bad;
    cx_account          *account;
    const cx_channel    *type;
    ngx_pool_cleanup_t  *cln;

    type = block->channel->type;
    account = &block->channel->account;
    key = ngx_http_connext_view(block->secrets.secrets[i]);
    bad = NULL;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    if (type->key != CX_KEY_PUBLIC && key.len < NGX_HTTP_CONNEXT_SECRET_MIN) {
        bad = "holds fewer than 16 bytes: that is no secret";

    } else if (type->key == CX_KEY_MAC) {
        account->secrets[i] = cx_mac_new(type->mac, key);
        cln->handler = ngx_http_connext_mac_cleanup;
        cln->data = account->secrets[i];
        bad = cln->data == NULL ? "is refused by OpenSSL" : NULL;

    } else if (type->key == CX_KEY_PUBLIC) {
        account->pubkeys[i] = cx_pubkey_new(key);
        cln->handler = ngx_http_connext_pubkey_cleanup;
        cln->data = account->pubkeys[i];
        bad = cln->data == NULL ? "is no certificate or public key (PEM, or "
                                  "base64 of its DER form) that is in use"
                                : NULL;

    } else {
        account->texts[i] = key;
        cln->handler = ngx_http_connext_text_cleanup;
        cln->data = block->secrets.secrets[i];
    }

    if (bad != NULL) {
        cln->handler = NULL;
        return ngx_http_connext_key_bad(cf, block, &block->secrets.files[i],
                                        bad);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_connext_identity_key(ngx_conf_t *cf,
    ngx_http_connext_block_t *block, ngx_uint_t i)
{
    cx_mac              *mac;
    cx_str               key;
    ngx_pool_cleanup_t  *cln;

    key = ngx_http_connext_view(block->identity.secrets[i]);

    if (key.len < NGX_HTTP_CONNEXT_SECRET_MIN) {
        return ngx_http_connext_key_bad(cf, block, &block->identity.files[i],
                       "holds fewer than 16 bytes: that is no secret");
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    mac = cx_mac_new(CX_MAC_SHA256, key);
    if (mac == NULL) {
        return ngx_http_connext_key_bad(cf, block, &block->identity.files[i],
                                        "is refused by OpenSSL");
    }

    block->channel->account.identity[i] = mac;
    cln->handler = ngx_http_connext_mac_cleanup;
    cln->data = mac;

    return NGX_OK;
}


static ngx_int_t
ngx_http_connext_key_bad(ngx_conf_t *cf, ngx_http_connext_block_t *block,
    ngx_str_t *file, const char *bad)
{
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "connext: %Vsecret file \"%V\" %s in %V:%ui",
                  &block->who, file, bad, &block->channel->place.file,
                  block->channel->place.line);

    return NGX_ERROR;
}


static void
ngx_http_connext_mac_cleanup(void *data)
{
    cx_mac_free(data);
}


static void
ngx_http_connext_pubkey_cleanup(void *data)
{
    cx_pubkey_free(data);
}


static void
ngx_http_connext_text_cleanup(void *data)
{
    ngx_str_t  *text = data;

    cx_secret_wipe(text->data, text->len);
}
