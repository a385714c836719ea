/*
 * A connext_channel block while it is read: channel.c has its settings,
 * channel_key.c makes keys of its secrets.
 */

#ifndef CX_EDGE_CHANNEL_H
#define CX_EDGE_CHANNEL_H

#include "edge/edge.h"


/* Contents of secret files, and their paths, until they are keys. */
typedef struct {
    ngx_str_t                   *secrets[CX_SECRETS_MAX];
    ngx_str_t                    files[CX_SECRETS_MAX];
    ngx_uint_t                   n;
} ngx_http_connext_secrets_t;


/* The block as far as it is read. */
typedef struct {
    ngx_http_connext_channel_t  *channel;
    ngx_str_t                    who;       /* begins its messages */
    ngx_http_connext_secrets_t   secrets;
    ngx_http_connext_secrets_t   identity;
} ngx_http_connext_block_t;


/* The files of the line at hand. */
char *ngx_http_connext_secrets_add(ngx_conf_t *cf,
    ngx_http_connext_block_t *block, ngx_http_connext_secrets_t *secrets,
    const char *what);

/* All secrets become what the type compares with. */
ngx_int_t ngx_http_connext_channel_keys(ngx_conf_t *cf,
    ngx_http_connext_block_t *block);

/* channel_chat.c: what only a website chat has */

char *ngx_http_connext_channel_origin(ngx_conf_t *cf,
    ngx_http_connext_block_t *block);
char *ngx_http_connext_channel_identity(ngx_conf_t *cf,
    ngx_http_connext_block_t *block);

/* At the end of the block: both only go with a website chat. */
ngx_int_t ngx_http_connext_channel_chat(ngx_conf_t *cf,
    ngx_http_connext_block_t *block);

#endif /* CX_EDGE_CHANNEL_H */
