/*
 * RESP, in and out.  hiredis reads replies into one flat struct: no object is
 * allocated for a reply.  Commands are written by the few functions here.
 */

#ifndef CX_EDGE_REPLY_H
#define CX_EDGE_REPLY_H

#include <ngx_config.h>
#include <ngx_core.h>

#include <hiredis/hiredis.h>

#include "core/str.h"

#define NGX_HTTP_CONNEXT_REPLY_TEXT  120

/* Elements of an array that are kept, and the longest of them: a stream id,
 * two numbers of 20 digits. */
#define NGX_HTTP_CONNEXT_ITEMS       64
#define NGX_HTTP_CONNEXT_ITEM_TEXT   41

/* Room that "$<len>\r\n" and "\r\n" around an argument need at most. */
#define NGX_HTTP_CONNEXT_ARG         32


/* A string in an array, or an error; texts are cut to the room. */
typedef struct {
    u_char        failed;
    u_char        len;
    u_char        text[NGX_HTTP_CONNEXT_ITEM_TEXT];
} ngx_http_connext_item_t;


typedef struct {
    int           type;             /* REDIS_REPLY_... of the whole */
    ngx_uint_t    elements;         /* of an array */
    ngx_uint_t    failed;           /* its elements that are errors */
    ngx_uint_t    odd;              /* those that are no text, or too many */

    /* Text of a string, status or error, or of the first error in an array;
     * cut to the room. */
    size_t        len;
    u_char        text[NGX_HTTP_CONNEXT_REPLY_TEXT];

    ngx_http_connext_item_t  items[NGX_HTTP_CONNEXT_ITEMS];
} ngx_http_connext_reply_t;


/* A reader that fills *reply; redisReaderGetReply gives reply or NULL. */
redisReader *ngx_http_connext_reader(ngx_http_connext_reply_t *reply);

ngx_uint_t ngx_http_connext_reply_starts(
    const ngx_http_connext_reply_t *reply, const char *text);

/* Whether an array of names and values has this one. */
ngx_uint_t ngx_http_connext_reply_has(const ngx_http_connext_reply_t *reply,
    const char *name, const char *value);

/* "*<n>\r\n", "$<len>\r\n<bytes>\r\n", and a number as such an argument */
u_char *ngx_http_connext_put_array(u_char *p, ngx_uint_t n);
u_char *ngx_http_connext_put(u_char *p, const void *bytes, size_t len);
u_char *ngx_http_connext_put_number(u_char *p, int64_t n);

#define ngx_http_connext_put_text(p, literal)                                 \
    ngx_http_connext_put(p, literal, sizeof(literal) - 1)

#endif /* CX_EDGE_REPLY_H */
