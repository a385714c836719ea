#include "core/arena.h"

#include <stdio.h>
#include <string.h>


void
cx_buf_init(cx_buf *b, cx_arena *a, size_t room, size_t max)
{
    *b = (cx_buf) { .arena = a, .max = max };

    if (room > 0) {
        (void) cx_buf_reserve(b, room < max ? room : max);
    }
}


/* Doubles, but never over the maximum.  The old bytes stay in the arena. */
static bool
grow(cx_buf *b, size_t need)
{
    size_t  room = b->room < 128 ? 256 : b->room * 2;

    room = room < need || b->room == 0 ? need : room;
    room = room > b->max ? b->max : room;

    char  *p = cx_alloc_bytes(b->arena, room);

    if (p == NULL) {
        return false;
    }

    if (b->len > 0) {
        memcpy(p, b->p, b->len);
    }

    b->p = p;
    b->room = room;

    return true;
}


char *
cx_buf_reserve(cx_buf *b, size_t len)
{
    if (b->failed) {
        return NULL;
    }

    if (len <= b->room - b->len) {
        return b->p + b->len;
    }

    if (len > b->max - b->len || !grow(b, b->len + len)) {
        b->failed = true;
        return NULL;
    }

    return b->p + b->len;
}


void
cx_buf_add(cx_buf *b, cx_str s)
{
    char  *p = s.len == 0 ? NULL : cx_buf_reserve(b, s.len);

    if (p != NULL) {
        memcpy(p, s.p, s.len);
        b->len += s.len;
    }
}


void
cx_buf_byte(cx_buf *b, char c)
{
    char  *p = cx_buf_reserve(b, 1);

    if (p != NULL) {
        *p = c;
        b->len++;
    }
}


void
cx_buf_printf(cx_buf *b, const char *fmt, ...)
{
    va_list  ap;

    if (b->failed) {
        return;
    }

    va_start(ap, fmt);
    cx_str  s = cx_vprintf(b->arena, fmt, ap);
    va_end(ap);

    cx_buf_add(b, s);
    b->failed = b->failed || cx_arena_failed(b->arena);
}


cx_str
cx_buf_str(const cx_buf *b)
{
    return b->len == 0 ? CX_STR("") : (cx_str) { b->len, b->p };
}
