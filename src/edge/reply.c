#include "edge/reply.h"


/* hiredis 1.0 counts elements in size_t and knows more types. */
#if (HIREDIS_MAJOR >= 1)
typedef size_t  ngx_http_connext_elements_t;
#else
typedef int     ngx_http_connext_elements_t;
#endif


static void *ngx_http_connext_reply_string(const redisReadTask *task,
    char *bytes, size_t len);
static void *ngx_http_connext_reply_array(const redisReadTask *task,
    ngx_http_connext_elements_t n);
static void *ngx_http_connext_reply_integer(const redisReadTask *task,
    long long n);
static void *ngx_http_connext_reply_nil(const redisReadTask *task);
static void ngx_http_connext_reply_free(void *object);
static ngx_uint_t ngx_http_connext_item_is(
    const ngx_http_connext_item_t *item, const char *text);


static redisReplyObjectFunctions  ngx_http_connext_reply_functions = {
    .createString = ngx_http_connext_reply_string,
    .createArray = ngx_http_connext_reply_array,
    .createInteger = ngx_http_connext_reply_integer,
    .createNil = ngx_http_connext_reply_nil,
    .freeObject = ngx_http_connext_reply_free,
};


redisReader *
ngx_http_connext_reader(ngx_http_connext_reply_t *reply)
{
    redisReader  *reader;

    reader = redisReaderCreateWithFunctions(
                                         &ngx_http_connext_reply_functions);
    if (reader != NULL) {
        reader->privdata = reply;
    }

    return reader;
}


/* The whole reply begins: the struct is that of the reply before. */

static ngx_http_connext_reply_t *
ngx_http_connext_reply_begin(const redisReadTask *task)
{
    ngx_http_connext_reply_t  *reply;

    reply = task->privdata;

    reply->type = task->type;
    reply->elements = 0;
    reply->failed = 0;
    reply->odd = 0;
    reply->len = 0;

    return reply;
}


static void
ngx_http_connext_reply_text(ngx_http_connext_reply_t *reply,
    const char *bytes, size_t len)
{
    reply->len = ngx_min(len, NGX_HTTP_CONNEXT_REPLY_TEXT);
    ngx_memcpy(reply->text, bytes, reply->len);
}


static void
ngx_http_connext_reply_item(ngx_http_connext_item_t *item,
    const char *bytes, size_t len)
{
    item->failed = 0;
    item->len = (u_char) ngx_min(len, NGX_HTTP_CONNEXT_ITEM_TEXT);
    ngx_memcpy(item->text, bytes, item->len);
}


static void *
ngx_http_connext_reply_string(const redisReadTask *task, char *bytes,
    size_t len)
{
    ngx_uint_t                 i;
    ngx_http_connext_reply_t  *reply;

    if (task->parent == NULL) {
        reply = ngx_http_connext_reply_begin(task);
        ngx_http_connext_reply_text(reply, bytes, len);

        return reply;
    }

    reply = task->privdata;
    i = (ngx_uint_t) task->idx;

    if (task->type == REDIS_REPLY_STATUS || task->parent->parent != NULL
        || i >= NGX_HTTP_CONNEXT_ITEMS)
    {
        return ngx_http_connext_reply_nil(task);
    }

    ngx_http_connext_reply_item(&reply->items[i], bytes, len);

    if (task->type == REDIS_REPLY_ERROR) {
        reply->items[i].failed = 1;

        if (reply->failed++ == 0) {
            ngx_http_connext_reply_text(reply, bytes, len);
        }
    }

    return reply;
}


static void *
ngx_http_connext_reply_array(const redisReadTask *task,
    ngx_http_connext_elements_t n)
{
    ngx_http_connext_reply_t  *reply;

    if (task->parent == NULL) {
        reply = ngx_http_connext_reply_begin(task);
        reply->elements = (ngx_uint_t) n;

        return reply;
    }

    return ngx_http_connext_reply_nil(task);
}


static void *
ngx_http_connext_reply_integer(const redisReadTask *task, long long n)
{
    (void) n;

    return ngx_http_connext_reply_nil(task);
}


static void *
ngx_http_connext_reply_nil(const redisReadTask *task)
{
    ngx_http_connext_reply_t  *reply;

    if (task->parent == NULL) {
        return ngx_http_connext_reply_begin(task);
    }

    reply = task->privdata;
    reply->odd++;

    if (task->parent->parent == NULL
        && (ngx_uint_t) task->idx < NGX_HTTP_CONNEXT_ITEMS)
    {
        ngx_http_connext_reply_item(&reply->items[task->idx], "", 0);
    }

    return reply;
}


static void
ngx_http_connext_reply_free(void *object)
{
    (void) object;
}


ngx_uint_t
ngx_http_connext_reply_starts(const ngx_http_connext_reply_t *reply,
    const char *text)
{
    size_t  len;

    len = ngx_strlen(text);

    return reply->len >= len && ngx_memcmp(reply->text, text, len) == 0;
}


ngx_uint_t
ngx_http_connext_reply_has(const ngx_http_connext_reply_t *reply,
    const char *name, const char *value)
{
    ngx_uint_t                      i, n;
    const ngx_http_connext_item_t  *items;

    n = ngx_min(reply->elements, NGX_HTTP_CONNEXT_ITEMS);
    items = reply->items;

    if (reply->type != REDIS_REPLY_ARRAY) {
        return 0;
    }

    for (i = 0; i + 1 < n; i += 2) {
        if (ngx_http_connext_item_is(&items[i], name)) {
            return ngx_http_connext_item_is(&items[i + 1], value);
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_connext_item_is(const ngx_http_connext_item_t *item,
    const char *text)
{
    return item->len == ngx_strlen(text)
           && ngx_memcmp(item->text, text, item->len) == 0;
}


static u_char *
ngx_http_connext_digits(u_char *p, uint64_t n)
{
    u_char   digits[20];
    ngx_uint_t  i;

    i = sizeof(digits);

    do {
        digits[--i] = (u_char) ('0' + n % 10);
        n /= 10;
    } while (n > 0);

    return ngx_cpymem(p, digits + i, sizeof(digits) - i);
}


static u_char *
ngx_http_connext_crlf(u_char *p)
{
    *p++ = CR;
    *p++ = LF;

    return p;
}


u_char *
ngx_http_connext_put_array(u_char *p, ngx_uint_t n)
{
    *p++ = '*';

    return ngx_http_connext_crlf(ngx_http_connext_digits(p, n));
}


u_char *
ngx_http_connext_put(u_char *p, const void *bytes, size_t len)
{
    *p++ = '$';
    p = ngx_http_connext_crlf(ngx_http_connext_digits(p, len));

    if (len > 0) {
        p = ngx_cpymem(p, bytes, len);
    }

    return ngx_http_connext_crlf(p);
}


u_char *
ngx_http_connext_put_number(u_char *p, int64_t n)
{
    u_char  text[21], *last;

    last = text;

    if (n < 0) {
        *last++ = '-';
    }

    last = ngx_http_connext_digits(last, n < 0 ? 0 - (uint64_t) n
                                               : (uint64_t) n);

    return ngx_http_connext_put(p, text, (size_t) (last - text));
}
