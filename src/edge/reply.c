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
    reply->filled = 0;
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


static void *
ngx_http_connext_reply_string(const redisReadTask *task, char *bytes,
    size_t len)
{
    ngx_http_connext_reply_t  *reply;

    if (task->parent == NULL) {
        reply = ngx_http_connext_reply_begin(task);
        ngx_http_connext_reply_text(reply, bytes, len);

        return reply;
    }

    reply = task->privdata;

    if (task->type != REDIS_REPLY_STRING || task->parent->parent != NULL) {
        reply->odd++;
        return reply;
    }

    if (len > 0) {

        if (reply->filled == 0) {
            ngx_http_connext_reply_text(reply, bytes, len);
        }

        reply->filled++;
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

    reply = task->privdata;
    reply->odd++;

    return reply;
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
