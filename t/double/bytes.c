#include "double.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>


void *
td_alloc(size_t size)
{
    void *p = calloc(1, size > 0 ? size : 1);

    if (p == NULL) {
        fputs("double: out of memory\n", stderr);
        exit(1);
    }

    return p;
}


char *
td_dup(const char *p, size_t len)
{
    char *d = td_alloc(len + 1);

    if (len > 0) {
        memcpy(d, p, len);
    }

    return d;
}


static void
grow(td_buf *b, size_t more)
{
    size_t  room = b->room > 0 ? b->room : 512;

    while (room < b->len + more + 1) {
        room *= 2;
    }

    if (room == b->room) {
        return;
    }

    b->p = realloc(b->p, room);
    if (b->p == NULL) {
        fputs("double: out of memory\n", stderr);
        exit(1);
    }

    b->room = room;
}


void
td_buf_add(td_buf *b, const void *p, size_t len)
{
    grow(b, len);
    if (len > 0) {
        memcpy(b->p + b->len, p, len);
    }

    b->len += len;
    b->p[b->len] = '\0';
}


void
td_buf_addz(td_buf *b, const char *z)
{
    td_buf_add(b, z, strlen(z));
}


void
td_buf_printf(td_buf *b, const char *fmt, ...)
{
    int      n;
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);

    grow(b, (size_t) n);
    va_start(args, fmt);
    (void) vsnprintf(b->p + b->len, (size_t) n + 1, fmt, args);
    va_end(args);
    b->len += (size_t) n;
}


static int
dump(const char *p, size_t len, void *ctx)
{
    td_buf_add(ctx, p, len);
    return 0;
}


void
td_buf_json(td_buf *b, const json_t *j)
{
    (void) json_dump_callback(j, dump, b,
                              JSON_COMPACT | JSON_ENCODE_ANY);
}


void
td_buf_free(td_buf *b)
{
    free(b->p);
    *b = (td_buf) { 0 };
}


bool
td_str_is(td_str s, const char *z)
{
    return s.len == strlen(z) && memcmp(s.p, z, s.len) == 0;
}


bool
td_str_has(td_str s, const char *z)
{
    return s.len > 0 && memmem(s.p, s.len, z, strlen(z)) != NULL;
}


int64_t
td_now_us(void)
{
    struct timeval tv;

    gettimeofday(&tv, NULL);
    return (int64_t) tv.tv_sec * 1000000 + tv.tv_usec;
}


int64_t
td_now_ms(void)
{
    return td_now_us() / 1000;
}
